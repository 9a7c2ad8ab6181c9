//! Rules by which clips are left out although they can be prepared.

use serde::{Deserialize, Serialize};

use crate::Error;

/// Limits of the clips that are kept. Without a limit, no clip is left out for that quantity; a clip whose quantity is undefined is
/// kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeepRecipe {
    /// Shortest clip, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_seconds: Option<f64>,
    /// Longest clip, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_seconds: Option<f64>,
    /// Fewest characters of the spoken text per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_characters_per_second: Option<f64>,
    /// Most characters of the spoken text per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_characters_per_second: Option<f64>,
    /// Smallest signal-to-noise ratio of the recording, in dB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_snr_db: Option<f64>,
    /// Smallest bandwidth of the recording, in hertz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_bandwidth_hz: Option<f64>,
    /// Smallest loudness of the recording, in LUFS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_loudness_lufs: Option<f64>,
    /// Most runs of samples at full scale in the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_clipped_runs: Option<f64>,
    /// Longest pause within the recording, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_pause_seconds: Option<f64>,
    /// Largest share of words whose pronunciation is guessed, from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_guessed_share: Option<f64>,
    /// Smallest mean log-likelihood per frame of the alignment, in nats; comparable within one corpus only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_log_likelihood: Option<f64>,
    /// Largest distance of the text from the recording, in robust standard deviations. Above 5, a text is a finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_misfit: Option<f64>,
    /// Largest distance of the worst stretch of the text, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_worst_stretch: Option<f64>,
}

/// Quantities of a clip that the rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Qualities {
    /// Length of the prepared clip.
    pub seconds: f64,
    /// Characters of the spoken text per second.
    pub characters_per_second: f64,
    /// Signal-to-noise ratio.
    pub snr_db: Option<f64>,
    /// Bandwidth.
    pub bandwidth_hz: Option<f64>,
    /// Loudness.
    pub loudness_lufs: Option<f64>,
    /// Runs of samples at full scale.
    pub clipped_runs: u64,
    /// Longest pause.
    pub longest_pause_seconds: f64,
    /// Words with a guessed pronunciation / words.
    pub guessed_share: f64,
    /// Mean log-likelihood per frame, once aligned.
    pub log_likelihood: Option<f64>,
    /// Distance of the text, once aligned.
    pub misfit: Option<f64>,
    /// Distance of the worst stretch, once aligned.
    pub worst_stretch: Option<f64>,
}

/// A row of `dropped.jsonl`: a clip that a rule leaves out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dropped {
    /// Clip id.
    pub id: String,
    /// Key of the rule under `[keep]`.
    pub rule: String,
    /// Limit of the rule.
    pub limit: f64,
    /// Quantity of the clip.
    pub value: f64,
    /// Length of the clip.
    pub seconds: f64,
    /// Text of the clip.
    pub text: String,
}

/// A rule: its key, its limit, true if the limit is the smallest value, and the quantity.
type Rule = (&'static str, Option<f64>, bool, fn(&Qualities) -> Option<f64>);

impl KeepRecipe {
    fn rules(&self) -> [Rule; 13] {
        const LEAST: bool = true;
        const MOST: bool = false;
        [
            ("min_seconds", self.min_seconds, LEAST, |clip| Some(clip.seconds)),
            ("max_seconds", self.max_seconds, MOST, |clip| Some(clip.seconds)),
            ("min_characters_per_second", self.min_characters_per_second, LEAST, |clip| {
                Some(clip.characters_per_second)
            }),
            ("max_characters_per_second", self.max_characters_per_second, MOST, |clip| {
                Some(clip.characters_per_second)
            }),
            ("min_snr_db", self.min_snr_db, LEAST, |clip| clip.snr_db),
            ("min_bandwidth_hz", self.min_bandwidth_hz, LEAST, |clip| clip.bandwidth_hz),
            ("min_loudness_lufs", self.min_loudness_lufs, LEAST, |clip| clip.loudness_lufs),
            ("max_clipped_runs", self.max_clipped_runs, MOST, |clip| Some(clip.clipped_runs as f64)),
            ("max_pause_seconds", self.max_pause_seconds, MOST, |clip| Some(clip.longest_pause_seconds)),
            ("max_guessed_share", self.max_guessed_share, MOST, |clip| Some(clip.guessed_share)),
            ("min_log_likelihood", self.min_log_likelihood, LEAST, |clip| clip.log_likelihood),
            ("max_misfit", self.max_misfit, MOST, |clip| clip.misfit),
            ("max_worst_stretch", self.max_worst_stretch, MOST, |clip| clip.worst_stretch),
        ]
    }

    /// Checks the limits.
    ///
    /// # Errors
    ///
    /// [`Error::Recipe`] for the first limit that is not a number.
    pub fn validate(&self) -> Result<(), Error> {
        match self.rules().into_iter().find(|(_, limit, ..)| limit.is_some_and(|limit| !limit.is_finite())) {
            Some((key, ..)) => {
                Err(Error::Recipe { section: "keep", why: format!("`{key}` is not a number") })
            }
            None => Ok(()),
        }
    }

    /// Returns the first rule that a clip breaks, with its limit and the quantity of the clip.
    #[must_use]
    pub fn broken(&self, clip: &Qualities) -> Option<(&'static str, f64, f64)> {
        self.rules().into_iter().find_map(|(key, limit, is_least, quantity)| {
            let (limit, value) = (limit?, quantity(clip)?);
            let is_broken = if is_least { value < limit } else { value > limit };
            is_broken.then_some((key, limit, value))
        })
    }
}

/// Clips that one rule leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct DroppedByRule {
    /// Key of the rule.
    pub rule: String,
    /// Its limit.
    pub limit: f64,
    /// Number of clips.
    pub clips: usize,
    /// Their length in seconds.
    pub seconds: f64,
}

