//! Discriminators of waveforms folded by several periods.

use candle_core::{Result as TensorResult, Tensor};
use mynah_ops::{Conv1dConfig, leaky_relu, reflect_pad};
use mynah_voice::Builder;
use mynah_voice::blocks::NormConv1d;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Slope of the leaky ReLUs.
const SLOPE: f64 = 0.1;

/// Strides of the layers of the scale discriminator.
const SCALE_STRIDES: [usize; 6] = [1, 4, 4, 4, 4, 1];

/// Kernels of the layers of the scale discriminator.
const SCALE_KERNELS: [usize; 6] = [15, 41, 41, 41, 41, 5];

/// Groups of the layers of the scale discriminator at full size.
const SCALE_GROUPS: [usize; 6] = [1, 4, 16, 64, 256, 1];

/// Kernel of a period discriminator, and its stride in all layers except the last.
const PERIOD_KERNEL: usize = 5;
const PERIOD_STRIDE: usize = 3;

/// Sizes of the discriminators. The defaults are the paper's, which are those of VITS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiscriminatorConfig {
    /// Periods; 1 is the scale discriminator on the waveform itself.
    pub periods: Vec<usize>,
    /// Channels of the layers of a period discriminator.
    pub period_channels: Vec<usize>,
    /// Channels of the six layers of the scale discriminator. A layer with fewer channels than by default has proportionally
    /// fewer groups.
    pub scale_channels: [usize; 6],
}

impl Default for DiscriminatorConfig {
    fn default() -> Self {
        Self {
            periods: vec![1, 2, 3, 5, 7, 11],
            period_channels: vec![32, 128, 512, 1024, 1024],
            scale_channels: [16, 64, 256, 1024, 1024, 1024],
        }
    }
}

