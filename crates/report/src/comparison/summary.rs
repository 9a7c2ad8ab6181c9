//! Summaries of scores: means per system, and differences of systems over the items that both have.

use mynah_listening::Defined;
use mynah_metrics::{Score, Status};
use mynah_stats::{Interval, mean_interval};
use serde::Serialize;

use super::documents::MetricNote;
use super::grid::{Grid, grids};
use crate::error::Error;

/// One metric in one definition, over all systems.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricSummary {
    /// Short name of the metric.
    pub metric: String,
    /// Definition and version; two definitions of one metric are two summaries and never mixed.
    pub profile: String,
    /// Unit of all numbers.
    pub unit: String,
    /// Number of items for which any system has a row; the counts of every system add up to it.
    pub n_items: usize,
    /// Systems in the order in which they first occur.
    pub systems: Vec<SystemSummary>,
    /// Differences of every later system from every earlier one.
    pub pairs: Vec<PairSummary>,
}

/// Summary of one system by one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SystemSummary {
    /// Name of the system.
    pub system: String,
    /// Training step, if all rows that name one agree.
    pub step: Option<u64>,
    /// Number of items with a value.
    pub n_ok: usize,
    /// Number of items for which the metric is undefined.
    pub n_undefined: usize,
    /// Number of items with nothing to measure: a missing, unreadable, empty, silent or truncated wav.
    pub n_failed: usize,
    /// Number of items without a row.
    pub n_absent: usize,
    /// Share of the expected items that have a value, as a measure of how much the mean can be trusted.
    pub coverage: f64,
    /// Mean over the items with a value, each counted once; of a pooled rate, all errors over all that they are counted of.
    pub mean: Defined<f64>,
    /// Mean with its t interval; items are assumed independent.
    pub interval: Defined<Interval>,
}

/// Difference between two systems by one metric, item by item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairSummary {
    /// Name of the system.
    pub system: String,
    /// System that is subtracted.
    pub minus: String,
    /// Number of items for which both have a value.
    pub n_both: usize,
    /// Number of items of the metric for which at least one has no value; they are not part of the difference.
    pub n_lost: usize,
    /// Mean difference.
    pub mean: Defined<f64>,
    /// Mean difference with the interval of the paired t test.
    pub interval: Defined<Interval>,
}

/// Summarizes scores, metric by metric.
///
/// `level` is the coverage of the intervals, such as 0.95. Metrics are sorted by the names of their profiles, systems
/// are in the order in which they first occur. Means are over items, not over frames, except for
/// pooled rates, which [`MetricNote::pooled`](super::MetricNote::pooled) marks. Every system is compared with
/// every earlier one, on the items for which both have a value.
///
/// # Errors
///
/// Returns [`Error::DuplicateScore`] when two rows have the same system, item and profile, and [`Error::BadScore`] when
/// a row's status and value contradict each other, its value is not finite, or one profile has two units.
///
/// # Examples
///
/// ```
/// use mynah_metrics::{Score, Status};
/// use mynah_report::comparison::summarize;
///
/// let score = |item: &str, value| Score {
///     system: "vits".into(),
///     step: None,
///     item: item.into(),
///     metric: "mcd".into(),
///     profile: "mcd/sp2mc-2".into(),
///     unit: "dB".into(),
///     status: Status::Ok,
///     value: Some(value),
///     reason: None,
///     frames: None,
///     better: None,
/// };
/// let summary = summarize(&[score("a", 5.0), score("b", 6.0)], &[], 0.95)?;
/// assert_eq!(summary[0].systems[0].mean.value(), Some(&5.5));
/// # Ok::<(), mynah_report::Error>(())
/// ```
pub fn summarize(scores: &[Score], notes: &[MetricNote], level: f64) -> Result<Vec<MetricSummary>, Error> {
    Ok(grids(scores, notes)?.iter().map(|grid| summarize_grid(grid, level)).collect())
}

