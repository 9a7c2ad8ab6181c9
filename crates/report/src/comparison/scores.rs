//! The sections about scores: side by side, differences, the worst items, what has no value.

use std::collections::BTreeMap;

use mynah_listening::Defined;
use mynah_metrics::{Score, Status};
use mynah_stats::Interval;

use super::documents::{MetricNote, plural};
use super::summary::{MetricSummary, SystemSummary};
use crate::error::Error;
use crate::figure::{Panel, PanelPoint, Panels};
use crate::page::{Block, Figure, Section};
use crate::table::{Cell, Table};

/// Worst items that are listed for each system and metric.
const WORST: usize = 3;

/// The sections; none without scores.
pub(crate) fn sections(
    scores: &[Score],
    notes: &[MetricNote],
    metrics: &[MetricSummary],
    level: f64,
) -> Result<Vec<Section>, Error> {
    if metrics.is_empty() {
        return Ok(Vec::new());
    }
    let percent = percent(level);
    let mut sections = vec![Section {
        id: "scores".into(),
        title: "Scores".into(),
        blocks: vec![
            Block::Figures(vec![panels(metrics, &percent)?]),
            Block::Table(means(metrics, &percent)),
        ],
    }];
    if metrics.iter().any(|metric| !metric.pairs.is_empty()) {
        let blocks = vec![Block::Table(differences(metrics, &percent))];
        sections.push(Section { id: "differences".into(), title: "Differences".into(), blocks });
    }
    if let Some(table) = worst(scores, notes, metrics) {
        let blocks = vec![Block::Table(table)];
        sections.push(Section { id: "worst-items".into(), title: "Worst items".into(), blocks });
    }
    let blocks = vec![without_value(scores, metrics)];
    sections.push(Section { id: "without-value".into(), title: "Without a value".into(), blocks });
    Ok(sections)
}

/// "95 %".
pub(crate) fn percent(level: f64) -> String {
    format!("{}\u{202f}%", (level * 1000.0).round() / 10.0)
}

/// Decimals that show two digits of the narrowest half width, or three of the smallest value without any.
fn decimals(metric: &MetricSummary) -> usize {
    let intervals = metric
        .systems
        .iter()
        .map(|system| &system.interval)
        .chain(metric.pairs.iter().map(|pair| &pair.interval));
    let half_widths = intervals.filter_map(Defined::value).map(Interval::half_width);
    let smallest = half_widths.filter(|half| *half > 0.0).reduce(f64::min);
    let means = metric.systems.iter().filter_map(|system| system.mean.value());
    let scale =
        smallest.or_else(|| means.map(|mean| mean.abs() / 10.0).filter(|m| *m > 0.0).reduce(f64::min));
    scale.map_or(2, |scale| (1.0 - scale.log10().floor()).clamp(0.0, 4.0) as usize)
}

fn interval_cell(interval: &Defined<Interval>, mean: &Defined<f64>, decimals: usize) -> Cell {
    match (interval, mean) {
        (Defined::Ok { value }, _) => {
            Cell::Interval { estimate: value.estimate, low: value.low, high: value.high, decimals }
        }
        // A mean without an interval is still a mean; why it has none stands in the note of the table.
        (_, Defined::Ok { value }) => Cell::Number { value: *value, decimals },
        (_, Defined::Undefined { reason }) => Cell::Missing(reason.clone()),
    }
}

/// "mcd/sp2mc-1 (dB)": never a number without its definition; the unit is left out where it has none.
fn label(metric: &MetricSummary) -> String {
    if metric.unit.is_empty() {
        metric.profile.clone()
    } else {
        format!("{} ({})", metric.profile, metric.unit)
    }
}

/// The names of all systems, in the order in which they first occur.
fn systems(metrics: &[MetricSummary]) -> Vec<&SystemSummary> {
    let mut systems: Vec<&SystemSummary> = Vec::new();
    for system in metrics.iter().flat_map(|metric| &metric.systems) {
        if !systems.iter().any(|known| known.system == system.system) {
            systems.push(system);
        }
    }
    systems
}

