//! `cargo xtask bench`: the figures of docs/benchmarks.md.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;

use crate::chain::{Chain, build, programs};
use crate::process::{cargo, must, root, say};
use crate::repeat::repeat;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The whole chain on a corpus of your own: wall time and peak memory of each program.
    Chain(ChainArguments),
    /// `mynah-prepare run` on 100, 385 and 13,100 clips: how time and memory grow.
    Prepare(PrepareArguments),
    /// The operations, beside stock candle.
    Ops,
    /// Spectrograms, F0 and loudness.
    Signal,
    /// The text side.
    Text,
    /// The scores.
    Metrics,
}

#[derive(clap::Args)]
struct ChainArguments {
    /// A corpus in LJSpeech layout
    corpus: PathBuf,
    /// Where everything goes; it must not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The preparation recipe
    #[arg(long, value_name = "FILE", default_value = "pipelines/ljspeech/part-prepare.toml")]
    recipe: PathBuf,
    /// The training configuration
    #[arg(long, value_name = "FILE", default_value = "pipelines/ljspeech/demo.toml")]
    config: PathBuf,
    /// The protocol of the listening test
    #[arg(long, value_name = "FILE", default_value = "eval/protocols/cmos.toml")]
    protocol: PathBuf,
}

#[derive(clap::Args)]
struct PrepareArguments {
    /// A corpus in LJSpeech layout, whose clips are repeated under new ids
    corpus: PathBuf,
    /// Where everything goes; it must not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The sizes, in clips
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "100,385,13100")]
    clips: Vec<usize>,
}

/// Measures, and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.what {
        What::Chain(settings) => chain(settings),
        What::Prepare(settings) => prepare(settings),
        What::Ops => bench("mynah-ops"),
        What::Signal => bench("mynah-signal"),
        What::Text => bench("mynah-text"),
        What::Metrics => bench("mynah-metrics"),
    }
}

/// The benches of a package, in the profile in which the programs run.
fn bench(package: &str) -> Result<()> {
    must(&mut cargo(&["bench", "--profile", "dev", "--package", package])).map(drop)
}

fn prepare(settings: &PrepareArguments) -> Result<()> {
    let PrepareArguments { corpus, out, clips } = settings;
    if out.exists() {
        bail!("`{}` exists: name a directory that does not", out.display());
    }
    build()?;
    let mut lines = vec!["\n| clips | wall | processor | peak memory |\n|---|---|---|---|".to_owned()];
    for clips in clips {
        let (repeated, dataset) = (out.join(format!("corpus-{clips}")), out.join(format!("dataset-{clips}")));
        repeat(corpus, &repeated, *clips)?;
        let cost = must(
            Command::new(programs()?.join("mynah-prepare"))
                .arg("run")
                .arg(&repeated)
                .arg("--out")
                .arg(&dataset),
        )?;
        lines.push(format!(
            "| {clips} | {:.1} s | {:.1} s | {} MB |",
            cost.wall.as_secs_f64(),
            cost.processor.unwrap_or_default().as_secs_f64(),
            cost.peak_memory.unwrap_or_default() / 1_000_000
        ));
    }
    say(&lines.join("\n"));
    Ok(())
}

fn chain(settings: &ChainArguments) -> Result<()> {
    let ChainArguments { corpus, out, recipe, config, protocol } = settings;
    if out.exists() {
        bail!("`{}` exists: name a directory that does not", out.display());
    }
    build()?;
    let absolute = |path: &Path| {
        std::path::absolute(path).with_context(|| format!("failed to find `{}`", path.display()))
    };
    std::fs::create_dir_all(out).with_context(|| format!("failed to make `{}`", out.display()))?;
    let chain = Chain {
        corpus: absolute(corpus)?,
        recipe: root().join(recipe),
        config: root().join(config),
        protocol: root().join(protocol),
        out: absolute(out)?,
    };
    let done = chain.run()?;
    let mut lines = vec!["\n| program | wall | peak memory |\n|---|---|---|".to_owned()];
    let mut total = 0.0;
    for step in &done {
        let memory =
            step.cost.peak_memory.map_or("?".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000));
        let seconds = step.cost.wall.as_secs_f64();
        total += seconds;
        lines.push(format!("| `{}` | {seconds:.1} s | {memory} |", step.name));
    }
    lines.push(format!("| all | {total:.1} s | |"));
    say(&lines.join("\n"));
    Ok(())
}
