//! `cargo xtask conformance`: the results of every test with an oracle, as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};
use mynah_testkit::{Comparison, Oracle, RECORD, fixture};
use serde_json::Value;

use crate::process::{cargo, must, root, say};

/// Packages whose tests compare numbers with oracles.
const PACKAGES: [&str; 9] = [
    "mynah-stats",
    "mynah-listening",
    "mynah-signal",
    "mynah-metrics",
    "mynah-text",
    "mynah-ops",
    "mynah-training",
    "mynah-voice",
    "mynah-report",
];
/// Path of the table, relative to the workspace.
const TABLE: &str = "docs/conformance.md";

/// Comparisons of the tests of one name with one oracle.
#[derive(Default)]
struct Row {
    n: usize,
    /// Largest difference.
    difference: f64,
    /// Largest difference as a share of its tolerance, and that tolerance.
    share: f64,
    tolerance: f64,
}

/// Runs the tests, collects their comparisons, and writes the table.
pub(crate) fn run() -> Result<()> {
    let directory = tempfile::tempdir().context("failed to make a temporary directory")?;
    let mut words = vec!["test", "--quiet", "--lib", "--tests"];
    words.extend(PACKAGES.iter().flat_map(|package| ["--package", package]));
    must(cargo(&words).env(RECORD, directory.path())).map(drop)?;
    let mut comparisons: Vec<Comparison> = Vec::new();
    for entry in fs::read_dir(directory.path()).context("failed to list the records")? {
        let path = entry.context("failed to list the records")?.path();
        let text =
            fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        for line in text.lines() {
            comparisons.push(serde_json::from_str(line).context("failed to read a comparison")?);
        }
    }
    anyhow::ensure!(!comparisons.is_empty(), "no test recorded a comparison");
    fs::write(root().join(TABLE), table(&comparisons)?)
        .with_context(|| format!("failed to write `{TABLE}`"))?;
    say(&format!("wrote {TABLE}: {} comparisons", comparisons.len()));
    Ok(())
}

fn table(comparisons: &[Comparison]) -> Result<String> {
    let mut rows: BTreeMap<(&Oracle, String), Row> = BTreeMap::new();
    for comparison in comparisons {
        let row = rows.entry((&comparison.oracle, words(&comparison.test))).or_default();
        row.n += comparison.n;
        row.difference = row.difference.max(comparison.difference);
        let share =
            if comparison.difference == 0.0 { 0.0 } else { comparison.difference / comparison.tolerance };
        if row.tolerance == 0.0 || share > row.share {
            (row.share, row.tolerance) = (share, comparison.tolerance);
        }
    }
    let mut text = String::from(
        "# Conformance\n\nWritten by `cargo xtask conformance`: the comparisons of every test with an oracle, and the largest \
         differences. The tolerance\nis that of the comparison that came closest to its limit; each is a constant, with its \
         reason next to the test. The golden\nfiles name the scripts that wrote them, and `cargo xtask golden` reruns these. \
         Comparisons with simulations, or with slow\nplain versions that must agree to the bit, have no row here: see \
         `docs/testing.md`.\n\n\
         | oracle | test | numbers | largest difference | of its tolerance |\n|---|---|---:|---:|---:|\n",
    );
    for ((oracle, test), row) in rows {
        let oracle = match oracle {
            Oracle::Golden(file) => versions(file)?,
            Oracle::Definition(words) => words.clone(),
        };
        writeln!(
            text,
            "| {oracle} | {test} | {} | {} | {} |",
            row.n,
            if row.difference == 0.0 { "0".to_owned() } else { format!("{:.0e}", row.difference) },
            if row.tolerance == 0.0 {
                "exact".to_owned()
            } else {
                format!("{:.0} % of {:.0e}", 100.0 * row.share, row.tolerance)
            }
        )?;
    }
    Ok(text)
}

/// Returns the name of a test as words, without its module.
fn words(test: &str) -> String {
    test.rsplit("::").next().unwrap_or_default().replace('_', " ")
}

/// Formats a golden file with its versions: `stats/mean.json`: numpy 2.4.6, scipy 1.17.1.
fn versions(file: &str) -> Result<String> {
    let path = fixture("golden").join(file);
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let value: Value =
        serde_json::from_str(&text).with_context(|| format!("failed to read `{}`", path.display()))?;
    let versions: Vec<String> = value["versions"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or_default()))
        .collect();
    Ok(if versions.is_empty() { format!("`{file}`") } else { format!("`{file}`: {}", versions.join(", ")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_a_row_per_test_with_its_worst_comparison() {
        let comparison = |difference, tolerance| Comparison {
            oracle: Oracle::Golden("stats/mean.json".into()),
            test: "golden::means_are_those_of_scipy".into(),
            what: "mean".into(),
            n: 2,
            difference,
            tolerance,
        };
        let text = table(&[comparison(0.0, 1e-3), comparison(2e-9, 1e-8), comparison(1e-8, 1e-4)]).unwrap();
        let row = text.lines().last().unwrap();
        assert!(row.starts_with("| `stats/mean.json`: "), "{row}");
        assert!(row.ends_with("| means are those of scipy | 6 | 1e-8 | 20 % of 1e-8 |"), "{row}");
    }
}
