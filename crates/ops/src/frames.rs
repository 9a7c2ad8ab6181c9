//! Framing of a signal into overlapping frames, and its gradient, overlap-add.

#[cfg(feature = "cuda")]
use candle_core::CudaStorage;
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

#[cfg(feature = "cuda")]
use crate::cuda::{Grid, SIGNAL, Scalars, compute};
use crate::element::{Element, contiguous, ensure_not_empty, for_float, into_storage};

/// Cuts a signal into overlapping frames.
///
/// ```text
/// frames[b, t, n] = x[b, t·hop + n],   T = 1 + ⌊(N − frame_length) / hop⌋
/// ```
///
/// No padding is applied; samples after the last full frame are dropped and get a zero gradient.
///
/// # Shapes
///
/// `[B, N]` → `[B, T, frame_length]`.
///
/// # Errors
///
/// Fails if `frame_length` or `hop` is zero, or the signal is shorter than a frame.
pub fn frames(x: &Tensor, frame_length: usize, hop: usize) -> Result<Tensor> {
    let (_, length) = x.dims2()?;
    ensure_not_empty("frames", x)?;
    if frame_length == 0 || hop == 0 || length < frame_length {
        bail!("frames: cannot cut a signal {:?} into frames of {frame_length} with a hop of {hop}", x.dims());
    }
    x.contiguous()?.apply_op1(Frames { frame_length, hop })
}

struct Frames {
    frame_length: usize,
    hop: usize,
}

impl CustomOp1 for Frames {
    fn name(&self) -> &'static str {
        "frames"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, length) = layout.shape().dims2()?;
        let count = 1 + (length - self.frame_length) / self.hop;
        for_float!(storage, self.name(), T => {
            let x = contiguous::<T>(self.name(), storage, layout)?;
            let y = forward(x, length, count, self.frame_length, self.hop);
            Ok((into_storage(y), (batch, count, self.frame_length).into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let (batch, length) = layout.shape().dims2()?;
        let count = 1 + (length - self.frame_length) / self.hop;
        let total = batch * count * self.frame_length;
        let scalars =
            Scalars { integers: &[total, length, count, self.frame_length, self.hop], doubles: &[] };
        let inputs = [(storage, layout)];
        let y = compute(self.name(), (SIGNAL, "frames"), &inputs, total, Grid::Elements(total), scalars)?;
        Ok((y, (batch, count, self.frame_length).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let overlap_add = OverlapAdd { length: x.dim(1)?, hop: self.hop };
        Ok(Some(gradient.contiguous()?.apply_op1_no_bwd(&overlap_add)?))
    }
}

/// Overlap-adds frames into a signal of `length`, which must fit these frames and not one more.
pub(crate) fn overlap_add(frames: &Tensor, length: usize, hop: usize) -> Result<Tensor> {
    frames.contiguous()?.apply_op1(OverlapAdd { length, hop })
}

struct OverlapAdd {
    length: usize,
    hop: usize,
}

impl CustomOp1 for OverlapAdd {
    fn name(&self) -> &'static str {
        "overlap_add"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (batch, count, frame_length) = layout.shape().dims3()?;
        for_float!(storage, self.name(), T => {
            let frames = contiguous::<T>(self.name(), storage, layout)?;
            let x = add(frames, self.length, count, frame_length, self.hop);
            Ok((into_storage(x), (batch, self.length).into()))
        })
    }

    #[cfg(feature = "cuda")]
    fn cuda_fwd(&self, storage: &CudaStorage, layout: &Layout) -> Result<(CudaStorage, Shape)> {
        let (batch, count, frame_length) = layout.shape().dims3()?;
        let total = batch * self.length;
        let scalars =
            Scalars { integers: &[total, self.length, count, frame_length, self.hop], doubles: &[] };
        let inputs = [(storage, layout)];
        let x =
            compute(self.name(), (SIGNAL, "overlap_add"), &inputs, total, Grid::Elements(total), scalars)?;
        Ok((x, (batch, self.length).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let frames = Frames { frame_length: x.dim(2)?, hop: self.hop };
        Ok(Some(gradient.contiguous()?.apply_op1_no_bwd(&frames)?))
    }
}

fn forward<T: Element>(x: &[T], length: usize, count: usize, frame_length: usize, hop: usize) -> Vec<T> {
    let mut frames = vec![T::ZERO; x.len() / length * count * frame_length];
    frames.par_chunks_mut(count * frame_length).zip(x.par_chunks(length)).for_each(|(frames, x)| {
        for (t, frame) in frames.chunks_exact_mut(frame_length).enumerate() {
            frame.copy_from_slice(&x[t * hop..][..frame_length]);
        }
    });
    frames
}

fn add<T: Element>(frames: &[T], length: usize, count: usize, frame_length: usize, hop: usize) -> Vec<T> {
    let mut x = vec![T::ZERO; frames.len() / (count * frame_length) * length];
    x.par_chunks_mut(length).zip(frames.par_chunks(count * frame_length)).for_each(|(x, frames)| {
        for (t, frame) in frames.chunks_exact(frame_length).enumerate() {
            for (x, &value) in x[t * hop..].iter_mut().zip(frame) {
                *x += value;
            }
        }
    });
    x
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;

    use super::frames;
    use crate::testing::{check_gradients, device, normal};

    #[test]
    fn frames_overlap_and_drop_the_incomplete_tail() {
        let x = Tensor::new(&[[0.0_f32, 1.0, 2.0, 3.0, 4.0, 5.0]], &device()).unwrap();
        let y = frames(&x, 3, 2).unwrap().to_vec3::<f32>().unwrap();
        assert_eq!(y, [[[0.0, 1.0, 2.0], [2.0, 3.0, 4.0]]]);
        // A hop longer than the frame skips samples.
        let y = frames(&x, 1, 4).unwrap().to_vec3::<f32>().unwrap();
        assert_eq!(y, [[[0.0], [4.0]]]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        for (length, frame_length, hop) in [(11, 4, 2), (11, 4, 3), (4, 4, 1), (11, 2, 5)] {
            check_gradients(&[normal(1, (2, length))], |v| frames(&v[0], frame_length, hop)).unwrap();
        }
    }

    #[test]
    fn rejects_impossible_frames() {
        for (frame_length, hop) in [(0, 1), (4, 0), (12, 1)] {
            assert!(frames(&normal(1, (2, 11)), frame_length, hop).is_err());
        }
    }
}
