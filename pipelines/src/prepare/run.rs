//! `mynah-prepare run`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};
use mynah_cli::{BAD_RESULT, say};
use mynah_corpus::{Corpus, DatasetLayout, Finding, Listing, Recipe, Shard, ShardReport, Splitter};

use super::clips::{ClipPreparer, PreparedClip};
use super::finalize::{Gathered, finalize};
use super::listing::{list, say_notes};
use super::program::PROGRAM;
use super::{durations, summary};
use crate::espeak::PRONUNCIATIONS;
use crate::lock;

/// The settings of a preparation.
pub(crate) struct Settings {
    /// The corpus.
    pub(crate) corpus: PathBuf,
    /// The directory of the dataset.
    pub(crate) out: PathBuf,
    /// The recipe.
    pub(crate) recipe: Recipe,
    /// The part of the clips to prepare; then steps that need all clips are left to `merge`.
    pub(crate) shard: Option<Shard>,
}

/// Prepares a corpus: first every clip, then the steps that need all of them.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let begin = Instant::now();
    let Settings { corpus, out, recipe, shard } = settings;
    let name = corpus.display().to_string();
    let corpus = Corpus::open(corpus, &recipe.source)?;
    let layout = DatasetLayout::new(out);
    let mut preparer = ClipPreparer::new(&corpus, &layout, recipe)?;
    let splitter = Splitter::new(&recipe.split)?;
    let listing = list(&corpus, &name)?;
    let failed = || format!("failed to complete the dataset `{}`", out.display());
    let _lock = match shard {
        Some(shard) => lock::part(out, &shard.file_stem(), failed)?,
        None => lock::directory(out, failed)?,
    };
    say_notes(&listing);
    durations::check(&layout, recipe)?;
    layout.begin().with_context(failed)?;
    if let Some(shard) = *shard {
        return ShardRun { settings, shard, name: &name, layout: &layout, begin }.run(&mut preparer, listing);
    }

    preparer.ask_espeak(&listing.entries, Some(&out.join(PRONUNCIATIONS))).with_context(failed)?;
    let mut problems = listing.problems;
    let prepared = preparer.prepare_all(listing.entries, &mut problems).with_context(failed)?;
    say_reused(&prepared);
    let Listing { place, rows, .. } = listing;
    let gathered = Gathered { name, place, rows, prepared, problems, dropped: Vec::new() };
    finalize(gathered, &layout, recipe, preparer.extractor(), &splitter, begin)
}

/// The preparation of one shard.
struct ShardRun<'a> {
    settings: &'a Settings,
    shard: Shard,
    /// The corpus, as it was named.
    name: &'a str,
    layout: &'a DatasetLayout,
    begin: Instant,
}

impl ShardRun<'_> {
    /// Prepares the clips of the shard and writes its report.
    fn run(&self, preparer: &mut ClipPreparer<'_>, mut listing: Listing) -> Result<ExitCode> {
        let Self { settings, shard, name, layout, begin } = *self;
        let out = settings.out.display();
        let failed = || format!("failed to prepare shard {shard} of the dataset `{out}`");
        layout.shards().begin(shard).with_context(failed)?;
        listing.entries.retain(|entry| shard.holds(&entry.id));
        let n_entries = listing.entries.len();
        preparer.ask_espeak(&listing.entries, None).with_context(failed)?;
        let mut problems = Vec::new();
        let prepared = preparer.prepare_all(listing.entries, &mut problems).with_context(failed)?;
        say_reused(&prepared);
        let finding = |clip: &PreparedClip| Finding {
            id: clip.entry.id.clone(),
            feature_key: clip.feature_key.clone(),
        };
        let findings = prepared.iter().map(finding).collect();
        let report = ShardReport::new(
            PROGRAM,
            name,
            listing.fingerprint,
            &settings.recipe,
            findings,
            problems.clone(),
        );
        layout.shards().write(shard, &report).with_context(failed)?;
        let seconds = begin.elapsed().as_secs_f64();
        say(&format!("shard {shard}: {} of {n_entries} clips prepared ({seconds:.1} s)", prepared.len()));
        if !problems.is_empty() {
            say(&summary::lines(&problems).join("\n"));
        }
        say(&format!("once all shards are done: mynah-prepare merge {out}"));
        Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
    }
}

fn say_reused(prepared: &[PreparedClip]) {
    let reused = prepared.iter().filter(|clip| clip.reused).count();
    if reused > 0 {
        say(&format!("{reused} of {} clips were prepared before", prepared.len()));
    }
}
