//! Bundles on disk, and answers from their page back to ratings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mynah_listening::{
    Collection, Error, First, Key, Kind, Plan, ProblemKind, Protocol, Role, Slot, System, build, collect,
    common_items,
};
use mynah_signal::Waveform;
use mynah_signal::loudness::{integrated_lufs, true_peak_dbtp};
use mynah_signal::wav;
use mynah_testkit::{assert_close, fixture, mini_corpus};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use ProblemKind::{
    DuplicateAnswer, DuplicateRater, MalformedAnswer, OffScale, Unfinished, UnknownClip, UnknownRater,
    Unreadable, WrongDesign,
};

use crate::support::{cmos, mos};

/// The shift of a copy moves the 400 ms blocks of the measurement, which matters in clips of three seconds.
const LOUDNESS_LU: f64 = 0.2;
/// Rounding to 16 bits moves a peak near full scale by less than half a step.
const PEAK_DB: f64 = 0.01;
/// Durations in the key are rounded to milliseconds.
const HALF_A_MILLISECOND: f64 = 0.000_501;

/// The recordings of the bundled corpus, and a system whose voice is theirs at other levels.
pub(crate) struct Study {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) systems: Vec<System>,
}

impl Study {
    pub(crate) fn new(items: &[(&str, f32)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory can be made");
        let recordings = directory.path().join("recordings/wavs");
        let voice = directory.path().join("voice");
        fs::create_dir_all(&recordings).expect("a directory can be made");
        fs::create_dir_all(&voice).expect("a directory can be made");
        for &(item, gain) in items {
            let file = format!("{item}.wav");
            let source = mini_corpus().join("wavs").join(&file);
            fs::copy(&source, recordings.join(&file)).expect("the clip is there");
            let waveform = wav::read(&source).expect("the clip is fine");
            let samples = waveform.samples().iter().map(|sample| sample * gain).collect();
            wav::write_pcm16(voice.join(&file), &Waveform::new(samples, waveform.sample_rate()))
                .expect("written");
        }
        let system = |name: &str, role, directory: &Path| System {
            name: name.to_owned(),
            role,
            directory: directory.to_str().expect("a temporary directory has a plain name").to_owned(),
        };
        let systems = vec![
            system("recordings", Role::Reference, &directory.path().join("recordings")),
            system("secret-voice", Role::Candidate, &voice),
        ];
        Self { directory, systems }
    }

    pub(crate) fn plan(&self, is_comparison: bool) -> Plan {
        self.planned(if is_comparison { cmos(4, 4, 1) } else { mos(4, 4) })
    }

    /// A plan for all sentences.
    pub(crate) fn planned(&self, protocol: Protocol) -> Plan {
        let items = common_items(&self.systems).expect("the directories are there");
        Plan::new(protocol, self.systems.clone(), items, "demo", 3).expect("the design is possible")
    }

    /// A study of a number of sentences, and a plan for it.
    pub(crate) fn with_plan(n_items: usize, protocol: Protocol) -> (Self, Plan) {
        let study = Self::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)][..n_items]);
        let plan = study.planned(protocol);
        (study, plan)
    }

    pub(crate) fn bundle(&self) -> PathBuf {
        self.directory.path().join("bundle")
    }

    /// The data of the page.
    pub(crate) fn data(&self) -> Value {
        let page = fs::read_to_string(self.bundle().join("index.html")).expect("the page is there");
        let (_, rest) = page.split_once("id=\"data\">").expect("the page has data");
        let (data, _) = rest.split_once("</script>").expect("the data ends");
        serde_json::from_str(data).expect("the data is JSON")
    }

    /// The pages of a rater.
    pub(crate) fn pages(&self, rater: &str) -> Vec<Value> {
        let data = self.data();
        let mut sessions = data["sessions"].as_object().expect("sessions").values();
        let session = sessions.find(|session| session["rater"] == rater).expect("a session");
        session["pages"].as_array().expect("pages").clone()
    }

    /// The file that an older page would have handed to a rater who gives these answers.
    pub(crate) fn answers(&self, plan: &Plan, rater: &str, score: impl Fn(usize) -> i64) -> Value {
        let pages = self.pages(rater);
        let answers: Vec<Value> = pages
            .iter()
            .enumerate()
            .map(|(page, trial)| {
                json!({
                    "trial": trial["id"], "page": page, "first": trial["clips"][0], "second": trial["clips"][1],
                    "score_raw": score(page),
                    "plays_first": 1, "plays_second": 2, "milliseconds": 4000 + page,
                })
            })
            .collect();
        json!({
            "format": 1, "study": plan.study, "design": plan.design, "rater": rater,
            "started": "2026-11-22T09:00:00Z", "finished": "2026-11-22T09:10:00Z", "user_agent": "a test",
            "answers": answers,
        })
    }

    pub(crate) fn collect(&self, plan: &Plan, files: &[(&str, &Value)]) -> Collection {
        let paths: Vec<PathBuf> = files
            .iter()
            .map(|(name, content)| {
                let path = self.directory.path().join(name);
                fs::write(&path, content.to_string()).expect("it can be written");
                path
            })
            .collect();
        collect(plan, None, &paths)
    }
}

