//! A complete dataset, taken up again to find other durations without its corpus.

use anyhow::{Context as _, Result, bail};
use mynah_corpus::{Code, Dataset, DatasetLayout, Entry, FeatureExtractor, Problem, Recipe, TextBackend};
use rayon::prelude::*;

use super::finalize::Gathered;
use super::clips::Prepared;
use crate::espeak::Espeak;
use super::phonemize::phonemizer;
use super::run::ESPEAK;

/// The clips of a dataset as `run` had them before it looked for durations, and what computed their features.
///
/// Problems that concern durations of other tools are left out: they are found again.
///
/// # Errors
///
/// When the texts of the dataset become other symbols than it has, as after a change of the lexicon or of this program.
pub(crate) fn reopen(
    dataset: &Dataset,
    layout: &DatasetLayout,
    recipe: &Recipe,
) -> Result<(Gathered, FeatureExtractor)> {
    let extractor = FeatureExtractor::new(&recipe.audio)?;
    let mut phonemizer = phonemizer(recipe.text.lexicon.as_deref())?;
    if recipe.text.backend == TextBackend::Espeak {
        let mut espeak = Espeak::find()?;
        espeak.remember(&layout.root().join(ESPEAK));
        espeak
            .teach(&mut phonemizer, dataset.utterances().iter().map(|utterance| utterance.text.as_str()))?;
    }
    let prepared = dataset.utterances().par_iter().map(|utterance| {
        let phonemized = phonemizer
            .phonemize(&utterance.text)
            .with_context(|| format!("failed to phonemise the text of `{}`", utterance.id))?;
        let entry = Entry {
            id: utterance.id.clone(),
            text: utterance.text.clone(),
            normalized: utterance.text.clone(),
            line: 0,
            audio: utterance.audio.clone(),
        };
        let prepared = Prepared {
            entry,
            text: utterance.text.clone(),
            phonemized,
            audio: utterance.audio_summary(),
            feature_key: utterance.feature_key.clone(),
            reused: true,
        };
        if prepared.symbols() != utterance.symbols {
            bail!(
                "the text of `{}` has other phones than the dataset: the lexicon or the program has changed, so run `mynah-prepare run` again",
                utterance.id
            );
        }
        Ok(prepared)
    });
    let prepared = prepared.collect::<Result<Vec<Prepared>>>()?;
    let mut problems = layout.read_problems()?;
    problems.retain(|problem| !is_of_import(problem));
    let name = dataset.info().corpus.clone();
    Ok((Gathered { name, rows: dataset.info().counts.rows, prepared, problems }, extractor))
}

fn is_of_import(problem: &Problem) -> bool {
    matches!(
        problem.code,
        Code::MissingAlignment
            | Code::AmbiguousAlignment
            | Code::UnreadableAlignment
            | Code::UnknownPhone
            | Code::DifferentPhones
            | Code::DifferentLength
            | Code::StaleAlignment
    )
}
