//! A participant in front of sliders, and the scene that compares the table with what they moved and heard.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::driver::Browser;
use super::host::Host;
use super::participant::{
    Manner, check_hand_back, fits_a_phone, open_first, position, take_part, until_heard, until_the_exercises,
};
use super::scenes::{Stage, file, plain, quiet, right_to_left};
use super::study::Study;

/// The raters' page shows as many sentences as a study has.
const PAGES: usize = 3;
/// The recordings, a voice and two anchors.
const CLIPS: usize = 4;

/// Points that differ from page to page and from slider to slider, with both ends of the scale.
fn points(page: usize, slider: usize) -> i64 {
    [[100, 0, 50, 37], [1, 99, 100, 64], [20, 80, 50, 51]][page % PAGES][slider % CLIPS]
}

/// Nothing that the manner of other pages has is used where this one stops.
fn until_the_first_page() -> Manner<'static> {
    Manner { until: Some(0), ..plain(&|_| 0) }
}

/// Hears the reference and all clips, each to its end.
fn hear(browser: &Browser, by_keyboard: bool) -> Result<()> {
    for clip in 0..=CLIPS {
        let (button, key) = match clip {
            0 => ("#clips button".to_owned(), "r".to_owned()),
            _ => (format!(".stimulus:nth-of-type({}) button", clip + 1), clip.to_string()),
        };
        if by_keyboard {
            browser.press(&key)?;
        } else {
            browser.click(&button)?;
        }
        until_heard(browser, &button)?;
    }
    Ok(())
}

/// Moves a slider as a pointer does.
fn drag(browser: &Browser, slider: usize, points: i64) -> Result<()> {
    browser.run(
        &format!(
            "const slider = document.getElementById('slider-{}'); slider.value = {points};
             slider.dispatchEvent(new Event('input', {{ bubbles: true }}));",
            slider + 1
        ),
        &[],
    )?;
    Ok(())
}

/// Moves a slider with the arrows and the keys for the ends, from where its clip's key has put the focus.
fn step(browser: &Browser, slider: usize, points: i64) -> Result<()> {
    let [left, right, home, end_of_scale] = ["\u{e012}", "\u{e014}", "\u{e011}", "\u{e010}"];
    browser.press(&(slider + 1).to_string())?;
    browser.wait(&format!("document.activeElement.id === 'slider-{}'", slider + 1))?;
    let (end, arrow, n) =
        if points <= 50 { (home, right, points) } else { (end_of_scale, left, 100 - points) };
    browser.press(end)?;
    browser.press(&arrow.repeat(n as usize))?;
    Ok(())
}

fn is_next_disabled(browser: &Browser) -> Result<bool> {
    Ok(browser.run("return document.getElementById('next').disabled;", &[])? == true)
}

/// Answers the page that is shown.
fn answer(browser: &Browser, page: usize, by_keyboard: bool) -> Result<()> {
    // A clip that was still playing when the page before was answered must not open this one.
    ensure!(is_next_disabled(browser)?, "nothing is heard yet on page {page}");
    hear(browser, by_keyboard)?;
    ensure!(is_next_disabled(browser)?, "no slider is moved yet");
    for slider in 0..CLIPS {
        ensure!(is_next_disabled(browser)?, "{slider} of {CLIPS} sliders are moved");
        if by_keyboard {
            step(browser, slider, points(page, slider))?;
        } else {
            drag(browser, slider, points(page, slider))?;
        }
        let shown = browser.text(&format!(".stimulus:nth-of-type({}) output strong", slider + 2))?;
        ensure!(shown == points(page, slider).to_string(), "slider {slider} shows {shown}");
    }
    ensure!(!is_next_disabled(browser)?, "all is done");
    if by_keyboard {
        browser.press("\u{e007}")?;
    } else {
        browser.click("#next")?;
    }
    browser.wait(&format!(
        "document.getElementById('page-trial').hidden || document.getElementById('progress').value !== {page}"
    ))?;
    Ok(())
}

