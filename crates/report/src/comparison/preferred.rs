//! The system that listeners prefer: ranks with their uncertainty, and every pair.

use mynah_listening::{Defined, Pair, Ranked, Ranking, Verdict};

use super::cells::probability_cell;
use super::ratings::{DECIMALS, interval_cell, simulated};
use super::scores::percent;
use crate::page::Block;
use crate::table::{Cell, Table};

/// Returns the blocks; none with a single system under test.
pub(crate) fn blocks(verdict: &Verdict) -> Vec<Block> {
    let Defined::Ok { value: ranking } = &verdict.ranking else { return Vec::new() };
    vec![
        Block::Text(sentence(ranking)),
        Block::Table(table(verdict, ranking)),
        Block::File(pairs(verdict, ranking)),
    ]
}

/// Describes which systems may be the first.
pub(crate) fn sentence(ranking: &Ranking) -> String {
    let names = |of: &dyn Fn(&&Ranked) -> bool| -> Vec<String> {
        ranking
            .systems
            .iter()
            .filter(|ranked| of(ranked))
            .map(|ranked| format!("`{}`", ranked.system))
            .collect()
    };
    let first = names(&|ranked| ranked.best_rank == 1);
    match &first[..] {
        [] => "No system can be the first.".to_owned(),
        [one] => format!("Listeners prefer {one} to every other system under test."),
        several if several.len() == ranking.systems.len() => {
            "Listeners prefer no system under test to all others: each may be the first.".to_owned()
        }
        several => format!(
            "The first of the systems under test is one of {}; these cannot be told apart.",
            several.join(", ")
        ),
    }
}

fn table(verdict: &Verdict, ranking: &Ranking) -> Table {
    let caption = format!(
        "{}The systems under test, ordered by their means. With a probability of {} all true ranks lie within these ranges: all \
         pairs are compared, corrected by their joint distribution.",
        simulated(verdict),
        percent(1.0 - ranking.alpha)
    );
    let columns =
        [("system", "System"), ("mean", "Mean"), ("rank", "Possible ranks"), ("better_than", "Better than")];
    let mut table = Table::new("preferred", caption, &columns);
    for ranked in &ranking.systems {
        let ranks = if ranked.best_rank == ranked.worst_rank {
            ranked.best_rank.to_string()
        } else {
            format!("{} to {}", ranked.best_rank, ranked.worst_rank)
        };
        let better_than = ranking
            .pairs
            .iter()
            .filter(|pair| pair.system == ranked.system && is_better(pair))
            .map(|pair| pair.minus.clone());
        table.rows.push(vec![
            Cell::text(&ranked.system),
            Cell::Number { value: ranked.mean, decimals: DECIMALS },
            Cell::text(&ranks),
            Cell::List(better_than.collect()),
        ]);
    }
    table
}

fn pairs(verdict: &Verdict, ranking: &Ranking) -> Table {
    let caption = format!("{}The differences of every two systems under test.", simulated(verdict));
    let columns = [
        ("system", "System"),
        ("minus", "Minus"),
        ("difference", "Difference"),
        ("p_corrected", "p, corrected for all pairs"),
    ];
    let mut table = Table::new("preferred-pairs", caption, &columns);
    for pair in &ranking.pairs {
        table.rows.push(vec![
            Cell::text(&pair.system),
            Cell::text(&pair.minus),
            interval_cell(&pair.difference),
            probability_cell(&pair.adjusted_p_value),
        ]);
    }
    table
}

fn is_better(pair: &Pair) -> bool {
    pair.difference.value().is_some_and(|interval| interval.low > 0.0)
}
