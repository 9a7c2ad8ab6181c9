//! The errors of listening tests.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A reason why a listening test could not be planned, built or judged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The protocol is not TOML, lacks a key, or has an unknown one.
    #[error("the protocol cannot be read")]
    ProtocolSyntax(#[source] Box<toml::de::Error>),
    /// A value of the protocol breaks a rule.
    #[error("protocol key `{key}` is {value}, but it must be {rule}")]
    Protocol {
        /// The key, with its table.
        key: &'static str,
        /// Its value.
        value: String,
        /// The values that it may have.
        rule: String,
    },
    /// The plan is not TOML, lacks a key, or has an unknown one.
    #[error("the plan cannot be read")]
    PlanSyntax(#[source] Box<toml::de::Error>),
    /// The plan cannot be written as TOML.
    #[error("the plan cannot be written as TOML")]
    PlanForm(#[source] Box<toml::ser::Error>),
    /// The plan has a format that this version does not read.
    #[error("the plan has format {found}, this version reads format {supported}")]
    PlanFormat {
        /// The plan's format.
        found: u32,
        /// The supported format.
        supported: u32,
    },
    /// The content of a plan, or the systems and items it was to be made from, break a rule.
    #[error("{what}: {rule}")]
    Plan {
        /// The fault.
        what: String,
        /// The rule.
        rule: &'static str,
        /// The remedy, where it does not follow from the rule.
        remedy: Option<&'static str>,
    },
    /// The plan was edited.
    #[error("the plan was changed after it was made: it says design `{stated}`, its content is `{computed}`")]
    DesignMismatch {
        /// The design in the file.
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
        /// The path tried first.
        first: PathBuf,
        /// The path tried second.
        second: PathBuf,
    },
    /// A wav cannot be used.
    #[error("the wav of item `{item}` of system `{system}` cannot be used")]
    Stimulus {
        /// The system.
        system: String,
        /// The item.
        item: String,
        /// The reason.
        #[source]
        source: mynah_signal::Error,
    },
    /// A wav of a control is missing or cannot be used.
    #[error("control `{id}` cannot be played")]
    Control {
        /// The control.
        id: String,
        /// The reason, with the path.
        #[source]
        source: mynah_signal::Error,
    },
    /// Two wavs of one test have different sample rates, which raters would hear.
    #[error("`{path}` has {rate} Hz, `{other_path}` has {other_rate} Hz: all clips need one rate")]
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
    /// A file of the page's words cannot be used.
    #[error("the strings cannot be used: {what}")]
    Strings {
        /// The fault.
        what: String,
        /// The error of the parser, where it is one.
        #[source]
        source: Option<Box<toml::de::Error>>,
    },
    /// The key does not fit the plan.
    #[error("the key is of a bundle of design `{key}`, the plan has design `{plan}`{}", if *is_old { "; the key was written by an older version" } else { "" })]
    KeyDesign {
        /// The key's design.
        key: String,
        /// The plan's design.
        plan: String,
        /// The key lacks what this version writes.
        is_old: bool,
    },
    /// The path of the bundle is taken.
    #[error("`{path}` exists already")]
    BundleExists {
        /// The path.
        path: PathBuf,
    },
    /// The key would overwrite that of another bundle, without which answers to that bundle are hard to read.
    #[error("`{path}` is the key of another bundle, of design `{design}`")]
    KeyExists {
        /// The path of the key.
        path: PathBuf,
        /// The design of the other bundle.
        design: String,
    },
    /// A file or directory could not be read or written.
    #[error("cannot {action} `{path}`")]
    Io {
        /// The operation, as a verb.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A rating contradicts the plan.
    #[error("`{file}`, row {row}: {what}")]
    Rating {
        /// The file of the rating.
        file: String,
        /// Its row in the file, from 1.
        row: u64,
        /// The contradiction.
        what: String,
        /// The remedy, if one is known.
        remedy: Option<&'static str>,
    },
    /// An anchor cannot be made.
    #[error("an anchor's Q, the ratio of the powers of speech and noise, must be 0 to 60 dB: got {q_db}")]
    Anchor {
        /// The requested ratio.
        q_db: f64,
    },
    /// Ratings without a plan cannot be judged.
    #[error("the ratings cannot be judged: {what}")]
    Found {
        /// The reason.
        what: String,
        /// The remedy, if one is known.
        remedy: Option<&'static str>,
    },
    /// The scores of a comparison look like raw votes, whose mean says nothing about the system.
    #[error(
        "the scores look like second minus first: those of `{system}` differ by {order_effect:.2} points with the order of \
         the clips, but from 0 only by {mean:.2} on average"
    )]
    ScoreSign {
        /// The system.
        system: String,
        /// The mean score when the system was heard second, minus that when it was heard first.
        order_effect: f64,
        /// The mean score.
        mean: f64,
    },
    /// A test or a table cannot be exchanged with another tool.
    #[error("{what}")]
    Interchange {
        /// The reason.
        what: String,
        /// The remedy, if one is known.
        remedy: Option<&'static str>,
    },
    /// A parameter of a simulation breaks a rule.
    #[error("invalid simulation: {what}")]
    Simulation {
        /// The fault.
        what: String,
    },
    /// A statistic could not be computed.
    #[error("{what} cannot be computed")]
    Statistics {
        /// The statistic.
        what: &'static str,
        /// The reason.
        #[source]
        source: mynah_stats::Error,
    },
}

impl Error {
    /// Returns the remedy as an imperative phrase, where one is known.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Plan { remedy, .. }
            | Self::Rating { remedy, .. }
            | Self::Found { remedy, .. }
            | Self::Interchange { remedy, .. } => *remedy,
            Self::DesignMismatch { .. } => Some(
                "undo the change (only directories may be edited), or make a new plan and collect ratings for that",
            ),
            Self::MissingStimulus { .. } => Some("synthesize the sentence, or leave it out of the plan"),
            Self::Control { source: mynah_signal::Error::Missing { .. }, .. } => Some(
                "make the wav, or name it in `clips` of the control as seen from the protocol's directory, which is \
                 `controls_directory` in the plan",
            ),
            Self::SampleRates { .. } => Some("resample one of them, or let the build resample all clips"),
            Self::BundleExists { .. } => Some("remove it, or build the bundle elsewhere"),
            Self::Strings { .. } => {
                Some("compare the file with the English strings, which `mynah-listen strings` prints")
            }
            Self::KeyDesign { is_old: true, .. } => Some("build the bundle again"),
            Self::KeyDesign { .. } => Some("name the plan that the bundle was built from"),
            Self::KeyExists { .. } => Some("build the bundle elsewhere, or move the key away"),
            Self::ScoreSign { .. } => {
                Some("state whether the scores are second minus first or system minus reference")
            }
            Self::PlanFormat { .. } => {
                Some("read the plan with the version that made it, or make a new plan")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds every variant.
    fn all() -> Vec<Error> {
        let toml = || Box::new(toml::from_str::<u32>("=").expect_err("no TOML"));
        let text = || "text".to_owned();
        let path = || PathBuf::from("a.wav");
        vec![
            Error::ProtocolSyntax(toml()),
            Error::Protocol { key: "raters", value: "1".to_owned(), rule: "2 to 10,000".to_owned() },
            Error::PlanSyntax(toml()),
            Error::PlanForm(Box::new(toml::to_string(&1).expect_err("no table"))),
            Error::PlanFormat { found: 2, supported: 1 },
            Error::Plan {
                what: "there are 2 references".to_owned(),
                rule: "at most one",
                remedy: Some("name one"),
            },
            Error::DesignMismatch { stated: text(), computed: text() },
            Error::MissingStimulus { system: text(), item: text(), first: path(), second: path() },
            Error::Stimulus {
                system: text(),
                item: text(),
                source: mynah_signal::Error::Missing { path: path() },
            },
            Error::Control { id: text(), source: mynah_signal::Error::Missing { path: path() } },
            Error::SampleRates { path: path(), rate: 1, other_path: path(), other_rate: 2 },
            Error::Strings { what: text(), source: None },
            Error::KeyDesign { key: text(), plan: text(), is_old: false },
            Error::KeyDesign { key: text(), plan: text(), is_old: true },
            Error::BundleExists { path: path() },
            Error::KeyExists { path: path(), design: text() },
            Error::Io { action: "read", path: path(), source: io::Error::from(io::ErrorKind::NotFound) },
            Error::Rating { file: text(), row: 1, what: text(), remedy: None },
            Error::Anchor { q_db: 61.0 },
            Error::Found { what: text(), remedy: None },
            Error::ScoreSign { system: text(), order_effect: -3.0, mean: 0.1 },
            Error::Interchange { what: text(), remedy: Some("name one") },
            Error::Simulation { what: text() },
            Error::Statistics { what: "the power of the test", source: mynah_stats::Error::Empty },
        ]
    }

    #[test]
    fn messages_and_remedies_are_lowercase_phrases() {
        mynah_testkit::assert_every_error!(
            all(),
            Error::ProtocolSyntax(_)
                | Error::Protocol { .. }
                | Error::PlanSyntax(_)
                | Error::PlanForm(_)
                | Error::PlanFormat { .. }
                | Error::Plan { .. }
                | Error::DesignMismatch { .. }
                | Error::MissingStimulus { .. }
                | Error::Stimulus { .. }
                | Error::Control { .. }
                | Error::SampleRates { .. }
                | Error::Strings { .. }
                | Error::KeyDesign { .. }
                | Error::BundleExists { .. }
                | Error::KeyExists { .. }
                | Error::Io { .. }
                | Error::Rating { .. }
                | Error::Anchor { .. }
                | Error::Found { .. }
                | Error::ScoreSign { .. }
                | Error::Interchange { .. }
                | Error::Simulation { .. }
                | Error::Statistics { .. }
        );
    }
}
