//! Strengths of systems from paired preferences: Bradley-Terry with ties and an order effect.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::clustered::{Clustered, Sample, clustered};
use crate::dense::{Cholesky, dot};
use crate::error::Error;

const MODEL: &str = "Bradley-Terry model";
const MOST_ITERATIONS: usize = 100;
/// Threshold on the Newton decrement; convergence is quadratic, so the last step is far smaller.
const DECREMENT: f64 = 1e-18;
/// Strength beyond which a system is taken to win always.
const WITHOUT_BOUND: f64 = 30.0;

/// Outcome of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preference {
    /// Preference for the system heard first.
    First,
    /// Preference for the system heard second.
    Second,
    /// No preference.
    Tie,
}

/// One judgment of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// System heard first.
    pub first: usize,
    /// System heard second.
    pub second: usize,
    /// Preferred system of the pair.
    pub preference: Preference,
    /// Rater who judged.
    pub rater: usize,
    /// Sentence that was judged.
    pub item: usize,
}

/// A fitted Bradley-Terry model.
#[derive(Debug, Clone, PartialEq)]
pub struct BradleyTerry {
    /// Systems, ascending, each with its strength; the strengths sum to 0.
    pub strengths: Vec<(usize, f64)>,
    /// Log odds gained by being heard first; None if not requested.
    pub order_effect: Option<f64>,
    /// Logarithm of the tendency to ties; None if there are no ties.
    pub tie_tendency: Option<f64>,
    /// Log likelihood of the fit.
    pub log_likelihood: f64,
    raters: Vec<usize>,
    items: Vec<usize>,
    /// Inverse of the information matrix.
    covariance: Vec<f64>,
    /// Derivatives of each judgment's log likelihood with respect to the parameters.
    scores: Vec<Vec<f64>>,
}

impl BradleyTerry {
    /// Returns the difference in strength between two systems, with an error clustered by rater and item.
    ///
    /// The difference is the log odds of being preferred, without ties and order effect. The error is the two-way
    /// clustered one of [`crate::clustered`]; each judgment enters with its influence on the estimate.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a system that is not in the model, or the same system twice; [`Error::TooFew`] for
    /// fewer than two raters or items, or no more judgments than parameters; [`Error::NoSpread`].
    pub fn difference(&self, system: usize, other: usize) -> Result<Clustered, Error> {
        let place = |wanted: usize| {
            self.strengths.iter().position(|&(name, _)| name == wanted).ok_or(Error::OutOfRange {
                name: "system",
                value: wanted as f64,
                allowed: "a system of the model",
            })
        };
        let (a, b) = (place(system)?, place(other)?);
        if a == b {
            let value = other as f64;
            return Err(Error::OutOfRange { name: "other", value, allowed: "another system" });
        }
        let mut contrast = vec![0.0; self.n_parameters()];
        // The last strength is minus the sum of the others.
        for (k, sign) in [(a, 1.0), (b, -1.0)] {
            if k + 1 < self.strengths.len() {
                contrast[k] += sign;
            } else {
                contrast[..k].iter_mut().for_each(|entry| *entry -= sign);
            }
        }
        self.contrast(&contrast, self.strengths[a].1 - self.strengths[b].1)
    }

    /// Returns the order effect with its error; a positive one favors the system heard first.
    ///
    /// # Errors
    ///
    /// Those of [`BradleyTerry::difference`]; [`Error::OutOfRange`] if the model has no order effect.
    pub fn order_effect(&self) -> Result<Clustered, Error> {
        let estimate = self.order_effect.ok_or(Error::OutOfRange {
            name: "order_effect",
            value: 0.0,
            allowed: "a model with an order effect",
        })?;
        let mut contrast = vec![0.0; self.n_parameters()];
        contrast[self.strengths.len() - 1] = 1.0;
        self.contrast(&contrast, estimate)
    }

    fn n_parameters(&self) -> usize {
        self.strengths.len() - 1
            + usize::from(self.order_effect.is_some())
            + usize::from(self.tie_tendency.is_some())
    }

    fn contrast(&self, contrast: &[f64], estimate: f64) -> Result<Clustered, Error> {
        for (what, names) in [("raters", &self.raters), ("items", &self.items)] {
            let got = names.iter().collect::<BTreeSet<_>>().len();
            if got < 2 {
                return Err(Error::TooFew { what, needed: 2, got });
            }
        }
        let n = contrast.len();
        if self.scores.len() <= n {
            return Err(Error::TooFew { what: "judgments", needed: n + 1, got: self.scores.len() });
        }
        let weights: Vec<f64> = self.covariance.chunks(n).map(|row| dot(row, contrast)).collect();
        let influence: Vec<f64> = self.scores.iter().map(|score| dot(score, &weights)).collect();
        let naive = dot(contrast, &weights).sqrt();
        let groups = vec![false; influence.len()];
        let sample =
            Sample { influence: &influence, groups: &groups, raters: &self.raters, items: &self.items };
        clustered(estimate, naive, &sample, n)
    }
}

