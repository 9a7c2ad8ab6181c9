//! Each clip by itself: its text, and the features of its recording.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use mynah_corpus::{
    AudioSummary, Code, Corpus, DatasetLayout, Entry, FeatureExtractor, Problem, Recipe, Stage, TextBackend,
    TextColumn,
};
use mynah_signal::Analysis;
use mynah_text::{Phonemized, Phonemizer};
use rayon::prelude::*;

use super::finalize::given_sup_phones;
use crate::espeak::Espeak;
use super::phonemize::phonemizer;
use crate::program::say;
use crate::progress::Progress;

/// An utterance whose recording and text are in order.
pub(crate) struct Prepared {
    pub(crate) entry: Entry,
    pub(crate) text: String,
    pub(crate) phonemized: Phonemized,
    pub(crate) audio: AudioSummary,
    pub(crate) feature_key: String,
    /// Whether the features were there before.
    pub(crate) reused: bool,
}

impl Prepared {
    /// The symbols as the manifest has them.
    pub(crate) fn symbols(&self) -> String {
        self.phonemized.symbols.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

/// What prepares clips by one recipe.
pub(crate) struct Preparer<'a> {
    corpus: &'a Corpus,
    layout: &'a DatasetLayout,
    recipe: &'a Recipe,
    phonemizer: Phonemizer,
    extractor: FeatureExtractor,
}

impl<'a> Preparer<'a> {
    /// Reads the lexicon, prepares the transforms, and looks whether sup-phones that are given can be read.
    pub(crate) fn new(corpus: &'a Corpus, layout: &'a DatasetLayout, recipe: &'a Recipe) -> Result<Self> {
        let phonemizer = phonemizer(recipe.text.lexicon.as_deref())?;
        let extractor = FeatureExtractor::new(&recipe.audio)?;
        // They are needed last, and nobody wants to hear then that the file is not there.
        given_sup_phones(recipe)?;
        Ok(Self { corpus, layout, recipe, phonemizer, extractor })
    }

    /// Asks espeak-ng for the words of all entries, where the recipe wants it.
    ///
    /// What it says is kept in the file `keep`, if there is one, and not asked again while espeak-ng and its data stay the
    /// same.
    pub(crate) fn ask_espeak(&mut self, entries: &[Entry], keep: Option<&Path>) -> Result<()> {
        if self.recipe.text.backend == TextBackend::Dictionary {
            return Ok(());
        }
        let mut espeak = Espeak::find()?;
        say(espeak.key());
        if let Some(path) = keep {
            espeak.remember(path);
        }
        let texts = entries.iter().map(|entry| text_of(self.recipe, entry));
        espeak.teach(&mut self.phonemizer, texts)?;
        keep.map_or(Ok(()), |path| espeak.write_down(path))
    }

    /// What computes the features.
    pub(crate) fn extractor(&self) -> &FeatureExtractor {
        &self.extractor
    }

