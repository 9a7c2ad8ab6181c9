//! Linear mixed model of crossed raters and items.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use crate::check;
use crate::coefficient::Coefficient;
use crate::dense::{Cholesky, bilinear, dot};
use crate::design::{CrossedFactor, Design};
use crate::error::Error;
use crate::minimize::{covariance, hessian, minimize};
use crate::power::{Components, ROUNDING_VARIANCE};

const MODEL: &str = "linear mixed model";
/// Relative standard deviations at which the search may begin; the best pair is used.
const STARTS: [f64; 3] = [0.1, 0.4, 1.2];
/// Relative standard deviation below which 0 is tried instead, since the criterion is flat there.
const NEARLY_ZERO: f64 = 0.03;
/// Improvement of -2 log likelihood required for a nonzero standard deviation: the precision of the search.
const IMPROVEMENT: f64 = 1e-7;
/// Relative step of the derivative of a variance with respect to a parameter.
const STEP: f64 = 1e-4;

/// A fitted linear mixed model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mixed {
    /// Intercept, then one coefficient per covariate.
    pub coefficients: Vec<Coefficient>,
    /// Standard deviation between raters.
    pub rater_sd: f64,
    /// Standard deviation between items.
    pub item_sd: f64,
    /// Standard deviation within a rater and an item.
    pub residual_sd: f64,
    /// -2 log of the restricted likelihood.
    pub criterion: f64,
    /// Number of values.
    pub n: usize,
    /// Predicted effect of each rater, by name, shrunk according to its number of values.
    pub rater_effects: Vec<(usize, f64)>,
    /// Predicted effect of each item, likewise.
    pub item_effects: Vec<(usize, f64)>,
}

impl Mixed {
    /// Returns the components for planning the next study or simulating this one.
    ///
    /// Values are assumed to be whole points of a scale: the rounding variance is subtracted from the residual, since
    /// the planner and the simulator add it themselves.
    #[must_use]
    pub fn components(&self) -> Components {
        Components {
            item_sd: self.item_sd,
            rater_sd: self.rater_sd,
            residual_sd: (self.residual_sd.powi(2) - ROUNDING_VARIANCE).max(0.0).sqrt(),
        }
    }
}

