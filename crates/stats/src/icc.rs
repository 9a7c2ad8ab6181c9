//! Intraclass correlations: the share of a judgment that is due to the item.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use crate::check;
use crate::design::Design;
use crate::error::Error;
use crate::mixed::Mixed;
use crate::result::Interval;

const UNDEFINED: Error =
    Error::Undefined { what: "intraclass correlation", why: "too few items or raters differ" };

/// Absolute agreement between raters, with raters as a random sample.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Icc {
    /// ICC(2,1), the correlation of two single judgments of an item by different raters.
    pub single: Interval,
    /// ICC(2,k), the correlation of two means over as many raters as the study has.
    pub average: Interval,
}

/// Computes ICC(2,1) and ICC(2,k) of a complete study, in which every rater judged every item once.
///
/// ```text
/// ICC(2,1) = (MS_items - MS_rest) / (MS_items + (k-1) MS_rest + k (MS_raters - MS_rest)/n)
/// ICC(2,k) = (MS_items - MS_rest) / (MS_items + (MS_raters - MS_rest)/n)
/// ```
///
/// Here n is the number of items, k the number of raters, and MS the mean squares of a two-way analysis of variance.
/// Differences in strictness between raters count as disagreement. The result may be negative if items differ less than
/// expected by chance. The intervals are those of `McGraw` and Wong. For incomplete studies see [`icc_of_components`].
///
/// Library only: the programs report Krippendorff's alpha, which needs no complete study, and the raters one by one. Kept for
/// comparison with papers that report an ICC.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::LengthMismatch`], [`Error::AllEqual`]; [`Error::TooFew`] for fewer
/// than two raters or items; [`Error::Incomplete`]; [`Error::NoSpread`] if raters and items explain every judgment;
/// [`Error::Undefined`] if items and raters are so few, or differ so much less than by chance, that the interval is
/// unbounded; [`Error::OutOfRange`] if the level is not strictly between 0 and 1.
///
/// # References
///
/// P. E. Shrout and J. L. Fleiss (1979), "Intraclass correlations: uses in assessing rater reliability", Psychological
/// Bulletin 86, 420-428. K. O. `McGraw` and S. P. Wong (1996), "Forming inferences about some intraclass correlation
/// coefficients", Psychological Methods 1, 30-46.
pub fn icc(values: &[f64], raters: &[usize], items: &[usize], level: f64) -> Result<Icc, Error> {
    let design = Design::of(values, raters, items)?;
    check::probability("level", level)?;
    check::vary(values)?;
    let (k, n) = (design.n_raters(), design.n_items());
    let mut counts = vec![0; k * n];
    let (mut rater_sums, mut item_sums) = (vec![0.0; k], vec![0.0; n]);
    for ((&value, &rater), &item) in values.iter().zip(&design.raters).zip(&design.items) {
        counts[rater * n + item] += 1;
        rater_sums[rater] += value;
        item_sums[item] += value;
    }
    if let Some(cell) = counts.iter().position(|&count| count != 1) {
        let (rater, item) = (design.rater_names[cell / n], design.item_names[cell % n]);
        return Err(Error::Incomplete { rater, item, n: counts[cell] });
    }
    let (raters_f, items_f) = (k as f64, n as f64);
    let mean = values.iter().sum::<f64>() / (raters_f * items_f);
    let total: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let of_items: f64 = item_sums.iter().map(|sum| raters_f * (sum / raters_f - mean).powi(2)).sum();
    let of_raters: f64 = rater_sums.iter().map(|sum| items_f * (sum / items_f - mean).powi(2)).sum();
    let rest = total - of_items - of_raters;
    if rest <= total * 1e-12 {
        return Err(Error::NoSpread { n: values.len() });
    }
    let item_square = of_items / (items_f - 1.0);
    let rater_square = of_raters / (raters_f - 1.0);
    let rest_square = rest / ((items_f - 1.0) * (raters_f - 1.0));

    let single = (item_square - rest_square)
        / (item_square + (raters_f - 1.0) * rest_square + raters_f * (rater_square - rest_square) / items_f);
    let average = (item_square - rest_square) / (item_square + (rater_square - rest_square) / items_f);
    // McGraw and Wong, table 7: degrees of freedom of a combination of mean squares.
    let ratio = rater_square / rest_square;
    let share = items_f * (1.0 + (raters_f - 1.0) * single) - raters_f * single;
    let degrees = (raters_f - 1.0) * (items_f - 1.0) * (raters_f * single * ratio + share).powi(2)
        / ((items_f - 1.0) * (raters_f * single * ratio).powi(2) + share * share);
    if !(degrees > 0.0 && degrees.is_finite() && single.is_finite() && average.is_finite()) {
        return Err(UNDEFINED);
    }
    let tail = 0.5 + level / 2.0;
    let below = f_quantile(tail, items_f - 1.0, degrees);
    let above = f_quantile(tail, degrees, items_f - 1.0);
    let spread = raters_f * rater_square + (raters_f * items_f - raters_f - items_f) * rest_square;
    let low = items_f * (item_square - below * rest_square) / (below * spread + items_f * item_square);
    let high = items_f * (above * item_square - rest_square) / (spread + items_f * above * item_square);
    let (average_low, average_high) = (spearman_brown(low, raters_f), spearman_brown(high, raters_f));
    // Where single correlations may fall below -1/(k-1), those of means have no lower bound.
    let bounded = low * (raters_f - 1.0) > -1.0;
    if !bounded || ![high, average_low, average_high].iter().all(|end| end.is_finite()) {
        return Err(UNDEFINED);
    }
    Ok(Icc {
        single: Interval { estimate: single, low, high, level },
        average: Interval { estimate: average, low: average_low, high: average_high, level },
    })
}

/// Computes the intraclass correlation of means over several raters from the components of a mixed model, without an
/// interval.
///
/// ```text
/// item² / (item² + (rater² + residual²)/k)
/// ```
///
/// For incomplete studies. In complete ones it equals the result of [`icc`], unless a component is estimated as 0.
///
/// Library only, as [`icc()`].
///
/// # Errors
///
/// [`Error::OutOfRange`] for zero raters.
pub fn icc_of_components(model: &Mixed, n_raters: u32) -> Result<f64, Error> {
    if n_raters == 0 {
        return Err(Error::OutOfRange { name: "n_raters", value: 0.0, allowed: "at least 1" });
    }
    let item = model.item_sd.powi(2);
    let other = model.rater_sd.powi(2) + model.residual_sd.powi(2);
    Ok(item / (item + other / f64::from(n_raters)))
}

/// Returns the reliability of a mean over `times` as many judgments: times · r / (1 + (times - 1) r).
fn spearman_brown(reliability: f64, times: f64) -> f64 {
    times * reliability / (1.0 + (times - 1.0) * reliability)
}

fn f_quantile(probability: f64, numerator: f64, denominator: f64) -> f64 {
    FisherSnedecor::new(numerator, denominator)
        .expect("the degrees of freedom are positive")
        .inverse_cdf(probability)
}
