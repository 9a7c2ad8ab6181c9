//! Grids as sheets: which column holds the utterances, and which the values.

use std::collections::BTreeSet;

use mynah_cli::Advised;

use super::Reading;
use super::grid::{Grid, averages};
use crate::item_columns::ITEM_COLUMNS;
use crate::summarize::gate::sheet::{Cell, Sheet, cell, is_missing, item_name};

/// Utterance of a score that belongs to a whole run.
pub(crate) const WHOLE_RUN: &str = "(whole run)";

/// Arrangement of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// A row for each utterance, a column for each metric, from the named tool.
    Wide(&'static str),
    /// A row for each utterance and metric.
    Long(&'static str),
    /// A score for each run and metric.
    WholeRuns(&'static str),
}

impl Layout {
    /// Describes the layout.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Wide(tool) => format!("{tool}, a row for each utterance"),
            Self::Long(tool) => format!("{tool}, a row for each utterance and metric"),
            Self::WholeRuns(tool) => format!("{tool}, scores of whole runs"),
        }
    }
}

/// Positions of the columns that are not values.
#[derive(Debug, Clone, Copy, Default)]
struct Places {
    item: Option<usize>,
    run: Option<usize>,
    system: Option<usize>,
    /// Columns of metric and value.
    long: Option<(usize, usize)>,
    reason: Option<usize>,
}

/// Reads the runs of a grid.
pub(super) fn sheets(grid: &Grid, reading: &Reading) -> anyhow::Result<(Layout, Vec<Sheet>)> {
    let (layout, places) = arrangement(grid, reading)?;
    let rows = rows_of_system(grid, places.system, reading.system.as_deref())?;
    let mut sheets: Vec<Sheet> = Vec::new();
    for row in rows {
        let run = places.run.map_or("", |run| grid.text(row, run)).trim();
        let index = sheets.iter().position(|sheet| sheet.run == run).unwrap_or_else(|| {
            sheets.push(Sheet::new(run));
            sheets.len() - 1
        });
        add_row(grid, row, &places, &mut sheets[index])?;
    }
    if sheets.is_empty() {
        // A run that wrote nothing but a header has failed; it is a run nevertheless.
        sheets.push(Sheet::new(""));
    }
    Ok((layout, sheets))
}

/// Finds the columns by the map, or by the names that known tools give them.
fn arrangement(grid: &Grid, reading: &Reading) -> anyhow::Result<(Layout, Places)> {
    let has = |names: &[&str]| names.iter().all(|name| grid.position(name).is_some());
    let position = |name: &str| grid.position(name);
    let map = &reading.map.0;
    if !map.is_empty() {
        return mapped(grid, reading);
    }
    if has(&["system", "item", "metric", "status", "value"]) {
        let places = Places {
            item: position("item"),
            system: position("system"),
            long: position("metric").zip(position("value")),
            reason: position("reason"),
            run: None,
        };
        return Ok((Layout::Long("scores of mynah-score"), places));
    }
    if has(&["run", "item", "column", "value"]) {
        let places = Places {
            item: position("item"),
            run: position("run"),
            long: position("column").zip(position("value")),
            reason: position("reason"),
            system: None,
        };
        return Ok((Layout::Long("kept baseline"), places));
    }
    if has(&["benchmark_name", "score"]) {
        let places = Places {
            system: position("dataset"),
            long: position("benchmark_name").zip(position("score")),
            ..Places::default()
        };
        return Ok((Layout::WholeRuns("TTSDS"), places));
    }
    // Its means over categories.
    if has(&["benchmark_category", "score_mean"]) {
        let places = Places {
            system: position("dataset"),
            long: position("benchmark_category").zip(position("score_mean")),
            ..Places::default()
        };
        return Ok((Layout::WholeRuns("TTSDS, means of categories"), places));
    }
    // What VERSA's `show_result` makes of its lines.
    if has(&["metric_name", "count", "mean"]) {
        return Err(averages());
    }
    let names = ITEM_COLUMNS
        .iter()
        .find_map(|name| grid.columns.iter().position(|column| column.trim().eq_ignore_ascii_case(name)));
    let Some(item) = names else {
        // An empty file has no columns; what it lacks is said by the run that failed.
        if grid.columns.is_empty() {
            return Ok((Layout::Wide("empty table"), Places::default()));
        }
        return Err(no_column("utterances", "item", grid));
    };
    Ok((Layout::Wide(tool(grid)), Places { item: Some(item), ..Places::default() }))
}

