//! Remedies of the errors of libraries.

use std::error::Error as StdError;

/// Returns the remedy that a library's error carries, for [`mynah_cli::finish`].
#[must_use]
pub fn remedy(cause: &(dyn StdError + 'static)) -> Option<String> {
    let own = |remedy: &'static str| remedy.to_owned();
    let found = (cause.downcast_ref::<mynah_corpus::Error>().and_then(mynah_corpus::Error::remedy))
        .or_else(|| cause.downcast_ref::<mynah_align::Error>().and_then(mynah_align::Error::remedy).map(own))
        .or_else(|| cause.downcast_ref::<mynah_table::Error>().and_then(mynah_table::Error::remedy).map(own))
        .or_else(|| cause.downcast_ref::<mynah_text::Error>().and_then(mynah_text::Error::remedy).map(own))
        .or_else(|| {
            cause.downcast_ref::<mynah_signal::Error>().and_then(mynah_signal::Error::remedy).map(own)
        })
        .or_else(|| {
            cause.downcast_ref::<mynah_report::Error>().and_then(mynah_report::Error::remedy).map(own)
        });
    #[cfg(feature = "voice")]
    let found = found.or_else(|| remedy_of_voice(cause).map(str::to_owned));
    found
}

/// Returns the remedy of an error of a voice or a training.
#[cfg(feature = "voice")]
fn remedy_of_voice(cause: &(dyn StdError + 'static)) -> Option<&'static str> {
    let voice = cause.downcast_ref::<mynah_voice::Error>().and_then(mynah_voice::Error::remedy);
    voice.or_else(|| cause.downcast_ref::<mynah_training::Error>().and_then(mynah_training::Error::remedy))
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

    #[cfg(feature = "voice")]
    #[test]
    fn finds_the_remedies_of_voices() {
        let error = mynah_voice::Error::Empty { why: "there are no symbols to speak" };
        assert_eq!(remedy(&error).as_deref(), error.remedy());
        assert!(error.remedy().is_some());
    }

    #[cfg(feature = "voice")]
    #[test]
    fn finds_the_remedies_of_trainings_and_of_the_voices_in_them() {
        let error = mynah_training::Error::Empty { why: "the training split has no examples" };
        assert!(error.remedy().is_some());
        assert_eq!(remedy(&error).as_deref(), error.remedy());
        let voice = mynah_voice::Error::Config { key: "model.hidden", why: "7 is odd".to_owned() };
        let expected = voice.remedy();
        assert_eq!(remedy(&mynah_training::Error::from(voice)).as_deref(), expected);
    }
}
