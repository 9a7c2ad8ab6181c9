//! `paired_comparison.csv`: which of two clips is the reference, which is heard openly as a third.

use crate::error::Error;
use crate::interchange::read::{ForeignRatings, ForeignSettings, Found, unanswered};
use crate::interchange::table::ForeignTable;
use crate::interchange::webmushra::{PAIRED_COMPARISON, Results, subject};
use crate::paradigms::Paradigm;

/// Reads answers to the question which of two clips is the reference. Who is undecided is right half of the time.
pub(crate) fn read(table: &ForeignTable, settings: &ForeignSettings) -> Result<ForeignRatings, Error> {
    let results = Results::of(table, &[PAIRED_COMPARISON], settings)?;
    let trial = results.tail.start;
    let mut ratings = Vec::new();
    let mut missing = Vec::new();
    let mut n_undecided = 0;
    for row in table.rows() {
        let score = match row.text(trial + 3).to_lowercase().as_str() {
            "correct" => 1.0,
            "incorrect" => 0.0,
            "undecided" => {
                n_undecided += 1;
                0.5
            }
            "unknown" | "na" | "" => {
                missing.push(row.number);
                continue;
            }
            other => {
                let what =
                    format!("answer `{other}` is not `correct`, `incorrect`, `undecided` or `unknown`");
                return Err(table.fault(row, what, "correct it, or remove the row"));
            }
        };
        let (system, item) =
            subject(table, settings.clips.as_ref(), row, (row.text(trial), row.text(trial + 2)))?;
        let found = Found { rater: row.text(results.rater), system, item, score, first: None };
        ratings.push(found.at(table, row));
    }
    let undecided = (n_undecided > 0).then(|| {
        format!("{n_undecided} of {} answers are undecided, and count as right by half.", ratings.len())
    });
    Ok(ForeignRatings {
        paradigm: Paradigm::Abx,
        ratings,
        score_sign: None,
        raters_by: results.raters_by,
        notes: undecided.into_iter().chain(unanswered(&missing)).collect(),
    })
}
