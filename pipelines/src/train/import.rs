//! `mynah-train import`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use mynah_cli::{AdviseExt as _, put, say};
use mynah_voice::Error;
use mynah_voice::import::{ImportConfig, import_voice};

use super::voice_directory::check_replaceable;

/// The settings of an import.
pub(crate) struct Settings {
    /// The checkpoint and its format.
    pub(crate) import: ImportConfig,
    /// The directory for the voice.
    pub(crate) out: PathBuf,
}

/// Makes a voice of another program's checkpoint and prints the names of the parameters that the voice lacks.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { import, out } = settings;
    check_replaceable(out)?;
    let imported = import_voice(import, out);
    let only_unknown = matches!(
        &imported,
        Err(Error::Parameters { missing, reshaped, .. }) if missing.is_empty() && reshaped.is_empty()
    );
    let mut imported = imported.context("failed to import the voice");
    if only_unknown {
        imported = imported.advise("skip the unknown parameters with --allow-unknown");
    }
    let imported = imported?;
    let groups =
        [("unneeded", &imported.unneeded), ("unknown", &imported.unknown), ("beside", &imported.beside)];
    for (group, names) in groups {
        for name in names {
            put(&format!("{group}\t{name}\n")).context("failed to list the omitted parameters")?;
        }
    }
    let info = &imported.info;
    say(&format!(
        "wrote a voice of the format {} to {}: {} parameters; omitted: {} that only training needs, {} unknown",
        imported.format.word(),
        out.display(),
        imported.read,
        imported.unneeded.len(),
        imported.unknown.len()
    ));
    say(&format!(
        "{} Hz, {} samples per frame{}",
        info.audio.sample_rate,
        info.audio.hop_length,
        if import.config.is_none() {
            "; without --config, the sample rate and the blanks are those of LJSpeech"
        } else {
            ""
        }
    ));
    Ok(ExitCode::SUCCESS)
}
