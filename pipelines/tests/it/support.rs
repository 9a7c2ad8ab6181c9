//! A directory with a corpus of bundled clips, in which programs are run, interrupted and compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Duration;

use mynah_corpus::Problem;
use mynah_table::read_table;
use tempfile::TempDir;

pub(crate) const PREPARE: &str = env!("CARGO_BIN_EXE_mynah-prepare");

/// The shortest bundled clips, sorted.
pub(crate) const CLIPS: [&str; 4] = ["LJ001-0043", "LJ001-0045", "LJ002-0009", "LJ002-0151"];

/// Attempts to kill a program at a moment that may pass too fast.
const ATTEMPTS: usize = 50;

/// A temporary directory to work in.
pub(crate) struct Place {
    directory: TempDir,
}

/// The outcome of a program.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// Makes an empty place.
    pub(crate) fn new() -> Place {
        Place { directory: tempfile::tempdir().expect("there is a temporary directory") }
    }

    /// Makes a place with `corpus`, which has [`CLIPS`], and `recipe.toml`, which holds out one clip for validation and one
    /// for testing.
    pub(crate) fn with_corpus() -> Place {
        let place = Place::new();
        place.write_corpus("corpus", &CLIPS);
        place.write("recipe.toml", "[sup_phones]\nmerges = 20\n\n[split]\nvalidation = 1\ntest = 1\n");
        place
    }

    /// Writes a corpus of bundled clips.
    pub(crate) fn write_corpus(&self, name: &str, ids: &[&str]) {
        let lines: Vec<String> = ids.iter().map(|id| bundled_line(id)).collect();
        self.write(&format!("{name}/metadata.csv"), lines.join("\n") + "\n");
        for id in ids {
            self.write(&format!("{name}/wavs/{id}.wav"), bundled_wav(id));
        }
    }

    /// Returns the path of a file or directory in the place.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    /// Returns true if the file or directory exists.
    pub(crate) fn has(&self, relative: &str) -> bool {
        self.path(relative).exists()
    }

    /// Writes a file.
    pub(crate) fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        let parent = path.parent().expect("a file lies in a directory");
        fs::create_dir_all(parent).and_then(|()| fs::write(&path, content)).expect("the place is writable");
    }

    /// Replaces a part of a text file.
    pub(crate) fn edit(&self, relative: &str, from: &str, to: &str) {
        let text = self.read(relative);
        assert!(text.contains(from), "`{relative}` does not contain `{from}`");
        self.write(relative, text.replace(from, to));
    }

    /// Reads a text file.
    pub(crate) fn read(&self, relative: &str) -> String {
        String::from_utf8(self.bytes(relative)).expect("the file is UTF-8")
    }

    /// Reads a file.
    pub(crate) fn bytes(&self, relative: &str) -> Vec<u8> {
        let path = self.path(relative);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Removes a directory and its contents.
    pub(crate) fn remove(&self, relative: &str) {
        fs::remove_dir_all(self.path(relative)).expect("the place is writable");
    }

    /// Copies a directory and its contents.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        for (name, content) in self.files(from) {
            self.write(&format!("{to}/{name}"), content);
        }
    }

    /// Reads every file below a directory, including hidden ones, by its path there.
    pub(crate) fn files(&self, relative: &str) -> BTreeMap<String, Vec<u8>> {
        let root = self.path(relative);
        let mut files = BTreeMap::new();
        let mut open = vec![root.clone()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(&directory).expect("the directory is there") {
                let path = entry.expect("the directory can be read").path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let name = path.strip_prefix(&root).expect("the file lies in it").display().to_string();
                    files.insert(name, fs::read(&path).expect("the file can be read"));
                }
            }
        }
        files
    }

    /// Asserts that two directories have the same files with the same bytes.
    #[track_caller]
    pub(crate) fn assert_same(&self, a: &str, b: &str) {
        let (of_a, of_b) = (self.files(a), self.files(b));
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&of_a), names(&of_b), "`{a}` and `{b}` have different files");
        for (name, content) in of_a {
            assert!(content == of_b[&name], "`{name}` differs between `{a}` and `{b}`");
        }
    }

    /// Runs `mynah-prepare` with arguments separated by spaces.
    pub(crate) fn prepare(&self, arguments: &str) -> Outcome {
        self.run(PREPARE, arguments)
    }

    /// Runs `mynah-prepare run corpus` with the recipe.
    pub(crate) fn prepare_corpus(&self, out: &str) -> Outcome {
        self.prepare(&format!("run corpus --recipe recipe.toml --out {out}"))
    }

    /// Runs a program.
    pub(crate) fn run(&self, program: &str, arguments: &str) -> Outcome {
        finish(self.command(program).args(arguments.split_whitespace()))
    }

    /// Runs a shell command in which `$0` is the program.
    pub(crate) fn shell(&self, program: &str, script: &str) -> Outcome {
        finish(self.command("sh").args(["-c", script, program]))
    }

    /// Makes a command that runs here, without environment variables that change its output.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.directory.path())
            .env_remove("RUST_BACKTRACE")
            .env_remove("RAYON_NUM_THREADS")
            .env("COLUMNS", "100")
            .stdin(Stdio::null());
        command
    }

    /// Starts a program, sends it `signal` once `when` accepts its stderr, and returns its outcome.
    ///
    /// If it ends before the signal arrives, or `ended_by_it` rejects its status, `again` restores the place for another
    /// attempt.
    pub(crate) fn disturb(
        &self,
        program: &str,
        arguments: &str,
        signal: &str,
        when: impl Fn(&str) -> bool,
        ended_by_it: impl Fn(ExitStatus) -> bool,
        again: impl Fn(),
    ) -> Outcome {
        for _ in 0..ATTEMPTS {
            let talk = self.path("talk.txt");
            let file = fs::File::create(&talk).expect("the place is writable");
            let said = || fs::read_to_string(&talk).unwrap_or_default();
            let mut command = self.command(program);
            command.args(arguments.split_whitespace()).stdout(Stdio::null()).stderr(file);
            let mut child = command.spawn().expect("the program is built");
            while !when(&said()) && child.try_wait().expect("it can be waited for").is_none() {
                thread::sleep(Duration::from_millis(1));
            }
            // Its process id is not reused before it is waited for.
            let send = ["-c", "kill -s \"$1\" \"$2\"", "sh", signal, &child.id().to_string()];
            Command::new("sh").args(send).stderr(Stdio::null()).status().expect("there is a shell");
            let status = child.wait().expect("it can be waited for");
            if ended_by_it(status) {
                return Outcome { status, stdout: String::new(), stderr: said() };
            }
            assert!(status.success() || killed(status), "{status}: {}", said());
            again();
        }
        panic!("`{program} {arguments}` always ended before {signal}")
    }

    /// Reads a dataset's `problems.jsonl`.
    pub(crate) fn problems(&self, dataset: &str) -> Vec<Problem> {
        read_table(&self.path(dataset).join("problems.jsonl")).expect("problems.jsonl is a table")
    }
}

