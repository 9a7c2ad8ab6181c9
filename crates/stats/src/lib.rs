//! Statistics for listening tests with crossed raters and utterances. Pure `f64`, no I/O.
//!
//! The crate knows nothing of speech: it takes numbers, each with the rater and the utterance (item) it belongs to.
//!
//! ```text
//!                    planned                       collected, or drawn by simulate
//! Components, Size ──power, planning       values, raters, items
//!                                            ├─ clustered ──► Clustered ──► Interval, t test, Tost
//!                                            │     └─ simultaneous ──► the levels for several systems
//!                                            ├─ mixed, ordinal ──► Coefficient, Components ──► power
//!                                            ├─ bootstrap, crowdmos ──► Interval
//!                                            ├─ wilcoxon, mann_whitney ──► TestResult
//!                                            │     └─ holm, benjamini_hochberg, max_t over several of them
//!                                            ├─ effect, hodges_lehmann ──► effect sizes
//!                                            ├─ krippendorff, icc, reliability, bias, sos ──► quality of the raters
//! preferences of pairs                       └─ preference ──► strengths of systems
//! scores by run and item, of two systems     └─ crossed ──► Comparison ──► items and runs needed
//! ```
//!
//! When the same twenty people judge the same fifty sentences, their judgments are not independent. [`clustered`]
//! accounts for that. The rank tests are provided because papers use them; `tests/calibration.rs` measures how often
//! they err in such designs.
//!
//! # Examples
//!
//! ```
//! use mynah_stats::clustered::two_way;
//! use mynah_stats::power::Components;
//! use mynah_stats::simulate::{Model, crossed};
//! use mynah_stats::wilcoxon::{SignedRankConfig, signed_rank};
//!
//! // Twenty raters compare a system exactly as good as the recordings on fifty sentences.
//! let design = crossed(20, 50);
//! let model = Model { mean: 0.0, components: Components::default(), lowest: -3, highest: 3 };
//! let scores = model.draw(&design, 5, 0)?;
//! let (raters, items): (Vec<usize>, Vec<usize>) = design.into_iter().unzip();
//!
//! let mean = two_way(&scores, &raters, &items)?;
//! assert!(mean.interval(0.95)?.contains(0.0));
//! // Treated as a thousand independent judgments, the same scores "prove" a difference.
//! assert!(signed_rank(&scores, &SignedRankConfig::default())?.p_value < 0.05);
//! # Ok::<(), mynah_stats::Error>(())
//! ```
//!
//! # Invariants
//!
//! - No function returns NaN or infinity: a statistic without a meaningful value is an [`Error`] that gives the reason.
//! - Results do not depend on the number of threads, nor, beyond rounding, on the order of the values.
//! - Every function that draws random numbers takes a seed.

mod benjamini_hochberg;
pub mod bias;
pub mod bootstrap;
mod check;
pub mod clustered;
mod coefficient;
pub mod crossed;
mod crowdmos;
mod dense;
mod design;
mod distribution;
pub mod effect;
pub mod equivalence;
mod error;
pub mod hodges_lehmann;
mod holm;
pub mod icc;
pub mod krippendorff;
pub mod mann_whitney;
mod max_t;
mod mcnemar;
mod mean;
mod minimize;
pub mod mixed;
pub mod ordinal;
pub mod planning;
pub mod power;
pub mod preference;
mod proportion;
mod ranks;
pub mod reliability;
mod result;
mod sign;
pub mod simulate;
mod simultaneous;
mod sos;
pub mod t_test;
pub mod wilcoxon;

pub use benjamini_hochberg::benjamini_hochberg;
pub use coefficient::Coefficient;
pub use crowdmos::{CrowdMos, crowdmos};
pub use error::Error;
pub use holm::holm;
pub use max_t::{FamilyMember, max_t};
pub use mcnemar::mcnemar;
pub use mean::mean_interval;
pub use proportion::proportion_interval;
pub use result::{Alternative, Interval, Method, MethodChoice, TestResult};
pub use sign::sign_test;
pub use simultaneous::{Adjusted, Simultaneous, adjust, simultaneous};
pub use sos::sos_parameter;
