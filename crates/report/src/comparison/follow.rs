//! Following a training run: the best checkpoint so far, and whether further ones still improve.

use mynah_listening::Defined;
use mynah_metrics::Score;
use mynah_stats::t_test::one_sample;
use serde::Serialize;

use super::documents::MetricNote;
use super::grid::{Grid, GridColumn, grids};
use super::ranking::{Outcome, losses, rank};
use super::regression::run;
use crate::error::Error;

/// Settings of [`follow`].
#[derive(Debug, Clone, PartialEq)]
pub struct FollowSettings {
    /// Definition and version of the metric, as in the scores.
    pub profile: String,
    /// Improvement that does not matter, in the unit of the metric; positive.
    pub margin: f64,
    /// Number of checkpoints, K, that may add nothing; at least 1.
    pub last: usize,
    /// Probability of ever calling a run flat whose last K checkpoints do improve by more than the margin.
    pub alpha: f64,
    /// Number of checkpoints that the run will have, if it is known; the looks then share `alpha` equally.
    pub planned: Option<usize>,
}

/// A training run so far.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Following {
    /// Definition and version of the metric.
    pub profile: String,
    /// Unit of the metric.
    pub unit: String,
    /// Checkpoints with scores, by training step.
    pub checkpoints: Vec<Followed>,
    /// The best checkpoint, with those that cannot be told from it.
    pub best: Defined<Outcome>,
    /// One entry for each checkpoint that has K predecessors, in the order of the steps.
    pub looks: Vec<Look>,
}

/// A checkpoint of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Followed {
    /// Name of the checkpoint.
    pub system: String,
    /// Training step.
    pub step: u64,
    /// Number of items with a value.
    pub n_scored: usize,
}

/// A look at the last K checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Look {
    /// The last checkpoint at this look.
    pub system: String,
    /// Its training step.
    pub step: u64,
    /// The checkpoint before the last K, from which improvements count.
    pub from: String,
    /// One-sided level of the look.
    pub alpha: f64,
    /// Upper bound of the improvement of each of the last K over `from`, of coverage 1 − `alpha` each.
    pub improvements: Vec<Improvement>,
    /// `true` if every bound is below the margin: the last K checkpoints add nothing that matters.
    pub is_flat: bool,
}

/// The improvement of a checkpoint over an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Improvement {
    /// The later checkpoint.
    pub system: String,
    /// Mean decrease of the loss; positive if the later one is better.
    pub estimate: Defined<f64>,
    /// Upper end of its one-sided interval.
    pub upper: Defined<f64>,
}

impl Following {
    /// Returns the first look at which the run was flat, at which a follower would have stopped.
    #[must_use]
    pub fn first_flat(&self) -> Option<&Look> {
        self.looks.iter().find(|look| look.is_flat)
    }
}

