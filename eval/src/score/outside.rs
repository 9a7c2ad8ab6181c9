//! Scores that are made outside: transcripts and embeddings in files, and the answers of commands.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mynah_cli::{Advised, say};
use mynah_metrics::{Clip, Pace, Score, Status, Text};
use mynah_table::read_table;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::{Deserialize, Serialize};

use super::command::{Answer, Better, Ready, Record, Request};
use super::embeddings::{EmbeddingFiles, Embeddings};
use super::expected::{MANIFEST, Source};
use super::folder::{Folder, item_of};
use super::onnx::{self, Values};
use super::protocol::Protocol;
use super::synthesis::{Row, Synthesis};
use super::transcripts;
use super::words::{Heard, Normalizer, Recognizer, WordRow};

/// A file of transcripts of a system's wavs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transcripts {
    /// Name of the system.
    pub(crate) system: String,
    /// The file.
    pub(crate) path: PathBuf,
}

/// Files with what others know.
pub(crate) struct Files<'a> {
    pub(crate) transcripts: &'a [Transcripts],
    pub(crate) embeddings: &'a EmbeddingFiles,
    /// Texts of the items.
    pub(crate) text: Option<&'a Path>,
    /// The origin of the items.
    pub(crate) source: &'a Source,
    /// A metric needs the lengths of the texts.
    pub(crate) needs_text: bool,
}

/// A system, as far as it is needed here.
#[derive(Clone, Copy)]
pub(crate) struct Spoken<'a> {
    pub(crate) name: &'a str,
    pub(crate) folder: &'a Folder,
    pub(crate) synthesis: Option<&'a Synthesis>,
}

/// Knowledge of the wavs of a system from outside.
struct OfSystem {
    /// The wav of each item, or the reason why nothing can be heard.
    audible: BTreeMap<String, Result<PathBuf, String>>,
    /// Transcripts from a file, with its name.
    transcripts: Option<(String, BTreeMap<String, String>)>,
    /// The answers of each command.
    answers: Vec<BTreeMap<String, Answer>>,
    /// The values of each graph.
    values: Vec<BTreeMap<String, Values>>,
}

/// Everything that is known from outside.
pub(crate) struct Outside<'a> {
    normalizer: Normalizer,
    /// The recognizer of the transcripts in files, if there are any.
    recognizer: Option<Recognizer>,
    commands: Vec<Ready<'a>>,
    graphs: Vec<onnx::Ready<'a>>,
    embeddings: Option<Embeddings>,
    texts: BTreeMap<String, String>,
    /// The pace of the recordings, if a metric needs it and there are enough.
    pace: Option<Pace>,
    systems: Vec<OfSystem>,
}

/// The columns of a dataset's manifest that have texts and speakers.
#[derive(Debug, Serialize, Deserialize)]
struct Utterance {
    id: String,
    text: String,
    #[serde(default)]
    speaker: Option<String>,
}

