//! Fundamental frequency: errors along the cepstral path, and the liveliness of the melody.

mod agreement;
mod error;
mod melody;

pub(crate) use agreement::{FRAME_ERROR, GROSS_ERROR, VOICING_ERROR};
pub(crate) use error::{CORRELATION, LOG_RMSE, MEDIAN_ERROR};
pub(crate) use melody::{RANGE_DIFFERENCE, SPREAD_DIFFERENCE};

use crate::Pair;

/// Smallest number of cells or frames for a meaningful value.
const LEAST_CELLS: usize = 10;

/// Returns F0 of the reference and the system in every path cell.
fn cells(pair: &Pair<'_>) -> Result<Vec<(f64, f64)>, String> {
    let path = &pair.alignment()?.path;
    let (reference, system) = pair.at_one_rate()?;
    let reference = reference.f0().map_err(|why| format!("the reference {why}"))?;
    let system = system.f0().map_err(|why| format!("the system {why}"))?;
    Ok(path.iter().map(|&(i, j)| (f64::from(reference.f0_hz[i]), f64::from(system.f0_hz[j]))).collect())
}

/// Returns F0 of both in every path cell that is voiced in both, or the reason why there are too few.
fn voiced_cells(pair: &Pair<'_>) -> Result<Vec<(f64, f64)>, String> {
    let voiced: Vec<(f64, f64)> =
        cells(pair)?.into_iter().filter(|&(reference, system)| reference > 0.0 && system > 0.0).collect();
    if voiced.len() < LEAST_CELLS {
        return Err(format!(
            "{} path cells are voiced in both signals, expected at least {LEAST_CELLS}",
            voiced.len()
        ));
    }
    Ok(voiced)
}
