//! Durations of the two signals.

use crate::{Metric, Outcome, Pair};

/// Logarithm of the ratio of durations.
pub(crate) struct DurationRatio;

/// Difference of durations.
pub(crate) struct DurationDifference;

impl Metric for DurationRatio {
    fn name(&self) -> &'static str {
        "duration_ratio"
    }

    fn profile(&self) -> &'static str {
        "duration_ratio/ln-1"
    }

    fn unit(&self) -> &'static str {
        "ln"
    }

    fn measure(&self, pair: &Pair<'_>) -> Outcome {
        match seconds(pair) {
            Ok((reference, system)) => Outcome::value((system / reference).ln(), None),
            Err(why) => Outcome::Undefined(why),
        }
    }

    fn explain(&self) -> &'static str {
        "duration_ratio/ln-1: how much faster or slower the system speaks

Formula
  ln(seconds of the system / seconds of the reference)

Unit
  ln, the natural logarithm of a ratio: 0 is equal, 0.1 is 10 % longer, -0.1 is 10 % shorter; swapping the signals
  changes the sign. The logarithm makes the mean over items symmetric.

Parameters
  The whole file, including silence at both ends.

Oracle
  The number of samples.

Known faults
  Leading and trailing silence counts, so a corpus trimmed differently shows as a difference. Opposite errors, such as
  fast speech with long pauses, can cancel."
    }
}

impl Metric for DurationDifference {
    fn name(&self) -> &'static str {
        "duration_difference"
    }

    fn profile(&self) -> &'static str {
        "duration_difference/seconds-1"
    }

    fn unit(&self) -> &'static str {
        "s"
    }

    fn measure(&self, pair: &Pair<'_>) -> Outcome {
        match seconds(pair) {
            Ok((reference, system)) => Outcome::value(system - reference, None),
            Err(why) => Outcome::Undefined(why),
        }
    }

    fn explain(&self) -> &'static str {
        "duration_difference/seconds-1: how many seconds longer the system speaks

Formula
  seconds of the system - seconds of the reference

Unit
  s; 0 is equal, positive is longer; swapping the signals changes the sign.

Parameters
  The whole file, including silence at both ends.

Oracle
  The number of samples.

Known faults
  Those of duration_ratio; in addition, long sentences outweigh short ones. Best at showing runaways and early stops."
    }
}

fn seconds(pair: &Pair<'_>) -> Result<(f64, f64), String> {
    let seconds = (pair.reference().waveform().seconds(), pair.system().waveform().seconds());
    match seconds {
        (reference, _) if reference <= 0.0 => Err("the reference has no duration".to_owned()),
        (_, system) if system <= 0.0 => Err("the system has no duration".to_owned()),
        seconds => Ok(seconds),
    }
}
