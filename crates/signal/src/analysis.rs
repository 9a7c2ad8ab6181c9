//! Measurements that reveal faults in a recording.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::lanes::PowerVisitor;
use crate::{Error, Stft, StftConfig, Waveform, loudness, silence};

/// Frame length and hop, in samples, of the mean spectrum.
const N_FFT: usize = 1024;
const HOP: usize = 512;
/// Level below the strongest bin of the mean spectrum, in dB, at which a bin counts as empty.
const BANDWIDTH_FLOOR_DB: f64 = 80.0;
/// Smallest magnitude at full scale: half a 16-bit step below the largest positive sample.
const FULL_SCALE: f32 = 32_766.5 / 32_768.0;
/// Shortest run of full-scale samples of one sign that counts as clipping; a tone that just reaches full
/// scale only touches it.
const CLIPPED_RUN: usize = 3;
/// Level of silence below the loudest hundredth of a second.
const SILENCE_BELOW_LOUDEST_DB: f64 = 40.0;
/// Frames per second of the noise estimate, each two steps long.
const NOISE_STEPS_PER_SECOND: u32 = 100;
/// Share of the frames, the quietest ones, taken to be noise alone.
const NOISE_SHARE: f64 = 0.1;

/// Measurements of a recording.
///
/// A value that cannot be computed is missing: digital silence, for example, has no level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Sample rate in hertz.
    pub sample_rate: u32,
    /// Duration: samples divided by the sample rate.
    pub seconds: f64,
    /// Integrated loudness according to BS.1770; missing below 400 ms.
    pub loudness_lufs: Option<f64>,
    /// Largest sample magnitude, in dB relative to full scale.
    pub peak_dbfs: Option<f64>,
    /// Largest magnitude of the signal after fourfold oversampling.
    pub true_peak_dbtp: Option<f64>,
    /// Number of runs of at least three full-scale samples of one sign.
    pub clipped_runs: u64,
    /// Mean of all samples, as a fraction of full scale.
    pub dc_offset: f64,
    /// Seconds before the first hundredth of a second that is less than 40 dB below the loudest.
    pub leading_silence_seconds: f64,
    /// Seconds after the last such hundredth.
    pub trailing_silence_seconds: f64,
    /// Longest time between two such hundredths.
    pub longest_pause_seconds: f64,
    /// Highest frequency at which the mean power spectrum is less than 80 dB below its maximum.
    ///
    /// Material recorded at a lower rate and then resampled ends at half that rate. The resolution is the
    /// sample rate divided by 1024; only frames of 1024 samples that lie entirely within the signal count.
    /// Missing below 1280 samples.
    pub bandwidth_hz: Option<f64>,
    /// Signal-to-noise ratio in dB, with the noise estimated from the quietest tenth of the frames.
    ///
    /// ```text
    /// SNR = 10 log10((P - N) / N)
    /// ```
    ///
    /// P is the mean power of all 20 ms frames, taken every 10 ms, and N that of the quietest tenth. The
    /// estimate needs pauses in a tenth of the clip and counts as noise any sound that never stops. Frames
    /// containing digital silence are excluded, since they were inserted by an editor. The mean of all
    /// samples is subtracted first. Missing if nothing is louder than the noise or fewer than ten frames
    /// remain.
    pub snr_db: Option<f64>,
}

/// Planned analysis, built once and shared by all threads.
pub struct Analyzer {
    stft: Stft,
}

impl Analyzer {
    /// Plans the transform.
    ///
    /// # Errors
    ///
    /// Never fails with these lengths; the signature is that of the transform's planner.
    pub fn new() -> Result<Self, Error> {
        let config = StftConfig { n_fft: N_FFT, window_length: N_FFT, hop_length: HOP, epsilon: 0.0 };
        Ok(Self { stft: Stft::new(&config)? })
    }

