//! Results of a test that was exported from a plan: answers to the pages of the plan.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::answers::answer::AnswerFault;
use crate::answers::collect::ProblemKind;
use crate::design::plan::Plan;
use crate::error::Error;
use crate::interchange::form::Form;
use crate::interchange::read::score;
use crate::interchange::table::ForeignTable;
use crate::interchange::webmushra::{LIKERT, MUSHRA, OLD_MUSHRA, columns_of};
use crate::page::blinding::Names;
use crate::trial::Slot;

/// A session in the form of an answer file, or the row that belongs to none, with the reason.
pub(crate) type PlannedSession = Result<Value, (u64, AnswerFault)>;

/// Reads the answers to the pages of a plan, by the names of pages and clips. The questionnaire is not needed.
///
/// webMUSHRA sends a session as a whole, so a clip that occurs again begins another session of its rater.
pub(crate) fn sessions(plan: &Plan, table: &ForeignTable) -> Result<Vec<PlannedSession>, Error> {
    let side_by_side = plan.protocol.paradigm.rules().rates_side_by_side();
    let expected = if side_by_side { Form::WebmushraMushra } else { Form::WebmushraLikert };
    let refuse = |what: String, remedy| Err(Error::Interchange { what, remedy: Some(remedy) });
    match Form::of(table)? {
        Some(form) if form == expected => {}
        Some(form) => {
            let what = format!("`{}` is {}, which no test of this plan writes", table.file, form.words());
            return refuse(what, "name the results of the exported test");
        }
        None => {
            let what = format!("`{}` is no table of results of webMUSHRA", table.file);
            return refuse(what, "name the files that webMUSHRA wrote into its folder `results`");
        }
    }
    let places = Places::of(table, side_by_side)?;
    let names = Names::of(plan);
    let pages = pages(plan, &names);
    let mut found = Vec::new();
    let mut open: BTreeMap<usize, Open> = BTreeMap::new();
    for row in table.rows() {
        let trial = row.text(places.trial);
        let mut fault = |kind, message| found.push(Err((row.number, AnswerFault { kind, message })));
        let Some(page) = pages.get(trial) else {
            let message = format!("page `{trial}` is not in the plan: the results are of another test");
            fault(ProblemKind::UnknownClip, message);
            continue;
        };
        // webMUSHRA adds the hidden reference itself.
        let clip = match (row.text(places.clip), &page.hidden) {
            ("reference", Some(hidden)) => hidden,
            (clip, _) => clip,
        };
        if !page.rated.iter().any(|rated| rated == clip) {
            fault(ProblemKind::UnknownClip, format!("page `{trial}` has no clip `{clip}` to rate"));
            continue;
        }
        let score = match score(row.text(places.score)) {
            Ok(score) => score,
            Err(message) => {
                fault(ProblemKind::MalformedAnswer, message);
                continue;
            }
        };
        let is_there = |open: &Open| open.get(&page.page).is_some_and(|page| page.scores.contains_key(clip));
        if open.get(&page.session).is_some_and(is_there) {
            found
                .extend(open.remove(&page.session).map(|open| Ok(answers(plan, &pages, page.session, open))));
        }
        let milliseconds: Option<f64> = row.text(places.time).parse().ok();
        let answer = open.entry(page.session).or_default().entry(page.page).or_insert_with(|| OpenPage {
            name: trial.to_owned(),
            row: row.number,
            milliseconds: milliseconds.filter(|time| *time >= 0.0).map(|time| time as u64),
            scores: BTreeMap::new(),
        });
        answer.scores.insert(clip.to_owned(), score);
    }
    found.extend(open.into_iter().map(|(session, open)| Ok(answers(plan, &pages, session, open))));
    Ok(found)
}

/// The columns that are read.
struct Places {
    trial: usize,
    clip: usize,
    score: usize,
    time: usize,
}

impl Places {
    fn of(table: &ForeignTable, side_by_side: bool) -> Result<Self, Error> {
        if side_by_side {
            let tail = columns_of(table, &[MUSHRA, OLD_MUSHRA])?;
            let trial = tail.start + usize::from(table.names()[tail.start] == "session_uuid");
            Ok(Self { trial, clip: trial + 1, score: trial + 2, time: trial + 3 })
        } else {
            let tail = columns_of(table, &[LIKERT])?;
            let clip = tail.start + 1 + tail.n_ratings;
            Ok(Self { trial: tail.start, clip, score: tail.start + 1, time: clip + 1 })
        }
    }
}

/// The answers of a session so far, by the position of the page.
type Open = BTreeMap<usize, OpenPage>;

/// The answers to a page.
struct OpenPage {
    name: String,
    row: u64,
    milliseconds: Option<u64>,
    scores: BTreeMap<String, Option<f64>>,
}

/// Writes the answers of a session in the form of an answer file.
fn answers(plan: &Plan, pages: &BTreeMap<String, PlannedPage>, session: usize, open: Open) -> Value {
    let answer = |(number, answer): (usize, OpenPage)| {
        let page = &pages[&answer.name];
        let clips: Vec<Value> = page.clips.iter().map(|clip| json!({ "clip": clip })).collect();
        let mut value = json!({
            "trial": answer.name,
            "page": number,
            "clips": clips,
            "milliseconds": answer.milliseconds,
            "row": answer.row,
        });
        let scores: Option<Vec<f64>> =
            page.rated.iter().map(|clip| answer.scores.get(clip).copied().flatten()).collect();
        match scores.as_deref() {
            None => value["skipped"] = "a rating is missing".into(),
            Some([score]) => value["score_raw"] = (*score).into(),
            Some(scores) => value["scores_raw"] = scores.into(),
        }
        value
    };
    json!({
        "format": 2,
        "study": plan.study,
        "design": plan.design,
        "rater": plan.sessions[session].rater,
        "answers": open.into_iter().map(answer).collect::<Vec<Value>>(),
    })
}

/// A page of a plan.
struct PlannedPage {
    session: usize,
    page: usize,
    /// All clips, with the open reference.
    clips: Vec<String>,
    /// The clips that are rated.
    rated: Vec<String>,
    /// That of the reference, where it is rated next to an open one.
    hidden: Option<String>,
}

/// Lists the pages by their names.
fn pages(plan: &Plan, names: &Names) -> BTreeMap<String, PlannedPage> {
    let rules = plan.protocol.paradigm.rules();
    let n_open = usize::from(rules.rates_side_by_side());
    let reference = plan.reference().filter(|_| n_open > 0).map(|system| &system.name);
    let mut pages = BTreeMap::new();
    for (index, session) in plan.sessions.iter().enumerate() {
        for (page, range) in plan.pages(session).into_iter().enumerate() {
            let trials = &session.trials[range];
            let clips = names.of_page(rules, trials);
            let hidden = trials.iter().find(|trial| reference == Some(&trial.system));
            let planned = PlannedPage {
                session: index,
                page,
                rated: clips[n_open..].to_vec(),
                hidden: hidden.map(|trial| names.clip(trial, Slot::System)),
                clips,
            };
            pages.insert(names.trial(&session.rater, page), planned);
        }
    }
    pages
}
