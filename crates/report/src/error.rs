//! Errors of making a report.

use thiserror::Error;

/// An error that prevents an honest figure or document.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A number to be drawn or printed is NaN or infinite.
    #[error("value {index} of {what} is not a finite number")]
    NotFinite {
        /// Name of the figure or table.
        what: String,
        /// Position of the value, from 0.
        index: usize,
    },
    /// Two lists that belong together have different lengths.
    #[error("{what} has {got} values, expected {expected}")]
    LengthMismatch {
        /// Name of the list.
        what: String,
        /// Number of values in the list.
        got: usize,
        /// Expected number of values.
        expected: usize,
    },
    /// The ends of an interval are in the wrong order, or do not enclose its estimate.
    #[error("interval {index} of {what} does not contain its estimate: {estimate} in [{low}, {high}]")]
    BadInterval {
        /// Name of the figure.
        what: String,
        /// Position of the interval, from 0.
        index: usize,
        /// Estimate.
        estimate: f64,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Two rows of scores are about the same measurement.
    #[error("two scores of system `{system}`, item `{item}` and profile `{profile}`")]
    DuplicateScore {
        /// System.
        system: String,
        /// Item.
        item: String,
        /// Definition and version.
        profile: String,
    },
    /// The status and value of a row of scores contradict each other.
    #[error("score of system `{system}`, item `{item}` and profile `{profile}`: {why}")]
    BadScore {
        /// System.
        system: String,
        /// Item.
        item: String,
        /// Definition and version.
        profile: String,
        /// Description of the contradiction.
        why: &'static str,
    },
    /// A table of published numbers is malformed.
    #[error("published table `{table}`: {why}")]
    BadBaseline {
        /// Name of the table.
        table: String,
        /// Description of the mistake.
        why: String,
    },
    /// A training run cannot be followed.
    #[error("failed to follow the run: {why}")]
    Follow {
        /// Description of the obstacle.
        why: String,
    },
    /// The report would have neither scores nor a verdict.
    #[error("there are neither scores nor ratings to report")]
    NothingToReport,
    /// The pixels of a spectrogram could not be encoded.
    #[error("failed to encode the pixels of {what}")]
    Pixels {
        /// Name of the figure.
        what: String,
        /// Error of the encoder.
        #[source]
        source: png::EncodingError,
    },
    /// The drawing library rejected a shape.
    #[error("failed to draw {what}: {why}")]
    Drawing {
        /// Name of the figure.
        what: String,
        /// Message of the library.
        why: String,
    },
    /// A table could not be written as CSV.
    #[error("failed to write table `{what}` as CSV")]
    Csv {
        /// Name of the table.
        what: String,
        /// Error of the writer.
        #[source]
        source: csv::Error,
    },
    /// A template could not be filled in.
    #[error("failed to fill in the template of {what}")]
    Template {
        /// Name of the document.
        what: &'static str,
        /// Error of the template engine.
        #[source]
        source: askama::Error,
    },
    /// A value could not be written as JSON.
    #[error("failed to write {what} as JSON")]
    Json {
        /// Name of the document.
        what: &'static str,
        /// Error of the serializer.
        #[source]
        source: serde_json::Error,
    },
}

impl Error {
    /// Returns the action that resolves the error, if one is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::NotFinite { .. } => Some("remove NaN and infinite values"),
            Self::BadInterval { .. } => Some("give the lower end first, then the upper end"),
            Self::DuplicateScore { .. } => Some("remove one of them, or give the systems different names"),
            Self::BadScore { .. } => Some("correct the row, or measure again with `mynah-score run`"),
            Self::BadBaseline { .. } => Some("correct the table in the file of published numbers"),
            Self::Follow { .. } => Some(
                "give the scores of the checkpoints of one run, with training steps, by a metric that has a best value",
            ),
            Self::NothingToReport => Some("give scores, or ratings with their plan"),
            // Faults of the caller or of a library, which no input avoids.
            Self::LengthMismatch { .. }
            | Self::Pixels { .. }
            | Self::Drawing { .. }
            | Self::Csv { .. }
            | Self::Template { .. }
            | Self::Json { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds every variant.
    fn all() -> Vec<Error> {
        let text = || "mel".to_owned();
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        vec![
            Error::NotFinite { what: text(), index: 0 },
            Error::LengthMismatch { what: text(), got: 2, expected: 3 },
            Error::BadInterval { what: text(), index: 0, estimate: 1.0, low: 2.0, high: 3.0 },
            Error::DuplicateScore { system: text(), item: text(), profile: text() },
            Error::BadScore { system: text(), item: text(), profile: text(), why: "it has no value" },
            Error::BadBaseline { table: text(), why: "it has no rows".to_owned() },
            Error::Follow { why: "the scores have no metric `wer`, only mcd".to_owned() },
            Error::NothingToReport,
            Error::Pixels { what: text(), source: png::EncodingError::IoError(full()) },
            Error::Drawing { what: text(), why: "the shape is empty".to_owned() },
            Error::Csv { what: text(), source: csv::Error::from(full()) },
            Error::Template { what: "the report", source: askama::Error::Fmt },
            Error::Json { what: "the tables", source: serde_json::Error::io(full()) },
        ]
    }

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        mynah_testkit::assert_every_error!(
            all(),
            Error::NotFinite { .. }
                | Error::LengthMismatch { .. }
                | Error::BadInterval { .. }
                | Error::DuplicateScore { .. }
                | Error::BadScore { .. }
                | Error::BadBaseline { .. }
                | Error::Follow { .. }
                | Error::NothingToReport
                | Error::Pixels { .. }
                | Error::Drawing { .. }
                | Error::Csv { .. }
                | Error::Template { .. }
                | Error::Json { .. }
        );
    }

    #[test]
    fn whatever_the_input_causes_has_a_remedy() {
        let without: Vec<String> =
            all().iter().filter(|error| error.remedy().is_none()).map(ToString::to_string).collect();
        assert_eq!(
            without,
            [
                "mel has 2 values, expected 3",
                "failed to encode the pixels of mel",
                "failed to draw mel: the shape is empty",
                "failed to write table `mel` as CSV",
                "failed to fill in the template of the report",
                "failed to write the tables as JSON",
            ]
        );
    }
}
