//! Findings about a corpus that do not keep a clip from being prepared.
//!
//! Each finding is a [`Problem`] with a remedy, although the clip can be prepared as it is: whether a clipped recording
//! is too bad to learn from is for a person to decide.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use mynah_signal::{Analysis, median};

use crate::problem::{Code, Problem, Stage};
use crate::split::{Leak, Split};

/// Mean of the samples that counts as an offset: -40 dB relative to full scale.
const LARGEST_DC_OFFSET: f64 = 0.01;
/// Seconds of silence, at one end and within a clip, that count as long.
const LONGEST_SILENCE_AT_END: f64 = 1.0;
const LONGEST_PAUSE: f64 = 2.0;
/// Smallest signal-to-noise ratio, in dB.
const SMALLEST_SNR_DB: f64 = 15.0;
/// Fraction of the corpus median below which a bandwidth is narrow.
const NARROW_PART: f64 = 0.6;
/// Distance of a clip's loudness from the corpus median, in LU.
const LOUDNESS_DISTANCE: f64 = 6.0;
/// Distance of the log speaking rate from the median, in robust standard deviations (1.4826 times the median absolute
/// deviation): in a normal distribution, one value in two million is farther away.
const RATE_DEVIATIONS: f64 = 5.0;
/// Standard deviation of a normal distribution over its median absolute deviation.
const NORMAL_OVER_MEDIAN_DEVIATION: f64 = 1.4826;
/// Smallest number of clips from which typical values are estimated.
const FEWEST_FOR_USUAL: usize = 20;

/// A clip that can be prepared, with the data that [`findings`] needs.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedClip {
    /// Clip id.
    pub id: String,
    /// File that lists the clip, relative to the corpus.
    pub table: Arc<str>,
    /// Line in this file, from 1.
    pub line: u64,
    /// Words as spoken.
    pub normalized: String,
    /// Dropped characters that cannot be spoken, in order.
    pub dropped: Vec<char>,
    /// Audio file, relative to the corpus.
    pub audio: String,
    /// BLAKE3 hash of the audio file, and of the part that is the clip.
    pub audio_hash: String,
    /// Analysis of the recording.
    pub recording: Analysis,
}

/// Returns all findings, in the order of the clips' lines.
#[must_use]
pub fn findings(clips: &[CheckedClip], leaks: &[Leak]) -> Vec<Problem> {
    let mut found = Vec::new();
    for clip in clips {
        of_recording(clip, &mut found);
        of_text(clip, &mut found);
    }
    unusual(clips, &mut found);
    twice(clips, Code::DuplicateText, |clip| &clip.normalized, &mut found);
    twice(clips, Code::DuplicateAudio, |clip| &clip.audio_hash, &mut found);
    let by_id: HashMap<&str, &CheckedClip> = clips.iter().map(|clip| (clip.id.as_str(), clip)).collect();
    found.extend(leaks.iter().filter_map(|leak| Some(leaked(leak, by_id.get(leak.id.as_str())?))));
    let place = |problem: &Problem| {
        let clip = problem.id.as_deref().and_then(|id| by_id.get(id));
        clip.map(|clip| (Arc::clone(&clip.table), clip.line))
    };
    found.sort_by(|a, b| (place(a), a.code, &a.id).cmp(&(place(b), b.code, &b.id)));
    found
}

/// Adds the findings about one recording alone.
fn of_recording(clip: &CheckedClip, found: &mut Vec<Problem>) {
    let Analysis {
        clipped_runs,
        dc_offset,
        leading_silence_seconds: leading,
        trailing_silence_seconds: trailing,
        longest_pause_seconds: pause,
        snr_db,
        ..
    } = clip.recording;
    let mut say = |code, message, remedy| found.push(audio(clip, code, message, remedy));
    if clipped_runs > 0 {
        let message = format!("the recording is clipped in {clipped_runs} places");
        say(Code::Clipping, message, "listen; if it is audible, record the clip again or remove it");
    }
    if dc_offset.abs() > LARGEST_DC_OFFSET {
        let message = format!("the mean of its samples is {dc_offset:.3} of full scale");
        say(Code::DcOffset, message, "remove the offset with a 20 Hz high-pass filter");
    }
    if leading.max(trailing) > LONGEST_SILENCE_AT_END {
        let message = format!("{leading:.2} s of silence before it and {trailing:.2} s after it");
        say(Code::LongSilence, message, "trim it, for example by `audio.trim` in the recipe");
    }
    if pause > LONGEST_PAUSE {
        let message = format!("a pause of {pause:.2} s");
        say(Code::LongPause, message, "listen: something may be missing, or belong to another clip");
    }
    if let Some(snr) = snr_db.filter(|snr| *snr < SMALLEST_SNR_DB) {
        let message = format!("the signal-to-noise ratio is {snr:.1} dB");
        say(Code::Noisy, message, "listen; if the noise is audible, remove the clip");
    }
}