/// Checks that the rows of a rater are what was moved on each page, in the order of its clips, and that all was heard.
fn check(study: &Study, rows: &[Value], rater: &str, given: &Value) -> Result<()> {
    let key: Value = serde_json::from_str(&fs::read_to_string(study.folder.join("BUNDLE.key.json"))?)?;
    let own: Vec<&Value> = rows.iter().filter(|row| row["rater"] == rater).collect();
    ensure!(own.len() == PAGES * CLIPS, "{} rows of {rater}", own.len());
    for (page, answer) in given["answers"].as_array().context("answers")?.iter().enumerate() {
        let clips = answer["clips"].as_array().context("clips")?;
        let voice = |clip: &Value| &key["clips"][clip["clip"].as_str().unwrap_or_default()]["system"];
        ensure!(
            clips.len() == CLIPS + 1 && *voice(&clips[0]) == "recordings",
            "the open reference comes first"
        );
        for (slider, clip) in clips[1..].iter().enumerate() {
            let row = own.iter().find(|row| row["page"] == page && row["system"] == *voice(clip));
            let row = row.with_context(|| format!("page {page} has a row of {}", voice(clip)))?;
            ensure!(row["score_raw"].as_f64() == Some(points(page, slider) as f64), "{row}");
            ensure!(row["plays_first"] == clip["plays"] && row["plays_second"] == clips[0]["plays"], "{row}");
            ensure!(row["unheard_ms"].as_u64().is_some_and(|unheard| unheard < 300), "{row}");
            let audio: Option<u64> = clips.iter().map(|clip| clip["duration_ms"].as_u64()).sum();
            ensure!(row["audio_ms"].as_u64() == audio && row["milliseconds"].as_u64() > audio, "{row}");
        }
    }
    Ok(())
}

/// A whole session from a web host and one by keyboard on a server, hand-back codes, a phone, a dark page, another script.
pub(super) fn side_by_side(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("mushra", 2, "", "en")?;
    let host = Host::start(&study.bundle())?;
    let browser = stage.driver.browser()?;
    browser.resize(1100, 900)?;
    open_first(&browser, &host, &study)?;
    take_part(&browser, &until_the_first_page())?;
    answer(&browser, 0, false)?;
    looks(stage, &browser)?;
    browser.reload()?;
    browser.comes("trial")?;
    ensure!(position(&browser)? == 1, "after a reload the session goes on");
    for page in 1..PAGES {
        answer(&browser, page, false)?;
    }
    let given = file(&browser)?;
    fs::write(study.folder.join("answers.json"), given.to_string())?;
    let (rows, said) = study.collect(&["answers.json", "--key", "BUNDLE.key.json"])?;
    check(&study, &rows, "r01", &given)?;
    ensure!(!said.contains("problem"), "{said}");
    check_hand_back(&study, &browser, "> CODE\n", &rows)?;
    quiet(&browser)?;

    with_practice(stage)?;

    // The same with the keyboard alone, on a server.
    let server = study.serve(0, &["--entry", "open", "--completion-code", "DONE"])?;
    let browser = stage.driver.browser()?;
    browser.open(&server.address)?;
    browser.comes("consent")?;
    take_part(&browser, &until_the_first_page())?;
    for page in 0..PAGES {
        answer(&browser, page, true)?;
    }
    browser.wait("document.getElementById('completion-code').textContent === 'DONE'")?;
    let given = file(&browser)?;
    let (rows, _) = study.collect(&["--store", "answers.sqlite"])?;
    check(&study, &rows, "r01", &given)?;
    quiet(&browser)?;
    from_right_to_left(stage)
}

/// An exercise with sliders before the first page.
const PRACTICE: &str = r#"
[[control]]
id = "range"
purpose = "practice"
clips = [
    "recordings/LJ001-0045.wav", "low/wavs/LJ001-0045.wav", "voice/LJ001-0045.wav", "recordings/LJ001-0045.wav",
    "noisy/wavs/LJ001-0045.wav",
]
feedback = "One of the clips was the reference: at least one slider belongs at the top."
"#;

