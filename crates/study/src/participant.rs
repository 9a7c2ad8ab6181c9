//! Participants, their places and what becomes of their answers.

use rusqlite::Row;
use serde::Serialize;
use serde_json::Value;

/// The platform that a participant comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// A code of the list of links.
    Code,
    /// Prolific.
    Prolific,
    /// Amazon Mechanical Turk.
    Mturk,
    /// Nobody knows.
    Open,
}

impl Platform {
    /// Returns the name used in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Prolific => "prolific",
            Self::Mturk => "mturk",
            Self::Open => "open",
        }
    }

    fn from_name(name: &str) -> Self {
        match name {
            "code" => Self::Code,
            "prolific" => Self::Prolific,
            "mturk" => Self::Mturk,
            _ => Self::Open,
        }
    }
}

/// The identity of a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Where they come from.
    pub platform: Platform,
    /// The platform's name for them: whoever comes again under it is the same participant.
    pub person: String,
    /// The platform's name for their participation, where payments need it.
    pub assignment: Option<String>,
    /// The session that a code stands for; else the store chooses one.
    pub session: Option<usize>,
}

/// The places of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// People who do each session.
    pub copies: u32,
    /// People beyond all places who may begin while others are still at work.
    pub overbook: u32,
    /// Time after the last answer for which a place is kept, in ms.
    pub lease_ms: i64,
    /// The answers are for trying out the study and never enter the analysis.
    pub pilot: bool,
}

/// A participant with a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The secret that answers are sent with.
    pub token: String,
    /// The session.
    pub session: usize,
    /// The rater code under which the answers are collected.
    pub rater: String,
}

/// The outcome of storing an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Put {
    /// It is stored now.
    Stored,
    /// The same answer was stored before.
    Repeated,
    /// Another answer to the page was stored before, and stays.
    Conflict {
        /// The answer that is stored.
        stored: Value,
    },
}

/// The state of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// All pages are answered.
    Complete,
    /// At work, on a lease that has not run out.
    Active,
    /// The lease has run out, and the place is free.
    TimedOut,
    /// Left, and the place is free.
    Left,
    /// The data were deleted.
    Deleted,
}

/// A participant as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    pub(crate) id: i64,
    /// Where they come from.
    pub platform: Platform,
    /// The platform's name for them; `None` once it is deleted.
    pub person: Option<String>,
    /// The platform's name for their participation.
    pub assignment: Option<String>,
    /// The session.
    pub session: usize,
    /// The rater code.
    pub rater: String,
    /// The answers never enter the analysis.
    pub pilot: bool,
    /// The browser.
    pub user_agent: String,
    /// Time of the first entry, in ms since 1970.
    pub joined: i64,
    /// Time of the last request.
    pub seen: i64,
    /// Time at which the lease runs out.
    pub lease: i64,
    /// Time of the end.
    pub finished: Option<i64>,
    /// Time of leaving early.
    pub left: Option<i64>,
    /// Time at which the data were deleted.
    pub deleted: Option<i64>,
}

impl Participant {
    /// Returns the state at a time.
    #[must_use]
    pub fn state(&self, now: i64) -> State {
        match self {
            Self { deleted: Some(_), .. } => State::Deleted,
            Self { finished: Some(_), .. } => State::Complete,
            Self { left: Some(_), .. } => State::Left,
            Self { lease, .. } if *lease > now => State::Active,
            _ => State::TimedOut,
        }
    }
}

/// The columns of a participant, in the order in which they are read.
pub(crate) const COLUMNS: &str = "id, platform, person, assignment, session, rater, pilot, user_agent, joined, seen, lease, \
                                  finished, left, deleted";

/// Reads a participant from a row of [`COLUMNS`].
pub(crate) fn participant(row: &Row<'_>) -> Result<Participant, rusqlite::Error> {
    Ok(Participant {
        id: row.get(0)?,
        platform: Platform::from_name(&row.get::<_, String>(1)?),
        person: row.get(2)?,
        assignment: row.get(3)?,
        session: row.get(4)?,
        rater: row.get(5)?,
        pilot: row.get(6)?,
        user_agent: row.get(7)?,
        joined: row.get(8)?,
        seen: row.get(9)?,
        lease: row.get(10)?,
        finished: row.get(11)?,
        left: row.get(12)?,
        deleted: row.get(13)?,
    })
}
