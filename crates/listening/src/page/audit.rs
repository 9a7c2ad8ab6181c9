//! The audit of a bundle: properties, other than speech, by which raters could tell systems apart.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use mynah_signal::loudness::{frame_level_db, integrated_lufs};
use mynah_signal::{Stft, StftConfig, Waveform, median, wav};
use mynah_stats::{Alternative, sign_test};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::design::plan::Plan;
use crate::error::Error;
use crate::page::edges::{Speech, quantile};
use crate::page::key::{Key, KeyClip};
use crate::trial::Slot;

/// Two-sided level of the sign test of a property.
const LEVEL: f64 = 0.01;
/// Share of the sentences from which a property gives a system away; 0.5 is chance.
const REVEALING_SHARE: f64 = 0.75;
/// Fewest sentences for a finding.
const FEWEST_SENTENCES: usize = 4;
/// Share of the frames that are quieter than the noise floor, and frames per second.
const NOISE_QUANTILE: f64 = 0.1;
const NOISE_FRAMES_PER_SECOND: u32 = 50;
/// Level below the strongest bin of the mean spectrum at which the band ends, and length and hop of its frames.
const BAND_EDGE_DB: f64 = 60.0;
const N_FFT: usize = 1024;
const HOP: usize = 512;

/// A property of clips that says nothing about the speech in them, except perhaps their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// Silence before the speech, in seconds.
    LeadIn,
    /// Silence after the speech, in seconds.
    Tail,
    /// Duration of the whole clip, in seconds.
    Length,
    /// Integrated loudness, in LUFS.
    Level,
    /// The 10th percentile of the levels of 20 ms frames, in dBFS.
    NoiseFloor,
    /// The highest frequency at which the mean power spectrum is less than 60 dB below its maximum, in Hz.
    Bandwidth,
}

impl Property {
    /// All properties, in the order of tables.
    pub const ALL: [Self; 6] =
        [Self::LeadIn, Self::Tail, Self::Length, Self::Level, Self::NoiseFloor, Self::Bandwidth];

    /// Returns the name as a noun.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LeadIn => "silence before the speech",
            Self::Tail => "silence after the speech",
            Self::Length => "length",
            Self::Level => "level",
            Self::NoiseFloor => "noise floor",
            Self::Bandwidth => "bandwidth",
        }
    }

    /// Returns the largest difference between two clips of a sentence that counts as none.
    ///
    /// - Silence: 50 ms, more than the shifts that are drawn for each clip and the resolution of the measurement.
    /// - Length and bandwidth: 5 and 10 % of the value.
    /// - Level: 0.5 LU; noise floor: 3 dB.
    #[must_use]
    pub fn tolerance(self) -> f64 {
        match self {
            Self::LeadIn | Self::Tail | Self::Length => 0.05,
            Self::Level => 0.5,
            Self::NoiseFloor => 3.0,
            Self::Bandwidth => 0.1,
        }
    }

    /// Returns `true` if differences are fractions of the baseline's value instead of having its unit.
    #[must_use]
    pub fn is_relative(self) -> bool {
        matches!(self, Self::Length | Self::Bandwidth)
    }

    fn difference(self, value: f64, baseline: f64) -> f64 {
        if self.is_relative() { value / baseline - 1.0 } else { value - baseline }
    }

    fn measure(self, waveform: &Waveform, speech: Option<&Speech>) -> Option<f64> {
        let seconds = |samples: usize| samples as f64 / f64::from(waveform.sample_rate());
        match self {
            Self::LeadIn => speech.map(|speech| seconds(speech.range.start)),
            Self::Tail => speech.map(|speech| seconds(waveform.len() - speech.range.end)),
            Self::Length => Some(waveform.seconds()),
            Self::Level => integrated_lufs(waveform),
            Self::NoiseFloor => noise_floor_dbfs(waveform),
            Self::Bandwidth => bandwidth_hz(waveform),
        }
    }
}

