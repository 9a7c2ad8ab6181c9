//! Texts in files beside recordings: `LibriTTS`, `LibriSpeech`, VCTK, and `.txt` or `.lab` files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::recordings::{Files, split, stem, without_extension};
use super::row::{Row, Rows, counted, split_named};
use super::settings::Layout;
use super::table::not_text;
use super::text_file;
use crate::Error;
use crate::problem::{Code, Problem};

pub(crate) const NORMALIZED: &str = ".normalized.txt";
pub(crate) const ORIGINAL: &str = ".original.txt";
pub(crate) const LINES: &str = ".trans.txt";
/// Extensions of texts, in order of preference.
pub(crate) const TEXTS: [&str; 2] = [".txt", ".lab"];
/// Folder of VCTK's texts.
pub(crate) const VCTK_TEXTS: &str = "txt/";

/// Reads the texts of a layout with files beside recordings.
pub(crate) fn read(root: &Path, layout: Layout, files: &Files) -> Result<Rows, Error> {
    let mut all = match layout {
        Layout::LibriSpeech => lines(root, files)?,
        Layout::Vctk => vctk(root, files)?,
        Layout::LibriTts => pairs(root, files, &[ORIGINAL, NORMALIZED])?,
        _ => pairs(root, files, &TEXTS)?,
    };
    let is_libri = matches!(layout, Layout::LibriTts | Layout::LibriSpeech);
    for row in &mut all.clips {
        let folder = split(&row.audio).0;
        if is_libri {
            // SUBSET/SPEAKER/CHAPTER/clip, or from the speaker on.
            row.speaker = folder.rsplit('/').nth(1).filter(|name| !name.is_empty()).map(str::to_owned);
            row.split = folder.split('/').find_map(split_named);
        } else {
            row.speaker = folder.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
        }
    }
    // A single folder is a folder, not a speaker.
    let speakers: BTreeSet<&Option<String>> = all.clips.iter().map(|row| &row.speaker).collect();
    let n_speakers = speakers.len();
    if n_speakers < 2 && layout == Layout::Beside {
        all.clips.iter_mut().for_each(|row| row.speaker = None);
    }
    let speakers = match n_speakers {
        0 | 1 if layout == Layout::Beside => String::new(),
        n => format!("; {}, by folder", counted(n, "speaker", "speakers")),
    };
    "texts beside the recordings".clone_into(&mut all.place);
    all.notes.insert(
        0,
        format!(
            "source: layout `{}`, {}{speakers}",
            layout.name(),
            counted(all.clips.len(), "text", "texts")
        ),
    );
    all.folders = vec![String::new()];
    Ok(all)
}

/// Reads the texts whose files have the name of a recording and one of `endings`.
fn pairs(root: &Path, files: &Files, endings: &[&str]) -> Result<Rows, Error> {
    let mut all = Rows::default();
    let others: BTreeSet<&str> = files.others.iter().map(String::as_str).collect();
    let mut stems: BTreeMap<&str, &str> = BTreeMap::new();
    for recording in &files.recordings {
        stems.entry(without_extension(recording)).or_insert(recording);
    }
    let mut without_text = Vec::new();
    for (stem, recording) in stems {
        let found: Vec<String> = endings
            .iter()
            .map(|ending| format!("{stem}{ending}"))
            .filter(|path| others.contains(path.as_str()))
            .collect();
        let Some(first) = found.first() else {
            without_text.push(recording);
            continue;
        };
        all.count += 1;
        let mut row = Row::new(&Arc::from(first.as_str()), 1, recording.to_owned());
        let mut bad = None;
        for path in &found {
            let is_normalized = path.ends_with(NORMALIZED);
            let place = if is_normalized { &mut row.normalized } else { &mut row.text };
            if place.is_some() {
                all.notes.push(format!("`{path}` is not used, because there is `{first}`"));
                continue;
            }
            match whole(root, path, &mut all)? {
                Ok(text) => *place = Some(text),
                Err(problem) => bad = Some(problem),
            }
        }
        match bad {
            Some(problem) => all.problems.push(problem),
            None => all.clips.push(row),
        }
    }
    if let Some(first) = without_text.first() {
        let n =
            counted(without_text.len(), "recording has no text and is", "recordings have no text and are");
        all.notes.push(format!("{n} not used, for example `{first}`"));
    }
    Ok(all)
}

