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
            say(&describe(&error));
            ExitCode::from(ERROR)
        }
    }
}

/// What happened, why, and, where the operating system refused, what to do.
fn describe(error: &anyhow::Error) -> String {
    let mut message = format!("error: {error}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Some libraries' messages hold their cause.
        if !message.ends_with(&cause) {
            message.push_str("\n  caused by: ");
            message.push_str(&cause);
        }
    }
    let refusal = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>());
    let of_refusal = refusal.and_then(|refusal| remedy(refusal.kind())).map(str::to_owned);
    let of_corpus = || error.chain().find_map(|cause| cause.downcast_ref::<mynah_corpus::Error>()?.remedy());
    if let Some(remedy) = of_refusal.or_else(of_corpus) {
        message.push_str("\n  what to do: ");
        message.push_str(&remedy);
    }
    message
}

/// What helps where the operating system refused.
fn remedy(kind: io::ErrorKind) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    match kind {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
            Some("free some space and run again; what is done stays done")
        }
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
            Some("ask for the right to read or write there, or name another place")
        }
        Kind::AlreadyExists | Kind::NotADirectory | Kind::IsADirectory | Kind::DirectoryNotEmpty => {
            Some("something else is in its place: move that away, or name another place")
        }
        Kind::NotFound => Some("check the name"),
        _ => None,
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

/// Lets glibc keep freed memory for the next tensors. By itself it gives the blocks of a training step back to the system and
/// takes them again as empty pages, which was half of the time of a pre-training of the small encoder.
///
/// Blocks of 32 MB and more are given back all the same. Elsewhere than on glibc it does nothing.
#[cfg(feature = "voice")]
pub(crate) fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    for (parameter, value) in
        [(libc::M_MMAP_THRESHOLD, 32 << 20), (libc::M_TRIM_THRESHOLD, i32::MAX), (libc::M_TOP_PAD, 64 << 20)]
    {
        // SAFETY: it takes two numbers and changes nothing but how later allocations are served.
        #[expect(unsafe_code, reason = "the allocator's settings are a function of C")]
        unsafe {
            libc::mallopt(parameter, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use anyhow::{Context as _, anyhow};

    use super::describe;

    #[test]
    fn an_error_says_what_happened_why_and_what_to_do() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let check = |error: anyhow::Error, lines: &[&str]| {
            assert_eq!(describe(&error).lines().collect::<Vec<_>>(), lines);
        };
        check(
            Err::<(), _>(full()).context("failed to write `a`").unwrap_err(),
            &[
                "error: failed to write `a`",
                "  caused by: no storage space",
                "  what to do: free some space and run again; what is done stays done",
            ],
        );
        check(anyhow!("`a` is empty"), &["error: `a` is empty"]);
        let twice = anyhow!("no storage space").context("write `a`: no storage space");
        check(twice, &["error: write `a`: no storage space"]);
    }
}