/// Fits an intercept, covariates and crossed random intercepts of raters and items, by restricted maximum likelihood.
///
/// ```text
/// y = X β + rater + item + residual       V = 1 + θ_rater² Z_r Z_rᵀ + θ_item² Z_i Z_iᵀ      θ = sd / residual sd
/// -2 log L = log|V| + log|Xᵀ V⁻¹ X| + (n-p) (1 + log(2π rss/(n-p)))
/// β = (Xᵀ V⁻¹ X)⁻¹ Xᵀ V⁻¹ y      rss = (y - Xβ)ᵀ V⁻¹ (y - Xβ)      residual sd² = rss/(n-p)
/// ```
///
/// Degrees of freedom are Satterthwaite's: 2 v²/(gᵀ C g), where v is the variance of the coefficient, g its derivatives
/// with respect to the standard deviations and C their covariance, from the curvature of the likelihood. A standard
/// deviation estimated as 0 is excluded.
///
/// Each covariate is a column with one number per value; a column of 0 and 1 compares two systems. If no rater (or no
/// item) has more than one value, its variance cannot be separated from the residual's and is included there.
/// Unbalanced and incomplete designs and repeated cells are supported.
///
/// A covariate effect that varies between raters is not modeled: for two systems judged by the same people,
/// [`crate::clustered::difference`] accounts for it, this model does not.
///
/// In simulated studies of one system, tests at 5 % reject 3 to 5.5 % of true null hypotheses, from 10 sentences by 5
/// raters to 200 by 20, whether all items have the same raters, raters are drawn from a pool, or each rater judges once
/// (`examples/calibration`).
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::LengthMismatch`], [`Error::AllEqual`]; [`Error::TooFew`] for fewer
/// than two raters or items, or no more values than coefficients; [`Error::Collinear`]; [`Error::NotConverged`] if the
/// effects explain the values perfectly, or the effects of raters cannot be separated from those of items.
///
/// # Examples
///
/// ```
/// use mynah_stats::mixed::mixed_model;
///
/// // Four raters judge three sentences each; the rater matters more than the sentence.
/// let scores = [-2.0, -2.0, -1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 2.0, 2.0, 1.0];
/// let raters = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3];
/// let items = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2];
/// let model = mixed_model(&scores, &raters, &items, &[])?;
/// assert!(model.rater_sd > 1.0 && model.item_sd < 0.1);
/// assert!(model.coefficients[0].interval(0.95)?.contains(0.0));
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// D. Bates, M. Mächler, B. Bolker and S. Walker (2015), "Fitting linear mixed-effects models using lme4", Journal of
/// Statistical Software 67(1), equations 34 to 42. F. E. Satterthwaite (1946), "An approximate distribution of estimates
/// of variance components", Biometrics Bulletin 2, 110-114.
pub fn mixed_model(
    values: &[f64],
    raters: &[usize],
    items: &[usize],
    covariates: &[Vec<f64>],
) -> Result<Mixed, Error> {
    let design = Design::of(values, raters, items)?;
    check::vary(values)?;
    let problem = Problem::new(values, &design, covariates)?;
    // A factor whose levels have one value each is the residual.
    let free = [design.n_raters() < values.len(), design.n_items() < values.len()];
    let scales = problem.best_scales(free)?;
    let fit = problem.fit(scales).ok_or(Error::NotConverged { what: MODEL })?;
    let residual_variance = fit.residual_sum / problem.degrees as f64;
    let residual_sd = residual_variance.sqrt();
    let degrees = problem.satterthwaite(scales, residual_sd)?;
    let mut coefficients: Vec<Coefficient> = fit
        .beta
        .iter()
        .zip(fit.unscaled.chunks(fit.beta.len()).enumerate())
        .zip(degrees)
        .map(|((&estimate, (index, row)), degrees_of_freedom)| Coefficient {
            estimate,
            standard_error: (residual_variance * row[index]).sqrt(),
            degrees_of_freedom,
            n: values.len(),
        })
        .collect();
    coefficients[0].estimate += problem.center;
    let effects = problem.effects(scales, &fit.beta).ok_or(Error::NotConverged { what: MODEL })?;
    let named =
        |names: &[usize], effects: &[f64]| names.iter().copied().zip(effects.iter().copied()).collect();
    Ok(Mixed {
        coefficients,
        rater_sd: scales[0] * residual_sd,
        item_sd: scales[1] * residual_sd,
        residual_sd,
        criterion: fit.criterion,
        n: values.len(),
        rater_effects: named(&design.rater_names, &effects[..design.n_raters()]),
        item_effects: named(&design.item_names, &effects[design.n_raters()..]),
    })
}

/// Precomputed quantities of the likelihood.
struct Problem<'a> {
    design: &'a Design,
    /// Columns of X, the intercept first, then y minus its mean.
    columns: Vec<Vec<f64>>,
    center: f64,
    /// Xᵀ X with y as the last column.
    products: Vec<f64>,
    /// Zᵀ of each column.
    sums: Vec<Vec<f64>>,
    /// n - p
    degrees: usize,
}

/// Best coefficients for given relative standard deviations.
struct Fit {
    beta: Vec<f64>,
    /// (Xᵀ V⁻¹ X)⁻¹
    unscaled: Vec<f64>,
    residual_sum: f64,
    /// log|V| + log|Xᵀ V⁻¹ X|
    log_determinants: f64,
    criterion: f64,
}

