//! Degradation mean opinion score: the reference, openly, then the system, and how much worse it is, on five points.
//!
//! ITU-T P.800, annex D (degradation category rating). The reference is judged against itself like any system, so that what
//! listeners call degraded without any degradation is known.

use crate::paradigms::clip_order::ClipOrder;
use crate::paradigms::rules::{Comparatives, ParadigmRules};

/// The rules of degradations.
#[derive(Debug)]
pub(super) struct Dmos;

impl ParadigmRules for Dmos {
    fn name(&self) -> &'static str {
        "dmos"
    }

    fn abbreviation(&self) -> &'static str {
        "DMOS"
    }

    fn scale(&self) -> (i32, i32) {
        (1, 5)
    }

    fn protocol(&self) -> &'static str {
        include_str!("protocol.toml")
    }

    fn clip_order(&self) -> ClipOrder {
        ClipOrder::ReferenceFirst
    }

    fn requires_reference(&self) -> bool {
        true
    }

    fn neutral_answer(&self) -> Option<f64> {
        Some(5.0)
    }

    fn caveat(&self) -> Option<&'static str> {
        Some(
            "Degradation is judged from the reference: a clip that differs from it without being worse may lose points, and none \
             can be better than it.",
        )
    }

    fn comparatives(&self) -> Comparatives {
        Comparatives {
            better: "less degraded than",
            worse: "more degraded than",
            equivalent: "equivalent to",
            as_good: "as good as",
        }
    }

    fn summary(&self) -> &'static str {
        "Degradations from a reference heard before, 1 to 5"
    }

    fn task(&self, reference: Option<&str>) -> String {
        format!(
            "Listeners heard {} and then a clip, and judged how much worse it is (DMOS, 1 to 5; at 5 no degradation is heard). \
             The reference was also judged against itself.",
            reference.unwrap_or("the reference")
        )
    }

    fn method(&self) -> &'static str {
        "heard the reference and then a clip, and rated its degradation (DMOS, degradation category rating from 1 to 5)"
    }

    fn order(&self) -> &'static str {
        "Trials came in random order, no sentence twice in a row where that could be avoided; in each, the reference came first \
         and was called so. The reference after itself was among the trials."
    }

    fn mean_title(&self) -> &'static str {
        "Degradation mean opinion score of each system"
    }

    fn score_label(&self) -> &'static str {
        "DMOS"
    }

    fn difference_label(&self) -> &'static str {
        "DMOS: system minus reference"
    }

    fn item_difference_label(&self) -> &'static str {
        "DMOS − that of the reference"
    }
}
