//! Items and runs needed to decide, from the components of an earlier comparison.

use serde::{Deserialize, Serialize};

use super::Variation;
use super::variance::{Part, combine, shares, welch};
use crate::check;
use crate::error::Error;
use crate::planning::{Goal, reached};
use crate::power::Precision;

/// Largest number of items that is proposed.
const MOST_ITEMS: usize = 1 << 20;
/// Largest number of runs that is proposed.
const MOST_RUNS: usize = 1 << 10;

/// Size of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Design {
    /// Number of items.
    pub items: usize,
    /// Number of runs of the baseline.
    pub baseline_runs: usize,
    /// Number of runs of the candidate.
    pub candidate_runs: usize,
}

/// Aim of a comparison: to show that a loss is below a margin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// Distance of the true loss from the margin, positive if the loss is smaller.
    pub distance: f64,
    /// Level of the one-sided test.
    pub alpha: f64,
    /// Desired probability of showing it.
    pub power: f64,
    /// Factor of the baseline in the difference.
    pub factor: f64,
}

impl Target {
    /// Computes the probability that a comparison of this design shows the loss to be below the margin.
    ///
    /// ```text
    /// V = item²/U + (run² + cell²/U) (1/R_c + factor²/R_b)
    /// ```
    ///
    /// The degrees of freedom are those expected of [`compare`](super::compare). Without a known variation between runs
    /// it is taken as 0, and the probability holds for the runs at hand.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a distance or factor that is not finite, alpha outside (0, 0.5) or power outside (0, 1);
    /// [`Error::TooFew`] for a design without a run or with a single item; [`Error::NoSpread`] if nothing varies.
    pub fn probability(&self, variation: &Variation, design: &Design) -> Result<f64, Error> {
        self.check()?;
        for (what, needed, got) in [
            ("utterances", 2, design.items),
            ("runs", 1, design.baseline_runs),
            ("runs", 1, design.candidate_runs),
        ] {
            if got < needed {
                return Err(Error::TooFew { what, needed, got });
            }
        }
        let precision = self.precision(variation, design).ok_or(Error::NoSpread { n: design.items })?;
        Ok(reached(Goal::NonInferiority { margin: self.distance }, 0.0, &precision, self.alpha))
    }

    /// Returns the smallest number of items with the desired power at the runs of a design; none if no number has it.
    ///
    /// # Errors
    ///
    /// Those of [`Target::probability`].
    pub fn items_needed(&self, variation: &Variation, design: &Design) -> Result<Option<usize>, Error> {
        self.smallest(2, MOST_ITEMS, |items| self.probability(variation, &Design { items, ..*design }))
    }

    /// Returns the smallest number of runs of each system with the desired power at the items of a design; none if no
    /// number has it.
    ///
    /// # Errors
    ///
    /// Those of [`Target::probability`].
    pub fn runs_needed(&self, variation: &Variation, design: &Design) -> Result<Option<usize>, Error> {
        self.smallest(1, MOST_RUNS, |runs| {
            self.probability(variation, &Design { baseline_runs: runs, candidate_runs: runs, ..*design })
        })
    }

    fn check(&self) -> Result<(), Error> {
        check::finite("distance", self.distance)?;
        check::finite("factor", self.factor)?;
        check::alpha(self.alpha)?;
        check::probability("power", self.power)
    }

    /// Finds the smallest number with the desired power by halving, since power grows with it.
    fn smallest(
        &self,
        least: usize,
        most: usize,
        probability: impl Fn(usize) -> Result<f64, Error>,
    ) -> Result<Option<usize>, Error> {
        if probability(most)? < self.power {
            return Ok(None);
        }
        let (mut low, mut high) = (least, most);
        while low < high {
            let middle = usize::midpoint(low, high);
            if probability(middle)? < self.power {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(Some(high))
    }

    /// Computes the expected precision; none if nothing varies.
    fn precision(&self, variation: &Variation, design: &Design) -> Option<Precision> {
        let Design { items, baseline_runs, candidate_runs } = *design;
        let (candidate, baseline) = shares(self.factor, baseline_runs, candidate_runs);
        let (once, n_items) = (candidate + baseline, items as f64);
        let cells = variation.cell_sd.unwrap_or(0.0).powi(2) / n_items * once;
        let runs = variation.run_sd.unwrap_or(0.0).powi(2) * once;
        let of_items = Part { variance: variation.item_sd.powi(2) / n_items + cells, degrees: n_items - 1.0 };
        let (a, b) = ((candidate, candidate_runs as f64 - 1.0), (baseline, baseline_runs as f64 - 1.0));
        let degrees = if a.1 > 0.0 && b.1 > 0.0 { welch(a, b) } else { a.1 + b.1 };
        // With one run of each, the variation between runs enters the truth but not the estimate.
        let known = (degrees > 0.0 && runs > 0.0).then_some((
            Part { variance: runs + cells, degrees },
            Part { variance: cells, degrees: degrees * (n_items - 1.0) },
        ));
        let (estimated, degrees_of_freedom) = combine(of_items, known);
        let total = of_items.variance + runs;
        (total > 0.0 && estimated > 0.0).then(|| Precision {
            standard_error: total.sqrt(),
            estimated_error: estimated.sqrt(),
            degrees_of_freedom,
        })
    }
}
