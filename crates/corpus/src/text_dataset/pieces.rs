//! Division of input files into pieces of whole lines.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::Error;

/// The longest line that is read, in bytes: a longer one is neither a sentence nor a paragraph, and memory is bounded.
pub(super) const LONGEST_LINE: usize = 1 << 20;
/// Bytes read at a time after the end of a piece, until its last line ends.
const STEP: usize = 1 << 16;

/// The lines of a file that begin in a range of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// The index of the file in the input.
    pub(super) file: usize,
    /// The bytes in which its lines begin.
    pub(super) range: Range<u64>,
}

/// The bytes of a piece.
pub(super) struct Lines {
    /// The offset of the first line in the file.
    start: u64,
    bytes: Vec<u8>,
}

/// Divides files into pieces of `bytes` bytes, in order.
pub(super) fn plan(inputs: &[PathBuf], bytes: u64) -> Result<Vec<Piece>, Error> {
    let mut pieces = Vec::new();
    for (file, path) in inputs.iter().enumerate() {
        let about = fs::metadata(path).map_err(Error::io("read", path))?;
        if !about.is_file() {
            return Err(Error::NotAFile { path: path.clone() });
        }
        let mut start = 0;
        while start < about.len() {
            let end = (start + bytes).min(about.len());
            pieces.push(Piece { file, range: start..end });
            start = end;
        }
    }
    Ok(pieces)
}

/// Reads the lines of a piece, and only the beginning of a last line that is too long.
pub(super) fn read(path: &Path, range: &Range<u64>) -> Result<Lines, Error> {
    read_lines(path, range).map_err(Error::io("read", path))
}

fn read_lines(path: &Path, range: &Range<u64>) -> io::Result<Lines> {
    let mut file = File::open(path)?;
    // The byte before tells whether a line begins at the first.
    let from = range.start.saturating_sub(1);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = vec![0; (range.end - from) as usize];
    file.read_exact(&mut bytes)?;
    let first = if range.start == 0 { Some(0) } else { find_newline(&bytes).map(|at| at + 1) };
    let Some(first) = first.filter(|first| *first < bytes.len()) else {
        return Ok(Lines { start: range.end, bytes: Vec::new() });
    };
    let mut after = 0;
    while bytes.last() != Some(&b'\n') && after <= LONGEST_LINE {
        let before = bytes.len();
        bytes.resize(before + STEP, 0);
        let count = file.read(&mut bytes[before..])?;
        bytes.truncate(before + count);
        if count == 0 {
            break;
        }
        after += count;
        if let Some(end) = find_newline(&bytes[before..]) {
            bytes.truncate(before + end + 1);
        }
    }
    bytes.drain(..first);
    Ok(Lines { start: from + first as u64, bytes })
}

impl Lines {
    /// Returns all bytes, on which the identifiers depend.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the offset of the first line in the file.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Returns the offset of each line in the file, and the line without its end.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut at = 0;
        self.bytes.split_inclusive(|byte| *byte == b'\n').map(move |line| {
            let offset = self.start + at;
            at += line.len() as u64;
            (offset, line.strip_suffix(b"\n").unwrap_or(line))
        })
    }
}

fn find_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_in_one_piece_of_any_size() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.txt");
        let long = "x".repeat(3 * STEP);
        let text = format!("one\ntwo\n\n{long}\nfour\r\nlast without an end");
        fs::write(&path, &text).unwrap();
        let mut expected = Vec::new();
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            expected.push((at, line.trim_end_matches('\n').as_bytes().to_vec()));
            at += line.len() as u64;
        }
        for bytes in [1, 2, 3, 5, 8, 13, 100, 1_000, 1_000_000] {
            // The smallest pieces of the long line hold no line, and reading them takes as long.
            if bytes < 100 && text.len() as u64 / bytes > 100_000 {
                continue;
            }
            let pieces = plan(std::slice::from_ref(&path), bytes).unwrap();
            let mut found = Vec::new();
            for piece in &pieces {
                let lines = read(&path, &piece.range).unwrap();
                found.extend(lines.iter().map(|(offset, line)| (offset, line.to_vec())));
            }
            assert!(found == expected, "pieces of {bytes} bytes");
        }
    }

    #[test]
    fn an_empty_file_has_no_piece_and_a_missing_file_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.txt");
        fs::write(&path, "").unwrap();
        assert_eq!(plan(std::slice::from_ref(&path), 10).unwrap(), []);
        for (wrong, says) in
            [(directory.path().join("b.txt"), "b.txt"), (directory.path().to_owned(), "not a file")]
        {
            assert!(format!("{:#}", plan(&[wrong], 10).unwrap_err()).contains(says));
        }
    }
}
