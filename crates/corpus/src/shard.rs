//! Preparing a corpus on several machines that share a file system.
//!
//! Which clips belong to a shard depends on their ids alone. Each shard writes features into the same dataset, which no
//! other shard writes, and at its end one file that says what it found. Joining them needs nothing but these files.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use mynah_table::write_atomic;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::problem::Problem;
use crate::recipe::Recipe;

/// The form of a shard's file.
const FORMAT: u32 = 1;

/// A part of a corpus: the shard `index` of `count`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    count: u32,
    index: u32,
}

/// A shard that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a shard: write I/N with I from 1 to N, such as 3/64")]
pub struct BadShard {
    text: String,
}

impl Shard {
    /// How many shards there are.
    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }

    /// Its name in names of files, such as `00003-of-00064`.
    #[must_use]
    pub fn file_stem(self) -> String {
        format!("{:05}-of-{:05}", self.index, self.count)
    }

    /// Whether the clip belongs to the shard: every clip belongs to exactly one, whatever others there are.
    #[must_use]
    pub fn holds(self, id: &str) -> bool {
        let hash = blake3::hash(id.as_bytes());
        let [a, b, c, d, ..] = *hash.as_bytes();
        u32::from_le_bytes([a, b, c, d]) % self.count == self.index - 1
    }
}

impl FromStr for Shard {
    type Err = BadShard;

    fn from_str(text: &str) -> Result<Self, BadShard> {
        let parse = || {
            let (index, count) = text.split_once('/')?;
            let (index, count) = (index.parse().ok()?, count.parse().ok()?);
            (1..=count).contains(&index).then_some(Self { count, index })
        };
        parse().ok_or_else(|| BadShard { text: text.to_owned() })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index, self.count)
    }
}

/// A clip of a shard whose features are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The clip.
    pub id: String,
    /// The key of its features.
    pub feature_key: String,
}

/// What a shard found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardReport {
    /// The form of the file.
    pub format: u32,
    /// The program that wrote it, with its version.
    pub program: String,
    /// The corpus, as it was named.
    pub corpus: String,
    /// BLAKE3 of its `metadata.csv`.
    pub metadata: String,
    /// The recipe, with every default filled in.
    pub recipe: Recipe,
    /// The clips that were prepared, by id.
    pub prepared: Vec<Finding>,
    /// What is wrong with the others. What the metadata alone shows is not repeated here.
    pub problems: Vec<Problem>,
}

impl ShardReport {
    /// The report of a shard that has just been done.
    #[must_use]
    pub fn new(
        program: &str,
        corpus: &str,
        metadata: String,
        recipe: &Recipe,
        prepared: Vec<Finding>,
        problems: Vec<Problem>,
    ) -> Self {
        Self {
            format: FORMAT,
            program: program.to_owned(),
            corpus: corpus.to_owned(),
            metadata,
            recipe: recipe.clone(),
            prepared,
            problems,
        }
    }

    /// Why two reports do not belong to the same preparation; `None` when they do.
    fn at_odds_with(&self, other: &Self) -> Option<&'static str> {
        if self.program != other.program {
            Some("another version of the program")
        } else if self.corpus != other.corpus {
            Some("another corpus")
        } else if self.metadata != other.metadata {
            Some("another `metadata.csv`")
        } else if self.recipe != other.recipe {
            Some("another recipe")
        } else {
            None
        }
    }
}

/// The directory `shards` of a dataset.
#[derive(Debug, Clone)]
pub struct ShardStore {
    directory: PathBuf,
}