/// Properties by which raters could tell the systems of a bundle apart, other than the speech.
///
/// Every system is compared with a baseline, sentence by sentence. A property gives a system away if one threshold on the
/// difference would tell which of the two clips is the system's in at least 75 % of the sentences (a difference within the
/// tolerance counts half), unless chance explains that: a sign test at a level of 1 %, or all sentences on one side where they are
/// four to seven. Of two sets of clips that differ by chance alone, each property is flagged with a probability of at most 1 %, or
/// 12.5 % with four sentences.
///
/// The audit measures single properties. A listener may hear others, and a program that has all clips could combine them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// The system that the others are compared with: the reference, or the first system of a plan without one.
    pub baseline: String,
    /// The systems in the order of the plan, the baseline included.
    pub systems: Vec<SystemAudit>,
    /// Sentences for which several systems have the very same file.
    pub duplicates: Vec<Duplicates>,
}

/// Properties of the clips of one system.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemAudit {
    /// The system.
    pub system: String,
    /// The number of clips measured, one for each sentence.
    pub n_clips: usize,
    /// The median of each property over the clips that have it.
    pub medians: BTreeMap<Property, f64>,
    /// The mean and the median of the ratio of the clip's duration to the baseline's; missing for the baseline.
    pub length_ratio: Option<LengthRatio>,
    /// The comparison with the baseline for each property that both have; none for the baseline.
    pub comparisons: Vec<Comparison>,
}

/// Ratio of durations, over sentences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LengthRatio {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: f64,
}

/// A property of a system, compared with the baseline's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// The property.
    pub property: Property,
    /// The number of sentences.
    pub n_sentences: usize,
    /// The sentences in which the system has more than the baseline, beyond the tolerance.
    pub n_above: usize,
    /// The sentences in which it has less.
    pub n_below: usize,
    /// The median difference, as a fraction of the baseline's value for length and bandwidth.
    pub median_difference: f64,
    /// The p-value of the sign test; missing if no difference exceeds the tolerance.
    pub p_value: Option<f64>,
    /// Marks a property that gives the system away.
    pub gives_away: bool,
}

/// Sentences for which several systems have the same file, which is a fault: a missing clip was copied from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Duplicates {
    /// The systems, by name.
    pub systems: Vec<String>,
    /// The sentences.
    pub items: Vec<String>,
}

impl Audit {
    /// Iterates over the properties that give systems away, with the system.
    pub fn revealing(&self) -> impl Iterator<Item = (&str, &Comparison)> {
        self.systems.iter().flat_map(|system| {
            let comparisons = system.comparisons.iter().filter(|comparison| comparison.gives_away);
            comparisons.map(|comparison| (system.system.as_str(), comparison))
        })
    }
}

/// Audits the clips of a bundle, one clip of every system and sentence.
///
/// # Errors
///
/// [`Error::Io`] and [`Error::Stimulus`] for a clip that cannot be read.
pub fn audit(plan: &Plan, bundle: &Path, key: &Key) -> Result<Audit, Error> {
    let mut first: BTreeMap<(&str, &str), (&String, &KeyClip)> = BTreeMap::new();
    let is_of_system = |clip: &KeyClip| clip.slot != Slot::Volume && !clip.kind.is_control();
    for (name, clip) in key.clips.iter().filter(|(_, clip)| is_of_system(clip)) {
        first.entry((&clip.system, &clip.item)).or_insert((name, clip));
    }
    let first: Vec<(&String, &KeyClip)> = first.into_values().collect();
    let measured: Vec<Result<Measured, Error>> = first
        .into_par_iter()
        .map(|(name, clip)| Measured::read(&bundle.join("clips").join(format!("{name}.wav")), clip))
        .collect();
    let measured: Vec<Measured> = measured.into_iter().collect::<Result<_, _>>()?;
    let baseline = plan.reference().or(plan.systems.first());
    let baseline = baseline.map(|system| system.name.clone()).unwrap_or_default();
    let baselines: BTreeMap<&str, &Measured> =
        measured.iter().filter(|clip| clip.system == baseline).map(|clip| (clip.item, clip)).collect();
    let systems = plan.systems.iter().map(|system| {
        let clips: Vec<&Measured> = measured.iter().filter(|clip| clip.system == system.name).collect();
        let pairs: Vec<(&Measured, &Measured)> = if system.name == baseline {
            Vec::new()
        } else {
            clips.iter().filter_map(|&clip| Some((clip, *baselines.get(clip.item)?))).collect()
        };
        SystemAudit::of(&system.name, &clips, &pairs)
    });
    Ok(Audit { systems: systems.collect(), duplicates: duplicates(&measured), baseline })
}

