//! The store: one `SQLite` file with participants and answers.

use std::path::{Path, PathBuf};

use mynah_listening::{Pages, Plan};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row, params};
use serde_json::Value;

use crate::error::Error;
use crate::participant::{COLUMNS, Identity, Joined, Participant, Places, Put, participant};
use crate::place::{Fill, choose};

/// The version of the schema.
pub(crate) const FORMAT: i64 = 1;
/// The largest answer in bytes of JSON.
pub(crate) const ANSWER_BYTES: usize = 32 * 1024;
/// The pages of a session that are no trials.
pub(crate) const FORMS: [&str; 6] = ["consent", "questions", "headphones", "device", "practice", "comments"];

pub(crate) const SCHEMA: &str = include_str!("schema.sql");

/// A study's participants and answers.
pub struct Store {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    /// The rater code of each session.
    raters: Vec<String>,
}

impl Store {
    /// Opens the store of a bundle, and makes it where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::OtherBundle`], [`Error::NotAStore`], [`Error::Format`]; [`Error::Storage`].
    pub fn open(path: &Path, pages: &Pages<'_>) -> Result<Self, Error> {
        let plan = pages.plan();
        let is_new = !path.exists();
        let mut store = Self::connect(path, plan)?;
        if is_new {
            let facts = [
                ("format", FORMAT.to_string()),
                ("study", plan.study.clone()),
                ("design", plan.design.clone()),
                ("bundle", pages.bundle().to_owned()),
                ("experimenter", random_token()),
            ];
            store.transaction(|store| {
                store.run(|connection| connection.execute_batch(SCHEMA))?;
                for (key, value) in facts {
                    store.run(|connection| {
                        connection.execute("INSERT INTO meta VALUES (?1, ?2)", params![key, value])
                    })?;
                }
                Ok(())
            })?;
        }
        store.check(Some(pages.bundle()), plan)?;
        Ok(store)
    }

    /// Opens an existing store of a plan, whatever its bundle.
    ///
    /// # Errors
    ///
    /// Those of [`Store::open`]; [`Error::Storage`] also for a file that does not exist.
    pub fn open_existing(path: &Path, plan: &Plan) -> Result<Self, Error> {
        if !path.exists() {
            let source = rusqlite::Error::InvalidPath(path.to_owned());
            return Err(Error::Storage { path: path.to_owned(), source });
        }
        let store = Self::connect(path, plan)?;
        store.check(None, plan)?;
        Ok(store)
    }

