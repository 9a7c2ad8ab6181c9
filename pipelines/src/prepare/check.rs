//! `mynah-prepare check`.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use mynah_cli::{BAD_RESULT, say};
use mynah_corpus::check::{CheckedClip, findings};
use mynah_corpus::{
    Candidate, Corpus, DatasetLayout, Dropped, Entry, Problem, Recipe, Span, Split, Splitter, leaks,
};
use mynah_report::dataset::{
    DatasetPage, Distribution, DoubtfulClip, GuessedWord, PageKind, ProblemGroup, SplitSize,
};
use mynah_signal::{Waveform, wav};
use mynah_table::{TableFormat, write_atomic, write_table};
use mynah_text::Phonemized;

use super::clips::{ClipPreparer, text_of};
use super::language::{self, Judged};
use super::listing::{list, say_notes};
use super::{durations, keep, page, summary, transcripts};

/// Words outside the dictionary that are printed.
const PRINTED_WORDS: usize = 10;

/// The settings of a check.
pub(crate) struct Settings {
    /// The corpus.
    pub(crate) corpus: PathBuf,
    /// The recipe of the preparation.
    pub(crate) recipe: Recipe,
    /// The file for the page.
    pub(crate) html: Option<PathBuf>,
    /// The file for the table of findings.
    pub(crate) out: Option<PathBuf>,
}

/// A clip that can be prepared.
pub(super) struct Checked {
    pub(super) clip: CheckedClip,
    /// Frames of its features.
    pub(super) frames: usize,
    /// Text as written.
    pub(super) text: String,
    pub(super) phonemized: Phonemized,
    speaker: Option<String>,
    split: Option<Split>,
    /// The part of the recording that it is.
    pub(super) span: Option<Span>,
}

/// Reports problems of a corpus and whatever deserves a look; changes and keeps nothing.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { corpus, recipe, html, out } = settings;
    let name = corpus.display().to_string();
    if let Some(out) = out {
        TableFormat::of(out)?;
    }
    let corpus = Corpus::open(corpus, &recipe.source)?;
    // Nothing is written to it: `check` only reads.
    let layout = DatasetLayout::new("".as_ref());
    let preparer = ClipPreparer::new(&corpus, &layout, recipe)?;
    let splitter = Splitter::new(&recipe.split)?;
    let listing = list(&corpus, &name)?;
    say_notes(&listing);

    let mut problems = listing.problems;
    let checked = preparer.check_all(
        listing.entries,
        &mut problems,
        |entry, hash, recording, frames, phonemized| {
            let text = text_of(recipe, &entry).to_owned();
            let Entry { id, table, line, audio, speaker, split, span, .. } = entry;
            let normalized = phonemized.normalized.clone();
            let dropped = phonemized.dropped.iter().map(|dropped| dropped.character).collect();
            let clip =
                CheckedClip { id, table, line, normalized, dropped, audio, audio_hash: hash, recording };
            Checked { clip, frames, text, phonemized, speaker, split, span }
        },
    )?;
    let comparison = transcripts::compare(&checked, &preparer, recipe)?;
    let mel = preparer.extractor().mel_config();
    let seconds_per_frame = mel.hop_length as f64 / f64::from(mel.sample_rate);
    let dropped = keep::would_drop(&recipe.keep, &checked, &comparison, seconds_per_frame);
    let foreign = language::findings_of(checked.iter().map(|checked| Judged {
        id: &checked.clip.id,
        line: Some(checked.clip.line),
        text: &checked.text,
        phonemized: &checked.phonemized,
    }));
    let texts: HashMap<String, String> =
        checked.iter().map(|checked| (checked.clip.id.clone(), checked.text.clone())).collect();
    let candidates: Vec<Candidate<'_>> = checked
        .iter()
        .map(|Checked { clip, speaker, split, .. }| Candidate {
            id: &clip.id,
            speaker: speaker.as_deref(),
            split: *split,
        })
        .collect();
    let splits = splitter.assign(&candidates);
    let speakers: BTreeMap<String, usize> = checked.iter().filter_map(|clip| clip.speaker.clone()).fold(
        BTreeMap::new(),
        |mut counts, speaker| {
            *counts.entry(speaker).or_default() += 1;
            counts
        },
    );
    let spans: HashMap<String, Option<Span>> =
        checked.iter().map(|checked| (checked.clip.id.clone(), checked.span)).collect();
    let (clips, phonemized): (Vec<CheckedClip>, Vec<Phonemized>) =
        checked.into_iter().map(|Checked { clip, phonemized, .. }| (clip, phonemized)).unzip();
    let leaks =
        leaks(clips.iter().zip(&splits).map(|(clip, split)| {
            (clip.id.as_str(), *split, clip.normalized.as_str(), clip.audio_hash.as_str())
        }));
    problems.extend(findings(&clips, &leaks));
    problems.extend(comparison.problems);
    problems.extend(foreign);

    let words = page::guessed_words(phonemized.iter().flat_map(|phonemized| &phonemized.words));
    let n_words: usize = phonemized.iter().map(|phonemized| phonemized.words.len()).sum();
    say_result(&clips, &problems, &words, n_words, listing.rows);
    if let (Some((least, few)), Some((most, many))) =
        (speakers.iter().min_by_key(|(_, n)| **n), speakers.iter().max_by_key(|(_, n)| **n))
    {
        let clips = |n: usize| if n == 1 { "1 clip".to_owned() } else { format!("{n} clips") };
        match speakers.len() {
            1 => say(&format!("1 speaker, {most}")),
            n => say(&format!("{n} speakers: from {} ({least}) to {many} ({most})", clips(*few))),
        }
    }
    keep::say_dropped(&dropped, "would be");
    if let Some(html) = html {
        let played = copy_played(html, (&corpus, &preparer), &clips, &spans, &problems)?;
        let content = CheckPage {
            name: &name,
            recipe,
            rows: listing.rows,
            clips: &clips,
            splits: &splits,
            problems: &problems,
            dropped: &dropped,
            texts: &texts,
            played: &played,
        };
        let page = content.page(words)?.to_html().context("failed to draw the page")?;
        write_atomic(html, page.as_bytes()).context("failed to write the page")?;
        say(&format!("the page with plots is {}", html.display()));
    }
    if let Some(out) = out {
        write_table(out, &problems).context("failed to write the findings")?;
        say(&format!("every finding is a row of {}", out.display()));
    }
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

