//! Listening tests of other tools: webMUSHRA and the P.808 toolkit.
//!
//! ```text
//! their tables ─► ForeignTable ─► read_foreign ─► FoundRating                          by clip names: a pattern or the key
//!                        └──────► collect_tables ─► Rating                               webMUSHRA's, by the names of the plan
//! Plan + key ─► webmushra_test ─► a configuration for each rater
//!           └─► p808_input ─────► lists of clips and settings
//! ```
//!
//! One file for each kind of table. They know what the columns mean, and nothing of files, encodings and separators.

pub(crate) mod clips;
pub(crate) mod export;
pub(crate) mod form;
pub(crate) mod p808;
pub(crate) mod read;
pub(crate) mod table;
pub(crate) mod webmushra;
