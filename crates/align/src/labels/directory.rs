//! Directories of label files, by utterance.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use mynah_signal::npy;

use super::label::{Content, FormatError, Label, decode_text};
use super::{ctm, lab, mfa};
use crate::Error;
use crate::text_grid;

/// Largest depth of nested directories that is searched.
const DEEPEST: usize = 8;

/// File format in which tools write alignments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelFormat {
    /// TextGrid of Praat, long or short, in UTF-8 or UTF-16: the tier `phones`, or `SPEAKER - phones`.
    TextGrid,
    /// JSON of the Montreal Forced Aligner.
    MfaJson,
    /// CSV of the Montreal Forced Aligner.
    MfaCsv,
    /// `.lab` of HTK and HTS: `start end label` in units of 100 ns, or in seconds if the times have a decimal point.
    Htk,
    /// `.lab` of Festival: `end color label` in seconds.
    Festival,
    /// CTM of NIST and Kaldi: `utterance channel start duration label`, many utterances per file.
    Ctm,
    /// NumPy arrays of durations in frames.
    Npy,
}

impl LabelFormat {
    /// All formats, in the order of the documentation.
    pub const ALL: [Self; 7] =
        [Self::TextGrid, Self::MfaJson, Self::MfaCsv, Self::Htk, Self::Festival, Self::Ctm, Self::Npy];

    /// Returns the name used on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TextGrid => "textgrid",
            Self::MfaJson => "mfa-json",
            Self::MfaCsv => "mfa-csv",
            Self::Htk => "htk",
            Self::Festival => "festival",
            Self::Ctm => "ctm",
            Self::Npy => "npy",
        }
    }

    /// Returns the lowercase extension of the format's files.
    fn extension(self) -> &'static str {
        match self {
            Self::TextGrid => "textgrid",
            Self::MfaJson => "json",
            Self::MfaCsv => "csv",
            Self::Htk | Self::Festival => "lab",
            Self::Ctm => "ctm",
            Self::Npy => "npy",
        }
    }
}

impl fmt::Display for LabelFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for LabelFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join("`, `");
            format!("`{name}` is not one of `{names}`")
        })
    }
}

/// Content of one file for one utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelFile {
    /// Path of the file relative to the directory.
    pub name: String,
    /// BLAKE3 hash of its bytes.
    pub blake3: String,
    /// Parsed content.
    pub content: Result<Content, FormatError>,
}

/// Result of looking up an utterance in a directory.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// No file.
    Missing,
    /// More than one file, relative to the directory.
    Several(Vec<String>),
    /// Exactly one file.
    Found(LabelFile),
}

/// A CTM file, shared by many utterances.
#[derive(Debug)]
struct Shared {
    name: String,
    blake3: String,
    content: Result<BTreeMap<String, Vec<Label>>, FormatError>,
}

/// Label files of a directory, by utterance.
#[derive(Debug)]
pub struct LabelDirectory {
    root: PathBuf,
    /// Files of single utterances, by utterance, relative to the root.
    files: BTreeMap<String, Vec<PathBuf>>,
    shared: Vec<Shared>,
    format: Option<LabelFormat>,
}

