//! What the model learns from: one utterance, and a padded batch of them.

use std::fmt;

use candle_core::{DType, Device, Tensor};
use mynah_signal::{Stft, StftConfig};
use mynah_voice::AudioConfig;
use mynah_voice::blocks::sequence_mask;

use crate::Error;

/// What VITS adds under the root of a magnitude.
const MAGNITUDE_EPSILON: f64 = 1e-6;

/// One utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Its name, for messages.
    pub id: String,
    /// Symbols by the vocabulary.
    pub symbols: Vec<u32>,
    /// The sup-phone of each symbol.
    pub sup_phones: Vec<u32>,
    /// Frames of each symbol; their sum is floor(samples / hop).
    pub durations: Vec<u32>,
    /// The samples, in [-1, 1].
    pub wave: Vec<f32>,
}

impl Example {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    ///
    /// [`Error::Example`] that says what does not.
    pub fn validate(&self, audio: &AudioConfig, symbols: usize, sup_phones: usize) -> Result<(), Error> {
        let fail = |why: String| Err(Error::Example { id: self.id.clone(), why });
        let n = self.symbols.len();
        if n == 0 {
            return fail("it has no symbols".to_owned());
        }
        if self.sup_phones.len() != n || self.durations.len() != n {
            let (s, d) = (self.sup_phones.len(), self.durations.len());
            return fail(format!("it has {n} symbols, {s} sup-phones and {d} durations"));
        }
        if let Some(id) = self.symbols.iter().find(|id| **id as usize >= symbols) {
            return fail(format!("symbol {id} is not one of the vocabulary's {symbols}"));
        }
        if let Some(id) = self.sup_phones.iter().find(|id| **id as usize >= sup_phones) {
            return fail(format!("sup-phone {id} is not one of {sup_phones}"));
        }
        if let Some(index) = self.durations.iter().position(|duration| *duration == 0) {
            return fail(format!("symbol {} of {n} has no frame", index + 1));
        }
        let (sum, frames) = (self.durations.iter().sum::<u32>() as usize, self.frames(audio));
        if sum != frames {
            return fail(format!("its durations sum to {sum} frames, and it has {frames}"));
        }
        Ok(())
    }

    /// How many frames it has.
    #[must_use]
    pub fn frames(&self, audio: &AudioConfig) -> usize {
        self.wave.len() / audio.hop_length
    }
}

/// Where examples come from. They are loaded one batch at a time.
pub trait Examples {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The frames of one, without loading it.
    fn frames(&self, index: usize) -> usize;

    /// Loads one.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn load(&self, index: usize) -> Result<Example, Error>;
}

/// Examples in memory.
#[derive(Debug, Clone)]
pub struct InMemory {
    /// The examples.
    pub examples: Vec<Example>,
    /// Samples per frame.
    pub hop_length: usize,
}

impl Examples for InMemory {
    fn len(&self) -> usize {
        self.examples.len()
    }

    fn frames(&self, index: usize) -> usize {
        self.examples[index].wave.len() / self.hop_length
    }

    fn load(&self, index: usize) -> Result<Example, Error> {
        Ok(self.examples[index].clone())
    }
}

/// Makes batches, and computes the linear spectrogram that the posterior encoder reads.
pub struct Batcher {
    audio: AudioConfig,
    stft: Stft,
    device: Device,
    dtype: DType,
}

/// Several utterances, padded at the end.
///
/// # Shapes
///
/// B utterances of at most n symbols and T frames.
#[derive(Debug, Clone)]
pub struct Batch {
    /// [B, n], u32.
    pub symbols: Tensor,
    /// [B, n], u32.
    pub sup_phones: Tensor,
    /// [B, n], frames; 0 behind the end.
    pub durations: Tensor,
    /// [B, 1, n].
    pub symbol_mask: Tensor,
    /// [B, F, T], magnitudes.
    pub spectrogram: Tensor,
    /// [B, 1, T].
    pub frame_mask: Tensor,
    /// Frames of each utterance.
    pub frames: Vec<usize>,
    /// [B, 1, T · hop].
    pub wave: Tensor,
}

impl fmt::Debug for Batcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Batcher").field("audio", &self.audio).finish_non_exhaustive()
    }
}

impl Batcher {
    /// Prepares the transform.
    ///
    /// # Errors
    ///
    /// When `audio` is not a transform's configuration.
    pub fn new(audio: &AudioConfig, dtype: DType, device: &Device) -> Result<Self, Error> {
        let config = StftConfig {
            n_fft: audio.n_fft,
            window_length: audio.n_fft,
            hop_length: audio.hop_length,
            epsilon: MAGNITUDE_EPSILON,
        };
        Ok(Self { audio: audio.clone(), stft: Stft::new(&config)?, device: device.clone(), dtype })
    }

    /// A batch of `examples`, padded to the longest and to at least `shortest` frames.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] without examples.
    pub fn batch(&self, examples: &[Example], shortest: usize) -> Result<Batch, Error> {
        let (device, dtype, hop) = (&self.device, self.dtype, self.audio.hop_length);
        let frames: Vec<usize> = examples.iter().map(|example| example.frames(&self.audio)).collect();
        let symbols: Vec<usize> = examples.iter().map(|example| example.symbols.len()).collect();
        let (Some(n), Some(t)) = (symbols.iter().max(), frames.iter().max()) else {
            return Err(Error::Empty { why: "the batch has no examples" });
        };
        let (b, n, t, bins) = (examples.len(), *n, (*t).max(shortest), self.audio.n_bins());

        let ids = |of: fn(&Example) -> &[u32]| -> Vec<u32> {
            examples.iter().flat_map(|example| padded(of(example), n)).collect()
        };
        let durations: Vec<f32> = ids(|example| &example.durations).into_iter().map(|d| d as f32).collect();
        let mut spectrogram = vec![0.0_f32; b * bins * t];
        let mut wave = vec![0.0_f32; b * t * hop];
        for (index, example) in examples.iter().enumerate() {
            let samples = &example.wave[..frames[index] * hop];
            let magnitudes = self.stft.magnitude(&example.wave);
            for bin in 0..bins {
                let row = magnitudes.row(bin);
                spectrogram[(index * bins + bin) * t..][..row.len()].copy_from_slice(row);
            }
            wave[index * t * hop..][..samples.len()].copy_from_slice(samples);
        }
        Ok(Batch {
            symbols: Tensor::from_vec(ids(|example| &example.symbols), (b, n), device)?,
            sup_phones: Tensor::from_vec(ids(|example| &example.sup_phones), (b, n), device)?,
            durations: Tensor::from_vec(durations, (b, n), device)?.to_dtype(dtype)?,
            symbol_mask: sequence_mask(&symbols, n, dtype, device)?,
            spectrogram: Tensor::from_vec(spectrogram, (b, bins, t), device)?.to_dtype(dtype)?,
            frame_mask: sequence_mask(&frames, t, dtype, device)?,
            frames,
            wave: Tensor::from_vec(wave, (b, 1, t * hop), device)?.to_dtype(dtype)?,
        })
    }
}

fn padded(values: &[u32], length: usize) -> impl Iterator<Item = u32> {
    values.iter().copied().chain(std::iter::repeat(0)).take(length)
}
