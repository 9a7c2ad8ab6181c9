//! The numbers of other programs, faults included, so that their tables can be compared with ours.
//!
//! Nothing here is meant to judge a voice: for that there are the metrics of this crate.

mod espnet;
mod fastdtw;
mod pymcd;
mod versa;

use std::f64::consts::{LN_10, SQRT_2};
use std::sync::OnceLock;

use mynah_signal::Waveform;

use crate::Clip;
use crate::dtw::Alignment;
use fastdtw::distance;

pub(crate) use espnet::{ESPNET, ESPNET_LOG_F0};
pub(crate) use pymcd::{PYMCD_DTW, PYMCD_DTW_SL, PYMCD_PLAIN};
pub(crate) use versa::{VERSA, VERSA_DTW};

/// Factor from distances of cepstra to decibels.
const DECIBELS: f64 = 10.0 * SQRT_2 / LN_10;
/// Longest signal that is analyzed by WORLD's estimators, whose memory grows with it.
const MOST_WORLD_SECONDS: f64 = 60.0;
/// Longest signal otherwise.
const MOST_SECONDS: f64 = 900.0;

/// Vectors of the same dimension, row-major.
pub(crate) struct Vectors {
    values: Vec<f64>,
    dimension: usize,
}

impl Vectors {
    fn len(&self) -> usize {
        self.values.len() / self.dimension
    }

    fn at(&self, index: usize) -> &[f64] {
        &self.values[index * self.dimension..][..self.dimension]
    }

    /// Returns the vectors at which `keep` is true.
    fn filtered(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept = self.values.chunks_exact(self.dimension).enumerate().filter(|&(index, _)| keep(index));
        Self { values: kept.flat_map(|(_, vector)| vector).copied().collect(), dimension: self.dimension }
    }
}

/// Features of one clip as the programs compute them, each on first use.
#[derive(Default)]
pub(crate) struct ClipFeatures {
    espnet: OnceLock<Result<Vectors, String>>,
    espnet_f0: OnceLock<Result<(Vectors, Vec<f64>), String>>,
    pymcd: OnceLock<Result<Vectors, String>>,
    versa: OnceLock<Result<versa::Features, String>>,
}

/// Alignments of one pair.
#[derive(Default)]
pub(crate) struct PairFeatures {
    pymcd: OnceLock<Alignment>,
}

/// Returns the mean distance in dB of the vectors along a path.
fn distortion(first: &Vectors, second: &Vectors, path: &[(usize, usize)]) -> (f64, Option<u64>) {
    let sum: f64 = path.iter().map(|&(i, j)| distance(first.at(i), second.at(j))).sum();
    (DECIBELS * sum / path.len() as f64, Some(path.len() as u64))
}

/// Returns the samples as 16-bit integers, which those of 16-bit files are.
fn as_integers(waveform: &Waveform) -> Vec<f64> {
    let scaled = |&sample: &f32| (f64::from(sample) * 32_768.0).round().clamp(-32_768.0, 32_767.0);
    waveform.samples().iter().map(scaled).collect()
}

/// Checks that a clip is neither too long nor without samples.
fn check_length(waveform: &Waveform, most_seconds: f64) -> Result<(), String> {
    if waveform.is_empty() {
        return Err("has no samples".to_owned());
    }
    if waveform.seconds() > most_seconds {
        return Err(format!("is longer than {most_seconds} s, the limit of this metric"));
    }
    Ok(())
}

/// Returns a feature of both clips, with their names in the reasons why there is none.
fn of_both<'a, T>(
    reference: &'a Clip<'_>,
    system: &'a Clip<'_>,
    of: for<'c> fn(&'c Clip<'_>) -> Result<&'c T, &'c str>,
) -> Result<(&'a T, &'a T), String> {
    let reference = of(reference).map_err(|why| format!("the reference {why}"))?;
    Ok((reference, of(system).map_err(|why| format!("the system {why}"))?))
}

/// Refuses signals of different rates, for a program whose resampling is not repeated here.
fn check_rates(reference: &Clip<'_>, system: &Clip<'_>, because: &str) -> Result<(), String> {
    let (one, other) = (reference.waveform().sample_rate(), system.waveform().sample_rate());
    if one == other {
        return Ok(());
    }
    Err(format!(
        "the reference has {one} Hz and the system {other} Hz: {because}; resample one of them first"
    ))
}
