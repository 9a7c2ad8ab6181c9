//! Wideband PESQ.

use mynah_signal::Waveform;

use crate::metric::{Definition, Formula};
use crate::{Declaration, Direction, Needs, Range};

/// Sample rate of the definition.
const RATE: u32 = 16_000;
/// Value of a copy: the mapping's limit is 4.999, and the best raw score is 4.5.
const PERFECT: f64 = 4.643_888_473_510_742;

/// Predicted opinion of a copy according to ITU-T P.862.2.
pub(crate) const WIDEBAND: Definition = Definition {
    name: "pesq",
    profile: "pesq/p862.2-1",
    unit: "MOS-LQO",
    declaration: Declaration {
        direction: Direction::Higher,
        range: Range { least: Some(0.999), most: Some(PERFECT) },
        perfect: Some(PERFECT),
        ..Declaration::DIFFERENCE.needs(Needs::AlignedRecording)
    },
    formula: Formula::Pair(|pair| {
        let signals = pair.aligned()?;
        if signals.sample_rate < RATE {
            return Err(format!(
                "the lower sample rate is {} Hz, wideband PESQ needs {RATE} Hz or more",
                signals.sample_rate
            ));
        }
        let pcm = |samples: &[f32]| -> Result<Vec<i16>, String> {
            let waveform = Waveform::new(samples.to_vec(), signals.sample_rate);
            let waveform = if signals.sample_rate == RATE {
                waveform
            } else {
                crate::clip::resampler(signals.sample_rate, RATE)?.resample(&waveform)
            };
            let round = |&sample: &f32| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
            Ok(waveform.samples().iter().map(round).collect())
        };
        let (reference, system) = (pcm(&signals.reference)?, pcm(&signals.system)?);
        let score = pesq::pesq_wb(&reference, &system).map_err(|why| format!("PESQ gives no score: {why}"))?;
        Ok((f64::from(score), None))
    }),
    explanation: "pesq/p862.2-1: the opinion of a copy that ITU-T P.862.2 predicts, wideband PESQ

Formula
  0.999 + 4 / (1 + exp(-1.3669 p + 3.8224)), p the score of ITU-T P.862 with the wideband input filter

Unit
  MOS-LQO, 1.04 to 4.64; a copy has 4.64, larger is better. Not symmetric. Invariant to gain of either signal, but for
  the rounding to 16 bits.

Parameters
  Both signals from their first sample, at the lower rate, cut to the shorter; then resampled to 16 kHz and rounded to
  16 bits. Undefined below 16 kHz, below 0.25 s, and without an utterance. Only for copies whose samples are at the
  same times, as in stoi/pystoi-0.4.1.

Oracle
  pesq 0.0.4 of PyPI (mode wb), to 0.002, on a bundled clip at 16 kHz and altered copies of it. The values come from the
  crate pesq 0.2.

Known faults
  It was made for telephones and hears nothing above 8 kHz. Noise in pauses and phases count for more than to a
  listener. On speech that another system speaks it is noise. The ITU has withdrawn P.862 in favor of P.863.
  Narrowband PESQ (P.862.1) and the raw score are other numbers.",
};
