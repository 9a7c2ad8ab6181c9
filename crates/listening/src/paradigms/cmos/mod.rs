//! Comparison mean opinion score: the system next to the reference, on seven points.
//!
//! ITU-T P.800, annex E (comparison category rating), with the reference of the `NaturalSpeech` paper: human recordings.

use crate::paradigms::clip_order::ClipOrder;
use crate::paradigms::rules::{Contrast, PaperCriterion, ParadigmRules, RankTest};
use crate::screening_rule::ScreeningRule;
use crate::system::Role;

/// The rules of comparisons.
#[derive(Debug)]
pub(super) struct Cmos;

impl ParadigmRules for Cmos {
    fn name(&self) -> &'static str {
        "cmos"
    }

    fn abbreviation(&self) -> &'static str {
        "CMOS"
    }

    fn scale(&self) -> (i32, i32) {
        (-3, 3)
    }

    fn protocol(&self) -> &'static str {
        include_str!("protocol.toml")
    }

    fn clip_order(&self) -> ClipOrder {
        ClipOrder::Balanced
    }

    fn is_judged(&self, role: Role) -> bool {
        role != Role::Reference
    }

    fn requires_reference(&self) -> bool {
        true
    }

    fn allows_null_pairs(&self) -> bool {
        true
    }

    fn screening_rules(&self) -> &'static [ScreeningRule] {
        &[
            ScreeningRule::Traps,
            ScreeningRule::Gold,
            ScreeningRule::Unplayed,
            ScreeningRule::Unheard,
            ScreeningRule::NullPairs,
            ScreeningRule::SameAnswer,
            ScreeningRule::Anchor,
        ]
    }

    fn neutral_answer(&self) -> Option<f64> {
        Some(0.0)
    }

    fn contrast(&self, _: Role, _: bool) -> Contrast {
        Contrast::Number(0.0)
    }

    fn rank_test(&self) -> RankTest {
        RankTest::SignedRank
    }

    fn paper_criterion(&self) -> Option<PaperCriterion> {
        Some(PaperCriterion { needs_mean_near_zero: true, remark: None })
    }

    fn can_show_human_level(&self) -> bool {
        true
    }

    fn level(&self, _: f64) -> f64 {
        0.0
    }

    fn summary(&self) -> &'static str {
        "Comparisons, -3 to 3, system minus reference"
    }

    fn task(&self, reference: Option<&str>) -> String {
        match reference {
            Some(reference) => format!(
                "Listeners compared each system with {reference} (CMOS, −3 to 3; above 0 is better than {reference})."
            ),
            None => "Listeners compared systems (CMOS, −3 to 3).".to_owned(),
        }
    }

    fn method(&self) -> &'static str {
        "compared the systems with the reference (CMOS, comparison category rating from −3 to 3)"
    }

    fn order(&self) -> &'static str {
        "Trials came in random order; which clip of a pair came first was balanced for every listener and sentence."
    }

    fn mean_title(&self) -> &'static str {
        "Mean comparison score of each system"
    }

    fn score_label(&self) -> &'static str {
        "CMOS: system minus reference"
    }

    fn difference_label(&self) -> &'static str {
        self.score_label()
    }

    fn item_difference_label(&self) -> &'static str {
        "mean CMOS"
    }

    fn agreement_remark(&self) -> Option<&'static str> {
        Some("Of equals it is near 0: there is nothing to agree on.")
    }
}
