//! `cargo xtask dist`: the six programs as an archive for Linux machines without Rust.
//!
//! ```text
//! cargo build --release ──► programs ──┬─► bin/
//! programs completions, man ───────────┼─► share/
//! licenses of what they link ──────────┴─► THIRD-PARTY.md ──► mynah-VERSION-TARGET.tar.gz, .sha256
//! --try: unpacked into a root directory with nothing but the C library, and run there
//! ```

mod third_party;
mod trial;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::process::{cargo, metadata, must, root, say};

/// Programs in the archive.
const PROGRAMS: [&str; 6] =
    ["mynah-prepare", "mynah-train", "mynah-synthesize", "mynah-score", "mynah-listen", "mynah-summarize"];
/// The platform of the archive.
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// Returns the file name of a program's completions.
type FileName = fn(&str) -> String;
/// Shells with completions, with the file name that each looks for.
const SHELLS: [(&str, FileName); 3] = [
    ("bash", |program| program.to_owned()),
    ("zsh", |program| format!("_{program}")),
    ("fish", |program| format!("{program}.fish")),
];

/// Options of the archive.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Directory for the archive
    #[arg(long, value_name = "DIR", default_value = "target/dist")]
    out: PathBuf,
    /// Oldest glibc that the programs run with, such as 2.17; needs `cargo-zigbuild` and `zig` (default: the glibc of
    /// this machine)
    #[arg(long, value_name = "VERSION")]
    glibc: Option<String>,
    /// Unpack the archive into an otherwise empty root directory and run every program there (needs root)
    #[arg(long = "try")]
    try_out: bool,
}

/// Builds and packs the programs, and prints their requirements.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("the archive is for Linux on x86-64: run this there");
    }
    let built = build(arguments.glibc.as_deref())?;
    let name = format!("mynah-{}-x86_64-linux", env!("CARGO_PKG_VERSION"));
    let out = root().join(&arguments.out);
    let staged = out.join(&name);
    if staged.exists() {
        fs::remove_dir_all(&staged).with_context(|| format!("failed to remove `{}`", staged.display()))?;
    }
    for folder in ["bin", "share/man/man1"] {
        make(&staged.join(folder))?;
    }
    let mut needed = (0, 0);
    for program in PROGRAMS {
        let place = staged.join("bin").join(program);
        copy(&built.join(program), &place)?;
        let bytes = fs::read(&place).with_context(|| format!("failed to read `{}`", place.display()))?;
        needed = needed.max(newest_glibc(&bytes));
        must(Command::new(&place).args(["man", "--out"]).arg(staged.join("share/man/man1")))?;
        for (shell, file) in SHELLS {
            let folder = staged.join("share/completions").join(shell);
            make(&folder)?;
            let text = Command::new(&place).args(["completions", shell]).output();
            let text = text.with_context(|| format!("failed to run `{program} completions {shell}`"))?;
            write(&folder.join(file(program)), &text.stdout)?;
        }
    }
    for file in ["README.md", "LICENSE", "NOTICE", "CITATION.cff"] {
        copy(&root().join(file), &staged.join(file))?;
    }
    for folder in ["eval/protocols", "pipelines/ljspeech"] {
        must(Command::new("cp").arg("-R").arg(root().join(folder)).arg(staged.join("share")))?;
    }
    write(&staged.join("THIRD-PARTY.md"), third_party::text()?.as_bytes())?;

    let archive = out.join(format!("{name}.tar.gz"));
    // The same files give the same archive.
    must(
        Command::new("tar")
            .args(["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "-C"])
            .arg(&out)
            .args(["--use-compress-program", "gzip -n", "-cf"])
            .arg(&archive)
            .arg(&name),
    )?;
    let bytes = fs::read(&archive).with_context(|| format!("failed to read `{}`", archive.display()))?;
    let mut sum = String::new();
    for byte in Sha256::digest(&bytes) {
        let _ = write!(sum, "{byte:02x}");
    }
    write(&out.join(format!("{name}.tar.gz.sha256")), format!("{sum}  {name}.tar.gz\n").as_bytes())?;
    say(&format!(
        "{}: {:.1} MB, for glibc {}.{} and newer",
        archive.display(),
        bytes.len() as f64 / 1e6,
        needed.0,
        needed.1
    ));
    if arguments.try_out { trial::run(&archive, &name) } else { Ok(()) }
}

/// Builds the programs for release and returns their directory.
fn build(glibc: Option<&str>) -> Result<PathBuf> {
    let packages = ["--release", "--bins", "-p", "mynah-pipelines", "-p", "mynah-eval"];
    let folder = metadata()?.target_directory.into_std_path_buf();
    let Some(glibc) = glibc else {
        must(cargo(&["build"]).args(packages))?;
        return Ok(folder.join("release"));
    };
    must(cargo(&["zigbuild", "--target", &format!("{TARGET}.{glibc}")]).args(packages))
        .context("failed to run `cargo zigbuild`: install cargo-zigbuild and ziglang")?;
    Ok(folder.join(TARGET).join("release"))
}

/// Returns the newest version of glibc whose symbols a program needs, or (0, 0) if it needs none.
fn newest_glibc(program: &[u8]) -> (u32, u32) {
    const PREFIX: &[u8] = b"GLIBC_";
    let version = |at: usize| {
        let rest = &program[at + PREFIX.len()..];
        let end = rest.iter().position(|byte| !(byte.is_ascii_digit() || *byte == b'.'))?;
        let text = std::str::from_utf8(&rest[..end]).ok()?;
        let (major, rest) = text.split_once('.')?;
        Some((major.parse().ok()?, rest.split('.').next()?.parse().ok()?))
    };
    let places = program.windows(PREFIX.len()).enumerate().filter(|(_, window)| *window == PREFIX);
    places.filter_map(|(at, _)| version(at)).max().unwrap_or((0, 0))
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("failed to make `{}`", folder.display()))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("failed to copy `{}` to `{}`", from.display(), to.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("failed to write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::newest_glibc;

    #[test]
    fn finds_the_newest_required_version() {
        let program = b"\0GLIBC_2.2.5\0GLIBC_2.34\0xGLIBC_PRIVATE\0GLIBC_2.17\0";
        assert_eq!(newest_glibc(program), (2, 34));
        assert_eq!(newest_glibc(b"static"), (0, 0));
    }
}
