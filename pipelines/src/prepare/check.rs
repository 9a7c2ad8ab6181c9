//! `mynah-prepare check`.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use mynah_cli::{BAD_RESULT, say};
use mynah_corpus::check::{CheckedClip, findings};
use mynah_corpus::{Candidate, Corpus, DatasetLayout, Entry, Problem, Recipe, Split, Splitter, leaks};
use mynah_report::dataset::{DatasetPage, Distribution, GuessedWord, PageKind, ProblemGroup, SplitSize};
use mynah_table::{TableFormat, write_atomic, write_table};
use mynah_text::Phonemized;

use super::clips::ClipPreparer;
use super::listing::{list, say_notes};
use super::{page, summary};

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
struct Checked {
    clip: CheckedClip,
    phonemized: Phonemized,
    speaker: Option<String>,
    split: Option<Split>,
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
    let checked =
        preparer.check_all(listing.entries, &mut problems, |entry, hash, recording, phonemized| {
            let Entry { id, table, line, audio, speaker, split, .. } = entry;
            let normalized = phonemized.normalized.clone();
            let dropped = phonemized.dropped.iter().map(|dropped| dropped.character).collect();
            let clip =
                CheckedClip { id, table, line, normalized, dropped, audio, audio_hash: hash, recording };
            Checked { clip, phonemized, speaker, split }
        })?;
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
    let (clips, phonemized): (Vec<CheckedClip>, Vec<Phonemized>) =
        checked.into_iter().map(|Checked { clip, phonemized, .. }| (clip, phonemized)).unzip();
    let leaks =
        leaks(clips.iter().zip(&splits).map(|(clip, split)| {
            (clip.id.as_str(), *split, clip.normalized.as_str(), clip.audio_hash.as_str())
        }));
    problems.extend(findings(&clips, &leaks));

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
    if let Some(html) = html {
        let content = CheckPage {
            name: &name,
            recipe,
            rows: listing.rows,
            clips: &clips,
            splits: &splits,
            problems: &problems,
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
}

/// A number of a clip, where it has one.
type Value = fn(&CheckedClip) -> Option<f64>;

impl CheckPage<'_> {
    /// Makes the page; `words` have predicted pronunciations.
    fn page(&self, words: Vec<GuessedWord>) -> Result<DatasetPage> {
        let Self { name, recipe, rows, clips, splits, problems } = *self;
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
            seconds: clips.iter().map(|clip| clip.recording.seconds).sum(),
            splits: Split::ALL.map(split_size).to_vec(),
            distributions: if clips.is_empty() { Vec::new() } else { distributions.collect() },
            guessed_words: words,
            ..DatasetPage::default()
        })
    }
}
