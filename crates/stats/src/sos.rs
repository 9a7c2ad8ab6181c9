//! SOS parameter: disagreement between raters relative to the position of the mean on the scale.

use std::collections::BTreeMap;

use crate::check;
use crate::error::Error;

/// Estimates the parameter a of Hoßfeld's hypothesis on the standard deviation of opinion scores.
///
/// ```text
/// s²(x) = a (highest - x) (x - lowest)      a = Σ s² f / Σ f², f = (highest - x̄) (x̄ - lowest), over items
/// ```
///
/// The fit is by least squares over the items' means x̄ and variances s² (with n - 1); items with a single score are
/// dropped. 0 is perfect agreement, 1 the largest spread that a mean allows. Speech and video tests give about 0.1 to
/// 0.3; much larger values suggest that raters did not all do the same task. Items at an end of the scale carry no
/// information.
///
/// Library only: speech comparisons have too few sentences away from the middle of the scale to judge a study by it. Kept
/// for MOS tests with a wide range of qualities.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::NotFinite`], [`Error::LengthMismatch`]; [`Error::OutOfRange`] for a value off the scale
/// or a scale whose lowest point is not below its highest; [`Error::TooFew`] if no item has two scores;
/// [`Error::AllEqual`] if all items with two scores are at one end of the scale.
///
/// # Examples
///
/// ```
/// // Half of the raters say 1 and half say 5: with few scores per item, n - 1 makes a exceed 1.
/// let a = mynah_stats::sos_parameter(&[1.0, 5.0, 1.0, 5.0], &[0, 0, 0, 0], 1.0, 5.0)?;
/// assert!((a - 4.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// T. Hoßfeld, R. Schatz and S. Egger (2011), "SOS: the MOS is not enough!", International Workshop on Quality of
/// Multimedia Experience.
pub fn sos_parameter(values: &[f64], items: &[usize], lowest: f64, highest: f64) -> Result<f64, Error> {
    check::values(values)?;
    check::same_length("values", values.len(), "items", items.len())?;
    check::finite("lowest", lowest)?;
    check::finite("highest", highest)?;
    if lowest >= highest {
        return Err(Error::OutOfRange {
            name: "lowest",
            value: lowest,
            allowed: "less than the highest point of the scale",
        });
    }
    if let Some(&value) = values.iter().find(|value| !(lowest..=highest).contains(*value)) {
        return Err(Error::OutOfRange { name: "values", value, allowed: "a value on the scale" });
    }
    let mut by_item: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (&value, &item) in values.iter().zip(items) {
        by_item.entry(item).or_default().push(value);
    }
    by_item.retain(|_, values| values.len() > 1);
    if by_item.is_empty() {
        return Err(Error::TooFew { what: "scores per item", needed: 2, got: 1 });
    }
    let (mut both, mut squares) = (0.0, 0.0);
    for of_item in by_item.values() {
        let n = of_item.len() as f64;
        let mean = of_item.iter().sum::<f64>() / n;
        let variance = of_item.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        let room = (highest - mean) * (mean - lowest);
        both += variance * room;
        squares += room * room;
    }
    if squares == 0.0 {
        return Err(Error::AllEqual { n: values.len(), value: values[0] });
    }
    Ok(both / squares)
}
