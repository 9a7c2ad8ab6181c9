//! Pitch candidates of one frame and their probabilities.

use super::yin::parabolic_shift;

/// Number of thresholds on the normalized difference, evenly spaced from 1/100 to 1.
const N_THRESHOLDS: usize = 100;
/// Second parameter of the Beta(2, 18) prior over thresholds.
const BETA_B: i32 = 18;
/// Parameter of the Boltzmann prior over the troughs below a threshold, shortest period first.
const BOLTZMANN: f64 = 2.0;
/// Share of a threshold's probability given to the deepest trough if none lies below the threshold.
const NO_TROUGH: f64 = 0.01;

/// Converter from difference functions to pitch candidates.
pub(super) struct Candidates {
    threshold_prior: Vec<f64>,
    /// Weights e^(-2 k) of the trough with the `k`-th shortest period below a threshold, up to a constant
    /// factor.
    boltzmann: Vec<f64>,
    sample_rate: f64,
    f_min_hz: f64,
    min_period: usize,
    n_pitch_bins: usize,
    bins_per_octave: f64,
}

/// Pitch bin and its probability in one frame.
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
        n_periods: usize,
        n_pitch_bins: usize,
        bins_per_octave: usize,
    ) -> Self {
        let thresholds: Vec<f64> = (0..=N_THRESHOLDS).map(threshold).collect();
        Self {
            threshold_prior: thresholds.windows(2).map(|t| beta_cdf(t[1]) - beta_cdf(t[0])).collect(),
            // At most every second period is a trough.
            boltzmann: (0..=n_periods.div_ceil(2) + 1).map(|k| (-BOLTZMANN * k as f64).exp()).collect(),
            sample_rate: f64::from(sample_rate),
            f_min_hz,
            min_period,
            n_pitch_bins,
            bins_per_octave: bins_per_octave as f64,
        }
    }

    /// Writes the candidates of a frame in ascending order of bins, and returns the probability that the
    /// frame is voiced: their sum, at most 1.
    ///
    /// If two troughs fall into one bin, the longer period counts. A trough above the highest bin is dropped;
    /// one below the lowest counts toward the lowest. Both are librosa's conventions.
    pub(super) fn find(&self, difference: &[f64], candidates: &mut Vec<Candidate>) -> f64 {
        candidates.clear();
        for Trough { index, probability, .. } in self.troughs(difference) {
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

    /// Finds the troughs and their probabilities: the prior of each threshold is shared among the troughs
    /// below it by a Boltzmann distribution that favors short periods.
    ///
    /// Sums run threshold by threshold, as in librosa, because a frame's being certainly voiced depends on
    /// their last digit.
    fn troughs(&self, difference: &[f64]) -> Vec<Trough> {
        let mut troughs = troughs(difference);
        let Some(deepest) = (0..troughs.len()).reduce(|deepest, index| {
            if troughs[index].value < troughs[deepest].value { index } else { deepest }
        }) else {
            return troughs;
        };
        let first = troughs[deepest].first_threshold;
        let mut by_threshold: Vec<usize> = (0..troughs.len()).collect();
        by_threshold.sort_unstable_by_key(|&place| troughs[place].first_threshold);
        let mut next = by_threshold.into_iter().peekable();
        // The troughs below the threshold, by period, with their accumulated probabilities and weights.
        let (mut below, mut sums, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for (index, prior) in self.threshold_prior.iter().enumerate().skip(first) {
            let n_before = below.len();
            while let Some(place) = next.next_if(|&place| troughs[place].first_threshold <= index) {
                let rank = below.partition_point(|&other| other < place);
                below.insert(rank, place);
                sums.insert(rank, 0.0);
            }
            if below.len() > n_before {
                let norm = (1.0 - self.boltzmann[1]) / (1.0 - self.boltzmann[below.len()]);
                weights.clear();
                weights.extend(self.boltzmann[..below.len()].iter().map(|weight| norm * weight));
            }
            for (sum, weight) in sums.iter_mut().zip(&weights) {
                *sum += weight * prior;
            }
        }
        for (&place, &sum) in below.iter().zip(&sums) {
            troughs[place].probability = sum;
        }
        let prior_below_deepest = self.threshold_prior[..first].iter().fold(0.0, |sum, prior| sum + prior);
        troughs[deepest].probability += NO_TROUGH * prior_below_deepest;
        troughs
    }
}

/// Local minimum of the difference.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Trough {
    index: usize,
    value: f64,
    /// Index of the first threshold above its value, or the number of thresholds.
    first_threshold: usize,
    probability: f64,
}

/// Finds the local minima: lower than the previous value and not higher than the next; at the ends, lower
/// than the only neighbor. Their probabilities are still 0.
fn troughs(values: &[f64]) -> Vec<Trough> {
    let last = values.len() - 1;
    let mut troughs = Vec::new();
    let mut push = |index: usize| {
        let value = values[index];
        troughs.push(Trough { index, value, first_threshold: first_threshold(value), probability: 0.0 });
    };
    if values[0] < values[1] {
        push(0);
    }
    for (index, triple) in values.array_windows().enumerate() {
        let [before, here, after] = triple;
        if here < before && here <= after {
            push(index + 1);
        }
    }
    if values[last] < values[last - 1] {
        push(last);
    }
    troughs
}

/// Returns the index of the first threshold above a value, or the number of thresholds if none is.
fn first_threshold(value: f64) -> usize {
    let mut first = (value * N_THRESHOLDS as f64).clamp(0.0, N_THRESHOLDS as f64) as usize;
    // The product is rounded, so step back or forth.
    while first > 0 && value < threshold(first) {
        first -= 1;
    }
    while first < N_THRESHOLDS && value >= threshold(first + 1) {
        first += 1;
    }
    first
}

fn threshold(index: usize) -> f64 {
    index as f64 * (1.0 / N_THRESHOLDS as f64)
}

/// Computes the cumulative distribution function of Beta(2, b): 1 - (1 - x)^b (1 + b x).
fn beta_cdf(x: f64) -> f64 {
    1.0 - (1.0 - x).powi(BETA_B) * (1.0 + f64::from(BETA_B) * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threshold_prior_is_a_beta_distribution() {
        // scipy 1.17.1: scipy.stats.beta.cdf(x, 2, 18)
        for (x, expected) in
            [(0.0, 0.0), (0.01, 0.015_273_761_488_896_611), (0.1, 0.579_735_021_168_402_6), (1.0, 1.0)]
        {
            assert!((beta_cdf(x) - expected).abs() < 1e-14, "{x}");
        }
    }

    #[test]
    fn troughs_are_strict_on_the_left() {
        let check = |values: &[f64], expected: &[usize]| {
            let found: Vec<usize> = troughs(values).iter().map(|trough| trough.index).collect();
            assert_eq!(found, expected);
        };
        check(&[1.0, 0.0, 0.0, 1.0, -1.0], &[1, 4]);
        check(&[0.0, 1.0, 0.5, 0.7], &[0, 2]);
        check(&[0.0, 0.0, 0.0], &[]);
        check(&[f64::NAN; 3], &[]);
        check(&[1.0, 2.0], &[0]);
    }

    #[test]
    fn finds_the_first_threshold_above_a_value() {
        let plain = |value: f64| (0..N_THRESHOLDS).position(|index| value < threshold(index + 1));
        for step in -100..20_000 {
            let value = f64::from(step) / 10_000.0;
            for value in [value, value.next_up(), value.next_down()] {
                assert_eq!(first_threshold(value), plain(value).unwrap_or(N_THRESHOLDS), "{value}");
            }
        }
        assert_eq!((first_threshold(f64::INFINITY), first_threshold(f64::NEG_INFINITY)), (N_THRESHOLDS, 0));
    }

    #[test]
    fn gives_a_deep_trough_nearly_all_the_probability() {
        let candidates = Candidates::new(22_050, 65.0, 20, 60, 400, 120);
        let mut found = Vec::new();
        // One trough at a period of 20 + 30 samples, below every threshold.
        let difference: Vec<f64> = (0..60).map(|k| f64::from(i32::abs(k - 30)) / 30.0).collect();
        let voiced = candidates.find(&difference, &mut found);
        assert!((voiced - 1.0).abs() < 1e-12);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].bin, (120.0 * (22_050.0_f64 / 50.0 / 65.0).log2()).round() as usize);
    }

    #[test]
    fn finds_no_candidates_in_a_flat_frame() {
        let candidates = Candidates::new(22_050, 65.0, 20, 60, 400, 120);
        let mut found = vec![Candidate { bin: 0, probability: 1.0 }];
        assert!(candidates.find(&[0.0; 60], &mut found).abs() < f64::MIN_POSITIVE);
        assert!(found.is_empty());
    }
}
