//! Prepared datasets, written by `mynah-prepare run` and read by everything after it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mynah_align::AlignmentSource;
use mynah_signal::{Analysis, Waveform, wav};
use mynah_table::{final_name, read_table, remove_files, write_atomic, write_table};
use mynah_text::{SupPhones, Symbol, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::alignment_store::AlignmentStore;
use crate::feature_store::FeatureStore;
use crate::features::{AudioSummary, FULL_SCALE, Features};
use crate::keep::Dropped;
use crate::problem::Problem;
use crate::recipe::Recipe;
use crate::shard::ShardStore;
use crate::source::Span;
use crate::speakers::Speaker;
use crate::split::Split;

/// Format version of a dataset directory.
pub const DATASET_FORMAT: u32 = 3;

const INFO: &str = "dataset.toml";
const MANIFEST: &str = "manifest.parquet";
const VOCABULARY: &str = "vocabulary.json";
const SUP_PHONES: &str = "supphones.json";
const PROBLEMS: &str = "problems.jsonl";
const REPORT: &str = "report.html";
const SPEAKERS: &str = "speakers.jsonl";
const REPORT_CLIPS: &str = "report-clips";
const DROPPED: &str = "dropped.jsonl";
const FEATURES: &str = "features";
const ALIGNMENTS: &str = "alignments";
const SHARDS: &str = "shards";

/// One utterance: a row of `manifest.parquet` (`docs/formats/dataset.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    /// Name of the clip.
    pub id: String,
    /// Split of the utterance.
    pub split: Split,
    /// Speaker, where the corpus names one.
    pub speaker: Option<String>,
    /// Audio file, relative to the corpus.
    pub audio: String,
    /// Start of the clip in the audio file, if it is a part of it.
    pub audio_start_seconds: Option<f64>,
    /// End of the clip in the audio file, if it is a part of it.
    pub audio_end_seconds: Option<f64>,
    /// Original text.
    pub text: String,
    /// Normalized words, as phonemized.
    pub normalized: String,
    /// Phones, punctuation and boundaries, separated by spaces.
    pub symbols: String,
    /// Vocabulary ids of the symbols.
    pub symbol_ids: Vec<u32>,
    /// Sup-phoneme id of each symbol.
    pub sup_phone_ids: Vec<u32>,
    /// Word index of each symbol, from 0; -1 for punctuation and boundaries.
    pub word_index: Vec<i64>,
    /// Frames of each symbol.
    pub durations: Vec<u32>,
    /// Frames of the mel spectrogram.
    pub frames: u32,
    /// Samples of the prepared wave.
    pub samples: u64,
    /// Samples / sample rate.
    pub seconds: f64,
    /// Integrated loudness.
    pub loudness_lufs: Option<f64>,
    /// Sample peak.
    pub peak_dbfs: Option<f64>,
    /// Median fundamental frequency.
    pub f0_median_hz: Option<f64>,
    /// Voiced frames / frames.
    pub voiced_fraction: f64,
    /// Seconds trimmed from the start of the recording.
    pub trim_start_seconds: f64,
    /// Gain applied to the recording, in dB.
    pub gain_db: f64,
    /// Sample rate of the recording; the following fields also describe the recording before resampling, trimming and
    /// gain.
    pub source_sample_rate: u32,
    /// Length of the recording.
    pub source_seconds: f64,
    /// Integrated loudness of the recording.
    pub source_loudness_lufs: Option<f64>,
    /// Sample peak of the recording.
    pub source_peak_dbfs: Option<f64>,
    /// True peak of the recording.
    pub source_true_peak_dbtp: Option<f64>,
    /// Number of runs of samples at full scale.
    pub source_clipped_runs: u64,
    /// Mean of the samples.
    pub source_dc_offset: f64,
    /// Silence before the first sound.
    pub source_leading_silence_seconds: f64,
    /// Silence after the last sound.
    pub source_trailing_silence_seconds: f64,
    /// Longest pause between sounds.
    pub source_longest_pause_seconds: f64,
    /// Highest frequency with sound.
    pub source_bandwidth_hz: Option<f64>,
    /// Signal-to-noise ratio.
    pub source_snr_db: Option<f64>,
    /// Split that the corpus assigns.
    pub corpus_split: Option<Split>,
    /// Phones that the corpus gives in place of those of the text, as written.
    pub given_phones: Option<String>,
    /// Words whose pronunciation was guessed from their spelling by the network.
    pub guessed_words: Vec<String>,
    /// Source of the durations.
    pub alignment_source: AlignmentSource,
    /// Mean log-likelihood per frame of the alignment; `None` for imported durations.
    pub alignment_log_likelihood: Option<f64>,
    /// Cache key of the features.
    pub feature_key: String,
}

