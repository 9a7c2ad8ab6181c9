//! The bundle that raters get: a page and clips whose names say nothing.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use atomic_write_file::AtomicWriteFile;
use serde::{Deserialize, Serialize};

use crate::design::plan::Plan;
use crate::error::Error;
use crate::page::blinding::{Names, Slot, clips};
use crate::page::html::page;
use crate::page::stimuli::{OneRate, prepare_item};
use crate::rating::Kind;

/// Hexadecimal digits of a bundle's hash: 128 bits.
const BUNDLE_DIGITS: usize = 32;

/// What is behind the names of a bundle: `bundle.key.json`, which stays with the experimenter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The design of the plan that the bundle was built from.
    pub design: String,
    /// The hash of all its clips: bundles of one plan with other audio have another one.
    #[serde(default)]
    pub bundle: String,
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
    /// The BLAKE3 hash of the clip as it lies in the bundle.
    #[serde(default)]
    pub blake3: String,
    /// The hash by which answers name the clip's content: a keyed one, so that equal clips are not known by it.
    #[serde(default)]
    pub content: String,
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
/// [`Error::BundleExists`] when the place is taken, [`Error::KeyExists`] when another bundle's key lies beside it;
/// [`Error::MissingStimulus`], [`Error::Stimulus`] and
/// [`Error::SampleRates`] for wavs that cannot be used; [`Error::Io`].
pub fn build(plan: &Plan, bundle: &Path) -> Result<Key, Error> {
    build_beside(plan, bundle, |key| {
        let path = Key::path_beside(bundle);
        if !path.exists() {
            return Ok(());
        }
        let there = Key::read(&path);
        if there.as_ref().is_ok_and(|there| there == key) {
            return Ok(());
        }
        let design = there.map_or_else(|_| "unknown".to_owned(), |there| there.design);
        Err(Error::KeyExists { path, design })
    })
}

/// Builds the bundle of a plan as [`build()`] does, whatever key lies beside it: that may be written over.
///
/// # Errors
///
/// Those of [`build()`], but for [`Error::KeyExists`].
pub fn build_replacing_key(plan: &Plan, bundle: &Path) -> Result<Key, Error> {
    build_beside(plan, bundle, |_| Ok(()))
}

/// Builds a bundle whose key passes the check.
fn build_beside(
    plan: &Plan,
    bundle: &Path,
    check: impl FnOnce(&Key) -> Result<(), Error>,
) -> Result<Key, Error> {
    if bundle.exists() {
        return Err(Error::BundleExists { path: bundle.to_owned() });
    }
    let mut name = OsString::from(".");
    name.push(bundle.file_name().unwrap_or_else(|| "bundle".as_ref()));
    name.push(format!(".{}.partial", std::process::id()));
    let partial = Partial(bundle.with_file_name(name));
    let key = fill(plan, &partial.0)?;
    check(&key)?;
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
    let mut key = Key { design: plan.design.clone(), bundle: String::new(), clips: BTreeMap::new() };
    let mut one_rate = OneRate::new();
    for item in &plan.items {
        let wanted: Vec<_> = contents.iter().filter(|(_, content)| content.item == *item).collect();
        let stimuli = prepare_item(plan, item)?;
        for (system, stimulus) in plan.systems.iter().zip(&stimuli) {
            one_rate.check(stimulus)?;
            let blake3 = blake3::hash(&stimulus.bytes).to_hex().to_string();
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
                    content: names.content(name, &blake3),
                    blake3: blake3.clone(),
                    gain_db: stimulus.gain_db,
                    note: stimulus.note.clone(),
                };
                key.clips.insert((*name).clone(), clip);
            }
        }
    }
    key.bundle = hash_of(&key.clips);
    write(&directory.join("index.html"), page(plan, &names, &key).as_bytes())?;
    Ok(key)
}

/// The hash of all clips with their names.
fn hash_of(clips: &BTreeMap<String, KeyClip>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, clip) in clips {
        hasher.update(format!("{name} {}\n", clip.blake3).as_bytes());
    }
    hasher.finalize().to_hex()[..BUNDLE_DIGITS].to_owned()
}