/// Follows the checkpoints of one run by one metric.
///
/// ```text
/// loss of an item       as in rankings
/// look t                after checkpoint K + t; c is the checkpoint before the last K, l one of the last K
/// flat at look t        for every l: mean(loss_c − loss_l) + t(1 − a_t; n − 1) · s/√n < margin
/// a_t                   alpha / planned looks, or alpha / (t (t + 1)), which sums to alpha over any number of looks
/// ```
///
/// A look errs if it calls the run flat although one of the last K checkpoints is better than c by more than the margin.
/// Then the interval of that checkpoint must have missed the truth, which happens with the probability of the level; so over all
/// looks at a run, however many, an error has at most the probability `alpha`. The items are a sample of what the voice is
/// for, and each look uses the same ones, which the sum of the levels allows for.
///
/// An item without a value at c that a later checkpoint has counts as the largest improvement seen; one that the later
/// checkpoint lacks is left out, since a failure is no improvement. Nothing here stops a training.
///
/// # Errors
///
/// Returns [`Error::Follow`] for settings out of range, without rows of the profile, for a metric that does not say
/// what is better, a checkpoint without a training step, two of one step, and checkpoints of several runs; and the errors of [`super::summarize`].
///
/// # Examples
///
/// ```
/// use mynah_metrics::{Score, Status};
/// use mynah_report::comparison::{Better, FollowSettings, MetricNote, follow};
///
/// let score = |step: u64, item: usize, value: f64| Score {
///     system: format!("voice-{step}"),
///     step: Some(step),
///     item: format!("{item:02}"),
///     metric: "mcd".into(),
///     profile: "mcd/sp2mc-2".into(),
///     unit: "dB".into(),
///     status: Status::Ok,
///     value: Some(value),
///     reason: None,
///     frames: None,
///     better: None,
/// };
/// // The first step improves by a decibel, the next ones by nothing.
/// let rows = (1..=4).flat_map(|step| {
///     let level = if step == 1 { 6.0 } else { 5.0 };
///     (0..40).map(move |item| (step, item, level + 0.1 * ((item * 7 + step as usize * 3) % 5) as f64))
/// });
/// let scores: Vec<Score> = rows.map(|(step, item, value)| score(1000 * step, item, value)).collect();
/// let note = MetricNote { profile: "mcd/sp2mc-2".into(), explanation: String::new(), better: Some(Better::Near(0.0)), pooled: false };
/// let settings = FollowSettings {
///     profile: "mcd/sp2mc-2".into(),
///     margin: 0.2,
///     last: 2,
///     alpha: 0.05,
///     planned: None,
/// };
/// let following = follow(&scores, &[note], &settings)?;
/// assert_eq!(following.first_flat().map(|look| look.step), Some(4000));
/// # Ok::<(), mynah_report::Error>(())
/// ```
pub fn follow(scores: &[Score], notes: &[MetricNote], settings: &FollowSettings) -> Result<Following, Error> {
    check(settings)?;
    let grids = grids(scores, notes)?;
    let Some(grid) = grids.iter().find(|grid| grid.profile == settings.profile) else {
        let known: Vec<&str> = grids.iter().map(|grid| grid.profile).collect();
        let why = format!("the scores have no metric `{}`, only {}", settings.profile, known.join(", "));
        return Err(Error::Follow { why });
    };
    let Some(ranking) = rank(grid, settings.alpha) else {
        let why =
            format!("`{}` does not say which way is better, so no checkpoint is best", settings.profile);
        return Err(Error::Follow { why });
    };
    let columns = of_one_run(grid)?;
    let all: Vec<Vec<Option<f64>>> =
        columns.iter().map(|(_, column)| losses(column, ranking.better)).collect();
    let looks = (settings.last..columns.len())
        .map(|last| {
            let alpha = level(settings, last - settings.last + 1);
            let from = last - settings.last;
            let improvements: Vec<Improvement> = (from + 1..=last)
                .map(|later| improvement(columns[later].1.system, &all[from], &all[later], alpha))
                .collect();
            Look {
                system: columns[last].1.system.to_owned(),
                step: columns[last].0,
                from: columns[from].1.system.to_owned(),
                alpha,
                is_flat: improvements.iter().all(|improvement| {
                    improvement.upper.value().is_some_and(|upper| *upper < settings.margin)
                }),
                improvements,
            }
        })
        .collect();
    Ok(Following {
        profile: settings.profile.clone(),
        unit: grid.unit.to_owned(),
        checkpoints: columns
            .iter()
            .map(|(step, column)| Followed {
                system: column.system.to_owned(),
                step: *step,
                n_scored: column.values().flatten().count(),
            })
            .collect(),
        best: ranking.outcome,
        looks,
    })
}

fn check(settings: &FollowSettings) -> Result<(), Error> {
    let fail = |why: String| Err(Error::Follow { why });
    if !(settings.margin.is_finite() && settings.margin > 0.0) {
        return fail(format!("the margin is {}, expected a positive number", settings.margin));
    }
    if settings.last == 0 {
        return fail("the number of last checkpoints is 0, expected at least 1".to_owned());
    }
    if !(settings.alpha > 0.0 && settings.alpha < 0.5) {
        return fail(format!("alpha is {}, expected more than 0 and less than 0.5", settings.alpha));
    }
    match settings.planned {
        Some(planned) if planned <= settings.last => fail(format!(
            "a run of {planned} checkpoints has no {} before which there is another one",
            settings.last
        )),
        _ => Ok(()),
    }
}

/// Returns the level of a look, counted from 1.
fn level(settings: &FollowSettings, look: usize) -> f64 {
    match settings.planned.map(|planned| planned - settings.last) {
        Some(n_looks) if look <= n_looks => settings.alpha / n_looks as f64,
        // A run that goes on beyond its plan has spent everything.
        Some(_) => 0.0,
        None => settings.alpha / (look * (look + 1)) as f64,
    }
}

/// Returns the checkpoints by their steps.
fn of_one_run<'b, 'a>(grid: &'b Grid<'a>) -> Result<Vec<(u64, &'b GridColumn<'a>)>, Error> {
    let mut columns = Vec::new();
    for column in &grid.columns {
        let Some(step) = column.step else {
            let why = format!("`{}` has no training step, or rows of several", column.system);
            return Err(Error::Follow { why });
        };
        columns.push((step, column));
    }
    columns.sort_by_key(|(step, _)| *step);
    if let [(first_step, first), ..] = columns[..] {
        let name = run(first.system, first_step);
        if let Some((_, other)) = columns.iter().find(|(step, column)| run(column.system, *step) != name) {
            let why = format!("`{}` and `{}` are not of one run", first.system, other.system);
            return Err(Error::Follow { why });
        }
    }
    if let Some(pair) = columns.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let why = format!("`{}` and `{}` have the same training step", pair[0].1.system, pair[1].1.system);
        return Err(Error::Follow { why });
    }
    Ok(columns)
}

