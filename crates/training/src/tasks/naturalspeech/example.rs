//! Training examples and their padded batches.

use std::fmt;

use candle_core::{DType, Device, Tensor};
use mynah_signal::{Stft, StftConfig};
use mynah_voice::AudioConfig;
use mynah_voice::blocks::sequence_mask;

use crate::Error;

/// Epsilon under the square root of a magnitude, as in VITS.
const MAGNITUDE_EPSILON: f64 = 1e-6;

/// Utterance to train on.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Id for messages.
    pub id: String,
    /// Symbols as indices of the vocabulary.
    pub symbols: Vec<u32>,
    /// Sup-phoneme of each symbol.
    pub sup_phones: Vec<u32>,
    /// Frames of each symbol; their sum is floor(samples / hop).
    pub durations: Vec<u32>,
    /// Samples in [-1, 1].
    pub wave: Vec<f32>,
}

impl Example {
    /// Checks that the parts are consistent.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Example`] with the contradiction.
    pub fn validate(&self, audio: &AudioConfig, symbols: usize, sup_phones: usize) -> Result<(), Error> {
        let fail = |why: String| Err(Error::Example { id: self.id.clone(), why });
        let n = self.symbols.len();
        if n == 0 {
            return fail("it has no symbols".to_owned());
        }
        if self.sup_phones.len() != n || self.durations.len() != n {
            let (s, d) = (self.sup_phones.len(), self.durations.len());
            return fail(format!("it has {n} symbols, {s} sup-phonemes and {d} durations"));
        }
        if let Some(id) = self.symbols.iter().find(|id| **id as usize >= symbols) {
            return fail(format!("symbol {id} is not one of the {symbols} in the vocabulary"));
        }
        if let Some(id) = self.sup_phones.iter().find(|id| **id as usize >= sup_phones) {
            return fail(format!("sup-phoneme {id} is not one of {sup_phones}"));
        }
        if let Some(index) = self.durations.iter().position(|duration| *duration == 0) {
            return fail(format!("symbol {} of {n} has no frame", index + 1));
        }
        let (sum, frames) = (self.durations.iter().sum::<u32>() as usize, self.frames(audio));
        if sum != frames {
            return fail(format!("its durations sum to {sum} frames, expected {frames}"));
        }
        Ok(())
    }

    /// Returns the number of frames.
    #[must_use]
    pub fn frames(&self, audio: &AudioConfig) -> usize {
        self.wave.len() / audio.hop_length
    }
}

/// Source of examples, which are loaded one batch at a time.
pub trait Examples: Sync {
    /// Returns the number of examples.
    fn len(&self) -> usize;

    /// Returns true if there are no examples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the frames of an example without loading it.
    fn frames(&self, index: usize) -> usize;

    /// Loads an example.
    ///
    /// # Errors
    ///
    /// Fails if the example cannot be read.
    fn load(&self, index: usize) -> Result<Example, Error>;
}

/// Examples in memory.
#[derive(Debug, Clone)]
pub struct InMemory {
    /// List of the examples.
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

/// Builder of batches, with the linear spectrogram that the posterior encoder reads.
pub struct Batcher {
    audio: AudioConfig,
    stft: Stft,
    device: Device,
    dtype: DType,
}

/// Batch of utterances, padded at the end.
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
    /// Durations in frames, 0 in the padding; [B, n].
    pub durations: Tensor,
    /// Mask of the symbols, [B, 1, n].
    pub symbol_mask: Tensor,
    /// Magnitudes of the linear spectrogram, [B, F, T].
    pub spectrogram: Tensor,
    /// Mask of the frames, [B, 1, T].
    pub frame_mask: Tensor,
    /// Frames of each utterance.
    pub frames: Vec<usize>,
    /// Samples, [B, 1, T · hop].
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
    /// Fails if `audio` is not a valid configuration of a transform.
    pub fn new(audio: &AudioConfig, dtype: DType, device: &Device) -> Result<Self, Error> {
        let config = StftConfig {
            n_fft: audio.n_fft,
            window_length: audio.n_fft,
            hop_length: audio.hop_length,
            epsilon: MAGNITUDE_EPSILON,
        };
        Ok(Self { audio: audio.clone(), stft: Stft::new(&config)?, device: device.clone(), dtype })
    }

    /// Builds a batch of `examples`, padded to the longest and to at least `shortest` frames.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Empty`] without examples.
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