impl<'a> Outside<'a> {
    /// Reads the transcripts, and runs the commands on everything that can be heard.
    pub(crate) fn gather(
        protocol: &'a Protocol,
        reference: Option<&Folder>,
        systems: &[Spoken<'_>],
        items: &[String],
        files: &Files<'_>,
    ) -> anyhow::Result<Self> {
        let commands = protocol
            .commands
            .iter()
            .map(|command| Ready::of(command, &protocol.directory))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let graphs = protocol
            .onnx
            .iter()
            .map(|graph| onnx::Ready::of(graph, &protocol.directory))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let normalizer = protocol.words.unwrap_or_default().normalizer;
        let recognizer = (!files.transcripts.is_empty()).then(|| Recognizer {
            prefix: String::new(),
            version: None,
            normalizer,
        });
        let mut outside = Self {
            normalizer,
            recognizer,
            commands,
            graphs,
            embeddings: embeddings(protocol, files, systems)?,
            texts: BTreeMap::new(),
            pace: None,
            systems: Vec::new(),
        };
        let is_needed = outside.recognizer.is_some() || !outside.commands.is_empty();
        if is_needed || files.needs_text {
            outside.texts = texts(files.text, files.source, systems)?;
        }
        if files.needs_text {
            outside.pace = reference.and_then(|reference| pace(reference, &outside.texts, items));
            if outside.pace.is_none() {
                say(
                    "lengths are not judged: that takes ten recordings, named with --reference, and their texts",
                );
            }
        }
        if !is_needed && outside.embeddings.is_none() && outside.graphs.is_empty() {
            return Ok(outside);
        }
        let hears = outside.recognizer.is_some()
            || protocol.commands.iter().any(|command| command.transcript.is_some());
        if hears && !items.iter().any(|item| outside.texts.contains_key(item)) {
            let message = "nothing is known of what was to be read, so transcripts cannot be scored";
            return Err(Advised::new(message, "name a file of items and texts with --text").into());
        }
        for system in systems {
            let of_system = outside.of_system(*system, reference, items, files.transcripts)?;
            outside.systems.push(of_system);
        }
        Ok(outside)
    }

    fn of_system(
        &self,
        system: Spoken<'_>,
        reference: Option<&Folder>,
        items: &[String],
        files: &[Transcripts],
    ) -> anyhow::Result<OfSystem> {
        let audible: BTreeMap<String, Result<PathBuf, String>> = items
            .par_iter()
            .map(|item| {
                let row = system.synthesis.and_then(|rows| rows.get(item));
                (item.clone(), row.and_then(Row::failure).map_or_else(|| audible(system.folder, item), Err))
            })
            .collect();
        let transcripts = match files.iter().find(|file| file.system == system.name) {
            None => None,
            Some(file) => {
                let texts = transcripts::read(&file.path)?;
                let n_others = texts.keys().filter(|item| !audible.contains_key(*item)).count();
                if n_others > 0 {
                    let file = file.path.display();
                    say(&format!("`{file}` has texts of {n_others} unexpected items, which are not scored"));
                }
                Some((file.path.display().to_string(), texts))
            }
        };
        let requests: Vec<Request> = audible
            .iter()
            .filter_map(|(item, path)| {
                let reference = reference.and_then(|folder| folder.path(item).ok()).map(absolute);
                let path = absolute(path.as_ref().ok()?);
                Some(Request { item: item.clone(), path, reference, text: self.texts.get(item).cloned() })
            })
            .collect();
        let mut answers = Vec::new();
        for command in &self.commands {
            say(&format!(
                "running `{}` on {} wavs of `{}`",
                command.command.name,
                requests.len(),
                system.name
            ));
            answers.push(command.answers(&requests)?);
        }
        let mut values = Vec::new();
        for ready in &self.graphs {
            say(&format!("running `{}` on {} wavs of `{}`", ready.graph.name, requests.len(), system.name));
            let measure = |request: &Request| {
                let values = system.folder.read(&request.item).and_then(|waveform| ready.values(&waveform));
                (request.item.clone(), values)
            };
            values.push(requests.par_iter().map(measure).collect());
        }
        Ok(OfSystem { audible, transcripts, answers, values })
    }

    /// Returns the length of an item's text, with the pace of the recordings.
    pub(crate) fn text(&self, item: &str) -> Option<Text> {
        let text = Text::of(self.texts.get(item)?);
        Some(match self.pace {
            Some(pace) => text.at(pace),
            None => text,
        })
    }

    /// Returns what was run.
    pub(crate) fn records(&self) -> Vec<&Record> {
        self.commands.iter().map(|command| &command.record).collect()
    }

    /// Returns the rows of an item of a system, given by its place, and the comparisons of words behind them.
    pub(crate) fn rows(
        &self,
        place: usize,
        (name, step, item): (&str, Option<u64>, &str),
    ) -> (Vec<Score>, Vec<WordRow>) {
        let (mut rows, mut words) = (Vec::new(), Vec::new());
        let Some(system) = self.systems.get(place) else { return (rows, words) };
        let text = self.texts.get(item).map(String::as_str);
        let silent = system.audible.get(item).and_then(|path| path.as_ref().err());
        let id = (name, step, item);
        let hear = |recognizer: &Recognizer, heard: Result<&str, String>| {
            let heard = match (silent, heard) {
                (Some(why), _) => Heard::Nothing(why.clone()),
                (None, Ok(words)) => Heard::Words(words.to_owned()),
                (None, Err(why)) => Heard::Unknown(why),
            };
            recognizer.score(id, text, &heard)
        };
        if let Some(recognizer) = &self.recognizer {
            let heard = match &system.transcripts {
                None => Err("there are no transcripts of the system".to_owned()),
                Some((file, texts)) => texts
                    .get(item)
                    .map(String::as_str)
                    .ok_or_else(|| format!("`{file}` has no transcript of it")),
            };
            let (scores, row) = hear(recognizer, heard);
            rows.extend(scores);
            words.extend(row);
        }
        if let Some(embeddings) = &self.embeddings {
            rows.extend(embeddings.rows(place, id, silent.map(String::as_str)));
        }
        for (command, answers) in self.commands.iter().zip(&system.answers) {
            let unasked = || Err("it was not asked about".to_owned());
            let answer =
                answers.get(item).map_or_else(unasked, |answer| answer.as_ref().map_err(Clone::clone));
            for metric in &command.command.metrics {
                let value = match silent {
                    Some(why) => Err(why.clone()),
                    None => answer.clone().and_then(|answer| metric.value(answer)),
                };
                let names = (metric.name.as_str(), command.profile(metric), metric.unit.as_str());
                rows.push(row_of(names, metric.better, id, value));
            }
            if let Some(key) = &command.command.transcript {
                let heard = answer.and_then(|answer| {
                    let words = answer.get(key).and_then(serde_json::Value::as_str);
                    words.ok_or_else(|| format!("the answer has no text `{key}`"))
                });
                let (scores, row) = hear(&self.recognizer_of(command), heard);
                rows.extend(scores);
                words.extend(row);
            }
        }
        for (ready, values) in self.graphs.iter().zip(&system.values) {
            for (place, metric) in ready.graph.metrics.iter().enumerate() {
                let value = match (silent, values.get(item)) {
                    (Some(why), _) | (None, Some(Err(why))) => Err(why.clone()),
                    (None, Some(Ok(values))) => values[place].clone(),
                    (None, None) => Err("it was not measured".to_owned()),
                };
                let names = (metric.name.as_str(), ready.profile(metric), metric.unit.as_str());
                rows.push(row_of(names, metric.better, id, value));
            }
        }
        (rows, words)
    }

    fn recognizer_of(&self, command: &Ready<'_>) -> Recognizer {
        Recognizer {
            prefix: format!("{}_", command.command.name),
            version: Some(command.version.clone()),
            normalizer: self.normalizer,
        }
    }
}

/// Returns the row of a metric of the user's, with its name, profile and unit.
fn row_of(
    (metric, profile, unit): (&str, String, &str),
    better: Better,
    (system, step, item): (&str, Option<u64>, &str),
    value: Result<f64, String>,
) -> Score {
    let status = if value.is_ok() { Status::Ok } else { Status::Failed };
    let (value, reason) = match value {
        Ok(value) => (Some(value), None),
        Err(why) => (None, Some(why)),
    };
    Score {
        system: system.to_owned(),
        step,
        item: item.to_owned(),
        metric: metric.to_owned(),
        profile,
        unit: unit.to_owned(),
        status,
        value,
        reason,
        frames: None,
        better: Some(better.as_str().to_owned()),
    }
}

/// Fits the pace of the recordings of all items with a text; `None` if there are too few.
fn pace(reference: &Folder, texts: &BTreeMap<String, String>, items: &[String]) -> Option<Pace> {
    let length = |item: &String| {
        let waveform = reference.read(item).ok()?;
        let seconds = Clip::new(&waveform).spoken_seconds().ok()?;
        Some((Text::of(texts.get(item)?).n_units(), seconds))
    };
    let recordings: Vec<(u32, f64)> = items.par_iter().filter_map(length).collect();
    Pace::fit(&recordings)
}

/// Returns the wav of an item, or the reason why nothing can be heard in it.
fn audible(folder: &Folder, item: &str) -> Result<PathBuf, String> {
    let waveform = folder.read(item)?;
    Clip::new(&waveform).speech().map_err(|why| format!("the wav {why}"))?;
    folder.path(item).map(Path::to_owned)
}

/// Returns a path that means the same in every directory.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Reads embeddings, with the speakers of the dataset that the items come from.
fn embeddings(
    protocol: &Protocol,
    files: &Files<'_>,
    systems: &[Spoken<'_>],
) -> anyhow::Result<Option<Embeddings>> {
    let has_speakers = !files.embeddings.embeddings.is_empty() && files.embeddings.speakers.is_none();
    let speakers = match files.source {
        Source::Split(path, _) if has_speakers => {
            let rows = utterances(path)?.into_iter();
            rows.filter_map(|row| Some((item_of(&row.id), row.speaker?))).collect()
        }
        _ => BTreeMap::new(),
    };
    let names: Vec<&str> = systems.iter().map(|system| system.name).collect();
    let metric = protocol.embeddings.clone().unwrap_or_default();
    Embeddings::read(&metric, files.embeddings, &names, speakers)
}

/// Reads what a dataset says about its utterances.
fn utterances(dataset: &Path) -> anyhow::Result<Vec<Utterance>> {
    read_table(&dataset.join(MANIFEST))
        .with_context(|| format!("failed to read the dataset `{}`", dataset.display()))
}

/// Reads what was to be read: from a file, the dataset that the items come from, or what the synthesizers were given.
pub(super) fn texts(
    file: Option<&Path>,
    source: &Source,
    systems: &[Spoken<'_>],
) -> anyhow::Result<BTreeMap<String, String>> {
    match (file, source) {
        (Some(path), _) => transcripts::read(path),
        (None, Source::Split(path, _)) => {
            let rows = utterances(path)?;
            Ok(rows.into_iter().map(|row| (item_of(&row.id), row.text)).collect())
        }
        (None, _) => {
            let mut texts: BTreeMap<String, String> = BTreeMap::new();
            for (item, row) in systems.iter().filter_map(|system| system.synthesis).flatten() {
                let Some(text) = &row.text else { continue };
                let known = texts.entry(item.clone()).or_insert_with(|| text.clone());
                if known != text {
                    let message = format!("the systems were to read different texts of `{item}`");
                    return Err(Advised::new(message, "name a file of items and texts with --text").into());
                }
            }
            Ok(texts)
        }
    }
}
