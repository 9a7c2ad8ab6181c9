//! Licenses of everything that the programs link.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use super::TARGET;
use crate::process::root;

/// Packages whose programs are in the archive.
const PROGRAMS: [&str; 2] = ["mynah-pipelines", "mynah-eval"];

/// Lists each linked package with its version, license expression, home page and license texts; identical texts are
/// printed once.
pub(super) fn text() -> Result<String> {
    let options = ["--filter-platform", TARGET].map(str::to_owned);
    let metadata = MetadataCommand::new().current_dir(root()).other_options(options).exec();
    let metadata = metadata.context("failed to run `cargo metadata`")?;
    let mut packages = linked(&metadata)?;
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    let mut list = String::new();
    let mut texts: Vec<(String, Vec<String>)> = Vec::new();
    for package in packages {
        let license = package.license.as_deref().unwrap_or("no license named");
        let home = package.repository.as_deref().unwrap_or_default();
        let title = format!("{} {}", package.name, package.version);
        let _ = writeln!(list, "| {title} | {license} | {home} |");
        let folder = package.manifest_path.parent().context("a manifest has no folder")?;
        for text in license_texts(folder.as_std_path())? {
            match texts.iter_mut().find(|(known, _)| *known == text) {
                Some((_, of)) => of.push(title.clone()),
                None => texts.push((text, vec![title.clone()])),
            }
        }
    }
    let mut page = format!(
        "# Software that the programs are built from\n\n| package | license | home |\n|---|---|---|\n{list}"
    );
    for (text, of) in texts {
        let _ = write!(page, "\n## {}\n\n```text\n{}\n```\n", of.join(", "), text.trim_end());
    }
    Ok(page)
}

/// Returns the packages that the programs reach through normal dependencies, except those of this workspace.
fn linked(metadata: &Metadata) -> Result<Vec<&Package>> {
    let resolve = metadata.resolve.as_ref().context("cargo has resolved nothing")?;
    let program = |package: &&Package| PROGRAMS.contains(&package.name.as_str());
    let mut open: Vec<&PackageId> =
        metadata.packages.iter().filter(program).map(|package| &package.id).collect();
    let mut seen: BTreeSet<&PackageId> = open.iter().copied().collect();
    while let Some(id) = open.pop() {
        let node = resolve.nodes.iter().find(|node| node.id == *id).context("a node for every package")?;
        for dependency in &node.deps {
            let normal = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            if normal && seen.insert(&dependency.pkg) {
                open.push(&dependency.pkg);
            }
        }
    }
    let foreign =
        |package: &&Package| seen.contains(&package.id) && !metadata.workspace_members.contains(&package.id);
    Ok(metadata.packages.iter().filter(foreign).collect())
}

/// Reads the license and notice files of a package, sorted by name.
fn license_texts(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("failed to list `{}`", folder.display()))?;
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let is_license = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        path.is_file()
            && ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|word| name.starts_with(word))
    };
    let texts = paths.iter().filter(|path| is_license(path));
    texts
        .map(|path| {
            let bytes = fs::read(path).with_context(|| format!("failed to read `{}`", path.display()))?;
            Ok(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
        })
        .collect()
}
