//! Simulated votes, and preference tests rehearsed with them.

use std::collections::BTreeMap;

use mynah_stats::{Alternative, sign_test};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rand_distr::{Distribution as _, StandardNormal};

use crate::analysis::preference::{PreferenceVerdict, judge_planned};
use crate::analysis::study::Study;
use crate::design::plan::Plan;
use crate::design::power::Votes;
use crate::error::Error;
use crate::rating::Rating;
use crate::rehearsal::rehearse::{Counts, FAMILY, Outcome, OutcomeRate, count, rates};
use crate::rehearsal::simulate::{Scores, Simulation, simulate};

/// Draws a vote for every completed trial of a preference test: 1 for its system, -1 for the opponent, 0 for neither.
///
/// The effects of each system are an independent stream, and so are the residuals, one for each planned trial: raters who
/// stop early do not change the votes of others.
pub(super) fn draw_votes(plan: &Plan, simulation: &Simulation) -> Result<Scores, Error> {
    // Validates the differences and components.
    Truth::of_pairs(plan, simulation)?;
    let items: BTreeMap<&str, usize> =
        plan.items.iter().enumerate().map(|(index, item)| (item.as_str(), index)).collect();
    let likings: BTreeMap<&str, Likings> = (0..)
        .zip(&plan.systems)
        .map(|(stream, system)| (system.name.as_str(), Likings::draw(plan, simulation, &system.name, stream)))
        .collect();
    let mut residuals = stream_of(simulation.seed, plan.systems.len() as u64);
    let mut scores = Scores::new();
    for (rater, session) in plan.sessions.iter().enumerate() {
        let n_done = simulation.attendance.of(rater, session.trials.len());
        for (page, trial) in session.trials.iter().enumerate() {
            let residual: f64 = StandardNormal.sample(&mut residuals);
            let Some(versus) = plan.opponent(trial).filter(|_| page < n_done) else { continue };
            let liking = |system: &str| likings[system].of(rater, items[trial.item.as_str()]);
            let difference = liking(&trial.system) - liking(versus);
            let exact = difference + simulation.components.residual_sd * residual;
            // Adding 0.0 turns -0.0 into 0.0.
            scores.insert((rater, page), exact.round().clamp(-1.0, 1.0) + 0.0);
        }
    }
    Ok(scores)
}

/// Rehearses a preference test: counts the outcomes of each pair, and of all pairs together.
pub(super) fn rehearse_votes(
    plan: &Plan,
    simulation: &Simulation,
    n_studies: u64,
) -> Result<Vec<OutcomeRate>, Error> {
    let truths = Truth::of_pairs(plan, simulation)?;
    let study = Study::of(plan);
    let counts = count(simulation, n_studies, |simulation| {
        let ratings = simulate(plan, simulation)?;
        let verdict = judge_planned(&study, &ratings)?;
        let mut counts = Counts::new();
        let mut add = |index: usize, outcome: Outcome, came: bool| {
            counts.insert((index, outcome), (u64::from(came), 1));
        };
        let (mut any_false, mut misses) = (false, Vec::new());
        for (index, truth) in truths.iter().enumerate() {
            let Some(found) = Found::of(&verdict, truth, &ratings, study.analysis.alpha) else { continue };
            add(index, Outcome::Better, found.preference > 0);
            add(index, Outcome::Worse, found.preference < 0);
            add(index, Outcome::Inconclusive, found.preference == 0);
            if let Some(covers) = found.covers {
                add(index, Outcome::IntervalCovers, covers);
                misses.push(!covers);
            }
            if let Some(rejects) = found.sign_test_rejects {
                add(index, Outcome::SignTestRejects, rejects);
            }
            // A preference is false unless it has the direction of the true difference.
            any_false |= f64::from(found.preference) * truth.difference <= 0.0 && found.preference != 0;
        }
        add(truths.len(), Outcome::AnyFalseWord, any_false);
        if !misses.is_empty() {
            add(truths.len(), Outcome::AnyIntervalMisses, misses.contains(&true));
        }
        Ok(counts)
    })?;
    let means = truths.iter().map(|truth| truth.votes.mean());
    let farthest = means.max_by(|one, other| one.abs().total_cmp(&other.abs())).unwrap_or(0.0);
    rates(counts, |index| match truths.get(index) {
        Some(truth) => (truth.system.to_owned(), Some(truth.versus.to_owned()), truth.votes.mean()),
        None => (FAMILY.to_owned(), None, farthest),
    })
}

