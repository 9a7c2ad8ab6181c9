//! Mel-cepstral distortion.

use std::f64::consts::{LN_10, SQRT_2};

use crate::Declaration;
use crate::metric::{Definition, Formula};

/// Factor from distances of mel-cepstra to decibels: 10 √2 / ln 10.
const DECIBELS: f64 = 10.0 * SQRT_2 / LN_10;

/// Mean distance of aligned mel-cepstra without c0, in dB.
pub(crate) const DISTORTION: Definition = Definition {
    name: "mcd",
    profile: "mcd/sp2mc-2",
    unit: "dB",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(|pair| {
        let alignment = pair.alignment()?;
        let n_cells = alignment.path.len();
        Ok((DECIBELS * alignment.cost / n_cells as f64, Some(n_cells as u64)))
    }),
    explanation: "mcd/sp2mc-2: mel-cepstral distortion, the distance between spectral shapes

Formula
  10 sqrt(2) / ln 10 * mean over path cells (i, j) of sqrt(sum over d = 1..24 of (c_d(i) - c'_d(j))^2)
  c0, the level, is excluded everywhere: a quieter copy of a signal scores 0.

Unit
  dB; 0 is identical, larger is worse. Symmetric in the two signals. One value per item; the value of a system is the
  mean over its items.

Parameters
  The signal with the higher sample rate is resampled to the other rate, once (passband up to 95 % of half the rate).
  A zero-phase filter removes the mean and everything below 62 Hz and passes everything above 80 Hz (raised cosine in
  between).
  Leading and trailing silence is removed: from each signal, everything before the first and after the last sample
  above -40 dB of its largest.
  Frames of 1024 samples every 256 at 15.6 to 31.2 kHz, in proportion at other rates; periodic Hann window; reflection
  padding, frame t centered at t * hop + hop / 2.
  Power spectrum plus 1e-6 of the mean power of the remaining signal, so that both signals have the same level;
  logarithm, cepstrum, frequency warping (sp2mc) to c0..c24 with SPTK's alpha for the sample rate (0.455 at 22.05 kHz,
  0.466 at 24 kHz).
  Exact dynamic time warping by the same distance, steps (1,1), (1,0), (0,1) with weight 1; the shortest of equal paths.
  Undefined for speech longer than 15 minutes. The alignment takes 67 MB for 8 minutes of speech, 173 MB for 15.

Oracle
  numpy and pysptk.sp2mc with plain dynamic programming, to 1e-6 dB, on bundled clips and altered copies of them.

Known faults
  Leading and trailing silence costs nothing: see duration_difference. Harmonics of hum above 80 Hz count. A click
  outside the speech counts as its end. A clip that is cut within its sound is 0.4 dB from itself preceded by silence.
  The cepstra come from the raw periodogram, not from an envelope, so a different F0 shows as a difference of shape.
  Pauses count like speech, and so does background noise: on twelve clips of LJSpeech, white noise at -65 dBFS adds
  2.8 dB to a perfect copy, digital silence in the pauses 0.9 dB, 16-bit coding of a copy 20 dB quieter 0.4 dB. Other
  sentences of the same voice score 10 dB.
  Warping hides timing errors: read it together with duration_ratio. Values under other definitions of MCD (with c0,
  another order or alpha, WORLD envelopes, fastdtw, MFCC) are not comparable. Correlation with listeners' opinion is
  weak.",
};
