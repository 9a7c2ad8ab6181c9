//! ABX: the system, the reference, and a copy of one of them, which listeners have to recognize.
//!
//! The forced choice of W. A. Munson and M. B. Gardner (1950), "Standardizing auditory tests". It asks whether a difference can be
//! heard at all, and not which of the two is better.

use crate::paradigms::clip_order::ClipOrder;
use crate::paradigms::rules::{Contrast, ParadigmRules, RankTest, Typical};
use crate::system::Role;
use crate::trial::{First, Slot};

/// The rules of recognition.
#[derive(Debug)]
pub(super) struct Abx;

/// Returns the answer that names the clip of which X is a copy.
fn right_answer(first: Option<First>, x: Option<Slot>) -> f64 {
    let is_first = match first {
        Some(First::System) => x == Some(Slot::System),
        Some(First::Reference) | None => x != Some(Slot::System),
    };
    f64::from(u8::from(!is_first))
}

impl ParadigmRules for Abx {
    fn name(&self) -> &'static str {
        "abx"
    }

    fn abbreviation(&self) -> &'static str {
        "ABX"
    }

    fn scale(&self) -> (i32, i32) {
        (0, 1)
    }

    fn protocol(&self) -> &'static str {
        include_str!("protocol.toml")
    }

    fn clip_order(&self) -> ClipOrder {
        ClipOrder::BalancedThenX
    }

    fn is_judged(&self, role: Role) -> bool {
        role != Role::Reference
    }

    fn requires_reference(&self) -> bool {
        true
    }

    fn tells_apart(&self) -> bool {
        true
    }

    fn score(&self, clicked: f64, first: Option<First>, x: Option<Slot>) -> f64 {
        1.0 - (clicked - right_answer(first, x)).abs()
    }

    fn clicked(&self, score: f64, first: Option<First>, x: Option<Slot>) -> f64 {
        (right_answer(first, x) - (1.0 - score)).abs()
    }

    fn contrast(&self, _: Role, _: bool) -> Contrast {
        Contrast::Number(0.5)
    }

    fn rank_test(&self) -> RankTest {
        RankTest::SignedRank
    }

    fn caveat(&self) -> Option<&'static str> {
        Some(
            "Listeners who tell two clips apart hear a difference, of whatever kind. That makes neither of them better, and two \
             recordings of one sentence would be told apart too.",
        )
    }

    fn level(&self, _: f64) -> f64 {
        0.5
    }

    fn typical(&self) -> Typical {
        Typical { anchor_difference: 0.35, ..Typical::default() }
    }

    fn baseline(&self) -> &'static str {
        "guessing"
    }

    fn summary(&self) -> &'static str {
        "Recognition of a third clip as the first or the second, 1 for right and 0 for wrong"
    }

    fn task(&self, reference: Option<&str>) -> String {
        format!(
            "Listeners heard a system, {} and a copy of one of them, X, and said which it was (ABX; 50 % are right by guessing).",
            reference.unwrap_or("the reference")
        )
    }

    fn method(&self) -> &'static str {
        "heard a system and the reference, then a copy of one of them, X, and said whether X was the first or the second (ABX, \
         forced choice)"
    }

    fn order(&self) -> &'static str {
        "Trials came in random order; which clip came first, and for either order which of them was X, was balanced for every \
         listener and sentence."
    }

    fn mean_title(&self) -> &'static str {
        "Share of right answers for each system"
    }

    fn score_label(&self) -> &'static str {
        "share of right answers"
    }

    fn difference_label(&self) -> &'static str {
        "share of right answers − 0.5"
    }

    fn item_difference_label(&self) -> &'static str {
        "share right − 0.5"
    }

    fn agreement_remark(&self) -> Option<&'static str> {
        Some("Of guesses it is near 0: there is nothing to agree on.")
    }
}
