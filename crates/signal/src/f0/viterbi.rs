//! Decoding of the best path through pitch bins and voicing.

use pulp::{Arch, Simd, WithSimd};

use super::candidates::Candidate;

/// Probability that voicing changes from one frame to the next.
const SWITCH: f64 = 0.01;

/// Constant added to every probability before taking its logarithm, as in librosa.
const TINY: f64 = f64::MIN_POSITIVE;
/// Margin in nats by which a state must trail its rival to be skipped: twice the cost of a voicing change,
/// and some.
const MARGIN: f64 = 10.0;
/// Multiple to which rows are padded, so that they fill whole registers on any machine.
const ROW_MULTIPLE: usize = 32;

/// Hidden Markov model with `n_bins` voiced and `n_bins` unvoiced states. Pitch moves by at most `half_width`
/// bins per frame, with linearly falling weights; voicing changes with probability 0.01.
pub(super) struct Viterbi {
    n_bins: usize,
    /// `n_bins`, rounded up to whole registers.
    row: usize,
    half_width: usize,
    /// Logarithms of the triangle's weights by distance, from 0 to `half_width`.
    log_weights: Vec<f64>,
    /// Logarithm of the sum of the weights that fall within the bins, by source bin.
    log_sums: Vec<f64>,
    /// Infinite at the padding of a row, negatively infinite at its bins.
    beyond: Vec<f64>,
}

/// Scores of all frames, from which the path is traced back.
pub(super) struct Lattice<'a> {
    model: &'a Viterbi,
    /// Scores, `[frame, 2 * row]`: voiced bins, then unvoiced, each padded with impossible ones.
    scores: Vec<f64>,
    /// Highest score of each frame.
    highest: Vec<f64>,
    /// Scores of the last frame minus `log_sums`, voiced and unvoiced, padded with `half_width` impossible
    /// bins on each side.
    left: [Vec<f64>; 2],
    reached: [Vec<f64>; 2],
    /// Bins of the last frame's candidates, if no other voiced state of that frame can be on the best path.
    voiced_bins: Option<Vec<usize>>,
}

impl Viterbi {
    pub(super) fn new(n_bins: usize, half_width: usize) -> Self {
        // scipy's symmetric triangle of `width` points, which does not reach zero at its ends.
        let weight = |distance: usize| 1.0 - distance as f64 / (half_width + 1) as f64;
        let log_sums = (0..n_bins)
            .map(|bin| {
                let lowest = bin.saturating_sub(half_width);
                let highest = (bin + half_width).min(n_bins - 1);
                (lowest..=highest).map(|other| weight(other.abs_diff(bin))).sum::<f64>().ln()
            })
            .collect();
        let log_weights = (0..=half_width).map(|distance| weight(distance).ln()).collect();
        let row = n_bins.next_multiple_of(ROW_MULTIPLE);
        let mut beyond = vec![f64::NEG_INFINITY; n_bins];
        beyond.resize(row, f64::INFINITY);
        Self { n_bins, row, half_width, log_weights, log_sums, beyond }
    }

    pub(super) fn lattice(&self, n_frames: usize) -> Lattice<'_> {
        let padded = vec![f64::NEG_INFINITY; self.row + 2 * self.half_width];
        Lattice {
            model: self,
            scores: Vec::with_capacity(n_frames * 2 * self.row),
            highest: Vec::with_capacity(n_frames),
            left: [padded.clone(), padded],
            reached: [vec![0.0; self.row], vec![0.0; self.row]],
            voiced_bins: None,
        }
    }
}