fn improvement(system: &str, from: &[Option<f64>], later: &[Option<f64>], alpha: f64) -> Improvement {
    let mut gains: Vec<f64> =
        from.iter().zip(later).filter_map(|(from, later)| Some((*from)? - (*later)?)).collect();
    let n_mended = from.iter().zip(later).filter(|(from, later)| from.is_none() && later.is_some()).count();
    let largest = gains.iter().fold(0.0_f64, |most, gain| most.max(gain.abs()));
    gains.extend(std::iter::repeat_n(largest, n_mended));
    let mean = gains.iter().sum::<f64>() / gains.len().max(1) as f64;
    let upper = if alpha > 0.0 {
        one_sample(&gains, 0.0)
            .and_then(|test| test.interval(1.0 - 2.0 * alpha))
            .map(|interval| interval.high)
            .map_err(|error| error.to_string())
    } else {
        Err("the run has more checkpoints than were planned".to_owned())
    };
    Improvement {
        system: system.to_owned(),
        estimate: if gains.is_empty() {
            Defined::Undefined { reason: "no item has a value by both".to_owned() }
        } else {
            Defined::Ok { value: mean }
        },
        upper: upper.into(),
    }
}

#[cfg(test)]
mod tests {
    use mynah_metrics::Status;
    use mynah_testkit::assert_close;

    use super::*;
    use crate::comparison::Better;

    fn settings(margin: f64, last: usize) -> FollowSettings {
        FollowSettings { profile: "mcd/sp2mc-2".into(), margin, last, alpha: 0.05, planned: None }
    }

    fn notes() -> [MetricNote; 1] {
        [MetricNote {
            profile: "mcd/sp2mc-2".into(),
            explanation: String::new(),
            better: Some(Better::Near(0.0)),
            pooled: false,
        }]
    }

    /// Builds the scores of checkpoints; NaN is a failure.
    fn scores(checkpoints: &[&[f64]]) -> Vec<Score> {
        let row = |step: usize, item: usize, value: f64| Score {
            system: format!("voice-{}", step * 100),
            step: Some(step as u64 * 100),
            item: format!("{item:03}"),
            metric: "mcd".into(),
            profile: "mcd/sp2mc-2".into(),
            unit: "dB".into(),
            status: if value.is_nan() { Status::Failed } else { Status::Ok },
            value: (!value.is_nan()).then_some(value),
            reason: value.is_nan().then(|| "silent".into()),
            frames: None,
            better: None,
        };
        let rows = |(step, values): (usize, &&[f64])| {
            let values = values.to_vec();
            (0..values.len()).map(move |item| row(step + 1, item, values[item])).collect::<Vec<_>>()
        };
        checkpoints.iter().enumerate().flat_map(rows).collect()
    }

    #[test]
    fn bounds_the_improvement_at_the_level_of_each_look() {
        let scores = scores(&[&[3.0, 4.0, 5.0], &[2.0, 3.5, 4.0], &[2.5, 3.0, 4.25]]);
        let following = follow(&scores, &notes(), &settings(1.0, 1)).unwrap();
        let levels: Vec<f64> = following.looks.iter().map(|look| look.alpha).collect();
        assert_eq!(levels, [0.05 / 2.0, 0.05 / 6.0]);
        let names: Vec<(&str, &str)> =
            following.looks.iter().map(|look| (look.from.as_str(), look.system.as_str())).collect();
        assert_eq!(names, [("voice-100", "voice-200"), ("voice-200", "voice-300")]);
        // Gains 1, 0.5 and 1: mean 5/6, s/√3 = 1/6; t(0.975; 2) = 4.302 652 729 9.
        let first = &following.looks[0].improvements[0];
        assert_close(*first.estimate.value().unwrap(), 5.0 / 6.0, 1e-12, "mean");
        assert_close(
            *first.upper.value().unwrap(),
            5.0 / 6.0 + 4.302_652_729_911_275 / 6.0,
            1e-9,
            "upper bound",
        );
        assert!(!following.looks[0].is_flat);
        let planned = FollowSettings { planned: Some(3), ..settings(1.0, 1) };
        let following = follow(&scores, &notes(), &planned).unwrap();
        assert!(following.looks.iter().all(|look| (look.alpha - 0.025).abs() < 1e-12));
    }

