//! One piece of text, counted or encoded.

use std::fs;
use std::path::Path;
use std::str;

use mynah_table::{Values, read_table, write_atomic, write_columns, write_table};
use mynah_text::{BulkEncoder, Encoded, Pronouncer, SupPhones, split_sentences};
use serde::{Deserialize, Serialize};

use super::encoder::TextConfig;
use super::info::{COUNTS, SHARDS, TextUnit};
use super::pieces::{LONGEST_LINE, Lines, Piece, read};
use crate::Error;
use crate::problem::{Code, Problem, Stage};

/// The longest part of a line that a message quotes, in characters.
const QUOTED: usize = 60;

/// The work on a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Counting its words.
    Count,
    /// Writing its identifiers.
    Encode,
}

/// The settings that all pieces share.
pub(super) struct Job<'a> {
    pub(super) config: &'a TextConfig,
    pub(super) pronouncer: &'a Pronouncer,
    pub(super) sup_phones: Option<&'a SupPhones>,
    /// Everything but the text that the result depends on.
    pub(super) base: String,
}

/// Sizes of a piece and the key of its result: the JSON file next to a shard.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Found {
    pub(super) key: String,
    pub(super) lines: u64,
    pub(super) sentences: u64,
    pub(super) words: u64,
    pub(super) symbols: u64,
    pub(super) problems: usize,
    /// True for the result of an earlier run.
    #[serde(skip)]
    pub(super) reused: bool,
}

/// A row of `counts/*.parquet`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CountRow {
    /// The phones of a word, separated by spaces.
    pub(super) phones: String,
    pub(super) count: u64,
}

/// Reads the occurrences of each pronunciation in a piece.
pub(super) fn read_counts(directory: &Path, index: usize) -> Result<Vec<CountRow>, Error> {
    Ok(read_table(&directory.join(format!("{index:05}.parquet")))?)
}

/// Reads the problems of a shard, with lines counted from its beginning.
pub(super) fn read_problems(out: &Path, index: usize) -> Result<Vec<Problem>, Error> {
    Ok(read_table(&out.join(SHARDS).join(format!("{index:05}.problems.jsonl")))?)
}

impl Job<'_> {
    /// Does the work, unless an earlier run did.
    pub(super) fn run(&self, index: usize, piece: &Piece, work: Work) -> Result<Found, Error> {
        let folder = self.config.out.join(if work == Work::Count { COUNTS } else { SHARDS });
        let table = folder.join(format!("{index:05}.parquet"));
        let record = folder.join(format!("{index:05}.json"));
        let input = &self.config.inputs[piece.file];
        let lines = read(input, &piece.range)?;
        let key = self.key(&lines);
        if let Some(found) = before(&table, &record, &key) {
            return Ok(found);
        }
        let mut shard = Shard::new(self, input)?;
        let mut found =
            Found { key, lines: 0, sentences: 0, words: 0, symbols: 0, problems: 0, reused: false };
        for (offset, line) in lines.iter() {
            found.lines += 1;
            shard.push_line(offset, found.lines, line);
        }
        found.sentences = shard.offsets.len() as u64;
        found.words = shard.encoded.words;
        found.symbols = shard.encoded.symbol_ids.len() as u64;
        found.problems = shard.problems.len();
        match work {
            Work::Count => write_table(&table, &shard.take_counts())?,
            Work::Encode => {
                let problems = folder.join(format!("{index:05}.problems.jsonl"));
                if shard.problems.is_empty() {
                    remove(&problems)?;
                } else {
                    write_table(&problems, &shard.problems)?;
                }
                shard.write(&table)?;
            }
        }
        // Last, so that a shard with a key is whole.
        let json = serde_json::to_string(&found).map_err(|why| Error::dataset(&record, &why))?;
        write_atomic(&record, json.as_bytes())?;
        Ok(found)
    }

    fn key(&self, lines: &Lines) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.base.as_bytes());
        hasher.update(&lines.start().to_le_bytes());
        hasher.update(lines.bytes());
        hasher.finalize().to_string()
    }
}

