//! Texts that are not what is spoken, texts in other languages, and clips that rules leave out.

use mynah_corpus::{Code, Corpus, Dataset, Dropped, SourceRecipe};
use mynah_table::read_table;

use crate::support::{CLIPS, Place, bundled_wav};

/// Writes a corpus with two copies of each bundled clip, of which two in the first half have exchanged texts.
fn write_exchanged(place: &Place) -> [String; 2] {
    let entries = Corpus::open(&mynah_testkit::mini_corpus(), &SourceRecipe::default())
        .unwrap()
        .list()
        .unwrap()
        .entries;
    let exchanged = [2, 9];
    let mut lines = String::new();
    for copy in ["A", "B"] {
        for (index, entry) in entries.iter().enumerate() {
            let text = match exchanged.iter().position(|other| *other == index && copy == "A") {
                Some(place) => &entries[exchanged[1 - place]].normalized,
                None => &entry.normalized,
            };
            let id = format!("{copy}-{}", entry.id);
            lines.extend([id.as_str(), "|", text.as_str(), "|", text.as_str(), "\n"]);
            place.write(&format!("corpus/wavs/{id}.wav"), bundled_wav(&entry.id));
        }
    }
    place.write("corpus/metadata.csv", lines);
    exchanged.map(|index| format!("A-{}", entries[index].id))
}

#[test]
fn exchanged_texts_are_findings_that_can_be_played() {
    let place = Place::new();
    let exchanged = write_exchanged(&place);
    place.write("recipe.toml", "[sup_phones]\nmerges = 20\n");
    place.prepare_corpus("dataset").exits_with(1).says("doubtful-text");
    let doubtful = |problems: Vec<mynah_corpus::Problem>| -> Vec<String> {
        let of_text = problems.into_iter().filter(|problem| problem.code == Code::DoubtfulText);
        of_text.filter_map(|problem| problem.id).collect()
    };
    assert_eq!(doubtful(place.problems("dataset")), exchanged);
    assert_eq!(Dataset::open(&place.path("dataset")).unwrap().utterances().len(), 24, "they are prepared");
    let page = place.read("dataset/report.html");
    for id in &exchanged {
        assert!(page.contains(&format!("src=\"report-clips/{id}.wav\"")), "{id} cannot be played");
        assert!(place.has(&format!("dataset/report-clips/{id}.wav")));
    }
    let before = place.files("dataset");
    place.prepare("align dataset").prints(1);
    assert_eq!(place.bytes("dataset/problems.jsonl"), before["problems.jsonl"]);

    place
        .prepare("check corpus --recipe recipe.toml --out findings.jsonl --html page/check.html")
        .exits_with(1)
        .says("doubtful-text");
    assert_eq!(doubtful(read_table(&place.path("findings.jsonl")).unwrap()), exchanged);
    let page = place.read("page/check.html");
    for id in &exchanged {
        assert!(page.contains(&format!("src=\"check-clips/{id}.wav\"")), "{id} cannot be played");
        assert_eq!(place.bytes(&format!("page/check-clips/{id}.wav")), bundled_wav(&id[2..]));
    }
    // A rule leaves them out.
    place.write(
        "recipe.toml",
        "[sup_phones]\nmerges = 20\n\n[keep]\nmax_misfit = 4.5\nmax_worst_stretch = 4.2\n",
    );
    place.prepare_corpus("dataset").exits_with(0).says("2 clips are left out");
    let dropped: Vec<Dropped> = read_table(&place.path("dataset/dropped.jsonl")).unwrap();
    assert_eq!(dropped.iter().map(|clip| clip.id.as_str()).collect::<Vec<_>>(), exchanged);
}

#[test]
fn rules_say_what_they_leave_out() {
    let place = Place::with_corpus();
    let lengths: Vec<f64> = CLIPS.map(|id| (bundled_wav(id).len() - 44) as f64 / 44_100.0).to_vec();
    let shortest = lengths.iter().copied().fold(f64::INFINITY, f64::min);
    let limit = shortest + 0.001;
    place.write(
        "recipe.toml",
        format!("[sup_phones]\nmerges = 20\n\n[split]\nvalidation = 1\ntest = 1\n\n[keep]\nmin_seconds = {limit}\n"),
    );
    place.prepare("check corpus --recipe recipe.toml").exits_with(0).says("1 clips would be left out");
    place
        .prepare_corpus("dataset")
        .exits_with(0)
        .says("1 clips are left out by the rules under `[keep]`")
        .says(&format!("1 × min_seconds = {limit}"));
    let dataset = Dataset::open(&place.path("dataset")).unwrap();
    assert_eq!((dataset.utterances().len(), dataset.info().counts.dropped), (3, 1));
    let dropped: Vec<Dropped> = read_table(&place.path("dataset/dropped.jsonl")).unwrap();
    assert_eq!(dropped.len(), 1);
    assert!((dropped[0].value - shortest).abs() < 1e-6 && dropped[0].rule == "min_seconds");
    assert!(place.read("dataset/report.html").contains("min_seconds"));
    // They stay left out when the dataset is aligned again.
    let before = place.files("dataset");
    place.prepare("align dataset").prints(0);
    assert_eq!(place.files("dataset"), before);

    place.write("recipe.toml", "[keep]\nmin_seconds = 1000.0\n");
    place.prepare_corpus("none").exits_with(2).says("leave out all 4 clips").says("loosen them");
    place.write("recipe.toml", "[keep]\nmin_second = 1\n");
    place.prepare_corpus("none").exits_with(2).says("min_second");
}

#[test]
fn another_language_is_a_finding() {
    let place = Place::with_corpus();
    let german =
        "Der Krieg war lang und die Menschen hatten nichts zu essen, bis endlich Frieden geschlossen wurde.";
    let lines: Vec<String> = CLIPS.iter().map(|id| format!("{id}|{german}|{german}")).collect();
    place.write("corpus/metadata.csv", lines.join("\n") + "\n");
    place
        .prepare("check corpus --recipe recipe.toml --out findings.csv")
        .exits_with(1)
        .says("other-language");
    // One clip among English ones.
    let place = Place::with_corpus();
    let text = place.read("corpus/metadata.csv");
    let own = text.lines().find(|line| line.starts_with(CLIPS[2])).unwrap().to_owned();
    place.edit("corpus/metadata.csv", &own, &format!("{}|{german}|{german}", CLIPS[2]));
    place.prepare_corpus("dataset").exits_with(1).says("other-language");
    let problems = place.problems("dataset");
    let found: Vec<_> = problems.iter().filter(|problem| problem.code == Code::OtherLanguage).collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("not English"));
}
