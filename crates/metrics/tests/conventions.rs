//! Guarantees of every metric: identity, symmetry, level, and a row for every failure.

use mynah_metrics::{
    Clip, Metric, Needs, Outcome, Pace, Pair, Score, Status, Text, all, failed_item, metric, score_clip,
    score_item, score_pair,
};
use mynah_signal::{Resampler, Waveform, wav};
use mynah_testkit::{assert_close, fixture, mini_corpus};
use proptest::prelude::*;

/// A gain of a power of two is exact in every sample; only the logarithms round.
const ROUNDING_DB: f64 = 1e-9;
/// Any other gain rounds every sample in single precision, 150 dB below it.
const SINGLE_PRECISION_DB: f64 = 1e-3;

fn clip(name: &str) -> Waveform {
    let path = mini_corpus().join("wavs").join(name).with_extension("wav");
    wav::read(&path).unwrap_or_else(|error| panic!("{error}"))
}

fn scaled(waveform: &Waveform, gain: f32) -> Waveform {
    Waveform::new(waveform.samples().iter().map(|sample| sample * gain).collect(), waveform.sample_rate())
}

fn measure(name: &str, reference: &Waveform, system: &Waveform) -> Outcome {
    let (reference, system) = (Clip::new(reference), Clip::new(system));
    metric(name).expect("the metric exists").measure(&Pair::new(&reference, &system))
}

fn value(name: &str, reference: &Waveform, system: &Waveform) -> f64 {
    match measure(name, reference, system) {
        Outcome::Value { value, .. } => value,
        Outcome::Undefined(why) => panic!("{name}: {why}"),
    }
}

fn reason(name: &str, reference: &Waveform, system: &Waveform) -> String {
    match measure(name, reference, system) {
        Outcome::Undefined(why) => why,
        Outcome::Value { value, .. } => panic!("{name} gave {value}"),
    }
}

#[test]
fn a_signal_compared_with_itself_is_perfect() {
    let waveform = clip("LJ001-0045");
    let rows = score_item("copy", None, "LJ001-0045", &waveform, Ok(&waveform), all());
    for (row, metric) in rows.iter().zip(all()) {
        let declaration = metric.declaration();
        match declaration.perfect {
            Some(perfect) => {
                let tolerance = if perfect == 0.0 { 0.0 } else { 1e-6 };
                assert_close(row.value.expect("a copy has a value"), perfect, tolerance, &row.metric);
            }
            None if row.metric == "si_sdr" => {
                assert_eq!(
                    row.reason.as_deref(),
                    Some("the system is the scaled reference: the ratio is infinite")
                );
            }
            None if declaration.needs == Needs::Text => {
                assert_eq!(
                    row.reason.as_deref(),
                    Some("the system comes without the length of its text"),
                    "{}",
                    row.metric
                );
            }
            None => assert_eq!(row.status, Status::Ok, "{}", row.metric),
        }
    }
}

#[test]
fn a_quieter_copy_has_no_distortion_and_is_quieter() {
    let waveform = clip("LJ002-0009");
    for (gain, tolerance) in [(0.5, ROUNDING_DB), (10_f32.powf(-6.0 / 20.0), SINGLE_PRECISION_DB)] {
        let quieter = scaled(&waveform, gain);
        assert_close(value("mcd", &waveform, &quieter), 0.0, tolerance, "mcd");
        assert_close(value("log_f0_rmse", &waveform, &quieter), 0.0, tolerance, "log_f0_rmse");
        assert_close(value("voicing_error", &waveform, &quieter), 0.0, 0.0, "voicing_error");
        let level = 20.0 * f64::from(gain).log10();
        assert_close(value("loudness_difference", &waveform, &quieter), level, 1e-6, "loudness_difference");
    }
}

/// Averages each sample with the one before it: a copy with a distortion.
fn duller(waveform: &Waveform) -> Waveform {
    let before = std::iter::once(0.0).chain(waveform.samples().iter().copied());
    let samples = waveform.samples().iter().zip(before).map(|(here, before)| 0.5 * (here + before)).collect();
    Waveform::new(samples, waveform.sample_rate())
}

