//! Preference test: two systems next to each other, and a vote for one of them or neither.
//!
//! Every two systems are compared. A reference is one of them, which the words compare the others with. Without votes between
//! the systems themselves, two that are both better than the reference could not be told apart; the model of strengths uses
//! every vote for every pair, so the additional pairs sharpen those with the reference as well.

use crate::paradigms::clip_order::ClipOrder;
use crate::paradigms::rules::{Contrast, ParadigmRules};
use crate::screening_rule::ScreeningRule;
use crate::system::Role;

/// The rules of preferences.
#[derive(Debug)]
pub(super) struct Ab;

impl ParadigmRules for Ab {
    fn name(&self) -> &'static str {
        "ab"
    }

    fn abbreviation(&self) -> &'static str {
        "AB"
    }

    fn scale(&self) -> (i32, i32) {
        (-1, 1)
    }

    fn protocol(&self) -> &'static str {
        include_str!("protocol.toml")
    }

    fn clip_order(&self) -> ClipOrder {
        ClipOrder::Balanced
    }

    fn requires_reference(&self) -> bool {
        false
    }

    fn compares_all_pairs(&self) -> bool {
        true
    }

    fn screening_rules(&self) -> &'static [ScreeningRule] {
        &[ScreeningRule::Traps, ScreeningRule::Gold, ScreeningRule::Unplayed, ScreeningRule::Unheard]
    }

    fn neutral_answer(&self) -> Option<f64> {
        Some(0.0)
    }

    fn contrast(&self, _: Role, _: bool) -> Contrast {
        Contrast::Nothing("votes are judged as preferences")
    }

    fn level(&self, _: f64) -> f64 {
        0.0
    }

    fn summary(&self) -> &'static str {
        "Votes for the first clip, the second or neither"
    }

    fn task(&self, reference: Option<&str>) -> String {
        match reference {
            Some(reference) => format!(
                "Listeners heard a sentence by two of the systems, {reference} among them, and preferred the first, the second \
                 or neither (AB)."
            ),
            None => "Listeners heard a sentence by two of the systems, and preferred the first, the second or neither (AB)."
                .to_owned(),
        }
    }

    fn method(&self) -> &'static str {
        "heard a sentence spoken by two systems and preferred the first, the second or neither (AB)"
    }

    fn order(&self) -> &'static str {
        "Trials came in random order; which clip of a pair came first was balanced for every listener and sentence."
    }

    fn mean_title(&self) -> &'static str {
        "Mean vote for each system"
    }

    fn score_label(&self) -> &'static str {
        "votes for minus votes against, per vote"
    }

    fn difference_label(&self) -> &'static str {
        self.score_label()
    }

    fn item_difference_label(&self) -> &'static str {
        "mean vote"
    }

    fn agreement_remark(&self) -> Option<&'static str> {
        Some("Of equals it is near 0: there is nothing to agree on.")
    }
}
