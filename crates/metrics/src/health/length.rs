//! The duration of the speech against the length of its text.

use crate::metric::{Definition, Formula};
use crate::{Clip, Declaration, Direction, Needs, Range};

/// Logarithm of the ratio of durations below which a wav is truncated.
const TRUNCATED: f64 = -0.25;
/// The same for a wav that ends within its sound.
const TRUNCATED_ABRUPTLY: f64 = -0.12;
/// Logarithm of the ratio of durations above which a wav runs away.
const RUNAWAY: f64 = 0.22;
/// Length of the end of a wav that tells whether it breaks off.
const END_SECONDS: f64 = 0.03;
/// Level of the end, relative to the speech, above which the wav breaks off.
const ABRUPT_DB: f64 = -25.0;

/// Characters or phones per second.
pub(crate) const RATE: Definition = Definition {
    name: "speech_rate",
    profile: "speech_rate/units-1",
    unit: "units/s",
    declaration: Declaration { range: Range::NONNEGATIVE, ..Declaration::FACT.needs(Needs::Text) },
    formula: Formula::Clip(|clip| {
        let text = clip.text().ok_or(WITHOUT_TEXT)?;
        Ok((f64::from(text.n_units()) / clip.spoken_seconds()?, None))
    }),
    explanation: "speech_rate/units-1: how fast a wav speaks its text

Formula
  units of the text / (seconds of the speech - total seconds of pauses)

Unit
  units/s, phones or characters, as the caller counts; neither high nor low is good: compare it with that of the
  recordings. Needs the text, no recording. Invariant to gain, offset, polarity, hum below 62 Hz, and digital silence
  at the ends.

Parameters
  The speech of mcd/sp2mc-2; pauses of pause_count_difference/p95-1.

Oracle
  numpy, to 1e-9, on a bundled clip and altered copies of it.

Known faults
  Numbers and abbreviations that are not written out have fewer characters than sounds: count phones, or normalize. A
  wav that skips words seems fast.",
};

/// Logarithm of the ratio of the duration to the expected one.
pub(crate) const SURPRISE: Definition = Definition {
    name: "duration_surprise",
    profile: "duration_surprise/ln-1",
    unit: "ln",
    declaration: Declaration {
        direction: Direction::Near(0.0),
        range: Range::ALL,
        ..Declaration::FAULT.needs(Needs::Text)
    },
    formula: Formula::Clip(|clip| Ok((surprise(clip)?, None))),
    explanation: "duration_surprise/ln-1: how much longer a wav takes for its text than recordings do

Formula
  ln((seconds of the speech - total seconds of pauses) / (offset + seconds per unit * units of the text))

Unit
  ln, the natural logarithm of a ratio: 0 is as expected, 0.1 is 10 % longer. Needs the text and the pace of
  recordings, no recording of the sentence. Invariant to gain, offset, polarity, hum below 62 Hz, and digital silence
  at the ends.

Parameters
  The speech of mcd/sp2mc-2; pauses of pause_count_difference/p95-1, which are not counted, since they follow the
  punctuation. The pace is the least-squares line through the recordings that the caller gives.

Oracle
  numpy, to 1e-9, on a bundled clip and altered copies of it.

Known faults
  Those of speech_rate. Recordings of LJSpeech scatter by 0.09 around their line of characters.",
};

/// Speech that ends too early for its text.
pub(crate) const IS_TRUNCATED: Definition = Definition {
    name: "truncated",
    profile: "truncated/pace-1",
    unit: "0 or 1",
    declaration: Declaration::FLAG.needs(Needs::Text),
    formula: Formula::Clip(|clip| {
        let surprise = surprise(clip)?;
        let limit = if is_abrupt(clip)? { TRUNCATED_ABRUPTLY } else { TRUNCATED };
        Ok((f64::from(surprise < limit), None))
    }),
    explanation: "truncated/pace-1: a wav that ends before its text

Formula
  1 if duration_surprise/ln-1 is below -0.25, or below -0.12 and the last 30 ms of the file are less than 25 dB below
  the speech; else 0

Unit
  0 or 1, the proportion of truncated items; larger is worse. Needs the text and the pace of recordings, no recording
  of the sentence. Invariant to gain and polarity.

Parameters
  Those of duration_surprise/ln-1. Levels are root mean squares, that of the speech over all of it.

Oracle
  numpy, exactly, on a bundled clip and altered copies of it.

Known faults
  A word at the end that is missing is not seen, nor is a slow voice that stops early. Hit and false-alarm rates are
  in docs/health.md.",
};

/// Speech that goes on after its text.
pub(crate) const IS_RUNAWAY: Definition = Definition {
    name: "runaway",
    profile: "runaway/pace-1",
    unit: "0 or 1",
    declaration: Declaration::FLAG.needs(Needs::Text),
    formula: Formula::Clip(|clip| Ok((f64::from(surprise(clip)? > RUNAWAY), None))),
    explanation: "runaway/pace-1: a wav that goes on after its text

Formula
  1 if duration_surprise/ln-1 is above 0.22, else 0

Unit
  0 or 1, the proportion of items that run away; larger is worse. Needs the text and the pace of recordings, no
  recording of the sentence. Invariant to gain, offset, polarity, hum below 62 Hz, and digital silence at the ends.

Parameters
  Those of duration_surprise/ln-1.

Oracle
  numpy, exactly, on a bundled clip and altered copies of it.

Known faults
  Babble shorter than a third of the sentence is not seen, nor is a fast voice that goes on. Silence does not count:
  see longest_silence. Hit and false-alarm rates are in docs/health.md.",
};

const WITHOUT_TEXT: &str = "comes without the length of its text";

fn surprise(clip: &Clip<'_>) -> Result<f64, String> {
    let text = clip.text().ok_or(WITHOUT_TEXT)?;
    let expected =
        text.expected_seconds().ok_or("has an empty text, or comes without the pace of recordings")?;
    Ok((clip.spoken_seconds()? / expected).ln())
}

/// Returns true if the file ends within its sound.
fn is_abrupt(clip: &Clip<'_>) -> Result<bool, String> {
    let speech = clip.speech()?.waveform();
    let samples = clip.waveform().samples();
    let n_end = ((END_SECONDS * f64::from(clip.waveform().sample_rate())) as usize).clamp(1, samples.len());
    let offset = clip.analysis()?.dc_offset;
    let power = |samples: &[f32], offset: f64| {
        samples.iter().map(|&sample| (f64::from(sample) - offset).powi(2)).sum::<f64>() / samples.len() as f64
    };
    let ratio = power(&samples[samples.len() - n_end..], offset) / power(speech.samples(), 0.0);
    Ok(10.0 * ratio.log10() > ABRUPT_DB)
}
