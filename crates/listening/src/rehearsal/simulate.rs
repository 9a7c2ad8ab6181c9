//! Ratings that nobody gave, to try out a plan and everything after it.

use std::collections::BTreeMap;

use mynah_stats::power::Components;
use mynah_stats::simulate::Model;

use crate::design::plan::{Plan, Trial};
use crate::error::Error;
use crate::rating::{First, Kind, Origin, Paradigm, Rating};

/// The true difference of an anchor, unless another is given: one step of the scale, which a test must not miss.
pub const ANCHOR_DIFFERENCE: f64 = -1.0;

/// How much of what was planned raters do.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Attendance {
    /// Everything.
    #[default]
    Complete,
    /// The first so many raters do everything, the others stop after some trials.
    Quitters {
        /// How many do everything.
        steady: usize,
        /// How many trials the others do.
        trials: usize,
    },
    /// The k-th rater does the share k^-exponent, but at least one trial: an open crowd by Zipf's law.
    Crowd {
        /// The exponent, 0 or more; open crowds have 1 to 2.
        exponent: f64,
    },
}

impl Attendance {
    /// How many trials the rater of this index does, of so many.
    fn of(self, rater: usize, n_trials: usize) -> usize {
        match self {
            Self::Quitters { steady, trials } if rater >= steady => trials.min(n_trials),
            Self::Complete | Self::Quitters { .. } => n_trials,
            Self::Crowd { exponent } => {
                let share = (rater as f64 + 1.0).powf(-exponent);
                ((n_trials as f64 * share).round() as usize).clamp(1, n_trials.max(1))
            }
        }
    }

    fn check(self) -> Result<(), Error> {
        match self {
            Self::Crowd { exponent } if !(exponent >= 0.0 && exponent.is_finite()) => {
                let what = format!("the exponent of a crowd is {exponent}, it has to be 0 or more");
                Err(Error::Simulation { what })
            }
            _ => Ok(()),
        }
    }
}

/// What is simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// The true difference of each system to the reference, in points. Of those that are not named it is 0, and
    /// [`ANCHOR_DIFFERENCE`] for anchors.
    pub true_differences: BTreeMap<String, f64>,
    /// By how much it varies between sentences and raters, and within them.
    pub components: Components,
    /// How much of their sessions raters do.
    pub attendance: Attendance,
    /// MOS: the true mean of the reference, from which the differences count.
    pub mos_level: f64,
    /// What the numbers are drawn from.
    pub seed: u64,
}

impl Default for Simulation {
    /// Systems as good as the reference, the usual components, complete sessions, recordings at 4.5, seed 1.
    fn default() -> Self {
        Self {
            true_differences: BTreeMap::new(),
            components: Components::default(),
            attendance: Attendance::Complete,
            mos_level: 4.5,
            seed: 1,
        }
    }
}

impl Simulation {
    /// The true difference of a system to the reference.
    pub(crate) fn difference(&self, plan: &Plan, system: &str) -> f64 {
        let usual = if plan.anchors().any(|anchor| anchor.name == system) { ANCHOR_DIFFERENCE } else { 0.0 };
        self.true_differences.get(system).copied().unwrap_or(usual)
    }
}

/// Draws a rating for every trial of a plan that is done, marked [`Origin::Simulated`].
///
/// ```text
/// score = clip(round(true difference + rater + item + residual))      [mynah_stats::simulate::Model]
/// ```
///
/// Each system has rater and item effects of its own; a null pair has nothing but the residual. The order of the clips
/// has no effect on the score, only on its sign on the page. Ratings stand in the order of the plan.
///
/// # Errors
///
/// [`Error::Simulation`] for a difference of a system that is not under test; [`Error::Statistics`] for numbers that are
/// not finite and components that are negative.
pub fn simulate(plan: &Plan, simulation: &Simulation) -> Result<Vec<Rating>, Error> {
    for name in simulation.true_differences.keys() {
        if !plan.candidates().chain(plan.anchors()).any(|system| system.name == *name) {
            let what =
                format!("system `{name}` is neither under test nor an anchor, so it has no true difference");
            return Err(Error::Simulation { what });
        }
    }
    simulation.attendance.check()?;
    let paradigm = plan.protocol.paradigm;
    let (lowest, highest) = paradigm.scale();
    let level = if paradigm == Paradigm::Mos { simulation.mos_level } else { 0.0 };
    let positions: BTreeMap<&str, usize> =
        plan.items.iter().enumerate().map(|(index, item)| (item.as_str(), index)).collect();

    let mut scores: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    let subjects = plan.systems.iter().flat_map(|system| [(system, Kind::Rating), (system, Kind::NullPair)]);
    for (stream, (system, kind)) in subjects.enumerate() {
        let (mut places, mut design) = (Vec::new(), Vec::new());
        for (rater, session) in plan.sessions.iter().enumerate() {
            let n_done = simulation.attendance.of(rater, session.trials.len());
            for (page, trial) in session.trials.iter().enumerate().take(n_done) {
                if trial.kind == kind && trial.system == system.name {
                    places.push((rater, page));
                    design.push((rater, positions[trial.item.as_str()]));
                }
            }
        }
        if design.is_empty() {
            continue;
        }
        let residual_sd = simulation.components.residual_sd;
        let null_components = Components { item_sd: 0.0, rater_sd: 0.0, residual_sd };
        let model = Model {
            mean: level + simulation.difference(plan, &system.name),
            components: if kind == Kind::Rating { simulation.components } else { null_components },
            lowest,
            highest,
        };
        let drawn = model
            .draw(&design, simulation.seed, stream as u64)
            .map_err(|source| Error::Statistics { what: "the simulation", source })?;
        scores.extend(places.into_iter().zip(drawn));
    }

    let mut ratings = Vec::with_capacity(scores.len());
    for ((rater, page), score) in scores {
        let session = &plan.sessions[rater];
        ratings.push(rating(
            plan,
            &session.rater,
            page,
            &session.trials[page],
            score,
            ratings.len() as u64 + 1,
        ));
    }
    Ok(ratings)
}

fn rating(plan: &Plan, rater: &str, page: usize, trial: &Trial, score: f64, row: u64) -> Rating {
    let paradigm = plan.protocol.paradigm;
    let reference = plan.reference().filter(|_| paradigm == Paradigm::Cmos);
    Rating {
        study: plan.study.clone(),
        design: plan.design.clone(),
        origin: Origin::Simulated,
        paradigm,
        rater: rater.to_owned(),
        page: page as u32,
        item: trial.item.clone(),
        system: trial.system.clone(),
        reference: reference.map(|system| system.name.clone()),
        first: trial.first,
        kind: trial.kind,
        score,
        // Adding 0.0 turns -0.0 into 0.0.
        score_raw: score * trial.first.map_or(1.0, First::sign) + 0.0,
        plays_first: None,
        plays_second: None,
        milliseconds: None,
        source_file: "simulation".to_owned(),
        source_row: row,
    }
}