fn mapped(grid: &Grid, reading: &Reading) -> anyhow::Result<(Layout, Places)> {
    let find = |name: &str| match reading.map.0.get(name) {
        None => Ok(None),
        Some(column) => match grid.position(column) {
            Some(position) => Ok(Some(position)),
            None => Err(no_column(&format!("`{column}`"), name, grid)),
        },
    };
    let item = match find("item")? {
        Some(item) => Some(item),
        None => ITEM_COLUMNS.iter().find_map(|name| grid.position(name)),
    };
    let places = Places {
        item,
        run: find("run")?,
        system: find("system")?,
        long: find("metric")?.zip(find("value")?),
        reason: None,
    };
    let layout = match (places.item, places.long) {
        (None, None) => return Err(no_column("utterances", "item", grid)),
        (None, Some(_)) => Layout::WholeRuns("table"),
        (Some(_), Some(_)) => Layout::Long("table"),
        (Some(_), None) => Layout::Wide("table"),
    };
    Ok((layout, places))
}

fn no_column(what: &str, name: &str, grid: &Grid) -> anyhow::Error {
    let columns: Vec<String> = grid.columns.iter().map(|column| format!("`{column}`")).collect();
    let message = format!("there is no column of {what}, found {}", columns.join(", "));
    Advised::new(message, format!("name the right column with --map {name}=COLUMN")).into()
}

/// Names the tool whose columns these are.
fn tool(grid: &Grid) -> &'static str {
    let has = |name: &str| grid.columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    match () {
        () if grid.tool.is_some() => grid.tool.unwrap_or_default(),
        () if has("mos_pred") || has("filepath_deg") => "NISQA",
        () if has("P808_MOS") || (has("OVRL") && has("SIG")) => "DNSMOS",
        () if has("predicted_mos") || has("utmos") => "UTMOS",
        () => "table",
    }
}

/// Returns the rows of the system that was asked for.
fn rows_of_system(grid: &Grid, column: Option<usize>, wanted: Option<&str>) -> anyhow::Result<Vec<usize>> {
    let all = 0..grid.rows.len();
    let Some(column) = column else { return Ok(all.collect()) };
    let systems: BTreeSet<&str> = all.clone().map(|row| grid.text(row, column).trim()).collect();
    let listed = || systems.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let remedy = "name the system with --baseline-system or --candidate-system";
    match wanted {
        Some(wanted) if systems.contains(wanted) => {
            Ok(all.filter(|&row| grid.text(row, column).trim() == wanted).collect())
        }
        Some(wanted) => {
            Err(Advised::new(format!("there is no system `{wanted}`, found {}", listed()), remedy).into())
        }
        None if systems.len() > 1 => {
            Err(Advised::new(format!("there are several systems: {}", listed()), remedy).into())
        }
        None => Ok(all.collect()),
    }
}

