//! Loudness of the two signals.

use crate::Declaration;
use crate::metric::{Definition, Formula};

/// Difference of integrated loudness.
pub(crate) const DIFFERENCE: Definition = Definition {
    name: "loudness_difference",
    profile: "loudness_difference/bs1770-1",
    unit: "LU",
    declaration: Declaration::DIFFERENCE,
    formula: Formula::Pair(|pair| {
        let reference = pair.reference().loudness_lufs().ok_or("the reference is shorter than 400 ms or silent")?;
        let system = pair.system().loudness_lufs().ok_or("the system is shorter than 400 ms or silent")?;
        Ok((system - reference, None))
    }),
    explanation: "loudness_difference/bs1770-1: how much louder the system speaks

Formula
  integrated loudness of the system - integrated loudness of the reference

Unit
  LU, which are dB; 0 is equal, positive is louder; swapping the signals changes the sign.

Parameters
  ITU-R BS.1770-4: K-weighting, whole blocks of 400 ms every 100 ms, gates at -70 LUFS and 10 LU below the mean.

Oracle
  pyloudnorm 0.2.0 with its DeMan filters and whole blocks, to 1e-6 LU, on bundled clips; EBU Tech 3341.

Known faults
  The difference says nothing about quality. It is reported because listeners prefer louder speech, so that a listening
  test must match levels first. Undefined below 400 ms.",
};
