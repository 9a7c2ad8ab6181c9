//! Pronunciations from espeak-ng, which runs as a separate process and is not part of these programs.
//!
//! Words are written to its input one per line, and its output is read one per line: `espeak-ng -q --ipa --sep=_`. It is
//! given words rather than sentences because it merges the words of a sentence, which loses their boundaries. Every word is
//! asked for once.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use anyhow::{Context as _, Result, bail};
use mynah_cli::Advised;
use mynah_table::write_atomic;
use mynah_text::{Phone, Phonemizer, parse_phones, phones_of_espeak};

/// The file of a dataset that keeps the pronunciations of espeak-ng.
pub(crate) const PRONUNCIATIONS: &str = "espeak.tsv";

/// The voice: American English, as in CMUdict.
const VOICE: &str = "en-us";
/// Words per process; with more, a failure would only take longer.
const BATCH: usize = 5_000;
/// The version of the reader: changes whenever the same output yields other phones.
const VERSION: u32 = 1;

/// An installed espeak-ng and the pronunciations it has given.
pub(crate) struct Espeak {
    program: OsString,
    /// The program's version and a hash of its data, on which the pronunciations depend.
    key: String,
    known: BTreeMap<String, Vec<Phone>>,
    /// Words whose pronunciations a phonemizer has.
    told: HashSet<String>,
}

impl Espeak {
    /// Finds the espeak-ng on the path.
    ///
    /// # Errors
    ///
    /// When it is not installed or does not report its version.
    pub(crate) fn find() -> Result<Self> {
        Self::at("espeak-ng".into())
    }

    fn at(program: OsString) -> Result<Self> {
        let output = Command::new(&program).arg("--version").stdin(Stdio::null()).output();
        let output = match output {
            Err(error) if error.kind() == io::ErrorKind::NotFound => bail!(Advised::new(
                "espeak-ng is not installed",
                "install it (on Debian and Ubuntu, `apt-get install espeak-ng`), or use the backend `dictionary`, which needs nothing"
            )),
            other => other.context("failed to run `espeak-ng --version`")?,
        };
        let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        // "eSpeak NG text-to-speech: 1.51  Data at: /usr/lib/…/espeak-ng-data"
        let Some((version, data)) = printed.split_once("Data at:") else {
            bail!("`espeak-ng --version` printed `{printed}`, which does not name its data directory");
        };
        let version = version.rsplit(':').next().unwrap_or(version).trim();
        let data = hash_of(Path::new(data.trim()))?;
        let key = format!("espeak-ng {version} data {data} voice {VOICE} reader {VERSION}");
        Ok(Self { program, key, known: BTreeMap::new(), told: HashSet::new() })
    }

    /// Returns the program's version and a hash of its data.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Gives a phonemizer espeak-ng's pronunciations of the words of texts.
    pub(crate) fn teach<'a>(
        &mut self,
        phonemizer: &mut Phonemizer,
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<()> {
        let words: BTreeSet<String> = texts
            .flat_map(|text| phonemizer.normalizer().normalize(text).tokens)
            .filter(|token| token.text.bytes().any(|byte| byte.is_ascii_lowercase()))
            .map(|token| token.text)
            .filter(|word| !self.told.contains(word))
            .collect();
        let missing: Vec<&String> = words.iter().filter(|word| !self.known.contains_key(*word)).collect();
        let mut found = Vec::new();
        for batch in missing.chunks(BATCH) {
            found.extend(batch.iter().map(|word| (*word).clone()).zip(self.ask(batch)?));
        }
        self.known.extend(found);
        let told = words.iter().filter_map(|word| Some((word.clone(), self.known.get(word)?.clone())));
        phonemizer.pronouncer_mut().take_from_espeak(told);
        self.told.extend(words);
        Ok(())
    }

