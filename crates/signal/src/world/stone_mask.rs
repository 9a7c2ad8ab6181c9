//! `StoneMask`: F0 refined by the instantaneous frequencies of its harmonics.

use super::harmonics::Harmonics;
use super::{round, seconds};

/// F0 up to which nothing is refined, and the share of the sample rate above which nothing is.
const FLOOR_HZ: f64 = 40.0;
const CEILING_SHARE: f64 = 12.0;
/// Largest relative correction.
const LARGEST_CORRECTION: f64 = 0.2;

/// Refines the F0 that [`dio`](super::dio()) found in a signal, as WORLD's `StoneMask` does.
#[must_use]
pub fn stone_mask(samples: &[f64], sample_rate: u32, period_ms: f64, f0: &[f64]) -> Vec<f64> {
    let rate = f64::from(sample_rate);
    let mut harmonics = Harmonics::new();
    let refine = |(frame, &f0): (usize, &f64)| {
        if samples.is_empty() || f0 <= FLOOR_HZ || f0 > rate / CEILING_SHARE {
            return 0.0;
        }
        let time = seconds(frame, period_ms);
        harmonics.transform(samples, rate, time, f0, |half, index| {
            round((time + (index as i64 - half) as f64 / rate) * rate)
        });
        let first = harmonics.refine(rate, f0, 2).f0;
        let refined =
            if first <= 0.0 || first > f0 * 2.0 { 0.0 } else { harmonics.refine(rate, first, 6).f0 };
        if (refined - f0).abs() > f0 * LARGEST_CORRECTION { f0 } else { refined }
    };
    f0.iter().enumerate().map(refine).collect()
}
