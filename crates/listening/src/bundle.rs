//! The bundle that raters get: a page and clips whose names say nothing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};

use crate::blinding::{Names, Slot, clips};
use crate::error::Error;
use crate::page::page;
use crate::plan::Plan;
use crate::rating::Kind;
use crate::stimuli::{OneRate, prepare_item};

/// What is behind the names of a bundle: `bundle.key.json`, which stays with the experimenter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The design of the plan that the bundle was built from.
    pub design: String,
    /// The clips by their names.
    pub clips: BTreeMap<String, KeyClip>,
}

/// One clip of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyClip {
    /// The sentence.
    pub item: String,
    /// Whose voice it is.
    pub system: String,
    /// The system that is judged where this clip is heard.
    pub judged: String,
    /// The sort of trial in which it is heard.
    pub kind: Kind,
    /// Its part in the trial.
    pub slot: Slot,
    /// The file it was made from, in the directory that the plan names.
    pub source: String,
    /// The BLAKE3 hash of that file.
    pub source_blake3: String,
    /// By how much it was made louder, in dB.
    pub gain_db: f64,
    /// Why it is not at the loudness of the protocol, where it is not.
    pub note: Option<String>,
}

impl Key {
    /// Where the key of a bundle belongs: beside it, as `<bundle>.key.json`.
    #[must_use]
    pub fn path_beside(bundle: &Path) -> PathBuf {
        let mut name = bundle.file_name().map_or_else(|| OsString::from("bundle"), OsString::from);
        name.push(".key.json");
        bundle.with_file_name(name)
    }

    /// Writes the key beside its place and renames it into it.
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

/// Builds the bundle of a plan: `index.html` and `clips/<opaque name>.wav`, and gives the key to it.
///
/// The page opens from the disk and from any web host, needs no network and stores answers in the rater's browser. Clips
/// are brought to one loudness and written anew as plain 16-bit wavs. A clip has another name in every pair that it is
/// heard in; what is left to a determined rater is to compare the files of two pairs byte by byte.
///
/// The bundle is written beside its place and renamed into it: what exists is whole. The same plan and wavs give the
/// same bytes.
///
/// # Errors
///
/// [`Error::BundleExists`] when the place is taken; [`Error::MissingStimulus`], [`Error::Stimulus`] and
/// [`Error::SampleRates`] for wavs that cannot be used; [`Error::Io`].
pub fn build(plan: &Plan, bundle: &Path) -> Result<Key, Error> {
    if bundle.exists() {
        return Err(Error::BundleExists { path: bundle.to_owned() });
    }
    let mut name = OsString::from(".");
    name.push(bundle.file_name().unwrap_or_else(|| "bundle".as_ref()));
    name.push(format!(".{}.partial", std::process::id()));
    let partial = Partial(bundle.with_file_name(name));
    let key = fill(plan, &partial.0)?;
    fs::rename(&partial.0, bundle).map_err(|source| Error::Io {
        action: "write",
        path: bundle.to_owned(),
        source,
    })?;
    Ok(key)
}

/// A directory that goes away with all that is in it, unless it was renamed.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Nothing to say when it cannot be removed: the error that led here is more important.
        fs::remove_dir_all(&self.0).ok();
    }
}

fn fill(plan: &Plan, directory: &Path) -> Result<Key, Error> {
    // All files get one time: the order in which they were written would tell systems apart.
    let now = SystemTime::now();
    let write = |path: &Path, bytes: &[u8]| {
        let write = || {
            let mut file = File::create(path)?;
            file.write_all(bytes)?;
            file.set_modified(now)
        };
        write().map_err(|source| Error::Io { action: "write", path: path.to_owned(), source })
    };
    let clips_directory = directory.join("clips");
    fs::create_dir_all(&clips_directory).map_err(|source| Error::Io {
        action: "create",
        path: clips_directory.clone(),
        source,
    })?;

    let names = Names::of(plan);
    let contents = clips(plan, &names);
    let mut key = Key { design: plan.design.clone(), clips: BTreeMap::new() };
    let mut one_rate = OneRate::new();
    for item in &plan.items {
        let wanted: Vec<_> = contents.iter().filter(|(_, content)| content.item == *item).collect();
        let stimuli = prepare_item(plan, item)?;
        for (system, stimulus) in plan.systems.iter().zip(&stimuli) {
            one_rate.check(stimulus)?;
            for (name, content) in wanted.iter().filter(|(_, content)| content.voice == system.name) {
                write(&clips_directory.join(format!("{name}.wav")), &stimulus.bytes)?;
                let clip = KeyClip {
                    item: item.clone(),
                    system: content.voice.clone(),
                    judged: content.judged.clone(),
                    kind: content.kind,
                    slot: content.slot,
                    source: stimulus.source.to_string_lossy().into_owned(),
                    source_blake3: stimulus.source_blake3.clone(),
                    gain_db: stimulus.gain_db,
                    note: stimulus.note.clone(),
                };
                key.clips.insert((*name).clone(), clip);
            }
        }
    }
    write(&directory.join("index.html"), page(plan, &names).as_bytes())?;
    Ok(key)
}
