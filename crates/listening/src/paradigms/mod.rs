//! The paradigms: one folder each, all implementing [`ParadigmRules`].
//!
//! A paradigm is a value of the enum [`Paradigm`] in files and a `&'static dyn ParadigmRules` in the code.
//! [`Paradigm::rules`] is the only place that maps one to the other; the rest of the crate, the reports and the programs
//! ask the rules and never match on the enum.

mod ab;
mod abx;
mod clip_order;
mod cmos;
mod dmos;
mod mos;
mod mushra;
mod rules;
mod similarity;
mod template;

use serde::{Deserialize, Serialize};

pub use clip_order::ClipOrder;
pub use rules::{Comparatives, Contrast, PaperCriterion, ParadigmRules, RankTest, Typical};
pub use template::Template;

/// The question that raters are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paradigm {
    /// Comparison category rating: how much better or worse the second clip is, -3 to 3.
    Cmos,
    /// Absolute category rating: how natural the clip is, 1 to 5.
    Mos,
    /// Preference: the first clip, the second or neither.
    Ab,
    /// Degradation category rating: how much worse the clip is than the reference heard before it, 1 to 5.
    Dmos,
    /// Similarity of speakers: how similar the voice is to one heard before it, 1 to 5.
    Similarity,
    /// Recognition: which of two clips a third is a copy of.
    Abx,
    /// All systems side by side, the reference openly and hidden among them: how good each is, 0 to 100.
    Mushra,
}

impl Paradigm {
    /// All paradigms, in the order in which help texts list them.
    pub const ALL: [Self; 7] =
        [Self::Cmos, Self::Mos, Self::Ab, Self::Dmos, Self::Similarity, Self::Abx, Self::Mushra];

    /// Returns the rules of the paradigm.
    #[must_use]
    pub fn rules(self) -> &'static dyn ParadigmRules {
        match self {
            Self::Cmos => &cmos::Cmos,
            Self::Mos => &mos::Mos,
            Self::Ab => &ab::Ab,
            Self::Dmos => &dmos::Dmos,
            Self::Similarity => &similarity::Similarity,
            Self::Abx => &abx::Abx,
            Self::Mushra => &mushra::Mushra,
        }
    }

    /// Returns the name used in files and on command lines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.rules().name()
    }

    /// Returns the lowest and the highest point of the scale.
    #[must_use]
    pub fn scale(self) -> (i32, i32) {
        self.rules().scale()
    }

    /// Returns `true` if a number is a point of the scale or lies halfway between two, as some tools allow.
    #[must_use]
    pub fn has_half_point(self, score: f64) -> bool {
        let (lowest, highest) = self.scale();
        (2.0 * score).fract() == 0.0 && (f64::from(lowest)..=f64::from(highest)).contains(&score)
    }

    /// Returns `true` if a number is a point of the scale.
    #[must_use]
    pub fn has_point(self, score: f64) -> bool {
        let (lowest, highest) = self.scale();
        score.fract() == 0.0 && (f64::from(lowest)..=f64::from(highest)).contains(&score)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::system::Role;
    use crate::trial::{First, Slot};

    #[test]
    fn names_are_those_of_the_files_and_all_different() {
        let names: BTreeSet<&str> = Paradigm::ALL.iter().map(|paradigm| paradigm.as_str()).collect();
        assert_eq!(names.len(), Paradigm::ALL.len());
        for paradigm in Paradigm::ALL {
            let in_files = serde_json::to_value(paradigm).expect("an enum has a JSON form");
            assert_eq!(in_files, paradigm.as_str());
        }
        let abbreviations: BTreeSet<&str> =
            Paradigm::ALL.iter().map(|paradigm| paradigm.rules().abbreviation()).collect();
        assert_eq!(abbreviations.len(), Paradigm::ALL.len());
        // A name is the abbreviation in small letters, or a whole word where the abbreviation might be taken for another's.
        for paradigm in Paradigm::ALL {
            let (name, abbreviation) = (paradigm.as_str(), paradigm.rules().abbreviation());
            assert!(name == abbreviation.to_lowercase() || name.len() > abbreviation.len(), "{name}");
            assert!(name.bytes().all(|letter| letter.is_ascii_lowercase()), "{name}");
        }
    }

    #[test]
    fn rules_agree_with_each_other() {
        for paradigm in Paradigm::ALL {
            let rules = paradigm.rules();
            let clips = rules.clip_order().clips();
            assert!(clips.contains(&Slot::System), "{paradigm:?} plays the system");
            assert!(!clips.contains(&Slot::Volume), "{paradigm:?} sets the volume elsewhere");
            // Only what is paired has an order.
            assert!(rules.plays_reference() || !rules.has_order(), "{paradigm:?}");
            assert!(!rules.allows_null_pairs() || rules.plays_reference(), "{paradigm:?}");
            let has_opponent = rules.requires_reference() || rules.compares_all_pairs();
            assert!(!rules.plays_reference() || has_opponent, "{paradigm:?}");
            // What is told apart is paired with a copy, and right and wrong are all that there is.
            assert_eq!(rules.tells_apart(), rules.clip_order().has_x(), "{paradigm:?}");
            assert!(!rules.tells_apart() || rules.scale() == (0, 1), "{paradigm:?}");
            // The roles of a pair of equals are exchangeable, and its scores are votes.
            assert!(!rules.compares_all_pairs() || rules.scale() == (-1, 1), "{paradigm:?}");
            for role in [Role::Reference, Role::Candidate] {
                assert!(!rules.compares_all_pairs() || rules.is_judged(role), "{paradigm:?}");
            }
            assert_eq!(
                rules.screening_rules().contains(&crate::ScreeningRule::NullPairs),
                rules.allows_null_pairs(),
                "{paradigm:?}"
            );
            for (rule, purpose) in [
                (crate::ScreeningRule::Traps, crate::Purpose::Trap),
                (crate::ScreeningRule::Gold, crate::Purpose::Gold),
            ] {
                let allows = rules.allows_controls(purpose);
                assert_eq!(rules.screening_rules().contains(&rule), allows, "{paradigm:?}");
            }
            // Pages with all systems play single clips next to the reference, and know no null pairs.
            assert!(!rules.rates_side_by_side() || rules.requires_reference(), "{paradigm:?}");
            assert!(!rules.rates_side_by_side() || !rules.plays_reference(), "{paradigm:?}");
            // Everything that is compared with the reference's scores needs the reference to have some.
            if rules.contrast(Role::Candidate, true) == Contrast::Reference {
                assert!(rules.is_judged(Role::Reference), "{paradigm:?}");
            }
            assert!(rules.neutral_answer().is_none_or(|answer| paradigm.has_point(answer)), "{paradigm:?}");
        }
    }

    #[test]
    fn scores_and_clicks_are_inverse() {
        for paradigm in Paradigm::ALL {
            let rules = paradigm.rules();
            let orders: &[Option<First>] =
                if rules.has_order() { &[Some(First::Reference), Some(First::System)] } else { &[None] };
            let copies: &[Option<Slot>] = if rules.clip_order().has_x() {
                &[Some(Slot::Reference), Some(Slot::System)]
            } else {
                &[None]
            };
            let (lowest, highest) = paradigm.scale();
            for (&first, &x) in orders.iter().flat_map(|first| copies.iter().map(move |x| (first, x))) {
                for clicked in (lowest..=highest).map(f64::from) {
                    let score = rules.score(clicked, first, x);
                    assert!(paradigm.has_point(score), "{paradigm:?} {clicked}");
                    assert_eq!(rules.clicked(score, first, x).to_bits(), clicked.to_bits());
                }
            }
        }
    }
}
