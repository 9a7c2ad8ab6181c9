//! Encoding a text, which resumes where an earlier run ended.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use mynah_table::write_atomic;
use mynah_text::{Normalizer, Phone, Pronouncer, SupPhones, Vocabulary, parse_phones};
use rayon::prelude::*;

use super::encoding::{Found, Job, Work, read_counts, read_problems};
use super::info::{
    COUNTS, INFO, PROBLEMS, SHARDS, SUP_PHONES, TEXT_FORMAT, TextCounts, TextInfo, TextUnit, VOCABULARY,
};
use super::pieces::{Piece, plan};
use crate::Error;

/// The version of the encoding: changes whenever the same bytes yield other identifiers, which makes earlier shards stale.
const VERSION: u32 = 2;

/// The input of a text and its division into shards.
#[derive(Debug, Clone)]
pub struct TextConfig {
    /// Files of plain text in UTF-8.
    pub inputs: Vec<PathBuf>,
    /// The directory of the text.
    pub out: PathBuf,
    /// The unit of a line.
    pub unit: TextUnit,
    /// Bytes of input per shard.
    pub shard_bytes: u64,
    /// The lexicon that the pronouncer reads, as bytes; empty without one. Shards are valid for one lexicon.
    pub lexicon: Vec<u8>,
    /// The normalization of texts. Shards are valid for one.
    pub normalizer: Normalizer,
}

/// Encodes a text piece by piece, on all threads, reusing the pieces that an earlier run finished.
///
/// The steps are [`begin`](Self::begin), optionally [`count_words`](Self::count_words) to learn sup-phonemes from,
/// [`encode`](Self::encode) and [`finish`](Self::finish). The caller holds a [`DirectoryLock`](crate::DirectoryLock).
#[derive(Debug)]
pub struct TextEncoder<'a> {
    config: &'a TextConfig,
    pronouncer: &'a Pronouncer,
    pieces: Vec<Piece>,
    /// Everything but the text that all keys depend on.
    base: String,
}

/// Pronunciations of the words of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordCounts {
    /// Occurrences of each pronunciation.
    pub words: BTreeMap<Vec<Phone>, u64>,
    /// Pieces that an earlier run had counted.
    pub reused: usize,
}

/// Shards that [`TextEncoder::encode`] wrote or found.
#[derive(Debug)]
pub struct EncodedShards {
    found: Vec<Found>,
}

impl EncodedShards {
    /// Returns the number of shards that an earlier run had encoded.
    #[must_use]
    pub fn reused(&self) -> usize {
        n_reused(&self.found)
    }
}

impl<'a> TextEncoder<'a> {
    /// Divides the input into pieces; writes nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotAFile`] and [`Error::Io`] for an input that cannot be read, [`Error::EmptyText`] when all are empty.
    pub fn new(config: &'a TextConfig, pronouncer: &'a Pronouncer) -> Result<Self, Error> {
        let pieces = plan(&config.inputs, config.shard_bytes)?;
        if pieces.is_empty() {
            return Err(Error::EmptyText);
        }
        let (unit, lexicon) = (config.unit.key(), blake3::hash(&config.lexicon));
        let normalizer = blake3::hash(config.normalizer.key().as_bytes());
        let base = format!("mynah-text {VERSION}\0{unit}\0{lexicon}\0{normalizer}\0");
        Ok(Self { config, pronouncer, pieces, base })
    }

    /// Returns the number of pieces, each of which becomes a shard.
    #[must_use]
    pub fn n_pieces(&self) -> usize {
        self.pieces.len()
    }

    /// Creates the directory and removes `text.toml`: until it is finished again, the text is incomplete.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn begin(&self) -> Result<(), Error> {
        create(&self.config.out.join(SHARDS))?;
        let path = self.config.out.join(INFO);
        if path.exists() {
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
        Ok(())
    }

    /// Counts the pronunciations of all words; calls `done` after each piece.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::Table`].
    pub fn count_words(&self, done: impl Fn() + Sync) -> Result<WordCounts, Error> {
        let directory = self.config.out.join(COUNTS);
        create(&directory)?;
        let found = self.all(None, Work::Count, self.base.clone(), done)?;
        remove_others(&directory, self.pieces.len())?;
        let mut words: BTreeMap<Vec<Phone>, u64> = BTreeMap::new();
        for index in 0..self.pieces.len() {
            for row in read_counts(&directory, index)? {
                *words.entry(parse_phones(&row.phones)?).or_default() += row.count;
            }
        }
        Ok(WordCounts { words, reused: n_reused(&found) })
    }

