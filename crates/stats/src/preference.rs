//! Strengths of systems from paired preferences: Bradley-Terry with ties and an order effect.

mod errors;
mod fit;
mod groups;
mod leave_out;
mod outcomes;
mod pairs;
mod pooled;
mod unanimity;

use serde::{Deserialize, Serialize};

use crate::clustered::{Clustered, Influence};
use crate::error::Error;

pub use fit::{bradley_terry, bradley_terry_within};
pub use groups::groups;
pub use pairs::{Evidence, OrderEffect, PairTest, PairTests, test_pairs};
pub use unanimity::{Unanimity, unanimity};

use self::leave_out::LeaveOut;
use self::outcomes::{Layout, Outcomes};
use crate::dense::Cholesky;

/// Outcome of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preference {
    /// Preference for the system heard first.
    First,
    /// Preference for the system heard second.
    Second,
    /// No preference.
    Tie,
}

/// One judgment of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// System heard first.
    pub first: usize,
    /// System heard second.
    pub second: usize,
    /// Preferred system of the pair.
    pub preference: Preference,
    /// Rater who judged.
    pub rater: usize,
    /// Sentence that was judged.
    pub item: usize,
}

impl Comparison {
    /// Returns the preferred system; None for a tie.
    #[must_use]
    pub fn preferred(&self) -> Option<usize> {
        match self.preference {
            Preference::First => Some(self.first),
            Preference::Second => Some(self.second),
            Preference::Tie => None,
        }
    }

    /// Returns true if both systems were compared, in either order.
    #[must_use]
    pub fn is_of(&self, system: usize, other: usize) -> bool {
        (self.first, self.second) == (system, other) || (self.first, self.second) == (other, system)
    }
}

/// A fitted Bradley-Terry model.
#[derive(Debug, Clone, PartialEq)]
pub struct BradleyTerry {
    /// Systems, ascending, each with its strength; the strengths of each group sum to 0.
    pub strengths: Vec<(usize, f64)>,
    /// Log odds gained by being heard first; None if not requested.
    pub order_effect: Option<f64>,
    /// Logarithm of the tendency to ties; None if there are no ties.
    pub tie_tendency: Option<f64>,
    /// Log likelihood of the fit, over the judgments within groups.
    pub log_likelihood: f64,
    /// Groups of systems between which strengths can be compared; see [`groups()`].
    pub groups: Vec<Vec<usize>>,
    layout: Layout,
    /// Judgments within groups.
    judgments: Vec<Judgment>,
    /// Outcomes of each ordered pair at the fitted parameters.
    outcomes: Vec<Outcomes>,
    /// Factor of the information matrix.
    factor: Cholesky,
    /// Changes if a rater is left out; None if the fit does not survive it.
    without_raters: Option<LeaveOut>,
    /// Changes if an item is left out.
    without_items: Option<LeaveOut>,
}

/// A judgment of the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Judgment {
    /// Index of the ordered pair.
    pair: usize,
    /// Index of the outcome.
    outcome: usize,
    rater: usize,
    item: usize,
}

impl BradleyTerry {
    /// Returns the difference in strength between two systems of a group, with an error clustered by rater and item.
    ///
    /// The difference is the log odds of being preferred, without ties and order effect. The error is the two-way
    /// clustered one of [`crate::clustered`]; each judgment enters with its influence on the estimate.
    /// [`Clustered::jackknifed`] gives the error that also holds if raters contribute unequally:
    ///
    /// ```text
    /// change without cluster g      xᵀ (I - I_g)⁻¹ S_g        a Newton step from the fit to the fit without g
    /// df = tr(C)² / tr(C²),   C = the covariance of the changes if each cluster has its own strengths, order effect
    ///                             and tendency to ties, and nothing else varies
    /// effective clusters = 1 / Σ_g h_g²,   h_g = xᵀ I⁻¹ I_g I⁻¹ x / xᵀ I⁻¹ x
    /// ```
    ///
    /// Here x is the contrast, I the information of all judgments; the index g marks the information I and the sum S of the
    /// scores of the cluster's own. For two systems without ties and order effect, the changes are those of a logit of a mean, to
    /// first order.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a system that is not in the model, or the same system twice; [`Error::Disconnected`]
    /// for systems of different groups; [`Error::TooFew`] for fewer than two raters or items, or no more judgments than
    /// parameters; [`Error::NoSpread`].
    ///
    /// # References
    ///
    /// Those of [`Clustered::jackknifed`]; for the Newton step, D. Pregibon (1981), "Logistic regression diagnostics",
    /// Annals of Statistics 9, 705-724.
    pub fn difference(&self, system: usize, other: usize) -> Result<Clustered, Error> {
        self.difference_with_influence(system, other).map(|(clustered, _)| clustered)
    }

