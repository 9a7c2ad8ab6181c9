//! Reading and judging the votes of a preference test, from the table of any tool.

use std::path::Path;

use anyhow::Context as _;
use clap::ValueEnum;
use mynah_cli::Advised;
use mynah_listening::{Error, PreferenceStudy, PreferenceVerdict, ScoreSign, Vote, judge_preferences};
use mynah_stats::preference::Preference;
use mynah_table::TextTable;

use super::columns::{ColumnMap, Columns, origin, place, read};
use super::item_names::ItemNames;

/// Name of the kind of test on the command line.
pub(crate) const PARADIGM: &str = "ab";
/// Required columns of votes; others can be mapped to these names.
pub(crate) const NEEDED: [&str; 5] = ["rater", "item", "first", "second", "choice"];
/// Optional columns of votes.
pub(crate) const OPTIONAL: [&str; 1] = ["origin"];

/// The description of votes.
#[derive(Debug, Clone)]
pub(crate) struct VoteSettings {
    pub(crate) study: PreferenceStudy,
    pub(crate) map: ColumnMap,
    /// The separator of CSV, if it need not be detected.
    pub(crate) separator: Option<char>,
    pub(crate) item_names: ItemNames,
    pub(crate) choices: Choices,
}

/// The meaning of the choices of a table.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Choices {
    /// The meaning of a choice that could be a system or a position.
    pub(crate) reading: Option<ChoiceIs>,
    /// The meaning of a positive number; without it, numbers are errors.
    pub(crate) sign: Option<ScoreSign>,
}

/// The thing that a choice names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChoiceIs {
    /// The preferred system
    System,
    /// The position of the preferred clip: first or A, second or B
    Position,
}

/// Computes the verdict on votes.
pub(crate) fn preference_verdict(path: &Path, settings: &VoteSettings) -> anyhow::Result<PreferenceVerdict> {
    let failed = || format!("failed to read votes `{}`", path.display());
    let table = read(path, settings.separator, &settings.map, &[&NEEDED[..], &OPTIONAL].concat())
        .with_context(failed)?;
    let votes = votes(path, &table, settings).with_context(failed)?;
    judge_preferences(&settings.study, &votes).map_err(|error| {
        let failed = format!("failed to analyze `{}`", path.display());
        let line = match &error {
            Error::Rating { row, .. } => table.line(*row as usize - 1),
            _ => None,
        };
        let context = line.map_or_else(|| failed.clone(), |line| format!("{failed}, line {line}"));
        anyhow::Error::new(error).context(context)
    })
}

/// Converts the rows of a table.
fn votes(path: &Path, table: &TextTable, settings: &VoteSettings) -> anyhow::Result<Vec<Vote>> {
    let columns = Columns::of(table, &settings.map, &NEEDED, &OPTIONAL)?;
    let file = path.display().to_string();
    let reference = settings.study.reference.as_deref().map(str::trim);
    let rows = table.rows.iter().enumerate().map(|(index, row)| {
        let text = |name: &str| columns.text(row, name).trim();
        let read = || -> anyhow::Result<Vote> {
            let (first, second) = (text("first"), text("second"));
            let item = settings.item_names.sentence(text("item"), first);
            Ok(Vote {
                // Blanks are kept here, so that the verdict can count them.
                rater: columns.text(row, "rater").to_owned(),
                item: settings.item_names.sentence(&item, second),
                first: columns.text(row, "first").to_owned(),
                second: columns.text(row, "second").to_owned(),
                choice: choice(text("choice"), (first, second), settings.choices, reference)?,
                origin: origin(text("origin"))?,
                source_file: file.clone(),
                source_row: index as u64 + 1,
            })
        };
        read().with_context(|| place(table, index))
    });
    rows.collect()
}

/// Parses a choice: the position of the preferred clip, the name of its system, a word for neither, or a signed number.
fn choice(
    text: &str,
    (first, second): (&str, &str),
    choices: Choices,
    reference: Option<&str>,
) -> anyhow::Result<Preference> {
    if text.is_empty() {
        let remedy = "remove rows without a vote, or name the column of the votes with --map choice=COLUMN";
        return Err(Advised::new("the choice is empty", remedy).into());
    }
    let by_system = match text {
        _ if choices.reading == Some(ChoiceIs::Position) => None,
        _ if text == first => Some(Preference::First),
        _ if text == second => Some(Preference::Second),
        _ => None,
    };
    let by_position = match text.to_lowercase().replace(['_', '-'], " ").as_str() {
        "first" | "a" if choices.reading != Some(ChoiceIs::System) => Some(Preference::First),
        "second" | "b" if choices.reading != Some(ChoiceIs::System) => Some(Preference::Second),
        "tie" | "none" | "no preference" | "=" | "same" => Some(Preference::Tie),
        _ => None,
    };
    let by_number = match (number(text), choices.sign) {
        (Some(number), Some(sign)) => Some(signed(number, sign, (first, second), reference)?),
        (Some(_), None) if by_system.is_none() => {
            let message = format!("choice `{text}` is a number, which may count for either clip");
            let remedy = "state what a positive number means: --score-is first-minus-second (the first is preferred) or \
                          --score-is second-minus-first";
            return Err(Advised::new(message, remedy).into());
        }
        _ => None,
    };
    let readings: Vec<Preference> = [by_system, by_position, by_number].into_iter().flatten().collect();
    match readings[..] {
        [] => {
            let message = format!(
                "choice `{text}` is neither first, second, A, B nor tie, and not the name of `{first}` or `{second}`"
            );
            let remedy = "correct it; for no preference, write tie, none, same, = or no preference";
            Err(Advised::new(message, remedy).into())
        }
        [preference, ..] if readings.iter().all(|other| *other == preference) => Ok(preference),
        _ => {
            let message = format!(
                "choice `{text}` can be read in two ways: `{first}` was first and `{second}` was second"
            );
            let remedy = "state what choices name: --choice-is system or --choice-is position; leave out --score-is \
                          unless they are numbers";
            Err(Advised::new(message, remedy).into())
        }
    }
}

