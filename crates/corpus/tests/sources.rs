//! Every layout of a corpus, as its entries, notes and problems. The recordings are empty: none is decoded here.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::path::Path;

use mynah_corpus::{Corpus, Entry, Listing, SourceRecipe, Span, Split};
use tempfile::TempDir;

/// A corpus in a temporary directory.
struct Place(TempDir);

impl Place {
    /// Writes files; those without content are recordings.
    fn new(files: &[(&str, &str)]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for (path, content) in files {
            place.write(path, content.as_bytes());
        }
        place
    }

    fn write(&self, path: &str, content: &[u8]) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn list(&self, recipe: &str) -> Listing {
        Self::list_at(self.0.path(), recipe).unwrap()
    }

    fn list_at(path: &Path, recipe: &str) -> Result<Listing, String> {
        let recipe: SourceRecipe = toml::from_str(recipe).unwrap();
        let listing = Corpus::open(path, &recipe).and_then(|corpus| corpus.list());
        listing.map_err(|error| format!("{error}; {}", error.remedy().unwrap_or_default()))
    }
}

/// Writes an entry as `id audio [speaker] [split]: text [/ normalized]`.
fn line(entry: &Entry) -> String {
    let mut line = format!("{} {}", entry.id, entry.audio);
    line.extend(
        entry.span.map(|Span { start_seconds, end_seconds }| format!(" {start_seconds}..{end_seconds}")),
    );
    line.extend(entry.speaker.as_ref().map(|speaker| format!(" @{speaker}")));
    line.extend(entry.split.map(|split| format!(" #{}", split.word())));
    line.extend([": ", &entry.text]);
    if entry.normalized != entry.text {
        line.extend([" / ", &entry.normalized]);
    }
    line.extend(entry.phones.as_ref().map(|phones| format!(" {{{phones}}}")));
    line
}

#[track_caller]
fn assert_lists(listing: &Listing, expected: &[&str]) {
    let lines: Vec<String> = listing.entries.iter().map(line).collect();
    assert_eq!(lines, expected, "{:?}\n{:?}", listing.notes, listing.problems);
}

#[track_caller]
fn assert_notes(listing: &Listing, part: &str) {
    assert!(
        listing.notes.iter().any(|note| note.contains(part)),
        "no note has `{part}`: {:#?}",
        listing.notes
    );
}

/// Asserts that files are a corpus with these entries and no problems.
#[track_caller]
fn check(files: &[(&str, &str)], recipe: &str, expected: &[&str]) -> Listing {
    let listing = Place::new(files).list(recipe);
    assert_eq!(listing.problems, [], "{:?}", listing.notes);
    assert_lists(&listing, expected);
    assert_eq!(listing.rows, expected.len());
    listing
}

fn codes(listing: &Listing) -> Vec<(&'static str, Option<&str>, Option<u64>)> {
    let code = |problem: &mynah_corpus::Problem| (problem.code.word(), problem.line);
    let ids = listing.problems.iter().map(|problem| problem.id.as_deref());
    listing.problems.iter().map(code).zip(ids).map(|((code, line), id)| (code, id, line)).collect()
}

#[test]
fn ljspeech() {
    let two = [("wavs/a.wav", ""), ("wavs/b.flac", "")];
    let table = "a|He paid £3.|He paid three pounds.\r\n\r\nb|\"No,\" he said.|\"No,\" he said.\n";
    let listing = check(
        &[two[0], two[1], ("metadata.csv", table)],
        "",
        &["a wavs/a.wav: He paid £3. / He paid three pounds.", "b wavs/b.flac: \"No,\" he said."],
    );
    assert_eq!(
        listing.notes,
        [
            "source: `metadata.csv`, columns separated by `|`, without a header; audio = 1, text = 2, normalized = 3"
        ]
    );
    // Two columns, ids with extensions, and folders.
    let expected = ["a wavs/a.wav: He left.", "b wavs/b.flac: She too."];
    for names in
        [["a", "b"], ["a.wav", "b.flac"], ["wavs/a.wav", "wavs/b"], ["./wavs\\a.wav", "DUMMY1/b.wav"]]
    {
        let table = format!("{}|He left.\n{}|She too.\n", names[0], names[1]);
        check(&[two[0], two[1], ("metadata.csv", &table)], "", &expected);
    }
}

