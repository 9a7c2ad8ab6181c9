//! Corpora in LJSpeech layout: `metadata.csv` and `wavs/`.
//!
//! `metadata.csv` has no header and no quoting: a `"` is a character of the text. Lines end in LF or CRLF (LJSpeech 1.1
//! mixes both), a byte order mark at the start is skipped, empty lines are skipped but counted.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::problem::{Code, Problem, Stage};

const METADATA: &str = "metadata.csv";
/// Extensions of recordings, in order of preference.
const EXTENSIONS: [&str; 2] = ["wav", "flac"];

/// A directory in LJSpeech layout.
#[derive(Debug, Clone)]
pub struct Corpus {
    root: PathBuf,
}

/// One valid line of `metadata.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// First field, the name of the wav.
    pub id: String,
    /// Second field: the text as printed.
    pub text: String,
    /// Third field: the text with numbers and abbreviations written out.
    pub normalized: String,
    /// Line number, from 1.
    pub line: u64,
    /// Recording, relative to the corpus: `wavs/<id>.wav`, or `wavs/<id>.flac` if there is no wav.
    pub audio: String,
}

/// All lines of `metadata.csv`.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Number of lines that are not empty.
    pub rows: usize,
    /// Lines with a recording, in the order of the file.
    pub entries: Vec<Entry>,
    /// Problems of the other lines.
    pub problems: Vec<Problem>,
    /// BLAKE3 hash of `metadata.csv`.
    pub fingerprint: String,
}

impl Corpus {
    /// Opens the corpus at `root`.
    ///
    /// # Errors
    ///
    /// [`Error::NoMetadata`] if there is no `metadata.csv`.
    pub fn open(root: &Path) -> Result<Self, Error> {
        if root.join(METADATA).is_file() {
            Ok(Self { root: root.to_owned() })
        } else {
            Err(Error::NoMetadata { path: root.to_owned() })
        }
    }

    /// Returns the directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads `metadata.csv` and looks for every recording it names.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read. A bad line is a [`Problem`], not an error.
    pub fn list(&self) -> Result<Listing, Error> {
        let path = self.root.join(METADATA);
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        Ok(self.list_bytes(&bytes))
    }

    fn list_bytes(&self, bytes: &[u8]) -> Listing {
        let fingerprint = blake3::hash(bytes).to_hex().to_string();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut listing = Listing { fingerprint, ..Listing::default() };
        let mut seen: HashMap<String, u64> = HashMap::new();
        for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1..) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                continue;
            }
            listing.rows += 1;
            match parse(line, number) {
                Ok(mut entry) => {
                    if let Some(earlier) = seen.get(&entry.id) {
                        listing.problems.push(problem(
                            Code::DuplicateId,
                            Some(&entry.id),
                            number,
                            format!("the id `{}` is also on line {earlier}", entry.id),
                            "delete one of the lines, or rename the clip; the earlier line is used",
                        ));
                        continue;
                    }
                    seen.insert(entry.id.clone(), number);
                    let Some(audio) = self.recording(&entry.id) else {
                        listing.problems.push(problem(
                            Code::MissingWav,
                            Some(&entry.id),
                            number,
                            format!("there is no file `wavs/{}.wav`", entry.id),
                            "add the clip as wav or FLAC, or delete the line",
                        ));
                        continue;
                    };
                    entry.audio = audio;
                    listing.entries.push(entry);
                }
                Err(problem) => listing.problems.push(*problem),
            }
        }
        listing
    }

    /// Returns the recording of a clip, relative to the corpus.
    fn recording(&self, id: &str) -> Option<String> {
        EXTENSIONS.iter().map(|extension| format!("wavs/{id}.{extension}")).find(|audio| {
            match fs::metadata(self.root.join(audio)) {
                Ok(metadata) => metadata.is_file(),
                // Any other obstacle to reading it shows when it is read.
                Err(error) => error.kind() != io::ErrorKind::NotFound,
            }
        })
    }
}

