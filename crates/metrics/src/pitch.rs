//! Errors of the fundamental frequency along the cepstral path.

use crate::{Metric, Outcome, Pair};

/// Smallest number of cells for a meaningful error.
const LEAST_CELLS: usize = 10;

/// Root mean square of the pitch difference where both signals are voiced, in cents.
pub(crate) struct LogF0Rmse;

/// Share of path cells in which exactly one signal is voiced.
pub(crate) struct VoicingError;

impl Metric for LogF0Rmse {
    fn name(&self) -> &'static str {
        "log_f0_rmse"
    }

    fn profile(&self) -> &'static str {
        "log_f0_rmse/pyin-2"
    }

    fn unit(&self) -> &'static str {
        "cents"
    }

    fn measure(&self, pair: &Pair<'_>) -> Outcome {
        let cells = match cells(pair) {
            Ok(cells) => cells,
            Err(why) => return Outcome::Undefined(why),
        };
        let squares: Vec<f64> = cells
            .into_iter()
            .filter(|&(reference, system)| reference > 0.0 && system > 0.0)
            .map(|(reference, system)| (1200.0 * (system / reference).log2()).powi(2))
            .collect();
        if squares.len() < LEAST_CELLS {
            return Outcome::Undefined(format!(
                "{} path cells are voiced in both signals, expected at least {LEAST_CELLS}",
                squares.len()
            ));
        }
        let mean = squares.iter().sum::<f64>() / squares.len() as f64;
        Outcome::value(mean.sqrt(), Some(squares.len() as u64))
    }

    fn explain(&self) -> &'static str {
        "log_f0_rmse/pyin-2: the error of the intonation

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
  One octave error of the tracker (1200 cents) outweighs a hundred small ones. Cells where one signal is unvoiced do not
  count, so a system that devoices everything difficult scores well: read it together with voicing_error. A sentence
  may also be spoken with a different, equally good melody."
    }
}

impl Metric for VoicingError {
    fn name(&self) -> &'static str {
        "voicing_error"
    }

    fn profile(&self) -> &'static str {
        "voicing_error/pyin-2"
    }

    fn unit(&self) -> &'static str {
        "fraction"
    }

    fn measure(&self, pair: &Pair<'_>) -> Outcome {
        let cells = match cells(pair) {
            Ok(cells) => cells,
            Err(why) => return Outcome::Undefined(why),
        };
        let wrong = cells.iter().filter(|(reference, system)| (*reference > 0.0) != (*system > 0.0)).count();
        Outcome::value(wrong as f64 / cells.len() as f64, Some(cells.len() as u64))
    }

    fn explain(&self) -> &'static str {
        "voicing_error/pyin-2: the rate at which one signal is voiced and the other is not

Formula
  path cells (i, j) in which exactly one of f(i), f'(j) is voiced / all path cells
  The path is that of mcd/sp2mc-2.

Unit
  fraction, 0 to 1; 0 is identical, larger is worse. Symmetric up to the choice among equally good paths.

Parameters
  Those of log_f0_rmse/pyin-2.

Oracle
  librosa 0.11.0 pyin along the oracle's path for mcd/sp2mc-2, exactly, on bundled clips and altered copies.

Known faults
  Pauses are unvoiced on both sides and lower the fraction. For creaky voice, frequent at the ends of read sentences, the
  tracker's decision is arbitrary. Cells are frames repeated by the warping, not seconds."
    }
}

/// Returns F0 of the reference and the system in every path cell.
fn cells(pair: &Pair<'_>) -> Result<Vec<(f64, f64)>, String> {
    let path = &pair.alignment()?.path;
    let (reference, system) = pair.at_one_rate()?;
    let reference = reference.f0().map_err(|why| format!("the reference {why}"))?;
    let system = system.f0().map_err(|why| format!("the system {why}"))?;
    Ok(path.iter().map(|&(i, j)| (f64::from(reference.f0_hz[i]), f64::from(system.f0_hz[j]))).collect())
}
