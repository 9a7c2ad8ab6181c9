//! Output files: checked before work begins, and never overwritten by other content without `--force`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use mynah_cli::{Advised, say};
use mynah_table::{TableFormat, read_table, write_atomic, write_table};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The advice on an output file that is taken.
const TAKEN: &str = "name another file, or overwrite this one with --force";

/// The permission to overwrite existing files.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Overwrite {
    /// Overwrite existing files
    #[arg(long)]
    pub(crate) force: bool,
}

impl Overwrite {
    /// Rejects an existing file before hours of work.
    pub(crate) fn check_free(self, path: &Path) -> anyhow::Result<()> {
        if !self.force && path.exists() {
            return Err(Advised::new(format!("`{}` already exists", path.display()), TAKEN).into());
        }
        Ok(())
    }

    /// Rejects a report directory whose `index.html` is not a report. Earlier reports may be overwritten, since they
    /// can be regenerated.
    pub(crate) fn check_report(self, directory: &Path) -> anyhow::Result<()> {
        let is_taken = directory.join("index.html").exists() && !directory.join("report.json").is_file();
        if is_taken && !self.force {
            return Err(Advised::new(
                format!("`{}` has an `index.html` that is not a report", directory.display()),
                "name another directory, or overwrite this one with --force",
            )
            .into());
        }
        Ok(())
    }

    /// Writes a file, unless that would destroy other content. `may_go` returns true if nothing is lost with the
    /// existing file.
    pub(crate) fn write(
        self,
        path: &Path,
        bytes: &[u8],
        may_go: impl FnOnce(&Path) -> bool,
    ) -> anyhow::Result<()> {
        if path.exists() {
            let is_same = fs::read(path).is_ok_and(|there| there == bytes);
            if is_same {
                return Ok(());
            }
            self.check_other(path, may_go)?;
        }
        write_atomic(path, bytes).with_context(|| format!("failed to write `{}`", path.display()))
    }

    /// Writes a table, unless that would destroy other content.
    ///
    /// An earlier table may be replaced if the new one has all its rows. `key` identifies a row; rows without a key
    /// can be regenerated. A file without rows is not recognized as such a table.
    pub(crate) fn write_table<T, K>(
        self,
        path: &Path,
        rows: &[T],
        key: impl Fn(&T) -> Option<K>,
    ) -> anyhow::Result<()>
    where
        T: Serialize + DeserializeOwned,
        K: Ord,
    {
        make_parent(path)?;
        let partial = Partial::next_to(path);
        write_table(&partial.0, rows)?;
        if path.exists() {
            let failed = || format!("failed to read `{}`", partial.0.display());
            let bytes = fs::read(&partial.0).with_context(failed)?;
            if fs::read(path).is_ok_and(|there| there == bytes) {
                return Ok(());
            }
            self.check_other(path, |path| {
                let here: std::collections::BTreeSet<K> = rows.iter().filter_map(&key).collect();
                read_table::<T>(path).is_ok_and(|there| {
                    !there.is_empty() && there.iter().filter_map(&key).all(|row| here.contains(&row))
                })
            })?;
        }
        fs::rename(&partial.0, path).with_context(|| format!("failed to write `{}`", path.display()))
    }

    fn check_other(self, path: &Path, may_go: impl FnOnce(&Path) -> bool) -> anyhow::Result<()> {
        let name = path.display();
        if may_go(path) {
            return Ok(());
        }
        if !self.force {
            let lost = format!("`{name}` exists with other content, which would be lost");
            return Err(Advised::new(lost, TAKEN).into());
        }
        say(&format!("overwrote `{name}`, which had other content"));
        Ok(())
    }
}

/// A file that is removed on drop, unless it has been renamed.
struct Partial(PathBuf);

impl Partial {
    /// Names a file next to `path`, with the same extension, which selects the format of a table.
    fn next_to(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self(path.with_file_name(format!(".{}.{name}", std::process::id())))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// Rejects a table of unknown format before the work that fills it.
pub(crate) fn check_table(path: &Path) -> anyhow::Result<()> {
    TableFormat::of(path)?;
    Ok(())
}

/// Creates the parent directories of `path`.
pub(crate) fn make_parent(path: &Path) -> anyhow::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            fs::create_dir_all(parent).with_context(|| format!("failed to create `{}`", parent.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Row {
        name: String,
        score: i64,
    }

    fn advice(error: &anyhow::Error) -> &str {
        error.downcast_ref::<Advised>().unwrap().remedy()
    }

    fn rows(names: &[&str]) -> Vec<Row> {
        names.iter().map(|name| Row { name: (*name).to_owned(), score: 1 }).collect()
    }

    #[test]
    fn keeps_other_content_unless_forced() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("below/a.toml");
        let (keep, force) = (Overwrite { force: false }, Overwrite { force: true });
        keep.write(&path, b"a", |_| false).unwrap();
        keep.write(&path, b"a", |_| false).unwrap();
        let error = keep.write(&path, b"b", |_| false).unwrap_err();
        assert!(
            error.to_string().contains("a.toml` exists with other content")
                && advice(&error).contains("--force"),
            "{error}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"a");
        keep.write(&path, b"b", |_| true).unwrap();
        force.write(&path, b"c", |_| false).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"c");
        assert!(keep.check_free(&path).is_err() && force.check_free(&path).is_ok());
    }

    #[test]
    fn tables_grow_but_lose_no_row() {
        let place = tempfile::tempdir().unwrap();
        for name in ["t.csv", "t.jsonl", "t.parquet"] {
            let path = place.path().join(name);
            let write = |names: &[&str], force| {
                Overwrite { force }.write_table(&path, &rows(names), |row: &Row| Some(row.name.clone()))
            };
            write(&["a"], false).unwrap();
            write(&["a"], false).unwrap();
            write(&["b", "a"], false).unwrap();
            for fewer in [&["b"][..], &[]] {
                assert!(write(fewer, false).unwrap_err().to_string().contains("would be lost"));
            }
            assert_eq!(read_table::<Row>(&path).unwrap().len(), 2);
            write(&[], true).unwrap();
            assert_eq!(read_table::<Row>(&path).unwrap().len(), 0);
            fs::write(&path, "somebody's notes").unwrap();
            assert!(write(&["a", "b"], false).is_err());
            assert_eq!(fs::read(&path).unwrap(), b"somebody's notes");
        }
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 3, "no other file remains");
    }

    #[test]
    fn reports_replace_only_reports() {
        let place = tempfile::tempdir().unwrap();
        let keep = Overwrite::default();
        keep.check_report(&place.path().join("new")).unwrap();
        fs::write(place.path().join("index.html"), "a page for raters").unwrap();
        assert!(keep.check_report(place.path()).unwrap_err().to_string().contains("not a report"));
        Overwrite { force: true }.check_report(place.path()).unwrap();
        fs::write(place.path().join("report.json"), "{}").unwrap();
        keep.check_report(place.path()).unwrap();
    }
}
