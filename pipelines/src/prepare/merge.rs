//! `mynah-prepare merge`.

use std::collections::HashMap;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use mynah_cli::Advised;
use mynah_corpus::{Corpus, DatasetLayout, Problem, Splitter};

use super::clips::ClipPreparer;
use super::durations;
use super::finalize::{Gathered, finalize};
use super::listing::list;
use super::program::PROGRAM;
use crate::espeak::PRONUNCIATIONS;
use crate::lock;

/// Merges the shards of a dataset into the bytes that a run without shards writes.
pub(crate) fn run(out: &Path) -> Result<ExitCode> {
    let begin = Instant::now();
    let layout = DatasetLayout::new(out);
    let failed = || format!("failed to merge the shards of `{}`", out.display());
    let _lock = lock::existing(out, failed)?;
    let shards = layout.shards().join().with_context(failed)?;
    let corpus = Corpus::open(shards.corpus.as_ref(), &shards.recipe.source)?;
    let listing = list(&corpus, &shards.corpus)?;
    if listing.fingerprint != shards.metadata {
        bail!(Advised::new(
            format!("`{}` in `{}` has changed since the shards were prepared", listing.place, shards.corpus),
            "run the shards again, which computes only what is new"
        ));
    }
    if shards.program != PROGRAM {
        bail!(Advised::new(
            format!("the shards are by {}, and this is {PROGRAM}", shards.program),
            "use the same version for all shards and for the merge"
        ));
    }
    let mut preparer = ClipPreparer::new(&corpus, &layout, &shards.recipe)?;
    let splitter = Splitter::new(&shards.recipe.split)?;
    durations::check(&layout, &shards.recipe)?;
    layout.begin().with_context(failed)?;
    let findings: HashMap<&str, &str> =
        shards.prepared.iter().map(|finding| (finding.id.as_str(), finding.feature_key.as_str())).collect();
    let found: HashMap<&str, &Problem> =
        shards.problems.iter().filter_map(|problem| Some((problem.id.as_deref()?, problem))).collect();
    preparer.ask_espeak(&listing.entries, Some(&out.join(PRONUNCIATIONS))).with_context(failed)?;
    let mut problems = listing.problems;
    problems.extend(shards.problems.iter().cloned());
    let prepared =
        preparer.recall_all(listing.entries, &findings, &found, &mut problems).with_context(failed)?;
    let gathered = Gathered {
        name: shards.corpus.clone(),
        place: listing.place,
        rows: listing.rows,
        prepared,
        problems,
        dropped: Vec::new(),
    };
    finalize(gathered, &layout, &shards.recipe, preparer.extractor(), &splitter, begin)
}
