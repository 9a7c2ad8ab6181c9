//! Pitch differences where both signals are voiced.

use mynah_signal::median;

use super::voiced_cells;
use crate::Declaration;
use crate::metric::{Definition, Formula};
use crate::statistics::correlation;

/// Root mean square of the pitch difference, in cents.
pub(crate) const LOG_RMSE: Definition = Definition {
    name: "log_f0_rmse",
    profile: "log_f0_rmse/pyin-2",
    unit: "cents",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(|pair| {
        let squares: Vec<f64> = voiced_cells(pair)?.into_iter().map(|cell| cents(cell).powi(2)).collect();
        let mean = squares.iter().sum::<f64>() / squares.len() as f64;
        Ok((mean.sqrt(), Some(squares.len() as u64)))
    }),
    explanation: "log_f0_rmse/pyin-2: the error of the intonation

Formula
  sqrt(mean over path cells (i, j) that are voiced in both of (1200 * log2(f'(j) / f(i)))^2)
  The path is that of mcd/sp2mc-2: it never sees the pitch that it helps to judge.

Unit
  cents, 100 to a semitone; 0 is identical, larger is worse. `frames` counts the cells; undefined below 10.

Parameters
  The signals of mcd/sp2mc-2: without offset, hum and silence at the ends, at the lower of the two sample rates.
  pYIN by librosa's definition, 65 to 600 Hz, frames of 1024 samples every 256 at 15.6 to 31.2 kHz, in proportion at
  other rates, aligned with those of the cepstra.

Oracle
  librosa 0.11.0 pyin along the oracle's path for mcd/sp2mc-2, to 0.01 cents, on bundled clips and altered copies.

Known faults
  One octave error of the tracker (1200 cents) outweighs a hundred small ones: read it together with f0_median_error.
  Cells where one signal is unvoiced do not count, so a system that devoices everything difficult scores well: read it
  together with voicing_error. A sentence may also be spoken with a different, equally good melody.",
};

/// Median of the absolute pitch difference, in cents.
pub(crate) const MEDIAN_ERROR: Definition = Definition {
    name: "f0_median_error",
    profile: "f0_median_error/pyin-1",
    unit: "cents",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(|pair| {
        let mut errors: Vec<f64> = voiced_cells(pair)?.into_iter().map(|cell| cents(cell).abs()).collect();
        let n_cells = errors.len() as u64;
        Ok((median(&mut errors).unwrap_or(f64::NAN), Some(n_cells)))
    }),
    explanation: "f0_median_error/pyin-1: the usual error of the intonation

Formula
  median over path cells (i, j) that are voiced in both of |1200 * log2(f'(j) / f(i))|
  The path is that of mcd/sp2mc-2.

Unit
  cents, 100 to a semitone; 0 is identical, larger is worse. Symmetric up to the choice among equally good paths.
  `frames` counts the cells; undefined below 10. One value per item; the value of a system is the mean over its items.

Parameters
  Those of log_f0_rmse/pyin-2.

Oracle
  numpy's median of the cells of log_f0_rmse's oracle, to 0.01 cents, on bundled clips and altered copies.

Known faults
  The median does not see errors in less than half of the cells, such as octave errors and one wrong accent: read it
  together with log_f0_rmse and f0_gross_error. The pitches of the tracker are 10 cents apart.",
};

/// Correlation of the logarithms of the pitches.
pub(crate) const CORRELATION: Definition = Definition {
    name: "f0_correlation",
    profile: "f0_correlation/pyin-1",
    unit: "r",
    declaration: Declaration::CORRELATION,
    formula: Formula::Pair(|pair| {
        let logarithms: Vec<(f64, f64)> =
            voiced_cells(pair)?.into_iter().map(|(reference, system)| (reference.ln(), system.ln())).collect();
        let r = correlation(&logarithms).ok_or("the pitch of a signal is constant, which correlates with nothing")?;
        Ok((r, Some(logarithms.len() as u64)))
    }),
    explanation: "f0_correlation/pyin-1: the likeness of the melodies

Formula
  Pearson's r of ln f(i) and ln f'(j) over the path cells (i, j) that are voiced in both
  The path is that of mcd/sp2mc-2.

Unit
  r, -1 to 1; 1 is identical up to transposition and stretching, larger is better. Symmetric up to the choice among
  equally good paths. `frames` counts the cells; undefined below 10, and where the pitch of a signal never changes.

Parameters
  Those of log_f0_rmse/pyin-2.

Oracle
  numpy's corrcoef over the cells of log_f0_rmse's oracle, to 1e-6, on bundled clips and altered copies.

Known faults
  A voice an octave lower, or with half the range, can have r = 1: read it together with f0_median_error and
  f0_spread_difference. A few octave errors of the tracker change r more than the melody does. Means of r over items
  are slightly biased towards 0.",
};

/// Returns the difference of a cell in cents.
fn cents((reference, system): (f64, f64)) -> f64 {
    1200.0 * (system / reference).log2()
}
