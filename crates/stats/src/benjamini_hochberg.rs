//! Benjamini and Hochberg's correction for multiple tests.

use crate::check;
use crate::error::Error;

/// Adjusts the p-values of a family of tests to control the false discovery rate.
///
/// ```text
/// adjusted₍ᵢ₎ = min over j ≥ i of min(1, m/j · p₍ⱼ₎)      for p₍₁₎ ≤ … ≤ p₍ₘ₎
/// ```
///
/// Results are in the order of the arguments; compare each with the level directly. The guarantee is weaker than that
/// of [`crate::holm()`]: at 5 %, a twentieth of the findings may be false. It holds for independent tests and for
/// positively dependent ones, such as tests of several checkpoints against the same control. An empty family yields an
/// empty result.
///
/// Library only: a report makes few comparisons and must not be wrong about any, so the programs use [`crate::holm()`]. Kept
/// for searches over hundreds of settings, where a share of false findings is acceptable.
///
/// # Errors
///
/// [`Error::NotFinite`]; [`Error::OutOfRange`] for anything that is not a probability.
///
/// # Examples
///
/// ```
/// let adjusted = mynah_stats::benjamini_hochberg(&[0.25, 0.015625, 0.03125])?;
/// assert_eq!(adjusted, [0.25, 0.046875, 0.046875]);
/// # Ok::<(), mynah_stats::Error>(())
/// ```
///
/// # References
///
/// Y. Benjamini and Y. Hochberg (1995), "Controlling the false discovery rate", JRSS B 57, 289-300.
pub fn benjamini_hochberg(p_values: &[f64]) -> Result<Vec<f64>, Error> {
    if p_values.is_empty() {
        return Ok(Vec::new());
    }
    check::probabilities(p_values)?;
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (position, &index) in order.iter().enumerate().rev() {
        smallest = smallest.min(p_values.len() as f64 / (position + 1) as f64 * p_values[index]);
        adjusted[index] = smallest;
    }
    Ok(adjusted)
}
