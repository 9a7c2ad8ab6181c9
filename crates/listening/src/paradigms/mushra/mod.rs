//! Multiple stimuli with hidden reference and anchors: all systems of a sentence side by side, on 101 points.
//!
//! ITU-R BS.1534. One page plays the reference openly and every system of the plan, the reference among them, under neutral
//! names; each has a slider.

use mynah_stats::power::Components;

use crate::design::controls::Purpose;
use crate::paradigms::clip_order::ClipOrder;
use crate::paradigms::rules::{ParadigmRules, Typical};
use crate::paradigms::template::{SLIDERS, Template};
use crate::screening_rule::ScreeningRule;

/// The rules of sliders side by side.
#[derive(Debug)]
pub(super) struct Mushra;

impl ParadigmRules for Mushra {
    fn name(&self) -> &'static str {
        "mushra"
    }

    fn abbreviation(&self) -> &'static str {
        "MUSHRA"
    }

    fn scale(&self) -> (i32, i32) {
        (0, 100)
    }

    /// The labels name the fifths of the scale.
    fn n_labels(&self) -> usize {
        5
    }

    fn protocol(&self) -> &'static str {
        include_str!("protocol.toml")
    }

    /// The open reference belongs to the page.
    fn clip_order(&self) -> ClipOrder {
        ClipOrder::Single
    }

    fn requires_reference(&self) -> bool {
        true
    }

    fn rates_side_by_side(&self) -> bool {
        true
    }

    /// The hidden reference and the anchors tell who listens, so only practice is left.
    fn allows_controls(&self, purpose: Purpose) -> bool {
        purpose == Purpose::Practice
    }

    fn screening_rules(&self) -> &'static [ScreeningRule] {
        &[
            ScreeningRule::Unplayed,
            ScreeningRule::Unheard,
            ScreeningRule::SameAnswer,
            ScreeningRule::Anchor,
            ScreeningRule::HiddenReference,
            ScreeningRule::MidAnchor,
        ]
    }

    fn page(&self) -> Template {
        SLIDERS
    }

    fn margin(&self) -> f64 {
        5.0
    }

    fn caveat(&self) -> Option<&'static str> {
        Some(
            "MUSHRA scores say how close a system comes to a reference that is heard openly: one that sounds better than the \
             reference is marked down too. They depend on what else is heard in the test: those of different tests must not \
             be compared.",
        )
    }

    fn typical(&self) -> Typical {
        Typical {
            components: Components { item_sd: 6.0, rater_sd: 10.0, residual_sd: 12.0 },
            anchor_difference: -30.0,
            level: 90.0,
        }
    }

    fn summary(&self) -> &'static str {
        "All systems side by side next to the reference, 0 to 100"
    }

    fn task(&self, reference: Option<&str>) -> String {
        let reference = reference.unwrap_or("the reference");
        format!(
            "Listeners heard all systems of a sentence side by side, {reference} openly and once more among them, and rated \
             each of them (MUSHRA, 0 to 100)."
        )
    }

    fn method(&self) -> &'static str {
        "rated all systems of a sentence side by side, next to an open reference (MUSHRA with a hidden reference, from 0 to 100)"
    }

    fn order(&self) -> &'static str {
        "Sentences came in random order, and the clips of a sentence in an order drawn anew for each listener and sentence."
    }

    fn mean_title(&self) -> &'static str {
        "Mean MUSHRA score of each system"
    }

    fn score_label(&self) -> &'static str {
        "MUSHRA score"
    }

    fn difference_label(&self) -> &'static str {
        "MUSHRA score: system minus hidden reference"
    }

    fn item_difference_label(&self) -> &'static str {
        "score − that of the reference"
    }
}
