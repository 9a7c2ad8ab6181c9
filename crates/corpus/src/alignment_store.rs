//! Store of a dataset's alignments, which saves a second run from finding them again, and of imported ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use mynah_align::{
    ALIGN_VERSION, AlignConfig, Alignment, AlignmentSource, Interval, Outlier, Tier, write_text_grid,
};
use mynah_table::{final_name, read_table, remove_files, write_atomic, write_table};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::problem::Problem;

const DURATIONS: &str = "durations.parquet";
const KEY: &str = "key.txt";
const TEXT_GRID: &str = ".TextGrid";
const OUTLIERS: &str = "outliers.jsonl";
const IMPORTED: &str = "imported.parquet";
const IMPORT_PROBLEMS: &str = "import-problems.jsonl";

/// Directory `alignments` of a dataset.
#[derive(Debug, Clone)]
pub struct AlignmentStore {
    directory: PathBuf,
}

/// A row of `durations.parquet`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Row {
    id: String,
    durations: Vec<u32>,
    log_likelihood: f64,
    symbol_log_likelihoods: Vec<f64>,
    symbol_margins: Vec<f64>,
}

/// A row of `imported.parquet`: durations of an utterance, with the symbols and frames they were imported for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedRow {
    /// Utterance id.
    pub id: String,
    /// Symbols of the utterance at the time of the import.
    pub symbols: String,
    /// Frames of the utterance at the time of the import.
    pub frames: u32,
    /// Frames of each symbol.
    pub durations: Vec<u32>,
    /// Phones of the file, which the utterance takes in place of its own: ARPAbet with ` / ` between words.
    pub phones: Option<String>,
    /// File, relative to the imported directory.
    pub file: String,
    /// BLAKE3 hash of the file.
    pub blake3: String,
}

/// Result of an import.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Import {
    /// Utterances with durations, by id.
    pub rows: BTreeMap<String, ImportedRow>,
    /// Problems with the files of the others.
    pub problems: Vec<Problem>,
}