    /// Measures a recording.
    #[must_use]
    pub fn analyze(&self, waveform: &Waveform) -> Analysis {
        let samples = waveform.samples();
        let dc_offset = mean(samples);
        let silence = silence::measure(waveform, SILENCE_BELOW_LOUDEST_DB);
        Analysis {
            sample_rate: waveform.sample_rate(),
            seconds: waveform.seconds(),
            loudness_lufs: loudness::integrated_lufs(waveform),
            peak_dbfs: loudness::peak_dbfs(waveform),
            true_peak_dbtp: loudness::true_peak_dbtp(waveform),
            clipped_runs: clipped_runs(samples),
            dc_offset,
            leading_silence_seconds: silence.leading_seconds,
            trailing_silence_seconds: silence.trailing_seconds,
            longest_pause_seconds: silence.longest_pause_seconds,
            bandwidth_hz: self.bandwidth_hz(waveform),
            snr_db: snr_db(waveform, dc_offset),
        }
    }

    fn bandwidth_hz(&self, waveform: &Waveform) -> Option<f64> {
        // Only frames within the signal count: mirroring at the ends creates corners, which contain all
        // frequencies.
        let n_inside = (waveform.len() + (N_FFT - HOP) / 2).saturating_sub(N_FFT) / HOP;
        let mut sums = Sums { inside: 1..1 + n_inside, sums: vec![0.0; self.stft.n_bins()] };
        self.stft.visit_powers(waveform.samples(), &mut sums);
        let sums = sums.sums;
        let strongest = sums.iter().copied().fold(0.0, f64::max);
        if !(strongest > 0.0 && strongest.is_finite()) {
            return None;
        }
        let floor = strongest * 10_f64.powf(-BANDWIDTH_FLOOR_DB / 10.0);
        let bin = sums.iter().rposition(|&power| power > floor)?;
        Some(bin as f64 * f64::from(waveform.sample_rate()) / N_FFT as f64)
    }
}

/// Sums of the power spectra of selected frames.
struct Sums {
    inside: Range<usize>,
    sums: Vec<f64>,
}

impl PowerVisitor for Sums {
    fn visit(&mut self, first: usize, n_frames: usize, width: usize, powers: &[f64]) {
        let lane = |frame: usize| frame.clamp(first, first + n_frames) - first;
        let lanes = lane(self.inside.start)..lane(self.inside.end);
        for (sum, powers) in self.sums.iter_mut().zip(powers.chunks_exact(width)) {
            *sum += powers[lanes.clone()].iter().sum::<f64>();
        }
    }
}

/// Returns the mean of the samples in double precision; 0 for no samples or if one is not finite.
fn mean(samples: &[f32]) -> f64 {
    let sum = samples.iter().fold(0.0, |sum, &x| sum + f64::from(x));
    let mean = sum / samples.len().max(1) as f64;
    if mean.is_finite() { mean } else { 0.0 }
}

fn clipped_runs(samples: &[f32]) -> u64 {
    let sign = |sample: &f32| i8::from(*sample >= FULL_SCALE) - i8::from(*sample <= -FULL_SCALE);
    samples
        .chunk_by(|a, b| sign(a) == sign(b))
        .filter(|run| run.len() >= CLIPPED_RUN && sign(&run[0]) != 0)
        .count() as u64
}

