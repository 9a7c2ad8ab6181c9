//! The wavs of a system: `DIR/wavs/<item>.wav` or `DIR/<item>.wav`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mynah_cli::Advised;

/// The advice on a directory without wavs.
pub(crate) const LAYOUT: &str = "put the wavs into DIR/wavs, or into DIR if it has no such folder";

/// Returns the wav of an item, if it exists.
pub(crate) fn find(directory: &Path, item: &str) -> Option<PathBuf> {
    let file = format!("{item}.wav");
    [directory.join("wavs").join(&file), directory.join(&file)].into_iter().find(|path| path.is_file())
}

/// Lists the items that have a wav in `DIR/wavs`, or in `DIR` if it has no such folder, sorted by name.
pub(crate) fn items(directory: &Path) -> anyhow::Result<BTreeSet<String>> {
    let inner = directory.join("wavs");
    let listed = if inner.is_dir() { inner } else { directory.to_owned() };
    let entries = fs::read_dir(&listed).with_context(|| format!("failed to list `{}`", listed.display()))?;
    let mut items = BTreeSet::new();
    for entry in entries {
        let path = entry.with_context(|| format!("failed to list `{}`", listed.display()))?.path();
        let is_wav = path.extension().is_some_and(|extension| extension == "wav") && path.is_file();
        if let Some(item) = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_wav) {
            items.insert(item.to_owned());
        }
    }
    Ok(items)
}

/// Reads a list of items, one per line; empty lines are skipped.
pub(crate) fn read_list(path: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let mut items: Vec<String> = Vec::new();
    let mut known = BTreeSet::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let line = line.strip_suffix(".wav").unwrap_or(line);
        if !known.insert(line) {
            anyhow::bail!("`{}` lists item `{line}` twice", path.display());
        }
        items.push(line.to_owned());
    }
    if items.is_empty() {
        return Err(no_items(path));
    }
    Ok(items)
}

/// Builds the error of a list without items.
pub(crate) fn no_items(path: &Path) -> anyhow::Error {
    Advised::new(format!("`{}` lists no items", path.display()), "write one item per line").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefers_the_wavs_folder_to_loose_files() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a.wav"), "").unwrap();
        assert_eq!(items(directory.path()).unwrap(), BTreeSet::from(["a".to_owned()]));
        fs::create_dir(directory.path().join("wavs")).unwrap();
        fs::write(directory.path().join("wavs/b.wav"), "").unwrap();
        fs::write(directory.path().join("wavs/b.txt"), "").unwrap();
        assert_eq!(items(directory.path()).unwrap(), BTreeSet::from(["b".to_owned()]));
        assert!(find(directory.path(), "a").is_some() && find(directory.path(), "c").is_none());
    }

    #[test]
    fn reads_a_list_line_by_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("items.txt");
        fs::write(&path, "b\n\n a \n").unwrap();
        assert_eq!(read_list(&path).unwrap(), ["b", "a"]);
        fs::write(&path, "b.wav\na\n").unwrap();
        assert_eq!(read_list(&path).unwrap(), ["b", "a"]);
        fs::write(&path, "b\nb\n").unwrap();
        assert!(read_list(&path).unwrap_err().to_string().contains("twice"));
        fs::write(&path, "\n").unwrap();
        assert!(read_list(&path).is_err());
    }
}
