//! One piece of text, counted or encoded.

use std::fs;
use std::path::Path;
use std::str;

use anyhow::{Context as _, Result};
use mynah_corpus::{Code, Problem, Stage};
use mynah_table::{Values, read_table, write_atomic, write_columns, write_table};
use mynah_text::{BulkEncoder, Encoded, Pronouncer, SupPhones, split_sentences};
use serde::{Deserialize, Serialize};

use super::lines::{LONGEST_LINE, Lines, Piece, read};
use super::{Settings, Unit};

/// What is done with a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Its words are counted.
    Count,
    /// Its identifiers are written.
    Encode,
}

/// What all pieces have in common.
pub(crate) struct Job<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) pronouncer: &'a Pronouncer,
    pub(crate) sup_phones: Option<&'a SupPhones>,
    /// Everything but the text that the result depends on.
    pub(crate) base: String,
}

/// What a piece held: the file beside its shard.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Found {
    pub(crate) key: String,
    pub(crate) lines: u64,
    pub(crate) sentences: u64,
    pub(crate) words: u64,
    pub(crate) symbols: u64,
    pub(crate) problems: usize,
    /// Whether it was there before.
    #[serde(skip)]
    pub(crate) reused: bool,
}

/// A row of `counts/*.parquet`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CountRow {
    /// The phones of a word, separated by spaces.
    pub(crate) phones: String,
    pub(crate) count: u64,
}

/// How many words each shard had of each pronunciation.
pub(crate) fn read_counts(directory: &Path, index: usize) -> Result<Vec<CountRow>> {
    Ok(read_table(&directory.join(format!("{index:05}.parquet")))?)
}

/// The problems of a shard, their lines counted from its beginning.
pub(crate) fn read_problems(out: &Path, index: usize) -> Result<Vec<Problem>> {
    Ok(read_table(&out.join(format!("shards/{index:05}.problems.jsonl")))?)
}

impl Job<'_> {
    /// Does the work, unless it is done already.
    pub(crate) fn run(&self, index: usize, piece: &Piece, work: Work) -> Result<Found> {
        let folder = self.settings.out.join(if work == Work::Count { "counts" } else { "shards" });
        let (table, beside) =
            (folder.join(format!("{index:05}.parquet")), folder.join(format!("{index:05}.json")));
        let lines = read(&self.settings.inputs[piece.file], &piece.range)?;
        let key = self.key(&lines);
        if let Some(found) = before(&table, &beside, &key) {
            return Ok(found);
        }
        let mut shard = Shard::new(self, &self.settings.inputs[piece.file])?;
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
            Work::Count => {
                let mut rows: Vec<CountRow> = shard
                    .encoder
                    .take_counts()
                    .iter()
                    .map(|(phones, count)| {
                        let names: Vec<&str> = phones.iter().map(|phone| phone.name()).collect();
                        CountRow { phones: names.join(" "), count: *count }
                    })
                    .collect();
                rows.sort_by(|a, b| a.phones.cmp(&b.phones));
                write_table(&table, &rows)?;
            }
            Work::Encode => {
                let problems = folder.join(format!("{index:05}.problems.jsonl"));
                if shard.problems.is_empty() {
                    remove(&problems)?;
                } else {
                    write_table(&problems, &shard.problems)?;
                }
                let sup_phones: Vec<u8> =
                    shard.encoded.sup_phone_ids.iter().flat_map(|id| id.to_le_bytes()).collect();
                let twice: Vec<usize> = shard.lengths.iter().map(|length| 2 * length).collect();
                let columns = [
                    ("offset", Values::Integers(&shard.offsets)),
                    (
                        "symbol_ids",
                        Values::Bytes { bytes: &shard.encoded.symbol_ids, lengths: &shard.lengths },
                    ),
                    ("sup_phone_ids", Values::Bytes { bytes: &sup_phones, lengths: &twice }),
                ];
                write_columns(&table, &columns)?;
            }
        }
        // Last, so that a shard with a key is whole.
        write_atomic(&beside, serde_json::to_string(&found)?.as_bytes())?;
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

/// What was found before, when that was with the same key.
fn before(table: &Path, beside: &Path, key: &str) -> Option<Found> {
    let found: Found = serde_json::from_slice(&fs::read(beside).ok()?).ok()?;
    (found.key == key && table.is_file()).then_some(Found { reused: true, ..found })
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.with_context(|| format!("failed to remove `{}`", path.display())),
    }
}

/// A shard as it grows.
struct Shard<'a> {
    unit: Unit,
    file: String,
    encoder: BulkEncoder<'a>,
    encoded: Encoded,
    offsets: Vec<u64>,
    lengths: Vec<usize>,
    problems: Vec<Problem>,
}

impl<'a> Shard<'a> {
    fn new(job: &Job<'a>, file: &Path) -> Result<Self> {
        Ok(Self {
            unit: job.settings.unit,
            file: file.display().to_string(),
            encoder: BulkEncoder::new(job.pronouncer, job.sup_phones)?,
            encoded: Encoded::default(),
            offsets: Vec::new(),
            lengths: Vec::new(),
            problems: Vec::new(),
        })
    }

    /// The sentences of a line; `number` is its place in the shard, from 1.
    fn push_line(&mut self, offset: u64, number: u64, line: &[u8]) {
        if line.len() > LONGEST_LINE {
            let message = format!("it is longer than {LONGEST_LINE} bytes");
            return self.problem(Code::TooLong, number, message, "break it into lines");
        }
        let text = match str::from_utf8(line) {
            Ok(text) => text,
            Err(error) => {
                let message = format!("the byte at {} is not UTF-8", error.valid_up_to() + 1);
                return self.problem(Code::NotUtf8, number, message, "convert the file to UTF-8");
            }
        };
        // A byte order mark is no part of the text.
        let text = if offset == 0 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return;
        }
        let before = self.offsets.len();
        let base = offset + (trimmed.as_ptr() as usize - line.as_ptr() as usize) as u64;
        match self.unit {
            Unit::Line => self.push_sentence(base, trimmed),
            Unit::Paragraph => {
                for place in split_sentences(trimmed) {
                    self.push_sentence(base + place.start as u64, &trimmed[place]);
                }
            }
        }
        if self.offsets.len() == before {
            let message = format!("there is no word in `{}`", trimmed.chars().take(60).collect::<String>());
            self.problem(Code::EmptyText, number, message, "delete the line");
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
}
