//! Remedies of the errors of libraries.

use std::error::Error as StdError;

/// Returns the remedy that a library's error carries, for [`mynah_cli::finish`].
#[must_use]
pub fn remedy(cause: &(dyn StdError + 'static)) -> Option<String> {
    let own = |remedy: &'static str| remedy.to_owned();
    (cause.downcast_ref::<mynah_corpus::Error>().and_then(mynah_corpus::Error::remedy))
        .or_else(|| cause.downcast_ref::<mynah_align::Error>().and_then(mynah_align::Error::remedy).map(own))
        .or_else(|| cause.downcast_ref::<mynah_table::Error>().and_then(mynah_table::Error::remedy).map(own))
        .or_else(|| cause.downcast_ref::<mynah_text::Error>().and_then(mynah_text::Error::remedy).map(own))
        .or_else(|| {
            cause.downcast_ref::<mynah_signal::Error>().and_then(mynah_signal::Error::remedy).map(own)
        })
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
