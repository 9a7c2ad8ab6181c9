//! Faults planted in a bundle, which its audit has to find, and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mynah_listening::{
    Audit, BuildOptions, Comparison, Edges, Error, Key, Plan, Property, Role, System, audit, build_with,
    common_items,
};
use mynah_signal::{Resampler, Waveform, wav};
use mynah_testkit::{assert_close, mini_corpus};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use crate::support::cmos;

use Property::{Bandwidth, LeadIn, Length, NoiseFloor, Tail};

const RATE: u32 = 22_050;

/// The bundled recordings, and a voice made from them, both after a change.
struct Planted {
    directory: tempfile::TempDir,
    plan: Plan,
    key: Key,
}

impl Planted {
    fn new(
        edges: Edges,
        recording: impl Fn(usize, &[f32]) -> Vec<f32>,
        voice: impl Fn(usize, &[f32]) -> Vec<f32>,
    ) -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let system = |name: &str, role| System {
            name: name.to_owned(),
            role,
            directory: directory.path().join(name).to_str().expect("a plain name").to_owned(),
        };
        let systems = vec![system("recordings", Role::Reference), system("voice", Role::Candidate)];
        let corpus = System {
            directory: mini_corpus().to_str().expect("a plain name").to_owned(),
            ..systems[0].clone()
        };
        let items = common_items(std::slice::from_ref(&corpus)).expect("the corpus is there");
        for (index, item) in items.iter().enumerate() {
            let source = wav::read(mini_corpus().join(format!("wavs/{item}.wav"))).expect("the clip is fine");
            let write = |system: &System, samples| {
                fs::create_dir_all(&system.directory).expect("a directory can be made");
                let path = Path::new(&system.directory).join(format!("{item}.wav"));
                wav::write_pcm16(path, &Waveform::new(samples, RATE)).expect("written");
            };
            write(&systems[0], recording(index, source.samples()));
            write(&systems[1], voice(index, source.samples()));
        }
        let plan = Plan::new(cmos(4, 4, 1), systems, items, "audit", 1).expect("the design is possible");
        let bundle = directory.path().join("bundle");
        let options = BuildOptions { edges, ..BuildOptions::default() };
        let key = build_with(&plan, &bundle, &options).expect("it can be built");
        Self { directory, plan, key }
    }

    fn audit(&self) -> &Audit {
        self.key.audit.as_ref().expect("a build makes one")
    }

    /// The properties that give the voice away.
    fn found(&self) -> BTreeSet<Property> {
        self.audit()
            .revealing()
            .map(|(system, comparison)| {
                assert_eq!(system, "voice");
                comparison.property
            })
            .collect()
    }

    fn comparison(&self, property: Property) -> Comparison {
        let comparisons = &self.audit().systems[1].comparisons;
        *comparisons.iter().find(|comparison| comparison.property == property).expect("it was measured")
    }
}

fn unchanged(_: usize, samples: &[f32]) -> Vec<f32> {
    samples.to_vec()
}

fn quieter(_: usize, samples: &[f32]) -> Vec<f32> {
    samples.iter().map(|sample| 0.8 * sample).collect()
}

/// Replaces the noise in pauses, all that is quieter than -40 dBFS, by white noise of a level in dBFS.
fn noisy(samples: &[f32], level_db: f32, seed: u64) -> Vec<f32> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let amplitude = 10_f32.powf(level_db / 20.0) * 3_f32.sqrt();
    let mut samples = samples.to_vec();
    for frame in samples.chunks_mut(441) {
        let power = frame.iter().map(|sample| sample * sample).sum::<f32>() / frame.len() as f32;
        if power < 1e-4 {
            frame.fill(0.0);
        }
    }
    for sample in &mut samples {
        *sample += amplitude * (2.0 * generator.random::<f32>() - 1.0);
    }
    samples
}

/// Resamples and forgets the new rate.
fn stretched(samples: &[f32], to: u32) -> Vec<f32> {
    let resampler = Resampler::new(RATE, to).expect("a simple ratio");
    resampler.resample(&Waveform::new(samples.to_vec(), RATE)).into_samples()
}

#[test]
fn the_same_recordings_are_not_flagged() {
    for edges in [Edges::Trim, Edges::Keep] {
        let planted = Planted::new(edges, unchanged, quieter);
        let audit = planted.audit();
        assert_eq!(planted.found(), BTreeSet::new(), "{audit:?}");
        assert_eq!((audit.baseline.as_str(), audit.duplicates.len()), ("recordings", 0));
        for system in &audit.systems {
            assert_eq!((system.n_clips, system.medians.len()), (12, Property::ALL.len()), "{system:?}");
        }
        assert!(audit.systems[0].comparisons.is_empty() && audit.systems[0].length_ratio.is_none());
        let ratio = audit.systems[1].length_ratio.expect("both have a length");
        assert_close(ratio.median, 1.0, 0.01, "the same length");
        assert_close(audit.systems[1].medians[&Property::Level], -23.0, 0.1, "matched");
    }
}

