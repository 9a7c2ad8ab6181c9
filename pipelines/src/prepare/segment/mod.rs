//! `mynah-prepare segment`: cuts a long recording and its text into clips.

mod cut;
mod passages;
mod report;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use mynah_align::{AlignConfig, AlignedSymbols, Narration, TranscriptFit, narrate, transcript_fits};
use mynah_cli::{Advised, BAD_RESULT, Progress, say};
use mynah_corpus::Problem;
use mynah_signal::{ChannelChoice, Recording, Waveform, wav};
use mynah_table::{write_atomic, write_table};
use mynah_text::{Phonemizer, Symbol};

use self::cut::{Cuts, Cutter};
use self::passages::{Passage, read_passages};
use super::summary;
use crate::lock;

/// Steps of the progress bar.
const STEPS: usize = 100;
/// Table of the clips in the corpus.
const SEGMENTS: &str = "segments.csv";
/// Table of all passages of the text.
const PASSAGES: &str = "passages.csv";
const PROBLEMS: &str = "problems.jsonl";

/// The settings of a segmentation.
pub(crate) struct Settings {
    /// The recording.
    pub(crate) audio: PathBuf,
    /// The text that is read in it.
    pub(crate) text: PathBuf,
    /// The directory for the corpus.
    pub(crate) out: PathBuf,
    /// True if each line is a clip of its own; otherwise paragraphs are divided into sentences.
    pub(crate) by_line: bool,
    pub(crate) phonemizer: Phonemizer,
    pub(crate) channels: ChannelChoice,
    /// The beginning of the clips' names; by default, the name of the recording.
    pub(crate) prefix: Option<String>,
    pub(crate) limits: Limits,
}

/// Lengths of clips and of the silence around them, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::struct_field_names, reason = "every quantity names its unit")]
pub(crate) struct Limits {
    pub(crate) min_seconds: f64,
    pub(crate) max_seconds: f64,
    /// Silence kept before and after the speech, where there is as much.
    pub(crate) margin_seconds: f64,
}

impl Limits {
    fn check(self) -> Result<()> {
        let Self { min_seconds, max_seconds, margin_seconds } = self;
        if !(min_seconds >= 0.0 && min_seconds < max_seconds) {
            bail!(Advised::new(
                format!("`--min-seconds` ({min_seconds}) is not below `--max-seconds` ({max_seconds})"),
                "name a shortest and a longest clip, such as 1 and 12"
            ));
        }
        if !(0.0..=10.0).contains(&margin_seconds) {
            bail!(Advised::new(
                format!("`--margin-seconds` is {margin_seconds}"),
                "name a length from 0 to 10, such as 0.1"
            ));
        }
        Ok(())
    }
}

/// Cuts a recording into clips.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let begin = Instant::now();
    let Settings { audio, text, out, .. } = settings;
    settings.limits.check()?;
    let mut problems = Vec::new();
    let passages = read_passages(text, settings.by_line, &settings.phonemizer, &mut problems)?;
    let failed = || format!("failed to write the corpus `{}`", out.display());
    let _lock = lock::directory(out, failed)?;
    refuse_to_overwrite(out)?;
    let waveform = read(audio, settings.channels)?;
    say(&format!(
        "{:.1} minutes of recording, {} texts to find in them",
        waveform.seconds() / 60.0,
        passages.len()
    ));
    let narration = find(&waveform, &passages)
        .with_context(|| format!("failed to find `{}` in `{}`", text.display(), audio.display()))?;

    let seconds_per_frame = narration.hop_length as f64 / f64::from(waveform.sample_rate());
    let fits = fits(&narration, &passages, seconds_per_frame);
    let prefix = match &settings.prefix {
        Some(prefix) => prefix.clone(),
        None => {
            audio.file_stem().map_or_else(|| "clip".to_owned(), |stem| stem.to_string_lossy().into_owned())
        }
    };
    let cutter = Cutter {
        audio,
        text,
        passages: &passages,
        narration: &narration,
        fits: &fits,
        limits: settings.limits,
        seconds_per_frame,
        seconds: waveform.seconds(),
        prefix: safe(&prefix),
    };
    let cuts = cutter.cut(&mut problems);
    write(out, &waveform, &cuts, &problems).with_context(failed)?;
    report::say_result(out, &waveform, &cuts, begin);
    if problems.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("{} findings, each a row of {}/{PROBLEMS}:", problems.len(), out.display()));
    say(&summary::lines(&problems).join("\n"));
    Ok(ExitCode::from(BAD_RESULT))
}

