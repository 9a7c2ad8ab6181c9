//! Speech signals: waveforms, WAV, FLAC and compressed files, spectrograms, fundamental frequency, loudness and
//! mel-cepstra.
//!
//! ```text
//! WAV, FLAC, MP3, Ogg, AAC ──Recording──► Waveform ──Stft──► magnitudes ──MelExtractor──► log-mel
//!                             ├──f0::pyin──► F0 in Hz, 0 where unvoiced
//!                             ├──loudness──► LUFS, peaks, frame levels
//!                             ├──Analyzer──► clipping, silence, bandwidth, noise: faults of a recording
//!                             ├──Resampler, silence, gain──► another waveform
//!                             ├──mel_cepstrum──► c0..cD of each frame
//!                             └──mcep, world──► the same as other programs compute it
//! ```
//!
//! All frame-based analyses share the same frames: frame `t` is centered at sample `t * hop + hop / 2`, and
//! there are `samples / hop` of them, rounded down. Spectrograms, F0 (if [`f0::PyinConfig::first_center`] is
//! half a hop) and levels of one signal therefore line up.
//!
//! A plan ([`Stft`], [`MelExtractor`], [`f0::Pyin`], [`mel_cepstrum::MelCepstrum`]) validates its settings
//! when it is built and never fails afterward: its methods accept any samples, including the empty signal.
//! Plans are `Sync`; one plan serves all threads, and results do not depend on their number.
//!
//! ```
//! use mynah_signal::{MelConfig, MelExtractor, MelProfile, Waveform};
//!
//! # fn main() -> Result<(), mynah_signal::Error> {
//! let samples = (0..22_050).map(|n| (n as f32 * 0.06).sin() * 0.5).collect();
//! let waveform = Waveform::new(samples, 22_050);
//! let mel = MelExtractor::new(&MelProfile::Vits.config(22_050))?;
//! let log_mel = mel.log_mel(waveform.samples());
//! assert_eq!((log_mel.n_bins(), log_mel.n_frames()), (80, 22_050 / 256));
//! # Ok(())
//! # }
//! ```
//!
//! The crate is independent of text, tensors and corpora.

#![expect(
    clippy::inline_always,
    reason = "kernels must be inlined into the function compiled for the machine's vectors"
)]

pub mod compressed;
pub mod f0;
pub mod flac;
pub mod loudness;
pub mod mcep;
pub mod mel_cepstrum;
pub mod npy;
pub mod silence;
pub mod wav;
pub mod world;

mod analysis;
mod error;
mod framing;
mod high_pass;
mod lanes;
mod low_pass;
mod median;
mod mel;
mod recording;
mod resample;
mod spectrogram;
mod stft;
mod waveform;

pub use analysis::{Analysis, Analyzer};
pub use error::Error;
pub use high_pass::high_pass;
pub use low_pass::low_pass;
pub use median::median;
pub use mel::{MelConfig, MelExtractor, MelProfile};
pub use recording::{ChannelChoice, Recording};
pub use resample::Resampler;
pub use spectrogram::Spectrogram;
pub use stft::{Stft, StftConfig};
pub use waveform::Waveform;
