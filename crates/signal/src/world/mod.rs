//! F0 and spectral envelopes as WORLD estimates them, for numbers that must equal those of programs built on it.
//!
//! ```text
//! samples ─┬─► dio ─► stone_mask ─┐
//!          └─► harvest ───────────┴─► F0 of each frame ─► CheapTrick ─► power spectra of the envelope
//! ```
//!
//! Frame `t` is centered at `t * period` milliseconds, the first at sample 0. F0 is 0 where a frame is unvoiced. New
//! measurements use [`f0`](crate::f0), whose frames line up with those of the spectrograms.
//!
//! # References
//!
//! M. Morise, F. Yokomori, K. Ozawa: WORLD: a vocoder-based high-quality speech synthesis system for real-time
//! applications. IEICE Trans. E99-D(7), 2016. M. Morise, H. Kawahara, T. Nishiura: Rapid F0 estimation for high-SNR
//! speech based on fundamental component extraction (DIO), 2010. M. Morise: Harvest: a high-performance fundamental
//! frequency estimator from speech signals, Interspeech 2017. M. Morise: `CheapTrick`, a spectral envelope estimator
//! for high-quality speech synthesis. Speech Communication 67, 2015. The constants and the treatment of the ends are
//! those of `pyworld` 0.3.5.

mod bands;
mod cheap_trick;
mod decimation;
mod dio;
mod harmonics;
mod harvest;
mod noise;
mod stone_mask;

pub use cheap_trick::CheapTrick;
pub use dio::dio;
pub use harvest::harvest;
pub use stone_mask::stone_mask;

/// Default search range of F0.
const F0_FLOOR_HZ: f64 = 71.0;
const F0_CEILING_HZ: f64 = 800.0;
/// Smallest number that a divisor is moved away from 0 by.
const TINY: f64 = 1e-12;

/// Returns the number of frames of a signal.
#[must_use]
pub fn n_frames(n_samples: usize, sample_rate: u32, period_ms: f64) -> usize {
    (1000.0 * n_samples as f64 / f64::from(sample_rate) / period_ms) as usize + 1
}

/// Returns the center of a frame in seconds.
fn seconds(frame: usize, period_ms: f64) -> f64 {
    frame as f64 * period_ms / 1000.0
}

/// Rounds to the nearest integer, halves away from zero.
fn round(value: f64) -> i64 {
    (if value > 0.0 { value + 0.5 } else { value - 0.5 }) as i64
}

/// Returns the smallest power of two greater than a count, so that a transform of it holds the count.
fn power_of_two_above(count: f64) -> usize {
    2 << ((count.ln() / std::f64::consts::LN_2) as u32)
}

/// Returns the sample nearest to a position.
fn nearest(samples: &[f64], position: i64) -> f64 {
    samples[position.clamp(0, samples.len() as i64 - 1) as usize]
}
