//! Meaning of the columns of a table: set in the recipe, told by names, or guessed from the cells.

use std::collections::BTreeSet;

use mynah_text::{Phone, parse_phones};

use super::row::split_named;
use super::settings::{ColumnName, SourceRecipe};

/// Rows that are looked at to guess.
const SAMPLE: usize = 500;
/// Cells from which on it counts how many are different.
const FEWEST: usize = 10;
/// Part of the cells that have to be alike.
const NEARLY_ALL: f64 = 0.95;
/// Signs of IPA that no English spelling has.
const IPA: &str = "ɑæəɛɪɔʊʌɝɚɜɹʃʒŋθðɡˈˌː";

/// Meaning of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Audio,
    Id,
    Text,
    Normalized,
    Speaker,
    Phones,
    Split,
    /// Start of the clip in its recording, in seconds.
    Offset,
    /// Length of the clip in seconds.
    Duration,
}

impl Role {
    const ALL: [Self; 9] = [
        Self::Audio,
        Self::Id,
        Self::Text,
        Self::Normalized,
        Self::Speaker,
        Self::Phones,
        Self::Split,
        Self::Offset,
        Self::Duration,
    ];

    /// Returns the word used in messages: the key of the recipe, where there is one.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Audio => "audio",
            Self::Id => "id",
            Self::Text => "text",
            Self::Normalized => "normalized",
            Self::Speaker => "speaker",
            Self::Phones => "phones",
            Self::Split => "split",
            Self::Offset => "offset",
            Self::Duration => "duration",
        }
    }

    /// Returns the names that tables have for it, the most definite first.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Audio => &[
                "audio_filepath",
                "audio_path",
                "audio_file",
                "audiofile",
                "audio_filename",
                "audio",
                "wav_path",
                "wav_filename",
                "wav_file",
                "wav",
                "file_name",
                "filename",
                "file_path",
                "filepath",
                "file",
                "path",
                "clip",
                "recording",
                "fname",
            ],
            Self::Id => {
                &["id", "utt_id", "utterance_id", "uttid", "utt", "utterance", "key", "clip_id", "name"]
            }
            Self::Text => &[
                "text",
                "sentence",
                "transcript",
                "transcription",
                "raw_text",
                "original_text",
                "text_original",
                "raw_transcription",
                "raw_transcript",
                "original",
                "target_text",
            ],
            Self::Normalized => &[
                "normalized",
                "normalised",
                "normalized_text",
                "text_normalized",
                "normalised_text",
                "text_normalised",
                "normalized_transcript",
                "normalized_transcription",
                "transcript_normalized",
                "clean_text",
                "text_clean",
            ],
            Self::Speaker => &[
                "speaker",
                "speaker_id",
                "speaker_name",
                "spk",
                "spk_id",
                "spkid",
                "client_id",
                "reader",
                "reader_id",
                "voice",
                "speakers",
            ],
            Self::Phones => {
                &["phones", "phonemes", "phoneme", "phone", "ipa", "arpabet", "pronunciation", "phonetic"]
            }
            Self::Split => &["split", "subset", "partition", "set"],
            Self::Offset => &["offset", "start", "start_time", "begin", "start_seconds"],
            Self::Duration => &["duration", "length", "seconds", "duration_seconds"],
        }
    }

    /// Returns the setting of the recipe.
    fn setting(self, recipe: &SourceRecipe) -> Option<&ColumnName> {
        match self {
            Self::Audio => recipe.audio.as_ref(),
            Self::Id => recipe.id.as_ref(),
            Self::Text => recipe.text.as_ref(),
            Self::Normalized => recipe.normalized.as_ref(),
            Self::Speaker => recipe.speaker.as_ref(),
            Self::Phones => recipe.phones.as_ref(),
            Self::Split => recipe.split.as_ref(),
            Self::Offset | Self::Duration => None,
        }
    }
}

/// Columns with a meaning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Columns {
    roles: Vec<(Role, usize)>,
}

