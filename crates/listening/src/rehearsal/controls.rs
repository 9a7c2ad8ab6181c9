//! Simulated answers to gold trials and traps, and those of careless raters.

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use crate::design::plan::Plan;
use crate::error::Error;
use crate::rehearsal::simulate::{Scores, Simulation};

/// The streams are far from those of systems.
const RIGHT_STREAM: u64 = u64::MAX;
const CARELESS_STREAM: u64 = u64::MAX - 1;

/// Adds the answers to completed controls to those to systems, and replaces everything that careless raters answered.
///
/// Both have streams of their own, so the answers of the others do not change.
pub(super) fn draw_controls(plan: &Plan, simulation: &Simulation, scores: &mut Scores) -> Result<(), Error> {
    for (what, value) in
        [("the probability of a right answer", simulation.right_controls), ("the share", simulation.careless)]
    {
        if !(0.0..=1.0).contains(&value) {
            let what = format!("{what} is {value}, but it must be 0 to 1");
            return Err(Error::Simulation { what });
        }
    }
    let stream = |stream| {
        let mut generator = ChaCha8Rng::seed_from_u64(simulation.seed);
        generator.set_stream(stream);
        generator
    };
    let (mut right, mut careless) = (stream(RIGHT_STREAM), stream(CARELESS_STREAM));
    let (lowest, highest) = plan.protocol.paradigm.scale();
    let points: Vec<f64> = (lowest..=highest).map(f64::from).collect();
    let n_careless = (simulation.careless * plan.sessions.len() as f64).round() as usize;
    let rules = plan.protocol.paradigm.rules();
    for (rater, session) in plan.sessions.iter().enumerate() {
        let n_done = simulation.attendance.of(rater, session.trials.len());
        let is_careless = rater + n_careless >= plan.sessions.len();
        for (page, trial) in session.trials.iter().enumerate().take(n_done) {
            if let Some(control) = plan.control_of(trial) {
                let is_right = right.random_bool(simulation.right_controls);
                let fitting: Vec<f64> =
                    points.iter().copied().filter(|&point| control.accepts(point) == is_right).collect();
                scores.extend(fitting.choose(&mut right).map(|&clicked| ((rater, page), clicked)));
            }
            if is_careless && let Some(&clicked) = points.choose(&mut careless) {
                let score = if trial.kind.is_control() {
                    clicked
                } else {
                    rules.score(clicked, trial.first, trial.x)
                };
                scores.insert((rater, page), score);
            }
        }
    }
    Ok(())
}
