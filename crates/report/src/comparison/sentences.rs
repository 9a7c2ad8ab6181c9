//! Ratings of each sentence.

use std::collections::BTreeMap;

use mynah_listening::{Contrast, Role, SystemVerdict, Verdict};

use super::ratings::{DECIMALS, simulated};
use super::scores::percent;
use crate::error::Error;
use crate::figure::{Waterfall, Waterfalls};
use crate::page::{Block, Figure};
use crate::table::{Cell, Table};

/// Number of worst sentences listed for each system.
const WORST: usize = 3;

/// Returns the sentences of each system by difference from the reference: the worst ones, and all of them as a file.
pub(crate) fn blocks(verdict: &Verdict) -> Result<Vec<Block>, Error> {
    let differences: Vec<(&SystemVerdict, Vec<(&str, f64)>)> = verdict
        .systems
        .iter()
        .filter(|system| system.role == Role::Candidate)
        .map(|system| (system, differences(verdict, system)))
        .filter(|(_, differences)| !differences.is_empty())
        .collect();
    let mut blocks = Vec::new();
    if !differences.is_empty() {
        blocks.push(Block::Figures(vec![figure(verdict, &differences)?]));
        blocks.push(Block::Table(worst(verdict, &differences)));
    }
    if verdict.systems.iter().any(|system| !system.item_means.is_empty()) {
        blocks.push(Block::File(all(verdict)));
    }
    Ok(blocks)
}

/// Computes the difference of each sentence of a system from the reference; empty without a reference.
fn differences<'a>(verdict: &Verdict, system: &'a SystemVerdict) -> Vec<(&'a str, f64)> {
    let means = system.item_means.iter();
    match verdict.paradigm.rules().contrast(system.role, verdict.reference.is_some()) {
        Contrast::Number(number) => means.map(|mean| (mean.item.as_str(), mean.mean - number)).collect(),
        Contrast::Nothing(_) => Vec::new(),
        Contrast::Reference => {
            let reference = verdict.systems.iter().find(|system| system.role == Role::Reference);
            let others: BTreeMap<&str, f64> = reference
                .iter()
                .flat_map(|system| &system.item_means)
                .map(|mean| (mean.item.as_str(), mean.mean))
                .collect();
            means
                .filter_map(|mean| Some((mean.item.as_str(), mean.mean - others.get(mean.item.as_str())?)))
                .collect()
        }
    }
}

fn figure(verdict: &Verdict, differences: &[(&SystemVerdict, Vec<(&str, f64)>)]) -> Result<Figure, Error> {
    let rules = verdict.paradigm.rules();
    let (baseline, tells_apart) = (rules.baseline(), rules.tells_apart());
    let panels = differences
        .iter()
        .map(|(system, differences)| Waterfall {
            title: system.system.clone(),
            label: rules.item_difference_label().into(),
            words: if tells_apart { ["above", "below", "as guessing"] } else { ["better", "worse", "equal"] }
                .map(str::to_owned),
            above_is_good: !tells_apart,
            values: differences.iter().map(|(_, difference)| *difference).collect(),
            interval: system
                .difference
                .value()
                // With missing ratings, their mean may differ from that of the sentences.
                .filter(|_| system.n_ratings == system.n_items * system.minimum_ratings_per_item)
                .map(|interval| (interval.estimate, interval.low, interval.high)),
        })
        .collect();
    Ok(Figure {
        name: "sentences".into(),
        svg: Waterfalls { title: "Ratings of each sentence".into(), panels, one_scale: true }.to_svg()?,
        caption: format!(
            "{}Every sentence against {baseline}, {}; the line across is the mean of all \
             ratings, the band its {} two-way interval. How far single sentences lie apart is mostly the noise of \
             their few ratings.",
            simulated(verdict),
            if tells_apart { "in order" } else { "from the worst to the best" },
            percent(verdict.mean_level())
        ),
    })
}

