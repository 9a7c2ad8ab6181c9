//! Coverage: the share of expected items for which a system has a value, and comparisons of failure rates.

use mynah_stats::{TestResult, holm, mcnemar};
use serde::Serialize;

use super::grid::{Grid, GridColumn};

/// Coverage of a system by one metric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Name of the system.
    pub system: String,
    /// Number of items with a value.
    pub n_scored: usize,
    /// Number of items for which any system has a row.
    pub n_expected: usize,
}

/// Two systems whose failures are compared item by item.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoveragePair {
    /// System that lacks a value more often; in a tie, the later one.
    pub system: String,
    /// The other system.
    pub than: String,
    /// Number of items for which the system has no value.
    pub n_without: usize,
    /// Number of items for which the other has no value.
    pub n_without_than: usize,
    /// Number of items for which only the system has no value.
    pub n_only_system: usize,
    /// Number of items for which only the other has no value.
    pub n_only_than: usize,
    /// Exact two-sided McNemar test.
    pub test: TestResult,
    /// p-value of the test, corrected by Holm's procedure over all pairs of systems of the metric.
    pub holm_p_value: f64,
}

impl CoveragePair {
    /// Returns `true` if the system fails significantly more often than the other.
    #[must_use]
    pub fn fails_more_often(&self, alpha: f64) -> bool {
        self.n_without > self.n_without_than && self.holm_p_value < alpha
    }

    /// Describes the counts and the test.
    pub(crate) fn in_words(&self, n_items: usize) -> String {
        format!(
            "no value for {} of {n_items} items, {} for {}; exact McNemar test after Holm, p {}",
            self.n_without,
            self.than,
            self.n_without_than,
            probability(self.holm_p_value)
        )
    }
}

/// Formats a p-value with its relation: "= 0.0039", "< 0.0001".
fn probability(p: f64) -> String {
    if p < 1e-4 { "< 0.0001".to_owned() } else { format!("= {p:.4}") }
}

/// Returns the coverage of every system of a grid.
pub(crate) fn coverage(grid: &Grid<'_>) -> Vec<Coverage> {
    let of = |column: &GridColumn<'_>| Coverage {
        system: column.system.to_owned(),
        n_scored: column.values().flatten().count(),
        n_expected: grid.items.len(),
    };
    grid.columns.iter().map(of).collect()
}

/// Compares the failures of every two systems of a grid that have any value: a system without values says nothing by
/// this metric.
pub(crate) fn coverage_pairs(grid: &Grid<'_>) -> Vec<CoveragePair> {
    let columns: Vec<(&str, Vec<bool>)> = grid
        .columns
        .iter()
        .map(|column| (column.system, column.values().map(|value| value.is_none()).collect::<Vec<_>>()))
        .filter(|(_, fails)| fails.iter().any(|fails| !fails))
        .collect();
    let mut pairs = Vec::new();
    for (place, (later, later_fails)) in columns.iter().enumerate() {
        for (earlier, earlier_fails) in &columns[..place] {
            let count = |fails: &[bool], others: &[bool]| {
                fails.iter().zip(others).filter(|(fails, other)| **fails && !**other).count()
            };
            let total = |fails: &[bool]| fails.iter().filter(|fails| **fails).count();
            let (only_later, only_earlier) =
                (count(later_fails, earlier_fails), count(earlier_fails, later_fails));
            let test = mcnemar(only_later, only_earlier);
            let pair = |system: &str, than: &str, n_without, n_without_than, n_only_system, n_only_than| {
                CoveragePair {
                    system: system.to_owned(),
                    than: than.to_owned(),
                    n_without,
                    n_without_than,
                    n_only_system,
                    n_only_than,
                    test,
                    holm_p_value: test.p_value,
                }
            };
            let (n_later, n_earlier) = (total(later_fails), total(earlier_fails));
            pairs.push(if only_later >= only_earlier {
                pair(later, earlier, n_later, n_earlier, only_later, only_earlier)
            } else {
                pair(earlier, later, n_earlier, n_later, only_earlier, only_later)
            });
        }
    }
    let p_values: Vec<f64> = pairs.iter().map(|pair| pair.test.p_value).collect();
    // An empty list needs no correction, and probabilities are always in range.
    if let Ok(corrected) = holm(&p_values) {
        for (pair, p) in pairs.iter_mut().zip(corrected) {
            pair.holm_p_value = p;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use mynah_metrics::{Score, Status};
    use mynah_testkit::assert_close;

    use super::*;
    use crate::comparison::grid::grids;

    /// Builds systems that fail at the listed items, out of `n_items`.
    fn scores(systems: &[(&str, &[usize])], n_items: usize) -> Vec<Score> {
        let row = |system: &str, item: usize, fails: bool| Score {
            system: system.into(),
            step: None,
            item: format!("{item:03}"),
            metric: "mcd".into(),
            profile: "mcd/1".into(),
            unit: "dB".into(),
            status: if fails { Status::Failed } else { Status::Ok },
            value: (!fails).then_some(5.0),
            reason: fails.then(|| "the wav is silent".into()),
            frames: None,
            better: None,
        };
        systems
            .iter()
            .flat_map(|(system, fails)| (0..n_items).map(|item| row(system, item, fails.contains(&item))))
            .collect()
    }

    #[test]
    fn reports_the_system_that_fails_more_often() {
        let nine: Vec<usize> = (0..9).collect();
        // In either order.
        for systems in
            [[("bad", &nine[..]), ("good", &nine[..0])], [("good", &nine[..0]), ("bad", &nine[..])]]
        {
            let scores = scores(&systems, 20);
            let grids = grids(&scores, &[]).unwrap();
            let [pair] = &coverage_pairs(&grids[0])[..] else { panic!("one pair is expected") };
            assert_eq!((pair.system.as_str(), pair.than.as_str()), ("bad", "good"));
            assert_eq!((pair.n_only_system, pair.n_only_than), (9, 0));
            assert_close(pair.test.p_value, 2.0 / 512.0, 1e-14, "p");
            assert!(pair.fails_more_often(0.05) && !pair.fails_more_often(0.001));
            assert_eq!(
                pair.in_words(20),
                "no value for 9 of 20 items, good for 0; exact McNemar test after Holm, p = 0.0039"
            );
        }
    }

    #[test]
    fn ignores_failures_at_the_same_items_and_corrects_all_pairs_together() {
        let scores =
            scores(&[("a", &[1, 2, 3]), ("b", &[1, 2, 3]), ("c", &[]), ("dead", &[0, 1, 2, 3, 4, 5])], 6);
        let grids = grids(&scores, &[]).unwrap();
        let pairs = coverage_pairs(&grids[0]);
        // The dead system has no value at all.
        assert_eq!(pairs.len(), 3);
        assert_close(pairs[0].holm_p_value, 1.0, 0.0, "equal failures");
        // 2/8 each, times the three pairs.
        assert_close(pairs[1].holm_p_value, 0.75, 1e-12, "a against c");
        assert!(pairs.iter().all(|pair| !pair.fails_more_often(0.05)));
        let counts: Vec<_> = coverage(&grids[0]).iter().map(|of| (of.n_scored, of.n_expected)).collect();
        assert_eq!(counts, [(3, 6), (3, 6), (6, 6), (0, 6)]);
    }
}
