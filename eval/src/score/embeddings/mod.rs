//! Similarities of embeddings that any tool made of the wavs, such as those of speakers.
//!
//! ```text
//! recordings, by speaker ──► ceiling: alike within a speaker; floor: alike across speakers
//!          └─ of the same item, or of a given target ─┐
//! system ────────────────────────────────────────────┴─► cosine ──► share of the way from floor to ceiling
//! ```

mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mynah_cli::{Advised, say};
use mynah_metrics::{Score, Status};
use serde::Deserialize;

use self::read::{Found, SPEAKER_COLUMNS};
use super::command::is_name;
use super::folder::item_of;
use super::transcripts;
use crate::named::NamedDirectory;

/// Name of the recordings among files of embeddings.
pub(crate) const RECORDINGS: &str = "reference";
/// Definition and version of the similarities.
const VERSION: &str = "cosine-1";
/// Names of the column of targets.
const TARGET_COLUMNS: [&str; 5] = ["target", "prompt", "prompt_wav", "reference", "ref"];

/// Names of similarities of embeddings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmbeddingNames {
    /// Name of the metric, with which those of the ceiling and the floor begin.
    #[serde(default = "speaker_similarity")]
    pub(crate) name: String,
    /// The model that made the embeddings, which becomes part of the profiles: values of different models are never comparable.
    #[serde(default)]
    pub(crate) model: Option<String>,
}

impl Default for EmbeddingNames {
    fn default() -> Self {
        Self { name: speaker_similarity(), model: None }
    }
}

impl EmbeddingNames {
    /// Returns the names of the metrics.
    pub(crate) fn metrics(&self) -> impl Iterator<Item = String> {
        Part::ALL.into_iter().map(|part| format!("{}{}", self.name, part.suffix()))
    }

    /// Rejects names that no table could hold.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if is_name(&self.name) && self.model.as_deref().is_none_or(is_name) {
            return Ok(());
        }
        let message = "`[embeddings]` has no usable name of its metric or model";
        Err(Advised::new(message, "use letters, digits, `-` and `_`").into())
    }
}

fn speaker_similarity() -> String {
    "speaker_similarity".to_owned()
}

/// Files with embeddings and with facts about them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct EmbeddingFiles {
    /// A file or folder for each system, and one for the recordings.
    pub(crate) embeddings: Vec<NamedDirectory>,
    /// Speakers of the recordings.
    pub(crate) speakers: Option<PathBuf>,
    /// The recording with which each item is compared, if it is not its own.
    pub(crate) targets: Option<PathBuf>,
}

/// A similarity of a system's embedding, or of recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// With the target.
    Similarity,
    /// Of the target with other recordings of its speaker.
    Ceiling,
    /// Of the target with recordings of other speakers.
    Floor,
    /// The similarity on the way from the floor to the ceiling.
    Relative,
}

impl Part {
    const ALL: [Self; 4] = [Self::Similarity, Self::Ceiling, Self::Floor, Self::Relative];

    fn suffix(self) -> &'static str {
        match self {
            Self::Similarity => "",
            Self::Ceiling => "_ceiling",
            Self::Floor => "_floor",
            Self::Relative => "_relative",
        }
    }

    fn better(self) -> &'static str {
        match self {
            Self::Similarity | Self::Relative => "higher",
            Self::Ceiling | Self::Floor => "neither",
        }
    }
}

/// A mean similarity with the number of recordings behind it, or the reason why there is none.
type Mean = Result<(f64, u64), String>;

/// Embeddings of the recordings and the systems, all of length 1.
pub(crate) struct Embeddings {
    names: EmbeddingNames,
    recordings: Recordings,
    /// In the order of the systems.
    systems: Vec<Option<Found>>,
    targets: BTreeMap<String, String>,
}

