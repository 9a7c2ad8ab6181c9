//! Corpora of any size, made by repeating a smaller one.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Makes `corpus` of `clips` clips by repeating those of `source` that have a wav, under new ids.
///
/// Wavs are links to those of `source` if the file system supports them, else copies.
pub(crate) fn repeat(source: &Path, corpus: &Path, clips: usize) -> Result<()> {
    let path = source.join("metadata.csv");
    let metadata =
        fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let lines: Vec<(&str, &str)> = metadata
        .lines()
        .filter_map(|line| line.split_once('|'))
        .filter(|(id, _)| source.join(format!("wavs/{id}.wav")).is_file())
        .collect();
    if lines.is_empty() {
        bail!("`{}` lists no existing clip", path.display());
    }
    let wavs = corpus.join("wavs");
    fs::create_dir_all(&wavs).with_context(|| format!("failed to make `{}`", wavs.display()))?;
    let mut repeated = String::new();
    for (number, (id, texts)) in lines.iter().cycle().take(clips).enumerate() {
        // Such as `LJ001-0001` and, the fourth time, `R003LJ001-0001`, so that chapters stay apart.
        let new = format!("R{:03}{id}", number / lines.len());
        repeated.extend([&new, "|", texts, "\n"]);
        let (from, to) = (source.join(format!("wavs/{id}.wav")), wavs.join(format!("{new}.wav")));
        fs::hard_link(&from, &to)
            .or_else(|_| fs::copy(&from, &to).map(drop))
            .with_context(|| format!("failed to write `{}`", to.display()))?;
    }
    let path = corpus.join("metadata.csv");
    fs::write(&path, repeated).with_context(|| format!("failed to write `{}`", path.display()))
}
