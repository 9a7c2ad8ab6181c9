//! A study rehearsed many times with a known truth: how often its own analysis says what.

use std::collections::BTreeMap;

use mynah_stats::mixed::mixed_model;
use mynah_stats::power::Components;
use mynah_stats::simulate::Model;
use mynah_stats::{Interval, proportion_interval};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::analysis::judge::{Sensitivity, judge_study};
use crate::analysis::study::Study;
use crate::analysis::verdict::{Conclusion, SystemVerdict};
use crate::design::plan::{Plan, Role};
use crate::error::Error;
use crate::rating::{Kind, Paradigm, Rating};
use crate::rehearsal::simulate::{Simulation, simulate};

/// The coverage of the intervals of the rates.
const LEVEL: f64 = 0.95;
/// A true difference of this share of the margin is taken to be as large as it.
const AT_THE_MARGIN: f64 = 0.99;

/// What may come of a study for one system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The conclusion is [`Conclusion::Better`].
    Better,
    /// The conclusion is [`Conclusion::Equivalent`].
    Equivalent,
    /// The conclusion is [`Conclusion::NonInferior`].
    NonInferior,
    /// The conclusion is [`Conclusion::Worse`].
    Worse,
    /// The conclusion is [`Conclusion::Inconclusive`].
    Inconclusive,
    /// The clustered t test of the difference, corrected for the systems under test, rejects "no difference" at alpha.
    TTestRejects,
    /// The clustered interval of the difference, or where there is none of the mean, contains the truth.
    IntervalCovers,
    /// The interval of the mean that takes all judgements for independent contains the truth.
    NaiveIntervalCovers,
    /// The signed-rank test on all judgements rejects "no difference" at alpha.
    WilcoxonRatingsRejects,
    /// The signed-rank test on the means of the sentences does.
    WilcoxonItemMeansRejects,
    /// The rank-sum test against the reference does.
    RankSumRejects,
    /// The rule of the `NaturalSpeech` paper finds the system as good as the recordings.
    PaperRulePasses,
    /// The conclusion about at least one of the systems under test is false: better or worse where there is no difference or
    /// the opposite one, equivalent or non-inferior where the difference is as large as the margin. A true difference
    /// within a hundredth of the margin counts as large as it.
    AnyFalseWord,
    /// The interval of at least one of them misses the truth.
    AnyIntervalMisses,
}

/// What a row about all systems under test together has for a system.
pub const FAMILY: &str = "*";

/// How often something came of the rehearsed studies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutcomeRate {
    /// The system; [`FAMILY`] for all under test together.
    pub system: String,
    /// The mean difference to the reference that its ratings truly have: after rounding to the scale and its ends. Of all
    /// systems together, that which is farthest from 0.
    pub true_difference: f64,
    /// What.
    pub outcome: Outcome,
    /// In so many studies.
    pub count: u64,
    /// Of so many in which it is defined.
    pub studies: u64,
    /// The share.
    pub rate: f64,
    /// The lower end of its interval of coverage 95 % (Wilson), from the number of studies.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Rehearses a study: draws its ratings again and again, judges each draw by the plan's own analysis, and counts.
