//! A directory with recordings and systems made from them, to run the programs in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mynah_signal::{Waveform, wav};
use tempfile::TempDir;

/// The shortest bundled clips.
pub(crate) const ITEMS: [&str; 4] = ["LJ001-0045", "LJ002-0009", "LJ002-0151", "LJ001-0043"];

/// A temporary working directory.
pub(crate) struct Place {
    directory: TempDir,
}

/// The outcome of a program.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Exit status.
    pub(crate) code: i32,
    /// Data.
    pub(crate) stdout: String,
    /// Messages.
    pub(crate) stderr: String,
}

impl Place {
    /// Creates `recordings/` with loose clips, `quiet/wavs` with the same clips at half amplitude, and `cut/wavs` without
    /// the last fifth of each.
    pub(crate) fn new() -> Place {
        let place = Place { directory: tempfile::tempdir().expect("there is a temporary directory") };
        for item in ITEMS {
            let recording = wav::read(mynah_testkit::mini_corpus().join(format!("wavs/{item}.wav")))
                .expect("bundled clips are good");
            let samples = recording.samples();
            let copy = |samples: Vec<f32>| Waveform::new(samples, recording.sample_rate());
            let kept = samples.len() * 4 / 5;
            place.write_wav(&format!("recordings/{item}.wav"), &recording);
            place.write_wav(
                &format!("quiet/wavs/{item}.wav"),
                &copy(samples.iter().map(|sample| sample / 2.0).collect()),
            );
            place.write_wav(&format!("cut/wavs/{item}.wav"), &copy(samples[..kept].to_vec()));
        }
        place
    }

    /// Returns the path of a file or directory in the place.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.directory.path().join(relative)
    }

    /// Writes a file.
    pub(crate) fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).expect("the place is writable");
        }
        fs::write(path, content).expect("the place is writable");
    }

    /// Reads a text file.
    pub(crate) fn read(&self, relative: &str) -> String {
        let path = self.path(relative);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn write_wav(&self, relative: &str, waveform: &Waveform) {
        self.write(relative, wav::encode_pcm16(waveform));
    }

    /// Runs `mynah-score` with arguments separated by spaces.
    pub(crate) fn score(&self, arguments: &str) -> Outcome {
        run(env!("CARGO_BIN_EXE_mynah-score"), self.directory.path(), arguments)
    }

    /// Runs `mynah-listen`.
    pub(crate) fn listen(&self, arguments: &str) -> Outcome {
        run(env!("CARGO_BIN_EXE_mynah-listen"), self.directory.path(), arguments)
    }

    /// Runs `mynah-summarize`.
    pub(crate) fn summarize(&self, arguments: &str) -> Outcome {
        run(env!("CARGO_BIN_EXE_mynah-summarize"), self.directory.path(), arguments)
    }

    /// Runs `mynah-summarize` with a given number of threads.
    pub(crate) fn summarize_on(&self, n_threads: usize, arguments: &str) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mynah-summarize"));
        command.env("RAYON_NUM_THREADS", n_threads.to_string());
        run_command(command, self.directory.path(), arguments)
    }

    /// Reads all files below a directory.
    pub(crate) fn files(&self, relative: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.path(relative);
        let mut files = BTreeMap::new();
        let mut directories = vec![root.clone()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(&directory).expect("the directory is there") {
                let path = entry.expect("the directory can be listed").path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    let inside = path.strip_prefix(&root).expect("it is below the root").to_owned();
                    files.insert(inside, fs::read(&path).expect("the file can be read"));
                }
            }
        }
        files
    }

    /// Writes the protocol of a paradigm for four sentences and eight raters, and plans a test with it.
    pub(crate) fn plan_small(&self, paradigm: &str, systems: &str) -> Outcome {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("protocols/{paradigm}.toml"));
        let mut text = fs::read_to_string(path).expect("the protocol is there");
        let items = if paradigm == "mushra" { "items = 12\n" } else { "items = 50\n" };
        // The sizes, and those that the verdict asks for.
        for (usual, small) in [
            ("raters = 20\n", "raters = 8\n"),
            ("ratings_per_item = 20\n", "ratings_per_item = 8\n"),
            (items, "items = 4\n"),
        ] {
            assert!(text.contains(usual), "the protocol has its sizes");
            text = text.replace(usual, small);
        }
        self.write(&format!("{paradigm}.toml"), text);
        self.listen(&format!("plan --protocol {paradigm}.toml {systems} --out PLAN.toml"))
    }

    /// Writes a protocol for four sentences and six raters.
    pub(crate) fn write_small_protocol(&self) {
        let text = include_str!("../../protocols/cmos.toml")
            .replace(
                "raters = 20\nratings_per_item = 20\nitems = 50",
                "raters = 6\nratings_per_item = 6\nitems = 4",
            )
            .replace("null_pairs = 3", "null_pairs = 1");
        self.write("small.toml", text);
    }

    /// Writes `PLAN.toml` for the two systems against the recordings.
    pub(crate) fn plan(&self) -> Outcome {
        self.write_small_protocol();
        self.listen(
            "plan --protocol small.toml --reference recordings=recordings --system quiet=quiet --system cut=cut \
             --out PLAN.toml",
        )
    }
}

impl Outcome {
    /// Asserts the exit status, and shows the output otherwise.
    #[track_caller]
    pub(crate) fn exits_with(self, code: i32) -> Outcome {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that stderr contains a message.
    #[track_caller]
    pub(crate) fn says(self, what: &str) -> Outcome {
        assert!(self.stderr.contains(what), "missing from stderr: {what}\n{}", self.stderr);
        self
    }
}

fn run(program: &str, directory: &Path, arguments: &str) -> Outcome {
    run_command(Command::new(program), directory, arguments)
}

fn run_command(mut command: Command, directory: &Path, arguments: &str) -> Outcome {
    let output = command
        .args(arguments.split_whitespace())
        .current_dir(directory)
        .output()
        .expect("the program is built");
    Outcome {
        code: output.status.code().expect("the program was not killed"),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}
