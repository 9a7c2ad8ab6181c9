//! Durations of the two signals.

use crate::metric::{Definition, Formula};
use crate::{Clip, Declaration, Pair};

/// Logarithm of the ratio of durations.
pub(crate) const RATIO: Definition = Definition {
    name: "duration_ratio",
    profile: "duration_ratio/ln-1",
    unit: "ln",
    declaration: Declaration::DIFFERENCE,
    formula: Formula::Pair(|pair| {
        let (reference, system) = seconds(pair)?;
        Ok(((system / reference).ln(), None))
    }),
    explanation: "duration_ratio/ln-1: how much faster or slower the system speaks

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
  fast speech with long pauses, can cancel.",
};

/// Difference of durations.
pub(crate) const DIFFERENCE: Definition = Definition {
    name: "duration_difference",
    profile: "duration_difference/seconds-1",
    unit: "s",
    declaration: Declaration::DIFFERENCE,
    formula: Formula::Pair(|pair| {
        let (reference, system) = seconds(pair)?;
        Ok((system - reference, None))
    }),
    explanation: "duration_difference/seconds-1: how many seconds longer the system speaks

Formula
  seconds of the system - seconds of the reference

Unit
  s; 0 is equal, positive is longer; swapping the signals changes the sign.

Parameters
  The whole file, including silence at both ends.

Oracle
  The number of samples.

Known faults
  Those of duration_ratio; in addition, long sentences outweigh short ones. Best at showing runaways and early stops.",
};

/// Logarithm of the ratio of durations without silence at the ends.
pub(crate) const SPEECH_RATIO: Definition = Definition {
    name: "speech_duration_ratio",
    profile: "speech_duration_ratio/ln-1",
    unit: "ln",
    declaration: Declaration::DIFFERENCE,
    formula: Formula::Pair(|pair| {
        let seconds = |clip: &Clip<'_>, which: &str| match clip.speech() {
            Ok(speech) => Ok(speech.waveform().seconds()),
            Err(why) => Err(format!("the {which} {why}")),
        };
        Ok(((seconds(pair.system(), "system")? / seconds(pair.reference(), "reference")?).ln(), None))
    }),
    explanation: "speech_duration_ratio/ln-1: how much slower the system speaks, whatever the silence around it

Formula
  ln(seconds of the system's speech / seconds of the reference's speech)

Unit
  ln, the natural logarithm of a ratio: 0 is equal, 0.1 is 10 % longer, -0.1 is 10 % shorter; swapping the signals
  changes the sign. Invariant to gain, offset, polarity, hum below 62 Hz, and digital silence at the ends.

Parameters
  The speech of mcd/sp2mc-2: from the first to the last sample above -40 dB of the largest, without offset and hum.
  Each signal at its own sample rate.

Oracle
  numpy's speech of mcd/sp2mc-2, exactly, on bundled clips and altered copies.

Known faults
  Pauses inside count: see pause_seconds_difference. A breath or a click outside the sentence counts as its end.",
};

fn seconds(pair: &Pair<'_>) -> Result<(f64, f64), String> {
    let seconds = (pair.reference().waveform().seconds(), pair.system().waveform().seconds());
    match seconds {
        (reference, _) if reference <= 0.0 => Err("the reference has no duration".to_owned()),
        (_, system) if system <= 0.0 => Err("the system has no duration".to_owned()),
        seconds => Ok(seconds),
    }
}
