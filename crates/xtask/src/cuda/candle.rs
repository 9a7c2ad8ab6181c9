//! candle for one binary on every machine.
//!
//! As it is published, candle links the CUDA libraries: its program does not even start where there is no driver. It also
//! compiles kernels of quantized language models for a quarter of an hour. The copies made here load the libraries when a
//! device is opened, and leave those kernels out. They are made from the sources in cargo's registry, never kept.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{CargoOpt, MetadataCommand};

use super::tree::write_changed;
use crate::process::root;

/// What the copies of the kernels are built by.
const BUILD: &str = r#"use cudaforge::{KernelBuilder, Result};

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src");
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR").expect("cargo sets it")).join("ptx.rs");
    KernelBuilder::new()
        .source_dir("src")
        .arg("--expt-relaxed-constexpr")
        .arg("-std=c++17")
        .arg("-O3")
        .build_ptx()?
        .write(&out)?;
    Ok(())
}
"#;

/// Copies and changes the crates; the path of the configuration that makes cargo use them.
pub(super) fn patch(directory: &Path) -> Result<PathBuf> {
    let core = source("candle-core")?;
    let kernels = source("candle-kernels")?;
    let (core_copy, kernels_copy) = (directory.join("candle-core"), directory.join("candle-kernels"));

    copy_folder(&core, &core_copy, &["Cargo.toml"])?;
    let manifest = read(&core.join("Cargo.toml"))?;
    let changed = replaced(&manifest, "\"dynamic-linking\"", "\"dynamic-loading\"", &core)?;
    write_changed(&core_copy.join("Cargo.toml"), changed.as_bytes())?;

    copy_folder(
        &kernels,
        &kernels_copy,
        &["build.rs", "ffi.rs", "quantized.cu", "moe", "mmq_gguf", "mmvq_gguf.cu"],
    )?;
    write_changed(&kernels_copy.join("build.rs"), BUILD.as_bytes())?;
    write_changed(&kernels_copy.join("src/quantized.cu"), b"// Left out.\n")?;
    write_changed(
        &kernels_copy.join("src/ffi.rs"),
        without_bodies(&read(&kernels.join("src/ffi.rs"))?)?.as_bytes(),
    )?;

    let config = directory.join("patch.toml");
    let text = format!(
        "[patch.crates-io]\ncandle-core = {{ path = '{}' }}\ncandle-kernels = {{ path = '{}' }}\n",
        core_copy.display(),
        kernels_copy.display()
    );
    write_changed(&config, text.as_bytes())?;
    Ok(config)
}

/// Where cargo keeps the sources of a package of the lock file.
pub(super) fn source(name: &str) -> Result<PathBuf> {
    let metadata = MetadataCommand::new()
        .current_dir(root())
        .features(CargoOpt::AllFeatures)
        .exec()
        .context("failed to run `cargo metadata`")?;
    let package = metadata.packages.iter().find(|package| package.name.as_str() == name);
    let manifest = package.with_context(|| format!("the lock file has no {name}"))?.manifest_path.clone();
    manifest.parent().map(|folder| folder.as_std_path().to_owned()).context("a manifest lies in a folder")
}

/// Functions of a library that is not built: they stop the program in the place of being there.
fn without_bodies(ffi: &str) -> Result<String> {
    let (head, rest) =
        ffi.split_once("extern \"C\" {").context("candle-kernels: no foreign functions in ffi.rs")?;
    let (body, _) = rest.rsplit_once('}').context("candle-kernels: ffi.rs does not end")?;
    let body = body
        .replace("pub fn", "pub unsafe extern \"C\" fn")
        .replace(';', " { panic!(\"kernels of quantized models are not part of this build\") }");
    Ok(format!("#![allow(unused_variables)]\n{head}{body}"))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("failed to read `{}`", path.display()))
}

fn replaced(text: &str, from: &str, to: &str, of: &Path) -> Result<String> {
    if !text.contains(from) {
        bail!("`{}` has no {from}: the recipe is for another version", of.display());
    }
    Ok(text.replace(from, to))
}

/// Copies a folder but for the named files and folders.
fn copy_folder(from: &Path, to: &Path, left_out: &[&str]) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("failed to list `{}`", from.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        if left_out.iter().any(|left_out| *left_out == name) {
            continue;
        }
        let (path, target) = (entry.path(), to.join(&name));
        if path.is_dir() {
            copy_folder(&path, &target, left_out)?;
        } else {
            let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
            write_changed(&target, &bytes)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::without_bodies;

    #[test]
    fn foreign_functions_become_functions_that_stop() {
        let ffi = "use x;\nextern \"C\" {\n    // one\n    pub fn a(b: i32);\n    pub fn c() -> i32;\n}\n";
        let text = without_bodies(ffi).unwrap();
        assert!(!text.contains("extern \"C\" {"), "{text}");
        assert!(text.contains("pub unsafe extern \"C\" fn a(b: i32) { panic!("), "{text}");
        assert!(text.contains("pub unsafe extern \"C\" fn c() -> i32 { panic!("), "{text}");
    }
}
