//! `mynah-prepare check`.

use std::collections::BTreeSet;
use std::fs;

use mynah_corpus::Problem;
use mynah_table::read_table;

use crate::support::{CLIPS, Place, bundled_line, bundled_wav, silence};

fn codes(place: &Place) -> Vec<(String, Option<String>)> {
    let rows: Vec<Problem> = read_table(&place.path("findings.csv")).unwrap();
    rows.into_iter().map(|row| (row.code.word().to_owned(), row.id)).collect()
}

#[test]
fn reports_a_good_corpus_and_writes_nothing() {
    let place = Place::with_corpus();
    let before = place.files("");
    place
        .prepare("check corpus --recipe recipe.toml")
        .exits_with(0)
        .says("4 of 4 clips can be prepared")
        .says("sample rates: 4 at 22050 Hz")
        .says("no problems found");
    assert_eq!(place.files(""), before);
}

#[test]
fn every_finding_is_a_row_and_on_the_page() {
    let place = Place::with_corpus();
    let again = bundled_line(CLIPS[0]).replace(CLIPS[0], "LJ009-0001");
    let lines = format!(
        "{again}\nstereo|a|a\nmissing|a|a\nodd|a ☂|a ☂ umbrella\ntwo|fields\nblorft|a|the blorftish hosty\n"
    );
    place.write("corpus/metadata.csv", place.read("corpus/metadata.csv") + &lines);
    for id in ["LJ009-0001", "odd"] {
        place.write(&format!("corpus/wavs/{id}.wav"), bundled_wav(CLIPS[0]));
    }
    place.write("corpus/wavs/blorft.wav", clipped(&bundled_wav(CLIPS[1])));
    place.write("corpus/wavs/stereo.wav", silence(2, 22_050, 22_050));
    place.write("test.txt", "LJ009-0001\n");
    place.write("recipe.toml", "[split]\ntest_list = \"test.txt\"\n");
    let before = place.files("corpus");
    place
        .prepare("check corpus --recipe recipe.toml --html page/check.html --out findings.csv")
        .exits_with(1)
        .says("7 of 10 clips can be prepared")
        .says("outside the dictionary")
        .says("findings:")
        .says("page/check.html");
    let found: BTreeSet<(String, Option<String>)> = codes(&place).into_iter().collect();
    for (code, id) in [
        ("not-mono", Some("stereo")),
        ("missing-wav", Some("missing")),
        ("wrong-field-count", Some("two")),
        ("unspoken-character", Some("odd")),
        ("duplicate-audio", Some("odd")),
        ("duplicate-audio", Some("LJ009-0001")),
        ("duplicate-text", Some("LJ009-0001")),
        ("split-leak", Some("LJ009-0001")),
        ("clipping", Some("blorft")),
    ] {
        assert!(
            found.contains(&(code.to_owned(), id.map(str::to_owned))),
            "{code} {id:?} is not in {found:?}"
        );
    }
    let page = place.read("page/check.html");
    for part in ["Check of corpus", "split-leak", "blorftish", "signal to noise", "bandwidth"] {
        assert!(page.contains(part), "the page has no `{part}`");
    }
    assert_eq!(place.files("corpus"), before);
    place.prepare("check corpus --out findings.txt").exits_with(2).says("does not end in `.parquet`");
    place.prepare("check nowhere").exits_with(2).says("nowhere");
}

/// Amplifies a 16-bit wav until it clips.
fn clipped(wav: &[u8]) -> Vec<u8> {
    const HEADER: usize = 44;
    let (header, samples) = wav.split_at(HEADER);
    let louder = samples
        .chunks_exact(2)
        .flat_map(|sample| i16::from_le_bytes([sample[0], sample[1]]).saturating_mul(40).to_le_bytes());
    header.iter().copied().chain(louder).collect()
}

#[test]
fn the_table_equals_the_problems_of_run() {
    let place = Place::with_corpus();
    fs::remove_file(place.path(&format!("corpus/wavs/{}.wav", CLIPS[2]))).unwrap();
    place.prepare("check corpus --out findings.jsonl").exits_with(1);
    place.prepare_corpus("dataset").exits_with(1);
    assert_eq!(place.bytes("findings.jsonl"), place.bytes("dataset/problems.jsonl"));
}
