//! The bundle that raters receive: a page, and clips with opaque names.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use mynah_signal::ChannelChoice;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use crate::design::controls::Control;
use crate::design::plan::Plan;
use crate::error::Error;
use crate::page::audit::audit;
use crate::page::blinding::{ClipContent, Names, clips};
use crate::page::edges::Edges;
use crate::page::html::{Entry, served_page, static_page};
use crate::page::key::{Key, KeyClip};
use crate::page::pages::Pages;
use crate::page::stimuli::{Preparation, Stimulus, prepare_control, prepare_item};
use crate::page::strings::Strings;
use crate::page::survey::Survey;

/// The address of a receiver's requests.
const RECEIVER: &str = "api.php?request=";
/// Hexadecimal digits of a bundle's hash: 128 bits.
const BUNDLE_DIGITS: usize = 32;

/// Presentation of a bundle. It is no part of the design: the same answers can be given to all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildOptions {
    /// Brings all clips to mono and to the lowest sample rate of all systems, instead of refusing others.
    pub resample: bool,
    /// Treatment of the silence before and after speech.
    pub edges: Edges,
    /// Lets the key overwrite that of another bundle.
    pub replace_key: bool,
    /// The page's own words.
    pub strings: Strings,
    /// Lets the page enter by, and send its answers to, a receiver `api.php` that the caller puts into the bundle.
    pub receiver: Option<Entry>,
}

impl Default for BuildOptions {
    /// Returns the options of [`build()`]: nothing is resampled, edges are trimmed, no key is overwritten, English words, no
    /// receiver.
    fn default() -> Self {
        Self {
            resample: false,
            edges: Edges::default(),
            replace_key: false,
            strings: Strings::english(),
            receiver: None,
        }
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

/// Builds the bundle of a plan, `index.html` and `clips/<opaque name>.wav`, and returns its key, which contains the audit.
///
/// The page opens from the disk and from any web host, needs no network and stores answers in the rater's browser. Clips
/// are brought to one loudness and written as plain 16-bit wavs. A clip has a different name in every pair, and every file has its
/// own dither and edges, so that neither names, sizes nor bytes tell which clips are the same recording. A determined rater can
/// still find that out by decoding and aligning all clips.
///
/// The bundle is written under a temporary name and renamed, so an existing bundle is complete. The same plan, wavs and options
/// give the same bytes.
///
/// # Errors
///
/// [`Error::BundleExists`] when the path exists, [`Error::KeyExists`] when the key of another bundle is in the way;
/// [`Error::MissingStimulus`], [`Error::Stimulus`], [`Error::Control`] and [`Error::SampleRates`] for wavs that cannot be used;
/// [`Error::Io`].
pub fn build_with(plan: &Plan, bundle: &Path, options: &BuildOptions) -> Result<Key, Error> {
    if bundle.exists() {
        return Err(Error::BundleExists { path: bundle.to_owned() });
    }
    let mut name = OsString::from(".");
    name.push(bundle.file_name().unwrap_or_else(|| "bundle".as_ref()));
    name.push(format!(".{}.partial", std::process::id()));
    let partial = Partial(bundle.with_file_name(name));
    let mut key = fill(plan, &partial.0, options)?;
    key.audit = Some(audit(plan, &partial.0, &key)?);
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
    let preparation = Preparation {
        sample_rate: Survey::of(plan).target_rate(options.resample)?,
        channels: if options.resample { ChannelChoice::Mix } else { ChannelChoice::Mono },
        edges: options.edges,
    };
    let clips_directory = directory.join("clips");
    fs::create_dir_all(&clips_directory).map_err(|source| Error::Io {
        action: "create",
        path: clips_directory.clone(),
        source,
    })?;
    let names = Names::of(plan);
    let contents = clips(plan, &names);
    let filler = Filler {
        plan,
        names: &names,
        contents: &contents,
        preparation,
        clips_directory,
        now: SystemTime::now(),
    };
    // All items are tried, so that the first error does not depend on the number of threads.
    let filled: Vec<Result<Vec<(String, KeyClip)>, Error>> =
        plan.items.par_iter().map(|item| filler.fill_item(item)).collect();
    let mut clips = BTreeMap::new();
    for item in filled {
        clips.extend(item?);
    }
    for control in &plan.protocol.control {
        clips.extend(filler.fill_control(control)?);
    }
    let key = Key { design: plan.design.clone(), bundle: hash_of(&clips), clips, audit: None };
    let pages = Pages::unchecked(plan, &key);
    let page = match options.receiver {
        Some(entry) => served_page(plan, &pages, &options.strings, (entry, RECEIVER)),
        None => static_page(plan, &pages, &options.strings),
    };
    filler.write(&directory.join("index.html"), page.as_bytes())?;
    Ok(key)
}

/// Everything needed to write the clips of an item.
struct Filler<'a> {
    plan: &'a Plan,
    names: &'a Names,
    contents: &'a BTreeMap<String, ClipContent>,
    preparation: Preparation,
    clips_directory: PathBuf,
    /// The time of all files: the order of writing would tell systems apart.
    now: SystemTime,
}

impl Filler<'_> {
    /// Writes the clips of an item and returns their rows of the key.
    fn fill_item(&self, item: &str) -> Result<Vec<(String, KeyClip)>, Error> {
        let is_of_item = |content: &ClipContent| !content.kind.is_control() && content.item == *item;
        let stimuli = prepare_item(self.plan, item, self.preparation)?;
        let systems = self.plan.systems.iter().map(|system| system.name.as_str());
        self.copies(is_of_item, &systems.zip(&stimuli).collect::<Vec<_>>())
    }

