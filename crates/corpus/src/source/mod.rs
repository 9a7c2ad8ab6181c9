//! Sources: a directory of any known layout becomes rows of id, recording, text, speaker, phones and split.
//!
//! ```text
//!              ┌ table (CSV, TSV, bars, JSON Lines) ┐
//! DIRECTORY ──►│ Kaldi directories                  │──► rows ──Recordings, ids──► entries + problems + notes
//!              └ texts beside recordings            ┘
//! ```
//!
//! A layout is a file in this folder that returns [`Rows`](row::Rows). It knows nothing of recordings: [`Corpus::list`]
//! finds them, names the clips and reports what is missing. Everything that is guessed is a note, and everything that is
//! guessed can be set in the recipe's `[source]`.

mod beside;
mod columns;
mod corpus;
mod detect;
mod ids;
mod json_rows;
mod kaldi;
mod recordings;
mod row;
mod settings;
mod table;
mod text_file;

pub use corpus::{Corpus, Entry, Listing, Span};
pub use settings::{ColumnName, Layout, SourceRecipe};
