//! Soft dynamic time warping: the smoothed cost of the cheapest alignment of two sequences, with its
//! gradient.

use std::ops::Range;

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
#[cfg(feature = "cuda")]
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, PushKernelArg as _};
#[cfg(feature = "cuda")]
use candle_core::cuda_backend::{CudaDevice, WrapErr as _};
use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use crate::approximation::{exp_nonpositive_f64, ln_one_to_three};
#[cfg(feature = "cuda")]
use crate::cuda::{ALIGNMENT, Grid, Kernel, allocate, contiguous as device_view, for_device_float};
use crate::element::{Element, contiguous, ensure_not_empty, for_float, into_storage, number, vectorized};

/// Computes soft-DTW between sequences, given their pairwise costs.
///
/// ```text
/// R[i, j] = D[i, j] + min^γ(R[i−1, j−1], R[i−1, j] + warp, R[i, j−1] + warp),   R[0, 0] = 0, other borders ∞
/// min^γ(a, b, c) = −γ ln(e^(−a/γ) + e^(−b/γ) + e^(−c/γ))
/// ```
///
/// `gamma` smooths the minimum, in the unit of the cost; smaller values are closer to hard DTW. `warp` is the
/// extra cost of each non-diagonal step. NaturalSpeech uses 0.01 and 0.07.
///
/// The result for batch item b is R at `(n_lengths[b], m_lengths[b])`; anything beyond is padding, which is
/// never read and gets a zero gradient. Arithmetic is f64 for any tensor type. Time and memory are O(N·M) per
/// item; items run in parallel.
///
/// min^γ is at most γ ln 3 below the minimum at each step, so the result can be negative for positive costs.
/// Costs must be finite: an infinite one makes the gradient NaN.
///
/// # Shapes
///
/// `cost` is `[B, N, M]`, with B lengths of each kind; the result is `[B]`.
///
/// # Errors
///
/// Fails if a length is zero or exceeds its dimension, γ is not positive, or `warp` is negative.
///
/// # References
///
/// Cuturi and Blondel, Soft-DTW (arXiv 1703.01541), algorithm 1; the warp cost follows Parallel Tacotron 2
/// (arXiv 2103.14574) and NaturalSpeech (arXiv 2205.04421).
pub fn soft_dtw(
    cost: &Tensor,
    n_lengths: &[usize],
    m_lengths: &[usize],
    gamma: f64,
    warp: f64,
) -> Result<Tensor> {
    cost.contiguous()?.apply_op1(SoftDtw::new(cost, n_lengths, m_lengths, gamma, warp)?)
}

/// Computes the expected alignment: the probability that a path passes through each cell, which equals the
/// gradient of [`soft_dtw`] with respect to the cost.
///
/// The first and last cells of each item have probability 1, padding has 0. The result itself has no
/// gradient.
///
/// # Shapes
///
/// `[B, N, M]` → `[B, N, M]`.
pub fn soft_dtw_alignment(
    cost: &Tensor,
    n_lengths: &[usize],
    m_lengths: &[usize],
    gamma: f64,
    warp: f64,
) -> Result<Tensor> {
    let backward = SoftDtwBackward(SoftDtw::new(cost, n_lengths, m_lengths, gamma, warp)?);
    let ones = Tensor::ones(cost.dim(0)?, cost.dtype(), cost.device())?;
    cost.contiguous()?.apply_op2_no_bwd(&ones, &backward)
}

#[derive(Clone)]
struct SoftDtw {
    /// Numbers of rows and columns of each item.
    lengths: Vec<(usize, usize)>,
    gamma: f64,
    warp: f64,
}

impl SoftDtw {
    fn new(cost: &Tensor, n_lengths: &[usize], m_lengths: &[usize], gamma: f64, warp: f64) -> Result<Self> {
        let (batch, rows, columns) = cost.dims3()?;
        ensure_not_empty("soft_dtw", cost)?;
        let fit = |lengths: &[usize], limit| {
            lengths.len() == batch && lengths.iter().all(|length| (1..=limit).contains(length))
        };
        if !fit(n_lengths, rows) || !fit(m_lengths, columns) {
            bail!(
                "soft_dtw: the cost {:?} does not hold sequences of lengths {n_lengths:?} and {m_lengths:?}",
                cost.dims()
            );
        }
        if !(gamma > 0.0 && gamma.is_finite() && warp >= 0.0) {
            bail!("soft_dtw: gamma must be positive and warp non-negative, got {gamma} and {warp}");
        }
        let lengths = n_lengths.iter().copied().zip(m_lengths.iter().copied()).collect();
        Ok(Self { lengths, gamma, warp })
    }

