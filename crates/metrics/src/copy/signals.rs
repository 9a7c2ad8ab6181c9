//! Two signals whose samples are at the same times, and the test of that.

use mynah_signal::Waveform;

use crate::levels::block_length;
use crate::statistics::{correlation, quantile};

/// Largest difference of the durations. Vocoders pad to whole frames, of 46 ms at most.
const TOLERANCE_SECONDS: f64 = 0.05;
/// Smallest correlation of the envelopes; `cargo run -p mynah-metrics --example aligned_or_not` shows why.
const LEAST_CORRELATION: f64 = 0.9;
/// Level below the loud blocks at which envelopes end, so that the noise in pauses has little influence.
const DEPTH_DB: f64 = 40.0;
/// Quantile of the levels of a signal that counts as loud.
const LOUD: f64 = 0.95;

/// Two signals at one rate, cut to the shorter.
pub(crate) struct Signals {
    pub(crate) reference: Vec<f32>,
    pub(crate) system: Vec<f32>,
    pub(crate) sample_rate: u32,
}

impl Signals {
    /// Pairs two waveforms at one rate, or returns the reason why their samples are not at the same times.
    ///
    /// `unchecked` takes the caller's word for it.
    pub(crate) fn of(reference: &Waveform, system: &Waveform, unchecked: bool) -> Result<Self, String> {
        let n_samples = reference.len().min(system.len());
        if n_samples == 0 {
            return Err("a signal is empty".to_owned());
        }
        if !unchecked {
            check(reference, system)?;
        }
        Ok(Self {
            reference: reference.samples()[..n_samples].to_vec(),
            system: system.samples()[..n_samples].to_vec(),
            sample_rate: reference.sample_rate(),
        })
    }
}

fn check(reference: &Waveform, system: &Waveform) -> Result<(), String> {
    let difference = system.seconds() - reference.seconds();
    if difference.abs() > TOLERANCE_SECONDS {
        let longer = if difference > 0.0 { "longer" } else { "shorter" };
        return Err(format!(
            "the system is {:.2} s {longer} than the reference: it is not a copy in time (at most \
             {TOLERANCE_SECONDS} s)",
            difference.abs()
        ));
    }
    let Some(r) = envelope_correlation(reference, system) else {
        return Err("the envelope of a signal is constant: nothing tells that the system is a copy in time"
            .to_owned());
    };
    if r < LEAST_CORRELATION {
        return Err(format!(
            "the envelopes of the signals correlate by {r:.2}, less than {LEAST_CORRELATION}: the system is not a copy \
             in time"
        ));
    }
    Ok(())
}

/// Returns the correlation of the levels of two signals in blocks of 10 ms from their first samples, by which copies are
/// told from other renderings; `None` if a level never changes.
///
/// Levels are in dB, at least those of the loud blocks minus 40.
#[must_use]
pub fn envelope_correlation(reference: &Waveform, system: &Waveform) -> Option<f64> {
    let envelope = |waveform: &Waveform| -> Option<Vec<f64>> {
        let length = block_length(waveform.sample_rate());
        let level = |block: &[f32]| {
            let mean = block.iter().map(|&sample| f64::from(sample)).sum::<f64>() / length as f64;
            let power =
                block.iter().map(|&sample| (f64::from(sample) - mean).powi(2)).sum::<f64>() / length as f64;
            10.0 * power.log10()
        };
        let levels: Vec<f64> = waveform.samples().chunks_exact(length).map(level).collect();
        let mut sorted = levels.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let floor = quantile(&sorted, LOUD)? - DEPTH_DB;
        floor.is_finite().then(|| levels.into_iter().map(|level| level.max(floor)).collect())
    };
    let (reference, system) = (envelope(reference)?, envelope(system)?);
    correlation(&reference.into_iter().zip(system).collect::<Vec<_>>())
}
