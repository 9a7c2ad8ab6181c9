//! `mynah-train import`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use mynah_voice::Error;
use mynah_voice::import::{ImportConfig, import_voice};

use super::export::check_place;
use crate::program::{put, say};

/// What to do.
pub(crate) struct Settings {
    /// The checkpoint, and how it is read.
    pub(crate) import: ImportConfig,
    /// Where the voice goes.
    pub(crate) out: PathBuf,
}

/// Makes a voice of a checkpoint of another program. On stdout stands the name of everything that is not in the voice.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { import, out } = settings;
    check_place(out)?;
    let imported = import_voice(import, out).map_err(|error| {
        let only_unknown = matches!(
            &error,
            Error::Parameters { missing, reshaped, .. } if missing.is_empty() && reshaped.is_empty()
        );
        let error = anyhow::Error::from(error);
        if only_unknown {
            error.context("failed to import parameters that nobody knows; --allow-unknown leaves them out")
        } else {
            error.context("failed to import a voice")
        }
    })?;
    let groups =
        [("unneeded", &imported.unneeded), ("unknown", &imported.unknown), ("beside", &imported.beside)];
    for (group, names) in groups {
        for name in names {
            put(&format!("{group}\t{name}\n")).context("failed to list what is left out")?;
        }
    }
    let info = &imported.info;
    say(&format!(
        "wrote a voice of the format {} to {}: {} parameters; left out: {} that only training needs, {} unknown",
        imported.format.word(),
        out.display(),
        imported.read,
        imported.unneeded.len(),
        imported.unknown.len()
    ));
    say(&format!(
        "{} Hz, {} samples a frame{}",
        info.audio.sample_rate,
        info.audio.hop_length,
        if import.config.is_none() {
            "; without --config the sample rate and the blanks are those of LJSpeech"
        } else {
            ""
        }
    ));
    Ok(ExitCode::SUCCESS)
}
