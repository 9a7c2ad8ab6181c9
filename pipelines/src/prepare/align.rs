//! `mynah-prepare align`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use mynah_cli::{Advised, read_toml};
use mynah_corpus::{Dataset, DatasetLayout, Recipe};

use super::agreement::say_agreement;
use super::durations;
use super::realign::realign;
use crate::lock;

/// The settings of a new alignment.
pub(crate) struct Settings {
    /// A complete dataset.
    pub(crate) dataset: PathBuf,
    /// A recipe whose `[alignment]` replaces the dataset's.
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
    let code = realign(&dataset, &layout, &recipe)?;
    say_agreement(&settings.dataset)?;
    Ok(code)
}

/// Returns the dataset's recipe with the `[alignment]` of the file, whose other sections must agree with the dataset's.
fn recipe(of_dataset: &Recipe, settings: &Settings) -> Result<Recipe> {
    let Some(path) = &settings.recipe else { return Ok(of_dataset.clone()) };
    let given: Recipe = read_toml(path)?;
    let sections: toml::Table = read_toml(path)?;
    let table = |recipe: &Recipe| toml::Table::try_from(recipe).context("failed to serialize the recipe");
    let (ours, theirs) = (table(of_dataset)?, table(&given)?);
    for section in sections.keys().filter(|section| section.as_str() != "alignment") {
        if ours.get(section) != theirs.get(section) {
            bail!(Advised::new(
                format!(
                    "`[{section}]` of `{}` differs from the recipe of the dataset `{}`",
                    path.display(),
                    settings.dataset.display()
                ),
                "change only `[alignment]` here, and use `mynah-prepare run` for the other sections"
            ));
        }
    }
    Ok(Recipe { alignment: given.alignment, ..of_dataset.clone() })
}