    /// Copies the rows and columns of each item to the device, in the kernels' layout.
    #[cfg(feature = "cuda")]
    fn lengths_on(&self, device: &CudaDevice) -> Result<CudaSlice<i64>> {
        let lengths: Vec<i64> = self.lengths.iter().flat_map(|&(n, m)| [n as i64, m as i64]).collect();
        device.clone_htod(&lengths)
    }

    /// Returns R at the last cell of each item.
    fn values<T: Element>(&self, cost: &[T], rows: usize, columns: usize) -> Vec<T> {
        let last = |(cost, &(n, m)): (&[T], &(usize, usize))| {
            let mut diagonals = Diagonals::new(n, m);
            accumulate(&mut diagonals, cost, columns, self.gamma, self.warp);
            number(diagonals.row(n + m - 2, 0)[n])
        };
        cost.par_chunks(rows * columns).zip(&self.lengths).map(last).collect()
    }

    /// Returns the expected alignment of each item, times the gradient of its value.
    fn alignments<T: Element>(&self, cost: &[T], gradient: &[T], rows: usize, columns: usize) -> Vec<T> {
        let mut dcost = vec![T::ZERO; cost.len()];
        dcost
            .par_chunks_mut(rows * columns)
            .zip(cost.par_chunks(rows * columns))
            .zip(self.lengths.par_iter().zip(gradient))
            .for_each(|((dcost, cost), (&(n, m), &gradient))| {
                let mut diagonals = Diagonals::new(n, m);
                accumulate(&mut diagonals, cost, columns, self.gamma, self.warp);
                align(dcost, &diagonals, columns, self.gamma, self.warp, gradient.to_f64());
            });
        dcost
    }
}