impl Columns {
    /// Returns the number, from 0, of the column with a role.
    pub(crate) fn of(&self, role: Role) -> Option<usize> {
        self.roles.iter().find(|(other, _)| *other == role).map(|(_, column)| *column)
    }

    fn has(&self, column: usize) -> bool {
        self.roles.iter().any(|(_, other)| *other == column)
    }

    fn set(&mut self, role: Role, column: usize) {
        self.roles.push((role, column));
        self.roles.sort_unstable();
    }

    /// Returns the roles with their columns, as `audio = 1, text = "sentence"`.
    pub(crate) fn describe(&self, header: Option<&[String]>) -> String {
        let named = |column: usize| match header.and_then(|header| header.get(column)) {
            Some(name) if !name.trim().is_empty() => format!("\"{}\"", name.trim()),
            _ => format!("{}", column + 1),
        };
        let parts: Vec<String> =
            self.roles.iter().map(|(role, column)| format!("{} = {}", role.word(), named(*column))).collect();
        parts.join(", ")
    }

    /// Returns the names of columns without a meaning.
    pub(crate) fn unused<'a>(&self, header: &'a [String]) -> Vec<&'a str> {
        let unused = header.iter().enumerate().filter(|(column, _)| !self.has(*column));
        unused.map(|(_, name)| name.trim()).filter(|name| !name.is_empty()).collect()
    }
}

/// Returns true if the cells of a first line are names of columns.
pub(crate) fn is_header(cells: &[String]) -> bool {
    let known = |role: Role| cells.iter().any(|cell| role.names().contains(&plain(cell).as_str()));
    let is_clip = known(Role::Audio) || known(Role::Id);
    let is_text = known(Role::Text) || known(Role::Normalized) || known(Role::Phones);
    // The text of a clip has blanks, capitals or marks; names of columns have not.
    is_clip && is_text && cells.iter().all(|cell| cell.len() < 40)
}

/// Table whose columns are to be told apart.
pub(crate) struct Sample<'a> {
    pub(crate) header: Option<&'a [String]>,
    pub(crate) rows: Vec<&'a [String]>,
    /// True for names that are those of recordings.
    pub(crate) is_recording: &'a dyn Fn(&str) -> bool,
}

/// Tells the columns apart: those of the recipe, then those with known names, then those whose cells leave little doubt.
///
/// # Errors
///
/// The key of the recipe whose column does not exist, with the reason.
pub(crate) fn assign(
    sample: &Sample<'_>,
    recipe: &SourceRecipe,
    notes: &mut Vec<String>,
) -> Result<Columns, String> {
    let n = sample
        .rows
        .iter()
        .map(|row| row.len())
        .max()
        .unwrap_or(0)
        .max(sample.header.map_or(0, <[String]>::len));
    let mut columns = Columns::default();
    for role in Role::ALL {
        if let Some(setting) = role.setting(recipe) {
            columns.set(
                role,
                column_of(setting, sample.header, n).map_err(|why| format!("`{}` {why}", role.word()))?,
            );
        }
    }
    if let Some(header) = sample.header {
        for role in Role::ALL {
            // If a text is set, an unset normalized text is that text.
            let is_set = columns.of(role).is_some() || (role == Role::Normalized && recipe.text.is_some());
            let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
            let found = role.names().iter().find_map(|known| names.iter().position(|name| name == known));
            if let Some(column) = found.filter(|column| !is_set && !columns.has(*column)) {
                columns.set(role, column);
            }
        }
    }
    if columns.of(Role::Audio).is_none() {
        match columns.of(Role::Id) {
            // The only name of a clip is the name of its recording.
            Some(id) if recipe.id.is_none() => {
                columns.roles.retain(|(role, _)| *role != Role::Id);
                columns.set(Role::Audio, id);
            }
            _ => columns.set(Role::Audio, audio_column(sample, &columns, n)),
        }
    }
    let has_text =
        columns.of(Role::Text).or(columns.of(Role::Normalized)).or(columns.of(Role::Phones)).is_some();
    if !has_text || (sample.header.is_none() && recipe.text.is_none()) {
        by_cells(sample, recipe, &mut columns, n, notes);
    }
    Ok(columns)
}

