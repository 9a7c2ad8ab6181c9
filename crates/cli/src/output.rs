//! Talk on stderr, data on stdout.

use std::io::{self, Write as _};

/// Writes a line to stderr, for the user of the program. A closed stderr is not an error.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes data to stdout. A reader that has closed the pipe is not an error.
///
/// # Errors
///
/// When stdout cannot be written, a broken pipe excepted.
pub fn put(text: &str) -> anyhow::Result<()> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}