///
/// With a true difference of 0, [`Outcome::TTestRejects`] is the false-positive rate; with another, the power. The result
/// depends on the seed, not on the number of threads. What is defined in no study has no row.
///
/// # Errors
///
/// As [`simulate`]; [`Error::Simulation`] for no studies.
///
/// # Examples
///
/// ```
/// use mynah_listening::{Outcome, Plan, Protocol, Role, Simulation, System, rehearse};
///
/// let protocol = Protocol::from_toml(include_str!("../../../../eval/protocols/cmos.toml"))?;
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
        return Err(Error::Simulation {
            what: "no study is to be rehearsed: ask for some hundred".to_owned(),
        });
    }
    let truths: Vec<(&str, Truth)> = plan
        .judged_systems()
        .map(|system| Ok((system.name.as_str(), Truth::of(plan, simulation, &system.name)?)))
        .collect::<Result<_, Error>>()?;
    let known = Study::of(plan);
    let one = |study: u64| {
        let simulation = Simulation { seed: seed_of(simulation.seed, study), ..simulation.clone() };
        let verdict = judge_study(&known, &simulate(plan, &simulation)?, Sensitivity::LeftOut);
        let counts =
            verdict.systems.iter().zip(&truths).enumerate().flat_map(|(index, (system, (_, truth)))| {
                outcomes(system, truth, plan.protocol.analysis.alpha)
                    .map(move |(outcome, came)| ((index, outcome), (u64::from(came), 1)))
            });
        let of_family = family_outcomes(&verdict.systems, &truths, plan.protocol.analysis.margin)
            .map(|(outcome, came)| ((truths.len(), outcome), (u64::from(came), 1)));
        Ok(counts.chain(of_family).collect::<Counts>())
    };
    let counts = (0..n_studies).into_par_iter().map(one).try_reduce(Counts::new, |mut sum, other| {
        for (key, (count, studies)) in other {
            let entry = sum.entry(key).or_default();
            *entry = (entry.0 + count, entry.1 + studies);
        }
        Ok(sum)
    })?;
    let rate = |((index, outcome), (count, studies)): ((usize, Outcome), (u64, u64))| {
        let Interval { estimate, low, high, .. } = proportion_interval(count, studies, LEVEL)
            .map_err(|source| Error::Statistics { what: "the rate of an outcome", source })?;
        let (system, true_difference) = match truths.get(index) {
            Some((system, truth)) => (*system, truth.difference),
            None => (FAMILY, farthest(plan, &truths)),
        };
        Ok(OutcomeRate {
            system: system.to_owned(),
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

/// The variance components of earlier ratings, with which the next study can be planned and rehearsed.
///
/// A linear mixed model is fitted to the ratings of each system, and the variances are averaged over the systems. In a
/// comparison (CMOS) null pairs do not count.
///
/// # Errors
///
/// [`Error::Statistics`] when a system's ratings have no such model, such as those of a single rater;
/// [`Error::Simulation`] when there are no ratings.
pub fn estimate_components(ratings: &[Rating]) -> Result<Components, Error> {
    let mut by_system: BTreeMap<&str, Vec<&Rating>> = BTreeMap::new();
    for rating in ratings.iter().filter(|rating| rating.kind == Kind::Rating) {
        by_system.entry(&rating.system).or_default().push(rating);
    }
    if by_system.is_empty() {
        let what = "there are no ratings to estimate the variation of judgements from".to_owned();
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
                .map_err(|source| Error::Statistics { what: "the variation of judgements", source })?;
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

/// For each system, by its place, and each outcome: in how many studies it came, of how many where it is defined.
type Counts = BTreeMap<(usize, Outcome), (u64, u64)>;

/// Studies of one seed are independent streams of one generator.
fn seed_of(seed: u64, study: u64) -> u64 {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(study);
    generator.next_u64()
}

/// What the means of a system's ratings are expected to be.
struct Truth {
    mean: f64,
    difference: f64,
}

impl Truth {
    fn of(plan: &Plan, simulation: &Simulation, system: &str) -> Result<Self, Error> {
        let paradigm = plan.protocol.paradigm;
        let (lowest, highest) = paradigm.scale();
        let expected = |difference: f64| {
            let level = if paradigm == Paradigm::Mos { simulation.mos_level } else { 0.0 };
            let model =
                Model { mean: level + difference, components: simulation.components, lowest, highest };
            model.expected().map_err(|source| Error::Statistics { what: "the simulation", source })
        };
        let mean = expected(simulation.difference(plan, system))?;
        let reference = if paradigm == Paradigm::Mos && plan.systems.iter().any(|s| s.role == Role::Reference)
        {
            expected(0.0)?
        } else {
            0.0
        };
        Ok(Self { mean, difference: mean - reference })
    }
}

/// The largest true difference of the systems under test, in either direction.
fn farthest(plan: &Plan, truths: &[(&str, Truth)]) -> f64 {
    let is_candidate = |name: &str| plan.candidates().any(|system| system.name == name);
    truths
        .iter()
        .filter(|(name, _)| is_candidate(name))
        .map(|(_, truth)| truth.difference)
        .max_by(|a, b| a.abs().total_cmp(&b.abs()))
        .unwrap_or(0.0)
}

/// What came of one study for all systems under test together, where they are compared with something.
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
        // What rounding leaves of no difference.
        let none = truth.abs() < 1e-9;
        words.extend(system.conclusion.map(|conclusion| match conclusion {
            Conclusion::Better => none || truth < 0.0,
            Conclusion::Worse => none || truth > 0.0,
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

/// What came of one study for one system, of what is defined for it.
fn outcomes(
    system: &SystemVerdict,
    truth: &Truth,
    alpha: f64,
) -> impl Iterator<Item = (Outcome, bool)> + use<> {
    let rejects = |test: &crate::analysis::verdict::Defined<mynah_stats::TestResult>| {
        test.value().map(|test| test.p_value < alpha)
    };
    let covers = system
        .difference
        .value()
        .map(|interval| interval.contains(truth.difference))
        .or_else(|| system.interval.value().map(|interval| interval.contains(truth.mean)));
    let conclusion = |conclusion| system.conclusion.map(|found| found == conclusion);
    [
        (Outcome::Better, conclusion(Conclusion::Better)),
        (Outcome::Equivalent, conclusion(Conclusion::Equivalent)),
        (Outcome::NonInferior, conclusion(Conclusion::NonInferior)),
        (Outcome::Worse, conclusion(Conclusion::Worse)),
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