    /// Every entry by itself, in the order of their ids; what cannot be prepared goes to `problems`.
    ///
    /// # Errors
    ///
    /// One of the dataset's directory: a full disk concerns every other entry too.
    pub(crate) fn prepare_all(
        &self,
        entries: Vec<Entry>,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<Prepared>> {
        each(entries, problems, "prepared", |entry| self.prepare(entry))
    }

    /// The same from what shards found, without reading any recording; `findings` are feature keys by clip.
    ///
    /// Entries that are in `failed` are left out: their problems are known.
    ///
    /// # Errors
    ///
    /// When an entry is in neither, or its features are not those of the finding: a shard has to be run again.
    pub(crate) fn recall_all(
        &self,
        mut entries: Vec<Entry>,
        findings: &HashMap<&str, &str>,
        failed: &HashMap<&str, &Problem>,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<Prepared>> {
        entries.retain(|entry| !failed.contains_key(entry.id.as_str()));
        each(entries, problems, "recalled", |entry| {
            let features = findings
                .get(entry.id.as_str())
                .and_then(|key| Some((*key, self.layout.features().summary(&entry.id, key)?)));
            let Some((key, summary)) = features else {
                bail!(
                    "the features of `{}` are not those that its shard made, or no shard made them: run the shards again",
                    entry.id
                );
            };
            Ok(self.phonemize(&entry).map(|(text, phonemized)| Prepared {
                entry,
                text,
                phonemized,
                audio: summary,
                feature_key: key.to_owned(),
                reused: true,
            }))
        })
    }

    /// What `check` wants to know of every entry, in the order of their ids: `make` gets the entry, BLAKE3 of its recording,
    /// what the recording is like, and the text. Writes nothing.
    pub(crate) fn check_all<T: Send>(
        &self,
        entries: Vec<Entry>,
        problems: &mut Vec<Problem>,
        make: impl Fn(Entry, String, Analysis, Phonemized) -> T + Sync,
    ) -> Result<Vec<T>> {
        each(entries, problems, "checked", |entry| {
            let check = || {
                let (_, phonemized) = self.phonemize(&entry)?;
                let file = self.read(&entry)?;
                let recording = self.extractor.analyze(&entry.id, &file, &entry.audio)?;
                Ok((blake3::hash(&file).to_hex().to_string(), recording, phonemized))
            };
            Ok(check().map(|(hash, recording, phonemized)| make(entry, hash, recording, phonemized)))
        })
    }

    /// One entry. The outer error is one of the dataset's directory.
    fn prepare(&self, entry: Entry) -> Result<Result<Prepared, Box<Problem>>> {
        let (text, phonemized) = match self.phonemize(&entry) {
            Ok(good) => good,
            Err(problem) => return Ok(Err(problem)),
        };
        let audio = entry.audio.clone();
        let wav = match self.read(&entry) {
            Ok(wav) => wav,
            Err(problem) => return Ok(Err(problem)),
        };
        let (store, feature_key) = (self.layout.features(), self.extractor.key(&wav));
        let (summary, reused) = match store.summary(&entry.id, &feature_key) {
            Some(summary) => (summary, true),
            None => match self.extractor.extract(&entry.id, &wav, &audio) {
                Ok(features) => {
                    store.write(&entry.id, &feature_key, &features)?;
                    (features.summary, false)
                }
                Err(problem) => return Ok(Err(problem)),
            },
        };
        Ok(Ok(Prepared { entry, text, phonemized, audio: summary, feature_key, reused }))
    }

    /// The bytes of an entry's recording.
    fn read(&self, entry: &Entry) -> Result<Vec<u8>, Box<Problem>> {
        fs::read(self.corpus.root().join(&entry.audio)).map_err(|error| {
            Box::new(Problem {
                stage: Stage::Audio,
                code: Code::Io,
                id: Some(entry.id.clone()),
                file: entry.audio.clone(),
                line: None,
                message: error.to_string(),
                remedy: "make the file readable, and run again".to_owned(),
            })
        })
    }

    /// The text of an entry, and what it becomes.
    fn phonemize(&self, entry: &Entry) -> Result<(String, Phonemized), Box<Problem>> {
        let text = text_of(self.recipe, entry);
        match self.phonemizer.phonemize(text) {
            Ok(phonemized) => Ok((text.to_owned(), phonemized)),
            Err(_) => Err(Box::new(Problem {
                stage: Stage::Text,
                code: Code::EmptyText,
                id: Some(entry.id.clone()),
                file: "metadata.csv".to_owned(),
                line: Some(entry.line),
                message: format!("there is no word in `{text}`"),
                remedy: "write what is said in the clip, or delete the line".to_owned(),
            })),
        }
    }
}

/// Every entry by itself, in the order of their ids.
fn each<T: Send>(
    mut entries: Vec<Entry>,
    problems: &mut Vec<Problem>,
    verb: &'static str,
    prepare: impl Fn(Entry) -> Result<Result<T, Box<Problem>>> + Sync,
) -> Result<Vec<T>> {
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    let progress = Progress::new(verb, entries.len());
    let outcomes: Vec<Result<T, Box<Problem>>> = entries
        .into_par_iter()
        .map(|entry| {
            let outcome = prepare(entry);
            progress.step();
            outcome
        })
        .collect::<Result<_>>()?;
    progress.finish();
    let mut prepared = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        match outcome {
            Ok(good) => prepared.push(good),
            Err(problem) => problems.push(*problem),
        }
    }
    Ok(prepared)
}

/// The text of an entry that is spoken.
fn text_of<'a>(recipe: &Recipe, entry: &'a Entry) -> &'a str {
    match recipe.text.column {
        TextColumn::Text => &entry.text,
        TextColumn::Normalized => &entry.normalized,
    }
}
