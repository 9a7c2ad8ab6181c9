//! `mynah-train report` and `mynah-train compare`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use mynah_cli::{AdviseExt as _, Advised, say};
use mynah_corpus::{Dataset, Split, Utterance};
use mynah_report::figure::Mel;
use mynah_report::training::{SpokenClip, SpokenSentence, TrainingPage};
use mynah_signal::{MelConfig, MelExtractor, Waveform, wav};
use mynah_table::write_atomic;
use mynah_training::checkpoints;
use mynah_training::tasks::naturalspeech::WeightFormat;
use mynah_voice::{Device, SpeakConfig, Voice};

use super::curves::{Recorded, curves, run_on_page};
use super::export::write_voice;
use crate::lock;

/// The full scale of the stored wave.
const FULL_SCALE: f32 = 32_768.0;

/// The settings of a page.
pub(crate) struct Settings {
    /// The runs, one or more.
    pub(crate) runs: Vec<PathBuf>,
    /// The dataset whose validation sentences are spoken; by default that of the first run.
    pub(crate) data: Option<PathBuf>,
    /// The number of sentences.
    pub(crate) sentences: usize,
    /// The directory of the page.
    pub(crate) out: PathBuf,
}

/// Writes a page on the runs: curves, validation sentences spoken by their last checkpoints, settings.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { runs, out, .. } = settings;
    let runs: Vec<Recorded> = names(runs)?
        .into_iter()
        .zip(runs)
        .map(|(name, directory)| Recorded::read(name, directory))
        .collect::<Result<_>>()?;
    let failed = || format!("failed to write the page `{}`", out.display());
    let _lock = lock::directory(out, failed)?;
    let page = TrainingPage {
        title: runs.iter().map(|run| run.name.as_str()).collect::<Vec<_>>().join(", "),
        curves: curves(&runs),
        sentences: if settings.sentences == 0 { Vec::new() } else { speech(settings, &runs)? },
        runs: runs.iter().map(run_on_page).collect(),
    };
    let path = out.join("index.html");
    write_atomic(&path, page.to_html().with_context(failed)?.as_bytes()).with_context(failed)?;
    say(&format!("wrote {}", path.display()));
    Ok(ExitCode::SUCCESS)
}

/// Returns the names of the runs: those of their directories, which must differ.
fn names(runs: &[PathBuf]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for run in runs {
        let place = fs::canonicalize(run).with_context(|| format!("failed to read `{}`", run.display()))?;
        names.push(place.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    if names.iter().collect::<BTreeSet<_>>().len() < names.len() {
        bail!(Advised::new("two of the runs have the same name", "rename the directory of one"));
    }
    Ok(names)
}

/// Speaks the first validation sentences with the last checkpoint of each run, next to the recordings.
fn speech(settings: &Settings, runs: &[Recorded]) -> Result<Vec<SpokenSentence>> {
    let first = runs.iter().find_map(|run| run.info.as_ref()).map(|info| PathBuf::from(&info.data));
    let Some(data) = settings.data.clone().or(first) else { return Ok(Vec::new()) };
    let dataset = Dataset::open(&data)
        .advise("name the dataset with --data, or leave speech out with --sentences 0")
        .with_context(|| format!("failed to open the dataset `{}` for the sentences", data.display()))?;
    let recipe = &dataset.info().recipe.audio;
    let mel = recipe.mel.config(recipe.sample_rate);
    let utterances: Vec<&Utterance> = dataset.split(Split::Validation).take(settings.sentences).collect();
    let samples = settings.out.join("samples");
    fs::create_dir_all(&samples).with_context(|| format!("failed to create `{}`", samples.display()))?;
    let mut sentences = Vec::new();
    for utterance in &utterances {
        let features = dataset.features(utterance).context("failed to read the dataset")?;
        let wave = features.wave.into_iter().map(|x| f32::from(x) / FULL_SCALE).collect();
        let recording = Waveform::new(wave, recipe.sample_rate);
        sentences.push(SpokenSentence {
            id: utterance.id.clone(),
            text: utterance.text.clone(),
            clips: vec![clip(settings, "recording", utterance, &recording, &mel)?],
        });
    }
    for run in runs {
        let Some((voice, step)) = voice(run, &settings.out)? else { continue };
        let label = format!("{}, step {step}", run.name);
        for (utterance, sentence) in utterances.iter().zip(&mut sentences) {
            let symbols = utterance
                .parse_symbols()
                .with_context(|| format!("failed to read the symbols of `{}`", utterance.id))?;
            let spoken = voice
                .speak(&symbols, &utterance.words(), &SpeakConfig::default())
                .with_context(|| format!("failed to speak `{}`", utterance.id))?;
            sentence.clips.push(clip(settings, &label, utterance, &spoken, &mel)?);
        }
    }
    Ok(sentences)
}

/// Writes a sound file, and returns it with its picture.
fn clip(
    settings: &Settings,
    label: &str,
    utterance: &Utterance,
    wave: &Waveform,
    mel: &MelConfig,
) -> Result<SpokenClip> {
    let speaker = label.split(',').next().unwrap_or(label);
    let path = format!("samples/{}-{speaker}.wav", utterance.id);
    wav::write_pcm16(settings.out.join(&path), wave).context("failed to write a wav")?;
    let spectrogram = MelExtractor::new(&MelConfig { sample_rate: wave.sample_rate(), ..mel.clone() })
        .map(|extractor| extractor.log_mel(wave.samples()))
        .context("failed to compute a spectrogram")?;
    let mel = Mel {
        title: String::new(),
        n_bands: spectrogram.n_bins(),
        values: spectrogram.into_data(),
        hop_seconds: mel.hop_length as f64 / f64::from(wave.sample_rate()),
        labels: Vec::new(),
    };
    Ok(SpokenClip { label: label.to_owned(), path, mel })
}

/// Returns the voice of the last checkpoint of a run with its step; `None` for a pre-training, or before the first
/// checkpoint.
fn voice(run: &Recorded, out: &Path) -> Result<Option<(Voice, u64)>> {
    let Some(info) = &run.info else { return Ok(None) };
    let Some((step, checkpoint)) =
        checkpoints(&run.directory).context("failed to list the checkpoints")?.pop()
    else {
        return Ok(None);
    };
    // The voice is only needed to speak these sentences.
    let place = out.join(format!("voice-{}", run.name));
    let failed = || format!("failed to make a voice of `{}`", checkpoint.display());
    write_voice((&run.directory, info), &checkpoint, (WeightFormat::F32, false), &place)
        .with_context(failed)?;
    let voice = Voice::open(&place, &Device::Cpu).with_context(failed)?;
    fs::remove_dir_all(&place).with_context(|| format!("failed to remove `{}`", place.display()))?;
    Ok(Some((voice, step)))
}
