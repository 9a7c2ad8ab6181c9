//! Cumulative link mixed model, which treats judgments as ordered categories rather than numbers.

mod laplace;
mod link;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::check;
use crate::coefficient::Coefficient;
use crate::dense::{Cholesky, dot};
use crate::design::Design;
use crate::error::Error;
use crate::minimize::{covariance, hessian, minimize};
use laplace::{Likelihood, Parameters};

pub use link::Link;

const MODEL: &str = "cumulative link mixed model";
/// Start of the search for the standard deviations of the effects, relative to that of the latent judgment.
const START_SD: f64 = 0.4;
/// Standard deviation below which 0 is tried instead, since the likelihood is flat there.
const NEARLY_ZERO: f64 = 0.03;
/// Improvement of the log likelihood required for a nonzero standard deviation: the precision of the search.
const IMPROVEMENT: f64 = 1e-7;
/// Shift of the latent judgment that makes a category certain, so that the data do not bound it.
const WITHOUT_BOUND: f64 = 20.0;
/// Range of the sum over the normal distribution, in steps of an eighth of a standard deviation to either side; the
/// error is below 1e-15.
const INTEGRAL_REACH: i32 = 64;

/// Constraint on the thresholds between categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Thresholds {
    /// Any ascending thresholds. An intercept is not identifiable.
    #[default]
    Flexible,
    /// Symmetric about 0, for scores from -k to k: "slightly better" is as far from "the same" as "slightly worse". The
    /// first coefficient is then the latent mean, which is 0 if neither side is preferred.
    Symmetric,
}

/// Configuration of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdinalConfig {
    /// Distribution of the latent judgment.
    pub link: Link,
    /// Constraint on the thresholds.
    pub thresholds: Thresholds,
}

/// A fitted cumulative link mixed model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ordinal {
    /// Distribution of the latent judgment.
    pub link: Link,
    /// Scores that form the categories, ascending.
    pub categories: Vec<f64>,
    /// Thresholds between the categories.
    pub thresholds: Vec<Coefficient>,
    /// Latent mean if the thresholds are symmetric, then one coefficient per covariate.
    pub coefficients: Vec<Coefficient>,
    /// Standard deviation between raters, in units of the latent judgment.
    pub rater_sd: f64,
    /// Standard deviation between items.
    pub item_sd: f64,
    /// Log likelihood, by Laplace's approximation.
    pub log_likelihood: f64,
}

impl Ordinal {
    /// Draws one judgment for each (rater, item) of a design, by new raters of new items, at a latent mean.
    ///
    /// A study planned this way has the categories, thresholds and spread of the fitted study. Numbers are drawn as by
    /// [`crate::simulate::Model::draw`]; the latent mean is as in [`Ordinal::probabilities`].
    ///
    /// Library only: kept for rehearsals of a study with the answers of an earlier one, whose scale may be skewed.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] for an empty design; [`Error::OutOfRange`] for a mean that is not finite.
    pub fn draw(
        &self,
        design: &[(usize, usize)],
        mean: f64,
        seed: u64,
        replicate: u64,
    ) -> Result<Vec<f64>, Error> {
        check::finite("mean", mean)?;
        let Some(n_raters) = design.iter().map(|&(rater, _)| rater + 1).max() else {
            return Err(Error::Empty);
        };
        let n_items = design.iter().map(|&(_, item)| item + 1).max().unwrap_or(0);
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(replicate);
        let mut normal = || -> f64 { StandardNormal.sample(&mut generator) };
        let raters: Vec<f64> = (0..n_raters).map(|_| self.rater_sd * normal()).collect();
        let items: Vec<f64> = (0..n_items).map(|_| self.item_sd * normal()).collect();
        let score = |&(rater, item): &(usize, usize)| {
            let error = match self.link {
                Link::Probit => normal(),
                // Logistic quantile of the probability of a normal number.
                Link::Logit => Link::Logit.quantile(Link::Probit.cdf(normal())),
            };
            let latent = mean + raters[rater] + items[item] + error;
            self.categories[self.thresholds.partition_point(|threshold| threshold.estimate < latent)]
        };
        Ok(design.iter().map(score).collect())
    }

