//! Seeded random tensors, since candle's CPU generator cannot be seeded.

use candle_core::{DType, Device, Result, Shape, Tensor, bail};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};
use rayon::prelude::*;

use crate::element::TASK_ELEMENTS;

/// A source of random tensors, with the same numbers for the same seed on every machine and device.
///
/// Numbers are drawn on the CPU in a fixed order and then moved to the device, so a sequence of calls is
/// reproducible for any thread count. Masks, by far the most numbers, are drawn in parallel. A training step
/// that draws from [`Noise::for_step`] needs no generator state in its checkpoint.
///
/// # Examples
///
/// ```
/// use candle_core::{DType, Device};
/// use mynah_ops::Noise;
///
/// let first = Noise::for_step(1, 500).normal((2, 3), DType::F32, &Device::Cpu)?;
/// let resumed = Noise::for_step(1, 500).normal((2, 3), DType::F32, &Device::Cpu)?;
/// assert_eq!(first.to_vec2::<f32>()?, resumed.to_vec2::<f32>()?);
/// # Ok::<(), mynah_ops::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Noise {
    generator: ChaCha8Rng,
}

impl Noise {
    /// Creates a source for one-off draws, such as initial weights or sampling at inference.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { generator: ChaCha8Rng::seed_from_u64(seed) }
    }

    /// Creates a source for one training step, independent of all other steps and of [`Noise::new`].
    #[must_use]
    pub fn for_step(seed: u64, step: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        // Stream 0 belongs to `new`.
        generator.set_stream(step.wrapping_add(1));
        Self { generator }
    }

    /// Draws standard normal numbers.
    pub fn normal(&mut self, shape: impl Into<Shape>, dtype: DType, device: &Device) -> Result<Tensor> {
        match dtype {
            DType::F64 => self.draw::<f64, _>(StandardNormal, shape, device),
            _ => self.draw::<f32, _>(StandardNormal, shape, device)?.to_dtype(dtype),
        }
    }

    /// Draws numbers uniformly from [0, 1).
    pub fn uniform(&mut self, shape: impl Into<Shape>, dtype: DType, device: &Device) -> Result<Tensor> {
        match dtype {
            DType::F64 => self.draw::<f64, _>(StandardUniform, shape, device),
            _ => self.draw::<f32, _>(StandardUniform, shape, device)?.to_dtype(dtype),
        }
    }

    /// Draws a mask that is zero with probability `probability` and 1 / (1 − `probability`) otherwise, so its
    /// mean is one.
    ///
    /// # Errors
    ///
    /// Fails if `probability` is not in [0, 1).
    pub fn dropout_mask(
        &mut self,
        shape: impl Into<Shape>,
        probability: f64,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        if !(0.0..1.0).contains(&probability) {
            bail!("dropout_mask: the probability {probability} is not in [0, 1)");
        }
        let shape = shape.into();
        let kept = (1.0 / (1.0 - probability)) as f32;
        let threshold = probability as f32;
        // Each number takes one word of the generator, so every thread can start at its own position.
        let start = self.generator.get_word_pos();
        let mut mask = vec![0.0; shape.elem_count()];
        mask.par_chunks_mut(TASK_ELEMENTS).enumerate().for_each(|(task, mask)| {
            let mut generator = self.generator.clone();
            generator.set_word_pos(start + (task * TASK_ELEMENTS) as u128);
            for value in mask {
                *value = if generator.random::<f32>() < threshold { 0.0 } else { kept };
            }
        });
        self.generator.set_word_pos(start + mask.len() as u128);
        Tensor::from_vec(mask, shape, device)?.to_dtype(dtype)
    }

    fn draw<T: candle_core::WithDType, D: Distribution<T>>(
        &mut self,
        distribution: D,
        shape: impl Into<Shape>,
        device: &Device,
    ) -> Result<Tensor> {
        let shape = shape.into();
        let values: Vec<T> =
            (0..shape.elem_count()).map(|_| distribution.sample(&mut self.generator)).collect();
        Tensor::from_vec(values, shape, device)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Tensor};
    use mynah_testkit::assert_close;

    use super::Noise;

    const COUNT: usize = 100_000;

    fn vector(tensor: candle_core::Result<Tensor>) -> Vec<f32> {
        tensor.unwrap().to_vec1().unwrap()
    }

    /// Returns the mean and standard deviation.
    fn moments(values: &[f32]) -> (f64, f64) {
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
        let variance =
            values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (mean, variance.sqrt())
    }

    #[test]
    fn numbers_depend_on_the_seed_and_the_step() {
        let draw = |mut noise: Noise| vector(noise.normal(8, DType::F32, &Device::Cpu));
        assert_eq!(draw(Noise::new(1)), draw(Noise::new(1)));
        assert_eq!(draw(Noise::for_step(1, 7)), draw(Noise::for_step(1, 7)));
        assert_ne!(draw(Noise::new(1)), draw(Noise::new(2)));
        assert_ne!(draw(Noise::new(1)), draw(Noise::for_step(1, 0)));
        assert_ne!(draw(Noise::for_step(1, 7)), draw(Noise::for_step(1, 8)));
        assert_ne!(draw(Noise::for_step(1, 7)), draw(Noise::for_step(2, 7)));
        let mut noise = Noise::new(1);
        let first = vector(noise.normal(8, DType::F32, &Device::Cpu));
        assert_ne!(first, vector(noise.normal(8, DType::F32, &Device::Cpu)));
    }

    #[test]
    fn moments_match_the_distribution() {
        // Five standard errors of the mean of 100,000 numbers with unit deviation.
        const TOLERANCE: f64 = 0.016;
        let mut noise = Noise::new(3);
        let (mean, deviation) = moments(&vector(noise.normal(COUNT, DType::F32, &Device::Cpu)));
        assert_close(mean, 0.0, TOLERANCE, "normal mean");
        assert_close(deviation, 1.0, TOLERANCE, "normal deviation");
        let uniform = vector(noise.uniform(COUNT, DType::F32, &Device::Cpu));
        assert!(uniform.iter().all(|v| (0.0..1.0).contains(v)));
        let (mean, deviation) = moments(&uniform);
        assert_close(mean, 0.5, TOLERANCE, "uniform mean");
        assert_close(deviation, (1.0_f64 / 12.0).sqrt(), TOLERANCE, "uniform deviation");
        let mask = vector(noise.dropout_mask(COUNT, 0.5, DType::F32, &Device::Cpu));
        assert!(mask.iter().all(|&v| v == 0.0 || v == 2.0));
        assert_close(moments(&mask).0, 1.0, TOLERANCE, "mask mean");
    }

    #[test]
    fn parallel_masks_match_sequential_ones() {
        const PROBABILITY: f32 = 0.3;
        // More than two tasks, starting at an odd position in the stream, with more draws afterwards.
        for count in [1, 2 * super::TASK_ELEMENTS + 77] {
            let mut noise = Noise::new(6);
            let first = vector(noise.normal(3, DType::F32, &Device::Cpu));
            let mask = vector(noise.dropout_mask(count, f64::from(PROBABILITY), DType::F32, &Device::Cpu));
            let last = vector(noise.uniform(5, DType::F32, &Device::Cpu));

            let mut one = Noise::new(6);
            assert_eq!(vector(one.normal(3, DType::F32, &Device::Cpu)), first);
            let drawn = vector(one.uniform(count, DType::F32, &Device::Cpu));
            let kept = 1.0 / (1.0 - PROBABILITY);
            let expected: Vec<f32> =
                drawn.iter().map(|u| if *u < PROBABILITY { 0.0 } else { kept }).collect();
            assert!(mask.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-6), "{count}");
            assert_eq!(vector(one.uniform(5, DType::F32, &Device::Cpu)), last, "{count}");
        }
    }

    #[test]
    fn accepts_zero_dropout_and_rejects_certain_dropout() {
        let mut noise = Noise::new(4);
        assert_eq!(vector(noise.dropout_mask(3, 0.0, DType::F32, &Device::Cpu)), [1.0; 3]);
        for probability in [1.0, -0.1, f64::NAN] {
            assert!(noise.dropout_mask(3, probability, DType::F32, &Device::Cpu).is_err());
        }
    }

    #[test]
    fn draws_half_precision_in_single() {
        let single =
            Noise::new(5).normal(4, DType::F32, &Device::Cpu).unwrap().to_dtype(DType::BF16).unwrap();
        let half = Noise::new(5).normal(4, DType::BF16, &Device::Cpu).unwrap();
        let values = |t: &Tensor| t.to_dtype(DType::F32).unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(values(&single), values(&half));
    }
}
