//! Texts by item: what was to be read, and what a recognizer heard.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use mynah_cli::Advised;
use mynah_table::{TableFormat, TextTable, read_text_table};

use super::folder::item_of;
use crate::item_columns::ITEM_COLUMNS;

/// Names of the column of texts, what was heard before what was to be read.
const TEXT_COLUMNS: [&str; 14] = [
    "hypothesis",
    "hypo",
    "hyp",
    "pred_text",
    "prediction",
    "transcript",
    "transcription",
    "recognized",
    "text",
    "sentence",
    "normalized",
    "normalized_text",
    "reference",
    "raw_text",
];
/// Cells in a line of seed-tts-eval: utterance, rate, reference, hypothesis, insertions, deletions, substitutions.
const SEED_CELLS: usize = 7;
/// The cell of the hypothesis.
const SEED_HYPOTHESIS: usize = 3;

/// Returns the advice on a file in no known form.
fn forms(what: &str) -> String {
    format!(
        "write a table with the columns `id` and `{what}`, or lines of an item and its {what}, separated by a tab, a bar or, as Kaldi \
         does, a space"
    )
}

/// Reads texts by item from a table, Kaldi's `text`, LJSpeech's `metadata.csv` (its last field) or the results of
/// seed-tts-eval (what was heard).
///
/// An empty text is one: nothing was heard.
pub(crate) fn read(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    read_column(path, &TEXT_COLUMNS, "text")
}

/// Reads a fact by item from a file in the same forms, given the names of its column and its name in messages.
pub(crate) fn read_column(
    path: &Path,
    names: &[&str],
    what: &str,
) -> anyhow::Result<BTreeMap<String, String>> {
    let failed = || format!("failed to read {what}s from `{}`", path.display());
    let format = TableFormat::of(path).ok();
    // Text may be a table or lines, whatever it is called: LJSpeech's `metadata.csv` is no CSV.
    let may_be_lines = !matches!(format, Some(TableFormat::Parquet | TableFormat::JsonLines));
    match format.map(|_| read_text_table(path)) {
        Some(Ok(table)) => {
            if let Some(columns) = columns(&table, names) {
                return of_table(path, &table, columns, what);
            }
            if !may_be_lines {
                let message = format!("`{}` has no columns of items and {what}s", path.display());
                return Err(Advised::new(message, forms(what)).into());
            }
        }
        Some(Err(error)) if !may_be_lines => return Err(error).with_context(failed),
        _ => {}
    }
    of_lines(path, &fs::read_to_string(path).with_context(failed)?, what)
}

/// Finds the columns of items and of something else.
fn columns(table: &TextTable, names: &[&str]) -> Option<(usize, usize)> {
    let find = |names: &[&str]| {
        let place = |name: &&str| table.columns.iter().position(|column| column.eq_ignore_ascii_case(name));
        names.iter().find_map(place)
    };
    Some((find(&ITEM_COLUMNS)?, find(names)?))
}

fn of_table(
    path: &Path,
    table: &TextTable,
    (item, text): (usize, usize),
    what: &str,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for (index, row) in table.rows.iter().enumerate() {
        let line =
            table.line(index).map_or_else(|| format!("row {}", index + 1), |line| format!("line {line}"));
        let Some(name) = &row[item] else {
            let message = format!("`{}`, {line} names no item", path.display());
            return Err(Advised::new(message, forms(what)).into());
        };
        add(&mut texts, path, (&line, what), name, row[text].as_deref().unwrap_or_default())?;
    }
    Ok(texts)
}

fn of_lines(path: &Path, content: &str, what: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for (line, number) in content.trim_start_matches('\u{feff}').lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line.split('\t').collect();
        let (name, text) = if cells.len() == SEED_CELLS && cells[1].trim().parse::<f64>().is_ok() {
            (cells[0], cells[SEED_HYPOTHESIS])
        } else if let Some((name, text)) = line.split_once('\t') {
            (name, text)
        } else if let Some((name, rest)) = line.split_once('|') {
            (name, rest.rsplit('|').next().unwrap_or(rest))
        } else {
            line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""))
        };
        add(&mut texts, path, (&format!("line {number}"), what), name, text)?;
    }
    Ok(texts)
}

fn add(
    texts: &mut BTreeMap<String, String>,
    path: &Path,
    (line, what): (&str, &str),
    name: &str,
    text: &str,
) -> anyhow::Result<()> {
    let item = item_of(name.trim());
    if texts.insert(item.clone(), text.trim().to_owned()).is_some() {
        let message = format!("`{}`, {line} is a second {what} of item `{item}`", path.display());
        return Err(Advised::new(message, "keep one line per item").into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str, content: &str) -> anyhow::Result<Vec<(String, String)>> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        Ok(read(&path)?.into_iter().collect())
    }

    #[test]
    fn reads_every_form_of_texts() {
        let expected = [("a".to_owned(), "the house".to_owned()), ("b".to_owned(), String::new())];
        for (name, content) in [
            ("text", "a the house\nb\n"),
            ("text.txt", "\u{feff}wavs/a.wav\tthe house\nwavs/b.wav\t\n"),
            ("metadata.csv", "a|The \"House|the house\nb|?|\n"),
            ("h.csv", "audio,wer,hypothesis\na.wav,0.5,the house\nb.wav,1,\n"),
            ("h.tsv", "b\t\na\tthe house\n"),
            (
                "h.jsonl",
                "{\"audio_filepath\": \"/x/a.wav\", \"text\": \"A house.\", \"pred_text\": \"the house\"}\n\
                         {\"audio_filepath\": \"/x/b.wav\", \"text\": \"B.\", \"pred_text\": \"\"}\n",
            ),
            ("result", "a\t0.5\tA house\tthe house\t0\t0\t1\nb\t1\tB\t\t0\t1\t0\n"),
        ] {
            assert_eq!(texts(name, content).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn names_the_line_of_a_second_text() {
        let error = texts("text", "a one\n\nb two\na.wav three\n").unwrap_err();
        assert!(error.to_string().ends_with("line 4 is a second text of item `a`"), "{error}");
        let error = texts("h.csv", "id,text\na,one\n\na,two\n").unwrap_err();
        assert!(error.to_string().ends_with("line 4 is a second text of item `a`"), "{error}");
    }

    #[test]
    fn reports_a_table_without_texts() {
        for (name, content) in [("h.jsonl", "{\"id\": \"a\", \"mos\": 3}\n"), ("h.jsonl", "a the house\n")] {
            let error = format!("{:#}", texts(name, content).unwrap_err());
            assert!(error.contains("h.jsonl"), "{error}");
        }
    }
}
