//! The metric interface and the registry of metrics.

use crate::compatibility;
use crate::copy::{pesq, si_sdr, spectra, stoi};
use crate::health::{damage, length, level, noise, repetition, silence};
use crate::{Clip, Declaration, Outcome, Pair};
use crate::{alignment_run, duration, energy, loudness_difference, mcd, mel_distance, pauses, pitch};

/// A measure of a system's speech: against a recording of the same sentence, or alone.
///
/// [`declaration`](Self::declaration) says which, and how its values are to be read.
pub trait Metric: Sync {
    /// Returns the short name used in protocols and tables.
    fn name(&self) -> &'static str;

    /// Returns the definition with its version, such as `mcd/sp2mc-2`: a different number under the same profile is a
    /// bug.
    fn profile(&self) -> &'static str;

    /// Returns the unit of the value.
    fn unit(&self) -> &'static str;

    /// Returns direction, kind, needs, range and the value of a perfect copy.
    fn declaration(&self) -> Declaration;

    /// Measures a pair; the value is finite. A metric that needs no recording measures the system's speech.
    fn measure(&self, pair: &Pair<'_>) -> Outcome;

    /// Measures a clip without a recording; undefined for a metric that needs one.
    fn measure_clip(&self, clip: &Clip<'_>) -> Outcome;

    /// Returns the formula, parameters, oracle and known faults, as a few lines of plain text.
    fn explain(&self) -> &'static str;
}

/// A value with the number of frames or path cells that it is based on, or the reason why there is none.
pub(crate) type Measured = Result<(f64, Option<u64>), String>;

/// The function that computes a metric.
pub(crate) enum Formula {
    /// Compares a pair; a reason is a clause.
    Pair(fn(&Pair<'_>) -> Measured),
    /// Measures one clip; a reason is a phrase that follows the name of the clip.
    Clip(fn(&Clip<'_>) -> Measured),
}

/// A metric of this crate, as data.
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) declaration: Declaration,
    pub(crate) formula: Formula,
    pub(crate) explanation: &'static str,
}

impl Metric for Definition {
    fn name(&self) -> &'static str {
        self.name
    }

    fn profile(&self) -> &'static str {
        self.profile
    }

    fn unit(&self) -> &'static str {
        self.unit
    }

    fn declaration(&self) -> Declaration {
        self.declaration
    }

    fn measure(&self, pair: &Pair<'_>) -> Outcome {
        match self.formula {
            Formula::Pair(formula) => outcome(formula(pair)),
            Formula::Clip(formula) => {
                outcome(formula(pair.system()).map_err(|why| format!("the system {why}")))
            }
        }
    }

    fn measure_clip(&self, clip: &Clip<'_>) -> Outcome {
        match self.formula {
            Formula::Pair(_) => {
                Outcome::Undefined(format!("{} needs a recording of the sentence", self.name))
            }
            Formula::Clip(formula) => outcome(formula(clip).map_err(|why| format!("the wav {why}"))),
        }
    }

    fn explain(&self) -> &'static str {
        self.explanation
    }
}

fn outcome(measured: Measured) -> Outcome {
    match measured {
        Ok((value, frames)) => Outcome::value(value, frames),
        Err(why) => Outcome::Undefined(why),
    }
}