    /// Returns the probability of each category for a new rater and a new item at a latent mean.
    ///
    /// The mean is the linear predictor of the covariates: 0, or [`Ordinal::coefficients`]`[0].estimate` with symmetric
    /// thresholds, if all covariates are 0. The random effects are integrated out, not set to 0.
    ///
    /// Library only, as [`Ordinal::draw`].
    #[must_use]
    pub fn probabilities(&self, mean: f64) -> Vec<f64> {
        let sd = self.rater_sd.hypot(self.item_sd);
        let below: Vec<f64> = self
            .thresholds
            .iter()
            .map(|threshold| {
                (-INTEGRAL_REACH..=INTEGRAL_REACH)
                    .map(|k| {
                        let z = f64::from(k) / 8.0;
                        let density = (-0.5 * z * z).exp() / (8.0 * std::f64::consts::TAU.sqrt());
                        density * self.link.cdf(threshold.estimate - mean - sd * z)
                    })
                    .sum()
            })
            .collect();
        let edges: Vec<f64> = std::iter::once(0.0).chain(below).chain(std::iter::once(1.0)).collect();
        edges.windows(2).map(|pair| (pair[1] - pair[0]).max(0.0)).collect()
    }
}

/// Fits ordered categories with covariates and crossed random intercepts of raters and items, by maximum likelihood.
///
/// ```text
/// P(y ≤ category k) = F(τ_k - X β - rater - item)      rater ~ N(0, σ_rater²), item ~ N(0, σ_item²)
/// ```
///
/// F is normal or logistic. The effects are integrated out by Laplace's approximation; standard errors come from the
/// curvature of the likelihood in all parameters. Intervals and tests use t with min(raters, items) - 1 degrees of
/// freedom instead of the normal distribution, which errs too often with few raters.
///
/// Each distinct value is a category; a value in between that nobody chose is not. With [`Thresholds::Symmetric`], -v
/// is a category if v is. Covariates, and standard deviations that cannot be separated from the residual's, are handled
/// as in [`crate::mixed::mixed_model`]. A covariate effect that varies between raters is not modeled: for two systems
/// judged by the same people, [`crate::clustered::difference`] accounts for it, this model does not.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::LengthMismatch`], [`Error::AllEqual`]; [`Error::TooFew`] for fewer
/// than two raters or items, or no more values than parameters; [`Error::Collinear`]; [`Error::NotConverged`] if the
/// data do not bound a parameter, for example if a whole group is in the highest category.
///
/// # Examples
///
/// ```
/// use mynah_stats::ordinal::{OrdinalConfig, Thresholds, ordinal_model};
/// use mynah_stats::power::Components;
/// use mynah_stats::simulate::{Model, crossed};
///
/// let design = crossed(8, 10);
/// let model = Model { mean: 1.0, components: Components::default(), lowest: -3, highest: 3 };
/// let scores = model.draw(&design, 1, 0)?;
/// let (raters, items): (Vec<usize>, Vec<usize>) = design.into_iter().unzip();
///
/// let config = OrdinalConfig { thresholds: Thresholds::Symmetric, ..OrdinalConfig::default() };
/// let fit = ordinal_model(&scores, &raters, &items, &[], &config)?;
/// let mean = fit.coefficients[0];
/// assert!(mean.interval(0.95)?.low > 0.0);
/// let probabilities = fit.probabilities(mean.estimate);
/// assert!(probabilities[4..].iter().sum::<f64>() > 0.5, "the system is preferred more often than not");
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// P. `McCullagh` (1980), "Regression models for ordinal data", JRSS B 42, 109-142. R. H. B. Christensen (2018), "Cumulative
/// link models for ordinal regression with the R package ordinal".
pub fn ordinal_model(
    values: &[f64],
    raters: &[usize],
    items: &[usize],
    covariates: &[Vec<f64>],
    config: &OrdinalConfig,
) -> Result<Ordinal, Error> {
    let design = Design::of(values, raters, items)?;
    check::vary(values)?;
    let n = values.len();
    let categories = categories(values, config.thresholds);
    let cuts = Cuts { thresholds: config.thresholds, n: categories.len() - 1 };
    let columns = columns(n, covariates, config.thresholds)?;
    let n_parameters = cuts.n_free() + columns.len() + 2;
    if n <= n_parameters {
        return Err(Error::TooFew { what: "values", needed: n_parameters + 1, got: n });
    }
    let indices: Vec<usize> =
        values.iter().map(|value| categories.partition_point(|category| category < value)).collect();
    let begin = cuts.start(&indices, config.link);
    let mut likelihood = Likelihood::new(&design, config.link, indices, &columns);

    // A factor whose levels have one value each cannot be separated from the latent error.
    let free = [design.n_raters() < n, design.n_items() < n];
    let mut layout =
        Layout { cuts, n_coefficients: columns.len(), active: (0..2).filter(|&k| free[k]).collect() };
    let mut start = begin;
    start.resize(start.len() + columns.len(), 0.0);
    start.resize(start.len() + layout.active.len(), START_SD);
    let found = minimize(&start, &mut |at| layout.evaluate(&mut likelihood, at, true));
    let mut at = found.ok_or(Error::NotConverged { what: MODEL })?;
    let mut value = layout.evaluate(&mut likelihood, &at, true);
    let first_sd = cuts.n_free() + columns.len();
    for k in (0..layout.active.len()).rev() {
        at[first_sd + k] = at[first_sd + k].abs();
        let mut without = at.clone();
        without[first_sd + k] = 0.0;
        let value_without = layout.evaluate(&mut likelihood, &without, true);
        if at[first_sd + k] < NEARLY_ZERO && value_without <= value + IMPROVEMENT {
            at.remove(first_sd + k);
            layout.active.remove(k);
            value = value_without;
        }
    }
    layout.check_bounds(&at, &columns)?;

    // From here on the parameters are the thresholds themselves.
    let free_cuts = cuts.natural(&at[..cuts.n_free()]);
    at[..cuts.n_free()].copy_from_slice(&free_cuts);
    let curvature = hessian(&at, &mut |at| layout.evaluate(&mut likelihood, at, false));
    let covariance = curvature
        .and_then(|curvature| covariance(curvature, at.len()))
        .ok_or(Error::NotConverged { what: MODEL })?;
    let degrees_of_freedom = (design.n_raters().min(design.n_items()) - 1) as f64;
    let coefficient = |index: usize| Coefficient {
        estimate: at[index],
        standard_error: covariance[index * at.len() + index].sqrt(),
        degrees_of_freedom,
        n,
    };
    let mut scales = [0.0; 2];
    for (k, &factor) in layout.active.iter().enumerate() {
        scales[factor] = at[first_sd + k];
    }
    Ok(Ordinal {
        link: config.link,
        thresholds: cuts.spread(&(0..cuts.n_free()).map(coefficient).collect::<Vec<_>>(), n),
        coefficients: (cuts.n_free()..first_sd).map(coefficient).collect(),
        rater_sd: scales[0],
        item_sd: scales[1],
        log_likelihood: -value,
        categories,
    })
}

