//! Exit statuses.

use std::process::ExitCode;

use crate::output::say;
use crate::remedy::{Remedies, describe};

/// The exit status of a bad result: problems in a corpus, rows without a value in strict mode, a verdict not reached.
pub const BAD_RESULT: u8 = 1;
/// The exit status of an error, which clap uses for wrong arguments too.
pub const ERROR: u8 = 2;
/// The exit status of work that was interrupted and can be resumed, as shells report an interrupt.
pub const INTERRUPTED: u8 = 130;

/// Turns the outcome of a program into its exit status; an error is described on stderr with its causes and, where one
/// is known, a remedy.
#[must_use]
pub fn finish(outcome: anyhow::Result<ExitCode>, remedies: Remedies) -> ExitCode {
    match outcome {
        Ok(code) => code,
        Err(error) => {
            say(&describe(&error, remedies));
            ExitCode::from(ERROR)
        }
    }
}
