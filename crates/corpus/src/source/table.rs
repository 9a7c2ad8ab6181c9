//! Tables with a row for each clip.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::columns::{Columns, Role, Sample, assign, is_header};
use super::corpus::Span;
use super::json_rows::{self, JsonFault};
use super::recordings::{Files, Lookup, split, stem};
use super::row::{Row, Rows, counted, split_named};
use super::settings::SourceRecipe;
use super::text_file::{self, NotText, Record};
use crate::Error;
use crate::problem::{Code, Problem, Stage};
use crate::split::Split;

/// Separators that are searched for, in order of preference.
const SEPARATORS: [char; 4] = ['|', '\t', ';', ','];
/// Lines that are looked at to find the separator.
const SAMPLE: usize = 200;

/// A table as cells, whatever its form.
struct Cells {
    rows: Vec<(u64, Vec<String>)>,
    header: Option<Vec<String>>,
    /// Lines that are clips.
    count: usize,
    problems: Vec<Problem>,
    /// Form, for the note.
    form: String,
}

/// Reads tables.
///
/// # Errors
///
/// A table cannot be read, or has no column that the recipe names.
pub(crate) fn read(
    root: &Path,
    tables: &[String],
    files: &Files,
    recipe: &SourceRecipe,
) -> Result<Rows, Error> {
    let mut all = Rows { place: tables.join("`, `"), ..Rows::default() };
    for (index, table) in tables.iter().enumerate() {
        read_one(root, table, files, recipe, &mut all, index == 0)?;
    }
    if tables.len() > 1 {
        for (table, rows) in tables.iter().zip(by_table(&all, tables)) {
            let split = split_named(stem_of_table(table)).or_else(|| folder_split(table));
            if let Some(split) = split {
                all.notes.push(format!(
                    "{} of `{table}`: the {} split",
                    counted(rows, "clip", "clips"),
                    split.word()
                ));
            }
        }
    }
    Ok(all)
}

fn by_table(all: &Rows, tables: &[String]) -> Vec<usize> {
    tables.iter().map(|table| all.clips.iter().filter(|row| *row.table == **table).count()).collect()
}

/// Returns the split that the folder of a table names: `train/metadata.csv`.
fn folder_split(table: &str) -> Option<Split> {
    split_named(split(split(table).0).1)
}

fn read_one(
    root: &Path,
    table: &str,
    files: &Files,
    recipe: &SourceRecipe,
    all: &mut Rows,
    is_first: bool,
) -> Result<(), Error> {
    let path = root.join(table);
    let bytes = text_file::read(&path)?;
    all.hasher.update(&bytes);
    let name: Arc<str> = Arc::from(table);
    let here = split(table).0.to_owned();
    let folders: Vec<String> = recipe
        .folder
        .iter()
        .map(|folder| folder.to_string_lossy().replace('\\', "/"))
        .chain([here, String::new()])
        .collect();
    for folder in &folders {
        if !all.folders.contains(folder) {
            all.folders.push(folder.clone());
        }
    }
    let cells = if is_json(table, &bytes) { of_json(&bytes, &name) } else { of_lines(&bytes, &name, recipe) };
    let is_recording =
        |cell: &str| !cell.contains('\n') && matches!(files.find(cell, &folders, root), Lookup::Found(_));
    let sample = Sample {
        header: cells.header.as_deref(),
        rows: cells.rows.iter().map(|(_, row)| row.as_slice()).collect(),
        is_recording: &is_recording,
    };
    let mut notes = Vec::new();
    let columns = assign(&sample, recipe, &mut notes).map_err(|why| Error::Source {
        path: path.clone(),
        why: format!("the recipe's {why}"),
        remedy: "correct `[source]` in the recipe".to_owned(),
    })?;
    if is_first {
        all.notes.push(format!(
            "source: `{table}`, {}; {}",
            cells.form,
            columns.describe(cells.header.as_deref())
        ));
        let unused = cells.header.as_deref().map(|header| columns.unused(header)).unwrap_or_default();
        if !unused.is_empty() {
            all.notes.push(format!("columns that are not used: {}", unused.join(", ")));
        }
        all.notes.extend(notes);
    }
    let own_split = split_named(stem_of_table(table)).or_else(|| folder_split(table));
    all.count += cells.count;
    all.problems.extend(cells.problems);
    for (line, row) in cells.rows {
        let get = |role| columns.of(role).and_then(|column| row.get(column)).map(|cell| cell.trim());
        let given = |role| get(role).filter(|cell| !cell.is_empty()).map(str::to_owned);
        // Blanks around a text are the text's own.
        let text = |role| columns.of(role).and_then(|column| row.get(column)).cloned();
        let mut clip = Row::new(&name, line, get(Role::Audio).unwrap_or_default().to_owned());
        clip.id = given(Role::Id);
        (clip.text, clip.normalized) = (text(Role::Text), text(Role::Normalized));
        (clip.speaker, clip.phones) = (given(Role::Speaker), given(Role::Phones));
        clip.split = get(Role::Split).and_then(split_named).or(own_split);
        clip.span = match span(&columns, &row) {
            Ok(span) => span,
            Err(message) => {
                let remedy = "write seconds, such as 3.25, or remove the column of offsets";
                all.problems.push(clip.problem(Code::BadSpan, stem(&clip.audio), message, remedy));
                continue;
            }
        };
        all.clips.push(clip);
    }
    Ok(())
}

