//! What a verdict has to know of a test, whether there was a plan of it or not.

use crate::design::plan::{Plan, Role};
use crate::design::protocol::{Analysis, Protocol};
use crate::rating::{Origin, Paradigm, Rating};

/// A listening test as its ratings are judged.
#[derive(Debug, Clone)]
pub(crate) struct Study {
    pub(crate) name: String,
    /// The hash of the plan; `None` where there was none, and nothing is known to have been declared before the test.
    pub(crate) design: Option<String>,
    pub(crate) paradigm: Paradigm,
    pub(crate) human_reference: bool,
    pub(crate) analysis: Analysis,
    /// What raters were asked, where that is known.
    pub(crate) protocol: Option<Protocol>,
    pub(crate) systems: Vec<(String, Role)>,
    pub(crate) raters: Vec<String>,
    pub(crate) items: Vec<String>,
    /// How many judgements were planned, where that is known.
    pub(crate) n_planned: Option<usize>,
}

impl Study {
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
            n_planned: Some(plan.sessions.iter().map(|session| session.trials.len()).sum()),
        }
    }

    /// The system that the others are compared with.
    pub(crate) fn reference(&self) -> Option<&str> {
        self.named(Role::Reference).next()
    }

    /// The systems that are known to be worse than the reference.
    pub(crate) fn anchors(&self) -> impl Iterator<Item = &str> {
        self.named(Role::Anchor)
    }

    fn named(&self, role: Role) -> impl Iterator<Item = &str> {
        self.systems.iter().filter(move |(_, own)| *own == role).map(|(name, _)| name.as_str())
    }

    /// Those that have scores of their own: for MOS the reference too.
    pub(crate) fn judged(&self) -> impl Iterator<Item = (&str, Role)> {
        let with_reference = self.paradigm == Paradigm::Mos;
        self.systems
            .iter()
            .filter(move |(_, role)| with_reference || *role != Role::Reference)
            .map(|(name, role)| (name.as_str(), *role))
    }
}

/// Simulated as soon as one of the ratings is.
pub(crate) fn origin(ratings: &[Rating]) -> Origin {
    if ratings.iter().any(|rating| rating.origin == Origin::Simulated) {
        Origin::Simulated
    } else {
        Origin::Human
    }
}