fn of_text(clip: &CheckedClip, found: &mut Vec<Problem>) {
    // An invisible character, such as a soft hyphen, has nothing to speak.
    let mut dropped: Vec<char> =
        clip.dropped.iter().copied().filter(|character| !is_invisible(*character)).collect();
    if dropped.is_empty() {
        return;
    }
    dropped.sort_unstable();
    dropped.dedup();
    let names: Vec<String> = dropped
        .iter()
        .map(|character| format!("`{}` (U+{:04X})", character.escape_debug(), u32::from(*character)))
        .collect();
    found.push(text(
        clip,
        Code::UnspokenCharacter,
        format!("{} cannot be spoken and is dropped", names.join(", ")),
        "write out the spoken words instead",
    ));
}

/// Returns true for characters that only tell where a line may be broken, how letters are joined, in which direction they
/// are written, or that a file is UTF-8.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
    )
}

/// Adds the findings of clips that differ from the rest of the corpus.
fn unusual(clips: &[CheckedClip], found: &mut Vec<Problem>) {
    if clips.len() < FEWEST_FOR_USUAL {
        return;
    }
    let of_all = |value: fn(&CheckedClip) -> Option<f64>| {
        median(&mut clips.iter().filter_map(value).collect::<Vec<_>>())
    };
    let loudness = of_all(|clip| clip.recording.loudness_lufs);
    let bandwidth = of_all(|clip| clip.recording.bandwidth_hz);
    let rate = of_all(ln_rate);
    let spread = rate.and_then(|rate| {
        median(&mut clips.iter().filter_map(ln_rate).map(|other| (other - rate).abs()).collect::<Vec<_>>())
    });
    for clip in clips {
        if let (Some(usual), Some(own)) = (loudness, clip.recording.loudness_lufs)
            && (own - usual).abs() > LOUDNESS_DISTANCE
        {
            let message = format!("its loudness is {own:.1} LUFS, but the corpus median is {usual:.1}");
            found.push(audio(
                clip,
                Code::UnusualLoudness,
                message,
                "set `audio.loudness_lufs` in the recipe to equalize all clips",
            ));
        }
        if let (Some(usual), Some(own)) = (bandwidth, clip.recording.bandwidth_hz)
            && own < NARROW_PART * usual
        {
            let message = format!("it has nothing above {own:.0} Hz, but the corpus median is {usual:.0} Hz");
            let remedy = "check its origin: it may have been resampled from a lower rate, or compressed";
            found.push(audio(clip, Code::NarrowBand, message, remedy));
        }
        if let (Some(usual), Some(spread), Some(own)) = (rate, spread, ln_rate(clip))
            && (own - usual).abs() > RATE_DEVIATIONS * NORMAL_OVER_MEDIAN_DEVIATION * spread
        {
            let message = format!(
                "{:.1} characters per second, but the corpus median is {:.1}",
                own.exp(),
                usual.exp()
            );
            found.push(text(
                clip,
                Code::UnusualRate,
                message,
                "compare text and recording: one may be cut short",
            ));
        }
    }
}

/// Returns the logarithm of the number of characters per second.
fn ln_rate(clip: &CheckedClip) -> Option<f64> {
    let characters = clip.normalized.chars().count();
    (characters > 0 && clip.recording.seconds > 0.0)
        .then(|| (characters as f64 / clip.recording.seconds).ln())
}

/// Adds the clips that share text or recording with one on an earlier line.
fn twice(
    clips: &[CheckedClip],
    code: Code,
    what: impl Fn(&CheckedClip) -> &String,
    found: &mut Vec<Problem>,
) {
    let mut groups: BTreeMap<&String, Vec<&CheckedClip>> = BTreeMap::new();
    for clip in clips {
        groups.entry(what(clip)).or_default().push(clip);
    }
    for mut group in groups.into_values() {
        group.sort_by(|a, b| (&a.table, a.line).cmp(&(&b.table, b.line)));
        let [first, others @ ..] = &group[..] else { continue };
        for clip in others {
            found.push(if code == Code::DuplicateAudio {
                let message = format!("its recording is identical to that of `{}`", first.id);
                audio(clip, code, message, "check which text is correct, and delete the other line")
            } else {
                let message = format!("its words are the same as those of `{}`", first.id);
                text(clip, code, message, "keep both in one split, or delete one")
            });
        }
    }
}

fn leaked(leak: &Leak, clip: &CheckedClip) -> Problem {
    let what = if leak.same_audio { "recording" } else { "words" };
    let split = match leak.split {
        Split::Validation => "validation",
        Split::Test | Split::Train => "test",
    };
    Problem {
        stage: Stage::Split,
        code: Code::SplitLeak,
        id: Some(leak.id.clone()),
        file: clip.table.to_string(),
        line: Some(clip.line),
        message: format!(
            "it is in the {split} split, but `{}` with the same {what} is in the training split",
            leak.trained
        ),
        remedy: "hold out whole chapters (`split.by`), or use lists that keep the two together".to_owned(),
    }
}

fn audio(clip: &CheckedClip, code: Code, message: String, remedy: &str) -> Problem {
    finding(clip, Stage::Audio, code, clip.audio.clone(), None, message, remedy)
}

