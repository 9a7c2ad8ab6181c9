//! A fault of a corpus affects its own line and nothing else.

use mynah_corpus::{Dataset, Problem};

use crate::support::{CLIPS, Place, bundled_line, bundled_wav, silence};

const TEXT: &str = "Hello there, world.";

/// A fault in the last line of a corpus or in its wav, and the row that reports it.
struct Fault {
    name: &'static str,
    /// The line of `metadata.csv`, without its end.
    line: Vec<u8>,
    /// The wav of `bad`, where it has one.
    wav: Option<Vec<u8>>,
    code: &'static str,
    id: Option<&'static str>,
    /// True when the cause is in the wav and not in the line.
    in_wav: bool,
    message: &'static str,
}

/// Makes a fault with a good line and a bad wav.
fn bad_wav(name: &'static str, wav: Option<Vec<u8>>, code: &'static str, message: &'static str) -> Fault {
    let line = format!("bad|{TEXT}|{TEXT}").into_bytes();
    let in_wav = wav.is_some();
    Fault { name, line, wav, code, id: Some("bad"), in_wav, message }
}

/// Makes a fault with a good wav and a bad line.
fn bad_line(
    name: &'static str,
    line: &[u8],
    code: &'static str,
    id: Option<&'static str>,
    message: &'static str,
) -> Fault {
    Fault {
        name,
        line: line.to_vec(),
        wav: Some(silence(1, 22_050, 44_100)),
        code,
        id,
        in_wav: false,
        message,
    }
}

fn faults() -> Vec<Fault> {
    let truncated = bundled_wav("LJ001-0045")[..50_000].to_vec();
    vec![
        bad_wav("a missing wav", None, "missing-wav", "there is no file `wavs/bad.wav`"),
        bad_wav(
            "a truncated wav",
            Some(truncated),
            "truncated-wav",
            "its header promises 66717 samples, but the file holds 24978",
        ),
        bad_wav("a wav without samples", Some(silence(1, 22_050, 0)), "empty-wav", "it contains no samples"),
        bad_wav("a file without bytes", Some(Vec::new()), "unreadable-wav", "the file is empty"),
        bad_wav(
            "a text for a wav",
            Some(b"to be recorded".to_vec()),
            "unreadable-wav",
            "it does not start with a RIFF/WAVE header",
        ),
        bad_wav("a stereo wav", Some(silence(2, 22_050, 44_100)), "not-mono", "it has 2 channels"),
        bad_wav(
            "a 48 kHz wav",
            Some(silence(1, 48_000, 96_000)),
            "wrong-sample-rate",
            "its sample rate is 48000 Hz, but the recipe's is 22050",
        ),
        bad_wav("a short wav", Some(silence(1, 22_050, 2205)), "too-short", "it is 0.10 s long"),
        bad_wav("a long wav", Some(silence(1, 22_050, 463_050)), "too-long", "it is 21.00 s long"),
        bad_wav(
            "a silent wav",
            Some(silence(1, 22_050, 44_100)),
            "silent-wav",
            "its 2.00 s are digital silence",
        ),
        bad_line(
            "two fields",
            b"bad|Hello",
            "wrong-field-count",
            Some("bad"),
            "the line has 2 fields, not 3",
        ),
        bad_line(
            "four fields",
            b"bad|Hello|Hello|Hello",
            "wrong-field-count",
            Some("bad"),
            "the line has 4 fields, not 3",
        ),
        bad_line(
            "a duplicate id",
            b"LJ001-0045|Again|Again",
            "duplicate-id",
            Some("LJ001-0045"),
            "the id `LJ001-0045` is also on line 1",
        ),
        bad_line(
            "a byte that is not UTF-8",
            b"bad|caf\xe9|cafe",
            "not-utf8",
            None,
            "byte 8 of the line is 0xe9, which is not UTF-8",
        ),
        bad_line(
            "an id that is a path",
            b"../wavs/bad|Hello|Hello",
            "unsafe-id",
            Some("../wavs/bad"),
            "`../wavs/bad` leads out of the corpus",
        ),
        bad_line("no id", b"|Hello|Hello", "empty-id", None, "the line names no recording"),
        bad_line(
            "a text without a word",
            b"bad|... --|... --",
            "empty-text",
            Some("bad"),
            "there is no word in `... --`",
        ),
    ]
}

#[track_caller]
fn assert_is(problem: &Problem, fault: &Fault, line: u64) {
    assert_eq!(problem.code.word(), fault.code, "{}", fault.name);
    assert_eq!(problem.id.as_deref(), fault.id, "{}", fault.name);
    let place = if fault.in_wav { ("wavs/bad.wav", None) } else { ("metadata.csv", Some(line)) };
    assert_eq!((problem.file.as_str(), problem.line), place, "{}", fault.name);
    assert!(problem.message.starts_with(fault.message), "{}: {}", fault.name, problem.message);
    assert!(!problem.remedy.is_empty(), "{}", fault.name);
}

