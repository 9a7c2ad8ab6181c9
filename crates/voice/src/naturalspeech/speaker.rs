//! Inference of NaturalSpeech from symbols.

use candle_core::{DType, Device, Result as TensorResult, Tensor};
use mynah_ops::Noise;
use mynah_text::{SupPhones, Symbol, Vocabulary};

use super::{DURATION_BOUNDS, NaturalSpeech};
use crate::Error;
use crate::blocks::{Dropout, VocabularySizes, sequence_mask};
use crate::builder::Builder;
use crate::config::ModelConfig;
use crate::speak::{SpeakConfig, check_frames};

/// Model with its vocabulary, for inference.
#[derive(Debug)]
pub(crate) struct Speaker {
    model: NaturalSpeech,
    /// True if the decoder reads from the memory bank.
    memory: bool,
    vocabulary: Vocabulary,
    sup_phones: SupPhones,
    device: Device,
}

impl Speaker {
    pub(crate) fn new(
        config: &ModelConfig,
        memory: bool,
        vocabulary: Vocabulary,
        sup_phones: SupPhones,
        vb: &Builder<'_>,
    ) -> TensorResult<Self> {
        let sizes = VocabularySizes { symbols: vocabulary.len(), sup_phones: sup_phones.len() };
        let model = NaturalSpeech::new(config, sizes, vb)?;
        Ok(Self { model, memory, vocabulary, sup_phones, device: vb.device().clone() })
    }

    /// Computes the samples of a sequence of symbols.
    pub(crate) fn speak(
        &self,
        symbols: &[Symbol],
        word_index: &[Option<u32>],
        config: &SpeakConfig,
    ) -> Result<Vec<f32>, Error> {
        config.validate()?;
        let (model, device, dtype, n) = (&self.model, &self.device, DType::F32, symbols.len());
        let ids: Vec<u32> = symbols.iter().map(|symbol| self.vocabulary.id(*symbol)).collect();
        let sup_phones = self.sup_phones.encode(symbols, word_index);
        let ids = Tensor::from_vec(ids, (1, n), device)?;
        let sup_phones = Tensor::from_vec(sup_phones, (1, n), device)?;
        let mask = sequence_mask(&[n], n, dtype, device)?;

        let hidden = model.encoder.forward(&ids, &sup_phones, &mask, &mut Dropout::off())?;
        let log_durations = model.durator.log_durations(&hidden, &mask, &mut Dropout::off())?;
        let (shortest, longest) = DURATION_BOUNDS;
        let durations = (log_durations.exp()?.clamp(shortest, longest)? * config.length_scale)?;
        let total: f32 = durations.sum_all()?.to_scalar()?;
        check_frames(f64::from(total))?;
        let frames = (total.round() as usize).max(1);
        let frame_mask = sequence_mask(&[frames], frames, dtype, device)?;

        let prior = model.durator.prior(&hidden, &durations, &mask, &frame_mask)?;
        let noise = Noise::new(config.seed).normal(prior.mean.shape(), dtype, device)?;
        let spread = (noise * prior.log_deviation.exp()?)?;
        let sample = (prior.mean + (spread * config.noise_scale)?)?;
        let latent = model.flow.to_posterior(&sample, &frame_mask)?;
        let latent = match &model.memory {
            Some(memory) if self.memory => memory.forward(&latent)?,
            _ => latent,
        };
        Ok(model.decoder.forward(&latent)?.flatten_all()?.to_vec1::<f32>()?)
    }
}