/// Returns a column that the recipe names.
fn column_of(setting: &ColumnName, header: Option<&[String]>, n: usize) -> Result<usize, String> {
    match setting {
        ColumnName::Number(number) if (1..=n).contains(number) => Ok(number - 1),
        ColumnName::Number(number) => {
            Err(format!("is {number}, but the table has {n} columns, counted from 1"))
        }
        ColumnName::Name(name) => {
            let Some(header) = header else {
                return Err(format!(
                    "is \"{name}\", but the table has no header: write the number of the column"
                ));
            };
            let found = header.iter().position(|other| other.trim() == name);
            let found = found.or_else(|| header.iter().position(|other| plain(other) == plain(name)));
            found.ok_or_else(|| format!("is \"{name}\", but the columns are \"{}\"", header.join("\", \"")))
        }
    }
}

/// Returns the column whose cells name the most recordings, the first of equals.
fn audio_column(sample: &Sample<'_>, columns: &Columns, n: usize) -> usize {
    let found = |column: usize| {
        let cells = sample.rows.iter().take(SAMPLE).filter_map(|row| row.get(column));
        cells.filter(|cell| (sample.is_recording)(cell)).count()
    };
    let free = (0..n).filter(|column| !columns.has(*column));
    free.rev().max_by_key(|column| found(*column)).unwrap_or(0)
}

/// Tells the remaining columns apart by their cells.
fn by_cells(
    sample: &Sample<'_>,
    recipe: &SourceRecipe,
    columns: &mut Columns,
    n: usize,
    notes: &mut Vec<String>,
) {
    let free: Vec<usize> = (0..n).filter(|column| !columns.has(*column)).collect();
    let traits: Vec<(usize, Traits)> =
        free.iter().map(|column| (*column, Traits::of(sample, *column))).collect();
    let has_sentences = traits.iter().any(|(_, traits)| traits.blanks > 0.5);
    let mut texts = Vec::new();
    let mut words = Vec::new();
    for (column, traits) in traits {
        if traits.cells == 0 {
            continue;
        }
        if traits.splits >= NEARLY_ALL {
            guess(columns, Role::Split, column, recipe.split.is_some());
        } else if traits.phones >= NEARLY_ALL {
            guess(columns, Role::Phones, column, recipe.phones.is_some());
        } else if traits.decimals >= NEARLY_ALL {
            notes.push(format!("column {} has numbers and is not used", column + 1));
        } else if traits.blanks <= 1.0 - NEARLY_ALL && has_sentences && traits.recur() {
            words.push((column, traits));
        } else {
            texts.push(column);
        }
    }
    // Of two columns of single words, the one with codes of languages is not the speaker's.
    if words.len() > 1 && words.iter().any(|(_, traits)| !traits.is_language) {
        words.retain(|(column, traits)| {
            if traits.is_language {
                notes.push(format!("column {} looks like languages and is not used", column + 1));
            }
            !traits.is_language
        });
    }
    for (column, traits) in words {
        let example = traits.example;
        if columns.of(Role::Speaker).is_none() && recipe.speaker.is_none() {
            columns.set(Role::Speaker, column);
            notes.push(format!(
                "column {0} looks like speakers ({1} distinct, such as `{example}`) and is not spoken; if it is the text, write \
                 `text = {0}` under `[source]` in the recipe",
                column + 1,
                traits.distinct
            ));
        } else {
            notes.push(format!(
                "column {} has single words, such as `{example}`, and is not used",
                column + 1
            ));
        }
    }
    let mut texts = texts.into_iter();
    for role in [Role::Text, Role::Normalized] {
        if columns.of(role).is_none()
            && let Some(column) = texts.next()
        {
            columns.set(role, column);
        }
    }
    for column in texts {
        notes.push(format!("column {} is a further text and is not used", column + 1));
    }
}