#[test]
fn half_a_second_of_silence_is_found_or_cut() {
    let silence = vec![0.0; 11_025];
    let with_tail = |_: usize, samples: &[f32]| [samples, &silence].concat();
    let with_lead = |_: usize, samples: &[f32]| [&silence, samples].concat();
    let kept = Planted::new(Edges::Keep, unchanged, with_tail);
    assert!(kept.found().is_superset(&[Tail, Length].into()), "{:?}", kept.audit());
    assert!(!kept.found().contains(&LeadIn));
    let tail = kept.comparison(Tail);
    assert_eq!((tail.n_sentences, tail.n_above, tail.n_below), (12, 12, 0));
    assert_close(tail.median_difference, 0.5, 0.011, "planted");
    let p_value = tail.p_value.expect("differences");
    assert_close(p_value, 2.0_f64.powi(-11), 1e-12, "twelve of twelve");

    let kept = Planted::new(Edges::Keep, unchanged, with_lead);
    assert!(kept.found().contains(&LeadIn) && !kept.found().contains(&Tail), "{:?}", kept.audit());
    for voice in [&with_tail as &dyn Fn(usize, &[f32]) -> Vec<f32>, &with_lead] {
        let trimmed = Planted::new(Edges::Trim, unchanged, voice);
        assert_eq!(trimmed.found(), BTreeSet::new(), "{:?}", trimmed.audit());
    }
    // In a few sentences it may be chance.
    let sometimes = |index: usize, samples: &[f32]| {
        if index < 4 { with_tail(index, samples) } else { samples.to_vec() }
    };
    let kept = Planted::new(Edges::Keep, unchanged, sometimes);
    assert_eq!((kept.comparison(Tail).n_above, kept.comparison(Tail).gives_away), (4, false));
}

#[test]
fn a_quieter_noise_floor_is_found() {
    let recording = |index: usize, samples: &[f32]| noisy(samples, -48.0, index as u64);
    let voice = |index: usize, samples: &[f32]| noisy(samples, -54.0, 100 + index as u64);
    let planted = Planted::new(Edges::Keep, recording, voice);
    assert_eq!(planted.found(), [NoiseFloor].into(), "{:?}", planted.audit());
    assert_close(planted.comparison(NoiseFloor).median_difference, -6.0, 0.5, "planted");
    let same = |index: usize, samples: &[f32]| noisy(samples, -48.0, 100 + index as u64);
    let planted = Planted::new(Edges::Keep, recording, same);
    assert_eq!(planted.found(), BTreeSet::new(), "{:?}", planted.audit());
}

#[test]
fn a_low_pass_at_8_khz_is_found() {
    let voice = |_: usize, samples: &[f32]| {
        let narrow = Resampler::new(RATE, 16_000).expect("a ratio");
        let wide = Resampler::new(16_000, RATE).expect("a ratio");
        wide.resample(&narrow.resample(&Waveform::new(samples.to_vec(), RATE))).into_samples()
    };
    let planted = Planted::new(Edges::Trim, unchanged, voice);
    assert_eq!(planted.found(), [Bandwidth].into(), "{:?}", planted.audit());
    let bandwidth = planted.audit().systems[1].medians[&Bandwidth];
    assert_close(bandwidth, 8000.0, 150.0, "half of 16 kHz");
}

#[test]
fn slower_speech_is_found_even_with_equal_edges() {
    let voice = |_: usize, samples: &[f32]| stretched(samples, 24_000);
    let planted = Planted::new(Edges::Trim, unchanged, voice);
    assert_eq!(planted.found(), [Length].into(), "{:?}", planted.audit());
    let ratio = planted.audit().systems[1].length_ratio.expect("both have a length");
    assert!(ratio.median > 1.05 && ratio.mean > 1.05, "{ratio:?}");
}

#[test]
fn copied_files_are_named() {
    let voice = |index: usize, samples: &[f32]| {
        if index % 4 == 1 { samples.to_vec() } else { quieter(index, samples) }
    };
    let planted = Planted::new(Edges::Trim, unchanged, voice);
    let duplicates = &planted.audit().duplicates;
    assert_eq!(duplicates.len(), 1);
    assert_eq!(duplicates[0].systems, ["recordings", "voice"]);
    let items = &planted.plan.items;
    assert_eq!(duplicates[0].items, [&items[1], &items[5], &items[9]].map(Clone::clone));
}

#[test]
fn a_bundle_can_be_audited_later() {
    let planted = Planted::new(Edges::Trim, unchanged, quieter);
    let bundle = planted.directory.path().join("bundle");
    let again = audit(&planted.plan, &bundle, &planted.key).expect("the clips are there");
    assert_eq!(Some(&again), planted.key.audit.as_ref());
    fs::remove_dir_all(bundle.join("clips")).expect("they are there");
    let error = audit(&planted.plan, &bundle, &planted.key).expect_err("there is no clip");
    assert!(matches!(error, Error::Io { .. }), "{error}");
}
