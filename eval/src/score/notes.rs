//! Explanations of the metrics, for the methods section of a report.

use mynah_report::comparison::{Better, MetricNote};

use crate::score::real_time;

/// Returns a note on every metric.
pub(crate) fn metric_notes() -> Vec<MetricNote> {
    let mut notes: Vec<MetricNote> = mynah_metrics::all()
        .iter()
        .map(|metric| MetricNote {
            profile: metric.profile().to_owned(),
            explanation: metric.explain().to_owned(),
            // The trait promises it: every metric of a signal compared with itself is 0.
            better: Some(Better::Near(0.0)),
        })
        .collect();
    notes.push(MetricNote {
        profile: real_time::PROFILE.to_owned(),
        explanation: real_time::EXPLANATION.to_owned(),
        better: None,
    });
    notes
}
