//! The scenes: each builds a study, opens the page, and compares what was collected with what was clicked.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::controls::controls;
use super::driver::{Browser, Driver};
use super::host::{Fault, Host};
use super::pairs::{degradations, preferences, recognition, similarities};
use super::participant::{Manner, check_hand_back, fits_a_phone, listen, open_first, position, take_part};
use super::php::php_study;
use super::sliders;
use super::study::Study;

/// The browser, the program and the options of a scene.
pub(super) struct Stage<'a> {
    pub(super) driver: &'a Driver,
    pub(super) program: &'a Path,
    pub(super) folder: &'a Path,
    pub(super) participants: u32,
    pub(super) axe: Option<&'a str>,
    pub(super) pictures: Option<&'a Path>,
    pub(super) is_chromium: bool,
}

type Scene = fn(&Stage<'_>) -> Result<()>;

/// All scenes by name.
pub(super) const ALL: [(&str, Scene); 16] = [
    ("a whole MOS session from a web host", whole_session),
    ("a CMOS session by keyboard from the disk", from_the_disk),
    ("a preference test (AB) on a server", preferences),
    ("recognition (ABX) by keyboard", recognition),
    ("degradations (DMOS) on a server", degradations),
    ("similarity of speakers from the disk", similarities),
    ("sliders side by side (MUSHRA)", sliders::side_by_side),
    ("practice with feedback, gold trials and traps", controls),
    ("two tabs of one rater", two_tabs),
    ("clips that are missing, cut short or wrong", broken_clips),
    ("speeding, seeking and stopping do not count as hearing", not_heard),
    ("a served study: reload, kill, two tabs, leaving", served_study),
    ("a study on web space with PHP", php_study),
    ("phones, dark pages, other languages, barriers", looks),
    ("no sound output", no_output),
    ("a rehearsal with many browsers", rehearsal),
];

/// Questions, a headphone check, a break and comments.
const EVERYTHING: &str = r#"
[session]
headphone_check = true
break_every = 4
comments = true

[[session.question]]
id = "age"
text = "How old are you?"
answers = ["18 to 29", "30 to 59", "60 or older"]
required = true

[[session.question]]
id = "language"
text = "What is your native language?"
required = true
"#;

impl Stage<'_> {
    pub(super) fn study(&self, paradigm: &str, raters: u32, more: &str, language: &str) -> Result<Study> {
        Study::build(self.program, self.folder.join(paradigm), paradigm, (raters, more), language)
    }

    /// Looks for barriers on the page as it is.
    pub(super) fn look_for_barriers(&self, browser: &Browser, place: &str) -> Result<()> {
        let Some(axe) = self.axe else { return Ok(()) };
        browser.run(&format!("{axe}\nwindow.axe = axe; window.found = null; axe.run().then((result) => {{ window.found = result.violations.map((one) => `${{one.id}}: ${{one.nodes.map((node) => node.html).join(' ')}}`); }});"), &[])?;
        let found = browser.wait("window.found && {list: window.found}")?;
        let found = found["list"].as_array().cloned().unwrap_or_default();
        ensure!(found.is_empty(), "barriers on {place}: {found:?}");
        Ok(())
    }

    pub(super) fn take_picture(&self, browser: &Browser, name: &str) -> Result<()> {
        let Some(folder) = self.pictures else { return Ok(()) };
        fs::write(folder.join(format!("{name}.png")), STANDARD.decode(browser.picture()?)?)?;
        Ok(())
    }
}

/// Scores that differ from page to page.
pub(super) fn mos_score(page: usize) -> i64 {
    page as i64 % 5 + 1
}

pub(super) fn cmos_score(page: usize) -> i64 {
    page as i64 % 7 - 3
}

pub(super) fn plain(score: &dyn Fn(usize) -> i64) -> Manner<'_> {
    Manner { score, until: None, by_keyboard: false }
}

