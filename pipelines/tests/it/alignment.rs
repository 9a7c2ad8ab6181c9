//! Durations of a dataset: computed with other settings, and imported from other tools.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use mynah_align::{AlignmentSource, Outlier};
use mynah_corpus::{Dataset, Utterance};
use mynah_table::read_table;

use crate::support::{CLIPS, Place, documented_columns};

const SECONDS_PER_FRAME: f64 = 256.0 / 22_050.0;

fn place() -> Place {
    let place = Place::with_corpus();
    place.prepare_corpus("dataset").exits_with(0);
    place
}

fn open(place: &Place, name: &str) -> Dataset {
    Dataset::open(&place.path(name)).unwrap()
}

fn durations(place: &Place, name: &str) -> Vec<Vec<u32>> {
    open(place, name).utterances().iter().map(|utterance| utterance.durations.clone()).collect()
}

fn recipe(place: &Place, alignment: &str) {
    place.write("other.toml", format!("{}\n[alignment]\n{alignment}\n", place.read("recipe.toml")));
}

/// Returns the phones of an utterance with their times; everything else is `pause`.
fn intervals(utterance: &Utterance, pause: &str) -> Vec<(f64, f64, String)> {
    let mut frame = 0;
    let mut found: Vec<(f64, f64, String)> = Vec::new();
    for (symbol, duration) in utterance.symbols.split(' ').zip(&utterance.durations) {
        let start = f64::from(frame) * SECONDS_PER_FRAME;
        frame += duration;
        let end = f64::from(frame) * SECONDS_PER_FRAME;
        let name = if symbol.starts_with(|c: char| c.is_ascii_uppercase()) { symbol } else { pause };
        match found.last_mut() {
            Some((_, last, text)) if text == pause && name == pause => *last = end,
            _ => found.push((start, end, name.to_owned())),
        }
    }
    found
}

#[test]
fn align_writes_the_dataset_that_run_would_write() {
    let place = place();
    recipe(&place, "state_passes = 3\nmax_gaussians = 2\nframes_per_gaussian = 40");
    place
        .prepare("align dataset --recipe other.toml")
        .exits_with(0)
        .says("vowels are voiced")
        .says("aligned, pass");
    place.prepare("run corpus --recipe other.toml --out first").exits_with(0);
    place.assert_same("first", "dataset");
    // A second time there is no work, and the corpus is not needed.
    place.remove("corpus");
    place.prepare("align dataset").exits_with(0).says("the clips were aligned before");
    place.assert_same("first", "dataset");
}

#[test]
fn align_keeps_problems_and_features_of_short_clips() {
    let place = place();
    // Far more words than fit the clip.
    let line = format!("LJ001-0045|x|{}\n", "strengths ".repeat(60).trim_end());
    let lines: Vec<String> = place
        .read("corpus/metadata.csv")
        .lines()
        .map(|old| if old.starts_with("LJ001-0045") { line.clone() } else { format!("{old}\n") })
        .collect();
    place.write("corpus/metadata.csv", lines.concat());
    place.prepare_corpus("dataset").exits_with(1).says("too-short");
    recipe(&place, "state_passes = 3");
    place.prepare("align dataset --recipe other.toml").exits_with(1).says("too-short");
    place.prepare("run corpus --recipe other.toml --out first").exits_with(1);
    place.assert_same("first", "dataset");
}

#[test]
fn align_refuses_changes_of_other_settings() {
    let place = place();
    let before = place.files("dataset");
    place.write("other.toml", "[audio]\nf0_max_hz = 500.0\n");
    place
        .prepare("align dataset --recipe other.toml")
        .exits_with(2)
        .says("`[audio]`")
        .says("mynah-prepare run");
    place.write("other.toml", "[alignment]\nmax_gaussians = 0\n");
    place.prepare("align dataset --recipe other.toml").exits_with(2).says("`max_gaussians`");
    place.write("other.toml", "[alignment]\nsource = \"imported\"\n");
    place.prepare("align dataset --recipe other.toml").exits_with(2).says("import-alignment");
    place.prepare("align corpus").exits_with(2).says("dataset.toml");
    assert_eq!(place.files("dataset"), before);
}

