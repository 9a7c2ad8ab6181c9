//! The recipe's `[source]`.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Layout of the corpus. What is not set is guessed from its files, and `mynah-prepare` says what it guessed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceRecipe {
    /// Arrangement of the files.
    pub layout: Layout,
    /// Tables with a row for each clip, relative to the corpus. A table named after a split, such as `val.csv`, holds the
    /// clips of that split. By default they are searched for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<PathBuf>,
    /// Directory in which the recordings that a table names are searched first, relative to the corpus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// Character between the columns of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub separator: Option<char>,
    /// True if cells in double quotes are quoted as in RFC 4180. By default they are between commas and semicolons, and
    /// otherwise quotes are part of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoting: Option<bool>,
    /// True if the first line names the columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Column of the recording's file name, by name or by number from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<ColumnName>,
    /// Column of the clip's id; by default the id is the name of the recording.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ColumnName>,
    /// Column of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<ColumnName>,
    /// Column of the text with numbers and abbreviations written out; by default, the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub normalized: Option<ColumnName>,
    /// Column of the speaker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<ColumnName>,
    /// Column of phones, ARPAbet or IPA, which take the place of pronunciations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phones: Option<ColumnName>,
    /// Column of the split: `train`, `validation` (`dev`, `val`) or `test`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<ColumnName>,
}

/// Arrangement of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Recognized by the names of the files.
    #[default]
    Auto,
    /// A table with a row for each clip: LJSpeech, file lists, Common Voice, `metadata.csv` of Hugging Face, `NeMo` manifests.
    Table,
    /// Directories of Kaldi: `wav.scp`, `text`, and perhaps `utt2spk` and `segments`.
    Kaldi,
    /// `.normalized.txt` or `.original.txt` beside each recording, in folders of speakers and chapters.
    #[serde(rename = "libritts")]
    LibriTts,
    /// `.trans.txt` in each folder, with a line for each recording.
    #[serde(rename = "librispeech")]
    LibriSpeech,
    /// Texts in `txt`, recordings in `wav48_silence_trimmed` or another folder, each in folders of speakers.
    Vctk,
    /// A `.txt` or `.lab` file beside each recording; folders are speakers, as for the Montreal Forced Aligner.
    Beside,
}

impl Layout {
    /// Returns the name used in recipes.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Table => "table",
            Self::Kaldi => "kaldi",
            Self::LibriTts => "libritts",
            Self::LibriSpeech => "librispeech",
            Self::Vctk => "vctk",
            Self::Beside => "beside",
        }
    }
}

/// A column, by its name in the header or its number from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ColumnName {
    /// Number, from 1.
    Number(usize),
    /// Name in the header, or key of JSON.
    Name(String),
}

impl fmt::Display for ColumnName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}
