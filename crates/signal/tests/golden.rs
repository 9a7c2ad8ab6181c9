//! Agreement of the signal chain with widely used programs, on bundled clips.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use mynah_signal::f0::{PyinConfig, pyin};
use mynah_signal::mcep::{Mcep, McepConfig};
use mynah_signal::mel_cepstrum::{Sp2mc, alpha_for_rate, sp2mc};
use mynah_signal::world::{CheapTrick, dio, harvest, stone_mask};
use mynah_signal::{MelExtractor, MelProfile, Stft, Waveform, loudness, wav};
use mynah_testkit::{assert_all_close, assert_close, golden, mini_corpus};
use serde::Deserialize;

/// Tolerance for magnitudes of up to 100, rounded to single precision.
const MAGNITUDE_TOLERANCE: f64 = 1e-5;
/// Relative tolerance for sums of a few hundred single-precision products.
const LOG_MEL_TOLERANCE: f64 = 1e-6;
/// The same, with eight digits in the file.
const TORCH_TOLERANCE: f64 = 2e-6;
/// Tolerance for weights rounded to single precision, up to a few hundred of them summed.
const FILTERBANK_TOLERANCE: f64 = 1e-7;
/// Tolerance for pitch, which comes from a list: it must be the same entry, rounded to a thousandth of a
/// hertz in the file.
const F0_TOLERANCE_HZ: f64 = 6e-4;
/// Tolerance for double precision, rounded to six digits in the file and to single precision here.
const PROBABILITY_TOLERANCE: f64 = 1e-6;
/// Tolerance for pyloudnorm's default filters, which approximate the recommendation differently.
const LUFS_TOLERANCE: f64 = 0.1;
/// Tolerance for the recommendation's filters, where only the last digits differ.
const LUFS_SAME_FILTERS_TOLERANCE: f64 = 1e-8;
/// Tolerance for single precision and the digits in the file.
const LEVEL_TOLERANCE_DB: f64 = 1e-3;
/// Tolerance for double precision on both sides, with coefficients of the order of 1 to 10.
const CEPSTRUM_TOLERANCE: f64 = 1e-10;
/// Tolerance for F0 in double precision on both sides, with ten digits in the file: transforms round differently, and
/// decisions by thresholds must fall the same way.
const WORLD_F0_TOLERANCE_HZ: f64 = 1e-6;
/// The same for mean logarithms of powers.
const ENVELOPE_TOLERANCE: f64 = 1e-8;
/// Tolerance for Newton steps whose equations are solved by another method.
const MCEP_TOLERANCE: f64 = 1e-9;

fn clip(name: &str) -> Waveform {
    let path = mini_corpus().join("wavs").join(name).with_extension("wav");
    wav::read(&path).unwrap_or_else(|error| panic!("{error}"))
}

#[derive(Deserialize)]
struct Spectrum {
    clip: String,
    n_frames: usize,
    frames: Vec<usize>,
    bins: Vec<usize>,
    profiles: BTreeMap<String, Profile>,
}

#[derive(Deserialize)]
struct Profile {
    magnitude: Vec<Vec<f64>>,
    filterbank_row_sums: Vec<f64>,
    filterbank_column_sums: Vec<f64>,
    log_mel: Vec<Vec<f64>>,
    log_mel_band_means: Vec<f64>,
}

