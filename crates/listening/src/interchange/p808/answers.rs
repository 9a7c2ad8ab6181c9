//! The answers that Mechanical Turk hands out: one row for each assignment, with a vote for each of its questions.
//!
//! The page shuffles the questions and writes down which clip it showed in each (`Answer.Q3_URL`). In a comparison it also writes
//! the order of the clips, and turns the sign of the vote, so that it is processed minus reference whatever the order.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::interchange::form::Form;
use crate::interchange::read::{Assignments, ForeignRatings, ForeignSettings, Found, score, unanswered};
use crate::interchange::table::{ForeignTable, Row};
use crate::paradigms::Paradigm;
use crate::score_sign::ScoreSign;
use crate::trial::First;

/// The columns of the clips that test the raters' attention.
const TRAPS: [&str; 1] = ["input.tp"];
/// The columns of the clips whose vote is known beforehand, each with that of the vote.
const GOLD: [(&str, &str); 4] = [
    ("input.gold_clips", "input.gold_clips_ans"),
    ("input.gold_clips_2", "input.gold_clips_ans_2"),
    ("input.gold_url", "input.gold_ovrl_ans"),
    ("input.gold_url_2", "input.gold_ovrl_ans_2"),
];

/// Reads the votes of assignments.
pub(crate) fn read(
    table: &ForeignTable,
    form: Form,
    settings: &ForeignSettings,
) -> Result<ForeignRatings, Error> {
    let columns = Columns::of(table, settings)?;
    let clips = settings.clips.as_ref().ok_or_else(|| Error::Found {
        what: format!("`{}` names clips by their address, and not their systems and sentences", table.file),
        remedy: Some(
            "take their names apart with --clip-pattern, or name the key of their bundle with --key",
        ),
    })?;
    if !clips.has_item() {
        return Err(Error::Found {
            what:
                "the pattern for the names of clips has no group `item`, and nothing else names the sentence"
                    .to_owned(),
            remedy: Some("add it, as in '(?P<system>[^_/]+)_(?P<item>[^/.]+)[.]wav'"),
        });
    }
    let assignments = settings.assignments.unwrap_or(Assignments::Approved);
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    let mut checks = Checks::default();
    let mut missing = Vec::new();
    let mut ratings = Vec::new();
    for row in table.rows() {
        let status = row.text_of(columns.status);
        if !assignments.take(status) {
            *statuses.entry(status).or_default() += 1;
            continue;
        }
        let rater = row.text(columns.rater);
        for question in &columns.questions {
            let address = row.text(question.address);
            if address.is_empty() {
                continue;
            }
            let fault = |what: String, remedy: &'static str| {
                table.fault(row, format!("question {}: {what}", question.number), remedy)
            };
            let vote = score(row.text(question.vote))
                .map_err(|what| fault(what, "correct the vote, or remove the row"))?;
            if checks.take(&columns, form, row, (rater, address), vote) {
                continue;
            }
            let Some(score) = vote else {
                missing.push(row.number);
                continue;
            };
            let clip = clips.read(address).map_err(|what| fault(what, clips.remedy()))?;
            let first = match row.text_of(question.order) {
                "rp" => Some(First::Reference),
                "pr" => Some(First::System),
                "" => None,
                other => {
                    let what = format!("order `{other}` is neither `rp` nor `pr`");
                    return Err(fault(what, "correct it, or empty the cell if the order is unknown"));
                }
            };
            let item = clip.item.unwrap_or_default();
            ratings.push(Found { rater, system: clip.system, item, score, first }.at(table, row));
        }
    }
    let left_out: usize = statuses.values().sum();
    if ratings.is_empty() && left_out > 0 {
        return Err(Error::Found {
            what: format!("none of {left_out} assignments is approved, only {}", listed(&statuses)),
            remedy: Some("review them first, or take others too with --assignments not-rejected"),
        });
    }
    let mut notes = Vec::new();
    if left_out > 0 {
        notes.push(format!("{left_out} assignments were left out for their status ({}).", listed(&statuses)));
    }
    notes.extend(checks.notes());
    notes.extend(unanswered(&missing));
    Ok(ForeignRatings {
        paradigm: match form {
            Form::P808Ccr => Paradigm::Cmos,
            Form::P808Dcr => Paradigm::Dmos,
            _ => Paradigm::Mos,
        },
        ratings,
        score_sign: (form == Form::P808Ccr).then_some(ScoreSign::SystemMinusReference),
        raters_by: table.columns[columns.rater].trim().to_owned(),
        notes,
    })
}

