//! The whole pipeline through the six real programs as a user calls them: wavs in, a verdict report out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process::{Cost, cargo, metadata, must, root, run, say};

/// Inputs and output of the chain.
pub(crate) struct Chain {
    /// Corpus in LJSpeech layout.
    pub(crate) corpus: PathBuf,
    /// Preparation recipe.
    pub(crate) recipe: PathBuf,
    /// Training configuration.
    pub(crate) config: PathBuf,
    /// Voice that the training starts from, and that is compared with the checkpoints.
    pub(crate) voice: Option<PathBuf>,
    /// Protocol of the listening test.
    pub(crate) protocol: PathBuf,
    /// Output directory; must not exist.
    pub(crate) out: PathBuf,
}

/// A step of the chain with its cost.
pub(crate) struct Done {
    /// Program and subcommand.
    pub(crate) name: String,
    /// Cost.
    pub(crate) cost: Cost,
}

/// True differences of the simulated raters for the first checkpoint and for every later voice. They are invented, and
/// everything made from them is marked as simulated.
const SIMULATED_DIFFERENCES: [f64; 2] = [-2.0, -1.5];

/// Builds the programs in the profile that the tests use too.
pub(crate) fn build() -> Result<()> {
    must(&mut cargo(&["build", "--package", "mynah-pipelines", "--package", "mynah-eval"])).map(drop)
}

/// Returns the directory to which [`build`] writes the programs.
pub(crate) fn programs() -> Result<PathBuf> {
    Ok(metadata()?.target_directory.into_std_path_buf().join("debug"))
}

impl Chain {
    /// Runs every program; each must succeed, except on a corpus with problems, whose other clips continue.
    pub(crate) fn run(&self) -> Result<Vec<Done>> {
        let programs = programs()?;
        let mut steps = Steps { programs, done: Vec::new() };
        let at = |name: &str| shown(&self.out.join(name));
        let (corpus, recipe, config) = (shown(&self.corpus), shown(&self.recipe), shown(&self.config));
        let protocol = shown(&self.protocol);
        let (dataset, run, scores) = (at("dataset"), at("run"), at("scores.parquet"));
        let (plan, ratings, report) = (at("PLAN.toml"), at("ratings.parquet"), at("report"));

        say("\n== 1. prepare: check, normalize, phonemize, compute, align");
        match steps.take("mynah-prepare run", &[&corpus, "--out", &dataset, "--recipe", &recipe])? {
            Some(0) => {}
            Some(1) => say("(exit status 1: the corpus has problems; the run continues with the rest)"),
            _ => bail!("`mynah-prepare run` failed"),
        }

        say("\n== 2. train, starting from the voice if there is one");
        let voice = self.voice.as_deref().map(shown);
        let from = voice.as_ref().map_or_else(Vec::new, |voice| vec!["--from", voice]);
        let training = ["--config", &config, "--data", &dataset, "--out", &run];
        steps.must("mynah-train run", &[&training[..], &from].concat())?;
        let checkpoints = checkpoints(&self.out.join("run"))?;

        say("\n== 3. speak, with each checkpoint");
        let mut voices = Vec::new();
        for step in &checkpoints {
            let (name, voice) = (format!("step-{step}"), at(&format!("voices/step-{step}")));
            steps.must("mynah-train export", &[&run, "--step", &step.to_string(), "--out", &voice])?;
            voices.push((name, voice));
        }
        if let Some(voice) = &self.voice {
            let name = voice.file_name().and_then(|name| name.to_str()).context("the voice has no name")?;
            voices.push((name.to_owned(), shown(voice)));
        }
        let mut systems = Vec::new();
        for (name, voice) in &voices {
            let spoken = at(&format!("spoken/{name}"));
            let batch = ["--voice", voice, "--data", &dataset, "--split", "test", "--out", &spoken];
            steps.must("mynah-synthesize batch", &batch)?;
            systems.extend(["--system".to_owned(), format!("{name}={spoken}")]);
        }
        let systems: Vec<&str> = systems.iter().map(String::as_str).collect();

        say("\n== 4. score against the recordings");
        steps
            .must("mynah-score run", &[&["--reference", &corpus, "--out", &scores], &systems[..]].concat())?;

        say("\n== 5. a listening test: the recordings against each voice, and against an anchor");
        let noisy = at("noisy");
        steps.must("mynah-listen anchor", &[&corpus, "--out", &noisy])?;
        let (recordings, anchor) = (format!("recordings={corpus}"), format!("noisy={noisy}"));
        let test = ["--protocol", &protocol, "--reference", &recordings, "--anchor", &anchor, "--out", &plan];
        steps.must("mynah-listen plan", &[&test, &systems[..]].concat())?;
        steps.must("mynah-listen build", &[&plan, "--out", &at("listening-test")])?;
        say("(nobody has listened yet: these ratings are simulated, and marked as such everywhere)");
        let differences: Vec<String> = voices
            .iter()
            .enumerate()
            .map(|(index, (name, _))| {
                let last = SIMULATED_DIFFERENCES.len() - 1;
                format!("--true-difference={name}={}", SIMULATED_DIFFERENCES[index.min(last)])
            })
            .collect();
        let differences: Vec<&str> = differences.iter().map(String::as_str).collect();
        steps.must("mynah-listen simulate", &[&[&plan, "--out", &ratings], &differences[..]].concat())?;

        say("\n== 6. the report");
        let rows = ["--scores", &scores, "--ratings", &ratings, "--plan", &plan];
        let wavs = ["--reference", &corpus, "--out", &report];
        steps.must("mynah-summarize report", &[&rows[..], &wavs, &systems].concat())?;
        Ok(steps.done)
    }
}

struct Steps {
    programs: PathBuf,
    done: Vec<Done>,
}

impl Steps {
    /// Runs a program, which must succeed.
    fn must(&mut self, name: &str, arguments: &[&str]) -> Result<()> {
        match self.take(name, arguments)? {
            Some(0) => Ok(()),
            code => bail!("`{name}` exited with {code:?}"),
        }
    }

    /// Runs a program (`name` is its name and subcommand) in the root of the workspace, and returns its exit status.
    fn take(&mut self, name: &str, arguments: &[&str]) -> Result<Option<i32>> {
        let mut words = name.split(' ');
        let mut command = Command::new(self.programs.join(words.next().unwrap_or_default()));
        let (code, cost) = run(command.args(words).args(arguments).current_dir(root()))?;
        self.done.push(Done { name: name.to_owned(), cost });
        Ok(code)
    }
}

/// Returns a path as passed to the programs: relative to the workspace if it is inside, so that their output is the
/// same on every machine.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// Returns the steps of a run's checkpoints, in order.
fn checkpoints(run: &Path) -> Result<Vec<u64>> {
    let directory = run.join("checkpoints");
    let list = || format!("failed to list `{}`", directory.display());
    let mut steps = Vec::new();
    for entry in fs::read_dir(&directory).with_context(list)? {
        let name = entry.with_context(list)?.file_name();
        steps.extend(name.to_str().and_then(|name| name.strip_prefix("step-")?.parse::<u64>().ok()));
    }
    steps.sort_unstable();
    Ok(steps)
}
