//! The variance of a difference, from its items, runs and cells.

use super::side::{Side, item_means};
use super::{RunBasis, Variation};
use crate::error::Error;

/// Smallest degrees of freedom assigned to the items.
const MINIMUM_DEGREES: f64 = 0.1;

/// Candidate minus factor times baseline.
#[derive(Debug, Clone)]
pub(super) struct Contrast {
    pub(super) baseline: Side,
    pub(super) candidate: Side,
    pub(super) factor: f64,
}

/// A variance with its degrees of freedom and its parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variance {
    pub(super) total: f64,
    pub(super) degrees_of_freedom: f64,
    /// Third cumulant of the difference, from its items.
    pub(super) third: f64,
    pub(super) run_basis: RunBasis,
    pub(super) variation: Variation,
}

/// A part of a variance with its degrees of freedom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) variance: f64,
    pub(super) degrees: f64,
}

impl Contrast {
    pub(super) fn difference(&self) -> f64 {
        self.candidate.estimate - self.factor * self.baseline.estimate
    }

    /// Returns 1/R for the candidate and factor²/R for the baseline.
    fn shares(&self) -> (f64, f64) {
        shares(self.factor, self.baseline.by_run.len(), self.candidate.by_run.len())
    }

    /// Computes the variance of the difference.
    pub(super) fn variance(&self) -> Result<Variance, Error> {
        let n_items = self.baseline.weights.len();
        let runs = self.runs();
        if n_items < 2 {
            return self.of_runs_alone(runs);
        }
        let items = self.items();
        let cells = self.cells();
        let (total, degrees_of_freedom) = combine(items, runs.zip(cells));
        // Rounding leaves a variance of the square of the last digits.
        let scale = self.candidate.estimate.abs().max((self.factor * self.baseline.estimate).abs());
        if total <= (scale * f64::EPSILON).powi(2) * n_items as f64 {
            return Err(Error::NoSpread { n: n_items });
        }
        let (candidate, baseline) = self.shares();
        let (once, n) = (candidate + baseline, n_items as f64);
        let cell_variance = cells.map(|cells| cells.variance * n / once);
        let variation = Variation {
            item_sd: (n * (items.variance - cells.map_or(0.0, |cells| cells.variance))).max(0.0).sqrt(),
            run_sd: runs
                .zip(cells)
                .map(|(runs, cells)| ((runs.variance - cells.variance).max(0.0) / once).sqrt()),
            cell_sd: cell_variance.map(f64::sqrt),
        };
        let (run_basis, third) = (self.run_basis(), self.third());
        Ok(Variance { total, degrees_of_freedom, third, run_basis, variation })
    }

    /// Computes the variance of scores of whole runs.
    fn of_runs_alone(&self, runs: Option<Part>) -> Result<Variance, Error> {
        let runs = runs.ok_or(Error::TooFew { what: "runs", needed: 2, got: 1 })?;
        if runs.variance <= 0.0 {
            return Err(Error::NoSpread { n: self.baseline.by_run.len() + self.candidate.by_run.len() });
        }
        let (candidate, baseline) = self.shares();
        let run_sd = (runs.variance / (candidate + baseline)).sqrt();
        let variation = Variation { item_sd: 0.0, run_sd: Some(run_sd), cell_sd: Some(0.0) };
        Ok(Variance {
            total: runs.variance,
            degrees_of_freedom: runs.degrees,
            third: 0.0,
            run_basis: self.run_basis(),
            variation,
        })
    }

    fn run_basis(&self) -> RunBasis {
        match (self.baseline.by_run.len(), self.candidate.by_run.len()) {
            (1, 1) => RunBasis::Neither,
            (1, _) | (_, 1) => RunBasis::One,
            _ => RunBasis::Both,
        }
    }

    /// Returns the difference without each item, left out of both systems.
    fn without_items(&self) -> Vec<f64> {
        (self.candidate.without_item.iter().zip(&self.baseline.without_item))
            .map(|(candidate, baseline)| candidate - self.factor * baseline)
            .collect()
    }

    /// Computes the third cumulant of the difference; 0 for two items, which have none.
    fn third(&self) -> f64 {
        let without = self.without_items();
        let n = without.len() as f64;
        if n < 3.0 {
            return 0.0;
        }
        let mean = without.iter().sum::<f64>() / n;
        let cubes: f64 = without.iter().map(|value| (mean - value).powi(3)).sum();
        (n - 1.0).powi(2) / (n * (n - 2.0)) * cubes
    }

    /// Computes the jackknife variance over items.
    fn items(&self) -> Part {
        let without = self.without_items();
        let n = without.len() as f64;
        let weights: Vec<f64> =
            self.candidate.weights.iter().zip(&self.baseline.weights).map(|(a, b)| a + b).collect();
        let by_weight = effective(&weights) - 1.0;
        Part {
            variance: (n - 1.0) / n * squares(&without),
            degrees: by_weight.min(degrees_by_kurtosis(&without)).max(MINIMUM_DEGREES),
        }
    }

