//! Items that are among the worst by most metrics, and items about which metrics contradict each other.

use mynah_stats::reliability::pearson;

use super::examination::{ExaminationConfig, Outline};
use super::places::{Place, places};
use crate::comparison::{Better, Grid, MetricNote};
use crate::figure::quantile;

/// Share of the weight of all pairs of metrics that an item needs to be judged by their disagreement.
const LEAST_WEIGHT: f64 = 0.5;

/// Worst and contradictory items of one system.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemRanking {
    /// Name of the system.
    pub system: String,
    /// Names of the metrics that rank its items.
    pub metrics: Vec<String>,
    /// Metrics that do not.
    pub left_out: Vec<LeftOut>,
    /// Items among the worst tenth by the most metrics, the worst first.
    pub worst: Vec<WorstItem>,
    /// Items with the largest disagreement, the largest first.
    pub contrasts: Vec<Contrast>,
    /// Median of the disagreement over all items of the system; `None` if no two metrics agree.
    pub usual_disagreement: Option<f64>,
}

/// A metric that does not rank items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Name of the metric.
    pub metric: String,
    /// Reason, as a clause; its values are neither good nor bad, unknown in direction, or all the same.
    pub why: &'static str,
}

/// An item by one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemPlace {
    /// Name of the metric.
    pub metric: String,
    /// Value.
    pub value: f64,
    /// Unit.
    pub unit: String,
    /// Place among the items of the system; `None` for a metric that ranks nothing.
    pub place: Option<Place>,
}

/// An item that is among the worst by some metrics.
#[derive(Debug, Clone, PartialEq)]
pub struct WorstItem {
    /// Name of the item.
    pub item: String,
    /// Metrics by which it is among the worst tenth, the worst place first.
    pub by: Vec<String>,
    /// Number of metrics by which it has a place.
    pub n_metrics: usize,
    /// Mean over these of the share of items that are better.
    pub mean_share: f64,
    /// All values.
    pub values: Vec<ItemPlace>,
}

/// An item about which metrics contradict each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// Name of the item.
    pub item: String,
    /// The disagreement, from 0 to 1.
    pub disagreement: f64,
    /// The metric with the worse place, of the two that contribute most.
    pub worse: ItemPlace,
    /// The metric with the better place.
    pub better: ItemPlace,
    /// Correlation of the two over all items of the system.
    pub agreement: f64,
    /// All values.
    pub values: Vec<ItemPlace>,
}

/// The places of a system's items by one metric.
struct Ranked {
    grid: usize,
    places: Vec<Option<Place>>,
}

/// Two metrics that agree, by their places among the ranked ones.
struct Pair {
    first: usize,
    second: usize,
    /// Correlation of the ranks.
    agreement: f64,
}

impl Pair {
    fn weight(&self) -> f64 {
        self.agreement * self.agreement
    }
}

/// Ranks the items of every system.
pub(crate) fn rankings(
    outline: &Outline<'_>,
    notes: &[MetricNote],
    config: &ExaminationConfig,
) -> Vec<SystemRanking> {
    outline.systems.iter().map(|system| ranking(outline, system, notes, config)).collect()
}

fn ranking(
    outline: &Outline<'_>,
    system: &str,
    notes: &[MetricNote],
    config: &ExaminationConfig,
) -> SystemRanking {
    let mut ranked: Vec<Ranked> = Vec::new();
    let mut left_out = Vec::new();
    for (index, grid) in outline.grids.iter().enumerate() {
        let Some(values) = outline.values(index, system) else { continue };
        let losses = |better: Better| -> Vec<Option<f64>> {
            values.iter().map(|value| value.map(|value| better.loss(value))).collect()
        };
        let is_wanted =
            config.ranked_by.is_empty() || config.ranked_by.iter().any(|name| name == grid.metric);
        let found = match grid.better {
            _ if !is_wanted => Err("not chosen"),
            None if notes.iter().any(|note| note.profile == grid.profile) => {
                Err("neither high nor low is better")
            }
            None => Err("nothing says which way it is better"),
            Some(better) => places(&losses(better)).ok_or("no value differs from another"),
        };
        match found {
            Ok(places) => ranked.push(Ranked { grid: index, places }),
            Err(why) => left_out.push(LeftOut { metric: grid.metric.to_owned(), why }),
        }
    }
    let (contrasts, usual_disagreement) = contrasts(outline, system, &ranked, config.n_items);
    SystemRanking {
        system: system.to_owned(),
        metrics: ranked.iter().map(|ranked| outline.grids[ranked.grid].metric.to_owned()).collect(),
        left_out,
        worst: worst(outline, system, &ranked, config.n_items),
        contrasts,
        usual_disagreement,
    }
}

