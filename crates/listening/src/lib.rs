//! Listening tests: protocol, plan, stimuli, web page, ratings and verdict.
//!
//! ```text
//! Protocol + systems + items ─plan─► Plan ─bundle─► index.html + clips     raters
//!                                      │                                     │
//!                                      └──────────── verdict ◄── Rating ◄─collect
//! ```

mod allocation;
mod error;
mod plan;
mod protocol;
mod rating;
mod verdict;

pub use error::Error;
pub use plan::{Plan, PowerRow, Role, Session, System, Trial};
pub use protocol::{Analysis, Protocol};
pub use rating::{First, Kind, Origin, Paradigm, Rating};
pub use verdict::{Conclusion, Defined, NullPairs, PaperRule, ScoreCount, SystemVerdict, Verdict};