fn worst(verdict: &Verdict, differences: &[(&SystemVerdict, Vec<(&str, f64)>)]) -> Table {
    let tells_apart = verdict.paradigm.rules().tells_apart();
    let minus = format!("Minus {}", verdict.paradigm.rules().baseline());
    let columns =
        [("system", "System"), ("item", "Sentence"), ("difference", minus.as_str()), ("ratings", "Ratings")];
    let which = if tells_apart {
        "sentences of each system that were told apart best"
    } else {
        "worst sentences of each system"
    };
    let caption = format!("{}The {WORST} {which}.", simulated(verdict));
    let mut table = Table::new("worst-sentences", caption, &columns);
    for (system, differences) in differences {
        let mut sorted = differences.clone();
        let key = |difference: f64| if tells_apart { -difference } else { difference };
        sorted.sort_by(|a, b| key(a.1).total_cmp(&key(b.1)).then_with(|| a.0.cmp(b.0)));
        for (item, difference) in sorted.into_iter().take(WORST) {
            let n_ratings = system.item_means.iter().find(|mean| mean.item == item);
            table.rows.push(vec![
                Cell::text(&system.system),
                Cell::text(item),
                Cell::Number { value: difference, decimals: DECIMALS },
                Cell::Count(n_ratings.map_or(0, |mean| mean.n_ratings as u64)),
            ]);
        }
    }
    table
}

/// Computes the mean of every sentence of every system.
fn all(verdict: &Verdict) -> Table {
    let columns = [("item", "Sentence"), ("system", "System"), ("mean", "Mean"), ("ratings", "Ratings")];
    let caption = format!("{}Ratings of each sentence of each system.", simulated(verdict));
    let mut table = Table::new("sentences", caption, &columns);
    let mut rows: Vec<(&str, usize)> = Vec::new();
    for (index, system) in verdict.systems.iter().enumerate() {
        rows.extend(system.item_means.iter().map(|mean| (mean.item.as_str(), index)));
    }
    rows.sort_unstable();
    for (item, index) in rows {
        let system = &verdict.systems[index];
        let Some(mean) = system.item_means.iter().find(|mean| mean.item == item) else { continue };
        table.rows.push(vec![
            Cell::text(item),
            Cell::text(&system.system),
            Cell::Number { value: mean.mean, decimals: DECIMALS },
            Cell::Count(mean.n_ratings as u64),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use mynah_listening::{Analysis, FoundRating, FoundStudy, Origin, Paradigm, judge_found};

    use super::*;

    fn verdict(paradigm: Paradigm, rows: &[(&str, &str, f64)]) -> Verdict {
        let ratings: Vec<FoundRating> = rows
            .iter()
            .enumerate()
            .map(|(index, (system, item, score))| FoundRating {
                rater: format!("r{index}"),
                item: (*item).into(),
                system: (*system).into(),
                score: *score,
                first: None,
                origin: Origin::Human,
                source_file: String::new(),
                source_row: index as u64 + 1,
            })
            .collect();
        let study = FoundStudy {
            name: "study".into(),
            paradigm,
            reference: Some("recordings".into()),
            human_reference: true,
            anchors: vec![],
            analysis: Analysis::default(),
            repeats: false,
            score_sign: None,
        };
        judge_found(&study, &ratings).unwrap()
    }

    #[test]
    fn compares_single_clips_with_the_same_sentence_of_the_reference() {
        let rows = [
            ("recordings", "a", 5.0),
            ("recordings", "b", 4.0),
            ("vits", "a", 3.0),
            ("vits", "b", 4.0),
            ("vits", "c", 1.0),
        ];
        let verdict = verdict(Paradigm::Mos, &rows);
        let vits = &verdict.systems[1];
        assert_eq!(differences(&verdict, vits), [("a", -2.0), ("b", 0.0)]);
        assert_eq!(all(&verdict).rows.len(), 5);
    }

    #[test]
    fn sorts_the_worst_first_and_ties_by_name() {
        let rows = [("v", "d", -1.0), ("v", "c", 0.0), ("v", "b", -1.0), ("v", "a", 2.0), ("v", "e", -3.0)];
        let verdict = verdict(Paradigm::Cmos, &rows);
        let of_all: Vec<_> =
            verdict.systems.iter().map(|system| (system, differences(&verdict, system))).collect();
        let shown: Vec<String> = worst(&verdict, &of_all).rows.iter().map(|row| row[1].shown()).collect();
        assert_eq!(shown, ["e", "b", "d"]);
    }
}
