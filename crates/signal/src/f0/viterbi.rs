//! The best path through pitch bins and voicing.

use super::candidates::Candidate;

/// The probability that voicing changes from one frame to the next.
const SWITCH: f64 = 0.01;

/// A hidden Markov model with `n_bins` voiced and `n_bins` unvoiced states whose pitch moves at most `half_width` bins
/// a frame, with weights falling linearly, and whose voicing changes with probability 0.01.
pub(super) struct Viterbi {
    n_bins: usize,
    half_width: usize,
    /// Logarithms of the triangle's weights, from the bin `half_width` below to the one `half_width` above.
    log_weights: Vec<f64>,
    /// Logarithm of the sum of the weights that lie within the bins, by the bin that is left.
    log_sums: Vec<f64>,
}

/// The scores of all frames, from which the path is read backwards.
pub(super) struct Lattice<'a> {
    model: &'a Viterbi,
    /// `[frame, 2 * n_bins]`: voiced bins, then unvoiced.
    scores: Vec<f64>,
    /// The scores of the last frame less `log_sums`, voiced and unvoiced, with `half_width` impossible bins around.
    left: [Vec<f64>; 2],
    reached: [Vec<f64>; 2],
}

impl Viterbi {
    pub(super) fn new(n_bins: usize, half_width: usize) -> Self {
        // scipy's symmetric triangle of `width` points, which ends above zero.
        let weight = |distance: usize| 1.0 - distance as f64 / (half_width + 1) as f64;
        let log_sums = (0..n_bins)
            .map(|bin| {
                let lowest = bin.saturating_sub(half_width);
                let highest = (bin + half_width).min(n_bins - 1);
                (lowest..=highest).map(|other| weight(other.abs_diff(bin))).sum::<f64>().ln()
            })
            .collect();
        let log_weights = (0..=2 * half_width).map(|place| weight(place.abs_diff(half_width)).ln()).collect();
        Self { n_bins, half_width, log_weights, log_sums }
    }

    pub(super) fn lattice(&self, n_frames: usize) -> Lattice<'_> {
        let padded = vec![f64::NEG_INFINITY; self.n_bins + 2 * self.half_width];
        Lattice {
            model: self,
            scores: Vec::with_capacity(n_frames * 2 * self.n_bins),
            left: [padded.clone(), padded],
            reached: [vec![0.0; self.n_bins], vec![0.0; self.n_bins]],
        }
    }
}

impl Lattice<'_> {
    /// Adds a frame with its candidates, by ascending bin, and the probability that it is voiced.
    ///
    /// What has no probability is not impossible but has the least positive number, as in librosa: after a frame that
    /// is voiced for certain, the path may jump.
    pub(super) fn push(&mut self, candidates: &[Candidate], voiced: f64) {
        let Viterbi { n_bins, half_width, log_weights, log_sums } = self.model;
        let (n_bins, half_width) = (*n_bins, *half_width);
        let log = |probability: f64| (probability + f64::MIN_POSITIVE).ln();
        let (impossible, unvoiced) = (log(0.0), log((1.0 - voiced) / n_bins as f64));

        let start = self.scores.len();
        if start == 0 {
            self.scores.resize(2 * n_bins, log(1.0 / (2 * n_bins) as f64));
        } else {
            let previous = &self.scores[start - 2 * n_bins..];
            let jump = highest(previous).1 + impossible;
            for ((left, reached), scores) in
                self.left.iter_mut().zip(&mut self.reached).zip(previous.chunks_exact(n_bins))
            {
                for ((left, score), sum) in left[half_width..].iter_mut().zip(scores).zip(log_sums) {
                    *left = score - sum;
                }
                reached.fill(f64::NEG_INFINITY);
                for (place, weight) in log_weights.iter().enumerate() {
                    for (best, left) in reached.iter_mut().zip(&left[place..]) {
                        let score = left + weight;
                        *best = if score > *best { score } else { *best };
                    }
                }
            }
            let (stay, switch) = ((1.0 - SWITCH).ln(), SWITCH.ln());
            let [from_voiced, from_unvoiced] = &self.reached;
            let best = |same: &f64, other: &f64| (same + stay).max(other + switch).max(jump);
            self.scores.extend(from_voiced.iter().zip(from_unvoiced).map(|(same, other)| best(same, other)));
            self.scores.extend(from_unvoiced.iter().zip(from_voiced).map(|(same, other)| best(same, other)));
        }
        let (voiced_scores, unvoiced_scores) = self.scores[start..].split_at_mut(n_bins);
        let mut candidates = candidates.iter().peekable();
        for (bin, score) in voiced_scores.iter_mut().enumerate() {
            *score += candidates
                .next_if(|candidate| candidate.bin == bin)
                .map_or(impossible, |c| log(c.probability));
        }
        for score in unvoiced_scores {
            *score += unvoiced;
        }
    }

    /// The best path: for each frame its pitch bin, or nothing where it is unvoiced.
    ///
    /// Of equal scores the lower state wins, voiced before unvoiced.
    pub(super) fn path(&self) -> Vec<Option<usize>> {
        let n_bins = self.model.n_bins;
        let mut path = Vec::with_capacity(self.scores.len() / (2 * n_bins));
        let mut following = None;
        for scores in self.scores.rchunks_exact(2 * n_bins) {
            let state = match following {
                None => highest(scores).0,
                Some(state) => self.predecessor(scores, state),
            };
            path.push((state < n_bins).then_some(state));
            following = Some(state);
        }
        path.reverse();
        path
    }

    fn predecessor(&self, scores: &[f64], state: usize) -> usize {
        let Viterbi { n_bins, half_width, log_weights, log_sums } = self.model;
        let bin = state % n_bins;
        let bins = bin.saturating_sub(*half_width)..=(bin + half_width).min(n_bins - 1);
        let mut best = (0, f64::NEG_INFINITY);
        for (first, scores) in [(0, &scores[..*n_bins]), (*n_bins, &scores[*n_bins..])] {
            let voicing = if (state < *n_bins) == (first == 0) { (1.0 - SWITCH).ln() } else { SWITCH.ln() };
            for other in bins.clone() {
                let score = scores[other] - log_sums[other] + log_weights[other + half_width - bin] + voicing;
                if score > best.1 {
                    best = (first + other, score);
                }
            }
        }
        let (from, score) = highest(scores);
        if score + f64::MIN_POSITIVE.ln() > best.1 { from } else { best.0 }
    }
}

