//! Answer files: from the files that raters send back to rows of ratings.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answers::row::planned_row;
use crate::design::plan::Plan;
use crate::page::blinding::Names;
use crate::rating::{Origin, Rating};
use crate::trial::Session;

/// The supported version of answer files.
const FORMAT: u64 = 1;

/// The outcome of collecting answer files.
#[derive(Debug, Clone, PartialEq)]
pub struct Collection {
    /// The valid answers, in the order of the plan.
    pub ratings: Vec<Rating>,
    /// The problems, in the order of the files.
    pub problems: Vec<Problem>,
    /// The raters of the plan without a file.
    pub absent: Vec<String>,
}

/// A problem with an answer file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The file's name, without its directory.
    pub file: String,
    /// The answer it concerns, from 1, if it concerns one.
    pub row: Option<u64>,
    /// The kind of problem.
    pub kind: ProblemKind,
    /// A description of the problem and of its treatment.
    pub message: String,
}

/// The kinds of problems with answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The file cannot be read, or is not an answer file.
    Unreadable,
    /// The answers are for another plan; all are dropped.
    WrongDesign,
    /// The rater's code is not in the plan; all answers are dropped.
    UnknownRater,
    /// An earlier file is of the same rater; the two are merged.
    DuplicateRater,
    /// Two files of one rater have sessions that began at different times: two people may have used the code. They are
    /// merged nevertheless.
    TwoSessions,
    /// The answers refer to other clips than those of an earlier file: a bundle of the same plan, built from other wavs. They
    /// are kept nevertheless.
    OtherBundle,
    /// Two files of one rater answer a page differently; the later answer by its time is kept.
    Contradiction,
    /// An answer is malformed; it is dropped.
    MalformedAnswer,
    /// An answer names clips that its page does not have: the file was edited. It is dropped.
    UnknownClip,
    /// A score is off the scale; the answer is dropped.
    OffScale,
    /// A page was answered twice; the first answer is kept.
    DuplicateAnswer,
    /// Pages have no answer; the others are kept.
    Unfinished,
}

impl ProblemKind {
    /// Returns `true` for a mere notice, with nothing lost or doubtful.
    #[must_use]
    pub fn is_harmless(self) -> bool {
        self == Self::DuplicateRater
    }
}

/// Reads the answer files that raters downloaded from the page.
///
/// The plan alone resolves the names of clips. A click becomes a score: in a comparison, system minus reference. A bad file
/// or answer becomes a [`Problem`], and everything else is kept.
///
/// All files of one rater are merged: a page is answered if any of them answers it. Of two different answers the later one
/// by its time counts, and without a time the one in the file that comes first.
#[must_use]
pub fn collect(plan: &Plan, files: &[PathBuf]) -> Collection {
    let names = Names::of(plan);
    let mut by_rater: BTreeMap<usize, Merged> = BTreeMap::new();
    let mut first_bundle: Option<(String, String)> = None;
    let mut problems = Vec::new();
    for path in files {
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let mut reader = FileReader { plan, names: &names, file, problems: &mut problems };
        let Some((index, header)) = reader.open(path) else { continue };
        let session = &plan.sessions[index];
        match (&first_bundle, &header.bundle) {
            (None, Some(bundle)) => first_bundle = Some((bundle.clone(), reader.file.clone())),
            (Some((first, file)), Some(bundle)) if first != bundle => {
                let message = format!(
                    "the answers are for bundle `{bundle}`, those of `{file}` for `{first}`: both are of this plan, but \
                     their clips differ; judge them apart"
                );
                reader.problem(None, ProblemKind::OtherBundle, message);
            }
            _ => {}
        }
        let given = reader.given(session, &header.answers);
        by_rater.entry(index).or_default().merge(given, header.started, &session.rater, &mut reader);
    }
    for (index, merged) in &by_rater {
        problems.extend(merged.unfinished(&plan.sessions[*index]));
    }
    let absent = plan.sessions.iter().enumerate().filter(|(index, _)| !by_rater.contains_key(index));
    Collection {
        absent: absent.map(|(_, session)| session.rater.clone()).collect(),
        ratings: by_rater.into_values().flat_map(Merged::into_ratings).collect(),
        problems,
    }
}

/// A valid answer, with its time where the file has one.
struct Given {
    rating: Rating,
    answered: Option<String>,
}

impl Given {
    /// Returns `true` if it is the same as another answer to the page.
    fn agrees_with(&self, other: &Self) -> bool {
        let content = |given: &Self| {
            let Rating { score_raw, plays_first, plays_second, milliseconds, .. } = given.rating;
            (score_raw.to_bits(), plays_first, plays_second, milliseconds, given.answered.clone())
        };
        content(self) == content(other)
    }
}

/// The merged files of one rater.
#[derive(Default)]
struct Merged {
    by_page: BTreeMap<usize, Given>,
    /// The files, each with the time at which its session began.
    files: Vec<(String, Option<String>)>,
}