    #[test]
    fn is_flat_only_if_no_checkpoint_of_the_window_improves() {
        let wobble = |level: f64, seed: usize| -> Vec<f64> {
            (0..50).map(|item| level + 0.1 * ((item * 7 + seed * 3) % 11) as f64 / 11.0).collect()
        };
        let levels = [6.0, 5.0, 5.0, 4.0, 4.0, 4.0, 4.0];
        let values: Vec<Vec<f64>> =
            levels.iter().zip(0..).map(|(level, seed)| wobble(*level, seed)).collect();
        let slices: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
        let following = follow(&scores(&slices), &notes(), &settings(0.5, 2)).unwrap();
        let flat: Vec<(u64, bool)> = following.looks.iter().map(|look| (look.step, look.is_flat)).collect();
        assert_eq!(flat, [(300, false), (400, false), (500, false), (600, true), (700, true)]);
        assert_eq!(following.first_flat().map(|look| look.step), Some(600));
        assert!(following.looks[0].improvements.len() == 2 && following.checkpoints.len() == 7);
    }

    #[test]
    fn counts_mended_failures_as_improvements() {
        let nan = f64::NAN;
        let good: Vec<f64> = (0..30).map(|item| 5.0 + 0.01 * f64::from(item % 7)).collect();
        let mut bad: Vec<f64> =
            good.iter().zip(0..).map(|(value, item)| value + 0.001 * f64::from(item % 3)).collect();
        let (before, after) = (bad.clone(), good.clone());
        let flat = |from: &[f64], to: &[f64]| {
            let following = follow(&scores(&[from, to]), &notes(), &settings(0.01, 1)).unwrap();
            (
                following.looks[0].is_flat,
                following.looks[0].improvements[0].estimate.value().copied().unwrap(),
            )
        };
        assert!(flat(&before, &after).0);
        bad[0] = 25.0;
        bad[1..20].fill(nan);
        let (is_flat, estimate) = flat(&bad, &after);
        assert!(!is_flat && estimate > 10.0, "{estimate}");
        // Failures of the later checkpoint are no improvements.
        let mut failing = good.clone();
        failing[..10].fill(nan);
        assert!(flat(&before, &failing).0);
    }

    #[test]
    fn rejects_what_is_not_one_run() {
        let why = |scores: &[Score], settings: &FollowSettings| match follow(scores, &notes(), settings) {
            Err(Error::Follow { why }) => why,
            other => panic!("{other:?}"),
        };
        let mut rows = scores(&[&[1.0, 2.0], &[1.0, 2.5]]);
        assert_eq!(why(&rows, &settings(0.0, 1)), "the margin is 0, expected a positive number");
        assert_eq!(why(&rows, &settings(1.0, 0)), "the number of last checkpoints is 0, expected at least 1");
        let planned = FollowSettings { planned: Some(2), ..settings(1.0, 2) };
        assert!(why(&rows, &planned).contains("has no 2 before which"), "{}", why(&rows, &planned));
        let other = FollowSettings { profile: "wer".into(), ..settings(1.0, 1) };
        assert_eq!(why(&rows, &other), "the scores have no metric `wer`, only mcd/sp2mc-2");
        rows[2].system = "other-200".into();
        rows[3].system = "other-200".into();
        assert_eq!(why(&rows, &settings(1.0, 1)), "`voice-100` and `other-200` are not of one run");
        for row in &mut rows {
            row.step = None;
        }
        assert_eq!(why(&rows, &settings(1.0, 1)), "`voice-100` has no training step, or rows of several");
    }

    #[test]
    fn rarely_calls_an_improving_run_flat() {
        // Forty checkpoints, each just more than the margin better than the one before the last two: every look that says
        // flat errs. Of 300 runs at 5 %, more than 27 err once in a thousand.
        let mut state = 11_u64;
        let mut normal = || {
            // Sum of twelve uniform numbers.
            let mut sum = -6.0;
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                sum += (state >> 40) as f64 / f64::from(1 << 24);
            }
            sum
        };
        let n_wrong = (0..300)
            .filter(|_| {
                let difficulty: Vec<f64> = (0..20).map(|_| normal()).collect();
                let values: Vec<Vec<f64>> = (0..40)
                    .map(|step| {
                        let level = 50.0 - 0.0505 * f64::from(step);
                        difficulty.iter().map(|item| level + item + 0.3 * normal()).collect()
                    })
                    .collect();
                let slices: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
                follow(&scores(&slices), &notes(), &settings(0.1, 2)).unwrap().first_flat().is_some()
            })
            .count();
        assert!(n_wrong <= 27, "{n_wrong} of 300");
    }
}
