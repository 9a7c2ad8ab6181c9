//! Loudness of the two signals.

use crate::{Metric, Outcome, Pair};

/// Difference of integrated loudness.
pub(crate) struct LoudnessDifference;

impl Metric for LoudnessDifference {
    fn name(&self) -> &'static str {
        "loudness_difference"
    }

    fn profile(&self) -> &'static str {
        "loudness_difference/bs1770-1"
    }

    fn unit(&self) -> &'static str {
        "LU"
    }

    fn measure(&self, pair: &Pair<'_>) -> Outcome {
        let (reference, system) = (pair.reference().loudness_lufs(), pair.system().loudness_lufs());
        match (reference, system) {
            (Some(reference), Some(system)) => Outcome::value(system - reference, None),
            (None, _) => Outcome::Undefined("the reference is shorter than 400 ms or silent".to_owned()),
            (_, None) => Outcome::Undefined("the system is shorter than 400 ms or silent".to_owned()),
        }
    }

    fn explain(&self) -> &'static str {
        "loudness_difference/bs1770-1: how much louder the system speaks

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
  test must match levels first. Undefined below 400 ms."
    }
}
