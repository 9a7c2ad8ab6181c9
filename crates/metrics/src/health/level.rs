//! Clipping and offset.

use crate::metric::{Definition, Formula};
use crate::{Clip, Declaration, Direction, Range};

/// Smallest magnitude of a clipped sample.
const FULL_SCALE: f32 = 0.999;
/// Fewest successive clipped samples: a peak that just reaches full scale has one or two.
const SHORTEST_RUN: usize = 3;

/// Number of clipped stretches.
pub(crate) const CLIPPED_RUNS: Definition = Definition {
    name: "clipped_runs",
    profile: "clipped_runs/3x0.999-1",
    unit: "runs",
    declaration: Declaration::FAULT,
    formula: Formula::Clip(|clip| Ok((runs(clip)?.count() as f64, None))),
    explanation: "clipped_runs/3x0.999-1: the number of clipped stretches of a wav

Formula
  number of runs of at least 3 successive samples of one sign with a magnitude of at least 0.999

Unit
  runs; larger is worse. Needs no recording. Invariant to polarity.

Parameters
  The samples of the file; full scale is 1.

Oracle
  numpy, exactly, on a bundled clip and altered copies of it.

Known faults
  Speech that was clipped and then made quieter has flat tops below full scale, which this does not see.",
};

/// Share of clipped samples.
pub(crate) const CLIPPED_SHARE: Definition = Definition {
    name: "clipped_share",
    profile: "clipped_share/3x0.999-1",
    unit: "fraction",
    declaration: Declaration::FAULT.rate("samples in clipped runs", "samples"),
    formula: Formula::Clip(|clip| {
        let n_clipped: usize = runs(clip)?.sum();
        let n_samples = clip.waveform().len();
        Ok((n_clipped as f64 / n_samples as f64, Some(n_samples as u64)))
    }),
    explanation: "clipped_share/3x0.999-1: the share of clipped samples of a wav

Formula
  samples in the runs of clipped_runs/3x0.999-1 / samples

Unit
  fraction, 0 to 1; larger is worse. Needs no recording. Invariant to polarity. `frames` is the denominator, by which
  items can be pooled.

Parameters
  The samples of the file, silence included.

Oracle
  numpy, exactly, on a bundled clip and altered copies of it.

Known faults
  Those of clipped_runs.",
};

/// Mean of the samples.
pub(crate) const OFFSET: Definition = Definition {
    name: "dc_offset",
    profile: "dc_offset/mean-1",
    unit: "full scale",
    declaration: Declaration { direction: Direction::Near(0.0), range: Range::ALL, ..Declaration::FAULT },
    formula: Formula::Clip(|clip| Ok((clip.analysis()?.dc_offset, None))),
    explanation: "dc_offset/mean-1: the constant offset of a wav

Formula
  mean of all samples

Unit
  full scale; 0 is none, and 0.001 is much. Needs no recording. A change of polarity changes the sign.

Parameters
  The samples of the file, silence included.

Oracle
  numpy, to 1e-9, on a bundled clip and altered copies of it.

Known faults
  An offset is inaudible, but for the clicks where files begin and end. mcd and others remove it.",
};

/// Returns the lengths of the clipped runs.
fn runs<'a>(clip: &'a Clip<'_>) -> Result<impl Iterator<Item = usize> + 'a, &'a str> {
    clip.speech()?;
    let samples = clip.waveform().samples();
    // Most wavs are not clipped, which is quickly seen.
    let is_clipped = samples.iter().fold(0.0, |most: f32, sample| most.max(sample.abs())) >= FULL_SCALE;
    let samples = if is_clipped { samples } else { &[] };
    let sign = |sample: &f32| i8::from(*sample >= FULL_SCALE) - i8::from(*sample <= -FULL_SCALE);
    Ok(samples
        .chunk_by(move |a, b| sign(a) == sign(b))
        .filter(move |run| run.len() >= SHORTEST_RUN && sign(&run[0]) != 0)
        .map(<[f32]>::len))
}
