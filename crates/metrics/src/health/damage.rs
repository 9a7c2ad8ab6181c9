//! Clicks and dropouts.

use crate::levels::block_length;
use crate::metric::{Definition, Formula};
use crate::{Clip, Declaration};

/// Blocks on either side that a click is compared with.
const NEIGHBORS: usize = 3;
/// Ratio of a click to the loudest second difference of its neighbors.
const OUTLIER: f64 = 6.0;
/// Smallest second difference of a click, relative to the root mean square of the speech.
const LEAST_CLICK: f64 = 1.0;
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
        let power = speech.samples().iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / speech.len() as f64;
        let peaks = bends(clip.waveform().samples(), block_length(clip.waveform().sample_rate()));
        let is_click = |at: usize| {
            let side = |blocks: &[f64]| blocks.iter().copied().fold(0.0, f64::max);
            // A click at the boundary of two blocks bends both, and the block after it does not hide it.
            let before = side(&peaks[at.saturating_sub(NEIGHBORS + 1)..at.saturating_sub(1)]);
            let after = side(&peaks[(at + 2).min(peaks.len())..(at + NEIGHBORS + 2).min(peaks.len())]);
            let is_local_peak = peaks[at] >= side(&peaks[at.saturating_sub(1)..at])
                && peaks[at] > side(&peaks[(at + 1).min(peaks.len())..(at + 2).min(peaks.len())]);
            is_local_peak && peaks[at] > OUTLIER * before.max(after) && peaks[at] > LEAST_CLICK * power.sqrt()
        };
        let n_clicks = (0..peaks.len()).filter(|&at| is_click(at)).count();
        Ok((n_clicks as f64, Some(peaks.len() as u64)))
    }),
    explanation: "clicks/d2-1: the number of clicks in a wav

Formula
  number of blocks whose largest second difference |x[n-1] - 2 x[n] + x[n+1]| exceeds 6 times that of the 3 blocks on
  either side beyond its neighbors, and the root mean square of the speech, and those of its neighbors

Unit
  clicks; larger is worse. Needs no recording. Invariant to gain, offset and polarity. `frames` counts the blocks.

Parameters
  Blocks of 10 ms of the whole file; the speech of mcd/sp2mc-2.

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

/// Returns the largest second difference of each block; those of the first and last sample are none.
fn bends(samples: &[f32], length: usize) -> Vec<f64> {
    let mut peaks = vec![0.0_f64; samples.len().div_ceil(length)];
    for (n, three) in samples.windows(3).enumerate() {
        let bend = (f64::from(three[0]) - 2.0 * f64::from(three[1]) + f64::from(three[2])).abs();
        let peak = &mut peaks[(n + 1) / length];
        *peak = peak.max(bend);
    }
    peaks
}

/// Returns the samples of the file where the speech is.
fn speech_samples<'a>(clip: &'a Clip<'_>) -> Result<&'a [f32], &'a str> {
    let speech = clip.speech()?;
    let start = (speech.leading_seconds() * f64::from(clip.waveform().sample_rate())).round() as usize;
    Ok(&clip.waveform().samples()[start..][..speech.waveform().len()])
}