    /// Computes the variance over runs; none if both systems ran once.
    fn runs(&self) -> Option<Part> {
        let (to_candidate, to_baseline) = self.shares();
        let spread = |side: &Side| {
            let degrees = side.by_run.len() as f64 - 1.0;
            (degrees > 0.0).then(|| Part { variance: squares(&side.by_run) / degrees, degrees })
        };
        match (spread(&self.candidate), spread(&self.baseline)) {
            (None, None) => None,
            (Some(part), None) | (None, Some(part)) => {
                Some(Part { variance: part.variance * (to_candidate + to_baseline), ..part })
            }
            (Some(candidate), Some(baseline)) => {
                let degrees = candidate.degrees + baseline.degrees;
                let common = (candidate.variance * candidate.degrees + baseline.variance * baseline.degrees)
                    / degrees
                    * (to_candidate + to_baseline);
                let (a, b) = (candidate.variance * to_candidate, baseline.variance * to_baseline);
                let welch = welch((a, candidate.degrees), (b, baseline.degrees));
                Some(Part { variance: common.max(a + b), degrees: degrees.min(welch) })
            }
        }
    }

    /// Computes the variance that the cells alone give to the mean of a run.
    fn cells(&self) -> Option<Part> {
        let (mut sum, mut degrees) = (0.0, 0.0);
        for side in [&self.baseline, &self.candidate] {
            let n_runs = side.influence.len();
            if n_runs > 1 {
                sum += interaction(&side.influence);
                degrees += (n_runs - 1) as f64 * (side.weights.len() - 1) as f64;
            }
        }
        let (candidate, baseline) = self.shares();
        let n_items = self.baseline.weights.len() as f64;
        (degrees > 0.0).then(|| Part { variance: sum / degrees / n_items * (candidate + baseline), degrees })
    }
}

/// Returns 1/R for the candidate and factor²/R for the baseline.
pub(super) fn shares(factor: f64, baseline_runs: usize, candidate_runs: usize) -> (f64, f64) {
    (1.0 / candidate_runs as f64, factor * factor / baseline_runs as f64)
}

/// Combines the variance of items with the excess of runs over cells.
pub(super) fn combine(items: Part, runs_and_cells: Option<(Part, Part)>) -> (f64, f64) {
    let excess = runs_and_cells.filter(|(runs, cells)| runs.variance > cells.variance);
    let total = items.variance + excess.map_or(0.0, |(runs, cells)| runs.variance - cells.variance);
    let share = |part: Part| (part.variance / total).powi(2) / part.degrees;
    let spread = share(items) + excess.map_or(0.0, |(runs, cells)| share(runs) + share(cells));
    (total, spread.recip())
}

/// Returns the degrees of freedom of the sum of two variances, each with its own; their sum where both are 0.
pub(super) fn welch(a: (f64, f64), b: (f64, f64)) -> f64 {
    let sum = a.0 + b.0;
    if sum <= 0.0 {
        return a.1 + b.1;
    }
    ((a.0 / sum).powi(2) / a.1 + (b.0 / sum).powi(2) / b.1).recip()
}

/// Returns the sum of squared distances to the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// Returns the sum of squares of the interaction of rows and columns.
fn interaction(rows: &[Vec<f64>]) -> f64 {
    let columns = item_means(rows);
    let all = columns.iter().sum::<f64>() / columns.len() as f64;
    rows.iter()
        .map(|row| {
            let mean = row.iter().sum::<f64>() / row.len() as f64;
            row.iter().zip(&columns).map(|(value, column)| (value - mean - column + all).powi(2)).sum::<f64>()
        })
        .sum()
}

/// Returns the degrees of freedom of a variance whose own variance follows from the kurtosis of the values.
///
/// ```text
/// 2n / (κ - 1),   κ = n Σ c⁴ / (Σ c²)²        n for normal values, infinite for two values
/// ```
fn degrees_by_kurtosis(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let second = squares(values);
    // Relative to the sum of squares, so that nothing underflows.
    let fourth: f64 = values.iter().map(|value| ((value - mean).powi(2) / second).powi(2)).sum();
    let excess = fourth - 1.0 / n;
    if second > 0.0 && excess > 0.0 { 2.0 / excess } else { f64::INFINITY }
}

/// Returns the number of items of equal weight with the same variance of a variance.
fn effective(weights: &[f64]) -> f64 {
    let second: f64 = weights.iter().map(|weight| weight.powi(2)).sum();
    let fourth: f64 = weights.iter().map(|weight| weight.powi(4)).sum();
    if fourth > 0.0 { second * second / fourth } else { weights.len() as f64 }
}