#[test]
fn each_bad_line_is_a_problem_and_the_others_are_entries() {
    let recordings = ["a", "b", "c", "d"].map(|id| (format!("wavs/{id}.wav"), ""));
    let recordings: Vec<(&str, &str)> =
        recordings.iter().map(|(path, content)| (path.as_str(), *content)).collect();
    let place = Place::new(&recordings);
    place.write(
        "metadata.csv",
        b"\xef\xbb\xbfa|one|one\r\n\nb|two\nb|two|two|two\nc|\xff|x\n|x|x\n../a|x|x\na|again|again\nz|x|x\nd|four|four",
    );
    let listing = place.list("");
    assert_lists(&listing, &["a wavs/a.wav: one", "d wavs/d.wav: four"]);
    assert_eq!((listing.rows, listing.entries[1].line), (9, 10));
    let mut found = codes(&listing);
    found.sort_by_key(|(_, _, line)| *line);
    assert_eq!(
        found,
        [
            ("wrong-field-count", Some("b"), Some(3)),
            ("wrong-field-count", Some("b"), Some(4)),
            ("not-utf8", None, Some(5)),
            ("empty-id", None, Some(6)),
            ("unsafe-id", Some("../a"), Some(7)),
            ("duplicate-id", Some("a"), Some(8)),
            ("missing-wav", Some("z"), Some(9)),
        ]
    );
    assert!(
        listing.problems.iter().all(|problem| !problem.remedy.is_empty() && problem.file == "metadata.csv")
    );
}

#[test]
fn columns_of_speakers_and_headers_are_told_and_never_spoken() {
    let files = [("wavs/a.wav", ""), ("wavs/b.wav", "")];
    let listing = check(
        &[
            files[0],
            files[1],
            ("train.txt", "DUMMY2/a.wav|225|He left it.\nDUMMY2/b.wav|226|She did, too.\n"),
        ],
        "",
        &["a wavs/a.wav @225: He left it.", "b wavs/b.wav @226: She did, too."],
    );
    assert_notes(&listing, "column 2 looks like speakers (2 distinct, such as `225`) and is not spoken");
    assert_notes(&listing, "write `text = 2` under `[source]`");
    assert_notes(
        &listing,
        "2 recordings are elsewhere than named, for example `DUMMY2/a.wav` at `wavs/a.wav`",
    );

    let headed = "id|speaker|sentence|age\na|ann|He left it.|30\nb|bob|She did.|\n";
    let expected = ["a wavs/a.wav @ann: He left it.", "b wavs/b.wav @bob: She did."];
    let listing = check(&[files[0], files[1], ("metadata.csv", headed)], "", &expected);
    assert_notes(&listing, "with a header; audio = \"id\", text = \"sentence\", speaker = \"speaker\"");
    assert_notes(&listing, "columns that are not used: age");

    // A header in another language is no clip, and the recipe can name its columns.
    let foreign = "Datei|Wortlaut\na|He left it.\nb|She did.\n";
    let place = Place::new(&[files[0], files[1], ("metadata.csv", foreign)]);
    let listing = place.list("");
    assert_eq!(codes(&listing), [("missing-wav", Some("Datei"), Some(1))]);
    assert!(listing.problems[0].remedy.contains("`header = true`"), "{:?}", listing.problems);
    let listing = place.list("header = true\naudio = \"Datei\"\ntext = \"wortlaut\"");
    assert_lists(&listing, &["a wavs/a.wav: He left it.", "b wavs/b.wav: She did."]);
    let error = Place::list_at(place.0.path(), "text = \"Text\"").unwrap_err();
    assert!(error.contains("`text` is \"Text\"") && error.contains("correct `[source]`"), "{error}");
}

#[test]
fn csv_with_quotes_and_line_breaks() {
    let table =
        "file,text\n\"a.wav\",\"He said, \"\"No\"\".\"\nb.wav,\"One\ntwo\"\nc.wav,\"open\nd.wav,four\n";
    let place =
        Place::new(&[("a.wav", ""), ("b.wav", ""), ("c.wav", ""), ("d.wav", ""), ("data.csv", table)]);
    let listing = place.list("");
    assert_lists(&listing, &["a a.wav: He said, \"No\".", "b b.wav: One\ntwo", "d d.wav: four"]);
    assert_eq!(codes(&listing), [("wrong-field-count", Some("c"), Some(5))]);
    assert!(listing.problems[0].message.contains("does not end"));
    assert_eq!(listing.entries[2].line, 6);
}

#[test]
fn encodings_and_names_of_unicode() {
    let place = Place::new(&[("wavs/cafe\u{301}.WAV", ""), ("wavs/b.wav", "")]);
    let text = "caf\u{e9}|Zwölf “Süße”.\nb|Two.\n";
    for bytes in [
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
    ] {
        place.write("metadata.csv", &bytes);
        assert_lists(
            &place.list(""),
            &["caf\u{e9} wavs/cafe\u{301}.WAV: Zwölf “Süße”.", "b wavs/b.wav: Two."],
        );
    }
}