/// Counts the clips that each rule leaves out, in the order of the rules' names.
#[must_use]
pub fn count_dropped(dropped: &[Dropped]) -> Vec<DroppedByRule> {
    let mut counts: Vec<DroppedByRule> = Vec::new();
    for clip in dropped {
        match counts.iter_mut().find(|count| count.rule == clip.rule) {
            Some(count) => {
                count.clips += 1;
                count.seconds += clip.seconds;
            }
            None => counts.push(DroppedByRule {
                rule: clip.rule.clone(),
                limit: clip.limit,
                clips: 1,
                seconds: clip.seconds,
            }),
        }
    }
    counts.sort_by(|a, b| a.rule.cmp(&b.rule));
    counts
}

#[cfg(test)]
mod tests {
    use super::{KeepRecipe, Qualities};

    #[test]
    fn every_key_is_a_rule() {
        let clip = Qualities {
            seconds: 5.0,
            characters_per_second: 15.0,
            snr_db: Some(30.0),
            bandwidth_hz: Some(8_000.0),
            loudness_lufs: Some(-25.0),
            clipped_runs: 2,
            longest_pause_seconds: 0.5,
            guessed_share: 0.1,
            log_likelihood: Some(-40.0),
            misfit: Some(1.0),
            worst_stretch: Some(2.0),
        };
        assert_eq!(KeepRecipe::default().broken(&clip), None);
        for (key, kept, dropped) in [
            ("min_seconds", 5.0, 5.5),
            ("max_seconds", 5.0, 4.5),
            ("min_characters_per_second", 15.0, 16.0),
            ("max_characters_per_second", 15.0, 14.0),
            ("min_snr_db", 30.0, 31.0),
            ("min_bandwidth_hz", 8_000.0, 8_001.0),
            ("min_loudness_lufs", -25.0, -24.0),
            ("max_clipped_runs", 2.0, 1.0),
            ("max_pause_seconds", 0.5, 0.4),
            ("max_guessed_share", 0.1, 0.05),
            ("min_log_likelihood", -40.0, -39.0),
            ("max_misfit", 1.0, 0.5),
            ("max_worst_stretch", 2.0, 1.5),
        ] {
            let rule = |limit: f64| toml::from_str::<KeepRecipe>(&format!("{key} = {limit:?}")).unwrap();
            assert_eq!(rule(kept).broken(&clip), None, "{key}");
            assert_eq!(rule(dropped).broken(&clip).map(|(key, limit, _)| (key, limit)), Some((key, dropped)));
            let undefined: KeepRecipe = toml::from_str(&format!("{key} = nan")).unwrap();
            let error = undefined.validate().unwrap_err().to_string();
            assert!(error.contains("`[keep]`") && error.contains(key), "{error}");
        }
    }

    #[test]
    fn undefined_quantities_break_no_rule() {
        let strict = KeepRecipe { min_snr_db: Some(90.0), max_misfit: Some(0.0), ..KeepRecipe::default() };
        assert_eq!(strict.broken(&Qualities::default()), None);
    }
}
