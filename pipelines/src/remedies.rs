//! Remedies of the errors of libraries.

use std::error::Error as StdError;

/// Returns the remedy that a library's error carries, for [`mynah_cli::finish`].
#[must_use]
pub fn remedy(cause: &(dyn StdError + 'static)) -> Option<String> {
    cause.downcast_ref::<mynah_corpus::Error>().and_then(mynah_corpus::Error::remedy)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::remedy;

    #[test]
    fn finds_the_remedy_below_any_context() {
        let error: Result<(), _> = Err(mynah_corpus::Error::EmptyText);
        let error = error.context("failed to read the input").unwrap_err();
        let found: Vec<String> = error.chain().filter_map(remedy).collect();
        assert_eq!(found, [mynah_corpus::Error::EmptyText.remedy().unwrap()]);
        assert_eq!(remedy(&std::io::Error::from(std::io::ErrorKind::NotFound)), None);
    }
}
