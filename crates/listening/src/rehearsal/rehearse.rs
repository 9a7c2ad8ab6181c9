//! Rehearsals: a study simulated many times with a known truth, and the frequency of each outcome.

use std::collections::BTreeMap;

use mynah_stats::mixed::mixed_model;
use mynah_stats::power::Components;
use mynah_stats::simulate::Model;
use mynah_stats::{Interval, proportion_interval};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::analysis::discrimination::GUESSING;
use crate::analysis::judge::{Sensitivity, judge_study};
use crate::analysis::study::Study;
use crate::analysis::verdict::{Conclusion, SystemVerdict};
use crate::design::plan::Plan;
use crate::design::protocol::Protocol;
use crate::error::Error;
use crate::rating::Rating;
use crate::rehearsal::simulate::{Simulation, simulate};
use crate::rehearsal::votes::rehearse_votes;
use crate::system::Role;
use crate::trial::Kind;

/// The coverage of the intervals of rates.
const LEVEL: f64 = 0.95;
/// The share of the margin from which a true difference counts as large as the margin.
const AT_THE_MARGIN: f64 = 0.99;

/// A possible outcome of a study for one system, or for a pair of systems in a preference test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The conclusion is [`Conclusion::Better`]; of a pair, the system is preferred.
    Better,
    /// The conclusion is [`Conclusion::Equivalent`].
    Equivalent,
    /// The conclusion is [`Conclusion::NonInferior`].
    NonInferior,
    /// The conclusion is [`Conclusion::Worse`]; of a pair, the other system is preferred.
    Worse,
    /// The conclusion is [`Conclusion::ToldApart`].
    ToldApart,
    /// The conclusion is [`Conclusion::Inconclusive`].
    Inconclusive,
    /// The clustered t test of the difference, corrected for the systems under test, rejects "no difference" at alpha.
    TTestRejects,
    /// The clustered interval of the difference, or of the mean if there is no difference, contains the truth; of a pair, that
    /// of the share of votes for either.
    IntervalCovers,
    /// The interval of the mean that assumes independent ratings contains the truth.
    NaiveIntervalCovers,
    /// The signed-rank test on all ratings rejects "no difference" at alpha.
    WilcoxonRatingsRejects,
    /// The signed-rank test on the means of the sentences does.
    WilcoxonItemMeansRejects,
    /// The rank-sum test against the reference does.
    RankSumRejects,
    /// The sign test on all votes on a pair, the usual analysis of preferences, rejects "no preference" at alpha, without
    /// correction for the number of pairs.
    SignTestRejects,
    /// The rule of the `NaturalSpeech` paper finds the system as good as the recordings.
    PaperRulePasses,
    /// The conclusion about at least one system under test is false: better or worse without a difference or with the
    /// opposite one, equivalent or non-inferior with a difference as large as the margin. A true difference within a
    /// hundredth of the margin counts as large as the margin. In a preference test: at least one preference that was found does
    /// not exist or is the opposite one.
    AnyFalseWord,
    /// The interval of at least one system under test, or of one pair, misses the truth.
    AnyIntervalMisses,
}

/// The name of the system in rows about all systems under test together.
pub const FAMILY: &str = "*";

/// The frequency of an outcome in the rehearsed studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutcomeRate {
    /// The system; [`FAMILY`] for all under test together.
    pub system: String,
    /// The other system of a pair of a preference test.
    pub reference: Option<String>,
    /// The true mean difference of its ratings from the reference, after rounding to the scale and its ends; of a pair, the
    /// share of votes for the system minus the share of votes for the other. For all systems together, the one farthest from 0.
    pub true_difference: f64,
    /// The outcome.
    pub outcome: Outcome,
    /// The number of studies with this outcome.
    pub count: u64,
    /// The number of studies in which it is defined.
    pub studies: u64,
    /// The ratio of the two.
    pub rate: f64,
    /// The lower end of its interval of coverage 95 % (Wilson), from the number of studies.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Rehearses a study: repeatedly draws its ratings, judges each draw by the plan's own analysis, and counts outcomes.