#[test]
fn spectrograms_agree_with_librosa() {
    let expected: Spectrum = golden("signal/spectrum.json");
    let waveform = clip(&expected.clip);
    for (name, profile) in &expected.profiles {
        let config = name.parse::<MelProfile>().unwrap().config(waveform.sample_rate());
        let magnitudes = Stft::new(&config.stft()).unwrap().magnitude(waveform.samples());
        let extractor = MelExtractor::new(&config).unwrap();
        let log_mel = extractor.log_mel(waveform.samples());
        assert_eq!(magnitudes.n_frames(), expected.n_frames);
        assert_eq!(log_mel.n_frames(), expected.n_frames);

        for (place, &frame) in expected.frames.iter().enumerate() {
            let column: Vec<f32> = expected.bins.iter().map(|&bin| magnitudes.row(bin)[frame]).collect();
            assert_all_close(
                &column,
                &profile.magnitude[place],
                MAGNITUDE_TOLERANCE,
                &format!("{name} magnitude {frame}"),
            );
            let column: Vec<f32> = (0..80).map(|band| log_mel.row(band)[frame]).collect();
            assert_all_close(
                &column,
                &profile.log_mel[place],
                LOG_MEL_TOLERANCE,
                &format!("{name} log-mel {frame}"),
            );
        }
        let means: Vec<f64> = (0..80)
            .map(|band| {
                log_mel.row(band).iter().copied().map(f64::from).sum::<f64>() / expected.n_frames as f64
            })
            .collect();
        assert_all_close(
            &means,
            &profile.log_mel_band_means,
            LOG_MEL_TOLERANCE,
            &format!("{name} band means"),
        );

        let n_bins = magnitudes.n_bins();
        let weight = |band: usize, bin: usize| f64::from(extractor.filterbank()[band * n_bins + bin]);
        let rows: Vec<f64> = (0..80).map(|band| (0..n_bins).map(|bin| weight(band, bin)).sum()).collect();
        assert_all_close(&rows, &profile.filterbank_row_sums, FILTERBANK_TOLERANCE, &format!("{name} bands"));
        let columns: Vec<f64> =
            expected.bins.iter().map(|&bin| (0..80).map(|band| weight(band, bin)).sum()).collect();
        assert_all_close(
            &columns,
            &profile.filterbank_column_sums,
            FILTERBANK_TOLERANCE,
            &format!("{name} bins"),
        );
    }
}

#[derive(Deserialize)]
struct Torch {
    single_precision_worst: BTreeMap<String, f64>,
    clips: Vec<TorchClip>,
}

#[derive(Deserialize)]
struct TorchClip {
    clip: String,
    n_frames: usize,
    frames: Vec<usize>,
    profiles: BTreeMap<String, TorchProfile>,
}

#[derive(Deserialize)]
struct TorchProfile {
    log_mel: Vec<Vec<f64>>,
    band_means: Vec<f64>,
}

#[test]
fn spectrograms_of_all_clips_agree_with_torch_in_double_precision() {
    let expected: Torch = golden("signal/torch.json");
    assert_eq!(expected.clips.len(), 12);
    // Single-precision torch loses more than this crate does.
    assert!(expected.single_precision_worst.values().all(|&worst| worst > 10.0 * TORCH_TOLERANCE));
    for case in &expected.clips {
        let waveform = clip(&case.clip);
        for (name, profile) in &case.profiles {
            let config = name.parse::<MelProfile>().unwrap().config(waveform.sample_rate());
            let log_mel = MelExtractor::new(&config).unwrap().log_mel(waveform.samples());
            assert_eq!(log_mel.n_frames(), case.n_frames);
            for (&frame, expected) in case.frames.iter().zip(&profile.log_mel) {
                let column: Vec<f32> = (0..80).map(|band| log_mel.row(band)[frame]).collect();
                assert_all_close(
                    &column,
                    expected,
                    TORCH_TOLERANCE,
                    &format!("{} {name} {frame}", case.clip),
                );
            }
            let mean = |band| log_mel.row(band).iter().copied().map(f64::from).sum::<f64>();
            let means: Vec<f64> = (0..80).map(|band| mean(band) / case.n_frames as f64).collect();
            let what = format!("{} {name} band means", case.clip);
            assert_all_close(&means, &profile.band_means, TORCH_TOLERANCE, &what);
        }
    }
}

#[derive(Deserialize)]
struct F0 {
    cases: Vec<F0Case>,
}

#[derive(Deserialize)]
struct F0Case {
    clip: String,
    f_min_hz: f64,
    f_max_hz: f64,
    frame_length: usize,
    hop_length: usize,
    first_center: usize,
    f0_hz: Vec<f64>,
    voiced_probability: Vec<f64>,
}

#[test]
fn fundamental_frequencies_agree_with_librosa() {
    let expected: F0 = golden("signal/f0.json");
    for case in &expected.cases {
        let waveform = clip(&case.clip);
        let config = PyinConfig {
            f_min_hz: case.f_min_hz,
            f_max_hz: case.f_max_hz,
            frame_length: case.frame_length,
            hop_length: case.hop_length,
            first_center: case.first_center,
        };
        let track = pyin(waveform.samples(), waveform.sample_rate(), &config).unwrap();
        // An unvoiced frame has 0 Hz on both sides, so this checks voicing too.
        assert_all_close(&track.f0_hz, &case.f0_hz, F0_TOLERANCE_HZ, &format!("{} Hz", case.clip));
        assert_all_close(
            &track.voiced_probability,
            &case.voiced_probability,
            PROBABILITY_TOLERANCE,
            &format!("{} probability", case.clip),
        );
    }
}

