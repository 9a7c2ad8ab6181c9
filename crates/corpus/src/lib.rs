//! Corpora and datasets: a corpus of any layout in; manifest, splits, alignments and features out. [`text_dataset`] does the same for
//! the plain text of a pre-training.
//!
//! ```text
//! CORPUS ──Corpus::list──► entries ──FeatureExtractor──► FeatureStore ─┐
//!                             │                                         ├─align──► durations ──► manifest
//!                             └──(mynah-text)──► symbols ───────────────┘              DATASET ──► Dataset::open
//! ```
//!
//!
//! **Invariant:** nothing is dropped. A clip that cannot be prepared becomes a [`Problem`] with its file, its line and
//! a remedy, and the others are prepared.
//!
//! **Invariant:** no cache is valid by name alone: every key includes the content, the settings and the version of the
//! code.
//!
//! Durations come from `mynah-align`, tables from `mynah-table`. The crate knows nothing of tensors or models.

pub mod check;
pub mod text_dataset;

mod agreement;
mod alignment_store;
mod dataset;
mod error;
mod feature_store;
mod features;
mod given_phones;
mod keep;
mod lock;
mod problem;
mod recipe;
mod shard;
mod source;
mod speakers;
mod split;

pub use agreement::{Agreement, agreement};
pub use alignment_store::{AlignmentStore, Import, ImportedRow};
pub use dataset::{Counts, DATASET_FORMAT, Dataset, DatasetInfo, DatasetLayout, Utterance};
pub use error::Error;
pub use feature_store::FeatureStore;
pub use features::{AudioSummary, FEATURES_VERSION, FeatureExtractor, Features};
pub use given_phones::{give_phones, text_of_phones};
pub use keep::{Dropped, DroppedByRule, KeepRecipe, Qualities, count_dropped};
pub use lock::DirectoryLock;
pub use problem::{Code, Problem, Stage};
pub use recipe::{
    AudioRecipe, Recipe, SupPhoneRecipe, TextBackend, TextColumn, TextRecipe, TextStyle, TrimRecipe,
};
pub use shard::{BadShard, Finding, Shard, ShardReport, ShardStore};
pub use source::{ColumnName, Corpus, Entry, Layout, Listing, SourceRecipe, Span};
pub use speakers::{Speaker, speakers};
pub use split::{Amount, Auto, Candidate, Leak, Split, SplitBy, SplitConfig, Splitter, leaks};
