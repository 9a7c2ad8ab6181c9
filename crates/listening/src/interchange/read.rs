//! Ratings from the tables of other tools.

use crate::analysis::found::FoundRating;
use crate::error::Error;
use crate::interchange::clips::ClipNames;
use crate::interchange::form::Form;
use crate::interchange::table::{ForeignTable, Row, named_rows};
use crate::interchange::{p808, webmushra};
use crate::paradigms::Paradigm;
use crate::rating::Origin;
use crate::score_sign::ScoreSign;
use crate::trial::First;

/// Everything that a table of another tool does not say about itself.
#[derive(Debug, Clone, Default)]
pub struct ForeignSettings {
    /// The way from the names of clips to systems and sentences. Without one, the pages of webMUSHRA are sentences and their
    /// stimuli are systems.
    pub clips: Option<ClipNames>,
    /// The column that tells raters apart, if not the usual one.
    pub rater: Option<String>,
    /// The scale, of a table with several.
    pub scale: Option<String>,
    /// The assignments to take from Mechanical Turk.
    pub assignments: Option<Assignments>,
}

/// The assignments of Mechanical Turk to take, by their review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assignments {
    /// Those that were approved.
    Approved,
    /// Those that were not rejected.
    NotRejected,
    /// All of them.
    All,
}

impl Assignments {
    /// Returns `true` if assignments of this status are to be taken.
    pub(crate) fn take(self, status: &str) -> bool {
        match self {
            Self::Approved => status.eq_ignore_ascii_case("approved"),
            Self::NotRejected => !status.eq_ignore_ascii_case("rejected"),
            Self::All => true,
        }
    }
}

/// Ratings from a table of another tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignRatings {
    /// The paradigm of the test.
    pub paradigm: Paradigm,
    /// The ratings.
    pub ratings: Vec<FoundRating>,
    /// The meaning of a positive score of a comparison, which the tool defines.
    pub score_sign: Option<ScoreSign>,
    /// The column that tells raters apart.
    pub raters_by: String,
    /// Sentences on what was left out and what is doubtful, which belong next to the results.
    pub notes: Vec<String>,
}

/// Reads the ratings of a table of another tool.
///
/// Clips that test the raters are no ratings: trapping and gold clips of P.808 are left out, counted in the notes, and raters
/// who failed them are named. So are assignments that were not approved, and answers that were not given.
///
/// # Errors
///
/// [`Error::Found`] for a table without the columns of its kind, without a column that tells raters apart, or with several
/// scales of which none was chosen; [`Error::Rating`], with file and row, for a clip whose name cannot be read, a score that is
/// no number, and a row of another length than the header.
pub fn read_foreign(
    table: &ForeignTable,
    form: Form,
    settings: &ForeignSettings,
) -> Result<ForeignRatings, Error> {
    let mut read = match form {
        Form::WebmushraLikert => webmushra::likert::read(table, settings),
        Form::WebmushraMushra => webmushra::mushra::read(table, settings),
        Form::WebmushraPairedComparison => webmushra::paired::read(table, settings),
        Form::P808Acr | Form::P808Dcr | Form::P808Ccr => p808::answers::read(table, form, settings),
        Form::P808Votes => p808::votes::read(table, settings),
    }?;
    if table.n_headers() > 0 {
        let n = table.n_headers();
        let note = if n == 1 {
            "The header occurs once more among the rows, and is no rating.".to_owned()
        } else {
            format!("The header occurs {n} more times among the rows, and is no rating.")
        };
        read.notes.insert(0, note);
    }
    Ok(read)
}

/// A rating before its names are known to be good.
pub(crate) struct Found<'a> {
    pub(crate) rater: &'a str,
    pub(crate) system: String,
    pub(crate) item: String,
    pub(crate) score: f64,
    pub(crate) first: Option<First>,
}

impl Found<'_> {
    pub(crate) fn at(self, table: &ForeignTable, row: Row<'_>) -> FoundRating {
        FoundRating {
            rater: self.rater.to_owned(),
            item: self.item,
            system: self.system,
            score: self.score,
            first: self.first,
            origin: Origin::Human,
            source_file: table.file.clone(),
            source_row: row.number,
        }
    }
}

/// Parses a score with a decimal point or comma; `Ok(None)` if there is none.
pub(crate) fn score(text: &str) -> Result<Option<f64>, String> {
    if text.is_empty() || ["na", "nan", "null", "undefined"].contains(&text.to_lowercase().as_str()) {
        return Ok(None);
    }
    let number: Option<f64> = text.replacen(',', ".", 1).parse().ok();
    match number.filter(|number| number.is_finite()) {
        Some(number) => Ok(Some(number)),
        None => Err(format!("score `{text}` is not a number")),
    }
}

/// Reports answers that were not given, by their rows.
pub(crate) fn unanswered(rows: &[u64]) -> Option<String> {
    let mut distinct = rows.to_vec();
    distinct.dedup();
    match rows.len() {
        0 => None,
        1 => Some(format!("1 rating was not given ({}).", named_rows(&distinct))),
        n => Some(format!("{n} ratings were not given ({}).", named_rows(&distinct))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_numbers_or_missing() {
        for (text, expected) in [("3", 3.0), ("-1", -1.0), ("2,5", 2.5), ("4.0", 4.0)] {
            assert_eq!(score(text), Ok(Some(expected)), "{text}");
        }
        for text in ["", "NA", "nan", "undefined"] {
            assert_eq!(score(text), Ok(None), "{text}");
        }
        for text in ["not at all", "inf", "3 4", "1,2,3"] {
            assert!(score(text).is_err(), "{text}");
        }
    }

    #[test]
    fn missing_answers_are_counted_by_row() {
        assert_eq!(unanswered(&[]), None);
        assert_eq!(unanswered(&[4]).as_deref(), Some("1 rating was not given (row 4)."));
        assert_eq!(unanswered(&[4, 4, 9]).as_deref(), Some("3 ratings were not given (rows 4, 9)."));
    }

    #[test]
    fn assignments_are_taken_by_their_status() {
        let taken = |assignments: Assignments| {
            ["Approved", "Submitted", "Rejected", ""].map(|status| assignments.take(status))
        };
        assert_eq!(taken(Assignments::Approved), [true, false, false, false]);
        assert_eq!(taken(Assignments::NotRejected), [true, true, false, true]);
        assert_eq!(taken(Assignments::All), [true; 4]);
    }
}
