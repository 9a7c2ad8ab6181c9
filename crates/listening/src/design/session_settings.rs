//! The parts of a session around its trials.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::design::protocol::rule;
use crate::error::Error;

/// The parts of a session around its trials: all are left out unless the protocol asks for them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionSettings {
    /// Ask raters to show that they wear headphones: six times three tones, one of which is quieter, and another reversed in
    /// one ear (Woods et al. 2017). The outcome is recorded; nobody is turned away.
    #[serde(skip_serializing_if = "is_false")]
    pub headphone_check: bool,
    /// Offer a break after this number of trials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub break_every: Option<u32>,
    /// Ask for comments after the last trial.
    #[serde(skip_serializing_if = "is_false")]
    pub comments: bool,
    /// Questions about the rater, before the first trial.
    #[serde(skip_serializing_if = "Vec::is_empty", rename = "question")]
    pub questions: Vec<Question>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A question about the rater.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Name of the answer in files: letters, digits, `-` and `_`.
    pub id: String,
    /// Text of the question.
    pub text: String,
    /// Answers to choose from; without any, the rater types one.
    #[serde(default)]
    pub answers: Vec<String>,
    /// Require an answer.
    #[serde(default)]
    pub required: bool,
}

impl SessionSettings {
    /// Returns `true` if nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Validates every value.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`], with the first key that breaks its rule.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(trials) = self.break_every {
            rule(trials >= 1, "session.break_every", trials, "at least 1")?;
        }
        let mut ids = BTreeSet::new();
        for Question { id, text, answers, .. } in &self.questions {
            let is_name =
                !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
            rule(is_name, "session.question.id", id, "letters, digits, `-` and `_`")?;
            rule(ids.insert(id), "session.question.id", id, "a name that no other question has")?;
            rule(!text.trim().is_empty(), "session.question.text", text, "a text")?;
            let distinct: BTreeSet<&str> = answers.iter().map(|answer| answer.trim()).collect();
            let differ = distinct.len() == answers.len() && !distinct.contains("") && answers.len() != 1;
            rule(differ, "session.question.answers", answers, "two or more texts that differ, or none")?;
        }
        Ok(())
    }
}
