//! Errors with remedies.

use std::error::Error as StdError;
use std::fmt::{self, Display};
use std::io;

/// Looks up the remedy of a library's error; `None` for errors that it does not know.
pub type Remedies = fn(&(dyn StdError + 'static)) -> Option<String>;

/// An error with what to do about it.
#[derive(Debug)]
pub struct Advised {
    error: anyhow::Error,
    remedy: String,
}

impl Advised {
    /// Creates an error of the program itself, with its remedy.
    #[must_use]
    pub fn new(message: impl Display, remedy: impl Into<String>) -> Self {
        Self { error: anyhow::anyhow!("{message}"), remedy: remedy.into() }
    }

    /// Returns what to do about the error.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.remedy
    }
}

impl Display for Advised {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.error, formatter)
    }
}

impl StdError for Advised {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// Attaches remedies to results.
pub trait AdviseExt<T> {
    /// Attaches what to do about the error, if there is one.
    ///
    /// # Errors
    ///
    /// The error itself, with the remedy.
    fn advise(self, remedy: impl Into<String>) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> AdviseExt<T> for Result<T, E> {
    fn advise(self, remedy: impl Into<String>) -> anyhow::Result<T> {
        self.map_err(|error| Advised { error: error.into(), remedy: remedy.into() }.into())
    }
}

/// Describes an error: what happened, why, and what to do where that is known.
pub(crate) fn describe(error: &anyhow::Error, remedies: Remedies) -> String {
    let mut message = format!("error: {error}");
    for cause in error.chain().skip(1) {
        message.push_str("\n  caused by: ");
        message.push_str(&cause.to_string());
    }
    if let Some(remedy) = error.chain().find_map(|cause| remedy_of(cause, remedies)) {
        message.push_str("\n  what to do: ");
        message.push_str(&remedy);
    }
    message
}

fn remedy_of(cause: &(dyn StdError + 'static), remedies: Remedies) -> Option<String> {
    if let Some(advised) = cause.downcast_ref::<Advised>() {
        return Some(advised.remedy.clone());
    }
    if let Some(refusal) = cause.downcast_ref::<io::Error>() {
        return remedy_of_io_error(refusal.kind()).map(str::to_owned);
    }
    // Where the system refused, its error is the next cause, and has the same remedy whichever library met it.
    let is_refusal = cause.source().is_some_and(<dyn StdError>::is::<io::Error>);
    if is_refusal { None } else { remedies(cause) }
}

/// Returns the remedy of an error of the operating system, for libraries that report it without the system's own error.
#[must_use]
pub fn remedy_of_io_error(kind: io::ErrorKind) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    match kind {
        Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => {
            Some("free some space and run again; finished work is kept")
        }
        Kind::PermissionDenied | Kind::ReadOnlyFilesystem => {
            Some("get permission to read or write there, or name another place")
        }
        Kind::AlreadyExists | Kind::NotADirectory | Kind::IsADirectory | Kind::DirectoryNotEmpty => {
            Some("something else is in its place: move it away, or name another place")
        }
        Kind::NotFound => Some("check the name"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as StdError;
    use std::io;

    use anyhow::{Context as _, anyhow};

    use super::{AdviseExt as _, Advised, describe, remedy_of_io_error};

    fn none(_: &(dyn StdError + 'static)) -> Option<String> {
        None
    }

    fn check(error: &anyhow::Error, lines: &[&str]) {
        assert_eq!(describe(error, none).lines().collect::<Vec<_>>(), lines);
    }

    #[test]
    fn describes_what_happened_why_and_what_to_do() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        check(
            &Err::<(), _>(full).context("failed to write `a`").unwrap_err(),
            &[
                "error: failed to write `a`",
                "  caused by: no storage space",
                "  what to do: free some space and run again; finished work is kept",
            ],
        );
        check(&anyhow!("`a` is empty"), &["error: `a` is empty"]);
    }

    #[test]
    fn prints_the_remedy_once_and_keeps_the_causes() {
        let missing = Err::<(), _>(io::Error::from(io::ErrorKind::NotFound));
        let error = missing.context("failed to open `voice`").advise("name a voice").unwrap_err();
        let lines =
            ["error: failed to open `voice`", "  caused by: entity not found", "  what to do: name a voice"];
        check(&error, &lines);
        let error = error.context("failed to speak");
        let lines = [
            "error: failed to speak",
            "  caused by: failed to open `voice`",
            "  caused by: entity not found",
            "  what to do: name a voice",
        ];
        check(&error, &lines);
        let own = Advised::new("`a` is empty", "fill it");
        assert_eq!(own.remedy(), "fill it");
        let own = anyhow::Error::from(own);
        check(&own, &["error: `a` is empty", "  what to do: fill it"]);
    }

    #[test]
    fn a_refusal_has_the_same_remedy_with_and_without_its_error() {
        for kind in [io::ErrorKind::NotFound, io::ErrorKind::PermissionDenied, io::ErrorKind::StorageFull] {
            let remedy = remedy_of_io_error(kind).unwrap();
            let text = describe(&io::Error::from(kind).into(), none);
            assert!(text.ends_with(&format!("\n  what to do: {remedy}")), "{text}");
        }
        assert_eq!(remedy_of_io_error(io::ErrorKind::UnexpectedEof), None);
    }

    #[test]
    fn asks_for_the_remedies_of_libraries() {
        fn of_numbers(cause: &(dyn StdError + 'static)) -> Option<String> {
            cause.downcast_ref::<std::num::ParseIntError>().map(|_| "write digits".to_owned())
        }
        let error = Err::<u8, _>("x".parse::<u8>().unwrap_err()).context("failed to read `n`").unwrap_err();
        let text = describe(&error, of_numbers);
        assert!(text.ends_with("\n  what to do: write digits"), "{text}");
    }
}
