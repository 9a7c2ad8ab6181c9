//! A participant in a browser: reads the page, listens, and clicks.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};

use super::driver::Browser;
use super::host::Host;
use super::study::Study;

/// The manner in which a participant takes part.
pub(super) struct Manner<'a> {
    /// The score of a page, by its position.
    pub(super) score: &'a dyn Fn(usize) -> i64,
    /// Stops before the page with this position; else goes to the end.
    pub(super) until: Option<usize>,
    /// Uses the keyboard for listening and answering.
    pub(super) by_keyboard: bool,
}

/// Takes part from wherever the page is, and returns the positions answered.
pub(super) fn take_part(browser: &Browser, manner: &Manner<'_>) -> Result<Vec<usize>> {
    let mut answered = Vec::new();
    loop {
        match browser.section()?.as_str() {
            "consent" => browser.click("#agree")?,
            "questions" => {
                // Without an answer the page says so and stays.
                browser.click("#questions-form button[type=submit]")?;
                browser.wait("document.querySelector('#page-questions .error').textContent")?;
                browser.run(
                    "for (const group of document.querySelectorAll('#questions fieldset')) {
                       const input = group.querySelector('input');
                       if (input.type === 'radio') input.click(); else input.value = 'something';
                     }",
                    &[],
                )?;
                browser.click("#questions-form button[type=submit]")?;
            }
            "headphones" => {
                let round = browser.text("#headphones-round")?;
                browser.click("#headphones-play")?;
                browser.wait("!document.querySelector('#headphones-answers button').disabled")?;
                browser.run(
                    "const quiet = Number(document.getElementById('page-headphones').dataset.round.split(' ')[0]);
                     document.querySelectorAll('#headphones-answers button')[quiet].click();",
                    &[],
                )?;
                browser.wait(&format!(
                    "document.getElementById('page-headphones').hidden || document.getElementById('headphones-round').textContent !== {}",
                    json!(round)
                ))?;
            }
            "volume" => {
                set_volume(browser)?;
            }
            "trial" if is_practice(browser)? => practise(browser)?,
            "trial" => {
                let page = position(browser)?;
                if manner.until.is_some_and(|until| page >= until) {
                    return Ok(answered);
                }
                answer_page(browser, page, manner)?;
                answered.push(page);
            }
            "break" => browser.click("#break-done")?,
            "comments" => {
                browser.type_into("#comments", "A dog barked. <b>&\"äß")?;
                browser.click("#comments-form button[type=submit]")?;
            }
            "end" => return Ok(answered),
            other => bail!("the page shows `{other}`: {}", browser.text("main")?),
        }
    }
}

/// Returns `true` if the page is an exercise.
pub(super) fn is_practice(browser: &Browser) -> Result<bool> {
    Ok(browser.run("return !document.getElementById('practice-note').hidden;", &[])? == true)
}

/// Listens to the clips of an exercise and clicks an answer, as often as there are answers, and returns what is said last.
pub(super) fn answer_exercise(browser: &Browser, answers: &[i64]) -> Result<String> {
    for answer in answers {
        listen(browser, &Manner { score: &|_| 0, until: None, by_keyboard: false })?;
        browser.wait("!document.getElementById('answers').disabled")?;
        browser.click(&format!("#scale input[value=\"{answer}\"]"))?;
        browser.click("#next")?;
        browser.wait("!document.getElementById('feedback').hidden")?;
    }
    browser.text("#feedback-text")
}

/// Does an exercise, whatever is right.
fn practise(browser: &Browser) -> Result<()> {
    let step = browser.text("#progress-text")?;
    let lowest = browser.run("return Number(document.querySelector('#scale input').value);", &[])?;
    answer_exercise(browser, &[lowest.as_i64().unwrap_or(0)])?;
    browser.click("#practice-done")?;
    let is_next = format!("document.getElementById('progress-text').textContent !== {}", json!(step));
    browser.wait(&is_next).map(drop)
}

/// Returns the position of the page that is shown.
pub(super) fn position(browser: &Browser) -> Result<usize> {
    Ok(browser.run("return document.getElementById('progress').value;", &[])?.as_u64().unwrap_or(0) as usize)
}

/// Agrees and sets the volume, up to the first exercise.
pub(super) fn until_the_exercises(browser: &Browser) -> Result<()> {
    browser.comes("consent")?;
    browser.click("#agree")?;
    browser.comes("volume")?;
    set_volume(browser)?;
    browser.comes("trial")
}

