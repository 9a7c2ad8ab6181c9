//! The rules under `[keep]`: which clips they leave out, and the report of it.

use mynah_align::{Alignment, TranscriptFit};
use mynah_cli::say;
use mynah_corpus::{Dropped, KeepRecipe, Qualities, count_dropped};
use mynah_signal::Analysis;
use mynah_text::{Phonemized, Source};

use super::check::Checked;
use super::clips::PreparedClip;
use super::transcripts::Comparison;

/// Returns the clips that the rules keep; the others are added to `dropped`.
///
/// `parts` gives the clip, and what is known of its alignment.
pub(super) fn keep<T>(
    rules: &KeepRecipe,
    clips: Vec<T>,
    parts: impl Fn(&T) -> (&PreparedClip, Option<&Alignment>, Option<&TranscriptFit>),
    dropped: &mut Vec<Dropped>,
) -> Vec<T> {
    let mut kept = Vec::with_capacity(clips.len());
    for item in clips {
        let (clip, alignment, fit) = parts(&item);
        match rules.broken(&qualities_of(clip, alignment, fit)) {
            Some((rule, limit, value)) => dropped.push(Dropped {
                id: clip.entry.id.clone(),
                rule: rule.to_owned(),
                limit,
                value,
                seconds: clip.audio.seconds,
                text: clip.text.clone(),
            }),
            None => kept.push(item),
        }
    }
    kept
}

fn qualities_of(
    clip: &PreparedClip,
    alignment: Option<&Alignment>,
    fit: Option<&TranscriptFit>,
) -> Qualities {
    qualities(clip.audio.seconds, &clip.phonemized, &clip.audio.recording, alignment, fit)
}

fn qualities(
    seconds: f64,
    phonemized: &Phonemized,
    recording: &Analysis,
    alignment: Option<&Alignment>,
    fit: Option<&TranscriptFit>,
) -> Qualities {
    Qualities {
        seconds,
        characters_per_second: phonemized.normalized.chars().count() as f64 / seconds,
        snr_db: recording.snr_db,
        bandwidth_hz: recording.bandwidth_hz,
        loudness_lufs: recording.loudness_lufs,
        clipped_runs: recording.clipped_runs,
        longest_pause_seconds: recording.longest_pause_seconds,
        guessed_share: guessed_share(phonemized),
        log_likelihood: alignment.and_then(|alignment| alignment.log_likelihood),
        misfit: fit.map(|fit| fit.overall),
        worst_stretch: fit.map(TranscriptFit::worst_stretch),
    }
}

/// Returns the clips that the rules would leave out of a corpus that is only checked.
pub(super) fn would_drop(
    rules: &KeepRecipe,
    checked: &[Checked],
    comparison: &Comparison,
    seconds_per_frame: f64,
) -> Vec<Dropped> {
    let dropped = |Checked { clip, frames, phonemized, .. }: &Checked| {
        let found = comparison.by_id.get(&clip.id);
        let (alignment, fit) =
            (found.map(|(alignment, _)| alignment), found.and_then(|(_, fit)| fit.as_ref()));
        let seconds = *frames as f64 * seconds_per_frame;
        let (rule, limit, value) =
            rules.broken(&qualities(seconds, phonemized, &clip.recording, alignment, fit))?;
        let (id, text) = (clip.id.clone(), clip.normalized.clone());
        Some(Dropped { id, rule: rule.to_owned(), limit, value, seconds, text })
    };
    checked.iter().filter_map(dropped).collect()
}

/// Returns the share of words whose pronunciation is guessed.
pub(super) fn guessed_share(phonemized: &Phonemized) -> f64 {
    let guessed = phonemized.words.iter().filter(|word| word.pronunciation.source == Source::Model).count();
    guessed as f64 / phonemized.words.len().max(1) as f64
}

/// Says how many clips each rule leaves out.
pub(super) fn say_dropped(dropped: &[Dropped], verb: &str) {
    if dropped.is_empty() {
        return;
    }
    let mut lines = vec![format!("{} clips {verb} left out by the rules under `[keep]`:", dropped.len())];
    lines.extend(count_dropped(dropped).into_iter().map(|count| {
        format!(
            "  {:>6} × {} = {}, {:.1} minutes",
            count.clips,
            count.rule,
            count.limit,
            count.seconds / 60.0
        )
    }));
    say(&lines.join("\n"));
}