/// Returns the explanation on one line, to find what it claims.
fn claims(metric: &dyn Metric) -> String {
    metric.explain().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn swapping_does_what_the_explanation_says() {
    let (one, other) = (clip("LJ001-0045"), duller(&clip("LJ001-0045")));
    let (mut n_symmetric, mut n_signed) = (0, 0);
    for metric in all() {
        let name = metric.name();
        let claims = claims(*metric);
        if claims.contains("Symmetric") && !claims.contains("Symmetric but for") {
            n_symmetric += 1;
            let (forth, back) = (value(name, &one, &other), value(name, &other, &one));
            // A path may choose another of equally good ways.
            assert_close(forth, back, 1e-9 * forth.abs().max(1.0), name);
        }
        if claims.contains("swapping the signals changes the sign") {
            n_signed += 1;
            assert_close(value(name, &one, &other), -value(name, &other, &one), 1e-9, name);
        }
    }
    assert_eq!((n_symmetric, n_signed), (11, 8));
}

#[test]
fn metrics_are_invariant_to_what_the_explanation_says() {
    let reference = clip("LJ002-0009");
    let system = duller(&reference);
    let rate = system.sample_rate();
    let text = Text::new(30).at(Pace::fit(&(5..15).map(|n| (n, f64::from(n))).collect::<Vec<_>>()).unwrap());
    let measure = |metric: &dyn Metric, system: &Waveform| -> f64 {
        let (reference, system) = (Clip::new(&reference), Clip::new(system).with_text(text));
        match metric.measure(&Pair::new(&reference, &system)) {
            Outcome::Value { value, .. } => value,
            Outcome::Undefined(why) => panic!("{}: {why}", metric.name()),
        }
    };
    let silence = vec![0.0; rate as usize / 4];
    let changes: [(&str, Waveform, f64); 4] = [
        // Exact in every sample; floors may be absolute within a transform.
        ("gain", scaled(&system, 0.5), 1e-6),
        ("polarity", scaled(&system, -1.0), 1e-9),
        // Single precision rounds the sum.
        ("offset", with_added(&system, |_| 0.003), 0.005),
        // Edges of the speech move by a few samples, and blocks and frames with them.
        (
            "digital silence at the ends",
            Waveform::new([&silence[..], system.samples(), &silence].concat(), rate),
            0.05,
        ),
    ];
    let mut n_claims = 0;
    for metric in all() {
        let claims = claims(*metric);
        let Some((_, invariant)) = claims.split_once("Invariant to ") else { continue };
        let invariant = invariant.split_once('.').map_or(invariant, |(sentence, _)| sentence);
        let expected = measure(*metric, &system);
        for (name, changed, tolerance) in &changes {
            if !invariant.contains(name) {
                continue;
            }
            n_claims += 1;
            // Rounding to 16 bits.
            let tolerance = if metric.name() == "pesq" { 0.01 } else { *tolerance };
            let what = format!("{} {name}", metric.name());
            assert_close(measure(*metric, changed), expected, tolerance * expected.abs().max(1.0), &what);
        }
    }
    assert!(n_claims > 60, "{n_claims}");
}

#[test]
fn copies_are_told_from_other_renderings() {
    let reference = clip("LJ001-0045");
    let rate = reference.sample_rate();
    let copies: Vec<&&dyn Metric> =
        all().iter().filter(|metric| metric.declaration().needs == Needs::AlignedRecording).collect();
    assert_eq!(copies.len(), 8);
    let longer = Waveform::new([reference.samples(), &vec![0.0; 2205]].concat(), rate);
    // Backwards it has the same duration.
    let backwards = Waveform::new(reference.samples().iter().rev().copied().collect(), rate);
    for metric in copies {
        let why = reason(metric.name(), &reference, &longer);
        let expected =
            "the system is 0.10 s longer than the reference: it is not a copy in time (at most 0.05 s)";
        assert_eq!(why, expected, "{}", metric.name());
        let why = reason(metric.name(), &reference, &backwards);
        assert!(why.starts_with("the envelopes of the signals correlate by "), "{}: {why}", metric.name());
        assert!(
            why.ends_with(", less than 0.9: the system is not a copy in time"),
            "{}: {why}",
            metric.name()
        );
        // The caller may know better.
        let (reference, backwards) = (Clip::new(&reference), Clip::new(&backwards));
        let outcome = metric.measure(&Pair::new(&reference, &backwards).assuming_aligned());
        assert!(matches!(outcome, Outcome::Value { .. }), "{}: {outcome:?}", metric.name());
    }
}

#[test]
fn a_wav_is_scored_without_a_recording() {
    let waveform = clip("LJ001-0045");
    let clip = Clip::new(&waveform).with_text(Text::new(30));
    let rows = score_clip("mine", None, "x", &clip, all());
    assert_eq!(rows.len(), all().len());
    for (row, metric) in rows.iter().zip(all()) {
        match metric.declaration().needs {
            Needs::Nothing => assert_eq!(row.status, Status::Ok, "{}", row.metric),
            Needs::Text if row.metric == "speech_rate" => assert_eq!(row.status, Status::Ok),
            Needs::Text => assert_eq!(
                row.reason.as_deref(),
                Some("the wav has an empty text, or comes without the pace of recordings")
            ),
            Needs::Recording | Needs::AlignedRecording => {
                let expected = format!("{} needs a recording of the sentence", row.metric);
                assert_eq!(row.reason, Some(expected));
                assert_eq!(row.status, Status::Undefined);
            }
        }
    }
    let silence = Waveform::new(vec![0.0; 30_000], 22_050);
    let rows = score_clip("mine", None, "x", &Clip::new(&silence), all());
    assert_eq!(rows, failed_item("mine", None, "x", "the wav is silent", all()));
}

#[test]
fn an_octave_is_a_gross_error() {
    let tone = |hertz: f64| {
        let sample = |n: u32| (std::f64::consts::TAU * hertz * f64::from(n) / 22_050.0).sin() as f32 * 0.5;
        Waveform::new((0..22_050).map(sample).collect(), 22_050)
    };
    assert_close(value("f0_gross_error", &tone(150.0), &tone(300.0)), 1.0, 0.0, "f0_gross_error");
    assert_close(value("f0_median_error", &tone(150.0), &tone(300.0)), 1200.0, 10.0, "f0_median_error");
}

/// Returns a copy with something added to every sample.
fn with_added(waveform: &Waveform, added: impl Fn(f64) -> f64) -> Waveform {
    let rate = f64::from(waveform.sample_rate());
    let sum = |(n, &sample): (usize, &f32)| (f64::from(sample) + added(n as f64 / rate)) as f32;
    Waveform::new(waveform.samples().iter().enumerate().map(sum).collect(), waveform.sample_rate())
}

#[test]
fn an_offset_costs_nothing() {
    for name in ["LJ001-0045", "LJ002-0009", "LJ002-0151"] {
        let waveform = clip(name);
        let offset = with_added(&waveform, |_| 0.003);
        assert_close(value("mcd", &waveform, &offset), 0.0, 0.01, name);
        assert_close(value("log_f0_rmse", &waveform, &offset), 0.0, 0.0, name);
        assert_close(value("voicing_error", &waveform, &offset), 0.0, 0.0, name);
    }
}

#[test]
fn hum_costs_almost_nothing() {
    for (name, hertz) in [("LJ001-0045", 50.0), ("LJ002-0009", 50.0), ("LJ002-0151", 60.0)] {
        let waveform = clip(name);
        let hum = with_added(&waveform, |seconds| 0.003 * (std::f64::consts::TAU * hertz * seconds).sin());
        assert_close(value("mcd", &waveform, &hum), 0.0, 0.1, name);
        assert_close(value("log_f0_rmse", &waveform, &hum), 0.0, 1.0, name);
        assert_close(value("voicing_error", &waveform, &hum), 0.0, 0.005, name);
    }
}

#[test]
fn silence_at_the_ends_changes_only_the_duration() {
    // The first clip is cut within its sound: the signal that the filter assumes before it shifts its start by 0.6 ms.
    for (name, most_db) in [("LJ001-0045", 0.5), ("LJ002-0009", 0.2), ("LJ002-0151", 0.2)] {
        let waveform = clip(name);
        let rate = waveform.sample_rate();
        let silence = vec![0.0; rate as usize / 2];
        for around in [
            [&silence[..], waveform.samples()].concat(),
            [waveform.samples(), &silence[..]].concat(),
            [&silence[..7777], waveform.samples(), &silence[..]].concat(),
        ] {
            let seconds = (around.len() - waveform.len()) as f64 / f64::from(rate);
            let around = Waveform::new(around, rate);
            assert_close(value("mcd", &waveform, &around), 0.0, most_db, name);
            assert_close(value("duration_difference", &waveform, &around), seconds, 1e-9, name);
        }
    }
}

#[test]
fn a_different_sample_rate_is_resampled_once() {
    let reference = clip("LJ001-0045");
    let system = Resampler::new(22_050, 24_000).unwrap().resample(&reference);
    // Resampling there and back loses everything from 95 % to 100 % of half the rate, and frames of a clip that starts
    // at a different sample differ.
    assert_close(value("mcd", &reference, &system), 0.0, 1.0, "mcd");
    assert_close(value("mcd", &system, &reference), 0.0, 1.0, "mcd, swapped");
    assert_close(value("log_f0_rmse", &reference, &system), 0.0, 10.0, "log_f0_rmse");
    assert_close(value("voicing_error", &reference, &system), 0.0, 0.02, "voicing_error");
    assert_close(value("duration_ratio", &reference, &system), 0.0, 1e-4, "duration_ratio");
    // Samples at the wrong rate have another pitch and another length.
    let faster = Waveform::new(reference.samples().to_vec(), 24_000);
    let cents = 1200.0 * (24_000.0_f64 / 22_050.0).log2();
    assert_close(value("log_f0_rmse", &reference, &faster), cents, 30.0, "log_f0_rmse");
    assert_close(
        value("duration_ratio", &reference, &faster),
        (22_050.0_f64 / 24_000.0).ln(),
        1e-12,
        "ratio",
    );
}

#[test]
fn a_faulty_wav_is_a_failed_row_for_every_metric() {
    let reference = clip("LJ001-0045");
    let rate = reference.sample_rate();
    let length = reference.len();
    let check = |samples: Vec<f32>, expected: &str| {
        let system = Waveform::new(samples, rate);
        let rows = score_item("mine", None, "x", &reference, Ok(&system), all());
        assert_eq!(rows, failed_item("mine", None, "x", expected, all()));
    };
    check(Vec::new(), "the wav is empty");
    check(vec![0.0; length], "the wav is silent");
    check(vec![0.3; length], "the wav is silent");
    let truncated = "the wav is truncated: its speech is less than half as long as the reference's";
    let begin = &reference.samples()[..length * 2 / 5];
    check(begin.to_vec(), truncated);
    check([begin, &vec![0.0; length * 3 / 5][..]].concat(), truncated);

    let silence = Waveform::new(vec![0.0; length], rate);
    let rows = score_item("mine", None, "x", &silence, Ok(&reference), all());
    assert_eq!(rows, failed_item("mine", None, "x", "the reference is silent", all()));
}

#[test]
fn undefined_scores_give_the_reason() {
    let reference = clip("LJ001-0045");
    let rate = reference.sample_rate();
    let check = |name: &str, system: Vec<f32>, expected: &str| {
        let why = reason(name, &reference, &Waveform::new(system, rate));
        assert_eq!(why, expected, "{name}");
    };
    let silence = vec![0.0; 30_000];
    check("mcd", silence.clone(), "the system is silent");
    check("voicing_error", silence.clone(), "the system is silent");
    check("loudness_difference", silence, "the system is shorter than 400 ms or silent");
    let click: Vec<f32> = (0..100).map(|n| (n as f32 * 0.5).sin()).collect();
    check("mcd", click, "the system has no frame with nonzero power");
    check("duration_ratio", Vec::new(), "the system has no duration");
    check("duration_difference", Vec::new(), "the system has no duration");
    // Noise has no pitch.
    let mut state = 1_u32;
    let noise: Vec<f32> = (0..30_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        })
        .collect();
    let why = reason("log_f0_rmse", &reference, &Waveform::new(noise, rate));
    assert!(why.ends_with("path cells are voiced in both signals, expected at least 10"), "{why}");
}

