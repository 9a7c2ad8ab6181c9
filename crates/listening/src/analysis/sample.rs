//! The ratings of a study after screening.

use crate::analysis::scores::{Against, BySystem, Indices, Scores};
use crate::analysis::screening::{rules_for, screen};
use crate::analysis::study::Study;
use crate::rating::Rating;
use crate::screening_rule::ScreeningRule;
use crate::system::Role;
use crate::trial::Kind;

/// Ratings after screening: for the systems, and with one rule less for the anchors.
pub(crate) struct Sample<'a> {
    study: &'a Study,
    indices: &'a Indices<'a>,
    ratings: BySystem<'a>,
    of_anchors: BySystem<'a>,
}

impl<'a> Sample<'a> {
    /// Screens the ratings of a study.
    pub(crate) fn of(
        study: &'a Study,
        ratings: &'a [Rating],
        rules: &[ScreeningRule],
        indices: &'a Indices<'a>,
    ) -> Self {
        let kept = |role| BySystem::of(&screen(study, ratings, &rules_for(rules, role)).0);
        Self { study, indices, ratings: kept(Role::Candidate), of_anchors: kept(Role::Anchor) }
    }

    /// Returns the scores of a system, and those of the reference where it has its own.
    pub(crate) fn of_system(&self, name: &str, role: Role) -> SystemScores {
        let ratings = if role == Role::Anchor { &self.of_anchors } else { &self.ratings };
        let scores = |name: &str| ratings.scores(Kind::Rating, name, self.indices);
        let is_judged = self.study.rules().is_judged(Role::Reference);
        let reference = self.study.reference().filter(|_| is_judged);
        SystemScores { system: scores(name), reference: reference.map(scores) }
    }
}

/// The scores of a system and of the reference.
pub(crate) struct SystemScores {
    pub(crate) system: Scores,
    reference: Option<Scores>,
}

impl SystemScores {
    /// Returns the scores that those of the system are compared with.
    pub(crate) fn against(&self, study: &Study, role: Role) -> Against<'_> {
        let contrast = study.rules().contrast(role, self.reference.is_some());
        Against::of(contrast, self.reference.as_ref())
    }
}