/// Plays the clip of the page on volume and goes on; presses again where the page was shown anew, as after a restart of the
/// server.
fn set_volume(browser: &Browser) -> Result<()> {
    const AGAIN: Duration = Duration::from_secs(20);
    let begun = Instant::now();
    loop {
        browser.wait("document.querySelector('#volume-clips button')")?;
        browser.click("#volume-clips button")?;
        let pressed = Instant::now();
        while pressed.elapsed() < AGAIN {
            let is_set = browser.run("return !document.getElementById('volume-done').disabled;", &[]);
            if is_set.unwrap_or(Value::Null) == true {
                return browser.click("#volume-done");
            }
            sleep(Duration::from_millis(100));
        }
        ensure!(begun.elapsed() < 4 * AGAIN, "the clip on the page on volume is never heard");
    }
}

/// Opens the link of the first rater of a study on a web host.
pub(super) fn open_first(browser: &Browser, host: &Host, study: &Study) -> Result<()> {
    browser.open(&format!("{}?code={}", host.address, study.codes()?[0]))?;
    browser.comes("consent")
}

/// Checks that the code on the last page, in a mail in place of `CODE`, gives the scores of these rows.
pub(super) fn check_hand_back(study: &Study, browser: &Browser, mail: &str, rows: &[Value]) -> Result<()> {
    let code = browser.text("#hand-back-code")?;
    fs::write(study.folder.join("mail.txt"), mail.replace("CODE", &code))?;
    let (by_code, _) = study.collect(&["mail.txt", "--key", "BUNDLE.key.json"])?;
    let scores = |rows: &[Value]| {
        let scores = rows.iter().map(|row| [row["score_raw"].clone(), row["score"].clone()]);
        scores.collect::<Vec<_>>()
    };
    ensure!(scores(&by_code) == scores(rows), "{code} gives {by_code:?}");
    Ok(())
}

/// Makes the window as small as a phone, and checks that the way on is in sight and nothing has to be scrolled sideways.
pub(super) fn fits_a_phone(browser: &Browser) -> Result<()> {
    browser.resize(390, 844)?;
    let in_sight = "(() => { const box = document.getElementById('next').getBoundingClientRect(); \
                    return box.top >= 0 && box.bottom <= window.innerHeight; })()";
    browser.wait(in_sight)?;
    let wide = browser.run("return document.documentElement.scrollWidth > window.innerWidth;", &[])?;
    ensure!(wide == false, "nothing is wider than the phone");
    Ok(())
}

/// Waits until a clip was heard to its end, as its button says in any of the languages of the scenes.
pub(super) fn until_heard(browser: &Browser, button: &str) -> Result<()> {
    let state = format!("document.querySelector('{button} .state').textContent");
    browser.wait(&format!("{state}.match(/^(heard|gehört|سُمع)/)")).map(drop)
}

/// Listens to all clips of a page.
pub(super) fn listen(browser: &Browser, manner: &Manner<'_>) -> Result<()> {
    let n =
        browser.run("return document.querySelectorAll('#clips button').length;", &[])?.as_u64().unwrap_or(0);
    for clip in 1..=n {
        let button = format!("#clips button:nth-child({clip})");
        if manner.by_keyboard {
            browser.press(["a", "b", "x"][clip as usize - 1])?;
        } else {
            browser.click(&button)?;
        }
        until_heard(browser, &button)?;
    }
    Ok(())
}

fn answer_page(browser: &Browser, page: usize, manner: &Manner<'_>) -> Result<()> {
    listen(browser, manner)?;
    let score = (manner.score)(page);
    browser.wait("!document.getElementById('answers').disabled")?;
    if manner.by_keyboard {
        // First another answer, which is taken back.
        browser.press("1")?;
        let lowest = browser.run("return Number(document.querySelector('#scale input').value);", &[])?;
        let key = score - lowest.as_i64().unwrap_or(0) + 1;
        browser.press(&key.to_string())?;
        browser.press("\u{e007}")?;
    } else {
        browser.click(&format!("#scale input[value=\"{score}\"]"))?;
        browser.click("#next")?;
    }
    browser.wait(&format!(
        "document.getElementById('page-trial').hidden || document.getElementById('progress').value !== {page}"
    ))?;
    Ok(())
}