#[test]
fn common_voice() {
    let header = "client_id\tpath\tsentence_id\tsentence\tsentence_domain\tup_votes\tlocale\tsegment\n";
    let row =
        |clip: &str, speaker: &str, text: &str| format!("{speaker}\t{clip}.mp3\t9\t{text}\t\t2\ten\t\n");
    let (one, two, three) = (
        row("c1", "f00", "\"No,\" he said."),
        row("c2", "ba2", "It is, I think."),
        row("c3", "ba2", "Three of them."),
    );
    let listing = check(
        &[
            ("validated.tsv", format!("{header}{one}{two}{three}").as_str()),
            ("train.tsv", &format!("{header}{one}")),
            ("dev.tsv", &format!("{header}{two}")),
            ("test.tsv", header),
            ("clips/c1.mp3", ""),
            ("clips/c2.mp3", ""),
            ("clips/c3.mp3", ""),
        ],
        "",
        &[
            "c1 clips/c1.mp3 @f00 #train: \"No,\" he said.",
            "c2 clips/c2.mp3 @ba2 #validation: It is, I think.",
            "c3 clips/c3.mp3 @ba2 #train: Three of them.",
        ],
    );
    assert_notes(&listing, "columns separated by tabs, with a header; audio = \"path\", text = \"sentence\"");
    assert_notes(&listing, "the splits are those of `train.tsv`, `dev.tsv`, `test.tsv`");
    assert_notes(&listing, "splits of the corpus: 2 train, 1 validation");
}

#[test]
fn libritts() {
    let clip = |folder: &str, id: &str| format!("{folder}/{id}");
    let (one, two) = (
        clip("train-clean-100/84/121123", "84_121123_000001_000000"),
        clip("test-clean/237/5", "237_5_000002_000000"),
    );
    let files = [
        (format!("{one}.wav"), ""),
        (format!("{one}.original.txt"), "Go. Do you hear?\n"),
        (format!("{one}.normalized.txt"), "Go. Do you hear?"),
        (format!("{two}.wav"), ""),
        (format!("{two}.original.txt"), "In 1920, he left."),
        (format!("{two}.normalized.txt"), "In nineteen twenty, he left."),
        ("test-clean/237/5/237_5_000009_000000.wav".to_owned(), ""),
        ("speakers.tsv".to_owned(), "READER\tGENDER\n84\tF\n"),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, content)| (path.as_str(), *content)).collect();
    let listing = check(
        &files,
        "",
        &[
            "237_5_000002_000000 test-clean/237/5/237_5_000002_000000.wav @237 #test: In 1920, he left. / In nineteen \
             twenty, he left.",
            "84_121123_000001_000000 train-clean-100/84/121123/84_121123_000001_000000.wav @84 #train: Go. Do you hear?",
        ],
    );
    assert_notes(&listing, "layout `libritts`, 2 texts; 2 speakers, by folder");
    assert_notes(&listing, "1 recording has no text and is not used");
    assert_eq!(&*listing.entries[0].table, "test-clean/237/5/237_5_000002_000000.original.txt");
}

#[test]
fn librispeech_in_capitals() {
    let listing = check(
        &[
            (
                "dev-clean/84/121123/84-121123.trans.txt",
                "84-121123-0000 GO DO YOU HEAR\n84-121123-0001 BUT IN LESS THAN\n",
            ),
            ("dev-clean/84/121123/84-121123-0000.flac", ""),
            ("dev-clean/84/121123/84-121123-0001.flac", ""),
        ],
        "",
        &[
            "84-121123-0000 dev-clean/84/121123/84-121123-0000.flac @84: go do you hear",
            "84-121123-0001 dev-clean/84/121123/84-121123-0001.flac @84: but in less than",
        ],
    );
    assert_notes(&listing, "all texts are in capitals");
    assert_notes(&listing, "its splits are ignored");
}

#[test]
fn vctk() {
    let listing = check(
        &[
            ("txt/p225/p225_001.txt", "Please call Stella.\n"),
            ("txt/p226/p226_001.txt", "Ask her to bring these things."),
            ("wav48_silence_trimmed/p225/p225_001_mic1.flac", ""),
            ("wav48_silence_trimmed/p225/p225_001_mic2.flac", ""),
            ("wav48_silence_trimmed/p226/p226_001_mic1.flac", ""),
            ("speaker-info.txt", "ID AGE\n225 23\n"),
        ],
        "",
        &[
            "p225_001 wav48_silence_trimmed/p225/p225_001_mic1.flac @p225: Please call Stella.",
            "p226_001 wav48_silence_trimmed/p226/p226_001_mic1.flac @p226: Ask her to bring these things.",
        ],
    );
    assert_notes(&listing, "2 clips are those of the first microphone");
}

