//! Answer files: from the files that raters send back to rows of ratings.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answers::answer::{Answer, AnswerFault, AnswerReader, Given as Content, Heard};
use crate::answers::row::planned_row;
use crate::answers::source::read;
use crate::design::plan::Plan;
use crate::error::Error;
use crate::interchange::table::ForeignTable;
use crate::interchange::webmushra::planned::sessions;
use crate::page::blinding::Names;
use crate::page::key::Key;
use crate::rating::{Origin, Rating};
use crate::trial::Trial;

/// The supported versions of answer files.
const FORMATS: std::ops::RangeInclusive<u64> = 1..=2;

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
    /// An answer was given to other audio than that of the bundle; it is dropped.
    OtherAudio,
    /// A score is off the scale; the answer is dropped.
    OffScale,
    /// A page was skipped, since a clip could not be had; there is no rating.
    Skipped,
    /// The page was opened from the disk, where it cannot verify its clips; the answers are kept.
    Unverified,
    /// A page was answered twice; the first answer is kept.
    DuplicateAnswer,
    /// Pages have no answer; the others are kept.
    Unfinished,
}

impl ProblemKind {
    /// Returns the name used in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::WrongDesign => "wrong-design",
            Self::UnknownRater => "unknown-rater",
            Self::DuplicateRater => "duplicate-rater",
            Self::TwoSessions => "two-sessions",
            Self::OtherBundle => "other-bundle",
            Self::Contradiction => "contradiction",
            Self::MalformedAnswer => "malformed-answer",
            Self::UnknownClip => "unknown-clip",
            Self::OtherAudio => "other-audio",
            Self::OffScale => "off-scale",
            Self::Skipped => "skipped",
            Self::Unverified => "unverified",
            Self::DuplicateAnswer => "duplicate-answer",
            Self::Unfinished => "unfinished",
        }
    }

    /// Returns `true` for a mere notice, with nothing lost or doubtful.
    #[must_use]
    pub fn is_harmless(self) -> bool {
        matches!(self, Self::DuplicateRater | Self::Unverified)
    }
}

/// Reads the answers that raters sent: the files that the page hands over, mails into which their content or a hand-back code
/// was pasted, and lists of sessions.
///
/// The plan alone resolves the names of clips; hand-back codes need the key of their bundle, which also lets the sound that
/// answers name be checked. A click becomes a score: in a comparison, system minus reference. A bad file or answer becomes a
/// [`Problem`], and everything else is kept.
///
/// All files of one rater are merged: a page is answered if any of them answers it. Of two different answers the later one
/// by its time counts, and without a time the one in the file that comes first.
#[must_use]
pub fn collect(plan: &Plan, key: Option<&Key>, files: &[PathBuf]) -> Collection {
    let sources = files.iter().map(|path| {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let sessions = match read(path, plan, key) {
            Ok(sessions) => sessions.into_iter().map(|session| session.map_err(Fault::unreadable)).collect(),
            Err(message) => vec![Err(Fault::unreadable(message))],
        };
        (name, sessions)
    });
    collect_sources(plan, key, sources)
}

/// Collects the results of a test that was exported to webMUSHRA, as [`collect`] does with files.
///
/// The names of pages and clips tell who answered what; the questionnaire is not read.
///
/// # Errors
///
/// [`Error::Interchange`] for a table that is no result of such a test; [`Error::Rating`] for rows of different lengths.
pub fn collect_tables(plan: &Plan, key: Option<&Key>, tables: &[ForeignTable]) -> Result<Collection, Error> {
    let mut sources = Vec::with_capacity(tables.len());
    for table in tables {
        let fault = |(row, AnswerFault { kind, message })| Fault { row: Some(row), kind, message };
        let sessions = sessions(plan, table)?.into_iter().map(|session| session.map_err(fault));
        sources.push((table.file.clone(), sessions.collect()));
    }
    Ok(collect_sources(plan, key, sources.into_iter()))
}

/// Collects sessions that are no files, such as those of a server: each with the name of its source, in the form of an
/// answer file.
#[must_use]
pub fn collect_sessions(plan: &Plan, sessions: Vec<(String, Value)>) -> Collection {
    collect_sources(plan, None, sessions.into_iter().map(|(name, session)| (name, vec![Ok(session)])))
}

/// A session that cannot be read.
struct Fault {
    row: Option<u64>,
    kind: ProblemKind,
    message: String,
}

impl Fault {
    fn unreadable(message: String) -> Self {
        Self { row: None, kind: ProblemKind::Unreadable, message }
    }
}

