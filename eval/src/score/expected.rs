//! Items expected of every system: taken from a list, never from the files a system happens to have.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mynah_cli::Advised;
use mynah_table::{TableFormat, read_table};
use serde::{Deserialize, Serialize};

use super::folder::{Folder, item_of};
use super::synthesis::Synthesis;
use crate::wavs::no_items;

/// Table of a dataset's utterances.
pub(crate) const MANIFEST: &str = "manifest.parquet";

/// A split of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Split {
    /// Training data.
    Train,
    /// Data to monitor training with.
    Validation,
    /// Held-out data.
    Test,
}

impl Split {
    fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// Columns of the manifest that select the expected items.
#[derive(Debug, Serialize, Deserialize)]
struct Utterance {
    id: String,
    split: Split,
}

/// Source of the expected items.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// A file with one item per line, or a table with a column `id`.
    List(PathBuf),
    /// A split of a dataset.
    Split(PathBuf, Split),
    /// The sentences that the systems were asked to say, if all of them have a `synthesis.jsonl`; otherwise all
    /// recordings.
    Found,
}

/// Expected items, sorted by name, with a description of their origin.
pub(crate) struct Expected {
    pub(crate) items: Vec<String>,
    pub(crate) origin: String,
}

/// Determines the expected items.
pub(crate) fn expected(
    source: &Source,
    reference: Option<(&Path, &Folder)>,
    systems: &[Option<&Synthesis>],
) -> anyhow::Result<Expected> {
    let (items, origin) = match source {
        Source::List(path) => (read_list(path)?, format!("`{}`", path.display())),
        Source::Split(path, split) => {
            let manifest = path.join(MANIFEST);
            let rows: Vec<Utterance> = read_table(&manifest)
                .with_context(|| format!("failed to read the dataset `{}`", path.display()))?;
            let of_split = rows.iter().filter(|utterance| utterance.split == *split);
            let items: BTreeSet<String> = of_split.map(|utterance| item_of(&utterance.id)).collect();
            (items, format!("the {} split of `{}`", split.as_str(), path.display()))
        }
        Source::Found if systems.iter().all(Option::is_some) => {
            let rows = systems.iter().flatten().flat_map(|synthesis| synthesis.keys());
            (rows.cloned().collect(), "`synthesis.jsonl`".to_owned())
        }
        Source::Found => {
            let Some((path, folder)) = reference else {
                let message = "without recordings, nothing says which sentences a system should have";
                return Err(Advised::new(message, "name them with --items or --data").into());
            };
            (folder.items().map(str::to_owned).collect(), format!("`{}`", path.display()))
        }
    };
    if items.is_empty() {
        let message = format!("{origin} has no items");
        return Err(Advised::new(message, "choose others with --items or --data").into());
    }
    Ok(Expected { items: items.into_iter().collect(), origin })
}

/// A row of a table of items; other columns are ignored.
#[derive(Serialize, Deserialize)]
struct Listed {
    id: String,
}

/// Reads items from a table with a column `id`, or from lines of text up to the first `|`, so that metadata and file
/// lists work unchanged.
fn read_list(path: &Path) -> anyhow::Result<BTreeSet<String>> {
    let failed = || format!("failed to read `{}`", path.display());
    let names: Vec<String> = if TableFormat::of(path).is_ok() {
        let rows: Vec<Listed> = read_table(path).with_context(failed)?;
        rows.into_iter().map(|row| row.id).collect()
    } else {
        let text = fs::read_to_string(path).with_context(failed)?;
        let lines = text.lines().map(|line| line.split('|').next().unwrap_or(line).trim());
        lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let mut items = BTreeSet::new();
    for name in names {
        let item = item_of(&name);
        anyhow::ensure!(items.insert(item), "`{}` lists item `{name}` twice", path.display());
    }
    if items.is_empty() {
        return Err(no_items(path));
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lists_from_lines_and_tables() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        let listed = |name: &str, text: &str| {
            fs::write(path(name), text).unwrap();
            read_list(&path(name)).map(|items| items.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(listed("a.txt", "b\n\n a.wav \nwavs/c.FLAC|some text\n").unwrap(), ["a", "b", "c"]);
        assert_eq!(
            listed("a.jsonl", "{\"id\":\"b\",\"status\":\"failed\"}\n{\"id\":\"a\"}\n").unwrap(),
            ["a", "b"]
        );
        assert_eq!(listed("a.csv", "id,text\nb,x\n").unwrap(), ["b"]);
        assert!(listed("b.txt", "b\nb.wav\n").unwrap_err().to_string().contains("twice"));
        assert!(listed("c.txt", "\n").unwrap_err().to_string().contains("lists no items"));
        let long = (0..100_000).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        assert_eq!(listed("long.txt", &long).unwrap().len(), 100_000);
    }
}
