//! The sources of answers: files as the page writes them, and what mail programs make of them.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::answers::code::{Code, PREFIX, codes};
use crate::design::plan::Plan;
use crate::page::blinding::Names;
use crate::page::key::Key;

/// Reads all sessions of a file; each that cannot be read becomes the reason.
pub(crate) fn read(
    path: &Path,
    plan: &Plan,
    key: Option<&Key>,
) -> Result<Vec<Result<Value, String>>, String> {
    let bytes = fs::read(path).map_err(|error| format!("the file cannot be read: {error}"))?;
    let text = decoded(&bytes)?;
    match parsed(&text) {
        Ok(Value::Array(sessions)) if sessions.iter().any(Value::is_object) => {
            Ok(sessions.into_iter().map(Ok).collect())
        }
        Ok(session) => Ok(vec![Ok(session)]),
        Err(error) => {
            if !text.to_lowercase().contains(PREFIX) {
                return Err(format!("this is not a file of answers, or not all of it: {error}"));
            }
            let key = key
                .ok_or("a hand-back code can only be read with the key of the bundle: name it with --key")?;
            let names = Names::of(plan);
            let session = |code: Result<Code, String>| code.map(|code| session(plan, &names, key, &code));
            Ok(codes(&text, plan, &key.bundle).into_iter().map(session).collect())
        }
    }
}

/// Decodes text as UTF-8, or as UTF-16 where it says so, without its byte order mark.
fn decoded(bytes: &[u8]) -> Result<String, String> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|pair| from([pair[0], pair[1]]));
        char::decode_utf16(units)
            .collect::<Result<String, _>>()
            .map_err(|error| format!("broken UTF-16: {error}"))
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            String::from_utf8(bytes.to_owned()).map_err(|error| format!("the file is not text: {error}"))
        }
    }
}

/// Parses JSON, also where it stands in a mail: with other text around it, marks of quotation, and lines broken within
/// texts.
fn parsed(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| {
        let lines = text.lines().map(|line| line.trim_start_matches(['>', ' ', '|']));
        // A break within a text stood for a blank; everywhere else blanks do not matter.
        let joined = lines.collect::<Vec<_>>().join(" ");
        let end = joined.rfind('}');
        let value = joined.find('{').zip(end).filter(|(begin, end)| begin < end);
        value.and_then(|(begin, end)| serde_json::from_str(&joined[begin..=end]).ok()).ok_or(error)
    })
}

/// Writes the content of a code in the form of an answer file.
fn session(plan: &Plan, names: &Names, key: &Key, code: &Code) -> Value {
    let session = &plan.sessions[code.session];
    let (lowest, _) = plan.protocol.paradigm.scale();
    let rules = plan.protocol.paradigm.rules();
    let answers = plan.pages(session).into_iter().enumerate().filter_map(|(page, range)| {
        let clips = names.of_page(rules, &session.trials[range.clone()]);
        let clips: Vec<Value> = clips.into_iter().map(|clip| json!({ "clip": clip })).collect();
        let scores: Option<Vec<i32>> =
            code.scores[range].iter().map(|score| Some(lowest + i32::from((*score)?))).collect();
        let scores = scores?;
        let (key, scores) = if rules.rates_side_by_side() {
            ("scores_raw", json!(scores))
        } else {
            ("score_raw", json!(scores.first()?))
        };
        Some(json!({ "trial": names.trial(&session.rater, page), "page": page, key: scores, "clips": clips }))
    });
    let answers: Vec<Value> = answers.collect();
    json!({
        "format": 2,
        "study": plan.study,
        "design": plan.design,
        "bundle": key.bundle,
        "rater": session.rater,
        "answers": answers,
    })
}
