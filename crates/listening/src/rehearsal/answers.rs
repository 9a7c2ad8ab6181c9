//! Simulated right and wrong answers.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rand_distr::{Distribution as _, StandardNormal};

use crate::design::hearing::Hearing;
use crate::design::plan::Plan;
use crate::error::Error;
use crate::rehearsal::simulate::{Scores, Simulation};

/// Draws an answer for every completed trial: 1 for a right one, 0 for a wrong one.
///
/// Each system is an independent stream: its effects of raters and sentences, then a number for each planned trial, so that
/// raters who stop early do not change the answers of others.
pub(super) fn draw_answers(plan: &Plan, simulation: &Simulation) -> Result<Scores, Error> {
    let failed = |source| Error::Statistics { what: "the simulation", source };
    let hearing = Hearing::new(&simulation.components).map_err(failed)?;
    let items: BTreeMap<&str, usize> =
        plan.items.iter().enumerate().map(|(index, item)| (item.as_str(), index)).collect();
    let mut scores = Scores::new();
    for (stream, system) in (0..).zip(plan.judged_systems()) {
        let sensitivity = sensitivity(hearing, plan, simulation, &system.name)?;
        let mut generator = ChaCha8Rng::seed_from_u64(simulation.seed);
        generator.set_stream(stream);
        let mut effects =
            |n: usize| -> Vec<f64> { (0..n).map(|_| StandardNormal.sample(&mut generator)).collect() };
        let (of_raters, of_items) = (effects(plan.sessions.len()), effects(plan.items.len()));
        for (rater, session) in plan.sessions.iter().enumerate() {
            let n_done = simulation.attendance.of(rater, session.trials.len());
            for (page, trial) in session.trials.iter().enumerate() {
                if trial.system != system.name {
                    continue;
                }
                let uniform: f64 = generator.random();
                let item = items[trial.item.as_str()];
                let probability =
                    hearing.probability(sensitivity, of_raters[rater], of_items[item]).map_err(failed)?;
                if page < n_done {
                    scores.insert((rater, page), f64::from(u8::from(uniform < probability)));
                }
            }
        }
    }
    Ok(scores)
}

/// Finds the sensitivity with which the true share of answers about a system is right.
fn sensitivity(hearing: Hearing, plan: &Plan, simulation: &Simulation, system: &str) -> Result<f64, Error> {
    let share = 0.5 + simulation.difference(plan, system);
    let found = hearing.sensitivity(share);
    found.map_err(|source| Error::Statistics { what: "the simulation", source })?.ok_or_else(|| {
        let what = format!(
            "the share of right answers about `{system}` would be {share:.2}, but it must be 0.5, that of guessing, or more, and less \
             than 1"
        );
        Error::Simulation { what }
    })
}