#[derive(Deserialize)]
struct Loudness {
    clips: Vec<LoudnessClip>,
}

#[derive(Deserialize)]
struct LoudnessClip {
    clip: String,
    lufs: f64,
    lufs_deman: f64,
    peak_dbfs: f64,
    level_db: Vec<f64>,
}

#[test]
fn loudness_agrees_with_pyloudnorm() {
    let expected: Loudness = golden("signal/loudness.json");
    assert_eq!(expected.clips.len(), 12);
    for case in &expected.clips {
        let waveform = clip(&case.clip);
        let lufs = loudness::integrated_lufs(&waveform).unwrap();
        assert_close(lufs, case.lufs, LUFS_TOLERANCE, &case.clip);
        assert_close(lufs, case.lufs_deman, LUFS_SAME_FILTERS_TOLERANCE, &case.clip);
        let peak = loudness::peak_dbfs(&waveform).unwrap();
        assert_close(peak, case.peak_dbfs, LEVEL_TOLERANCE_DB, &case.clip);
        assert!(loudness::true_peak_dbtp(&waveform).unwrap() >= peak);
        let levels = loudness::frame_level_db(waveform.samples(), 256);
        assert_all_close(&levels[..case.level_db.len()], &case.level_db, LEVEL_TOLERANCE_DB, &case.clip);
    }
}

#[derive(Deserialize)]
struct MelCepstra {
    clip: String,
    cases: Vec<MelCepstraCase>,
    alpha: Vec<(u32, f64)>,
}

#[derive(Deserialize)]
struct MelCepstraCase {
    frame: usize,
    order: usize,
    alpha: f64,
    mel_cepstrum: Vec<f64>,
}

/// Computes the power spectrum of a frame by definition, plus one ten-thousandth, as in the script.
fn power(samples: &[f32], frame: usize) -> Vec<f64> {
    let last = samples.len() as i64 - 1;
    let windowed: Vec<f64> = (0..1024_i64)
        .map(|n| {
            let position = (frame as i64 * 256 + n - 384).abs();
            let position = if position > last { 2 * last - position } else { position };
            f64::from(samples[position as usize]) * (0.5 - 0.5 * (TAU * n as f64 / 1024.0).cos())
        })
        .collect();
    (0..=512)
        .map(|bin| {
            let (re, im) = windowed.iter().enumerate().fold((0.0, 0.0), |(re, im), (n, value)| {
                let angle = TAU * ((bin * n) % 1024) as f64 / 1024.0;
                (re + value * angle.cos(), im - value * angle.sin())
            });
            re * re + im * im + 1e-4
        })
        .collect()
}

#[test]
fn mel_cepstra_agree_with_sptk() {
    let expected: MelCepstra = golden("signal/mel_cepstrum.json");
    let waveform = clip(&expected.clip);
    for case in &expected.cases {
        let got = sp2mc(&power(waveform.samples(), case.frame), case.order, case.alpha);
        assert_all_close(
            &got,
            &case.mel_cepstrum,
            CEPSTRUM_TOLERANCE,
            &format!("frame {} alpha {}", case.frame, case.alpha),
        );
    }
    for &(rate, alpha) in &expected.alpha {
        assert_close(alpha_for_rate(rate), alpha, 1e-9, &format!("alpha at {rate} Hz"));
    }
}

#[derive(Deserialize)]
struct World {
    period_ms: f64,
    cases: Vec<WorldCase>,
}

#[derive(Deserialize)]
struct WorldCase {
    clip: String,
    rate: u32,
    dio: Vec<f64>,
    stone_mask: Vec<f64>,
    harvest: Vec<f64>,
    n_fft: usize,
    log_envelope_means: Vec<f64>,
    log_envelope_bin_means: Vec<f64>,
    starts: Vec<usize>,
    mcep: Vec<Vec<f64>>,
    mcep_of_envelope: Vec<f64>,
}

