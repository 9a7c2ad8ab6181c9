//! The audio files of a directory by item.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use mynah_signal::{ChannelChoice, Recording, Waveform};
use unicode_normalization::UnicodeNormalization as _;

/// Extensions of audio files, case-insensitive.
const EXTENSIONS: [&str; 2] = ["wav", "flac"];

/// The audio files in `DIR/wavs` and `DIR`, keyed by item and listed once.
///
/// Names that differ only in Unicode normalization are the same item; its name is composed (NFC).
pub(crate) struct Folder {
    /// Files in `DIR/wavs`, or in `DIR` if it has no such folder.
    listed: BTreeMap<String, Vec<PathBuf>>,
    /// Loose files in `DIR` if `DIR/wavs` exists too.
    loose: BTreeMap<String, Vec<PathBuf>>,
}

impl Folder {
    /// Lists a directory.
    pub(crate) fn open(directory: &Path) -> anyhow::Result<Self> {
        let inner = directory.join("wavs");
        if inner.is_dir() {
            Ok(Self { listed: list(&inner)?, loose: list(directory)? })
        } else {
            Ok(Self { listed: list(directory)?, loose: BTreeMap::new() })
        }
    }

    /// Returns the items that have a file, sorted by name.
    pub(crate) fn items(&self) -> impl ExactSizeIterator<Item = &str> {
        self.listed.keys().map(String::as_str)
    }

    /// Returns the file of an item, or the reason why there is none.
    pub(crate) fn path(&self, item: &str) -> Result<&Path, String> {
        let name: String = item.nfc().collect();
        match self.listed.get(&name).or_else(|| self.loose.get(&name)).map(Vec::as_slice) {
            None | Some([]) => Err(format!("there is no `{item}.wav`")),
            Some([path]) => Ok(path),
            Some(several) => {
                let names: Vec<String> =
                    several.iter().map(|path| format!("`{}`", file_name(path))).collect();
                Err(format!("several files match: {}", names.join(", ")))
            }
        }
    }

    /// Reads the waveform of an item, or returns the reason why it cannot be read.
    pub(crate) fn read(&self, item: &str) -> Result<Waveform, String> {
        let path = self.path(item)?;
        let recording = Recording::read(path).and_then(|it| it.into_mono(ChannelChoice::Mono, path));
        recording.map_err(|error| {
            // Without the directory: equal reasons are counted together, and reports are read on other machines.
            error_chain(&error).replace(&path.display().to_string(), &file_name(path))
        })
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Formats an error followed by its causes.
fn error_chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Returns the item of a name or path: without folders and audio extension, composed.
pub(crate) fn item_of(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = match name.rsplit_once('.') {
        Some((stem, extension)) if is_sound(extension) && !stem.is_empty() => stem,
        _ => name,
    };
    stem.nfc().collect()
}

fn is_sound(extension: &str) -> bool {
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Lists the audio files of one folder by item, those of an item sorted by name.
fn list(directory: &Path) -> anyhow::Result<BTreeMap<String, Vec<PathBuf>>> {
    let failed = || format!("failed to list `{}`", directory.display());
    let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for entry in fs::read_dir(directory).with_context(failed)? {
        let path = entry.with_context(failed)?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        if !extension.is_some_and(is_sound) || path.is_dir() {
            continue;
        }
        if let Some(name) = path.file_name().and_then(|name| name.to_str()) {
            files.entry(item_of(name)).or_default().push(path.clone());
        }
    }
    for of_item in files.values_mut() {
        of_item.sort();
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn folder(files: &[&str]) -> (tempfile::TempDir, Folder) {
        let directory = tempfile::tempdir().unwrap();
        for file in files {
            let path = directory.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let folder = Folder::open(directory.path()).unwrap();
        (directory, folder)
    }

    #[test]
    fn accepts_extensions_in_any_case() {
        let (_directory, folder) = folder(&["a.wav", "b.WAV", "c.Flac", "d.mp3", "e.wav.txt", "f"]);
        assert_eq!(folder.items().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn prefers_the_wavs_folder_to_loose_files() {
        let (_directory, folder) = folder(&["a.wav", "wavs/b.wav"]);
        assert_eq!(folder.items().collect::<Vec<_>>(), ["b"]);
        assert!(
            folder.read("a").unwrap_err().starts_with("`a.wav` is not"),
            "the file is found but cannot be read"
        );
        assert_eq!(folder.read("c").unwrap_err(), "there is no `c.wav`");
    }

    #[test]
    fn rejects_several_files_of_one_item() {
        let (_directory, folder) = folder(&["a.wav", "a.flac", "a.WAV"]);
        assert_eq!(folder.read("a").unwrap_err(), "several files match: `a.WAV`, `a.flac`, `a.wav`");
    }

    #[test]
    fn composed_and_decomposed_names_are_equal() {
        let (_directory, folder) = folder(&["u\u{308}ber.wav"]);
        assert_eq!(folder.items().collect::<Vec<_>>(), ["\u{fc}ber"]);
        for name in ["u\u{308}ber", "\u{fc}ber"] {
            assert!(folder.read(name).unwrap_err().contains("ber.wav` is not"), "{name} is found");
        }
    }

    #[test]
    fn strips_folders_and_audio_extensions() {
        for (name, expected) in [
            ("LJ001-0001", "LJ001-0001"),
            ("LJ001-0001.wav", "LJ001-0001"),
            ("wavs/LJ001-0001.WAV", "LJ001-0001"),
            ("C:\\wavs\\a.flac", "a"),
            ("v1.5", "v1.5"),
            (".wav", ".wav"),
        ] {
            assert_eq!(item_of(name), expected);
        }
    }

    #[test]
    fn looks_up_many_items_quickly() {
        let listed = (0..100_000).map(|n| (format!("{n:06}"), Vec::new())).collect();
        let folder = Folder { listed, loose: BTreeMap::new() };
        let begin = Instant::now();
        let missing = (0..100_000).filter(|n| folder.read(&format!("{n:06}")).is_err()).count();
        assert_eq!(missing, 100_000);
        // It takes a tenth of a second; a linear search per item would take minutes.
        assert!(begin.elapsed().as_secs_f64() < 10.0);
    }
}