impl Embeddings {
    /// Reads everything; `systems` are the names of the systems, `known` their speakers from elsewhere.
    pub(crate) fn read(
        names: &EmbeddingNames,
        files: &EmbeddingFiles,
        systems: &[&str],
        known: BTreeMap<String, String>,
    ) -> anyhow::Result<Option<Self>> {
        let path =
            |name: &str| files.embeddings.iter().find(|file| file.name == name).map(|file| &file.directory);
        let Some(recordings) = path(RECORDINGS) else { return Ok(None) };
        let mut recordings = read::read(recordings)?;
        let speakers = match &files.speakers {
            Some(path) => transcripts::read_column(path, &SPEAKER_COLUMNS, "speaker")?,
            None if recordings.speakers.is_empty() => known,
            None => std::mem::take(&mut recordings.speakers),
        };
        let targets = match &files.targets {
            Some(path) => read_targets(path)?,
            None => BTreeMap::new(),
        };
        let of_system = |name: &&str| path(name).map(|path| read::read(path)).transpose();
        let embeddings = Self {
            names: names.clone(),
            recordings: Recordings::of(recordings, &speakers),
            systems: systems.iter().map(of_system).collect::<anyhow::Result<_>>()?,
            targets,
        };
        embeddings.say_anchors();
        Ok(Some(embeddings))
    }

    /// Prints the similarities between which those of systems lie.
    fn say_anchors(&self) {
        let name = &self.names.name;
        let Recordings { ceiling, floor, n_speakers, .. } = &self.recordings;
        if *n_speakers == 0 {
            say(&format!(
                "{name}: no speakers are named, so all recordings count as one speaker's, and there is no floor; name \
                 them with --speakers"
            ));
        }
        let mut words = Vec::new();
        words.extend(
            ceiling.map(|ceiling| format!("other recordings of the speaker reach {ceiling:.4} (ceiling)")),
        );
        words.extend(floor.map(|floor| format!("recordings of other speakers {floor:.4} (floor)")));
        if !words.is_empty() {
            say(&format!("{name}: {}", words.join(", ")));
        }
        if *n_speakers == 1 {
            say(&format!("{name}: there is one speaker, so there is no floor"));
        }
    }

    /// Returns the rows of an item of a system, given by its place; `silent` is the reason why nothing can be heard.
    pub(crate) fn rows(
        &self,
        place: usize,
        (system, step, item): (&str, Option<u64>, &str),
        silent: Option<&str>,
    ) -> Vec<Score> {
        let target = self.targets.get(item).map_or(item, String::as_str);
        let similarity = match silent {
            Some(why) => Err(why.to_owned()),
            None => self.similarity(place, item, target),
        };
        let Recordings { ceiling, floor, .. } = &self.recordings;
        let row = |part: Part| {
            let failed = |outcome: Result<f64, String>| {
                outcome.map(|value| (value, None)).map_err(|why| (Status::Failed, why))
            };
            let of_recordings =
                |mean: Mean| mean.map(|(value, n)| (value, Some(n))).map_err(|why| (Status::Undefined, why));
            let outcome = match part {
                Part::Similarity => failed(similarity.clone()),
                Part::Ceiling => of_recordings(self.recordings.ceiling_of(target)),
                Part::Floor => {
                    floor.as_ref()?;
                    of_recordings(self.recordings.floor_of(target))
                }
                Part::Relative => {
                    let (ceiling, floor) = ((*ceiling)?, (*floor)?);
                    if ceiling > floor {
                        failed(similarity.clone().map(|value| (value - floor) / (ceiling - floor)))
                    } else {
                        let why =
                            "recordings of one speaker are no more alike than those of different speakers";
                        Err((Status::Undefined, why.to_owned()))
                    }
                }
            };
            let (status, value, frames, reason) = match outcome {
                Ok((value, n)) => (Status::Ok, Some(value), n, None),
                Err((status, why)) => (status, None, None, Some(why)),
            };
            let model = self.names.model.as_ref().map(|model| format!("-{model}")).unwrap_or_default();
            let metric = format!("{}{}", self.names.name, part.suffix());
            Some(Score {
                system: system.to_owned(),
                step,
                item: item.to_owned(),
                profile: format!("{metric}/{VERSION}{model}"),
                metric,
                unit: String::new(),
                status,
                value,
                reason,
                frames,
                better: Some(part.better().to_owned()),
            })
        };
        Part::ALL.into_iter().filter_map(row).collect()
    }

