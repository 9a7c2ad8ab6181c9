//! Monotonic alignment search: assigns frames to symbols along the path with the largest total score.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
#[cfg(feature = "cuda")]
use candle_core::cuda_backend::WrapErr as _;
#[cfg(feature = "cuda")]
use candle_core::cuda_backend::cudarc::driver::PushKernelArg as _;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{ALIGNMENT, Grid, Kernel, allocate, contiguous as device_view, for_device_float};
use crate::element::{contiguous, ensure_not_empty, for_float, vectorized};

/// Frames transposed at once: one cache line of each symbol's scores.
const TRANSPOSED_FRAMES: usize = 16;

/// Returns the number of frames of each symbol on the monotonic path with the largest total score.
///
/// ```text
/// Q[j, t] = score[j, t] + max(Q[j, t−1], Q[j−1, t−1]),   Q[0, 0] = score[0, 0], other borders −∞
/// ```
///
/// A path starts at the first symbol, ends at the last, and stays or advances by one symbol per frame, so
/// each symbol gets at least one frame. If staying and advancing tie, the path was already in the later
/// symbol, as in the authors' code. The score is usually the log-likelihood of a frame under a symbol's
/// distribution.
///
/// Batch item b has `n_lengths[b]` symbols and `t_lengths[b]` frames; anything beyond is padding: it is never
/// read and gets no frames. Sums are f64 for any tensor type, because a sum over thousands of frames has
/// little precision left in f32. A score of −∞ is avoided if another path exists; with NaN, the result is an
/// arbitrary path. Items run in parallel; each takes O(N·T) time and N·T bytes.
///
/// The search has no gradient, and the result is detached from the graph.
///
/// # Shapes
///
/// `score` is `[B, N, T]`, with B lengths of each kind; the result is u32 `[B, N]`.
///
/// # Errors
///
/// Fails if a length is zero or exceeds its dimension, or an item has fewer frames than symbols.
///
/// # Examples
///
/// ```
/// use candle_core::{Device, Tensor};
/// use mynah_ops::monotonic_alignment;
///
/// let score = Tensor::new(&[[[5.0_f32, 3.0, 0.0, 1.0], [0.0, 2.0, 4.0, 9.0]]], &Device::Cpu)?;
/// assert_eq!(monotonic_alignment(&score, &[2], &[4])?.to_vec2::<u32>()?, [[2, 2]]);
/// # Ok::<(), mynah_ops::Error>(())
/// ```
///
/// # References
///
/// Kim et al., Glow-TTS (arXiv 2005.11129), algorithm 1; VITS (arXiv 2106.06103) uses the same search.
pub fn monotonic_alignment(score: &Tensor, n_lengths: &[usize], t_lengths: &[usize]) -> Result<Tensor> {
    let (batch, symbols, frames) = score.dims3()?;
    ensure_not_empty("monotonic_alignment", score)?;
    let fit = |lengths: &[usize], limit| {
        lengths.len() == batch && lengths.iter().all(|length| (1..=limit).contains(length))
    };
    if !fit(n_lengths, symbols) || !fit(t_lengths, frames) {
        bail!(
            "monotonic_alignment: the score {:?} does not hold {n_lengths:?} symbols and {t_lengths:?} frames",
            score.dims()
        );
    }
    let lengths: Vec<(usize, usize)> = n_lengths.iter().copied().zip(t_lengths.iter().copied()).collect();
    if let Some((n, t)) = lengths.iter().find(|(n, t)| n > t) {
        bail!("monotonic_alignment: {t} frames are too few for {n} symbols");
    }
    score.detach().contiguous()?.apply_op1_no_bwd(&Search { lengths })
}

struct Search {
    /// Numbers of symbols and frames of each item.
    lengths: Vec<(usize, usize)>,
}