impl Utterance {
    /// Parses the symbols.
    ///
    /// # Errors
    ///
    /// Fails if there is no symbol of such a name.
    pub fn parse_symbols(&self) -> Result<Vec<Symbol>, mynah_text::Error> {
        self.symbols.split(' ').map(str::parse).collect()
    }

    /// Returns the word of each symbol; `None` outside of words.
    #[must_use]
    pub fn words(&self) -> Vec<Option<u32>> {
        self.word_index.iter().map(|word| u32::try_from(*word).ok()).collect()
    }

    /// Returns the part of the audio file that is the clip, if it is not the whole.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        Some(Span { start_seconds: self.audio_start_seconds?, end_seconds: self.audio_end_seconds? })
    }

    /// Returns the audio columns of the manifest as a summary of the feature store.
    #[must_use]
    pub fn audio_summary(&self) -> AudioSummary {
        AudioSummary {
            samples: self.samples,
            seconds: self.seconds,
            frames: self.frames,
            loudness_lufs: self.loudness_lufs,
            peak_dbfs: self.peak_dbfs,
            f0_median_hz: self.f0_median_hz,
            voiced_fraction: self.voiced_fraction,
            trim_start_seconds: self.trim_start_seconds,
            gain_db: self.gain_db,
            recording: Analysis {
                sample_rate: self.source_sample_rate,
                seconds: self.source_seconds,
                loudness_lufs: self.source_loudness_lufs,
                peak_dbfs: self.source_peak_dbfs,
                true_peak_dbtp: self.source_true_peak_dbtp,
                clipped_runs: self.source_clipped_runs,
                dc_offset: self.source_dc_offset,
                leading_silence_seconds: self.source_leading_silence_seconds,
                trailing_silence_seconds: self.source_trailing_silence_seconds,
                longest_pause_seconds: self.source_longest_pause_seconds,
                bandwidth_hz: self.source_bandwidth_hz,
                snr_db: self.source_snr_db,
            },
        }
    }
}

/// Sizes of a dataset: `[counts]` in `dataset.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Lines of the corpus that are clips.
    pub rows: usize,
    /// Utterances in the manifest.
    pub utterances: usize,
    /// Rows of `problems.jsonl`.
    pub problems: usize,
    /// Rows of `dropped.jsonl`: clips that the rules under `[keep]` leave out.
    #[serde(default)]
    pub dropped: usize,
    /// Utterances in the training split.
    pub train: usize,
    /// Utterances in the validation split.
    pub validation: usize,
    /// Utterances in the test split.
    pub test: usize,
}

/// Content of `dataset.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetInfo {
    /// Format version of the directory.
    pub format: u32,
    /// Program that wrote it, with its version.
    pub program: String,
    /// Corpus, as named by the user.
    pub corpus: String,
    /// BLAKE3 hash of manifest, vocabulary and sup-phonemes: the identity of the data a model is trained on.
    pub fingerprint: String,
    /// Sizes of the dataset.
    pub counts: Counts,
    /// Recipe, with all defaults filled in.
    pub recipe: Recipe,
}

/// Paths of a dataset's files.
#[derive(Debug, Clone)]
pub struct DatasetLayout {
    root: PathBuf,
}

impl DatasetLayout {
    /// Returns the layout of the dataset at `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Returns the directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the feature store.
    #[must_use]
    pub fn features(&self) -> FeatureStore {
        FeatureStore::new(self.root.join(FEATURES))
    }

    /// Returns the alignment store.
    #[must_use]
    pub fn alignments(&self) -> AlignmentStore {
        AlignmentStore::new(self.root.join(ALIGNMENTS))
    }

    /// Returns the store of shard reports, which exist until they are merged.
    #[must_use]
    pub fn shards(&self) -> ShardStore {
        ShardStore::new(self.root.join(SHARDS))
    }

