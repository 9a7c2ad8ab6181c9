//! Recordings below a directory, found by the names that tables have for them.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

use unicode_normalization::UnicodeNormalization as _;

use crate::Error;

/// Extensions of recordings, in order of preference.
pub(crate) const EXTENSIONS: [&str; 12] =
    ["wav", "flac", "mp3", "ogg", "oga", "opus", "m4a", "mp4", "aac", "wave", "rf64", "bwf"];

/// Folders whose recordings are preferred to others of the same name.
const USUAL_FOLDERS: [&str; 6] = ["wavs", "wav", "clips", "audio", "flac", "data"];

/// Largest depth of nested directories that is searched.
const DEEPEST: usize = 12;

/// Files of a corpus.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Paths of recordings, relative to the root, sorted.
    pub(crate) recordings: Vec<String>,
    /// Paths of all other files, sorted.
    pub(crate) others: Vec<String>,
    /// Recordings by [`key`] of their names without extension.
    by_stem: HashMap<String, Vec<usize>>,
}

/// Result of looking for a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// There is none.
    Missing,
    /// The name leads out of the corpus.
    Outside,
    /// Several fit, none better than the others.
    Several(Vec<String>),
    /// Path, relative to the root or absolute.
    Found(String),
}

impl Files {
    /// Lists the files below a directory; names that begin with a dot are skipped.
    pub(crate) fn list(root: &Path) -> Result<Self, Error> {
        let mut files = Self::default();
        let mut paths = Vec::new();
        walk(root, "", 0, &mut paths)?;
        paths.sort_unstable();
        for path in paths {
            if extension(&path).is_some() {
                let stem = key(stem(&path));
                files.by_stem.entry(stem).or_default().push(files.recordings.len());
                files.recordings.push(path);
            } else {
                files.others.push(path);
            }
        }
        Ok(files)
    }

    /// Returns the folder with the most recordings, `wavs` if there are none.
    pub(crate) fn main_folder(&self) -> &str {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for path in &self.recordings {
            *counts.entry(split(path).0).or_default() += 1;
        }
        counts
            .into_iter()
            .max_by_key(|(folder, count)| (*count, Reverse(*folder)))
            .map_or("wavs", |(folder, _)| folder)
    }

    /// Finds the recording that a name means: a path in one of `folders`, or else the file of that name whose path ends
    /// most like it, whatever its extension, the case of its letters and its form of Unicode.
    pub(crate) fn find(&self, name: &str, folders: &[String], root: &Path) -> Lookup {
        let name = name.trim().replace('\\', "/");
        if name.starts_with('/') || is_drive(&name) {
            let path = Path::new(&name);
            return match path.strip_prefix(root) {
                Ok(inside) => self.find(&inside.to_string_lossy(), folders, root),
                Err(_) if path.is_file() => Lookup::Found(name),
                Err(_) => self.named(&name),
            };
        }
        let mut is_outside = false;
        for folder in folders {
            match resolve(folder, &name) {
                None => is_outside = true,
                Some(path) => {
                    if let Some(found) = self.at(&path) {
                        return Lookup::Found(found);
                    }
                    // A folder of the recipe may lie outside of the corpus.
                    let is_elsewhere = folder.starts_with('/') || folder.split('/').any(|part| part == "..");
                    if is_elsewhere && let Some(found) = on_disk(root, &path) {
                        return Lookup::Found(found);
                    }
                }
            }
        }
        if is_outside { Lookup::Outside } else { self.named(&name) }
    }

    /// Finds the recording with this path, with or without its extension.
    fn at(&self, path: &str) -> Option<String> {
        if extension(path).is_some()
            && self.recordings.binary_search_by(|other| other.as_str().cmp(path)).is_ok()
        {
            return Some(path.to_owned());
        }
        let wanted = without_extension(path);
        let same = |other: &&str| without_extension(other) == wanted;
        self.candidates(path).filter(same).min_by_key(|other| rank(other)).map(str::to_owned)
    }

