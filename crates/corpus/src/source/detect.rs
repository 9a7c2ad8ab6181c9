//! Recognition of a layout by the names of files.

use std::collections::HashSet;
use std::path::Path;

use super::beside::{LINES, NORMALIZED, ORIGINAL, TEXTS, VCTK_TEXTS};
use super::kaldi::RECORDINGS;
use super::recordings::{Files, split, without_extension};
use super::row::{counted, split_named};
use super::settings::{Layout, SourceRecipe};
use crate::Error;

/// Extensions of tables.
const TABLES: [&str; 8] = ["csv", "tsv", "psv", "jsonl", "json", "txt", "list", "lst"];
/// Names of tables, the most definite first. Common Voice's `validated.tsv` holds the clips of its splits and more.
const KNOWN: [&str; 9] = [
    "metadata",
    "validated",
    "transcripts",
    "transcript",
    "transcriptions",
    "transcription",
    "manifest",
    "filelist",
    "line_index",
];

/// Arrangement of a corpus, with the files in which it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// Tables, relative to the root.
    Tables(Vec<String>),
    /// Kaldi directories, relative to the root.
    Kaldi(Vec<String>),
    /// Texts beside recordings.
    Beside(Layout),
}

/// Recognizes the layout, or follows the recipe.
///
/// # Errors
///
/// [`Error::Source`] if nothing is recognized, or several tables are.
pub(crate) fn detect(root: &Path, files: &Files, recipe: &SourceRecipe) -> Result<Found, Error> {
    if !recipe.tables.is_empty() {
        return Ok(Found::Tables(
            recipe.tables.iter().map(|path| path.to_string_lossy().replace('\\', "/")).collect(),
        ));
    }
    let is_kaldi = |path: &&String| split(path).1 == RECORDINGS;
    let kaldi =
        || files.others.iter().filter(is_kaldi).map(|path| split(path).0.to_owned()).collect::<Vec<_>>();
    match recipe.layout {
        Layout::Auto => {}
        Layout::Kaldi => return Ok(Found::Kaldi(kaldi())),
        Layout::Table => return tables(root, files)?.ok_or_else(|| unknown(root, files)),
        layout => return Ok(Found::Beside(layout)),
    }
    let directories = kaldi();
    if directories.iter().any(String::is_empty) {
        return Ok(Found::Kaldi(vec![String::new()]));
    }
    if let Some(table) = known_table(files) {
        return Ok(Found::Tables(vec![table]));
    }
    if !directories.is_empty() {
        return Ok(Found::Kaldi(directories));
    }
    let ends = |ending: &str| files.others.iter().any(|path| path.ends_with(ending));
    if ends(NORMALIZED) || ends(ORIGINAL) {
        return Ok(Found::Beside(Layout::LibriTts));
    }
    if ends(LINES) {
        return Ok(Found::Beside(Layout::LibriSpeech));
    }
    if files.others.iter().any(|path| path.starts_with(VCTK_TEXTS)) {
        return Ok(Found::Beside(Layout::Vctk));
    }
    if let Some(found) = tables(root, files)? {
        return Ok(found);
    }
    let has_text = |recording: &String| {
        let stem = without_extension(recording);
        TEXTS.iter().any(|ending| files.others.binary_search(&format!("{stem}{ending}")).is_ok())
    };
    if files.recordings.iter().any(has_text) {
        return Ok(Found::Beside(Layout::Beside));
    }
    Err(unknown(root, files))
}

/// Returns the table in the root whose name leaves no doubt.
fn known_table(files: &Files) -> Option<String> {
    KNOWN.iter().find_map(|known| {
        TABLES.iter().find_map(|extension| {
            let name = format!("{known}.{extension}");
            files.others.iter().find(|path| path.eq_ignore_ascii_case(&name)).cloned()
        })
    })
}

