//! What intervals and tests give.

use serde::{Deserialize, Serialize};

/// An estimate with the interval that covers the true value in a stated share of studies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The estimate itself; it lies inside.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The coverage, such as 0.95.
    pub level: f64,
}

impl Interval {
    /// Tells whether a value lies in the interval; the ends belong to it.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Tells whether the whole interval lies strictly between two values.
    #[must_use]
    pub fn is_between(&self, low: f64, high: f64) -> bool {
        low < self.low && self.high < high
    }

    /// Half of the interval's width: the number behind ±.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// The result of a significance test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// The test statistic, as the function that computed it defines it.
    pub statistic: f64,
    /// The probability of a statistic at least as extreme when the null hypothesis holds, in [0, 1].
    pub p_value: f64,
    /// How the probability was computed.
    pub method: Method,
    /// How many values the test was given; zeros and ties count.
    pub n: usize,
}

/// How the probability of a test was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// From the whole distribution of the statistic, which holds when there are no ties and no zeros.
    Exact,
    /// From every assignment of signs to the values as they are.
    Permutation,
    /// From the normal distribution that the statistic approaches.
    Asymptotic,
    /// From Student's t distribution.
    StudentT,
}

impl Method {
    /// The method in words, as a table shows it.
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

/// Which deviations from the null hypothesis a test looks for.
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

/// How a rank test is asked to compute its probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MethodChoice {
    /// By the size of the sample and its ties, as the test's documentation says.
    #[default]
    Auto,
    /// [`Method::Exact`], even where ties or zeros make it an approximation.
    Exact,
    /// [`Method::Asymptotic`].
    Asymptotic,
}