#[test]
fn texts_beside_recordings() {
    let expected = ["a ann/a.wav @ann: One.", "b bob/b.wav @bob: Two words."];
    check(
        &[("ann/a.wav", ""), ("ann/a.txt", "One.\n"), ("bob/b.wav", ""), ("bob/b.lab", "Two\nwords.")],
        "",
        &expected,
    );
    // One folder is no speaker.
    check(
        &[("a.wav", ""), ("a.txt", "One."), ("b.ogg", ""), ("b.txt", "Two.")],
        "",
        &["a a.wav: One.", "b b.ogg: Two."],
    );
    let place = Place::new(&[("a.wav", ""), ("a.txt", "\n"), ("b.wav", ""), ("b.txt", "Two.")]);
    let listing = place.list("");
    assert_lists(&listing, &["b b.wav: Two."]);
    assert_eq!(codes(&listing), [("empty-text", Some("a"), Some(1))]);
}

#[test]
fn hugging_face() {
    let table = "file_name,transcription,speaker_id\na.wav,\"One, two.\",s1\nb.wav,Three.,s2\n";
    check(
        &[("metadata.csv", table), ("a.wav", ""), ("b.wav", "")],
        "",
        &["a a.wav @s1: One, two.", "b b.wav @s2: Three."],
    );
    let listing = check(
        &[
            ("train/metadata.jsonl", "{\"file_name\": \"x.wav\", \"text\": \"One.\"}\n"),
            ("test/metadata.jsonl", "{\"file_name\": \"y.wav\", \"text\": \"Two.\"}\n"),
            ("train/x.wav", ""),
            ("test/y.wav", ""),
        ],
        "",
        &["y test/y.wav #test: Two.", "x train/x.wav #train: One."],
    );
    assert_notes(&listing, "JSON Lines; audio = \"file_name\", text = \"text\"");
}

#[test]
fn nemo_manifests() {
    let manifest = "{\"audio_filepath\": \"/data/talk.wav\", \"text\": \"one\", \"duration\": 2.5, \"offset\": 1.0}\n\
                    {\"audio_filepath\": \"/data/b.wav\", \"text\": \"two\", \"duration\": 3.1}\n[1]\n";
    let place = Place::new(&[("manifest.json", manifest), ("data/talk.wav", ""), ("data/b.wav", "")]);
    let expected = ["talk-0001000 data/talk.wav 1..3.5: one", "b data/b.wav: two"];
    for path in [place.0.path().to_owned(), place.0.path().join("manifest.json")] {
        let listing = Place::list_at(&path, "").unwrap();
        assert_lists(&listing, &expected);
        assert_eq!(codes(&listing), [("wrong-field-count", None, Some(3))]);
        assert_eq!(listing.rows, 3);
    }
}

#[test]
fn kaldi() {
    let files = [
        (
            "train/wav.scp",
            "rec1 /corpora/x/rec1.wav\nrec2 flac -c -d -s /corpora/x/rec2.flac |\nrec3 sph2pipe r.sph |\n",
        ),
        ("train/text", "ann-1 one two\nann-2 three\nbob-1 four five\nbob-2 six\neve-1 seven\n"),
        ("train/utt2spk", "ann-1 ann\nann-2 ann\nbob-1 bob\nbob-2 bob\neve-1 eve\n"),
        (
            "train/segments",
            "ann-1 rec1 0.00 1.25\nann-2 rec1 1.25 2.5\nbob-1 rec2 0.5 2\nbob-2 rec2 2 1\neve-1 rec3 0 1\n",
        ),
        ("train/rec1.wav", ""),
        ("train/rec2.flac", ""),
        ("test/wav.scp", "cem-1 cem-1.wav\n"),
        ("test/text", "cem-1 eight\nnone-1 nine\n"),
        ("test/cem-1.wav", ""),
    ];
    let place = Place::new(&files);
    let listing = place.list("");
    assert_lists(
        &listing,
        &[
            "cem-1 test/cem-1.wav #test: eight",
            "ann-1 train/rec1.wav 0..1.25 @ann #train: one two",
            "ann-2 train/rec1.wav 1.25..2.5 @ann #train: three",
            "bob-1 train/rec2.flac 0.5..2 @bob #train: four five",
        ],
    );
    let mut found = codes(&listing);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("bad-span", Some("bob-2"), Some(4)),
            ("missing-wav", Some("eve-1"), Some(5)),
            ("missing-wav", Some("none-1"), Some(2)),
        ]
    );
    assert_eq!(listing.rows, 7);
    assert_notes(&listing, "Kaldi's `train/wav.scp`, `text`, utt2spk, segments: 4 clips, the train split");
}

