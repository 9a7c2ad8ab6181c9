//! From the files that raters send back to rows of ratings.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::blinding::Names;
use crate::plan::{Plan, Session};
use crate::rating::{First, Origin, Paradigm, Rating};

/// The version of answer files that the page writes and this reads.
const FORMAT: u64 = 1;

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// The good answers, in the order of the plan.
    pub ratings: Vec<Rating>,
    /// Everything that was wrong, in the order of the files.
    pub problems: Vec<Problem>,
    /// The raters of the plan from whom there is no file.
    pub absent: Vec<String>,
}

/// Something that was wrong with a file of answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The file's name, without its directory.
    pub file: String,
    /// The answer, from 1, where it is about one.
    pub row: Option<u64>,
    /// Which situation it is.
    pub kind: ProblemKind,
    /// What is wrong and what was done about it, as a sentence.
    pub message: String,
}

/// The situations in which answers are not taken as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The file cannot be read, or is not a file of answers.
    Unreadable,
    /// The answers are for another plan; none is taken.
    WrongDesign,
    /// The rater's code is not in the plan; none is taken.
    UnknownRater,
    /// A file of the same rater came before; none of this one is taken.
    DuplicateRater,
    /// An answer has not the right form; it is left out.
    MalformedAnswer,
    /// An answer names clips that this page does not have: the file was edited. It is left out.
    UnknownClip,
    /// A score is no point of the scale; the answer is left out.
    OffScale,
    /// A page was answered twice; the first answer is taken.
    DuplicateAnswer,
    /// Pages have no answer; the others are taken.
    Unfinished,
}

/// Reads the files that the page handed to the raters.
///
/// Names of clips are resolved by the plan alone. A score becomes system minus reference. Nothing stops at a bad file or
/// answer: it becomes a [`Problem`], and the rest is taken. The order of the files decides only which of two files of
/// one rater counts.
#[must_use]
pub fn collect(plan: &Plan, files: &[PathBuf]) -> Collection {
    let names = Names::of(plan);
    let mut by_rater: BTreeMap<usize, Vec<Rating>> = BTreeMap::new();
    let mut problems = Vec::new();
    for path in files {
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let mut reader = FileReader { plan, names: &names, file, problems: &mut problems };
        let Some((index, answers)) = reader.open(path) else { continue };
        if by_rater.contains_key(&index) {
            let rater = &plan.sessions[index].rater;
            let message = format!(
                "a file of rater `{rater}` was read already; this one is left out: keep the right one of the two"
            );
            reader.problem(None, ProblemKind::DuplicateRater, message);
            continue;
        }
        let ratings = reader.ratings(&plan.sessions[index], &answers);
        by_rater.insert(index, ratings);
    }
    let absent = plan.sessions.iter().enumerate().filter(|(index, _)| !by_rater.contains_key(index));
    Collection {
        absent: absent.map(|(_, session)| session.rater.clone()).collect(),
        ratings: by_rater.into_values().flatten().collect(),
        problems,
    }
}

/// What every file of answers begins with. Fields that only people need are not read.
#[derive(Deserialize)]
struct Header {
    format: u64,
    study: String,
    design: String,
    rater: String,
    answers: Vec<Value>,
}

#[derive(Deserialize)]
struct Answer {
    trial: String,
    page: usize,
    first: String,
    second: Option<String>,
    score_raw: f64,
    plays_first: Option<u32>,
    plays_second: Option<u32>,
    milliseconds: Option<u64>,
}

struct FileReader<'a> {
    plan: &'a Plan,
    names: &'a Names,
    file: String,
    problems: &'a mut Vec<Problem>,
}

