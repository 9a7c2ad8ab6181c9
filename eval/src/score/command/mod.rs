//! Commands of the user's: programs that measure wavs or write down what they say.
//!
//! ```text
//! wavs that can be heard ──batches──► program: a JSON object a line on stdin ──► a JSON object a line on stdout
//!                                                                                     └─► Answers, one an item
//! ```
//!
//! A crash, a time-out and a missing line are failures of the wavs that have no answer, and of no others: these are tried
//! again one by one.

mod config;
mod process;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use anyhow::Context as _;
use mynah_cli::{Advised, Progress};
use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use config::{Better, Command, CommandMetric, is_name};
use process::{End, run_program};

/// Digits of the hash in a profile.
const HASH_DIGITS: usize = 8;
/// Wavs in a row that fail alone without an answer, after which the rest of a batch is given up.
const MOST_IN_A_ROW: usize = 3;

/// A request, as the program reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Request {
    /// Name of the item.
    pub(crate) item: String,
    /// The wav.
    pub(crate) path: PathBuf,
    /// The recording of the sentence, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<PathBuf>,
    /// The text of the sentence, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
}

/// An answer, or the reason why there is none.
pub(crate) type Answer = Result<Map<String, Value>, String>;

/// A command with what identifies it.
#[derive(Debug, Clone)]
pub(crate) struct Ready<'a> {
    pub(crate) command: &'a Command,
    run: Vec<String>,
    /// End of its profiles.
    pub(crate) version: String,
    pub(crate) record: Record,
}

/// Record of what was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Record {
    /// Name of the command.
    pub(crate) name: String,
    /// End of its profiles.
    pub(crate) version: String,
    /// The program and its arguments.
    pub(crate) run: Vec<String>,
    /// Output of the program for the version.
    pub(crate) printed: Option<String>,
    /// Files among the arguments, with their BLAKE3.
    pub(crate) files: BTreeMap<String, String>,
}

impl<'a> Ready<'a> {
    /// Asks for the version, and hashes the files among the arguments.
    ///
    /// The profiles change with the declaration, the version and the files, so that values of different programs are never
    /// compared.
    pub(crate) fn of(command: &'a Command, directory: &Path) -> anyhow::Result<Self> {
        let run = Command::arguments(&command.run, directory);
        let printed = match &command.version[..] {
            [] => None,
            words => Some(version_of(command, &Command::arguments(words, directory))?),
        };
        let mut files = BTreeMap::new();
        let mut hasher = blake3::Hasher::new();
        let declared = serde_json::to_vec(&(&command.run, &command.transcript, &command.metrics))?;
        hasher.update(&declared);
        hasher.update(printed.as_deref().unwrap_or_default().as_bytes());
        for path in command.files(directory) {
            let content = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
            let hash = blake3::hash(&content).to_hex().to_string();
            hasher.update(hash.as_bytes());
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, hash);
        }
        let version = format!("{}-{}", command.name, &hasher.finalize().to_hex()[..HASH_DIGITS]);
        let record = Record {
            name: command.name.clone(),
            version: version.clone(),
            run: command.run.clone(),
            printed,
            files,
        };
        Ok(Self { command, run, version, record })
    }

    /// Returns the profile of a metric.
    pub(crate) fn profile(&self, metric: &CommandMetric) -> String {
        format!("{}/{}", metric.name, self.version)
    }

    /// Runs the command on all requests, in batches.
    ///
    /// # Errors
    ///
    /// The program cannot be started at all.
    pub(crate) fn answers(&self, requests: &[Request]) -> anyhow::Result<BTreeMap<String, Answer>> {
        let progress = Progress::new("asked", requests.len());
        let batches = Mutex::new(requests.chunks(self.command.batch));
        let answers = Mutex::new(BTreeMap::new());
        let failure = Mutex::new(None);
        let lock = "no thread panics while it holds a lock";
        thread::scope(|scope| {
            for _ in 0..self.command.jobs.min(requests.len()) {
                scope.spawn(|| {
                    while failure.lock().expect(lock).is_none() {
                        let Some(batch) = batches.lock().expect(lock).next() else { return };
                        match self.batch(batch) {
                            Ok(of_batch) => answers.lock().expect(lock).extend(of_batch),
                            Err(error) => *failure.lock().expect(lock) = Some(error),
                        }
                        for _ in batch {
                            progress.step();
                        }
                    }
                });
            }
        });
        progress.finish();
        match failure.into_inner().expect(lock) {
            Some(error) => Err(error),
            None => Ok(answers.into_inner().expect(lock)),
        }
    }

    /// Runs the command on a batch, and on each of its wavs that remain without an answer.
    fn batch(&self, batch: &[Request]) -> anyhow::Result<BTreeMap<String, Answer>> {
        let (mut answers, end) = self.once(batch)?;
        let open: Vec<&Request> =
            batch.iter().filter(|request| !answers.contains_key(&request.item)).collect();
        // A program that ended well has said all it has to say.
        if let End::Well = end {
            for request in open {
                answers.insert(
                    request.item.clone(),
                    Err(format!("`{}` wrote no line for it", self.command.name)),
                );
            }
            return Ok(answers);
        }
        let mut in_a_row = 0;
        let mut last = end;
        for request in open {
            if batch.len() > 1 && in_a_row < MOST_IN_A_ROW {
                let (of_one, end) = self.once(std::slice::from_ref(request))?;
                let is_answered = of_one.contains_key(&request.item);
                answers.extend(of_one);
                in_a_row = if is_answered { 0 } else { in_a_row + 1 };
                last = end;
            }
            let why = || Err(last.words(&self.command.name));
            answers.entry(request.item.clone()).or_insert_with(why);
        }
        Ok(answers)
    }

    /// Runs the command once; items without a line have no answer.
    fn once(&self, batch: &[Request]) -> anyhow::Result<(BTreeMap<String, Answer>, End)> {
        let mut input = Vec::new();
        for request in batch {
            serde_json::to_writer(&mut input, request)?;
            input.push(b'\n');
        }
        let (lines, end) = run_program(&self.run, input, self.command.timeout_seconds).map_err(|error| {
            Advised::new(
                format!("command `{}` cannot be started: `{}`: {error}", self.command.name, self.run[0]),
                "install the program, or correct `run` of the command in the protocol",
            )
        })?;
        let mut answers = BTreeMap::new();
        for line in lines {
            let Some((item, answer)) = answer_of(&line, batch) else { continue };
            answers.insert(item, answer);
        }
        Ok((answers, end))
    }
}