fn collect_sources(
    plan: &Plan,
    key: Option<&Key>,
    sources: impl Iterator<Item = (String, Vec<Result<Value, Fault>>)>,
) -> Collection {
    let names = Names::of(plan);
    let mut by_rater: BTreeMap<(usize, String), Merged> = BTreeMap::new();
    let mut first_bundle: Option<(String, String)> = None;
    let mut problems = Vec::new();
    for (file, sessions) in sources {
        let mut reader = FileReader { plan, names: &names, key, file, problems: &mut problems };
        for session in sessions {
            let session = match session {
                Ok(session) => session,
                Err(Fault { row, kind, message }) => {
                    reader.problem(row, kind, message);
                    continue;
                }
            };
            let Some((index, header)) = reader.open(&session) else { continue };
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
            if header.verified == Some(false) {
                let message = format!(
                    "rater `{}` had the page opened from the disk, where it cannot verify its clips: better let it be opened \
                     from a web host",
                    header.rater
                );
                reader.problem(None, ProblemKind::Unverified, message);
            }
            let given = reader.given(index, &header);
            let rater = header.rater.clone();
            by_rater.entry((index, rater.clone())).or_default().merge(
                given,
                header.started,
                &rater,
                &mut reader,
            );
        }
    }
    for ((index, rater), merged) in &by_rater {
        problems.extend(merged.unfinished(rater, plan.pages(&plan.sessions[*index]).len()));
    }
    let present: BTreeSet<usize> = by_rater.keys().map(|(index, _)| *index).collect();
    let absent = plan.sessions.iter().enumerate().filter(|(index, _)| !present.contains(index));
    Collection {
        absent: absent.map(|(_, session)| session.rater.clone()).collect(),
        ratings: by_rater.into_values().flat_map(Merged::into_ratings).collect(),
        problems,
    }
}

/// A valid answer to a page, with its time where the file has one.
struct Given {
    /// The row of each trial of the page.
    ratings: Vec<Rating>,
    answered: Option<String>,
}

impl Given {
    /// Returns `true` if it is the same as another answer to the page.
    fn agrees_with(&self, other: &Self) -> bool {
        let content = |given: &Self| {
            let of_row = |rating: &Rating| {
                let Rating { score_raw, plays_first, plays_second, milliseconds, .. } = *rating;
                (score_raw.to_bits(), plays_first, plays_second, milliseconds)
            };
            (given.ratings.iter().map(of_row).collect::<Vec<_>>(), given.answered.clone())
        };
        content(self) == content(other)
    }

    /// Returns the answers to all trials of the page, as clicked.
    fn clicked(&self) -> String {
        self.ratings.iter().map(|rating| rating.score_raw.to_string()).collect::<Vec<_>>().join(", ")
    }

    /// Returns the file of the answer and its position there.
    fn source(&self) -> (&str, u64) {
        self.ratings.first().map_or(("", 0), |rating| (&rating.source_file, rating.source_row))
    }
}

/// The merged files of one rater.
#[derive(Default)]
struct Merged {
    by_page: BTreeMap<usize, Given>,
    /// The pages whose clips could not be had.
    skipped: BTreeSet<usize>,
    /// The files, each with the time at which its session began.
    files: Vec<(String, Option<String>)>,
}

impl Merged {
    /// Merges the answers of another file.
    fn merge(
        &mut self,
        (given, skipped): (BTreeMap<usize, Given>, BTreeSet<usize>),
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
        self.skipped.extend(skipped);
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
                        Some(answered) => format!("{} at {answered}", given.clicked()),
                        None => format!("{} at an unknown time", given.clicked()),
                    };
                    let message = format!(
                        "page {page} of rater `{rater}` is answered {} here and {} in `{}`, answer {}: {}",
                        described(&new),
                        described(old),
                        old.source().0,
                        old.source().1,
                        match (is_dated, is_later) {
                            (true, true) => "this one is later and counts",
                            (true, false) => "that one is later and counts",
                            (false, _) => "no time tells which is later, and that one counts",
                        }
                    );
                    reader.problem(Some(new.source().1), ProblemKind::Contradiction, message);
                    if is_later {
                        place.insert(new);
                    }
                }
            }
        }
        self.files.push((reader.file.clone(), started));
    }

    /// Reports the pages that no file answers.
    fn unfinished(&self, rater: &str, n_pages: usize) -> Option<Problem> {
        let missing: Vec<usize> = (0..n_pages)
            .filter(|page| !self.by_page.contains_key(page) && !self.skipped.contains(page))
            .collect();
        let files: Vec<&str> = self.files.iter().map(|(file, _)| file.as_str()).collect();
        (!missing.is_empty()).then(|| Problem {
            file: files.join(", "),
            row: None,
            kind: ProblemKind::Unfinished,
            message: format!(
                "rater `{rater}` has not answered {} of {n_pages} pages: {}",
                missing.len(),
                ranges(&missing)
            ),
        })
    }

    fn into_ratings(self) -> impl Iterator<Item = Rating> {
        self.by_page.into_values().flat_map(|given| given.ratings)
    }
}