    /// Encodes all pieces into shards; calls `done` after each.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::Table`]; [`Error::Text`] when there are more sup-phonemes than 16 bits can number.
    pub fn encode(&self, sup_phones: &SupPhones, done: impl Fn() + Sync) -> Result<EncodedShards, Error> {
        let base = format!("{}{}", self.base, blake3::hash(sup_phones.to_json().as_bytes()));
        Ok(EncodedShards { found: self.all(Some(sup_phones), Work::Encode, base, done)? })
    }

    /// Completes the text: symbols, problems and, last, `text.toml`. Removes the shards of a longer text that was there.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::Table`].
    pub fn finish(
        &self,
        program: &str,
        sup_phones: &SupPhones,
        shards: &EncodedShards,
    ) -> Result<TextInfo, Error> {
        let (out, found) = (&self.config.out, &shards.found);
        let json = sup_phones.to_json();
        write_atomic(&out.join(SUP_PHONES), json.as_bytes())?;
        write_atomic(&out.join(VOCABULARY), Vocabulary::arpabet().to_json().as_bytes())?;
        self.write_problems(found)?;
        remove_others(&out.join(SHARDS), found.len())?;
        let keys: String = found.iter().map(|shard| shard.key.as_str()).collect();
        let info = TextInfo {
            format: TEXT_FORMAT,
            program: program.to_owned(),
            inputs: self.config.inputs.iter().map(|path| path.display().to_string()).collect(),
            unit: self.config.unit,
            shard_bytes: self.config.shard_bytes,
            fingerprint: blake3::hash(format!("{keys}{json}").as_bytes()).to_string(),
            counts: counts(found),
        };
        let path = out.join(INFO);
        let text = toml::to_string(&info).map_err(|why| Error::dataset(&path, &why))?;
        write_atomic(&path, text.as_bytes())?;
        Ok(info)
    }

    fn all(
        &self,
        sup_phones: Option<&SupPhones>,
        work: Work,
        base: String,
        done: impl Fn() + Sync,
    ) -> Result<Vec<Found>, Error> {
        let job = Job { config: self.config, pronouncer: self.pronouncer, sup_phones, base };
        let run = |(index, piece): (usize, &Piece)| {
            let found = job.run(index, piece, work);
            done();
            found
        };
        self.pieces.par_iter().enumerate().map(run).collect()
    }

    /// Joins the problems of the shards, with lines counted from the beginning of their file.
    fn write_problems(&self, found: &[Found]) -> Result<(), Error> {
        let path = self.config.out.join(PROBLEMS);
        let partial = self.config.out.join(format!("{PROBLEMS}.partial"));
        let failed = |error| Error::io("write", &path)(error);
        let mut file = BufWriter::new(fs::File::create(&partial).map_err(failed)?);
        let (mut before, mut last) = (0, usize::MAX);
        for ((index, shard), piece) in found.iter().enumerate().zip(&self.pieces) {
            if piece.file != last {
                (before, last) = (0, piece.file);
            }
            if shard.problems > 0 {
                for mut problem in read_problems(&self.config.out, index)? {
                    problem.line = problem.line.map(|line| line + before);
                    let mut row = serde_json::to_vec(&problem).map_err(|why| Error::dataset(&path, &why))?;
                    row.push(b'\n');
                    file.write_all(&row).map_err(failed)?;
                }
            }
            before += shard.lines;
        }
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        fs::rename(&partial, &path).map_err(failed)
    }
}

fn counts(found: &[Found]) -> TextCounts {
    let mut counts = TextCounts { shards: found.len(), ..TextCounts::default() };
    for shard in found {
        counts.lines += shard.lines;
        counts.sentences += shard.sentences;
        counts.words += shard.words;
        counts.symbols += shard.symbols;
        counts.problems += shard.problems;
    }
    counts
}

fn n_reused(found: &[Found]) -> usize {
    found.iter().filter(|shard| shard.reused).count()
}

fn create(directory: &Path) -> Result<(), Error> {
    fs::create_dir_all(directory).map_err(Error::io("create", directory))
}

/// Removes the numbered files of a longer text and the hidden files of interrupted runs.
fn remove_others(directory: &Path, count: usize) -> Result<(), Error> {
    for entry in fs::read_dir(directory).map_err(Error::io("list", directory))? {
        let entry = entry.map_err(Error::io("list", directory))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let number = name.split('.').next().and_then(|stem| stem.parse::<usize>().ok());
        if number.is_some_and(|number| number >= count) || name.starts_with('.') {
            fs::remove_file(entry.path()).map_err(Error::io("remove", &entry.path()))?;
        }
    }
    Ok(())
}