///
/// With a true difference of 0, [`Outcome::TTestRejects`] is the false-positive rate; otherwise it is the power. The result
/// depends on the seed, not on the number of threads. Outcomes that are defined in no study have no row.
///
/// # Errors
///
/// Those of [`simulate`]; [`Error::Simulation`] for zero studies.
///
/// # Examples
///
/// ```
/// use mynah_listening::{Outcome, Paradigm, Plan, Protocol, Role, Simulation, System, rehearse};
///
/// let protocol = Protocol::standard(Paradigm::Cmos);
/// let system = |name: &str, role| System { name: name.to_owned(), role, directory: name.to_owned() };
/// let systems = vec![system("recordings", Role::Reference), system("voice", Role::Candidate)];
/// let items = (1..=50).map(|number| format!("LJ050-{number:04}")).collect();
/// let plan = Plan::new(protocol, systems, items, "first-look", 1)?;
///
/// // The voice is as good as the recordings, and the same twenty people judge everything.
/// let rates = rehearse(&plan, &Simulation::default(), 100)?;
/// let rate = |outcome| rates.iter().find(|rate| rate.outcome == outcome).map_or(0.0, |rate| rate.rate);
/// assert!(rate(Outcome::TTestRejects) < 0.15);
/// assert!(rate(Outcome::WilcoxonRatingsRejects) > 0.25);
/// # Ok::<(), mynah_listening::Error>(())
/// ```
pub fn rehearse(plan: &Plan, simulation: &Simulation, n_studies: u64) -> Result<Vec<OutcomeRate>, Error> {
    if n_studies == 0 {
        return Err(Error::Simulation { what: "no study is to be rehearsed".to_owned() });
    }
    if plan.protocol.paradigm.rules().compares_all_pairs() {
        return rehearse_votes(plan, simulation, n_studies);
    }
    let truths: Vec<(&str, Truth)> = plan
        .judged_systems()
        .map(|system| Ok((system.name.as_str(), Truth::of(plan, simulation, &system.name)?)))
        .collect::<Result<_, Error>>()?;
    let known = Study::of(plan);
    let one = |simulation: &Simulation| {
        let verdict = judge_study(&known, &simulate(plan, simulation)?, Sensitivity::LeftOut);
        let counts =
            verdict.systems.iter().zip(&truths).enumerate().flat_map(|(index, (system, (_, truth)))| {
                outcomes(system, truth, &plan.protocol)
                    .map(move |(outcome, came)| ((index, outcome), (u64::from(came), 1)))
            });
        let of_family = family_outcomes(&verdict.systems, &truths, plan.protocol.analysis.margin)
            .map(|(outcome, came)| ((truths.len(), outcome), (u64::from(came), 1)));
        Ok(counts.chain(of_family).collect::<Counts>())
    };
    rates(count(simulation, n_studies, one)?, |index| match truths.get(index) {
        Some((system, truth)) => ((*system).to_owned(), None, truth.difference),
        None => (FAMILY.to_owned(), None, farthest(plan, &truths)),
    })
}