impl CustomOp1 for Search {
    fn name(&self) -> &'static str {
        "monotonic_alignment"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, symbols, frames) = layout.shape().dims3()?;
        let mut durations = vec![0; batch * symbols];
        for_float!(storage, self.name(), T => {
            let score = contiguous::<T>(self.name(), storage, layout)?;
            durations
                .par_chunks_mut(symbols)
                .zip(score.par_chunks(symbols * frames))
                .zip(&self.lengths)
                .for_each(|((durations, score), &(n, t))| {
                    let mut moved = vec![false; n * t];
                    search(&mut moved, score, frames, n, t);
                    trace_back(&mut durations[..n], &moved, t);
                });
        });
        Ok((CpuStorage::U32(durations), (batch, symbols).into()))
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let (batch, symbols, frames) = layout.shape().dims3()?;
        let device = &storage.device;
        for_device_float!(storage, self.name(), T => {
            let score = device_view::<T>(self.name(), (storage, layout))?;
            let lengths: Vec<i64> = self.lengths.iter().flat_map(|&(n, t)| [n as i64, t as i64]).collect();
            let lengths = device.clone_htod(&lengths)?;
            let mut durations = allocate::<u32>(device, batch * symbols)?;
            let mut moved = allocate::<u8>(device, batch * symbols * frames)?;
            let mut sums = allocate::<f64>(device, batch * 2 * (symbols + 1))?;
            let function = Kernel { device, module: ALIGNMENT, name: "monotonic_alignment" }.load::<T>()?;
            let (n, t) = (symbols as i64, frames as i64);
            let stream = device.cuda_stream();
            let mut arguments = stream.launch_builder(&function);
            arguments.arg(&score).arg(&lengths).arg(&mut durations).arg(&mut moved).arg(&mut sums).arg(&n).arg(&t);
            // SAFETY: the arguments match the kernel, and the scratch buffers have the sizes it expects.
            #[expect(unsafe_code, reason = "nothing checks a kernel's arguments against its parameters")]
            unsafe {
                arguments.launch(Grid::Blocks(batch).config()?).w()?;
            }
            Ok((CudaStorage::wrap_cuda_slice(durations, device.clone()), (batch, symbols).into()))
        })
    }
}

vectorized! {
    /// Records at frame·n + symbol whether the best path arrives from the previous symbol.
    fn search<'a, T>(moved: &'a mut [bool], score: &'a [T], stride: usize, n: usize, t: usize) {
        // Q of the current and the previous frame, each with a border before the first symbol.
        let (mut here, mut before) = (vec![f64::NEG_INFINITY; n + 1], vec![f64::NEG_INFINITY; n + 1]);
        let mut columns = vec![0.0; TRANSPOSED_FRAMES * n];
        for first in (0..t).step_by(TRANSPOSED_FRAMES) {
            let count = TRANSPOSED_FRAMES.min(t - first);
            for (symbol, row) in score.chunks(stride).take(n).enumerate() {
                for (place, &value) in columns[symbol..].iter_mut().step_by(n).zip(&row[first..first + count]) {
                    *place = value.to_f64();
                }
            }
            for (frame, column) in (first..first + count).zip(columns.chunks_exact(n)) {
                // Symbols that a path from the first cell to the last can be in.
                let (from, to) = ((n + frame).saturating_sub(t), n.min(frame + 1));
                if frame == 0 {
                    here[1] = column[0];
                } else {
                    let ways = before[from..to].iter().zip(&before[from + 1..=to]);
                    let places = here[from + 1..=to].iter_mut().zip(&mut moved[frame * n..][from..to]);
                    for (((best, moved), &value), (&going, &staying)) in
                        places.zip(&column[from..to]).zip(ways)
                    {
                        *moved = going > staying;
                        *best = value + if going > staying { going } else { staying };
                    }
                }
                std::mem::swap(&mut here, &mut before);
            }
        }
    }
}

