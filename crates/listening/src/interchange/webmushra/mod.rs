//! webMUSHRA: results of its `service/write.php`, and its configurations.
//!
//! A row of results is the test, the answers to the questionnaire, and the columns of its kind. The header is written once, with
//! the questionnaire of the first participant; everything later is appended as it comes.

pub(crate) mod likert;
pub(crate) mod mushra;
pub(crate) mod paired;
pub(crate) mod planned;
pub(crate) mod test;
mod yaml;

use crate::error::Error;
use crate::interchange::clips::ClipNames;
use crate::interchange::read::ForeignSettings;
use crate::interchange::table::{ForeignTable, Row};

/// Columns of `lss.csv` and `lms.csv` after the questionnaire. There is one `stimuli_rating`, or `stimuli_rating1` and so on.
pub(crate) const LIKERT: &[&str] = &["trial_id", "stimuli_rating", "stimuli", "rating_time"];
/// Columns of `mushra.csv`.
pub(crate) const MUSHRA: &[&str] =
    &["session_uuid", "trial_id", "rating_stimulus", "rating_score", "rating_time", "rating_comment"];
/// Columns of `mushra.csv` from versions that do not tell participants apart.
pub(crate) const OLD_MUSHRA: &[&str] =
    &["trial_id", "rating_stimulus", "rating_score", "rating_time", "rating_comment"];
/// Columns of `paired_comparison.csv`.
pub(crate) const PAIRED_COMPARISON: &[&str] = &[
    "trial_id",
    "choice_reference",
    "choice_non_reference",
    "choice_answer",
    "choice_time",
    "choice_comment",
];

/// Questions of a questionnaire that usually tell participants apart, the best first.
const RATERS: [&str; 17] = [
    "rater",
    "rater_id",
    "rater_code",
    "participant",
    "participant_id",
    "listener",
    "listener_id",
    "subject",
    "subject_id",
    "worker",
    "worker_id",
    "workerid",
    "prolific_pid",
    "code",
    "id",
    "email",
    "name",
];

/// The columns of one kind of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The position of its first column, after the questionnaire.
    pub(crate) start: usize,
    /// The number of columns with a rating; 1 where there is no choice.
    pub(crate) n_ratings: usize,
}

/// Finds the columns of a kind at the end of a header.
pub(crate) fn tail_of(names: &[String], columns: &[&str]) -> Option<Tail> {
    let is_rating = |name: &String| {
        let number = name.strip_prefix("stimuli_rating");
        number.is_some_and(|number| number.chars().all(|digit| digit.is_ascii_digit()))
    };
    let mut position = names.len();
    let mut n_ratings = 1;
    for column in columns.iter().rev() {
        if *column == "stimuli_rating" {
            n_ratings = names[..position].iter().rev().take_while(|name| is_rating(name)).count();
            position = position.checked_sub(n_ratings.max(1))?;
        } else {
            position = position.checked_sub(1)?;
            if names[position] != *column {
                return None;
            }
        }
    }
    // Before them there is at least the test.
    (position > 0 && n_ratings > 0).then_some(Tail { start: position, n_ratings })
}

/// The places of what every kind of results has.
pub(crate) struct Results {
    pub(crate) tail: Tail,
    /// The column that tells raters apart, with its name.
    pub(crate) rater: usize,
    pub(crate) raters_by: String,
}

impl Results {
    /// Finds the columns of a kind, and checks that every row has them.
    pub(crate) fn of(
        table: &ForeignTable,
        kinds: &[&[&str]],
        settings: &ForeignSettings,
    ) -> Result<Self, Error> {
        let tail = columns_of(table, kinds)?;
        let (rater, raters_by) = rater_of(table, tail, settings.rater.as_deref())?;
        Ok(Self { tail, rater, raters_by })
    }
}

/// Finds the columns of a kind, and checks that every row has as many cells.
///
/// `lss.csv` has a column for each scale of the first trial of the first session. If that was of another kind, the header has one
/// column, but the rows have one for each scale.
pub(crate) fn columns_of(table: &ForeignTable, kinds: &[&[&str]]) -> Result<Tail, Error> {
    let names = table.names();
    let mut tail = kinds.iter().find_map(|columns| tail_of(&names, columns)).ok_or_else(|| Error::Found {
        what: format!("`{}` does not end in the columns {}", table.file, kinds[0].join(", ")),
        remedy: Some("say with --read-as what the table is, or read any table with --map"),
    })?;
    let header = names.len();
    let width = table.rows().next().map_or(header, |row| row.cells.len());
    let has_scales = kinds[0].contains(&"stimuli_rating") && tail.n_ratings == 1;
    let expected = if has_scales && width > header && table.rows().all(|row| row.cells.len() == width) {
        tail.n_ratings += width - header;
        width
    } else {
        header
    };
    match table.rows().find(|row| row.cells.len() != expected) {
        None => Ok(tail),
        Some(row) => Err(table.fault(
            row,
            format!("it has {} cells, but the header has {header}", row.cells.len()),
            "the questionnaire was changed after the first session, or the row is damaged: give the rows of each questionnaire \
             a file and a header of their own, or remove the row",
        )),
    }
}

