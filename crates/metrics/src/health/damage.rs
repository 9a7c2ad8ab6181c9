//! Clicks and dropouts.

use crate::metric::{Definition, Formula};
use crate::{Clip, Declaration};

/// Samples around a click that belong to it: a filter spreads it.
const OWN_SAMPLES: usize = 3;
/// Time around a click in which nothing else bends as much; a plosive lasts longer.
const AROUND_SECONDS: f64 = 0.002;
/// Ratio of the second difference of a click to the largest around it.
const OUTLIER: f64 = 5.0;
/// Smallest second difference of a click, relative to the root mean square of the speech.
const LEAST_CLICK: f64 = 0.5;
/// Shortest dropout: soft recordings have some equal samples in a row.
const SHORTEST_DROPOUT_SECONDS: f64 = 0.01;

/// Number of clicks.
pub(crate) const CLICKS: Definition = Definition {
    name: "clicks",
    profile: "clicks/d2-1",
    unit: "clicks",
    declaration: Declaration::FAULT,
    formula: Formula::Clip(|clip| {
        let speech = clip.speech()?.waveform();
        let power =
            speech.samples().iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / speech.len() as f64;
        let around = (AROUND_SECONDS * f64::from(speech.sample_rate())).round() as usize;
        Ok((clicks(clip.waveform().samples(), around, LEAST_CLICK * power.sqrt()) as f64, None))
    }),
    explanation: "clicks/d2-1: the number of clicks in a wav

Formula
  number of samples n whose second difference d(n) = |x[n-1] - 2 x[n] + x[n+1]| is at least half of the root mean square
  of the speech, more than 5 times any other within 2 ms but those of the 3 samples on either side, and not less than
  those (of equal ones, the first counts)

Unit
  clicks; larger is worse. Needs no recording. Invariant to gain, offset and polarity.

Parameters
  The samples of the file; the speech of mcd/sp2mc-2.

Oracle
  numpy, exactly, on a bundled clip and altered copies of it.

Known faults
  Clicks in fricatives, and those softer than the speech, are missed; hit and false-alarm rates are in docs/health.md.
  A glottal stop or a lip smack can count as a click.",
};

/// Number of stretches of one value inside the speech.
pub(crate) const DROPOUTS: Definition = Definition {
    name: "dropouts",
    profile: "dropouts/10ms-1",
    unit: "dropouts",
    declaration: Declaration::FAULT,
    formula: Formula::Clip(|clip| {
        let shortest = (SHORTEST_DROPOUT_SECONDS * f64::from(clip.waveform().sample_rate())).ceil().max(2.0);
        let inside = speech_samples(clip)?;
        let runs = inside.chunk_by(|a, b| a.to_bits() == b.to_bits());
        Ok((runs.filter(|run| run.len() as f64 >= shortest).count() as f64, None))
    }),
    explanation: "dropouts/10ms-1: the number of dropouts in a wav

Formula
  number of runs of at least 10 ms of equal samples in the speech

Unit
  dropouts; larger is worse. Needs no recording. Invariant to gain, offset and polarity.

Parameters
  The samples of the file from the first to the last sample of the speech of mcd/sp2mc-2.

Oracle
  numpy, exactly, on a bundled clip and altered copies of it.

Known faults
  Digital silence that an editor or a noise gate put into pauses counts as a dropout: see longest_silence. Dropouts
  that a decoder conceals are not seen.",
};

/// Counts the samples that bend the signal far more than any other `around` them.
fn clicks(samples: &[f32], around: usize, least: f64) -> usize {
    let bends: Vec<f64> = samples
        .windows(3)
        .map(|three| (f64::from(three[0]) - 2.0 * f64::from(three[1]) + f64::from(three[2])).abs())
        .collect();
    let largest = |from: usize, to: usize| {
        let (from, to) = (from.min(bends.len()), to.min(bends.len()));
        bends[from..to.max(from)].iter().copied().fold(0.0, f64::max)
    };
    let is_click = |at: usize| {
        let bend = bends[at];
        let before = (at.saturating_sub(around), at.saturating_sub(OWN_SAMPLES));
        let after = (at + OWN_SAMPLES + 1, at + around + 1);
        bend >= least
            && bend > largest(before.1, at)
            && bend >= largest(at + 1, after.0)
            && bend > OUTLIER * largest(before.0, before.1).max(largest(after.0, after.1))
    };
    (0..bends.len()).filter(|&at| is_click(at)).count()
}

/// Returns the samples of the file where the speech is.
fn speech_samples<'a>(clip: &'a Clip<'_>) -> Result<&'a [f32], &'a str> {
    let speech = clip.speech()?;
    let start = (speech.leading_seconds() * f64::from(clip.waveform().sample_rate())).round() as usize;
    Ok(&clip.waveform().samples()[start..][..speech.waveform().len()])
}
