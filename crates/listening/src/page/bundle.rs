//! The bundle that raters receive: a page, and clips with opaque names.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use crate::design::plan::Plan;
use crate::error::Error;
use crate::page::blinding::{Names, clips};
use crate::page::html::{Entry, served_page, static_page};
use crate::page::key::{Key, KeyClip};
use crate::page::pages::Pages;
use crate::page::stimuli::{OneRate, prepare_item};
use crate::page::strings::Strings;

/// The address of a receiver's requests.
const RECEIVER: &str = "api.php?request=";
/// Hexadecimal digits of a bundle's hash: 128 bits.
const BUNDLE_DIGITS: usize = 32;

/// Presentation of a bundle. It is no part of the design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildOptions {
    /// Lets the key overwrite that of another bundle.
    pub replace_key: bool,
    /// The page's own words.
    pub strings: Strings,
    /// Lets the page enter by, and send its answers to, a receiver `api.php` that the caller puts into the bundle.
    pub receiver: Option<Entry>,
}

impl Default for BuildOptions {
    /// Returns the options of [`build()`]: English words, no receiver, and no key is overwritten.
    fn default() -> Self {
        Self { replace_key: false, strings: Strings::english(), receiver: None }
    }
}

/// Builds the bundle of a plan with the default options; see [`build_with`].
///
/// # Errors
///
/// Those of [`build_with`].
pub fn build(plan: &Plan, bundle: &Path) -> Result<Key, Error> {
    build_with(plan, bundle, &BuildOptions::default())
}

/// Builds the bundle of a plan, `index.html` and `clips/<opaque name>.wav`, and returns its key.
///
/// The page opens from the disk and from any web host, needs no network and stores answers in the rater's browser. Clips
/// are brought to one loudness and written as plain 16-bit wavs. A clip has a different name in every pair; a determined
/// rater can still compare the files of two pairs byte by byte.
///
/// The bundle is written under a temporary name and renamed, so an existing bundle is complete. The same plan, wavs and options
/// give the same bytes.
///
/// # Errors
///
/// [`Error::BundleExists`] when the path exists, [`Error::KeyExists`] when the key of another bundle is in the way;
/// [`Error::MissingStimulus`], [`Error::Stimulus`] and [`Error::SampleRates`] for wavs that cannot be used; [`Error::Io`].
pub fn build_with(plan: &Plan, bundle: &Path, options: &BuildOptions) -> Result<Key, Error> {
    if bundle.exists() {
        return Err(Error::BundleExists { path: bundle.to_owned() });
    }
    let mut name = OsString::from(".");
    name.push(bundle.file_name().unwrap_or_else(|| "bundle".as_ref()));
    name.push(format!(".{}.partial", std::process::id()));
    let partial = Partial(bundle.with_file_name(name));
    let key = fill(plan, &partial.0, options)?;
    if !options.replace_key {
        check_key(&key, bundle)?;
    }
    fs::rename(&partial.0, bundle).map_err(|source| Error::Io {
        action: "write",
        path: bundle.to_owned(),
        source,
    })?;
    Ok(key)
}

/// Rejects a bundle whose key would overwrite that of another bundle.
fn check_key(key: &Key, bundle: &Path) -> Result<(), Error> {
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
}

/// A directory that is removed on drop, unless it was renamed.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // A failure to remove it is ignored: the error that led here matters more.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Writes the page and the clips into a directory.
fn fill(plan: &Plan, directory: &Path, options: &BuildOptions) -> Result<Key, Error> {
    // All files get the same time: the order of writing would tell systems apart.
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
            let sha256 = hexadecimal(&Sha256::digest(&stimulus.bytes));
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
                    blake3: blake3.clone(),
                    sha256: sha256.clone(),
                    bytes: stimulus.bytes.len() as u64,
                    duration_ms: stimulus.duration_ms,
                    gain_db: stimulus.gain_db,
                    note: stimulus.note.clone(),
                };
                key.clips.insert((*name).clone(), clip);
            }
        }
    }
    key.bundle = hash_of(&key.clips);
    let pages = Pages::unchecked(plan, &key);
    let page = match options.receiver {
        Some(entry) => served_page(plan, &pages, &options.strings, (entry, RECEIVER)),
        None => static_page(plan, &pages, &options.strings),
    };
    write(&directory.join("index.html"), page.as_bytes())?;
    Ok(key)
}

/// Returns bytes in lowercase hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}

/// Hashes all clips with their names.
fn hash_of(clips: &BTreeMap<String, KeyClip>) -> String {
    let mut hasher = blake3::Hasher::new();
    for (name, clip) in clips {
        hasher.update(format!("{name} {}\n", clip.blake3).as_bytes());
    }
    hasher.finalize().to_hex()[..BUNDLE_DIGITS].to_owned()
}
