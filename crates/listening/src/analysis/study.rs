//! A test as its ratings are judged, with or without a plan.

use std::collections::BTreeSet;

use crate::design::controls::ControlCounts;
use crate::design::plan::Plan;
use crate::design::protocol::{Analysis, Protocol};
use crate::paradigms::{Paradigm, ParadigmRules};
use crate::rating::{Origin, Rating};
use crate::screening_rule::ScreeningRule;
use crate::system::Role;

/// The planned trials without a rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) n: usize,
    pub(crate) n_planned: usize,
}

impl Missing {
    /// Counts them: a trial is rated as soon as one of the people who do its session has rated it. Controls do not count.
    fn of<'a>(plan: &Plan, ratings: &'a [Rating]) -> Self {
        let trial =
            |rating: &'a Rating| (plan.session_of(&rating.rater), rating.page, rating.system.as_str());
        let rated: BTreeSet<(Option<usize>, u32, &str)> =
            ratings.iter().filter(|rating| !rating.kind.is_control()).map(trial).collect();
        let n_planned = plan.n_ratings();
        Self { n: n_planned.saturating_sub(rated.len()), n_planned }
    }

    /// Returns a note on them, if there are any; `noun` is "ratings" or "votes".
    pub(crate) fn note(self, noun: &str) -> Option<String> {
        let Self { n, n_planned } = self;
        (n > 0).then(|| format!("{n} of {n_planned} planned {noun} are missing."))
    }
}

/// A listening test as its ratings are judged.
#[derive(Debug, Clone)]
pub(crate) struct Study {
    pub(crate) name: String,
    /// The hash of the plan; `None` without one, when nothing is known to have been declared before the test.
    pub(crate) design: Option<String>,
    pub(crate) paradigm: Paradigm,
    pub(crate) human_reference: bool,
    pub(crate) analysis: Analysis,
    /// The protocol, where it is known.
    pub(crate) protocol: Option<Protocol>,
    pub(crate) systems: Vec<(String, Role)>,
    pub(crate) raters: Vec<String>,
    pub(crate) items: Vec<String>,
    /// The planned ratings that nobody has given, where they are known.
    pub(crate) missing: Option<Missing>,
    /// Notes on what was done to the ratings before they were judged.
    pub(crate) notes: Vec<String>,
}

impl Study {
    /// Returns the study of a plan with ratings, whose raters may have done sessions after somebody else.
    pub(crate) fn rated(plan: &Plan, ratings: &[Rating]) -> Self {
        let mut study = Self::of(plan);
        let planned: BTreeSet<String> = study.raters.iter().cloned().collect();
        let rated: BTreeSet<String> = ratings.iter().map(|rating| rating.rater.clone()).collect();
        study.raters.extend(rated.difference(&planned).cloned());
        study.missing = Some(Missing::of(plan, ratings));
        study
    }

    /// Returns the study of a plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        let protocol = &plan.protocol;
        Self {
            name: plan.study.clone(),
            design: Some(plan.design.clone()),
            paradigm: protocol.paradigm,
            human_reference: protocol.human_reference,
            analysis: protocol.analysis.clone(),
            protocol: Some(protocol.clone()),
            systems: plan.systems.iter().map(|system| (system.name.clone(), system.role)).collect(),
            raters: plan.sessions.iter().map(|session| session.rater.clone()).collect(),
            items: plan.items.clone(),
            missing: None,
            notes: Vec::new(),
        }
    }

    /// Returns the screening rules that apply, without those on controls that sessions do not have.
    pub(crate) fn screening_rules(&self) -> Vec<ScreeningRule> {
        let rules = self.rules().screening_rules().iter().copied();
        match &self.protocol {
            Some(protocol) => rules.filter(|rule| protocol.can_screen_by(*rule)).collect(),
            None => rules.filter(|rule| !rule.is_on_controls()).collect(),
        }
    }

    /// Counts the answers of each rater to gold trials and traps.
    pub(crate) fn control_counts<'r>(
        &self,
        ratings: impl IntoIterator<Item = &'r Rating>,
    ) -> Vec<ControlCounts> {
        self.protocol.as_ref().map(|protocol| protocol.control_counts(ratings)).unwrap_or_default()
    }

    /// Returns the rules of the paradigm.
    pub(crate) fn rules(&self) -> &'static dyn ParadigmRules {
        self.paradigm.rules()
    }

    /// Returns the system that the others are compared with.
    pub(crate) fn reference(&self) -> Option<&str> {
        self.named(Role::Reference).next()
    }

    /// Iterates over the systems known to be worse than the reference.
    pub(crate) fn anchors(&self) -> impl Iterator<Item = &str> {
        self.named(Role::Anchor)
    }

    fn named(&self, role: Role) -> impl Iterator<Item = &str> {
        self.systems.iter().filter(move |(_, own)| *own == role).map(|(name, _)| name.as_str())
    }

    /// Iterates over the systems with scores of their own: for MOS, the reference too.
    pub(crate) fn judged(&self) -> impl Iterator<Item = (&str, Role)> {
        let rules = self.rules();
        self.systems
            .iter()
            .filter(move |(_, role)| rules.is_judged(*role))
            .map(|(name, role)| (name.as_str(), *role))
    }
}

/// Returns the origin of ratings: simulated as soon as one of them is.
pub(crate) fn origin(ratings: &[Rating]) -> Origin {
    if ratings.iter().any(|rating| rating.origin == Origin::Simulated) {
        Origin::Simulated
    } else {
        Origin::Human
    }
}