fn guess(columns: &mut Columns, role: Role, column: usize, is_set: bool) {
    if !is_set && columns.of(role).is_none() {
        columns.set(role, column);
    }
}

/// Parts of a column's cells that have a property, of those that are not empty.
#[derive(Debug, Default)]
struct Traits {
    cells: usize,
    distinct: usize,
    /// Cells with a blank inside.
    blanks: f64,
    splits: f64,
    phones: f64,
    /// Numbers with a decimal point.
    decimals: f64,
    is_language: bool,
    example: String,
}

impl Traits {
    /// Returns true unless most cells are different, as speakers are not; a few cells do not tell.
    fn recur(&self) -> bool {
        self.cells < FEWEST || 2 * self.distinct <= self.cells
    }

    fn of(sample: &Sample<'_>, column: usize) -> Self {
        let cells = sample.rows.iter().take(SAMPLE).filter_map(|row| row.get(column)).map(|cell| cell.trim());
        let cells: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        let part = |test: &dyn Fn(&str) -> bool| {
            cells.iter().filter(|cell| test(cell)).count() as f64 / cells.len().max(1) as f64
        };
        let is_code = |cell: &str| {
            let (language, region) = cell.split_once(['-', '_']).unwrap_or((cell, "XX"));
            let letters = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
            letters(language) && letters(region)
        };
        Self {
            cells: cells.len(),
            distinct: cells.iter().collect::<BTreeSet<_>>().len(),
            blanks: part(&|cell| cell.contains(char::is_whitespace)),
            splits: part(&|cell| !cell.contains(' ') && split_named(cell).is_some()),
            phones: part(&are_phones),
            decimals: part(&|cell| cell.contains('.') && cell.parse::<f64>().is_ok()),
            is_language: part(&is_code) >= NEARLY_ALL,
            example: cells.first().map_or(String::new(), |cell| (*cell).to_owned()),
        }
    }
}

/// Returns true if a cell has signs of IPA, or names of ARPAbet alone.
pub(crate) fn are_phones(cell: &str) -> bool {
    if cell.contains(|character| IPA.contains(character)) {
        return true;
    }
    let names: Vec<&str> =
        cell.split_whitespace().filter(|name| name.bytes().any(|b| b.is_ascii_alphabetic())).collect();
    let is_phone = |name: &&str| name.parse::<Phone>().is_ok() || *name == "sil" || *name == "sp";
    names.len() > 1 && names.iter().all(is_phone) && names.iter().any(|name| parse_phones(name).is_ok())
}

