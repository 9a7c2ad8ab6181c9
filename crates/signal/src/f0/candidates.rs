//! Pitch candidates of one frame and their probabilities.

use super::yin::parabolic_shift;

/// Thresholds on the normalised difference, evenly from 1/100 to 1.
const N_THRESHOLDS: usize = 100;
/// The second parameter of the Beta(2, 18) prior over thresholds.
const BETA_B: i32 = 18;
/// The parameter of the Boltzmann prior over the troughs below a threshold, shortest period first.
const BOLTZMANN: f64 = 2.0;
/// The share of a threshold's probability that the deepest trough takes when none lies below it.
const NO_TROUGH: f64 = 0.01;

/// What turns a difference function into pitch candidates.
pub(super) struct Candidates {
    threshold_prior: Vec<f64>,
    sample_rate: f64,
    f_min_hz: f64,
    min_period: usize,
    n_pitch_bins: usize,
    bins_per_octave: f64,
}

/// A pitch bin and its probability in one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub(super) bin: usize,
    pub(super) probability: f64,
}

impl Candidates {
    pub(super) fn new(
        sample_rate: u32,
        f_min_hz: f64,
        min_period: usize,
        n_pitch_bins: usize,
        bins_per_octave: usize,
    ) -> Self {
        let thresholds: Vec<f64> = (0..=N_THRESHOLDS).map(threshold).collect();
        Self {
            threshold_prior: thresholds.windows(2).map(|t| beta_cdf(t[1]) - beta_cdf(t[0])).collect(),
            sample_rate: f64::from(sample_rate),
            f_min_hz,
            min_period,
            n_pitch_bins,
            bins_per_octave: bins_per_octave as f64,
        }
    }

    /// Writes the candidates of a frame, by ascending bin, and returns the probability that it is voiced: their sum,
    /// at most 1.
    ///
    /// Where two troughs fall into one bin, the longer period counts; a trough above the highest bin is left out, one
    /// below the lowest counts in the lowest. Both are librosa's conventions.
    pub(super) fn find(&self, difference: &[f64], candidates: &mut Vec<Candidate>) -> f64 {
        candidates.clear();
        let troughs = troughs(difference);
        let probabilities = self.probabilities(difference, &troughs);
        for (&index, probability) in troughs.iter().zip(probabilities) {
            if probability == 0.0 {
                continue;
            }
            let period = (self.min_period + index) as f64 + parabolic_shift(difference, index);
            let octaves = (self.sample_rate / period / self.f_min_hz).log2();
            let bin = (self.bins_per_octave * octaves).round_ties_even().max(0.0) as usize;
            if bin < self.n_pitch_bins {
                match candidates.iter_mut().find(|candidate| candidate.bin == bin) {
                    Some(candidate) => candidate.probability = probability,
                    None => candidates.push(Candidate { bin, probability }),
                }
            }
        }
        candidates.sort_unstable_by_key(|candidate| candidate.bin);
        candidates.iter().fold(0.0, |sum, candidate| sum + candidate.probability).clamp(0.0, 1.0)
    }

    /// The probability of each trough: for every threshold, its prior shared among the troughs below it by a
    /// Boltzmann distribution that favours short periods.
    fn probabilities(&self, difference: &[f64], troughs: &[usize]) -> Vec<f64> {
        let mut probabilities = vec![0.0; troughs.len()];
        let Some(deepest) = (0..troughs.len()).reduce(|deepest, index| {
            if difference[troughs[index]] < difference[troughs[deepest]] { index } else { deepest }
        }) else {
            return probabilities;
        };
        let decay: Vec<f64> = (0..=troughs.len()).map(|k| (-BOLTZMANN * k as f64).exp()).collect();
        let mut below = Vec::with_capacity(troughs.len());
        let mut prior_below_deepest = 0.0;
        for (index, prior) in self.threshold_prior.iter().enumerate() {
            let threshold = threshold(index + 1);
            below.clear();
            below.extend((0..troughs.len()).filter(|&trough| difference[troughs[trough]] < threshold));
            if below.is_empty() {
                prior_below_deepest += prior;
                continue;
            }
            let norm = (1.0 - decay[1]) / (1.0 - decay[below.len()]);
            for (&trough, weight) in below.iter().zip(&decay) {
                probabilities[trough] += norm * weight * prior;
            }
        }
        probabilities[deepest] += NO_TROUGH * prior_below_deepest;
        probabilities
    }
}

/// The local minima: lower than the value before and not higher than the one after; at the ends, lower than the only
/// neighbour.
fn troughs(values: &[f64]) -> Vec<usize> {
    let last = values.len() - 1;
    (0..values.len())
        .filter(|&index| match index {
            0 => values[0] < values[1],
            index if index == last => values[index] < values[index - 1],
            index => values[index] < values[index - 1] && values[index] <= values[index + 1],
        })
        .collect()
}

fn threshold(index: usize) -> f64 {
    index as f64 * (1.0 / N_THRESHOLDS as f64)
}

/// The distribution function of Beta(2, b): 1 - (1 - x)^b (1 + b x).
fn beta_cdf(x: f64) -> f64 {
    1.0 - (1.0 - x).powi(BETA_B) * (1.0 + f64::from(BETA_B) * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prior_over_thresholds_is_beta() {
        // scipy 1.17.1: scipy.stats.beta.cdf(x, 2, 18)
        for (x, expected) in
            [(0.0, 0.0), (0.01, 0.015_273_761_488_896_611), (0.1, 0.579_735_021_168_402_6), (1.0, 1.0)]
        {
            assert!((beta_cdf(x) - expected).abs() < 1e-14, "{x}");
        }
    }

    #[test]
    fn troughs_are_strict_on_the_left() {
        assert_eq!(troughs(&[1.0, 0.0, 0.0, 1.0, -1.0]), [1, 4]);
        assert_eq!(troughs(&[0.0, 1.0, 0.5, 0.7]), [0, 2]);
        assert!(troughs(&[0.0, 0.0, 0.0]).is_empty());
    }

    #[test]
    fn a_deep_trough_takes_nearly_all_the_probability() {
        let candidates = Candidates::new(22_050, 65.0, 20, 400, 120);
        let mut found = Vec::new();
        // One trough at a period of 20 + 30 samples, below every threshold.
        let difference: Vec<f64> = (0..60).map(|k| f64::from(i32::abs(k - 30)) / 30.0).collect();
        let voiced = candidates.find(&difference, &mut found);
        assert!((voiced - 1.0).abs() < 1e-12);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].bin, (120.0 * (22_050.0_f64 / 50.0 / 65.0).log2()).round() as usize);
    }

    #[test]
    fn a_flat_frame_has_no_candidates() {
        let candidates = Candidates::new(22_050, 65.0, 20, 400, 120);
        let mut found = vec![Candidate { bin: 0, probability: 1.0 }];
        assert!(candidates.find(&[0.0; 60], &mut found).abs() < f64::MIN_POSITIVE);
        assert!(found.is_empty());
    }
}
