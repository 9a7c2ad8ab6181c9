//! A participant in a browser: reads the page, listens, and clicks.

use anyhow::{Result, bail};
use serde_json::json;

use super::driver::Browser;

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
                browser.wait("document.querySelector('#volume-clips button')")?;
                browser.click("#volume-clips button")?;
                browser.wait("!document.getElementById('volume-done').disabled")?;
                browser.click("#volume-done")?;
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
        browser.wait(&format!(
            "document.querySelector('{button} .state').textContent.match(/^(heard|gehört|سُمع)/)"
        ))?;
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