/// Estimates the variance components of earlier ratings, with which the next study can be planned and rehearsed.
///
/// Fits a linear mixed model to the ratings of each system and averages the variances over the systems. Null pairs do not
/// count. Votes do not tell the size of the differences that they come from, and are refused, as are right and wrong answers.
///
/// # Errors
///
/// [`Error::Statistics`] when a system's ratings do not admit the model, such as those of a single rater;
/// [`Error::Simulation`] without ratings, and for votes and for right and wrong answers.
pub fn estimate_components(ratings: &[Rating]) -> Result<Components, Error> {
    let mut by_system: BTreeMap<&str, Vec<&Rating>> = BTreeMap::new();
    for rating in ratings.iter().filter(|rating| rating.kind == Kind::Rating) {
        if rating.paradigm.rules().compares_all_pairs() {
            let what = "votes do not tell how much the differences behind them vary; use the ratings of a comparison";
            return Err(Error::Simulation { what: what.to_owned() });
        }
        if rating.paradigm.rules().tells_apart() {
            let what = "right and wrong answers do not tell how much sensitivity varies; state the standard deviations";
            return Err(Error::Simulation { what: what.to_owned() });
        }
        by_system.entry(&rating.system).or_default().push(rating);
    }
    if by_system.is_empty() {
        let what = "there are no ratings to estimate the variation of ratings from".to_owned();
        return Err(Error::Simulation { what });
    }
    let (mut item, mut rater, mut residual) = (0.0, 0.0, 0.0);
    for ratings in by_system.values() {
        let number = |name: fn(&Rating) -> &str| {
            let mut names: Vec<&str> = ratings.iter().map(|rating| name(rating)).collect();
            names.sort_unstable();
            names.dedup();
            ratings
                .iter()
                .map(|rating| names.partition_point(|other| *other < name(rating)))
                .collect::<Vec<_>>()
        };
        let values: Vec<f64> = ratings.iter().map(|rating| rating.score).collect();
        let model =
            mixed_model(&values, &number(|rating| &rating.rater), &number(|rating| &rating.item), &[])
                .map_err(|source| Error::Statistics { what: "the variation of ratings", source })?;
        let components = model.components();
        item += components.item_sd.powi(2);
        rater += components.rater_sd.powi(2);
        residual += components.residual_sd.powi(2);
    }
    let n = by_system.len() as f64;
    Ok(Components {
        item_sd: (item / n).sqrt(),
        rater_sd: (rater / n).sqrt(),
        residual_sd: (residual / n).sqrt(),
    })
}

/// The number of studies with an outcome and of those in which it is defined, by position of the system or pair and outcome.
pub(super) type Counts = BTreeMap<(usize, Outcome), (u64, u64)>;

/// Draws and judges studies, each with a seed of its own, and adds up their counts.
pub(super) fn count(
    simulation: &Simulation,
    n_studies: u64,
    one: impl Fn(&Simulation) -> Result<Counts, Error> + Sync,
) -> Result<Counts, Error> {
    let seeded = |study| Simulation { seed: seed_of(simulation.seed, study), ..simulation.clone() };
    (0..n_studies).into_par_iter().map(|study| one(&seeded(study))).try_reduce(
        Counts::new,
        |mut sum, other| {
            for (key, (count, studies)) in other {
                let entry = sum.entry(key).or_default();
                *entry = (entry.0 + count, entry.1 + studies);
            }
            Ok(sum)
        },
    )
}

/// Turns counts into rates; a function names the system, the other system and the true difference at a position.
pub(super) fn rates(
    counts: Counts,
    subject: impl Fn(usize) -> (String, Option<String>, f64),
) -> Result<Vec<OutcomeRate>, Error> {
    let rate = |((index, outcome), (count, studies)): ((usize, Outcome), (u64, u64))| {
        let Interval { estimate, low, high, .. } = proportion_interval(count, studies, LEVEL)
            .map_err(|source| Error::Statistics { what: "the rate of an outcome", source })?;
        let (system, reference, true_difference) = subject(index);
        Ok(OutcomeRate {
            system,
            reference,
            true_difference,
            outcome,
            count,
            studies,
            rate: estimate,
            low,
            high,
        })
    };
    counts.into_iter().map(rate).collect()
}

/// Returns the seed of a study: studies are independent streams of one generator.
fn seed_of(seed: u64, study: u64) -> u64 {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(study);
    generator.next_u64()
}

/// The expected mean of a system's ratings, and its difference from the reference.
struct Truth {
    mean: f64,
    difference: f64,
}

impl Truth {
    fn of(plan: &Plan, simulation: &Simulation, system: &str) -> Result<Self, Error> {
        let rules = plan.protocol.paradigm.rules();
        if rules.tells_apart() {
            let difference = simulation.difference(plan, system);
            return Ok(Self { mean: GUESSING + difference, difference });
        }
        let (lowest, highest) = rules.scale();
        let expected = |difference: f64| {
            let level = rules.level(simulation.mos_level);
            let model =
                Model { mean: level + difference, components: simulation.components, lowest, highest };
            model.expected().map_err(|source| Error::Statistics { what: "the simulation", source })
        };
        let mean = expected(simulation.difference(plan, system))?;
        // Scores of a comparison are differences already.
        let has_scores = rules.is_judged(Role::Reference) && plan.reference().is_some();
        let reference = if has_scores { expected(0.0)? } else { 0.0 };
        Ok(Self { mean, difference: mean - reference })
    }
}