#[test]
fn outliers_have_the_documented_columns() {
    let place = place();
    let rows: Vec<Outlier> = read_table(&place.path("dataset/alignments/outliers.jsonl")).unwrap();
    let dataset = open(&place, "dataset");
    for row in &rows {
        let utterance = dataset.utterances().iter().find(|utterance| utterance.id == row.id).unwrap();
        assert_eq!(utterance.symbols.split(' ').nth(row.symbol_index as usize), Some(row.symbol.as_str()));
        assert!(row.word.is_some());
    }
    // A vowel that is cut to one frame.
    let utterance = &dataset.utterances()[0];
    let mut changed = utterance.durations.clone();
    let vowel = utterance.symbols.split(' ').position(|symbol| symbol.ends_with('1')).unwrap();
    changed[vowel + 1] += changed[vowel] - 1;
    changed[vowel] = 1;
    place.write(&format!("npy/{}.npy", utterance.id), npy(&changed));
    place.prepare("import-alignment dataset --from npy --partial").exits_with(1);
    let text = place.read("dataset/alignments/outliers.jsonl");
    let row = text.lines().find(|line| line.contains("one-frame-vowel")).unwrap();
    let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(row).unwrap();
    let columns: BTreeSet<String> = row.keys().cloned().collect();
    assert_eq!(columns, documented_columns("alignments.md", "### `alignments/outliers.jsonl`"));
    assert_eq!(row["id"], utterance.id);
}

/// Encodes a NumPy array of 32-bit integers.
fn npy(values: &[u32]) -> Vec<u8> {
    mynah_signal::npy::write("<i4", &[values.len()], values.iter().flat_map(|value| value.to_le_bytes()))
}

#[test]
fn text_grids_import_as_the_durations_they_were_exported_from() {
    let place = place();
    let before = durations(&place, "dataset");
    place.copy("dataset/alignments", "grids");
    recipe(&place, "state_passes = 0\nphone_passes = 1\nmax_gaussians = 1");
    place.prepare("align dataset --recipe other.toml").exits_with(0);
    assert_ne!(durations(&place, "dataset"), before);
    place
        .prepare("import-alignment dataset --from grids --format textgrid")
        .exits_with(0)
        .says("4 of 4 utterances");
    assert_eq!(durations(&place, "dataset"), before);
    let dataset = open(&place, "dataset");
    for utterance in dataset.utterances() {
        assert_eq!(utterance.alignment_source, AlignmentSource::Imported);
        assert_eq!(utterance.alignment_log_likelihood, None);
    }
    assert_eq!(dataset.info().recipe.alignment.source, AlignmentSource::Imported);

    // A run with another source is refused; one with this source changes nothing.
    let files = place.files("dataset");
    place.prepare_corpus("dataset").exits_with(2).says("source = \"imported\"").says("imported.parquet");
    assert_eq!(place.files("dataset"), files);
    recipe(&place, "state_passes = 0\nphone_passes = 1\nmax_gaussians = 1\nsource = \"imported\"");
    place.prepare("run corpus --recipe other.toml --out dataset").exits_with(0);
    assert_eq!(place.files("dataset"), files);
}