/// Reads a signal at another rate by linear interpolation, rounded to 16 bits, as `signal_world.py` does.
fn at_rate(waveform: &Waveform, rate: u32) -> Vec<f64> {
    let samples: Vec<f64> = waveform.samples().iter().copied().map(f64::from).collect();
    if rate == waveform.sample_rate() {
        return samples;
    }
    let step = f64::from(waveform.sample_rate()) / f64::from(rate);
    let n_samples = ((samples.len() - 1) as f64 / step).floor() as usize + 1;
    let at = |n: usize| {
        let place = n as f64 * step;
        let before = place.floor() as usize;
        let (a, b) = (samples[before], samples[(before + 1).min(samples.len() - 1)]);
        (((b - a) * place.fract() + a) * 32_768.0 + 0.5).floor() / 32_768.0
    };
    (0..n_samples).map(at).collect()
}

#[test]
fn f0_envelopes_and_mel_cepstra_agree_with_world_and_sptk() {
    let expected: World = golden("signal/world.json");
    for case in expected.cases {
        let (rate, period) = (case.rate, expected.period_ms);
        let what = |what: &str| format!("{what} of {} at {rate} Hz", case.clip);
        let samples = at_rate(&clip(&case.clip), rate);
        let found = dio(&samples, rate, period);
        assert_all_close(&found, &case.dio, WORLD_F0_TOLERANCE_HZ, &what("DIO"));
        let f0 = stone_mask(&samples, rate, period, &found);
        assert_all_close(&f0, &case.stone_mask, WORLD_F0_TOLERANCE_HZ, &what("StoneMask"));
        let found = harvest(&samples, rate, 40.0, 800.0, period);
        assert_all_close(&found, &case.harvest, WORLD_F0_TOLERANCE_HZ, &what("Harvest"));

        let mut logs: Vec<Vec<f64>> = Vec::new();
        CheapTrick::new(case.n_fft, rate).unwrap().for_each(&samples, period, &f0, |power| {
            logs.push(power.iter().map(|power| power.ln()).collect());
        });
        assert_eq!(logs.len(), f0.len());
        let means: Vec<f64> =
            logs.iter().step_by(8).map(|frame| frame.iter().sum::<f64>() / frame.len() as f64).collect();
        assert_all_close(&means, &case.log_envelope_means, ENVELOPE_TOLERANCE, &what("CheapTrick"));
        let of_bin = |bin: usize| logs.iter().map(|frame| frame[bin]).sum::<f64>() / logs.len() as f64;
        let means: Vec<f64> = (0..=case.n_fft / 2).step_by(16).map(of_bin).collect();
        assert_all_close(
            &means,
            &case.log_envelope_bin_means,
            ENVELOPE_TOLERANCE,
            &what("CheapTrick by bin"),
        );

        let plan = Mcep::new(&McepConfig { n_fft: 1024, order: 34, alpha: 0.45, floor: 1e-6 }).unwrap();
        // The Hamming window of unit power.
        let weight = |n: usize| 0.54 - 0.46 * (TAU * n as f64 / 1023.0).cos();
        let norm = (0..1024).map(|n| weight(n).powi(2)).sum::<f64>().sqrt();
        for (&start, expected) in case.starts.iter().zip(&case.mcep) {
            let frame: Vec<f64> =
                (0..1024).map(|n| samples[start + n] * 32_768.0 * (weight(n) / norm)).collect();
            let got = plan.of_windowed(&frame).unwrap();
            assert_all_close(&got, expected, MCEP_TOLERANCE, &what("mcep"));
        }
        let plan = Mcep::new(&McepConfig { n_fft: case.n_fft, order: 13, alpha: 0.65, floor: 1e-8 }).unwrap();
        let amplitudes: Vec<f64> = logs[logs.len() / 2].iter().map(|log| log.exp()).collect();
        let got = plan.of_amplitudes(&amplitudes).unwrap();
        assert_all_close(&got, &case.mcep_of_envelope, MCEP_TOLERANCE, &what("mcep without steps"));
    }
}

#[test]
fn planned_sp2mc_is_sp2mc() {
    let power: Vec<f64> = (0..=64).map(|bin| 1.5 + (f64::from(bin) * 0.3).sin()).collect();
    let planned = Sp2mc::new(128, 20, 0.42).unwrap();
    assert_all_close(&planned.of(&power), &sp2mc(&power, 20, 0.42), CEPSTRUM_TOLERANCE, "sp2mc");
    assert!(planned.of(&power[1..]).is_empty());
    assert!(Sp2mc::new(127, 20, 0.42).is_err() && Sp2mc::new(128, 20, 1.0).is_err());
}