#[test]
fn an_item_without_a_wav_is_a_failed_row_for_every_metric() {
    let reference = clip("LJ001-0045");
    let missing = Err("failed to read `x.wav`: there is no such file".to_owned());
    let rows = score_item("mine", Some(7), "x", &reference, missing, all());
    assert_eq!(rows.len(), all().len());
    for (row, metric) in rows.iter().zip(all()) {
        assert_eq!((row.system.as_str(), row.step, row.item.as_str()), ("mine", Some(7), "x"));
        assert_eq!(
            (row.metric.as_str(), row.profile.as_str(), row.unit.as_str()),
            (metric.name(), metric.profile(), metric.unit())
        );
        assert_eq!((row.status, row.value, row.frames), (Status::Failed, None, None));
        assert_eq!(row.reason.as_deref(), Some("failed to read `x.wav`: there is no such file"));
    }
    let the_same = failed_item("mine", Some(7), "x", "failed to read `x.wav`: there is no such file", all());
    assert_eq!(rows, the_same);
}

#[test]
fn rows_are_in_the_order_of_the_metrics_however_clips_are_shared() {
    let (reference, system) = (clip("LJ001-0045"), clip("LJ002-0009"));
    let metrics = [metric("duration_ratio").unwrap(), metric("mcd").unwrap()];
    let at_once = score_item("mine", None, "x", &reference, Ok(&system), &metrics);
    let names: Vec<_> = at_once.iter().map(|row| row.metric.as_str()).collect();
    assert_eq!(names, ["duration_ratio", "mcd"]);

    // One analyzed reference for several systems, from several threads.
    let reference = Clip::new(&reference);
    let score = |_: usize| -> Vec<Score> {
        let system = Clip::new(&system);
        score_pair("mine", None, "x", &Pair::new(&reference, &system), &metrics)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3).map(|index| scope.spawn(move || score(index))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), at_once);
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// For any signals, every metric gives a finite number or a reason, and distances are nonnegative.
    #[test]
    fn every_metric_gives_a_number_or_a_reason(
        first in signal(),
        second in signal(),
        rates in (prop_oneof![Just(22_050_u32), Just(16_000), 0_u32..100_000], prop::bool::ANY),
    ) {
        let (rate, same) = rates;
        let reference = Waveform::new(first, rate);
        let system = Waveform::new(second, if same { rate } else { 22_050 });
        for row in score_item("any", None, "x", &reference, Ok(&system), all()) {
            prop_assert_eq!(row.value.is_some(), row.status == Status::Ok);
            prop_assert_eq!(row.reason.is_none(), row.status == Status::Ok);
            if let Some(value) = row.value {
                let range = metric(&row.metric).expect("the metric exists").declaration().range;
                prop_assert!(range.contains(value), "{}: {}", row.metric, value);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The same for metrics of copies, whatever the caller takes for one.
    #[test]
    fn metrics_of_copies_give_a_number_or_a_reason(
        first in signal(),
        second in signal(),
        rate in prop_oneof![Just(22_050_u32), Just(16_000), Just(8000), Just(48_000)],
    ) {
        let (reference, system) = (Waveform::new(first, rate), Waveform::new(second, rate));
        let (reference, system) = (Clip::new(&reference), Clip::new(&system));
        let pair = Pair::new(&reference, &system).assuming_aligned();
        for row in score_pair("any", None, "x", &pair, all()) {
            prop_assert_eq!(row.value.is_none(), row.reason.is_some());
            if let Some(value) = row.value {
                let range = metric(&row.metric).expect("the metric exists").declaration().range;
                prop_assert!(range.contains(value), "{}: {}", row.metric, value);
            }
        }
    }
}

/// Generates up to a second of tone, noise, silence or garbage.
fn signal() -> impl Strategy<Value = Vec<f32>> {
    let tone = (60.0_f32..700.0, 0_usize..22_050)
        .prop_map(|(hz, length)| (0..length).map(|n| (n as f32 * hz * 2.849_517e-4).sin() * 0.7).collect());
    let noise = prop::collection::vec(-1.0_f32..1.0, 0..3000);
    let silence = (0_usize..20_000).prop_map(|length| vec![0.0; length]);
    let nonsense = prop::collection::vec(any::<f32>(), 0..3000);
    prop_oneof![4 => tone, 2 => noise, 1 => silence, 1 => nonsense]
}

#[test]
fn shipped_protocols_name_metrics() {
    for name in ["objective", "speech", "copies"] {
        let path = fixture("../eval/protocols").join(name).with_extension("toml");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let names: Vec<&str> =
            text.lines().filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\",")).collect();
        assert!(names.len() > 10, "{name}");
        for (index, of) in names.iter().enumerate() {
            // The real-time factor is read from the synthesizer's table.
            assert!(metric(of).is_some() || *of == "real_time_factor", "{name}: {of}");
            assert!(!names[..index].contains(of), "{name}: {of} twice");
        }
    }
}