    /// Finds the recording by its name and as many of its folders as agree.
    fn named(&self, name: &str) -> Lookup {
        let mut candidates: Vec<&str> = self.candidates(name).collect();
        let wanted: String = stem(name).nfc().collect();
        let exact = |path: &&str| stem(path).nfc().eq(wanted.chars());
        if candidates.iter().any(exact) {
            candidates.retain(exact);
        }
        keep_best(&mut candidates, |path| common_folders(path, name));
        let usual = |path: &str| {
            let folder = split(path).0;
            Reverse(USUAL_FOLDERS.iter().position(|usual| *usual == folder).unwrap_or(USUAL_FOLDERS.len()))
        };
        keep_best(&mut candidates, usual);
        let Some(first) = candidates.first() else { return Lookup::Missing };
        let without = without_extension(first);
        if candidates.iter().any(|path| without_extension(path) != without) {
            return Lookup::Several(candidates.into_iter().map(str::to_owned).collect());
        }
        let wanted = extension(name);
        let best =
            candidates.iter().min_by_key(|path| (wanted.is_some() && extension(path) != wanted, rank(path)));
        best.map_or(Lookup::Missing, |path| Lookup::Found((*path).to_owned()))
    }

    fn candidates(&self, name: &str) -> impl Iterator<Item = &str> {
        let found = self.by_stem.get(&key(stem(name))).map_or(&[][..], Vec::as_slice);
        found.iter().map(|index| self.recordings[*index].as_str())
    }
}

/// Keeps the elements with the largest score.
fn keep_best<S: Ord>(candidates: &mut Vec<&str>, score: impl Fn(&str) -> S) {
    if let Some(best) = candidates.iter().map(|path| score(path)).max() {
        candidates.retain(|path| score(path) == best);
    }
}

/// Counts the folders, from the last on, that two paths have in common.
fn common_folders(a: &str, b: &str) -> usize {
    let folders = |path: &str| split(path).0.rsplit('/').map(key).collect::<Vec<String>>();
    folders(a).iter().zip(folders(b)).take_while(|(a, b)| !a.is_empty() && **a == *b).count()
}

/// Returns the extension of a recording in lower case; `None` if it is that of no recording.
pub(crate) fn extension(path: &str) -> Option<&'static str> {
    let name = split(path).1;
    let (_, extension) = name.rsplit_once('.')?;
    EXTENSIONS.into_iter().find(|known| extension.eq_ignore_ascii_case(known))
}

/// Returns a path without the extension of a recording.
pub(crate) fn without_extension(path: &str) -> &str {
    extension(path).map_or(path, |extension| &path[..path.len() - extension.len() - 1])
}

/// Returns the name of a file without its folders and without the extension of a recording.
pub(crate) fn stem(path: &str) -> &str {
    split(without_extension(path)).1
}

/// Splits a path into folder and name.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Joins paths lexically; `None` if the result leads out of the root, which only an explicit `folder` may do.
pub(crate) fn resolve(folder: &str, name: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().filter(|last| *last != "..")?;
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    Some(if folder.starts_with('/') { format!("/{path}") } else { path })
}

/// Finds a recording outside of the corpus, with or without its extension.
fn on_disk(root: &Path, path: &str) -> Option<String> {
    let is_file = |path: &String| root.join(path).is_file();
    if extension(path).is_some() && is_file(&path.to_owned()) {
        return Some(path.to_owned());
    }
    let without = without_extension(path);
    EXTENSIONS.iter().map(|extension| format!("{without}.{extension}")).find(is_file)
}

fn rank(path: &str) -> usize {
    let own = extension(path);
    EXTENSIONS.iter().position(|extension| Some(*extension) == own).unwrap_or(EXTENSIONS.len())
}

/// Returns a name in small letters and composed characters.
fn key(name: &str) -> String {
    if name.is_ascii() { name.to_ascii_lowercase() } else { name.to_lowercase().nfc().collect() }
}

fn is_drive(name: &str) -> bool {
    matches!(name.as_bytes(), [drive, b':', b'/', ..] if drive.is_ascii_alphabetic())
}