/// Returns the distinct values, with their negatives if the thresholds are symmetric.
fn categories(values: &[f64], thresholds: Thresholds) -> Vec<f64> {
    let mut categories: Vec<f64> = values
        .iter()
        .flat_map(|&value| match thresholds {
            Thresholds::Flexible => vec![value],
            Thresholds::Symmetric => vec![value, -value],
        })
        // Adding 0.0 turns -0.0 into 0.0.
        .map(|value| value + 0.0)
        .collect();
    categories.sort_by(f64::total_cmp);
    categories.dedup();
    categories
}

/// Returns the covariates, after an intercept where that is identifiable.
fn columns(n: usize, covariates: &[Vec<f64>], thresholds: Thresholds) -> Result<Vec<Vec<f64>>, Error> {
    let mut with_constant = vec![vec![1.0; n]];
    for column in covariates {
        check::same_length("values", n, "a covariate", column.len())?;
        check::values(column)?;
        with_constant.push(column.clone());
    }
    let gram = with_constant.iter().flat_map(|a| with_constant.iter().map(move |b| dot(a, b))).collect();
    if Cholesky::new(gram, with_constant.len()).is_none() {
        return Err(Error::Collinear);
    }
    Ok(with_constant.split_off(usize::from(thresholds == Thresholds::Flexible)))
}

/// Mapping from free parameters to thresholds.
#[derive(Clone, Copy)]
struct Cuts {
    thresholds: Thresholds,
    /// Number of thresholds.
    n: usize,
}

impl Cuts {
    /// Returns the number of free parameters: with symmetry, only those above 0.
    fn n_free(self) -> usize {
        match self.thresholds {
            Thresholds::Flexible => self.n,
            Thresholds::Symmetric => self.n / 2,
        }
    }

