//! Tails and quantiles of the normal and Student's t distributions.
//!
//! Callers have checked their arguments: probabilities are strictly between 0 and 1, degrees of freedom positive,
//! statistics finite.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Returns the probability that a standard normal variable exceeds `z`.
pub(crate) fn normal_upper_tail(z: f64) -> f64 {
    Normal::standard().sf(z)
}

/// Returns the quantile of the standard normal distribution.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// Returns the probability that a Student t variable exceeds `t`.
pub(crate) fn student_upper_tail(t: f64, degrees_of_freedom: f64) -> f64 {
    student(degrees_of_freedom).sf(t)
}

/// Returns the quantile of Student's t distribution.
pub(crate) fn student_quantile(probability: f64, degrees_of_freedom: f64) -> f64 {
    student(degrees_of_freedom).inverse_cdf(probability)
}

fn student(degrees_of_freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, degrees_of_freedom).expect("the degrees of freedom are positive")
}