pub(crate) fn clip_bytes(bundle: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(bundle.join("clips"))
        .expect("the clips are there")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a clip"))
        })
        .collect()
}

#[test]
fn a_bundle_is_blind_equally_loud_and_complete() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    let plan = study.plan(true);
    let key = build(&plan, &study.bundle()).expect("it can be built");
    let clips = clip_bytes(&study.bundle());
    assert_eq!(clips.keys().collect::<Vec<_>>(), key.clips.keys().collect::<Vec<_>>());
    // Two clips for each of three sentences, two for each null pair that somebody hears, one for the volume.
    let trials = || plan.sessions.iter().flat_map(|session| &session.trials);
    let null_items: BTreeSet<&String> =
        trials().filter(|trial| trial.kind == Kind::NullPair).map(|trial| &trial.item).collect();
    assert_eq!(clips.len(), 2 * 3 + 2 * null_items.len() + 1);

    for (name, bytes) in &clips {
        assert_eq!(
            (name.len(), bytes.len() % 2, &bytes[36..40]),
            (20, 0, &b"data"[..]),
            "plain header, no other chunk"
        );
        let waveform = wav::decode(bytes, Path::new(name)).expect("it is a wav");
        let clip = &key.clips[name];
        assert_eq!(clip.bytes, bytes.len() as u64);
        let seconds = waveform.len() as f64 / f64::from(waveform.sample_rate());
        assert_close(f64::from(clip.duration_ms) / 1000.0, seconds, HALF_A_MILLISECOND, name);
        let digits: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let sha256 = digits.concat();
        assert_eq!(
            (&clip.sha256, &clip.blake3),
            (&sha256, &blake3::hash(bytes).to_hex().to_string()),
            "{name}"
        );
        let lufs = integrated_lufs(&waveform).expect("speech has a loudness");
        assert_close(lufs, -23.0, LOUDNESS_LU, name);
        assert!(clip.note.is_none(), "{clip:?}");
    }
    let gain = |system: &str| {
        let mut clips = key.clips.values();
        let found = clips
            .find(|clip| clip.system == system && clip.item == "LJ001-0029" && clip.slot != Slot::Volume);
        found.expect("a clip").gain_db
    };
    assert_close(gain("secret-voice") - gain("recordings"), 6.02, LOUDNESS_LU, "half the amplitude");

    let page = fs::read_to_string(study.bundle().join("index.html")).expect("the page is there");
    let mut told = vec![
        "secret-voice",
        "recordings",
        "LJ001-0029",
        "null",
        "\"reference\"",
        "\"system\"",
        "http://",
        "https://",
    ];
    told.push(study.directory.path().to_str().expect("a plain name"));
    let data = study.data().to_string();
    for word in told {
        assert!(!data.contains(word), "the data of the page has `{word}`");
    }
    for word in
        ["secret-voice", "recordings", "LJ001", "http://", "https://", "src=", "{{", "@import", "url("]
    {
        assert!(!page.contains(word), "the page has `{word}`");
    }
    let files: Vec<_> = fs::read_dir(study.bundle().join("clips")).expect("clips").collect();
    let times: BTreeSet<_> = files
        .into_iter()
        .map(|entry| entry.expect("an entry").metadata().expect("metadata").modified().expect("a time"))
        .collect();
    assert_eq!(times.len(), 1, "the order in which clips were written is not told");

    let other = study.directory.path().join("again");
    build(&plan, &other).expect("it can be built");
    assert_eq!(clip_bytes(&other), clips);
    let page_again = fs::read_to_string(other.join("index.html")).expect("the page is there");
    assert_eq!(page_again, page);
}

