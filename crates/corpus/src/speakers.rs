//! Statistics of the speakers of a dataset: rows of `speakers.jsonl`.

use std::collections::BTreeMap;

use mynah_signal::median;
use serde::{Deserialize, Serialize};

use crate::dataset::Utterance;
use crate::split::Split;

/// A speaker of a dataset. Medians are over utterances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Speaker {
    /// Name, as the corpus has it.
    pub speaker: String,
    /// Position among the sorted names, from 0: the id for a model.
    pub index: u32,
    /// Utterances.
    pub utterances: u64,
    /// Utterances in the training split.
    pub train: u64,
    /// Utterances in the validation split.
    pub validation: u64,
    /// Utterances in the test split.
    pub test: u64,
    /// Length of all utterances.
    pub seconds: f64,
    /// Median length of an utterance.
    pub median_seconds: Option<f64>,
    /// Median of the utterances' median fundamental frequencies.
    pub f0_median_hz: Option<f64>,
    /// Lower quartile of these.
    pub f0_lower_quartile_hz: Option<f64>,
    /// Upper quartile of these.
    pub f0_upper_quartile_hz: Option<f64>,
    /// Median part of voiced frames.
    pub voiced_fraction: Option<f64>,
    /// Median characters of the normalized text per second.
    pub characters_per_second: Option<f64>,
    /// Median length of a phone, in seconds: all frames of phones over their number, of each utterance.
    pub seconds_per_phone: Option<f64>,
    /// Median integrated loudness.
    pub loudness_lufs: Option<f64>,
    /// Median signal-to-noise ratio of the recordings.
    pub source_snr_db: Option<f64>,
}

/// Returns the speakers by name, without the utterances that have none.
#[must_use]
pub fn speakers(utterances: &[Utterance]) -> Vec<Speaker> {
    let mut by_speaker: BTreeMap<&str, Vec<&Utterance>> = BTreeMap::new();
    for utterance in utterances {
        if let Some(speaker) = &utterance.speaker {
            by_speaker.entry(speaker).or_default().push(utterance);
        }
    }
    by_speaker.into_iter().zip(0..).map(|((speaker, own), index)| of(speaker, index, &own)).collect()
}

fn of(speaker: &str, index: u32, own: &[&Utterance]) -> Speaker {
    let values = |value: &dyn Fn(&Utterance) -> Option<f64>| -> Vec<f64> {
        own.iter().filter_map(|utterance| value(utterance)).filter(|value| value.is_finite()).collect()
    };
    let middle = |value: &dyn Fn(&Utterance) -> Option<f64>| median(&mut values(value));
    let f0 = || {
        let mut f0 = values(&|utterance| utterance.f0_median_hz);
        f0.sort_by(f64::total_cmp);
        f0
    };
    let in_split = |split| own.iter().filter(|utterance| utterance.split == split).count() as u64;
    Speaker {
        speaker: speaker.to_owned(),
        index,
        utterances: own.len() as u64,
        train: in_split(Split::Train),
        validation: in_split(Split::Validation),
        test: in_split(Split::Test),
        seconds: own.iter().map(|utterance| utterance.seconds).sum(),
        median_seconds: middle(&|utterance| Some(utterance.seconds)),
        f0_median_hz: median(&mut f0()),
        f0_lower_quartile_hz: quantile(&f0(), 0.25),
        f0_upper_quartile_hz: quantile(&f0(), 0.75),
        voiced_fraction: middle(&|utterance| Some(utterance.voiced_fraction)),
        characters_per_second: middle(&|utterance| {
            Some(utterance.normalized.chars().count() as f64 / utterance.seconds)
        }),
        seconds_per_phone: middle(&seconds_per_phone),
        loudness_lufs: middle(&|utterance| utterance.loudness_lufs),
        source_snr_db: middle(&|utterance| utterance.source_snr_db),
    }
}

fn seconds_per_phone(utterance: &Utterance) -> Option<f64> {
    let phones = utterance.durations.iter().zip(&utterance.word_index).filter(|(_, word)| **word >= 0);
    let frames: u32 = phones.clone().map(|(frames, _)| frames).sum();
    let count = phones.count();
    (count > 0).then(|| f64::from(frames) / f64::from(utterance.frames) * utterance.seconds / count as f64)
}

/// Returns a quantile of sorted values, between the two next to it.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let at = part * (sorted.len().checked_sub(1)?) as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    Some(low + (high - low) * at.fract())
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_lie_between_values() {
        assert_eq!(quantile(&[], 0.25), None);
        assert_eq!(quantile(&[3.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0], 0.75), Some(1.75));
    }
}