/// Returns the items that are among the worst tenth by the most metrics; ties go to the worse mean share, then by name.
fn worst(outline: &Outline<'_>, system: &str, ranked: &[Ranked], n_items: usize) -> Vec<WorstItem> {
    let mut found: Vec<(usize, usize, f64)> = Vec::new();
    for item in 0..outline.items.len() {
        let places: Vec<Place> = ranked.iter().filter_map(|ranked| ranked.places[item]).collect();
        let n_worst = places.iter().filter(|place| place.is_among_worst()).count();
        if n_worst > 0 {
            let mean_share = places.iter().map(|place| place.share()).sum::<f64>() / places.len() as f64;
            found.push((item, n_worst, mean_share));
        }
    }
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.2.total_cmp(&a.2)).then_with(|| a.0.cmp(&b.0)));
    let item = |&(item, _, mean_share): &(usize, usize, f64)| {
        let mut by: Vec<(Place, &str)> = ranked
            .iter()
            .filter_map(|ranked| Some((ranked.places[item]?, outline.grids[ranked.grid].metric)))
            .collect();
        let n_metrics = by.len();
        by.retain(|(place, _)| place.is_among_worst());
        by.sort_by(|a, b| b.0.share().total_cmp(&a.0.share()));
        WorstItem {
            item: outline.items[item].to_owned(),
            by: by.into_iter().map(|(_, metric)| metric.to_owned()).collect(),
            n_metrics,
            mean_share,
            values: values(outline, system, ranked, item).into_iter().map(|(_, value)| value).collect(),
        }
    };
    found.iter().take(n_items).map(item).collect()
}

/// Returns the items with the largest disagreement, and the median of all.
///
/// ```text
/// disagreement = Σ w |p − q| / Σ w      over every two metrics, p and q their places as shares of the items
///            w = ρ² if ρ > 0, else 0    ρ their rank correlation over all items of the system
/// ```
///
/// So two metrics that measure different things do not contradict each other, whatever an item's places.
fn contrasts(
    outline: &Outline<'_>,
    system: &str,
    ranked: &[Ranked],
    n_items: usize,
) -> (Vec<Contrast>, Option<f64>) {
    let pairs = pairs(ranked);
    let all: f64 = pairs.iter().map(Pair::weight).sum();
    let share = |metric: usize, item: usize| Some(ranked[metric].places[item]?.share());
    let mut found: Vec<(usize, f64, &Pair)> = Vec::new();
    for item in 0..outline.items.len() {
        let (mut total, mut weight) = (0.0, 0.0);
        let mut most: Option<(f64, &Pair)> = None;
        for pair in &pairs {
            let (Some(first), Some(second)) = (share(pair.first, item), share(pair.second, item)) else {
                continue;
            };
            let part = pair.weight() * (first - second).abs();
            total += part;
            weight += pair.weight();
            if most.is_none_or(|(known, _)| part > known) {
                most = Some((part, pair));
            }
        }
        if let Some((_, pair)) = most.filter(|_| weight >= LEAST_WEIGHT * all) {
            found.push((item, total / weight, pair));
        }
    }
    let mut sorted: Vec<f64> = found.iter().map(|(_, disagreement, _)| *disagreement).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let usual = (!sorted.is_empty()).then(|| quantile(&sorted, 0.5));
    found.retain(|(_, disagreement, _)| *disagreement > 0.0);
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let contrast = |&(item, disagreement, pair): &(usize, f64, &Pair)| {
        let values = values(outline, system, ranked, item);
        let of = |metric: usize| {
            let found = values.iter().find(|(grid, _)| *grid == ranked[metric].grid);
            Some((share(metric, item)?, found?.1.clone()))
        };
        let (first, second) = (of(pair.first)?, of(pair.second)?);
        let (worse, better) = if first.0 >= second.0 { (first.1, second.1) } else { (second.1, first.1) };
        Some(Contrast {
            item: outline.items[item].to_owned(),
            disagreement,
            worse,
            better,
            agreement: pair.agreement,
            values: values.into_iter().map(|(_, value)| value).collect(),
        })
    };
    (found.iter().take(n_items).filter_map(contrast).collect(), usual)
}

