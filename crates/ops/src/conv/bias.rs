//! The gradient of a bias: the sum over all dimensions except channels.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, POINTWISE, Scalars, compute};
use crate::element::{Element, contiguous, for_float, into_storage, sum_map, vectorized};

/// Sums `[B, C, T]` over batch and time to `[C]`.
pub(super) fn sum_channels(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1_no_bwd(&SumChannels)
}

struct SumChannels;

impl CustomOp1 for SumChannels {
    fn name(&self) -> &'static str {
        "sum_channels"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, channels, time) = layout.shape().dims3()?;
        for_float!(storage, self.name(), T => {
            let x = contiguous::<T>(self.name(), storage, layout)?;
            Ok((into_storage(sums(x, channels, time)), channels.into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let (batch, channels, time) = layout.shape().dims3()?;
        let scalars = Scalars { integers: &[batch, channels, time], doubles: &[] };
        let inputs = [(storage, layout)];
        let kernel = (POINTWISE, "sum_channels");
        let sums = compute(self.name(), kernel, &inputs, channels, Grid::Blocks(channels), scalars)?;
        Ok((sums, channels.into()))
    }
}

fn sums<T: Element>(x: &[T], channels: usize, time: usize) -> Vec<T> {
    (0..channels).into_par_iter().with_min_len(8).map(|c| channel_sum(x, channels, time, c)).collect()
}

vectorized! {
    fn channel_sum<'a, T>(x: &'a [T], channels: usize, time: usize, channel: usize) -> T {
        let rows = x.chunks_exact(time).skip(channel).step_by(channels);
        rows.map(|row| sum_map(row, |v| v)).fold(T::ZERO, |total, sum| total + sum)
    }
}