impl DiscriminatorConfig {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Config`] with the name of the setting.
    pub fn validate(&self) -> Result<(), Error> {
        let fail = |key, why: &str| Err(Error::Config { key, why: why.to_owned() });
        if self.periods.is_empty() || self.periods.contains(&0) {
            return fail("discriminator.periods", "it must be a non-empty list of positive numbers");
        }
        if self.period_channels.is_empty() || self.period_channels.contains(&0) {
            return fail("discriminator.period_channels", "it must be a non-empty list of positive numbers");
        }
        if self.scale_channels.contains(&0) {
            return fail("discriminator.scale_channels", "all channels must be positive");
        }
        Ok(())
    }
}

/// Output of one discriminator for a batch of waveforms.
#[derive(Debug, Clone)]
pub struct DiscriminatorOutput {
    /// Score of each patch of the waveform: 1 for real, 0 for generated.
    pub score: Tensor,
    /// Features of each layer, for the feature-matching loss.
    pub features: Vec<Tensor>,
}

/// Set of all discriminators.
#[derive(Debug)]
pub struct Discriminators {
    members: Vec<Member>,
}

impl Discriminators {
    /// Builds the discriminators from the parameters in `vb`.
    pub fn new(config: &DiscriminatorConfig, vb: &Builder<'_>) -> TensorResult<Self> {
        let members = config
            .periods
            .iter()
            .map(|period| {
                let vb = vb.pp(format!("period_{period}"));
                if *period == 1 { Member::scale(config, &vb) } else { Member::period(*period, config, &vb) }
            })
            .collect::<TensorResult<_>>()?;
        Ok(Self { members })
    }

    /// Returns the discriminators as constants: gradients flow through them, but not into their parameters.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self { members: self.members.iter().map(Member::detached).collect() }
    }

    /// Computes the output of each discriminator.
    ///
    /// # Shapes
    ///
    /// `waves` [B, 1, N].
    pub fn forward(&self, waves: &Tensor) -> TensorResult<Vec<DiscriminatorOutput>> {
        self.members.iter().map(|member| member.forward(waves)).collect()
    }
}

/// Single discriminator: the same layers for each of the `period` columns of the folded waveform.
#[derive(Debug)]
struct Member {
    period: usize,
    layers: Vec<NormConv1d>,
    output: NormConv1d,
}

impl Member {
    fn period(period: usize, config: &DiscriminatorConfig, vb: &Builder<'_>) -> TensorResult<Self> {
        let channels = &config.period_channels;
        let mut layers = Vec::with_capacity(channels.len());
        let mut c_in = 1;
        for (index, c_out) in channels.iter().enumerate() {
            let stride = if index + 1 < channels.len() { PERIOD_STRIDE } else { 1 };
            let conv = Conv1dConfig { stride, padding: PERIOD_KERNEL / 2, ..Conv1dConfig::default() };
            layers.push(NormConv1d::new(c_in, *c_out, PERIOD_KERNEL, conv, &vb.pp("layers").pp(index))?);
            c_in = *c_out;
        }
        Ok(Self { period, layers, output: last(c_in, vb)? })
    }

    fn scale(config: &DiscriminatorConfig, vb: &Builder<'_>) -> TensorResult<Self> {
        let full = DiscriminatorConfig::default().scale_channels;
        let mut layers = Vec::with_capacity(full.len());
        let mut c_in = 1;
        for (index, c_out) in config.scale_channels.iter().enumerate() {
            let wanted = (SCALE_GROUPS[index] * c_out / full[index]).max(1);
            let groups = (1..=wanted).rev().find(|g| c_in % g == 0 && c_out % g == 0).unwrap_or(1);
            let kernel = SCALE_KERNELS[index];
            let conv = Conv1dConfig {
                stride: SCALE_STRIDES[index],
                padding: kernel / 2,
                groups,
                ..Conv1dConfig::default()
            };
            layers.push(NormConv1d::new(c_in, *c_out, kernel, conv, &vb.pp("layers").pp(index))?);
            c_in = *c_out;
        }
        Ok(Self { period: 1, layers, output: last(c_in, vb)? })
    }

    fn detached(&self) -> Self {
        Self {
            period: self.period,
            layers: self.layers.iter().map(NormConv1d::detached).collect(),
            output: self.output.detached(),
        }
    }

    fn forward(&self, waves: &Tensor) -> TensorResult<DiscriminatorOutput> {
        let mut x = fold(waves, self.period)?;
        let mut features = Vec::with_capacity(self.layers.len() + 1);
        for layer in &self.layers {
            x = leaky_relu(&layer.forward(&x)?, SLOPE)?;
            features.push(x.clone());
        }
        let score = self.output.forward(&x)?;
        features.push(score.clone());
        Ok(DiscriminatorOutput { score, features })
    }
}

fn last(c_in: usize, vb: &Builder<'_>) -> TensorResult<NormConv1d> {
    NormConv1d::new(c_in, 1, 3, Conv1dConfig { padding: 1, ..Conv1dConfig::default() }, &vb.pp("output"))
}

/// Folds a waveform into columns of every `period`-th sample: [B, 1, N] → [B · period, 1, ⌈N / period⌉], reflected at the
/// end.
fn fold(waves: &Tensor, period: usize) -> TensorResult<Tensor> {
    let (batch, _, length) = waves.dims3()?;
    if period == 1 {
        return Ok(waves.clone());
    }
    let rows = length.div_ceil(period);
    let padded = reflect_pad(&waves.reshape((batch, length))?, 0, rows * period - length)?;
    padded.reshape((batch, rows, period))?.transpose(1, 2)?.contiguous()?.reshape((batch * period, 1, rows))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_ops::testing::device;
    use mynah_voice::Parameters;

    use super::{DiscriminatorConfig, Discriminators, fold};

    #[test]
    fn fold_fills_columns_and_reflects_the_end() {
        let wave = Tensor::arange(0_f32, 8.0, &device()).unwrap().reshape((1, 1, 8)).unwrap();
        let folded = fold(&wave, 3).unwrap();
        assert_eq!(folded.dims(), [3, 1, 3]);
        let values: Vec<f32> = folded.flatten_all().unwrap().to_vec1().unwrap();
        assert_eq!(values, [0.0, 3.0, 6.0, 1.0, 4.0, 7.0, 2.0, 5.0, 6.0]);
    }

    #[test]
    fn full_size_has_the_parameter_count_of_vits() {
        let parameters = Parameters::new(0, DType::F32, &device());
        let config = DiscriminatorConfig::default();
        let discriminators = Discriminators::new(&config, &parameters.builder()).unwrap();
        // Parameter count of the VITS discriminators, including `weight_g`, as printed in training logs of its users.
        assert_eq!(parameters.count(), 46_747_132);
        let wave = Tensor::zeros((1, 1, 1024), DType::F32, &device()).unwrap();
        assert_eq!(discriminators.forward(&wave).unwrap().len(), 6);
    }
}