/// Fits strengths, the tendency to ties and the order effect to preferences, by maximum likelihood.
///
/// ```text
/// P(first)  ∝ exp(λ_first + order)      P(second) ∝ exp(λ_second)      P(tie) ∝ exp((λ_first + λ_second)/2 + ties)
/// ```
///
/// Without ties in the data, the tendency to ties is omitted. Every system must have been preferred to some other,
/// directly or along a chain, and some other to it; otherwise its strength is unbounded, and the error names the
/// groups.
///
/// Library only: no paradigm of the programs asks for a preference yet. Kept for AB tests.
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::OutOfRange`] for a system compared with itself; [`Error::Disconnected`] as above;
/// [`Error::NotConverged`] if the order effect is unbounded, for example if the first was always preferred.
///
/// # Examples
///
/// ```
/// use mynah_stats::preference::{Comparison, Preference, bradley_terry};
///
/// let compare = |rater, item, preference| Comparison { first: 0, second: 1, preference, rater, item };
/// let judgments = [
///     compare(0, 0, Preference::First),
///     compare(0, 1, Preference::First),
///     compare(1, 0, Preference::Second),
///     compare(1, 1, Preference::First),
/// ];
/// let model = bradley_terry(&judgments, false)?;
/// assert!((model.strengths[0].1 - model.strengths[1].1 - 3.0_f64.ln()).abs() < 1e-9);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// R. R. Davidson (1970), "On extending the Bradley-Terry model to accommodate ties in paired comparison experiments",
/// JASA 65, 317-328. R. R. Davidson and R. J. Beaver (1977), "On extending the Bradley-Terry model to incorporate
/// within-pair order effects", Biometrics 33, 693-702. L. R. Ford (1957), "Solution of a ranking problem from binary
/// comparisons", American Mathematical Monthly 64, 28-33.
pub fn bradley_terry(comparisons: &[Comparison], with_order: bool) -> Result<BradleyTerry, Error> {
    if comparisons.is_empty() {
        return Err(Error::Empty);
    }
    if let Some(comparison) = comparisons.iter().find(|comparison| comparison.first == comparison.second) {
        let value = comparison.second as f64;
        return Err(Error::OutOfRange { name: "second", value, allowed: "a system other than the first" });
    }
    let names: Vec<usize> = comparisons
        .iter()
        .flat_map(|comparison| [comparison.first, comparison.second])
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let places: BTreeMap<usize, usize> = names.iter().enumerate().map(|(k, &name)| (name, k)).collect();
    check_connected(comparisons, &names, &places)?;

    let with_ties = comparisons.iter().any(|comparison| comparison.preference == Preference::Tie);
    let n_free = names.len() - 1;
    let n_parameters = n_free + usize::from(with_order) + usize::from(with_ties);
    // Coefficients of each outcome's utility: rows for first, second and tie.
    let rows = |comparison: &Comparison| {
        let mut rows = vec![vec![0.0; n_parameters]; if with_ties { 3 } else { 2 }];
        for (row, share) in [(0, [1.0, 0.0]), (1, [0.0, 1.0]), (2, [0.5, 0.5])].into_iter().take(rows.len()) {
            for (system, share) in [comparison.first, comparison.second].into_iter().zip(share) {
                let place = places[&system];
                if place < n_free {
                    rows[row][place] += share;
                } else {
                    rows[row][..n_free].iter_mut().for_each(|entry| *entry -= share);
                }
            }
        }
        if with_order {
            rows[0][n_free] = 1.0;
        }
        if with_ties {
            rows[2][n_parameters - 1] = 1.0;
        }
        rows
    };
    let designs: Vec<Vec<Vec<f64>>> = comparisons.iter().map(rows).collect();

    let mut at = vec![0.0; n_parameters];
    let mut state = Likelihood::at(&at, comparisons, &designs);
    for _ in 0..MOST_ITERATIONS {
        let factor = Cholesky::new(state.information.clone(), n_parameters)
            .ok_or(Error::NotConverged { what: MODEL })?;
        let mut step = state.gradient.clone();
        factor.solve(&mut step);
        let decrement = dot(&step, &state.gradient);
        if decrement < DECREMENT {
            let mut strengths = at[..n_free].to_vec();
            strengths.push(-strengths.iter().sum::<f64>());
            return Ok(BradleyTerry {
                strengths: names.into_iter().zip(strengths).collect(),
                order_effect: with_order.then(|| at[n_free]),
                tie_tendency: with_ties.then(|| at[n_parameters - 1]),
                log_likelihood: state.value,
                raters: comparisons.iter().map(|comparison| comparison.rater).collect(),
                items: comparisons.iter().map(|comparison| comparison.item).collect(),
                covariance: factor.inverse(),
                scores: state.scores,
            });
        }
        let mut length = 1.0;
        loop {
            let next: Vec<f64> = at.iter().zip(&step).map(|(x, s)| x + length * s).collect();
            let next_state = Likelihood::at(&next, comparisons, &designs);
            // Near the maximum, the value no longer discriminates, and the full step is right.
            if decrement < 1e-6 || next_state.value > state.value {
                (at, state) = (next, next_state);
                break;
            }
            length *= 0.5;
        }
        if at.iter().any(|parameter| parameter.abs() > WITHOUT_BOUND) {
            break;
        }
    }
    Err(Error::NotConverged { what: MODEL })
}