/// Returns the file that the page hands over.
pub(super) fn file(browser: &Browser) -> Result<Value> {
    browser.comes("end")?;
    let text = browser.run("return document.getElementById('text').value;", &[])?;
    Ok(serde_json::from_str(text.as_str().context("text")?)?)
}

/// Checks that the rows of a rater are what was clicked, and that everything was heard.
pub(super) fn check_rows(
    rows: &[Value],
    rater: &str,
    expected: &dyn Fn(usize) -> i64,
    n: usize,
) -> Result<()> {
    let own: Vec<&Value> = rows.iter().filter(|row| row["rater"] == rater).collect();
    ensure!(own.len() == n, "{} rows of {rater}, not {n}", own.len());
    for row in own {
        let page = row["page"].as_u64().context("a page")? as usize;
        let score = row["score_raw"].as_f64().context("a score")?;
        ensure!((score - expected(page) as f64).abs() < 0.25, "page {page} of {rater} has {score}");
        let (audio, unheard) = (row["audio_ms"].as_u64(), row["unheard_ms"].as_u64());
        ensure!(audio.is_some_and(|audio| audio > 500), "{row}");
        ensure!(unheard.is_some_and(|unheard| unheard < 300), "{row}");
        ensure!(row["milliseconds"].as_u64() > audio, "{row}");
    }
    Ok(())
}

fn whole_session(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("mos", 2, EVERYTHING, "en")?;
    let host = Host::start(&study.bundle())?;
    let code = &study.codes()?[0];
    let browser = stage.driver.browser()?;
    // A wrong code, then the right one as people type it.
    browser.open(&host.address)?;
    browser.comes("code")?;
    stage.look_for_barriers(&browser, "the entry")?;
    browser.type_into("#code", "r01")?;
    browser.click("#code-form button")?;
    browser.wait("document.getElementById('code-error').textContent")?;
    browser.open(&format!("{}?code={}", host.address, code.to_uppercase()))?;
    browser.comes("consent")?;
    stage.look_for_barriers(&browser, "the consent")?;
    let n = take_part(&browser, &Manner { until: Some(3), ..plain(&mos_score) })?.len();
    ensure!(n == 3, "{n} pages");
    browser.reload()?;
    browser.comes("trial")?;
    ensure!(position(&browser)? == 3, "after a reload the session goes on");
    take_part(&browser, &plain(&mos_score))?;
    let given = file(&browser)?;
    ensure!(given["forms"]["questions"]["answers"]["age"] == "18 to 29", "{}", given["forms"]);
    ensure!(given["forms"]["headphones"]["passed"] == true, "{}", given["forms"]);
    ensure!(given["forms"]["comments"]["text"] == "A dog barked. <b>&\"äß", "{}", given["forms"]);
    ensure!(given["forms"]["consent"]["agreed"].is_string() && given["finished"].is_string(), "{given}");
    ensure!(given["verified"] == true, "{given}");
    fs::write(study.folder.join("answers.json"), given.to_string())?;
    let (rows, said) = study.collect(&["answers.json"])?;
    check_rows(&rows, "r01", &mos_score, 6)?;
    ensure!(!said.contains("problem"), "{said}");
    // The same scores by the code, in a mail.
    check_hand_back(&study, &browser, "Hello,\n> here it is:\n> CODE\n\nBye!", &rows)?;
    quiet(&browser)
}

/// The page logs nothing.
pub(super) fn quiet(browser: &Browser) -> Result<()> {
    let errors = browser.errors();
    ensure!(errors.is_empty(), "the page logs {errors:?}");
    Ok(())
}

fn from_the_disk(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("cmos", 2, "", "de")?;
    let browser = stage.driver.browser()?;
    let code = &study.codes()?[1];
    browser.open(&format!("file://{}?code={code}", study.bundle().join("index.html").display()))?;
    browser.comes("consent")?;
    ensure!(browser.text("#agree")?.starts_with("Ich bin"), "the page is German");
    take_part(&browser, &Manner { by_keyboard: true, ..plain(&cmos_score) })?;
    let given = file(&browser)?;
    fs::write(study.folder.join("answers.json"), given.to_string())?;
    let (rows, said) = study.collect(&["answers.json"])?;
    check_rows(&rows, "r02", &cmos_score, 4)?;
    ensure!(said.contains("opened from the disk"), "{said}");
    quiet(&browser)
}

