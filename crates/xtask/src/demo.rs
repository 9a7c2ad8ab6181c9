//! `cargo xtask demo`: the whole pipeline on the bundled clips.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::chain::{Chain, build};
use crate::process::{root, say};

/// Output options of the demo.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Output directory; an earlier demo in it is replaced
    #[arg(long, value_name = "DIR", default_value = "demo")]
    out: PathBuf,
}

/// Name of the file that marks a directory as made by the demo, and so safe to remove.
const MARK: &str = "made-by-cargo-xtask-demo";

/// Builds the programs, runs the chain, and prints where the results are.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let out = root().join(&arguments.out);
    if out.exists() {
        let marked =
            out.join(MARK).exists() || fs::read_dir(&out).is_ok_and(|mut entries| entries.next().is_none());
        anyhow::ensure!(marked, "`{}` was not made by the demo: name another directory", out.display());
        fs::remove_dir_all(&out).with_context(|| format!("failed to remove `{}`", out.display()))?;
    }
    let begin = Instant::now();
    build()?;
    let built = begin.elapsed();
    fs::create_dir_all(&out).with_context(|| format!("failed to make `{}`", out.display()))?;
    fs::write(out.join(MARK), "").with_context(|| format!("failed to write into `{}`", out.display()))?;
    let chain = Chain {
        corpus: root().join("fixtures/ljspeech-mini"),
        recipe: root().join("pipelines/ljspeech/demo-prepare.toml"),
        config: root().join("pipelines/ljspeech/demo-fine-tune.toml"),
        voice: Some(root().join("fixtures/voices/ljspeech-small")),
        protocol: root().join("eval/protocols/cmos-demo.toml"),
        out: out.clone(),
    };
    let ran = Instant::now();
    chain.run()?;
    let shown = |name: &str| out.join(name).display().to_string();
    say(&format!(
        "\nDone in {:.0} s, after {:.0} s of building. Look and listen:\n  \
         the report          {}\n  \
         its pictures        {}\n  \
         the dataset         {}\n  \
         the wavs            {}\n  \
         the listening test  {}\n  \
         losses              {} (or `tensorboard --logdir {}`)",
        ran.elapsed().as_secs_f64(),
        built.as_secs_f64(),
        shown("report/index.html"),
        shown("report/figures"),
        shown("dataset/report.html"),
        shown("spoken"),
        shown("listening-test/index.html"),
        shown("run/metrics.jsonl"),
        shown("run"),
    ));
    Ok(())
}