/// Returns the metrics that repeat the numbers of other programs.
fn of_other_programs() -> Vec<&'static dyn Metric> {
    let programs = ["/espnet", "/pymcd", "/versa"];
    all()
        .iter()
        .copied()
        .filter(|metric| programs.iter().any(|name| metric.profile().contains(name)))
        .collect()
}

#[test]
fn numbers_of_other_programs_are_only_given_where_they_are_theirs() {
    let metrics = of_other_programs();
    assert_eq!(metrics.len(), 7);
    let reference = clip("LJ002-0009");
    let with_rate = |rate: u32| Waveform::new(reference.samples()[..20_000].to_vec(), rate);
    for metric in metrics {
        let name = metric.name();
        if !name.contains("pymcd") {
            let why = reason(name, &reference, &with_rate(24_000));
            assert!(why.starts_with("the reference has 22050 Hz and the system 24000 Hz: "), "{name}: {why}");
            assert!(why.ends_with("; resample one of them first"), "{name}: {why}");
        }
        if name.contains("espnet") {
            let why = reason(name, &with_rate(8000), &with_rate(8000));
            assert!(why.starts_with("the reference has 8000 Hz, for which ESPnet has no setting"), "{why}");
        }
        let long = Waveform::new(vec![0.1; 22_050 * 901], 22_050);
        let why = reason(name, &reference, &long);
        let most = if name == "mcd_espnet" { 900 } else { 60 };
        assert_eq!(why, format!("the system is longer than {most} s, the limit of this metric"));
        assert_eq!(
            reason(name, &Waveform::new(Vec::new(), 22_050), &reference),
            "the reference has no samples"
        );
    }
    let short = Waveform::new(reference.samples()[..1000].to_vec(), 22_050);
    assert_eq!(
        reason("mcd_espnet", &reference, &short),
        "the system is shorter than a frame of 1024 samples"
    );
}

#[test]
fn numbers_of_other_programs_survive_digital_silence_and_few_samples() {
    let mut gaps = clip("LJ002-0009").into_samples();
    gaps[..6000].fill(0.0);
    gaps[20_000..30_000].fill(0.0);
    let gaps = Waveform::new(gaps, 22_050);
    let reference = clip("LJ002-0009");
    for metric in of_other_programs() {
        let name = metric.name();
        let distance = value(name, &reference, &gaps);
        assert!(distance.is_finite() && distance > 0.0, "{name}: {distance}");
        for n_samples in [1, 2, 3, 10, 300, 1100] {
            let few = Waveform::new(reference.samples()[4000..4000 + n_samples].to_vec(), 22_050);
            // A number or a reason, but no panic.
            match measure(name, &reference, &few) {
                Outcome::Value { value, .. } => assert!(value.is_finite(), "{name}: {value}"),
                Outcome::Undefined(why) => assert!(!why.is_empty(), "{name}"),
            }
        }
    }
}
