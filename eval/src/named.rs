//! `NAME=DIR` on the command line.

use std::path::PathBuf;
use std::str::FromStr;

/// A directory of wavs under the name that reports give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDirectory {
    /// The name.
    pub name: String,
    /// The directory.
    pub directory: PathBuf,
}

impl FromStr for NamedDirectory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not of the form NAME=DIR, such as vits=out/vits");
        let (name, directory) = text.split_once('=').ok_or_else(wrong)?;
        if name.trim().is_empty() || directory.is_empty() {
            return Err(wrong());
        }
        Ok(NamedDirectory { name: name.trim().to_owned(), directory: directory.into() })
    }
}

/// Refuses two directories of the same name.
pub(crate) fn check_names<'a>(named: impl IntoIterator<Item = &'a NamedDirectory>) -> anyhow::Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for named in named {
        if !seen.insert(&named.name) {
            anyhow::bail!("two directories are called `{}`: give each system a name of its own", named.name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_at_the_first_equals_sign() {
        let named: NamedDirectory = "a b=out/x=1".parse().unwrap();
        assert_eq!((named.name.as_str(), named.directory), ("a b", PathBuf::from("out/x=1")));
        for wrong in ["", "vits", "=out", "vits=", " =out"] {
            assert!(wrong.parse::<NamedDirectory>().is_err(), "{wrong}");
        }
    }
}