    /// Returns the start of the search, the thresholds that reproduce the shares of the categories.
    fn start(self, categories: &[usize], link: Link) -> Vec<f64> {
        let counts = |k: usize| categories.iter().filter(|&&category| category <= k).count() as f64;
        // Half a judgment more in each category, so that none is empty.
        let total = categories.len() as f64 + 0.5 * (self.n + 1) as f64;
        let cuts: Vec<f64> =
            (0..self.n).map(|k| link.quantile((counts(k) + 0.5 * (k + 1) as f64) / total)).collect();
        let free: Vec<f64> = match self.thresholds {
            Thresholds::Flexible => cuts,
            Thresholds::Symmetric => {
                (self.n.div_ceil(2)..self.n).map(|k| (cuts[k] - cuts[self.n - 1 - k]) / 2.0).collect()
            }
        };
        let mut before = 0.0;
        free.iter()
            .enumerate()
            .map(|(k, &cut)| {
                let gap = cut - before;
                before = cut;
                if k == 0 && self.thresholds == Thresholds::Flexible { cut } else { gap.ln() }
            })
            .collect()
    }

    /// Converts search parameters, the first threshold and the logarithms of the distances, to free thresholds.
    fn natural(self, search: &[f64]) -> Vec<f64> {
        let mut last = 0.0;
        search
            .iter()
            .enumerate()
            .map(|(k, &parameter)| {
                let from_zero = k == 0 && self.thresholds == Thresholds::Flexible;
                last += if from_zero { parameter } else { parameter.exp() };
                last
            })
            .collect()
    }

    /// Expands the free thresholds to all thresholds.
    fn all(self, free: &[f64]) -> Vec<f64> {
        match self.thresholds {
            Thresholds::Flexible => free.to_vec(),
            Thresholds::Symmetric => {
                let middle = (self.n % 2 == 1).then_some(0.0);
                free.iter().rev().map(|cut| -cut).chain(middle).chain(free.iter().copied()).collect()
            }
        }
    }

    /// Returns all thresholds with their errors. One that is 0 by symmetry has no error.
    fn spread(self, free: &[Coefficient], n: usize) -> Vec<Coefficient> {
        let estimates = self.all(&free.iter().map(|cut| cut.estimate).collect::<Vec<_>>());
        let errors = self.all(&free.iter().map(|cut| cut.standard_error).collect::<Vec<_>>());
        let degrees_of_freedom = free.first().map_or(1.0, |cut| cut.degrees_of_freedom);
        let with = |(&estimate, error): (&f64, &f64)| Coefficient {
            estimate,
            standard_error: error.abs(),
            degrees_of_freedom,
            n,
        };
        estimates.iter().zip(&errors).map(with).collect()
    }
}

/// Layout of a parameter vector: free thresholds, coefficients, standard deviations of the `active` factors.
struct Layout {
    cuts: Cuts,
    n_coefficients: usize,
    active: Vec<usize>,
}

impl Layout {
    fn evaluate(&self, likelihood: &mut Likelihood<'_>, at: &[f64], search: bool) -> f64 {
        let (free, rest) = at.split_at(self.cuts.n_free());
        let (coefficients, sds) = rest.split_at(self.n_coefficients);
        let free = if search { self.cuts.natural(free) } else { free.to_vec() };
        let mut scales = [0.0; 2];
        for (&factor, &sd) in self.active.iter().zip(sds) {
            scales[factor] = sd;
        }
        let thresholds = self.cuts.all(&free);
        likelihood.negative_log(&Parameters { thresholds: &thresholds, coefficients, scales })
    }

    /// Rejects parameters that diverged.
    fn check_bounds(&self, at: &[f64], columns: &[Vec<f64>]) -> Result<(), Error> {
        let (free, rest) = at.split_at(self.cuts.n_free());
        let (coefficients, sds) = rest.split_at(self.n_coefficients);
        let shifts = coefficients.iter().zip(columns).map(|(beta, column)| {
            let largest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let smallest = column.iter().copied().fold(f64::INFINITY, f64::min);
            beta * if largest > smallest { largest - smallest } else { largest }
        });
        let cuts = self.cuts.natural(free);
        if cuts.into_iter().chain(shifts).chain(sds.iter().copied()).any(|x| x.abs() > WITHOUT_BOUND) {
            return Err(Error::NotConverged { what: MODEL });
        }
        Ok(())
    }
}
