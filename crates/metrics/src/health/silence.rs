//! Silence inside and around the speech.

use crate::Declaration;
use crate::metric::{Definition, Formula};

/// Longest pause.
pub(crate) const LONGEST: Definition = Definition {
    name: "longest_silence",
    profile: "longest_silence/p95-1",
    unit: "s",
    declaration: Declaration::FAULT,
    formula: Formula::Clip(|clip| {
        let levels = clip.levels()?;
        let longest = levels.pauses().iter().map(|pause| pause.n_blocks).max().unwrap_or(0);
        Ok((levels.seconds(longest), None))
    }),
    explanation: "longest_silence/p95-1: the longest pause in the speech of a wav

Formula
  the longest pause of pause_count_difference/p95-1; 0 without a pause

Unit
  s; larger is worse, from the length of a pause between sentences on. Needs no recording. Invariant to gain, offset,
  polarity, hum below 62 Hz, and digital silence at the ends.

Parameters
  Those of pause_count_difference/p95-1.

Oracle
  numpy, to 1e-9 s, on a bundled clip and altered copies of it.

Known faults
  Those of pause_count_difference. Long pauses are right between clauses. Hit and false-alarm rates are in
  docs/health.md.",
};

/// Share of silence in the whole wav.
pub(crate) const SHARE: Definition = Definition {
    name: "silence_share",
    profile: "silence_share/p95-1",
    unit: "fraction",
    declaration: Declaration::FAULT.rate("samples of silence", "samples"),
    formula: Formula::Clip(|clip| {
        let levels = clip.levels()?;
        let seconds = clip.waveform().seconds();
        let silent = seconds - clip.speech()?.waveform().seconds() + levels.pause_seconds();
        Ok(((silent / seconds).clamp(0.0, 1.0), Some(clip.waveform().len() as u64)))
    }),
    explanation: "silence_share/p95-1: the share of a wav that is silence

Formula
  (seconds before the first and after the last sample of the speech + total seconds of pauses) / seconds of the file

Unit
  fraction, 0 to 1; larger is worse, above that of the recordings. Needs no recording. Invariant to gain, offset,
  polarity and hum below 62 Hz. `frames` is the denominator, by which items can be pooled.

Parameters
  The speech of mcd/sp2mc-2; pauses of pause_count_difference/p95-1.

Oracle
  numpy, to 1e-9, on a bundled clip and altered copies of it.

Known faults
  Those of pause_count_difference. Nine of ten recordings of LJSpeech have 0.01 to 0.14.",
};