/// The properties of one clip.
struct Measured<'a> {
    system: &'a str,
    item: &'a str,
    source_blake3: &'a str,
    values: BTreeMap<Property, f64>,
}

impl<'a> Measured<'a> {
    fn read(path: &Path, clip: &'a KeyClip) -> Result<Self, Error> {
        let bytes =
            fs::read(path).map_err(|source| Error::Io { action: "read", path: path.to_owned(), source })?;
        let waveform = wav::decode(&bytes, path).map_err(|source| Error::Stimulus {
            system: clip.system.clone(),
            item: clip.item.clone(),
            source,
        })?;
        let speech = Speech::find(&waveform);
        let measure = |property: Property| Some((property, property.measure(&waveform, speech.as_ref())?));
        Ok(Self {
            system: &clip.system,
            item: &clip.item,
            source_blake3: &clip.source_blake3,
            values: Property::ALL.into_iter().filter_map(measure).collect(),
        })
    }

    fn value(&self, property: Property) -> Option<f64> {
        self.values.get(&property).copied()
    }
}

impl SystemAudit {
    fn of(system: &str, clips: &[&Measured], pairs: &[(&Measured, &Measured)]) -> Self {
        let medians = Property::ALL.into_iter().filter_map(|property| {
            let mut values: Vec<f64> = clips.iter().filter_map(|clip| clip.value(property)).collect();
            Some((property, median(&mut values)?))
        });
        let mut ratios: Vec<f64> = pairs
            .iter()
            .filter_map(|(clip, baseline)| {
                Some(clip.value(Property::Length)? / baseline.value(Property::Length)?)
            })
            .collect();
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        Self {
            system: system.to_owned(),
            n_clips: clips.len(),
            medians: medians.collect(),
            length_ratio: median(&mut ratios).map(|median| LengthRatio { mean, median }),
            comparisons: Property::ALL
                .into_iter()
                .filter_map(|property| Comparison::of(property, pairs))
                .collect(),
        }
    }
}

impl Comparison {
    fn of(property: Property, pairs: &[(&Measured, &Measured)]) -> Option<Self> {
        let differences: Vec<f64> = pairs
            .iter()
            .filter_map(|(clip, baseline)| {
                Some(property.difference(clip.value(property)?, baseline.value(property)?))
            })
            .collect();
        let median_difference = median(&mut differences.clone())?;
        let tolerance = property.tolerance();
        let beyond: Vec<f64> = differences
            .iter()
            .map(|&difference| if difference.abs() > tolerance { difference } else { 0.0 })
            .collect();
        let count = |holds: fn(f64) -> bool| beyond.iter().filter(|&&difference| holds(difference)).count();
        let (n_above, n_below) = (count(|difference| difference > 0.0), count(|difference| difference < 0.0));
        let n_sentences = differences.len();
        // Without a difference there is nothing to test.
        let p_value = sign_test(&beyond, Alternative::TwoSided).ok().map(|result| result.p_value);
        let n_most = n_above.max(n_below);
        let n_ties = n_sentences - n_above - n_below;
        let share = (n_most as f64 + n_ties as f64 / 2.0) / n_sentences as f64;
        let is_beyond_chance = n_most == n_sentences || p_value.is_some_and(|p_value| p_value <= LEVEL);
        let gives_away = n_sentences >= FEWEST_SENTENCES && share >= REVEALING_SHARE && is_beyond_chance;
        Some(Self { property, n_sentences, n_above, n_below, median_difference, p_value, gives_away })
    }
}

/// Lists the sentences in which several systems have the same source file.
fn duplicates(measured: &[Measured]) -> Vec<Duplicates> {
    let mut by_file: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for clip in measured {
        by_file.entry((clip.item, clip.source_blake3)).or_default().push(clip.system);
    }
    let mut by_systems: BTreeMap<Vec<&str>, Vec<String>> = BTreeMap::new();
    for ((item, _), mut systems) in by_file.into_iter().filter(|(_, systems)| systems.len() > 1) {
        systems.sort_unstable();
        by_systems.entry(systems).or_default().push(item.to_owned());
    }
    by_systems
        .into_iter()
        .map(|(systems, items)| Duplicates {
            systems: systems.into_iter().map(str::to_owned).collect(),
            items,
        })
        .collect()
}

