//! Small studies of real clips, cut short.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use mynah_testkit::mini_corpus;
use serde_json::Value;

use crate::process::root;

/// The sentences of a study.
const ITEMS: [&str; 3] = ["LJ001-0045", "LJ002-0009", "LJ002-0151"];
/// Samples of a clip: long enough to have a loudness, short enough to be heard a hundred times.
const SAMPLES: usize = 16_000;
/// The place of the samples in the bundled wavs, which have plain headers.
const HEADER: usize = 44;

/// A plan with its bundle.
pub(super) struct Study {
    pub(super) folder: PathBuf,
    program: PathBuf,
}

impl Study {
    /// Plans and builds a study in a folder. `more` is added to the protocol.
    pub(super) fn build(
        program: &Path,
        folder: PathBuf,
        paradigm: &str,
        (raters, more): (u32, &str),
        language: &str,
    ) -> Result<Self> {
        for (system, quiet) in [("recordings", false), ("voice", true)] {
            let wavs = folder.join(system);
            fs::create_dir_all(&wavs)?;
            for item in ITEMS {
                fs::write(wavs.join(format!("{item}.wav")), short_clip(item, quiet)?)?;
            }
        }
        let text = fs::read_to_string(root().join(format!("eval/protocols/{paradigm}.toml")))?;
        let lines: Vec<String> = text
            .lines()
            .filter(|line| !line.starts_with("items ="))
            .map(|line| match line.split(" = ").next() {
                Some("raters" | "ratings_per_item") if !line.starts_with('#') => {
                    format!("{} = {raters}", line.split(" = ").next().unwrap_or_default())
                }
                Some("null_pairs") if paradigm == "cmos" => "null_pairs = 1".to_owned(),
                _ => line.to_owned(),
            })
            .collect();
        fs::write(folder.join("protocol.toml"), format!("{}\n{more}\n", lines.join("\n")))?;
        let study = Self { folder, program: program.to_owned() };
        if paradigm == "mushra" {
            study.listen(&["anchor", "recordings", "--low-pass", "3500", "--out", "low"])?;
            study.listen(&["anchor", "recordings", "--q", "15", "--out", "noisy"])?;
        }
        let anchors: &[&str] =
            if paradigm == "mushra" { &["--anchor", "low=low", "--anchor", "noisy=noisy"] } else { &[] };
        let plan = [
            "plan",
            "--protocol",
            "protocol.toml",
            "--reference",
            "recordings=recordings",
            "--system",
            "voice=voice",
            "--study",
            paradigm,
            "--out",
            "PLAN.toml",
        ];
        study.listen(&[&plan[..], anchors].concat())?;
        study.listen(&["build", "PLAN.toml", "--out", "BUNDLE", "--language", language])?;
        Ok(study)
    }

    /// Runs `mynah-listen` in the folder and returns its output and messages; any exit status but 0 and 1 is an error.
    pub(super) fn listen(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.program).args(arguments).current_dir(&self.folder).output()?;
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code().is_some_and(|code| code < 2),
            "mynah-listen {}: {text}",
            arguments.join(" ")
        );
        Ok(text)
    }

    pub(super) fn bundle(&self) -> PathBuf {
        self.folder.join("BUNDLE")
    }

    /// Returns the codes of the raters.
    pub(super) fn codes(&self) -> Result<Vec<String>> {
        let links = fs::read_to_string(self.folder.join("BUNDLE.links.html"))?;
        let codes = links.split("<code>").skip(1).filter_map(|rest| rest.split('<').next());
        Ok(codes.map(str::to_owned).collect())
    }

    /// Collects answers and returns the rows of ratings with the messages.
    pub(super) fn collect(&self, source: &[&str]) -> Result<(Vec<Value>, String)> {
        let mut arguments = vec!["collect", "PLAN.toml"];
        arguments.extend(source);
        arguments.extend(["--out", "ratings.jsonl", "--force"]);
        let said = self.listen(&arguments)?;
        let text = fs::read_to_string(self.folder.join("ratings.jsonl"))?;
        let rows = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok((rows, said))
    }

    /// Serves the study.
    pub(super) fn serve(&self, port: u16, arguments: &[&str]) -> Result<Server> {
        let mut child = Command::new(&self.program)
            .args(["serve", "BUNDLE", "--plan", "PLAN.toml", "--store", "answers.sqlite"])
            .args(["--address", &format!("127.0.0.1:{port}")])
            .args(arguments)
            .current_dir(&self.folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("it has an output")?).lines();
        let Some(Ok(page)) = lines.next() else { bail!("the server does not start") };
        let token = lines.next().context("it says the token")??;
        let last = |line: &str| line.split_whitespace().last().unwrap_or_default().to_owned();
        Ok(Server { child, address: last(&page), experimenter: last(&token) })
    }
}

/// A running server; it is killed on drop.
pub(super) struct Server {
    child: Child,
    pub(super) address: String,
    pub(super) experimenter: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Cuts a piece of speech out of a bundled clip; the second system is quieter and rougher.
fn short_clip(item: &str, rough: bool) -> Result<Vec<u8>> {
    let bytes = fs::read(mini_corpus().join(format!("wavs/{item}.wav")))?;
    ensure!(&bytes[36..40] == b"data", "the bundled clips have plain headers");
    let begin = HEADER + 2 * 8_000;
    let mut samples = bytes[begin..begin + 2 * SAMPLES].to_vec();
    if rough {
        for sample in samples.chunks_exact_mut(2) {
            let value = i16::from_le_bytes([sample[0], sample[1]]) / 1024 * 512;
            sample.copy_from_slice(&value.to_le_bytes());
        }
    }
    let mut clip = bytes[..HEADER].to_vec();
    let n = samples.len() as u32;
    clip[4..8].copy_from_slice(&(n + 36).to_le_bytes());
    clip[40..44].copy_from_slice(&n.to_le_bytes());
    clip.extend(samples);
    Ok(clip)
}
