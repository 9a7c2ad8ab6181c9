//! Inference of models of the VITS family: official VITS, and `heatz123/naturalspeech`.
//!
//! ```text
//! characters ─PhonemeEncoder─► H [h, n] ─┬─Durations──► d
//!                                        └─Expansion or Upsampling, with d─► N(μ, σ) [h, m] ─z'─► Flow ─z─► (Memory) ─► Decoder
//! ```
//!
//! Text encoder, flow, memory and decoder are those of [`crate::blocks`]; the import renames their parameters. This module
//! adds what differs: both duration predictors, and the upsampling of `heatz123/naturalspeech`.
//!
//! Multiple speakers and training are not supported.

mod config;
mod durations;
mod spline;
mod upsampling;

use candle_core::{DType, Device, Tensor};
use mynah_ops::Noise;
use mynah_text::{Symbol, vits_ids, vits_text};

use crate::Error;
use crate::blocks::{Conv1d, Dropout, Flow, HifiGan, Memory, PhonemeEncoder, VocabularySizes, sequence_mask};
use crate::builder::Builder;
use crate::speak::{SpeakConfig, check_frames};
use durations::Durations;
use upsampling::Upsampling;

pub use config::{DurationsConfig, PriorConfig, VitsConfig};

/// Identifier of the blank before, between and after the characters.
const BLANK: u32 = 0;

/// Model that speaks the characters of VITS.
#[derive(Debug)]
pub struct Vits {
    config: VitsConfig,
    encoder: PhonemeEncoder,
    projection: Conv1d,
    durations: Durations,
    upsampling: Option<Upsampling>,
    flow: Flow,
    memory: Option<Memory>,
    decoder: HifiGan,
    device: Device,
}

/// Output of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct VitsSpeech {
    /// Predicted duration of each identifier, in frames.
    pub predicted: Vec<f64>,
    /// Spoken durations: whole numbers for an expanded prior, the predicted ones for an upsampled prior.
    pub durations: Vec<f64>,
    /// Samples in (-1, 1).
    pub wave: Vec<f32>,
}

impl Vits {
    pub(crate) fn new(config: &VitsConfig, vb: &Builder<'_>) -> candle_core::Result<Self> {
        let hidden = config.hidden;
        let sizes = VocabularySizes { symbols: config.symbols, sup_phones: 1 };
        let memory =
            config.memory.as_ref().map(|memory| Memory::with_biases(memory, hidden, &vb.pp("memory")));
        Ok(Self {
            config: config.clone(),
            encoder: PhonemeEncoder::new(&config.encoder, hidden, sizes, &vb.pp("encoder"))?,
            projection: Conv1d::linear(hidden, 2 * hidden, 1.0, &vb.pp("projection"))?,
            durations: Durations::new(&config.durations, hidden, &vb.pp("durations"))?,
            upsampling: Upsampling::new(&config.prior, hidden, &vb.pp("upsampling"))?,
            flow: Flow::new(&config.flow, hidden, &vb.pp("flow"))?,
            memory: memory.transpose()?,
            decoder: HifiGan::new(&config.decoder, hidden, &vb.pp("decoder"))?,
            device: vb.device().clone(),
        })
    }

    /// Returns the sizes.
    #[must_use]
    pub fn config(&self) -> &VitsConfig {
        &self.config
    }

    /// Speaks symbols as [`vits_text`] writes them.
    ///
    /// # Errors
    ///
    /// Same as [`Self::speak_characters`].
    pub fn speak(&self, symbols: &[Symbol], config: &SpeakConfig) -> Result<VitsSpeech, Error> {
        self.speak_characters(&vits_text(symbols), config)
    }

    /// Speaks a text in the characters of VITS, such as `həlˈoʊ, wˈɜːld.`
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] for an empty text, [`Error::Characters`] for a character that VITS does not know,
    /// [`Error::Config`] for settings out of range ([`SpeakConfig::validate`]), and [`Error::Durations`] for excessive
    /// durations.
    pub fn speak_characters(&self, text: &str, config: &SpeakConfig) -> Result<VitsSpeech, Error> {
        config.validate()?;
        let characters = vits_ids(text).map_err(Error::Characters)?;
        if characters.is_empty() {
            return Err(Error::Empty { why: "there are no characters to speak" });
        }
        let ids = characters.into_iter().map(u32::from);
        let ids: Vec<u32> = if self.config.blanks {
            std::iter::once(BLANK).chain(ids.flat_map(|id| [id, BLANK])).collect()
        } else {
            ids.collect()
        };
        self.speak_ids(ids, config)
    }

    fn speak_ids(&self, ids: Vec<u32>, config: &SpeakConfig) -> Result<VitsSpeech, Error> {
        let (device, n) = (&self.device, ids.len());
        let ids = Tensor::from_vec(ids, (1, n), device)?;
        let mask = sequence_mask(&[n], n, DType::F32, device)?;
        let mut noise = Noise::new(config.seed);

        let hidden = self.encoder.forward(&ids, &ids.zeros_like()?, &mask, &mut Dropout::off())?;
        let logarithms = self.durations.logarithms(&hidden, &mut noise, config.duration_noise_scale)?;
        let predicted: Vec<f64> =
            logarithms.iter().map(|logarithm| logarithm.exp() * config.length_scale).collect();
        let durations = match self.upsampling {
            Some(_) => predicted.clone(),
            None => predicted.iter().map(|duration| duration.ceil()).collect(),
        };
        let total: f64 = durations.iter().sum();
        check_frames(total)?;
        let frames = (total.round_ties_even() as usize).max(1);

        let prior = if let Some(upsampling) = &self.upsampling {
            self.projection.forward(&upsampling.forward(&hidden, &durations, frames)?)?
        } else {
            let one =
                |(index, duration): (usize, &f64)| std::iter::repeat_n(index as u32, *duration as usize);
            let mut owners: Vec<u32> = durations.iter().enumerate().flat_map(one).collect();
            owners.resize(frames, 0);
            let owners = Tensor::from_vec(owners, frames, device)?;
            self.projection.forward(&hidden)?.index_select(&owners, 2)?
        };
        let channels = self.config.hidden;
        let (mean, log_deviation) = (prior.narrow(1, 0, channels)?, prior.narrow(1, channels, channels)?);
        let drawn = noise.normal(mean.shape(), DType::F32, device)?;
        let sample = (mean + ((drawn * log_deviation.exp()?)? * config.noise_scale)?)?.contiguous()?;
        let frame_mask = sequence_mask(&[frames], frames, DType::F32, device)?;
        let mut latent = self.flow.to_posterior(&sample, &frame_mask)?;
        if let Some(memory) = &self.memory {
            latent = memory.forward(&latent)?;
        }
        let wave = self.decoder.forward(&latent)?.flatten_all()?.to_vec1::<f32>()?;
        Ok(VitsSpeech { predicted, durations, wave })
    }
}
