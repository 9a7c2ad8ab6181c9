//! Corpora and datasets: LJSpeech in, manifest, splits, alignments, features and tables out.
//!
//! ```text
//! CORPUS ──Corpus::list──► entries ──FeatureExtractor──► FeatureStore ─┐
//!                             │                                         ├─align──► durations ──► manifest
//!                             └──(mynah-text)──► symbols ───────────────┘              DATASET ──► Dataset::open
//! ```
//!
//! **Invariant:** nothing is dropped. What cannot be prepared becomes a [`Problem`] with its file, its line and a remedy,
//! and the rest goes on.
//!
//! **Invariant:** no cache is valid by name alone: every key holds the content, the settings and the version of the code.
//!
//! It owns polars (see [`table`]) and knows nothing of tensors or models.

pub mod align;
pub mod check;
pub mod import;
pub mod table;

mod agreement;
mod dataset;
mod durations;
mod error;
mod features;
mod ljspeech;
mod lock;
mod outliers;
mod problem;
mod recipe;
mod shard;
mod split;
mod store;
mod textgrid;
mod whole;

pub use agreement::{Agreement, agreement};
pub use dataset::{Counts, DATASET_FORMAT, Dataset, DatasetInfo, DatasetLayout, Utterance};
pub use durations::{AlignmentStore, Import, ImportedRow};
pub use error::Error;
pub use features::{AudioSummary, FEATURES_VERSION, FeatureExtractor, Features};
pub use ljspeech::{Corpus, Entry, Listing};
pub use lock::DirectoryLock;
pub use outliers::{AlignedSymbols, LONG_SECONDS, Oddity, Outlier, UNLIKELY_DEVIATIONS, outliers};
pub use problem::{Code, Problem, Stage};
pub use recipe::{AudioRecipe, Recipe, SupPhoneRecipe, TextBackend, TextColumn, TextRecipe, TrimRecipe};
pub use shard::{BadShard, Finding, Shard, ShardReport, ShardStore};
pub use split::{Amount, Leak, Split, SplitBy, SplitConfig, Splitter, leaks};
pub use store::FeatureStore;
pub use textgrid::{Interval, Tier, read_text_grid, write_text_grid};
pub use whole::write_whole;
