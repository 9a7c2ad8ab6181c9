//! The situations in which a statistic has no meaningful value.

use thiserror::Error;

/// Why a statistic could not be computed.
///
/// Every situation in which the formula would give a number that means nothing is an error here, never a NaN.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// There are no values.
    #[error("there are no values")]
    Empty,
    /// There are too few of something.
    #[error("{needed} {what} are needed, there are {got}")]
    TooFew {
        /// What there is too little of, in the plural.
        what: &'static str,
        /// The least number that gives a result.
        needed: usize,
        /// The number there is.
        got: usize,
    },
    /// A few of many did nearly everything, so that nothing is known of how they differ.
    #[error(
        "the {what} contribute so unequally that they weigh as {effective:.1} equal ones: too few to conclude anything"
    )]
    TooUnequal {
        /// Which, in the plural.
        what: &'static str,
        /// The number of equal ones that would weigh as much.
        effective: f64,
    },
    /// A value is NaN or infinite.
    #[error("the value at index {index} is not finite")]
    NotFinite {
        /// The position of the first such value.
        index: usize,
    },
    /// Every difference is zero, so that there is nothing to rank.
    #[error("all {n} differences are 0")]
    AllZero {
        /// How many there are.
        n: usize,
    },
    /// All values are the same, so that their spread says nothing about the error of their mean.
    #[error("all {n} values are {value}")]
    AllEqual {
        /// How many there are.
        n: usize,
        /// The one value.
        value: f64,
    },
    /// Two groups of values do not vary within themselves, so that their spread says nothing about their difference.
    #[error("the {n} values do not vary within their groups")]
    NoSpread {
        /// How many values both groups have together.
        n: usize,
    },
    /// Two sequences that belong together have different lengths.
    #[error("`{left_name}` has {left} entries, `{right_name}` has {right}")]
    LengthMismatch {
        /// The name of the first sequence.
        left_name: &'static str,
        /// Its length.
        left: usize,
        /// The name of the second sequence.
        right_name: &'static str,
        /// Its length.
        right: usize,
    },
    /// A parameter lies outside of what the method allows.
    #[error("`{name}` is {value}, allowed is {allowed}")]
    OutOfRange {
        /// The parameter.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What would have been allowed.
        allowed: &'static str,
    },
    /// An exact distribution was asked for that is too large to be counted out.
    #[error("the exact distribution for {n} {what} is too large, the limit is {limit}")]
    TooLargeForExact {
        /// What is counted, in the plural.
        what: &'static str,
        /// How many of them there are.
        n: usize,
        /// The most for which the distribution is counted out.
        limit: usize,
    },
    /// The search for the best parameters of a model found none.
    #[error("no best {what} was found: the values do not determine its parameters")]
    NotConverged {
        /// The model.
        what: &'static str,
    },
    /// A covariate says what the ones before it say together.
    #[error("the covariates, with the constant, are linearly dependent")]
    Collinear,
    /// A random part of a procedure could not be drawn.
    #[error("only {defined} of {n} replicates have a value")]
    TooFewDefined {
        /// How many replicates gave a value.
        defined: usize,
        /// How many were drawn.
        n: usize,
    },
    /// A complete study was asked for, in which every rater judges every item once.
    #[error("rater {rater} judged item {item} {n} times, in a complete study that is once")]
    Incomplete {
        /// The rater.
        rater: usize,
        /// The item.
        item: usize,
        /// How many judgements there are.
        n: usize,
    },
    /// The formula has no value here.
    #[error("the {what} has no value: {why}")]
    Undefined {
        /// The statistic.
        what: &'static str,
        /// What is missing.
        why: &'static str,
    },
    /// No size of a test reaches its goal.
    #[error("no number reaches a power of {power}; the most that more of this gives is {best:.3}")]
    Unattainable {
        /// The power that was asked for.
        power: f64,
        /// That of the largest test.
        best: f64,
    },
    /// Two groups of systems between which nothing, or only one kind of outcome, was observed.
    #[error("{}", disconnected(above, below, *compared))]
    Disconnected {
        /// The systems that never lost to the others.
        above: Vec<usize>,
        /// The others.
        below: Vec<usize>,
        /// Whether any of the one group was compared with any of the other.
        compared: bool,
    },
}

fn disconnected(above: &[usize], below: &[usize], compared: bool) -> String {
    if compared {
        format!("systems {above:?} were always preferred to {below:?}: by how much has no bound")
    } else {
        format!("systems {above:?} were never compared with {below:?}")
    }
}
