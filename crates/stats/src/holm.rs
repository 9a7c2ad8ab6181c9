//! Holm's correction for multiple tests.

use crate::check;
use crate::error::Error;

/// Adjusts the p-values of a family of tests to control the family-wise error rate.
///
/// ```text
/// adjusted₍ᵢ₎ = max over j ≤ i of min(1, (m - j + 1) p₍ⱼ₎)      for p₍₁₎ ≤ … ≤ p₍ₘ₎
/// ```
///
/// Results are in the order of the arguments; compare each with the level directly. The correction makes no assumption
/// about the dependence between the tests. An empty family yields an empty result.
///
/// # Errors
///
/// [`Error::NotFinite`]; [`Error::OutOfRange`] for anything that is not a probability.
///
/// # Examples
///
/// ```
/// let adjusted = mynah_stats::holm(&[0.25, 0.015625, 0.03125])?;
/// assert_eq!(adjusted, [0.25, 0.046875, 0.0625]);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// S. Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 65-70.
pub fn holm(p_values: &[f64]) -> Result<Vec<f64>, Error> {
    if p_values.is_empty() {
        return Ok(Vec::new());
    }
    check::probabilities(p_values)?;
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest = 0.0_f64;
    for (position, &index) in order.iter().enumerate() {
        largest = largest.max(((p_values.len() - position) as f64 * p_values[index]).min(1.0));
        adjusted[index] = largest;
    }
    Ok(adjusted)
}
