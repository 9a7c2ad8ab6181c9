//! Pronunciations of espeak-ng, which runs as a process of its own and is no part of these programs.
//!
//! Words are written to its input one a line, and what it prints is read one a line: `espeak-ng -q --ipa --sep=_`. Word by
//! word, since in sentences it runs words into each other and their boundaries are lost. Every word is asked once.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use anyhow::{Context as _, Result, bail};
use mynah_table::write_atomic;
use mynah_text::{Phone, Phonemizer, normalize, parse_phones, phones_of_espeak};

/// The voice, American English as CMUdict has it.
const VOICE: &str = "en-us";
/// Words in one process; more would only take longer to fail.
const BATCH: usize = 5_000;
/// Changes whenever the same print gives other phones.
const VERSION: u32 = 1;

/// An installed espeak-ng, and what it has said.
pub(crate) struct Espeak {
    program: OsString,
    /// The program's version and a hash of its data: what its words depend on.
    key: String,
    known: BTreeMap<String, Vec<Phone>>,
    /// The words that a phonemizer was told of.
    told: HashSet<String>,
}

impl Espeak {
    /// The espeak-ng on the path.
    ///
    /// # Errors
    ///
    /// That there is none, with what to do.
    pub(crate) fn find() -> Result<Self> {
        Self::at("espeak-ng".into())
    }

    fn at(program: OsString) -> Result<Self> {
        let output = Command::new(&program).arg("--version").stdin(Stdio::null()).output();
        let output = match output {
            Err(error) if error.kind() == io::ErrorKind::NotFound => bail!(
                "espeak-ng is not installed\n  what to do: install it (on Debian and Ubuntu, `apt-get install espeak-ng`), or take `dictionary` as the backend, which needs nothing"
            ),
            other => other.context("failed to run `espeak-ng --version`")?,
        };
        let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        // "eSpeak NG text-to-speech: 1.51  Data at: /usr/lib/…/espeak-ng-data"
        let Some((version, data)) = printed.split_once("Data at:") else {
            bail!("`espeak-ng --version` printed `{printed}`, which does not say where its data is");
        };
        let version = version.rsplit(':').next().unwrap_or(version).trim();
        let data = hash_of(Path::new(data.trim()))?;
        let key = format!("espeak-ng {version} data {data} voice {VOICE} reader {VERSION}");
        Ok(Self { program, key, known: BTreeMap::new(), told: HashSet::new() })
    }

    /// The program's version and a hash of its data.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Lets a phonemizer say the words of texts as espeak-ng does.
    pub(crate) fn teach<'a>(
        &mut self,
        phonemizer: &mut Phonemizer,
        texts: impl Iterator<Item = &'a str>,
    ) -> Result<()> {
        let words: BTreeSet<String> = texts
            .flat_map(|text| normalize(text).tokens)
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

    /// Takes what an earlier run was told by the same espeak-ng with the same data.
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

    /// Writes down what was told to a phonemizer, for [`Espeak::remember`].
    pub(crate) fn write_down(&self, path: &Path) -> Result<()> {
        let mut text = format!("# {}\n", self.key);
        for (word, phones) in self.known.iter().filter(|(word, _)| self.told.contains(*word)) {
            let names: Vec<&str> = phones.iter().map(|phone| phone.name()).collect();
            text.extend([word, "\t", &names.join(" "), "\n"]);
        }
        Ok(write_atomic(path, text.as_bytes())?)
    }

    /// The phones of words, one process for all of them.
    fn ask(&self, words: &[&String]) -> Result<Vec<Vec<Phone>>> {
        let lines: String = words.iter().flat_map(|word| [word.as_str(), "\n"]).collect();
        let printed = self.run(&lines)?;
        let rows: Vec<&str> = printed.lines().collect();
        if rows.len() == words.len() {
            return words.iter().zip(rows).map(|(word, row)| read(word, row)).collect();
        }
        if let [word] = words {
            // A word that it takes for several clauses, such as letters with full stops.
            return Ok(vec![read(word, &rows.join("_"))?]);
        }
        let (first, second) = words.split_at(words.len() / 2);
        Ok([self.ask(first)?, self.ask(second)?].concat())
    }

    /// What espeak-ng prints for an input.
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
        // It prints while it reads, and both pipes are short.
        let writer = thread::spawn(move || stdin.write_all(&bytes));
        let Output { status, stdout, stderr } =
            child.wait_with_output().context("failed to wait for espeak-ng")?;
        let written = writer.join();
        if !status.success() {
            bail!("espeak-ng ended with {status}: {}", String::from_utf8_lossy(&stderr).trim());
        }
        if !matches!(written, Ok(Ok(()))) {
            bail!("espeak-ng stopped reading before it had all words");
        }
        String::from_utf8(stdout).context("espeak-ng printed what is not UTF-8")
    }
}

fn read(word: &str, printed: &str) -> Result<Vec<Phone>> {
    let phones = phones_of_espeak(printed.trim())
        .with_context(|| format!("failed to read what espeak-ng says of `{word}`"))?;
    if phones.is_empty() {
        bail!("espeak-ng says nothing for `{word}`: give it a line in your lexicon");
    }
    Ok(phones)
}

/// A hash of all files below a directory, by their names and contents.
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
