//! `mynah-synthesize batch`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use mynah_cli::{BAD_RESULT, Progress, say};
use mynah_corpus::{Dataset, Split, Utterance};
use mynah_signal::wav;
use mynah_table::write_table;
use mynah_voice::{SpeakConfig, Voice};
use serde::{Deserialize, Serialize};

use super::pronounce::trained_on;
use crate::device::Device;
use crate::lock;

/// The settings of a batch.
pub(crate) struct Settings {
    /// The voice.
    pub(crate) voice: PathBuf,
    /// The device that computes.
    pub(crate) device: Device,
    /// Seed, noise and tempo.
    pub(crate) speak: SpeakConfig,
    /// The dataset.
    pub(crate) data: PathBuf,
    /// The split whose sentences are spoken.
    pub(crate) split: Split,
    /// The directory for the wavs.
    pub(crate) out: PathBuf,
}

/// A row of `synthesis.jsonl` (`docs/formats/synthesis.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    id: String,
    text: String,
    status: String,
    message: Option<String>,
    seconds: Option<f64>,
    compute_seconds: Option<f64>,
    real_time_factor: Option<f64>,
    noise_scale: f64,
    seed: u64,
    voice: String,
    step: u64,
}

/// Speaks every sentence of the split, one at a time, so that each has the whole machine while it is timed.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let dataset = Dataset::open(&settings.data).context("failed to open the dataset")?;
    let voice = Voice::open(&settings.voice, &settings.device.open()?).context("failed to open the voice")?;
    let utterances: Vec<&Utterance> = dataset.split(settings.split).collect();
    if utterances.is_empty() {
        bail!("the {} split of `{}` is empty", settings.split.word(), settings.data.display());
    }
    let spoken = dataset.info().recipe.text.backend;
    if let Some(trained) = trained_on(&voice)?.filter(|trained| *trained != spoken) {
        say(&format!(
            "warning: the voice was trained on pronunciations of `{}`, and the dataset has those of `{}`: some words may sound \
             wrong",
            trained.word(),
            spoken.word()
        ));
    }
    let out = &settings.out;
    let _lock = lock::directory(out, || format!("failed to create `{}`", out.display()))?;
    let directory = out.join("wavs");
    fs::create_dir_all(&directory).with_context(|| format!("failed to create `{}`", directory.display()))?;
    let progress = Progress::new("spoken", utterances.len());
    let mut rows = Vec::with_capacity(utterances.len());
    for utterance in utterances {
        rows.push(speak(settings, &voice, utterance)?);
        progress.step();
    }
    progress.finish();
    write_table(&settings.out.join("synthesis.jsonl"), &rows).context("failed to write the table of wavs")?;

    let sum = |of: fn(&Row) -> Option<f64>| rows.iter().filter_map(of).sum::<f64>();
    let (seconds, compute) = (sum(|row| row.seconds), sum(|row| row.compute_seconds));
    let failed: Vec<&Row> = rows.iter().filter(|row| row.message.is_some()).collect();
    say(&format!(
        "{} of {} sentences, {seconds:.1} s of speech in {compute:.1} s (real-time factor {:.3})",
        rows.len() - failed.len(),
        rows.len(),
        compute / seconds.max(f64::MIN_POSITIVE)
    ));
    for row in &failed {
        say(&format!("  {}: {}", row.id, row.message.as_deref().unwrap_or_default()));
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

/// Speaks one sentence. Errors concern the output directory; a sentence that cannot be spoken is a row with a message.
fn speak(settings: &Settings, voice: &Voice, utterance: &Utterance) -> Result<Row> {
    let seed = seed(settings.speak.seed, &utterance.id);
    let mut row = Row {
        id: utterance.id.clone(),
        text: utterance.text.clone(),
        status: "failed".to_owned(),
        message: None,
        seconds: None,
        compute_seconds: None,
        real_time_factor: None,
        noise_scale: settings.speak.noise_scale,
        seed,
        voice: voice.info().fingerprint.clone(),
        step: voice.info().step,
    };
    let begin = Instant::now();
    let spoken = utterance.parse_symbols().map_err(anyhow::Error::from).and_then(|symbols| {
        Ok(voice.speak(&symbols, &utterance.words(), &SpeakConfig { seed, ..settings.speak })?)
    });
    let compute = begin.elapsed().as_secs_f64();
    match spoken {
        Ok(waveform) => {
            let path = settings.out.join("wavs").join(format!("{}.wav", utterance.id));
            wav::write_pcm16(&path, &waveform).context("failed to write a wav")?;
            "ok".clone_into(&mut row.status);
            row.seconds = Some(waveform.seconds());
            row.compute_seconds = Some(compute);
            row.real_time_factor = Some(compute / waveform.seconds());
        }
        Err(error) => row.message = Some(format!("{error:#}")),
    }
    Ok(row)
}

/// Derives the seed of an utterance, so that its speech does not depend on the others.
fn seed(seed: u64, id: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes()).update(id.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(bytes)
}