fn noise_floor_dbfs(waveform: &Waveform) -> Option<f64> {
    let hop = (waveform.sample_rate() / NOISE_FRAMES_PER_SECOND).max(1) as usize;
    let mut levels = frame_level_db(waveform.samples(), hop);
    levels.sort_by(f32::total_cmp);
    quantile(&levels, NOISE_QUANTILE).map(f64::from)
}

fn bandwidth_hz(waveform: &Waveform) -> Option<f64> {
    let config = StftConfig { n_fft: N_FFT, window_length: N_FFT, hop_length: HOP, epsilon: 0.0 };
    let spectrogram =
        Stft::new(&config).expect("the lengths are powers of two").magnitude(waveform.samples());
    let power = |bin: usize| spectrogram.row(bin).iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
    let powers: Vec<f64> = (0..spectrogram.n_bins()).map(power).collect();
    let strongest = powers.iter().copied().fold(0.0, f64::max);
    let edge = strongest * 10_f64.powf(-BAND_EDGE_DB / 10.0);
    let bin = powers.iter().rposition(|&power| power > edge)?;
    Some(bin as f64 * f64::from(waveform.sample_rate()) / N_FFT as f64)
}

#[cfg(test)]
mod tests {
    use rand::RngExt as _;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    /// Three standard errors of a rate of 1 % in 2000 bundles.
    const RATE_ERROR: f64 = 0.007;

    /// The share of bundles in which noise floors with a spread of 20 dB and a difference are flagged.
    fn rate(n_sentences: usize, difference_db: f64) -> f64 {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let mut clip = |system, offset| Measured {
            system,
            item: "a",
            source_blake3: "",
            values: [(Property::NoiseFloor, offset + 20.0 * generator.random::<f64>())].into(),
        };
        let n_flagged = (0..2000).filter(|_| {
            let pairs: Vec<(Measured, Measured)> =
                (0..n_sentences).map(|_| (clip("voice", difference_db), clip("recordings", 0.0))).collect();
            let pairs: Vec<(&Measured, &Measured)> = pairs.iter().map(|(a, b)| (a, b)).collect();
            Comparison::of(Property::NoiseFloor, &pairs).expect("there are sentences").gives_away
        });
        n_flagged.count() as f64 / 2000.0
    }

    #[test]
    fn chance_is_rarely_flagged_and_a_difference_often() {
        for n_sentences in [8, 12, 20, 50] {
            let chance = rate(n_sentences, 0.0);
            assert!(chance <= LEVEL + RATE_ERROR, "{n_sentences}: {chance}");
        }
        assert!(rate(4, 0.0) <= 0.125, "all of four on one side");
        assert!(rate(3, 30.0) < f64::EPSILON, "three sentences say nothing");
        assert!(rate(4, 30.0) > 0.999 && rate(50, 12.0) > 0.9);
    }

    #[test]
    fn ties_count_half() {
        let clip = |level| Measured {
            system: "a",
            item: "a",
            source_blake3: "",
            values: [(Property::Level, level)].into(),
        };
        let check = |levels: &[f64], expected: (usize, usize, bool)| {
            let clips: Vec<Measured> = levels.iter().map(|&level| clip(level)).collect();
            let baseline = clip(-23.0);
            let pairs: Vec<(&Measured, &Measured)> = clips.iter().map(|clip| (clip, &baseline)).collect();
            let found = Comparison::of(Property::Level, &pairs).expect("there are sentences");
            assert_eq!((found.n_above, found.n_below, found.gives_away), expected, "{levels:?}");
        };
        check(&[-23.0; 20], (0, 0, false));
        check(&[-23.4; 20], (0, 0, false));
        check(&[-23.6; 20], (0, 20, true));
        check(&[[-22.0; 10], [-23.0; 10]].concat(), (10, 0, true));
        check(&[&[-22.0; 9][..], &[-23.0; 10]].concat(), (9, 0, false));
        check(&[[-22.0; 4], [-24.0; 4]].concat(), (4, 4, false));
    }
}
