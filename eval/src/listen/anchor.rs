//! `mynah-listen anchor`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{Advised, BAD_RESULT, Progress, say};
use mynah_listening::mnru;
use mynah_signal::{low_pass, wav};
use rayon::prelude::*;

use super::args::AnchorArgs;
use crate::wavs;

/// Degrades every wav; reports those that cannot be read and writes the others.
pub(crate) fn run(args: &AnchorArgs) -> anyhow::Result<ExitCode> {
    let items: Vec<String> = match &args.items {
        Some(path) => wavs::read_list(path)?,
        None => wavs::items(&args.directory)?.into_iter().collect(),
    };
    if items.is_empty() {
        let message = format!("`{}` has no wavs", args.directory.display());
        return Err(Advised::new(message, wavs::LAYOUT).into());
    }
    let is_itself = match (args.directory.canonicalize(), args.out.canonicalize()) {
        (Ok(recordings), Ok(out)) => recordings == out,
        _ => false,
    };
    if is_itself {
        let message = format!("`{}` holds the recordings, so it cannot hold the anchor", args.out.display());
        return Err(Advised::new(message, "name another directory with --out").into());
    }
    let progress = Progress::new("degraded", items.len());
    let failed: Vec<(&String, anyhow::Error)> = items
        .par_iter()
        .enumerate()
        .filter_map(|(index, item)| {
            let failed = degrade(args, item, index as u64).err();
            progress.step();
            failed.map(|error| (item, error))
        })
        .collect();
    progress.finish();
    for (item, error) in &failed {
        say(&format!("failed: {item}: {error:#}"));
    }
    let advised = failed.iter().filter_map(|(_, error)| error.downcast_ref::<Advised>());
    for remedy in advised.map(Advised::remedy).collect::<BTreeSet<_>>() {
        say(&format!("  what to do: {remedy}"));
    }
    let treatment = match args.low_pass {
        Some(pass_hz) => format!("without what is above {pass_hz} Hz"),
        None => format!("with noise {} dB below the speech", args.q),
    };
    let n_written = items.len() - failed.len();
    say(&format!("wrote {n_written} wavs to `{}`, {treatment}", args.out.display()));
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

fn degrade(args: &AnchorArgs, item: &str, index: u64) -> anyhow::Result<()> {
    let path = wavs::find(&args.directory, item)
        .with_context(|| format!("there is no `{item}.wav` in `{}`", args.directory.display()))?;
    let waveform = wav::read(&path)?;
    let degraded = match args.low_pass {
        Some(pass_hz) => low_pass(&waveform, pass_hz)?,
        // The noise of every clip is independent.
        None => mnru(&waveform, args.q, args.seed.wrapping_add(index))?,
    };
    let place = args.out.join("wavs").join(format!("{item}.wav"));
    args.overwrite.write(&place, &wav::encode_pcm16(&degraded), |_| false)
}
