//! Copies of clips, their edges, and clips of different formats.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use mynah_listening::{
    BuildOptions, Edges, Error, Key, KeyClip, NeededConversion, Slot, Survey, build, build_with,
};
use mynah_signal::{Resampler, Waveform, wav};
use mynah_testkit::assert_close;

use crate::bundle::{Study, clip_bytes};
use crate::support::advised;

const ITEMS: [(&str, f32); 3] = [("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)];
/// Random shifts are at most 20 ms on either side.
const SHIFT_MS: f64 = 21.0;
/// Half a bin of the spectrum, or rounding to a millisecond.
const MILLISECOND: f64 = 1.0;

fn options(edges: Edges, resample: bool) -> BuildOptions {
    BuildOptions { edges, resample, ..BuildOptions::default() }
}

/// The clips of pairs by sentence and system.
fn copies(key: &Key) -> BTreeMap<(&str, &str), Vec<(&String, &KeyClip)>> {
    let mut copies: BTreeMap<(&str, &str), Vec<(&String, &KeyClip)>> = BTreeMap::new();
    for (name, clip) in key.clips.iter().filter(|(_, clip)| clip.slot != Slot::Volume) {
        copies.entry((&clip.item, &clip.system)).or_default().push((name, clip));
    }
    copies
}

fn rewrite(study: &Study, file: &str, change: impl FnOnce(Vec<f32>) -> Vec<f32>) {
    let path = study.directory.path().join(file);
    let waveform = wav::read(&path).expect("the clip is fine");
    let rate = waveform.sample_rate();
    wav::write_pcm16(&path, &Waveform::new(change(waveform.into_samples()), rate)).expect("written");
}

#[test]
fn copies_of_a_recording_have_neither_bytes_nor_sizes_in_common() {
    let study = Study::new(&ITEMS);
    let key = build(&study.plan(true), &study.bundle()).expect("it can be built");
    let hashes: BTreeSet<&String> = key.clips.values().map(|clip| &clip.sha256).collect();
    assert_eq!(hashes.len(), key.clips.len());
    let mut n_copied = 0;
    for ((item, system), copies) in copies(&key).into_iter().filter(|(_, copies)| copies.len() > 1) {
        n_copied += 1;
        let sizes: BTreeSet<u64> = copies.iter().map(|(_, clip)| clip.bytes).collect();
        assert_eq!(sizes.len(), copies.len(), "{item} {system}");
    }
    assert!(n_copied > 0, "the recordings of null pairs are in several pairs");
}

#[test]
fn dither_is_all_that_copies_with_kept_edges_differ_in() {
    let study = Study::new(&ITEMS);
    let plan = study.plan(true);
    let key = build_with(&plan, &study.bundle(), &options(Edges::Keep, false)).expect("it can be built");
    let clips = clip_bytes(&study.bundle());
    for copies in copies(&key).into_values() {
        let (first, clip) = copies[0];
        assert_eq!((clip.lead_change_ms, clip.tail_change_ms), (0, 0));
        let steps = |name: &String| -> Vec<i32> {
            let (pairs, _) = clips[name][44..].as_chunks::<2>();
            pairs.iter().map(|&bytes| i32::from(i16::from_le_bytes(bytes))).collect()
        };
        let source = wav::read(&clip.source).expect("the source is there");
        let gain = 10_f64.powf(clip.gain_db / 20.0) * 32_768.0;
        for (sample, step) in source.samples().iter().zip(steps(first)) {
            assert!((f64::from(*sample) * gain - f64::from(step)).abs() <= 1.6);
        }
        for (name, _) in &copies[1..] {
            let (a, b) = (steps(first), steps(name));
            assert_eq!(a.len(), b.len());
            let n_different = a.iter().zip(&b).filter(|(a, b)| a != b).count();
            assert!(n_different * 5 > a.len() * 2, "{n_different} of {} samples differ", a.len());
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= 3));
        }
    }
}

