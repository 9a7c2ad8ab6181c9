//! `mynah-listen anchor`.

use std::process::ExitCode;

use anyhow::Context as _;
use mynah_listening::mnru;
use mynah_signal::wav;
use rayon::prelude::*;

use super::args::AnchorArgs;
use crate::program::{BAD_RESULT, say};
use crate::progress::Progress;
use crate::wavs;

/// Degrades every wav; one that cannot be read is said, and the others are written.
pub(crate) fn run(args: &AnchorArgs) -> anyhow::Result<ExitCode> {
    let items: Vec<String> = match &args.items {
        Some(path) => wavs::read_list(path)?,
        None => wavs::items(&args.directory)?.into_iter().collect(),
    };
    anyhow::ensure!(
        !items.is_empty(),
        "`{}` has no wavs: they are looked for in DIR/wavs, and in DIR where there is no such folder",
        args.directory.display()
    );
    let is_itself = match (args.directory.canonicalize(), args.out.canonicalize()) {
        (Ok(recordings), Ok(out)) => recordings == out,
        _ => false,
    };
    anyhow::ensure!(
        !is_itself,
        "`{}` holds the recordings, and would hold the anchor: name another directory",
        args.out.display()
    );
    let progress = Progress::new("degraded", items.len());
    let failed: Vec<String> = items
        .par_iter()
        .enumerate()
        .filter_map(|(index, item)| {
            let failed = degrade(args, item, index as u64).err().map(|error| format!("{item}: {error:#}"));
            progress.step();
            failed
        })
        .collect();
    progress.finish();
    for failure in &failed {
        say(&format!("not made: {failure}"));
    }
    say(&format!(
        "wrote {} wavs to `{}`, with noise {} dB below the speech",
        items.len() - failed.len(),
        args.out.display(),
        args.q
    ));
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

fn degrade(args: &AnchorArgs, item: &str, index: u64) -> anyhow::Result<()> {
    let path = wavs::find(&args.directory, item)
        .with_context(|| format!("there is no `{item}.wav` in `{}`", args.directory.display()))?;
    let waveform = wav::read(&path).map_err(|error| anyhow::anyhow!("failed to {error}"))?;
    // Each clip has noise of its own.
    let noisy = mnru(&waveform, args.q, args.seed.wrapping_add(index))?;
    let place = args.out.join("wavs").join(format!("{item}.wav"));
    args.overwrite.write(&place, &wav::encode_pcm16(&noisy), |_| false)
}