fn two_tabs(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("mos", 2, "", "en")?;
    let host = Host::start(&study.bundle())?;
    let address = format!("{}?code={}", host.address, study.codes()?[0]);
    let browser = stage.driver.browser()?;
    browser.open(&address)?;
    browser.comes("consent")?;
    take_part(&browser, &Manner { until: Some(2), ..plain(&mos_score) })?;
    let first = browser.tab()?;
    let kept = "const key = Object.keys(localStorage).find((key) => key.endsWith(':r01')); return localStorage.getItem(key);";
    let stale = browser.run(kept, &[])?;
    // The second tab says where the test is, and takes over when asked to.
    let second = browser.new_tab()?;
    browser.open(&address)?;
    browser.comes("elsewhere")?;
    browser.click("#take-over")?;
    browser.comes("trial")?;
    take_part(&browser, &Manner { until: Some(4), ..plain(&mos_score) })?;
    browser.go_to(&first)?;
    browser.comes("elsewhere")?;
    // What an older tab would write over the newer answers.
    browser.run(
        "const key = Object.keys(localStorage).find((key) => key.endsWith(':r01')); localStorage.setItem(key, arguments[0]);",
        &[stale],
    )?;
    browser.go_to(&second)?;
    browser.wait(
        "JSON.parse(localStorage.getItem(Object.keys(localStorage).find((key) => key.endsWith(':r01')))).answers.length === 4",
    )?;
    take_part(&browser, &plain(&mos_score))?;
    let given = file(&browser)?;
    browser.close_tab()?;
    browser.go_to(&first)?;
    browser.reload()?;
    browser.comes("end")?;
    fs::write(study.folder.join("answers.json"), given.to_string())?;
    let (rows, _) = study.collect(&["answers.json"])?;
    check_rows(&rows, "r01", &mos_score, 6)
}

/// Returns the clips of the page that is shown.
fn clips_of_page(study: &Study, page: usize) -> Result<Vec<String>> {
    let text = fs::read_to_string(study.bundle().join("index.html"))?;
    let data =
        text.split_once("id=\"data\">").and_then(|(_, rest)| rest.split_once("</script>")).context("data")?.0;
    let data: Value = serde_json::from_str(data)?;
    let session =
        data["sessions"].as_object().context("sessions")?.values().find(|one| one["rater"] == "r01");
    let clips = session.context("a session")?["pages"][page]["clips"].as_array().cloned().context("clips")?;
    Ok(clips.iter().filter_map(|clip| clip.as_str().map(str::to_owned)).collect())
}

