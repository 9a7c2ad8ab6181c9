//! Distributions of the values of every metric, by system.

use mynah_listening::Defined;
use mynah_metrics::{Direction, Kind, Needs};
use mynah_stats::Interval;

use super::examination::Outline;
use crate::comparison::{Better, MetricNote, decimals, summarize_grid};

/// Distributions of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSpread {
    /// Short name of the metric.
    pub metric: String,
    /// Definition and version.
    pub profile: String,
    /// Unit of all values.
    pub unit: String,
    /// Direction, as it ranks items; `None` if nothing says so, or it says nothing about quality.
    pub better: Option<Better>,
    /// Declaration in words: direction, kind and needs.
    pub declaration: Vec<String>,
    /// Explanation, if there is one.
    pub explanation: Option<String>,
    /// Decimals of means.
    pub decimals: usize,
    /// Systems with a row of it.
    pub systems: Vec<SystemSpread>,
}

/// Distribution of one system.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemSpread {
    /// Name of the system.
    pub system: String,
    /// Values, by item.
    pub values: Vec<f64>,
    /// Mean or pooled rate.
    pub mean: Defined<f64>,
    /// Its interval.
    pub interval: Defined<Interval>,
    /// Number of items for which the metric failed.
    pub n_failed: usize,
    /// Number of items for which it is undefined.
    pub n_undefined: usize,
    /// Number of expected items without a row.
    pub n_absent: usize,
}

/// Returns the distributions, in the order of the notes.
pub(crate) fn spreads(outline: &Outline<'_>, notes: &[MetricNote], level: f64) -> Vec<MetricSpread> {
    let spread = |grid: &crate::comparison::Grid<'_>| {
        let summary = summarize_grid(grid, level);
        let note = notes.iter().find(|note| note.profile == grid.profile);
        let systems = grid.columns.iter().zip(&summary.systems).map(|(column, system)| SystemSpread {
            system: system.system.clone(),
            values: column.values().flatten().collect(),
            mean: system.mean.clone(),
            interval: system.interval.clone(),
            n_failed: system.n_failed,
            n_undefined: system.n_undefined,
            n_absent: outline.items.len() - system.n_ok - system.n_failed - system.n_undefined,
        });
        MetricSpread {
            metric: grid.metric.to_owned(),
            profile: grid.profile.to_owned(),
            unit: grid.unit.to_owned(),
            better: grid.better,
            declaration: declaration(grid.profile, note),
            explanation: note.map(|note| note.explanation.clone()).filter(|text| !text.is_empty()),
            decimals: decimals(&summary),
            systems: systems.collect(),
        }
    };
    outline.grids.iter().map(spread).collect()
}

/// Describes direction, kind and needs of a metric: of ours by its declaration, of others by its note.
fn declaration(profile: &str, note: Option<&MetricNote>) -> Vec<String> {
    let known = mynah_metrics::all().iter().find(|metric| metric.profile() == profile);
    let Some(declared) = known.map(|metric| metric.declaration()) else {
        let direction = match note.map(|note| note.better) {
            None => "nothing says which way it is better, so it ranks nothing".to_owned(),
            Some(None) => "neither high nor low is better".to_owned(),
            Some(Some(Better::Near(value))) => format!("best at {value}"),
            Some(Some(Better::Higher)) => "higher is better".to_owned(),
            Some(Some(Better::Lower)) => "lower is better".to_owned(),
        };
        let is_pooled = note.is_some_and(|note| note.pooled);
        return vec![direction, if is_pooled { "a pooled rate" } else { "a mean over items" }.to_owned()];
    };
    let direction = match declared.direction {
        Direction::Near(value) => format!("best at {value}"),
        Direction::Higher => "higher is better".to_owned(),
        Direction::Lower => "lower is better".to_owned(),
        Direction::Neither => "neither high nor low is better".to_owned(),
    };
    let kind = match declared.kind {
        Kind::Mean => "a mean over items".to_owned(),
        Kind::Rate { numerator, denominator } => format!("a pooled rate: {numerator} of {denominator}"),
        Kind::Proportion => "a proportion of items".to_owned(),
    };
    let needs = match declared.needs {
        Needs::Nothing => "of the wav alone",
        Needs::Text => "of the wav and the length of its text",
        Needs::Recording => "against the recording",
        Needs::AlignedRecording => "against the recording, sample by sample",
    };
    vec![direction, kind, needs.to_owned()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scores::examination::tests::{examined, lower, score};

    #[test]
    fn keeps_values_and_counts_beside_them() {
        let mut scores = vec![
            score("a", "1", "mcd", Ok(5.0)),
            score("a", "2", "mcd", Ok(6.0)),
            score("a", "3", "mcd", Err("silent")),
            score("b", "4", "mcd", Err("unvoiced")),
        ];
        scores[3].status = mynah_metrics::Status::Undefined;
        let metrics = examined(&scores, &lower(&["mcd"])).metrics;
        let [a, b] = &metrics[0].systems[..] else { panic!("{metrics:?}") };
        assert_eq!((a.values.as_slice(), a.mean.value()), (&[5.0, 6.0][..], Some(&5.5)));
        assert_eq!((a.n_failed, a.n_undefined, a.n_absent), (1, 0, 1));
        assert_eq!((b.values.len(), b.n_failed, b.n_undefined, b.n_absent), (0, 0, 1, 3));
        assert!(b.mean.value().is_none());
    }

    #[test]
    fn pools_rates_as_declared() {
        let mut scores =
            vec![score("a", "1", "voicing_error", Ok(0.5)), score("a", "2", "voicing_error", Ok(0.1))];
        (scores[0].frames, scores[1].frames) = (Some(10), Some(90));
        let mut notes = lower(&["voicing_error"]);
        notes[0].pooled = true;
        let metrics = examined(&scores, &notes).metrics;
        let mean = *metrics[0].systems[0].mean.value().unwrap();
        assert!((mean - 14.0 / 100.0).abs() < 1e-12, "{mean}");
        assert!(metrics[0].declaration[1].starts_with("a pooled rate: "), "{:?}", metrics[0].declaration);
    }

    #[test]
    fn declares_what_others_say_and_what_nobody_says() {
        let words = |notes: &[MetricNote]| {
            examined(&[score("a", "1", "utmos", Ok(4.0))], notes).metrics[0].declaration.join("; ")
        };
        assert_eq!(words(&[]), "nothing says which way it is better, so it ranks nothing; a mean over items");
        let mut notes = lower(&["utmos"]);
        assert_eq!(words(&notes), "lower is better; a mean over items");
        notes[0].better = None;
        assert_eq!(words(&notes), "neither high nor low is better; a mean over items");
    }
}
