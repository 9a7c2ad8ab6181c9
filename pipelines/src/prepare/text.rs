//! `mynah-prepare text`: any text to the identifiers that pre-training reads.
//!
//! ```text
//! INPUT… ──plan──► pieces of a few MB ──count──► words by pronunciation ──BPE──► supphones.json
//!                     └──────────────────────encode──────────────────────────────────┴──► shards/*.parquet
//! ```
//!
//! A piece is the lines that begin in a range of bytes, so that every thread finds its own without reading the rest, and
//! a shard is what became of a piece: a function of its bytes and the settings, whoever computes it and when. Beside
//! every shard lies its key.

#[path = "../../../crates/corpus/src/text_dataset/pieces.rs"]
mod lines;
#[path = "../../../crates/corpus/src/text_dataset/encoding.rs"]
mod shard;

use std::collections::BTreeMap;
use std::fs;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use mynah_corpus::Problem;
use mynah_table::write_atomic;
use mynah_text::{Phone, Pronouncer, SupPhones, Vocabulary, parse_phones};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::phonemize::read_lexicon;
use crate::lock;
use crate::program::{BAD_RESULT, say};
use crate::progress::Progress;
use lines::{Piece, plan};
use shard::{Found, Job, Work};

/// The number of the layout of DIR.
pub(crate) const FORMAT: u32 = 1;
/// Changes whenever the same bytes give other identifiers, so that shards of older code are not taken for new ones.
const VERSION: u32 = 1;

/// What a line of the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    /// One sentence
    Line,
    /// A paragraph, which is split into sentences
    Paragraph,
}

/// What to do.
pub(crate) struct Settings {
    /// Plain text.
    pub(crate) inputs: Vec<PathBuf>,
    /// Where the shards go.
    pub(crate) out: PathBuf,
    /// What a line is.
    pub(crate) unit: Unit,
    /// Sup-phones that are there already.
    pub(crate) bpe: Option<PathBuf>,
    /// Merges to learn where there are none.
    pub(crate) merges: usize,
    /// The user's own words.
    pub(crate) lexicon: Option<PathBuf>,
    /// Bytes of input that make a shard.
    pub(crate) shard_bytes: u64,
}

/// `text.toml`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) format: u32,
    program: String,
    inputs: Vec<String>,
    unit: Unit,
    shard_bytes: u64,
    pub(crate) fingerprint: String,
    pub(crate) counts: Counts,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) shards: usize,
    lines: u64,
    pub(crate) sentences: u64,
    words: u64,
    pub(crate) symbols: u64,
    problems: usize,
}

/// Counts, learns, encodes; each only where it is not done.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let begin = Instant::now();
    let out = &settings.out;
    let lexicon = settings.lexicon.as_deref().map(read_lexicon).transpose()?;
    let lexicon_text = settings.lexicon.as_ref().map(fs::read).transpose()?.unwrap_or_default();
    let pronouncer = Pronouncer::new(lexicon);
    let pieces = plan(&settings.inputs, settings.shard_bytes)?;
    if pieces.is_empty() {
        bail!("there is no text in the input: every file is empty");
    }
    let _lock = lock::directory(out, || format!("failed to make `{}`", out.display()))?;
    fs::create_dir_all(out.join("shards")).with_context(|| format!("failed to make `{}`", out.display()))?;
    let summary_path = out.join("text.toml");
    if summary_path.exists() {
        fs::remove_file(&summary_path)
            .with_context(|| format!("failed to remove `{}`", summary_path.display()))?;
    }

    let base = format!("mynah-text {VERSION}\0{:?}\0{}\0", settings.unit, blake3::hash(&lexicon_text));
    let sup_phones = match &settings.bpe {
        Some(path) => {
            let name = path.display();
            let json = fs::read_to_string(path).with_context(|| format!("failed to read `{name}`"))?;
            SupPhones::from_json(&json).with_context(|| format!("failed to read `{name}`"))?
        }
        None => learn(settings, &pronouncer, &base, &pieces)?,
    };
    let json = sup_phones.to_json();
    let job = Job {
        settings,
        pronouncer: &pronouncer,
        sup_phones: Some(&sup_phones),
        base: format!("{base}{}", blake3::hash(json.as_bytes())),
    };
    let found = all(&job, &pieces, "encoded", Work::Encode)?;

    write_atomic(&out.join("supphones.json"), json.as_bytes())?;
    write_atomic(&out.join("vocabulary.json"), Vocabulary::arpabet().to_json().as_bytes())?;
    let mut counts = Counts { shards: found.len(), ..Counts::default() };
    for shard in &found {
        counts.lines += shard.lines;
        counts.sentences += shard.sentences;
        counts.words += shard.words;
        counts.symbols += shard.symbols;
        counts.problems += shard.problems;
    }
    write_problems(settings, &pieces, &found)?;
    remove_others(&out.join("shards"), found.len())?;
    let keys: String = found.iter().map(|shard| shard.key.as_str()).collect();
    let summary = Summary {
        format: FORMAT,
        program: concat!("mynah-prepare ", env!("CARGO_PKG_VERSION")).to_owned(),
        inputs: settings.inputs.iter().map(|path| path.display().to_string()).collect(),
        unit: settings.unit,
        shard_bytes: settings.shard_bytes,
        fingerprint: blake3::hash(format!("{keys}{json}").as_bytes()).to_string(),
        counts,
    };
    write_atomic(&summary_path, toml::to_string(&summary)?.as_bytes())?;
    let Counts { lines, sentences, words, problems, .. } = summary.counts;
    let shards = if found.len() == 1 { "1 shard".to_owned() } else { format!("{} shards", found.len()) };
    say(&format!(
        "{words} words, {sentences} sentences of {lines} lines, {} sup-phones, {shards} ({:.1} s)",
        sup_phones.len(),
        begin.elapsed().as_secs_f64()
    ));
    if problems > 0 {
        say(&format!("{problems} problems, each a row of {}/problems.jsonl", out.display()));
    }
    Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