fn broken_clips(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("mos", 2, "", "en")?;
    let host = Host::start(&study.bundle())?;
    let clip = |page: usize| anyhow::Ok(clips_of_page(&study, page)?.remove(0));
    let other = study.bundle().join("clips").join(format!("{}.wav", clip(5)?));
    // One that comes at the second request is never noticed.
    host.break_clip(&clip(0)?, Fault::Missing(1));
    host.break_clip(&clip(1)?, Fault::Half);
    host.break_clip(&clip(2)?, Fault::Header);
    host.break_clip(&clip(3)?, Fault::Other(other));
    host.break_clip(&clip(4)?, Fault::Missing(usize::MAX));
    let browser = stage.driver.browser()?;
    open_first(&browser, &host, &study)?;
    take_part(&browser, &Manner { until: Some(1), ..plain(&mos_score) })?;
    for page in 1..=4 {
        ensure!(position(&browser)? == page, "page {page} is shown");
        browser.click("#clips button")?;
        browser.wait("document.querySelector('#page-trial .error').textContent")?;
        browser.wait("!document.querySelector('#page-trial .trouble').hidden")?;
        ensure!(
            browser.run("return document.getElementById('answers').disabled;", &[])? == true,
            "nothing was heard"
        );
        if page == 1 {
            // Mended in time: the clip is offered again, and the page is answered.
            stage.look_for_barriers(&browser, "a clip that cannot be had")?;
            host.mend_clip(&clip(1)?);
            browser.click("#page-trial .trouble button")?;
            browser.wait("document.querySelector('#clips .state').textContent.startsWith('heard')")?;
            browser.click("#scale input[value=\"2\"]")?;
            browser.click("#next")?;
            browser.wait("document.getElementById('progress').value === 2")?;
            continue;
        }
        browser.click("#page-trial .trouble button")?;
        browser
            .wait("document.querySelectorAll('#page-trial .trouble:not([hidden]) button').length === 2")?;
        browser.click("#page-trial .trouble button:nth-child(2)")?;
        browser.wait(&format!("document.getElementById('progress').value === {}", page + 1))?;
    }
    take_part(&browser, &plain(&mos_score))?;
    let given = file(&browser)?;
    fs::write(study.folder.join("answers.json"), given.to_string())?;
    let (rows, said) = study.collect(&["answers.json"])?;
    let pages: Vec<u64> = rows.iter().filter_map(|row| row["page"].as_u64()).collect();
    ensure!(pages == [0, 1, 5], "{pages:?}");
    ensure!(said.matches("was skipped").count() == 3 && !said.contains("has not answered"), "{said}");
    ensure!(said.contains("wrong bytes") && said.contains("status 404"), "{said}");
    Ok(())
}

fn not_heard(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("cmos", 2, "", "en")?;
    let code = &study.codes()?[0];
    let browser = stage.driver.browser()?;
    let open = || browser.run("return !document.getElementById('answers').disabled;", &[]);
    // From the disk, where the browser's own player plays: at eight times the speed, and with a seek to the end.
    browser.open(&format!("file://{}?code={code}", study.bundle().join("index.html").display()))?;
    browser.comes("consent")?;
    take_part(&browser, &Manner { until: Some(0), ..plain(&cmos_score) })?;
    for trick in ["this.playbackRate = 8;", "this.currentTime = this.duration - 0.05;"] {
        browser.run(
            &format!("window.original ??= HTMLMediaElement.prototype.play; HTMLMediaElement.prototype.play = async function () {{ await window.original.call(this); {trick} }};"),
            &[],
        )?;
        for clip in 1..=2 {
            browser.click(&format!("#clips button:nth-child({clip})"))?;
            browser.wait(&format!("document.querySelector('#clips button:nth-child({clip}) .state').textContent === 'not heard to the end'"))?;
        }
        ensure!(open()? == false, "{trick} does not count");
    }
    browser.run("HTMLMediaElement.prototype.play = window.original;", &[])?;
    listen(&browser, &plain(&cmos_score))?;
    ensure!(open()? == true, "honest hearing counts");

    // From a web host: the other clip stops the first, and a second click does not begin anew.
    let host = Host::start(&study.bundle())?;
    browser.open(&format!("{}?code={code}", host.address))?;
    browser.comes("consent")?;
    take_part(&browser, &Manner { until: Some(0), ..plain(&cmos_score) })?;
    browser.click("#clips button:nth-child(1)")?;
    browser.wait("document.querySelector('#clips button:nth-child(1)').classList.contains('playing')")?;
    browser.click("#clips button:nth-child(1)")?;
    browser.click("#clips button:nth-child(2)")?;
    browser.wait(
        "document.querySelector('#clips button:nth-child(2) .state').textContent.startsWith('heard')",
    )?;
    ensure!(browser.text("#clips button:nth-child(1) .state")? == "not heard to the end", "it was stopped");
    ensure!(open()? == false, "one clip is not enough");
    listen(&browser, &plain(&cmos_score))?;
    browser.click("#scale input[value=\"3\"]")?;
    // A slip is taken back.
    browser.click("#scale input[value=\"-3\"]")?;
    browser.click("#next")?;
    take_part(&browser, &plain(&cmos_score))?;
    let given = file(&browser)?;
    let first = &given["answers"][0];
    ensure!(first["score_raw"] == -3 && first["clips"][0]["plays"] == 2, "{first}");
    ensure!(first["clips"][0]["whole_plays"] == 1 && first["clips"][1]["plays"] == 2, "{first}");
    Ok(())
}

