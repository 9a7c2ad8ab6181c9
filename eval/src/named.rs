//! Arguments of the form `NAME=DIR`.

use std::path::PathBuf;
use std::str::FromStr;

use mynah_cli::Advised;

/// A directory of wavs, with its name in reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDirectory {
    /// Name of the system.
    pub name: String,
    /// Directory of its wavs.
    pub directory: PathBuf,
}

impl FromStr for NamedDirectory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` does not have the form NAME=DIR, as in vits=out/vits");
        let (name, directory) = text.split_once('=').ok_or_else(wrong)?;
        if name.trim().is_empty() || directory.is_empty() {
            return Err(wrong());
        }
        Ok(NamedDirectory { name: name.trim().to_owned(), directory: directory.into() })
    }
}

/// Rejects two directories of the same name.
pub(crate) fn check_names<'a>(named: impl IntoIterator<Item = &'a NamedDirectory>) -> anyhow::Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for named in named {
        if !seen.insert(&named.name) {
            let message = format!("two directories are named `{}`", named.name);
            return Err(Advised::new(message, "give each system a different name").into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_the_first_equals_sign() {
        let named: NamedDirectory = "a b=out/x=1".parse().unwrap();
        assert_eq!((named.name.as_str(), named.directory), ("a b", PathBuf::from("out/x=1")));
        for wrong in ["", "vits", "=out", "vits=", " =out"] {
            assert!(wrong.parse::<NamedDirectory>().is_err(), "{wrong}");
        }
    }
}