impl Lattice<'_> {
    /// Adds a frame with its candidates in ascending order of bins, and the probability that it is voiced.
    ///
    /// As in librosa, a probability of zero is replaced by the smallest positive number, so the path may jump
    /// after a frame that is certainly voiced.
    ///
    /// Voiced states that are not candidates are skipped as predecessors where they cannot be on the best
    /// path: reaching and leaving the unvoiced state of the same bin costs at most two more voicing changes,
    /// and that state itself costs far less unless the frame is certainly voiced.
    pub(super) fn push(&mut self, candidates: &[Candidate], voiced: f64) {
        Arch::new().dispatch(Push { lattice: self, candidates, voiced });
    }

    #[inline(always)]
    fn push_with<S: Simd>(&mut self, simd: S, candidates: &[Candidate], voiced: f64) {
        let Viterbi { n_bins, row, half_width, log_weights, log_sums, beyond } = self.model;
        let (n_bins, row, half_width) = (*n_bins, *row, *half_width);
        let log = |probability: f64| (probability + TINY).ln();
        let (impossible, unvoiced) = (log(0.0), log((1.0 - voiced) / n_bins as f64));

        let start = self.scores.len();
        if start == 0 {
            self.scores.resize(2 * row, f64::NEG_INFINITY);
            for scores in self.scores.chunks_exact_mut(row) {
                scores[..n_bins].fill(log(1.0 / (2 * n_bins) as f64));
            }
        } else {
            let previous = &self.scores[start - 2 * row..];
            let jump = self.highest.last().map_or(f64::NEG_INFINITY, |highest| highest + impossible);
            for (left, scores) in self.left.iter_mut().zip(previous.chunks_exact(row)) {
                for ((left, score), sum) in left[half_width..].iter_mut().zip(scores).zip(log_sums) {
                    *left = score - sum;
                }
            }
            let ([left_voiced, left_unvoiced], [from_voiced, from_unvoiced]) =
                (&self.left, &mut self.reached);
            match &self.voiced_bins {
                Some(bins) => {
                    from_voiced.fill(f64::NEG_INFINITY);
                    for &bin in bins {
                        let left = left_voiced[half_width + bin];
                        let lowest = bin.saturating_sub(half_width);
                        let highest = (bin + half_width).min(n_bins - 1);
                        let (below, above) = from_voiced[lowest..=highest].split_at_mut(bin - lowest);
                        raise(above, left, log_weights.iter());
                        raise(below, left, log_weights[1..=bin - lowest].iter().rev());
                    }
                }
                None => reach(simd, left_voiced, log_weights, beyond, from_voiced),
            }
            reach(simd, left_unvoiced, log_weights, beyond, from_unvoiced);
            let (stay, switch) = ((1.0 - SWITCH).ln(), SWITCH.ln());
            self.scores.resize(start + 2 * row, f64::NEG_INFINITY);
            let (voiced_scores, unvoiced_scores) = self.scores[start..].split_at_mut(row);
            let both = from_voiced.iter().zip(&*from_unvoiced).take(n_bins);
            for ((to_voiced, to_unvoiced), (from_voiced, from_unvoiced)) in
                voiced_scores.iter_mut().zip(unvoiced_scores).zip(both)
            {
                *to_voiced = larger(larger(from_voiced + stay, from_unvoiced + switch), jump);
                *to_unvoiced = larger(larger(from_unvoiced + stay, from_voiced + switch), jump);
            }
        }
        let (voiced_scores, unvoiced_scores) = self.scores[start..].split_at_mut(row);
        let mut next = 0;
        for candidate in candidates {
            for score in &mut voiced_scores[next..candidate.bin] {
                *score += impossible;
            }
            voiced_scores[candidate.bin] += log(candidate.probability);
            next = candidate.bin + 1;
        }
        for score in &mut voiced_scores[next..] {
            *score += impossible;
        }
        for score in unvoiced_scores {
            *score += unvoiced;
        }
        let mut highest = simd.splat_f64s(f64::NEG_INFINITY);
        for &scores in S::as_simd_f64s(&self.scores[start..]).0 {
            highest = simd.max_f64s(highest, scores);
        }
        self.highest.push(simd.reduce_max_f64s(highest));
        self.voiced_bins = (unvoiced > impossible + MARGIN)
            .then(|| candidates.iter().map(|candidate| candidate.bin).collect());
    }

    /// Returns the best path: the pitch bin of each frame, or `None` if it is unvoiced.
    ///
    /// Ties go to the lower state, voiced before unvoiced.
    pub(super) fn path(&self) -> Vec<Option<usize>> {
        let row = self.model.row;
        let mut path = Vec::with_capacity(self.highest.len());
        let mut following = None;
        for (scores, &highest) in self.scores.rchunks_exact(2 * row).zip(self.highest.iter().rev()) {
            let state = match following {
                None => place_of(scores, highest),
                Some(state) => self.predecessor(scores, highest, state),
            };
            path.push((state < row).then_some(state));
            following = Some(state);
        }
        path.reverse();
        path
    }

    fn predecessor(&self, scores: &[f64], highest: f64, state: usize) -> usize {
        let Viterbi { n_bins, row, half_width, log_weights, log_sums, .. } = self.model;
        let bin = state % row;
        let bins = bin.saturating_sub(*half_width)..=(bin + half_width).min(n_bins - 1);
        let mut best = (0, f64::NEG_INFINITY);
        for (first, scores) in [(0, &scores[..*row]), (*row, &scores[*row..])] {
            let voicing = if (state < *row) == (first == 0) { (1.0 - SWITCH).ln() } else { SWITCH.ln() };
            for other in bins.clone() {
                let score = scores[other] - log_sums[other] + log_weights[other.abs_diff(bin)] + voicing;
                if score > best.1 {
                    best = (first + other, score);
                }
            }
        }
        if highest + TINY.ln() > best.1 { place_of(scores, highest) } else { best.0 }
    }
}

struct Push<'a, 'b> {
    lattice: &'a mut Lattice<'b>,
    candidates: &'a [Candidate],
    voiced: f64,
}

impl WithSimd for Push<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.lattice.push_with(simd, self.candidates, self.voiced);
    }
}

