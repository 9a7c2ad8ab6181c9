//! `mynah-prepare export`: a dataset in the forms of other tools.

mod audio_folder;
mod croissant;
mod file_lists;
mod lhotse;
mod mfa;
mod numpy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use mynah_align::read_text_grid;
use mynah_cli::{Advised, Progress, say};
use mynah_corpus::{Dataset, DatasetLayout, Split, Utterance, speakers};
use mynah_signal::{Waveform, wav};
use mynah_table::write_atomic;
use rayon::prelude::*;

use crate::lock;

/// Full scale of a dataset's waves.
const FULL_SCALE: f32 = 32_768.0;

/// Form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// wavs and the file lists of VITS, with texts and with its phonemes (.cleaned)
    Vits,
    /// wavs, mels and the file lists of HiFi-GAN
    Hifigan,
    /// NumPy arrays: mels, F0, levels and durations in frames
    Npy,
    /// Hugging Face audiofolder with a dataset card and Croissant metadata
    Audiofolder,
    /// recordings.jsonl.gz and supervisions.jsonl.gz of lhotse, with the alignment of words and phones
    Lhotse,
    /// Corpus and dictionary of the Montreal Forced Aligner
    Mfa,
}

/// The settings of an export.
pub(crate) struct Settings {
    /// A complete dataset.
    pub(crate) dataset: PathBuf,
    /// The form.
    pub(crate) format: ExportFormat,
    /// The directory that is written.
    pub(crate) out: PathBuf,
    /// The name of the dataset, for its card.
    pub(crate) name: Option<String>,
    /// The license of the dataset, for its card.
    pub(crate) license: Option<String>,
}

/// A dataset that is exported.
struct Export<'a> {
    dataset: &'a Dataset,
    layout: DatasetLayout,
    out: &'a Path,
    /// Names of speakers, sorted; the position is the speaker's id.
    speakers: Vec<String>,
}

/// A word or phone with its time in seconds.
#[derive(Debug, Clone, PartialEq)]
struct Timed {
    label: String,
    start: f64,
    end: f64,
}

/// Writes a dataset in the form of another tool.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { dataset: root, format, out, name, license } = settings;
    let failed = || format!("failed to export `{}` to `{}`", root.display(), out.display());
    let dataset = Dataset::open(root)?;
    if same_place(root, out) {
        bail!(Advised::new(format!("`{}` is the dataset itself", out.display()), "name another directory"));
    }
    let _lock = lock::directory(out, failed)?;
    let speakers = speakers(dataset.utterances()).into_iter().map(|speaker| speaker.speaker).collect();
    let export = Export { dataset: &dataset, layout: DatasetLayout::new(root), out, speakers };
    match format {
        ExportFormat::Vits => file_lists::vits(&export),
        ExportFormat::Hifigan => file_lists::hifigan(&export),
        ExportFormat::Npy => numpy::write(&export),
        ExportFormat::Audiofolder => audio_folder::write(&export, name.as_deref(), license.as_deref()),
        ExportFormat::Lhotse => lhotse::write(&export),
        ExportFormat::Mfa => mfa::write(&export),
    }
    .with_context(failed)?;
    say(&format!("{} utterances are in {}", dataset.utterances().len(), out.display()));
    Ok(ExitCode::SUCCESS)
}

fn same_place(a: &Path, b: &Path) -> bool {
    a.canonicalize().is_ok_and(|a| b.canonicalize().is_ok_and(|b| a == b))
}

impl Export<'_> {
    /// Writes a file.
    fn file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Ok(write_atomic(&self.out.join(name), bytes)?)
    }

    /// Works on every utterance in parallel.
    fn each(&self, work: impl Fn(&Utterance) -> Result<()> + Sync) -> Result<()> {
        let progress = Progress::new("exported", self.dataset.utterances().len());
        self.dataset.utterances().par_iter().try_for_each(|utterance| {
            work(utterance)?;
            progress.step();
            Ok::<(), anyhow::Error>(())
        })?;
        progress.finish();
        Ok(())
    }

    /// Writes the prepared wave of an utterance, as 16-bit PCM.
    fn wav(&self, utterance: &Utterance, name: &str) -> Result<()> {
        let wave = self.dataset.features(utterance)?.wave;
        let samples = wave.iter().map(|sample| f32::from(*sample) / FULL_SCALE).collect();
        self.file(name, &wav::encode_pcm16(&Waveform::new(samples, self.sample_rate())))
    }

    fn sample_rate(&self) -> u32 {
        self.dataset.info().recipe.audio.sample_rate
    }

    fn seconds_per_frame(&self) -> f64 {
        let audio = &self.dataset.info().recipe.audio;
        audio.mel.config(audio.sample_rate).hop_length as f64 / f64::from(audio.sample_rate)
    }

    /// Returns the id of an utterance's speaker.
    fn speaker_index(&self, utterance: &Utterance) -> Option<usize> {
        self.speakers.binary_search(utterance.speaker.as_ref()?).ok()
    }

    /// Returns the words of an utterance with their times.
    fn words(&self, utterance: &Utterance) -> Result<Vec<Timed>> {
        let path = self.layout.root().join("alignments").join(format!("{}.TextGrid", utterance.id));
        let read = || format!("failed to read `{}`", path.display());
        let bytes = std::fs::read(&path).with_context(read)?;
        let tiers = read_text_grid(&bytes).with_context(read)?;
        let words = tiers.into_iter().find(|tier| tier.name == "words");
        let intervals = words.map(|tier| tier.intervals).unwrap_or_default();
        let named = intervals.into_iter().filter(|interval| !interval.label.is_empty());
        Ok(named
            .map(|interval| Timed { label: interval.label, start: interval.start, end: interval.end })
            .collect())
    }

    /// Returns the phones of each word with their times.
    fn phones(&self, utterance: &Utterance) -> Vec<Vec<Timed>> {
        let seconds = self.seconds_per_frame();
        let mut words: Vec<Vec<Timed>> = Vec::new();
        let mut frame = 0;
        let symbols = utterance.symbols.split(' ').zip(&utterance.durations).zip(&utterance.word_index);
        for ((symbol, duration), word) in symbols {
            let start = f64::from(frame) * seconds;
            frame += duration;
            if let Ok(word) = usize::try_from(*word) {
                words.resize_with(words.len().max(word + 1), Vec::new);
                words[word].push(Timed { label: symbol.to_owned(), start, end: f64::from(frame) * seconds });
            }
        }
        words
    }

    /// Returns the utterances of a split.
    fn split(&self, split: Split) -> Vec<&Utterance> {
        self.dataset.split(split).collect()
    }
}

/// Returns a text in one line, without the bars that separate columns.
fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '|'], " ")
}