fn stem_of_table(table: &str) -> &str {
    let name = split(table).1;
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Returns the part of the recording that an offset and a duration give; a duration alone is that of the whole.
fn span(columns: &Columns, row: &[String]) -> Result<Option<Span>, String> {
    let cell = |role| columns.of(role).and_then(|column| row.get(column)).map(|cell| cell.trim());
    let Some(offset) = cell(Role::Offset).filter(|cell| !cell.is_empty()) else { return Ok(None) };
    let Some(duration) = cell(Role::Duration).filter(|cell| !cell.is_empty()) else { return Ok(None) };
    let number = |name: &str, cell: &str| {
        let number = cell.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        number.ok_or_else(|| format!("its {name} `{cell}` is not a number of seconds"))
    };
    let start_seconds = number("offset", offset)?;
    Ok(Some(Span { start_seconds, end_seconds: start_seconds + number("duration", duration)? }))
}

/// Returns true for JSON Lines, by name and content: manifests of `NeMo` end in `.json`.
fn is_json(table: &str, bytes: &[u8]) -> bool {
    let extension = table.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_named_so = ["jsonl", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    is_named_so && matches!(first, Some(b'{') | None)
}

fn of_json(bytes: &[u8], table: &Arc<str>) -> Cells {
    let json = json_rows::read(bytes);
    let count = json.rows.len();
    let mut problems = Vec::new();
    let mut rows = Vec::with_capacity(count);
    for (line, row) in json.rows {
        match row {
            Ok(row) => rows.push((line, row)),
            Err(JsonFault::NotText(fault)) => problems.push(not_text(table, line, &fault)),
            Err(JsonFault::NotAnObject(why)) => problems.push(Row::new(table, line, String::new()).problem(
                Code::WrongFieldCount,
                "",
                format!("the line is not a JSON object: {why}"),
                "write `{\"audio_filepath\": …, \"text\": …}`, one object a line",
            )),
        }
    }
    Cells { rows, header: Some(json.keys), count, problems, form: "JSON Lines".to_owned() }
}

fn of_lines(bytes: &[u8], table: &Arc<str>, recipe: &SourceRecipe) -> Cells {
    let separator = recipe.separator.unwrap_or_else(|| find_separator(bytes, recipe.quoting));
    let quoting = recipe.quoting.unwrap_or(is_quoted(separator));
    let records = records(bytes, separator, quoting);
    let mut problems = Vec::new();
    let mut rows = Vec::with_capacity(records.len());
    for Record { line, cells, is_open } in records {
        match cells {
            Err(fault) => problems.push(not_text(table, line, &fault)),
            Ok(cells) if is_open => problems.push(Row::new(table, line, String::new()).problem(
                Code::WrongFieldCount,
                stem(cells.first().map_or("", String::as_str)),
                "a quoted cell of the line does not end".to_owned(),
                "double the quotes within the cell and end it with one, or write `quoting = false` under `[source]`",
            )),
            Ok(cells) => rows.push((line, cells)),
        }
    }
    let has_header = recipe.header.unwrap_or_else(|| rows.first().is_some_and(|(_, cells)| is_header(cells)));
    let header = (has_header && !rows.is_empty()).then(|| rows.remove(0).1);
    let count = rows.len() + problems.len();
    let width = header.as_ref().map_or_else(|| usual_width(&rows), Vec::len);
    rows.retain(|(line, cells)| {
        if cells.len() == width {
            return true;
        }
        let (n, id) = (cells.len(), stem(cells.first().map_or("", |cell| cell.trim())).to_owned());
        problems.push(Row::new(table, *line, String::new()).problem(
            Code::WrongFieldCount,
            &id,
            format!("the line has {n} field{}, not {width}", if n == 1 { "" } else { "s" }),
            remedy_of_width(separator, width, quoting),
        ));
        false
    });
    let quoted = rows.iter().flat_map(|(_, cells)| cells).filter(|cell| is_in_quotes(cell)).count();
    let mut form = format!(
        "columns separated by {}, {}",
        named(separator),
        if header.is_some() { "with a header" } else { "without a header" }
    );
    if !quoting && separator == '\t' && quoted > 0 {
        form.extend([
            ", ",
            &counted(quoted, "cell in quotes that are part of it", "cells in quotes that are part of them"),
            " (`quoting = true` removes them)",
        ]);
    }
    Cells { rows, header, count, problems, form }
}

fn is_in_quotes(cell: &str) -> bool {
    cell.len() > 2 && cell.starts_with('"') && cell.ends_with('"')
}

fn remedy_of_width(separator: char, width: usize, quoting: bool) -> String {
    match (separator, width) {
        ('|', 3) => {
            "write `id|text|normalized text`; repeat the text if there is no normalized form".to_owned()
        }
        _ if quoting => format!("put cells with {} into double quotes", named(separator)),
        _ => format!("separate {width} columns by {}, which must not be part of a cell", named(separator)),
    }
}

/// Returns the number of cells that most rows have; of equals, LJSpeech's three, or the larger.
fn usual_width(rows: &[(u64, Vec<String>)]) -> usize {
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for (_, cells) in rows {
        *counts.entry(cells.len()).or_default() += 1;
    }
    // A line without a separator is no row of a table.
    counts
        .into_iter()
        .filter(|(width, _)| *width > 1)
        .max_by_key(|(width, count)| (*count, *width == 3, *width))
        .map_or(3, |(w, _)| w)
}

fn records(bytes: &[u8], separator: char, quoting: bool) -> Vec<Record> {
    if quoting {
        text_file::quoted_records(bytes, separator)
    } else {
        text_file::plain_records(bytes, separator)
    }
}

/// Returns true for separators that also occur in texts.
fn is_quoted(separator: char) -> bool {
    matches!(separator, ',' | ';')
}

/// Returns the first separator by which nearly all lines have the same number of cells; otherwise the most frequent one.
fn find_separator(bytes: &[u8], quoting: Option<bool>) -> char {
    let end = bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(SAMPLE)
        .map_or(bytes.len(), |(at, _)| at);
    let score = |separator: char| {
        let records = records(&bytes[..end], separator, quoting.unwrap_or(is_quoted(separator)));
        let widths = records.iter().filter_map(|record| Some(record.cells.as_ref().ok()?.len()));
        let widths: Vec<usize> = widths.collect();
        let several = widths.iter().filter(|width| **width > 1).count();
        let usual =
            widths.iter().map(|width| widths.iter().filter(|other| *other == width && **other > 1).count());
        (usual.max().unwrap_or(0), several, widths.len())
    };
    let scores: Vec<(char, (usize, usize, usize))> = SEPARATORS.iter().map(|s| (*s, score(*s))).collect();
    let consistent = scores.iter().find(|(_, (usual, _, all))| *usual > 0 && 10 * usual >= 9 * all);
    let most = scores.iter().rev().max_by_key(|(_, (_, several, _))| *several);
    consistent.or(most).map_or('|', |(separator, _)| *separator)
}

fn named(separator: char) -> String {
    match separator {
        '\t' => "tabs".to_owned(),
        other => format!("`{other}`"),
    }
}

/// Returns the problem of a line that is not UTF-8.
pub(crate) fn not_text(table: &Arc<str>, line: u64, fault: &NotText) -> Problem {
    Problem {
        stage: Stage::Metadata,
        code: Code::NotUtf8,
        id: None,
        file: table.to_string(),
        line: Some(line),
        message: format!("byte {} of the line is 0x{:02x}, which is not UTF-8", fault.at, fault.byte),
        remedy: "save the file as UTF-8 (`iconv -f latin1 -t utf-8` if it is Latin-1)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::find_separator;

    #[test]
    fn finds_the_separator() {
        for (text, expected) in [
            ("a|one, two, three|x\nb|four; five|y\n", '|'),
            ("a|one\n", '|'),
            ("a\tone, two\nb\tthree|four\n", '\t'),
            ("a,\"one|two, three\"\nb,\"four\"\n", ','),
            ("a;one, two\nb;three\n", ';'),
            ("a,one\nb,two\n", ','),
            ("a|b\nmissing|Hello, you|Hello\n", '|'),
            ("", '|'),
        ] {
            assert_eq!(find_separator(text.as_bytes(), None), expected, "{text}");
        }
    }
}
