//! MCD as the Python package pymcd computes it.

use mynah_signal::Waveform;
use mynah_signal::mcep::{Mcep, McepConfig};
use mynah_signal::world::{CheapTrick, dio, stone_mask};

use super::fastdtw::fastdtw;
use super::{MOST_WORLD_SECONDS, Vectors, check_length, distortion, of_both};
use crate::clip::resampler;
use crate::metric::{Definition, Formula, Measured};
use crate::{Clip, Declaration, Pair};

const SAMPLE_RATE: u32 = 22_050;
const PERIOD_MS: f64 = 5.0;
const N_FFT: usize = 512;
const ORDER: usize = 13;
const ALPHA: f64 = 0.65;
const FLOOR: f64 = 1e-8;

macro_rules! common {
    ($profile:literal, $what:literal, $formula:literal) => {
        concat!(
            $profile,
            $what,
            "

Formula
",
            $formula,
            "
  c0, the level, is part of the sum, but not of the path.

Unit
  dB; 0 is identical, larger is worse. One value per item.

Parameters
  Samples at 22.05 kHz, resampled if they are at another rate. F0 by WORLD's DIO (71 to 800 Hz) and StoneMask every 5
  ms, envelopes by CheapTrick with 512 points, mel-cepstra of order 13 with alpha 0.65 by SPTK's mcep, which takes the
  powers of the envelope for amplitudes and adds 1e-8 to their squares, without Newton steps.
  Path by fastdtw 0.3.4 with radius 1 in pure Python, from the reference to the system.
  Undefined for signals longer than a minute.

Oracle
  pymcd 0.2.1 with pyworld 0.3.5, pysptk 1.0.1, librosa 0.11.0 and fastdtw 0.3.4: on 8 clips of LJSpeech against
  copies at 0.8 to 1.25 of the speed the largest difference was 1e-13 dB; the tests allow 1e-6 dB. The filter by
  which librosa resamples (soxr) is not repeated: 0.0005 dB on 4 clips at 24 kHz, 0.007 dB on 4 at 16 kHz; the tests
  allow 0.02 dB.

Known faults
  A copy 6 dB quieter is 4.5 dB away, since c0 counts. Powers taken for amplitudes double every distance, and the
  floor that is added to their squares swallows whatever is quieter than a ten-thousandth in power, so the value
  depends on the level of both files. CheapTrick with 512 points treats F0 up to 130 Hz as unvoiced, so low voices
  are analyzed as if they were at 500 Hz. The alpha is far from the mel scale at this rate (0.455). Silence at the
  ends and in pauses counts like speech. fastdtw's path is not the best one. fastdtw gives another path where pip
  could compile its extension (with Cython at hand, or an old Python); 35 of 40 values changed by that, by up to
  0.025 dB. Amphion's mcd is the variant dtw_sl."
        )
    };
}

/// MCD of frames at the same times, the shorter signal continued by zeros.
pub(crate) const PYMCD_PLAIN: Definition = Definition {
    name: "mcd_pymcd_plain",
    profile: "mcd/pymcd-plain-1",
    unit: "dB",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(plain),
    explanation: common!(
        "mcd/pymcd-plain-1",
        ": the MCD of pymcd in its mode plain, to compare with its numbers",
        "  10 sqrt(2) / ln 10 * mean over frames t of sqrt(sum over d = 0..13 of (c_d(t) - c'_d(t))^2)
  The shorter signal is continued by zeros, so a difference of durations counts as a distance from silence."
    ),
};

/// MCD along fastdtw's path.
pub(crate) const PYMCD_DTW: Definition = Definition {
    name: "mcd_pymcd_dtw",
    profile: "mcd/pymcd-dtw-1",
    unit: "dB",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(|pair| warped(pair, false)),
    explanation: common!(
        "mcd/pymcd-dtw-1",
        ": the MCD of pymcd in its mode dtw, to compare with its numbers",
        "  10 sqrt(2) / ln 10 * mean over path cells (i, j) of sqrt(sum over d = 0..13 of (c_d(i) - c'_d(j))^2)"
    ),
};

