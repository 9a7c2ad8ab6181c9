//! MCD as VERSA's metric `mcd_f0` computes it.

use std::f64::consts::{PI, TAU};

use mynah_signal::mel_cepstrum::Sp2mc;
use mynah_signal::world::{CheapTrick, harvest};

use super::fastdtw::fastdtw;
use super::{MOST_WORLD_SECONDS, Vectors, check_length, check_rates, distortion, of_both};
use crate::metric::{Definition, Formula, Measured};
use crate::{Clip, Declaration, Pair};

const PERIOD_MS: f64 = 5.0;
const N_FFT: usize = 1024;
const ORDER: usize = 39;
const ALPHA: f64 = 0.466;
const F0_RANGE_HZ: (f64, f64) = (40.0, 800.0);
/// Number of taps and cutoff of the filter that removes the lowest frequencies.
const N_TAPS: usize = 255;
const CUTOFF_HZ: f64 = 70.0;
/// Factor from samples at full scale 1.
const SCALE: f64 = 32_767.0;
/// Frames are compared if their power is more than this above the mean power.
const SPEECH_DB: f64 = -20.0;
/// Share of the frames of both signals by which their numbers may differ.
const MOST_MISMATCH: f64 = 0.1;

macro_rules! common {
    ($profile:literal, $what:literal, $formula:literal, $undefined:literal, $faults:literal) => {
        concat!(
            $profile,
            $what,
            "

Formula
",
            $formula,
            "
  c0, the level, is part of the sum.

Unit
  dB; 0 is identical, larger is worse. One value per item; VERSA reports the mean over the items that have one.

Parameters
  Samples times 32767, filtered by 255 taps (Hamming) that remove everything below 70 Hz. F0 by WORLD's Harvest from
  40 to 800 Hz every 5 ms, envelopes by CheapTrick with 1024 points, mel-cepstra of order 39 with alpha 0.466 at every
  rate by pysptk.sp2mc. These are the parameters in every configuration that VERSA comes with.
",
            $undefined,
            "

Oracle
  versa/sequence_metrics/mcd_f0.py of VERSA (May 2026) with pyworld 0.3.5, pysptk 1.0.1, scipy 1.17.1 and fastdtw
  0.3.4: on 8 clips of LJSpeech at 22.05 kHz and 4 each at 16 and 24 kHz, against copies at 0.8 to 1.25 of the speed,
  the largest difference was 1e-11 dB; the tests allow 1e-6 dB.

Known faults
  A copy 6 dB quieter is 4.3 dB away, since c0 counts. The alpha is that of 24 kHz at every rate. CheapTrick with 1024
  points treats F0 up to 65 Hz at 22.05 kHz, or 141 Hz at 48 kHz, as unvoiced.
",
            $faults
        )
    };
}

/// MCD of frames at the same times.
pub(crate) const VERSA: Definition = Definition {
    name: "mcd_versa",
    profile: "mcd/versa-1",
    unit: "dB",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(plain),
    explanation: common!(
        "mcd/versa-1",
        ": the MCD of VERSA's mcd_f0 with `dtw: false`, its default, to compare with its numbers",
        "  10 / ln 10 * mean over frames t of sqrt(2 * sum over d = 0..39 of (c_d(t) - c'_d(t))^2)
  Frames beyond the shorter signal are left out.",
        "  Undefined if the numbers of frames differ by a tenth of their sum, if the rates differ (VERSA resamples by a filter
  that is not repeated here), or for signals longer than a minute.",
        "  Frames at the same times say nothing about speech that a system speaks freely: a copy at 0.93 of the speed is 17 dB
  away. Silence counts like speech."
    ),
};

/// MCD of the louder frames along fastdtw's path.
pub(crate) const VERSA_DTW: Definition = Definition {
    name: "mcd_versa_dtw",
    profile: "mcd/versa-dtw-1",
    unit: "dB",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(warped),
    explanation: common!(
        "mcd/versa-dtw-1",
        ": the MCD of VERSA's mcd_f0 with `dtw: true`, to compare with its numbers",
        "  10 / ln 10 * mean over path cells (i, j) of sqrt(2 * sum over d = 0..39 of (c_d(i) - c'_d(j))^2)
  The path, with c0, is one through the frames of each signal that are louder than 20 dB below its mean power.",
        "  Path by fastdtw 0.3.4 with radius 1 in pure Python, from the system to the reference.
  Undefined if the rates differ (VERSA resamples by a filter that is not repeated here), or for signals longer than a
  minute.",
        "  Quiet frames of one signal are dropped whatever the other has there, so noise or speech in a pause may cost nothing.
  fastdtw's path is not the best one. fastdtw gives another path where pip could compile its extension (with Cython
  at hand, or an old Python); pymcd's values changed by up to 0.025 dB by that."
    ),
};