fn walk(root: &Path, inside: &str, depth: usize, found: &mut Vec<String>) -> Result<(), Error> {
    let directory = root.join(inside);
    for entry in fs::read_dir(&directory).map_err(Error::io("list", &directory))? {
        let entry = entry.map_err(Error::io("list", &directory))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let path = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        let kind = match entry.file_type() {
            // A link is whatever it leads to; a broken one is missing.
            Ok(kind) if kind.is_symlink() => fs::metadata(root.join(&path)).map(|metadata| metadata.is_dir()),
            Ok(kind) => Ok(kind.is_dir()),
            Err(error) => Err(error),
        };
        match kind {
            Ok(true) if depth < DEEPEST => walk(root, &path, depth + 1, found)?,
            Ok(false) => found.push(path),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Files, Lookup, resolve};

    pub(in crate::source) fn files(paths: &[&str]) -> (tempfile::TempDir, Files) {
        let directory = tempfile::tempdir().unwrap();
        for path in paths {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        let files = Files::list(directory.path()).unwrap();
        (directory, files)
    }

    fn found(path: &str) -> Lookup {
        Lookup::Found(path.to_owned())
    }

    #[test]
    fn finds_recordings_however_they_are_named() {
        let (root, files) = files(&[
            "wavs/a.wav",
            "wavs/a.flac",
            "other/a.wav",
            "wavs/B.WAV",
            "wavs/p1/x.flac",
            "wavs/p2/x.flac",
            "clips/c.mp3",
            "wavs/cafe\u{301}.wav",
            "wavs/d.v2.wav",
            ".hidden/e.wav",
        ]);
        for (name, expected) in [
            ("a", found("wavs/a.wav")),
            ("a.wav", found("wavs/a.wav")),
            ("a.flac", found("wavs/a.flac")),
            ("other/a", found("other/a.wav")),
            ("DUMMY1/a.wav", found("wavs/a.wav")),
            ("/somewhere/else/a.wav", found("wavs/a.wav")),
            ("C:\\data\\other\\a.wav", found("other/a.wav")),
            ("b", found("wavs/B.WAV")),
            ("b.wav", found("wavs/B.WAV")),
            ("p2/x.wav", found("wavs/p2/x.flac")),
            ("wavs/p1/x", found("wavs/p1/x.flac")),
            ("x", Lookup::Several(vec!["wavs/p1/x.flac".to_owned(), "wavs/p2/x.flac".to_owned()])),
            ("c.wav", found("clips/c.mp3")),
            ("caf\u{e9}", found("wavs/cafe\u{301}.wav")),
            ("d.v2", found("wavs/d.v2.wav")),
            ("e", Lookup::Missing),
            ("../a.wav", Lookup::Outside),
            ("wavs/../other/a.wav", found("other/a.wav")),
        ] {
            assert_eq!(files.find(name, &[String::new()], root.path()), expected, "{name}");
        }
        assert_eq!(files.find("../wavs/a", &["lists".to_owned()], root.path()), found("wavs/a.wav"));
        let inside = root.path().join("other/a.wav");
        assert_eq!(files.find(inside.to_str().unwrap(), &[String::new()], root.path()), found("other/a.wav"));
        assert_eq!(files.main_folder(), "wavs");
        assert_eq!(Files::default().main_folder(), "wavs");
    }

    #[test]
    fn paths_outside_are_read_only_if_they_are_absolute_or_the_recipe_says_so() {
        let (outside, _) = files(&["x.wav"]);
        let (root, files) = files(&["a.wav"]);
        let path = outside.path().join("x.wav");
        let name = path.to_str().unwrap();
        assert_eq!(files.find(name, &[String::new()], root.path()), found(name));
        let folder = outside.path().to_str().unwrap().to_owned();
        assert_eq!(files.find("x", &[folder], Path::new("corpus")), found(name));
    }

    #[test]
    fn resolves_paths() {
        assert_eq!(resolve("a/b", "../c.wav").as_deref(), Some("a/c.wav"));
        assert_eq!(resolve("", "./c.wav").as_deref(), Some("c.wav"));
        assert_eq!(resolve("", "../c.wav"), None);
        assert_eq!(resolve("/x", "c").as_deref(), Some("/x/c"));
    }
}