    fn connect(path: &Path, plan: &Plan) -> Result<Self, Error> {
        let failed = |source| Error::Storage { path: path.to_owned(), source };
        let connection = Connection::open(path).map_err(failed)?;
        // An answer is acknowledged after it has reached the disk.
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")
            .map_err(|source| match source.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => Error::NotAStore { path: path.to_owned() },
                _ => failed(source),
            })?;
        connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(failed)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            raters: plan.sessions.iter().map(|session| session.rater.clone()).collect(),
        })
    }

    fn check(&self, bundle: Option<&str>, plan: &Plan) -> Result<(), Error> {
        let not_a_store = || Error::NotAStore { path: self.path.clone() };
        let found: i64 =
            self.meta("format").map_err(|_| not_a_store())?.parse().map_err(|_| not_a_store())?;
        if found != FORMAT {
            return Err(Error::Format { path: self.path.clone(), found, supported: FORMAT });
        }
        let stored = self.meta("bundle")?;
        let design = self.meta("design")?;
        if design != plan.design || bundle.is_some_and(|bundle| bundle != stored) {
            return Err(Error::OtherBundle {
                path: self.path.clone(),
                stored,
                study: self.meta("study")?,
                bundle: bundle.map_or_else(|| format!("of design {}", plan.design), str::to_owned),
            });
        }
        Ok(())
    }

    pub(crate) fn run<T>(
        &self,
        action: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Error> {
        action(&self.connection).map_err(|source| Error::Storage { path: self.path.clone(), source })
    }

    /// Runs operations as one: all of them are on the disk when it returns, or none.
    ///
    /// # Errors
    ///
    /// Those of the operations; [`Error::Storage`].
    pub fn transaction<T>(
        &mut self,
        operations: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.run(|connection| connection.execute_batch("BEGIN IMMEDIATE"))?;
        let result = operations(self).and_then(|value| {
            self.run(|connection| connection.execute_batch("COMMIT"))?;
            Ok(value)
        });
        if result.is_err() && !self.connection.is_autocommit() {
            self.run(|connection| connection.execute_batch("ROLLBACK"))?;
        }
        result
    }

    pub(crate) fn meta(&self, key: &str) -> Result<String, Error> {
        self.run(|connection| {
            connection.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
        })
    }

    /// Returns the secret with which the experimenter sees the study.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn experimenter_token(&self) -> Result<String, Error> {
        self.meta("experimenter")
    }

    /// Returns the hash of the bundle.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn bundle(&self) -> Result<String, Error> {
        self.meta("bundle")
    }

    /// Gives a participant a place: the one that they had, or else the least filled one.
    ///
    /// # Errors
    ///
    /// [`Error::Full`], [`Error::Left`]; [`Error::Storage`].
    pub fn join(
        &mut self,
        identity: &Identity,
        user_agent: &str,
        places: &Places,
        now: i64,
    ) -> Result<Joined, Error> {
        let lease = now + places.lease_ms;
        let platform = identity.platform.as_str();
        let known = self.run(|connection| {
            let query = "SELECT id, token, session, rater, left FROM participant \
                         WHERE platform = ?1 AND person = ?2 AND pilot = ?3";
            let row = |row: &Row<'_>| {
                let joined = Joined { token: row.get(1)?, session: row.get(2)?, rater: row.get(3)? };
                Ok((row.get::<_, i64>(0)?, joined, row.get::<_, Option<i64>>(4)?))
            };
            connection
                .prepare_cached(query)?
                .query_row(params![platform, identity.person, places.pilot], row)
                .optional()
        })?;
        if let Some((id, joined, left)) = known {
            if left.is_some() {
                return Err(Error::Left);
            }
            self.touch(id, lease, now)?;
            return Ok(joined);
        }
        let session = match identity.session {
            Some(session) => session,
            None => {
                choose(&self.fills(places.pilot, now)?, places.copies, places.overbook).ok_or(Error::Full)?
            }
        };
        let token = random_token();
        let turn: i64 = self.run(|connection| {
            let query = "SELECT coalesce(max(turn), 0) + 1 FROM participant WHERE session = ?1";
            connection.prepare_cached(query)?.query_row([session], |row| row.get(0))
        })?;
        let code = &self.raters[session];
        let rater = if turn == 1 { code.clone() } else { format!("{code}.{turn}") };
        let user_agent: String = user_agent.chars().take(300).collect();
        self.run(|connection| {
            let insert = "INSERT INTO participant (platform, person, assignment, token, session, turn, rater, pilot, user_agent, \
                          joined, seen, lease) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11)";
            connection.prepare_cached(insert)?.execute(params![
                platform,
                identity.person,
                identity.assignment,
                token,
                session,
                turn,
                rater,
                places.pilot,
                user_agent,
                now,
                lease
            ])
        })?;
        Ok(Joined { token, session, rater })
    }

    /// Counts the people of each session; those of a pilot apart from the others.
    fn fills(&self, pilot: bool, now: i64) -> Result<Vec<Fill>, Error> {
        let mut fills = vec![Fill::default(); self.raters.len()];
        self.run(|connection| {
            let query = "SELECT session, finished IS NOT NULL, left IS NULL AND lease > ?1, \
                         (SELECT count(*) FROM answer WHERE participant = id AND position IS NOT NULL) \
                         FROM participant WHERE pilot = ?2 AND deleted IS NULL";
            let mut statement = connection.prepare_cached(query)?;
            let mut rows = statement.query(params![now, pilot])?;
            while let Some(row) = rows.next()? {
                let Some(fill) = fills.get_mut(row.get::<_, usize>(0)?) else { continue };
                match (row.get(1)?, row.get(2)?) {
                    (true, _) => fill.complete += 1,
                    (false, true) => fill.active += 1,
                    (false, false) => fill.left_over += row.get::<_, u32>(3)?,
                }
            }
            Ok(())
        })?;
        Ok(fills)
    }

    fn touch(&self, id: i64, lease: i64, now: i64) -> Result<(), Error> {
        self.run(|connection| {
            let update = "UPDATE participant SET seen = ?1, lease = max(lease, ?2) WHERE id = ?3";
            connection.prepare_cached(update)?.execute(params![now, lease, id]).map(|_| ())
        })
    }

    /// Returns the participant with a token.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownToken`]; [`Error::Storage`].
    pub fn participant(&self, token: &str) -> Result<Participant, Error> {
        let found = self.run(|connection| {
            let query = format!("SELECT {COLUMNS} FROM participant WHERE token = ?1 AND deleted IS NULL");
            connection.prepare_cached(&query)?.query_row([token], participant).optional()
        })?;
        found.ok_or(Error::UnknownToken)
    }

    /// Returns all participants, in the order in which they came.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn participants(&self) -> Result<Vec<Participant>, Error> {
        self.run(|connection| {
            let query = format!("SELECT {COLUMNS} FROM participant ORDER BY id");
            connection.prepare_cached(&query)?.query_map([], participant)?.collect()
        })
    }

    /// Returns everything that a participant has answered, by page.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownToken`]; [`Error::Storage`].
    pub fn answers(&self, token: &str) -> Result<Vec<(String, Value)>, Error> {
        let id = self.participant(token)?.id;
        self.answers_of(id)
    }

    /// Stores the answer to a page of a session, once.
    ///
    /// The caller acknowledges it after the [`transaction`](Self::transaction) has returned, not before.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownToken`], [`Error::UnknownPage`], [`Error::Answer`]; [`Error::Storage`].
    pub fn put(
        &mut self,
        pages: &Pages<'_>,
        (token, page): (&str, &str),
        answer: &Value,
        places: &Places,
        now: i64,
    ) -> Result<Put, Error> {
        let participant = self.participant(token)?;
        let refused = |what: String| Error::Answer { what };
        let content = answer.to_string();
        if content.len() > ANSWER_BYTES {
            return Err(refused(format!(
                "it has {} bytes, at most {ANSWER_BYTES} are allowed",
                content.len()
            )));
        }
        let position = if FORMS.contains(&page) {
            if !answer.is_object() {
                return Err(refused("it is not an object".to_owned()));
            }
            None
        } else {
            if !pages.of_session(participant.session).iter().any(|own| own.id == page) {
                return Err(Error::UnknownPage { page: page.chars().take(80).collect() });
            }
            let checked = pages.check(participant.session, page, answer);
            Some(checked.map_err(|fault| refused(fault.message))?)
        };
        let stored: Option<String> = self.run(|connection| {
            let query = "SELECT content FROM answer WHERE participant = ?1 AND page = ?2";
            connection
                .prepare_cached(query)?
                .query_row(params![participant.id, page], |row| row.get(0))
                .optional()
        })?;
        self.touch(participant.id, now + places.lease_ms, now)?;
        if let Some(stored) = stored {
            let stored: Value = serde_json::from_str(&stored).unwrap_or(Value::Null);
            return Ok(if stored == *answer { Put::Repeated } else { Put::Conflict { stored } });
        }
        self.run(|connection| {
            let insert = "INSERT INTO answer VALUES (?1, ?2, ?3, ?4, ?5)";
            connection.prepare_cached(insert)?.execute(params![participant.id, page, position, content, now])
        })?;
        Ok(Put::Stored)
    }

    /// Marks a session as complete, if all its pages are answered.
    ///
    /// # Errors
    ///
    /// [`Error::Unfinished`], [`Error::UnknownToken`]; [`Error::Storage`].
    pub fn finish(&mut self, pages: &Pages<'_>, token: &str, now: i64) -> Result<Participant, Error> {
        let participant = self.participant(token)?;
        let n_answered: usize = self.run(|connection| {
            let query = "SELECT count(*) FROM answer WHERE participant = ?1 AND position IS NOT NULL";
            connection.prepare_cached(query)?.query_row([participant.id], |row| row.get(0))
        })?;
        let plan = pages.plan();
        let n_pages = plan.pages(&plan.sessions[participant.session]).len();
        let missing = n_pages.saturating_sub(n_answered);
        if missing > 0 {
            return Err(Error::Unfinished { missing });
        }
        self.run(|connection| {
            let update = "UPDATE participant SET finished = coalesce(finished, ?1), seen = ?1 WHERE id = ?2";
            connection.prepare_cached(update)?.execute([now, participant.id])
        })?;
        Ok(participant)
    }

    /// Frees the place of a participant who stops; the answers so far are kept.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownToken`]; [`Error::Storage`].
    pub fn leave(&mut self, token: &str, now: i64) -> Result<(), Error> {
        let participant = self.participant(token)?;
        self.run(|connection| {
            let update =
                "UPDATE participant SET left = coalesce(left, ?1) WHERE id = ?2 AND finished IS NULL";
            connection.prepare_cached(update)?.execute([now, participant.id]).map(|_| ())
        })
    }

    /// Deletes everything that is known of a rater: identity, browser and answers. The place is free again.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownRater`]; [`Error::Storage`].
    pub fn delete(&mut self, rater: &str, now: i64) -> Result<(), Error> {
        let id: Option<i64> = self.run(|connection| {
            let query = "SELECT id FROM participant WHERE rater = ?1 AND deleted IS NULL";
            connection.query_row(query, [rater], |row| row.get(0)).optional()
        })?;
        let Some(id) = id else { return Err(Error::UnknownRater { rater: rater.to_owned() }) };
        self.run(|connection| {
            connection.execute("DELETE FROM answer WHERE participant = ?1", [id])?;
            let update = "UPDATE participant SET person = NULL, assignment = NULL, user_agent = '', deleted = ?1, token = ?2 \
                          WHERE id = ?3";
            connection.execute(update, params![now, random_token(), id])?;
            Ok(())
        })
    }
}

/// Returns a token of 192 random bits, in hexadecimal.
fn random_token() -> String {
    let mut bytes = [[0; 8]; 3];
    getrandom::fill(bytes.as_flattened_mut()).expect("the system has random numbers");
    let [a, b, c] = bytes.map(u64::from_ne_bytes);
    format!("{a:016x}{b:016x}{c:016x}")
}
