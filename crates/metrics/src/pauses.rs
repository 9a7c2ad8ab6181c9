//! Pauses in the speech, against those of the recording.

use crate::levels::Levels;
use crate::metric::{Definition, Formula, Measured};
use crate::{Declaration, Pair};

/// Difference of the numbers of pauses.
pub(crate) const COUNT_DIFFERENCE: Definition = Definition {
    name: "pause_count_difference",
    profile: "pause_count_difference/p95-1",
    unit: "pauses",
    declaration: Declaration::DIFFERENCE,
    formula: Formula::Pair(|pair| difference(pair, |levels| levels.pauses().len() as f64)),
    explanation: "pause_count_difference/p95-1: how many more pauses the system makes

Formula
  pauses in the system's speech - pauses in the reference's speech

Unit
  pauses; 0 is equal, positive is more; swapping the signals changes the sign. Invariant to gain, offset, polarity, hum
  below 62 Hz, and digital silence at the ends.

Parameters
  The speech of mcd/sp2mc-2, which excludes silence at the ends, each signal at its own sample rate; blocks of 10 ms
  from its first sample. A pause is a run of at least 150 ms of blocks more than 35 dB below the 95th percentile of
  the blocks.

Oracle
  numpy, exactly, on bundled clips and altered copies.

Known faults
  Background noise less than 35 dB below the speech hides every pause. A breath in a pause splits it. It counts all
  pauses alike, wherever they are: one at the wrong place and one missing cancel.",
};

/// Difference of the total durations of pauses.
pub(crate) const SECONDS_DIFFERENCE: Definition = Definition {
    name: "pause_seconds_difference",
    profile: "pause_seconds_difference/p95-1",
    unit: "s",
    declaration: Declaration::DIFFERENCE,
    formula: Formula::Pair(|pair| difference(pair, Levels::pause_seconds)),
    explanation: "pause_seconds_difference/p95-1: how much longer the system pauses

Formula
  total seconds of pauses in the system's speech - total seconds of pauses in the reference's speech

Unit
  s; 0 is equal, positive is longer; swapping the signals changes the sign. Invariant to gain, offset, polarity, hum
  below 62 Hz, and digital silence at the ends.

Parameters
  Those of pause_count_difference/p95-1.

Oracle
  numpy, to 1e-9 s, on bundled clips and altered copies.

Known faults
  Those of pause_count_difference. A multiple of 10 ms.",
};

fn difference(pair: &Pair<'_>, of: impl Fn(&Levels) -> f64) -> Measured {
    let reference = pair.reference().levels().map_err(|why| format!("the reference {why}"))?;
    let system = pair.system().levels().map_err(|why| format!("the system {why}"))?;
    Ok((of(system) - of(reference), None))
}
