//! Running other programs and measuring their cost.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

/// Interval at which a running program's memory is sampled.
const LOOK: Duration = Duration::from_millis(20);

/// Cost of a program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Wall time.
    pub(crate) wall: Duration,
    /// Processor time of all threads, as of the last sample; `None` if the system has no `/proc`.
    pub(crate) processor: Option<Duration>,
    /// Peak resident memory in bytes; `None` if the system has no `/proc`.
    pub(crate) peak_memory: Option<u64>,
}

/// Writes a progress line to standard error.
pub(crate) fn say(line: &str) {
    // A closed pipe must not stop the work.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Returns the root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).map_or_else(PathBuf::new, Path::to_owned)
}

/// Returns cargo's metadata on the workspace and its dependencies.
pub(crate) fn metadata() -> Result<Metadata> {
    MetadataCommand::new().current_dir(root()).exec().context("failed to run `cargo metadata`")
}

/// Creates a cargo command in the root of the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    command
}

/// Runs `command` and returns its exit status and cost, after printing a line that can be pasted into a shell.
pub(crate) fn run(command: &mut Command) -> Result<(Option<i32>, Cost)> {
    say(&format!("$ {}", line(command)));
    let begin = Instant::now();
    let mut child = command.spawn().with_context(|| format!("failed to start `{}`", line(command)))?;
    let mut cost = Cost { wall: Duration::ZERO, processor: None, peak_memory: None };
    let code = watch(&mut child, &mut cost)?;
    cost.wall = begin.elapsed();
    Ok((code, cost))
}

/// Runs `command`; any exit status but 0 is an error.
pub(crate) fn must(command: &mut Command) -> Result<Cost> {
    let (code, cost) = run(command)?;
    if code != Some(0) {
        bail!(
            "`{}` {}",
            line(command),
            code.map_or("was killed".to_owned(), |code| format!("exited with {code}"))
        );
    }
    Ok(cost)
}

/// Formats the command as typed in a shell: programs by name, paths inside the workspace relative to it.
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

/// Waits for `child` to exit, sampling its processor time and its peak memory, which only grow.
fn watch(child: &mut Child, cost: &mut Cost) -> Result<Option<i32>> {
    let of = |name: &str| format!("/proc/{}/{name}", child.id());
    let (status, stat) = (of("status"), of("stat"));
    loop {
        if let Some(bytes) = fs::read_to_string(&status).ok().as_deref().and_then(high_water_mark) {
            cost.peak_memory = Some(bytes);
        }
        if let Some(time) = fs::read_to_string(&stat).ok().as_deref().and_then(processor_time) {
            cost.processor = Some(time);
        }
        match child.try_wait().context("failed to wait for a program")? {
            Some(status) => return Ok(status.code()),
            None => thread::sleep(LOOK),
        }
    }
}

/// Parses user and system time, fields 14 and 15, in hundredths of a second (`USER_HZ`, fixed by Linux); the name in
/// the second field may contain anything but ends with the last parenthesis.
fn processor_time(stat: &str) -> Option<Duration> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
}

fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use std::time::Duration;

    use super::{high_water_mark, line, processor_time, root, run};

    #[test]
    fn finds_the_manifest_in_the_root() {
        assert!(root().join("crates/xtask/Cargo.toml").is_file());
    }

    #[test]
    fn prints_a_command_line_that_can_be_pasted() {
        let mut command = Command::new("/usr/bin/mynah-score");
        command.arg("run").arg(root().join("demo/a")).arg("x y");
        assert_eq!(line(&command), "mynah-score run demo/a 'x y'");
    }

    #[test]
    fn measures_exit_status_time_and_memory() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 5 0 0 0 120 30 0 0 20 0 1 0 9 9 9";
        assert_eq!(processor_time(stat), Some(Duration::from_millis(1500)));
        assert_eq!(high_water_mark("VmPeak:\t 5 kB\nVmHWM:\t    12 kB\n"), Some(12 * 1024));
        let (code, _) = run(Command::new("sh").args(["-c", "exit 3"])).unwrap();
        assert_eq!(code, Some(3));
    }
}
