//! Preparation of single clips: the phones of the text and the features of the recording.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, Progress, say};
use mynah_corpus::{
    AudioSummary, Candidate, Code, Corpus, DatasetLayout, Entry, FeatureExtractor, Problem, Recipe, Span,
    Stage, TextBackend, TextColumn, give_phones, text_of_phones,
};
use mynah_signal::Analysis;
use mynah_text::{Error as TextError, Phonemized, Phonemizer};
use rayon::prelude::*;

use super::sup_phones;
use crate::espeak::Espeak;
use crate::pronunciation::phonemizer_of;

/// A clip whose text has phones and whose recording has features.
pub(crate) struct PreparedClip {
    pub(crate) entry: Entry,
    pub(crate) text: String,
    pub(crate) phonemized: Phonemized,
    pub(crate) audio: AudioSummary,
    pub(crate) feature_key: String,
    /// True when an earlier run computed the features.
    pub(crate) reused: bool,
}

impl PreparedClip {
    /// Returns the clip as the splits see it.
    pub(crate) fn candidate(&self) -> Candidate<'_> {
        let Entry { id, speaker, split, .. } = &self.entry;
        Candidate { id, speaker: speaker.as_deref(), split: *split }
    }

    /// Returns the symbols as they are written to the manifest.
    pub(crate) fn symbols(&self) -> String {
        symbols_of(&self.phonemized)
    }

    /// Returns the word of each symbol as it is written to the manifest: -1 for none.
    pub(crate) fn word_index(&self) -> Vec<i64> {
        self.phonemized.word_index.iter().map(|word| word.map_or(-1, i64::from)).collect()
    }
}

/// Returns symbols as they are written to the manifest.
pub(crate) fn symbols_of(phonemized: &Phonemized) -> String {
    phonemized.symbols.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Prepares the clips of a corpus by one recipe.
pub(crate) struct ClipPreparer<'a> {
    corpus: &'a Corpus,
    layout: &'a DatasetLayout,
    recipe: &'a Recipe,
    phonemizer: Phonemizer,
    extractor: FeatureExtractor,
}

impl<'a> ClipPreparer<'a> {
    /// Reads the lexicon, plans the transforms, and checks that the recipe's sup-phonemes can be read.
    pub(crate) fn new(corpus: &'a Corpus, layout: &'a DatasetLayout, recipe: &'a Recipe) -> Result<Self> {
        let phonemizer = phonemizer_of(&recipe.text)?;
        let extractor = FeatureExtractor::new(&recipe.audio)?;
        recipe.keep.validate()?;
        // They are needed last, which is late to learn that the file is missing.
        sup_phones::given(recipe)?;
        Ok(Self { corpus, layout, recipe, phonemizer, extractor })
    }

