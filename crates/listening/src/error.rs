//! What can go wrong with a listening test.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a listening test could not be planned, built or judged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The protocol is not TOML, lacks a key, or has one that is not known.
    #[error("the protocol cannot be read")]
    ProtocolSyntax(#[source] Box<toml::de::Error>),
    /// A value of the protocol breaks a rule.
    #[error("protocol key `{key}` is {value}, but it must be {rule}")]
    Protocol {
        /// The key, with its table.
        key: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        rule: String,
    },
    /// The plan is not TOML, lacks a key, or has one that is not known.
    #[error("the plan cannot be read")]
    PlanSyntax(#[source] Box<toml::de::Error>),
    /// The plan cannot be written as TOML.
    #[error("the plan cannot be written as TOML")]
    PlanForm(#[source] Box<toml::ser::Error>),
    /// The plan has another form than this version reads.
    #[error("the plan has format {found}, this version reads format {supported}")]
    PlanFormat {
        /// The plan's format.
        found: u32,
        /// The format that is read.
        supported: u32,
    },
    /// What a plan was to be made from, or what it holds, breaks a rule.
    #[error("{what}: {rule}")]
    Plan {
        /// What is wrong.
        what: String,
        /// What would be right.
        rule: &'static str,
    },
    /// The plan was changed by hand.
    #[error(
        "the plan was changed after it was made: it says design `{stated}`, its content is `{computed}`; undo the \
         change (only directories may be edited), or make a new plan and collect ratings for that"
    )]
    DesignMismatch {
        /// The design that the file names.
        stated: String,
        /// The design of its content.
        computed: String,
    },
    /// There is no wav for an item of a system.
    #[error("system `{system}` has no wav for item `{item}`: neither `{first}` nor `{second}` exists")]
    MissingStimulus {
        /// The system.
        system: String,
        /// The item.
        item: String,
        /// The path that was tried first.
        first: PathBuf,
        /// And then.
        second: PathBuf,
    },
    /// A wav cannot be used.
    #[error("the wav of item `{item}` of system `{system}` cannot be used")]
    Stimulus {
        /// The system.
        system: String,
        /// The item.
        item: String,
        /// Why.
        #[source]
        source: mynah_signal::Error,
    },
    /// Two wavs of one test have different sample rates: raters would hear which is which.
    #[error(
        "`{path}` has {rate} Hz, `{other_path}` has {other_rate} Hz: resample one of them, all clips need one rate"
    )]
    SampleRates {
        /// The first wav.
        path: PathBuf,
        /// Its rate.
        rate: u32,
        /// The second wav.
        other_path: PathBuf,
        /// Its rate.
        other_rate: u32,
    },
    /// The bundle's place is taken.
    #[error("`{path}` exists already: remove it, or build the bundle elsewhere")]
    BundleExists {
        /// The place.
        path: PathBuf,
    },
    /// The bundle's key would take the place of another one, without which answers to that bundle are hard to read.
    #[error("`{path}` is the key of another bundle, of design `{design}`")]
    KeyExists {
        /// The place of the key.
        path: PathBuf,
        /// The design that it belongs to.
        design: String,
    },
    /// A file or directory could not be read or written.
    #[error("cannot {action} `{path}`")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A rating contradicts the plan.
    #[error("`{file}`, row {row}: {what}")]
    Rating {
        /// The file that the rating came from.
        file: String,
        /// The row in it, from 1.
        row: u64,
        /// What is wrong, and what to do.
        what: String,
    },
    /// An anchor cannot be made.
    #[error("Q is {q_db} dB, but it must be 0 to 60: the ratio of the powers of speech and noise")]
    Anchor {
        /// What was asked for.
        q_db: f64,
    },
    /// Ratings that came without a plan cannot be judged.
    #[error("the ratings cannot be judged: {what}")]
    Found {
        /// Why.
        what: String,
    },
    /// A parameter of a simulation breaks a rule.
    #[error("simulation: {what}")]
    Simulation {
        /// What is wrong.
        what: String,
    },
    /// A statistic could not be computed.
    #[error("{what} cannot be computed")]
    Statistics {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: mynah_stats::Error,
    },
}
