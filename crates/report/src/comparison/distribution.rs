//! The distribution of the answers of each system.

use std::collections::BTreeMap;

use mynah_listening::{ScoreCount, SystemVerdict, Verdict};

use super::ratings::plain;
use crate::error::Error;
use crate::figure::{RatingCounts, Ratings};
use crate::page::Figure;

/// The most points of a scale that get a bar each.
const MOST_BARS: usize = 20;
/// The points that share a bar where there are more.
const GROUP: f64 = 10.0;

/// Returns the figure of the distribution: a bar for each point or, where there are too many, for each ten of them.
pub(crate) fn figure(verdict: &Verdict, scale: &str) -> Result<Figure, Error> {
    let points: BTreeMap<i64, f64> = verdict
        .systems
        .iter()
        .flat_map(|system| &system.histogram)
        .map(|bar| (key(bar.score), bar.score))
        .collect();
    let is_grouped = points.len() > MOST_BARS;
    let highest = points.values().copied().fold(f64::NEG_INFINITY, f64::max);
    // The highest point alone is no group.
    let group =
        |score: f64| if is_grouped { (score.min(highest - 1.0) / GROUP).floor() * GROUP } else { score };
    let bars: BTreeMap<i64, f64> = points.values().map(|&score| (key(group(score)), group(score))).collect();
    let counts = |system: &SystemVerdict| {
        let mut counts: BTreeMap<i64, u64> = bars.keys().map(|&bar| (bar, 0)).collect();
        for ScoreCount { score, count } in &system.histogram {
            *counts.entry(key(group(*score))).or_default() += *count as u64;
        }
        RatingCounts { label: system.system.clone(), counts: counts.into_values().collect() }
    };
    let (x_label, grouping) = if is_grouped {
        (format!("{scale}, in tens by their lowest"), format!(" The last group ends with {highest}."))
    } else {
        (scale.to_owned(), String::new())
    };
    Ok(Figure {
        name: "ratings".into(),
        svg: Ratings {
            title: "Distribution of answers".into(),
            x_label,
            scores: bars.values().copied().collect(),
            systems: verdict.systems.iter().map(counts).collect(),
        }
        .to_svg()?,
        caption: format!("Distribution of the answers, in percent of the ratings of each system.{grouping}"),
    })
}

/// Returns the median and the quartiles of the scores of a system, as BS.1534 asks for them; for sliders only.
pub(crate) fn quartiles(verdict: &Verdict, system: &SystemVerdict) -> Option<(String, String)> {
    let n: usize = system.histogram.iter().map(|bar| bar.count).sum();
    if n == 0 || !verdict.paradigm.rules().rates_side_by_side() {
        return None;
    }
    let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(&system.histogram, n, share));
    let text = format!("{} [{}, {}]", plain(median), plain(low), plain(high));
    Some(("median and quartiles of the ratings".to_owned(), text))
}

/// Returns a quantile of the scores, between the two nearest of them in proportion.
fn quantile(histogram: &[ScoreCount], n: usize, share: f64) -> f64 {
    let place = share * (n as f64 - 1.0);
    let at = |rank: usize| {
        let mut below = 0;
        let bar = histogram.iter().find(|bar| {
            below += bar.count;
            below > rank
        });
        bar.map_or(0.0, |bar| bar.score)
    };
    let (low, high) = (at(place.floor() as usize), at(place.ceil() as usize));
    low + place.fract() * (high - low)
}

/// Returns a key that sorts and equates scores, which are multiples of a half.
fn key(score: f64) -> i64 {
    (2.0 * score).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_the_nearest_scores() {
        let bars = [(10.0, 1), (20.0, 0), (30.0, 2), (40.0, 1)];
        let histogram = bars.map(|(score, count)| ScoreCount { score, count });
        // Python: statistics.quantiles([10, 30, 30, 40], n=4, method="inclusive") is [25.0, 30.0, 32.5].
        let found = [0.25, 0.5, 0.75].map(|share| quantile(&histogram, 4, share));
        for (found, expected) in found.into_iter().zip([25.0, 30.0, 32.5]) {
            assert!((found - expected).abs() < 1e-12, "{found}");
        }
        let one = [ScoreCount { score: 7.0, count: 1 }];
        assert!((quantile(&one, 1, 0.75) - 7.0).abs() < 1e-12);
    }
}