/// The true likings of a system: its own for every rater and every sentence.
struct Likings {
    difference: f64,
    raters: Vec<f64>,
    items: Vec<f64>,
}

impl Likings {
    /// Draws the effects of a system. Those of two systems add up to the variance of the given components.
    fn draw(plan: &Plan, simulation: &Simulation, system: &str, stream: u64) -> Self {
        let mut generator = stream_of(simulation.seed, stream);
        let mut effects = |n: usize, sd: f64| -> Vec<f64> {
            let scale = sd * std::f64::consts::FRAC_1_SQRT_2;
            (0..n)
                .map(|_| {
                    let z: f64 = StandardNormal.sample(&mut generator);
                    scale * z
                })
                .collect()
        };
        let raters = effects(plan.sessions.len(), simulation.components.rater_sd);
        let items = effects(plan.items.len(), simulation.components.item_sd);
        Self { difference: simulation.difference(plan, system), raters, items }
    }

    /// Returns how much a rater likes the system on an item.
    fn of(&self, rater: usize, item: usize) -> f64 {
        self.difference + self.raters[rater] + self.items[item]
    }
}

/// The truth about a pair.
struct Truth<'a> {
    system: &'a str,
    versus: &'a str,
    /// The difference in points.
    difference: f64,
    /// The expected votes, over all raters and items.
    votes: Votes,
}

impl<'a> Truth<'a> {
    /// Returns the truth about every pair of a plan.
    fn of_pairs(plan: &'a Plan, simulation: &Simulation) -> Result<Vec<Self>, Error> {
        let of = |(system, versus): (&'a str, &'a str)| {
            let difference = simulation.difference(plan, system) - simulation.difference(plan, versus);
            let votes = Votes::of(difference, &simulation.components)
                .map_err(|source| Error::Statistics { what: "the simulation", source })?;
            Ok(Self { system, versus, difference, votes })
        };
        plan.pairs().into_iter().map(of).collect()
    }
}

/// The findings of one study on a pair.
struct Found {
    /// 1 if the system was found to be preferred, -1 if its opponent was, else 0.
    preference: i8,
    /// States whether the interval of the share of decided votes contains the truth, where there is one.
    covers: Option<bool>,
    /// States whether the sign test on all votes rejects, if anybody preferred either.
    sign_test_rejects: Option<bool>,
}

impl Found {
    /// Reads the findings on a pair; `None` if nobody judged it.
    fn of(verdict: &PreferenceVerdict, truth: &Truth<'_>, ratings: &[Rating], alpha: f64) -> Option<Self> {
        let pair = verdict.pair(truth.system, truth.versus)?.seen_from(truth.system);
        let is_of_pair = |rating: &&Rating| {
            rating.system == truth.system && rating.reference.as_deref() == Some(truth.versus)
        };
        let votes: Vec<f64> = ratings.iter().filter(is_of_pair).map(|rating| rating.score).collect();
        Some(Self {
            preference: match &pair.preferred {
                Some(preferred) if preferred == truth.system => 1,
                Some(_) => -1,
                None => 0,
            },
            covers: pair.share.value().map(|share| share.contains(truth.votes.share())),
            sign_test_rejects: sign_test(&votes, Alternative::TwoSided).ok().map(|test| test.p_value < alpha),
        })
    }
}

/// Returns one of the independent streams of a seed.
fn stream_of(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}
