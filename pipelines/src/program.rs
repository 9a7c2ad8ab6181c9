//! What all programs do at their ends: exit codes, talk and data.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde::de::DeserializeOwned;

/// The exit code of a bad result: problems in the corpus, a sentence that could not be spoken.
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

/// Reads a TOML file; an unknown key is an error that names its line.
pub(crate) fn read_toml<T: DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    toml::from_str(&text).with_context(|| format!("failed to read `{}` as TOML", path.display()))
}

/// Lets so many threads work; 0 is one for each core.
pub(crate) fn use_threads(threads: usize) -> anyhow::Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("failed to start threads")
}
