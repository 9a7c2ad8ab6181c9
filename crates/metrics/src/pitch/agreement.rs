//! Rates of cells in which voicing or pitch disagrees.

use super::{cells, voiced_cells};
use crate::Declaration;
use crate::metric::{Definition, Formula};

/// Relative difference of F0 above which an error is gross.
const GROSS: f64 = 0.2;

/// Share of path cells in which exactly one signal is voiced.
pub(crate) const VOICING_ERROR: Definition = Definition {
    name: "voicing_error",
    profile: "voicing_error/pyin-2",
    unit: "fraction",
    declaration: Declaration::DISTANCE.rate("path cells in which exactly one is voiced", "path cells"),
    formula: Formula::Pair(|pair| {
        let cells = cells(pair)?;
        Ok(share(cells.iter().filter(|cell| differs_in_voicing(cell)).count(), cells.len()))
    }),
    explanation: "voicing_error/pyin-2: the rate at which one signal is voiced and the other is not

Formula
  path cells (i, j) in which exactly one of f(i), f'(j) is voiced / all path cells
  The path is that of mcd/sp2mc-2.

Unit
  fraction, 0 to 1; 0 is identical, larger is worse. Symmetric up to the choice among equally good paths. `frames` is
  the denominator, by which items can be pooled.

Parameters
  Those of log_f0_rmse/pyin-2.

Oracle
  librosa 0.11.0 pyin along the oracle's path for mcd/sp2mc-2, exactly, on bundled clips and altered copies.

Known faults
  Pauses are unvoiced on both sides and lower the fraction. For creaky voice, frequent at the ends of read sentences,
  the tracker's decision is arbitrary. Cells are frames repeated by the warping, not seconds.",
};

/// Share of the cells voiced in both in which the pitch is grossly wrong.
pub(crate) const GROSS_ERROR: Definition = Definition {
    name: "f0_gross_error",
    profile: "f0_gross_error/pyin-1",
    unit: "fraction",
    declaration: Declaration::DISTANCE
        .rate("path cells voiced in both whose F0 differs by more than 20 %", "path cells voiced in both"),
    formula: Formula::Pair(|pair| {
        let voiced = voiced_cells(pair)?;
        Ok(share(voiced.iter().filter(|cell| is_gross(cell)).count(), voiced.len()))
    }),
    explanation: "f0_gross_error/pyin-1: the rate of grossly wrong pitch (gross pitch error, GPE)

Formula
  path cells (i, j) voiced in both with |f'(j) - f(i)| > 0.2 f(i) / path cells voiced in both
  The path is that of mcd/sp2mc-2.

Unit
  fraction, 0 to 1; 0 is identical, larger is worse. Not symmetric: 20 % of the recording's F0. `frames` is the
  denominator, by which items can be pooled; undefined below 10.

Parameters
  Those of log_f0_rmse/pyin-2. 20 % are 316 cents up and 386 cents down.

Oracle
  numpy over the cells of log_f0_rmse's oracle, exactly, on bundled clips and altered copies.

Known faults
  The rate was made for pitch trackers. In speech, another accent is a gross error too: 60 sentences of a small voice
  have 0 to 0.6, half of them less than 0.07. Devoiced cells do not count: see f0_frame_error.",
};

/// Share of path cells in which voicing or pitch is wrong.
pub(crate) const FRAME_ERROR: Definition = Definition {
    name: "f0_frame_error",
    profile: "f0_frame_error/pyin-1",
    unit: "fraction",
    declaration: Declaration::DISTANCE
        .rate("path cells with a voicing error, or whose F0 differs by more than 20 %", "path cells"),
    formula: Formula::Pair(|pair| {
        let cells = cells(pair)?;
        Ok(share(cells.iter().filter(|cell| differs_in_voicing(cell) || is_gross(cell)).count(), cells.len()))
    }),
    explanation: "f0_frame_error/pyin-1: the rate of wrong voicing or grossly wrong pitch (F0 frame error, FFE)

Formula
  (path cells in which exactly one is voiced + cells voiced in both with |f'(j) - f(i)| > 0.2 f(i)) / all path cells
  The path is that of mcd/sp2mc-2.

Unit
  fraction, 0 to 1; 0 is identical, larger is worse. Not symmetric, as f0_gross_error. `frames` is the denominator, by
  which items can be pooled.

Parameters
  Those of log_f0_rmse/pyin-2.

Oracle
  numpy over the cells of log_f0_rmse's oracle, exactly, on bundled clips and altered copies.

Known faults
  Those of voicing_error and f0_gross_error, of which it is the sum, weighted by the share of voiced cells.",
};

fn share(part: usize, whole: usize) -> (f64, Option<u64>) {
    (part as f64 / whole as f64, Some(whole as u64))
}

fn differs_in_voicing(&(reference, system): &(f64, f64)) -> bool {
    (reference > 0.0) != (system > 0.0)
}

/// Returns true if both are voiced and the system's F0 is grossly wrong.
fn is_gross(&(reference, system): &(f64, f64)) -> bool {
    reference > 0.0 && system > 0.0 && (system - reference).abs() > GROSS * reference
}