    /// Asks espeak-ng for the words of all entries, if the recipe selects it.
    ///
    /// The file `keep`, if given, caches the pronunciations for as long as espeak-ng and its data stay the same.
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
        keep.map_or(Ok(()), |path| espeak.keep(path))
    }

    /// Returns the extractor of features.
    pub(crate) fn extractor(&self) -> &FeatureExtractor {
        &self.extractor
    }

    /// Prepares every entry and returns them by id; entries that cannot be prepared are added to `problems`.
    ///
    /// # Errors
    ///
    /// When the dataset's directory cannot be written: a full disk affects all other entries too.
    pub(crate) fn prepare_all(
        &self,
        entries: Vec<Entry>,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<PreparedClip>> {
        process(entries, problems, "prepared", |entry| self.prepare(entry))
    }

    /// Does the same from the findings of shards, without reading recordings; `findings` are feature keys by clip.
    ///
    /// Entries in `failed` are skipped, as their problems are known.
    ///
    /// # Errors
    ///
    /// When an entry is in neither, or its features do not have the finding's key: a shard must be run again.
    pub(crate) fn recall_all(
        &self,
        mut entries: Vec<Entry>,
        findings: &HashMap<&str, &str>,
        failed: &HashMap<&str, &Problem>,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<PreparedClip>> {
        entries.retain(|entry| !failed.contains_key(entry.id.as_str()));
        process(entries, problems, "recalled", |entry| {
            let features = findings
                .get(entry.id.as_str())
                .and_then(|key| Some((*key, self.layout.features().summary(&entry.id, key)?)));
            let Some((key, summary)) = features else {
                bail!(Advised::new(
                    format!("the features of `{}` are missing, or not those of its shard", entry.id),
                    "run the shards again"
                ));
            };
            Ok(self.phonemize(&entry).map(|(text, phonemized)| PreparedClip {
                entry,
                text,
                phonemized,
                audio: summary,
                feature_key: key.to_owned(),
                reused: true,
            }))
        })
    }

    /// Analyzes every entry for `check`, in the order of their ids, and writes nothing. `make` gets the entry, BLAKE3 of its
    /// recording, the analysis of the recording, the number of its frames, and the phones.
    pub(crate) fn check_all<T: Send>(
        &self,
        entries: Vec<Entry>,
        problems: &mut Vec<Problem>,
        make: impl Fn(Entry, String, Analysis, usize, Phonemized) -> T + Sync,
    ) -> Result<Vec<T>> {
        process(entries, problems, "checked", |entry| {
            let check = || {
                let (_, phonemized) = self.phonemize(&entry)?;
                let file = self.read(&entry)?;
                let (recording, frames) =
                    self.extractor.analyze(&entry.id, &file, &entry.audio, entry.span)?;
                Ok((self.extractor.key(&file, entry.span), recording, frames, phonemized))
            };
            Ok(check().map(|(hash, recording, frames, phonemized)| {
                make(entry, hash, recording, frames, phonemized)
            }))
        })
    }

    /// Reads the prepared signal of a clip again.
    ///
    /// # Errors
    ///
    /// When the recording has changed since it was analyzed.
    pub(crate) fn wave(&self, id: &str, audio: &str, span: Option<Span>) -> Result<Vec<i16>> {
        let path = self.corpus.root().join(audio);
        let file = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        self.extractor.wave(id, &file, audio, span).map_err(|problem| {
            Advised::new(
                format!("`{}` has changed: {}", path.display(), problem.message),
                "run the check again",
            )
            .into()
        })
    }

    /// Prepares one entry. The outer error concerns the dataset's directory.
    fn prepare(&self, entry: Entry) -> Result<Result<PreparedClip, Box<Problem>>> {
        let (text, phonemized) = match self.phonemize(&entry) {
            Ok(good) => good,
            Err(problem) => return Ok(Err(problem)),
        };
        let audio = entry.audio.clone();
        let wav = match self.read(&entry) {
            Ok(wav) => wav,
            Err(problem) => return Ok(Err(problem)),
        };
        let (store, feature_key) = (self.layout.features(), self.extractor.key(&wav, entry.span));
        let (summary, reused) = match store.summary(&entry.id, &feature_key) {
            Some(summary) => (summary, true),
            None => match self.extractor.extract(&entry.id, &wav, &audio, entry.span) {
                Ok(features) => {
                    store.write(&entry.id, &feature_key, &features)?;
                    (features.summary, false)
                }
                Err(problem) => return Ok(Err(problem)),
            },
        };
        Ok(Ok(PreparedClip { entry, text, phonemized, audio: summary, feature_key, reused }))
    }

    /// Reads the recording of an entry.
    fn read(&self, entry: &Entry) -> Result<Vec<u8>, Box<Problem>> {
        fs::read(self.corpus.root().join(&entry.audio)).map_err(|error| {
            Box::new(Problem {
                stage: Stage::Audio,
                code: Code::Io,
                id: Some(entry.id.clone()),
                file: entry.audio.clone(),
                line: None,
                message: error.to_string(),
                remedy: "make the file readable and run again".to_owned(),
            })
        })
    }

    /// Returns the text of an entry with its phones.
    fn phonemize(&self, entry: &Entry) -> Result<(String, Phonemized), Box<Problem>> {
        let problem = |code, message, remedy: &str| {
            Box::new(Problem {
                stage: Stage::Text,
                code,
                id: Some(entry.id.clone()),
                file: entry.table.to_string(),
                line: Some(entry.line),
                message,
                remedy: remedy.to_owned(),
            })
        };
        let bad_phones = |why: String| {
            let given = entry.phones.as_deref().unwrap_or_default();
            let message = format!("the phones `{given}` cannot be used: {why}");
            problem(Code::BadPhones, message, "write ARPAbet with ` / ` between words, or American IPA")
        };
        let text = match (text_of(self.recipe, entry), &entry.phones) {
            ("", Some(phones)) => text_of_phones(phones).map_err(bad_phones)?,
            (text, _) => text.to_owned(),
        };
        let mut phonemized = self.phonemizer.phonemize(&text).map_err(|error| {
            if matches!(error, TextError::GivenPhones { .. }) {
                let remedy = error.remedy().unwrap_or("write phones that exist");
                return problem(Code::BadPhones, error.to_string(), remedy);
            }
            let message = format!("there is no word in `{text}`");
            problem(Code::EmptyText, message, "write the words of the clip, or delete the line")
        })?;
        if let Some(phones) = &entry.phones {
            give_phones(&mut phonemized, phones).map_err(bad_phones)?;
        }
        Ok((text, phonemized))
    }
}

/// Processes entries in parallel, in the order of their ids.
fn process<T: Send>(
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

/// Returns the text of an entry in the recipe's column.
pub(super) fn text_of<'a>(recipe: &Recipe, entry: &'a Entry) -> &'a str {
    match recipe.text.column {
        TextColumn::Text => &entry.text,
        TextColumn::Normalized => &entry.normalized,
    }
}