fn served_study(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("cmos", 2, "", "en")?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let arguments = [
        "--entry",
        "prolific",
        "--completion-code",
        "C1A2B3",
        "--redirect",
        "https://example.org/complete?cc=C1A2B3",
    ];
    let server = study.serve(port, &arguments)?;
    let browser = stage.driver.browser()?;
    browser.open(&server.address)?;
    browser.comes("closed")?;
    ensure!(browser.text("#closed-text")?.contains("exactly as you received it"), "no participant number");
    let address = format!("{}?PROLIFIC_PID=anna&STUDY_ID=s&SESSION_ID=a", server.address);
    browser.open(&address)?;
    browser.comes("consent")?;
    take_part(&browser, &Manner { until: Some(1), ..plain(&cmos_score) })?;
    browser.reload()?;
    browser.comes("trial")?;
    ensure!(position(&browser)? == 1, "after a reload the session goes on");

    // The server dies; answers wait in the browser, and arrive when it is back.
    drop(server);
    take_part(&browser, &Manner { until: Some(3), ..plain(&cmos_score) })?;
    browser.wait("!document.getElementById('sending-notice').hidden")?;
    ensure!(browser.text("#sending-notice")?.starts_with('2'), "{}", browser.text("#sending-notice")?);
    let server = study.serve(port, &arguments)?;
    browser.wait("document.getElementById('sending-notice').hidden")?;
    let second = browser.new_tab()?;
    browser.open(&address)?;
    browser.comes("elsewhere")?;
    browser.click("#take-over")?;
    browser.comes("trial")?;
    take_part(&browser, &plain(&cmos_score))?;
    browser.wait("document.getElementById('completion-code').textContent === 'C1A2B3'")?;
    let link = browser.run("return document.getElementById('completion-link').href;", &[])?;
    ensure!(link == "https://example.org/complete?cc=C1A2B3", "{link}");
    stage.take_picture(&browser, "listening-end")?;
    drop(second);

    // Somebody leaves, and is replaced.
    let other = stage.driver.browser()?;
    other.open(&format!("{}?PROLIFIC_PID=ben", server.address))?;
    other.comes("consent")?;
    take_part(&other, &Manner { until: Some(1), ..plain(&cmos_score) })?;
    other.click("#leave")?;
    other.click("#leave-yes")?;
    other.comes("closed")?;
    other.open(&format!("{}?PROLIFIC_PID=cleo", server.address))?;
    other.comes("consent")?;
    take_part(&other, &plain(&cmos_score))?;
    other.wait("document.getElementById('completion-code').textContent === 'C1A2B3'")?;
    other.open(&format!("{}?PROLIFIC_PID=dan", server.address))?;
    other.comes("closed")?;
    ensure!(other.text("#closed-text")?.contains("All places are taken"), "the study is full");

    let (rows, said) = study.collect(&["--store", "answers.sqlite"])?;
    check_rows(&rows, "r01", &cmos_score, 4)?;
    check_rows(&rows, "r02", &cmos_score, 1)?;
    check_rows(&rows, "r02.2", &cmos_score, 4)?;
    ensure!(said.contains("rater `r02` has not answered 3 of 4 pages"), "{said}");

    // The experimenter's page.
    other.resize(1100, 900)?;
    other.open(&format!("{}experimenter", server.address))?;
    other.type_into("input[name=token]", &server.experimenter)?;
    other.click("button")?;
    other.wait("document.body.textContent.includes('2 of 2 sessions complete. Participants: 2 complete')")?;
    stage.look_for_barriers(&other, "the experimenter's page")?;
    stage.take_picture(&other, "experimenter")?;
    Ok(())
}

