//! Reading and analyzing ratings without a plan, from the table of any tool.

use std::path::Path;

use anyhow::Context as _;
use mynah_cli::{Advised, say};
use mynah_listening::{Error, First, FoundRating, FoundStudy, Role, Verdict, judge_found};
use mynah_table::TextTable;

use super::columns::{ColumnMap, Columns, origin, place, read};
use super::item_names::{ItemNames, warning};

/// Required columns of ratings without a plan; others can be mapped to these names.
pub(crate) const NEEDED: [&str; 4] = ["rater", "item", "system", "score"];
/// Optional columns of ratings without a plan.
pub(crate) const OPTIONAL: [&str; 2] = ["first", "origin"];

/// The description of ratings without a plan.
#[derive(Debug, Clone)]
pub(crate) struct FoundSettings {
    pub(crate) study: FoundStudy,
    pub(crate) map: ColumnMap,
    /// The separator of CSV, if it need not be detected.
    pub(crate) separator: Option<char>,
    pub(crate) item_names: ItemNames,
}

/// Computes the verdict on ratings without a plan.
pub(crate) fn found_verdict(path: &Path, settings: &FoundSettings) -> anyhow::Result<Verdict> {
    let failed = || format!("failed to read ratings `{}`", path.display());
    let table = read(path, settings.separator, &settings.map, &[&NEEDED[..], &OPTIONAL].concat())
        .with_context(failed)?;
    let mut rows = found_ratings(path, &table, settings).with_context(failed)?;
    let study = &settings.study;
    let is_judged = study.paradigm.rules().is_judged(Role::Reference);
    let unjudged = study.reference.as_deref().map(str::trim).filter(|_| !is_judged);
    if let Some(warning) = warning(&rows, settings.item_names, unjudged) {
        say(&warning);
    }
    for row in &mut rows {
        row.item = settings.item_names.sentence(row.item.trim(), row.system.trim());
    }
    judge_found(study, &rows).map_err(|error| explained(error, path, &table))
}

/// Adds the arguments that resolve an error of the analysis, and the line of the file.
fn explained(error: Error, path: &Path, table: &TextTable) -> anyhow::Error {
    let failed = format!("failed to analyze `{}`", path.display());
    match error {
        Error::ScoreSign { .. } => {
            let remedy =
                "state what they are: --score-is second-minus-first, or --score-is system-minus-reference";
            anyhow::Error::new(Advised::new(error.to_string(), remedy)).context(failed)
        }
        Error::Rating { row, .. } => match table.line(row as usize - 1) {
            Some(line) => anyhow::Error::new(error).context(format!("{failed}, line {line}")),
            None => anyhow::Error::new(error).context(failed),
        },
        _ => anyhow::Error::new(error).context(failed),
    }
}

/// Converts the rows of a table.
fn found_ratings(
    path: &Path,
    table: &TextTable,
    settings: &FoundSettings,
) -> anyhow::Result<Vec<FoundRating>> {
    let columns = Columns::of(table, &settings.map, &NEEDED, &OPTIONAL)?;
    let file = path.display().to_string();
    let reference = settings.study.reference.as_deref().unwrap_or_default();
    let rows = table.rows.iter().enumerate().map(|(index, row)| {
        let text = |name: &str| columns.text(row, name);
        let read = || -> anyhow::Result<FoundRating> {
            Ok(FoundRating {
                rater: text("rater").to_owned(),
                item: text("item").to_owned(),
                system: text("system").to_owned(),
                score: score(text("score"))?,
                first: first(text("first"), reference, text("system"))?,
                origin: origin(text("origin"))?,
                source_file: file.clone(),
                source_row: index as u64 + 1,
            })
        };
        read().with_context(|| place(table, index))
    });
    rows.collect()
}

/// Parses a number with a decimal point or comma.
fn score(text: &str) -> anyhow::Result<f64> {
    let remedy = "remove rows without a vote, or name the column of the votes with --map score=COLUMN";
    let score = text.trim().replacen(',', ".", 1).parse();
    score.map_err(|_| Advised::new(format!("score `{text}` is not a number"), remedy).into())
}

/// Parses the clip heard first: as in Mynah's own tables, as in P.808 (`rp`: reference, processed), or by its system.
fn first(text: &str, reference: &str, system: &str) -> anyhow::Result<Option<First>> {
    let bare = text.trim();
    match bare.to_lowercase().as_str() {
        "" | "na" | "nan" => Ok(None),
        "reference" | "rp" => Ok(Some(First::Reference)),
        "system" | "pr" => Ok(Some(First::System)),
        _ if bare == reference.trim() => Ok(Some(First::Reference)),
        _ if bare == system.trim() => Ok(Some(First::System)),
        _ => Err(Advised::new(
            format!(
                "first `{text}` is not one of `reference`, `system`, `rp` and `pr`, nor the name of either system"
            ),
            "correct it, or leave the column out with --map first=",
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_clip_heard_first_by_word_or_name() {
        let check = |text: &str, expected: Option<First>| {
            assert_eq!(first(text, "recordings", "vits").unwrap(), expected, "{text}");
        };
        for text in ["reference", " Reference ", "rp", "recordings"] {
            check(text, Some(First::Reference));
        }
        for text in ["system", "PR", "vits "] {
            check(text, Some(First::System));
        }
        for text in ["", " ", "NA"] {
            check(text, None);
        }
        assert!(first("left", "recordings", "vits").is_err());
    }
}
