//! An emulated CUDA device on the CPU, for running GPU tests without a GPU.
//!
//! ```text
//! kernels of ops and candle ──► C++ with CUDA's keywords defined ─┐
//! crates/ops/emulator: driver, cuBLAS, cuDNN, cuRAND ─────────────┴─► libcuda.so.1 and its other names
//! ```
//!
//! The programs are those of a GPU build, which load this library instead of NVIDIA's. It verifies shapes, strides,
//! launches and arithmetic; it says nothing about speed, and does not run the assembly for the GPU.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::candle;
use super::tree::write_changed;
use crate::process::{must, root, say};

/// Kernels of candle; those of its convolutions are never reached.
const CANDLE: [&str; 9] =
    ["affine", "binary", "cast", "fill", "indexing", "reduce", "sort", "ternary", "unary"];
/// Kernels of this workspace.
const OURS: [&str; 3] = ["alignment", "pointwise", "signal"];
/// Headers of number types that the tests do not use.
const EMPTY: [&str; 5] = ["cuda.h", "cuda_fp16.h", "cuda_bf16.h", "cuda_fp8.h", "cuda/std/limits"];
/// Names under which programs look for the library.
const NAMES: [&str; 4] = ["libcuda.so.1", "libcublas.so.13", "libcudnn.so.9", "libcurand.so.10"];
const FLAGS: [&str; 5] = ["-std=c++17", "-O2", "-fPIC", "-w", "-fcf-protection=none"];

/// Builds the library and returns its folder.
pub(super) fn build(directory: &Path) -> Result<PathBuf> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("the emulated device is for Linux on x86-64");
    }
    let (sources, built) = (directory.join("emulator/src"), directory.join("emulator/lib"));
    fs::create_dir_all(&built).with_context(|| format!("failed to make `{}`", built.display()))?;
    let ours = root().join("crates/ops");
    for name in ["emulated.h", "device.cpp", "libraries.cpp"] {
        copy(&ours.join("emulator").join(name), &sources)?;
    }
    for name in OURS {
        copy(&ours.join("cuda").join(format!("{name}.cu")), &sources)?;
    }
    copy(&ours.join("cuda/common.cuh"), &sources)?;
    copy(&ours.join("emulator/halves.cu"), &sources)?;
    let candle = candle::source("candle-kernels")?.join("src");
    for name in CANDLE {
        copy(&candle.join(format!("{name}.cu")), &sources)?;
    }
    for name in ["cuda_utils.cuh", "binary_op_macros.cuh"] {
        copy(&candle.join(name), &sources)?;
    }
    write_changed(&sources.join("compatibility.cuh"), b"#include \"emulated.h\"\n")?;
    for name in EMPTY {
        write_changed(&sources.join(name), b"")?;
    }

    let mut objects = Vec::new();
    for name in ["device", "libraries"] {
        objects.push(compile(&sources, &format!("{name}.cpp"))?);
    }
    for name in OURS.iter().chain(&CANDLE).chain(&["halves"]) {
        let kernels = kernels(&sources, name)?;
        let registrations: Vec<String> =
            kernels.iter().map(|kernel| format!("EMULATED({kernel})\n")).collect();
        let text = format!("#include \"emulated.h\"\n#include \"{name}.cu\"\n{}", registrations.concat());
        let unit = format!("{name}.kernels.cpp");
        write_changed(&sources.join(&unit), text.as_bytes())?;
        objects.push(compile(&sources, &unit)?);
    }
    let library = built.join(NAMES[0]);
    // Every file that includes a header repeats its helpers, which are identical everywhere.
    must(Command::new("g++").args(["-shared", "-Wl,-z,muldefs", "-o"]).arg(&library).args(&objects))?;
    for name in &NAMES[1..] {
        let link = built.join(name);
        if link.exists() {
            // It may be left over from an earlier library.
            fs::remove_file(&link).with_context(|| format!("failed to remove `{}`", link.display()))?;
        }
        // The same file under each name, so that it is loaded once.
        fs::hard_link(&library, &link).with_context(|| format!("failed to make `{}`", link.display()))?;
    }
    say(&format!("emulated device: {}", built.display()));
    Ok(built)
}

/// Copies a source; shared memory whose size is set at launch becomes a pointer to it.
fn copy(from: &Path, folder: &Path) -> Result<()> {
    let text = fs::read_to_string(from).with_context(|| format!("failed to read `{}`", from.display()))?;
    let text: String = text
        .lines()
        .map(|line| {
            match line.trim().strip_prefix("extern __shared__ ").and_then(|rest| rest.strip_suffix("[];")) {
                Some(rest) => {
                    let (kind, name) = rest.rsplit_once(' ').unwrap_or(("", rest));
                    format!("{kind} *{name} = ({kind} *)emulator::shared();\n")
                }
                None => format!("{line}\n"),
            }
        })
        .collect();
    write_changed(&folder.join(from.file_name().unwrap_or_default()), text.as_bytes())
}

/// Returns the names of the kernels in a source after macro expansion.
fn kernels(sources: &Path, name: &str) -> Result<BTreeSet<String>> {
    let output = Command::new("g++")
        .args(FLAGS)
        .args(["-E", "-P", "-DEMULATED_NAMES", "-include", "emulated.h", "-I", ".", "-x", "c++"])
        .arg(format!("{name}.cu"))
        .current_dir(sources)
        .output()
        .context("failed to run `g++`")?;
    if !output.status.success() {
        bail!("`g++ -E {name}.cu`: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let found: BTreeSet<String> = text
        .split("extern \"C\"")
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix("__global__"))
        .filter_map(|rest| rest.trim_start().strip_prefix("void"))
        .filter_map(|rest| rest.split_once('('))
        .map(|(name, _)| name.trim().to_owned())
        .collect();
    if found.is_empty() {
        bail!("{name}.cu has no kernels");
    }
    Ok(found)
}

/// Compiles a file of the folder, unless its output is newer than everything there.
fn compile(sources: &Path, name: &str) -> Result<PathBuf> {
    let object = sources.join(name).with_extension("o");
    let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    let mut newest = None;
    for entry in fs::read_dir(sources).with_context(|| format!("failed to list `{}`", sources.display()))? {
        let path = entry?.path();
        let shared = path
            .extension()
            .is_some_and(|extension| extension == "h" || extension == "cuh" || extension == "cu");
        if shared || path == sources.join(name) {
            newest = newest.max(changed(&path));
        }
    }
    if changed(&object).is_none_or(|built| newest.is_some_and(|newest| newest >= built)) {
        must(
            Command::new("g++")
                .args(FLAGS)
                .args(["-I", ".", "-c", name, "-o"])
                .arg(&object)
                .current_dir(sources),
        )?;
    }
    Ok(object)
}