#[test]
fn pages_play_the_planned_trials() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    let plan = study.plan(true);
    let key = build(&plan, &study.bundle()).expect("it can be built");
    let mut names_of: BTreeMap<(String, Kind, String), BTreeSet<String>> = BTreeMap::new();
    for session in &plan.sessions {
        let pages = study.pages(&session.rater);
        assert_eq!(pages.len(), session.trials.len());
        for (page, trial) in pages.iter().zip(&session.trials) {
            let clip = |position: usize| &key.clips[page["clips"][position].as_str().expect("a name")];
            let (first, second) = (clip(0), clip(1));
            assert_eq!((&first.item, &second.item), (&trial.item, &trial.item));
            let expected = match (trial.kind, trial.first) {
                (Kind::NullPair, _) => ("recordings", "recordings"),
                (Kind::Rating, Some(First::System)) => ("secret-voice", "recordings"),
                _ => ("recordings", "secret-voice"),
            };
            assert_eq!((first.system.as_str(), second.system.as_str()), expected);
            let reference = usize::from(expected.0 != "recordings");
            let names = names_of.entry((trial.item.clone(), trial.kind, trial.system.clone())).or_default();
            names.insert(page["clips"][reference].as_str().expect("a name").to_owned());
        }
    }
    // A reference has one name in a pair, and shares it with no other pair.
    let all: Vec<&String> = names_of.values().flatten().collect();
    assert!(names_of.values().all(|names| names.len() == 1), "{names_of:?}");
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
}

#[test]
fn clipping_peaks_lower_all_clips_of_a_sentence() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7)]);
    // A click on top of the second voice: the sentence as loud as before, its peak much higher.
    let path = study.directory.path().join("voice/LJ002-0009.wav");
    let mut samples = wav::read(&path).expect("the clip is fine").into_samples();
    for sample in &mut samples {
        *sample *= 0.2;
    }
    samples[9000] = 0.9;
    samples[9001] = -0.9;
    wav::write_pcm16(&path, &Waveform::new(samples, 22_050)).expect("written");
    let plan = study.plan(true);
    let key = build(&plan, &study.bundle()).expect("it can be built");
    let clips = clip_bytes(&study.bundle());
    let mut loudness = Vec::new();
    for (name, clip) in key.clips.iter().filter(|(_, clip)| clip.slot != Slot::Volume) {
        let waveform = wav::decode(&clips[name], Path::new(name)).expect("it is a wav");
        let peak = true_peak_dbtp(&waveform).expect("a peak");
        assert!(peak < -1.0 + PEAK_DB, "{peak} dBTP");
        let lufs = integrated_lufs(&waveform).expect("a loudness");
        if clip.item == "LJ002-0009" {
            assert!(
                clip.note.as_ref().expect("it is quieter").contains("below the loudness of the protocol")
            );
            loudness.push(lufs);
        } else {
            assert_close(lufs, -23.0, LOUDNESS_LU, name);
        }
    }
    assert!(loudness[0] < -24.0, "{loudness:?}");
    for lufs in &loudness {
        assert_close(*lufs, loudness[0], LOUDNESS_LU, "as loud as the other clips of the sentence");
    }
}

#[test]
fn clips_without_loudness_keep_their_level_with_a_note() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7)]);
    for directory in ["recordings/wavs", "voice"] {
        let path = study.directory.path().join(directory).join("LJ002-0009.wav");
        // With the silence around it, it stays shorter than 400 ms.
        let samples = wav::read(&path).expect("the clip is fine").samples()[8000..9000].to_vec();
        wav::write_pcm16(&path, &Waveform::new(samples, 22_050)).expect("written");
    }
    let key = build(&study.plan(false), &study.bundle()).expect("it can be built");
    let short: Vec<_> = key.clips.values().filter(|clip| clip.item == "LJ002-0009").collect();
    assert_eq!(short.len(), 2);
    for clip in short {
        assert_close(clip.gain_db, 0.0, 0.0, "gain");
        assert_eq!(clip.note.as_deref(), Some("no loudness (short or very quiet): level kept"));
    }
}