/// Computes the signal-to-noise ratio; see [`Analysis::snr_db`].
fn snr_db(waveform: &Waveform, dc_offset: f64) -> Option<f64> {
    let step = (waveform.sample_rate() / NOISE_STEPS_PER_SECOND).max(1) as usize;
    let energies: Vec<(f64, bool)> = waveform
        .samples()
        .chunks_exact(step)
        .map(|step| {
            let energy: f64 = step.iter().map(|&x| (f64::from(x) - dc_offset).powi(2)).sum();
            (energy, step.iter().all(|&x| x == 0.0))
        })
        .collect();
    let mut powers: Vec<f64> = energies
        .windows(2)
        .filter(|pair| !(pair[0].1 || pair[1].1))
        .map(|pair| (pair[0].0 + pair[1].0) / (2 * step) as f64)
        .collect();
    let n_noise = (powers.len() as f64 * NOISE_SHARE) as usize;
    if n_noise == 0 {
        return None;
    }
    powers.sort_by(f64::total_cmp);
    let average = |powers: &[f64]| powers.iter().sum::<f64>() / powers.len() as f64;
    let (all, noise) = (average(&powers), average(&powers[..n_noise]));
    let ratio = (all - noise) / noise;
    (ratio.is_finite() && ratio > 0.0).then(|| 10.0 * ratio.log10())
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::Resampler;

    const RATE: u32 = 22_050;
    /// The quietest tenth of the noise frames is quieter than the noise: a bias inherent in the definition.
    const SNR_TOLERANCE_DB: f64 = 1.0;
    /// Two bins.
    const BANDWIDTH_TOLERANCE_HZ: f64 = 50.0;

    fn analyze(samples: Vec<f32>) -> Analysis {
        Analyzer::new().unwrap().analyze(&Waveform::new(samples, RATE))
    }

    /// Generates white noise with the given RMS from sums of a linear congruential generator.
    fn noise(rms: f64, n_samples: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1 << 24) - 0.5
        };
        // The sum of twelve uniform numbers has a variance of 1.
        (0..n_samples).map(|_| ((0..12).map(|_| uniform()).sum::<f64>() * rms) as f32).collect()
    }

    fn tone(amplitude: f64, hz: f64, n_samples: usize) -> Vec<f32> {
        (0..n_samples).map(|n| (amplitude * (TAU * hz * n as f64 / f64::from(RATE)).sin()) as f32).collect()
    }

    #[test]
    fn counts_runs_at_full_scale_as_clipping() {
        let check = |samples: &[f32], expected| assert_eq!(clipped_runs(samples), expected, "{samples:?}");
        let top = 32_767.0 / 32_768.0;
        check(&[], 0);
        check(&[top, top, 0.0, -1.0, -1.0], 0);
        check(&[top, top, top, 0.0, -1.0, -1.0, -1.0, -1.0], 2);
        check(&[1.0, 1.0, 1.0, -1.0, -1.0, -1.0, 1.5, 2.0, 7.0], 3);
        check(&[0.99; 10], 0);
        // A tone 6 dB too loud: every half period is clipped.
        let clipped: Vec<f32> = tone(2.0, 100.0, RATE as usize).iter().map(|x| x.clamp(-1.0, top)).collect();
        let analysis = analyze(clipped);
        assert_eq!(analysis.clipped_runs, 200);
        assert!(analysis.peak_dbfs.unwrap().abs() < 1e-3);
        assert!(analysis.true_peak_dbtp.unwrap() > 0.0);
    }

    #[test]
    fn measures_a_constant_as_an_offset() {
        let mut samples = tone(0.3, 1000.0, RATE as usize);
        for x in &mut samples {
            *x += 0.05;
        }
        let analysis = analyze(samples);
        assert!((analysis.dc_offset - 0.05).abs() < 1e-6);
        assert_eq!(analysis.clipped_runs, 0);
        assert!(analyze(tone(0.3, 1000.0, RATE as usize)).dc_offset.abs() < 1e-6);
    }

    #[test]
    fn finds_the_noise_in_the_pauses() {
        // Half a second of tone and a quarter second of pause, four times, in noise.
        for snr_db in [10.0, 20.0, 35.0, 50.0] {
            let mut samples = Vec::new();
            for _ in 0..4 {
                samples.extend(tone(0.5, 300.0, 11_025));
                samples.extend(vec![0.0; 5513]);
            }
            let power = samples.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / samples.len() as f64;
            let rms = (power / 10_f64.powf(snr_db / 10.0)).sqrt();
            for (x, noise) in samples.iter_mut().zip(noise(rms, 70_000, 1)) {
                *x += noise;
            }
            let got = analyze(samples).snr_db.unwrap();
            assert!((got - snr_db).abs() < SNR_TOLERANCE_DB, "{snr_db}: {got}");
        }
        // Noise alone has nothing above it except its own fluctuation.
        assert!(analyze(noise(0.1, 44_100, 2)).snr_db.is_none_or(|snr| snr < 0.0));
    }

    #[test]
    fn excludes_digital_silence_from_the_noise() {
        let mut samples = tone(0.5, 300.0, 11_025);
        samples.extend(vec![0.0; 11_025]);
        for (x, noise) in samples.iter_mut().zip(noise(0.005, 22_050, 3)) {
            *x += noise;
        }
        let without = analyze(samples.clone()).snr_db.unwrap();
        samples.extend(vec![0.0; 44_100]);
        let with = analyze(samples).snr_db.unwrap();
        assert!((with - without).abs() < 0.1, "{with} {without}");
    }

    #[test]
    fn bandwidth_ends_at_half_the_original_rate() {
        let full = analyze(noise(0.1, 44_100, 4)).bandwidth_hz.unwrap();
        assert!((full - 11_025.0).abs() < BANDWIDTH_TOLERANCE_HZ, "{full}");
        for low in [8_000, 16_000] {
            let samples = Waveform::new(noise(0.1, 2 * low as usize, 5), low);
            let resampled = Resampler::new(low, RATE).unwrap().resample(&samples);
            // Rounded to 16 bits, as in files: the quantization noise lies below the floor.
            let samples: Vec<f32> =
                resampled.samples().iter().map(|x| (x * 32_768.0).round() / 32_768.0).collect();
            let bandwidth = analyze(samples).bandwidth_hz.unwrap();
            let expected = f64::from(low) / 2.0;
            assert!((bandwidth - expected).abs() < 0.05 * expected, "{low}: {bandwidth}");
        }
    }

    #[test]
    fn measures_pauses_and_lengths() {
        let mut samples = vec![0.0; 4410];
        samples.extend(tone(0.5, 300.0, 11_025));
        samples.extend(vec![0.0; 6615]);
        samples.extend(tone(0.5, 300.0, 2205));
        let analysis = analyze(samples);
        assert_eq!((analysis.sample_rate, analysis.seconds), (RATE, 1.1));
        let got = [
            analysis.leading_silence_seconds,
            analysis.longest_pause_seconds,
            analysis.trailing_silence_seconds,
        ];
        // Accurate to one block, a hundredth of a second.
        for (got, expected) in got.into_iter().zip([0.2, 0.3, 0.0]) {
            assert!((got - expected).abs() <= 0.011, "{got} {expected}");
        }
        assert!((analysis.peak_dbfs.unwrap() + 6.02).abs() < 0.01);
        assert!(analysis.true_peak_dbtp >= analysis.peak_dbfs);
        assert!(analysis.loudness_lufs.is_some());
    }

    #[test]
    fn silence_and_empty_signals_have_no_levels() {
        for samples in [vec![0.0; 22_050], Vec::new()] {
            let analysis = analyze(samples);
            assert_eq!(
                (analysis.peak_dbfs, analysis.true_peak_dbtp, analysis.loudness_lufs),
                (None, None, None)
            );
            assert_eq!((analysis.bandwidth_hz, analysis.snr_db), (None, None));
            assert_eq!((analysis.clipped_runs, analysis.dc_offset.to_bits()), (0, 0));
            assert!((analysis.leading_silence_seconds - analysis.seconds).abs() < 1e-12);
        }
        let analysis = analyze(vec![f32::NAN; 1000]);
        assert_eq!((analysis.dc_offset.to_bits(), analysis.bandwidth_hz, analysis.snr_db), (0, None, None));
    }
}
