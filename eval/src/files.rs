//! Places for results: checked before the work begins, and never written over by something else unasked.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use mynah_table::{TableFormat, read_table, write_atomic, write_table};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::program::say;

/// Whether a result may take the place of something else.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Overwrite {
    /// Write over what is there already
    #[arg(long)]
    pub(crate) force: bool,
}

impl Overwrite {
    /// Refuses a place that is taken, before hours of work.
    pub(crate) fn check_free(self, path: &Path) -> anyhow::Result<()> {
        if !self.force && path.exists() {
            bail!("`{}` exists already: name another file, or write over it with --force", path.display());
        }
        Ok(())
    }

    /// Refuses a directory for a report in which somebody else's files would be written over. An earlier report may be:
    /// it can be made again.
    pub(crate) fn check_report(self, directory: &Path) -> anyhow::Result<()> {
        let is_taken = directory.join("index.html").exists() && !directory.join("report.json").is_file();
        if is_taken && !self.force {
            bail!(
                "`{}` has an `index.html` that is no report: name another directory, or write over it with --force",
                directory.display()
            );
        }
        Ok(())
    }

    /// Writes a file, unless its place holds something else. `may_go` says of what is there that nothing is lost with it.
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

    /// Writes a table, unless its place holds something else. An earlier table may go when the new one has all its rows, by
    /// what `key` says of them; rows for which it says nothing can be made again. A file
    /// without rows is not known to be such a table.
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
        let partial = Partial::beside(path);
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
            bail!(
                "`{name}` exists and holds something else, which would be lost: name another file, or write over it with \
                 --force"
            );
        }
        say(&format!("wrote over `{name}`, which held something else"));
        Ok(())
    }
}

/// A file that goes away unless it was renamed.
struct Partial(PathBuf);

impl Partial {
    /// Under a name with the same extension, by which the form of a table is chosen.
    fn beside(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self(path.with_file_name(format!(".{}.{name}", std::process::id())))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// Refuses a table whose format is not known, before the work that fills it is done.
pub(crate) fn check_table(path: &Path) -> anyhow::Result<()> {
    TableFormat::of(path)?;
    Ok(())
}

/// Makes the folders above `path`.
pub(crate) fn make_parent(path: &Path) -> anyhow::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => {
            fs::create_dir_all(parent).with_context(|| format!("failed to make `{}`", parent.display()))
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

    fn rows(names: &[&str]) -> Vec<Row> {
        names.iter().map(|name| Row { name: (*name).to_owned(), score: 1 }).collect()
    }

    #[test]
    fn other_content_stays_unless_it_is_said() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("below/a.toml");
        let (keep, force) = (Overwrite { force: false }, Overwrite { force: true });
        keep.write(&path, b"a", |_| false).unwrap();
        keep.write(&path, b"a", |_| false).unwrap();
        let error = keep.write(&path, b"b", |_| false).unwrap_err().to_string();
        assert!(
            error.contains("a.toml` exists and holds something else") && error.contains("--force"),
            "{error}"
        );
        assert_eq!(fs::read(&path).unwrap(), b"a");
        keep.write(&path, b"b", |_| true).unwrap();
        force.write(&path, b"c", |_| false).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"c");
        assert!(keep.check_free(&path).is_err() && force.check_free(&path).is_ok());
    }

    #[test]
    fn a_table_grows_but_loses_no_row() {
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
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 3, "nothing is left beside them");
    }

    #[test]
    fn a_report_takes_the_place_of_a_report_only() {
        let place = tempfile::tempdir().unwrap();
        let keep = Overwrite::default();
        keep.check_report(&place.path().join("new")).unwrap();
        fs::write(place.path().join("index.html"), "a page for raters").unwrap();
        assert!(keep.check_report(place.path()).unwrap_err().to_string().contains("no report"));
        Overwrite { force: true }.check_report(place.path()).unwrap();
        fs::write(place.path().join("report.json"), "{}").unwrap();
        keep.check_report(place.path()).unwrap();
    }
}
