//! Remedies of the libraries' errors.

use std::error::Error as StdError;
use std::io;

/// Returns the remedy of a library's error, where one is known.
///
/// Has none for an error whose source is the operating system's: [`mynah_cli::finish`] finds that one next, and gives
/// the same remedy for it in every program, whichever library met it.
#[must_use]
pub fn remedy(cause: &(dyn StdError + 'static)) -> Option<String> {
    if cause.source().is_some_and(|source| source.is::<io::Error>()) {
        return None;
    }
    of_signal(cause)
}

fn of_signal(cause: &(dyn StdError + 'static)) -> Option<String> {
    match cause.downcast_ref()? {
        mynah_signal::Error::Missing { .. } => {
            mynah_cli::remedy_of_io_error(io::ErrorKind::NotFound).map(str::to_owned)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn missing_files_have_one_remedy_in_all_libraries() {
        let of = |error: anyhow::Error| error.chain().find_map(|cause| remedy(cause));
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let path = || PathBuf::from("a.wav");
        assert_eq!(of(mynah_signal::Error::Missing { path: path() }.into()).unwrap(), "check the name");
        // The remedy of these is that of their source.
        for error in [
            mynah_signal::Error::Io { path: path(), source: missing() }.into(),
            mynah_table::Error::Io { action: "read", path: path(), source: missing() }.into(),
            mynah_listening::Error::Io { action: "read", path: path(), source: missing() }.into(),
        ] {
            assert_eq!(of(error), None);
        }
    }
}
