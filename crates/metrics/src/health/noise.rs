//! Hum, noise and bandwidth.

use std::f64::consts::{PI, TAU};
use std::sync::LazyLock;

use mynah_signal::{Stft, StftConfig, Waveform, median};

use crate::levels::block_length;
use crate::metric::{Definition, Formula};
use crate::statistics::quantile;
use crate::{Declaration, Direction, Range};

/// Frequencies of mains.
const MAINS_HZ: [f64; 2] = [50.0, 60.0];
/// Length of the segments in which hum is measured, and their distance.
const HUM_SEGMENT_SECONDS: f64 = 0.5;
const HUM_STEP_SECONDS: f64 = 0.25;
/// Level of hum where there is none.
const LEAST_HUM_DB: f64 = -150.0;
/// Quantile of the block levels that stands for the noise.
const QUIET: f64 = 0.05;
/// Share of the power below the roll-off.
const ROLLED_OFF: f64 = 0.99;
/// Frames of the roll-off.
const N_FFT: usize = 1024;
const HOP: usize = 256;

/// Level of mains hum below the speech.
pub(crate) const HUM: Definition = Definition {
    name: "hum",
    profile: "hum/50-60-1",
    unit: "dB",
    declaration: Declaration { range: Range::ALL, ..Declaration::FAULT },
    formula: Formula::Clip(|clip| {
        let speech = clip.speech()?.waveform();
        let power = speech.samples().iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / speech.len() as f64;
        let amplitudes = MAINS_HZ.map(|hertz| hum(clip.waveform(), hertz));
        let [Some(fifty), Some(sixty)] = amplitudes else {
            return Err(format!("is shorter than {HUM_SEGMENT_SECONDS} s"));
        };
        let ratio = fifty.max(sixty).powi(2) / 2.0 / power;
        Ok(((10.0 * ratio.log10()).max(LEAST_HUM_DB), None))
    }),
    explanation: "hum/50-60-1: the level of mains hum in a wav, relative to its speech

Formula
  20 log10(a / sqrt(2) / r), at least -150; a the larger of the medians over segments of the amplitude at 50 and at 60
  Hz, r the root mean square of the speech

Unit
  dB relative to the speech; larger is worse. Needs no recording. Invariant to gain, offset and polarity.

Parameters
  Segments of 0.5 s every 0.25 s of the whole file, without their mean, with a symmetric Hann window; the speech of
  mcd/sp2mc-2. Undefined below 0.5 s.

Oracle
  numpy, to 1e-6 dB, on a bundled clip and altered copies of it.

Known faults
  Harmonics of hum do not count. Rumble counts where it has the frequency of mains. A voice below 65 Hz counts.",
};

/// Level of the softest blocks.
pub(crate) const FLOOR: Definition = Definition {
    name: "noise_floor",
    profile: "noise_floor/p5-1",
    unit: "dBFS",
    declaration: Declaration { range: Range::ALL, ..Declaration::FAULT },
    formula: Formula::Clip(|clip| {
        let offset = clip.analysis()?.dc_offset;
        let length = block_length(clip.waveform().sample_rate());
        let blocks = clip.waveform().samples().chunks_exact(length);
        let level = |block: &[f32]| {
            let power = block.iter().map(|&sample| (f64::from(sample) - offset).powi(2)).sum::<f64>() / length as f64;
            10.0 * power.log10()
        };
        // A block of one value was made by an editor.
        let sounding = blocks.filter(|block| block.iter().any(|sample| sample.to_bits() != block[0].to_bits()));
        let mut levels: Vec<f64> = sounding.map(level).collect();
        levels.sort_unstable_by(f64::total_cmp);
        let floor = quantile(&levels, QUIET).ok_or("has no block of 10 ms")?;
        Ok((floor, Some(levels.len() as u64)))
    }),
    explanation: "noise_floor/p5-1: the level of the softest parts of a wav

Formula
  5th percentile over blocks of 10 log10(mean of squares)

Unit
  dBFS, a full-scale sine has -3; larger is worse. Needs no recording. Invariant to polarity. `frames` counts the
  blocks.

Parameters
  Blocks of 10 ms of the whole file, without the mean of the file; blocks of digital silence do not count. Percentile
  by linear interpolation.

Oracle
  numpy, to 1e-6 dB, on a bundled clip and altered copies of it.

Known faults
  In a wav without pauses it is the level of soft speech. It follows the gain: compare snr between systems.",
};

/// Ratio of speech to noise.
pub(crate) const SNR: Definition = Definition {
    name: "snr",
    profile: "snr/quiet-tenth-1",
    unit: "dB",
    declaration: Declaration { direction: Direction::Higher, range: Range::ALL, ..Declaration::FAULT },
    formula: Formula::Clip(|clip| {
        let ratio = clip.analysis()?.snr_db.ok_or("has nothing louder than its noise, or fewer than 10 frames")?;
        Ok((ratio, None))
    }),
    explanation: "snr/quiet-tenth-1: an estimate of the ratio of speech to noise in a wav

Formula
  10 log10((P - N) / N), P the mean power of frames of 20 ms every 10 ms, N that of the quietest tenth of them

Unit
  dB; larger is better. Needs no recording. Invariant to gain, offset and polarity.

Parameters
  The whole file without its mean; frames that touch a hundredth of a second of digital silence do not count.

Oracle
  numpy, to 1e-6 dB, on a bundled clip and altered copies of it.

Known faults
  It needs pauses in a tenth of the wav; without them, soft speech counts as noise. Noise that stops in pauses, such
  as the buzz of a vocoder, is not seen.",
};