/// Reads a line as the answer about an item of the batch; anything else, such as a message, is no answer.
fn answer_of(line: &str, batch: &[Request]) -> Option<(String, Answer)> {
    let Ok(Value::Object(object)) = serde_json::from_str::<Value>(line) else { return None };
    let named = |key: &str| object.get(key).and_then(Value::as_str);
    let by_path = |path: &str| batch.iter().find(|request| request.path == Path::new(path));
    let by_item = |item: &str| batch.iter().find(|request| request.item == item);
    let request = named("item").and_then(by_item).or_else(|| named("path").and_then(by_path))?;
    let answer = match named("error") {
        Some(why) => Err(why.to_owned()),
        None => Ok(object.clone()),
    };
    Some((request.item.clone(), answer))
}

/// Runs the program for the version.
fn version_of(command: &Command, words: &[String]) -> anyhow::Result<String> {
    let remedy = "correct `version` of the command in the protocol, or leave it out";
    let name = &command.name;
    let (lines, end) = run_program(words, Vec::new(), command.timeout_seconds).map_err(|error| {
        Advised::new(
            format!("the version of command `{name}` cannot be asked for: `{}`: {error}", words[0]),
            remedy,
        )
    })?;
    match end {
        End::Well => Ok(lines.join("\n").trim().to_owned()),
        end => Err(Advised::new(
            format!("the version of command `{name}` is unknown: {}", end.words(name)),
            remedy,
        )
        .into()),
    }
}

