//! Similarity of speakers: a recording of a voice with another sentence, then the system, and how similar they are.
//!
//! The question of the voice conversion challenges and of speaker adaptation (SMOS). The other sentence keeps listeners from
//! comparing how one sentence was spoken. The reference's own clips are judged too: recording against recording is the ceiling.

use crate::paradigms::clip_order::ClipOrder;
use crate::paradigms::rules::{Comparatives, ParadigmRules};

/// The rules of similarities.
#[derive(Debug)]
pub(super) struct Similarity;

impl ParadigmRules for Similarity {
    fn name(&self) -> &'static str {
        "similarity"
    }

    fn abbreviation(&self) -> &'static str {
        "SMOS"
    }

    fn scale(&self) -> (i32, i32) {
        (1, 5)
    }

    fn protocol(&self) -> &'static str {
        include_str!("protocol.toml")
    }

    fn clip_order(&self) -> ClipOrder {
        ClipOrder::ExampleFirst
    }

    fn requires_reference(&self) -> bool {
        true
    }

    fn caveat(&self) -> Option<&'static str> {
        Some(
            "Similarity is that of the voice to one other recording of the speaker. It says nothing about how natural the speech \
             is, and is limited by how similar two recordings of the speaker are.",
        )
    }

    fn comparatives(&self) -> Comparatives {
        Comparatives {
            better: "more similar to the speaker than",
            worse: "less similar to the speaker than",
            equivalent: "as similar to the speaker as",
            as_good: "as similar to the speaker as",
        }
    }

    fn summary(&self) -> &'static str {
        "Similarities of the voice to a recording with another sentence, 1 to 5"
    }

    fn task(&self, reference: Option<&str>) -> String {
        format!(
            "Listeners heard a recording of the speaker ({}) and then a clip with another sentence, and judged how similar the \
             voices are (SMOS, 1 to 5). Recordings were also judged against recordings.",
            reference.unwrap_or("the reference")
        )
    }

    fn method(&self) -> &'static str {
        "heard a recording of the speaker and then a clip with another sentence, and rated the similarity of the voices (SMOS, \
         from 1 to 5)"
    }

    fn order(&self) -> &'static str {
        "Trials came in random order, no sentence twice in a row where that could be avoided. Each sentence had one other sentence \
         as its example of the speaker, the same for all systems and listeners, and was itself the example for one other."
    }

    fn mean_title(&self) -> &'static str {
        "Mean similarity to the speaker for each system"
    }

    fn score_label(&self) -> &'static str {
        "SMOS"
    }

    fn difference_label(&self) -> &'static str {
        "SMOS: system minus reference"
    }

    fn item_difference_label(&self) -> &'static str {
        "SMOS − that of the reference"
    }
}
