//! The durations of every utterance: imported ones, or the aligner's.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use mynah_align::{Alignment, AlignmentSource, Target, align, frames_needed, mel_config};
use mynah_cli::{Advised, Progress, say};
use mynah_corpus::{
    AlignmentStore, Code, DatasetLayout, FeatureExtractor, Import, ImportedRow, Problem, Recipe, Stage,
    give_phones,
};
use mynah_signal::{MelExtractor, Spectrogram};

use super::clips::{PreparedClip, symbols_of};

/// The full scale of a dataset's waves.
pub(super) const FULL_SCALE: f32 = 32_768.0;

/// Checks, before anything is changed, that the dataset can have the durations that the recipe asks for.
///
/// Imported durations are the work of another tool and cannot be computed again, so they are only removed by hand.
pub(crate) fn check(layout: &DatasetLayout, recipe: &Recipe) -> Result<()> {
    if let Err(why) = recipe.alignment.check() {
        bail!("the recipe's `[alignment]` cannot be used: {why}");
    }
    let out = layout.root().display();
    match (recipe.alignment.source, layout.alignments().has_import()) {
        (AlignmentSource::Aligner, true) => bail!(Advised::new(
            format!("`{out}` has imported durations, and the recipe asks for the aligner's"),
            format!(
                "write `source = \"imported\"` under `[alignment]` in the recipe to keep them, or delete `{out}/alignments/imported.parquet` to align the dataset again"
            )
        )),
        (AlignmentSource::Imported, false) => bail!(Advised::new(
            format!("the recipe asks for imported durations, and `{out}` has none"),
            format!(
                "prepare it with `source = \"aligner\"`, then run `mynah-prepare import-alignment {out} --from DIR`"
            )
        )),
        _ => Ok(()),
    }
}

/// Finds the durations of clips. Clips that are too short for their symbols are added to `problems`, as are imported
/// durations that do not fit.
pub(crate) fn align_all(
    layout: &DatasetLayout,
    recipe: &Recipe,
    prepared: Vec<PreparedClip>,
    extractor: &FeatureExtractor,
    problems: &mut Vec<Problem>,
) -> Result<Vec<(PreparedClip, Alignment)>> {
    let long_enough = |prepared: &PreparedClip| {
        prepared.audio.frames as usize >= frames_needed(&prepared.phonemized.symbols)
    };
    let (able, short): (Vec<PreparedClip>, Vec<PreparedClip>) = prepared.into_iter().partition(long_enough);
    let hop = extractor.mel_config().hop_length;
    problems.extend(short.iter().map(|prepared| {
        let PreparedClip { entry, phonemized, audio, .. } = prepared;
        too_short(&entry.id, &entry.audio, audio.frames as usize, phonemized.symbols.len(), hop)
    }));
    let mut able = able;
    let mut found = find(layout, recipe, &mut able, problems)?;
    able.into_iter()
        .map(|prepared| {
            let alignment = found.remove(&prepared.entry.id);
            let alignment = alignment.with_context(|| {
                format!(
                    "the features and the summary of `{}` have different numbers of frames",
                    prepared.entry.id
                )
            })?;
            Ok((prepared, alignment))
        })
        .collect()
}

/// Returns the problem of a clip with fewer frames than its symbols need.
pub(super) fn too_short(id: &str, audio: &str, frames: usize, symbols: usize, hop: usize) -> Problem {
    Problem {
        stage: Stage::Alignment,
        code: Code::TooShort,
        id: Some(id.to_owned()),
        file: audio.to_owned(),
        line: None,
        message: format!("its {frames} frames of {hop} samples are too few for {symbols} symbols"),
        remedy: "check that the text belongs to the clip".to_owned(),
    }
}

/// Computes the spectrogram that the aligner reads from the prepared signal of a clip.
pub(super) fn spectrogram(mel: &MelExtractor, wave: &[i16]) -> Spectrogram {
    let samples: Vec<f32> = wave.iter().map(|sample| f32::from(*sample) / FULL_SCALE).collect();
    mel.log_mel(&samples)
}

/// Returns the durations by utterance: imported ones where the recipe asks for them and they fit, otherwise the aligner's,
/// which the dataset keeps.
fn find(
    layout: &DatasetLayout,
    recipe: &Recipe,
    prepared: &mut [PreparedClip],
    problems: &mut Vec<Problem>,
) -> Result<BTreeMap<String, Alignment>> {
    let mut found = match recipe.alignment.source {
        AlignmentSource::Aligner => BTreeMap::new(),
        AlignmentSource::Imported => imported(&layout.alignments().read_import()?, prepared, problems),
    };
    if found.len() < prepared.len() {
        for (id, alignment) in aligned(layout, recipe, prepared)? {
            found.entry(id).or_insert(alignment);
        }
    }
    Ok(found)
}