/// Returns the result of an earlier run with the same key.
fn before(table: &Path, record: &Path, key: &str) -> Option<Found> {
    let found: Found = serde_json::from_slice(&fs::read(record).ok()?).ok()?;
    (found.key == key && table.is_file()).then_some(Found { reused: true, ..found })
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// A shard as it grows.
struct Shard<'a> {
    unit: TextUnit,
    file: String,
    encoder: BulkEncoder<'a>,
    encoded: Encoded,
    offsets: Vec<u64>,
    lengths: Vec<usize>,
    problems: Vec<Problem>,
}

impl<'a> Shard<'a> {
    fn new(job: &Job<'a>, file: &Path) -> Result<Self, Error> {
        Ok(Self {
            unit: job.config.unit,
            file: file.display().to_string(),
            encoder: BulkEncoder::new(job.pronouncer, job.sup_phones)?
                .with_normalizer(job.config.normalizer.clone()),
            encoded: Encoded::default(),
            offsets: Vec::new(),
            lengths: Vec::new(),
            problems: Vec::new(),
        })
    }

    /// Encodes the sentences of a line; `number` is its position in the shard, from 1.
    fn push_line(&mut self, offset: u64, number: u64, line: &[u8]) {
        if line.len() > LONGEST_LINE {
            let message = format!("the line is longer than {LONGEST_LINE} bytes");
            return self.problem(Code::TooLong, number, message, "break it into lines");
        }
        let text = match str::from_utf8(line) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("byte {} of the line is not UTF-8", error.valid_up_to() + 1);
                return self.problem(Code::NotUtf8, number, message, "convert the file to UTF-8");
            }
        };
        // A byte order mark is not part of the text.
        let text = if offset == 0 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return;
        }
        let before = self.offsets.len();
        let base = offset + (trimmed.as_ptr() as usize - line.as_ptr() as usize) as u64;
        match self.unit {
            TextUnit::Line => self.push_sentence(base, trimmed),
            TextUnit::Paragraph => {
                for place in split_sentences(trimmed) {
                    self.push_sentence(base + place.start as u64, &trimmed[place]);
                }
            }
        }
        if self.offsets.len() == before {
            let quoted: String = trimmed.chars().take(QUOTED).collect();
            self.problem(
                Code::EmptyText,
                number,
                format!("there is no word in `{quoted}`"),
                "delete the line",
            );
        }
    }

    fn push_sentence(&mut self, offset: u64, text: &str) {
        let before = self.encoded.symbol_ids.len();
        if self.encoder.encode(text, &mut self.encoded).is_ok() {
            self.offsets.push(offset);
            self.lengths.push(self.encoded.symbol_ids.len() - before);
        }
    }

    fn problem(&mut self, code: Code, line: u64, message: String, remedy: &str) {
        self.problems.push(Problem {
            stage: Stage::Text,
            code,
            id: None,
            file: self.file.clone(),
            line: Some(line),
            message,
            remedy: remedy.to_owned(),
        });
    }

    /// Takes the occurrences of each pronunciation, sorted.
    fn take_counts(&mut self) -> Vec<CountRow> {
        let counts = self.encoder.take_counts();
        let mut rows: Vec<CountRow> = counts
            .iter()
            .map(|(phones, count)| {
                let names: Vec<&str> = phones.iter().map(|phone| phone.name()).collect();
                CountRow { phones: names.join(" "), count: *count }
            })
            .collect();
        rows.sort_by(|a, b| a.phones.cmp(&b.phones));
        rows
    }

    /// Writes the identifiers as a table.
    fn write(&self, table: &Path) -> Result<(), Error> {
        let sup_phones: Vec<u8> = self.encoded.sup_phone_ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        let twice: Vec<usize> = self.lengths.iter().map(|length| 2 * length).collect();
        let columns = [
            ("offset", Values::Integers(&self.offsets)),
            ("symbol_ids", Values::Bytes { bytes: &self.encoded.symbol_ids, lengths: &self.lengths }),
            ("sup_phone_ids", Values::Bytes { bytes: &sup_phones, lengths: &twice }),
        ];
        Ok(write_columns(table, &columns)?)
    }
}
