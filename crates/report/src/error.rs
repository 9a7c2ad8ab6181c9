//! What can go wrong when a report is made.

use thiserror::Error;

/// A situation in which no honest figure or document can be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A number that is to be drawn or printed is NaN or infinite.
    #[error("value {index} of {what} is not a finite number")]
    NotFinite {
        /// Which figure or table.
        what: String,
        /// Position of the value, from 0.
        index: usize,
    },
    /// Two lists that belong together have different lengths.
    #[error("{what} has {got} values where {expected} belong")]
    LengthMismatch {
        /// Which list.
        what: String,
        /// How many values it has.
        got: usize,
        /// How many it should have.
        expected: usize,
    },
    /// An interval whose ends are in the wrong order, or do not enclose its estimate.
    #[error("interval {index} of {what} does not hold its estimate: {estimate} in [{low}, {high}]")]
    BadInterval {
        /// Which figure.
        what: String,
        /// Position of the interval, from 0.
        index: usize,
        /// The estimate.
        estimate: f64,
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
    /// Two rows of scores say something about the same measurement.
    #[error("two scores of system `{system}`, item `{item}` and profile `{profile}`")]
    DuplicateScore {
        /// The system.
        system: String,
        /// The item.
        item: String,
        /// Definition and version.
        profile: String,
    },
    /// A row of scores whose status and value contradict each other.
    #[error("score of system `{system}`, item `{item}` and profile `{profile}`: {why}")]
    BadScore {
        /// The system.
        system: String,
        /// The item.
        item: String,
        /// Definition and version.
        profile: String,
        /// What contradicts what.
        why: &'static str,
    },
    /// A table of published numbers that cannot be printed.
    #[error("published table `{table}`: {why}")]
    BadBaseline {
        /// The table.
        table: String,
        /// What is wrong with it.
        why: String,
    },
    /// There is nothing to report: neither scores nor a verdict.
    #[error("there are neither scores nor ratings to report")]
    NothingToReport,
    /// The pixels of a spectrogram could not be coded.
    #[error("failed to code the pixels of {what}")]
    Pixels {
        /// Which figure.
        what: String,
        /// The encoder's own error.
        #[source]
        source: png::EncodingError,
    },
    /// The drawing library refused a shape.
    #[error("failed to draw {what}: {why}")]
    Drawing {
        /// Which figure.
        what: String,
        /// The library's own message.
        why: String,
    },
    /// A table could not be written as CSV.
    #[error("failed to write table `{what}` as CSV")]
    Csv {
        /// Which table.
        what: String,
        /// The writer's own error.
        #[source]
        source: csv::Error,
    },
    /// A template could not be filled in.
    #[error("failed to fill in the template of {what}")]
    Template {
        /// Which document.
        what: &'static str,
        /// The template engine's own error.
        #[source]
        source: askama::Error,
    },
    /// A value could not be written as JSON.
    #[error("failed to write {what} as JSON")]
    Json {
        /// Which document.
        what: &'static str,
        /// The serialiser's own error.
        #[source]
        source: serde_json::Error,
    },
}
