//! Sections on the best checkpoint and on regressions.

use mynah_listening::Defined;
use mynah_stats::Interval;

use super::cells::{cell, probability_cell};
use super::checkpoints::Checkpoints;
use super::coverage::CoveragePair;
use super::documents::plural;
use super::grid::{Grid, GridColumn};
use super::ranking::{LossPair, Outcome, Ranking, losses};
use super::regression::run;
use super::scores::{decimals_of, interval_cell, label_of, percent};
use super::summary::{differences, mean};
use crate::error::Error;
use crate::figure::{Panel, PanelPoint, Panels, Waterfall, Waterfalls};
use crate::page::{Block, Figure, Section};
use crate::table::{Cell, Table};

/// Note on why comparing two systems picked by looking at the data is valid.
const WHY_HOLM: &str = "The best and the second are picked by looking at the data, and an ordinary test of two systems \
    picked so finds differences that are not there. The p-values of all pairs of a metric are therefore corrected \
    together (Holm): whichever two of them are picked, the chance to call any equal pair different stays below";

/// Returns the section on the best system; `None` with fewer than two systems to compare.
pub(crate) fn section(
    grids: &[Grid<'_>],
    compared: &Checkpoints,
    level: f64,
) -> Result<Option<Section>, Error> {
    if grids.iter().all(|grid| grid.columns.len() < 2) {
        return Ok(None);
    }
    let are_checkpoints = grids.iter().flat_map(|grid| &grid.columns).any(|column| column.step.is_some());
    let title = format!("Which {} is best", if are_checkpoints { "checkpoint" } else { "system" });
    let percent = percent(level);
    let mut blocks = Vec::new();
    if compared.rankings.is_empty() {
        blocks.push(Block::Text("Undefined: no metric of these scores says which way is better.".into()));
        blocks.extend(items(grids, compared, &percent, level)?.map(|figure| Block::Figures(vec![figure])));
    } else {
        blocks.push(Block::List(sentences(compared)));
        blocks.push(Block::Table(best_table(compared, &percent)));
        let mut figures = vec![from_best(compared, &percent)?];
        figures.extend(items(grids, compared, &percent, level)?);
        blocks.push(Block::Figures(figures));
        blocks.push(Block::Folded {
            summary: "Every system against the best, metric by metric".into(),
            blocks: vec![Block::Table(against_best(compared, &percent))],
        });
        blocks.push(Block::File(all_pairs(compared)));
        let left_out = left_out(compared);
        if !left_out.is_empty() {
            blocks.push(Block::List(left_out));
        }
    }
    let n_pairs = compared.rankings.iter().map(|ranking| ranking.pairs.len()).sum();
    let gist = format!("{}, corrected for each metric", plural(n_pairs, "paired comparison"));
    Ok(Some(Section::folded("best", title, gist, blocks)))
}

/// Returns the section on regressions; `None` when no run has checkpoints at two steps.
pub(crate) fn regressions(compared: &Checkpoints, level: f64) -> Option<Section> {
    if !compared.has_runs {
        return None;
    }
    let mut blocks = Vec::new();
    match (compared.regressions.is_empty(), compared.more_failures.is_empty()) {
        (true, true) => blocks.push(Block::Text(
            "By no metric is a checkpoint worse, by more than chance, than the best one before it in its run.".into(),
        )),
        (true, false) => blocks.push(Block::Text(
            "Where they can be compared, by no metric is a checkpoint worse, by more than chance, than the best one before \
             it in its run. But some fail more often."
                .into(),
        )),
        (false, _) => blocks.push(Block::Table(regression_table(compared, &percent(level)))),
    }
    if !compared.more_failures.is_empty() {
        blocks.push(Block::Table(more_failures_table(compared)));
    }
    if compared.newly_without_value.is_empty() {
        blocks.push(Block::Text(
            "Every item that has a value at one checkpoint has one at the next of its run too.".into(),
        ));
    } else {
        blocks.push(Block::Table(lost_table(compared)));
    }
    let gist = match compared.regressions.len() + compared.more_failures.len() {
        0 => "none by more than chance".to_owned(),
        n => plural(n, "checkpoint") + " worse than an earlier one",
    };
    Some(Section::folded("regressions", "Regressions", gist, blocks))
}

/// Returns the number of decimals for the losses of a metric.
fn decimals(ranking: &Ranking) -> usize {
    let half_widths = ranking.pairs.iter().filter_map(|pair| pair.interval.value()).map(Interval::half_width);
    decimals_of(half_widths, ranking.systems.iter().map(|system| system.mean_loss))
}

/// Describes which systems fail more often than another; metrics that agree share one sentence.
fn failing(compared: &Checkpoints) -> Vec<String> {
    let mut found: Vec<(&CoveragePair, usize, Vec<&str>)> = Vec::new();
    for ranking in &compared.rankings {
        for pair in ranking.failing(compared.alpha) {
            match found.iter_mut().find(|(known, n_items, _)| *known == pair && *n_items == ranking.n_items) {
                Some((.., metrics)) => metrics.push(&ranking.metric),
                None => found.push((pair, ranking.n_items, vec![&ranking.metric])),
            }
        }
    }
    found
        .into_iter()
        .map(|(pair, n_items, metrics)| {
            format!(
                "{} fails more often than {} by more than chance ({}), and is therefore not ranked by {}.",
                pair.system,
                pair.than,
                pair.in_words(n_items),
                metrics.join(", ")
            )
        })
        .collect()
}

/// Describes which systems fail and which are best, without the grounds.
pub(crate) fn short_sentences(compared: &Checkpoints) -> Vec<String> {
    let mut sentences = failing(compared);
    sentences.extend(verdicts(compared));
    sentences
}

/// Describes which systems fail and which are best, with the reason why picking them from the data is valid.
fn sentences(compared: &Checkpoints) -> Vec<String> {
    let mut sentences = short_sentences(compared);
    if compared.rankings.iter().any(|ranking| ranking.outcome.value().is_some()) {
        sentences.push(format!("{WHY_HOLM} {}.", percent(compared.alpha)));
    }
    sentences
}

/// Summarizes the rankings in a few words: the best system if all metrics name the same.
pub(crate) fn word(compared: &Checkpoints) -> String {
    let mut firsts: Vec<&str> = compared
        .rankings
        .iter()
        .filter(|ranking| !ranking.is_tied())
        .filter_map(|ranking| Some(ranking.outcome.value()?.best.as_str()))
        .collect();
    firsts.sort_unstable();
    firsts.dedup();
    match firsts[..] {
        [best] => format!("best: {best}"),
        [] => "none is best".to_owned(),
        _ => "metrics do not agree".to_owned(),
    }
}

/// Returns the metrics by which a system is the best or is not told from it.
pub(crate) fn leads(compared: &Checkpoints, system: &str) -> Vec<String> {
    let may_be_best =
        |ranking: &&Ranking| ranking.outcome.value().is_some_and(|outcome| is_among_best(system, outcome));
    compared.rankings.iter().filter(may_be_best).map(|ranking| ranking.metric.clone()).collect()
}

fn is_among_best(system: &str, outcome: &Outcome) -> bool {
    outcome.best == system || outcome.not_told_apart.iter().any(|other| other == system)
}

/// Describes which system is best by which metric.
fn verdicts(compared: &Checkpoints) -> Vec<String> {
    let outcomes: Vec<(&Ranking, &Outcome)> =
        compared.rankings.iter().filter_map(|ranking| Some((ranking, ranking.outcome.value()?))).collect();
    let mut sentences = Vec::new();
    let mut firsts: Vec<(&str, Vec<&str>)> = Vec::new();
    let (tied, untied): (Vec<_>, Vec<_>) = outcomes.iter().partition(|(ranking, _)| ranking.is_tied());
    for (ranking, outcome) in untied {
        match firsts.iter_mut().find(|(best, _)| *best == outcome.best) {
            Some((_, metrics)) => metrics.push(&ranking.metric),
            None => firsts.push((&outcome.best, vec![&ranking.metric])),
        }
    }
    // Picks the system that most metrics rank first; ties go by the order of the metrics.
    firsts.sort_by_key(|(_, metrics)| std::cmp::Reverse(metrics.len()));
    match &firsts[..] {
        [] if tied.is_empty() => {
            return vec!["No metric can tell which is best; the table gives the reasons.".into()];
        }
        [] => {}
        [(best, metrics)] if metrics.len() == 1 => {
            sentences.push(format!("{best} is best by {}, the only metric that can say so.", metrics[0]));
        }
        [(best, metrics)] => {
            sentences.push(format!("The metrics agree: {best} is best by {}.", metrics.join(", ")));
        }
        several => {
            let each = several.iter().map(|(best, metrics)| format!("{best} by {}", metrics.join(", ")));
            sentences
                .push(format!("The metrics do not agree. Best is: {}.", each.collect::<Vec<_>>().join("; ")));
        }
    }
    if !tied.is_empty() {
        let metrics: Vec<&str> = tied.iter().map(|(ranking, _)| ranking.metric.as_str()).collect();
        sentences.push(format!("Several systems share the least loss by {}.", metrics.join(", ")));
    }
    let n_told = outcomes.iter().filter(|(_, outcome)| outcome.is_better_than_second).count();
    sentences.push(format!(
        "By {n_told} of {} the best is better than the second by more than chance.",
        plural(outcomes.len(), "metric")
    ));
    let mut everywhere: Vec<&str> = Vec::new();
    if let Some((ranking, _)) = outcomes.first() {
        everywhere.extend(ranking.systems.iter().map(|system| system.system.as_str()));
        everywhere.retain(|system| outcomes.iter().all(|(_, outcome)| is_among_best(system, outcome)));
    }
    if outcomes.len() > 1 {
        sentences.push(if everywhere.is_empty() {
            "No system is among the best by every metric.".to_owned()
        } else {
            format!("Best, or not told from the best, by every metric: {}.", everywhere.join(", "))
        });
    }
    sentences
}

fn best_table(compared: &Checkpoints, percent: &str) -> Table {
    let caption = format!(
        "The loss of an item is its distance from the value of a perfect copy or, where higher or lower is better, the \
         value with the sign that makes less better; the mean loss is over the items for \
         which every ranked system has a value. Difference: how much more the second loses on the items of both, with \
         the {percent} interval of the paired t test. Metrics are not put together into one number: what such a number \
         says depends on weights that nobody knows. A system that fails more often than another by more than chance is not \
         ranked, and items for which only the better of two has no value count against it."
    );
    let columns = [
        ("metric", "Metric"),
        ("best", "Best"),
        ("mean_loss", "Mean loss"),
        ("second", "Second"),
        ("difference", "Difference"),
        ("p_holm", "p, after Holm"),
        ("told_apart", "Told apart"),
        ("not_told_apart", "Not told from the best"),
        ("coverage", "Best has a value"),
        ("items", "Items"),
        ("left_out", "Left out"),
    ];
    let mut table = Table::new("best", caption, &columns);
    for ranking in &compared.rankings {
        let mut row = vec![Cell::text(label_of(&ranking.profile, &ranking.unit))];
        match &ranking.outcome {
            Defined::Undefined { reason } => {
                row.extend((0..7).map(|_| Cell::Missing(reason.clone())));
            }
            Defined::Ok { value: outcome } => {
                let decimals = decimals(ranking);
                let pair = ranking.pair(&outcome.best, &outcome.second);
                let missing = || Cell::Missing("not compared".into());
                let best = if ranking.is_tied() {
                    Cell::List(ranking.firsts().map(|system| system.system.clone()).collect())
                } else {
                    Cell::text(&outcome.best)
                };
                row.extend([
                    best,
                    ranking
                        .systems
                        .first()
                        .map_or_else(missing, |best| Cell::Number { value: best.mean_loss, decimals }),
                    Cell::text(&outcome.second),
                    pair.map_or_else(missing, |pair| interval_cell(&pair.interval, &pair.mean, decimals)),
                    pair.map_or_else(missing, |pair| probability_cell(&pair.holm_p_value)),
                    Cell::text(if outcome.is_better_than_second { "yes" } else { "no" }),
                    Cell::List(outcome.not_told_apart.clone()),
                ]);
            }
        }
        row.extend([
            ranking.systems.first().map_or(Cell::Missing("no system is ranked".into()), |best| {
                coverage_cell(ranking, &best.system)
            }),
            Cell::Count(ranking.n_common as u64),
            Cell::Count((ranking.n_items - ranking.n_common) as u64),
        ]);
        table.rows.push(row);
    }
    table
}

/// Returns the uncorrected p-value of a pair.
fn raw(pair: &LossPair) -> Cell {
    cell(&pair.test, |test| Cell::Probability(test.p_value))
}

fn against_best(compared: &Checkpoints, percent: &str) -> Table {
    let caption = format!(
        "Mean loss over the items of all ranked systems; and how much more a system loses than the best, over the items \
         of both, with the {percent} interval of the paired t test. The intervals are not widened for the number of \
         comparisons; the p-values after Holm are."
    );
    let columns = [
        ("metric", "Metric"),
        ("rank", "Rank"),
        ("system", "System"),
        ("step", "Step"),
        ("mean_loss", "Mean loss"),
        ("coverage", "With a value"),
        ("difference", "More than the best"),
        ("p", "p"),
        ("p_holm", "p, after Holm"),
        ("items", "Items"),
        ("worse", "Worse than the best"),
    ];
    let mut table = Table::new("against-best", caption, &columns);
    for ranking in &compared.rankings {
        let decimals = decimals(ranking);
        let mut pairs = ranking.against_best();
        for (place, system) in ranking.systems.iter().enumerate() {
            let mut row = vec![
                Cell::text(label_of(&ranking.profile, &ranking.unit)),
                Cell::Count(place as u64 + 1),
                Cell::text(&system.system),
                system.step.map_or(Cell::Missing("not known".into()), Cell::Count),
                Cell::Number { value: system.mean_loss, decimals },
                coverage_cell(ranking, &system.system),
            ];
            // Pairs with the best system are in rank order, and the first rank is the best system itself.
            if let Some(pair) = if place == 0 { None } else { pairs.next() } {
                row.extend([
                    interval_cell(&pair.interval, &pair.mean, decimals),
                    raw(pair),
                    probability_cell(&pair.holm_p_value),
                    Cell::Count(pair.n_both as u64),
                    Cell::text(if pair.is_worse(compared.alpha) { "yes" } else { "not shown" }),
                ]);
            } else {
                row.extend((0..4).map(|_| Cell::Missing("the best".into())));
                row.push(Cell::text("the best"));
            }
            table.rows.push(row);
        }
    }
    table
}

/// Formats the coverage of a system: "18 of 20".
fn coverage_cell(ranking: &Ranking, system: &str) -> Cell {
    let of_system = ranking.coverage.iter().find(|coverage| coverage.system == system);
    of_system.map_or(Cell::Missing("no row".into()), |coverage| {
        Cell::text(format!("{} of {}", coverage.n_scored, coverage.n_expected))
    })
}

fn all_pairs(compared: &Checkpoints) -> Table {
    let columns = [
        ("metric", "Metric"),
        ("system", "System"),
        ("minus", "Minus"),
        ("difference", "Difference"),
        ("p", "p"),
        ("p_holm", "p, after Holm"),
        ("items", "Items"),
    ];
    let n_pairs = compared.rankings.iter().map(|ranking| ranking.pairs.len()).sum();
    let caption = format!("The losses of every two systems by every metric, {}:", plural(n_pairs, "row"));
    let mut table = Table::new("pairs", caption, &columns);
    for ranking in &compared.rankings {
        let decimals = decimals(ranking);
        for pair in &ranking.pairs {
            table.rows.push(vec![
                Cell::text(&ranking.profile),
                Cell::text(&pair.system),
                Cell::text(&pair.minus),
                interval_cell(&pair.interval, &pair.mean, decimals),
                raw(pair),
                probability_cell(&pair.holm_p_value),
                Cell::Count(pair.n_both as u64),
            ]);
        }
    }
    table
}

/// Lists the unranked systems and metrics with the reasons.
fn left_out(compared: &Checkpoints) -> Vec<String> {
    let of_metric = |ranking: &Ranking| {
        let each = ranking.not_ranked.iter().map(|other| format!("{} ({})", other.name, other.reason));
        let each: Vec<String> = each.collect();
        (!each.is_empty()).then(|| format!("Not ranked by {}: {}.", ranking.profile, each.join(", ")))
    };
    let systems = compared.rankings.iter().filter_map(of_metric);
    let metrics =
        compared.not_ranked.iter().map(|metric| format!("{} ranks nothing: {}.", metric.name, metric.reason));
    systems.chain(metrics).collect()
}

fn regression_table(compared: &Checkpoints, percent: &str) -> Table {
    let caption = format!(
        "Checkpoints that lose more than the best one before them in their run, by more than chance: the difference \
         with the {percent} interval of the paired t test, and its p-value corrected over all pairs of the metric. A run \
         is told by the names: they differ only in the number that is the training step."
    );
    let columns = [
        ("metric", "Metric"),
        ("system", "Checkpoint"),
        ("step", "Step"),
        ("than", "Worse than"),
        ("than_step", "Its step"),
        ("difference", "Difference"),
        ("p_holm", "p, after Holm"),
    ];
    let mut table = Table::new("regressions", caption, &columns);
    for regression in &compared.regressions {
        let ranking = compared.rankings.iter().find(|ranking| ranking.profile == regression.profile);
        let decimals = ranking.map_or(2, decimals);
        let unit = ranking.map_or("", |ranking| ranking.unit.as_str());
        let no_mean = Defined::Undefined { reason: "not compared".to_owned() };
        table.rows.push(vec![
            Cell::text(label_of(&regression.profile, unit)),
            Cell::text(&regression.system),
            Cell::Count(regression.step),
            Cell::text(&regression.than),
            Cell::Count(regression.than_step),
            interval_cell(&regression.interval, &no_mean, decimals),
            Cell::Probability(regression.holm_p_value),
        ]);
    }
    table
}

fn more_failures_table(compared: &Checkpoints) -> Table {
    let columns = [
        ("metric", "Metric"),
        ("system", "Checkpoint"),
        ("step", "Step"),
        ("without", "Without a value"),
        ("than", "More often than"),
        ("than_step", "Its step"),
        ("than_without", "Its items without"),
        ("p_holm", "p, after Holm"),
    ];
    let caption = "Checkpoints that fail more often than the one before them in their run that fails least, by more than \
                   chance: the exact McNemar test, its p-value corrected over all pairs of the metric.";
    let mut table = Table::new("more-failures", caption, &columns);
    for more in &compared.more_failures {
        table.rows.push(vec![
            Cell::text(&more.profile),
            Cell::text(&more.system),
            Cell::Count(more.step),
            Cell::Count(more.n_without as u64),
            Cell::text(&more.than),
            Cell::Count(more.than_step),
            Cell::Count(more.n_without_than as u64),
            Cell::Probability(more.holm_p_value),
        ]);
    }
    table
}

fn lost_table(compared: &Checkpoints) -> Table {
    let columns = [
        ("metric", "Metric"),
        ("system", "Checkpoint"),
        ("step", "Step"),
        ("before", "The one before"),
        ("count", "Items"),
        ("items", "Which"),
    ];
    let caption = "Checkpoints without a value for items that have one at the checkpoint before. Each is a fact, not an \
                   estimate.";
    let mut table = Table::new("newly-without-value", caption, &columns);
    for lost in &compared.newly_without_value {
        table.rows.push(vec![
            Cell::text(&lost.profile),
            Cell::text(&lost.system),
            Cell::Count(lost.step),
            Cell::text(&lost.before),
            Cell::Count(lost.items.len() as u64),
            Cell::List(lost.items.iter().map(|item| item.item.clone()).collect()),
        ]);
    }
    table
}

/// Returns the figure of the item-by-item differences; `None` when no two systems can be compared.
fn items(
    grids: &[Grid<'_>],
    compared: &Checkpoints,
    percent: &str,
    level: f64,
) -> Result<Option<Figure>, Error> {
    let panels: Vec<Waterfall> =
        grids.iter().filter_map(|grid| item_by_item(grid, compared, level)).collect();
    if panels.is_empty() {
        return Ok(None);
    }
    Ok(Some(Figure {
        name: "items".into(),
        svg: Waterfalls { title: "Differences item by item".into(), panels, one_scale: false }.to_svg()?,
        caption: format!(
            "Every item of the second beside the best, sorted by the difference: above 0 the second is worse. Where a \
             metric does not say what is better, two systems are compared by their values. The line across is the mean, \
             the band its {percent} interval. A mean may come from many small differences or from a few items that went \
             wrong."
        ),
    }))
}

/// Returns the figure of the loss of every system relative to the best.
fn from_best(compared: &Checkpoints, percent: &str) -> Result<Figure, Error> {
    let mut undrawn = Vec::new();
    let mut panels = Vec::new();
    for ranking in &compared.rankings {
        let Some(outcome) = ranking.outcome.value() else { continue };
        let mut points = Vec::new();
        for system in &ranking.systems {
            let pair = ranking.against_best().find(|pair| pair.system == system.system);
            let estimate = if system.system == outcome.best {
                Some(0.0)
            } else {
                pair.and_then(|pair| pair.mean.value().copied())
            };
            match estimate {
                Some(estimate) => points.push(PanelPoint {
                    label: system.system.clone(),
                    step: system.step,
                    run: system.step.map_or_else(String::new, |step| run(&system.system, step)),
                    estimate,
                    interval: pair
                        .and_then(|pair| pair.interval.value())
                        .map(|interval| (interval.low, interval.high)),
                }),
                None => undrawn.push(format!("{} of {}", ranking.metric, system.system)),
            }
        }
        let unit = if ranking.unit.is_empty() { String::new() } else { format!(" ({})", ranking.unit) };
        panels.push(Panel {
            title: format!("{}, best: {}", ranking.profile, outcome.best),
            label: format!("more loss than the best{unit}"),
            points,
        });
    }
    let undrawn = if undrawn.is_empty() {
        String::new()
    } else {
        format!(" Not drawn, since no item has a value by both: {}.", undrawn.join(", "))
    };
    Ok(Figure {
        name: "from-best".into(),
        svg: Panels { title: "Excess loss over the best system".into(), panels, zero_line: true }.to_svg()?,
        caption: format!(
            "Excess loss of each system over the best one by the metric (at 0) on the same items, with the {percent} \
             interval of the paired difference. These intervals tell systems apart; those of the means also include \
             the differences between items, which all systems share.{undrawn}"
        ),
    })
}

/// Returns the differences between the second and the best system by one metric, or between two systems if the metric
/// has no best.
fn item_by_item(grid: &Grid<'_>, compared: &Checkpoints, level: f64) -> Option<Waterfall> {
    let column = |system: &str| grid.columns.iter().find(|column| column.system == system);
    let ranking = compared.rankings.iter().find(|ranking| ranking.profile == grid.profile);
    let (values, title, what, words) = match (ranking, &grid.columns[..]) {
        (Some(ranking), _) => {
            let outcome = ranking.outcome.value()?;
            let (best, second) = (column(&outcome.best)?, column(&outcome.second)?);
            let values = differences(&losses(second, ranking.better), &losses(best, ranking.better));
            let words = ["worse by the second", "better by the second", "equal"];
            (values, format!("{} − {}", outcome.second, outcome.best), "more loss than the best", words)
        }
        (None, [first, second]) => {
            let all = |column: &GridColumn<'_>| column.shares().collect::<Vec<_>>();
            let values = differences(&all(second), &all(first));
            let title = format!("{} − {}", second.system, first.system);
            (values, title, "difference", ["higher", "lower", "equal"])
        }
        (None, _) => return None,
    };
    // The difference of two finite values may be too large to draw.
    if values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let (_, interval) = mean(&values, level);
    let unit = if grid.unit.is_empty() { String::new() } else { format!(" ({})", grid.unit) };
    Some(Waterfall {
        title: format!("{}: {title}", grid.profile),
        label: format!("{what}{unit}"),
        words: words.map(str::to_owned),
        above_is_good: false,
        values,
        interval: interval.value().map(|interval| (interval.estimate, interval.low, interval.high)),
    })
}
