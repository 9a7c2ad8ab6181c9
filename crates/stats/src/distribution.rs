//! Tails and quantiles of the distributions that everything here rests on.
//!
//! The callers have checked their arguments: probabilities lie strictly between 0 and 1, degrees of freedom are
//! positive, statistics are finite.

use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};

/// The probability that a Student t variable is larger than `t`.
pub(crate) fn student_upper_tail(t: f64, degrees_of_freedom: f64) -> f64 {
    student(degrees_of_freedom).sf(t)
}

/// The value that a Student t variable stays below with the given probability.
pub(crate) fn student_quantile(probability: f64, degrees_of_freedom: f64) -> f64 {
    let distribution = student(degrees_of_freedom);
    let upper = probability > 0.5;
    let tail = if upper { 1.0 - probability } else { probability };
    // statrs inverts the incomplete beta function to about seven digits; two Newton steps on the smaller tail give the
    // rest.
    let mut t = -distribution.inverse_cdf(tail).abs();
    for _ in 0..2 {
        t -= (distribution.cdf(t) - tail) / distribution.pdf(t);
    }
    if upper { -t } else { t }
}

fn student(degrees_of_freedom: f64) -> StudentsT {
    StudentsT::new(0.0, 1.0, degrees_of_freedom).expect("the degrees of freedom are positive")
}