/// Log likelihood with its derivatives.
struct Likelihood {
    value: f64,
    gradient: Vec<f64>,
    information: Vec<f64>,
    scores: Vec<Vec<f64>>,
}

impl Likelihood {
    fn at(at: &[f64], comparisons: &[Comparison], designs: &[Vec<Vec<f64>>]) -> Self {
        let n = at.len();
        let (mut value, mut gradient, mut information) = (0.0, vec![0.0; n], vec![0.0; n * n]);
        let mut scores = Vec::with_capacity(comparisons.len());
        for (comparison, rows) in comparisons.iter().zip(designs) {
            let utilities: Vec<f64> = rows.iter().map(|row| dot(row, at)).collect();
            let largest = utilities.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = utilities.iter().map(|utility| (utility - largest).exp()).sum();
            let shares: Vec<f64> =
                utilities.iter().map(|utility| (utility - largest).exp() / total).collect();
            let chosen = match comparison.preference {
                Preference::First => 0,
                Preference::Second => 1,
                Preference::Tie => 2,
            };
            value += utilities[chosen] - largest - total.ln();
            let mean: Vec<f64> =
                (0..n).map(|i| rows.iter().zip(&shares).map(|(row, share)| share * row[i]).sum()).collect();
            let score: Vec<f64> = rows[chosen].iter().zip(&mean).map(|(entry, mean)| entry - mean).collect();
            gradient.iter_mut().zip(&score).for_each(|(sum, entry)| *sum += entry);
            for (row, share) in rows.iter().zip(&shares) {
                for i in 0..n {
                    for j in 0..n {
                        information[i * n + j] += share * (row[i] - mean[i]) * (row[j] - mean[j]);
                    }
                }
            }
            scores.push(score);
        }
        Self { value, gradient, information, scores }
    }
}

/// Rejects groups of systems between which all preferences point the same way, or that were never compared.
fn check_connected(
    comparisons: &[Comparison],
    names: &[usize],
    places: &BTreeMap<usize, usize>,
) -> Result<(), Error> {
    let (mut beats, mut beaten) = (vec![BTreeSet::new(); names.len()], vec![BTreeSet::new(); names.len()]);
    for comparison in comparisons {
        let (first, second) = (places[&comparison.first], places[&comparison.second]);
        // A tie counts as a win for both.
        if comparison.preference != Preference::Second {
            beats[first].insert(second);
            beaten[second].insert(first);
        }
        if comparison.preference != Preference::First {
            beats[second].insert(first);
            beaten[first].insert(second);
        }
    }
    let both: Vec<BTreeSet<usize>> = beats.iter().zip(&beaten).map(|(a, b)| a | b).collect();
    let named = |inside: &dyn Fn(usize) -> bool| -> Vec<usize> {
        (0..names.len()).filter(|&k| inside(k)).map(|k| names[k]).collect()
    };
    // Systems reached by winning may never win back: then the rest are above them.
    for (links, compared, rest_is_above) in
        [(&both, false, false), (&beats, true, true), (&beaten, true, false)]
    {
        let reached = reached_from(links, 0);
        if reached.len() < names.len() {
            let (inside, outside) = (named(&|k| reached.contains(&k)), named(&|k| !reached.contains(&k)));
            let (above, below) = if rest_is_above { (outside, inside) } else { (inside, outside) };
            return Err(Error::Disconnected { above, below, compared });
        }
    }
    Ok(())
}

fn reached_from(links: &[BTreeSet<usize>], start: usize) -> BTreeSet<usize> {
    let (mut reached, mut open) = (BTreeSet::from([start]), vec![start]);
    while let Some(place) = open.pop() {
        for &next in &links[place] {
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    reached
}