impl CommandMetric {
    /// Returns the value of an answer, or the reason why there is none.
    pub(crate) fn value(&self, answer: &Map<String, Value>) -> Result<f64, String> {
        let key = self.key();
        let value = match answer.get(key) {
            None => return Err(format!("the answer has no `{key}`")),
            Some(Value::Bool(flag)) => f64::from(u8::from(*flag)),
            Some(value) => match value.as_f64() {
                Some(value) => value,
                None => return Err(format!("`{key}` of the answer is {value}, which is no number")),
            },
        };
        match self.range {
            Some([least, most]) if !(least..=most).contains(&value) => {
                Err(format!("`{key}` of the answer is {value}, but it lies between {least} and {most}"))
            }
            _ => Ok(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(script: &str) -> Command {
        let text = format!(
            "name = \"c\"\nrun = [\"sh\", \"-c\", {script:?}]\nbatch = 4\ntimeout_seconds = 0.5\n\
             [[metric]]\nname = \"mos\"\nbetter = \"higher\"\nrange = [1, 5]\n"
        );
        let command: Command = toml::from_str(&text).unwrap();
        command.check().unwrap();
        command
    }

    fn requests(names: &[&str]) -> Vec<Request> {
        let request = |name: &&str| Request {
            item: (*name).to_owned(),
            path: format!("/w/{name}.wav").into(),
            reference: None,
            text: Some("The house.".to_owned()),
        };
        names.iter().map(request).collect()
    }

    fn answers(script: &str, names: &[&str]) -> Vec<(String, Result<f64, String>)> {
        let command = command(script);
        let answers = Ready::of(&command, Path::new(".")).unwrap().answers(&requests(names)).unwrap();
        let value = |(item, answer): (String, Answer)| {
            (item, answer.and_then(|answer| command.metrics[0].value(&answer)))
        };
        answers.into_iter().map(value).collect()
    }

    #[test]
    fn answers_are_told_by_item_or_path() {
        let script = "while read -r line; do case $line in \
            *'\"item\":\"a\"'*) echo 'loading…'; echo '{\"item\": \"a\", \"mos\": 3.5, \"x\": [1]}';; \
            *) echo '{\"path\": \"/w/b.wav\", \"mos\": 4}';; esac; done";
        assert_eq!(answers(script, &["a", "b"]), [("a".into(), Ok(3.5)), ("b".into(), Ok(4.0))]);
    }

    #[test]
    fn a_crash_fails_the_wav_that_causes_it_alone() {
        let script = "while read -r line; do case $line in \
            *'\"b\"'*) echo 'no such model' >&2; exit 7;; \
            *'\"d\"'*) sleep 9;; \
            *) name=${line#*item\\\":\\\"}; echo \"{\\\"item\\\": \\\"${name%%\\\"*}\\\", \\\"mos\\\": 2}\";; esac; done";
        let answers = answers(script, &["a", "b", "c", "d", "e"]);
        let failed = |why: &str| Err(why.to_owned());
        assert_eq!(
            answers,
            [
                ("a".into(), Ok(2.0)),
                ("b".into(), failed("`c` ended with status 7: no such model")),
                ("c".into(), Ok(2.0)),
                ("d".into(), failed("`c` was ended after 0.5 s")),
                ("e".into(), Ok(2.0)),
            ]
        );
    }

    #[test]
    fn missing_lines_and_values_are_failures() {
        let script = "echo '{\"item\": \"a\", \"mos\": 7}'; echo '{\"item\": \"b\", \"error\": \"too short\"}'; \
                      echo '{\"item\": \"c\", \"mos\": null}'; echo '{\"item\": \"other\", \"mos\": 1}'";
        let reasons: Vec<String> =
            answers(script, &["a", "b", "c", "d"]).into_iter().map(|(_, value)| value.unwrap_err()).collect();
        assert_eq!(
            reasons,
            [
                "`mos` of the answer is 7, but it lies between 1 and 5",
                "too short",
                "`mos` of the answer is null, which is no number",
                "`c` wrote no line for it",
            ]
        );
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let mut command = command("true");
        command.run = vec!["no-such-program".to_owned()];
        let error = Ready::of(&command, Path::new(".")).unwrap().answers(&requests(&["a"])).unwrap_err();
        assert!(error.to_string().starts_with("command `c` cannot be started: `no-such-program`"), "{error}");
    }

    #[test]
    fn profiles_change_with_version_and_files() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("m.py"), "1").unwrap();
        let mut command = command("true");
        command.run = vec!["sh".to_owned(), "{here}/m.py".to_owned()];
        let version = |command: &Command| Ready::of(command, directory.path()).unwrap().version;
        let first = version(&command);
        assert_eq!(first, version(&command));
        assert!(first.starts_with("c-") && first.len() == 2 + HASH_DIGITS, "{first}");
        fs::write(directory.path().join("m.py"), "2").unwrap();
        let second = version(&command);
        command.version = vec!["echo".to_owned(), "model 3".to_owned()];
        let ready = Ready::of(&command, directory.path()).unwrap();
        assert!(first != second && second != ready.version);
        assert_eq!(ready.record.printed.as_deref(), Some("model 3"));
        assert!(ready.record.files.contains_key("m.py"));
        command.version = vec!["false".to_owned()];
        let error = Ready::of(&command, directory.path()).unwrap_err();
        assert!(error.to_string().contains("ended with status 1"), "{error}");
    }

    #[test]
    fn many_batches_run_at_the_same_time() {
        let names: Vec<String> = (0..25).map(|n| format!("i{n:02}")).collect();
        let mut command = command(
            "while read -r line; do name=${line#*item\\\":\\\"}; echo \"{\\\"item\\\": \\\"${name%%\\\"*}\\\", \\\"mos\\\": 1}\"; done",
        );
        command.jobs = 3;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let answers = Ready::of(&command, Path::new(".")).unwrap().answers(&requests(&names)).unwrap();
        assert_eq!(answers.len(), 25);
        assert!(answers.values().all(Result::is_ok));
    }

    #[test]
    fn refuses_commands_without_use() {
        let refused = |text: &str| {
            let command: Command = toml::from_str(text).unwrap();
            format!("{:#}", command.check().unwrap_err())
        };
        let metric = "[[metric]]\nname = \"m\"\nbetter = \"lower\"\n";
        for (text, why) in [
            (format!("name = \"a b\"\nrun = [\"x\"]\n{metric}"), "no usable name"),
            (format!("name = \"a\"\nrun = []\n{metric}"), "nothing to run"),
            (format!("name = \"a\"\nrun = [\"x\"]\nbatch = 0\n{metric}"), "batch or jobs of 0"),
            (format!("name = \"a\"\nrun = [\"x\"]\ntimeout_seconds = 0\n{metric}"), "time-out"),
            ("name = \"a\"\nrun = [\"x\"]\n".to_owned(), "measures nothing"),
            (format!("name = \"a\"\nrun = [\"x\"]\n{metric}range = [2, 1]\n"), "no possible value of `m`"),
        ] {
            assert!(refused(&text).contains(why), "{}", refused(&text));
        }
    }
}