    /// Reads the pronunciations that an earlier run got from the same espeak-ng with the same data.
    pub(crate) fn remember(&mut self, path: &Path) {
        let Ok(text) = fs::read_to_string(path) else { return };
        let mut lines = text.lines();
        if lines.next() != Some(&format!("# {}", self.key)) {
            return;
        }
        self.known.extend(lines.filter_map(|line| {
            let (word, phones) = line.split_once('\t')?;
            Some((word.to_owned(), parse_phones(phones).ok()?))
        }));
    }

    /// Writes the pronunciations that a phonemizer was given, for [`Espeak::remember`].
    pub(crate) fn keep(&self, path: &Path) -> Result<()> {
        let mut text = format!("# {}\n", self.key);
        for (word, phones) in self.known.iter().filter(|(word, _)| self.told.contains(*word)) {
            let names: Vec<&str> = phones.iter().map(|phone| phone.name()).collect();
            text.extend([word, "\t", &names.join(" "), "\n"]);
        }
        Ok(write_atomic(path, text.as_bytes())?)
    }

    /// Returns the phones of words, from one process for all of them.
    fn ask(&self, words: &[&String]) -> Result<Vec<Vec<Phone>>> {
        let lines: String = words.iter().flat_map(|word| [word.as_str(), "\n"]).collect();
        let printed = self.run(&lines)?;
        let rows: Vec<&str> = printed.lines().collect();
        if rows.len() == words.len() {
            return words.iter().zip(rows).map(|(word, row)| read(word, row)).collect();
        }
        if let [word] = words {
            // A word that it reads as several clauses, such as letters with full stops.
            return Ok(vec![read(word, &rows.join("_"))?]);
        }
        let (first, second) = words.split_at(words.len() / 2);
        Ok([self.ask(first)?, self.ask(second)?].concat())
    }

    /// Runs espeak-ng on an input and returns its output.
    fn run(&self, input: &str) -> Result<String> {
        let mut child = Command::new(&self.program)
            .args(["-q", "--ipa", "--sep=_", "-v", VOICE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("failed to start espeak-ng")?;
        let mut stdin = child.stdin.take().context("failed to write to espeak-ng")?;
        let bytes = input.as_bytes().to_vec();
        // It prints while it reads, and the pipes hold little.
        let writer = thread::spawn(move || stdin.write_all(&bytes));
        let Output { status, stdout, stderr } =
            child.wait_with_output().context("failed to wait for espeak-ng")?;
        let written = writer.join();
        if !status.success() {
            bail!("espeak-ng failed with {status}: {}", String::from_utf8_lossy(&stderr).trim());
        }
        if !matches!(written, Ok(Ok(()))) {
            bail!("espeak-ng stopped reading before the last word");
        }
        String::from_utf8(stdout).context("the output of espeak-ng is not UTF-8")
    }
}

fn read(word: &str, printed: &str) -> Result<Vec<Phone>> {
    let phones = phones_of_espeak(printed.trim())
        .with_context(|| format!("failed to read espeak-ng's pronunciation of `{word}`"))?;
    if phones.is_empty() {
        bail!(Advised::new(
            format!("espeak-ng has no pronunciation of `{word}`"),
            "add the word to your lexicon"
        ));
    }
    Ok(phones)
}

/// Hashes the names and contents of all files below a directory.
fn hash_of(directory: &Path) -> Result<String> {
    let mut files = BTreeSet::new();
    let mut open = vec![directory.to_owned()];
    while let Some(folder) = open.pop() {
        let list = || format!("failed to list espeak-ng's data `{}`", folder.display());
        for entry in fs::read_dir(&folder).with_context(list)? {
            let path: PathBuf = entry.with_context(list)?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    let mut hasher = blake3::Hasher::new();
    for path in files {
        let name = path.strip_prefix(directory).unwrap_or(&path);
        hasher.update(name.as_os_str().as_encoded_bytes());
        let content = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        hasher.update(&(content.len() as u64).to_le_bytes());
        hasher.update(&content);
    }
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}
