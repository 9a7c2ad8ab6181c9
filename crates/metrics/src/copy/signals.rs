//! Two signals whose samples are at the same times, and the test of that.

use std::sync::OnceLock;

use mynah_signal::{Waveform, low_pass};

use super::{spectra, stoi};
use crate::levels::block_length;
use crate::statistics::correlation;

/// Largest difference of the durations. Vocoders pad to whole frames, of 46 ms at most.
const TOLERANCE_SECONDS: f64 = 0.05;
/// Smallest correlation of the envelopes; `cargo run -p mynah-metrics --example aligned_or_not` shows why.
const LEAST_CORRELATION: f64 = 0.9;
/// Frequency up to which envelopes are compared: every codec for speech keeps it.
const ENVELOPE_HZ: f64 = 3000.0;

/// Two signals at one rate, cut to the shorter.
pub(crate) struct Signals {
    pub(crate) reference: Vec<f32>,
    pub(crate) system: Vec<f32>,
    pub(crate) sample_rate: u32,
    /// Analyses that two metrics share.
    pub(super) envelopes: OnceLock<(Vec<stoi::Envelopes>, Vec<stoi::Envelopes>)>,
    pub(super) resolutions: OnceLock<Result<spectra::Distances, String>>,
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
            envelopes: OnceLock::new(),
            resolutions: OnceLock::new(),
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

/// Returns the correlation of the envelopes of two signals from their first samples, by which copies are told from other
/// renderings; `None` if an envelope never changes.
///
/// An envelope is the root mean square of the signal below 3 kHz, without its mean, in blocks of 10 ms: codecs and
/// low-pass filters hardly change it.
#[must_use]
pub fn envelope_correlation(reference: &Waveform, system: &Waveform) -> Option<f64> {
    let envelope = |waveform: &Waveform| -> Vec<f64> {
        // At the lowest rates everything is below.
        let low = low_pass(waveform, ENVELOPE_HZ).unwrap_or_else(|_| waveform.clone());
        let length = block_length(waveform.sample_rate());
        let rms = |block: &[f32]| {
            let mean = block.iter().map(|&sample| f64::from(sample)).sum::<f64>() / length as f64;
            (block.iter().map(|&sample| (f64::from(sample) - mean).powi(2)).sum::<f64>() / length as f64)
                .sqrt()
        };
        low.samples().chunks_exact(length).map(rms).collect()
    };
    correlation(&envelope(reference).into_iter().zip(envelope(system)).collect::<Vec<_>>())
}
