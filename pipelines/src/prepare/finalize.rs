//! What needs all clips of a corpus: durations, sub-phonemes, splits, and the files that complete the dataset.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use mynah_align::{AlignedSymbols, Alignment, AlignmentSource, outliers};
use mynah_corpus::{
    Counts, DatasetLayout, FeatureExtractor, Leak, Problem, Recipe, Split, Splitter, Stage, Utterance, leaks,
};
use mynah_text::{Phone, Source, SupPhones, Vocabulary};
use rayon::prelude::*;

use super::durations::align_all;
use super::clips::Prepared;
use super::run::PROGRAM;
use super::{page, summary};
use crate::program::{BAD_RESULT, say};

/// The clips of a whole corpus, each prepared by itself.
pub(crate) struct Gathered {
    /// The corpus, as it was named.
    pub(crate) name: String,
    /// Lines of its `metadata.csv`.
    pub(crate) rows: usize,
    /// The clips that could be prepared, by id.
    pub(crate) prepared: Vec<Prepared>,
    /// What is wrong with the others, in any order.
    pub(crate) problems: Vec<Problem>,
}

/// Makes a complete dataset of clips. One that is complete stays as it is until the durations are found.
pub(crate) fn complete(
    gathered: Gathered,
    layout: &DatasetLayout,
    recipe: &Recipe,
    extractor: &FeatureExtractor,
    splitter: &Splitter,
    begin: Instant,
) -> Result<ExitCode> {
    let for_clips = begin.elapsed();
    let Gathered { name, rows, prepared, mut problems } = gathered;
    let out = layout.root().display();
    let failed = || format!("failed to complete the dataset `{out}`");
    let mut with_features: Vec<String> = prepared.iter().map(|prepared| prepared.entry.id.clone()).collect();
    // Of a dataset that is aligned again: the clips that were too short for their symbols have features too.
    let too_short = problems.iter().filter(|problem| problem.stage == Stage::Alignment);
    with_features.extend(too_short.filter_map(|problem| problem.id.clone()));
    let aligned = align_all(layout, recipe, prepared, extractor, &mut problems).with_context(failed)?;
    let for_alignment = begin.elapsed().saturating_sub(for_clips);
    layout.begin().with_context(failed)?;
    problems.sort_by(|a, b| (a.line, &a.id, a.code).cmp(&(b.line, &b.id, b.code)));
    layout.write_problems(&problems).with_context(failed)?;
    if aligned.is_empty() {
        say(&summary::lines(&problems).join("\n"));
        bail!(
            "none of the {rows} lines of `{name}/metadata.csv` could be prepared: each is a row of `{out}/problems.jsonl`"
        );
    }

    let ids: Vec<&str> = aligned.iter().map(|(prepared, _)| prepared.entry.id.as_str()).collect();
    let splits = splitter.assign(&ids);
    let sup_phones = match given_sup_phones(recipe).with_context(failed)? {
        Some(sup_phones) => sup_phones,
        None => learn_sup_phones(&aligned, &splits, recipe.sup_phones.merges),
    };
    let vocabulary = Vocabulary::arpabet();
    let utterances: Vec<Utterance> = aligned
        .iter()
        .zip(&splits)
        .map(|((prepared, alignment), split)| {
            utterance(prepared, alignment, *split, &vocabulary, &sup_phones)
        })
        .collect();
    let seconds_per_frame = extractor.mel_config().hop_length as f64 / f64::from(recipe.audio.sample_rate);
    write_text_grids(layout, &utterances, &aligned, seconds_per_frame).with_context(failed)?;
    let n_outliers = write_outliers(layout, &utterances, &aligned, seconds_per_frame).with_context(failed)?;

    let size = |split| splits.iter().filter(|other| **other == split).count();
    let counts = Counts {
        rows,
        utterances: utterances.len(),
        problems: problems.len(),
        train: size(Split::Train),
        validation: size(Split::Validation),
        test: size(Split::Test),
    };
    let leaks = leaks(
        utterances.iter().map(|u| (u.id.as_str(), u.split, u.normalized.as_str(), u.feature_key.as_str())),
    );
    let page = page::page(&name, recipe, &counts, &utterances, &aligned, &problems, &leaks, layout)
        .with_context(failed)?;
    layout.write_report(&page).with_context(failed)?;
    let removed = layout
        .retain(
            &with_features.iter().map(String::as_str).collect(),
            &ids.iter().copied().collect::<BTreeSet<&str>>(),
        )
        .with_context(failed)?;
    if removed > 0 {
        let files = if removed == 1 { "1 file".to_owned() } else { format!("{removed} files") };
        say(&format!("removed {files} of earlier runs that no clip needs any more"));
    }
    layout
        .finish(&utterances, &vocabulary, &sup_phones, PROGRAM, &name, counts.clone(), recipe)
        .with_context(failed)?;

    say(&format!(
        "time: {:.1} s for text and features, {:.1} s for the alignment, {:.1} s for the rest",
        for_clips.as_secs_f64(),
        for_alignment.as_secs_f64(),
        begin.elapsed().saturating_sub(for_clips + for_alignment).as_secs_f64()
    ));
    say_result(layout, &counts, &utterances, &problems, begin);
    if n_outliers > 0 {
        let phones = if n_outliers == 1 { "1 phone is" } else { &format!("{n_outliers} phones are") };
        say(&format!(
            "{phones} longer, shorter or less likely than others, each a row of {out}/alignments/outliers.jsonl"
        ));
    }
    say_splits(recipe, splitter, &counts, &ids, &leaks);
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

/// The sup-phones that the recipe names, where it names some.
pub(super) fn given_sup_phones(recipe: &Recipe) -> Result<Option<SupPhones>> {
    let Some(path) = &recipe.sup_phones.model else { return Ok(None) };
    let failed = || format!("failed to read the sup-phones `{}`", path.display());
    let json = fs::read_to_string(path).with_context(failed)?;
    SupPhones::from_json(&json).map(Some).with_context(failed)
}

/// The sub-phoneme BPE of the training split's words.
fn learn_sup_phones(aligned: &[(Prepared, Alignment)], splits: &[Split], merges: usize) -> SupPhones {
    let mut words: BTreeMap<&[Phone], u64> = BTreeMap::new();
    for ((prepared, _), _) in aligned.iter().zip(splits).filter(|(_, split)| **split == Split::Train) {
        for word in &prepared.phonemized.words {
            *words.entry(&word.pronunciation.phones).or_default() += 1;
        }
    }
    SupPhones::train(words, merges)
}

fn utterance(
    prepared: &Prepared,
    alignment: &Alignment,
    split: Split,
    vocabulary: &Vocabulary,
    sup_phones: &SupPhones,
) -> Utterance {
    let Prepared { entry, text, phonemized, audio, feature_key, .. } = prepared;
    let mut guessed: Vec<String> = phonemized
        .words
        .iter()
        .filter(|word| word.pronunciation.source == Source::Model)
        .map(|word| word.text.clone())
        .collect();
    guessed.sort();
    guessed.dedup();
    Utterance {
        id: entry.id.clone(),
        split,
        audio: entry.audio.clone(),
        text: text.clone(),
        normalized: phonemized.normalized.clone(),
        symbols: prepared.symbols(),
        symbol_ids: vocabulary.ids(&phonemized.symbols),
        sup_phone_ids: sup_phones.encode(&phonemized.symbols, &phonemized.word_index),
        word_index: phonemized.word_index.iter().map(|word| word.map_or(-1, i64::from)).collect(),
        durations: alignment.durations.clone(),
        frames: audio.frames,
        samples: audio.samples,
        seconds: audio.seconds,
        loudness_lufs: audio.loudness_lufs,
        peak_dbfs: audio.peak_dbfs,
        f0_median_hz: audio.f0_median_hz,
        voiced_fraction: audio.voiced_fraction,
        trim_start_seconds: audio.trim_start_seconds,
        gain_db: audio.gain_db,
        source_sample_rate: audio.recording.sample_rate,
        source_seconds: audio.recording.seconds,
        source_loudness_lufs: audio.recording.loudness_lufs,
        source_peak_dbfs: audio.recording.peak_dbfs,
        source_true_peak_dbtp: audio.recording.true_peak_dbtp,
        source_clipped_runs: audio.recording.clipped_runs,
        source_dc_offset: audio.recording.dc_offset,
        source_leading_silence_seconds: audio.recording.leading_silence_seconds,
        source_trailing_silence_seconds: audio.recording.trailing_silence_seconds,
        source_longest_pause_seconds: audio.recording.longest_pause_seconds,
        source_bandwidth_hz: audio.recording.bandwidth_hz,
        source_snr_db: audio.recording.snr_db,
        guessed_words: guessed,
        alignment_source: match alignment.log_likelihood {
            Some(_) => AlignmentSource::Aligner,
            None => AlignmentSource::Imported,
        },
        alignment_log_likelihood: alignment.log_likelihood,
        feature_key: feature_key.clone(),
    }
}

fn write_text_grids(
    layout: &DatasetLayout,
    utterances: &[Utterance],
    aligned: &[(Prepared, Alignment)],
    seconds_per_frame: f64,
) -> Result<()> {
    let store = layout.alignments();
    utterances.par_iter().zip(aligned).try_for_each(|(utterance, (prepared, _))| {
        let symbols: Vec<&str> = utterance.symbols.split(' ').collect();
        let words: Vec<&str> = prepared.phonemized.words.iter().map(|word| word.text.as_str()).collect();
        let Utterance { id, durations, word_index, seconds, .. } = utterance;
        store.write_text_grid(id, &symbols, durations, word_index, &words, seconds_per_frame, *seconds)
    })?;
    Ok(())
}

/// Writes the phones that are worth a look, and returns how many there are.
fn write_outliers(
    layout: &DatasetLayout,
    utterances: &[Utterance],
    aligned: &[(Prepared, Alignment)],
    seconds_per_frame: f64,
) -> Result<usize> {
    let words: Vec<Vec<&str>> = aligned
        .iter()
        .map(|(prepared, _)| prepared.phonemized.words.iter().map(|word| word.text.as_str()).collect())
        .collect();
    let aligned: Vec<AlignedSymbols<'_>> = utterances
        .iter()
        .zip(aligned)
        .zip(&words)
        .map(|((utterance, (prepared, alignment)), words)| AlignedSymbols {
            id: &utterance.id,
            symbols: &prepared.phonemized.symbols,
            durations: &utterance.durations,
            word_index: &utterance.word_index,
            words,
            symbol_log_likelihoods: &alignment.symbol_log_likelihoods,
        })
        .collect();
    let rows = outliers(&aligned, seconds_per_frame);
    layout.alignments().write_outliers(&rows)?;
    Ok(rows.len())
}

fn say_result(
    layout: &DatasetLayout,
    counts: &Counts,
    utterances: &[Utterance],
    problems: &[Problem],
    begin: Instant,
) {
    let minutes = utterances.iter().map(|utterance| utterance.seconds).sum::<f64>() / 60.0;
    say(&format!(
        "{} of {} clips prepared, {minutes:.1} minutes: {} train, {} validation, {} test ({:.1} s)",
        counts.utterances,
        counts.rows,
        counts.train,
        counts.validation,
        counts.test,
        begin.elapsed().as_secs_f64()
    ));
    let out = layout.root().display();
    if !problems.is_empty() {
        say(&format!("{} problems, each a row of {out}/problems.jsonl:", problems.len()));
        say(&summary::lines(problems).join("\n"));
    }
    say(&format!("the page with plots is {out}/report.html"));
}

/// What is worth knowing about the splits.
fn say_splits(recipe: &Recipe, splitter: &Splitter, counts: &Counts, ids: &[&str], leaks: &[Leak]) {
    let wanted = &recipe.split;
    let unknown = splitter.unknown(ids);
    if let Some(first) = unknown.first() {
        say(&format!(
            "note: {} ids of the split lists are not in the dataset, such as {first}",
            unknown.len()
        ));
    }
    let (validation, test) = (wanted.validation.of(ids.len()), wanted.test.of(ids.len()));
    let listed = wanted.validation_list.is_some() || wanted.test_list.is_some();
    if !listed && (counts.validation < validation || counts.test < test) {
        say(&format!(
            "note: the recipe holds out {validation} for validation and {test} for test; at most half of the clips are held \
             out"
        ));
    }
    if let Some(Leak { id, split, trained, .. }) = leaks.first() {
        say(&format!(
            "note: {} utterances that are held out have the words or the recording of one that is trained on, such as {id} \
             ({}) and {trained}",
            leaks.len(),
            split.word()
        ));
    }
}
