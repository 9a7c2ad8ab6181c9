//! Errors: situations in which a statistic has no meaningful value.

use thiserror::Error;

/// Reason why a statistic could not be computed.
///
/// Every situation in which the formula would give a meaningless number is an error, never a NaN.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// There are no values.
    #[error("there are no values")]
    Empty,
    /// There are fewer values, raters, items or the like than the method needs.
    #[error("too few {what}: got {got}, expected at least {needed}")]
    TooFew {
        /// Name of the scarce quantity, in the plural.
        what: &'static str,
        /// Smallest number that gives a result.
        needed: usize,
        /// Actual number.
        got: usize,
    },
    /// A few contributors dominate, so that the variation between contributors is unknown.
    #[error("the {what} contribute too unequally, like {effective:.1} equal ones")]
    TooUnequal {
        /// Name of the contributors, in the plural.
        what: &'static str,
        /// Number of equal contributors of the same weight.
        effective: f64,
    },
    /// A value is NaN or infinite.
    #[error("the value at index {index} is not finite")]
    NotFinite {
        /// Index of the first such value.
        index: usize,
    },
    /// Every difference is zero, which leaves nothing to rank.
    #[error("all {n} differences are 0")]
    AllZero {
        /// Number of differences.
        n: usize,
    },
    /// All values are equal, so their spread does not reveal the error of their mean.
    #[error("all {n} values are {value}")]
    AllEqual {
        /// Number of values.
        n: usize,
        /// Common value.
        value: f64,
    },
    /// Values do not vary within their groups, so their spread does not reveal the error of a difference.
    #[error("the {n} values do not vary within their groups")]
    NoSpread {
        /// Number of values in all groups together.
        n: usize,
    },
    /// Two parallel sequences have different lengths.
    #[error("`{left_name}` has {left} entries, but `{right_name}` has {right}")]
    LengthMismatch {
        /// Name of the first sequence.
        left_name: &'static str,
        /// Length of the first sequence.
        left: usize,
        /// Name of the second sequence.
        right_name: &'static str,
        /// Length of the second sequence.
        right: usize,
    },
    /// A parameter is outside the range the method allows.
    #[error("`{name}` is {value}, expected {allowed}")]
    OutOfRange {
        /// Name of the parameter.
        name: &'static str,
        /// Given value.
        value: f64,
        /// Description of the allowed values.
        allowed: &'static str,
    },
    /// The input is too large for an exact computation.
    #[error("too many {what} for an exact computation: got {n}, expected at most {limit}")]
    TooLargeForExact {
        /// Name of the counted quantity, in the plural.
        what: &'static str,
        /// Actual number.
        n: usize,
        /// Largest number for which the computation is made.
        limit: usize,
    },
    /// The search for the best parameters of a model failed.
    #[error("the {what} did not converge: the values do not determine its parameters")]
    NotConverged {
        /// Name of the model.
        what: &'static str,
    },
    /// A covariate is a linear combination of the previous ones.
    #[error("the covariates and the intercept are linearly dependent")]
    Collinear,
    /// Too few replicates of a random procedure have a defined result.
    #[error("only {defined} of {n} replicates are defined")]
    TooFewDefined {
        /// Number of defined replicates.
        defined: usize,
        /// Number of replicates drawn.
        n: usize,
    },
    /// The study is not complete: some rater did not judge some item exactly once.
    #[error("rater {rater} judged item {item} {n} times, expected once")]
    Incomplete {
        /// Index of the rater.
        rater: usize,
        /// Index of the item.
        item: usize,
        /// Number of ratings.
        n: usize,
    },
    /// The formula is undefined here.
    #[error("the {what} is undefined: {why}")]
    Undefined {
        /// Name of the statistic.
        what: &'static str,
        /// Missing condition.
        why: &'static str,
    },
    /// No size of a test reaches its goal.
    #[error("no size reaches a power of {power}, the highest attainable is {best:.3}")]
    Unattainable {
        /// Desired power.
        power: f64,
        /// Power of the largest test.
        best: f64,
    },
    /// Two groups of systems were never compared, or all outcomes between them favor one group.
    #[error("{}", disconnected(above, below, *compared))]
    Disconnected {
        /// Systems that never lost to the others.
        above: Vec<usize>,
        /// The other systems.
        below: Vec<usize>,
        /// True if any system of one group was compared with any of the other.
        compared: bool,
    },
}