/// Adds the cells of a row.
fn add_row(grid: &Grid, row: usize, places: &Places, sheet: &mut Sheet) -> anyhow::Result<()> {
    let item = places.item.map_or(WHOLE_RUN.to_owned(), |item| item_name(grid.text(row, item)));
    if item.is_empty() {
        let message = format!("{}: the utterance has no name", grid.place(row));
        return Err(
            Advised::new(message, "correct the row, or name the column with --map item=COLUMN").into()
        );
    }
    let twice = |what: &str| {
        let message = format!("{}: {what} of `{item}` is there twice", grid.place(row));
        let remedy = "name the column of the run with --map run=COLUMN, or give each run a table of its own";
        anyhow::Error::from(Advised::new(message, remedy))
    };
    if let Some((metric, value)) = places.long {
        let text = grid.text(row, value);
        let reason = places.reason.map(|reason| grid.text(row, reason)).filter(|reason| !reason.is_empty());
        let cell = match reason {
            Some(reason) if is_missing(text) => Cell::Failed(reason.to_owned()),
            _ => cell(text),
        };
        let metric = grid.text(row, metric).trim();
        // A kept utterance without any value has a row without a column.
        if metric.is_empty() {
            sheet.rows.entry(item).or_default();
            return Ok(());
        }
        return if sheet.put(&item, metric, cell) { Ok(()) } else { Err(twice(&format!("`{metric}`"))) };
    }
    if !sheet.add_item(&item) {
        return Err(twice("the row"));
    }
    let other = [places.item, places.run, places.system];
    for (position, column) in grid.columns.iter().enumerate() {
        if !other.contains(&Some(position)) && !column.is_empty() {
            sheet.put(&item, column, cell(grid.text(row, position)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(text: &str) -> Grid {
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let columns = lines.next().unwrap();
        let rows =
            lines.map(|row| row.into_iter().map(|cell| Some(cell).filter(|it| !it.is_empty())).collect());
        Grid { columns, rows: rows.collect(), ..Grid::default() }
    }

    fn read(text: &str, map: &str, system: Option<&str>) -> anyhow::Result<(Layout, Vec<Sheet>)> {
        let map = if map.is_empty() { super::super::ScoreMap::default() } else { map.parse().unwrap() };
        sheets(&grid(text), &Reading { map, system: system.map(str::to_owned) })
    }

    #[test]
    fn recognizes_the_tables_of_known_tools() {
        for (text, layout, column) in [
            ("deg,mos_pred,model\na.wav,4.0,x\n", Layout::Wide("NISQA"), "mos_pred"),
            ("filename,OVRL,SIG,BAK,P808_MOS\na.wav,1,2,3,4\n", Layout::Wide("DNSMOS"), "OVRL"),
            ("file_path,predicted_mos\nx/a.wav,4.0\n", Layout::Wide("UTMOS"), "predicted_mos"),
            (
                "system,item,metric,status,value,reason\nv,a,mcd,ok,5.0,\n",
                Layout::Long("scores of mynah-score"),
                "mcd",
            ),
            ("run,item,column,value,reason\n1,a,mcd,5.0,\n", Layout::Long("kept baseline"), "mcd"),
        ] {
            let (found, sheets) = read(text, "", None).unwrap();
            assert_eq!(found, layout);
            assert!(matches!(sheets[0].sum("a", &[column]), Some(Cell::Number(_))), "{text}");
        }
        let (layout, sheets) = read("benchmark_name,dataset,score\nmpm,v,90\nw2v2,v,80\n", "", None).unwrap();
        assert_eq!(layout, Layout::WholeRuns("TTSDS"));
        assert_eq!(sheets[0].sum(WHOLE_RUN, &["mpm"]), Some(Cell::Number(90.0)));
        let means = "benchmark_category,dataset,score_mean,score_std\nPROSODY,v,90,1\nOVERALL,v,80,0\n";
        let (layout, sheets) = read(means, "", None).unwrap();
        assert_eq!(layout, Layout::WholeRuns("TTSDS, means of categories"));
        assert_eq!(sheets[0].sum(WHOLE_RUN, &["OVERALL"]), Some(Cell::Number(80.0)));
    }

    #[test]
    fn a_map_names_columns_and_separates_runs() {
        let text = "name,seed,model,wer\na,1,v,0.1\nb,1,v,0.2\na,2,v,0.3\na,1,w,0.9\n";
        let (_, sheets) = read(text, "item=name,run=seed,system=model", Some("v")).unwrap();
        let runs: Vec<(&str, usize)> =
            sheets.iter().map(|sheet| (sheet.run.as_str(), sheet.rows.len())).collect();
        assert_eq!(runs, [("1", 2), ("2", 1)]);
        let long = "utt,name,score\na,wer,0.1\na,mos,4\n";
        let (layout, sheets) = read(long, "metric=name,value=score", None).unwrap();
        assert_eq!((layout, sheets[0].rows["a"].len()), (Layout::Long("table"), 2));
    }

    #[test]
    fn failures_keep_their_reason() {
        let text = "system,item,metric,status,value,reason\nv,a,mcd,failed,,the wav is silent\n";
        let (_, sheets) = read(text, "", None).unwrap();
        assert_eq!(sheets[0].sum("a", &["mcd"]), Some(Cell::Failed("the wav is silent".to_owned())));
        let (_, sheets) = read("key,pesq\na,\n", "", None).unwrap();
        assert_eq!(sheets[0].sum("a", &["pesq"]), Some(Cell::Failed("there is no value".to_owned())));
    }

    #[test]
    fn refuses_what_cannot_be_understood() {
        let check = |text: &str, map: &str, system: Option<&str>, expected: &str| {
            let error = read(text, map, system).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert!(error.downcast_ref::<Advised>().is_some());
        };
        check("a,b\n1,2\n", "", None, "no column of utterances, found `a`, `b`");
        check("a,b\n1,2\n", "item=c", None, "no column of `c`");
        check("utt,b\na,2\na,3\n", "", None, "row 2: the row of `a` is there twice");
        check("utt,b\n,2\n", "", None, "row 1: the utterance has no name");
        check("metric_name,category,count,mean\nmcd,x,3,5.2\n", "", None, "averages of a whole run");
        let two = "system,item,metric,status,value\nv,a,mcd,ok,5\nw,a,mcd,ok,6\n";
        check(two, "", None, "there are several systems: `v`, `w`");
        check(two, "", Some("x"), "there is no system `x`, found `v`, `w`");
        assert_eq!(read("utt,b\n", "", None).unwrap().1, [Sheet::new("")]);
    }
}
