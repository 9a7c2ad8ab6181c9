//! The sessions of a store in the form of answer files.

use mynah_listening::Plan;
use rusqlite::params;
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::participant::Participant;
use crate::store::Store;

/// The format of answer files.
const FORMAT: u64 = 2;

impl Store {
    /// Returns every answer of a participant, by page.
    pub(crate) fn answers_of(&self, id: i64) -> Result<Vec<(String, Value)>, Error> {
        self.run(|connection| {
            let query = "SELECT page, content FROM answer WHERE participant = ?1 ORDER BY position, page";
            let mut statement = connection.prepare_cached(query)?;
            let rows = statement.query_map([id], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            let parsed = rows.map(|row| {
                let (page, content) = row?;
                // What was stored was JSON when it came.
                Ok((page, serde_json::from_str(&content).unwrap_or(Value::Null)))
            });
            parsed.collect()
        })
    }

    /// Returns the sessions of all participants, or of those of the pilot, in the form of answer files. Whoever has no
    /// answer is left out, and nobody is named.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn sessions(&self, plan: &Plan, pilot: bool) -> Result<Vec<(String, Value)>, Error> {
        let bundle = self.bundle()?;
        let source = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned();
        let mut sessions = Vec::new();
        for participant in self.participants()?.iter().filter(|participant| participant.pilot == pilot) {
            let answers = self.answers_of(participant.id)?;
            if answers.is_empty() {
                continue;
            }
            sessions.push((
                format!("{source}, {}", participant.rater),
                self.session(plan, &bundle, participant, answers)?,
            ));
        }
        Ok(sessions)
    }

    fn session(
        &self,
        plan: &Plan,
        bundle: &str,
        participant: &Participant,
        answers: Vec<(String, Value)>,
    ) -> Result<Value, Error> {
        let (mut forms, mut trials) = (Map::new(), Vec::new());
        for (page, answer) in answers {
            if answer.get("trial").is_some_and(|trial| *trial == page) {
                trials.push(answer);
            } else {
                forms.insert(page, answer);
            }
        }
        Ok(json!({
            "format": FORMAT,
            "study": plan.study,
            "design": plan.design,
            "bundle": bundle,
            "rater": participant.rater,
            "started": self.time(Some(participant.joined))?,
            "finished": self.time(participant.finished)?,
            "user_agent": participant.user_agent,
            "verified": true,
            "forms": forms,
            "answers": trials,
        }))
    }

    /// Writes a time as answer files have it.
    fn time(&self, milliseconds: Option<i64>) -> Result<Option<String>, Error> {
        self.run(|connection| {
            let query = "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ?1 / 1000.0, 'unixepoch')";
            connection.prepare_cached(query)?.query_row(params![milliseconds], |row| row.get(0))
        })
    }
}
