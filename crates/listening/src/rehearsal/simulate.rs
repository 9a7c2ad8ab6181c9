//! Simulated ratings, to try out a plan and everything after it.

use std::collections::BTreeMap;
use std::ops::Range;

use mynah_stats::power::Components;
use mynah_stats::simulate::Model;

use crate::answers::row::planned_row;
use crate::design::plan::Plan;
use crate::error::Error;
use crate::paradigms::{Paradigm, Typical};
use crate::rating::{Origin, Rating};
use crate::rehearsal::answers::draw_answers;
use crate::rehearsal::controls::draw_controls;
use crate::rehearsal::votes::draw_votes;
use crate::trial::Kind;

/// The share of the planned pages that raters complete.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Attendance {
    /// Everyone completes everything.
    #[default]
    Complete,
    /// The first raters complete everything; the others stop early.
    Quitters {
        /// The number of raters who complete everything.
        steady: usize,
        /// The number of trials that each of the others completes; where systems are rated side by side, of pages.
        trials: usize,
    },
    /// The k-th rater completes the share k^-exponent, and at least one page: an open crowd by Zipf's law.
    Crowd {
        /// The exponent, at least 0; 1 to 2 in open crowds.
        exponent: f64,
    },
}

impl Attendance {
    /// Returns the number of pages that a rater completes out of `n_pages`.
    pub(crate) fn of(self, rater: usize, n_pages: usize) -> usize {
        match self {
            Self::Quitters { steady, trials } if rater >= steady => trials.min(n_pages),
            Self::Complete | Self::Quitters { .. } => n_pages,
            Self::Crowd { exponent } => {
                let share = (rater as f64 + 1.0).powf(-exponent);
                ((n_pages as f64 * share).round() as usize).clamp(1, n_pages.max(1))
            }
        }
    }

    fn check(self) -> Result<(), Error> {
        match self {
            Self::Crowd { exponent } if !(exponent >= 0.0 && exponent.is_finite()) => {
                let what = format!("the exponent of a crowd is {exponent}, but it must be 0 or more");
                Err(Error::Simulation { what })
            }
            _ => Ok(()),
        }
    }
}

/// The truth that ratings are drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// The true difference of each system from the reference, in points. It defaults to 0, and for anchors to a
    /// difference that a test of the paradigm must not miss ([`ParadigmRules::typical`](crate::ParadigmRules::typical)). In an ABX
    /// test it is the share of right answers less one half. In a preference test without a reference, it is the difference from a
    /// system that has none.
    pub true_differences: BTreeMap<String, f64>,
    /// The standard deviations between sentences, between raters, and within them.
    pub components: Components,
    /// The share of their sessions that raters complete.
    pub attendance: Attendance,
    /// MOS, DMOS, SMOS and MUSHRA: the true mean of the reference, to which differences are added.
    pub mos_level: f64,
    /// The probability that a gold trial or a trap is answered as accepted.
    pub right_controls: f64,
    /// The share of raters who click at random, whatever they hear: the last ones of the plan, rounded to whole people.
    pub careless: f64,
    /// The seed of the random numbers.
    pub seed: u64,
}

impl Default for Simulation {
    /// Returns systems equal to the reference, default components, complete sessions, recordings at 4.5, 95 % of controls right,
    /// nobody careless, and seed 1: the usual truth of all paradigms but MUSHRA ([`Simulation::typical`]).
    fn default() -> Self {
        Self {
            true_differences: BTreeMap::new(),
            components: Components::default(),
            attendance: Attendance::Complete,
            mos_level: 4.5,
            right_controls: 0.95,
            careless: 0.0,
            seed: 1,
        }
    }
}

impl Simulation {
    /// Returns systems equal to the reference, the usual components and mean of a paradigm, complete sessions, and seed 1.
    #[must_use]
    pub fn typical(paradigm: Paradigm) -> Self {
        let Typical { components, level, .. } = paradigm.rules().typical();
        Self { components, mos_level: level, ..Self::default() }
    }

