//! New durations for a complete dataset, without its corpus.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use mynah_cli::Advised;
use mynah_corpus::{
    Code, Dataset, DatasetLayout, Entry, FeatureExtractor, Problem, Recipe, Splitter, TextBackend,
    give_phones,
};
use rayon::prelude::*;

use super::clips::PreparedClip;
use super::finalize::{Gathered, finalize};
use crate::espeak::{Espeak, PRONUNCIATIONS};
use crate::pronunciation::phonemizer_of;

/// Completes a dataset with the durations that a recipe asks for. Until they are found, the dataset stays complete.
///
/// # Errors
///
/// When a text of the dataset has other phones than the manifest, for example after a change of the lexicon or of this
/// program; when the dataset cannot be written.
pub(crate) fn realign(dataset: &Dataset, layout: &DatasetLayout, recipe: &Recipe) -> Result<ExitCode> {
    let begin = Instant::now();
    let (gathered, extractor) = reopen(dataset, layout, recipe)?;
    let splitter = Splitter::new(&recipe.split)?;
    finalize(gathered, layout, recipe, &extractor, &splitter, begin)
}

/// Returns the clips of a dataset as `run` had them before the alignment, and the extractor of their features.
///
/// Problems with the durations of other tools and findings about whole clips are left out, as they are found again.
fn reopen(
    dataset: &Dataset,
    layout: &DatasetLayout,
    recipe: &Recipe,
) -> Result<(Gathered, FeatureExtractor)> {
    let extractor = FeatureExtractor::new(&recipe.audio)?;
    let mut phonemizer = phonemizer_of(&recipe.text)?;
    if recipe.text.backend == TextBackend::Espeak {
        let mut espeak = Espeak::find()?;
        espeak.remember(&layout.root().join(PRONUNCIATIONS));
        espeak
            .teach(&mut phonemizer, dataset.utterances().iter().map(|utterance| utterance.text.as_str()))?;
    }
    let prepared = dataset.utterances().par_iter().map(|utterance| {
        let mut phonemized = phonemizer
            .phonemize(&utterance.text)
            .with_context(|| format!("failed to phonemize the text of `{}`", utterance.id))?;
        if let Some(phones) = &utterance.given_phones
            && let Err(why) = give_phones(&mut phonemized, phones)
        {
            bail!("the given phones of `{}` cannot be used: {why}", utterance.id);
        }
        let entry = Entry {
            id: utterance.id.clone(),
            text: utterance.text.clone(),
            normalized: utterance.text.clone(),
            table: "".into(),
            line: 0,
            audio: utterance.audio.clone(),
            span: utterance.span(),
            speaker: utterance.speaker.clone(),
            phones: utterance.given_phones.clone(),
            split: utterance.corpus_split,
        };
        let prepared = PreparedClip {
            entry,
            text: utterance.text.clone(),
            phonemized,
            audio: utterance.audio_summary(),
            feature_key: utterance.feature_key.clone(),
            reused: true,
        };
        if prepared.symbols() != utterance.symbols {
            bail!(Advised::new(
                format!(
                    "the text of `{}` has other phones than the dataset: the lexicon or the program has changed",
                    utterance.id
                ),
                "run `mynah-prepare run` again"
            ));
        }
        Ok(prepared)
    });
    let prepared = prepared.collect::<Result<Vec<PreparedClip>>>()?;
    let mut problems = layout.read_problems()?;
    problems.retain(|problem| !is_found_again(problem));
    let name = dataset.info().corpus.clone();
    let (rows, dropped) = (dataset.info().counts.rows, layout.read_dropped()?);
    Ok((Gathered { name, place: String::new(), rows, prepared, problems, dropped }, extractor))
}

/// Returns true for problems that the alignment and the steps behind it find.
fn is_found_again(problem: &Problem) -> bool {
    matches!(
        problem.code,
        Code::MissingAlignment
            | Code::AmbiguousAlignment
            | Code::UnreadableAlignment
            | Code::UnknownPhone
            | Code::DifferentPhones
            | Code::DifferentLength
            | Code::StaleAlignment
            | Code::DoubtfulText
            | Code::OtherLanguage
    )
}