/// Returns all metrics, in the order of tables.
#[must_use]
pub fn all() -> &'static [&'static dyn Metric] {
    &[
        &mcd::DISTORTION,
        &pitch::LOG_RMSE,
        &pitch::MEDIAN_ERROR,
        &pitch::CORRELATION,
        &pitch::VOICING_ERROR,
        &pitch::GROSS_ERROR,
        &pitch::FRAME_ERROR,
        &pitch::SPREAD_DIFFERENCE,
        &pitch::RANGE_DIFFERENCE,
        &duration::RATIO,
        &duration::DIFFERENCE,
        &duration::SPEECH_RATIO,
        &pauses::COUNT_DIFFERENCE,
        &pauses::SECONDS_DIFFERENCE,
        &alignment_run::LONGEST,
        &loudness_difference::DIFFERENCE,
        &silence::LONGEST,
        &silence::SHARE,
        &repetition::LONGEST,
        &level::CLIPPED_RUNS,
        &level::CLIPPED_SHARE,
        &level::OFFSET,
        &noise::HUM,
        &noise::FLOOR,
        &noise::SNR,
        &noise::ROLL_OFF,
        &noise::BANDWIDTH,
        &damage::CLICKS,
        &damage::DROPOUTS,
        &length::RATE,
        &length::SURPRISE,
        &length::IS_TRUNCATED,
        &length::IS_RUNAWAY,
        &energy::RMSE,
        &energy::CORRELATION,
        &mel_distance::ALONG_PATH,
        &mel_distance::ALIGNED,
        &spectra::CONVERGENCE,
        &spectra::LOG_MAGNITUDE,
        &spectra::LSD,
        &stoi::STOI,
        &stoi::ESTOI,
        &pesq::WIDEBAND,
        &si_sdr::RATIO,
        &compatibility::ESPNET,
        &compatibility::ESPNET_LOG_F0,
        &compatibility::PYMCD_PLAIN,
        &compatibility::PYMCD_DTW,
        &compatibility::PYMCD_DTW_SL,
        &compatibility::VERSA,
        &compatibility::VERSA_DTW,
    ]
}

/// Returns the metric with this name.
#[must_use]
pub fn metric(name: &str) -> Option<&'static dyn Metric> {
    all().iter().copied().find(|metric| metric.name() == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Direction, Kind, Needs};

    #[test]
    fn metrics_are_found_by_distinct_names() {
        let names: BTreeSet<_> = all().iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), all().len());
        let profiles: BTreeSet<_> = all().iter().map(|metric| metric.profile()).collect();
        assert_eq!(profiles.len(), all().len());
        for name in names {
            let found = metric(name).unwrap();
            assert_eq!(found.name(), name);
            // Several programs have a metric of one name.
            let family = found.profile().split('/').next().unwrap();
            assert!(name == family || name.starts_with(&format!("{family}_")), "{}", found.profile());
        }
        assert!(metric("MCD").is_none());
    }

    #[test]
    fn explanations_have_every_section() {
        for metric in all() {
            let mut from = 0;
            for heading in ["Formula", "Unit", "Parameters", "Oracle", "Known faults"] {
                let at = metric.explain()[from..].find(&format!("\n\n{heading}\n  "));
                from += at.unwrap_or_else(|| panic!("{}: {heading}", metric.name()));
            }
            assert!(metric.explain().starts_with(&format!("{}: ", metric.profile())), "{}", metric.name());
            let longest = metric.explain().lines().map(|line| line.chars().count()).max();
            assert!(longest <= Some(120), "{}", metric.name());
        }
    }

    #[test]
    fn declarations_agree_with_themselves() {
        for metric in all() {
            let Declaration { direction, kind, needs, range, perfect } = metric.declaration();
            let name = metric.name();
            let has_recording = matches!(needs, Needs::Recording | Needs::AlignedRecording);
            assert!(has_recording || perfect.is_none(), "{name}: perfect without a recording");
            assert!(perfect.is_none_or(|value| range.contains(value)), "{name}: perfect out of range");
            match direction {
                Direction::Near(value) => assert!(range.contains(value), "{name}"),
                // Nothing is better than a perfect copy.
                Direction::Lower => assert!(perfect.is_none() || perfect == range.least, "{name}"),
                Direction::Higher => assert!(perfect.is_none() || perfect == range.most, "{name}"),
                Direction::Neither => assert!(perfect.is_none(), "{name}"),
            }
            if !matches!(kind, Kind::Mean) {
                assert_eq!((range.least, range.most), (Some(0.0), Some(1.0)), "{name}");
            }
        }
    }
}