impl<'a> Problem<'a> {
    fn new(values: &[f64], design: &'a Design, covariates: &[Vec<f64>]) -> Result<Self, Error> {
        let n = values.len();
        let p = covariates.len() + 1;
        if n <= p {
            return Err(Error::TooFew { what: "values", needed: p + 1, got: n });
        }
        let center = values.iter().sum::<f64>() / n as f64;
        let mut columns = vec![vec![1.0; n]];
        for column in covariates {
            check::same_length("values", n, "a covariate", column.len())?;
            check::values(column)?;
            columns.push(column.clone());
        }
        let mut gram = vec![0.0; p * p];
        for i in 0..p {
            for j in 0..p {
                gram[i * p + j] = dot(&columns[i], &columns[j]);
            }
        }
        if Cholesky::new(gram, p).is_none() {
            return Err(Error::Collinear);
        }
        columns.push(values.iter().map(|value| value - center).collect());
        let products =
            columns.iter().flat_map(|a| columns.iter().map(move |b| dot(a, b))).collect::<Vec<f64>>();
        let sums = columns
            .iter()
            .map(|column| {
                let mut sums = vec![0.0; design.n_raters() + design.n_items()];
                for ((value, &rater), &item) in column.iter().zip(&design.raters).zip(&design.items) {
                    sums[rater] += value;
                    sums[design.n_raters() + item] += value;
                }
                sums
            })
            .collect();
        Ok(Self { design, columns, center, products, sums, degrees: n - p })
    }

    /// Computes Zᵀ x with each part multiplied by its scale.
    fn scaled(&self, sums: &[f64], scales: [f64; 2]) -> Vec<f64> {
        let n_raters = self.design.n_raters();
        sums.iter().enumerate().map(|(level, sum)| sum * scales[usize::from(level >= n_raters)]).collect()
    }

    fn fit(&self, scales: [f64; 2]) -> Option<Fit> {
        let factor = CrossedFactor::new(self.design, scales, None)?;
        let size = self.columns.len();
        let p = size - 1;
        let scaled: Vec<Vec<f64>> = self.sums.iter().map(|sums| self.scaled(sums, scales)).collect();
        // aᵀ V⁻¹ b = aᵀ b - (ΛZᵀa)ᵀ M⁻¹ (ΛZᵀb) for all pairs of columns.
        let mut products = self.products.clone();
        for (j, column) in scaled.iter().enumerate() {
            let mut solved = column.clone();
            factor.solve(&mut solved);
            for (i, other) in scaled.iter().enumerate() {
                products[i * size + j] -= dot(other, &solved);
            }
        }
        let mut gram = vec![0.0; p * p];
        for i in 0..p {
            gram[i * p..(i + 1) * p].copy_from_slice(&products[i * size..i * size + p]);
        }
        let right: Vec<f64> = (0..p).map(|i| products[i * size + p]).collect();
        let gram = Cholesky::new(gram, p)?;
        let mut beta = right.clone();
        gram.solve(&mut beta);
        let residual_sum = products[p * size + p] - dot(&beta, &right);
        // The rounding error of a perfect fit is not a residual.
        if residual_sum <= self.products[p * size + p] * 1e-12 {
            return None;
        }
        let degrees = self.degrees as f64;
        let log_determinants = factor.log_determinant() + gram.log_determinant();
        let criterion = log_determinants + degrees * (1.0 + (TAU * residual_sum / degrees).ln());
        Some(Fit { beta, unscaled: gram.inverse(), residual_sum, log_determinants, criterion })
    }