/// Writes numbers in ascending order, three and more in a row by the first and the last.
fn ranges(numbers: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let written = runs.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    });
    written.collect::<Vec<_>>().join(", ")
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
    /// True if the page compared its clips with their hashes.
    verified: Option<bool>,
    answers: Vec<Value>,
}

struct FileReader<'a> {
    plan: &'a Plan,
    names: &'a Names,
    key: Option<&'a Key>,
    file: String,
    problems: &'a mut Vec<Problem>,
}

impl FileReader<'_> {
    /// Reads the header of a session and finds the session.
    fn open(&mut self, session: &Value) -> Option<(usize, Header)> {
        let header = match Header::deserialize(session) {
            Ok(header) => header,
            Err(error) => {
                let message = format!("this is not a file of answers, or not all of it: {error}");
                self.problem(None, ProblemKind::Unreadable, message);
                return None;
            }
        };
        if !FORMATS.contains(&header.format) {
            let message =
                format!("the file has format {}, this version reads formats 1 and 2", header.format);
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
        let Some(index) = self.plan.session_of(&header.rater) else {
            let message = format!("rater `{}` is not in the plan", header.rater);
            self.problem(None, ProblemKind::UnknownRater, message);
            return None;
        };
        Some((index, header))
    }

    /// Returns the valid answers by page, and the pages that were skipped.
    fn given(&mut self, session: usize, header: &Header) -> (BTreeMap<usize, Given>, BTreeSet<usize>) {
        let mut by_page: BTreeMap<usize, Given> = BTreeMap::new();
        let mut skipped = BTreeSet::new();
        let answers = AnswerReader { plan: self.plan, names: self.names, key: self.key };
        for (position, value) in header.answers.iter().enumerate() {
            // Answers from a table have its row.
            let row = value.get("row").and_then(Value::as_u64).unwrap_or(position as u64 + 1);
            let (answer, scores) = match answers.read(session, value, Some(header.format)) {
                Ok(answer) => answer,
                Err(AnswerFault { kind, message }) => {
                    self.problem(Some(row), kind, message);
                    continue;
                }
            };
            let page = answer.page;
            if let Content::Skipped(reason) = &answer.given {
                let message = format!("page {page} of rater `{}` was skipped: {reason}", header.rater);
                self.problem(Some(row), ProblemKind::Skipped, message);
                skipped.insert(page);
            }
            let Some(scores) = scores else { continue };
            match by_page.entry(page) {
                Entry::Vacant(place) => {
                    place.insert(self.one(session, &header.rater, &answer, &scores, row));
                }
                Entry::Occupied(_) => {
                    let message = format!("page {page} was answered already; this answer is left out");
                    self.problem(Some(row), ProblemKind::DuplicateAnswer, message);
                }
            }
        }
        (by_page, skipped)
    }

    /// Turns an answer into the ratings of its page.
    ///
    /// The time, the duration of the clips and that for which the page was hidden are those of the page. What was heard is that
    /// of the clips of a trial: all of the page, or with systems side by side the rated one and the open reference.
    fn one(&self, session: usize, rater: &str, answer: &Answer, scores: &[f64], row: u64) -> Given {
        let session = &self.plan.sessions[session];
        let range = self.plan.pages(session)[answer.page].clone();
        let trials = session.trials[range].iter().zip(scores);
        let side_by_side = self.plan.protocol.paradigm.rules().rates_side_by_side();
        let rating = |(position, (trial, score)): (usize, (&Trial, &f64))| {
            let heard: Vec<&Heard> = if side_by_side {
                [position + 1, 0].into_iter().filter_map(|clip| answer.clips.get(clip)).collect()
            } else {
                answer.clips.iter().collect()
            };
            let plays = |clip: usize| heard.get(clip).and_then(|heard: &&Heard| heard.plays);
            Rating {
                rater: rater.to_owned(),
                plays_first: plays(0),
                plays_second: plays(1),
                plays_x: plays(2),
                milliseconds: answer.milliseconds,
                audio_ms: answer.audio_ms(),
                unheard_ms: heard.iter().map(|clip| clip.unheard_ms()).sum(),
                gap_ms: heard.iter().map(|clip| clip.gap_ms).sum(),
                hidden_ms: answer.hidden_ms(),
                source_file: self.file.clone(),
                source_row: row,
                ..planned_row(self.plan, session, (answer.page, trial), Origin::Human, *score)
            }
        };
        Given { ratings: trials.enumerate().map(rating).collect(), answered: answer.answered.clone() }
    }

    fn problem(&mut self, row: Option<u64>, kind: ProblemKind, message: String) {
        self.problems.push(Problem { file: self.file.clone(), row, kind, message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_written_as_ranges() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[4]), "4");
        assert_eq!(ranges(&[2, 3]), "2, 3");
        assert_eq!(ranges(&[0, 2, 3, 4, 8, 9]), "0, 2 to 4, 8, 9");
    }
}