/// Returns the tables in the root, or in its folders of splits: a single one, or one for each split.
fn tables(root: &Path, files: &Files) -> Result<Option<Found>, Error> {
    if let Some(table) = known_table(files) {
        return Ok(Some(Found::Tables(vec![table])));
    }
    let beside: HashSet<&str> = files.recordings.iter().map(|path| without_extension(path)).collect();
    let is_table = |path: &&String| {
        let name = split(path).1;
        let Some((stem, extension)) = name.rsplit_once('.') else { return false };
        let lower = stem.to_lowercase();
        TABLES.iter().any(|known| extension.eq_ignore_ascii_case(known))
            && !["readme", "license", "licence", "speakers", "speaker-info", "chapters", "croissant"]
                .contains(&lower.as_str())
            && !beside.contains(&path[..path.len() - extension.len() - 1])
    };
    let in_root: Vec<&String> =
        files.others.iter().filter(|path| !path.contains('/')).filter(is_table).collect();
    let is_metadata = |path: &&String| {
        let (folder, name) = split(path);
        folder.split('/').count() == 1 && split_named(folder).is_some() && name.starts_with("metadata.")
    };
    let in_folders: Vec<&String> = files.others.iter().filter(is_table).filter(is_metadata).collect();
    // A table in a folder of a split is named as Hugging Face names it; one in the root may be anything.
    let found = if in_folders.is_empty() { in_root } else { in_folders };
    let splits: Vec<_> =
        found.iter().filter_map(|path| split_named(path.trim_end_matches("/metadata.csv"))).collect();
    let is_per_split = splits.len() == found.len() && {
        let mut distinct = splits.clone();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.len() == splits.len()
    };
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(Found::Tables(vec![(*one).clone()]))),
        several if is_per_split => {
            Ok(Some(Found::Tables(several.iter().map(|path| (*path).clone()).collect())))
        }
        several => {
            let names: Vec<&str> = several.iter().take(6).map(|path| path.as_str()).collect();
            Err(Error::Source {
                path: root.to_owned(),
                why: format!("it has several tables: `{}`", names.join("`, `")),
                remedy: format!("write `tables = [\"{}\"]` under `[source]` in the recipe", names[0]),
            })
        }
    }
}

fn unknown(root: &Path, files: &Files) -> Error {
    let why = if files.recordings.is_empty() && files.others.is_empty() {
        "it is empty".to_owned()
    } else {
        format!(
            "it has {}, but no texts that are recognized",
            counted(files.recordings.len(), "recording", "recordings")
        )
    };
    Error::Source {
        path: root.to_owned(),
        why,
        remedy: "name a directory with a table such as `metadata.csv` (`id|text|normalized text`), Kaldi's `wav.scp` and \
                 `text`, or a `.txt` file beside each recording; or name the table under `[source]` in the recipe: \
                 `tables = [\"FILE\"]`"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Found, detect};
    use crate::source::recordings::tests::files;
    use crate::source::settings::{Layout, SourceRecipe};

    fn of(paths: &[&str]) -> Result<Found, String> {
        let (directory, files) = files(paths);
        detect(directory.path(), &files, &SourceRecipe::default())
            .map_err(|error| format!("{error}; {}", error.remedy().unwrap()))
    }

    fn tables(names: &[&str]) -> Found {
        Found::Tables(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn layouts_are_known_by_their_files() {
        let check = |paths: &[&str], expected: Found| assert_eq!(of(paths), Ok(expected), "{paths:?}");
        check(&["metadata.csv", "wavs/a.wav", "README"], tables(&["metadata.csv"]));
        check(
            &["clips/a.mp3", "dev.tsv", "test.tsv", "train.tsv", "validated.tsv"],
            tables(&["validated.tsv"]),
        );
        check(&["list.txt", "README.txt", "a.wav"], tables(&["list.txt"]));
        check(&["train.csv", "val.csv", "wavs/a.wav"], tables(&["train.csv", "val.csv"]));
        check(
            &["test/metadata.csv", "train/metadata.csv", "train/a.wav"],
            tables(&["test/metadata.csv", "train/metadata.csv"]),
        );
        check(&["wav.scp", "text"], Found::Kaldi(vec![String::new()]));
        check(
            &["dev/text", "dev/wav.scp", "train/text", "train/wav.scp"],
            Found::Kaldi(vec!["dev".into(), "train".into()]),
        );
        check(
            &["SPEAKERS.txt", "dev-clean/84/1/84_1_0.normalized.txt", "dev-clean/84/1/84_1_0.wav"],
            Found::Beside(Layout::LibriTts),
        );
        check(&["84/1/84-1-0.flac", "84/1/84-1.trans.txt"], Found::Beside(Layout::LibriSpeech));
        check(&["txt/p1/p1_001.txt", "wav48/p1/p1_001.wav", "speaker-info.txt"], Found::Beside(Layout::Vctk));
        check(&["a.wav", "a.txt", "b/c.flac", "b/c.lab"], Found::Beside(Layout::Beside));
    }

    #[test]
    fn doubts_are_errors_with_remedies() {
        let several = of(&["a.csv", "b.csv", "a1.wav"]).unwrap_err();
        assert!(
            several.contains("several tables: `a.csv`, `b.csv`") && several.contains("tables = [\"a.csv\"]"),
            "{several}"
        );
        let none = of(&["wavs/a.wav"]).unwrap_err();
        assert!(none.contains("1 recording, but no texts") && none.contains("metadata.csv"), "{none}");
        assert!(of(&[]).unwrap_err().contains("it is empty"));
    }
}
