//! Preparation of a corpus on several machines that share a file system.
//!
//! The shard of a clip depends only on its id. Each shard writes features into the same dataset, which no other shard
//! writes, and finally a single report file. Merging needs nothing but these files.

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

/// Format version of a shard's report.
const FORMAT: u32 = 1;

/// Part of a corpus: shard `index` of `count`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    count: u32,
    index: u32,
}

/// Error of a malformed shard argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a shard, expected I/N with I from 1 to N, such as 3/64")]
pub struct BadShard {
    text: String,
}

impl Shard {
    /// Returns the number of shards.
    #[must_use]
    pub fn count(self) -> u32 {
        self.count
    }

    /// Returns the name used in file names, such as `00003-of-00064`.
    #[must_use]
    pub fn file_stem(self) -> String {
        format!("{:05}-of-{:05}", self.index, self.count)
    }

    /// Returns true if the clip belongs to the shard: every clip belongs to exactly one, whatever other clips there
    /// are.
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
    /// Clip id.
    pub id: String,
    /// Key of its features.
    pub feature_key: String,
}

/// Report of a shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardReport {
    /// Format version of the file.
    pub format: u32,
    /// Program that wrote it, with its version.
    pub program: String,
    /// Corpus, as named by the user.
    pub corpus: String,
    /// BLAKE3 hash of the files that list its clips.
    pub metadata: String,
    /// Recipe, with all defaults filled in.
    pub recipe: Recipe,
    /// Prepared clips, by id.
    pub prepared: Vec<Finding>,
    /// Problems of the other clips, except those that the metadata alone shows.
    pub problems: Vec<Problem>,
}

impl ShardReport {
    /// Returns the report of a completed shard.
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

    /// Returns the reason why two reports do not belong to the same preparation; `None` if they do.
    fn at_odds_with(&self, other: &Self) -> Option<&'static str> {
        if self.program != other.program {
            Some("a different version of the program")
        } else if self.corpus != other.corpus {
            Some("a different corpus")
        } else if self.metadata != other.metadata {
            Some("a different list of clips")
        } else if self.recipe != other.recipe {
            Some("a different recipe")
        } else {
            None
        }
    }
}

/// Directory `shards` of a dataset.
#[derive(Debug, Clone)]
pub struct ShardStore {
    directory: PathBuf,
}

impl ShardStore {
    /// Returns the store in `directory`, which need not exist yet.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn path(&self, shard: Shard) -> PathBuf {
        self.directory.join(format!("{}.json", shard.file_stem()))
    }

    /// Removes the report of a shard: until it is written again, the shard is incomplete.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn begin(&self, shard: Shard) -> Result<(), Error> {
        let path = self.path(shard);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Writes the report of a shard, which marks it as complete.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn write(&self, shard: Shard, report: &ShardReport) -> Result<(), Error> {
        let path = self.path(shard);
        let json = serde_json::to_vec_pretty(report).map_err(|why| Error::dataset(&path, &why))?;
        Ok(write_atomic(&path, &json)?)
    }

    /// Joins the reports of all shards: clips by id, problems in any order.
    ///
    /// # Errors
    ///
    /// There are no reports, shards of different counts, or missing shards (which are named); the shards differ in
    /// program, corpus or recipe; or a file cannot be read.
    #[expect(clippy::missing_panics_doc, reason = "a list without shards is an error before")]
    pub fn join(&self) -> Result<ShardReport, Error> {
        let shards = self.list()?;
        let refuse = |path: &Path, why: String, remedy: String| {
            Err(Error::Shards { path: path.to_owned(), why, remedy })
        };
        let Some(&Shard { count, .. }) = shards.first() else {
            let remedy = "run `mynah-prepare run` with --shard 1/N to --shard N/N first";
            return refuse(&self.directory, "there are none".to_owned(), remedy.to_owned());
        };
        if let Some(other) = shards.iter().find(|shard| shard.count != count) {
            let why = format!("there are shards of {count} and of {}", other.count);
            return refuse(&self.directory, why, "remove the files of one of these counts".to_owned());
        }
        let missing: Vec<String> = (1..=count)
            .map(|index| Shard { count, index })
            .filter(|shard| !shards.contains(shard))
            .map(|shard| shard.to_string())
            .collect();
        if !missing.is_empty() {
            let why = format!("{} of {count} are not complete", missing.len());
            let remedy = format!("run the missing shards again (--shard {})", missing.join(", --shard "));
            return refuse(&self.directory, why, remedy);
        }
        let mut joined: Option<ShardReport> = None;
        for shard in shards {
            let path = self.path(shard);
            let report = read(&path)?;
            match &mut joined {
                None => joined = Some(report),
                Some(joined) => {
                    if let Some(what) = joined.at_odds_with(&report) {
                        let why = format!("one has {what} than those before it");
                        return refuse(&path, why, format!("run --shard {shard} again"));
                    }
                    joined.prepared.extend(report.prepared);
                    joined.problems.extend(report.problems);
                }
            }
        }
        let mut joined = joined.expect("there is at least one shard");
        joined.prepared.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(joined)
    }

    /// Removes the reports, and the directory if it is then empty.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn remove(&self) -> Result<(), Error> {
        for shard in self.list()? {
            let path = self.path(shard);
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
        // Foreign files may be in it.
        let _ = fs::remove_dir(&self.directory);
        Ok(())
    }

    /// Returns the completed shards, in order.
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
        let why = format!("it has format {}, expected {FORMAT}", report.format);
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
    fn rejects_malformed_shards() {
        for text in ["", "1", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/2/3"] {
            let error = text.parse::<Shard>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{text}` is not a shard")), "{error}");
        }
        assert_eq!(shard("3/64").to_string(), "3/64");
    }

    #[test]
    fn joins_shards_once_all_are_complete() {
        let directory = tempfile::tempdir().unwrap();
        let store = ShardStore::new(directory.path().join("shards"));
        let refusal = || {
            let error = store.join().unwrap_err();
            format!("{error}; {}", error.remedy().unwrap())
        };
        assert!(refusal().contains("there are none") && refusal().contains("--shard 1/N"), "{}", refusal());
        store.write(shard("2/3"), &report(&["b", "d"])).unwrap();
        assert!(refusal().contains("2 of 3 are not complete"), "{}", refusal());
        assert!(refusal().contains("--shard 1/3, --shard 3/3"), "{}", refusal());
        store.write(shard("1/3"), &report(&["c"])).unwrap();
        store.write(shard("3/3"), &report(&["a"])).unwrap();
        let ids: Vec<String> = store.join().unwrap().prepared.into_iter().map(|finding| finding.id).collect();
        assert_eq!(ids, ["a", "b", "c", "d"]);

        let mut other = report(&["a"]);
        other.recipe.split.seed = 1;
        store.write(shard("3/3"), &other).unwrap();
        assert!(refusal().contains("00003-of-00003.json"), "{}", refusal());
        assert!(refusal().contains("a different recipe"), "{}", refusal());

        store.begin(shard("3/3")).unwrap();
        store.write(shard("1/2"), &report(&[])).unwrap();
        assert!(refusal().contains("shards of 2 and of 3"), "{}", refusal());
        store.remove().unwrap();
        assert!(!directory.path().join("shards").exists());
    }
}