/// The same times the ratio of the lengths.
pub(crate) const PYMCD_DTW_SL: Definition = Definition {
    name: "mcd_pymcd_dtw_sl",
    profile: "mcd/pymcd-dtw-sl-1",
    unit: "dB",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(|pair| warped(pair, true)),
    explanation: common!(
        "mcd/pymcd-dtw-sl-1",
        ": the MCD of pymcd in its mode dtw_sl, to compare with its numbers",
        "  The value of mcd_pymcd_dtw times the ratio of the numbers of frames, the larger over the smaller:
  10 sqrt(2) / ln 10 * mean over path cells (i, j) of sqrt(sum over d = 0..13 of (c_d(i) - c'_d(j))^2) * ratio"
    ),
};

fn plain(pair: &Pair<'_>) -> Measured {
    let of = |clip: &Clip<'_>, which: &str| -> Result<Vec<f64>, String> {
        samples(clip).map_err(|why| format!("the {which} {why}"))
    };
    let (mut reference, mut system) = (of(pair.reference(), "reference")?, of(pair.system(), "system")?);
    let length = reference.len().max(system.len());
    reference.resize(length, 0.0);
    system.resize(length, 0.0);
    let (reference, system) = (cepstra(&reference)?, cepstra(&system)?);
    let path: Vec<_> = (0..reference.len()).map(|frame| (frame, frame)).collect();
    Ok(distortion(&reference, &system, &path))
}

fn warped(pair: &Pair<'_>, is_scaled_by_length: bool) -> Measured {
    let (reference, system) = of_both(pair.reference(), pair.system(), features)?;
    let without_level = |vectors: &Vectors| -> Vec<f64> {
        vectors.values.chunks_exact(vectors.dimension).flat_map(|vector| &vector[1..]).copied().collect()
    };
    let align = || fastdtw(&without_level(reference), &without_level(system), ORDER);
    let path = &pair.compatibility().pymcd.get_or_init(align).path;
    let (value, cells) = distortion(reference, system, path);
    let (longer, shorter) = (reference.len().max(system.len()), reference.len().min(system.len()));
    let ratio = if is_scaled_by_length { longer as f64 / shorter as f64 } else { 1.0 };
    Ok((value * ratio, cells))
}

fn features<'c>(clip: &'c Clip<'_>) -> Result<&'c Vectors, &'c str> {
    let compute = || cepstra(&samples(clip)?);
    clip.compatibility().pymcd.get_or_init(compute).as_ref().map_err(String::as_str)
}

/// Returns the samples at the rate of the program.
fn samples(clip: &Clip<'_>) -> Result<Vec<f64>, String> {
    let waveform = clip.waveform();
    check_length(waveform, MOST_WORLD_SECONDS)?;
    let widened = |waveform: &Waveform| waveform.samples().iter().copied().map(f64::from).collect();
    if waveform.sample_rate() == SAMPLE_RATE {
        return Ok(widened(waveform));
    }
    Ok(widened(&resampler(waveform.sample_rate(), SAMPLE_RATE)?.resample(waveform)))
}

fn cepstra(samples: &[f64]) -> Result<Vectors, String> {
    let cannot = |error| format!("cannot be analyzed: {error}");
    let envelope = CheapTrick::new(N_FFT, SAMPLE_RATE).map_err(cannot)?;
    let config = McepConfig { n_fft: N_FFT, order: ORDER, alpha: ALPHA, floor: FLOOR };
    let plan = Mcep::new(&config).map_err(cannot)?;
    let f0 = dio(samples, SAMPLE_RATE, PERIOD_MS);
    let f0 = stone_mask(samples, SAMPLE_RATE, PERIOD_MS, &f0);
    let mut values = Vec::with_capacity(f0.len() * plan.n_coefficients());
    envelope.for_each(samples, PERIOD_MS, &f0, |power| {
        values.extend(plan.of_amplitudes(power).into_iter().flatten());
    });
    if values.len() != f0.len() * plan.n_coefficients() {
        return Err("has a frame for which mel-cepstral analysis fails".to_owned());
    }
    Ok(Vectors { values, dimension: plan.n_coefficients() })
}