fn say_result(
    clips: &[CheckedClip],
    problems: &[Problem],
    words: &[GuessedWord],
    n_words: usize,
    rows: usize,
) {
    let minutes = clips.iter().map(|clip| clip.recording.seconds).sum::<f64>() / 60.0;
    say(&format!("{} of {rows} clips can be prepared: {minutes:.1} minutes, {n_words} words", clips.len()));
    let mut rates: HashMap<u32, usize> = HashMap::new();
    for clip in clips {
        *rates.entry(clip.recording.sample_rate).or_default() += 1;
    }
    let mut rates: Vec<(u32, usize)> = rates.into_iter().collect();
    rates.sort_unstable();
    let rates: Vec<String> = rates.iter().map(|(rate, clips)| format!("{clips} at {rate} Hz")).collect();
    say(&format!("sample rates: {}", rates.join(", ")));
    if !words.is_empty() {
        let tokens: u64 = words.iter().map(|word| word.count).sum();
        let first: Vec<String> =
            words.iter().take(PRINTED_WORDS).map(|word| format!("{} ({})", word.word, word.count)).collect();
        say(&format!(
            "{tokens} words, {} of them distinct, are outside the dictionary: {}{}",
            words.len(),
            first.join(", "),
            if words.len() > PRINTED_WORDS { ", …" } else { "" }
        ));
    }
    if problems.is_empty() {
        say("no problems found");
    } else {
        say(&format!("{} findings:", problems.len()));
        say(&summary::lines(problems).join("\n"));
    }
}

/// The content of the page with plots.
struct CheckPage<'a> {
    /// The corpus, as it was named.
    name: &'a str,
    recipe: &'a Recipe,
    /// The number of lines that are clips.
    rows: usize,
    clips: &'a [CheckedClip],
    /// The split of each clip.
    splits: &'a [Split],
    problems: &'a [Problem],
    dropped: &'a [Dropped],
    /// Texts as written, by clip.
    texts: &'a HashMap<String, String>,
    /// Recordings beside the page, by clip.
    played: &'a HashMap<String, String>,
}

