//! Maximum likelihood.

use std::collections::BTreeMap;

use super::groups::Graph;
use super::leave_out::LeaveOut;
use super::outcomes::{Layout, Outcomes, index_of};
use super::{BradleyTerry, Comparison, Judgment};
use crate::dense::{Cholesky, dot};
use crate::error::Error;

const MODEL: &str = "Bradley-Terry model";
const MOST_ITERATIONS: usize = 100;
/// Threshold on the Newton decrement; convergence is quadratic, so the last step is far smaller.
const DECREMENT: f64 = 1e-18;
/// Strength beyond which a system is taken to win always.
const WITHOUT_BOUND: f64 = 30.0;

/// Fits strengths, the tendency to ties and the order effect to preferences, by maximum likelihood.
///
/// ```text
/// P(first)  ∝ exp(λ_first + order)      P(second) ∝ exp(λ_second)      P(tie) ∝ exp((λ_first + λ_second)/2 + ties)
/// ```
///
/// Without ties in the data, the tendency to ties is omitted. Every system must have been preferred to some other,
/// directly or along a chain, and some other to it; otherwise its strength is unbounded, and the error names the
/// groups. [`bradley_terry_within`] fits such groups separately.
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::OutOfRange`] for a system compared with itself; [`Error::Disconnected`] as above;
/// [`Error::Undefined`] if all judgments are ties, or the first or the second was always preferred;
/// [`Error::Collinear`] if the order cannot be told from the strengths, because the same system always came first;
/// [`Error::NotConverged`] if the order effect is unbounded in another way.
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
    check(comparisons)?;
    let graph = Graph::of(comparisons);
    graph.check_connected()?;
    fit(comparisons, vec![graph.names], with_order)
}

/// Fits the same model as [`bradley_terry`] to groups between which strengths are unbounded.
///
/// Each of the [`groups()`](super::groups()) has strengths of its own; order effect and tendency to ties are common. Judgments between
/// groups contribute nothing, as in the limit of strengths that move apart.
///
/// # Errors
///
/// Those of [`bradley_terry`] without [`Error::Disconnected`]; [`Error::Undefined`] also if no group has two systems.
pub fn bradley_terry_within(comparisons: &[Comparison], with_order: bool) -> Result<BradleyTerry, Error> {
    check(comparisons)?;
    let groups = super::groups(comparisons);
    let group_of: BTreeMap<usize, usize> =
        groups.iter().enumerate().flat_map(|(k, group)| group.iter().map(move |&name| (name, k))).collect();
    let within: Vec<Comparison> = comparisons
        .iter()
        .filter(|comparison| group_of[&comparison.first] == group_of[&comparison.second])
        .copied()
        .collect();
    if within.is_empty() {
        return Err(Error::Undefined {
            what: "difference in strength",
            why: "all preferences point the same way",
        });
    }
    fit(&within, groups, with_order)
}

fn check(comparisons: &[Comparison]) -> Result<(), Error> {
    if comparisons.is_empty() {
        return Err(Error::Empty);
    }
    if let Some(comparison) = comparisons.iter().find(|comparison| comparison.first == comparison.second) {
        let value = comparison.second as f64;
        return Err(Error::OutOfRange { name: "second", value, allowed: "a system other than the first" });
    }
    Ok(())
}

/// Rejects judgments that leave a parameter without bound for an obvious reason.
fn check_bounds(totals: [f64; 3], with_order: bool) -> Result<(), Error> {
    let what = "difference in strength";
    match totals {
        [0.0, 0.0, _] => Err(Error::Undefined { what, why: "every judgment is a tie" }),
        [_, 0.0, _] if with_order => {
            Err(Error::Undefined { what, why: "the second of two was never preferred" })
        }
        [0.0, ..] if with_order => {
            Err(Error::Undefined { what, why: "the first of two was never preferred" })
        }
        _ => Ok(()),
    }
}

/// Ordered pairs with the number of each outcome.
type Counts = Vec<((usize, usize), [f64; 3])>;

fn fit(comparisons: &[Comparison], groups: Vec<Vec<usize>>, with_order: bool) -> Result<BradleyTerry, Error> {
    let mut counted: BTreeMap<(usize, usize), [f64; 3]> = BTreeMap::new();
    for comparison in comparisons {
        let counts = counted.entry((comparison.first, comparison.second)).or_default();
        counts[index_of(comparison.preference)] += 1.0;
    }
    let counts: Counts = counted.into_iter().collect();
    let mut totals = [0.0; 3];
    for (_, of_pair) in &counts {
        totals.iter_mut().zip(of_pair).for_each(|(total, count)| *total += count);
    }
    check_bounds(totals, with_order)?;
    let layout = Layout::of(&groups, with_order, totals[2] > 0.0);
    let n = layout.n_parameters;
    let mut at = vec![0.0; n];
    let mut state = Likelihood::at(&at, &counts, &layout);
    for iteration in 0..MOST_ITERATIONS {
        let Some(factor) = Cholesky::new(state.information.clone(), n) else {
            // At equal strengths, the information depends on the design only.
            return Err(if iteration == 0 { Error::Collinear } else { Error::NotConverged { what: MODEL } });
        };
        let mut step = state.gradient.clone();
        factor.solve(&mut step);
        let decrement = dot(&step, &state.gradient);
        if decrement < DECREMENT {
            return Ok(finished(comparisons, groups, layout, (&at, state, factor), &counts));
        }
        let mut length = 1.0;
        loop {
            let next: Vec<f64> = at.iter().zip(&step).map(|(x, s)| x + length * s).collect();
            let next_state = Likelihood::at(&next, &counts, &layout);
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

/// Builds the model from the parameters at the maximum.
fn finished(
    comparisons: &[Comparison],
    groups: Vec<Vec<usize>>,
    layout: Layout,
    (at, state, factor): (&[f64], Likelihood, Cholesky),
    counts: &Counts,
) -> BradleyTerry {
    let mut strengths = Vec::new();
    for group in &groups {
        let own: Vec<f64> =
            group.iter().map(|&system| layout.strength(system).map_or(0.0, |place| at[place])).collect();
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        strengths.extend(group.iter().zip(own).map(|(&system, strength)| (system, strength - mean)));
    }
    strengths.sort_by_key(|&(system, _)| system);
    let pairs: BTreeMap<(usize, usize), usize> =
        counts.iter().enumerate().map(|(k, (pair, _))| (*pair, k)).collect();
    let judgments: Vec<Judgment> = comparisons
        .iter()
        .map(|comparison| Judgment {
            pair: pairs[&(comparison.first, comparison.second)],
            outcome: index_of(comparison.preference),
            rater: comparison.rater,
            item: comparison.item,
        })
        .collect();
    let without = |cluster: fn(&Judgment) -> usize| {
        LeaveOut::of(&judgments, cluster, &state.outcomes, (&state.information, &factor), &layout)
    };
    BradleyTerry {
        strengths,
        order_effect: layout.order.map(|place| at[place]),
        tie_tendency: layout.ties.map(|place| at[place]),
        log_likelihood: state.value,
        without_raters: without(|judgment| judgment.rater),
        without_items: without(|judgment| judgment.item),
        groups,
        layout,
        judgments,
        outcomes: state.outcomes,
        factor,
    }
}

/// Log likelihood with its derivatives.
struct Likelihood {
    value: f64,
    gradient: Vec<f64>,
    information: Vec<f64>,
    outcomes: Vec<Outcomes>,
}

impl Likelihood {
    fn at(at: &[f64], counts: &Counts, layout: &Layout) -> Self {
        let n = at.len();
        let (mut value, mut gradient, mut information) = (0.0, vec![0.0; n], vec![0.0; n * n]);
        let mut outcomes = Vec::with_capacity(counts.len());
        for ((first, second), of_pair) in counts {
            let own = Outcomes::at(at, layout.places(*first, *second));
            for (outcome, &count) in of_pair.iter().enumerate() {
                if count > 0.0 {
                    value += count * own.log_shares[outcome];
                    own.add_score(outcome, count, &mut gradient);
                }
            }
            own.add_information(of_pair.iter().sum(), &mut information, n);
            outcomes.push(own);
        }
        Self { value, gradient, information, outcomes }
    }
}