    /// Returns the true difference of a system from the reference.
    pub(crate) fn difference(&self, plan: &Plan, system: &str) -> f64 {
        let is_anchor = plan.anchors().any(|anchor| anchor.name == system);
        let usual = if is_anchor { plan.protocol.paradigm.rules().typical().anchor_difference } else { 0.0 };
        self.true_differences.get(system).copied().unwrap_or(usual)
    }
}

/// Draws a rating for every completed trial of a plan, marked [`Origin::Simulated`].
///
/// ```text
/// score = clip(round(true difference + rater + item + residual))      [mynah_stats::simulate::Model]
/// ```
///
/// Each system has its own rater and item effects; a null pair has only the residual. The order of the clips affects only
/// the sign of the click, not the score. Ratings are in the order of the plan.
///
/// In a preference test the score is the sign of the comparison that the rater would have made, and 0 where that is less
/// than half a point:
///
/// ```text
/// liking of a system = true difference + (rater + item) / √2            its own effects for every rater and item
/// score              = clip(round(liking of the system - liking of its opponent + residual), -1, 1)
/// ```
///
/// The difference of two systems so has the given components, and the votes on all pairs agree with one another.
///
/// In an ABX test the difference of a system is the share of right answers about it less one half, by listeners who differ in
/// keenness:
///
/// ```text
/// P(right) = Φ(sensitivity · exp(rater + item))        rater and item with the given standard deviations; no residual
/// ```
///
/// Gold trials and traps are answered right with the given probability, each answer that is accepted being as likely as the
/// others, and so is each that is not. A careless rater clicks every answer with the same probability, also there.
///
/// # Errors
///
/// [`Error::Simulation`] for the difference of a system that is not under test, for impossible shares, and for probabilities
/// beyond 0 and 1; [`Error::Statistics`] for numbers that are
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
    let rules = plan.protocol.paradigm.rules();
    let mut scores = if rules.compares_all_pairs() {
        draw_votes(plan, simulation)?
    } else if rules.tells_apart() {
        draw_answers(plan, simulation)?
    } else {
        draw_scores(plan, simulation)?
    };
    draw_controls(plan, simulation, &mut scores)?;
    let mut ratings = Vec::with_capacity(scores.len());
    for (rater, session) in plan.sessions.iter().enumerate() {
        for (page, range) in plan.pages(session).into_iter().enumerate() {
            for index in range {
                let Some(score) = scores.remove(&(rater, index)) else { continue };
                ratings.push(Rating {
                    source_file: "simulation".to_owned(),
                    source_row: ratings.len() as u64 + 1,
                    ..planned_row(plan, session, (page, &session.trials[index]), Origin::Simulated, score)
                });
            }
        }
    }
    Ok(ratings)
}

/// Scores by rater and trial, by index.
pub(crate) type Scores = BTreeMap<(usize, usize), f64>;

/// Draws the scores of all systems, one after another.
fn draw_scores(plan: &Plan, simulation: &Simulation) -> Result<Scores, Error> {
    let rules = plan.protocol.paradigm.rules();
    let (lowest, highest) = rules.scale();
    let level = rules.level(simulation.mos_level);
    let positions: BTreeMap<&str, usize> =
        plan.items.iter().enumerate().map(|(index, item)| (item.as_str(), index)).collect();

    let completed = completed(plan, simulation.attendance);

    let mut scores = Scores::new();
    let subjects = plan.systems.iter().flat_map(|system| [(system, Kind::Rating), (system, Kind::NullPair)]);
    for (stream, (system, kind)) in subjects.enumerate() {
        let (mut places, mut design) = (Vec::new(), Vec::new());
        for (rater, session) in plan.sessions.iter().enumerate() {
            for index in completed[rater].clone() {
                let trial = &session.trials[index];
                if trial.kind == kind && trial.system == system.name {
                    places.push((rater, index));
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
    Ok(scores)
}

/// Returns the positions of the trials that each rater completes: those of the first pages.
fn completed(plan: &Plan, attendance: Attendance) -> Vec<Range<usize>> {
    let of = |(rater, session)| {
        let pages = plan.pages(session);
        let n_done = attendance.of(rater, pages.len());
        0..pages[..n_done].last().map_or(0, |page| page.end)
    };
    plan.sessions.iter().enumerate().map(of).collect()
}
