//! Scale-invariant ratio of signal to distortion.

use crate::metric::{Definition, Formula};
use crate::statistics::mean;
use crate::{Declaration, Direction, Needs, Range};

/// Ratio of the part of the system that is the scaled reference to the rest, in dB.
pub(crate) const RATIO: Definition = Definition {
    name: "si_sdr",
    profile: "si_sdr/zero-mean-1",
    unit: "dB",
    declaration: Declaration {
        direction: Direction::Higher,
        range: Range::ALL,
        perfect: None,
        ..Declaration::DIFFERENCE.needs(Needs::AlignedRecording)
    },
    formula: Formula::Pair(|pair| {
        let signals = pair.aligned()?;
        let centered = |samples: &[f32]| -> Vec<f64> {
            let samples: Vec<f64> = samples.iter().map(|&sample| f64::from(sample)).collect();
            let average = mean(&samples).unwrap_or(0.0);
            samples.into_iter().map(|sample| sample - average).collect()
        };
        let (x, y) = (centered(&signals.reference), centered(&signals.system));
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let scale = product(&x, &y) / product(&x, &x);
        let distortion: f64 = x.iter().zip(&y).map(|(x, y)| (scale * x - y).powi(2)).sum();
        if distortion <= 0.0 {
            return Err("the system is the scaled reference: the ratio is infinite".to_owned());
        }
        let ratio = scale * scale * product(&x, &x) / distortion;
        Ok((10.0 * ratio.log10(), Some(x.len() as u64)))
    }),
    explanation: "si_sdr/zero-mean-1: the distortion of a waveform

Formula
  10 log10(|a x|^2 / |a x - y|^2), a = <x, y> / <x, x>; x the samples of the reference, y those of the system, each
  without its mean

Unit
  dB; larger is better, and there is no largest: undefined for a scaled copy. Not symmetric. Invariant to gain,
  polarity and offset of either signal. `frames` counts the samples.

Parameters
  Both signals from their first sample, at the lower rate, cut to the shorter. Only for copies whose samples are at the
  same times, as in stoi/pystoi-0.4.1.

Oracle
  numpy, to 1e-6 dB, on a bundled clip and altered copies of it.

Known faults
  It hears phases that nobody hears: a vocoder that makes its own phases can have -50 dB. For codecs and enhancement.
  torchmetrics and others do not remove the mean unless asked.",
};