    fn similarity(&self, place: usize, item: &str, target: &str) -> Result<f64, String> {
        let Some(found) = self.systems.get(place).and_then(Option::as_ref) else {
            return Err("there are no embeddings of the system".to_owned());
        };
        let missing = || Err(format!("`{}` has no embedding of it", found.name));
        let own = found.vectors.get(item).cloned().unwrap_or_else(missing)?;
        let target = self.recordings.vector(target).map_err(|why| format!("reference: {why}"))?;
        if own.len() != target.len() {
            let (own, others) = (own.len(), target.len());
            return Err(format!("its embedding has {own} numbers, those of the recordings {others}"));
        }
        Ok(dot(&own, target).clamp(-1.0, 1.0))
    }

    /// Explains a metric by its profile, for reports; `None` if it is no similarity of embeddings.
    pub(crate) fn explanation(profile: &str) -> Option<String> {
        let (metric, version) = profile.split_once('/')?;
        let model = version.strip_prefix(VERSION)?;
        let model = match model.strip_prefix('-') {
            Some(model) => format!("embeddings by {model}"),
            None if model.is_empty() => "embeddings of a model that was not named".to_owned(),
            None => return None,
        };
        let part = Part::ALL.into_iter().rev().find(|part| metric.ends_with(part.suffix()))?;
        let (what, formula) = match part {
            Part::Similarity => (
                "likeness of the embedding of a wav to that of the recording",
                "a·b / (|a| |b|), with the recording of the same sentence or the target that was given for it",
            ),
            Part::Ceiling => (
                "likeness of recordings of one speaker, the most that can be expected of a system",
                "the mean cosine of the target with all other recordings of its speaker",
            ),
            Part::Floor => (
                "likeness of recordings of different speakers, which a system reaches without imitating anybody",
                "the mean cosine of the target with all recordings of other speakers",
            ),
            Part::Relative => (
                "likeness of the embedding of a wav to that of the recording, between floor and ceiling",
                "(similarity - floor) / (ceiling - floor), with the means of floor and ceiling over all recordings",
            ),
        };
        Some(format!(
            "{profile}: {what}\n\nFormula\n  {formula}.\n\nUnit\n  none; {unit}.\n\nParameters\n  {model}, made outside of \
             Mynah.\n\nOracle\n  numpy.\n\nKnown faults\n  It is the model's idea of likeness: channel and bandwidth count too, \
             and values of different models cannot be compared. A ceiling over other sentences may lie below the likeness to \
             the recording of the same sentence.",
            unit = if part == Part::Relative {
                "0 is as unlike as other speakers, 1 as alike as the speaker"
            } else {
                "-1 to 1"
            },
        ))
    }
}

/// Embeddings of recordings with their speakers.
struct Recordings {
    found: Found,
    /// The speaker of each usable recording; all have one if none is named.
    speakers: BTreeMap<String, String>,
    /// For each speaker, the sum of the embeddings and their number.
    sums: BTreeMap<String, (Vec<f64>, u64)>,
    /// The sum over all speakers.
    all: (Vec<f64>, u64),
    /// Number of speakers that are named.
    n_speakers: usize,
    /// The mean likeness of recordings of one speaker.
    ceiling: Option<f64>,
    /// The mean likeness of recordings of different speakers.
    floor: Option<f64>,
}