impl Merged {
    /// Merges the answers of another file.
    fn merge(
        &mut self,
        given: BTreeMap<usize, Given>,
        started: Option<String>,
        rater: &str,
        reader: &mut FileReader<'_>,
    ) {
        if let Some((before, begun)) = self.files.first() {
            let message = format!("a file of rater `{rater}` was read already: merged with `{before}`");
            let other = begun.is_some() && started.is_some() && *begun != started;
            let other = other.then(|| {
                format!(
                    "its session of rater `{rater}` began at {}, that of `{before}` at {}: ask whether two people had one \
                     code; their answers are merged",
                    started.as_deref().unwrap_or_default(),
                    begun.as_deref().unwrap_or_default()
                )
            });
            reader.problem(None, ProblemKind::DuplicateRater, message);
            if let Some(message) = other {
                reader.problem(None, ProblemKind::TwoSessions, message);
            }
        }
        for (page, new) in given {
            match self.by_page.entry(page) {
                Entry::Vacant(place) => {
                    place.insert(new);
                }
                Entry::Occupied(place) if place.get().agrees_with(&new) => {}
                Entry::Occupied(mut place) => {
                    // All times have one form, in which later ones sort after earlier ones.
                    let is_later = new.answered > place.get().answered;
                    let is_dated = new.answered != place.get().answered;
                    let old = place.get();
                    let described = |given: &Given| match &given.answered {
                        Some(answered) => format!("{} at {answered}", given.rating.score_raw),
                        None => format!("{} at an unknown time", given.rating.score_raw),
                    };
                    let message = format!(
                        "page {page} of rater `{rater}` is answered {} here and {} in `{}`, answer {}: {}",
                        described(&new),
                        described(old),
                        old.rating.source_file,
                        old.rating.source_row,
                        match (is_dated, is_later) {
                            (true, true) => "this one is later and counts",
                            (true, false) => "that one is later and counts",
                            (false, _) => "no time tells which is later, and that one counts",
                        }
                    );
                    reader.problem(Some(new.rating.source_row), ProblemKind::Contradiction, message);
                    if is_later {
                        place.insert(new);
                    }
                }
            }
        }
        self.files.push((reader.file.clone(), started));
    }

    /// Reports the pages that no file answers.
    fn unfinished(&self, session: &Session) -> Option<Problem> {
        let missing: Vec<String> = (0..session.trials.len())
            .filter(|page| !self.by_page.contains_key(page))
            .map(|page| page.to_string())
            .collect();
        let files: Vec<&str> = self.files.iter().map(|(file, _)| file.as_str()).collect();
        (!missing.is_empty()).then(|| Problem {
            file: files.join(", "),
            row: None,
            kind: ProblemKind::Unfinished,
            message: format!(
                "rater `{}` has not answered {} of {} pages: {}",
                session.rater,
                missing.len(),
                session.trials.len(),
                missing.join(", ")
            ),
        })
    }

    fn into_ratings(self) -> impl Iterator<Item = Rating> {
        self.by_page.into_values().map(|given| given.rating)
    }
}

/// The header of an answer file. Fields for people are not read.
#[derive(Deserialize)]
struct Header {
    format: u64,
    study: String,
    design: String,
    rater: String,
    bundle: Option<String>,
    started: Option<String>,
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
    answered: Option<String>,
}

struct FileReader<'a> {
    plan: &'a Plan,
    names: &'a Names,
    file: String,
    problems: &'a mut Vec<Problem>,
}

impl FileReader<'_> {
    /// Reads a file and finds its session.
    fn open(&mut self, path: &Path) -> Option<(usize, Header)> {
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
        Some((index, header))
    }

    /// Returns the valid answers by page.
    fn given(&mut self, session: &Session, answers: &[Value]) -> BTreeMap<usize, Given> {
        let mut by_page: BTreeMap<usize, Given> = BTreeMap::new();
        for (position, value) in answers.iter().enumerate() {
            let row = position as u64 + 1;
            match self.one(session, value, row) {
                Ok((page, given)) => match by_page.entry(page) {
                    Entry::Vacant(place) => {
                        place.insert(given);
                    }
                    Entry::Occupied(_) => {
                        let message = format!("page {page} was answered already; this answer is left out");
                        self.problem(Some(row), ProblemKind::DuplicateAnswer, message);
                    }
                },
                Err((kind, message)) => self.problem(Some(row), kind, message),
            }
        }
        by_page
    }

    /// Validates one answer and turns it into a rating.
    fn one(
        &self,
        session: &Session,
        value: &Value,
        row: u64,
    ) -> Result<(usize, Given), (ProblemKind, String)> {
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
                format!("score {} is not a point of the scale, {lowest} to {highest}", answer.score_raw);
            return Err((ProblemKind::OffScale, message));
        }
        let score = paradigm.rules().score(answer.score_raw, trial.first);
        let rating = Rating {
            score_raw: answer.score_raw,
            plays_first: answer.plays_first,
            plays_second: answer.plays_second,
            milliseconds: answer.milliseconds,
            source_file: self.file.clone(),
            source_row: row,
            ..planned_row(self.plan, session, answer.page, Origin::Human, score)
        };
        Ok((answer.page, Given { rating, answered: answer.answered }))
    }

    fn problem(&mut self, row: Option<u64>, kind: ProblemKind, message: String) {
        self.problems.push(Problem { file: self.file.clone(), row, kind, message });
    }
}