/// Counts the words of all pieces and learns the sup-phones.
fn learn(settings: &Settings, pronouncer: &Pronouncer, base: &str, pieces: &[Piece]) -> Result<SupPhones> {
    let directory = settings.out.join("counts");
    fs::create_dir_all(&directory).with_context(|| format!("failed to make `{}`", directory.display()))?;
    let job = Job { settings, pronouncer, sup_phones: None, base: base.to_owned() };
    all(&job, pieces, "counted", Work::Count)?;
    remove_others(&directory, pieces.len())?;
    let mut words: BTreeMap<Vec<Phone>, u64> = BTreeMap::new();
    for index in 0..pieces.len() {
        for row in shard::read_counts(&directory, index)? {
            *words.entry(parse_phones(&row.phones)?).or_default() += row.count;
        }
    }
    let types = words.len();
    let sup_phones = SupPhones::train(words, settings.merges);
    say(&format!("{} merges from {types} distinct words", sup_phones.merges().len()));
    Ok(sup_phones)
}

/// One work on all pieces, on all threads.
fn all(job: &Job<'_>, pieces: &[Piece], what: &'static str, work: Work) -> Result<Vec<Found>> {
    let progress = Progress::new(what, pieces.len());
    let found: Result<Vec<Found>> = pieces
        .par_iter()
        .enumerate()
        .map(|(index, piece)| {
            let found = job.run(index, piece, work);
            progress.step();
            found
                .with_context(|| format!("failed to prepare `{}`", job.settings.inputs[piece.file].display()))
        })
        .collect();
    progress.finish();
    let found = found?;
    let reused = found.iter().filter(|shard| shard.reused).count();
    if reused > 0 {
        say(&format!("{reused} of {} pieces were {what} before", found.len()));
    }
    Ok(found)
}

/// Joins the problems of the shards, with lines counted from the beginning of their file.
fn write_problems(settings: &Settings, pieces: &[Piece], found: &[Found]) -> Result<()> {
    let path = settings.out.join("problems.jsonl");
    let partial = settings.out.join("problems.jsonl.partial");
    let failed = || format!("failed to write `{}`", path.display());
    let mut file = BufWriter::new(fs::File::create(&partial).with_context(failed)?);
    let (mut before, mut last) = (0, usize::MAX);
    for ((index, shard), piece) in found.iter().enumerate().zip(pieces) {
        if piece.file != last {
            (before, last) = (0, piece.file);
        }
        if shard.problems > 0 {
            for mut problem in shard::read_problems(&settings.out, index)? {
                problem.line = problem.line.map(|line| line + before);
                write_row(&mut file, &problem).with_context(failed)?;
            }
        }
        before += shard.lines;
    }
    let file = file.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(failed)?;
    file.sync_all().with_context(failed)?;
    fs::rename(&partial, &path).with_context(failed)
}

fn write_row(file: &mut impl std::io::Write, problem: &Problem) -> Result<()> {
    serde_json::to_writer(&mut *file, problem)?;
    Ok(file.write_all(b"\n")?)
}

/// Removes the numbered files of a longer text that was here before.
fn remove_others(directory: &Path, count: usize) -> Result<()> {
    let failed = || format!("failed to tidy `{}`", directory.display());
    for entry in fs::read_dir(directory).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.split('.').next().and_then(|stem| stem.parse::<usize>().ok());
        if number.is_some_and(|number| number >= count) || name.starts_with('.') {
            fs::remove_file(entry.path()).with_context(failed)?;
        }
    }
    Ok(())
}
