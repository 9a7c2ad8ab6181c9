//! `mynah-train report` and `compare`.

use crate::studio::{Studio, TRAIN};

#[test]
fn a_page_has_curves_settings_and_speech() {
    let studio = Studio::with_run();
    let outcome = studio.place.run(TRAIN, "report run --out page --sentences 2").exits_with(0);
    outcome.says("wrote page/index.html");
    // One validation sentence, by the recording and by the last checkpoint; the voice itself is gone.
    let files: Vec<String> = studio.place.files("page").into_keys().collect();
    assert_eq!(files.len(), 3, "{files:?}");
    let page = studio.place.read("page/index.html");
    for file in files.iter().filter(|file| file.starts_with("samples/")) {
        assert!(page.contains(file), "{file}");
    }
    for part in [
        "run, step 20",
        "recording",
        "loss_mel",
        "duration_ratio",
        "train.optimizer.learning_rate",
        "20 of 20",
    ] {
        assert!(page.contains(part), "{part}");
    }
    // The same run gives the same page, and a page may be written again.
    studio.place.run(TRAIN, "report run --out page --sentences 2").exits_with(0);
    assert_eq!(studio.place.read("page/index.html"), page);
}

#[test]
fn a_comparison_lists_the_settings_that_differ() {
    let studio = Studio::with_run();
    studio.place.edit("train.toml", "seed = 3", "seed = 4");
    studio.train("second", "").exits_with(0);
    studio.place.run(TRAIN, "compare run second --out page --sentences 1").exits_with(0);
    let page = studio.place.read("page/index.html");
    for part in ["run, step 20", "second, step 20", "run, validation", "second, training"] {
        assert!(page.contains(part), "{part}");
    }
    let (_, settings) = page.split_once("Settings that are not the same").unwrap();
    let table = settings.split("</table>").next().unwrap();
    assert!(table.contains("train.seed") && !table.contains("train.steps"), "{table}");

    studio.place.copy("run", "other/run");
    let refused = studio.place.run(TRAIN, "compare run other/run --out both").exits_with(2);
    refused.says("two of the runs have the same name");
}

#[test]
fn a_page_without_speech_needs_no_dataset() {
    let studio = Studio::with_run();
    studio.place.remove("dataset");
    let refused = studio.place.run(TRAIN, "report run --out page").exits_with(2);
    refused.says("`dataset`").says("--sentences 0");
    studio.place.run(TRAIN, "report run --out page --sentences 0").exits_with(0);
    assert_eq!(studio.place.files("page").len(), 1);
    studio.place.run(TRAIN, "report corpus --out page").exits_with(2).says("`corpus` is not a run");
}
