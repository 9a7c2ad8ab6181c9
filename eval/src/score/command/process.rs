//! Runs of programs: input, output, time-out.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Time between two looks at a running program.
const PATIENCE: Duration = Duration::from_millis(10);
/// Time for the rest of the output of a program that has ended; a child of its own may hold the pipe open.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The most characters of a message that are quoted.
const MOST_QUOTED: usize = 200;

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// With status 0.
    Well,
    /// With another status or a signal, and the last line on stderr.
    Badly(String, Option<String>),
    /// After so many seconds, by us.
    Late(String),
}

impl End {
    /// Describes the end of a program that is given a name.
    pub(super) fn words(&self, name: &str) -> String {
        match self {
            Self::Well => format!("`{name}` ended"),
            Self::Badly(status, None) => format!("`{name}` ended with {status}"),
            Self::Badly(status, Some(message)) => format!("`{name}` ended with {status}: {message}"),
            Self::Late(seconds) => format!("`{name}` was ended after {seconds} s"),
        }
    }
}

/// Runs a program with an input, and returns the lines of its output, also those before a bad end.
///
/// It is the leader of a process group, all of which is killed after the time-out.
pub(super) fn run_program(
    words: &[String],
    input: Vec<u8>,
    timeout_seconds: f64,
) -> io::Result<(Vec<String>, End)> {
    let mut child = Command::new(&words[0])
        .args(&words[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that reads no input ends the pipe, which is its business.
        thread::spawn(move || stdin.write_all(&input).ok());
    }
    let output = lines(child.stdout.take());
    let messages = lines(child.stderr.take());
    let deadline = Instant::now() + Duration::from_secs_f64(timeout_seconds);
    let status = wait(&mut child, deadline)?;
    if status.is_none() {
        kill(&mut child)?;
    }
    let end = match status {
        None => End::Late(timeout_seconds.to_string()),
        Some(status) if status.success() => End::Well,
        Some(status) => {
            End::Badly(words_of(status), rest(&messages).into_iter().rev().find_map(|line| quoted(&line)))
        }
    };
    Ok((rest(&output), end))
}

/// Waits until the program ends; `None` after the deadline.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        match child.try_wait()? {
            None if Instant::now() < deadline => thread::sleep(PATIENCE),
            status => return Ok(status),
        }
    }
}

/// Kills a program with everything that it has started.
fn kill(child: &mut Child) -> io::Result<()> {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // It may have ended by itself.
        kill_process_group(group, Signal::KILL).ok();
    }
    child.kill().ok();
    child.wait().map(drop)
}

/// Reads lines in a thread of their own.
fn lines(stream: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    if let Some(stream) = stream {
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                if sender.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                    return;
                }
                line.clear();
            }
        });
    }
    receiver
}

/// Collects the lines until the stream ends.
fn rest(lines: &Receiver<String>) -> Vec<String> {
    let deadline = Instant::now() + LAST_WORDS;
    let mut collected = Vec::new();
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        collected.push(line);
    }
    collected
}

fn quoted(line: &str) -> Option<String> {
    let line = line.trim();
    (!line.is_empty()).then(|| line.chars().take(MOST_QUOTED).collect())
}

fn words_of(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("status {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => status.to_string(),
    }
}