/// Features of one clip.
pub(super) struct Features {
    cepstra: Vectors,
    /// Power of each frame in dB relative to the mean.
    levels: Vec<f64>,
}

fn features<'a>(pair: &'a Pair<'_>) -> Result<(&'a Features, &'a Features), String> {
    check_rates(pair.reference(), pair.system(), "VERSA's resampling is not repeated here")?;
    of_both(pair.reference(), pair.system(), of_clip)
}

fn plain(pair: &Pair<'_>) -> Measured {
    let (reference, system) = features(pair)?;
    let (one, other) = (reference.cepstra.len(), system.cepstra.len());
    let shared = one.min(other);
    let mismatch = (one + other - 2 * shared) as f64 / (one + other) as f64;
    if mismatch >= MOST_MISMATCH {
        return Err(format!(
            "the reference has {one} frames and the system {other}, too different for VERSA"
        ));
    }
    let path: Vec<_> = (0..shared).map(|frame| (frame, frame)).collect();
    Ok(distortion(&system.cepstra, &reference.cepstra, &path))
}

fn warped(pair: &Pair<'_>) -> Measured {
    let (reference, system) = features(pair)?;
    let loud = |features: &Features| features.cepstra.filtered(|frame| features.levels[frame] > SPEECH_DB);
    let (reference, system) = (loud(reference), loud(system));
    if reference.len() == 0 || system.len() == 0 {
        return Err("a clip has no frame above -20 dB of its mean power".to_owned());
    }
    let path = fastdtw(&system.values, &reference.values, ORDER + 1).path;
    Ok(distortion(&system, &reference, &path))
}

fn of_clip<'c>(clip: &'c Clip<'_>) -> Result<&'c Features, &'c str> {
    clip.compatibility().versa.get_or_init(|| analyze(clip)).as_ref().map_err(String::as_str)
}

fn analyze(clip: &Clip<'_>) -> Result<Features, String> {
    let waveform = clip.waveform();
    let rate = waveform.sample_rate();
    check_length(waveform, MOST_WORLD_SECONDS)?;
    if f64::from(rate) <= 2.0 * CUTOFF_HZ + 2.0 {
        return Err(format!("has a sample rate of {rate} Hz"));
    }
    let samples: Vec<f64> = waveform.samples().iter().map(|&sample| f64::from(sample) * SCALE).collect();
    let samples = low_cut(&samples, rate);
    let f0 = harvest(&samples, rate, F0_RANGE_HZ.0, F0_RANGE_HZ.1, PERIOD_MS);
    let cannot = |error| format!("cannot be analyzed: {error}");
    let envelope = CheapTrick::new(N_FFT, rate).map_err(cannot)?;
    let cepstra = Sp2mc::new(N_FFT, ORDER, ALPHA).map_err(cannot)?;
    let mut values = Vec::with_capacity(f0.len() * (ORDER + 1));
    let mut powers = Vec::with_capacity(f0.len());
    envelope.for_each(&samples, PERIOD_MS, &f0, |power| {
        let [first, inner @ .., last] = power else { return };
        powers.push((first + last + 2.0 * inner.iter().sum::<f64>()) / N_FFT as f64);
        values.extend(cepstra.of(power));
    });
    let mean = powers.iter().sum::<f64>() / powers.len() as f64;
    let levels = powers.iter().map(|power| 10.0 * (power / mean).log10()).collect();
    Ok(Features { cepstra: Vectors { values, dimension: ORDER + 1 }, levels })
}

/// Removes the lowest frequencies by a windowed sinc with unit gain at half the rate, and delays by half its length.
fn low_cut(samples: &[f64], sample_rate: u32) -> Vec<f64> {
    // Half of an odd rate is rounded down there.
    let cutoff = CUTOFF_HZ / f64::from(sample_rate / 2);
    let middle = (N_TAPS / 2) as f64;
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    let taps: Vec<f64> = (0..N_TAPS)
        .map(|tap| {
            let offset = tap as f64 - middle;
            let window = 0.54 - 0.46 * (TAU * tap as f64 / (N_TAPS - 1) as f64).cos();
            (sinc(offset) - cutoff * sinc(cutoff * offset)) * window
        })
        .collect();
    let gain: f64 =
        taps.iter().enumerate().map(|(tap, value)| value * (PI * (tap as f64 - middle)).cos()).sum();
    let mut filtered = vec![0.0; samples.len()];
    for (tap, value) in taps.iter().enumerate().take(samples.len()) {
        let weight = value / gain;
        filtered[tap..].iter_mut().zip(samples).for_each(|(sum, sample)| *sum += weight * sample);
    }
    filtered
}