/// Texts of another script, for some of the words.
pub(super) fn right_to_left(english: &str) -> String {
    english
        .replace("language = \"en\"", "language = \"ar\"")
        .replace("direction = \"ltr\"", "direction = \"rtl\"")
        .replace("\"I agree, continue\"", "\"أوافق، متابعة\"")
        .replace("\"Play first clip\"", "\"شغّل المقطع الأول\"")
        .replace("\"Play second clip\"", "\"شغّل المقطع الثاني\"")
        .replace("\"heard, play again\"", "\"سُمع، أعد التشغيل\"")
        .replace("\"Next\"", "\"التالي\"")
}

fn looks(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("cmos", 2, "", "en")?;
    let host = Host::start(&study.bundle())?;
    let browser = stage.driver.browser()?;
    browser.resize(1100, 900)?;
    open_first(&browser, &host, &study)?;
    stage.take_picture(&browser, "listening-consent")?;
    take_part(&browser, &Manner { until: Some(0), ..plain(&cmos_score) })?;
    listen(&browser, &plain(&cmos_score))?;
    stage.look_for_barriers(&browser, "a trial")?;
    stage.take_picture(&browser, "listening-desktop")?;
    fits_a_phone(&browser)?;
    stage.take_picture(&browser, "listening-phone")?;
    if stage.is_chromium {
        browser.prefer_dark()?;
        browser.resize(1100, 900)?;
        browser.wait("matchMedia('(prefers-color-scheme: dark)').matches")?;
        stage.look_for_barriers(&browser, "a dark page")?;
        stage.take_picture(&browser, "listening-dark")?;
    }
    drop(browser);

    let english = study.listen(&["strings"])?;
    let folder = stage.folder.join("rtl");
    fs::create_dir_all(&folder)?;
    let words = folder.join("ar.toml");
    fs::write(&words, right_to_left(&english))?;
    let study = Study::build(
        stage.program,
        folder.join("study"),
        "cmos",
        (2, ""),
        words.to_str().context("a path")?,
    )?;
    let host = Host::start(&study.bundle())?;
    let browser = stage.driver.browser()?;
    open_first(&browser, &host, &study)?;
    take_part(&browser, &Manner { until: Some(0), ..plain(&cmos_score) })?;
    ensure!(browser.run("return getComputedStyle(document.body).direction;", &[])? == "rtl", "right to left");
    let first = "document.querySelector('#clips button').getBoundingClientRect().left";
    let last = "document.querySelector('#clips button:last-child').getBoundingClientRect().left";
    browser.resize(1100, 900)?;
    browser.wait(&format!("{first} > {last}"))?;
    listen(&browser, &plain(&cmos_score))?;
    stage.look_for_barriers(&browser, "a page from right to left")?;
    stage.take_picture(&browser, "listening-rtl")?;
    Ok(())
}

fn no_output(stage: &Stage<'_>) -> Result<()> {
    let study = stage.study("mos", 2, "", "en")?;
    let host = Host::start(&study.bundle())?;
    let browser = stage.driver.browser()?;
    open_first(&browser, &host, &study)?;
    // Firefox does not tell its outputs.
    browser.run("navigator.mediaDevices.enumerateDevices = async () => [];", &[])?;
    browser.click("#agree")?;
    browser.comes("volume")?;
    if stage.is_chromium {
        browser.wait("!document.getElementById('no-output').hidden")?;
    }
    // A sound device whose clock stands still plays nothing, and is said to.
    browser.run(
        "window.clock = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, 'currentTime');
         Object.defineProperty(BaseAudioContext.prototype, 'currentTime', { get: () => 1, configurable: true });
         window.start = AudioBufferSourceNode.prototype.start;
         AudioBufferSourceNode.prototype.start = function () {};",
        &[],
    )?;
    browser.wait("document.querySelector('#volume-clips button')")?;
    browser.click("#volume-clips button")?;
    browser.wait("document.querySelector('#page-volume .error').textContent.includes('stands still')")?;
    ensure!(
        browser.run("return document.getElementById('volume-done').disabled;", &[])? == true,
        "nothing was heard"
    );
    browser.run(
        "Object.defineProperty(BaseAudioContext.prototype, 'currentTime', window.clock);
         AudioBufferSourceNode.prototype.start = window.start;",
        &[],
    )?;
    browser.click("#page-volume .trouble button")?;
    browser.wait("!document.getElementById('volume-done').disabled")?;
    Ok(())
}

