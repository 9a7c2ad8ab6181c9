//! The page that raters see: one file, no network.
//!
//! Its data is one JSON element with opaque names, without systems or keys. The content security policy names the hashes
//! of the one style and the one script, so that nothing else can run or be fetched.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::design::plan::Plan;
use crate::page::blinding::Names;
use crate::page::key::Key;

/// The data of the page.
#[derive(Serialize)]
struct Data<'a> {
    study: &'a str,
    design: &'a str,
    bundle: &'a str,
    comparison: bool,
    question: &'a str,
    labels: &'a [String],
    lowest: i32,
    consent: &'a str,
    instructions: &'a str,
    volume: String,
    /// The names of contents by the names of clips.
    contents: BTreeMap<&'a str, &'a str>,
    sessions: BTreeMap<&'a str, Vec<Page>>,
}

/// One trial on the page.
#[derive(Serialize)]
struct Page {
    id: String,
    first: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<String>,
}

/// Returns the bytes of `index.html`.
pub(crate) fn page(plan: &Plan, names: &Names, key: &Key) -> String {
    let rules = plan.protocol.paradigm.rules();
    let sessions = plan.sessions.iter().map(|session| {
        let pages = session.trials.iter().enumerate().map(|(page, trial)| {
            let (first, second) = names.heard(trial);
            Page { id: names.trial(&session.rater, page), first, second }
        });
        (session.rater.as_str(), pages.collect())
    });
    let data = Data {
        study: &plan.study,
        design: &plan.design,
        bundle: &key.bundle,
        comparison: rules.plays_reference(),
        question: &plan.protocol.question,
        labels: &plan.protocol.labels,
        lowest: rules.scale().0,
        consent: &plan.protocol.consent,
        instructions: &plan.protocol.instructions,
        volume: names.volume(),
        contents: key.clips.iter().map(|(name, clip)| (name.as_str(), clip.content.as_str())).collect(),
        sessions: sessions.collect(),
    };
    let data = serde_json::to_string(&data).expect("strings and numbers have a JSON form");
    let template = rules.page();
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    // Only clips are loaded; a page opened as a file loads them as files.
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; media-src 'self' file:; img-src data:; base-uri 'none'; \
         form-action 'none'",
        hash(template.script),
        hash(template.style)
    );
    // The data goes in last, so that nothing in it is mistaken for a placeholder.
    template
        .html
        .replace("{{policy}}", &policy)
        .replace("{{style}}", template.style)
        .replace("{{script}}", template.script)
        .replace("{{data}}", &data.replace('<', "\\u003c"))
}
