//! A study on web space with PHP, where there is one.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::participant::{Manner, position, take_part};
use super::scenes::{Stage, check_rows, mos_score, plain};
use super::study::Study;

pub(super) fn php_study(stage: &Stage<'_>) -> Result<()> {
    let modules = Command::new("php").arg("-m").output();
    if !modules.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("pdo_sqlite")) {
        crate::process::say("  left out: there is no PHP with pdo_sqlite");
        return Ok(());
    }
    let study = stage.study("mos", 2, "", "en")?;
    let said = study.listen(&[
        "build",
        "PLAN.toml",
        "--out",
        "WEB",
        "--php",
        "prolific",
        "--completion-code",
        "PHP1",
    ])?;
    let token =
        said.split("by token ").nth(1).and_then(|rest| rest.split_whitespace().next()).context("a token")?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut php = Command::new("php")
        .args(["-S", &format!("127.0.0.1:{port}"), "-t", "WEB"])
        .current_dir(&study.folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let address = format!("http://127.0.0.1:{port}/");
    let played = play_php(stage, &study, &address, token);
    php.kill()?;
    php.wait()?;
    played
}

fn play_php(stage: &Stage<'_>, study: &Study, address: &str, token: &str) -> Result<()> {
    let browser = stage.driver.browser()?;
    browser.open_patiently(&format!("{address}?PROLIFIC_PID=anna&SESSION_ID=a"))?;
    browser.comes("consent")?;
    take_part(&browser, &Manner { until: Some(2), ..plain(&mos_score) })?;
    browser.wait("document.getElementById('sending-notice').hidden")?;
    browser.reload()?;
    browser.comes("trial")?;
    ensure!(position(&browser)? == 2, "after a reload the session goes on");
    take_part(&browser, &plain(&mos_score))?;
    browser.wait("document.getElementById('completion-code').textContent === 'PHP1'")?;
    let other = stage.driver.browser()?;
    other.open(&format!("{address}?PROLIFIC_PID=ben"))?;
    other.comes("consent")?;
    take_part(&other, &Manner { until: Some(1), ..plain(&mos_score) })?;
    other.wait("document.getElementById('sending-notice').hidden")?;

    // The contract's refusals.
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent: ureq::Agent = config.into();
    let post = |request: &str, kind: &str, body: &str| -> Result<(u16, Vec<u8>)> {
        let mut response = agent
            .post(format!("{address}api.php?request={request}"))
            .header("Content-Type", kind)
            .send(body.as_bytes())?;
        Ok((response.status().as_u16(), response.body_mut().read_to_vec()?))
    };
    let json = "application/json";
    let bundle: Value = serde_json::from_str(&fs::read_to_string(study.folder.join("WEB.key.json"))?)?;
    let bundle = &bundle["bundle"];
    let forged = json!({ "bundle": bundle, "token": "0", "page": "consent", "answer": {} }).to_string();
    ensure!(post("page", json, &forged)?.0 == 401, "a forged token");
    ensure!(
        post("page", json, &forged.replace(bundle.as_str().context("a hash")?, "0"))?.0 == 409,
        "another bundle"
    );
    ensure!(post("page", json, "[[[")?.0 == 400, "no JSON");
    ensure!(post("page", json, &"x".repeat(100_000))?.0 == 413, "too large");
    let form = "application/x-www-form-urlencoded";
    ensure!(post("store", form, "token=0")?.0 == 401, "a wrong token");
    let (status, store) = post("store", form, &format!("token={token}"))?;
    ensure!(status == 200 && store.starts_with(b"SQLite"), "the store comes: {status}");
    fs::write(study.folder.join("php.sqlite"), store)?;
    let (rows, said) = study.collect(&["--store", "php.sqlite"])?;
    check_rows(&rows, "r01", &mos_score, 6)?;
    check_rows(&rows, "r02", &mos_score, 1)?;
    ensure!(said.contains("rater `r02` has not answered"), "{said}");
    Ok(())
}
