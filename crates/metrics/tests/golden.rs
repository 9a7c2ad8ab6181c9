//! Every metric against numpy, pysptk, librosa, pyloudnorm, pystoi and pesq, on bundled clips and altered copies of them.

use std::collections::{BTreeMap, BTreeSet};

use mynah_metrics::{Clip, Needs, Outcome, Pace, Pair, Text, all, metric};
use mynah_signal::{Waveform, wav};
use mynah_testkit::{assert_close, golden, mini_corpus};
use serde::Deserialize;

/// Values of the metrics, each with the number of frames, where it is compared.
type Values = BTreeMap<String, (f64, Option<u64>)>;

#[derive(Deserialize)]
struct Pairs {
    clip: String,
    other: String,
    cases: Vec<PairCase>,
}

#[derive(Deserialize)]
struct PairCase {
    name: String,
    values: Values,
    path_sample: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
struct Copies {
    clip: String,
    cases: Vec<CopyCase>,
}

#[derive(Deserialize)]
struct CopyCase {
    name: String,
    rate: u32,
    values: Values,
}

#[derive(Deserialize)]
struct Health {
    clip: String,
    units: u32,
    recordings: Vec<(u32, f64)>,
    cases: Vec<HealthCase>,
}

#[derive(Deserialize)]
struct HealthCase {
    name: String,
    values: Values,
}

#[derive(Deserialize)]
struct Compatibility {
    clip: String,
    other: String,
    cases: Vec<CompatibilityCase>,
}

#[derive(Deserialize)]
struct CompatibilityCase {
    name: String,
    rate: u32,
    values: Values,
}

/// Largest difference from another program in dB or ln Hz, where the decisions along the way fall the same.
const COMPATIBILITY_TOLERANCE: f64 = 1e-6;
/// The same where the program resamples the files by a filter that is not repeated here.
const RESAMPLED_TOLERANCE_DB: f64 = 0.02;

/// Returns the largest difference from the oracle, with its reason.
fn tolerance(name: &str) -> f64 {
    match name {
        // Both sides round the filtered signal to single precision, and their transforms differ in the last digit of
        // double precision: occasionally a sample is rounded the other way. The filters of the loudness have coefficients
        // of twelve digits.
        "mcd"
        | "loudness_difference"
        | "si_sdr"
        | "hum"
        | "noise_floor"
        | "snr"
        | "f0_correlation"
        | "energy_correlation"
        | "mr_stft_convergence" => 1e-6,
        // Pitches come from a list that is kept in single precision here.
        "log_f0_rmse" | "f0_median_error" => 0.01,
        // The same, and logarithms of single precision near their floors.
        "f0_spread_difference" | "f0_range_difference" | "energy_rmse" | "lsd" => 1e-4,
        // Log-mel spectrograms and magnitudes are in single precision, and so are the signals resampled for STOI.
        "mel_l1_dtw" | "mel_l1" | "mr_stft_log_magnitude" | "stoi" | "estoi" => 1e-5,
        // The crate and the reference program compute in single precision, in another order.
        "pesq" => 0.002,
        // Ratios of counts, and sums of durations.
        _ => 1e-9,
    }
}

fn clip(name: &str) -> Waveform {
    let path = mini_corpus().join("wavs").join(name).with_extension("wav");
    wav::read(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// Compares outcomes with the oracle's values.
fn compare(case: &str, expected: &Values, measure: impl Fn(&str) -> Outcome) {
    for (name, &(value, frames)) in expected {
        let what = format!("{case} {name}");
        match measure(name) {
            Outcome::Value { value: got, frames: n_frames } => {
                assert_close(got, value, tolerance(name), &what);
                assert!(frames.is_none() || frames == n_frames, "{what}: {frames:?} {n_frames:?}");
            }
            Outcome::Undefined(why) => panic!("{what}: {why}"),
        }
    }
}

fn with_samples(waveform: &Waveform, samples: Vec<f32>) -> Waveform {
    Waveform::new(samples, waveform.sample_rate())
}

/// Reads the samples at positions, by linear interpolation.
fn interpolated(waveform: &Waveform, step: f64) -> Vec<f64> {
    let samples = waveform.samples();
    let n_samples = ((samples.len() - 1) as f64 / step).floor() as usize + 1;
    let at = |n: usize| {
        let position = n as f64 * step;
        let (before, share) = (position.floor() as usize, position.fract());
        let (a, b) = (f64::from(samples[before]), f64::from(samples[(before + 1).min(samples.len() - 1)]));
        (b - a) * share + a
    };
    (0..n_samples).map(at).collect()
}

/// Resamples at 0.93 of the speed.
fn slower(waveform: &Waveform) -> Waveform {
    with_samples(waveform, interpolated(waveform, 0.93).into_iter().map(|sample| sample as f32).collect())
}

/// Averages each sample with the previous one.
fn duller(waveform: &Waveform) -> Waveform {
    let before = std::iter::once(0.0).chain(waveform.samples().iter().copied());
    let samples = waveform.samples().iter().zip(before).map(|(here, before)| 0.5 * here + 0.5 * before);
    with_samples(waveform, samples.collect())
}

/// Inserts 0.3 s of silence in the middle.
fn paused(waveform: &Waveform) -> Waveform {
    let (before, after) = waveform.samples().split_at(waveform.len() / 2);
    with_samples(waveform, [before, &vec![0.0; 6615], after].concat())
}

/// Adds uniform noise.
fn noisy(waveform: &Waveform) -> Waveform {
    let mut state = 1_u32;
    let add = |&sample: &f32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (f64::from(sample) + 0.02 * (f64::from(state >> 8) / 16_777_216.0 - 0.5)) as f32
    };
    with_samples(waveform, waveform.samples().iter().map(add).collect())
}

/// Rounds to 6 bits.
fn coarse(waveform: &Waveform) -> Waveform {
    let round = |sample: &f32| (sample * 32.0 + 0.5).floor() / 32.0;
    with_samples(waveform, waveform.samples().iter().map(round).collect())
}

/// Reads every `step` samples by linear interpolation, rounded to 16 bits.
fn stretched(waveform: &Waveform, step: f64, rate: u32) -> Waveform {
    let round = |sample: f64| ((sample * 32_768.0 + 0.5).floor() / 32_768.0) as f32;
    Waveform::new(interpolated(waveform, step).into_iter().map(round).collect(), rate)
}

fn at_16_khz(waveform: &Waveform) -> Waveform {
    stretched(waveform, f64::from(waveform.sample_rate()) / 16_000.0, 16_000)
}

/// Plants a fault of `metrics_health.py`.
fn planted(fault: &str, waveform: &Waveform) -> Waveform {
    let mut samples = waveform.samples().to_vec();
    let hum = |n: usize| 0.003 * (std::f64::consts::TAU * 50.0 / 22_050.0 * n as f64).sin() + 0.002;
    match fault {
        "loud" => samples.iter_mut().for_each(|sample| *sample = (8.0 * *sample).clamp(-1.0, 1.0)),
        "humming" => {
            for (n, sample) in samples.iter_mut().enumerate() {
                *sample = (f64::from(*sample) + hum(n)) as f32;
            }
        }
        "clicking" => [20_000, 30_001, 41_234].into_iter().for_each(|at| samples[at] += 0.5),
        "dropping" => {
            samples[25_000..25_500].fill(0.0);
            samples[40_000..40_300].fill(0.0);
        }
        "stuttering" => samples = [&samples[..16_820], &samples[8000..]].concat(),
        "waiting" => samples = [&samples[..30_000], &vec![0.0; 11_025], &samples[30_000..]].concat(),
        "stopping" => samples.truncate(35_000),
        name => panic!("there is no recipe for {name}"),
    }
    with_samples(waveform, samples)
}

#[test]
fn metrics_agree_with_the_reference_programs() {
    let expected: Pairs = golden("metrics/pairs.json");
    let reference = clip(&expected.clip);
    for case in expected.cases {
        let system = match case.name.as_str() {
            "slower" => slower(&reference),
            "duller" => duller(&reference),
            "paused" => paused(&reference),
            "other" => clip(&expected.other),
            name => panic!("there is no recipe for {name}"),
        };
        let (reference, system) = (Clip::new(&reference), Clip::new(&system));
        let pair = Pair::new(&reference, &system);
        let path = &pair.alignment().expect("both have cepstra").path;
        let sample: Vec<_> = path.iter().copied().step_by(25).collect();
        assert_eq!(sample, case.path_sample, "{}", case.name);
        compare(&case.name, &case.values, |name| metric(name).expect("the metric exists").measure(&pair));
    }
}

#[test]
fn metrics_of_copies_agree_with_the_reference_programs() {
    let expected: Copies = golden("metrics/copies.json");
    let whole = clip(&expected.clip);
    for case in expected.cases {
        let reference = if case.rate == 16_000 { at_16_khz(&whole) } else { whole.clone() };
        let system = match case.name.as_str() {
            "duller" => duller(&reference),
            "noisy" => noisy(&reference),
            "coarse" => coarse(&reference),
            name => panic!("there is no recipe for {name}"),
        };
        let (reference, system) = (Clip::new(&reference), Clip::new(&system));
        let pair = Pair::new(&reference, &system);
        let what = format!("{} at {} Hz", case.name, case.rate);
        compare(&what, &case.values, |name| metric(name).expect("the metric exists").measure(&pair));
    }
}

#[test]
fn metrics_of_one_wav_agree_with_the_reference_programs() {
    let expected: Health = golden("metrics/health.json");
    let whole = clip(&expected.clip);
    let pace = Pace::fit(&expected.recordings).expect("ten recordings have a pace");
    for case in expected.cases {
        let waveform = planted(&case.name, &whole);
        let wav = Clip::new(&waveform).with_text(Text::new(expected.units).at(pace));
        compare(&case.name, &case.values, |name| metric(name).expect("the metric exists").measure_clip(&wav));
        // With a recording, a metric that needs none is the same.
        let recording = Clip::new(&whole);
        let pair = Pair::new(&recording, &wav);
        compare(&case.name, &case.values, |name| metric(name).expect("the metric exists").measure(&pair));
    }
}

#[test]
fn numbers_of_other_programs_are_repeated() {
    let expected: Compatibility = golden("metrics/compatibility.json");
    let whole = clip(&expected.clip);
    let silence = vec![0.0; 6615];
    for case in expected.cases {
        let rate = case.rate;
        let reference = match rate {
            22_050 => whole.clone(),
            rate => stretched(&whole, 22_050.0 / f64::from(rate), rate),
        };
        let system = match case.name.as_str() {
            "slower" => stretched(&reference, 0.93, rate),
            "quieter" => {
                let half = |sample: &f32| ((sample / 2.0) * 32_768.0 + 0.5).floor() / 32_768.0;
                with_samples(&reference, reference.samples().iter().map(half).collect())
            }
            "paused" => {
                let (before, after) = reference.samples().split_at(reference.len() / 2);
                with_samples(&reference, [&silence, before, &silence, after].concat())
            }
            "other" => clip(&expected.other),
            name => panic!("there is no recipe for {name}"),
        };
        let (reference, system) = (Clip::new(&reference), Clip::new(&system));
        let pair = Pair::new(&reference, &system);
        for (name, &(value, frames)) in &case.values {
            let what = format!("{} at {rate} Hz, {name}", case.name);
            let is_resampled = rate != 22_050 && name.starts_with("mcd_pymcd");
            let tolerance = if is_resampled { RESAMPLED_TOLERANCE_DB } else { COMPATIBILITY_TOLERANCE };
            match metric(name).expect("the metric exists").measure(&pair) {
                Outcome::Value { value: got, frames: n_frames } => {
                    assert_close(got, value, tolerance, &what);
                    assert!(frames.is_none() || frames == n_frames, "{what}: {frames:?} {n_frames:?}");
                }
                Outcome::Undefined(why) => panic!("{what}: {why}"),
            }
        }
        // A value that the program does not give is not given here.
        for metric in all().iter().filter(|metric| metric.profile().starts_with("mcd/versa")) {
            let outcome = metric.measure(&pair);
            assert_eq!(
                matches!(outcome, Outcome::Value { .. }),
                case.values.contains_key(metric.name()),
                "{}: {outcome:?}",
                case.name
            );
        }
    }
}

#[test]
fn every_metric_has_an_oracle() {
    let pairs: Pairs = golden("metrics/pairs.json");
    let copies: Copies = golden("metrics/copies.json");
    let health: Health = golden("metrics/health.json");
    let values = pairs.cases.into_iter().map(|case| (Needs::Recording, case.values));
    let values = values.chain(copies.cases.into_iter().map(|case| (Needs::AlignedRecording, case.values)));
    let values = values.chain(health.cases.into_iter().map(|case| (Needs::Nothing, case.values)));
    let others: Compatibility = golden("metrics/compatibility.json");
    let values = values.chain(others.cases.into_iter().map(|case| (Needs::Recording, case.values)));
    let known: BTreeSet<(String, String)> = values
        .flat_map(|(needs, values)| values.into_keys().map(move |name| (name, format!("{needs:?}"))))
        .collect();
    for metric in all() {
        let needs = match metric.declaration().needs {
            Needs::Text => Needs::Nothing,
            needs => needs,
        };
        assert!(known.contains(&(metric.name().to_owned(), format!("{needs:?}"))), "{}", metric.name());
    }
}