fn panels(metrics: &[MetricSummary], percent: &str) -> Result<Figure, Error> {
    let mut left_out = Vec::new();
    let mut panels = Vec::new();
    for metric in metrics {
        let mut points = Vec::new();
        for system in &metric.systems {
            match system.mean.value() {
                Some(&estimate) => points.push(PanelPoint {
                    label: system.system.clone(),
                    step: system.step,
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
        svg: Panels { title: "Mean scores of each system".into(), panels }.to_svg()?,
        caption: format!("Mean over items of each system, with its {percent} interval.{left_out}"),
    })
}

fn means(metrics: &[MetricSummary], percent: &str) -> Table {
    let caption = format!(
        "Mean over the items that have a value, with its {percent} t interval, and how many items stand behind it. \
         Undefined: the definition gives no number for the item. Failed: there was nothing to measure. No row: the \
         scores do not mention the item. A mean without an interval rests on one item, or on items that all have the \
         same value."
    );
    let has_steps = systems(metrics).iter().any(|system| system.step.is_some());
    let mut columns = vec![("metric", "Metric"), ("system", "System")];
    if has_steps {
        columns.push(("step", "Step"));
    }
    columns.extend([
        ("mean", "Mean"),
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

/// The items farthest from the value of a perfect copy; `None` when no metric has such a value.
fn worst(scores: &[Score], notes: &[MetricNote], metrics: &[MetricSummary]) -> Option<Table> {
    let columns = [("metric", "Metric"), ("system", "System"), ("item", "Item"), ("value", "Value")];
    let caption =
        format!("The {WORST} items of each system that are farthest from a perfect copy: listen to these.");
    let mut table = Table::new("worst-items", caption, &columns);
    for metric in metrics {
        let perfect = notes.iter().find(|note| note.profile == metric.profile).and_then(|note| note.perfect);
        let Some(perfect) = perfect else { continue };
        for system in &metric.systems {
            let mut values: Vec<(f64, &str)> = scores
                .iter()
                .filter(|score| score.profile == metric.profile && score.system == system.system)
                .filter_map(|score| Some((score.value?, score.item.as_str())))
                .collect();
            let distance = |value: f64| (value - perfect).abs();
            values.retain(|(value, _)| distance(*value) > 0.0);
            values.sort_by(|a, b| distance(b.0).total_cmp(&distance(a.0)).then_with(|| a.1.cmp(b.1)));
            for (value, item) in values.into_iter().take(WORST) {
                table.rows.push(vec![
                    Cell::text(label(metric)),
                    Cell::text(&system.system),
                    Cell::text(item),
                    Cell::Number { value, decimals: decimals(metric) },
                ]);
            }
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Every row without a value, those with the same reason together.
fn without_value(scores: &[Score], metrics: &[MetricSummary]) -> Block {
    let mut groups: BTreeMap<(usize, usize, &str, &str), Vec<&str>> = BTreeMap::new();
    let order = systems(metrics);
    for score in scores {
        let status = match score.status {
            Status::Ok => continue,
            Status::Undefined => "undefined",
            Status::Failed => "failed",
        };
        let metric = metrics.iter().position(|metric| metric.profile == score.profile).unwrap_or(usize::MAX);
        let system = order.iter().position(|system| system.system == score.system).unwrap_or(usize::MAX);
        let reason = score.reason.as_deref().unwrap_or("no reason is given");
        groups.entry((system, metric, status, reason)).or_default().push(&score.item);
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
    for ((system, metric, status, reason), mut items) in groups {
        items.sort_unstable();
        table.rows.push(vec![
            Cell::text(&order[system].system),
            Cell::text(&metrics[metric].profile),
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
    use super::*;
    use crate::comparison::summarize;

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
        }
    }

    fn note() -> MetricNote {
        MetricNote { profile: "duration_ratio/1".into(), explanation: String::new(), perfect: Some(0.0) }
    }

    #[test]
    fn the_worst_items_are_the_farthest_from_perfect_on_either_side() {
        let values = [("a", 0.1), ("b", -0.9), ("c", 0.5), ("d", 0.0), ("e", -0.5)];
        let scores: Vec<Score> = values.map(|(item, value)| score("s", item, Ok(value))).into();
        let table = worst(&scores, &[note()], &summarize(&scores, 0.95).unwrap()).unwrap();
        let items: Vec<String> = table.rows.iter().map(|row| row[2].shown()).collect();
        assert_eq!(items, ["b", "c", "e"]);
    }

    #[test]
    fn failures_with_one_reason_are_one_row_that_names_them_all() {
        let scores = [
            score("s", "b", Err("no wav")),
            score("s", "a", Err("no wav")),
            score("s", "c", Err("truncated")),
            score("s", "d", Ok(0.0)),
        ];
        let Block::Table(table) = without_value(&scores, &summarize(&scores, 0.95).unwrap()) else {
            panic!("a table is expected");
        };
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().map(Cell::shown).collect()).collect();
        assert_eq!(rows[0][3..], ["no wav", "2", "a, b"]);
        assert_eq!(rows[1][3..], ["truncated", "1", "c"]);
    }

    #[test]
    fn numbers_show_two_digits_of_their_uncertainty() {
        let scores: Vec<Score> = [(1, 5.0), (2, 5.1), (3, 4.9)]
            .map(|(item, value)| score("s", &item.to_string(), Ok(value)))
            .into();
        // The half width is 4.30 · 0.1/√3 = 0.248.
        assert_eq!(decimals(&summarize(&scores, 0.95).unwrap()[0]), 2);
    }
}