#[test]
fn failed_builds_leave_no_files() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7)]);
    let plan = study.plan(true);
    let voice = study.directory.path().join("voice/LJ002-0009.wav");
    let fails = |expected: &str| {
        let error = build(&plan, &study.bundle()).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
        let names: BTreeSet<String> = fs::read_dir(study.directory.path())
            .expect("it is there")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        assert_eq!(names, ["recordings", "voice"].map(str::to_owned).into());
        error
    };
    let samples = wav::read(&voice).expect("the clip is fine").into_samples();
    wav::write_pcm16(&voice, &Waveform::new(samples.clone(), 24_000)).expect("written");
    fails("all clips need one rate");
    fs::write(&voice, b"RIFF").expect("written");
    let error = fails("the wav of item `LJ002-0009` of system `secret-voice` cannot be used");
    assert!(matches!(error, Error::Stimulus { .. }));
    fs::remove_file(&voice).expect("it is there");
    fails("system `secret-voice` has no wav for item `LJ002-0009`");
    wav::write_pcm16(&voice, &Waveform::new(samples, 22_050)).expect("written");
    build(&plan, &study.bundle()).expect("now it can be built");
    let error = build(&plan, &study.bundle()).expect_err("it is there already");
    assert!(matches!(error, Error::BundleExists { .. }), "{error}");
}

#[test]
fn keys_are_written_next_to_bundles() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7)]);
    let key = build(&study.plan(true), &study.bundle()).expect("it can be built");
    let path = Key::path_beside(&study.bundle());
    assert_eq!(path, study.directory.path().join("bundle.key.json"));
    key.write(&path).expect("it can be written");
    assert_eq!(Key::read(&path).expect("it can be read"), key);
    let recording = fs::read(mini_corpus().join("wavs/LJ001-0029.wav")).expect("the clip is there");
    let hash = blake3::hash(&recording).to_hex().to_string();
    let mut clips = key.clips.values();
    let clip = clips.find(|clip| clip.system == "recordings" && clip.item == "LJ001-0029").expect("a clip");
    assert_eq!(clip.source_blake3, hash);
    assert!(clip.source.ends_with("recordings/wavs/LJ001-0029.wav"), "{}", clip.source);
}

#[test]
fn page_answers_become_ratings() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    let plan = study.plan(true);
    build(&plan, &study.bundle()).expect("it can be built");
    let score = |page: usize| [2, -1, 0, 3][page % 4];
    let files: Vec<(String, Value)> = ["r02", "r01"]
        .map(|rater| (format!("ratings-demo-{rater}.json"), study.answers(&plan, rater, score)))
        .into();
    let files: Vec<(&str, &Value)> = files.iter().map(|(name, content)| (name.as_str(), content)).collect();
    let collection = study.collect(&plan, &files);
    assert_eq!(collection.problems, []);
    assert_eq!(collection.absent, ["r03", "r04"]);
    let planned: Vec<_> = plan.sessions[..2].iter().flat_map(|session| &session.trials).collect();
    assert_eq!(collection.ratings.len(), planned.len());
    for (rating, trial) in collection.ratings.iter().zip(planned) {
        assert_eq!((&rating.item, &rating.system, rating.first), (&trial.item, &trial.system, trial.first));
        let raw = score(rating.page as usize) as f64;
        assert_close(rating.score_raw, raw, 0.0, "what was clicked");
        let sign = if trial.first == Some(First::System) { -1.0 } else { 1.0 };
        assert_close(rating.score, sign * raw, 0.0, "system minus reference");
        assert_eq!((rating.plays_first, rating.plays_second), (Some(1), Some(2)));
        assert_eq!(rating.source_row, u64::from(rating.page) + 1);
    }
    assert_eq!(collection.ratings[0].source_file, "ratings-demo-r01.json");
    mynah_listening::judge(&plan, &collection.ratings).expect("they are fine");
}

#[test]
fn single_clip_answers_become_ratings() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7)]);
    let plan = study.plan(false);
    build(&plan, &study.bundle()).expect("it can be built");
    assert_eq!(study.pages("r01")[0]["clips"].as_array().map(Vec::len), Some(1));
    let answers = study.answers(&plan, "r01", |page| 1 + page as i64 % 5);
    let collection = study.collect(&plan, &[("a.json", &answers)]);
    assert_eq!((collection.problems.len(), collection.ratings.len()), (0, 4));
    assert!(collection.ratings.iter().all(|rating| rating.first.is_none() && rating.reference.is_none()));
}