/// Copies the recordings that the page plays into a directory beside it; returns their paths relative to the page, by clip.
fn copy_played(
    html: &Path,
    (corpus, preparer): (&Corpus, &ClipPreparer<'_>),
    clips: &[CheckedClip],
    spans: &HashMap<String, Option<Span>>,
    problems: &[Problem],
) -> Result<HashMap<String, String>> {
    let audio: HashMap<&str, &str> =
        clips.iter().map(|clip| (clip.id.as_str(), clip.audio.as_str())).collect();
    let stem = html.file_stem().map_or_else(|| "check".into(), |stem| stem.to_string_lossy());
    let folder = format!("{stem}-clips");
    let directory = html.with_file_name(&folder);
    let mut played = HashMap::new();
    for (id, _) in page::doubtful(problems).take(page::LISTENED) {
        let Some(audio) = audio.get(id) else { continue };
        let path = corpus.root().join(audio);
        let (name, bytes) = if let Some(span) = spans.get(id).copied().flatten() {
            // The clip is a part of the recording.
            let wave = preparer.wave(id, audio, Some(span))?;
            let samples = wave.iter().map(|&sample| f32::from(sample) / durations::FULL_SCALE).collect();
            let rate = preparer.extractor().mel_config().sample_rate;
            (format!("{id}.wav"), wav::encode_pcm16(&Waveform::new(samples, rate)))
        } else {
            let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
            let extension = Path::new(audio).extension().unwrap_or_default().to_string_lossy();
            (format!("{id}.{extension}"), bytes)
        };
        fs::create_dir_all(&directory)
            .with_context(|| format!("failed to create `{}`", directory.display()))?;
        write_atomic(&directory.join(&name), &bytes).context("failed to copy a recording beside the page")?;
        played.insert(id.to_owned(), format!("{folder}/{name}"));
    }
    Ok(played)
}

/// A number of a clip, where it has one.
type Value = fn(&CheckedClip) -> Option<f64>;

impl CheckPage<'_> {
    /// Makes the page; `words` have predicted pronunciations.
    fn page(&self, words: Vec<GuessedWord>) -> Result<DatasetPage> {
        let Self { name, recipe, rows, clips, splits, problems, dropped, texts, played } = *self;
        let quantities: [(&str, &str, Value); 8] = [
            ("length", "s", |clip| Some(clip.recording.seconds)),
            ("characters per second", "1/s", |clip| {
                Some(clip.normalized.chars().count() as f64 / clip.recording.seconds)
            }),
            ("loudness", "LUFS", |clip| clip.recording.loudness_lufs),
            ("true peak", "dBTP", |clip| clip.recording.true_peak_dbtp),
            ("silence before", "s", |clip| Some(clip.recording.leading_silence_seconds)),
            ("silence after", "s", |clip| Some(clip.recording.trailing_silence_seconds)),
            ("signal to noise", "dB", |clip| clip.recording.snr_db),
            ("bandwidth", "Hz", |clip| clip.recording.bandwidth_hz),
        ];
        let distributions = quantities.into_iter().map(|(name, unit, value)| {
            let values: Vec<f64> = clips.iter().filter_map(value).collect();
            let missing = (clips.len() - values.len()) as u64;
            Distribution { name: name.to_owned(), unit: unit.to_owned(), values, missing }
        });
        let split_size = |split: Split| {
            let of_split = || clips.iter().zip(splits).filter(move |(_, other)| **other == split);
            SplitSize {
                name: split.word().to_owned(),
                utterances: of_split().count() as u64,
                seconds: of_split().map(|(clip, _)| clip.recording.seconds).sum(),
            }
        };
        Ok(DatasetPage {
            kind: PageKind::Check,
            title: format!("Check of {name}"),
            source: name.to_owned(),
            recipe: page::settings(recipe)?,
            rows: rows as u64,
            utterances: clips.len() as u64,
            problems: summary::group(problems).iter().map(ProblemGroup::from).collect(),
            dropped: page::dropped_groups(dropped),
            doubtful: page::doubtful(problems)
                .take(page::LISTENED)
                .map(|(id, problem)| DoubtfulClip {
                    id: id.to_owned(),
                    message: problem.message.clone(),
                    text: texts.get(id).cloned().unwrap_or_default(),
                    audio: played.get(id).cloned(),
                })
                .collect(),
            n_doubtful: page::doubtful(problems).count() as u64,
            seconds: clips.iter().map(|clip| clip.recording.seconds).sum(),
            splits: Split::ALL.map(split_size).to_vec(),
            distributions: if clips.is_empty() { Vec::new() } else { distributions.collect() },
            guessed_words: words,
            ..DatasetPage::default()
        })
    }
}
