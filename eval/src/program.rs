//! What all programs do at their ends: exit codes, talk and data.

use std::io::{self, Write as _};
use std::process::ExitCode;

/// The exit code of a bad result: rows without a value in strict mode, a verdict that was not reached.
pub(crate) const BAD_RESULT: u8 = 1;
/// The exit code of an error, which clap uses for wrong arguments too.
const ERROR: u8 = 2;

/// Turns the outcome of a program into its exit code, and says what went wrong on stderr.
#[must_use]
pub fn finish(outcome: anyhow::Result<ExitCode>) -> ExitCode {
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let mut message = format!("error: {error}");
            for cause in error.chain().skip(1) {
                message.push_str("\n  caused by: ");
                message.push_str(&cause.to_string());
            }
            say(&message);
            ExitCode::from(ERROR)
        }
    }
}

/// Says a line to the person in front of the program: stderr. That nobody may be there is no error.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes data to stdout. A reader that has gone away is no error.
pub(crate) fn put(text: &str) -> anyhow::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
