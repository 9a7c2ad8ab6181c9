//! A prepared dataset: what `mynah-prepare run` leaves and everything after it reads.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mynah_align::AlignmentSource;
use mynah_signal::Analysis;
use mynah_table::{final_name, read_table, remove_files, write_atomic, write_table};
use mynah_text::{SupPhones, Vocabulary};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::alignment_store::AlignmentStore;
use crate::feature_store::FeatureStore;
use crate::features::{AudioSummary, Features};
use crate::problem::Problem;
use crate::recipe::Recipe;
use crate::shard::ShardStore;
use crate::split::Split;

/// The form of a dataset directory.
pub const DATASET_FORMAT: u32 = 3;

const INFO: &str = "dataset.toml";
const MANIFEST: &str = "manifest.parquet";
const VOCABULARY: &str = "vocabulary.json";
const SUP_PHONES: &str = "supphones.json";
const PROBLEMS: &str = "problems.jsonl";
const REPORT: &str = "report.html";
const FEATURES: &str = "features";
const ALIGNMENTS: &str = "alignments";
const SHARDS: &str = "shards";

/// One utterance: a row of `manifest.parquet` (`docs/formats/dataset.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    /// The first field of `metadata.csv`.
    pub id: String,
    /// What it is for.
    pub split: Split,
    /// The wav, relative to the corpus.
    pub audio: String,
    /// The text as it stood.
    pub text: String,
    /// The words that were phonemised.
    pub normalized: String,
    /// Phones, punctuation and boundaries, separated by spaces.
    pub symbols: String,
    /// The same by the vocabulary.
    pub symbol_ids: Vec<u32>,
    /// The sup-phone that each symbol belongs to.
    pub sup_phone_ids: Vec<u32>,
    /// The word that each symbol belongs to, from 0; -1 for punctuation and boundaries.
    pub word_index: Vec<i64>,
    /// Frames of each symbol.
    pub durations: Vec<u32>,
    /// Frames of the mel.
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
    /// Seconds of the recording before the wave that were cut off.
    pub trim_start_seconds: f64,
    /// By how much the recording was amplified, in dB.
    pub gain_db: f64,
    /// The recording's sample rate; what follows is of the recording too, before it was resampled, trimmed or amplified.
    pub source_sample_rate: u32,
    /// Its length.
    pub source_seconds: f64,
    /// Its integrated loudness.
    pub source_loudness_lufs: Option<f64>,
    /// Its sample peak.
    pub source_peak_dbfs: Option<f64>,
    /// Its true peak.
    pub source_true_peak_dbtp: Option<f64>,
    /// Runs of samples at full scale.
    pub source_clipped_runs: u64,
    /// The mean of its samples.
    pub source_dc_offset: f64,
    /// Silence before the first sound.
    pub source_leading_silence_seconds: f64,
    /// Silence after the last sound.
    pub source_trailing_silence_seconds: f64,
    /// The longest pause between sounds.
    pub source_longest_pause_seconds: f64,
    /// The highest frequency with sound.
    pub source_bandwidth_hz: Option<f64>,
    /// The ratio of its power to that of its noise.
    pub source_snr_db: Option<f64>,
    /// Words whose pronunciation is a guess from their spelling: the network's.
    pub guessed_words: Vec<String>,
    /// Where the durations come from.
    pub alignment_source: AlignmentSource,
    /// Mean log-likelihood per frame of the alignment; `None` for imported durations.
    pub alignment_log_likelihood: Option<f64>,
    /// The cache key of the features.
    pub feature_key: String,
}

impl Utterance {
    /// The manifest's audio columns, as the feature store knows them.
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

/// How many of what: `[counts]` in `dataset.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Lines of `metadata.csv`.
    pub rows: usize,
    /// Utterances in the manifest.
    pub utterances: usize,
    /// Rows of `problems.jsonl`.
    pub problems: usize,
    /// Utterances in the training split.
    pub train: usize,
    /// Utterances in the validation split.
    pub validation: usize,
    /// Utterances in the test split.
    pub test: usize,
}

/// What stands in `dataset.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetInfo {
    /// The form of the directory.
    pub format: u32,
    /// The program that wrote it, with its version.
    pub program: String,
    /// The corpus, as it was named.
    pub corpus: String,
    /// BLAKE3 of manifest, vocabulary and sup-phones: what a model trained on it was trained on.
    pub fingerprint: String,
    /// How many of what.
    pub counts: Counts,
    /// The recipe, with every default filled in.
    pub recipe: Recipe,
}