/// Returns every two metrics whose ranks correlate positively.
fn pairs(ranked: &[Ranked]) -> Vec<Pair> {
    let shares: Vec<Vec<Option<f64>>> = ranked
        .iter()
        .map(|ranked| ranked.places.iter().map(|place| place.map(Place::share)).collect())
        .collect();
    let mut pairs = Vec::new();
    for second in 1..ranked.len() {
        for first in 0..second {
            let both = shares[first].iter().zip(&shares[second]);
            let (x, y): (Vec<f64>, Vec<f64>) = both.filter_map(|(x, y)| Some(((*x)?, (*y)?))).unzip();
            // Too few items, or equal places among those that have both, show no agreement.
            let agreement = pearson(&x, &y).unwrap_or(0.0);
            if agreement > 0.0 {
                pairs.push(Pair { first, second, agreement });
            }
        }
    }
    pairs
}

/// Returns all values of an item of a system, each with the place of its grid.
fn values(outline: &Outline<'_>, system: &str, ranked: &[Ranked], item: usize) -> Vec<(usize, ItemPlace)> {
    let value = |(index, grid): (usize, &Grid<'_>)| {
        let column = grid.columns.iter().find(|column| column.system == system)?;
        let score = column.scores[outline.places[index].binary_search(&item).ok()?]?;
        let ranked = ranked.iter().find(|ranked| ranked.grid == index);
        let value = ItemPlace {
            metric: grid.metric.to_owned(),
            value: score.value?,
            unit: grid.unit.to_owned(),
            place: ranked.and_then(|ranked| ranked.places[item]),
        };
        Some((index, value))
    };
    outline.grids.iter().enumerate().filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use mynah_metrics::Score;

    use super::*;
    use crate::scores::examination::tests::{examined, lower, score};

    /// Builds scores of one system: a column for each metric.
    fn columns(columns: &[(&str, Vec<f64>)]) -> Vec<Score> {
        let row = |metric: &str, (index, value): (usize, &f64)| {
            score("s", &format!("i{index:02}"), metric, Ok(*value))
        };
        columns
            .iter()
            .flat_map(|(metric, values)| values.iter().enumerate().map(|value| row(metric, value)))
            .collect()
    }

    fn counting(n: u32) -> Vec<f64> {
        (0..n).map(f64::from).collect()
    }

    #[test]
    fn finds_items_that_are_worst_by_most_metrics() {
        let mut second = counting(20);
        second.swap(18, 3);
        let scores = columns(&[("a", counting(20)), ("b", second), ("c", counting(20))]);
        let ranking = examined(&scores, &lower(&["a", "b", "c"])).rankings.remove(0);
        let worst: Vec<(&str, usize, usize)> = ranking
            .worst
            .iter()
            .map(|worst| (worst.item.as_str(), worst.by.len(), worst.n_metrics))
            .collect();
        assert_eq!(worst, [("i19", 3, 3), ("i18", 2, 3), ("i03", 1, 3)]);
        assert!((ranking.worst[0].mean_share - 19.5 / 20.0).abs() < 1e-12);
        assert_eq!(ranking.worst[2].by, ["b"]);
        assert_eq!(ranking.worst[0].values[0].place.unwrap().words(), "20th of 20");
    }

    #[test]
    fn finds_the_item_about_which_metrics_contradict_each_other() {
        let mut second = counting(20);
        // The best by one is the worst by the other; all others move up a place.
        second[0] = 20.0;
        let scores = columns(&[("a", counting(20)), ("b", second)]);
        let ranking = examined(&scores, &lower(&["a", "b"])).rankings.remove(0);
        let contrast = &ranking.contrasts[0];
        assert_eq!((contrast.item.as_str(), contrast.worse.metric.as_str()), ("i00", "b"));
        assert_eq!(contrast.better.metric, "a");
        assert!((contrast.disagreement - 0.95).abs() < 1e-12, "{}", contrast.disagreement);
        // numpy.corrcoef(range(20), [19] + list(range(19)))[0, 1] = 0.7142857142857143
        assert!((contrast.agreement - 5.0 / 7.0).abs() < 1e-12, "{}", contrast.agreement);
        assert!((ranking.usual_disagreement.unwrap() - 0.05).abs() < 1e-12);
    }

    #[test]
    fn weights_pairs_by_the_square_of_their_agreement() {
        let (a, b, c) = (vec![1.0, 2.0, 3.0, 4.0], vec![2.0, 1.0, 3.0, 4.0], vec![1.0, 2.0, 4.0, 3.0]);
        let scores = columns(&[("a", a), ("b", b), ("c", c)]);
        let ranking = examined(&scores, &lower(&["a", "b", "c"])).rankings.remove(0);
        // Spearman: a and b 0.8, a and c 0.8, b and c 0.6; weights 0.64, 0.64, 0.36. Each step is a quarter.
        // i00 is 1st, 2nd, 1st: (0.64 + 0.36) / 1.64 / 4.
        let expected = 0.25 * (0.64 + 0.36) / 1.64;
        assert!(ranking.contrasts.iter().all(|contrast| (contrast.disagreement - expected).abs() < 1e-12));
        assert_eq!(ranking.contrasts.len(), 3);
    }

    #[test]
    fn unrelated_metrics_do_not_contradict_each_other() {
        let reversed: Vec<f64> = counting(20).into_iter().rev().collect();
        let ranking = examined(&columns(&[("a", counting(20)), ("b", reversed)]), &lower(&["a", "b"]))
            .rankings
            .remove(0);
        assert_eq!((ranking.contrasts.len(), ranking.usual_disagreement), (0, None));
        assert_eq!(ranking.worst.len(), 3);
    }

    #[test]
    fn says_why_a_metric_does_not_rank() {
        let scores = columns(&[("a", counting(5)), ("b", vec![0.0; 5]), ("unknown", counting(5))]);
        let ranking = examined(&scores, &lower(&["a", "b"])).rankings.remove(0);
        assert_eq!(ranking.metrics, ["a"]);
        let why: Vec<(&str, &str)> =
            ranking.left_out.iter().map(|left_out| (left_out.metric.as_str(), left_out.why)).collect();
        assert_eq!(
            why,
            [("b", "no value differs from another"), ("unknown", "nothing says which way it is better")]
        );
        assert_eq!(ranking.worst[0].values.len(), 3, "values of all metrics are shown");
        let config = ExaminationConfig { level: 0.95, n_items: 3, ranked_by: vec!["b".into()] };
        let ranking =
            crate::scores::examine(&scores, &lower(&["a", "b"]), &config).unwrap().rankings.remove(0);
        assert_eq!(ranking.left_out[0], LeftOut { metric: "a".into(), why: "not chosen" });
    }

    #[test]
    fn ranks_each_system_by_itself() {
        let mut scores = columns(&[("a", counting(20))]);
        scores.extend(
            (0..20).map(|index| score("t", &format!("i{index:02}"), "a", Ok(1000.0 - f64::from(index)))),
        );
        let rankings = examined(&scores, &lower(&["a"])).rankings;
        let worst: Vec<&str> = rankings.iter().map(|ranking| ranking.worst[0].item.as_str()).collect();
        assert_eq!(worst, ["i19", "i00"]);
    }
}
