//! Published results, printed for comparison.

use std::path::PathBuf;

use anyhow::Context as _;
use mynah_cli::read_toml;
use mynah_report::comparison::Baselines;

/// Results of the NaturalSpeech paper.
const NATURALSPEECH: &str = include_str!("../../baselines/naturalspeech.toml");

/// Source of published results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// No results.
    None,
    /// The built-in results.
    BuiltIn,
    /// The results of a file.
    File(PathBuf),
}

/// Reads and checks published results.
pub(crate) fn read(source: &Source) -> anyhow::Result<Option<Baselines>> {
    let (baselines, name): (Baselines, _) = match source {
        Source::None => return Ok(None),
        Source::BuiltIn => {
            let parsed = toml::from_str(NATURALSPEECH);
            let name = "the built-in published results".to_owned();
            (parsed.with_context(|| format!("failed to read {name}"))?, name)
        }
        Source::File(path) => (read_toml(path)?, format!("published results `{}`", path.display())),
    };
    baselines.check().with_context(|| format!("failed to use {name}"))?;
    Ok(Some(baselines))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_tables_match_the_paper() {
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
    fn rejects_an_unknown_key_by_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("b.toml");
        std::fs::write(&path, NATURALSPEECH.replacen("utterances = 50", "uterances = 50", 1)).unwrap();
        let error = format!("{:#}", read(&Source::File(path)).unwrap_err());
        assert!(error.contains("b.toml") && error.contains("uterances") && error.contains("line"), "{error}");
    }
}
