//! Comparisons over items and runs against scipy and statsmodels (`fixtures/generate/stats_crossed.py`), and their error
//! rates on simulated studies.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use mynah_stats::crossed::{Comparison, Runs, Statistic, compare};
use mynah_testkit::{assert_close, golden};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rand_distr::{Distribution as _, Gamma, Normal, Poisson};
use serde::Deserialize;

/// A few hundred additions of numbers around 1, and differences of nearly equal ones over items.
const SUMS: f64 = 1e-10;
/// The ends come from a search for a root there, and from a closed form here.
const ENDS: f64 = 1e-8;
/// Both sides invert or evaluate the incomplete beta function.
const P_RELATIVE: f64 = 1e-8;
const REPLICATES: u64 = 1000;
/// Four standard errors of a rate of 5 % over the replicates.
const BAND: f64 = 4.0 * 0.0069;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
    quantiles: Quantiles,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    statistic: Statistic,
    factor: f64,
    baseline: Runs,
    candidate: Runs,
    difference: f64,
    center: f64,
    standard_error: f64,
    degrees_of_freedom: f64,
    bound: f64,
    p_below: f64,
    p_above: Option<f64>,
    interval: Option<[f64; 2]>,
}

#[derive(Deserialize)]
struct Quantiles {
    values: Vec<f64>,
    expected: Vec<(f64, f64)>,
}

#[test]
fn comparisons_agree_with_scipy_and_statsmodels() {
    let golden: Golden = golden("stats/crossed.json");
    assert_eq!(golden.cases.len(), 13);
    for case in golden.cases {
        let found = compare(case.statistic, &case.baseline, &case.candidate, case.factor).unwrap();
        let close = |actual: f64, expected: f64, what: &str| {
            let what = format!("{}: {what}", case.name);
            assert_close(actual, expected, SUMS * expected.abs().max(1.0), &what);
        };
        close(found.difference, case.difference, "difference");
        close(found.center, case.center, "center");
        close(found.standard_error, case.standard_error, "standard error");
        close(found.degrees_of_freedom, case.degrees_of_freedom, "degrees of freedom");
        let p_below = found.p_below(case.bound).unwrap();
        assert_close(p_below, case.p_below, P_RELATIVE * case.p_below, &case.name);
        if let Some(p_above) = case.p_above {
            let found = found.p_above(found.center - 1.3 * found.standard_error).unwrap();
            assert_close(found, p_above, P_RELATIVE * p_above, &case.name);
        }
        if let Some([low, high]) = case.interval {
            let interval = found.interval(0.9).unwrap();
            assert_close(interval.low, low, ENDS * low.abs().max(1.0), &case.name);
            assert_close(interval.high, high, ENDS * high.abs().max(1.0), &case.name);
        }
    }
    let runs = Runs { values: vec![golden.quantiles.values.clone()], totals: Vec::new() };
    let shifted = golden.quantiles.values.iter().enumerate().map(|(k, value)| value + (k as f64).sin() / 9.0);
    let shifted = Runs { values: vec![shifted.collect()], totals: Vec::new() };
    for (probability, expected) in golden.quantiles.expected {
        let found = compare(Statistic::Quantile { probability }, &runs, &shifted, 1.0).unwrap();
        assert_close(found.baseline, expected, SUMS, "quantile");
    }
}

/// A simulated comparison, whose candidate is worse by the margin.
struct Study {
    statistic: Statistic,
    n_items: usize,
    n_baseline_runs: usize,
    n_candidate_runs: usize,
    /// Spread between runs: in points for means, relative for rates.
    run_sd: f64,
}

impl Study {
    /// Returns the shares of studies that find the candidate better and worse than it is, at 5 % each.
    fn rates(&self, truth: f64) -> (f64, f64) {
        let rejected = |found: &Comparison, p: f64| usize::from(p < 0.05 && found.standard_error > 0.0);
        let (mut better, mut worse) = (0, 0);
        for seed in 0..REPLICATES {
            let mut random = ChaCha8Rng::seed_from_u64(seed + 77_000);
            let (baseline, candidate) = self.draw(&mut random);
            let found = compare(self.statistic, &baseline, &candidate, 1.0).unwrap();
            better += rejected(&found, found.p_below(truth).unwrap());
            worse += rejected(&found, found.p_above(truth).unwrap());
        }
        (better as f64 / REPLICATES as f64, worse as f64 / REPLICATES as f64)
    }

    fn draw(&self, random: &mut ChaCha8Rng) -> (Runs, Runs) {
        let normal = Normal::new(0.0, 1.0).unwrap();
        let difficulty = Gamma::new(1.0, 1.0).unwrap();
        let items: Vec<f64> = (0..self.n_items).map(|_| difficulty.sample(random)).collect();
        let word_count = |z: f64| (6.0 + 4.0 * z).max(2.0).round();
        let words: Vec<f64> = items.iter().map(|_| word_count(normal.sample(random))).collect();
        let system = |random: &mut ChaCha8Rng, n_runs: usize, mean: f64| {
            let own: Vec<f64> = items.iter().map(|_| 0.3 * normal.sample(random)).collect();
            let mut runs = Runs::default();
            for _ in 0..n_runs {
                let run = self.run_sd * normal.sample(random);
                let row = (0..self.n_items).map(|item| match self.statistic {
                    Statistic::Rate => {
                        let rate = mean * items[item] * (1.0 + run).max(0.1) * words[item];
                        Poisson::new(rate.max(1e-9)).unwrap().sample(random)
                    }
                    _ => mean + items[item] + own[item] + run + 0.5 * normal.sample(random),
                });
                runs.values.push(row.collect());
                if self.statistic == Statistic::Rate {
                    runs.totals.push(words.clone());
                }
            }
            runs
        };
        let (baseline, candidate) = if self.statistic == Statistic::Rate { (0.04, 0.05) } else { (4.0, 4.2) };
        (system(random, self.n_baseline_runs, baseline), system(random, self.n_candidate_runs, candidate))
    }
}

#[test]
fn a_candidate_at_the_margin_passes_and_fails_in_at_most_a_twentieth_of_studies() {
    for (statistic, n_baseline_runs, n_candidate_runs, run_sd) in [
        (Statistic::Mean, 1, 1, 0.0),
        (Statistic::Mean, 3, 3, 0.1),
        (Statistic::Mean, 5, 1, 0.1),
        (Statistic::Rate, 1, 1, 0.0),
        (Statistic::Rate, 3, 3, 0.15),
        (Statistic::Rate, 5, 2, 0.15),
        (Statistic::Quantile { probability: 0.5 }, 2, 2, 0.1),
    ] {
        let study = Study { statistic, n_items: 60, n_baseline_runs, n_candidate_runs, run_sd };
        let (better, worse) = study.rates(if statistic == Statistic::Rate { 0.01 } else { 0.2 });
        let name = format!("{statistic:?} {n_baseline_runs} {n_candidate_runs}: {better} {worse}");
        assert!(better < 0.05 + BAND && worse < 0.05 + BAND, "{name}");
        // Nor are they so careful that nothing could ever be decided.
        assert!(better > 0.005 && worse > 0.005, "{name}");
    }
}

#[test]
fn an_analysis_that_ignores_runs_errs_far_more_often() {
    let study = Study {
        statistic: Statistic::Mean,
        n_items: 200,
        n_baseline_runs: 1,
        n_candidate_runs: 1,
        run_sd: 0.1,
    };
    let (better, _) = study.rates(0.2);
    assert!(better > 0.12, "{better}");
}
