//! `mynah-prepare normalize`.

use std::io::{self, BufRead as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use mynah_cli::{BAD_RESULT, put, say};
use mynah_text::{Normalized, Normalizer};

/// The settings of a normalization.
pub(crate) struct Settings {
    /// The sentences; none for stdin.
    pub(crate) text: Vec<String>,
    /// Prints the spoken sentence only.
    pub(crate) plain: bool,
    /// The normalization of the sentences.
    pub(crate) normalizer: Normalizer,
}

/// Prints the spoken words of each sentence beside the parts of the source that they came from.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    if !settings.plain {
        put("sentence\tstart\tend\twritten\tspoken\n")?;
    }
    let mut unspoken = 0;
    let mut print = |number: usize, text: &str| {
        let normalized = settings.normalizer.normalize(text);
        if normalized.words().next().is_none() {
            unspoken += 1;
            say(&format!("warning: sentence {number}: there is nothing to speak in `{text}`"));
        }
        if settings.plain { put(&format!("{normalized}\n")) } else { put(&rows(number, text, &normalized)) }
    };
    if settings.text.is_empty() {
        for (line, number) in io::stdin().lock().lines().zip(1..) {
            let line = line.with_context(|| format!("failed to read line {number} of stdin"))?;
            print(number, &line)?;
        }
    } else {
        for (text, number) in settings.text.iter().zip(1..) {
            print(number, text)?;
        }
    }
    Ok(if unspoken == 0 { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

/// Writes a row for each part of the source: its bytes, the part, and what is spoken, which is nothing for a character
/// that is dropped.
fn rows(number: usize, text: &str, normalized: &Normalized) -> String {
    let mut parts = Vec::new();
    for token in &normalized.tokens {
        match parts.last_mut() {
            Some((span, spoken)) if *span == token.span => {
                *spoken = format!("{spoken} {}", token.text);
            }
            _ => parts.push((token.span.clone(), token.text.clone())),
        }
    }
    parts.extend(normalized.dropped.iter().map(|dropped| (dropped.span.clone(), String::new())));
    parts.sort_by_key(|(span, _)| span.start);
    let row = |(span, spoken): &(std::ops::Range<usize>, String)| {
        // A tab or a line break in the source would be read as the end of a field.
        let written = text.get(span.clone()).unwrap_or("").replace(char::is_control, " ");
        format!("{number}\t{}\t{}\t{written}\t{spoken}\n", span.start, span.end)
    };
    parts.iter().map(row).collect()
}
