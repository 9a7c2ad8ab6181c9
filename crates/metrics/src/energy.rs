//! Agreement of the energy along the cepstral path.

use crate::metric::{Definition, Formula};
use crate::statistics::correlation;
use crate::{Declaration, Pair};

/// Level below that of the whole speech at which levels end, so that digital silence is not infinitely soft.
const DEPTH_DB: f64 = 60.0;
/// Smallest number of cells for a correlation.
const LEAST_CELLS: usize = 10;

/// Root mean square of the level difference, in dB.
pub(crate) const RMSE: Definition = Definition {
    name: "energy_rmse",
    profile: "energy_rmse/matched-1",
    unit: "dB",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(|pair| {
        let cells = cells(pair)?;
        let mean = cells.iter().map(|(x, y)| (x - y).powi(2)).sum::<f64>() / cells.len() as f64;
        Ok((mean.sqrt(), Some(cells.len() as u64)))
    }),
    explanation: "energy_rmse/matched-1: the error of the stress, at equal level

Formula
  sqrt(mean over path cells (i, j) of (L(i) - L'(j))^2), L the level of a frame relative to that of the whole speech
  The path is that of mcd/sp2mc-2.

Unit
  dB; 0 is identical, larger is worse. Symmetric up to the choice among equally good paths. Invariant to gain, offset,
  polarity, and digital silence at the ends. `frames` counts the cells.

Parameters
  The signals of mcd/sp2mc-2, at the lower rate. Level of a frame: root mean square of the hop in its middle, in dB,
  minus the root mean square of the whole speech, at least -60 dB.

Oracle
  numpy, to 1e-4 dB, on bundled clips and altered copies of them.

Known faults
  Pauses count: background noise against digital silence is an error of up to 60 dB, and decides. Read it together
  with energy_correlation.",
};

/// Correlation of the levels.
pub(crate) const CORRELATION: Definition = Definition {
    name: "energy_correlation",
    profile: "energy_correlation/matched-1",
    unit: "r",
    declaration: Declaration::CORRELATION,
    formula: Formula::Pair(|pair| {
        let cells = cells(pair)?;
        if cells.len() < LEAST_CELLS {
            return Err(format!("the path has {} cells, expected at least {LEAST_CELLS}", cells.len()));
        }
        let r = correlation(&cells).ok_or("the level of a signal is constant, which correlates with nothing")?;
        Ok((r, Some(cells.len() as u64)))
    }),
    explanation: "energy_correlation/matched-1: the likeness of the stress

Formula
  Pearson's r of L(i) and L'(j) over the path cells (i, j), L the level of a frame in dB
  The path is that of mcd/sp2mc-2.

Unit
  r, -1 to 1; 1 is identical, larger is better. Symmetric up to the choice among equally good paths. Invariant to gain,
  offset, polarity, and digital silence at the ends. `frames` counts the cells; undefined below 10.

Parameters
  Those of energy_rmse/matched-1.

Oracle
  numpy's corrcoef, to 1e-6, on bundled clips and altered copies of them.

Known faults
  The path brings soft to soft, although it does not see the level: another sentence of the same voice has 0.58.",
};

/// Returns the levels of reference and system in every path cell.
fn cells(pair: &Pair<'_>) -> Result<Vec<(f64, f64)>, String> {
    let path = &pair.alignment()?.path;
    let (reference, system) = pair.at_one_rate()?;
    let reference = reference.frame_levels().map_err(|why| format!("the reference {why}"))?;
    let system = system.frame_levels().map_err(|why| format!("the system {why}"))?;
    Ok(path.iter().map(|&(i, j)| (reference[i].max(-DEPTH_DB), system[j].max(-DEPTH_DB))).collect())
}
