//! Every metric against numpy, pysptk, librosa and pyloudnorm, on pairs of bundled clips.

use mynah_metrics::{Clip, Outcome, Pair, metric};
use mynah_signal::{Waveform, wav};
use mynah_testkit::{assert_close, golden, mini_corpus};
use serde::Deserialize;

/// Both sides round the filtered signal to single precision, and their transforms differ in the last digit of double
/// precision: occasionally a sample is rounded the other way.
const MCD_TOLERANCE_DB: f64 = 1e-6;
/// Pitches come from a list that is kept in single precision here.
const CENTS_TOLERANCE: f64 = 0.01;
/// Ratios of counts.
const FRACTION_TOLERANCE: f64 = 1e-12;
/// The reference filters in double precision too, with coefficients of twelve digits.
const LU_TOLERANCE: f64 = 1e-6;

#[derive(Deserialize)]
struct Golden {
    clip: String,
    other: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    cells: u64,
    mcd: f64,
    both_voiced: u64,
    log_f0_rmse: f64,
    voicing_error: f64,
    duration_ratio: f64,
    duration_difference: f64,
    loudness_difference: f64,
    path_sample: Vec<(usize, usize)>,
}

fn clip(name: &str) -> Waveform {
    let path = mini_corpus().join("wavs").join(name).with_extension("wav");
    wav::read(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// Resamples at 0.93 of the speed, by linear interpolation.
fn slower(waveform: &Waveform) -> Waveform {
    let samples = waveform.samples();
    let n_samples = ((samples.len() - 1) as f64 / 0.93).floor() as usize + 1;
    let at = |n: usize| {
        let position = n as f64 * 0.93;
        let (before, share) = (position.floor() as usize, position.fract());
        let (a, b) = (f64::from(samples[before]), f64::from(samples[(before + 1).min(samples.len() - 1)]));
        ((b - a) * share + a) as f32
    };
    Waveform::new((0..n_samples).map(at).collect(), waveform.sample_rate())
}

/// Averages each sample with the previous one.
fn duller(waveform: &Waveform) -> Waveform {
    let before = std::iter::once(0.0).chain(waveform.samples().iter().copied());
    let samples =
        waveform.samples().iter().zip(before).map(|(here, before)| 0.5 * here + 0.5 * before).collect();
    Waveform::new(samples, waveform.sample_rate())
}

#[test]
fn metrics_agree_with_the_reference_programs() {
    let expected: Golden = golden("metrics/pairs.json");
    let reference = clip(&expected.clip);
    for case in &expected.cases {
        let system = match case.name.as_str() {
            "slower" => slower(&reference),
            "duller" => duller(&reference),
            "other" => clip(&expected.other),
            name => panic!("there is no recipe for {name}"),
        };
        let (reference, system) = (Clip::new(&reference), Clip::new(&system));
        let pair = Pair::new(&reference, &system);
        let path = &pair.alignment().expect("both have cepstra").path;
        let sample: Vec<_> = path.iter().copied().step_by(25).collect();
        assert_eq!(sample, case.path_sample, "{}", case.name);

        let check = |name: &str, expected: f64, tolerance: f64, cells: Option<u64>| {
            let what = format!("{} {name}", case.name);
            match metric(name).expect("the metric exists").measure(&pair) {
                Outcome::Value { value, frames } => {
                    assert_close(value, expected, tolerance, &what);
                    assert_eq!(frames, cells, "{what}");
                }
                Outcome::Undefined(why) => panic!("{what}: {why}"),
            }
        };
        check("mcd", case.mcd, MCD_TOLERANCE_DB, Some(case.cells));
        check("log_f0_rmse", case.log_f0_rmse, CENTS_TOLERANCE, Some(case.both_voiced));
        check("voicing_error", case.voicing_error, FRACTION_TOLERANCE, Some(case.cells));
        check("duration_ratio", case.duration_ratio, FRACTION_TOLERANCE, None);
        check("duration_difference", case.duration_difference, FRACTION_TOLERANCE, None);
        check("loudness_difference", case.loudness_difference, LU_TOLERANCE, None);
    }
}
