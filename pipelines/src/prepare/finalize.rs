//! The steps that need all clips: durations, sup-phonemes, splits, and the files that complete the dataset.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use mynah_align::{Alignment, AlignmentSource, TranscriptFit, outliers};
use mynah_cli::{Advised, BAD_RESULT, say};
use mynah_corpus::{
    Candidate, Counts, DatasetLayout, Dropped, FeatureExtractor, Leak, Problem, Recipe, Split, Splitter,
    Stage, Utterance, leaks, speakers,
};
use mynah_text::{Source, SupPhones, Vocabulary};
use rayon::prelude::*;

use super::clips::PreparedClip;
use super::durations::align_all;
use super::page::Page;
use super::program::PROGRAM;
use super::{keep, language, summary, sup_phones, transcripts};

/// The prepared clips of a whole corpus.
pub(crate) struct Gathered {
    /// The corpus, as it was named.
    pub(crate) name: String,
    /// The files that list its clips.
    pub(crate) place: String,
    /// The number of lines that are clips.
    pub(crate) rows: usize,
    /// The clips that could be prepared, by id.
    pub(crate) prepared: Vec<PreparedClip>,
    /// The problems of the others, in any order.
    pub(crate) problems: Vec<Problem>,
    /// The clips that rules left out before.
    pub(crate) dropped: Vec<Dropped>,
}

/// An aligned clip, with the fit of its text where it is known.
type Fitted = ((PreparedClip, Alignment), Option<TranscriptFit>);