/// The exercise shows its feedback whatever is answered, is kept as a form, and is no rating.
fn with_practice(stage: &Stage<'_>) -> Result<()> {
    let folder = stage.folder.join("practice");
    let study = Study::build(stage.program, folder, "mushra", (2, PRACTICE), "en")?;
    let server = study.serve(0, &["--entry", "open", "--completion-code", "DONE"])?;
    let browser = stage.driver.browser()?;
    browser.resize(1100, 900)?;
    browser.open(&server.address)?;
    until_the_exercises(&browser)?;
    ensure!(browser.text("#practice-note")?.contains("does not count"), "the exercise comes first");
    hear(&browser, false)?;
    for slider in 0..CLIPS {
        drag(&browser, slider, points(0, slider))?;
    }
    browser.click("#next")?;
    browser.wait("!document.getElementById('feedback').hidden")?;
    ensure!(
        browser.text("#feedback-text")?
            == "One of the clips was the reference: at least one slider belongs at the top.",
        "{}",
        browser.text("#feedback-text")?
    );
    stage.look_for_barriers(&browser, "an exercise with sliders")?;
    stage.take_picture(&browser, "sliders-practice")?;
    browser.click("#practice-done")?;
    browser.wait("document.getElementById('practice-note').hidden")?;
    for page in 0..PAGES {
        answer(&browser, page, page % 2 == 1)?;
    }
    browser.wait("document.getElementById('completion-code').textContent === 'DONE'")?;
    let given = file(&browser)?;
    let practice = &given["forms"]["practice"]["answers"];
    let moved: Vec<i64> = (0..CLIPS).map(|slider| points(0, slider)).collect();
    ensure!(practice[0]["clicked"] == json!([moved]) && practice[0]["accepted"].is_null(), "{practice}");
    let (rows, _) = study.collect(&["--store", "answers.sqlite"])?;
    check(&study, &rows, "r01", &given)?;
    quiet(&browser)
}

/// The second page half answered, on a desktop, a phone and a dark page.
fn looks(stage: &Stage<'_>, browser: &Browser) -> Result<()> {
    hear(browser, false)?;
    for slider in 0..CLIPS - 1 {
        drag(browser, slider, [100, 34, 86][slider])?;
    }
    browser.run("window.scrollTo(0, 0); document.activeElement.blur();", &[])?;
    stage.look_for_barriers(browser, "sliders")?;
    stage.take_picture(browser, "sliders-desktop")?;
    fits_a_phone(browser)?;
    stage.look_for_barriers(browser, "sliders on a phone")?;
    stage.take_picture(browser, "sliders-phone")?;
    browser.resize(1100, 900)?;
    if stage.is_chromium {
        browser.prefer_dark()?;
        browser.wait("matchMedia('(prefers-color-scheme: dark)').matches")?;
        stage.look_for_barriers(browser, "dark sliders")?;
        stage.take_picture(browser, "sliders-dark")?;
    }
    Ok(())
}

/// The lowest point of a slider is on the right, and the labels run that way too.
fn from_right_to_left(stage: &Stage<'_>) -> Result<()> {
    let folder = stage.folder.join("rtl");
    fs::create_dir_all(&folder)?;
    let words = folder.join("ar.toml");
    let english = std::process::Command::new(stage.program).arg("strings").output()?;
    fs::write(&words, right_to_left(&String::from_utf8(english.stdout)?))?;
    let words = words.to_str().context("a path")?;
    let study = Study::build(stage.program, folder.join("study"), "mushra", (2, ""), words)?;
    let host = Host::start(&study.bundle())?;
    let browser = stage.driver.browser()?;
    browser.resize(1100, 900)?;
    open_first(&browser, &host, &study)?;
    take_part(&browser, &until_the_first_page())?;
    let left = |selector: &str| format!("document.querySelector('{selector}').getBoundingClientRect().left");
    browser.wait(&format!("{} > {}", left(".bands span"), left(".bands span:last-child")))?;
    browser.wait(&format!("{} > {}", left(".stimulus button"), left(".stimulus output")))?;
    hear(&browser, false)?;
    drag(&browser, 0, 90)?;
    stage.look_for_barriers(&browser, "sliders from right to left")?;
    stage.take_picture(&browser, "sliders-rtl")
}