impl AlignmentStore {
    /// Returns the store in `directory`, which need not exist yet.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Returns the key of everything that determines alignments: id, feature key and symbols of every utterance in
    /// order, the settings and [`ALIGN_VERSION`].
    pub fn key<'a>(
        utterances: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
        config: &AlignConfig,
    ) -> Result<String, Error> {
        // The source of the dataset's durations does not affect those of the aligner.
        let config = AlignConfig { source: AlignmentSource::Aligner, ..config.clone() };
        let settings = serde_json::to_vec(&(ALIGN_VERSION, &config))
            .map_err(|why| Error::Recipe { section: "alignment", why: why.to_string() })?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&settings);
        for (id, features, symbols) in utterances {
            for part in [id, features, symbols] {
                hasher.update(part.as_bytes()).update(b"\0");
            }
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// Returns the stored alignments by utterance if they have this key; `None` if they have another or cannot be read.
    #[must_use]
    pub fn read(&self, key: &str) -> Option<BTreeMap<String, Alignment>> {
        if fs::read_to_string(self.directory.join(KEY)).ok()? != key {
            return None;
        }
        let rows: Vec<Row> = read_table(&self.directory.join(DURATIONS)).ok()?;
        let entry = |Row { id, durations, log_likelihood, symbol_log_likelihoods, symbol_margins }| {
            let log_likelihood = Some(log_likelihood);
            (id, Alignment { durations, log_likelihood, symbol_log_likelihoods, symbol_margins })
        };
        Some(rows.into_iter().map(entry).collect())
    }

    /// Stores alignments of the aligner under a key; an alignment without a likelihood is not the aligner's and is
    /// skipped.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    /// When the operating system refuses.
    pub fn write(&self, key: &str, alignments: &BTreeMap<String, Alignment>) -> Result<(), Error> {
        let path = self.directory.join(KEY);
        fs::create_dir_all(&self.directory).map_err(Error::io("create", &self.directory))?;
        // No key is valid while the table is replaced.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", &path)(error));
            }
            _ => {}
        }
        let rows: Vec<Row> = alignments
            .iter()
            .filter_map(|(id, alignment)| {
                Some(Row {
                    id: id.clone(),
                    durations: alignment.durations.clone(),
                    log_likelihood: alignment.log_likelihood?,
                    symbol_log_likelihoods: alignment.symbol_log_likelihoods.clone(),
                    symbol_margins: alignment.symbol_margins.clone(),
                })
            })
            .collect();
        write_table(&self.directory.join(DURATIONS), &rows)?;
        Ok(write_atomic(&path, key.as_bytes())?)
    }

    /// Returns true if durations were imported.
    #[must_use]
    pub fn has_import(&self) -> bool {
        self.directory.join(IMPORTED).is_file()
    }

    /// Reads the imported durations.
    ///
    /// # Errors
    ///
    /// Nothing was imported, or the tables cannot be read.
    pub fn read_import(&self) -> Result<Import, Error> {
        let rows: Vec<ImportedRow> = read_table(&self.directory.join(IMPORTED))?;
        let problems = read_table(&self.directory.join(IMPORT_PROBLEMS))?;
        Ok(Import { rows: rows.into_iter().map(|row| (row.id.clone(), row)).collect(), problems })
    }

    /// Stores an import, replacing the previous one.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn write_import(&self, import: &Import) -> Result<(), Error> {
        let rows: Vec<ImportedRow> = import.rows.values().cloned().collect();
        fs::create_dir_all(&self.directory).map_err(Error::io("create", &self.directory))?;
        write_table(&self.directory.join(IMPORT_PROBLEMS), &import.problems)?;
        Ok(write_table(&self.directory.join(IMPORTED), &rows)?)
    }

    /// Writes the list of outliers.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn write_outliers(&self, outliers: &[Outlier]) -> Result<(), Error> {
        Ok(write_table(&self.directory.join(OUTLIERS), outliers)?)
    }

    /// Writes the TextGrid of an utterance: one tier of words and one of symbols, both without gaps; pauses and
    /// punctuation have no word and appear as they are in the symbol tier.
    ///
    /// `symbols` are those of the manifest, `words` the words indexed by `word_index`.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn write_text_grid(
        &self,
        id: &str,
        symbols: &[&str],
        durations: &[u32],
        word_index: &[i64],
        words: &[&str],
        seconds_per_frame: f64,
        seconds: f64,
    ) -> Result<(), Error> {
        let mut phones: Vec<Interval> = Vec::new();
        let mut spoken: Vec<(i64, Interval)> = Vec::new();
        let mut frame = 0;
        for ((symbol, duration), word) in symbols.iter().zip(durations).zip(word_index) {
            let start = f64::from(frame) * seconds_per_frame;
            frame += duration;
            let end = f64::from(frame) * seconds_per_frame;
            phones.push(Interval { start, end, label: (*symbol).to_owned() });
            match spoken.last_mut() {
                Some((last, interval)) if last == word => interval.end = end,
                _ => {
                    let label = usize::try_from(*word).ok().and_then(|word| words.get(word)).copied();
                    spoken
                        .push((*word, Interval { start, end, label: label.unwrap_or_default().to_owned() }));
                }
            }
        }
        let mut words: Vec<Interval> = spoken.into_iter().map(|(_, interval)| interval).collect();
        for tier in [&mut phones, &mut words] {
            // Samples after the last whole frame belong to the last interval.
            if let Some(last) = tier.last_mut() {
                last.end = seconds;
            }
        }
        let tiers = [
            Tier { name: "words".to_owned(), intervals: words },
            Tier { name: "phones".to_owned(), intervals: phones },
        ];
        // A view of the manifest's content, regenerated by the next run: it need not survive a power failure.
        let path = self.directory.join(format!("{id}{TEXT_GRID}"));
        let partial = self.directory.join(format!("{id}{TEXT_GRID}.partial"));
        fs::write(&partial, write_text_grid(seconds, &tiers))
            .and_then(|()| fs::rename(&partial, &path))
            .map_err(Error::io("write", &path))
    }

    /// Removes the TextGrid files of all utterances but these, and leftovers of interrupted writes; returns the number of
    /// removed files.
    ///
    /// # Errors
    ///
    /// An error of the operating system.
    pub fn retain(&self, ids: &BTreeSet<&str>) -> Result<usize, Error> {
        let tables = [DURATIONS, KEY, OUTLIERS, IMPORTED, IMPORT_PROBLEMS];
        let ours = |name: &str| name.ends_with(TEXT_GRID) || tables.contains(&name);
        let outdated = |name: &str| match name.strip_suffix(TEXT_GRID) {
            Some(id) => !ids.contains(id),
            None => final_name(name).is_some_and(ours),
        };
        Ok(remove_files(&self.directory, outdated)?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;

    use super::{AlignmentStore, DURATIONS, Import, ImportedRow};
    use crate::problem::{Code, Problem, Stage};
    use mynah_align::{AlignConfig, Alignment, AlignmentSource};

    #[test]
    fn alignments_are_valid_for_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let store = AlignmentStore::new(directory.path().join("alignments"));
        let alignment = Alignment {
            durations: vec![1, 2],
            log_likelihood: Some(-40.5),
            symbol_log_likelihoods: vec![-40.125, -41.5],
            symbol_margins: vec![-0.25, 0.0],
        };
        let alignments = BTreeMap::from([("a".to_owned(), alignment)]);
        assert_eq!(store.read("k"), None);
        store.write("k", &alignments).unwrap();
        assert_eq!(store.read("k"), Some(alignments));
        assert_eq!(store.read("l"), None);

        let table = directory.path().join("alignments").join(DURATIONS);
        fs::write(&table, b"PAR1, but not a table").unwrap();
        assert_eq!(store.read("k"), None, "a broken table counts as missing, since it can be regenerated");
        fs::remove_file(&table).unwrap();
        assert_eq!(store.read("k"), None);
    }

    #[test]
    fn imports_are_read_back() {
        let directory = tempfile::tempdir().unwrap();
        let store = AlignmentStore::new(directory.path().join("alignments"));
        assert!(!store.has_import() && store.read_import().is_err());
        let row = ImportedRow {
            id: "a".to_owned(),
            symbols: "<bos> AY1 <eos>".to_owned(),
            frames: 6,
            durations: vec![1, 4, 1],
            phones: None,
            file: "speaker/a.TextGrid".to_owned(),
            blake3: "00".to_owned(),
        };
        let problem = Problem {
            stage: Stage::Alignment,
            code: Code::MissingAlignment,
            id: Some("b".to_owned()),
            file: "mfa".to_owned(),
            line: None,
            message: "there is no file for it".to_owned(),
            remedy: "align it".to_owned(),
        };
        let import = Import { rows: BTreeMap::from([("a".to_owned(), row)]), problems: vec![problem] };
        store.write_import(&import).unwrap();
        assert_eq!(store.read_import().unwrap(), import);
        store.write_import(&Import::default()).unwrap();
        assert!(store.has_import());
        assert_eq!(store.read_import().unwrap(), Import::default());
    }

    #[test]
    fn removes_text_grids_of_other_utterances() {
        let directory = tempfile::tempdir().unwrap();
        let store = AlignmentStore::new(directory.path().to_owned());
        store.write("k", &BTreeMap::new()).unwrap();
        let leftovers = [
            "b.TextGrid",
            "b.TextGrid.partial",
            "a.TextGrid.partial",
            ".key.txt.aB3dE6",
            ".durations.parquet.aB3dE6",
        ];
        for name in leftovers.iter().chain(&["a.TextGrid", "notes.txt"]) {
            fs::write(directory.path().join(name), name).unwrap();
        }
        assert_eq!(store.retain(&BTreeSet::from(["a"])).unwrap(), leftovers.len());
        let mut names: Vec<_> =
            fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.TextGrid", "durations.parquet", "key.txt", "notes.txt"]);
    }

    #[test]
    fn the_key_depends_on_every_part() {
        let key = |id, features, symbols, config: &AlignConfig| {
            AlignmentStore::key(std::iter::once((id, features, symbols)), config).unwrap()
        };
        let config = AlignConfig::default();
        let base = key("a", "f", "s", &config);
        assert_eq!(base, key("a", "f", "s", &config));
        let other = AlignConfig { state_passes: 9, ..config.clone() };
        for changed in [
            key("b", "f", "s", &config),
            key("a", "g", "s", &config),
            key("a", "f", "t", &config),
            key("a", "f", "s", &other),
        ] {
            assert_ne!(base, changed);
        }
        let imported = AlignConfig { source: AlignmentSource::Imported, ..config };
        assert_eq!(base, key("a", "f", "s", &imported), "the aligner's durations are the same");
    }

    #[test]
    fn text_grids_have_tiers_without_gaps() {
        let directory = tempfile::tempdir().unwrap();
        let store = AlignmentStore::new(directory.path().to_owned());
        let symbols = ["<bos>", "HH", "AY1", "/", "Y", "UW1", "<eos>"];
        store
            .write_text_grid(
                "a",
                &symbols,
                &[2, 1, 3, 1, 2, 2, 1],
                &[-1, 0, 0, -1, 1, 1, -1],
                &["hi", "you"],
                0.5,
                6.25,
            )
            .unwrap();
        let text = fs::read_to_string(directory.path().join("a.TextGrid")).unwrap();
        for part in [
            "text = \"hi\"",
            "xmin = 1\n            xmax = 3\n            text = \"hi\"",
            "xmin = 5.5\n            xmax = 6.25",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert_eq!(text.matches("text = ").count(), 12);
    }
}