/// The first highest value and its place.
fn highest(values: &[f64]) -> (usize, f64) {
    values.iter().enumerate().fold(
        (0, f64::NEG_INFINITY),
        |best, (index, &value)| {
            if value > best.1 { (index, value) } else { best }
        },
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition with the whole transition matrix, as librosa.sequence.viterbi has it: the score of a path.
    fn score(n_bins: usize, half_width: usize, frames: &[(Vec<f64>, f64)], path: &[usize]) -> f64 {
        let triangle =
            |from: usize, to: usize| (1.0 - from.abs_diff(to) as f64 / (half_width + 1) as f64).max(0.0);
        let transition = |from: usize, to: usize| {
            let (a, b) = (from % n_bins, to % n_bins);
            let sum: f64 = (0..n_bins).map(|other| triangle(a, other)).sum();
            let voicing = if (from < n_bins) == (to < n_bins) { 0.99 } else { 0.01 };
            triangle(a, b) / sum * voicing
        };
        let observation = |frame: &(Vec<f64>, f64), state: usize| {
            if state < n_bins { frame.0[state] } else { (1.0 - frame.1) / n_bins as f64 }
        };
        let log = |p: f64| (p + f64::MIN_POSITIVE).ln();
        let mut total = log(1.0 / (2 * n_bins) as f64);
        for (frame, &state) in frames.iter().zip(path) {
            total += log(observation(frame, state));
        }
        total + path.windows(2).map(|pair| log(transition(pair[0], pair[1]))).sum::<f64>()
    }

    /// The best score and the path that is read back.
    fn decode(n_bins: usize, half_width: usize, frames: &[(Vec<f64>, f64)]) -> (f64, Vec<Option<usize>>) {
        let model = Viterbi::new(n_bins, half_width);
        let mut lattice = model.lattice(frames.len());
        for (probabilities, voiced) in frames {
            let candidates: Vec<_> = probabilities
                .iter()
                .enumerate()
                .filter(|(_, p)| **p > 0.0)
                .map(|(bin, &probability)| Candidate { bin, probability })
                .collect();
            lattice.push(&candidates, *voiced);
        }
        let last = lattice.scores.rchunks_exact(2 * n_bins).next().unwrap_or_default();
        (highest(last).1, lattice.path())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// No path of all that there are scores higher, jumps included.
        #[test]
        fn the_path_is_the_best_of_all(
            frames in prop::collection::vec(
                (prop::collection::vec(prop_oneof![3 => Just(0.0), 1 => 0.01..0.3], 3), prop::bool::ANY),
                1..5,
            ),
            half_width in 0_usize..3,
        ) {
            let frames: Vec<_> = frames
                .into_iter()
                .map(|(p, certain)| { let sum = p.iter().sum(); (p, if certain { 1.0 } else { sum }) })
                .collect();
            let n_states = 6_usize;
            let (got, path) = decode(3, half_width, &frames);
            let best = (0..n_states.pow(frames.len() as u32))
                .map(|mut code| {
                    let path: Vec<_> =
                        frames.iter().map(|_| { let state = code % n_states; code /= n_states; state }).collect();
                    score(3, half_width, &frames, &path)
                })
                .fold(f64::NEG_INFINITY, f64::max);
            prop_assert!((got - best).abs() < 1e-9 * best.abs());

            // The path that is read back has that score. Unvoiced frames do not show their bin: take the best.
            let voicing: Vec<_> = path.iter().map(Option::is_some).collect();
            let read_back = (0..n_states.pow(frames.len() as u32))
                .map(|mut code| {
                    frames.iter().map(|_| { let state = code % n_states; code /= n_states; state }).collect::<Vec<_>>()
                })
                .filter(|states| states.iter().zip(&path).zip(&voicing).all(|((&state, bin), &voiced)| {
                    (state < 3) == voiced && bin.is_none_or(|bin| bin == state)
                }))
                .map(|states| score(3, half_width, &frames, &states))
                .fold(f64::NEG_INFINITY, f64::max);
            prop_assert!((read_back - best).abs() < 1e-9 * best.abs());
        }
    }

    #[test]
    fn no_frames_have_no_path() {
        assert!(decode(3, 1, &[]).1.is_empty());
    }
}