    /// Creates the directory and removes `dataset.toml`: until it is written again, the dataset is incomplete.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn begin(&self) -> Result<(), Error> {
        fs::create_dir_all(&self.root).map_err(Error::io("create", &self.root))?;
        let path = self.root.join(INFO);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Writes a small file of the dataset atomically.
    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        Ok(write_atomic(&self.root.join(name), text.as_bytes())?)
    }

    /// Writes `report.html`.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn write_report(&self, html: &str) -> Result<(), Error> {
        self.write(REPORT, html)
    }

    /// Writes `speakers.jsonl`; without speakers, removes it.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn write_speakers(&self, speakers: &[Speaker]) -> Result<(), Error> {
        let path = self.root.join(SPEAKERS);
        if !speakers.is_empty() {
            return Ok(write_table(&path, speakers)?);
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Returns the path, relative to the dataset, of the recording of a clip that `report.html` plays.
    #[must_use]
    pub fn report_clip(id: &str) -> String {
        format!("{REPORT_CLIPS}/{id}.wav")
    }

    /// Writes the recordings that `report.html` plays, and removes those of earlier reports.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn write_report_clips(&self, ids: &BTreeSet<&str>, sample_rate: u32) -> Result<(), Error> {
        let directory = self.root.join(REPORT_CLIPS);
        fs::create_dir_all(&directory).map_err(Error::io("create", &directory))?;
        let features = self.features();
        for id in ids {
            let wave = features.read(id)?.wave;
            let samples = wave.iter().map(|sample| f32::from(*sample) / FULL_SCALE).collect();
            let bytes = wav::encode_pcm16(&Waveform::new(samples, sample_rate));
            write_atomic(&directory.join(format!("{id}.wav")), &bytes)?;
        }
        let is_other = |name: &str| name.strip_suffix(".wav").is_some_and(|id| !ids.contains(id));
        let is_partial =
            |name: &str| final_name(name).is_some_and(|whole| whole.strip_suffix(".wav").is_some());
        remove_files(&directory, |name| is_other(name) || is_partial(name))?;
        Ok(())
    }

    /// Writes `dropped.jsonl`.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn write_dropped(&self, dropped: &[Dropped]) -> Result<(), Error> {
        Ok(write_table(&self.root.join(DROPPED), dropped)?)
    }

    /// Reads `dropped.jsonl`; a dataset without it leaves no clip out.
    ///
    /// # Errors
    ///
    /// The file is not a table of dropped clips.
    pub fn read_dropped(&self) -> Result<Vec<Dropped>, Error> {
        let path = self.root.join(DROPPED);
        if path.is_file() { Ok(read_table(&path)?) } else { Ok(Vec::new()) }
    }

    /// Removes files that no longer belong to the dataset: features of clips that are not `prepared`, TextGrid files of
    /// clips that are not `aligned`, leftovers of interrupted runs, and the reports of shards. Returns the number of
    /// files of the first three kinds.
    ///
    /// Afterwards the directory is as a first run on the same corpus would have made it. Foreign files are kept. No
    /// other process may work on the dataset at the same time.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn retain(&self, prepared: &BTreeSet<&str>, aligned: &BTreeSet<&str>) -> Result<usize, Error> {
        let ours = [INFO, MANIFEST, VOCABULARY, SUP_PHONES, PROBLEMS, REPORT, SPEAKERS, DROPPED];
        let partial = |name: &str| final_name(name).is_some_and(|whole| ours.contains(&whole));
        self.shards().remove()?;
        let here = remove_files(&self.root, partial)?;
        Ok(here + self.features().retain(prepared)? + self.alignments().retain(aligned)?)
    }

    /// Writes `problems.jsonl`.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn write_problems(&self, problems: &[Problem]) -> Result<(), Error> {
        Ok(write_table(&self.root.join(PROBLEMS), problems)?)
    }

    /// Reads `problems.jsonl`.
    ///
    /// # Errors
    ///
    /// The file is missing or not a table of problems.
    pub fn read_problems(&self) -> Result<Vec<Problem>, Error> {
        Ok(read_table(&self.root.join(PROBLEMS))?)
    }

    /// Writes the manifest, the symbols and, last, `dataset.toml`, which marks the dataset as complete.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn finish(
        &self,
        utterances: &[Utterance],
        vocabulary: &Vocabulary,
        sup_phones: &SupPhones,
        program: &str,
        corpus: &str,
        counts: Counts,
        recipe: &Recipe,
    ) -> Result<DatasetInfo, Error> {
        write_table(&self.root.join(MANIFEST), utterances)?;
        self.write(VOCABULARY, &vocabulary.to_json())?;
        self.write(SUP_PHONES, &sup_phones.to_json())?;
        let mut hasher = blake3::Hasher::new();
        for name in [MANIFEST, VOCABULARY, SUP_PHONES] {
            let path = self.root.join(name);
            hasher.update(&fs::read(&path).map_err(Error::io("read", &path))?);
        }
        let info = DatasetInfo {
            format: DATASET_FORMAT,
            program: program.to_owned(),
            corpus: corpus.to_owned(),
            fingerprint: hasher.finalize().to_hex().to_string(),
            counts,
            recipe: recipe.clone(),
        };
        let path = self.root.join(INFO);
        self.write(INFO, &toml::to_string(&info).map_err(|why| Error::dataset(&path, &why))?)?;
        Ok(info)
    }
}

