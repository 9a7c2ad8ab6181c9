//! Published numbers that are printed beside one's own.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use mynah_report::comparison::Baselines;

/// Those of the paper that the voice is modelled after.
const NATURALSPEECH: &str = include_str!("../../baselines/naturalspeech.toml");

/// Where published numbers are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// None are printed.
    None,
    /// Those that come with the program.
    BuiltIn,
    /// Those of a file.
    File(PathBuf),
}

/// Reads and checks them.
pub(crate) fn read(source: &Source) -> anyhow::Result<Option<Baselines>> {
    let parse = |text: &str| -> anyhow::Result<Baselines> {
        let baselines: Baselines = toml::from_str(text)?;
        baselines.check()?;
        Ok(baselines)
    };
    match source {
        Source::None => Ok(None),
        Source::BuiltIn => {
            parse(NATURALSPEECH).context("failed to read the built-in published numbers").map(Some)
        }
        Source::File(path) => {
            let failed = || format!("failed to read published numbers `{}`", path.display());
            let text = fs::read_to_string(path).with_context(failed)?;
            parse(&text).with_context(failed).map(Some)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_tables_are_those_of_the_paper() {
        let baselines = read(&Source::BuiltIn).unwrap().unwrap();
        assert_eq!(baselines.tables.len(), 7);
        let find = |table: usize, system: &str, key: &str| {
            let row = baselines.tables[table].rows.iter().find(|row| row.system == system).unwrap();
            (row.values[key].value, row.values[key].half_width)
        };
        assert_eq!(find(0, "VITS", "mos"), (4.49, Some(0.10)));
        assert_eq!(find(1, "NaturalSpeech", "p_mos"), (0.7145, None));
        assert_eq!(find(2, "NaturalSpeech", "cmos"), (-0.01, None));
        assert_eq!(find(5, "NaturalSpeech", "rtf"), (0.013, None));
    }

    #[test]
    fn a_key_that_is_not_known_is_an_error_with_its_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("b.toml");
        fs::write(&path, NATURALSPEECH.replacen("utterances = 50", "uterances = 50", 1)).unwrap();
        let error = format!("{:#}", read(&Source::File(path)).unwrap_err());
        assert!(error.contains("b.toml") && error.contains("uterances") && error.contains("line"), "{error}");
    }
}