/// Participants from a platform, each with a browser: some reload, some drop out and are replaced, and the server is
/// killed in the middle.
fn rehearsal(stage: &Stage<'_>) -> Result<()> {
    let n = stage.participants;
    let study = stage.study("cmos", n, "[session]\nbreak_every = 2\ncomments = true\n", "en")?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let arguments = ["--entry", "prolific", "--completion-code", "DONE", "--overbook", "100"];
    let server = study.serve(port, &arguments)?;
    let address = server.address.clone();
    let clicked = |person: u32| move |page: usize| (i64::from(person) + page as i64) % 7 - 3;
    let one = |person: u32| -> Result<()> {
        let browser = stage.driver.browser()?;
        let score = clicked(person);
        browser.open_patiently(&format!("{address}?PROLIFIC_PID=p{person}"))?;
        browser.comes("consent")?;
        match person % 5 {
            // Gone for good after two pages.
            4 => {
                take_part(&browser, &Manner { until: Some(2), ..plain(&score) })?;
                browser.wait("document.getElementById('sending-notice').hidden")?;
                return Ok(());
            }
            3 => {
                take_part(&browser, &Manner { until: Some(1), ..plain(&score) })?;
                browser.reload_patiently()?;
                browser.comes("trial")?;
            }
            _ => {}
        }
        take_part(&browser, &plain(&score))?;
        browser.wait("document.getElementById('completion-code').textContent === 'DONE'").map(drop)
    };
    let mut server = Some(server);
    let failed: Vec<String> = thread::scope(|scope| {
        let people: Vec<_> = (0..n).map(|person| (person, scope.spawn(move || one(person)))).collect();
        for _ in 0..2 {
            thread::sleep(Duration::from_secs(u64::from(n)));
            drop(server.take());
            thread::sleep(Duration::from_secs(2));
            match study.serve(port, &arguments) {
                Ok(again) => server = Some(again),
                Err(error) => return vec![format!("the server: {error:#}")],
            }
        }
        let outcomes = people.into_iter().map(|(person, thread)| match thread.join() {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(format!("participant {person}: {error:#}")),
            Err(_) => Some(format!("participant {person} panicked")),
        });
        outcomes.flatten().collect()
    });
    ensure!(failed.is_empty(), "{failed:?}");
    // Who is who, by the payments.
    study.listen(&[
        "progress",
        "PLAN.toml",
        "--store",
        "answers.sqlite",
        "--payments",
        "payments.jsonl",
        "--force",
    ])?;
    let payments = fs::read_to_string(study.folder.join("payments.jsonl"))?;
    let raters: BTreeMap<String, String> = payments
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line)?;
            let text = |key: &str| row[key].as_str().map(str::to_owned).context("a name");
            Ok((text("participant")?, text("rater")?))
        })
        .collect::<Result<_>>()?;
    let (rows, _) = study.collect(&["--store", "answers.sqlite"])?;
    let mut n_rows = 0;
    for person in 0..n {
        let expected = if person % 5 == 4 { 2 } else { 4 };
        check_rows(&rows, &raters[&format!("p{person}")], &clicked(person), expected)?;
        n_rows += expected;
    }
    ensure!(rows.len() == n_rows, "{} rows, not {n_rows}", rows.len());
    let decided = json!({ "approve": payments.matches("\"approve\"").count(), "unfinished": payments.matches("\"unfinished\"").count() });
    crate::process::say(&format!(
        "  {n} browsers, {n_rows} answers, all as clicked and heard; payments {decided}"
    ));
    Ok(())
}
