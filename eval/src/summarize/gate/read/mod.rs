//! Tables of scores from any tool: one sheet for each run of a system.
//!
//! ```text
//! .parquet .csv .tsv ──mynah-table──►┐
//! VERSA, .jsonl, .json ──lines──────►├─► Grid ──interpret──► Sheet for each run
//! seed-tts-eval, Kaldi lists ──lists►┤        columns of item, run, system, metric and value
//! sclite ──sclite───────────────────►┘
//! ```

mod grid;
mod interpret;
mod lines;
mod lists;
mod sclite;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context as _;
use mynah_cli::Advised;

use super::sheet::Sheet;

pub(crate) use interpret::Layout;

/// Columns that can be named with `--map`.
const NAMES: [&str; 5] = ["item", "run", "system", "metric", "value"];

/// A run: one table, or several about the same utterances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunFiles(pub(crate) Vec<PathBuf>);

impl FromStr for RunFiles {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A comma may be part of a name.
        if Path::new(text).exists() {
            return Ok(Self(vec![text.into()]));
        }
        let files: Vec<PathBuf> = text.split(',').map(|part| part.trim().into()).collect();
        if files.iter().any(|file| file.as_os_str().is_empty()) {
            return Err(format!("`{text}` does not have the form FILE or FILE,FILE"));
        }
        Ok(Self(files))
    }
}

impl RunFiles {
    /// Returns the name of the run in messages.
    fn name(&self) -> String {
        let names: Vec<String> = self.0.iter().map(|file| file.display().to_string()).collect();
        names.join(",")
    }
}

/// Columns of a table, as in `item=utt,run=seed`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ScoreMap(pub(crate) BTreeMap<String, String>);

impl FromStr for ScoreMap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut map = BTreeMap::new();
        for part in text.split(',') {
            let (name, column) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` does not have the form NAME=COLUMN, as in item=utt"))?;
            let (name, column) = (name.trim(), column.trim());
            if !NAMES.contains(&name) {
                return Err(format!("`{name}` is not one of {}", NAMES.join(", ")));
            }
            if column.is_empty() {
                return Err(format!("`{name}` needs a column"));
            }
            if map.insert(name.to_owned(), column.to_owned()).is_some() {
                return Err(format!("`{name}` is mapped twice"));
            }
        }
        if map.contains_key("metric") != map.contains_key("value") {
            return Err("`metric` and `value` need each other".to_owned());
        }
        Ok(Self(map))
    }
}

/// Way of reading tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reading {
    /// Columns with names of their own.
    pub(crate) map: ScoreMap,
    /// System to take from tables of several.
    pub(crate) system: Option<String>,
}

/// The runs of a system, and the layouts in which they were found.
#[derive(Debug, Clone, Default)]
pub(crate) struct System {
    /// One sheet a run.
    pub(crate) runs: Vec<Sheet>,
    /// Layout of each file.
    pub(crate) layouts: Vec<(PathBuf, Layout)>,
}

/// Reads the runs of a system.
pub(crate) fn system(files: &[RunFiles], reading: &Reading) -> anyhow::Result<System> {
    let mut system = System::default();
    for run in files {
        let mut sheets: Vec<Sheet> = Vec::new();
        for path in &run.0 {
            let failed = || format!("failed to read scores `{}`", path.display());
            let grid = grid::read(path).with_context(failed)?;
            let (layout, found) = interpret::sheets(&grid, reading).with_context(failed)?;
            system.layouts.push((path.clone(), layout));
            merge(&mut sheets, found).with_context(failed)?;
        }
        let several = sheets.len() > 1;
        for sheet in &mut sheets {
            sheet.run = if several { format!("{} {}", run.name(), sheet.run) } else { run.name() };
        }
        system.runs.append(&mut sheets);
    }
    Ok(system)
}

/// Adds the runs of another table about the same utterances.
fn merge(sheets: &mut Vec<Sheet>, found: Vec<Sheet>) -> anyhow::Result<()> {
    if sheets.is_empty() {
        *sheets = found;
        return Ok(());
    }
    for more in found {
        let Some(sheet) = sheets.iter_mut().find(|sheet| sheet.run == more.run) else {
            let message = format!("run `{}` is not in the other tables of the same argument", more.run);
            return Err(Advised::new(message, "join only tables with the same runs by commas").into());
        };
        for (item, cells) in more.rows {
            let row = sheet.rows.entry(item.clone()).or_default();
            for (column, cell) in cells {
                if row.insert(column.clone(), cell).is_some() {
                    let message = format!("`{column}` of `{item}` is in two tables of the same run");
                    let remedy = "give each run an argument of its own, and join by commas only tables with different \
                                  columns";
                    return Err(Advised::new(message, remedy).into());
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summarize::gate::sheet::Cell;

    #[test]
    fn maps_columns_by_name() {
        let map: ScoreMap = "item=utt, run = seed".parse().unwrap();
        assert_eq!(map.0["run"], "seed");
        for wrong in ["", "item", "who=x", "item=a,item=b", "item=", "metric=m", "value=v"] {
            assert!(wrong.parse::<ScoreMap>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_run_may_consist_of_several_tables() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = place.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let mos = write("mos.csv", "file_path,predicted_mos\nwavs/a.wav,4.1\nwavs/b.wav,3.9\n");
        let mcd = write("utt2mcd", "a 5.25\n");
        let files = [format!("{mos},{mcd}").parse().unwrap(), mos.parse().unwrap()];
        let system = system(&files, &Reading::default()).unwrap();
        assert_eq!(system.runs.len(), 2);
        assert_eq!(system.runs[0].sum("a", &["mcd"]), Some(Cell::Number(5.25)));
        assert_eq!(system.runs[0].sum("b", &["predicted_mos"]), Some(Cell::Number(3.9)));
        let twice = [format!("{mos},{mos}").parse().unwrap()];
        let error = format!("{:#}", super::system(&twice, &Reading::default()).unwrap_err());
        assert!(error.contains("`predicted_mos` of `a` is in two tables"), "{error}");
        assert!("a.csv,,b.csv".parse::<RunFiles>().is_err());
    }
}
