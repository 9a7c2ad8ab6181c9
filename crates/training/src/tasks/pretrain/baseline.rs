//! Baseline that ignores the sentence.

use std::collections::BTreeMap;

/// Result of the best fixed guess.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Baseline {
    /// Accuracy of always predicting the most frequent class.
    pub(super) accuracy: f64,
    /// Mean cross entropy of predicting the class frequencies, which is their entropy.
    pub(super) loss: f64,
}

/// Computes the baseline of targets from their own frequencies; `None` if there are no targets.
///
/// No constant prediction does better on these targets; one from the frequencies of another text does at best equally well.
pub(super) fn baseline(counts: &BTreeMap<u32, u64>) -> Option<Baseline> {
    let total = counts.values().sum::<u64>() as f64;
    let most = *counts.values().max()?;
    let loss = counts.values().map(|count| *count as f64 / total).map(|part| -part * part.ln()).sum();
    Some(Baseline { accuracy: most as f64 / total, loss })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mynah_testkit::assert_close;

    use super::baseline;

    #[test]
    fn is_the_largest_share_and_the_entropy() {
        assert_eq!(baseline(&BTreeMap::new()), None);
        let found = baseline(&BTreeMap::from([(7, 2), (3, 1), (5, 1)])).unwrap();
        assert_close(found.accuracy, 0.5, 1e-12, "accuracy");
        assert_close(found.loss, 1.5 * 2.0_f64.ln(), 1e-12, "entropy");
    }
}
