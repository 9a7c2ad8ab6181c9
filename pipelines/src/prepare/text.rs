//! `mynah-prepare text`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};
use mynah_cli::{BAD_RESULT, Progress, say};
use mynah_corpus::text_dataset::{TextConfig, TextCounts, TextEncoder, TextUnit};
use mynah_text::{Normalizer, Pronouncer, SupPhones};

use super::program::PROGRAM;
use crate::lock;
use crate::pronunciation::read_lexicon;

/// The settings of an encoding.
pub(crate) struct Settings {
    /// Plain text.
    pub(crate) inputs: Vec<PathBuf>,
    /// The directory for the shards.
    pub(crate) out: PathBuf,
    /// The unit of a line.
    pub(crate) unit: TextUnit,
    /// Existing sup-phonemes.
    pub(crate) bpe: Option<PathBuf>,
    /// Merges to learn without existing sup-phonemes.
    pub(crate) merges: usize,
    /// The user's lexicon.
    pub(crate) lexicon: Option<PathBuf>,
    /// The normalization of lines.
    pub(crate) normalizer: Normalizer,
    /// Bytes of input per shard.
    pub(crate) shard_bytes: u64,
}

/// Counts words, learns sup-phonemes and encodes sentences, skipping finished work.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let begin = Instant::now();
    let out = &settings.out;
    let lexicon = settings.lexicon.as_deref().map(read_lexicon).transpose()?;
    let config = TextConfig {
        inputs: settings.inputs.clone(),
        out: out.clone(),
        unit: settings.unit,
        shard_bytes: settings.shard_bytes,
        lexicon: settings.lexicon.as_ref().map(fs::read).transpose()?.unwrap_or_default(),
        normalizer: settings.normalizer.clone(),
    };
    let pronouncer = Pronouncer::new(lexicon);
    let encoder = TextEncoder::new(&config, &pronouncer)?;
    let failed = || format!("failed to encode the text `{}`", out.display());
    let _lock = lock::directory(out, failed)?;
    encoder.begin().with_context(failed)?;

    let sup_phones = match &settings.bpe {
        Some(path) => {
            let name = path.display();
            let json = fs::read_to_string(path).with_context(|| format!("failed to read `{name}`"))?;
            SupPhones::from_json(&json).with_context(|| format!("failed to read `{name}`"))?
        }
        None => learn(&encoder, settings.merges).with_context(failed)?,
    };
    let progress = Progress::new("encoded", encoder.n_pieces());
    let shards = encoder.encode(&sup_phones, || progress.step());
    progress.finish();
    let shards = shards.with_context(failed)?;
    say_reused("encoded", shards.reused(), encoder.n_pieces());
    let info = encoder.finish(PROGRAM, &sup_phones, &shards).with_context(failed)?;

    let TextCounts { shards, lines, sentences, words, problems, .. } = info.counts;
    let shards = if shards == 1 { "1 shard".to_owned() } else { format!("{shards} shards") };
    say(&format!(
        "{words} words, {sentences} sentences of {lines} lines, {} sup-phonemes, {shards} ({:.1} s)",
        sup_phones.len(),
        begin.elapsed().as_secs_f64()
    ));
    if problems > 0 {
        say(&format!("{problems} problems, each a row of {}/problems.jsonl", out.display()));
    }
    Ok(if problems == 0 { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

/// Learns sup-phonemes from the words of the whole text.
fn learn(encoder: &TextEncoder<'_>, merges: usize) -> Result<SupPhones> {
    let progress = Progress::new("counted", encoder.n_pieces());
    let counts = encoder.count_words(|| progress.step());
    progress.finish();
    let counts = counts?;
    say_reused("counted", counts.reused, encoder.n_pieces());
    let types = counts.words.len();
    let sup_phones = SupPhones::train(counts.words, merges);
    say(&format!("{} merges from {types} distinct words", sup_phones.merges().len()));
    Ok(sup_phones)
}

fn say_reused(done: &str, reused: usize, pieces: usize) {
    if reused > 0 {
        say(&format!("{reused} of {pieces} pieces were {done} before"));
    }
}
