//! Agreement of the metrics with the listeners.

use std::collections::BTreeMap;

use mynah_listening::{Defined, Verdict};
use mynah_stats::reliability::spearman;
use serde::Serialize;

use super::better::Better;
use super::cells::number_cell;
use super::grid::Grid;
use super::ranking::losses;
use super::ratings::{DECIMALS, simulated};
use crate::page::{Block, Section};
use crate::table::{Cell, Table};

/// Rank correlation of a metric with the ratings of a listening test: 1 if listeners prefer whatever loses less.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validity {
    /// Name of the study.
    pub study: String,
    /// Definition and version of the metric.
    pub profile: String,
    /// Number of utterances with a value and a rating.
    pub n_utterances: usize,
    /// Number of systems with such utterances.
    pub n_systems: usize,
    /// Correlation over the utterances of all systems.
    pub of_utterances: Defined<f64>,
    /// Correlation over the means of the systems.
    pub of_systems: Defined<f64>,
}

/// Correlates every metric that says which way is better with the ratings of every listening test.
///
/// ```text
/// Spearman's correlation of −loss and the mean score of the utterance (CMOS: system minus reference)
/// ```
///
/// Pairs without a value or a rating are dropped, and metrics without a pair have no row. Tests that only tell apart prefer
/// nothing.
pub(crate) fn validities(grids: &[Grid<'_>], verdicts: &[Verdict]) -> Vec<Validity> {
    let of_verdict =
        |verdict| grids.iter().filter_map(move |grid| Some(validity(grid, grid.better?, verdict)));
    let prefer = verdicts.iter().filter(|verdict| !verdict.paradigm.rules().tells_apart());
    prefer.flat_map(of_verdict).filter(|validity| validity.n_utterances > 0).collect()
}

fn validity(grid: &Grid<'_>, better: Better, verdict: &Verdict) -> Validity {
    let (mut gains, mut ratings) = (Vec::new(), Vec::new());
    let (mut system_gains, mut system_ratings) = (Vec::new(), Vec::new());
    for column in &grid.columns {
        let Some(system) = verdict.systems.iter().find(|system| system.system == column.system) else {
            continue;
        };
        let means: BTreeMap<&str, f64> =
            system.item_means.iter().map(|mean| (mean.item.as_str(), mean.mean)).collect();
        let first = gains.len();
        for (item, loss) in grid.items.iter().zip(losses(column, better)) {
            if let (Some(loss), Some(mean)) = (loss, means.get(item)) {
                gains.push(-loss);
                ratings.push(*mean);
            }
        }
        if gains.len() > first {
            let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
            system_gains.push(mean(&gains[first..]));
            system_ratings.push(mean(&ratings[first..]));
        }
    }
    Validity {
        study: verdict.study.clone(),
        profile: grid.profile.to_owned(),
        n_utterances: gains.len(),
        n_systems: system_gains.len(),
        of_utterances: spearman(&gains, &ratings).into(),
        of_systems: spearman(&system_gains, &system_ratings).into(),
    }
}

/// Returns the section on the agreement of the metrics with the listeners, if there is anything to compare.
pub(crate) fn section(validities: &[Validity], verdicts: &[Verdict]) -> Option<Section> {
    if validities.is_empty() {
        return None;
    }
    let columns = [
        ("study", "Study"),
        ("profile", "Metric"),
        ("utterances", "Utterances"),
        ("of_utterances", "Correlation of utterances"),
        ("systems", "Systems"),
        ("of_systems", "Correlation of systems"),
    ];
    let simulated = verdicts.iter().map(simulated).find(|words| !words.is_empty()).unwrap_or_default();
    let caption = format!(
        "{simulated}Spearman's correlation of each metric with the ratings: 1 if listeners prefer whatever loses less, 0 if \
                   they do not care, below 0 if they prefer the opposite. Utterances of one system resemble each other, \
                   so there is no p-value; a metric that separates the systems may still fail within each."
    );
    let mut table = Table::new("metrics-and-listeners", caption, &columns);
    let number = |value: &Defined<f64>| number_cell(value, DECIMALS);
    let row = |validity: &Validity| {
        vec![
            Cell::text(&validity.study),
            Cell::text(&validity.profile),
            Cell::Count(validity.n_utterances as u64),
            number(&validity.of_utterances),
            Cell::Count(validity.n_systems as u64),
            number(&validity.of_systems),
        ]
    };
    table.rows.extend(validities.iter().map(row));
    let gist = "which metrics rank as the listeners do";
    Some(Section::folded("metrics-and-listeners", "Metrics and listeners", gist, vec![Block::Table(table)]))
}
