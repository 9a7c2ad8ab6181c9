//! Running other programs, with what they took.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

/// How often a running program's memory is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What a program took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Wall time.
    pub(crate) wall: Duration,
    /// Peak resident memory in bytes; `None` where the system has no `/proc`.
    pub(crate) peak_memory: Option<u64>,
}

/// Writes a line to standard error, where all talk goes.
pub(crate) fn say(line: &str) {
    // A closed pipe is no reason to stop the work.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map_or_else(PathBuf::new, Path::to_owned)
}

/// What cargo knows of the workspace and its dependencies.
pub(crate) fn metadata() -> Result<Metadata> {
    MetadataCommand::new().current_dir(root()).exec().context("failed to run `cargo metadata`")
}

/// A command of cargo in the root of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs `command` and returns its exit status and cost; the line printed before it can be pasted into a shell.
pub(crate) fn run(command: &mut Command) -> Result<(Option<i32>, Cost)> {
    say(&format!("$ {}", line(command)));
    let begin = Instant::now();
    let mut child = command.spawn().with_context(|| format!("failed to start `{}`", line(command)))?;
    let (code, peak_memory) = watch(&mut child)?;
    Ok((code, Cost { wall: begin.elapsed(), peak_memory }))
}

/// Runs `command`; anything but exit status 0 is an error.
pub(crate) fn must(command: &mut Command) -> Result<Cost> {
    let (code, cost) = run(command)?;
    if code != Some(0) {
        bail!(
            "`{}` {}",
            line(command),
            code.map_or("was killed".to_owned(), |code| format!("exited {code}"))
        );
    }
    Ok(cost)
}

/// The command as one would type it: programs by name, paths inside the workspace relative to it.
fn line(command: &Command) -> String {
    let root = root();
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|word| {
            let word = Path::new(word).strip_prefix(&root).map_or(Path::new(word), |path| path);
            let word = word.to_string_lossy().into_owned();
            if word.contains([' ', '"', '*']) || word.is_empty() { format!("'{word}'") } else { word }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// Waits for the end of `child`, looking at its memory's high-water mark, which only grows.
fn watch(child: &mut Child) -> Result<(Option<i32>, Option<u64>)> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        if let Some(bytes) = fs::read_to_string(&status).ok().as_deref().and_then(high_water_mark) {
            peak = Some(bytes);
        }
        match child.try_wait().context("failed to wait for a program")? {
            Some(status) => return Ok((status.code(), peak)),
            None => thread::sleep(LOOK),
        }
    }
}

fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{high_water_mark, line, root, run};

    #[test]
    fn the_root_holds_the_manifest() {
        assert!(root().join("crates/xtask/Cargo.toml").is_file());
    }

    #[test]
    fn a_command_line_can_be_pasted() {
        let mut command = Command::new("/usr/bin/mynah-score");
        command.arg("run").arg(root().join("demo/a")).arg("x y");
        assert_eq!(line(&command), "mynah-score run demo/a 'x y'");
    }

    #[test]
    fn exit_status_and_memory_are_seen() {
        assert_eq!(high_water_mark("VmPeak:\t 5 kB\nVmHWM:\t    12 kB\n"), Some(12 * 1024));
        let (code, _) = run(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        assert_eq!(code, Some(3));
    }
}