/// The places of a dataset's files.
#[derive(Debug, Clone)]
pub struct DatasetLayout {
    root: PathBuf,
}

impl DatasetLayout {
    /// The layout of the dataset at `root`, which need not exist yet.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The features.
    #[must_use]
    pub fn features(&self) -> FeatureStore {
        FeatureStore::new(self.root.join(FEATURES))
    }

    /// The alignments.
    #[must_use]
    pub fn alignments(&self) -> AlignmentStore {
        AlignmentStore::new(self.root.join(ALIGNMENTS))
    }

    /// What shards found, until they are merged.
    #[must_use]
    pub fn shards(&self) -> ShardStore {
        ShardStore::new(self.root.join(SHARDS))
    }

    /// Makes the directory, and takes `dataset.toml` away: until it is finished again, the dataset is not complete.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
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

    /// Writes a small file of the dataset; it appears whole or not at all.
    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        Ok(write_atomic(&self.root.join(name), text.as_bytes())?)
    }

    /// Writes `report.html`.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn write_report(&self, html: &str) -> Result<(), Error> {
        self.write(REPORT, html)
    }

    /// Removes what does not belong to the dataset any more: features of clips that are not `prepared`, text grids of clips
    /// that are not `aligned`, what interrupted runs left half written, and the reports of shards. Returns how many files
    /// of the first three kinds there were.
    ///
    /// The directory is then what a first run would have made of the same corpus. Other people's files stay. Nobody else
    /// may work on the dataset meanwhile.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn retain(&self, prepared: &BTreeSet<&str>, aligned: &BTreeSet<&str>) -> Result<usize, Error> {
        let ours = [INFO, MANIFEST, VOCABULARY, SUP_PHONES, PROBLEMS, REPORT];
        let partial = |name: &str| final_name(name).is_some_and(|whole| ours.contains(&whole));
        self.shards().remove()?;
        let here = remove_files(&self.root, partial)?;
        Ok(here + self.features().retain(prepared)? + self.alignments().retain(aligned)?)
    }

    /// Writes `problems.jsonl`.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn write_problems(&self, problems: &[Problem]) -> Result<(), Error> {
        Ok(write_table(&self.root.join(PROBLEMS), problems)?)
    }

    /// Reads `problems.jsonl`.
    ///
    /// # Errors
    ///
    /// When there is none, or it is not such a table.
    pub fn read_problems(&self) -> Result<Vec<Problem>, Error> {
        Ok(read_table(&self.root.join(PROBLEMS))?)
    }

    /// Writes the manifest, the symbols and, last, `dataset.toml`, with which the dataset is complete.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
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
    /// When a file is missing (the message says what makes it), of another format version, or at odds with another.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let layout = DatasetLayout::new(root);
        let path = root.join(INFO);
        if !path.is_file() {
            let why =
                "there is no such file: run `mynah-prepare run CORPUS --out` with this directory, to its end";
            return Err(Error::dataset(&path, &why));
        }
        let read = |name: &str| {
            let path = root.join(name);
            fs::read_to_string(&path).map_err(Error::io("read", &path))
        };
        let info: DatasetInfo = toml::from_str(&read(INFO)?).map_err(|why| Error::dataset(&path, &why))?;
        if info.format != DATASET_FORMAT {
            let why = format!(
                "its format is {}, and this program reads format {DATASET_FORMAT}: prepare the corpus again",
                info.format
            );
            return Err(Error::dataset(&path, &why));
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

    /// What stands in `dataset.toml`.
    #[must_use]
    pub fn info(&self) -> &DatasetInfo {
        &self.info
    }

    /// All utterances, sorted by id.
    #[must_use]
    pub fn utterances(&self) -> &[Utterance] {
        &self.utterances
    }

    /// The utterances of one split.
    pub fn split(&self, split: Split) -> impl Iterator<Item = &Utterance> {
        self.utterances.iter().filter(move |utterance| utterance.split == split)
    }

    /// The symbols.
    #[must_use]
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The sup-phones.
    #[must_use]
    pub fn sup_phones(&self) -> &SupPhones {
        &self.sup_phones
    }

    /// Reads the features of an utterance.
    ///
    /// # Errors
    ///
    /// When the file is missing or not that of the manifest.
    pub fn features(&self, utterance: &Utterance) -> Result<Features, Error> {
        let store = self.layout.features();
        if store.summary(&utterance.id, &utterance.feature_key).is_none() {
            let why = "the features are missing or of another run: run `mynah-prepare run` again";
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
                return fail(format!("its durations sum to {sum}, and it has {} frames", utterance.frames));
            }
        }
        Ok(())
    }
}