/// Lists statuses with their numbers.
fn listed(statuses: &BTreeMap<&str, usize>) -> String {
    let shown = |(status, n): (&&str, &usize)| {
        let status = if status.is_empty() { "no status" } else { status };
        format!("{n} {status}")
    };
    statuses.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// The places of everything that is read.
struct Columns {
    rater: usize,
    status: Option<usize>,
    questions: Vec<Question>,
    traps: Vec<(usize, Option<usize>)>,
    gold: Vec<(usize, Option<usize>)>,
}

/// The columns of a question.
struct Question {
    number: usize,
    vote: usize,
    address: usize,
    order: Option<usize>,
}

impl Columns {
    fn of(table: &ForeignTable, settings: &ForeignSettings) -> Result<Self, Error> {
        // As in the toolkit, a slider is a scale like any other.
        let names: Vec<String> = table.names().into_iter().map(|name| name.replace("_slide", "")).collect();
        let find = |name: &str| names.iter().position(|column| column == name);
        let need = |name: &str| {
            find(name).ok_or_else(|| Error::Found {
                what: format!("`{}` has no column `{name}`", table.file),
                remedy: Some("give the table of answers as Mechanical Turk hands it out"),
            })
        };
        let rater = need(&settings.rater.as_deref().unwrap_or("workerid").trim().to_lowercase())?;
        let scale = scale_of(table, &names, settings.scale.as_deref())?;
        let mut questions = Vec::new();
        for number in 1.. {
            let Some(address) = find(&format!("answer.q{number}_url")) else { break };
            questions.push(Question {
                number,
                vote: need(&format!("answer.q{number}{scale}"))?,
                address,
                order: find(&format!("answer.q{number}_order")),
            });
        }
        if questions.is_empty() {
            need("answer.q1_url")?;
        }
        let with_answers = |pairs: &[(&str, &str)]| {
            pairs.iter().filter_map(|(clip, answer)| Some((find(clip)?, find(answer)))).collect()
        };
        Ok(Self {
            rater,
            status: find("assignmentstatus"),
            questions,
            traps: with_answers(&TRAPS.map(|clip| (clip, "input.tp_ans"))),
            gold: with_answers(&GOLD),
        })
    }
}

/// Returns the ending of the columns of the chosen scale: nothing for tests with one.
fn scale_of(table: &ForeignTable, names: &[String], wanted: Option<&str>) -> Result<String, Error> {
    let scales: Vec<&str> = names
        .iter()
        .filter_map(|name| name.strip_prefix("answer.q1_"))
        .filter(|scale| !["url", "order"].contains(scale))
        .collect();
    let wanted = wanted.map(|scale| scale.trim().to_lowercase());
    match wanted {
        Some(scale) if scales.contains(&scale.as_str()) => Ok(format!("_{scale}")),
        None if names.iter().any(|name| name == "answer.q1") => Ok(String::new()),
        _ if scales.is_empty() => Err(Error::Found {
            what: format!("`{}` has votes on one scale only, in columns such as `Answer.q1`", table.file),
            remedy: Some("leave --scale out"),
        }),
        _ => Err(Error::Found {
            what: format!("`{}` has votes on the scales {}", table.file, scales.join(", ")),
            remedy: Some("choose one of them with --scale"),
        }),
    }
}

/// The votes on clips that test the raters.
#[derive(Default)]
struct Checks<'a> {
    n_traps: usize,
    n_gold: usize,
    /// The number of traps of each rater, and of those that caught the rater.
    traps: BTreeMap<&'a str, (usize, usize)>,
    gold: BTreeMap<&'a str, (usize, usize)>,
}

impl<'a> Checks<'a> {
    /// Counts a vote on a clip that tests the rater; returns `false` for any other.
    fn take(
        &mut self,
        columns: &Columns,
        form: Form,
        row: Row<'_>,
        (rater, address): (&'a str, &str),
        vote: Option<f64>,
    ) -> bool {
        let known = |pair: &(usize, Option<usize>)| score(row.text_of(pair.1)).ok().flatten();
        let is_here = |pair: &&(usize, Option<usize>)| row.text(pair.0) == address;
        if let Some(trap) = columns.traps.iter().find(is_here) {
            self.n_traps += 1;
            let passes = match form {
                Form::P808Ccr => vote.map(|vote| vote.abs() <= 1.0),
                Form::P808Dcr => vote.map(|vote| vote >= 4.0),
                _ => known(trap).map(|known| vote.is_some_and(|vote| (vote - known).abs() < 0.5)),
            };
            count(&mut self.traps, rater, passes.or(vote.is_none().then_some(false)));
            return true;
        }
        if let Some(gold) = columns.gold.iter().find(is_here) {
            self.n_gold += 1;
            let passes = known(gold).map(|known| vote.is_some_and(|vote| (vote - known).abs() <= 1.0));
            count(&mut self.gold, rater, passes);
            return true;
        }
        false
    }

    /// Reports the clips and the raters who failed them.
    fn notes(&self) -> Vec<String> {
        let kinds = [("trapping clips", self.n_traps, &self.traps), ("gold clips", self.n_gold, &self.gold)];
        let note = |(kind, n, raters): (&str, usize, &BTreeMap<&str, (usize, usize)>)| {
            let failed: Vec<String> = raters
                .iter()
                .filter(|(_, (_, failed))| *failed > 0)
                .map(|(rater, (all, failed))| format!("`{rater}` ({failed} of {all})"))
                .collect();
            let n_known: usize = raters.values().map(|(all, _)| all).sum();
            let findings = match failed.len() {
                0 if n_known == 0 => "what they should have been rated is unknown".to_owned(),
                0 => "nobody failed them".to_owned(),
                _ => format!("failed by {}", failed.join(", ")),
            };
            format!("{n} votes on {kind} are no ratings: {findings}.")
        };
        kinds.into_iter().filter(|(_, n, _)| *n > 0).map(note).collect()
    }
}

/// Counts a vote that passed a check or did not; not where that is unknown.
fn count<'a>(raters: &mut BTreeMap<&'a str, (usize, usize)>, rater: &'a str, passes: Option<bool>) {
    let Some(passes) = passes else { return };
    let counts = raters.entry(rater).or_default();
    counts.0 += 1;
    counts.1 += usize::from(!passes);
}