#[test]
fn each_fault_is_one_row_and_the_other_clip_is_prepared() {
    let place = Place::new();
    let clip = "LJ001-0045";
    place.write_corpus("good", &[clip]);
    place.prepare("run good --out expected").exits_with(0);
    assert_eq!(place.problems("expected"), []);
    let expected = Dataset::open(&place.path("expected")).unwrap();

    for (fault, number) in faults().iter().zip(1..) {
        let corpus = format!("corpus-{number}");
        place.write_corpus(&corpus, &[clip]);
        let mut metadata = place.bytes(&format!("{corpus}/metadata.csv"));
        metadata.extend(&fault.line);
        place.write(&format!("{corpus}/metadata.csv"), metadata);
        if let Some(wav) = &fault.wav {
            place.write(&format!("{corpus}/wavs/bad.wav"), wav);
        }
        let out = format!("dataset-{number}");
        place
            .prepare(&format!("run {corpus} --out {out}"))
            .exits_with(1)
            .says("1 of 2 clips prepared")
            .says(&format!("1 × {}", fault.code))
            .says(fault.message);

        let problems = place.problems(&out);
        assert_eq!(problems.len(), 1, "{}: {problems:?}", fault.name);
        assert_is(&problems[0], fault, 2);
        let dataset = Dataset::open(&place.path(&out)).unwrap();
        assert_eq!(dataset.utterances(), expected.utterances(), "{}", fault.name);
        for file in [format!("features/{clip}.safetensors"), format!("alignments/{clip}.TextGrid")] {
            let read = |dataset: &str| place.bytes(&format!("{dataset}/{file}"));
            assert!(read(&out) == read("expected"), "{}: {file}", fault.name);
        }
    }
}

#[test]
fn faults_are_counted_and_do_not_affect_other_clips() {
    let place = Place::with_corpus();
    place.prepare_corpus("expected").exits_with(0);

    place.write_corpus("corpus", &CLIPS);
    let mut metadata = place.bytes("corpus/metadata.csv");
    let mut expected = Vec::new();
    for (fault, number) in faults().into_iter().zip(1..) {
        let id = format!("bad-{number}");
        let mut line = fault.line;
        if line.starts_with(b"bad|") {
            line.splice(..3, id.bytes());
        }
        metadata.extend(line);
        metadata.push(b'\n');
        if let Some(wav) = fault.wav {
            place.write(&format!("corpus/wavs/{id}.wav"), wav);
        }
        expected.push(fault.code);
    }
    place.write("corpus/metadata.csv", metadata);

    let outcome = place.prepare_corpus("dataset").exits_with(1);
    let (_, summary) = outcome.stderr.split_once("each a row of dataset/problems.jsonl:\n").unwrap();
    insta::assert_snapshot!(summary);
    let mut found: Vec<&str> = place.problems("dataset").iter().map(|problem| problem.code.word()).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);

    let open = |name: &str| Dataset::open(&place.path(name)).unwrap();
    let (clean, dirty) = (open("expected"), open("dataset"));
    assert_eq!(dirty.utterances(), clean.utterances());
    let counts = &dirty.info().counts;
    assert_eq!((counts.rows, counts.utterances, counts.problems), (4 + expected.len(), 4, expected.len()));
    for directory in ["features", "alignments"] {
        place.assert_same(&format!("expected/{directory}"), &format!("dataset/{directory}"));
    }
}

#[test]
fn a_text_too_long_for_its_clip_is_a_problem() {
    let place = Place::with_corpus();
    let long = vec!["a sentence that nobody could say in such a time"; 20].join(" ");
    place.write("corpus/metadata.csv", format!("{}\nbad|x|{long}\n", bundled_line("LJ001-0043")));
    let mut click = silence(1, 22_050, 22_050);
    click[1_044] = 100;
    place.write("corpus/wavs/bad.wav", click);
    for prepared_before in [false, true] {
        let outcome = place.prepare_corpus("dataset").exits_with(1).says("1 of 2 clips prepared");
        let problems = place.problems("dataset");
        assert_eq!(problems.len(), 1);
        assert_eq!((problems[0].code.word(), problems[0].id.as_deref()), ("too-short", Some("bad")));
        assert_eq!((problems[0].file.as_str(), problems[0].line), ("wavs/bad.wav", None));
        assert!(problems[0].message.starts_with("its 86 frames of 256 samples are too few"), "{problems:?}");
        assert!(!problems[0].remedy.is_empty());
        assert_eq!(outcome.stderr.contains("2 of 2 clips were prepared before"), prepared_before);
    }
}

#[test]
fn accepts_any_line_ending_and_skips_empty_lines() {
    let place = Place::with_corpus();
    place.prepare_corpus("expected").exits_with(0);
    let lines = place.read("corpus/metadata.csv").replace('\n', "\r\n\r\n");
    place.write("corpus/metadata.csv", format!("\u{feff}{}", lines.trim_end()));
    place.prepare_corpus("dataset").exits_with(0);
    place.assert_same("expected", "dataset");
}

#[test]
fn an_id_that_is_too_long_for_file_names_affects_its_line_only() {
    let place = Place::with_corpus();
    let ids = [235, 236, 251].map(|n| "x".repeat(n));
    let mut lines = place.read("corpus/metadata.csv");
    for id in &ids {
        lines.extend([id, "|", TEXT, "|", TEXT, "\n"]);
        place.write(&format!("corpus/wavs/{id}.wav"), bundled_wav(CLIPS[1]));
    }
    place.write("corpus/metadata.csv", lines);
    place.prepare_corpus("dataset").exits_with(1);
    let problems = place.problems("dataset");
    let found: Vec<(&str, Option<u64>)> =
        problems.iter().map(|problem| (problem.code.word(), problem.line)).collect();
    assert_eq!(found, [("unsafe-id", Some(6)), ("unsafe-id", Some(7))]);
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    assert_eq!(dataset.utterances().len(), CLIPS.len() + 1);
}
