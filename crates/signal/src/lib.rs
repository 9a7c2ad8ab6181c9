//! Speech signals: waveforms, WAV files, spectrograms, fundamental frequency and loudness.
//!
//! ```text
//! file ──wav::read──► Waveform ──Stft──► magnitudes ──MelBank──► log-mel
//!                        ├──f0::pyin──► F0 in Hz, 0 where unvoiced
//!                        └──loudness──► LUFS, peak
//! ```
//!
//! It knows nothing of text, tensors or corpora.
