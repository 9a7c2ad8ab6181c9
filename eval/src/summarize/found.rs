//! Reading and analyzing ratings without a plan, from the table of any tool.
//!
//! Tables of webMUSHRA and the P.808 toolkit are read as what they are, unless columns are mapped.

use std::path::Path;

use anyhow::Context as _;
use mynah_cli::{Advised, say};
use mynah_listening::{
    Analysis, Error, First, FoundRating, FoundStudy, Paradigm, Role, ScoreSign, Verdict, judge_found,
};
use mynah_table::TextTable;

use super::columns::{ColumnMap, Columns, origin, place, read};
use super::item_names::{ItemNames, warning};
use super::tools::{ToolArgs, ToolTable};

/// Required columns of ratings without a plan; others can be mapped to these names.
pub(crate) const NEEDED: [&str; 4] = ["rater", "item", "system", "score"];
/// Optional columns of ratings without a plan.
pub(crate) const OPTIONAL: [&str; 2] = ["first", "origin"];

/// The description of ratings without a plan.
#[derive(Debug, Clone)]
pub(crate) struct FoundSettings {
    /// The paradigm; tables of other tools tell it themselves.
    pub(crate) paradigm: Option<Paradigm>,
    pub(crate) facts: Facts,
    pub(crate) map: ColumnMap,
    /// The separator of CSV, if it need not be detected.
    pub(crate) separator: Option<char>,
    pub(crate) item_names: ItemNames,
    pub(crate) tool: ToolArgs,
}

/// The facts of a study, apart from its paradigm.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) name: String,
    pub(crate) reference: Option<String>,
    pub(crate) human_reference: bool,
    pub(crate) anchors: Vec<String>,
    pub(crate) margin: Option<f64>,
    pub(crate) alpha: f64,
    pub(crate) repeats: bool,
    pub(crate) score_sign: Option<ScoreSign>,
}

impl Facts {
    /// Returns the study of a paradigm.
    fn study(&self, paradigm: Paradigm) -> FoundStudy {
        let margin = self.margin.unwrap_or(paradigm.rules().margin());
        FoundStudy {
            name: self.name.clone(),
            paradigm,
            reference: self.reference.clone(),
            human_reference: self.human_reference,
            anchors: self.anchors.clone(),
            analysis: Analysis { margin, alpha: self.alpha, ..Analysis::default() },
            repeats: self.repeats,
            score_sign: self.score_sign,
        }
    }
}

/// Computes the verdict on ratings without a plan.
pub(crate) fn found_verdict(path: &Path, settings: &FoundSettings) -> anyhow::Result<Verdict> {
    if let Some(table) = ToolTable::recognized(path, settings)? {
        return tool_verdict(&table, settings);
    }
    let failed = || format!("failed to read ratings `{}`", path.display());
    let paradigm = settings.paradigm.ok_or_else(|| {
        let message = format!("`{}` is no table of webMUSHRA or the P.808 toolkit", path.display());
        Advised::new(message, "say which test it is from with --paradigm, and name its columns with --map")
    })?;
    let table = read(path, settings.separator, &settings.map, &[&NEEDED[..], &OPTIONAL].concat())
        .with_context(failed)?;
    let rows = found_ratings(path, &table, settings).with_context(failed)?;
    let line = |row: u64| table.line(row as usize - 1);
    judged(&settings.facts.study(paradigm), rows, settings.item_names)
        .map_err(|error| explained(error, path, line))
}

/// Computes the verdict on the ratings of a tool's table.
fn tool_verdict(table: &ToolTable<'_>, settings: &FoundSettings) -> anyhow::Result<Verdict> {
    let read = table.ratings(settings)?;
    let facts = &settings.facts;
    let study = FoundStudy {
        reference: facts.reference.clone().or(read.reference),
        score_sign: facts.score_sign.or(read.ratings.score_sign),
        ..facts.study(read.ratings.paradigm)
    };
    let mut verdict = judged(&study, read.ratings.ratings, settings.item_names)
        .map_err(|error| explained(error, table.path(), |row| table.line(row)))?;
    verdict.notes.extend(read.ratings.notes);
    Ok(verdict)
}

/// Judges ratings, and warns of sentences that are named differently for each system.
fn judged(study: &FoundStudy, mut rows: Vec<FoundRating>, names: ItemNames) -> Result<Verdict, Error> {
    let is_judged = study.paradigm.rules().is_judged(Role::Reference);
    let unjudged = study.reference.as_deref().map(str::trim).filter(|_| !is_judged);
    if let Some(warning) = warning(&rows, names, unjudged) {
        say(&warning);
    }
    for row in &mut rows {
        row.item = names.sentence(row.item.trim(), row.system.trim());
    }
    judge_found(study, &rows)
}

/// Adds the arguments that resolve an error of the analysis, and the line of the file.
fn explained(error: Error, path: &Path, line: impl Fn(u64) -> Option<u64>) -> anyhow::Error {
    let failed = format!("failed to analyze `{}`", path.display());
    match error {
        Error::ScoreSign { .. } => {
            let remedy =
                "state what they are: --score-is second-minus-first, or --score-is system-minus-reference";
            anyhow::Error::new(Advised::new(error.to_string(), remedy)).context(failed)
        }
        Error::Rating { row, .. } => match line(row) {
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
    let reference = settings.facts.reference.as_deref().unwrap_or_default();
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
