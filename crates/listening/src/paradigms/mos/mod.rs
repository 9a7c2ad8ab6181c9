//! Mean opinion score: single clips on five points, the reference among them.
//!
//! ITU-T P.800, annex B (absolute category rating).

use crate::paradigms::clip_order::ClipOrder;
use crate::paradigms::rules::{PaperCriterion, ParadigmRules};

/// The rules of single clips.
#[derive(Debug)]
pub(super) struct Mos;

impl ParadigmRules for Mos {
    fn name(&self) -> &'static str {
        "mos"
    }

    fn abbreviation(&self) -> &'static str {
        "MOS"
    }

    fn scale(&self) -> (i32, i32) {
        (1, 5)
    }

    fn protocol(&self) -> &'static str {
        include_str!("protocol.toml")
    }

    fn clip_order(&self) -> ClipOrder {
        ClipOrder::Single
    }

    fn requires_reference(&self) -> bool {
        false
    }

    fn paper_criterion(&self) -> Option<PaperCriterion> {
        let remark = "The paper takes single clips for too coarse to end with: its verdict is by comparison.";
        Some(PaperCriterion { needs_mean_near_zero: false, remark: Some(remark) })
    }

    fn caveat(&self) -> Option<&'static str> {
        Some(
            "Mean opinion scores depend on what else is heard in the test: those of different tests must not be compared.",
        )
    }

    fn summary(&self) -> &'static str {
        "Single clips, 1 to 5"
    }

    fn task(&self, _: Option<&str>) -> String {
        "Listeners judged clips one by one (MOS, 1 to 5).".to_owned()
    }

    fn method(&self) -> &'static str {
        "rated single clips (MOS, absolute category rating from 1 to 5)"
    }

    fn order(&self) -> &'static str {
        "Trials came in random order, no sentence twice in a row where that could be avoided."
    }

    fn mean_title(&self) -> &'static str {
        "Mean opinion score of each system"
    }

    fn score_label(&self) -> &'static str {
        "MOS"
    }

    fn difference_label(&self) -> &'static str {
        "MOS: system minus reference"
    }

    fn item_difference_label(&self) -> &'static str {
        "MOS − that of the reference"
    }
}
