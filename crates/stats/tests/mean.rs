//! t intervals against scipy (`fixtures/generate/stats_mean.py`).

use mynah_stats::mean_interval;
use mynah_testkit::{assert_close, golden};
use serde::Deserialize;

/// Relative to the ends of the interval; values far from zero cost four of the sixteen digits.
const RELATIVE: f64 = 1e-11;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    values: Vec<f64>,
    level: f64,
    mean: f64,
    low: f64,
    high: f64,
}

#[test]
fn intervals_agree_with_scipy() {
    let golden: Golden = golden("stats/mean.json");
    assert_eq!(golden.cases.len(), 20);
    for case in golden.cases {
        let interval = mean_interval(&case.values, case.level).unwrap();
        for (actual, expected) in
            [(interval.estimate, case.mean), (interval.low, case.low), (interval.high, case.high)]
        {
            assert_close(actual, expected, RELATIVE * expected.abs().max(1e-3), &case.name);
        }
    }
}
