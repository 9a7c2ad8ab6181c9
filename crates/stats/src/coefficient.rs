//! Coefficients of fitted models with their errors.

use serde::{Deserialize, Serialize};

use crate::check;
use crate::distribution::{student_quantile, student_upper_tail};
use crate::equivalence::{Tost, tost};
use crate::error::Error;
use crate::result::{Interval, Method, TestResult};

/// An estimated coefficient with its standard error and the degrees of freedom of that error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// Point estimate.
    pub estimate: f64,
    /// Standard error of the estimate.
    pub standard_error: f64,
    /// Degrees of freedom of the t distribution used for intervals and tests.
    pub degrees_of_freedom: f64,
    /// Number of values the model was fitted to.
    pub n: usize,
}

impl Coefficient {
    /// Returns the interval estimate ± t · standard error.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the level is not strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Result<Interval, Error> {
        check::probability("level", level)?;
        let half = student_quantile(0.5 + level / 2.0, self.degrees_of_freedom) * self.standard_error;
        Ok(Interval { estimate: self.estimate, low: self.estimate - half, high: self.estimate + half, level })
    }

    /// Tests the coefficient against 0 with a two-sided t test; the statistic is estimate / standard error.
    #[must_use]
    pub fn t_test(&self) -> TestResult {
        let statistic = self.estimate / self.standard_error;
        let p_value = (2.0 * student_upper_tail(statistic.abs(), self.degrees_of_freedom)).min(1.0);
        TestResult { statistic, p_value, method: Method::StudentT, n: self.n }
    }

    /// Tests whether the true coefficient is within a margin, by [`tost`].
    ///
    /// # Errors
    ///
    /// Those of [`tost`].
    pub fn tost(&self, margin: f64, alpha: f64) -> Result<Tost, Error> {
        tost(self.estimate, self.standard_error, self.degrees_of_freedom, margin, alpha)
    }
}
