//! Distance of the log-mel spectrograms of two waveforms.

use candle_core::{DType, Device, Result as TensorResult, Tensor};
use mynah_ops::{MatrixProduct as _, StftMagnitude, reflect_pad};
use mynah_signal::{MelConfig, MelExtractor, Stft};

use crate::Error;

/// Differentiable log-mel spectrogram with the same definition as in the dataset.
#[derive(Debug)]
pub struct MelLoss {
    stft: StftMagnitude,
    /// Mel filters, [mels, bins].
    filters: Tensor,
    padding: usize,
    floor: f64,
}

impl MelLoss {
    /// Prepares the transform.
    ///
    /// # Errors
    ///
    /// Fails if `config` is not a valid mel configuration.
    pub fn new(config: &MelConfig, dtype: DType, device: &Device) -> Result<Self, Error> {
        let extractor = MelExtractor::new(config)?;
        let bins = config.n_fft / 2 + 1;
        let filters =
            Tensor::from_slice(extractor.filterbank(), (config.n_mels, bins), device)?.to_dtype(dtype)?;
        let plan = Stft::new(&config.stft())?;
        let stft = StftMagnitude::new(
            config.n_fft,
            config.hop_length,
            plan.window(),
            config.epsilon,
            device,
            dtype,
        )?;
        Ok(Self { stft, filters, padding: (config.n_fft - config.hop_length) / 2, floor: config.floor })
    }

    /// Computes the log-mel spectrogram of each waveform, reflected at its ends.
    ///
    /// # Shapes
    ///
    /// [B, 1, N] → [B, mels, N / hop].
    pub fn log_mel(&self, waves: &Tensor) -> TensorResult<Tensor> {
        let padded = reflect_pad(&waves.squeeze(1)?, self.padding, self.padding)?;
        let magnitudes = self.stft.forward(&padded)?;
        let (batch, bins, frames) = magnitudes.dims3()?;
        // One product for the whole batch: [B, bins, T] -> [bins, B · T].
        let columns = magnitudes.transpose(0, 1)?.contiguous()?.reshape((bins, batch * frames))?;
        let mels = self.filters.exact_product(&columns)?;
        let n_mels = mels.dim(0)?;
        let floor = Tensor::full(self.floor, (), mels.device())?.to_dtype(mels.dtype())?;
        mels.broadcast_maximum(&floor)?.log()?.reshape((n_mels, batch, frames))?.transpose(0, 1)
    }

    /// Computes the mean absolute difference of the log-mel spectrograms; the real one is a constant.
    ///
    /// # Shapes
    ///
    /// [B, 1, N] twice → a scalar.
    ///
    /// # References
    ///
    /// NaturalSpeech appendix, equation 16.
    pub fn forward(&self, real: &Tensor, generated: &Tensor) -> TensorResult<Tensor> {
        (self.log_mel(real)?.detach() - self.log_mel(generated)?)?.abs()?.mean_all()
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_ops::testing::{check_gradients, device, normal};
    use mynah_signal::{MelConfig, MelExtractor, MelProfile};
    use mynah_testkit::{assert_all_close, mini_corpus};

    use super::MelLoss;

    /// Tolerance of the natural logarithm: products in f32 against double precision.
    const SINGLE_PRECISION: f64 = 2e-3;

    #[test]
    fn agrees_with_the_mel_of_the_dataset() {
        let config = MelProfile::Vits.config(22_050);
        let wave = mynah_signal::wav::read(mini_corpus().join("wavs/LJ001-0045.wav")).unwrap();
        let samples = &wave.samples()[..100 * 256];
        let expected = MelExtractor::new(&config).unwrap().log_mel(samples);
        let loss = MelLoss::new(&config, DType::F32, &device()).unwrap();
        let wave = Tensor::from_slice(samples, (1, 1, samples.len()), &device()).unwrap();
        let got = loss.log_mel(&wave).unwrap();
        assert_eq!(got.dims(), [1, 80, 100]);
        let got: Vec<f32> = got.flatten_all().unwrap().to_vec1().unwrap();
        assert_all_close(&got, expected.data(), SINGLE_PRECISION, "log-mel");
    }

    #[test]
    fn gradients_agree_with_finite_differences_and_are_absent_for_the_real_side() {
        let config = MelConfig {
            n_fft: 32,
            window_length: 32,
            hop_length: 8,
            n_mels: 5,
            ..MelProfile::Vits.config(8_000)
        };
        let loss = MelLoss::new(&config, DType::F64, &device()).unwrap();
        let real = normal(1, (2, 1, 48));
        check_gradients(&[normal(2, (2, 1, 48))], |x| loss.forward(&real, &x[0])).unwrap();
        let generated = normal(3, (2, 1, 48));
        assert!(check_gradients(&[real], |x| loss.forward(&x[0], &generated)).is_err());
    }
}