/// Returns the name of a column in small letters, with `_` between words.
fn plain(name: &str) -> String {
    name.trim().trim_start_matches('#').to_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::{Sample, assign, is_header};
    use crate::source::settings::{ColumnName, SourceRecipe};

    fn cells(lines: &[&str]) -> Vec<Vec<String>> {
        lines.iter().map(|line| line.split('|').map(str::to_owned).collect()).collect()
    }

    /// Returns the roles of the columns, and the notes.
    fn guess(lines: &[&str], recipe: &SourceRecipe) -> (String, Vec<String>) {
        let all = cells(lines);
        let header = is_header(&all[0]).then(|| all[0].as_slice());
        let rows = all.iter().skip(usize::from(header.is_some())).map(Vec::as_slice).collect();
        let is_recording = |name: &str| name.starts_with("clip");
        let mut notes = Vec::new();
        let columns =
            assign(&Sample { header, rows, is_recording: &is_recording }, recipe, &mut notes).unwrap();
        (columns.describe(header), notes)
    }

    #[test]
    fn columns_are_told_apart() {
        let check = |lines: &[&str], expected: &str, note: &str| {
            let (roles, notes) = guess(lines, &SourceRecipe::default());
            assert_eq!(roles, expected, "{lines:?}");
            assert_eq!(notes.len(), usize::from(!note.is_empty()), "{notes:?}");
            assert!(notes.iter().all(|said| said.contains(note)), "{notes:?}");
        };
        check(
            &["clip1|He paid £3.|He paid three pounds.", "clip2|Yes.|Yes."],
            "audio = 1, text = 2, normalized = 3",
            "",
        );
        check(&["clip1|He left.", "clip2|Yes, he did."], "audio = 1, text = 2", "");
        check(&["clip1|one|one", "clip2|two|two"], "audio = 1, text = 2, normalized = 3", "");
        check(
            &["d/clip1.wav|p225|He left it.", "clip2|p226|Yes, he did."],
            "audio = 1, text = 3, speaker = 2",
            "column 2 looks like speakers (2 distinct, such as `p225`)",
        );
        check(
            &["clip1|0|He left it.", "clip2|17|He did so."],
            "audio = 1, text = 3, speaker = 2",
            "`text = 2`",
        );
        check(&["He left it.|clip1", "Yes, he did.|clip2"], "audio = 2, text = 1", "");
        check(
            &["clip1|He left it.|ann", "clip2|Did he so?|bob"],
            "audio = 1, text = 2, speaker = 3",
            "speakers",
        );
        check(
            &["clip1|hiː lˈɛft|ann", "clip2|jˈɛs hiː|ann"],
            "audio = 1, speaker = 3, phones = 2",
            "speakers",
        );
        check(
            &["clip1|HH IY1 L EH1 F T|He left it.", "clip2|Y EH1 S|Yes he did."],
            "audio = 1, text = 3, phones = 2",
            "",
        );
        check(&["clip1|train|He left it.", "clip2|test|Yes, he did."], "audio = 1, text = 3, split = 2", "");
    }

    #[test]
    fn names_of_columns_tell_what_they_are() {
        let check =
            |lines: &[&str], expected: &str| assert_eq!(guess(lines, &SourceRecipe::default()).0, expected);
        check(
            &["client_id|path|sentence_id|sentence|up_votes|age", "a1|clip1.mp3|9|He left.|2|"],
            r#"audio = "path", text = "sentence", speaker = "client_id""#,
        );
        check(
            &["file_name|transcription|speaker", "clip1.wav|Yes.|ann"],
            r#"audio = "file_name", text = "transcription", speaker = "speaker""#,
        );
        check(&["ID|Text", "clip1|Yes."], r#"audio = "ID", text = "Text""#);
        check(
            &["id|audio_path|text|normalized_text", "u1|clip1|Yes.|yes"],
            r#"audio = "audio_path", id = "id", text = "text", normalized = "normalized_text""#,
        );
    }

    #[test]
    fn the_recipe_decides() {
        let recipe = SourceRecipe { text: Some(ColumnName::Number(2)), ..SourceRecipe::default() };
        assert_eq!(
            guess(&["clip1|left|He left it.", "clip2|did|Yes, he did."], &recipe).0,
            "audio = 1, text = 2"
        );
        let error = |text: ColumnName| {
            let rows = cells(&["clip1|one"]);
            let rows = rows.iter().map(Vec::as_slice).collect();
            let sample = Sample { header: None, rows, is_recording: &|_| true };
            let recipe = SourceRecipe { text: Some(text), ..SourceRecipe::default() };
            assign(&sample, &recipe, &mut Vec::new()).unwrap_err()
        };
        assert_eq!(error(ColumnName::Number(3)), "`text` is 3, but the table has 2 columns, counted from 1");
        assert!(error(ColumnName::Name("x".to_owned())).contains("has no header"));
    }

    #[test]
    fn a_first_clip_is_no_header() {
        for (line, expected) in [
            ("id|text|normalized", true),
            ("file_name,text", false),
            ("LJ001-0001|Printing|Printing", false),
            ("clip|sentence", true),
            ("path|We walked along the path in the text of the book", false),
        ] {
            assert_eq!(is_header(&cells(&[line])[0]), expected, "{line}");
        }
    }
}
