//! Files as grids of text, whatever their format.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use mynah_cli::Advised;
use mynah_table::{TableFormat, read_text_table};

use super::{lines, lists, sclite};

/// A table of text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Option<String>>>,
    /// Line of the file on which each row begins, where it has lines.
    pub(super) lines: Vec<u64>,
    /// Tool that wrote the file, where the form of the file says so.
    pub(super) tool: Option<&'static str>,
}

impl Grid {
    /// Returns the position of a column.
    pub(super) fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|name| name == column)
    }

    /// Returns the text of a cell.
    pub(super) fn text(&self, row: usize, column: usize) -> &str {
        self.rows[row].get(column).and_then(Option::as_deref).unwrap_or_default()
    }

    /// Names a row in messages.
    pub(super) fn place(&self, row: usize) -> String {
        match self.lines.get(row) {
            Some(line) => format!("line {line}"),
            None => format!("row {}", row + 1),
        }
    }
}

/// Reads a file of any format.
pub(super) fn read(path: &Path) -> anyhow::Result<Grid> {
    match TableFormat::of(path) {
        Ok(TableFormat::Parquet | TableFormat::Csv | TableFormat::Tsv) => {}
        // JSON of other tools is not always JSON.
        Ok(TableFormat::JsonLines) if is_gzip(path) => {}
        _ => return text(path),
    }
    // seed-tts-eval has more names in its header than cells in its rows.
    if !is_gzip(path)
        && let Ok(text) = fs::read_to_string(path)
        && let Some(grid) = lists::seed_tts(&text)
    {
        return Ok(grid);
    }
    let table = read_text_table(path)?;
    // DistillMOS puts a blank after each comma.
    let columns = table.columns.iter().map(|column| column.trim().to_owned()).collect();
    Ok(Grid { columns, rows: table.rows, lines: table.lines.unwrap_or_default(), tool: None })
}

/// Returns the error of a file with averages, in which no utterance is left.
pub(super) fn averages() -> anyhow::Error {
    let remedy = "name the table with a line for each utterance, such as `utt2mcd` of ESPnet, the lines of JSON of VERSA, or an \
                  alignment of sclite (`-o all`)";
    Advised::new("it holds averages of a whole run, not the values of utterances", remedy).into()
}

fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"))
}

/// Reads a text file by its form.
fn text(path: &Path) -> anyhow::Result<Grid> {
    let bytes = fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        let message = format!("`{}` is neither a table nor text in UTF-8", path.display());
        Advised::new(message, "name a .parquet, .csv, .tsv, .jsonl or .txt file")
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let known = [lists::seed_tts(text), lists::seed_similarity(text), sclite::read(text, path)];
    if let Some(grid) = known.into_iter().flatten().next() {
        return Ok(grid);
    }
    match lines::first(text) {
        Some(_) => lines::read(text),
        None if lists::is_averages(text) => Err(averages()),
        None => lists::kaldi(text, &lists::column_name(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_file() {
        let place = tempfile::tempdir().unwrap();
        for (name, text, columns) in [
            ("t.csv", "utt,mos\na,1\n", vec!["utt", "mos"]),
            ("t.jsonl", "{\"key\": \"a\", \"mos\": NaN}\n", vec!["key", "mos"]),
            ("t.txt", "{'key': 'a', 'mos': 1.0}\n", vec!["key", "mos"]),
            ("t.json", "[{\"file_path\": \"a\", \"predicted_mos\": 1}]", vec!["file_path", "predicted_mos"]),
            ("utt2mcd", "a 1.0\n", vec!["item", "mcd"]),
        ] {
            let path = place.path().join(name);
            fs::write(&path, text).unwrap();
            assert_eq!(read(&path).unwrap().columns, columns, "{name}");
        }
        for (name, text) in [
            ("avg_result.txt", "mcd: 5.2\nutmos: 4.1\n"),
            ("mcd_avg_result.txt", "#utterances: 250\nAverage: 6.7912 \u{b1} 0.8123\n"),
            (
                "result.txt",
                "SYSTEM SUMMARY PERCENTAGES by SPEAKER\n| SPKR | # Snt # Wrd |\n| Sum/Avg | 773 18869 | 78.0 |\n",
            ),
        ] {
            let path = place.path().join(name);
            fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err();
            assert!(error.to_string().contains("averages of a whole run"), "{name}: {error}");
        }
        let path = place.path().join("t.bin");
        fs::write(&path, [0xFF, 0x00, 0xC3]).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("neither a table nor text"));
        assert!(read(&place.path().join("none.txt")).is_err());
    }
}
