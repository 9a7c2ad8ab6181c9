//! Sections on scores: side-by-side means, differences, worst items, missing values.

use std::collections::{BTreeMap, BTreeSet};

use mynah_listening::Defined;
use mynah_metrics::Status;
use mynah_stats::Interval;

use super::documents::plural;
use super::failures;
use super::file_name::free_name;
use super::grid::{Grid, GridColumn};
use super::regression::run;
use super::summary::{MetricSummary, SystemSummary};
use crate::error::Error;
use crate::figure::{Panel, PanelPoint, Panels};
use crate::page::{Block, Figure, Section};
use crate::table::{Cell, Table};

/// Number of worst items listed for each system and metric.
const WORST: usize = 3;
/// Maximum number of differences shown on the page; with more, all go to a file, and the page compares every system with
/// the best.
const MOST_DIFFERENCES: usize = 30;

/// Returns the sections; none without scores.
pub(crate) fn sections(
    grids: &[Grid<'_>],
    metrics: &[MetricSummary],
    level: f64,
) -> Result<Vec<Section>, Error> {
    if metrics.is_empty() {
        return Ok(Vec::new());
    }
    let percent = percent(level);
    let mut sections = vec![Section::folded(
        "scores",
        "Scores",
        format!("means with intervals by {}", plural(metrics.len(), "metric")),
        vec![
            Block::Figures(vec![panels(metrics, &percent)?]),
            Block::Table(means(metrics, &percent)),
            Block::Text(
                "Every value, for other programs: a file for each metric, with a row for every item and a column for \
                 every system. A place is empty where there is no value."
                    .into(),
            ),
        ],
    )];
    sections[0].blocks.extend(item_tables(grids).into_iter().map(Block::File));
    if metrics.iter().any(|metric| !metric.pairs.is_empty()) {
        let mut table = differences(metrics, &percent);
        let blocks = if table.rows.len() > MOST_DIFFERENCES {
            table.caption =
                format!("The differences of every two systems, {}:", plural(table.rows.len(), "row"));
            vec![Block::File(table)]
        } else {
            vec![Block::Table(table)]
        };
        let gist = "every two systems, item by item";
        sections.push(Section::folded("differences", "Differences", gist, blocks));
    }
    if let Some(table) = worst(grids, metrics) {
        let blocks = vec![Block::Table(table)];
        let gist = "the items that lose most";
        sections.push(Section::folded("worst-items", "Worst items", gist, blocks));
    }
    let figure = failures::figure(grids)?;
    let mut blocks: Vec<Block> = figure.into_iter().map(|figure| Block::Figures(vec![figure])).collect();
    blocks.push(without_value(grids));
    let n_missing: usize = grids
        .iter()
        .flat_map(|grid| &grid.columns)
        .map(|column| column.scores.iter().flatten().filter(|score| score.value.is_none()).count())
        .sum();
    let gist = if n_missing == 0 { "nothing is missing".to_owned() } else { plural(n_missing, "row") };
    sections.push(Section::folded("without-value", "Without a value", gist, blocks));
    Ok(sections)
}

/// Formats a coverage: "95 %".
pub(crate) fn percent(level: f64) -> String {
    format!("{}\u{202f}%", (level * 1000.0).round() / 10.0)
}

/// Returns the decimals that show two digits of the narrowest half width, or three of the smallest value without one.
pub(crate) fn decimals(metric: &MetricSummary) -> usize {
    let intervals = metric
        .systems
        .iter()
        .map(|system| &system.interval)
        .chain(metric.pairs.iter().map(|pair| &pair.interval));
    let half_widths = intervals.filter_map(Defined::value).map(Interval::half_width);
    decimals_of(half_widths, metric.systems.iter().filter_map(|system| system.mean.value().copied()))
}

/// Returns [`decimals`] for the given half widths and means.
pub(crate) fn decimals_of(half_widths: impl Iterator<Item = f64>, means: impl Iterator<Item = f64>) -> usize {
    let smallest = half_widths.filter(|half| *half > 0.0).reduce(f64::min);
    let scale =
        smallest.or_else(|| means.map(|mean| mean.abs() / 10.0).filter(|m| *m > 0.0).reduce(f64::min));
    scale.map_or(2, |scale| (1.0 - scale.log10().floor()).clamp(0.0, 4.0) as usize)
}

pub(crate) fn interval_cell(interval: &Defined<Interval>, mean: &Defined<f64>, decimals: usize) -> Cell {
    match (interval, mean) {
        (Defined::Ok { value }, _) => {
            Cell::Interval { estimate: value.estimate, low: value.low, high: value.high, decimals }
        }
        // A mean without an interval is still shown; the note of the table gives the reason.
        (_, Defined::Ok { value }) => Cell::Number { value: *value, decimals },
        (_, Defined::Undefined { reason }) => Cell::Missing(reason.clone()),
    }
}

fn label(metric: &MetricSummary) -> String {
    label_of(&metric.profile, &metric.unit)
}

/// Formats a metric as "mcd/sp2mc-2 (dB)", always with its definition, and with its unit if it has one.
pub(crate) fn label_of(profile: &str, unit: &str) -> String {
    if unit.is_empty() { profile.to_owned() } else { format!("{profile} ({unit})") }
}

/// Returns the names of all systems in the order in which they first occur.
fn systems(metrics: &[MetricSummary]) -> Vec<&SystemSummary> {
    let mut systems: Vec<&SystemSummary> = Vec::new();
    for system in metrics.iter().flat_map(|metric| &metric.systems) {
        if !systems.iter().any(|known| known.system == system.system) {
            systems.push(system);
        }
    }
    systems
}

/// Returns the name of a system, with its coverage if incomplete.
fn label_with_coverage(system: &SystemSummary, n_items: usize) -> String {
    if system.n_ok == n_items {
        system.system.clone()
    } else {
        format!("{} ({} of {n_items})", system.system, system.n_ok)
    }
}

fn panels(metrics: &[MetricSummary], percent: &str) -> Result<Figure, Error> {
    let mut left_out = Vec::new();
    let mut panels = Vec::new();
    for metric in metrics {
        let mut points = Vec::new();
        for system in &metric.systems {
            match system.mean.value() {
                Some(&estimate) => points.push(PanelPoint {
                    label: label_with_coverage(system, metric.n_items),
                    step: system.step,
                    run: system.step.map_or_else(String::new, |step| run(&system.system, step)),
                    estimate,
                    interval: system.interval.value().map(|interval| (interval.low, interval.high)),
                }),
                None => left_out.push(format!("{} of {}", metric.metric, system.system)),
            }
        }
        panels.push(Panel { title: metric.profile.clone(), label: metric.unit.clone(), points });
    }
    let left_out = if left_out.is_empty() {
        String::new()
    } else {
        format!(" Not drawn, since no item has a value: {}.", left_out.join(", "))
    };
    Ok(Figure {
        name: "scores".into(),
        svg: Panels { title: "Mean scores of each system".into(), panels, zero_line: false }.to_svg()?,
        caption: format!(
            "Mean over items of each system, with its {percent} interval. A mean over fewer items than were expected \
             has their number beside the name.{left_out}"
        ),
    })
}

fn means(metrics: &[MetricSummary], percent: &str) -> Table {
    let caption = format!(
        "Mean over the items that have a value, with its {percent} t interval, and the number of those items. \
         Coverage: of the items that were expected, the percentage with a value; a mean at less is over other items than \
         one at 100. Undefined: the definition gives no number for the item. Failed: there was nothing to measure, since \
         the wav is missing, unreadable, empty, silent or truncated. No row: the scores do not mention the item. A \
         mean without an interval rests on one item, or on items that all have the same value."
    );
    let has_steps = systems(metrics).iter().any(|system| system.step.is_some());
    let mut columns = vec![("metric", "Metric"), ("system", "System")];
    if has_steps {
        columns.push(("step", "Step"));
    }
    columns.extend([
        ("mean", "Mean"),
        ("coverage", "Coverage"),
        ("ok", "With a value"),
        ("undefined", "Undefined"),
        ("failed", "Failed"),
        ("absent", "No row"),
    ]);
    let mut table = Table::new("scores", caption, &columns);
    for metric in metrics {
        for system in &metric.systems {
            let mut row = vec![Cell::text(label(metric)), Cell::text(&system.system)];
            if has_steps {
                row.push(system.step.map_or(Cell::Missing("not known".into()), Cell::Count));
            }
            row.push(interval_cell(&system.interval, &system.mean, decimals(metric)));
            row.push(Cell::Number { value: 100.0 * system.coverage, decimals: 1 });
            let counts = [system.n_ok, system.n_undefined, system.n_failed, system.n_absent];
            row.extend(counts.map(|count| Cell::Count(count as u64)));
            table.rows.push(row);
        }
    }
    table
}

fn differences(metrics: &[MetricSummary], percent: &str) -> Table {
    let columns = [
        ("metric", "Metric"),
        ("system", "System"),
        ("minus", "Minus"),
        ("difference", "Difference"),
        ("items", "Items"),
        ("lost", "Lost"),
    ];
    let caption = format!(
        "Difference of two systems, item by item, over the items for which both have a value, with the {percent} \
         interval of the paired t test. Lost: items left out because at least one of the two has no value. The \
         intervals are not widened for the number of comparisons."
    );
    let mut table = Table::new("differences", caption, &columns);
    for metric in metrics {
        for pair in &metric.pairs {
            table.rows.push(vec![
                Cell::text(label(metric)),
                Cell::text(&pair.system),
                Cell::text(&pair.minus),
                interval_cell(&pair.interval, &pair.mean, decimals(metric)),
                Cell::Count(pair.n_both as u64),
                Cell::Count(pair.n_lost as u64),
            ]);
        }
    }
    table
}

/// Returns the items farthest from the value of a perfect copy; `None` when no metric has such a value.
fn worst(grids: &[Grid<'_>], metrics: &[MetricSummary]) -> Option<Table> {
    let columns = [("metric", "Metric"), ("system", "System"), ("item", "Item"), ("value", "Value")];
    let caption = format!("The {WORST} items of each system that lose most: listen to these.");
    let mut table = Table::new("worst-items", caption, &columns);
    for (grid, metric) in grids.iter().zip(metrics) {
        let Some(better) = grid.better else { continue };
        for column in &grid.columns {
            let mut values: Vec<(f64, &str)> =
                column.values().zip(&grid.items).filter_map(|(value, item)| Some((value?, *item))).collect();
            values.retain(|(value, _)| !better.is_perfect(*value));
            values.sort_by(|a, b| better.loss(b.0).total_cmp(&better.loss(a.0)).then_with(|| a.1.cmp(b.1)));
            for (value, item) in values.into_iter().take(WORST) {
                table.rows.push(vec![
                    Cell::text(label(metric)),
                    Cell::text(column.system),
                    Cell::text(item),
                    Cell::Number { value, decimals: decimals(metric) },
                ]);
            }
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Returns every value of each metric.
fn item_tables(grids: &[Grid<'_>]) -> Vec<Table> {
    let mut names = BTreeSet::new();
    let table = |grid: &Grid<'_>| {
        let columns: Vec<(&str, &str)> = std::iter::once(("item", "Item"))
            .chain(grid.columns.iter().map(|column| (column.system, column.system)))
            .collect();
        let mut table = Table::new(
            &free_name(&format!("items-{}", grid.profile), &mut names),
            format!("{}:", label_of(grid.profile, grid.unit)),
            &columns,
        );
        let cell = |column: &GridColumn<'_>, index: usize| {
            let value = column.scores[index].and_then(|score| score.value);
            // The table of missing values gives the reason.
            value.map_or_else(|| Cell::text(""), |value| Cell::Number { value, decimals: 0 })
        };
        table.rows = (0..grid.items.len())
            .map(|index| {
                std::iter::once(Cell::text(grid.items[index]))
                    .chain(grid.columns.iter().map(|column| cell(column, index)))
                    .collect()
            })
            .collect();
        table
    };
    grids.iter().map(table).collect()
}

/// Returns every row without a value, grouped by reason.
fn without_value(grids: &[Grid<'_>]) -> Block {
    let mut order: Vec<&str> = Vec::new();
    let mut groups: BTreeMap<(usize, usize, &str, &str), Vec<&str>> = BTreeMap::new();
    for (metric, grid) in grids.iter().enumerate() {
        for column in &grid.columns {
            let system = order.iter().position(|system| *system == column.system).unwrap_or_else(|| {
                order.push(column.system);
                order.len() - 1
            });
            for score in column.scores.iter().flatten() {
                let status = match score.status {
                    Status::Ok => continue,
                    Status::Undefined => "undefined",
                    Status::Failed => "failed",
                };
                let reason = score.reason.as_deref().unwrap_or("no reason is given");
                groups.entry((system, metric, status, reason)).or_default().push(&score.item);
            }
        }
    }
    if groups.is_empty() {
        return Block::Text("Every row of the scores has a value.".into());
    }
    let columns = [
        ("system", "System"),
        ("metric", "Metric"),
        ("status", "Status"),
        ("reason", "Reason"),
        ("count", "Items"),
        ("items", "Which"),
    ];
    let total: usize = groups.values().map(Vec::len).sum();
    let caption = format!("{} without a value. They are in no mean and no difference.", plural(total, "row"));
    let mut table = Table::new("without-value", caption, &columns);
    for ((system, metric, status, reason), items) in groups {
        table.rows.push(vec![
            Cell::text(order[system]),
            Cell::text(grids[metric].profile),
            Cell::text(status),
            Cell::text(reason),
            Cell::Count(items.len() as u64),
            Cell::List(items.into_iter().map(str::to_owned).collect()),
        ]);
    }
    Block::Table(table)
}

#[cfg(test)]
mod tests {
    use mynah_metrics::Score;

    use super::*;
    use crate::comparison::grid::grids;
    use crate::comparison::summarize;
    use crate::comparison::summary::summarize_grid;
    use crate::comparison::{Better, MetricNote};

    fn score(system: &str, item: &str, value: Result<f64, &str>) -> Score {
        Score {
            system: system.into(),
            step: None,
            item: item.into(),
            metric: "duration_ratio".into(),
            profile: "duration_ratio/1".into(),
            unit: "ln ratio".into(),
            status: if value.is_ok() { Status::Ok } else { Status::Failed },
            value: value.ok(),
            reason: value.err().map(str::to_owned),
            frames: None,
            better: None,
        }
    }

    fn note() -> MetricNote {
        MetricNote {
            profile: "duration_ratio/1".into(),
            explanation: String::new(),
            better: Some(Better::Near(0.0)),
            pooled: false,
        }
    }

    #[test]
    fn picks_worst_items_on_either_side_of_perfect() {
        let values = [("a", 0.1), ("b", -0.9), ("c", 0.5), ("d", 0.0), ("e", -0.5)];
        let scores: Vec<Score> = values.map(|(item, value)| score("s", item, Ok(value))).into();
        let grids = grids(&scores, &[note()]).unwrap();
        let table = worst(&grids, &[summarize_grid(&grids[0], 0.95)]).unwrap();
        let items: Vec<String> = table.rows.iter().map(|row| row[2].shown()).collect();
        assert_eq!(items, ["b", "c", "e"]);
    }

    #[test]
    fn writes_a_row_per_item_and_a_column_per_system() {
        let scores = [
            score("b", "2", Ok(0.1)),
            score("b", "1", Ok(0.3)),
            score("a", "1", Err("no wav")),
            score("a", "3", Ok(-1.0)),
        ];
        let tables = item_tables(&grids(&scores, &[]).unwrap());
        assert_eq!(tables[0].name, "items-duration_ratio_1");
        assert_eq!(tables[0].to_csv().unwrap(), "item,b,a\n1,0.3,\n2,0.1,\n3,,-1\n");
    }

    #[test]
    fn groups_failures_with_the_same_reason_in_one_row() {
        let scores = [
            score("s", "b", Err("no wav")),
            score("s", "a", Err("no wav")),
            score("s", "c", Err("truncated")),
            score("s", "d", Ok(0.0)),
        ];
        let Block::Table(table) = without_value(&grids(&scores, &[]).unwrap()) else {
            panic!("a table is expected");
        };
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect();
        assert_eq!(rows[0][3..], ["no wav", "2", "a, b"]);
        assert_eq!(rows[1][3..], ["truncated", "1", "c"]);
    }

    #[test]
    fn shows_two_digits_of_the_uncertainty() {
        let scores: Vec<Score> = [(1, 5.0), (2, 5.1), (3, 4.9)]
            .map(|(item, value)| score("s", &item.to_string(), Ok(value)))
            .into();
        // The half width is 4.30 · 0.1/√3 = 0.248.
        assert_eq!(decimals(&summarize(&scores, &[], 0.95).unwrap()[0]), 2);
    }
}