/// Summarizes the scores of one profile.
pub(crate) fn summarize_grid(grid: &Grid<'_>, level: f64) -> MetricSummary {
    let values: Vec<Vec<Option<f64>>> = grid.columns.iter().map(|column| column.shares().collect()).collect();
    let systems = grid.columns.iter().zip(&values).map(|(column, values)| {
        // Values are in the order of the items: a sum in the order of the rows would depend on it in its last digit.
        let (mean, interval) = mean(&values.iter().flatten().copied().collect::<Vec<_>>(), level);
        SystemSummary {
            system: column.system.to_owned(),
            step: column.step,
            n_ok: column.count(Status::Ok),
            n_undefined: column.count(Status::Undefined),
            n_failed: column.count(Status::Failed),
            n_absent: column.scores.iter().filter(|score| score.is_none()).count(),
            // A grid has at least one item.
            coverage: column.count(Status::Ok) as f64 / grid.items.len() as f64,
            mean,
            interval,
        }
    });
    let mut pairs = Vec::new();
    for later in 1..grid.columns.len() {
        for earlier in 0..later {
            let differences = differences(&values[later], &values[earlier]);
            let (mean, interval) = mean(&differences, level);
            pairs.push(PairSummary {
                system: grid.columns[later].system.to_owned(),
                minus: grid.columns[earlier].system.to_owned(),
                n_both: differences.len(),
                n_lost: grid.items.len() - differences.len(),
                mean,
                interval,
            });
        }
    }
    MetricSummary {
        metric: grid.metric.to_owned(),
        profile: grid.profile.to_owned(),
        unit: grid.unit.to_owned(),
        n_items: grid.items.len(),
        systems: systems.collect(),
        pairs,
    }
}

/// Computes `values` minus `others`, item by item, where both have a value.
pub(crate) fn differences(values: &[Option<f64>], others: &[Option<f64>]) -> Vec<f64> {
    values.iter().zip(others).filter_map(|(value, other)| Some((*value)? - (*other)?)).collect()
}