/// Counts the frames of each symbol, tracing back from the last cell to the first.
fn trace_back(durations: &mut [u32], moved: &[bool], t: usize) {
    let n = durations.len();
    let mut symbol = n - 1;
    for frame in (0..t).rev() {
        durations[symbol] += 1;
        // With only as many frames left as symbols, the path must advance, whatever the scores.
        if symbol > 0 && (symbol == frame || moved[frame * n + symbol]) {
            symbol -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_testkit::{assert_close, by_definition};
    use proptest::prelude::*;

    use super::monotonic_alignment;
    use crate::testing::{device, normal};

    /// Lists every way to distribute `t` frames over `n` symbols, at least one each.
    fn all_durations(n: usize, t: usize) -> Vec<Vec<u32>> {
        if n == 1 {
            return vec![vec![t as u32]];
        }
        let firsts = 1..=t - (n - 1);
        firsts
            .flat_map(|first| {
                all_durations(n - 1, t - first)
                    .into_iter()
                    .map(move |rest| [vec![first as u32], rest].concat())
            })
            .collect()
    }

    fn sum(score: &[Vec<f64>], durations: &[u32]) -> f64 {
        let symbols = durations.iter().enumerate().flat_map(|(j, &count)| (0..count).map(move |_| j));
        symbols.enumerate().map(|(frame, j)| score[j][frame]).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn finds_the_best_path(seed in 0..1000_u64, n in 1..7_usize, more in 0..7_usize, padding in 0..3_usize) {
            let t = n + more;
            let score = normal(seed, (2, n + padding, t + padding));
            let durations = monotonic_alignment(&score, &[n, 1], &[t, t]).unwrap().to_vec2::<u32>().unwrap();
            let score = score.to_vec3::<f64>().unwrap().swap_remove(0);
            prop_assert_eq!(durations[0].iter().sum::<u32>(), t as u32);
            prop_assert!(durations[0][..n].iter().all(|&count| count > 0));
            prop_assert!(durations[0][n..].iter().all(|&count| count == 0));
            prop_assert_eq!(durations[1][0], t as u32);
            let best = all_durations(n, t).iter().map(|d| sum(&score, d)).fold(f64::NEG_INFINITY, f64::max);
            by_definition("exhaustive search");
            // Both sides add the same numbers in the same order.
            assert_close(sum(&score, &durations[0][..n]), best, 1e-12, "largest sum");
        }
    }

    #[test]
    fn ties_go_to_the_later_symbol_in_any_precision_and_layout() {
        let zeros = Tensor::zeros((1, 3, 7), DType::F32, &device()).unwrap();
        let durations = monotonic_alignment(&zeros, &[3], &[7]).unwrap().to_vec2::<u32>().unwrap();
        assert_eq!(durations, [[1, 1, 5]]);

        let score = normal(1, (2, 20, 90)).to_dtype(DType::F32).unwrap();
        let search = |score: &Tensor| {
            monotonic_alignment(score, &[20, 17], &[90, 60]).unwrap().to_vec2::<u32>().unwrap()
        };
        assert_eq!(search(&score), search(&score.to_dtype(DType::F64).unwrap()));
        let reversed = score.permute((2, 1, 0)).unwrap().contiguous().unwrap().permute((2, 1, 0)).unwrap();
        assert_eq!(search(&score), search(&reversed));
    }

    #[test]
    fn non_finite_scores_still_give_a_path() {
        for value in [f32::NAN, f32::NEG_INFINITY, f32::INFINITY] {
            let score = Tensor::full(value, (1, 4, 9), &device()).unwrap();
            let durations = monotonic_alignment(&score, &[4], &[9]).unwrap().to_vec2::<u32>().unwrap();
            assert_eq!(durations[0].iter().sum::<u32>(), 9);
            assert!(durations[0].iter().all(|&count| count > 0));
        }
    }

    #[test]
    fn reports_impossible_lengths() {
        let score = normal(1, (1, 4, 9));
        let message = |n, t| monotonic_alignment(&score, &[n], &[t]).unwrap_err().to_string();
        assert!(message(4, 3).contains("3 frames are too few for 4 symbols"));
        assert!(message(5, 9).contains("does not hold [5] symbols"));
        assert!(message(0, 9).contains("does not hold [0] symbols"));
        assert!(monotonic_alignment(&score, &[4, 4], &[9, 9]).is_err());
        assert!(monotonic_alignment(&score.to_dtype(DType::U32).unwrap(), &[4], &[9]).is_err());
    }
}