impl Outcome {
    /// Asserts the exit code and an empty stdout.
    #[track_caller]
    pub(crate) fn exits_with(self, code: i32) -> Outcome {
        assert_eq!(self.status.code(), Some(code), "{}\n{}", self.status, self.stderr);
        assert!(self.stdout.is_empty(), "stdout is data: {}", self.stdout);
        self
    }

    /// Asserts the exit code and returns stdout.
    #[track_caller]
    pub(crate) fn prints(self, code: i32) -> String {
        assert_eq!(self.status.code(), Some(code), "{}\n{}", self.status, self.stderr);
        self.stdout
    }

    /// Asserts that stderr contains a text.
    #[track_caller]
    pub(crate) fn says(self, what: &str) -> Outcome {
        assert!(self.stderr.contains(what), "stderr lacks: {what}\n{}", self.stderr);
        self
    }
}

/// Runs a command to its end.
fn finish(command: &mut Command) -> Outcome {
    let Output { status, stdout, stderr } = command.output().expect("the program is built");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
    Outcome { status, stdout: text(stdout), stderr: text(stderr) }
}

/// Returns true if a signal ended the program.
pub(crate) fn killed(status: ExitStatus) -> bool {
    status.signal().is_some()
}

/// Returns the line of a bundled clip in `metadata.csv`.
pub(crate) fn bundled_line(id: &str) -> String {
    let metadata = fs::read_to_string(mynah_testkit::mini_corpus().join("metadata.csv"));
    let metadata = metadata.expect("the corpus is bundled");
    let line = metadata.lines().find(|line| line.starts_with(id));
    line.unwrap_or_else(|| panic!("`{id}` is not bundled")).to_owned()
}

/// Reads the wav of a bundled clip.
pub(crate) fn bundled_wav(id: &str) -> Vec<u8> {
    let path = mynah_testkit::mini_corpus().join(format!("wavs/{id}.wav"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Makes a 16-bit wav of silence.
pub(crate) fn silence(channels: u16, rate: u32, frames: u32) -> Vec<u8> {
    let block = channels * 2;
    let size = frames * u32::from(block);
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + size).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(block)).to_le_bytes());
    bytes.extend(block.to_le_bytes());
    bytes.extend(b"\x10\0data");
    bytes.extend(size.to_le_bytes());
    bytes.resize(bytes.len() + size as usize, 0);
    bytes
}

/// Returns the columns that a page of `docs/formats` lists in the first table under a heading.
pub(crate) fn documented_columns(page: &str, heading: &str) -> BTreeSet<String> {
    let text = documentation(&format!("formats/{page}"));
    let section = text.lines().skip_while(|line| *line != heading).skip(1);
    let section = section.take_while(|line| !line.starts_with('#')).skip_while(|line| !line.starts_with('|'));
    let columns = first_cells(section.take_while(|line| line.starts_with('|')));
    assert!(!columns.is_empty(), "docs/formats/{page} has no table under `{heading}`");
    columns
}

/// Returns the keys that `docs/settings.md` lists for a settings file, in all tables under its title.
pub(crate) fn documented_settings(title: &str) -> BTreeSet<String> {
    let (text, heading) = (documentation("settings.md"), format!("## {title}"));
    let section = text.lines().skip_while(|line| *line != heading).skip(1);
    let keys = first_cells(section.take_while(|line| !line.starts_with("## ")));
    assert!(!keys.is_empty(), "docs/settings.md has no table under `{heading}`");
    keys
}

fn documentation(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the names in backticks in the first cells of the rows of tables.
fn first_cells<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    lines
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
        .flat_map(|cell| cell.split("`, `"))
        .map(|name| name.trim_end_matches('`').to_owned())
        .collect()
}

/// Returns the keys of a table and its subtables, prefixed with the names of the subtables.
pub(crate) fn keys(table: &toml::Table) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (name, value) in table {
        match value.as_table() {
            Some(table) => keys.extend(self::keys(table).iter().map(|key| format!("{name}.{key}"))),
            None => drop(keys.insert(name.clone())),
        }
    }
    keys
}

/// Returns the names of the files in a directory.
pub(crate) fn names(directory: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).expect("the directory is there");
    entries.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned()).collect()
}