    /// Computes the same as [`BradleyTerry::difference`], with the influence of each rater and item.
    ///
    /// # Errors
    ///
    /// Those of [`BradleyTerry::difference`].
    pub fn difference_with_influence(
        &self,
        system: usize,
        other: usize,
    ) -> Result<(Clustered, Influence), Error> {
        let strength = |wanted: usize| {
            self.strengths.iter().find(|&&(name, _)| name == wanted).map(|&(_, strength)| strength).ok_or(
                Error::OutOfRange { name: "system", value: wanted as f64, allowed: "a system of the model" },
            )
        };
        let estimate = strength(system)? - strength(other)?;
        if system == other {
            let value = other as f64;
            return Err(Error::OutOfRange { name: "other", value, allowed: "another system" });
        }
        let group = |system: usize| self.groups.iter().position(|group| group.contains(&system));
        let (own, others) = (group(system), group(other));
        if own != others {
            let members = |place: Option<usize>| place.map_or_else(Vec::new, |k| self.groups[k].clone());
            // Groups are listed from above to below.
            let (above, below) = if own < others { (own, others) } else { (others, own) };
            return Err(Error::Disconnected { above: members(above), below: members(below), compared: true });
        }
        let mut contrast = vec![0.0; self.layout.n_parameters];
        for (system, sign) in [(system, 1.0), (other, -1.0)] {
            if let Some(place) = self.layout.strength(system) {
                contrast[place] = sign;
            }
        }
        self.contrast(&contrast, estimate)
    }

    /// Returns the order effect with its error; a positive one favors the system heard first.
    ///
    /// # Errors
    ///
    /// Those of [`BradleyTerry::difference`]; [`Error::OutOfRange`] if the model has no order effect.
    pub fn order_effect(&self) -> Result<Clustered, Error> {
        let (Some(estimate), Some(place)) = (self.order_effect, self.layout.order) else {
            return Err(Error::OutOfRange {
                name: "order_effect",
                value: 0.0,
                allowed: "a model with an order effect",
            });
        };
        let mut contrast = vec![0.0; self.layout.n_parameters];
        contrast[place] = 1.0;
        self.contrast(&contrast, estimate).map(|(clustered, _)| clustered)
    }

    /// Returns the probabilities that the system heard first, the one heard second, and neither is preferred.
    ///
    /// # Errors
    ///
    /// Those of [`BradleyTerry::difference`] for the systems.
    pub fn shares(&self, first: usize, second: usize) -> Result<[f64; 3], Error> {
        let estimate = |wanted: usize| {
            let found = self.strengths.iter().find(|&&(name, _)| name == wanted);
            found.map(|&(_, strength)| strength).ok_or(Error::OutOfRange {
                name: "system",
                value: wanted as f64,
                allowed: "a system of the model",
            })
        };
        let order = self.order_effect.unwrap_or(0.0);
        let ties = self.tie_tendency;
        Ok(outcomes::shares(
            [estimate(first)?, estimate(second)?, order, ties.unwrap_or(0.0)],
            ties.is_some(),
        ))
    }
}