/// Returns the largest true difference of the systems under test, in either direction.
fn farthest(plan: &Plan, truths: &[(&str, Truth)]) -> f64 {
    let is_candidate = |name: &str| plan.candidates().any(|system| system.name == name);
    truths
        .iter()
        .filter(|(name, _)| is_candidate(name))
        .map(|(_, truth)| truth.difference)
        .max_by(|a, b| a.abs().total_cmp(&b.abs()))
        .unwrap_or(0.0)
}

/// Returns the joint outcomes of one study for all systems under test, if they are compared with anything.
fn family_outcomes(
    systems: &[SystemVerdict],
    truths: &[(&str, Truth)],
    margin: f64,
) -> impl Iterator<Item = (Outcome, bool)> + use<> {
    let mut words = Vec::new();
    let mut misses = Vec::new();
    for (system, (_, truth)) in systems.iter().zip(truths).filter(|(s, _)| s.role == Role::Candidate) {
        let truth = truth.difference;
        let nearly = AT_THE_MARGIN * margin;
        // Zero, up to rounding errors.
        let none = truth.abs() < 1e-9;
        words.extend(system.conclusion.map(|conclusion| match conclusion {
            Conclusion::Better => none || truth < 0.0,
            Conclusion::Worse => none || truth > 0.0,
            Conclusion::ToldApart => none,
            Conclusion::Equivalent => truth.abs() >= nearly,
            Conclusion::NonInferior => truth <= -nearly,
            Conclusion::Inconclusive => false,
        }));
        misses.extend(system.difference.value().map(|interval| !interval.contains(truth)));
    }
    [(Outcome::AnyFalseWord, words), (Outcome::AnyIntervalMisses, misses)]
        .into_iter()
        .filter(|(_, of_systems)| !of_systems.is_empty())
        .map(|(outcome, of_systems)| (outcome, of_systems.into_iter().any(|came| came)))
}

/// Returns the outcomes of one study that are defined for a system, each with its occurrence.
fn outcomes(
    system: &SystemVerdict,
    truth: &Truth,
    protocol: &Protocol,
) -> impl Iterator<Item = (Outcome, bool)> + use<> {
    let alpha = protocol.analysis.alpha;
    let tells_apart = protocol.paradigm.rules().tells_apart();
    let rejects = |test: &crate::analysis::verdict::Defined<mynah_stats::TestResult>| {
        test.value().map(|test| test.p_value < alpha)
    };
    let covers = system
        .difference
        .value()
        .map(|interval| interval.contains(truth.difference))
        .or_else(|| system.interval.value().map(|interval| interval.contains(truth.mean)));
    let conclusion = |conclusion| system.conclusion.map(|found| found == conclusion);
    // Being told apart has no direction.
    let directed = |one| conclusion(one).filter(|_| !tells_apart);
    [
        (Outcome::Better, directed(Conclusion::Better)),
        (Outcome::Equivalent, conclusion(Conclusion::Equivalent)),
        (Outcome::NonInferior, directed(Conclusion::NonInferior)),
        (Outcome::Worse, directed(Conclusion::Worse)),
        (Outcome::ToldApart, conclusion(Conclusion::ToldApart).filter(|_| tells_apart)),
        (Outcome::Inconclusive, conclusion(Conclusion::Inconclusive)),
        (
            Outcome::TTestRejects,
            system.adjusted_p_value.value().map(|p| *p < alpha).or_else(|| rejects(&system.t_test)),
        ),
        (Outcome::IntervalCovers, covers),
        (
            Outcome::NaiveIntervalCovers,
            system.naive_interval.value().map(|interval| interval.contains(truth.mean)),
        ),
        (Outcome::WilcoxonRatingsRejects, rejects(&system.wilcoxon_ratings)),
        (Outcome::WilcoxonItemMeansRejects, rejects(&system.wilcoxon_item_means)),
        (Outcome::RankSumRejects, rejects(&system.rank_sum)),
        (Outcome::PaperRulePasses, system.paper_rule.passes),
    ]
    .into_iter()
    .filter_map(|(outcome, came)| Some((outcome, came?)))
}
