//! `mynah-prepare run` and `merge`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use mynah_corpus::{Corpus, DatasetLayout, Finding, Listing, Problem, Recipe, Shard, ShardReport, Splitter};

use super::finalize::{Gathered, complete};
use super::durations;
use super::clips::{Prepared, Preparer};
use super::summary;
use crate::lock;
use crate::program::{BAD_RESULT, say};

/// The program that writes a dataset, as the dataset names it.
pub(super) const PROGRAM: &str = concat!("mynah-prepare ", env!("CARGO_PKG_VERSION"));

/// What espeak-ng said, in the dataset.
pub(super) const ESPEAK: &str = "espeak.tsv";

/// What to do.
pub(crate) struct Settings {
    /// The corpus.
    pub(crate) corpus: PathBuf,
    /// Where the dataset goes.
    pub(crate) out: PathBuf,
    /// How it is prepared.
    pub(crate) recipe: Recipe,
    /// Only this part of the clips, and nothing that needs all of them.
    pub(crate) shard: Option<Shard>,
}

/// Prepares the corpus: each line by itself, then what needs all of them.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let begin = Instant::now();
    let Settings { corpus, out, recipe, shard } = settings;
    let name = corpus.display().to_string();
    let corpus = Corpus::open(corpus)?;
    let layout = DatasetLayout::new(out);
    let mut preparer = Preparer::new(&corpus, &layout, recipe)?;
    let splitter = Splitter::new(&recipe.split)?;
    let listing = list(&corpus, &name)?;
    let failed = || format!("failed to complete the dataset `{}`", out.display());
    let _lock = match shard {
        Some(shard) => lock::part(out, &shard.file_stem(), failed)?,
        None => lock::directory(out, failed)?,
    };
    durations::check(&layout, recipe)?;
    layout.begin().with_context(failed)?;
    if let Some(shard) = shard {
        return run_shard(settings, *shard, &name, &layout, &mut preparer, listing, begin);
    }

    preparer.ask_espeak(&listing.entries, Some(&out.join(ESPEAK))).with_context(failed)?;
    let mut problems = listing.problems;
    let prepared = preparer.prepare_all(listing.entries, &mut problems).with_context(failed)?;
    say_reused(&prepared);
    let gathered = Gathered { name, rows: listing.rows, prepared, problems };
    complete(gathered, &layout, recipe, preparer.extractor(), &splitter, begin)
}

/// The clips of one shard, and the file that says what was found.
fn run_shard(
    settings: &Settings,
    shard: Shard,
    name: &str,
    layout: &DatasetLayout,
    preparer: &mut Preparer<'_>,
    mut listing: Listing,
    begin: Instant,
) -> Result<ExitCode> {
    let out = settings.out.display();
    let failed = || format!("failed to prepare shard {shard} of the dataset `{out}`");
    layout.shards().begin(shard).with_context(failed)?;
    listing.entries.retain(|entry| shard.holds(&entry.id));
    let n_entries = listing.entries.len();
    preparer.ask_espeak(&listing.entries, None).with_context(failed)?;
    let mut problems = Vec::new();
    let prepared = preparer.prepare_all(listing.entries, &mut problems).with_context(failed)?;
    say_reused(&prepared);
    let finding = |prepared: &Prepared| Finding {
        id: prepared.entry.id.clone(),
        feature_key: prepared.feature_key.clone(),
    };
    let findings = prepared.iter().map(finding).collect();
    let report =
        ShardReport::new(PROGRAM, name, listing.fingerprint, &settings.recipe, findings, problems.clone());
    layout.shards().write(shard, &report).with_context(failed)?;
    let seconds = begin.elapsed().as_secs_f64();
    say(&format!("shard {shard}: {} of {n_entries} clips prepared ({seconds:.1} s)", prepared.len()));
    if !problems.is_empty() {
        say(&summary::lines(&problems).join("\n"));
    }
    say(&format!("when all shards are done: mynah-prepare merge {out}"));
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

/// Joins the shards of a dataset: the same bytes as without shards.
pub(crate) fn merge(out: &Path) -> Result<ExitCode> {
    let begin = Instant::now();
    let layout = DatasetLayout::new(out);
    let failed = || format!("failed to merge the shards of `{}`", out.display());
    let _lock = lock::existing(out, failed)?;
    let shards = layout.shards().join().with_context(failed)?;
    let corpus = Corpus::open(shards.corpus.as_ref())?;
    let listing = list(&corpus, &shards.corpus)?;
    if listing.fingerprint != shards.metadata {
        bail!(
            "`{}/metadata.csv` has changed since the shards were prepared: run them again, which computes only what is new",
            shards.corpus
        );
    }
    if shards.program != PROGRAM {
        bail!("the shards are by {}, and this is {PROGRAM}: use one version for all", shards.program);
    }
    let mut preparer = Preparer::new(&corpus, &layout, &shards.recipe)?;
    let splitter = Splitter::new(&shards.recipe.split)?;
    durations::check(&layout, &shards.recipe)?;
    layout.begin().with_context(failed)?;
    let findings: HashMap<&str, &str> =
        shards.prepared.iter().map(|finding| (finding.id.as_str(), finding.feature_key.as_str())).collect();
    let found: HashMap<&str, &Problem> =
        shards.problems.iter().filter_map(|problem| Some((problem.id.as_deref()?, problem))).collect();
    preparer.ask_espeak(&listing.entries, Some(&out.join(ESPEAK))).with_context(failed)?;
    let mut problems = listing.problems;
    problems.extend(shards.problems.iter().cloned());
    let prepared =
        preparer.recall_all(listing.entries, &findings, &found, &mut problems).with_context(failed)?;
    let gathered = Gathered { name: shards.corpus.clone(), rows: listing.rows, prepared, problems };
    complete(gathered, &layout, &shards.recipe, preparer.extractor(), &splitter, begin)
}

/// The clips of a corpus; one without any is refused.
pub(super) fn list(corpus: &Corpus, name: &str) -> Result<Listing> {
    let listing = corpus.list().with_context(|| format!("failed to list the clips of `{name}`"))?;
    if listing.rows == 0 {
        bail!("`{name}/metadata.csv` lists no clips: write a line `id|text|normalized text` for each");
    }
    Ok(listing)
}

fn say_reused(prepared: &[Prepared]) {
    let reused = prepared.iter().filter(|prepared| prepared.reused).count();
    if reused > 0 {
        say(&format!("{reused} of {} clips were prepared before", prepared.len()));
    }
}
