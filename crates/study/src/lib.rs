//! A listening test while it runs: participants, places and their answers, in one file.
//!
//! ```text
//! participant ─join─► place in a session, on a lease ─► token
//!                                                         │
//! page of the session ◄───────────────────────────────────┤
//!        └─ answer ─put─► stored, once ─► acknowledged    │
//!                                              finish ────┘
//! Store ─sessions─► the form of answer files ─► mynah_listening::collect_sessions
//!       ─progress─► what the experimenter sees, and the list of payments
//! ```
//!
//! # Invariants
//!
//! - An answer that was acknowledged is stored, once: it is neither replaced nor lost when the process is killed.
//! - Every operation may be repeated: the same participant gets the same session, the same answer changes nothing.
//! - A store belongs to one bundle, so answers to different audio never meet.
//! - The identity of a participant never leaves the store with the answers, only with the payments.
//!
//! The crate knows neither HTTP nor the clock: times are arguments, in milliseconds since 1970 (UTC).

mod error;
mod participant;
mod pay;
mod place;
mod progress;
mod receiver;
mod sessions;
mod store;

pub use error::Error;
pub use participant::{Identity, Joined, Participant, Places, Platform, Put, State};
pub use pay::{Decision, Payment, payments};
pub use progress::{Cells, Progress, RaterProgress, SystemProgress, progress};
pub use receiver::receiver;
pub use store::Store;