impl ShardStore {
    /// The store in `directory`, which need not exist yet.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, shard: Shard) -> PathBuf {
        self.directory.join(format!("{}.json", shard.file_stem()))
    }

    /// Takes the report of a shard away: until it is written again, the shard is not done.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn begin(&self, shard: Shard) -> Result<(), Error> {
        let path = self.path(shard);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Writes the report of a shard, with which it is done.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn write(&self, shard: Shard, report: &ShardReport) -> Result<(), Error> {
        let path = self.path(shard);
        let json = serde_json::to_vec_pretty(report).map_err(|why| Error::dataset(&path, &why))?;
        Ok(write_atomic(&path, &json)?)
    }

    /// The reports of all shards joined: clips by id, problems in any order.
    ///
    /// # Errors
    ///
    /// When there is no report, when shards of several counts lie here, when some are missing (they are named), when they
    /// are not of the same program, corpus and recipe, and when a file cannot be read.
    pub fn join(&self) -> Result<ShardReport, Error> {
        let shards = self.list()?;
        let refuse = |why: String| Error::dataset(&self.directory, &why);
        let Some(&Shard { count, .. }) = shards.first() else {
            let why = "no shard is done: run `mynah-prepare run` with --shard 1/N to N/N first";
            return Err(refuse(why.to_owned()));
        };
        if let Some(other) = shards.iter().find(|shard| shard.count != count) {
            return Err(refuse(format!(
                "shards of {count} and of {} lie here: remove the files of those that are not meant",
                other.count
            )));
        }
        let missing: Vec<String> = (1..=count)
            .map(|index| Shard { count, index })
            .filter(|shard| !shards.contains(shard))
            .map(|shard| shard.to_string())
            .collect();
        if !missing.is_empty() {
            return Err(refuse(format!(
                "{} of {count} shards are not done: run them again (--shard {})",
                missing.len(),
                missing.join(", --shard ")
            )));
        }
        let mut joined: Option<ShardReport> = None;
        for shard in shards {
            let path = self.path(shard);
            let report = read(&path)?;
            match &mut joined {
                None => joined = Some(report),
                Some(joined) => {
                    if let Some(what) = joined.at_odds_with(&report) {
                        let why =
                            format!("it is of {what} than the shards before it: run --shard {shard} again");
                        return Err(Error::dataset(&path, &why));
                    }
                    joined.prepared.extend(report.prepared);
                    joined.problems.extend(report.problems);
                }
            }
        }
        let mut joined = joined.ok_or_else(|| refuse("no shard is done".to_owned()))?;
        joined.prepared.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(joined)
    }

    /// Removes the reports; a directory that is empty then goes too.
    ///
    /// # Errors
    ///
    /// When the operating system refuses.
    pub fn remove(&self) -> Result<(), Error> {
        for shard in self.list()? {
            let path = self.path(shard);
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
        // Other people's files may lie in it.
        let _ = fs::remove_dir(&self.directory);
        Ok(())
    }

    /// The shards that are done, in order.
    fn list(&self) -> Result<Vec<Shard>, Error> {
        let entries = match fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(Error::io("list", &self.directory))?,
        };
        let mut shards = Vec::new();
        for entry in entries {
            let name = entry.map_err(Error::io("list", &self.directory))?.file_name();
            let shard = name
                .to_str()
                .and_then(|name| name.strip_suffix(".json"))
                .and_then(|name| name.split_once("-of-"))
                .and_then(|(index, count)| format!("{index}/{count}").parse::<Shard>().ok());
            shards.extend(shard.filter(|shard| self.path(*shard).file_name() == Some(&name)));
        }
        shards.sort_unstable();
        Ok(shards)
    }
}

fn read(path: &Path) -> Result<ShardReport, Error> {
    let json = fs::read(path).map_err(Error::io("read", path))?;
    let report: ShardReport = serde_json::from_slice(&json).map_err(|why| Error::dataset(path, &why))?;
    if report.format != FORMAT {
        let why = format!("its format is {}, and this program reads format {FORMAT}", report.format);
        return Err(Error::dataset(path, &why));
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Finding, Shard, ShardReport, ShardStore};
    use crate::recipe::Recipe;

    fn shard(text: &str) -> Shard {
        text.parse().unwrap()
    }

    fn report(ids: &[&str]) -> ShardReport {
        let finding = |id: &&str| Finding { id: (*id).to_owned(), feature_key: "key".to_owned() };
        let prepared = ids.iter().map(finding).collect();
        ShardReport::new("mynah 1", "corpus", "hash".to_owned(), &Recipe::default(), prepared, Vec::new())
    }

    proptest! {
        #[test]
        fn every_clip_belongs_to_one_shard(id in "[A-Z0-9-]{1,12}", count in 1u32..100) {
            let holders = (1..=count).filter(|index| shard(&format!("{index}/{count}")).holds(&id)).count();
            prop_assert_eq!(holders, 1);
        }
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        for text in ["", "1", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/2/3"] {
            let error = text.parse::<Shard>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{text}` is not a shard")), "{error}");
        }
        assert_eq!(shard("3/64").to_string(), "3/64");
    }

    #[test]
    fn shards_are_joined_when_all_are_done() {
        let directory = tempfile::tempdir().unwrap();
        let store = ShardStore::new(directory.path().join("shards"));
        let refusal = || store.join().unwrap_err().to_string();
        assert!(refusal().contains("no shard is done"), "{}", refusal());
        store.write(shard("2/3"), &report(&["b", "d"])).unwrap();
        assert!(refusal().contains("2 of 3 shards are not done"), "{}", refusal());
        assert!(refusal().contains("--shard 1/3, --shard 3/3"), "{}", refusal());
        store.write(shard("1/3"), &report(&["c"])).unwrap();
        store.write(shard("3/3"), &report(&["a"])).unwrap();
        let ids: Vec<String> = store.join().unwrap().prepared.into_iter().map(|finding| finding.id).collect();
        assert_eq!(ids, ["a", "b", "c", "d"]);

        let mut other = report(&["a"]);
        other.recipe.split.seed = 1;
        store.write(shard("3/3"), &other).unwrap();
        assert!(refusal().contains("00003-of-00003.json"), "{}", refusal());
        assert!(refusal().contains("another recipe"), "{}", refusal());

        store.begin(shard("3/3")).unwrap();
        store.write(shard("1/2"), &report(&[])).unwrap();
        assert!(refusal().contains("shards of 2 and of 3"), "{}", refusal());
        store.remove().unwrap();
        assert!(!directory.path().join("shards").exists());
    }
}
