//! Findings about texts that are not what is heard.

use std::collections::HashMap;

use anyhow::Result;
use mynah_align::{
    AlignedSymbols, Alignment, Doubt, FEWEST_CLIPS, Target, TranscriptFit, align, frames_needed, mel_config,
    transcript_fits,
};
use mynah_cli::say;
use mynah_corpus::{Code, Problem, Recipe, Stage};
use mynah_signal::MelExtractor;

use super::check::Checked;
use super::clips::{ClipPreparer, PreparedClip};
use super::durations;

/// Most words that a message quotes.
const QUOTED_WORDS: usize = 8;

/// Compares the texts of clips with their recordings.
pub(crate) fn fits(
    aligned: &[(PreparedClip, Alignment)],
    seconds_per_frame: f64,
) -> Vec<Option<TranscriptFit>> {
    with_rows(aligned, |rows| transcript_fits(rows, seconds_per_frame))
}

/// Comparison of texts with recordings that were only checked.
#[derive(Default)]
pub(crate) struct Comparison {
    /// Texts that are not what is spoken, and clips with fewer frames than their symbols need.
    pub(crate) problems: Vec<Problem>,
    /// Alignment and fit of each clip, by id.
    pub(crate) by_id: HashMap<String, (Alignment, Option<TranscriptFit>)>,
}

/// Aligns a corpus that is only checked and compares its texts with the recordings, unless it has too few clips.
pub(crate) fn compare(
    checked: &[Checked],
    preparer: &ClipPreparer<'_>,
    recipe: &Recipe,
) -> Result<Comparison> {
    let config = preparer.extractor().mel_config();
    let (able, short): (Vec<&Checked>, Vec<&Checked>) =
        checked.iter().partition(|checked| checked.frames >= frames_needed(&checked.phonemized.symbols));
    let too_short = |checked: &&Checked| {
        let Checked { clip, frames, phonemized, .. } = checked;
        durations::too_short(&clip.id, &clip.audio, *frames, phonemized.symbols.len(), config.hop_length)
    };
    let mut comparison =
        Comparison { problems: short.iter().map(too_short).collect(), ..Comparison::default() };
    if able.len() < FEWEST_CLIPS {
        say(&format!("texts are not compared with their recordings: that takes {FEWEST_CLIPS} clips"));
        return Ok(comparison);
    }
    let targets: Vec<Target<'_>> = able
        .iter()
        .map(|checked| Target { symbols: &checked.phonemized.symbols, frames: checked.frames })
        .collect();
    let mel = MelExtractor::new(&mel_config(&config))?;
    let load = |index: usize| {
        let clip = &able[index].clip;
        Ok::<_, anyhow::Error>(durations::spectrogram(
            &mel,
            &preparer.wave(&clip.id, &clip.audio, able[index].span)?,
        ))
    };
    let alignments = align(&targets, load, &recipe.alignment, |_, _, _| {})?;
    let words: Vec<Vec<&str>> = able
        .iter()
        .map(|checked| checked.phonemized.words.iter().map(|word| word.text.as_str()).collect())
        .collect();
    let word_index: Vec<Vec<i64>> = able
        .iter()
        .map(|checked| checked.phonemized.word_index.iter().map(|word| word.map_or(-1, i64::from)).collect())
        .collect();
    let rows: Vec<AlignedSymbols<'_>> = (0..able.len())
        .map(|index| {
            let alignment = alignments[index].as_ref().ok();
            AlignedSymbols {
                id: &able[index].clip.id,
                symbols: &able[index].phonemized.symbols,
                durations: alignment.map_or(&[], |alignment| &alignment.durations),
                word_index: &word_index[index],
                words: &words[index],
                symbol_log_likelihoods: &[],
                symbol_margins: alignment.map_or(&[], |alignment| &alignment.symbol_margins),
            }
        })
        .collect();
    let seconds_per_frame = config.hop_length as f64 / f64::from(config.sample_rate);
    let fits = transcript_fits(&rows, seconds_per_frame);
    comparison.problems.extend(able.iter().zip(&fits).zip(&words).filter_map(|((checked, fit), words)| {
        finding(&checked.clip.id, Some(checked.clip.line), fit.as_ref()?, words)
    }));
    let ids = able.iter().map(|checked| checked.clip.id.clone());
    comparison.by_id = ids
        .zip(alignments.into_iter().zip(fits))
        .filter_map(|(id, (alignment, fit))| Some((id, (alignment.ok()?, fit))))
        .collect();
    Ok(comparison)
}