/// Parses -1, 0 or 1, with any decimals that are 0.
fn number(text: &str) -> Option<i8> {
    let value: f64 = text.replacen(',', ".", 1).replacen('\u{2212}', "-", 1).parse().ok()?;
    (value.fract() == 0.0 && value.abs() <= 1.0).then_some(value as i8)
}

/// Reads a number by its sign convention.
fn signed(
    number: i8,
    sign: ScoreSign,
    (first, second): (&str, &str),
    reference: Option<&str>,
) -> anyhow::Result<Preference> {
    // The sign of a vote for the first clip.
    let for_first = match sign {
        ScoreSign::FirstMinusSecond => 1,
        ScoreSign::SecondMinusFirst => -1,
        ScoreSign::SystemMinusReference | ScoreSign::ReferenceMinusSystem => {
            let of_first = match reference {
                Some(reference) if reference == second => 1,
                Some(reference) if reference == first => -1,
                _ => {
                    let message = format!(
                        "choices that are {} need the reference in every pair, not `{first}` and `{second}`",
                        sign.words()
                    );
                    let remedy = "name it with --reference (in a report: --reference-name), or use --score-is first-minus-second";
                    return Err(Advised::new(message, remedy).into());
                }
            };
            if sign == ScoreSign::SystemMinusReference { of_first } else { -of_first }
        }
    };
    Ok(match number * for_first {
        1 => Preference::First,
        -1 => Preference::Second,
        _ => Preference::Tie,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_choices_by_position_name_and_word() {
        let check = |text: &str, reading: Option<ChoiceIs>, expected: Option<Preference>| {
            let choices = Choices { reading, sign: None };
            assert_eq!(choice(text, ("vits", "Tacotron"), choices, None).ok(), expected, "{text}");
        };
        for text in ["first", "FIRST", "a", "A", "vits"] {
            check(text, None, Some(Preference::First));
        }
        for text in ["second", "Second", "b", "Tacotron"] {
            check(text, None, Some(Preference::Second));
        }
        for text in ["tie", "None", "no preference", "no_preference", "No-Preference", "=", "SAME"] {
            check(text, None, Some(Preference::Tie));
        }
        for text in ["", "1", "0", "-1", "tacotron", "both", "third"] {
            check(text, None, None);
        }
        check("A", Some(ChoiceIs::System), None);
        check("vits", Some(ChoiceIs::Position), None);
    }

    #[test]
    fn systems_called_by_letters_need_a_reading() {
        let read = |text: &str, pair: (&str, &str), reading: Option<ChoiceIs>| {
            choice(text, pair, Choices { reading, sign: None }, None).ok()
        };
        assert_eq!(read("A", ("A", "B"), None), Some(Preference::First));
        assert_eq!(read("A", ("B", "A"), None), None);
        assert_eq!(read("A", ("B", "A"), Some(ChoiceIs::System)), Some(Preference::Second));
        assert_eq!(read("A", ("B", "A"), Some(ChoiceIs::Position)), Some(Preference::First));
        // Systems may be numbers.
        assert_eq!(read("1", ("2", "1"), None), Some(Preference::Second));
    }

    #[test]
    fn reads_numbers_by_the_stated_sign_only() {
        let check = |text: &str, sign: ScoreSign, reference: Option<&str>, expected: Option<Preference>| {
            let choices = Choices { reading: None, sign: Some(sign) };
            assert_eq!(choice(text, ("vits", "old"), choices, reference).ok(), expected, "{text} {sign:?}");
        };
        check("1", ScoreSign::FirstMinusSecond, None, Some(Preference::First));
        check("+1", ScoreSign::SecondMinusFirst, None, Some(Preference::Second));
        check("-1.0", ScoreSign::SecondMinusFirst, None, Some(Preference::First));
        check("0", ScoreSign::SecondMinusFirst, None, Some(Preference::Tie));
        check("2", ScoreSign::SecondMinusFirst, None, None);
        check("1", ScoreSign::SystemMinusReference, Some("old"), Some(Preference::First));
        check("1", ScoreSign::SystemMinusReference, Some("vits"), Some(Preference::Second));
        check("1", ScoreSign::ReferenceMinusSystem, Some("old"), Some(Preference::Second));
        check("1", ScoreSign::SystemMinusReference, None, None);
    }
}
