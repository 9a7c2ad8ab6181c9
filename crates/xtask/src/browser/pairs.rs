//! Scenes of pairs and threes: preferences, recognition, degradations and similarities of speakers.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::driver::Browser;
use super::host::Host;
use super::participant::{Manner, check_hand_back, open_first, take_part, until_heard};
use super::scenes::{Stage, check_rows, file, mos_score, plain, quiet};

fn ab_score(page: usize) -> i64 {
    page as i64 % 3 - 1
}

pub(super) fn preferences(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("ab", 2, "", "en")?;
    let server = study.serve(0, &["--entry", "open", "--completion-code", "AB"])?;
    let browser = stage.driver.browser()?;
    browser.open(&server.address)?;
    browser.comes("consent")?;
    take_part(&browser, &plain(&ab_score))?;
    browser.wait("document.getElementById('completion-code').textContent === 'AB'")?;
    let (rows, _) = study.collect(&["--store", "answers.sqlite"])?;
    check_rows(&rows, "r01", &ab_score, 3)?;
    for row in &rows {
        // Whoever clicks the second clip prefers what was heard second.
        let sign = if row["first"] == "system" { -1.0 } else { 1.0 };
        let (score, clicked) = (row["score"].as_f64(), row["score_raw"].as_f64().map(|raw| sign * raw + 0.0));
        ensure!(score == clicked, "{row}");
    }
    quiet(&browser)
}

/// Returns what the buttons of a page say, without their state.
fn buttons(browser: &Browser) -> Result<Vec<String>> {
    let labels =
        "return [...document.querySelectorAll('#clips button')].map((one) => one.firstChild.textContent);";
    let labels = browser.run(labels, &[])?.as_array().cloned().context("buttons")?;
    Ok(labels.iter().filter_map(|label| label.as_str().map(str::to_owned)).collect())
}

fn abx_score(page: usize) -> i64 {
    page as i64 % 2
}

pub(super) fn recognition(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("abx", 2, "", "en")?;
    let host = Host::start(&study.bundle())?;
    let browser = stage.driver.browser()?;
    open_first(&browser, &host, &study)?;
    take_part(&browser, &Manner { until: Some(0), ..plain(&abx_score) })?;
    ensure!(
        buttons(&browser)? == ["Play first clip", "Play second clip", "Play X"],
        "{:?}",
        buttons(&browser)?
    );
    ensure!(browser.text("#hint")?.contains("all three clips"), "{}", browser.text("#hint")?);
    ensure!(browser.text("#keys")?.contains("A, B, X"), "{}", browser.text("#keys")?);
    stage.look_for_barriers(&browser, "three clips")?;
    // Two of three clips are not enough.
    for (key, clip) in [("x", 3), ("a", 1)] {
        browser.press(key)?;
        until_heard(&browser, &format!("#clips button:nth-child({clip})"))?;
        ensure!(
            browser.run("return document.getElementById('answers').disabled;", &[])? == true,
            "after {key}"
        );
    }
    ensure!(browser.text("#hint")?.contains("not heard yet"), "{}", browser.text("#hint")?);
    take_part(&browser, &Manner { by_keyboard: true, ..plain(&abx_score) })?;
    let given = file(&browser)?;
    fs::write(study.folder.join("answers.json"), given.to_string())?;
    let (rows, _) = study.collect(&["answers.json"])?;
    check_rows(&rows, "r01", &abx_score, 3)?;
    for row in &rows {
        let is_second = (row["first"] == "system") != (row["x"] == "system");
        let is_right = (row["score_raw"] == 1.0) == is_second;
        ensure!(row["score"] == f64::from(u8::from(is_right)) && row["plays_x"].as_u64() >= Some(1), "{row}");
    }
    // The same answers by the code, in a mail.
    check_hand_back(&study, &browser, "Here it is: CODE", &rows)?;
    quiet(&browser)
}

pub(super) fn degradations(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("dmos", 2, "", "de")?;
    let server = study.serve(0, &["--entry", "open", "--completion-code", "D", "--language", "de"])?;
    let browser = stage.driver.browser()?;
    browser.open(&server.address)?;
    browser.comes("consent")?;
    take_part(&browser, &Manner { until: Some(0), ..plain(&mos_score) })?;
    ensure!(buttons(&browser)? == ["Referenz abspielen", "Aufnahme abspielen"], "{:?}", buttons(&browser)?);
    stage.look_for_barriers(&browser, "a reference")?;
    take_part(&browser, &plain(&mos_score))?;
    browser.wait("document.getElementById('completion-code').textContent === 'D'")?;
    let (rows, _) = study.collect(&["--store", "answers.sqlite"])?;
    // The recordings are judged like the voice.
    check_rows(&rows, "r01", &mos_score, 6)?;
    ensure!(rows.iter().filter(|row| row["system"] == "recordings").count() == 3, "{rows:?}");
    ensure!(rows.iter().all(|row| row["first"].is_null() && row["reference"] == "recordings"), "{rows:?}");
    quiet(&browser)
}

pub(super) fn similarities(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("similarity", 2, "", "en")?;
    let browser = stage.driver.browser()?;
    let code = &study.codes()?[1];
    browser.open(&format!("file://{}?code={code}", study.bundle().join("index.html").display()))?;
    browser.comes("consent")?;
    take_part(&browser, &Manner { until: Some(0), ..plain(&mos_score) })?;
    ensure!(buttons(&browser)? == ["Play the speaker", "Play the clip"], "{:?}", buttons(&browser)?);
    take_part(&browser, &Manner { by_keyboard: true, ..plain(&mos_score) })?;
    let given = file(&browser)?;
    fs::write(study.folder.join("answers.json"), given.to_string())?;
    let (rows, _) = study.collect(&["answers.json"])?;
    check_rows(&rows, "r02", &mos_score, 6)?;
    quiet(&browser)
}