impl FileReader<'_> {
    /// The session that a file belongs to, and its answers.
    fn open(&mut self, path: &Path) -> Option<(usize, Vec<Value>)> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                self.problem(None, ProblemKind::Unreadable, format!("the file cannot be read: {error}"));
                return None;
            }
        };
        let header: Header = match serde_json::from_str(&text) {
            Ok(header) => header,
            Err(error) => {
                let message = format!("this is not a file of answers, or not all of it: {error}");
                self.problem(None, ProblemKind::Unreadable, message);
                return None;
            }
        };
        if header.format != FORMAT {
            let message =
                format!("the file has format {}, this version reads format {FORMAT}", header.format);
            self.problem(None, ProblemKind::Unreadable, message);
            return None;
        }
        if header.design != self.plan.design {
            let message = format!(
                "the answers are for design `{}` of study `{}`, the plan is `{}` of `{}`: collect them with the plan \
                 that their bundle was built from",
                header.design, header.study, self.plan.design, self.plan.study
            );
            self.problem(None, ProblemKind::WrongDesign, message);
            return None;
        }
        let Some(index) = self.plan.sessions.iter().position(|session| session.rater == header.rater) else {
            let message = format!("rater `{}` is not in the plan", header.rater);
            self.problem(None, ProblemKind::UnknownRater, message);
            return None;
        };
        Some((index, header.answers))
    }

    fn ratings(&mut self, session: &Session, answers: &[Value]) -> Vec<Rating> {
        let mut ratings: BTreeMap<usize, Rating> = BTreeMap::new();
        for (position, value) in answers.iter().enumerate() {
            let row = position as u64 + 1;
            match self.rating(session, value, row) {
                Ok((page, rating)) => match ratings.entry(page) {
                    Entry::Vacant(place) => {
                        place.insert(rating);
                    }
                    Entry::Occupied(_) => {
                        let message = format!("page {page} was answered already; this answer is left out");
                        self.problem(Some(row), ProblemKind::DuplicateAnswer, message);
                    }
                },
                Err((kind, message)) => self.problem(Some(row), kind, message),
            }
        }
        let missing: BTreeSet<usize> =
            (0..session.trials.len()).filter(|page| !ratings.contains_key(page)).collect();
        if !missing.is_empty() {
            let listed: Vec<String> = missing.iter().map(ToString::to_string).collect();
            let message = format!(
                "rater `{}` has not answered {} of {} pages: {}",
                session.rater,
                missing.len(),
                session.trials.len(),
                listed.join(", ")
            );
            self.problem(None, ProblemKind::Unfinished, message);
        }
        ratings.into_values().collect()
    }

    fn rating(
        &self,
        session: &Session,
        value: &Value,
        row: u64,
    ) -> Result<(usize, Rating), (ProblemKind, String)> {
        let answer = Answer::deserialize(value).map_err(|error| {
            (ProblemKind::MalformedAnswer, format!("the answer has not the right form: {error}"))
        })?;
        let trial = session.trials.get(answer.page).ok_or_else(|| {
            let n_pages = session.trials.len();
            (ProblemKind::UnknownClip, format!("page {} does not exist, there are {n_pages}", answer.page))
        })?;
        let expected = self.names.heard(trial);
        let on_page = self.names.trial(&session.rater, answer.page);
        if (answer.first, answer.second) != expected || answer.trial != on_page {
            let message = format!(
                "page {} of rater `{}` does not have these clips: the file was edited or mixed up",
                answer.page, session.rater
            );
            return Err((ProblemKind::UnknownClip, message));
        }
        let paradigm = self.plan.protocol.paradigm;
        if !paradigm.has_point(answer.score_raw) {
            let (lowest, highest) = paradigm.scale();
            let message =
                format!("score {} is no point of the scale, {lowest} to {highest}", answer.score_raw);
            return Err((ProblemKind::OffScale, message));
        }
        let reference = self.plan.reference().filter(|_| paradigm == Paradigm::Cmos);
        let rating = Rating {
            study: self.plan.study.clone(),
            design: self.plan.design.clone(),
            origin: Origin::Human,
            paradigm,
            rater: session.rater.clone(),
            page: answer.page as u32,
            item: trial.item.clone(),
            system: trial.system.clone(),
            reference: reference.map(|system| system.name.clone()),
            first: trial.first,
            kind: trial.kind,
            // Adding 0.0 turns -0.0 into 0.0.
            score: answer.score_raw * trial.first.map_or(1.0, First::sign) + 0.0,
            score_raw: answer.score_raw,
            plays_first: answer.plays_first,
            plays_second: answer.plays_second,
            milliseconds: answer.milliseconds,
            source_file: self.file.clone(),
            source_row: row,
        };
        Ok((answer.page, rating))
    }

    fn problem(&mut self, row: Option<u64>, kind: ProblemKind, message: String) {
        self.problems.push(Problem { file: self.file.clone(), row, kind, message });
    }
}