impl LabelDirectory {
    /// Searches `root` recursively for files of `format`, or of any format; the name of a file without its extension is
    /// the id of its utterance.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a directory cannot be listed or a CTM file cannot be read.
    pub fn open(root: &Path, format: Option<LabelFormat>) -> Result<Self, Error> {
        let mut found = Vec::new();
        list(root, Path::new(""), 0, &mut found)?;
        found.sort();
        let mut directory =
            Self { root: root.to_owned(), files: BTreeMap::new(), shared: Vec::new(), format };
        for path in found {
            let lower =
                |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).map(str::to_owned);
            let (Some(stem), Some(extension)) = (lower(path.file_stem()), lower(path.extension())) else {
                continue;
            };
            let extension = extension.to_lowercase();
            let fits = |candidate: &LabelFormat| candidate.extension() == extension;
            let wanted = format.map_or_else(|| LabelFormat::ALL.iter().any(fits), |format| fits(&format));
            if !wanted {
                continue;
            }
            if extension == LabelFormat::Ctm.extension() {
                let (name, bytes) = (shown(&path), directory.bytes(&path)?);
                let content = decode_text(&bytes).and_then(|text| ctm::read_ctm(&text));
                directory.shared.push(Shared {
                    name,
                    blake3: blake3::hash(&bytes).to_hex().to_string(),
                    content,
                });
            } else {
                directory.files.entry(stem).or_default().push(path);
            }
        }
        Ok(directory)
    }

    /// Returns the number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.values().map(Vec::len).sum::<usize>() + self.shared.len()
    }

    /// Returns true if there are no files.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns malformed files that hold many utterances, with the fault of each.
    pub fn broken(&self) -> impl Iterator<Item = (&str, &FormatError)> {
        self.shared.iter().filter_map(|shared| Some((shared.name.as_str(), shared.content.as_ref().err()?)))
    }

    /// Looks up the file of an utterance.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read.
    pub fn look_up(&self, id: &str) -> Result<Lookup, Error> {
        let own = self.files.get(id).map_or(&[][..], Vec::as_slice);
        let shared = self.shared.iter().filter_map(|shared| {
            let labels = shared.content.as_ref().ok()?.get(id)?;
            Some((shared, labels))
        });
        let shared: Vec<_> = shared.collect();
        let names = || {
            let own = own.iter().map(|path| shown(path));
            own.chain(shared.iter().map(|(shared, _)| shared.name.clone())).collect()
        };
        Ok(match (own, shared.as_slice()) {
            ([], []) => Lookup::Missing,
            ([path], []) => {
                let bytes = self.bytes(path)?;
                Lookup::Found(LabelFile {
                    name: shown(path),
                    blake3: blake3::hash(&bytes).to_hex().to_string(),
                    content: read(path, &bytes, self.format),
                })
            }
            ([], [(shared, labels)]) => Lookup::Found(LabelFile {
                name: shared.name.clone(),
                blake3: shared.blake3.clone(),
                content: Ok(Content::Labels((*labels).clone())),
            }),
            _ => Lookup::Several(names()),
        })
    }

    fn bytes(&self, path: &Path) -> Result<Vec<u8>, Error> {
        let path = self.root.join(path);
        fs::read(&path).map_err(Error::io("read", &path))
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn list(root: &Path, inside: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Error> {
    let directory = root.join(inside);
    for entry in fs::read_dir(&directory).map_err(Error::io("list", &directory))? {
        let entry = entry.map_err(Error::io("list", &directory))?;
        let path = inside.join(entry.file_name());
        let whole = root.join(&path);
        if whole.is_file() {
            found.push(path);
        } else if whole.is_dir() && depth < DEEPEST {
            list(root, &path, depth + 1, found)?;
        }
    }
    Ok(())
}

/// Reads a file of one utterance. HTK and Festival `.lab` files are distinguished by content unless `format` decides.
fn read(path: &Path, bytes: &[u8], format: Option<LabelFormat>) -> Result<Content, FormatError> {
    let extension =
        path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
    if extension == LabelFormat::Npy.extension() {
        let read = npy::read_vector(bytes).map_err(|error| FormatError::new(error.to_string()));
        return read.map(Content::Frames);
    }
    let text = decode_text(bytes)?;
    let labels = match extension.as_str() {
        "textgrid" => mfa::phone_tier(text_grid::parse(&text)?)?,
        "json" => mfa::read_json(&text)?,
        "csv" => mfa::read_csv(&text)?,
        _ => {
            let festival = match format {
                Some(LabelFormat::Festival) => true,
                Some(LabelFormat::Htk) => false,
                _ => lab::is_festival(&text),
            };
            if festival { lab::read_festival(&text)? } else { lab::read_htk(&text)? }
        }
    };
    Ok(Content::Labels(labels))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Content, LabelDirectory, LabelFormat, Lookup};

    #[test]
    fn finds_files_by_utterance_at_any_depth() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = place.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("a.lab", "0 1500000 sil\n");
        write("speaker/b.lab", "#\n0.15 100 pau\n");
        write("twice.lab", "0 1 sil\n");
        write("speaker/twice.csv", "Begin,End,Label,Type\n");
        write("all.ctm", "c 1 0.0 0.15 SIL\ntwice 1 0.0 0.1 SIL\n");
        write("broken.lab", "what was said\n");
        write("notes.txt", "mine");
        let open = |format| LabelDirectory::open(place.path(), format).unwrap();
        let directory = open(None);
        assert_eq!((directory.len(), directory.is_empty(), directory.broken().count()), (6, false, 0));
        for (id, name) in [("a", "a.lab"), ("b", "speaker/b.lab"), ("c", "all.ctm")] {
            let Lookup::Found(file) = directory.look_up(id).unwrap() else { panic!("{id}") };
            assert_eq!(file.name, name);
            let Ok(Content::Labels(labels)) = file.content else { panic!("{id}") };
            assert_eq!((labels.len(), labels[0].end), (1, 0.15));
        }
        assert_eq!(directory.look_up("d").unwrap(), Lookup::Missing);
        let several = ["speaker/twice.csv", "twice.lab", "all.ctm"].map(str::to_owned).to_vec();
        assert_eq!(directory.look_up("twice").unwrap(), Lookup::Several(several));
        let Lookup::Found(file) = directory.look_up("broken").unwrap() else { panic!() };
        assert_eq!(file.content.unwrap_err().line, Some(1));

        // With a given format, files of other formats are ignored.
        let directory = open(Some(LabelFormat::Htk));
        assert!(matches!(directory.look_up("twice").unwrap(), Lookup::Found(_)));
        assert_eq!(directory.look_up("c").unwrap(), Lookup::Missing);
        write("bad.ctm", "one\n");
        assert_eq!(open(None).broken().map(|(name, _)| name).collect::<Vec<_>>(), ["bad.ctm"]);
    }

    #[test]
    fn parses_formats_by_name() {
        for format in LabelFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        assert!("lab".parse::<LabelFormat>().is_err());
    }
}
