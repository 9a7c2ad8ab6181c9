//! Tails and quantiles of the two distributions that everything here rests on.
//!
//! The callers have checked their arguments: probabilities lie strictly between 0 and 1, degrees of freedom are
//! positive, statistics are finite.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The probability that a standard normal variable is larger than `z`.
pub(crate) fn normal_upper_tail(z: f64) -> f64 {
    Normal::standard().sf(z)
}

/// The value that a standard normal variable stays below with the given probability.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// The probability that a Student t variable is larger than `t`.
pub(crate) fn student_upper_tail(t: f64, degrees_of_freedom: f64) -> f64 {
    student(degrees_of_freedom).sf(t)
}

/// The value that a Student t variable stays below with the given probability.
pub(crate) fn student_quantile(probability: f64, degrees_of_freedom: f64) -> f64 {
    student(degrees_of_freedom).inverse_cdf(probability)
}

fn student(degrees_of_freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, degrees_of_freedom).expect("the degrees of freedom are positive")
}