/// Calls `act` with the aligned symbols of clips, in their order.
pub(crate) fn with_rows<T>(
    aligned: &[(PreparedClip, Alignment)],
    act: impl FnOnce(&[AlignedSymbols<'_>]) -> T,
) -> T {
    let words: Vec<Vec<&str>> = aligned
        .iter()
        .map(|(clip, _)| clip.phonemized.words.iter().map(|word| word.text.as_str()).collect())
        .collect();
    let word_index: Vec<Vec<i64>> = aligned.iter().map(|(clip, _)| clip.word_index()).collect();
    let rows: Vec<AlignedSymbols<'_>> = aligned
        .iter()
        .zip(&words)
        .zip(&word_index)
        .map(|(((clip, alignment), words), word_index)| AlignedSymbols {
            id: &clip.entry.id,
            symbols: &clip.phonemized.symbols,
            durations: &alignment.durations,
            word_index,
            words,
            symbol_log_likelihoods: &alignment.symbol_log_likelihoods,
            symbol_margins: &alignment.symbol_margins,
        })
        .collect();
    act(&rows)
}

/// Describes a doubt; `offset` is the time at which the clip begins.
pub(crate) fn describe(fit: &TranscriptFit, doubt: Doubt, words: &[&str], offset: f64) -> String {
    match doubt {
        Doubt::Whole => format!(
            "its sound is {:.1} robust standard deviations from what is usual for a text (limit {})",
            fit.overall,
            mynah_align::OVERALL_DEVIATIONS
        ),
        Doubt::Unwritten => format!(
            "the sound from {:.2} to {:.2} s is more, or other, than {}: {:.1} robust standard deviations from what is usual (limit {})",
            offset + fit.start_seconds,
            offset + fit.end_seconds,
            quoted(fit, words),
            fit.unwritten,
            mynah_align::UNWRITTEN_DEVIATIONS
        ),
        Doubt::Unspoken => format!(
            "{} from {:.2} to {:.2} s is not what is heard there: {:.1} robust standard deviations from what is usual (limit {})",
            quoted(fit, words),
            offset + fit.start_seconds,
            offset + fit.end_seconds,
            fit.unspoken,
            mynah_align::UNSPOKEN_DEVIATIONS
        ),
    }
}

/// Quotes the words of the worst stretch.
fn quoted(fit: &TranscriptFit, words: &[&str]) -> String {
    let words = fit.words.and_then(|(first, last)| words.get(first..=last)).unwrap_or_default();
    let half = QUOTED_WORDS / 2;
    match words.len() {
        0 => "a pause".to_owned(),
        1..=QUOTED_WORDS => format!("\"{}\"", words.join(" ")),
        n => format!("\"{} … {}\"", words[..half].join(" "), words[n - half..].join(" ")),
    }
}

/// Returns the finding about a clip whose text is doubtful.
pub(crate) fn finding(id: &str, line: Option<u64>, fit: &TranscriptFit, words: &[&str]) -> Option<Problem> {
    let doubt = fit.doubt()?;
    let description = describe(fit, doubt, words, 0.0);
    Some(Problem {
        stage: Stage::Alignment,
        code: Code::DoubtfulText,
        id: Some(id.to_owned()),
        file: "metadata.csv".to_owned(),
        line,
        message: match doubt {
            Doubt::Whole => format!("the text is not what is spoken: {description}"),
            Doubt::Unwritten | Doubt::Unspoken => description,
        },
        remedy: "listen to the clip, and correct its text or leave it out; a pronunciation that is merely unusual can be added to the lexicon"
            .to_owned(),
    })
}