#[test]
fn bad_answers_become_problems_and_the_rest_is_kept() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    let plan = study.plan(true);
    build(&plan, &study.bundle()).expect("it can be built");
    let good = study.answers(&plan, "r01", |_| 1);
    let n_pages = plan.sessions[0].trials.len();
    let check = |change: &dyn Fn(&mut Value), kinds: &[ProblemKind], n_ratings: usize, words: &str| {
        let mut content = good.clone();
        change(&mut content);
        let collection = study.collect(&plan, &[("a.json", &content)]);
        let found: Vec<ProblemKind> = collection.problems.iter().map(|problem| problem.kind).collect();
        assert_eq!(found, kinds, "{:?}", collection.problems);
        assert_eq!(collection.ratings.len(), n_ratings, "{words}");
        assert!(collection.problems[0].message.contains(words), "{:?}", collection.problems[0]);
        assert_eq!(collection.problems[0].file, "a.json");
    };
    check(
        &|file| file["design"] = json!("0"),
        &[WrongDesign],
        0,
        "the plan that their bundle was built from",
    );
    check(&|file| file["rater"] = json!("r77"), &[UnknownRater], 0, "rater `r77`");
    check(&|file| file["format"] = json!(3), &[Unreadable], 0, "format 3");
    check(&|file| *file = json!([1, 2]), &[Unreadable], 0, "not a file of answers");
    check(
        &|file| file["answers"][1]["score_raw"] = json!(4),
        &[OffScale, Unfinished],
        n_pages - 1,
        "score 4 is not a point of the scale",
    );
    check(
        &|file| file["answers"][1]["score_raw"] = json!("good"),
        &[MalformedAnswer, Unfinished],
        n_pages - 1,
        "not the right form",
    );
    check(
        &|file| {
            let first = file["answers"][2]["first"].clone();
            file["answers"][2]["first"] = file["answers"][2]["second"].clone();
            file["answers"][2]["second"] = first;
        },
        &[UnknownClip, Unfinished],
        n_pages - 1,
        "was edited or mixed up",
    );
    check(&|file| file["answers"][0]["page"] = json!(99), &[UnknownClip, Unfinished], n_pages - 1, "page 99");
    check(
        &|file| {
            let again = file["answers"][0].clone();
            file["answers"].as_array_mut().expect("answers").push(again);
        },
        &[DuplicateAnswer],
        n_pages,
        "page 0 was answered already",
    );
    check(
        &|file| file["answers"].as_array_mut().expect("answers").truncate(2),
        &[Unfinished],
        2,
        "rater `r01` has not answered 2 of 4 pages: 2, 3",
    );

    let collection = study.collect(&plan, &[("a.json", &good), ("b.json", &good)]);
    assert_eq!(collection.ratings.len(), n_pages);
    assert_eq!(
        (collection.problems[0].kind, collection.problems[0].file.as_str()),
        (DuplicateRater, "b.json")
    );
    let missing = collect(&plan, None, &[study.directory.path().join("none.json")]);
    assert_eq!((missing.problems[0].kind, missing.absent.len()), (Unreadable, 4));
}

#[test]
fn common_items_are_those_of_every_system() {
    let study = Study::new(&[("LJ001-0029", 0.5), ("LJ002-0009", 0.7), ("LJ002-0179", 1.0)]);
    fs::remove_file(study.directory.path().join("voice/LJ002-0009.wav")).expect("it is there");
    fs::write(study.directory.path().join("voice/synthesis.jsonl"), "{}").expect("it can be written");
    assert_eq!(common_items(&study.systems).expect("they are there"), ["LJ001-0029", "LJ002-0179"]);
    let mut systems = study.systems.clone();
    systems[1].directory = "no/such/place".to_owned();
    let error = common_items(&systems).expect_err("it is not there");
    assert!(error.to_string().contains("cannot list `no/such/place`"), "{error}");
}

/// The file that Chromium downloaded from a page of format 1.
#[test]
fn answers_from_a_real_browser_become_ratings() {
    let plan = Plan::read(&fixture("golden/listening/PLAN.toml")).expect("the pinned plan is unchanged");
    let collection = collect(&plan, None, &[fixture("golden/listening/page_answers.json")]);
    assert_eq!(collection.problems, []);
    let clicked: Vec<f64> = collection.ratings.iter().map(|rating| rating.score_raw).collect();
    // The drive presses the right arrow once, twice, three times, once: from -3 up.
    assert_eq!(clicked, [-2.0, -1.0, 0.0, -2.0]);
    for rating in &collection.ratings {
        assert_eq!((rating.plays_first, rating.plays_second), (Some(1), Some(1)));
        assert!(rating.milliseconds.is_some_and(|milliseconds| milliseconds > 0));
    }
}