/// Finds the column that tells raters apart.
fn rater_of(table: &ForeignTable, tail: Tail, wanted: Option<&str>) -> Result<(usize, String), Error> {
    let names = table.names();
    let named = |position: usize| (position, table.columns[position].trim().to_owned());
    if let Some(wanted) = wanted {
        let found = names.iter().position(|name| *name == wanted.trim().to_lowercase());
        return found.map(named).ok_or_else(|| Error::Found {
            what: format!(
                "`{}` has no column `{wanted}` for the rater, only {}",
                table.file,
                quoted(&table.columns)
            ),
            remedy: Some("name one of these with --map rater=COLUMN"),
        });
    }
    let questions = &names[1..tail.start];
    let plain = |name: &String| name.replace(['-', ' '], "_");
    let usual = RATERS.iter().find_map(|usual| questions.iter().position(|name| plain(name) == *usual));
    if let Some(position) = usual {
        return Ok(named(position + 1));
    }
    if let Some(position) = names.iter().position(|name| name == "session_uuid") {
        return Ok(named(position));
    }
    let what = if questions.is_empty() {
        format!("`{}` does not tell its raters apart: the questionnaire was empty", table.file)
    } else {
        let questions = quoted(&table.columns[1..tail.start]);
        format!("`{}` does not say which of {questions} tells raters apart", table.file)
    };
    Err(Error::Found {
        what,
        remedy: Some(
            "name the column of the rater with --map rater=COLUMN; if there is none, add one: the rows of a session follow each \
             other",
        ),
    })
}

/// Lists names.
fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{}`", name.trim())).collect::<Vec<_>>().join(", ")
}

/// Returns the system and the sentence of a stimulus.
pub(crate) fn subject(
    table: &ForeignTable,
    clips: Option<&ClipNames>,
    row: Row<'_>,
    (trial, stimulus): (&str, &str),
) -> Result<(String, String), Error> {
    let Some(clips) = clips else { return Ok((stimulus.to_owned(), trial.to_owned())) };
    match clips.read(stimulus) {
        Ok(clip) => Ok((clip.system, clip.item.unwrap_or_else(|| trial.to_owned()))),
        Err(what) => Err(table.fault(row, what, clips.remedy())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &str) -> Vec<String> {
        header.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn columns_stand_after_the_questionnaire() {
        let check = |header: &str, columns: &[&str], expected: Option<(usize, usize)>| {
            let found = tail_of(&names(header), columns).map(|tail| (tail.start, tail.n_ratings));
            assert_eq!(found, expected, "{header}");
        };
        check("session_test_id,trial_id,stimuli_rating,stimuli,rating_time", LIKERT, Some((1, 1)));
        check(
            "session_test_id,a,b,trial_id,stimuli_rating1,stimuli_rating2,stimuli,rating_time",
            LIKERT,
            Some((3, 2)),
        );
        check("trial_id,stimuli_rating,stimuli,rating_time", LIKERT, None);
        check("session_test_id,trial_id,stimuli,rating_time", LIKERT, None);
        check("stimuli,rating_time", LIKERT, None);
        check("session_test_id,trial_id,stimuli_ratings,stimuli,rating_time", LIKERT, None);
        let mushra =
            "session_test_id,a,session_uuid,trial_id,rating_stimulus,rating_score,rating_time,rating_comment";
        check(mushra, MUSHRA, Some((2, 1)));
        check(mushra, OLD_MUSHRA, Some((3, 1)));
    }

    #[test]
    fn raters_are_told_apart_by_the_best_column() {
        let found = |questions: &str, wanted: Option<&str>| {
            let header = format!("session_test_id,{questions}trial_id,stimuli_rating,stimuli,rating_time");
            let table =
                ForeignTable { file: "lss.csv".to_owned(), columns: names(&header), rows: Vec::new() };
            let settings = ForeignSettings { rater: wanted.map(str::to_owned), ..ForeignSettings::default() };
            Results::of(&table, &[LIKERT], &settings).map(|results| results.raters_by)
        };
        assert_eq!(found("email,age,", None).ok().as_deref(), Some("email"));
        assert_eq!(found("age,Rater Code,email,", None).ok().as_deref(), Some("Rater Code"));
        assert_eq!(found("age,gender,", Some("AGE ")).ok().as_deref(), Some("age"));
        for (questions, wanted, expected) in [
            ("age,gender,", None, "does not say which of `age`, `gender` tells raters apart"),
            ("", None, "the questionnaire was empty"),
            ("age,", Some("who"), "has no column `who`"),
        ] {
            let error = found(questions, wanted).expect_err("no rater").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