/// Computes the best score with which each bin is reached from the bins around it.
///
/// `left` is padded on each side by one bin less than the length of `log_weights`; `beyond` is infinite
/// outside the bins, which makes the result infinite there too. Of two bins at the same distance, the higher
/// score is chosen before adding the weight, which gives the same number. Weights fall with the distance, so
/// the search stops as soon as the highest score around could not raise any of the bins.
#[inline(always)]
fn reach<S: Simd>(simd: S, left: &[f64], log_weights: &[f64], beyond: &[f64], reached: &mut [f64]) {
    /// Number of registers filled together.
    const TOGETHER: usize = 4;
    /// Number of distances between two checks for a possible improvement.
    const DISTANCES: usize = 4;
    let half_width = log_weights.len() - 1;
    let width = TOGETHER * S::F64_LANES;
    for (block, reached) in S::as_mut_simd_f64s(reached).0.chunks_exact_mut(TOGETHER).enumerate() {
        let first = half_width + block * width;
        let (around, rest) = S::as_simd_f64s(&left[block * width..][..width + 2 * half_width]);
        let mut highest = simd.splat_f64s(f64::NEG_INFINITY);
        for &scores in around {
            highest = simd.max_f64s(highest, scores);
        }
        let mut highest = simd.reduce_max_f64s(highest);
        for &score in rest {
            highest = larger(highest, score);
        }
        let weight = simd.splat_f64s(log_weights[0]);
        let here = registers::<S>(left, first, TOGETHER);
        let beyond = registers::<S>(beyond, block * width, TOGETHER);
        let mut best = [weight; TOGETHER];
        for register in 0..TOGETHER {
            best[register] = simd.max_f64s(simd.add_f64s(here[register], weight), beyond[register]);
        }
        for (index, weights) in log_weights[1..].chunks(DISTANCES).enumerate() {
            let lowest = simd.min_f64s(simd.min_f64s(best[0], best[1]), simd.min_f64s(best[2], best[3]));
            if highest + weights[0] <= simd.reduce_min_f64s(lowest) {
                break;
            }
            for (distance, &weight) in (1 + index * DISTANCES..).zip(weights) {
                let weight = simd.splat_f64s(weight);
                let below = registers::<S>(left, first - distance, TOGETHER);
                let above = registers::<S>(left, first + distance, TOGETHER);
                for register in 0..TOGETHER {
                    let higher = simd.max_f64s(below[register], above[register]);
                    best[register] = simd.max_f64s(best[register], simd.add_f64s(higher, weight));
                }
            }
        }
        reached.copy_from_slice(&best);
    }
}

/// Returns `n_registers` registers of values, starting at `from`.
#[inline(always)]
fn registers<S: Simd>(values: &[f64], from: usize, n_registers: usize) -> &[S::f64s] {
    S::as_simd_f64s(&values[from..from + n_registers * S::F64_LANES]).0
}

/// Raises each value to the score plus its weight if that is larger.
#[inline(always)]
fn raise<'a>(values: &mut [f64], score: f64, weights: impl Iterator<Item = &'a f64>) {
    for (value, weight) in values.iter_mut().zip(weights) {
        *value = larger(*value, score + weight);
    }
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// Returns the first position of a value.
fn place_of(values: &[f64], wanted: f64) -> usize {
    values.iter().position(|value| value.to_bits() == wanted.to_bits()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Scores a path by definition, with the full transition matrix, as librosa.sequence.viterbi does.
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

    /// Returns the best score and the decoded path.
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
        (lattice.highest.last().copied().unwrap_or(f64::NEG_INFINITY), lattice.path())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// No other path, including those with jumps, scores higher.
        #[test]
        fn decodes_the_best_of_all_paths(
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

            // The decoded path has that score. Unvoiced frames hide their bin, so take the best one.
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

    struct Reach<'a>(&'a Viterbi, &'a [f64], &'a mut [f64]);

    impl WithSimd for Reach<'_> {
        type Output = ();

        fn with_simd<S: Simd>(self, simd: S) {
            reach(simd, self.1, &self.0.log_weights, &self.0.beyond, self.2);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Skipping changes nothing: the bits equal those of the full sums, for flat and for steep scores.
        #[test]
        fn skipping_changes_no_score(
            scores in prop::collection::vec(
                prop_oneof![4 => -3.0..0.0, 1 => -800.0..0.0, 1 => Just(f64::NEG_INFINITY)],
                130,
            ),
            half_width in 0_usize..30,
        ) {
            let model = Viterbi::new(scores.len(), half_width);
            let mut left = vec![f64::NEG_INFINITY; model.row + 2 * half_width];
            left[half_width..half_width + scores.len()].copy_from_slice(&scores);
            let expected: Vec<u64> = (0..scores.len())
                .map(|bin| {
                    let around = bin.saturating_sub(half_width)..=(bin + half_width).min(scores.len() - 1);
                    let sums = around.map(|other| scores[other] + model.log_weights[other.abs_diff(bin)]);
                    sums.fold(f64::NEG_INFINITY, f64::max).to_bits()
                })
                .collect();
            let mut reached = vec![0.0; model.row];
            Arch::new().dispatch(Reach(&model, &left, &mut reached));
            let bits = |reached: &[f64]| reached[..scores.len()].iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&reached), expected.clone());
            Reach(&model, &left, &mut reached).with_simd(pulp::Scalar::new());
            prop_assert_eq!(bits(&reached), expected);
        }
    }

    #[test]
    fn empty_signals_have_an_empty_path() {
        assert!(decode(3, 1, &[]).1.is_empty());
    }
}
