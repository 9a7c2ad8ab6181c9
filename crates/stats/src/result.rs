//! Results of intervals and tests.

use serde::{Deserialize, Serialize};

/// An estimate with an interval that covers the true value in a stated share of studies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Point estimate, inside the interval.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Coverage, such as 0.95.
    pub level: f64,
}

impl Interval {
    /// Returns true if the interval contains the value; both ends count as inside.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Returns true if the whole interval lies strictly between two values.
    #[must_use]
    pub fn is_between(&self, low: f64, high: f64) -> bool {
        low < self.low && self.high < high
    }

    /// Returns half the width of the interval, the number after ±.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// Result of a significance test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// Test statistic, as defined by the function that computed it.
    pub statistic: f64,
    /// Probability of a statistic at least as extreme under the null hypothesis, in [0, 1].
    pub p_value: f64,
    /// Method that computed the probability.
    pub method: Method,
    /// Number of values given to the test, including zeros and ties.
    pub n: usize,
}

/// Method that computes the probability of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Full distribution of the statistic; exact only without ties and zeros.
    Exact,
    /// All assignments of signs to the values as they are.
    Permutation,
    /// Normal distribution that the statistic approaches.
    Asymptotic,
    /// Student's t distribution.
    StudentT,
}

impl Method {
    /// Returns the name of the method as shown in tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Permutation => "permutation",
            Self::Asymptotic => "asymptotic",
            Self::StudentT => "student-t",
        }
    }
}

/// Direction of the deviations from the null hypothesis that a test looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alternative {
    /// Either direction.
    #[default]
    TwoSided,
    /// The values (or the first sample) tend to be smaller.
    Less,
    /// The values (or the first sample) tend to be larger.
    Greater,
}

/// Choice of the method by which a rank test computes its probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MethodChoice {
    /// Depends on the sample size and ties, as documented for each test.
    #[default]
    Auto,
    /// [`Method::Exact`], even where ties or zeros make it an approximation.
    Exact,
    /// [`Method::Asymptotic`].
    Asymptotic,
}
