//! `cargo xtask readmes`: READMEs of the packages, made from the documentation of their libraries.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Package, TargetKind};

use crate::process::{metadata, say};

/// Internal packages, which need no README.
const PRIVATE: [&str; 2] = ["mynah-testkit", "xtask"];

/// Options of `cargo xtask readmes`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Change nothing; fail if a README differs from its library's documentation
    #[arg(long)]
    check: bool,
}

/// Writes the READMEs, or compares them with the documentation.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut stale = Vec::new();
    for (path, text) in pages()? {
        let same = fs::read_to_string(&path).is_ok_and(|old| old == text);
        if same {
            continue;
        }
        if arguments.check {
            stale.push(path.display().to_string());
        } else {
            fs::write(&path, text).with_context(|| format!("failed to write `{}`", path.display()))?;
            say(&format!("wrote {}", path.display()));
        }
    }
    if stale.is_empty() { Ok(()) } else { bail!("outdated: {}: run `cargo xtask readmes`", stale.join(", ")) }
}

/// Fails if a README differs from its library's documentation.
pub(crate) fn check() -> Result<()> {
    run(&Arguments { check: true })
}

/// Returns the README of every public library with its path.
fn pages() -> Result<Vec<(PathBuf, String)>> {
    let metadata = metadata()?;
    let members = metadata.packages.iter().filter(|package| metadata.workspace_members.contains(&package.id));
    members
        .filter(|package| !PRIVATE.contains(&package.name.as_str()))
        .filter_map(|package| Some((package, library(package)?)))
        .map(|(package, library)| {
            let source = fs::read_to_string(&library)
                .with_context(|| format!("failed to read `{}`", library.display()))?;
            let folder = package.manifest_path.parent().context("a manifest has no folder")?;
            Ok((folder.as_std_path().join("README.md"), page(&package.name, &source)))
        })
        .collect()
}

fn library(package: &Package) -> Option<PathBuf> {
    let is_library = |kinds: &[TargetKind]| kinds.contains(&TargetKind::Lib);
    let target = package.targets.iter().find(|target| is_library(&target.kind))?;
    Some(target.src_path.as_std_path().to_owned())
}

/// Turns the documentation at the top of a library into a page: code is marked as Rust, lines hidden by rustdoc are
/// dropped, links to items become their names, and headings move down by one level.
fn page(name: &str, source: &str) -> String {
    let mut text = format!("<!-- Made by `cargo xtask readmes` from src/lib.rs. -->\n\n# {name}\n\n");
    let mut in_code = false;
    let mut hides = false;
    for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
        let line = line.strip_prefix(' ').unwrap_or(line);
        if let Some(language) = line.strip_prefix("```") {
            in_code = !in_code;
            hides = in_code && language.split(',').all(|word| word != "text" && word != "toml");
            text.push_str(if in_code && hides { "```rust" } else { line });
        } else if in_code && hides && (line == "#" || line.starts_with("# ")) {
            continue;
        } else if in_code {
            text.push_str(line);
        } else {
            if line.starts_with('#') {
                text.push('#');
            }
            text.push_str(&without_links(line));
        }
        text.push('\n');
    }
    text
}

/// Replaces links to items, with or without a path, by the item in backticks; other links are kept.
pub(crate) fn without_links(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("[`") {
        text.push_str(before);
        let Some((item, after)) = after.split_once("`]") else {
            text.push_str("[`");
            rest = after;
            continue;
        };
        text.push('`');
        text.push_str(item);
        text.push('`');
        rest = match after.strip_prefix('(').and_then(|link| link.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn keeps_prose_and_code_and_drops_rustdoc_syntax() {
        let source = "//! Sums of [`Number`]s, see [`add`](crate::add) and [a page](https://x.y).\n//!\n//! ```\n//! # use a::b;\n//! let x = b(1);\n//! ```\n//!\n//! ```text\n//! # a diagram\n//! ```\n//!\n//! # Errors\n\n//! not this\nuse x;\n";
        let expected = "<!-- Made by `cargo xtask readmes` from src/lib.rs. -->\n\n# sums\n\nSums of `Number`s, see `add` and [a page](https://x.y).\n\n```rust\nlet x = b(1);\n```\n\n```text\n# a diagram\n```\n\n## Errors\n";
        assert_eq!(page("sums", source), expected);
    }
}
