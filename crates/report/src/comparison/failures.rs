//! Numbers of items without a value per system, with the reasons.

use std::collections::BTreeMap;

use mynah_metrics::Status;

use super::grid::Grid;
use crate::error::Error;
use crate::figure::{StackRow, Stacks};
use crate::page::Figure;

/// Kinds of failures, the most severe first.
const KINDS: [&str; 3] = ["failed", "undefined", "no row"];

/// Returns bars of the items without a value, one per system; `None` when every item of every system has all its
/// values.
///
/// An item counts once per system, as the most severe kind that any metric reports.
pub(crate) fn figure(grids: &[Grid<'_>]) -> Result<Option<Figure>, Error> {
    let mut systems: Vec<&str> = Vec::new();
    // Most severe kind of each system and item.
    let mut gravest: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for grid in grids {
        for column in &grid.columns {
            if !systems.contains(&column.system) {
                systems.push(column.system);
            }
            for (item, score) in grid.items.iter().zip(&column.scores) {
                let kind = match score.map(|score| score.status) {
                    Some(Status::Ok) => continue,
                    Some(Status::Failed) => 0,
                    Some(Status::Undefined) => 1,
                    None => 2,
                };
                let known = gravest.entry((column.system, item)).or_insert(kind);
                *known = kind.min(*known);
            }
        }
    }
    if gravest.is_empty() {
        return Ok(None);
    }
    let row = |system: &&str| {
        let mut counts = vec![0; KINDS.len()];
        for ((_, _), kind) in gravest.iter().filter(|((of, _), _)| of == system) {
            counts[*kind] += 1;
        }
        StackRow { label: (*system).to_owned(), counts }
    };
    let stacks = Stacks {
        title: "Items without a value".into(),
        x_label: "items".into(),
        kinds: KINDS.map(str::to_owned).into(),
        rows: systems.iter().map(row).collect(),
    };
    Ok(Some(Figure {
        name: "failures".into(),
        svg: stacks.to_svg()?,
        caption: "Items of each system for which at least one metric has no value. An item counts once, under the \
                  gravest: failed, there was nothing to measure; undefined, a definition gives no number; no row, the \
                  scores do not mention it."
            .into(),
    }))
}

#[cfg(test)]
mod tests {
    use mynah_metrics::Score;

    use super::*;
    use crate::comparison::grid::grids;

    #[test]
    fn counts_an_item_once_as_its_most_severe_failure() {
        let score = |item: &str, metric: &str, status: Status| Score {
            system: "voice".into(),
            step: None,
            item: item.into(),
            metric: metric.into(),
            profile: metric.into(),
            unit: String::new(),
            status,
            value: (status == Status::Ok).then_some(1.0),
            reason: None,
            frames: None,
            better: None,
        };
        let scores = [
            score("a", "mcd", Status::Undefined),
            score("a", "f0", Status::Failed),
            score("b", "mcd", Status::Undefined),
            score("b", "f0", Status::Ok),
            score("c", "mcd", Status::Ok),
            score("c", "f0", Status::Ok),
        ];
        let svg = figure(&grids(&scores, &[]).unwrap()).unwrap().unwrap().svg;
        // One rectangle in the legend and one in the bar: one item failed, one is undefined.
        assert_eq!(svg.matches(" fill=\"#0072B2\"").count(), 2);
        assert_eq!(svg.matches(" fill=\"#D55E00\"").count(), 2);
        assert!(svg.contains(">2</text>"), "{svg}");
        assert_eq!(figure(&grids(&scores[4..], &[]).unwrap()).unwrap(), None);
    }
}