impl CustomOp1 for SoftDtw {
    fn name(&self) -> &'static str {
        "soft_dtw"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, rows, columns) = layout.shape().dims3()?;
        for_float!(storage, self.name(), T => {
            let cost = contiguous::<T>(self.name(), storage, layout)?;
            Ok((into_storage(self.values(cost, rows, columns)), batch.into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let (batch, rows, columns) = layout.shape().dims3()?;
        let device = &storage.device;
        for_device_float!(storage, self.name(), T => {
            let cost = device_view::<T>(self.name(), (storage, layout))?;
            let lengths = self.lengths_on(device)?;
            let mut values = allocate::<T>(device, batch)?;
            let mut scratch = allocate::<f64>(device, batch * (rows + columns + 1) * (rows + 1))?;
            let function = Kernel { device, module: ALIGNMENT, name: "soft_dtw" }.load::<T>()?;
            let (rows, columns) = (rows as i64, columns as i64);
            let stream = device.cuda_stream();
            let mut arguments = stream.launch_builder(&function);
            arguments.arg(&cost).arg(&lengths).arg(&mut values).arg(&mut scratch);
            arguments.arg(&rows).arg(&columns).arg(&self.gamma).arg(&self.warp);
            // SAFETY: the arguments match the kernel, and the scratch buffer holds R for every item.
            #[expect(unsafe_code, reason = "nothing checks a kernel's arguments against its parameters")]
            unsafe {
                arguments.launch(Grid::Blocks(batch).config()?).w()?;
            }
            Ok((CudaStorage::wrap_cuda_slice(values, device.clone()), batch.into()))
        })
    }

    fn bwd(&self, cost: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(cost.apply_op2_no_bwd(&gradient.contiguous()?, &SoftDtwBackward(self.clone()))?))
    }
}

/// The backward pass: each item's expected alignment, times the gradient of its value.
struct SoftDtwBackward(SoftDtw);

impl CustomOp2 for SoftDtwBackward {
    fn name(&self) -> &'static str {
        "soft_dtw_backward"
    }

    fn cpu_fwd(
        &self,
        cost: &CpuStorage,
        cost_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (_, rows, columns) = cost_layout.shape().dims3()?;
        for_float!(cost, self.name(), T => {
            let cost = contiguous::<T>(self.name(), cost, cost_layout)?;
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            let dcost = self.0.alignments(cost, gradient, rows, columns);
            Ok((into_storage(dcost), cost_layout.shape().clone()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(
        &self,
        cost: &CudaStorage,
        cost_layout: &Layout,
        gradient: &CudaStorage,
        gradient_layout: &Layout,
    ) -> Result<(CudaStorage, Shape)> {
        let (batch, rows, columns) = cost_layout.shape().dims3()?;
        let device = &cost.device;
        for_device_float!(cost, self.name(), T => {
            let cost = device_view::<T>(self.name(), (cost, cost_layout))?;
            let gradient = device_view::<T>(self.name(), (gradient, gradient_layout))?;
            let lengths = self.0.lengths_on(device)?;
            // Padding gets a zero gradient.
            let mut dcost = device.alloc_zeros::<T>(batch * rows * columns)?;
            let cells = (rows + columns + 1) * (rows + 1) + 9 * (rows + 1);
            let mut scratch = allocate::<f64>(device, batch * cells)?;
            let function = Kernel { device, module: ALIGNMENT, name: "soft_dtw_backward" }.load::<T>()?;
            let (rows, columns) = (rows as i64, columns as i64);
            let stream = device.cuda_stream();
            let mut arguments = stream.launch_builder(&function);
            arguments.arg(&cost).arg(&lengths).arg(&gradient).arg(&mut dcost).arg(&mut scratch);
            arguments.arg(&rows).arg(&columns).arg(&self.0.gamma).arg(&self.0.warp);
            // SAFETY: the arguments match the kernel, and the scratch buffers hold R and the gradients passed
            // between cells.
            #[expect(unsafe_code, reason = "nothing checks a kernel's arguments against its parameters")]
            unsafe {
                arguments.launch(Grid::Blocks(batch).config()?).w()?;
            }
            Ok((CudaStorage::wrap_cuda_slice(dcost, device.clone()), cost_layout.shape().clone()))
        })
    }
}

/// R stored by anti-diagonals, whose cells can all be computed at once.
///
/// Diagonal s holds the cells (i, s − i), each at position i + 1; position 0 is the border above the first
/// row. Two border diagonals come first, with the origin at position 0 of the first.
struct Diagonals {
    n: usize,
    m: usize,
    r: Vec<f64>,
}

impl Diagonals {
    fn new(n: usize, m: usize) -> Self {
        let mut r = vec![f64::INFINITY; (n + m + 1) * (n + 1)];
        r[0] = 0.0;
        Self { n, m, r }
    }

    /// Returns the rows of the cells on diagonal s, a non-empty range.
    fn cells(&self, s: usize) -> Range<usize> {
        (s + 1).saturating_sub(self.m)..(s + 1).min(self.n)
    }

    /// Returns diagonal s − `back`, with `back` at most 2.
    fn row(&self, s: usize, back: usize) -> &[f64] {
        &self.r[(s + 2 - back) * (self.n + 1)..][..=self.n]
    }

    /// Returns diagonals s, s − 1 and s − 2.
    fn split(&mut self, s: usize) -> (&mut [f64], &[f64], &[f64]) {
        let width = self.n + 1;
        let (before, from) = self.r.split_at_mut((s + 2) * width);
        let (second, first) = before[s * width..].split_at(width);
        (&mut from[..width], first, second)
    }
}

vectorized! {
    /// Fills in R.
    fn accumulate<'a, T>(diagonals: &'a mut Diagonals, cost: &'a [T], stride: usize, gamma: f64, warp: f64) {
        let scale = 1.0 / gamma;
        let mut costs = vec![0.0; diagonals.n];
        for s in 0..diagonals.n + diagonals.m - 1 {
            let cells = diagonals.cells(s);
            let costs = &mut costs[..cells.len()];
            for (d, i) in costs.iter_mut().zip(cells.clone()) {
                *d = cost[i * stride + (s - i)].to_f64();
            }
            let (r, first, second) = diagonals.split(s);
            let (diagonal, above) = (&second[cells.clone()], &first[cells.clone()]);
            let left = &first[cells.start + 1..=cells.end];
            let ways = diagonal.iter().zip(above).zip(left);
            for ((r, &d), ((&diagonal, &above), &left)) in
                r[cells.start + 1..=cells.end].iter_mut().zip(&*costs).zip(ways)
            {
                let choices = Choices::new(diagonal, above + warp, left + warp, scale);
                *r = d + choices.least - gamma * ln_one_to_three(choices.total);
            }
        }
    }
}

vectorized! {
    /// Propagates probability 1 from the last cell back along the steps into each cell.
    ///
    /// ```text
    /// E[N, M] = 1,   E of a predecessor += E[i, j] · ∂R[i, j] / ∂R of the predecessor
    /// ```
    fn align<'a, T>(
        dcost: &'a mut [T],
        diagonals: &'a Diagonals,
        stride: usize,
        gamma: f64,
        warp: f64,
        gradient: f64,
    ) {
        let scale = 1.0 / gamma;
        let width = diagonals.n + 1;
        // E of diagonals s, s − 1 and s − 2, at the positions of R, and the amounts each cell passes up and
        // left.
        let (mut e, mut e_first, mut e_second) = (vec![0.0; width], vec![0.0; width], vec![0.0; width]);
        let (mut up, mut leftwards) = (vec![0.0; width], vec![0.0; width]);
        e[diagonals.n] = 1.0;
        for s in (0..diagonals.n + diagonals.m - 1).rev() {
            let cells = diagonals.cells(s);
            let (here, count) = (cells.start + 1..cells.end + 1, cells.len());
            for (i, &e) in cells.clone().zip(&e[here.clone()]) {
                dcost[i * stride + (s - i)] = T::from_f64(e * gradient);
            }
            let (first, second) = (diagonals.row(s, 1), diagonals.row(s, 2));
            let ways = second[cells.clone()].iter().zip(&first[cells.clone()]).zip(&first[here.clone()]);
            let handed = up[..count].iter_mut().zip(&mut leftwards[..count]).zip(&mut e_second[cells.clone()]);
            for (((up, left), diagonal), (&e, ((&r_diagonal, &r_above), &r_left))) in
                handed.zip(e[here.clone()].iter().zip(ways))
            {
                let choices = Choices::new(r_diagonal, r_above + warp, r_left + warp, scale);
                let share = e / choices.total;
                *diagonal += share * choices.weights[0];
                *up = share * choices.weights[1];
                *left = share * choices.weights[2];
            }
            for (e, &up) in e_first[cells].iter_mut().zip(&up) {
                *e += up;
            }
            for (e, &left) in e_first[here].iter_mut().zip(&leftwards) {
                *e += left;
            }
            e.fill(0.0);
            std::mem::swap(&mut e, &mut e_first);
            std::mem::swap(&mut e_first, &mut e_second);
        }
    }
}

/// Terms of the smoothed minimum over the three steps into a cell.
struct Choices {
    least: f64,
    /// e^((least − value) / γ) for diagonal, above and left; the largest is 1.
    weights: [f64; 3],
    total: f64,
}

impl Choices {
    #[inline(always)]
    fn new(diagonal: f64, above: f64, left: f64, scale: f64) -> Self {
        let least = if above < diagonal { above } else { diagonal };
        let least = if left < least { left } else { least };
        // NaN is never the least, but propagates through its own weight.
        let weight = |value: f64| exp_nonpositive_f64((least - value) * scale);
        let weights = [weight(diagonal), weight(above), weight(left)];
        Self { least, weights, total: weights[0] + weights[1] + weights[2] }
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_testkit::{assert_all_close, assert_close};
    use proptest::prelude::*;

    use super::{soft_dtw, soft_dtw_alignment};
    use crate::testing::{check_gradients, device, normal};

    /// NaturalSpeech's smoothing and warp cost.
    const PAPER: (f64, f64) = (0.01, 0.07);
    /// Enough smoothing that every path counts.
    const SMOOTH: (f64, f64) = (0.7, 0.07);
    /// Rounding of about a hundred f64 operations on values near 1.
    const TOLERANCE: f64 = 1e-12;
    /// The same for thousands of operations.
    const LONG_TOLERANCE: f64 = 1e-9;

    fn value(cost: &Tensor, (gamma, warp): (f64, f64)) -> f64 {
        let (_, n, m) = cost.dims3().unwrap();
        soft_dtw(cost, &[n], &[m], gamma, warp).unwrap().to_vec1::<f64>().unwrap()[0]
    }

    /// Collects the costs of all monotonic paths from the first cell to the last.
    fn path_costs(cost: &[Vec<f64>], warp: f64, i: usize, j: usize, so_far: f64, costs: &mut Vec<f64>) {
        let here = so_far + cost[i][j];
        if i + 1 == cost.len() && j + 1 == cost[0].len() {
            costs.push(here);
        }
        if i + 1 < cost.len() {
            path_costs(cost, warp, i + 1, j, here + warp, costs);
            if j + 1 < cost[0].len() {
                path_costs(cost, warp, i + 1, j + 1, here, costs);
            }
        }
        if j + 1 < cost[0].len() {
            path_costs(cost, warp, i, j + 1, here + warp, costs);
        }
    }

    fn all_paths(cost: &Tensor, warp: f64) -> Vec<f64> {
        let mut costs = Vec::new();
        path_costs(&cost.squeeze(0).unwrap().to_vec2().unwrap(), warp, 0, 0, 0.0, &mut costs);
        costs
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn is_the_smooth_minimum_over_all_paths(seed in 0..1000_u64, n in 1..6_usize, m in 1..6_usize) {
            let cost = normal(seed, (1, n, m));
            let sum: f64 = all_paths(&cost, SMOOTH.1).iter().map(|c| (-c / SMOOTH.0).exp()).sum();
            assert_close(value(&cost, SMOOTH), -SMOOTH.0 * sum.ln(), 1e-10, "log-sum over paths");
        }

        #[test]
        fn converges_to_hard_dtw(seed in 0..1000_u64, n in 1..6_usize, m in 1..6_usize) {
            let cost = normal(seed, (1, n, m));
            let hard = all_paths(&cost, 0.07).into_iter().fold(f64::INFINITY, f64::min);
            let soft = value(&cost, (1e-6, 0.07));
            // The smooth minimum is lower by at most γ ln(number of paths).
            prop_assert!(soft <= hard + TOLERANCE && hard - soft < 1e-5);
        }

        #[test]
        fn is_symmetric(seed in 0..1000_u64, n in 1..9_usize, m in 1..9_usize) {
            let cost = normal(seed, (1, n, m));
            let transposed = cost.transpose(1, 2).unwrap();
            assert_close(value(&cost, PAPER), value(&transposed, PAPER), TOLERANCE, "transposed");
        }
    }

    #[test]
    fn alignments_include_both_end_cells() {
        for (n, m) in [(1, 1), (1, 5), (5, 1), (7, 4), (6, 6)] {
            let cost = (normal(1, (1, n, m)) * 0.1).unwrap();
            for (gamma, warp) in [PAPER, SMOOTH] {
                let e = soft_dtw_alignment(&cost, &[n], &[m], gamma, warp).unwrap().squeeze(0).unwrap();
                let e = e.to_vec2::<f64>().unwrap();
                assert_close(e[0][0], 1.0, TOLERANCE, "first cell");
                assert_close(e[n - 1][m - 1], 1.0, TOLERANCE, "last cell");
                // A path visits every row at least once.
                assert!(e.iter().all(|row| row.iter().sum::<f64>() >= 1.0 - TOLERANCE));
            }
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        let cost = normal(2, (3, 5, 6));
        for (gamma, warp) in [SMOOTH, (0.3, 0.0)] {
            check_gradients(std::slice::from_ref(&cost), |v| {
                soft_dtw(&v[0], &[5, 2, 1], &[6, 3, 4], gamma, warp)
            })
            .unwrap();
        }
        let transposed = normal(3, (1, 6, 5)).transpose(1, 2).unwrap();
        check_gradients(&[transposed], |v| soft_dtw(&v[0], &[5], &[6], SMOOTH.0, SMOOTH.1)).unwrap();
    }

    #[test]
    fn handles_long_sequences() {
        // More cells on an anti-diagonal than a device has threads per item.
        let (n, m) = (1_100, 1_070);
        let cost = (normal(6, (1, n, m)) * 0.1).unwrap();
        let e = soft_dtw_alignment(&cost, &[n], &[m], PAPER.0, PAPER.1).unwrap().squeeze(0).unwrap();
        let e = e.to_vec2::<f64>().unwrap();
        // Each step of a path adds a rounding error to the probabilities computed after it.
        assert_close(e[0][0], 1.0, LONG_TOLERANCE, "first cell");
        assert_close(e[n - 1][m - 1], 1.0, LONG_TOLERANCE, "last cell");
        let across: Vec<f64> = (0..m).map(|j| e.iter().map(|row| row[j]).sum()).collect();
        assert!(e.iter().all(|row| row.iter().sum::<f64>() >= 1.0 - LONG_TOLERANCE));
        assert!(across.iter().all(|sum| *sum >= 1.0 - LONG_TOLERANCE));
        let transposed = cost.transpose(1, 2).unwrap();
        assert_close(value(&cost, PAPER), value(&transposed, PAPER), LONG_TOLERANCE, "transposed");
    }

    #[test]
    fn a_large_warp_cost_forces_the_diagonal() {
        let rows = [[1.0, 9.0, 9.0], [9.0, 2.0, 9.0], [9.0, 9.0, 4.0]];
        let cost = Tensor::new(&[rows], &device()).unwrap();
        let large = (0.01, 1e6);
        assert_close(value(&cost, large), 7.0, TOLERANCE, "diagonal");
        let free = (1e-9, 0.0);
        // Even without a warp cost, the corner 1 → 9 costs more than 1 → 2.
        assert_close(value(&cost, free), 7.0, 1e-8, "free");
    }

    #[test]
    fn ignores_padding() {
        let padded = normal(4, (2, 6, 7));
        let (n_lengths, m_lengths) = ([4, 6], [5, 3]);
        let together =
            soft_dtw(&padded, &n_lengths, &m_lengths, PAPER.0, PAPER.1).unwrap().to_vec1::<f64>().unwrap();
        let e = soft_dtw_alignment(&padded, &n_lengths, &m_lengths, PAPER.0, PAPER.1).unwrap();
        for b in 0..2 {
            let (n, m) = (n_lengths[b], m_lengths[b]);
            let inner =
                |t: &Tensor| t.narrow(0, b, 1).unwrap().narrow(1, 0, n).unwrap().narrow(2, 0, m).unwrap();
            let alone = inner(&padded);
            assert_eq!(value(&alone, PAPER), together[b]);
            let flat = |t: Tensor| t.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            assert_eq!(
                flat(soft_dtw_alignment(&alone, &[n], &[m], PAPER.0, PAPER.1).unwrap()),
                flat(inner(&e))
            );
            let inside: f64 = flat(inner(&e)).iter().sum();
            let all: f64 = flat(e.narrow(0, b, 1).unwrap()).iter().sum();
            assert_close(all, inside, TOLERANCE, "probability outside the lengths");
        }
    }

    #[test]
    fn sums_single_precision_costs_in_double() {
        let cost = normal(5, (2, 40, 30)).to_dtype(DType::F32).unwrap();
        let lengths = (&[40, 33], &[30, 12]);
        let of = |cost: &Tensor| soft_dtw(cost, lengths.0, lengths.1, PAPER.0, PAPER.1).unwrap();
        let exact = of(&cost.to_dtype(DType::F64).unwrap()).to_dtype(DType::F32).unwrap();
        assert_eq!(of(&cost).to_vec1::<f32>().unwrap(), exact.to_vec1::<f32>().unwrap());
        let e = soft_dtw_alignment(&cost, lengths.0, lengths.1, PAPER.0, PAPER.1).unwrap();
        assert_all_close(
            &[e.get(1).unwrap().to_vec2::<f32>().unwrap()[32][11]],
            &[1.0_f32],
            0.0,
            "last cell",
        );
    }

    #[test]
    fn propagates_nan_costs() {
        let cost = Tensor::new(&[[[1.0, f64::NAN], [1.0, 1.0]]], &device()).unwrap();
        assert!(value(&cost, PAPER).is_nan());
    }

    #[test]
    fn rejects_invalid_lengths_and_settings() {
        let cost = normal(1, (2, 3, 4));
        for (n, m) in [(&[3, 4][..], &[4, 4][..]), (&[3, 3], &[0, 4]), (&[3], &[4])] {
            let message = soft_dtw(&cost, n, m, PAPER.0, PAPER.1).unwrap_err().to_string();
            assert!(message.contains("soft_dtw: the cost [2, 3, 4]"), "{message}");
        }
        for (gamma, warp) in [(0.0, 0.0), (-1.0, 0.0), (f64::NAN, 0.0), (1.0, -1.0), (1.0, f64::NAN)] {
            assert!(soft_dtw(&cost, &[3, 3], &[4, 4], gamma, warp).is_err());
        }
    }
}