/// Parses a line, without looking for its recording.
fn parse(line: &[u8], number: u64) -> Result<Entry, Box<Problem>> {
    let text = str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        problem(
            Code::NotUtf8,
            None,
            number,
            format!("byte {} of the line is 0x{:02x}, which is not UTF-8", at + 1, line[at]),
            "save the file as UTF-8 (`iconv -f latin1 -t utf-8` if it is Latin-1)",
        )
    })?;
    let fields: Vec<&str> = text.split('|').collect();
    let [id, raw, normalized] = fields[..] else {
        return Err(Box::new(problem(
            Code::WrongFieldCount,
            fields.first().filter(|id| !id.is_empty()).copied(),
            number,
            format!("the line has {} field{}, not 3", fields.len(), if fields.len() == 1 { "" } else { "s" }),
            "write `id|text|normalized text`; repeat the text if there is no normalized form",
        )));
    };
    if id.is_empty() {
        return Err(Box::new(problem(
            Code::EmptyId,
            None,
            number,
            "the first field is empty".to_owned(),
            "start the line with the name of the wav, without `.wav`",
        )));
    }
    if id.contains(['/', '\\', '\0']) || id == "." || id == ".." {
        return Err(Box::new(problem(
            Code::UnsafeId,
            Some(id),
            number,
            format!("the id `{}` is a path", id.escape_default()),
            "use a plain file name; recordings are directly in `wavs/`",
        )));
    }
    Ok(Entry {
        id: id.to_owned(),
        text: raw.to_owned(),
        normalized: normalized.to_owned(),
        line: number,
        audio: String::new(),
    })
}

fn problem(code: Code, id: Option<&str>, line: u64, message: String, remedy: &str) -> Problem {
    Problem {
        stage: Stage::Metadata,
        code,
        id: id.map(str::to_owned),
        file: METADATA.to_owned(),
        line: Some(line),
        message,
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use mynah_testkit::mini_corpus;

    use super::{Corpus, Listing};
    use crate::Error;

    /// Returns the listing of a corpus with these lines, in which the wavs `a` to `d` exist.
    fn list(metadata: &[u8]) -> Listing {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("wavs")).unwrap();
        for id in ["a", "b", "c", "d"] {
            fs::write(directory.path().join(format!("wavs/{id}.wav")), b"").unwrap();
        }
        fs::write(directory.path().join("metadata.csv"), metadata).unwrap();
        Corpus::open(directory.path()).unwrap().list().unwrap()
    }

    fn codes(listing: &Listing) -> Vec<(&'static str, Option<u64>)> {
        listing.problems.iter().map(|problem| (problem.code.word(), problem.line)).collect()
    }

    #[test]
    fn the_bundled_corpus_has_no_problems() {
        let listing = Corpus::open(&mini_corpus()).unwrap().list().unwrap();
        assert_eq!((listing.rows, listing.entries.len(), listing.problems.len()), (12, 12, 0));
        assert_eq!(listing.entries[2].text, "1469, 1470;");
        assert_eq!(listing.entries[2].normalized, "fourteen sixty-nine, fourteen seventy;");
        // A quote is a character of the text, not CSV quoting.
        assert!(listing.entries[10].text.contains("his \"Inquiry"));
    }

    #[test]
    fn names_each_bad_line_and_keeps_the_others() {
        let listing = list(
            b"\xef\xbb\xbfa|one|one\r\n\nb|two\nb|two|two|two\nc|\xff|x\n|x|x\n../a|x|x\na|again|again\nz|x|x\nd|four|four",
        );
        let ids: Vec<_> = listing.entries.iter().map(|entry| (entry.id.as_str(), entry.line)).collect();
        assert_eq!(ids, [("a", 1), ("d", 10)]);
        assert_eq!(listing.rows, 9);
        assert_eq!(
            codes(&listing),
            [
                ("wrong-field-count", Some(3)),
                ("wrong-field-count", Some(4)),
                ("not-utf8", Some(5)),
                ("empty-id", Some(6)),
                ("unsafe-id", Some(7)),
                ("duplicate-id", Some(8)),
                ("missing-wav", Some(9)),
            ]
        );
        assert_eq!(listing.problems[2].message, "byte 3 of the line is 0xff, which is not UTF-8");
        assert!(listing.problems.iter().all(|problem| !problem.remedy.is_empty()));
    }

    #[test]
    fn finds_a_flac_file_if_there_is_no_wav() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("wavs")).unwrap();
        for name in ["a.wav", "a.flac", "b.flac"] {
            fs::write(directory.path().join("wavs").join(name), b"").unwrap();
        }
        fs::write(directory.path().join("metadata.csv"), "a|one|one\nb|two|two\nc|three|three\n").unwrap();
        let listing = Corpus::open(directory.path()).unwrap().list().unwrap();
        let audio: Vec<&str> = listing.entries.iter().map(|entry| entry.audio.as_str()).collect();
        assert_eq!(audio, ["wavs/a.wav", "wavs/b.flac"]);
        assert_eq!(codes(&listing), [("missing-wav", Some(3))]);
        assert_eq!(listing.problems[0].message, "there is no file `wavs/c.wav`");
    }

    #[test]
    fn an_empty_file_lists_nothing() {
        let listing = list(b"\n\n");
        assert_eq!((listing.rows, listing.entries.len(), listing.problems.len()), (0, 0, 0));
    }

    #[test]
    fn rejects_a_directory_without_metadata() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(Corpus::open(directory.path()), Err(Error::NoMetadata { .. })));
    }
}
