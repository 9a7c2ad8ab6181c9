//! `cargo xtask slurm`: prepares a corpus in shards on a real two-node Slurm on one machine that loses a node partway,
//! and checks that the dataset equals that of a single undisturbed process.
//!
//! Needs Debian's `slurmctld`, `slurmd`, `slurm-client` and `munge`, and root, as Slurm does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::chain::{build, programs};
use crate::process::{must, root, say};
use crate::repeat::repeat;

/// Options of the cluster run.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Directory for all output; must not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of shards
    #[arg(long, value_name = "N", default_value_t = 12)]
    shards: u32,
}

/// Number of clips in the corpus, for shards of a few seconds.
const CLIPS: usize = 720;
/// Time limit of the whole run.
const PATIENCE: Duration = Duration::from_mins(10);

const PROGRAMS: [&str; 5] = ["munged", "slurmctld", "slurmd", "sbatch", "scontrol"];

/// Runs the cluster.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { out, shards } = arguments;
    for program in PROGRAMS {
        if Command::new(program).arg("--version").output().is_err() {
            bail!("`{program}` is missing: run `apt-get install slurmctld slurmd slurm-client munge`");
        }
    }
    if out.exists() {
        bail!("`{}` already exists: name a new directory", out.display());
    }
    build()?;
    fs::create_dir_all(out).with_context(|| format!("failed to make `{}`", out.display()))?;
    let out = &fs::canonicalize(out).with_context(|| format!("failed to find `{}`", out.display()))?;
    let corpus = out.join("corpus");
    repeat(&root().join("fixtures/ljspeech-mini"), &corpus, CLIPS)?;
    let recipe = root().join("pipelines/ljspeech/part-prepare.toml");
    let programs = programs()?;

    let (expected, dataset) = (out.join("expected"), out.join("dataset"));
    must(
        Command::new(programs.join("mynah-prepare"))
            .arg("run")
            .arg(&corpus)
            .arg("--out")
            .arg(&expected)
            .arg("--recipe")
            .arg(&recipe),
    )?;
    let cluster = Cluster::start(&out.join("cluster"))?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(programs).chain(std::env::split_paths(&path)))
        .context("failed to put the programs into the PATH")?;
    must(
        cluster
            .command(root().join("pipelines/slurm/prepare.sh"))
            .env("PATH", path)
            .arg(&corpus)
            .arg(&dataset)
            .arg(shards.to_string())
            .arg(&recipe),
    )?;

    // A worker and then a whole node are lost while they work.
    let begin = Instant::now();
    wait(begin, || features(&dataset) > 20)?;
    say("killing a worker");
    kill(&["-KILL", "--newest", "--full", "mynah-prepare run"])?;
    wait(begin, || features(&dataset) > 150)?;
    say("killing node n1 with everything running on it");
    kill(&["-KILL", "--full", "slurmd -N n1"])?;
    kill(&["-KILL", "--oldest", "slurmstepd"])?;
    kill(&["-KILL", "--newest", "--full", "mynah-prepare run"])?;
    wait(begin, || dataset.join("dataset.toml").is_file() || cluster.is_idle())?;
    wait(begin, || cluster.is_idle())?;
    say(&format!("the cluster took {:.0} s", begin.elapsed().as_secs_f64()));
    drop(cluster);

    let (expected, found) = (files(&expected)?, files(&dataset)?);
    let differing: Vec<&str> = expected
        .keys()
        .chain(found.keys())
        .filter(|name| expected.get(*name) != found.get(*name))
        .map(String::as_str)
        .collect();
    if !differing.is_empty() {
        bail!(
            "{} files differ from those of an undisturbed run, such as {:?}",
            differing.len(),
            &differing[..1]
        );
    }
    say(&format!("{} files, identical to those of one undisturbed process", found.len()));
    Ok(())
}

/// A cluster of two nodes on this machine, which is shut down on drop.
struct Cluster {
    directory: PathBuf,
}

impl Cluster {
    fn start(directory: &Path) -> Result<Self> {
        let place = directory.display();
        for name in ["state", "n0", "n1"] {
            fs::create_dir_all(directory.join(name)).with_context(|| format!("failed to make `{place}`"))?;
        }
        let config = format!(
            "ClusterName=mynah\nSlurmctldHost=localhost\nSlurmctldPort=17000\nSlurmUser=root\n\
             AuthType=auth/munge\nAuthInfo=socket={place}/munge.socket\nCredType=cred/munge\n\
             StateSaveLocation={place}/state\nSlurmdSpoolDir={place}/%n\n\
             SlurmctldPidFile={place}/slurmctld.pid\nSlurmdPidFile={place}/%n.pid\n\
             SlurmctldLogFile={place}/slurmctld.log\nSlurmdLogFile={place}/%n.log\n\
             ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nSwitchType=switch/none\nMpiDefault=none\n\
             ReturnToService=2\nSlurmdTimeout=10\nSelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\n\
             NodeName=n0,n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=17001,17002 CPUs=1\n\
             PartitionName=main Nodes=n0,n1 Default=YES State=UP\n"
        );
        let key = directory.join("munge.key");
        let write = || -> Result<()> {
            fs::write(directory.join("slurm.conf"), config)?;
            // The key is private to this cluster and lives for minutes.
            fs::write(&key, format!("{:?}{}", Instant::now(), place).repeat(8))?;
            must(Command::new("chmod").arg("400").arg(&key)).map(drop)
        };
        write().with_context(|| format!("failed to write into `{place}`"))?;
        let cluster = Self { directory: directory.to_owned() };
        let of = |option: &str, name: &str| format!("--{option}={place}/{name}");
        must(cluster.command("munged").args([
            "--force".to_owned(),
            of("key-file", "munge.key"),
            of("socket", "munge.socket"),
            of("pid-file", "munged.pid"),
            of("log-file", "munged.log"),
            of("seed-file", "munged.seed"),
        ]))?;
        must(&mut cluster.command("slurmctld"))?;
        for node in ["n0", "n1"] {
            must(cluster.command("slurmd").args(["-N", node]))?;
        }
        Ok(cluster)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("SLURM_CONF", self.directory.join("slurm.conf"));
        command
    }

    /// Returns `true` if no job is waiting or running.
    fn is_idle(&self) -> bool {
        let jobs = self.command("squeue").arg("--noheader").output();
        jobs.is_ok_and(|jobs| jobs.status.success() && jobs.stdout.is_empty())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for name in ["n0.pid", "n1.pid", "slurmctld.pid", "munged.pid"] {
            if let Ok(pid) = fs::read_to_string(self.directory.join(name)) {
                // A daemon that has already exited needs no signal.
                let _ = Command::new("kill").arg(pid.trim()).output();
            }
        }
    }
}

/// Counts the clips that have features.
fn features(dataset: &Path) -> usize {
    fs::read_dir(dataset.join("features")).map_or(0, Iterator::count)
}

fn kill(arguments: &[&str]) -> Result<()> {
    must(Command::new("pkill").args(arguments)).map(drop)
}

fn wait(begin: Instant, until: impl Fn() -> bool) -> Result<()> {
    while !until() {
        if begin.elapsed() > PATIENCE {
            bail!("the cluster is not done after {} s: see the logs next to the dataset", PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// Returns every file below a directory by its relative path.
fn files(directory: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        let failed = || format!("failed to read `{}`", next.display());
        for entry in fs::read_dir(&next).with_context(failed)? {
            let path = entry.with_context(failed)?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(directory).unwrap_or(&path).display().to_string();
                files.insert(name, fs::read(&path).with_context(failed)?);
            }
        }
    }
    Ok(files)
}
