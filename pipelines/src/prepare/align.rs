//! `mynah-prepare align`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use mynah_corpus::{Agreement, Dataset, DatasetLayout, Recipe, Splitter, agreement};
use mynah_text::Symbol;
use rayon::prelude::*;

use super::finalize::complete;
use super::durations;
use super::realign::reopen;
use crate::lock;
use crate::program::{read_toml, say};

/// What to do.
pub(crate) struct Settings {
    /// A complete dataset.
    pub(crate) dataset: PathBuf,
    /// A recipe whose `[alignment]` is taken.
    pub(crate) recipe: Option<PathBuf>,
}

/// Finds the durations of a dataset again, with other settings.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let failed = || format!("failed to align the dataset `{}`", settings.dataset.display());
    let _lock = lock::existing(&settings.dataset, failed)?;
    let dataset = Dataset::open(&settings.dataset)?;
    let recipe = recipe(&dataset.info().recipe, settings)?;
    let layout = DatasetLayout::new(&settings.dataset);
    durations::check(&layout, &recipe)?;
    let code = find_again(&dataset, &layout, &recipe)?;
    say_agreement(&settings.dataset)?;
    Ok(code)
}

/// Completes a dataset with the durations of this recipe. Until they are found, it stays complete as it is.
pub(super) fn find_again(dataset: &Dataset, layout: &DatasetLayout, recipe: &Recipe) -> Result<ExitCode> {
    let begin = Instant::now();
    let (gathered, extractor) = reopen(dataset, layout, recipe)?;
    let splitter = Splitter::new(&recipe.split)?;
    complete(gathered, layout, recipe, &extractor, &splitter, begin)
}

/// Says which share of the sounds is where the durations have them.
pub(super) fn say_agreement(dataset: &std::path::Path) -> Result<()> {
    let dataset = Dataset::open(dataset)?;
    let audio = &dataset.info().recipe.audio;
    let hop = audio.mel.config(audio.sample_rate).hop_length;
    let of_each = dataset.utterances().par_iter().map(|utterance| {
        let symbols: Vec<Symbol> = utterance.symbols.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let features = dataset.features(utterance)?;
        anyhow::Ok(agreement(&symbols, &utterance.durations, &features, audio.sample_rate, hop))
    });
    let mut sums: Vec<Agreement> = Vec::new();
    for rows in of_each.collect::<Result<Vec<_>>>()? {
        if sums.is_empty() {
            sums = rows.to_vec();
            continue;
        }
        for (sum, row) in sums.iter_mut().zip(rows) {
            sum.frames += row.frames;
            sum.agreeing += row.agreeing;
        }
    }
    say("what is heard where the durations have it, in frames:");
    for row in sums {
        let share = row.share().map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        say(&format!("  {:<24} {share:>7} of {}", row.statement, row.frames));
    }
    Ok(())
}

/// The recipe of the dataset with the `[alignment]` of the file; other sections of the file must be the dataset's.
fn recipe(of_dataset: &Recipe, settings: &Settings) -> Result<Recipe> {
    let Some(path) = &settings.recipe else { return Ok(of_dataset.clone()) };
    let given: Recipe = read_toml(path)?;
    let sections: toml::Table = read_toml(path)?;
    let table = |recipe: &Recipe| toml::Table::try_from(recipe).context("failed to write down the recipe");
    let (ours, theirs) = (table(of_dataset)?, table(&given)?);
    for section in sections.keys().filter(|section| section.as_str() != "alignment") {
        if ours.get(section) != theirs.get(section) {
            bail!(
                "`[{section}]` of `{}` is not that of the dataset `{}`: `align` changes the durations only; `mynah-prepare run` does the rest",
                path.display(),
                settings.dataset.display()
            );
        }
    }
    Ok(Recipe { alignment: given.alignment, ..of_dataset.clone() })
}