#[test]
fn silence_around_speech_is_matched_and_the_change_is_in_the_key() {
    let study = Study::new(&ITEMS);
    rewrite(&study, "voice/LJ002-0009.wav", |samples| {
        [vec![0.0; 11_025], samples, vec![0.0; 22_050]].concat()
    });
    let key = build(&study.plan(true), &study.bundle()).expect("it can be built");
    let copies = copies(&key);
    for (item, _) in ITEMS {
        let (_, voice) = copies[&(item, "secret-voice")][0];
        let (_, recording) = copies[&(item, "recordings")][0];
        let difference = |of: fn(&KeyClip) -> f64| of(voice) - of(recording);
        assert!(difference(|clip| f64::from(clip.duration_ms)).abs() <= 2.0 * SHIFT_MS, "{item}");
        let (lead, tail) = if item == "LJ002-0009" { (500.0, 1000.0) } else { (0.0, 0.0) };
        assert_close(difference(|clip| f64::from(clip.lead_change_ms)), -lead, SHIFT_MS, item);
        assert_close(difference(|clip| f64::from(clip.tail_change_ms)), -tail, SHIFT_MS, item);
        // The durations add up.
        let source = wav::read(&voice.source).expect("the source is there").seconds();
        let changes = f64::from(voice.lead_change_ms + voice.tail_change_ms);
        assert_close(f64::from(voice.duration_ms), 1000.0 * source + changes, 2.0 * MILLISECOND, item);
    }

    // Kept edges keep the difference.
    fs::remove_dir_all(study.bundle()).expect("it is there");
    let key = build_with(&study.plan(true), &study.bundle(), &options(Edges::Keep, false))
        .expect("it can be built");
    let clips = key.clips.values().filter(|clip| clip.item == "LJ002-0009");
    let durations: BTreeSet<u32> = clips.map(|clip| clip.duration_ms).collect();
    let durations: Vec<u32> = durations.into_iter().collect();
    assert_eq!(durations[1] - durations[0], 1500);
}

/// Encodes two equal channels.
fn stereo(waveform: &Waveform) -> Vec<u8> {
    let mut bytes = wav::encode_pcm16(waveform);
    let data: Vec<u8> = bytes[44..].as_chunks::<2>().0.iter().flat_map(|&[a, b]| [a, b, a, b]).collect();
    bytes.truncate(44);
    bytes.extend(&data);
    let rate = waveform.sample_rate();
    bytes[4..8].copy_from_slice(&(36 + data.len() as u32).to_le_bytes());
    bytes[22] = 2;
    bytes[28..32].copy_from_slice(&(4 * rate).to_le_bytes());
    bytes[32] = 4;
    bytes[40..44].copy_from_slice(&(data.len() as u32).to_le_bytes());
    bytes
}

#[test]
fn clips_are_resampled_to_the_lowest_rate_and_mixed_down_on_request() {
    let study = Study::new(&ITEMS);
    let voice = |item: &str| study.directory.path().join("voice").join(format!("{item}.wav"));
    let faster = |item: &str| {
        let clip = wav::read(voice(item)).expect("the clip is fine");
        Resampler::new(22_050, 44_100).expect("a simple ratio").resample(&clip)
    };
    for item in ["LJ001-0029", "LJ002-0009"] {
        wav::write_pcm16(voice(item), &faster(item)).expect("written");
    }
    fs::write(voice("LJ002-0179"), stereo(&faster("LJ002-0179"))).expect("written");

    let plan = study.plan(true);
    let survey = Survey::of(&plan);
    assert_eq!((survey.lowest_rate(), survey.unusable.len()), (Some(22_050), 0));
    let words = |needed: &NeededConversion| {
        format!("{} of {}: {}", needed.n_files, needed.system, needed.conversion.words())
    };
    assert_eq!(
        survey.conversions().iter().map(words).collect::<Vec<_>>(),
        [
            "3 of secret-voice: resampled from 44100 to 22050 Hz",
            "1 of secret-voice: mixed down from 2 channels"
        ]
    );
    let error = build(&plan, &study.bundle()).expect_err("two rates");
    assert!(matches!(error, Error::SampleRates { .. }), "{error}");
    assert!(advised(&error).contains("let the build resample all clips"), "{}", advised(&error));

    let key = build_with(&plan, &study.bundle(), &options(Edges::Trim, true)).expect("now it can be built");
    for (name, bytes) in clip_bytes(&study.bundle()) {
        let clip = &key.clips[&name];
        let waveform = wav::decode(&bytes, Path::new(&name)).expect("it is mono");
        assert_eq!(waveform.sample_rate(), 22_050);
        let expected = match (clip.system.as_str(), clip.item.as_str()) {
            ("recordings", _) => None,
            (_, "LJ002-0179") => Some("mixed down from 2 channels; resampled from 44100 to 22050 Hz"),
            _ => Some("resampled from 44100 to 22050 Hz"),
        };
        assert_eq!(clip.note.as_deref(), expected);
    }
    // The clip is the same after two conversions.
    let audit = key.audit.expect("it was made");
    assert_eq!(audit.revealing().count(), 0, "{audit:?}");

    // At one rate, two channels are still refused without the request.
    for item in ["LJ001-0029", "LJ002-0009", "LJ002-0179"] {
        let recording = study.directory.path().join(format!("recordings/wavs/{item}.wav"));
        let clip = wav::read(&recording).expect("the clip is fine");
        fs::write(&recording, stereo(&clip)).expect("written");
        wav::write_pcm16(voice(item), &clip).expect("written");
    }
    let error = build(&plan, &study.directory.path().join("other")).expect_err("two channels");
    let Error::Stimulus { source: mynah_signal::Error::NotMono { channels, .. }, .. } = error else {
        panic!("{error}")
    };
    assert_eq!(channels, 2);
}