impl Recordings {
    fn of(mut found: Found, named: &BTreeMap<String, String>) -> Self {
        let usual = usual_length(&found);
        for vector in found.vectors.values_mut() {
            if let Ok(numbers) = vector
                && numbers.len() != usual
            {
                *vector = Err(format!("its embedding has {} numbers, most have {usual}", numbers.len()));
            }
        }
        let is_named = found.vectors.keys().any(|item| named.contains_key(item));
        let speaker = |item: &String| if is_named { named.get(item).cloned() } else { Some(String::new()) };
        let usable = found.vectors.iter().filter(|(_, vector)| vector.is_ok());
        let speakers: BTreeMap<String, String> =
            usable.filter_map(|(item, _)| Some((item.clone(), speaker(item)?))).collect();
        let mut sums: BTreeMap<String, (Vec<f64>, u64)> = BTreeMap::new();
        let mut all = (vec![0.0; usual], 0);
        for (item, speaker) in &speakers {
            let Ok(vector) = &found.vectors[item] else { continue };
            add(sums.entry(speaker.clone()).or_insert_with(|| (vec![0.0; usual], 0)), vector);
            add(&mut all, vector);
        }
        let n_speakers = if is_named { sums.len() } else { 0 };
        let mut recordings = Self { found, speakers, sums, all, n_speakers, ceiling: None, floor: None };
        let mean = |of: &dyn Fn(&str) -> Mean| {
            let values: Vec<f64> =
                recordings.speakers.keys().filter_map(|item| of(item).ok()).map(|(value, _)| value).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        let ceiling = mean(&|item| recordings.ceiling_of(item));
        let floor = mean(&|item| recordings.floor_of(item));
        (recordings.ceiling, recordings.floor) = (ceiling, floor);
        recordings
    }

    /// Returns the embedding of a recording, or the reason why it has none.
    fn vector(&self, item: &str) -> Result<&[f64], String> {
        match self.found.vectors.get(item) {
            None => Err(format!("`{}` has no embedding of `{item}`", self.found.name)),
            Some(vector) => vector.as_deref().map_err(Clone::clone),
        }
    }

    fn ceiling_of(&self, item: &str) -> Mean {
        let (vector, (sum, n), _) = self.with_speaker(item)?;
        if *n < 2 {
            return Err("there is no other recording of the speaker".to_owned());
        }
        // The vector itself is in the sum, and has a length of 1.
        Ok(((dot(vector, sum) - dot(vector, vector)) / (n - 1) as f64, n - 1))
    }

    fn floor_of(&self, item: &str) -> Mean {
        let (vector, (sum, n), (all, n_all)) = self.with_speaker(item)?;
        if n == n_all {
            return Err("there is no recording of another speaker".to_owned());
        }
        Ok(((dot(vector, all) - dot(vector, sum)) / (n_all - n) as f64, n_all - n))
    }

    /// Returns the embedding of a recording, and the sums of its speaker and of all.
    #[expect(clippy::type_complexity, reason = "three values that are used at once")]
    fn with_speaker(&self, item: &str) -> Result<(&[f64], &(Vec<f64>, u64), &(Vec<f64>, u64)), String> {
        let vector = self.vector(item).map_err(|why| format!("reference: {why}"))?;
        let speaker =
            self.speakers.get(item).ok_or_else(|| format!("the speaker of `{item}` is not named"))?;
        Ok((vector, &self.sums[speaker], &self.all))
    }
}

/// Returns the length that most embeddings have.
fn usual_length(found: &Found) -> usize {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for vector in found.vectors.values().flatten() {
        *counts.entry(vector.len()).or_default() += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map_or(0, |(length, _)| length)
}

fn read_targets(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let targets = transcripts::read_column(path, &TARGET_COLUMNS, "target")
        .with_context(|| format!("failed to read targets from `{}`", path.display()))?;
    Ok(targets.into_iter().map(|(item, target)| (item, item_of(&target))).collect())
}

fn add((sum, n): &mut (Vec<f64>, u64), vector: &[f64]) {
    for (sum, number) in sum.iter_mut().zip(vector) {
        *sum += number;
    }
    *n += 1;
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}
