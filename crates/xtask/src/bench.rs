//! `cargo xtask bench`: the measurements of docs/benchmarks.md.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;

use crate::chain::{Chain, build, programs};
use crate::process::{cargo, metadata, must, root, say};
use crate::repeat::repeat;

/// Subject of the measurement.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Measures wall time and peak memory of each program in the whole chain on a corpus of your own.
    Chain(ChainArguments),
    /// Measures the growth of time and memory of `mynah-prepare run` on 100, 385 and 13,100 clips.
    Prepare(PrepareArguments),
    /// Measures the operations against stock candle, or against PyTorch in one run.
    Ops(OpsArguments),
    /// Measures spectrograms, F0 and loudness.
    Signal,
    /// Measures the text frontend.
    Text,
    /// Measures processor time and peak memory of learning sup-phonemes from a million words, against Hugging Face's
    /// tokenizers.
    Bpe(BpeArguments),
    /// Measures the scores.
    Metrics,
}

#[derive(clap::Args)]
struct ChainArguments {
    /// A corpus in LJSpeech layout
    corpus: PathBuf,
    /// Directory for all output; must not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Preparation recipe
    #[arg(long, value_name = "FILE", default_value = "pipelines/ljspeech/part-prepare.toml")]
    recipe: PathBuf,
    /// Training configuration
    #[arg(long, value_name = "FILE", default_value = "pipelines/ljspeech/demo.toml")]
    config: PathBuf,
    /// Protocol of the listening test
    #[arg(long, value_name = "FILE", default_value = "eval/protocols/cmos.toml")]
    protocol: PathBuf,
}

#[derive(clap::Args)]
struct PrepareArguments {
    /// A corpus in LJSpeech layout, whose clips are repeated under new ids
    corpus: PathBuf,
    /// Directory for all output; must not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Corpus sizes, in clips
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "100,385,13100")]
    clips: Vec<usize>,
}

#[derive(clap::Args)]
struct OpsArguments {
    /// Python with PyTorch, such as `uv run`: compares with PyTorch instead of candle
    #[arg(long, value_name = "PYTHON")]
    python: Option<String>,
    /// Run only the cases whose name contains one of these
    parts: Vec<String>,
}

#[derive(clap::Args)]
struct BpeArguments {
    /// Number of distinct words
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    words: usize,
    /// Number of merges to learn
    #[arg(long, value_name = "N", default_value_t = 30_000)]
    merges: usize,
    /// Python that runs the peer; `uv run` installs the packages it pins.
    #[arg(long, default_value = "uv run")]
    python: String,
}

/// Runs the benchmark and prints the results.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.what {
        What::Chain(settings) => chain(settings),
        What::Prepare(settings) => prepare(settings),
        What::Ops(settings) => ops(settings),
        What::Signal => bench("mynah-signal"),
        What::Text => bench("mynah-text"),
        What::Bpe(settings) => bpe(settings),
        What::Metrics => bench("mynah-metrics"),
    }
}

/// Runs the benchmarks of a package, in the profile of the programs.
fn bench(package: &str) -> Result<()> {
    must(&mut cargo(&["bench", "--profile", "dev", "--package", package])).map(drop)
}

/// Compares the operations with PyTorch if its Python is given, else with candle.
fn ops(settings: &OpsArguments) -> Result<()> {
    let target = if settings.python.is_some() { "peers" } else { "operations" };
    let mut command =
        cargo(&["bench", "--profile", "dev", "--package", "mynah-ops", "--bench", target, "--"]);
    if let Some(python) = &settings.python {
        command.args(["--python", python]);
    }
    must(command.args(&settings.parts)).map(drop)
}

fn prepare(settings: &PrepareArguments) -> Result<()> {
    let PrepareArguments { corpus, out, clips } = settings;
    if out.exists() {
        bail!("`{}` already exists: name a new directory", out.display());
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

/// Cost of a sup-phoneme trainer.
struct BpeCost {
    seconds: f64,
    megabytes: f64,
    tokens_per_word: f64,
}

/// Runs both trainers on the same words, one after the other.
fn bpe(settings: &BpeArguments) -> Result<()> {
    let words = metadata()?.target_directory;
    let words = words.as_std_path().join("bpe-words.txt");
    let (name, merges) = (words.display().to_string(), settings.merges.to_string());
    let example = ["run", "--quiet", "--package", "mynah-text", "--example", "bpe_bench", "--"];
    must(cargo(&example).args(["words", &settings.words.to_string(), &name]))?;
    let ours = bpe_cost(cargo(&example).args(["train", &name, &merges]))?;
    let mut python = settings.python.split_whitespace();
    let program = python.next().context("`--python` is empty")?;
    let script = root().join("crates/text/benches/bpe_peer.py");
    let peer = bpe_cost(Command::new(program).args(python).arg(script).args([&name, &merges]))?;
    let row = |name: &str, cost: &BpeCost| {
        let BpeCost { seconds, megabytes, tokens_per_word } = cost;
        format!("| {name} | {seconds:.2} s | {megabytes:.0} MB | {tokens_per_word:.3} |")
    };
    say(&format!(
        "\n{} words, {merges} merges\n\n| | processor time | peak memory | sup-phonemes per word |\n|---|---|---|---|\n{}\n{}\n\n{:.1} times as fast, {:.2} of the memory",
        settings.words,
        row("mynah-text", &ours),
        row("tokenizers", &peer),
        peer.seconds / ours.seconds,
        ours.megabytes / peer.megabytes
    ));
    Ok(())
}

/// Runs a trainer, which prints its cost as JSON.
fn bpe_cost(command: &mut Command) -> Result<BpeCost> {
    let output = command.stderr(Stdio::inherit()).output().context("failed to run a trainer")?;
    if !output.status.success() {
        bail!("a trainer failed with {}", output.status);
    }
    let printed: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("a trainer printed no JSON")?;
    let number =
        |name: &str| printed[name].as_f64().with_context(|| format!("a trainer printed no `{name}`"));
    Ok(BpeCost {
        seconds: number("cpu_seconds")?,
        megabytes: number("peak_bytes")? / 1e6,
        tokens_per_word: number("tokens_per_word")?,
    })
}

fn chain(settings: &ChainArguments) -> Result<()> {
    let ChainArguments { corpus, out, recipe, config, protocol } = settings;
    if out.exists() {
        bail!("`{}` already exists: name a new directory", out.display());
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
        voice: None,
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
