//! Remedies of the libraries' errors.

use std::error::Error as StdError;

/// Returns the remedy that a library's error carries, for [`mynah_cli::finish`].
#[must_use]
pub fn remedy(cause: &(dyn StdError + 'static)) -> Option<String> {
    let remedy = (cause.downcast_ref::<mynah_signal::Error>().and_then(mynah_signal::Error::remedy))
        .or_else(|| cause.downcast_ref::<mynah_table::Error>().and_then(mynah_table::Error::remedy))
        .or_else(|| cause.downcast_ref::<mynah_listening::Error>().and_then(mynah_listening::Error::remedy))
        .or_else(|| cause.downcast_ref::<mynah_report::Error>().and_then(mynah_report::Error::remedy))
        .or_else(|| cause.downcast_ref::<mynah_stats::Error>().and_then(mynah_stats::Error::remedy));
    remedy.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use anyhow::Context as _;

    use super::remedy;

    #[test]
    fn finds_the_remedy_below_any_context() {
        let error: Result<(), _> = Err(mynah_signal::Error::Missing { path: PathBuf::from("a.wav") });
        let error = error.context("failed to score `a`").unwrap_err();
        let found: Vec<String> = error.chain().filter_map(remedy).collect();
        assert_eq!(found, ["check the name"]);
        let report = mynah_report::Error::NothingToReport;
        assert_eq!(remedy(&report).as_deref(), report.remedy());
        assert_eq!(remedy(&std::io::Error::from(std::io::ErrorKind::NotFound)), None);
    }
}