/// Reads the files of lines of `LibriSpeech`, `ID TEXT`.
fn lines(root: &Path, files: &Files) -> Result<Rows, Error> {
    let mut all = Rows::default();
    for table in files.others.iter().filter(|path| path.ends_with(LINES)) {
        let bytes = text_file::read(&root.join(table))?;
        all.hasher.update(table.as_bytes()).update(&bytes);
        let (name, folder): (Arc<str>, &str) = (Arc::from(table.as_str()), split(table).0);
        for (line, content) in text_file::lines(&bytes) {
            all.count += 1;
            match text_file::text(content) {
                Ok(text) => {
                    let (id, text) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
                    let audio = if folder.is_empty() { id.to_owned() } else { format!("{folder}/{id}") };
                    let mut row = Row::new(&name, line, audio);
                    row.text = Some(text.trim().to_owned());
                    all.clips.push(row);
                }
                Err(fault) => all.problems.push(not_text(&name, line, &fault)),
            }
        }
    }
    Ok(all)
}

/// Reads VCTK's `txt/SPEAKER/SPEAKER_NNN.txt`; of two microphones, the first.
fn vctk(root: &Path, files: &Files) -> Result<Rows, Error> {
    let mut all = Rows::default();
    let mut by_stem: BTreeMap<&str, &str> = BTreeMap::new();
    for recording in &files.recordings {
        let name = stem(recording);
        by_stem.entry(name.strip_suffix("_mic1").unwrap_or(name)).or_insert(recording);
    }
    let mut first_microphone = 0;
    for path in &files.others {
        let Some(inside) = path.strip_prefix(VCTK_TEXTS).and_then(|path| path.strip_suffix(".txt")) else {
            continue;
        };
        all.count += 1;
        let (folder, id) = split(inside);
        let audio = by_stem.get(id).map_or_else(|| format!("{folder}/{id}"), |audio| (*audio).to_owned());
        first_microphone += usize::from(stem(&audio).ends_with("_mic1"));
        let mut row = Row::new(&Arc::from(path.as_str()), 1, audio);
        row.id = Some(id.to_owned());
        match whole(root, path, &mut all)? {
            Ok(text) => {
                row.text = Some(text);
                all.clips.push(row);
            }
            Err(problem) => all.problems.push(problem),
        }
    }
    if first_microphone > 0 {
        let n = counted(first_microphone, "clip is that", "clips are those");
        all.notes.push(format!("{n} of the first microphone, `_mic1`"));
    }
    Ok(all)
}

/// Reads a whole file as one text; line breaks are blanks.
fn whole(root: &Path, path: &str, all: &mut Rows) -> Result<Result<String, Problem>, Error> {
    let bytes = text_file::read(&root.join(path))?;
    all.hasher.update(path.as_bytes()).update(&bytes);
    let mut parts = Vec::new();
    for (line, content) in text_file::lines(&bytes) {
        match text_file::text(content) {
            Ok(text) => parts.push(text.trim().to_owned()),
            Err(fault) => return Ok(Err(not_text(&Arc::from(path), line, &fault))),
        }
    }
    if parts.is_empty() {
        let row = Row::new(&Arc::from(path), 1, String::new());
        let id = stem(path.split_once('.').map_or(path, |(stem, _)| stem)).to_owned();
        let remedy = "write the words of the clip, or delete the file";
        return Ok(Err(row.problem(Code::EmptyText, &id, "the file has no text".to_owned(), remedy)));
    }
    Ok(Ok(parts.join(" ")))
}