/// Frequency below which nearly all of the power lies.
pub(crate) const ROLL_OFF: Definition = Definition {
    name: "roll_off",
    profile: "roll_off/99-1",
    unit: "Hz",
    declaration: Declaration { range: Range::NONNEGATIVE, ..Declaration::FACT },
    formula: Formula::Clip(|clip| {
        static TRANSFORM: LazyLock<Option<Stft>> = LazyLock::new(|| {
            let config = StftConfig { n_fft: N_FFT, window_length: N_FFT, hop_length: HOP, epsilon: 0.0 };
            Stft::new(&config).ok()
        });
        let speech = clip.speech()?.waveform();
        let transform = TRANSFORM.as_ref().ok_or("cannot be transformed")?;
        let magnitudes = transform.magnitude(speech.samples());
        if magnitudes.n_frames() == 0 {
            return Err("has speech shorter than a hop".to_owned());
        }
        let power = |bin: usize| magnitudes.row(bin).iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
        let powers: Vec<f64> = (0..magnitudes.n_bins()).map(power).collect();
        let whole: f64 = powers.iter().sum();
        let mut below = 0.0;
        let is_enough = |power: &f64| {
            below += power;
            below >= ROLLED_OFF * whole
        };
        let bin = powers.iter().position(is_enough).unwrap_or(powers.len() - 1);
        let hertz = bin as f64 * f64::from(speech.sample_rate()) / N_FFT as f64;
        Ok((hertz, Some(magnitudes.n_frames() as u64)))
    }),
    explanation: "roll_off/99-1: the frequency below which 99 % of a wav's power lies

Formula
  the lowest frequency f with (sum of the powers of bins up to f) >= 0.99 * (sum of all)

Unit
  Hz; neither high nor low is good: compare it with that of the recordings. Needs no recording. Invariant to gain,
  offset, polarity, and digital silence at the ends.

Parameters
  The speech of mcd/sp2mc-2; frames of 1024 samples every 256, periodic Hann window, reflection padding. The
  resolution is the sample rate / 1024.

Oracle
  numpy, exactly, on a bundled clip and altered copies of it.

Known faults
  Fricatives and noise decide: recordings of LJSpeech have 7 to 10 kHz. See bandwidth for a missing upper end.",
};

/// Highest frequency with any power.
pub(crate) const BANDWIDTH: Definition = Definition {
    name: "bandwidth",
    profile: "bandwidth/80db-1",
    unit: "Hz",
    declaration: Declaration { range: Range::NONNEGATIVE, ..Declaration::FACT },
    formula: Formula::Clip(|clip| {
        let hertz = clip.analysis()?.bandwidth_hz.ok_or("is shorter than 1280 samples")?;
        Ok((hertz, None))
    }),
    explanation: "bandwidth/80db-1: the highest frequency that occurs in a wav

Formula
  the highest frequency at which the mean power spectrum is less than 80 dB below its maximum

Unit
  Hz; neither high nor low is good: compare it with that of the recordings. Needs no recording. Invariant to gain and
  polarity.

Parameters
  Frames of 1024 samples every 512 that lie in the file, periodic Hann window. The resolution is the sample rate /
  1024. Undefined below 1280 samples.

Oracle
  numpy, to a bin, on a bundled clip and altered copies of it.

Known faults
  Noise of 16-bit coding, or another 80 dB below the loudest bin, has the full bandwidth. A large offset is a maximum.",
};

/// Returns the median over segments of the amplitude at a frequency.
fn hum(waveform: &Waveform, hertz: f64) -> Option<f64> {
    let rate = f64::from(waveform.sample_rate());
    let (length, step) = ((HUM_SEGMENT_SECONDS * rate) as usize, (HUM_STEP_SECONDS * rate) as usize);
    if length < 2 || step == 0 {
        return None;
    }
    let weights: Vec<(f64, f64, f64)> = (0..length)
        .map(|n| {
            let window = 0.5 - 0.5 * (TAU * n as f64 / (length - 1) as f64).cos();
            let phase = 2.0 * PI * hertz * n as f64 / rate;
            (window, window * phase.cos(), window * phase.sin())
        })
        .collect();
    let sum: f64 = weights.iter().map(|weight| weight.0).sum();
    let amplitude = |segment: &[f32]| {
        let mean = segment.iter().map(|&sample| f64::from(sample)).sum::<f64>() / length as f64;
        let (mut re, mut im) = (0.0, 0.0);
        for (&sample, weight) in segment.iter().zip(&weights) {
            re += (f64::from(sample) - mean) * weight.1;
            im += (f64::from(sample) - mean) * weight.2;
        }
        2.0 * re.hypot(im) / sum
    };
    let samples = waveform.samples();
    let starts = (0..(samples.len() + 1).saturating_sub(length)).step_by(step);
    median(&mut starts.map(|start| amplitude(&samples[start..start + length])).collect::<Vec<f64>>())
}