#[test]
fn splits_by_column_by_table_and_none() {
    let files = [("wavs/a.wav", ""), ("wavs/b.wav", ""), ("wavs/c.wav", "")];
    let listing = check(
        &[
            files[0],
            files[1],
            files[2],
            ("metadata.csv", "path,text,split\na,One.,train\nb,Two.,dev\nc,Three.,test\n"),
        ],
        "",
        &["a wavs/a.wav #train: One.", "b wavs/b.wav #validation: Two.", "c wavs/c.wav #test: Three."],
    );
    assert_notes(&listing, "splits of the corpus: 1 train, 1 validation, 1 test");
    let lists = [
        ("a_train_filelist.txt", "wavs/a.wav|One.\nwavs/c.wav|Three.\n"),
        ("a_val_filelist.txt", "wavs/b.wav|Two.\n"),
    ];
    let expected =
        ["a wavs/a.wav #train: One.", "c wavs/c.wav #train: Three.", "b wavs/b.wav #validation: Two."];
    let listing = check(&[files[0], files[1], files[2], lists[0], lists[1]], "", &expected);
    assert_notes(&listing, "1 clip of `a_val_filelist.txt`: the validation split");
    let recipe = "tables = [\"a_val_filelist.txt\"]";
    let listing = check(&[files[0], files[1], files[2], lists[0], lists[1]], recipe, &["b wavs/b.wav: Two."]);
    assert_notes(&listing, "its splits are ignored");
    assert_eq!(listing.entries[0].split, None::<Split>);
}

#[test]
fn phones_and_ids_of_their_own() {
    check(
        &[("a.wav", ""), ("list.csv", "id;audio;text;phones\nu1;a.wav;He left.;HH IY1 / L EH1 F T\n")],
        "",
        &["u1 a.wav: He left. {HH IY1 / L EH1 F T}"],
    );
    // StyleTTS 2: path|IPA|speaker.
    check(
        &[
            ("a.wav", ""),
            ("b.wav", ""),
            ("train_list.txt", "a.wav|hiː lˈɛft ɪt.|0\nb.wav|ʃiː dˈɪd tˈuː.|1\n"),
        ],
        "",
        &["a a.wav @0:  {hiː lˈɛft ɪt.}", "b b.wav @1:  {ʃiː dˈɪd tˈuː.}"],
    );
}

#[test]
fn equal_names_in_several_folders() {
    let files = [("wavs/p1/x.wav", ""), ("wavs/p2/x.wav", "")];
    let listing = check(
        &[files[0], files[1], ("metadata.csv", "p1/x.wav|One.\np2/x.wav|Two.\n")],
        "",
        &["p1-x wavs/p1/x.wav: One.", "p2-x wavs/p2/x.wav: Two."],
    );
    assert_notes(&listing, "folders are part of the ids, as in `p1-x`");
    let place = Place::new(&[files[0], files[1], ("metadata.csv", "x|One.\n")]);
    let listing = place.list("");
    assert_eq!(codes(&listing), [("ambiguous-audio", Some("x"), Some(1))]);
    assert!(listing.problems[0].remedy.contains("`folder`"));
    assert_lists(&place.list("folder = \"wavs/p2\""), &["x wavs/p2/x.wav: One."]);
}

#[test]
fn what_is_no_corpus_is_an_error_with_a_remedy() {
    let place = Place::new(&[("wavs/a.wav", "")]);
    let error = |path: &Path| Place::list_at(path, "").unwrap_err();
    assert!(error(place.0.path()).contains("no texts that are recognized; name a directory with a table"));
    assert!(error(&place.0.path().join("nowhere")).contains("there is no corpus"));
}

#[test]
fn the_fingerprint_covers_every_text() {
    let place = Place::new(&[("a.wav", ""), ("a.txt", "One."), ("b.wav", ""), ("b.txt", "Two.")]);
    let before = place.list("").fingerprint;
    assert_eq!(before, place.list("").fingerprint);
    place.write("b.txt", b"Three.");
    assert_ne!(before, place.list("").fingerprint);
}