fn text(clip: &CheckedClip, code: Code, message: String, remedy: &str) -> Problem {
    finding(clip, Stage::Text, code, clip.table.to_string(), Some(clip.line), message, remedy)
}

fn finding(
    clip: &CheckedClip,
    stage: Stage,
    code: Code,
    file: String,
    line: Option<u64>,
    message: String,
    remedy: &str,
) -> Problem {
    Problem { stage, code, id: Some(clip.id.clone()), file, line, message, remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use mynah_signal::Analysis;

    use super::{CheckedClip, findings};
    use crate::problem::Code;
    use crate::split::{Leak, Split};

    /// Returns clips without faults: all different, with about the same rate and loudness.
    fn clips(n: usize) -> Vec<CheckedClip> {
        (0..n)
            .map(|index| CheckedClip {
                id: format!("c{index:02}"),
                table: "metadata.csv".into(),
                line: index as u64 + 1,
                normalized: format!("sentence number {index:02}{}", "x".repeat(index % 3)),
                dropped: Vec::new(),
                audio: format!("wavs/c{index:02}.wav"),
                audio_hash: format!("hash {index}"),
                recording: Analysis {
                    sample_rate: 22_050,
                    seconds: 1.5,
                    loudness_lufs: Some(-20.0 - (index % 4) as f64),
                    peak_dbfs: Some(-3.0),
                    true_peak_dbtp: Some(-2.9),
                    clipped_runs: 0,
                    dc_offset: 1e-4,
                    leading_silence_seconds: 0.1,
                    trailing_silence_seconds: 0.2,
                    longest_pause_seconds: 0.4,
                    bandwidth_hz: Some(10_000.0),
                    snr_db: Some(40.0),
                },
            })
            .collect()
    }

    /// Returns the codes found, with their clips.
    fn found(clips: &[CheckedClip], leaks: &[Leak]) -> Vec<(Code, String)> {
        let found = findings(clips, leaks);
        for problem in &found {
            assert!(!problem.remedy.is_empty() && !problem.message.is_empty(), "{problem:?}");
        }
        found.into_iter().map(|problem| (problem.code, problem.id.unwrap())).collect()
    }

    #[test]
    fn a_good_corpus_has_no_findings() {
        assert_eq!(found(&clips(40), &[]), []);
    }

    #[test]
    fn finds_each_fault_in_its_clip_only() {
        type Spoil = fn(&mut CheckedClip);
        let spoils: [(Code, Spoil); 10] = [
            (Code::Clipping, |clip| clip.recording.clipped_runs = 2),
            (Code::DcOffset, |clip| clip.recording.dc_offset = -0.02),
            (Code::LongSilence, |clip| clip.recording.trailing_silence_seconds = 1.2),
            (Code::LongPause, |clip| clip.recording.longest_pause_seconds = 3.0),
            (Code::Noisy, |clip| clip.recording.snr_db = Some(9.0)),
            (Code::UnspokenCharacter, |clip| clip.dropped = vec!['☂', '☂']),
            (Code::UnusualLoudness, |clip| clip.recording.loudness_lufs = Some(-30.0)),
            (Code::NarrowBand, |clip| clip.recording.bandwidth_hz = Some(4_000.0)),
            (Code::UnusualRate, |clip| clip.recording.seconds = 12.0),
            (Code::DuplicateAudio, |clip| clip.audio_hash = "hash 0".to_owned()),
        ];
        for (code, spoil) in spoils {
            let mut clips = clips(40);
            spoil(&mut clips[7]);
            assert_eq!(found(&clips, &[]), [(code, "c07".to_owned())]);
        }
    }

    #[test]
    fn invisible_characters_are_no_findings() {
        let mut clips = clips(3);
        clips[1].dropped = vec!['\u{ad}', '\u{200b}', '\u{feff}'];
        assert_eq!(found(&clips, &[]), []);
        clips[1].dropped.push('☂');
        let only: Vec<String> = findings(&clips, &[]).into_iter().map(|problem| problem.message).collect();
        assert_eq!(only, ["`☂` (U+2602) cannot be spoken and is dropped"]);
    }

    #[test]
    fn reports_duplicates_at_the_later_line() {
        let mut clips = clips(3);
        clips[0].normalized = clips[2].normalized.clone();
        clips.swap(0, 2);
        assert_eq!(found(&clips, &[]), [(Code::DuplicateText, "c02".to_owned())]);
    }

    #[test]
    fn reports_leaks() {
        let leak =
            Leak { id: "c01".to_owned(), split: Split::Test, trained: "c00".to_owned(), same_audio: false };
        assert_eq!(found(&clips(2), &[leak]), [(Code::SplitLeak, "c01".to_owned())]);
    }

    #[test]
    fn reports_no_outliers_among_few_clips() {
        let mut clips = clips(5);
        clips[1].recording.loudness_lufs = Some(-60.0);
        clips[2].recording.seconds = 60.0;
        assert_eq!(found(&clips, &[]), []);
    }
}
