//! The common behavior of all programs: exit statuses, errors with remedies, messages on stderr and data on stdout,
//! progress, shell completions and man pages.
//!
//! ```text
//! main ──parse──► Args ──run──► anyhow::Result<ExitCode> ──finish──► exit status
//!                                       │                   └─ stderr: what happened, why, what to do
//!                                       ├─ say (stderr), put (stdout), Progress
//!                                       └─ Advised: an error with a remedy
//! ```
//!
//! Libraries describe what went wrong and know the remedy as data (`Error::remedy`); programs hand a function that looks
//! it up to [`finish`], which prints it. It knows nothing of speech, and no library depends on it.

mod generated;
mod output;
mod progress;
mod remedy;
mod status;
mod toml_file;

pub use generated::{Completions, ManPages};
pub use output::{put, say};
pub use progress::Progress;
pub use remedy::{AdviseExt, Advised, Remedies, remedy_of_io_error};
pub use status::{BAD_RESULT, ERROR, INTERRUPTED, finish};
pub use toml_file::read_toml;