/// Returns the imported durations that fit the utterances in their present form. Utterances take imported phones.
fn imported(
    import: &Import,
    prepared: &mut [PreparedClip],
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Alignment> {
    let mut found = BTreeMap::new();
    let ids: BTreeSet<&str> = prepared.iter().map(|prepared| prepared.entry.id.as_str()).collect();
    let known =
        import.problems.iter().filter(|problem| problem.id.as_deref().is_none_or(|id| ids.contains(id)));
    problems.extend(known.cloned());
    drop(ids);
    let failed: BTreeSet<&str> = import.problems.iter().filter_map(|problem| problem.id.as_deref()).collect();
    for prepared in prepared {
        let id = prepared.entry.id.clone();
        let problem = |code, file: &str, message: &str| {
            Problem {
            stage: Stage::Alignment,
            code,
            id: Some(id.clone()),
            file: file.to_owned(),
            line: None,
            message: message.to_owned(),
            remedy: "align it with the other tool and run `mynah-prepare import-alignment` again; until then it has the aligner's durations"
                .to_owned(),
        }
        };
        let row = import.rows.get(&id);
        if let Some(phones) = row.and_then(|row| row.phones.as_ref())
            && prepared.entry.phones.as_ref() != Some(phones)
            && row.is_some_and(|row| row.symbols == symbols_of(&prepared.phonemized))
        {
            // Otherwise the durations are stale, which is reported below.
            if give_phones(&mut prepared.phonemized, phones).is_ok() {
                prepared.entry.phones = Some(phones.clone());
            }
        }
        let fits = |row: &ImportedRow| {
            let has_symbols = match &row.phones {
                Some(phones) => prepared.entry.phones.as_ref() == Some(phones),
                None => row.symbols == prepared.symbols(),
            };
            has_symbols
                && row.frames == prepared.audio.frames
                && row.durations.len() == prepared.phonemized.symbols.len()
        };
        match row {
            Some(row) if fits(row) => {
                found.insert(id.clone(), Alignment::imported(row.durations.clone()));
            }
            Some(row) => {
                let message = "the durations were imported for another text or another recording";
                problems.push(problem(Code::StaleAlignment, &row.file, message));
            }
            None if failed.contains(id.as_str()) => {}
            None => {
                let message = "it was not in the dataset when the durations were imported";
                problems.push(problem(Code::MissingAlignment, "alignments/imported.parquet", message));
            }
        }
    }
    found
}

/// Returns the aligner's durations, taken from the dataset if they are still valid.
fn aligned(
    layout: &DatasetLayout,
    recipe: &Recipe,
    prepared: &[PreparedClip],
) -> Result<BTreeMap<String, Alignment>> {
    let symbols: Vec<String> = prepared.iter().map(PreparedClip::symbols).collect();
    let parts = prepared.iter().zip(&symbols).map(|(prepared, symbols)| {
        (prepared.entry.id.as_str(), prepared.feature_key.as_str(), symbols.as_str())
    });
    let key = AlignmentStore::key(parts, &recipe.alignment)?;
    let (store, features) = (layout.alignments(), layout.features());
    if let Some(found) = store.read(&key) {
        say("the clips were aligned before");
        return Ok(found);
    }
    let targets: Vec<Target<'_>> = prepared
        .iter()
        .map(|prepared| Target {
            symbols: &prepared.phonemized.symbols,
            frames: prepared.audio.frames as usize,
        })
        .collect();
    let mel = MelExtractor::new(&mel_config(&recipe.audio.mel.config(recipe.audio.sample_rate)))?;
    let load = |index: usize| {
        Ok::<_, mynah_corpus::Error>(spectrogram(&mel, &features.read(&prepared[index].entry.id)?.wave))
    };
    let mut progress: Option<Progress> = None;
    let alignments = align(&targets, load, &recipe.alignment, |_, passes, _| {
        progress.get_or_insert_with(|| Progress::new("aligned, pass", passes as usize)).step();
    })?;
    if let Some(progress) = progress {
        progress.finish();
    }
    let found: BTreeMap<String, Alignment> = prepared
        .iter()
        .zip(alignments)
        .filter_map(|(prepared, alignment)| Some((prepared.entry.id.clone(), alignment.ok()?)))
        .collect();
    store.write(&key, &found)?;
    Ok(found)
}
