//! Degradation mean opinion score: the reference, openly, then the system, and how much worse it is, on five points.
//!
//! ITU-T P.800, annex D (degradation category rating). The reference is judged against itself like any system, so that what
//! listeners call degraded without any degradation is known.

use crate::paradigms::clip_order::ClipOrder;
use crate::paradigms::rules::{Comparatives, Contrast, PaperCriterion, ParadigmRules, RankTest};
use crate::paradigms::template::{ONE_CHOICE, Template};
use crate::screening_rule::ScreeningRule;
use crate::system::Role;

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

    fn is_judged(&self, _: Role) -> bool {
        true
    }

    fn requires_reference(&self) -> bool {
        true
    }

    fn allows_null_pairs(&self) -> bool {
        false
    }

    fn screening_rules(&self) -> &'static [ScreeningRule] {
        &[
            ScreeningRule::Traps,
            ScreeningRule::Gold,
            ScreeningRule::Unplayed,
            ScreeningRule::Unheard,
            ScreeningRule::SameAnswer,
            ScreeningRule::Anchor,
        ]
    }

    fn page(&self) -> Template {
        ONE_CHOICE
    }

    fn neutral_answer(&self) -> Option<f64> {
        Some(5.0)
    }

    fn contrast(&self, role: Role, _: bool) -> Contrast {
        match role {
            Role::Reference => Contrast::Nothing("this is the reference"),
            Role::Candidate | Role::Anchor => Contrast::Reference,
        }
    }

    fn has_paper_rule(&self) -> bool {
        false
    }

    fn paper_criterion(&self) -> PaperCriterion {
        PaperCriterion { test: RankTest::RankSum, needs_mean_near_zero: false, remark: None }
    }

    fn can_show_human_level(&self) -> bool {
        false
    }

    fn caveat(&self) -> Option<&'static str> {
        Some(
            "Degradation is judged from the reference: a clip that differs from it without being worse may lose points, and none \
             can be better than it.",
        )
    }

    fn level(&self, reference_mean: f64) -> f64 {
        reference_mean
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

    fn agreement_remark(&self) -> Option<&'static str> {
        None
    }
}