    /// Writes the clips of a control and returns their rows of the key; there are none if no session plays it.
    fn fill_control(&self, control: &Control) -> Result<Vec<(String, KeyClip)>, Error> {
        let kind = control.purpose.kind();
        let is_of_control = |content: &ClipContent| content.kind == kind && content.item == control.id;
        let stimuli = prepare_control(self.plan, control, self.preparation)?;
        // A file that is heard twice is prepared twice, and copied from one of the two.
        let by_file: BTreeMap<&str, &Stimulus> =
            control.clips.iter().map(String::as_str).zip(&stimuli).collect();
        self.copies(is_of_control, &by_file.into_iter().collect::<Vec<_>>())
    }

    /// Writes those clips of the bundle that are wanted, each copied from the stimulus with its voice.
    fn copies(
        &self,
        is_wanted: impl Fn(&ClipContent) -> bool,
        stimuli: &[(&str, &Stimulus)],
    ) -> Result<Vec<(String, KeyClip)>, Error> {
        let wanted: Vec<_> = self.contents.iter().filter(|(_, content)| is_wanted(content)).collect();
        let mut rows = Vec::with_capacity(wanted.len());
        for (voice, stimulus) in stimuli {
            for (name, content) in wanted.iter().filter(|(_, content)| content.voice == **voice) {
                let mut generator = ChaCha8Rng::from_seed(self.names.seed(name));
                let file = stimulus.copy(self.preparation.edges, &mut generator);
                self.write(&self.clips_directory.join(format!("{name}.wav")), &file.bytes)?;
                let blake3 = blake3::hash(&file.bytes).to_hex().to_string();
                let clip = KeyClip {
                    item: content.item.clone(),
                    judged_item: content.judged_item.clone(),
                    system: content.voice.clone(),
                    judged: content.judged.clone(),
                    versus: content.versus.clone(),
                    kind: content.kind,
                    slot: content.slot,
                    source: stimulus.source.to_string_lossy().into_owned(),
                    source_blake3: stimulus.source_blake3.clone(),
                    blake3,
                    sha256: hexadecimal(&Sha256::digest(&file.bytes)),
                    bytes: file.bytes.len() as u64,
                    duration_ms: file.duration_ms,
                    gain_db: stimulus.gain_db,
                    lead_change_ms: file.edges.lead_ms,
                    tail_change_ms: file.edges.tail_ms,
                    note: stimulus.note.clone(),
                };
                rows.push(((*name).clone(), clip));
            }
        }
        Ok(rows)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), Error> {
        let write = || {
            let mut file = File::create(path)?;
            file.write_all(bytes)?;
            file.set_modified(self.now)
        };
        write().map_err(|source| Error::Io { action: "write", path: path.to_owned(), source })
    }
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