fn disconnected(above: &[usize], below: &[usize], compared: bool) -> String {
    if compared {
        format!("systems {above:?} were always preferred to {below:?}, so that their difference is unbounded")
    } else {
        format!("systems {above:?} were never compared with {below:?}")
    }
}

impl Error {
    /// Returns the action that resolves the error, if one is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::TooFew { what: "replicates" | "splits", .. } => Some("raise the number of replicates"),
            Self::TooFew { what: "runs", .. } => Some("repeat the evaluation with other seeds"),
            Self::TooFew { what: "utterances" | "utterances for this quantile", .. } => {
                Some("evaluate more utterances")
            }
            Self::TooFew { .. } => Some("collect more ratings"),
            Self::TooUnequal { .. } => Some("collect more ratings from those who contributed few"),
            Self::NotFinite { .. } => Some("remove NaN and infinite values"),
            Self::TooLargeForExact { .. } => {
                Some("choose the asymptotic method or a random subset of the values")
            }
            Self::Collinear => Some("remove a covariate that the others determine"),
            Self::TooFewDefined { .. } => Some("collect ratings from more raters of more items"),
            Self::Incomplete { .. } => {
                Some("compute Krippendorff's alpha, or the correlation from a mixed model")
            }
            Self::Unattainable { .. } => Some("accept a lower power, or enlarge another part of the test"),
            Self::Disconnected { .. } => Some("collect comparisons between the two groups"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds every variant, and every form of those with several.
    fn all() -> Vec<Error> {
        vec![
            Error::Empty,
            Error::TooFew { what: "raters", needed: 2, got: 1 },
            Error::TooFew { what: "replicates", needed: 2, got: 1 },
            Error::TooUnequal { what: "raters", effective: 1.25 },
            Error::NotFinite { index: 3 },
            Error::AllZero { n: 4 },
            Error::AllEqual { n: 4, value: 3.0 },
            Error::NoSpread { n: 4 },
            Error::LengthMismatch { left_name: "values", left: 3, right_name: "items", right: 2 },
            Error::OutOfRange { name: "level", value: 1.0, allowed: "a number strictly between 0 and 1" },
            Error::TooLargeForExact { what: "differences", n: 501, limit: 500 },
            Error::NotConverged { what: "linear mixed model" },
            Error::Collinear,
            Error::TooFewDefined { defined: 3, n: 10 },
            Error::Incomplete { rater: 1, item: 2, n: 0 },
            Error::Undefined { what: "intraclass correlation", why: "too few items or raters differ" },
            Error::Unattainable { power: 0.8, best: 0.5 },
            Error::Disconnected { above: vec![0], below: vec![1], compared: true },
            Error::Disconnected { above: vec![0], below: vec![1], compared: false },
        ]
    }

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        mynah_testkit::assert_every_error!(
            all(),
            Error::Empty
                | Error::TooFew { .. }
                | Error::TooUnequal { .. }
                | Error::NotFinite { .. }
                | Error::AllZero { .. }
                | Error::AllEqual { .. }
                | Error::NoSpread { .. }
                | Error::LengthMismatch { .. }
                | Error::OutOfRange { .. }
                | Error::TooLargeForExact { .. }
                | Error::NotConverged { .. }
                | Error::Collinear
                | Error::TooFewDefined { .. }
                | Error::Incomplete { .. }
                | Error::Undefined { .. }
                | Error::Unattainable { .. }
                | Error::Disconnected { .. }
        );
    }
}
