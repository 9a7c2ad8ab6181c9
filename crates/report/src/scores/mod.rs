//! Page on scores: coverage, distributions, and the items to hear to find out what is wrong.
//!
//! ```text
//! Score rows ──examine──► Examination (plain data) ──► wanted(): items to hear ──► Media (sounds, pictures, texts)
//!                                │                                                      │
//!                                └──────────────────► ScoresPage ◄──────────────────────┘
//! ```

mod cards;
mod examination;
mod flags;
mod overview;
mod page;
mod places;
mod rankings;
mod spreads;

pub use cards::{Heard, Media, Played};
pub use examination::{Examination, ExaminationConfig, Wanted, examine};
pub use flags::{Flag, Flagged};
pub use overview::{FailsMore, ReasonGroup, SystemOverview};
pub use page::ScoresPage;
pub use places::Place;
pub use rankings::{Contrast, ItemPlace, LeftOut, SystemRanking, WorstItem};
pub use spreads::{MetricSpread, SystemSpread};
