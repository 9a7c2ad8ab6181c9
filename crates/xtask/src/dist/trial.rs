//! Trial of the archive in an otherwise empty root directory.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{PROGRAMS, copy, make};
use crate::process::{must, root, say};

/// System libraries that a dynamically linked Rust program needs, parts of glibc and libgcc. Programs for a glibc before 2.34
/// ask for the last three by name; later ones have them in `libc.so.6`.
const LIBRARIES: [&str; 7] = [
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
];
/// Directories in which distributions keep libraries.
const FOLDERS: [&str; 4] = ["/lib64", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/usr/lib64"];

/// Unpacks the archive into a new root directory with only the C library, runs every program there, and prepares and
/// scores the bundled clips.
pub(super) fn run(archive: &Path, name: &str) -> Result<()> {
    let place = tempfile::tempdir().context("failed to make a root directory")?;
    let bare = place.path();
    for folder in ["lib64", "tmp"] {
        make(&bare.join(folder))?;
    }
    // Where the loader of Debian looks; that of Fedora looks in `lib64`.
    symlink("lib64", bare.join("lib")).context("failed to make a root directory")?;
    for library in LIBRARIES {
        let Some(found) = find(library) else { bail!("`{library}` is not on this machine") };
        copy(&found, &bare.join("lib64").join(library))?;
    }
    must(Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(bare))?;
    must(
        Command::new("cp").arg("-R").arg(root().join("fixtures/ljspeech-mini")).arg(bare.join("tmp/corpus")),
    )?;
    let program = |program: &str, arguments: &[&str]| -> Result<()> {
        let mut command = Command::new("chroot");
        command.arg(bare).arg(format!("/{name}/bin/{program}")).args(arguments);
        // PATH finds `chroot`, and leads nowhere inside.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        must(&mut command).map(drop)
    };
    for name in PROGRAMS {
        program(name, &["--version"])?;
    }
    let recipe = format!("/{name}/share/ljspeech/demo-prepare.toml");
    program("mynah-prepare", &["run", "/tmp/corpus", "--out", "/tmp/data", "--recipe", &recipe])?;
    program(
        "mynah-score",
        &["run", "--reference", "/tmp/corpus", "--system", "same=/tmp/corpus", "--out", "/tmp/scores.csv"],
    )?;
    for made in ["tmp/data/manifest.parquet", "tmp/scores.csv"] {
        let path = bare.join(made);
        fs::metadata(&path).with_context(|| format!("the programs did not write `{made}`"))?;
    }
    say("every program runs with only the C library");
    Ok(())
}

fn find(library: &str) -> Option<PathBuf> {
    FOLDERS.iter().map(|folder| Path::new(folder).join(library)).find(|path| path.exists())
}