#[test]
fn every_format_imports_the_durations_of_its_times() {
    let place = place();
    let dataset = open(&place, "dataset");
    for utterance in dataset.utterances() {
        let id = &utterance.id;
        let rows = intervals(utterance, "sil");
        let (mut htk, mut festival, mut ctm, mut csv) =
            (String::new(), "#\n".to_owned(), String::new(), "Begin,End,Label,Type,Speaker\n".to_owned());
        let mut json = Vec::new();
        for (start, end, text) in &rows {
            let bare = text.trim_end_matches(['0', '1', '2']).to_lowercase();
            writeln!(htk, "{:.0} {:.0} {bare}", start * 1e7, end * 1e7).unwrap();
            writeln!(festival, "{end:.5} 100 {}", if bare == "sil" { "pau" } else { &bare }).unwrap();
            writeln!(ctm, "{id} 1 {start:.4} {:.4} {text}_I", end - start).unwrap();
            writeln!(csv, "{start:.4},{end:.4},{},phones,lj", if text == "sil" { "" } else { text }).unwrap();
            json.push(serde_json::json!([start, end, text]));
        }
        place.write(&format!("htk/{id}.lab"), htk);
        place.write(&format!("festival/{id}.lab"), festival);
        place.write(&format!("ctm/{id}.ctm"), ctm);
        place.write(&format!("csv/lj/{id}.csv"), csv);
        let tiers = serde_json::json!({"tiers": {"phones": {"type": "interval", "entries": json}}});
        place.write(&format!("json/{id}.json"), tiers.to_string());
        place.write(&format!("npy/{id}.npy"), npy(&utterance.durations));
    }
    let before = durations(&place, "dataset");
    let mut of_times = None;
    for format in ["htk", "festival", "ctm", "csv", "json", "npy"] {
        place.copy("dataset", format!("dataset-{format}").as_str());
        place
            .prepare(&format!("import-alignment dataset-{format} --from {format}"))
            .exits_with(0)
            .says("4 of 4");
        let found = durations(&place, &format!("dataset-{format}"));
        if format == "npy" {
            assert_eq!(found, before, "an array has the frames of each symbol");
        } else {
            // The frames of a pause go to the symbol that represents it: all formats agree.
            assert_eq!(&found, of_times.get_or_insert_with(|| found.clone()), "{format}");
        }
        for ((found, before), utterance) in found.iter().zip(&before).zip(dataset.utterances()) {
            assert_eq!(found.iter().sum::<u32>(), utterance.frames);
            let differing = found.iter().zip(before).filter(|(a, b)| a != b).count();
            assert!(3 * differing <= found.len(), "{format} {}: {found:?} {before:?}", utterance.id);
        }
    }
}

#[test]
fn a_file_that_does_not_fit_is_a_row_and_its_utterance_keeps_its_durations() {
    let place = place();
    let dataset = open(&place, "dataset");
    let before = durations(&place, "dataset");
    place.copy("dataset/alignments", "grids");
    let grid = |id: &str| format!("grids/{id}.TextGrid");
    for name in ["durations.parquet", "key.txt", "outliers.jsonl"] {
        std::fs::remove_file(place.path("grids").join(name)).unwrap();
    }
    // One has another phone in line N, one is not a TextGrid, one is missing.
    let phone = dataset.utterances()[1].symbols.split(' ').nth(1).unwrap().to_owned();
    let text = place.read(&grid(CLIPS[1]));
    let line =
        text.lines().position(|line| line.contains(&format!("text = \"{phone}\""))).unwrap() as u64 + 1;
    place.write(&grid(CLIPS[1]), text.replacen(&format!("text = \"{phone}\""), "text = \"ZH\"", 1));
    place.write(&grid(CLIPS[2]), "what was said\n");
    std::fs::remove_file(place.path(&grid(CLIPS[3]))).unwrap();

    let files = place.files("dataset");
    place
        .prepare("import-alignment dataset --from grids")
        .exits_with(2)
        .says("only 1 of the 4")
        .says("nothing was changed")
        .says("different-phones");
    assert_eq!(place.files("dataset"), files);

    place.prepare("import-alignment dataset --from grids --partial").exits_with(1).says("1 of 4 utterances");
    assert_eq!(durations(&place, "dataset"), before, "the aligner's durations equal those of the grids");
    let problems = place.problems("dataset");
    let row = |id: &str, code: &str, file: String, line| (id.to_owned(), code.to_owned(), file, line);
    let found: BTreeSet<_> = problems
        .into_iter()
        .map(|problem| row(&problem.id.unwrap(), problem.code.word(), problem.file, problem.line))
        .collect();
    let expected = [
        row(CLIPS[1], "different-phones", grid(CLIPS[1]), Some(line)),
        row(CLIPS[2], "unreadable-alignment", grid(CLIPS[2]), Some(2)),
        row(CLIPS[3], "missing-alignment", "grids".to_owned(), None),
    ];
    assert_eq!(found, BTreeSet::from(expected));
    let sources: Vec<AlignmentSource> =
        open(&place, "dataset").utterances().iter().map(|utterance| utterance.alignment_source).collect();
    let mut expected = [AlignmentSource::Aligner; 4];
    expected[0] = AlignmentSource::Imported;
    assert_eq!(sources, expected);

    // Another text makes the import of its utterance stale, which a run reports.
    place.edit(
        "corpus/metadata.csv",
        place.read("corpus/metadata.csv").lines().next().unwrap(),
        &format!("{}|x|Something else.", CLIPS[0]),
    );
    recipe(&place, "source = \"imported\"");
    place.prepare("run corpus --recipe other.toml --out dataset").exits_with(1).says("stale-alignment");
    assert_eq!(place.problems("dataset").len(), 4);

    place.write("empty/notes.txt", "mine");
    place.prepare("import-alignment dataset --from empty").exits_with(2).says("has no alignment files");
    place.prepare("import-alignment dataset --from grids --format lab").exits_with(2).says("`lab`");
}