    /// Finds the relative standard deviations that maximize the restricted likelihood; those that are not free are 0.
    fn best_scales(&self, free: [bool; 2]) -> Result<[f64; 2], Error> {
        let active: Vec<usize> = (0..2).filter(|&index| free[index]).collect();
        // The criterion is even in each scale, so 0 is not a boundary of the search.
        let spread = |at: &[f64]| {
            let mut scales = [0.0; 2];
            for (&index, &x) in active.iter().zip(at) {
                scales[index] = x.abs();
            }
            scales
        };
        let value = |scales| self.fit(scales).map_or(f64::INFINITY, |fit| fit.criterion);
        let starts = STARTS.iter().flat_map(|&a| STARTS.map(|b| [a, b]));
        let start = starts
            .map(|start| active.iter().map(|&index| start[index]).collect::<Vec<f64>>())
            .min_by(|a, b| value(spread(a)).total_cmp(&value(spread(b))))
            .expect("STARTS gives nine pairs");
        if start.is_empty() {
            return Ok([0.0; 2]);
        }
        let best = minimize(&start, &mut |at| value(spread(at)));
        let mut best = best.map(|at| spread(&at)).ok_or(Error::NotConverged { what: MODEL })?;
        for index in 0..2 {
            let mut without = best;
            without[index] = 0.0;
            if best[index] < NEARLY_ZERO && value(without) <= value(best) + IMPROVEMENT {
                best = without;
            }
        }
        Ok(best)
    }

    /// Computes the degrees of freedom of each coefficient.
    fn satterthwaite(&self, scales: [f64; 2], residual_sd: f64) -> Result<Vec<f64>, Error> {
        let active: Vec<usize> = (0..2).filter(|&index| scales[index] > 0.0).collect();
        let p = self.columns.len() - 1;
        if active.is_empty() {
            return Ok(vec![self.degrees as f64; p]);
        }
        // The parameters are the active scales and the logarithm of the residual standard deviation.
        let spread = |at: &[f64]| {
            let mut scales = [0.0; 2];
            for (&index, &x) in active.iter().zip(at) {
                scales[index] = x;
            }
            (scales, (2.0 * at[active.len()]).exp())
        };
        let mut at: Vec<f64> = active.iter().map(|&index| scales[index]).collect();
        at.push(residual_sd.ln());
        let n = at.len();
        let degrees = self.degrees as f64;
        let mut criterion = |at: &[f64]| {
            let (scales, variance) = spread(at);
            self.fit(scales).map_or(f64::INFINITY, |fit| {
                fit.log_determinants + degrees * (TAU * variance).ln() + fit.residual_sum / variance
            })
        };
        let curvature = hessian(&at, &mut criterion).ok_or(Error::NotConverged { what: MODEL })?;
        let covariance = covariance(curvature, n).ok_or(Error::NotConverged { what: MODEL })?;
        let variances = |at: &[f64]| {
            let (scales, variance) = spread(at);
            let fit = self.fit(scales)?;
            Some((0..p).map(|k| variance * fit.unscaled[k * p + k]).collect::<Vec<f64>>())
        };
        let variances = |at: &[f64]| variances(at).ok_or(Error::NotConverged { what: MODEL });
        let center = variances(&at)?;
        let mut slopes = vec![vec![0.0; n]; p];
        for index in 0..n {
            let step = STEP * at[index].abs().max(0.1);
            let mut point = at.clone();
            point[index] = at[index] + step;
            let above = variances(&point)?;
            point[index] = at[index] - step;
            let below = variances(&point)?;
            for k in 0..p {
                // Relative to the variance, so that no square underflows.
                slopes[k][index] = (above[k] - below[k]) / (2.0 * step * center[k]);
            }
        }
        // The covariance of the parameters is twice the inverse curvature of -2 log likelihood.
        Ok(slopes.iter().map(|slope| bilinear(slope, &covariance, slope).recip()).collect())
    }

    /// Computes the predicted effects of raters and items, Λ M⁻¹ Λ Zᵀ (y - X β).
    fn effects(&self, scales: [f64; 2], beta: &[f64]) -> Option<Vec<f64>> {
        let factor = CrossedFactor::new(self.design, scales, None)?;
        let p = beta.len();
        let residual_sums: Vec<f64> = (0..self.sums[p].len())
            .map(|level| self.sums[p][level] - (0..p).map(|k| beta[k] * self.sums[k][level]).sum::<f64>())
            .collect();
        let mut effects = self.scaled(&residual_sums, scales);
        factor.solve(&mut effects);
        Some(self.scaled(&effects, scales))
    }
}
