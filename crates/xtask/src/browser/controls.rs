//! The scene with exercises, gold trials and traps.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::participant::{answer_exercise, take_part, until_the_exercises};
use super::scenes::{Stage, check_rows, file, mos_score, plain, quiet};
use super::study::Study;

/// Two exercises, a gold trial and a trap; their clips are those of the systems.
const CONTROLS: &str = r#"
[[control]]
id = "clear"
purpose = "practice"
clips = ["recordings/LJ001-0045.wav"]
lowest = 4
highest = 5
feedback = "This is a recording of a person in a quiet room."

[[control]]
id = "rough"
purpose = "practice"
clips = ["voice/LJ002-0009.wav"]
feedback = "You will hear distortions like these, and smaller ones."

[[control]]
id = "person"
purpose = "gold"
clips = ["recordings/LJ002-0151.wav"]
lowest = 4
highest = 5

[[control]]
id = "select-2"
purpose = "trap"
clips = ["voice/LJ002-0151.wav"]
lowest = 2
highest = 2
"#;
/// Six ratings, a gold trial and a trap.
const TRIALS: usize = 8;

pub(super) fn controls(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("mos", 2, CONTROLS, "en")?;
    let server = study.serve(0, &["--entry", "open", "--completion-code", "DONE"])?;
    let browser = stage.driver.browser()?;
    browser.resize(1100, 900)?;
    browser.open(&server.address)?;
    until_the_exercises(&browser)?;
    let said = answer_exercise(&browser, &[2])?;
    ensure!(said.starts_with("Most listeners say something else"), "{said}");
    ensure!(said.contains("a person in a quiet room"), "{said}");
    stage.look_for_barriers(&browser, "an exercise answered wrong")?;
    stage.take_picture(&browser, "listening-practice")?;
    // Another answer, and a reload, after which the exercises begin anew.
    let said = answer_exercise(&browser, &[5])?;
    ensure!(said.starts_with("That is what most listeners say"), "{said}");
    stage.look_for_barriers(&browser, "an exercise answered right")?;
    let to_second = || -> Result<()> {
        browser.click("#practice-done")?;
        browser.wait("document.getElementById('progress').value === 1").map(drop)
    };
    to_second()?;
    browser.reload()?;
    browser.comes("trial")?;
    answer_exercise(&browser, &[1, 4])?;
    to_second()?;
    let said = answer_exercise(&browser, &[3])?;
    ensure!(said.starts_with("You will hear distortions"), "only what the protocol says: {said}");
    browser.click("#practice-done")?;
    browser.wait("document.getElementById('practice-note').hidden")?;

    // The first rater obeys the trap, the second does not.
    let first = answers(&study, 0, 2)?;
    take_part(&browser, &plain(&first))?;
    browser.wait("document.getElementById('completion-code').textContent === 'DONE'")?;
    let practice = file(&browser)?["forms"]["practice"]["answers"].clone();
    ensure!(practice[0]["clicked"] == json!([1, 4]) && practice[0]["accepted"] == true, "{practice}");
    ensure!(practice[1]["clicked"] == json!([3]) && practice[1]["accepted"].is_null(), "{practice}");
    let other = stage.driver.browser()?;
    other.open(&server.address)?;
    other.comes("consent")?;
    let second = answers(&study, 1, 5)?;
    take_part(&other, &plain(&second))?;
    other.wait("document.getElementById('completion-code').textContent === 'DONE'")?;

    let (rows, _) = study.collect(&["--store", "answers.sqlite"])?;
    check_rows(&rows, "r01", &first, TRIALS)?;
    check_rows(&rows, "r02", &second, TRIALS)?;
    let of_kind = |kind: &str| rows.iter().filter(|row| row["kind"] == kind).count();
    ensure!((of_kind("trap"), of_kind("gold")) == (2, 2), "{rows:?}");
    let seen = study.listen(&["progress", "PLAN.toml", "--store", "answers.sqlite"])?;
    ensure!(seen.matches("failed 1 of 1 traps").count() == 1 && seen.contains("0/1"), "{seen}");
    other.resize(1100, 900)?;
    other.open(&format!("{}experimenter", server.address))?;
    other.type_into("input[name=token]", &server.experimenter)?;
    other.click("button")?;
    other.wait("document.body.textContent.includes('traps 1/1, gold 1/1')")?;
    stage.look_for_barriers(&other, "the experimenter's page with controls")?;
    quiet(&browser)
}

/// Returns the answers of a session by page: 4 to gold trials, the given one to traps, and different ones to all others.
fn answers(study: &Study, session: usize, to_traps: i64) -> Result<impl Fn(usize) -> i64> {
    let plan = fs::read_to_string(study.folder.join("PLAN.toml"))?;
    let session = plan.split("[[session]]").nth(session + 1).context("a session")?;
    let answers: Vec<i64> = session
        .split("[[session.trials]]")
        .skip(1)
        .enumerate()
        .map(|(page, trial)| match trial {
            trial if trial.contains("kind = \"trap\"") => to_traps,
            trial if trial.contains("kind = \"gold\"") => 4,
            _ => mos_score(page),
        })
        .collect();
    ensure!(answers.len() == TRIALS, "the plan has {} trials", answers.len());
    Ok(move |page: usize| answers[page])
}