#[test]
fn other_pronunciations_lend_their_word_times_or_their_phones() {
    let place = place();
    let dataset = open(&place, "dataset");
    // Every file has another vowel in place of the first, and a phone more at the end of its last word.
    for utterance in dataset.utterances() {
        let mut rows = intervals(utterance, "sil");
        let vowel = rows.iter_mut().find(|(_, _, text)| text.ends_with(['0', '1', '2'])).unwrap();
        vowel.2 = if vowel.2.starts_with("AA") { "EH1".to_owned() } else { "AA1".to_owned() };
        let last = rows.iter().rposition(|(_, _, text)| text != "sil").unwrap();
        let (start, end, _) = rows[last].clone();
        let middle = f64::midpoint(start, end);
        rows[last].1 = middle;
        rows.insert(last + 1, (middle, end, "S".to_owned()));
        let lines =
            rows.iter().map(|(start, end, text)| format!("{:.0} {:.0} {text}\n", start * 1e7, end * 1e7));
        place.write(&format!("other/{}.lab", utterance.id), lines.collect::<Vec<_>>().concat());
    }
    let import = "import-alignment dataset --from other --format htk";
    place.prepare(import).exits_with(2).says("different-phones").says("--variants words");

    let before = durations(&place, "dataset");
    place.copy("dataset", "words");
    place
        .prepare("import-alignment words --from other --format htk --variants words")
        .exits_with(0)
        .says("4 of 4 utterances");
    let words = open(&place, "words");
    for ((utterance, old), durations) in words.utterances().iter().zip(dataset.utterances()).zip(before) {
        assert_eq!(utterance.symbols, old.symbols);
        assert_eq!(utterance.durations.iter().sum::<u32>(), utterance.frames);
        // The times of words are those that they had, up to the frame in which a silence is a symbol's.
        let ends = |durations: &[u32]| {
            let sums = durations.iter().scan(0_i64, |sum, frames| {
                *sum += i64::from(*frames);
                Some(*sum)
            });
            sums.collect::<Vec<i64>>()
        };
        for (index, (own, other)) in ends(&utterance.durations).iter().zip(ends(&durations)).enumerate() {
            let ends_word = utterance.word_index[index] >= 0
                && utterance.word_index[index] != utterance.word_index[index + 1];
            assert!(!ends_word || own.abs_diff(other) <= 2, "{}: symbol {index}", utterance.id);
        }
    }

    place
        .prepare("import-alignment dataset --from other --format htk --variants phones")
        .exits_with(0)
        .says("4 of 4 utterances");
    let phones = open(&place, "dataset");
    for (utterance, old) in phones.utterances().iter().zip(words.utterances()) {
        assert_eq!(utterance.symbol_ids.len(), old.symbol_ids.len() + 1, "{}", utterance.symbols);
        let given = utterance.given_phones.as_ref().unwrap();
        assert!(given.ends_with(" S") && given.contains(" / "), "{given}");
        assert_eq!(utterance.normalized, old.normalized);
    }
    // A run keeps them, and so does another alignment of the dataset.
    recipe(&place, "source = \"imported\"");
    place.prepare("run corpus --recipe other.toml --out dataset").exits_with(0);
    assert_eq!(open(&place, "dataset").utterances(), phones.utterances());
    let files = place.files("dataset");
    place.prepare("align dataset --recipe other.toml").exits_with(0);
    assert_eq!(place.files("dataset"), files);
}