/// Makes a complete dataset of prepared clips. A complete dataset stays unchanged until the durations are found.
pub(crate) fn finalize(
    gathered: Gathered,
    layout: &DatasetLayout,
    recipe: &Recipe,
    extractor: &FeatureExtractor,
    splitter: &Splitter,
    begin: Instant,
) -> Result<ExitCode> {
    let for_clips = begin.elapsed();
    let Gathered { name, place, rows, prepared, mut problems, mut dropped } = gathered;
    let out = layout.root().display();
    let failed = || format!("failed to complete the dataset `{out}`");
    let mut with_features: Vec<String> = prepared.iter().map(|clip| clip.entry.id.clone()).collect();
    // When a dataset is aligned again, clips that were too short for their symbols have features too.
    let too_short = problems.iter().filter(|problem| problem.stage == Stage::Alignment);
    with_features.extend(too_short.filter_map(|problem| problem.id.clone()));
    with_features.extend(dropped.iter().map(|clip| clip.id.clone()));
    problems.extend(language::findings(&prepared));
    let prepared = keep::keep(&recipe.keep, prepared, |clip| (clip, None, None), &mut dropped);
    let aligned = align_all(layout, recipe, prepared, extractor, &mut problems).with_context(failed)?;
    let for_alignment = begin.elapsed().saturating_sub(for_clips);
    let seconds_per_frame = extractor.mel_config().hop_length as f64 / f64::from(recipe.audio.sample_rate);
    let fits = transcripts::fits(&aligned, seconds_per_frame);
    let fitted: Vec<Fitted> = aligned.into_iter().zip(fits).collect();
    let fitted = keep::keep(
        &recipe.keep,
        fitted,
        |((clip, alignment), fit)| (clip, Some(alignment), fit.as_ref()),
        &mut dropped,
    );
    let (aligned, fits): (Vec<(PreparedClip, Alignment)>, Vec<Option<TranscriptFit>>) =
        fitted.into_iter().unzip();
    dropped.sort_by(|a, b| a.id.cmp(&b.id));
    for ((clip, _), fit) in aligned.iter().zip(&fits) {
        let words: Vec<&str> = clip.phonemized.words.iter().map(|word| word.text.as_str()).collect();
        // Lines are unknown where a dataset is aligned again.
        problems.extend(fit.as_ref().and_then(|fit| transcripts::finding(&clip.entry.id, None, fit, &words)));
    }
    layout.begin().with_context(failed)?;
    layout.write_dropped(&dropped).with_context(failed)?;
    problems.sort_by(|a, b| (a.line, &a.id, a.code, &a.file).cmp(&(b.line, &b.id, b.code, &b.file)));
    layout.write_problems(&problems).with_context(failed)?;
    if aligned.is_empty() {
        say(&summary::lines(&problems).join("\n"));
        keep::say_dropped(&dropped, "are");
        if !dropped.is_empty() {
            bail!(Advised::new(
                format!(
                    "the rules under `[keep]` leave out all {} clips that can be prepared",
                    dropped.len()
                ),
                "loosen them"
            ));
        }
        bail!(
            "none of the {rows} clips of `{place}` in `{name}` could be prepared: each is a row of `{out}/problems.jsonl`"
        );
    }

    let ids: Vec<&str> = aligned.iter().map(|(clip, _)| clip.entry.id.as_str()).collect();
    let candidates: Vec<Candidate<'_>> = aligned.iter().map(|(clip, _)| clip.candidate()).collect();
    let splits = splitter.assign(&candidates);
    let sup_phones = if let Some(sup_phones) = sup_phones::given(recipe).with_context(failed)? {
        sup_phones
    } else {
        let training = aligned.iter().zip(&splits).filter(|(_, split)| **split == Split::Train);
        let words = training.flat_map(|((clip, _), _)| &clip.phonemized.words);
        sup_phones::learn(words, recipe.sup_phones.merges)
    };
    let vocabulary = Vocabulary::arpabet();
    let utterances: Vec<Utterance> = aligned
        .iter()
        .zip(&splits)
        .map(|((clip, alignment), split)| utterance(clip, alignment, *split, &vocabulary, &sup_phones))
        .collect();
    write_text_grids(layout, &utterances, &aligned, seconds_per_frame).with_context(failed)?;
    let n_outliers = write_outliers(layout, &aligned, seconds_per_frame).with_context(failed)?;

    let size = |split| splits.iter().filter(|other| **other == split).count();
    let counts = Counts {
        rows,
        utterances: utterances.len(),
        problems: problems.len(),
        dropped: dropped.len(),
        train: size(Split::Train),
        validation: size(Split::Validation),
        test: size(Split::Test),
    };
    let leaks = leaks(
        utterances.iter().map(|u| (u.id.as_str(), u.split, u.normalized.as_str(), u.feature_key.as_str())),
    );
    let speakers = speakers(&utterances);
    layout.write_speakers(&speakers).with_context(failed)?;
    let page = Page {
        source: &name,
        speakers: &speakers,
        recipe,
        counts: &counts,
        utterances: &utterances,
        aligned: &aligned,
        problems: &problems,
        leaks: &leaks,
        dropped: &dropped,
        layout,
    };
    layout.write_report_clips(&page.played(), recipe.audio.sample_rate).with_context(failed)?;
    layout.write_report(&page.to_html().with_context(failed)?).with_context(failed)?;
    let removed = layout
        .retain(
            &with_features.iter().map(String::as_str).collect(),
            &ids.iter().copied().collect::<BTreeSet<&str>>(),
        )
        .with_context(failed)?;
    if removed > 0 {
        let files = if removed == 1 { "1 file".to_owned() } else { format!("{removed} files") };
        say(&format!("removed {files} of earlier runs that no clip needs anymore"));
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
    keep::say_dropped(&dropped, "are");
    if n_outliers > 0 {
        let phones = if n_outliers == 1 { "1 phone is" } else { &format!("{n_outliers} phones are") };
        say(&format!(
            "{phones} unusually long, short or unlikely; each is a row of {out}/alignments/outliers.jsonl"
        ));
    }
    if !speakers.is_empty() {
        let n = speakers.len();
        let n = if n == 1 { "1 speaker is".to_owned() } else { format!("{n} speakers are") };
        say(&format!("{n} described in {out}/speakers.jsonl"));
    }
    say_splits(recipe, splitter, &counts, &candidates, &leaks);
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

/// Makes the row of the manifest.
fn utterance(
    clip: &PreparedClip,
    alignment: &Alignment,
    split: Split,
    vocabulary: &Vocabulary,
    sup_phones: &SupPhones,
) -> Utterance {
    let PreparedClip { entry, text, phonemized, audio, feature_key, .. } = clip;
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
        speaker: entry.speaker.clone(),
        audio: entry.audio.clone(),
        audio_start_seconds: entry.span.map(|span| span.start_seconds),
        audio_end_seconds: entry.span.map(|span| span.end_seconds),
        text: text.clone(),
        normalized: phonemized.normalized.clone(),
        symbols: clip.symbols(),
        symbol_ids: vocabulary.ids(&phonemized.symbols),
        sup_phone_ids: sup_phones.encode(&phonemized.symbols, &phonemized.word_index),
        word_index: clip.word_index(),
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
        corpus_split: entry.split,
        given_phones: entry.phones.clone(),
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
    aligned: &[(PreparedClip, Alignment)],
    seconds_per_frame: f64,
) -> Result<()> {
    let store = layout.alignments();
    utterances.par_iter().zip(aligned).try_for_each(|(utterance, (clip, _))| {
        let symbols: Vec<&str> = utterance.symbols.split(' ').collect();
        let words: Vec<&str> = clip.phonemized.words.iter().map(|word| word.text.as_str()).collect();
        let Utterance { id, durations, word_index, seconds, .. } = utterance;
        store.write_text_grid(id, &symbols, durations, word_index, &words, seconds_per_frame, *seconds)
    })?;
    Ok(())
}

/// Writes the phones with unusual durations and returns their number.
fn write_outliers(
    layout: &DatasetLayout,
    aligned: &[(PreparedClip, Alignment)],
    seconds_per_frame: f64,
) -> Result<usize> {
    let rows = transcripts::with_rows(aligned, |rows| outliers(rows, seconds_per_frame));
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

/// Reports what is unusual about the splits.
fn say_splits(
    recipe: &Recipe,
    splitter: &Splitter,
    counts: &Counts,
    candidates: &[Candidate<'_>],
    leaks: &[Leak],
) {
    let wanted = &recipe.split;
    let follows_corpus = splitter.follows_corpus(candidates);
    let ids: Vec<&str> = candidates.iter().map(|clip| clip.id).collect();
    let unknown = splitter.unknown(&ids);
    if let Some(first) = unknown.first() {
        say(&format!(
            "note: {} ids of the split lists are not in the dataset, for example {first}",
            unknown.len()
        ));
    }
    let (validation, test) = wanted.sizes(ids.len());
    let listed = wanted.validation_list.is_some() || wanted.test_list.is_some() || follows_corpus;
    if !listed && (counts.validation < validation || counts.test < test) {
        say(&format!(
            "note: the recipe holds out {validation} clips for validation and {test} for test, but at most half of the clips \
             are held out"
        ));
    }
    if let Some(Leak { id, split, trained, .. }) = leaks.first() {
        say(&format!(
            "note: {} held-out utterances have the words or the recording of a training utterance, for example {id} ({}) and \
             {trained}",
            leaks.len(),
            split.word()
        ));
    }
}