/// A complete dataset.
#[derive(Debug, Clone)]
pub struct Dataset {
    layout: DatasetLayout,
    info: DatasetInfo,
    utterances: Vec<Utterance>,
    vocabulary: Vocabulary,
    sup_phones: SupPhones,
}

impl Dataset {
    /// Opens the dataset at `root`.
    ///
    /// # Errors
    ///
    /// A file is missing, has another format version, or contradicts another.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let layout = DatasetLayout::new(root);
        let path = root.join(INFO);
        if !path.is_file() {
            return Err(Error::Incomplete { path });
        }
        let read = |name: &str| {
            let path = root.join(name);
            fs::read_to_string(&path).map_err(Error::io("read", &path))
        };
        let info: DatasetInfo = toml::from_str(&read(INFO)?).map_err(|why| Error::dataset(&path, &why))?;
        if info.format != DATASET_FORMAT {
            return Err(Error::Format { path, found: info.format });
        }
        let vocabulary = Vocabulary::from_json(&read(VOCABULARY)?)
            .map_err(|why| Error::dataset(&root.join(VOCABULARY), &why))?;
        let sup_phones = SupPhones::from_json(&read(SUP_PHONES)?)
            .map_err(|why| Error::dataset(&root.join(SUP_PHONES), &why))?;
        let utterances: Vec<Utterance> = read_table(&root.join(MANIFEST))?;
        let dataset = Self { layout, info, utterances, vocabulary, sup_phones };
        dataset.check()?;
        Ok(dataset)
    }

    /// Returns the content of `dataset.toml`.
    #[must_use]
    pub fn info(&self) -> &DatasetInfo {
        &self.info
    }

    /// Returns all utterances, sorted by id.
    #[must_use]
    pub fn utterances(&self) -> &[Utterance] {
        &self.utterances
    }

    /// Returns the utterances of one split.
    pub fn split(&self, split: Split) -> impl Iterator<Item = &Utterance> {
        self.utterances.iter().filter(move |utterance| utterance.split == split)
    }

    /// Returns the vocabulary of symbols.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Returns the sup-phonemes.
    #[must_use]
    pub fn sup_phones(&self) -> &SupPhones {
        &self.sup_phones
    }

    /// Reads the features of an utterance.
    ///
    /// # Errors
    ///
    /// The file is missing or does not match the manifest.
    pub fn features(&self, utterance: &Utterance) -> Result<Features, Error> {
        let store = self.layout.features();
        if store.summary(&utterance.id, &utterance.feature_key).is_none() {
            let why = "the features are missing or belong to another run";
            return Err(Error::dataset(&store.path(&utterance.id), &why));
        }
        store.read(&utterance.id)
    }

    fn check(&self) -> Result<(), Error> {
        for utterance in &self.utterances {
            let n = utterance.symbol_ids.len();
            let fail = |why: String| Err(Error::Inconsistent { id: utterance.id.clone(), why });
            if utterance.sup_phone_ids.len() != n
                || utterance.durations.len() != n
                || utterance.word_index.len() != n
            {
                return fail(format!("its lists do not all have {n} elements"));
            }
            let sum: u32 = utterance.durations.iter().sum();
            if sum != utterance.frames {
                return fail(format!("its durations sum to {sum}, but it has {} frames", utterance.frames));
            }
        }
        Ok(())
    }
}
