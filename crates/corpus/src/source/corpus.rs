//! A corpus of any layout, as entries.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::detect::{Found, detect};
use super::ids::{ids, is_safe};
use super::recordings::{Files, Lookup, extension, split};
use super::row::{Row, Rows, counted, split_named};
use super::settings::SourceRecipe;
use super::text_file;
use super::{beside, columns, kaldi, table};
use crate::Error;
use crate::problem::{Code, Problem};
use crate::split::Split;

/// Letters from which on a corpus without small letters is taken to be written in capitals.
const CAPITALS: usize = 20;

/// A corpus, whose layout is recognized when it is listed.
#[derive(Debug, Clone)]
pub struct Corpus {
    root: PathBuf,
    recipe: SourceRecipe,
}

/// Part of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Start, in seconds.
    pub start_seconds: f64,
    /// End, in seconds.
    pub end_seconds: f64,
}

/// A clip that has a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Name of the clip, which can be the name of a file.
    pub id: String,
    /// Text as printed.
    pub text: String,
    /// Text with numbers and abbreviations written out; the text again where there is no other.
    pub normalized: String,
    /// File that lists the clip, relative to the corpus.
    pub table: Arc<str>,
    /// Line of that file, from 1.
    pub line: u64,
    /// Recording, relative to the corpus, or absolute.
    pub audio: String,
    /// Part of the recording that is the clip; all of it by default.
    pub span: Option<Span>,
    /// Speaker, where the corpus names one.
    pub speaker: Option<String>,
    /// Phones in place of those of the text, as written.
    pub phones: Option<String>,
    /// Split that the corpus assigns.
    pub split: Option<Split>,
}

/// All clips of a corpus.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Number of lines that are clips.
    pub rows: usize,
    /// Clips with a recording, in the order of the source.
    pub entries: Vec<Entry>,
    /// Problems of the other lines.
    pub problems: Vec<Problem>,
    /// Guesses about the layout, as sentences.
    pub notes: Vec<String>,
    /// Files in which the clips are listed, for messages.
    pub place: String,
    /// BLAKE3 hash of these files.
    pub fingerprint: String,
}

