//! `lss.csv` and `lms.csv`: points of Likert scales, with blanks around them in the latter.

use crate::error::Error;
use crate::interchange::read::{ForeignRatings, ForeignSettings, Found, score, unanswered};
use crate::interchange::table::ForeignTable;
use crate::interchange::webmushra::{LIKERT, Results, Tail, subject};
use crate::paradigms::Paradigm;

/// Reads ratings of single clips.
pub(crate) fn read(table: &ForeignTable, settings: &ForeignSettings) -> Result<ForeignRatings, Error> {
    let results = Results::of(table, &[LIKERT], settings)?;
    let scale = scale_of(table, results.tail, settings.scale.as_deref())?;
    let (trial, rating) = (results.tail.start, results.tail.start + 1 + scale);
    let stimulus = results.tail.start + 1 + results.tail.n_ratings;
    let mut ratings = Vec::new();
    let mut missing = Vec::new();
    for row in table.rows() {
        let score = score(row.text(rating)).map_err(|what| {
            let remedy = "read single points of the scale: give its labels numbers as `value` in the configuration, or \
                          replace the words in the table by numbers";
            table.fault(row, what, remedy)
        })?;
        let Some(score) = score else {
            missing.push(row.number);
            continue;
        };
        let (system, item) =
            subject(table, settings.clips.as_ref(), row, (row.text(trial), row.text(stimulus)))?;
        let found = Found { rater: row.text(results.rater), system, item, score, first: None };
        ratings.push(found.at(table, row));
    }
    Ok(ForeignRatings {
        paradigm: Paradigm::Mos,
        ratings,
        score_sign: None,
        raters_by: results.raters_by,
        notes: unanswered(&missing).into_iter().collect(),
    })
}

/// Returns the position of the chosen scale among the ratings of a row.
fn scale_of(table: &ForeignTable, tail: Tail, wanted: Option<&str>) -> Result<usize, Error> {
    let Some(wanted) = wanted else {
        return match tail.n_ratings {
            1 => Ok(0),
            n => Err(Error::Found {
                what: format!("every row of `{}` has ratings on {n} scales", table.file),
                remedy: Some("choose one of them by its number, as in --scale 1"),
            }),
        };
    };
    let number = wanted.trim().trim_start_matches("stimuli_rating").parse::<usize>().ok();
    let position = number.and_then(|number| number.checked_sub(1)).filter(|scale| *scale < tail.n_ratings);
    position.ok_or_else(|| Error::Found {
        what: format!("there is no scale `{wanted}`: the rows of `{}` have {}", table.file, tail.n_ratings),
        remedy: Some("choose one of them by its number, as in --scale 1"),
    })
}