/// Computes the mean, and the mean with its interval, each with a reason if it does not exist.
pub(crate) fn mean(values: &[f64], level: f64) -> (Defined<f64>, Defined<Interval>) {
    let sum = values.iter().sum::<f64>();
    let mean = match values {
        [] => Defined::Undefined { reason: "no item has a value".to_owned() },
        _ if !sum.is_finite() => {
            Defined::Undefined { reason: "the sum of the values is too large".to_owned() }
        }
        values => Defined::Ok { value: sum / values.len() as f64 },
    };
    let interval = match values {
        [] => Defined::Undefined { reason: "no item has a value".to_owned() },
        [_] => Defined::Undefined { reason: "a single item has no spread".to_owned() },
        values => mean_interval(values, level).into(),
    };
    (mean, interval)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::Better;

    fn score(system: &str, item: &str, value: Option<f64>) -> Score {
        Score {
            system: system.into(),
            step: None,
            item: item.into(),
            metric: "mcd".into(),
            profile: "mcd/sp2mc-2".into(),
            unit: "dB".into(),
            status: if value.is_some() { Status::Ok } else { Status::Undefined },
            value,
            reason: value.is_none().then(|| "unvoiced".into()),
            frames: None,
            better: None,
        }
    }

    #[test]
    fn counts_every_item_once() {
        let mut failed = score("a", "3", None);
        failed.status = Status::Failed;
        let scores = [score("a", "1", Some(4.0)), score("a", "2", None), failed, score("b", "4", Some(2.0))];
        let summary = summarize(&scores, &[], 0.95).unwrap();
        let [metric] = &summary[..] else { panic!("{summary:?}") };
        assert_eq!(metric.n_items, 4);
        let counts =
            |system: &SystemSummary| (system.n_ok, system.n_undefined, system.n_failed, system.n_absent);
        assert_eq!(metric.systems.iter().map(counts).collect::<Vec<_>>(), [(1, 1, 1, 1), (1, 0, 0, 3)]);
        assert_eq!(metric.systems.iter().map(|system| system.coverage).collect::<Vec<_>>(), [0.25, 0.25]);
        assert_eq!(metric.systems[0].interval.reason(), Some("a single item has no spread"));
    }

    #[test]
    fn takes_differences_over_items_that_both_have() {
        let scores = [
            score("a", "1", Some(4.0)),
            score("a", "2", Some(5.0)),
            score("a", "3", Some(100.0)),
            score("b", "2", Some(6.5)),
            score("b", "1", Some(5.0)),
            score("b", "3", None),
        ];
        let pair = summarize(&scores, &[], 0.95).unwrap()[0].pairs[0].clone();
        assert_eq!((pair.system.as_str(), pair.minus.as_str()), ("b", "a"));
        assert_eq!((pair.n_both, pair.n_lost), (2, 1));
        // Differences 1 and 1.5: t(0.975; 1) = 12.7062, s/√2 = 0.25.
        let interval = pair.interval.value().unwrap();
        assert!((interval.estimate - 1.25).abs() < 1e-12, "{interval:?}");
        assert!((interval.half_width() - 12.706_204_736_174_7 * 0.25).abs() < 1e-9, "{interval:?}");
    }

    #[test]
    fn never_mixes_two_definitions_of_a_metric() {
        let mut other = score("a", "1", Some(9.0));
        other.profile = "mcd/pymcd-plain".into();
        let summary = summarize(&[score("a", "1", Some(4.0)), other], &[], 0.95).unwrap();
        assert_eq!(summary.iter().map(|metric| metric.n_items).collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn pools_errors_over_words() {
        let row = |system: &str, item: &str, errors: u64, words: u64| Score {
            frames: Some(words),
            ..score(system, item, Some(errors as f64 / words as f64))
        };
        let mut rows =
            vec![row("a", "1", 1, 2), row("a", "2", 3, 30), row("b", "1", 2, 2), row("b", "2", 0, 30)];
        rows.push(score("a", "3", None));
        let note = MetricNote {
            profile: "mcd/sp2mc-2".into(),
            explanation: String::new(),
            better: Some(Better::Lower),
            pooled: true,
        };
        let summary = summarize(&rows, &[note], 0.95).unwrap().remove(0);
        let means: Vec<f64> = summary.systems.iter().map(|system| *system.mean.value().unwrap()).collect();
        assert!((means[0] - 4.0 / 32.0).abs() < 1e-12 && (means[1] - 2.0 / 32.0).abs() < 1e-12, "{means:?}");
        let difference = *summary.pairs[0].mean.value().unwrap();
        assert!((difference + 2.0 / 32.0).abs() < 1e-12, "{difference}");
        // Without a note, items count alike.
        let summary = summarize(&rows, &[], 0.95).unwrap().remove(0);
        assert!((summary.systems[0].mean.value().unwrap() - 0.3).abs() < 1e-12);
    }

    #[test]
    fn ignores_the_order_of_the_rows_of_a_system() {
        let values = [0.1, 0.7, 1e9, -1e9, 0.3];
        let rows = |order: &[usize]| -> Vec<Score> {
            order.iter().map(|&index| score("a", &index.to_string(), Some(values[index]))).collect()
        };
        let forwards = summarize(&rows(&[0, 1, 2, 3, 4]), &[], 0.95).unwrap();
        assert_eq!(forwards, summarize(&rows(&[3, 1, 4, 0, 2]), &[], 0.95).unwrap());
    }

    #[test]
    fn rejects_contradictory_rows() {
        let twice = [score("a", "1", Some(1.0)), score("a", "1", Some(1.0))];
        assert!(matches!(summarize(&twice, &[], 0.95), Err(Error::DuplicateScore { .. })));
        let not_finite = [score("a", "1", Some(f64::NAN))];
        assert!(matches!(summarize(&not_finite, &[], 0.95), Err(Error::BadScore { .. })));
        let mut with_value = score("a", "1", Some(1.0));
        with_value.status = Status::Failed;
        assert!(matches!(summarize(&[with_value], &[], 0.95), Err(Error::BadScore { .. })));
        let mut without = score("a", "1", None);
        without.status = Status::Ok;
        assert!(matches!(summarize(&[without], &[], 0.95), Err(Error::BadScore { .. })));
        let mut unit = score("a", "2", Some(1.0));
        unit.unit = "nepers".into();
        assert!(matches!(
            summarize(&[score("a", "1", Some(1.0)), unit], &[], 0.95),
            Err(Error::BadScore { .. })
        ));
    }

    #[test]
    fn omits_a_step_on_which_rows_disagree() {
        let mut rows = [score("a", "1", Some(1.0)), score("a", "2", Some(2.0))];
        (rows[0].step, rows[1].step) = (Some(100), Some(200));
        assert_eq!(summarize(&rows, &[], 0.95).unwrap()[0].systems[0].step, None);
        rows[1].step = None;
        assert_eq!(summarize(&rows, &[], 0.95).unwrap()[0].systems[0].step, Some(100));
    }
}
