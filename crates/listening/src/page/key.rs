//! The key of a bundle, which tells what its clips are.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::page::audit::Audit;
use crate::trial::{Kind, Slot};

/// The key to the names of a bundle: `bundle.key.json`, which stays with the experimenter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The design of the plan that the bundle was built from.
    pub design: String,
    /// The hash of all clips, which tells apart bundles of one plan with different audio.
    #[serde(default)]
    pub bundle: String,
    /// The clips by name.
    pub clips: BTreeMap<String, KeyClip>,
    /// The audit of the clips; missing from keys of older versions.
    #[serde(default)]
    pub audit: Option<Audit>,
}

/// One clip of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyClip {
    /// The sentence, or the control.
    pub item: String,
    /// The sentence judged in the trials that play it, if that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_item: Option<String>,
    /// The system whose voice it is; of a control the file, as the protocol names it.
    pub system: String,
    /// The rated system in the trials that play it, or the control.
    pub judged: String,
    /// Its opponent in these trials, if that is not always the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versus: Option<String>,
    /// The purpose of the trials that play it.
    pub kind: Kind,
    /// Its part in the trial.
    pub slot: Slot,
    /// The source file, in a directory that the plan names.
    pub source: String,
    /// The BLAKE3 hash of the source file.
    pub source_blake3: String,
    /// The BLAKE3 hash of the clip in the bundle.
    #[serde(default)]
    pub blake3: String,
    /// The SHA-256 hash of the clip in the bundle, in lowercase hexadecimal digits, which browsers can compute.
    #[serde(default)]
    pub sha256: String,
    /// The size of the clip's file in bytes.
    #[serde(default)]
    pub bytes: u64,
    /// The duration of the clip, rounded to milliseconds.
    #[serde(default)]
    pub duration_ms: u32,
    /// The gain applied to it, in dB.
    pub gain_db: f64,
    /// Milliseconds of silence added before the speech; negative where samples were cut.
    #[serde(default)]
    pub lead_change_ms: i32,
    /// Milliseconds of silence added after the speech; negative where samples were cut.
    #[serde(default)]
    pub tail_change_ms: i32,
    /// The conversions of its sample rate and channels, and the reason why it is not at the loudness of the protocol, where
    /// they apply.
    pub note: Option<String>,
}

impl KeyClip {
    /// Returns `true` if these bytes are the clip's file.
    #[must_use]
    pub fn is_content(&self, bytes: &[u8]) -> bool {
        blake3::hash(bytes).to_hex().as_str() == self.blake3
    }
}

impl Key {
    /// Returns the path of the key of a bundle: `<bundle>.key.json` next to it.
    #[must_use]
    pub fn path_beside(bundle: &Path) -> PathBuf {
        let mut name = bundle.file_name().map_or_else(|| OsString::from("bundle"), OsString::from);
        name.push(".key.json");
        bundle.with_file_name(name)
    }

    /// Writes the key atomically.
    ///
    /// # Errors
    ///
    /// [`Error::Io`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let write = || {
            let mut file = AtomicWriteFile::open(path)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            writeln!(file)?;
            file.commit()
        };
        write().map_err(|source| Error::Io { action: "write", path: path.to_owned(), source })
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`Error::Io`], also for a file that is not a key.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Io { action: "read", path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(failed)?;
        serde_json::from_str(&text).map_err(|error| failed(error.into()))
    }
}