impl Corpus {
    /// Opens the corpus at `path`: a directory, or one of its tables.
    ///
    /// # Errors
    ///
    /// [`Error::NoCorpus`] if there is no such file or directory, [`Error::Source`] if it is a recording.
    pub fn open(path: &Path, recipe: &SourceRecipe) -> Result<Self, Error> {
        let mut recipe = recipe.clone();
        if path.is_dir() {
            return Ok(Self { root: path.to_owned(), recipe });
        }
        let (Some(folder), Some(name), true) = (path.parent(), path.file_name(), path.is_file()) else {
            return Err(Error::NoCorpus { path: path.to_owned() });
        };
        if extension(&name.to_string_lossy()).is_some() {
            return Err(Error::Source {
                path: path.to_owned(),
                why: "it is a recording".to_owned(),
                remedy: "name its directory, or the table in which it is listed".to_owned(),
            });
        }
        recipe.tables = vec![PathBuf::from(name)];
        let root = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() };
        Ok(Self { root, recipe })
    }

    /// Returns the directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Recognizes the layout, reads all rows, and looks for every recording.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] if the layout is not recognized or contradicts the recipe, [`Error::Io`] if a file cannot be
    /// read. A bad line is a [`Problem`], not an error.
    pub fn list(&self) -> Result<Listing, Error> {
        let files = Files::list(&self.root)?;
        let found = detect(&self.root, &files, &self.recipe)?;
        let mut rows = match &found {
            Found::Tables(tables) => table::read(&self.root, tables, &files, &self.recipe)?,
            Found::Kaldi(directories) => kaldi::read(&self.root, directories)?,
            Found::Beside(layout) => beside::read(&self.root, *layout, &files)?,
        };
        if let Found::Tables(tables) = &found {
            self.follow_split_lists(tables, &files, &mut rows)?;
        }
        for row in &mut rows.clips {
            row.audio = row.audio.trim().replace('\\', "/");
        }
        say_splits(&mut rows);
        lower_capitals(&mut rows);
        Ok(self.find_recordings(rows, &files))
    }

    /// Takes the splits of Common Voice's `dev.tsv` and `test.tsv`, whose clips are part of `validated.tsv`.
    fn follow_split_lists(&self, tables: &[String], files: &Files, rows: &mut Rows) -> Result<(), Error> {
        let [only] = tables else { return Ok(()) };
        let (folder, name) = split(only);
        if name != "validated.tsv" || self.recipe.split.is_some() {
            return Ok(());
        }
        let lists: Vec<String> = ["train.tsv", "dev.tsv", "test.tsv"]
            .iter()
            .map(|name| if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") })
            .filter(|path| files.others.binary_search(path).is_ok())
            .collect();
        let mut splits: HashMap<String, Split> = HashMap::new();
        for list in &lists {
            let bytes = text_file::read(&self.root.join(list))?;
            rows.hasher.update(&bytes);
            let records = text_file::plain_records(&bytes, '\t');
            let cells = records.iter().filter_map(|record| record.cells.as_ref().ok());
            let column =
                cells.clone().next().and_then(|header| header.iter().position(|name| name == "path"));
            let (Some(column), Some(split)) = (column, split_named(list)) else { continue };
            splits.extend(cells.skip(1).filter_map(|row| Some((row.get(column)?.clone(), split))));
        }
        for row in &mut rows.clips {
            row.split = splits.get(&row.audio).copied();
        }
        if splits.values().any(|split| *split != Split::Train) {
            // Clips of no list are trained on.
            rows.clips.iter_mut().for_each(|row| row.split = row.split.or(Some(Split::Train)));
            rows.notes.push(format!("the splits are those of `{}`", lists.join("`, `")));
        }
        Ok(())
    }

    fn find_recordings(&self, rows: Rows, files: &Files) -> Listing {
        let Rows { count, clips: rows, mut problems, mut notes, folders, place, hasher } = rows;
        let (ids, are_paths) = ids(&rows);
        if are_paths {
            let example = ids.first().map_or("", String::as_str);
            notes.push(format!(
                "recordings of different folders have the same names, so folders are part of the ids, as in `{example}`"
            ));
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(rows.len());
        let mut seen: HashMap<String, (Arc<str>, u64)> = HashMap::new();
        let mut elsewhere: BTreeMap<String, String> = BTreeMap::new();
        for (row, id) in rows.into_iter().zip(ids) {
            match self.entry(row, id, files, &folders, &mut seen) {
                Ok((entry, name)) => {
                    if !name.is_empty() && extension(&name).is_some() && !entry.audio.ends_with(&name) {
                        elsewhere.entry(name).or_insert_with(|| entry.audio.clone());
                    }
                    entries.push(entry);
                }
                Err(problem) => problems.push(*problem),
            }
        }
        if let Some((name, audio)) = elsewhere.first_key_value() {
            let n = counted(elsewhere.len(), "recording is", "recordings are");
            notes.push(format!("{n} elsewhere than named, for example `{name}` at `{audio}`"));
        }
        let fingerprint = hasher.finalize().to_hex().to_string();
        Listing { rows: count, entries, problems, notes, place, fingerprint }
    }

    /// Makes the entry of a row; also returns the name that the row has for its recording.
    fn entry(
        &self,
        row: Row,
        id: String,
        files: &Files,
        folders: &[String],
        seen: &mut HashMap<String, (Arc<str>, u64)>,
    ) -> Result<(Entry, String), Box<Problem>> {
        let refuse = |code, message: String, remedy: &str| {
            let own = if code == Code::UnsafeId { &row.audio } else { &id };
            Err(Box::new(row.problem(code, own, message, remedy)))
        };
        if row.audio.is_empty() && row.id.is_none() {
            return refuse(
                Code::EmptyId,
                "the line names no recording".to_owned(),
                "write the name of the recording, such as `clip` or `wavs/clip.wav`",
            );
        }
        let found = files.find(&row.audio, folders, &self.root);
        if found == Lookup::Outside || !is_safe(&id) || id.is_empty() {
            let name = if found == Lookup::Outside { &row.audio } else { &id };
            return refuse(
                Code::UnsafeId,
                match found {
                    Lookup::Outside => format!("`{}` leads out of the corpus", name.escape_default()),
                    _ => format!("the id `{}` cannot be the name of a file", name.escape_default()),
                },
                "write a path within the corpus, or set `folder` under `[source]` in the recipe",
            );
        }
        if let Some((table, line)) = seen.get(&id) {
            let place = if *table == row.table { String::new() } else { format!(" of `{table}`") };
            return refuse(
                Code::DuplicateId,
                format!("the id `{id}` is also on line {line}{place}"),
                "delete one of the lines, or rename the clip; the earlier line is used",
            );
        }
        seen.insert(id.clone(), (Arc::clone(&row.table), row.line));
        let audio = match found {
            Lookup::Found(audio) => audio,
            Lookup::Several(paths) => {
                return refuse(
                    Code::AmbiguousAudio,
                    format!("`{}` may be `{}`", row.audio, paths.join("` or `")),
                    "write the path of the recording, or set `folder` under `[source]` in the recipe",
                );
            }
            Lookup::Missing | Lookup::Outside => {
                return refuse(Code::MissingWav, missing(&row, files), remedy_of(&row));
            }
        };
        let text = row.text.or_else(|| row.normalized.clone()).unwrap_or_default();
        let entry = Entry {
            id,
            normalized: row.normalized.unwrap_or_else(|| text.clone()),
            text,
            table: row.table,
            line: row.line,
            audio,
            span: row.span,
            speaker: row.speaker,
            phones: row.phones,
            split: row.split,
        };
        Ok((entry, row.audio))
    }
}

/// Describes the recording that a row lacks.
fn missing(row: &Row, files: &Files) -> String {
    if row.audio.ends_with('|') {
        return format!("the recording is the output of a command, `{}`", row.audio);
    }
    let folder = files.main_folder();
    let extension = if extension(&row.audio).is_some() { "" } else { ".wav" };
    let is_path = row.audio.contains('/') || folder.is_empty();
    let path = if is_path { row.audio.clone() } else { format!("{folder}/{}", row.audio) };
    format!("there is no file `{path}{extension}`")
}

fn remedy_of(row: &Row) -> &'static str {
    if row.audio.ends_with('|') {
        "run the command, and name the file with its output"
    } else if row.line == 1 && !row.audio.contains(['/', '.']) {
        "add the clip as wav, FLAC or another format, or delete the line; if the line names columns, write `header = true` \
         under `[source]` in the recipe"
    } else {
        "add the clip as wav, FLAC or another format, or delete the line"
    }
}