/// Refuses a directory that contains anything but the lock.
fn refuse_to_overwrite(out: &Path) -> Result<()> {
    if ["metadata.csv", "wavs", SEGMENTS].iter().any(|name| out.join(name).exists()) {
        bail!(Advised::new(
            format!("`{}` contains a corpus", out.display()),
            "name another directory, or delete this one: clips of two runs would be mixed"
        ));
    }
    Ok(())
}

fn read(audio: &Path, channels: ChannelChoice) -> Result<Waveform> {
    let recording = Recording::read(audio).context("failed to read the recording")?;
    let n_channels = recording.n_channels();
    if n_channels > 1 && channels == ChannelChoice::Mono {
        bail!(Advised::new(
            format!("`{}` has {n_channels} channels", audio.display()),
            "choose with `--channels mix`, or `left` or `right` if only that one holds the voice"
        ));
    }
    recording.into_mono(channels, audio).context("failed to read the recording")
}

/// Finds the passages in the recording.
fn find(waveform: &Waveform, passages: &[Passage]) -> Result<Narration> {
    let symbols: Vec<&[Symbol]> =
        passages.iter().map(|passage| passage.phonemized.symbols.as_slice()).collect();
    let progress = Progress::new("percent read:", STEPS);
    let mut shown = 0;
    let narration = narrate(waveform, &symbols, &AlignConfig::default(), |done, all| {
        while shown < STEPS * done / all.max(1) {
            shown += 1;
            progress.step();
        }
    });
    progress.finish();
    narration.map_err(|error| match error.remedy() {
        Some(remedy) => Advised::new(&error, remedy).into(),
        None => error.into(),
    })
}

/// Compares the passages that were found with their sound.
fn fits(narration: &Narration, passages: &[Passage], seconds_per_frame: f64) -> Vec<Option<TranscriptFit>> {
    let words: Vec<Vec<&str>> = passages
        .iter()
        .map(|passage| passage.phonemized.words.iter().map(|word| word.text.as_str()).collect())
        .collect();
    let rows: Vec<AlignedSymbols<'_>> = passages
        .iter()
        .zip(&narration.placements)
        .zip(&words)
        .map(|((passage, placement), words)| {
            let alignment = placement.as_ref().map(|placement| &placement.alignment);
            AlignedSymbols {
                id: "",
                symbols: &passage.phonemized.symbols,
                durations: alignment.map_or(&[], |alignment| &alignment.durations),
                word_index: &passage.word_index,
                words,
                symbol_log_likelihoods: alignment.map_or(&[], |alignment| &alignment.symbol_log_likelihoods),
                symbol_margins: alignment.map_or(&[], |alignment| &alignment.symbol_margins),
            }
        })
        .collect();
    transcript_fits(&rows, seconds_per_frame)
}

/// Writes the corpus; `metadata.csv` comes last.
fn write(out: &Path, waveform: &Waveform, cuts: &Cuts, problems: &[Problem]) -> Result<()> {
    let wavs = out.join("wavs");
    fs::create_dir_all(&wavs).with_context(|| format!("failed to create `{}`", wavs.display()))?;
    let mut metadata = String::new();
    for (clip, text) in cuts.clips.iter().zip(&cuts.texts) {
        let sample = |seconds: f64| (seconds * f64::from(waveform.sample_rate())).round() as usize;
        let range = sample(clip.start_seconds)..sample(clip.end_seconds).min(waveform.len());
        let own = Waveform::new(waveform.samples()[range].to_vec(), waveform.sample_rate());
        wav::write_pcm16(wavs.join(format!("{}.wav", clip.id)), &own)?;
        writeln!(metadata, "{}|{text}|{text}", clip.id)?;
    }
    write_table(&out.join(SEGMENTS), &cuts.clips)?;
    write_table(&out.join(PASSAGES), &cuts.passages)?;
    write_table(&out.join(PROBLEMS), problems)?;
    write_atomic(&out.join("metadata.csv"), metadata.as_bytes())?;
    Ok(())
}

/// Returns a name that can be an id.
fn safe(name: &str) -> String {
    name.chars()
        .map(|character| {
            let plain = character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
            if plain { character } else { '-' }
        })
        .collect::<String>()
        .trim_start_matches('.')
        .to_owned()
}
