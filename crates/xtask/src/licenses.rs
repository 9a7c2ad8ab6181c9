//! `cargo xtask licenses`: checks that no linked dependency binds users, and that every package contains its license.

use std::fs;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::Metadata;
use spdx::{Expression, LicenseReq, ParseMode};

use crate::process::{metadata, root, say};

/// Licenses that require only a notice, and MPL-2.0, whose copyleft ends at the file.
const ACCEPTED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Fails if a dependency, on any platform, is available only under another license.
pub(crate) fn run() -> Result<()> {
    let metadata = metadata()?;
    let wrong: Vec<String> = metadata
        .packages
        .iter()
        .filter(|package| !metadata.workspace_members.contains(&package.id))
        .filter_map(|package| {
            let why = match &package.license {
                None => "names no license".to_owned(),
                Some(license) if is_accepted(license) => return None,
                Some(license) => format!("is under `{license}`"),
            };
            Some(format!("{} {} {why}", package.name, package.version))
        })
        .collect();
    let lacking = without_license(&metadata)?;
    if !lacking.is_empty() {
        bail!("not the license of the workspace: {}: link to it with `ln -s`", lacking.join(", "));
    }
    if wrong.is_empty() {
        say(&format!("{} dependencies, every license accepted", metadata.packages.len()));
        Ok(())
    } else {
        bail!(
            "{}\ndrop it, or justify it in docs/decisions and add it to crates/xtask/src/licenses.rs",
            wrong.join("\n")
        )
    }
}

/// Returns the license files of published packages that are missing or not those of the workspace.
///
/// A package on crates.io is all that its users get, and the licenses, that of the dictionary in `mynah-text` among them,
/// have to come with it. The files are symbolic links, which cargo replaces by their contents.
fn without_license(metadata: &Metadata) -> Result<Vec<String>> {
    let mut lacking = Vec::new();
    for name in ["LICENSE", "NOTICE"] {
        let expected = fs::read(root().join(name)).with_context(|| format!("failed to read `{name}`"))?;
        for package in metadata.workspace_packages() {
            let is_published = package.publish.as_ref().is_none_or(|registries| !registries.is_empty());
            if is_published && (name == "LICENSE" || package.name == "mynah-text") {
                let path = package.manifest_path.with_file_name(name);
                if fs::read(&path).ok().as_ref() != Some(&expected) {
                    lacking.push(path.to_string());
                }
            }
        }
    }
    Ok(lacking)
}

fn is_accepted(license: &str) -> bool {
    let accepted =
        |requirement: &LicenseReq| requirement.license.id().is_some_and(|id| ACCEPTED.contains(&id.name));
    Expression::parse_mode(license, ParseMode::LAX).is_ok_and(|expression| expression.evaluate(accepted))
}

#[cfg(test)]
mod tests {
    use super::is_accepted;

    #[test]
    fn accepts_a_choice_and_rejects_copyleft() {
        for (license, expected) in [
            ("MIT OR Apache-2.0", true),
            ("Unlicense/MIT", true),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("GPL-3.0-or-later", false),
            ("MIT AND GPL-3.0-only", false),
            ("MIT OR GPL-3.0-only", true),
            ("CC-BY-NC-4.0", false),
            ("no license at all", false),
        ] {
            assert_eq!(is_accepted(license), expected, "{license}");
        }
    }
}