/// Says which splits the corpus has; a split without another is none.
fn say_splits(rows: &mut Rows) {
    let mut counts: BTreeMap<Split, usize> = BTreeMap::new();
    for split in rows.clips.iter().filter_map(|row| row.split) {
        *counts.entry(split).or_default() += 1;
    }
    let trains = counts.contains_key(&Split::Train);
    match counts.first_key_value() {
        None => {}
        Some((only, _)) if counts.len() == 1 || !trains => {
            let only = only.word();
            rows.notes.push(format!(
                "the corpus has clips of `{only}` and none to train on or to hold out: its splits are ignored"
            ));
            rows.clips.iter_mut().for_each(|row| row.split = None);
        }
        Some(_) => {
            let parts: Vec<String> =
                counts.iter().map(|(split, n)| format!("{n} {}", split.word())).collect();
            rows.notes.push(format!(
                "splits of the corpus: {}; `by_corpus = false` under `[split]` in the recipe draws others",
                parts.join(", ")
            ));
        }
    }
}

/// Writes texts in small letters if the whole corpus is in capitals, which would be read as abbreviations.
fn lower_capitals(rows: &mut Rows) {
    let texts = || rows.clips.iter().flat_map(|row| [&row.text, &row.normalized]).flatten();
    let capitals = texts().flat_map(|text| text.chars()).filter(|c| c.is_uppercase()).take(CAPITALS).count();
    let has_small =
        || texts().filter(|text| !columns::are_phones(text)).any(|text| text.chars().any(char::is_lowercase));
    if capitals < CAPITALS || has_small() {
        return;
    }
    for text in rows.clips.iter_mut().flat_map(|row| [&mut row.text, &mut row.normalized]).flatten() {
        *text = text.to_lowercase();
    }
    rows.notes.push("all texts are in capitals, and are read in small letters".to_owned());
}
