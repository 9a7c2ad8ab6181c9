//! `mynah-summarize gate init`: a first `gate.toml` from tables.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::ExitCode;

use mynah_cli::{Advised, say};

use super::args::InitArgs;
use super::config::{self, Better, Kind, Metric};
use super::known::guess;
use super::read::{System, system};
use super::sheet::Cell;

/// Writes a gate with a guess for every known column.
pub(crate) fn run(args: &InitArgs) -> anyhow::Result<ExitCode> {
    let system = system(&args.source.scores, &args.source.reading())?;
    for (path, layout) in &system.layouts {
        say(&format!("read `{}`: {}", path.display(), layout.words()));
    }
    let columns = numeric_columns(&system);
    let (metrics, unknown) = guess(&columns);
    if metrics.is_empty() {
        let message = format!("no column is a known metric, found {}", listed(&unknown));
        let remedy = "write the metrics yourself, as docs/formats/gate.md says; any column will do";
        return Err(Advised::new(message, remedy).into());
    }
    let text = to_toml(&metrics, &unknown);
    // What is written must be read.
    config::parse(&text)?;
    args.overwrite.write(&args.out, text.as_bytes(), |_| false)?;
    for metric in &metrics {
        say(&format!("`{}`: {}", metric.name, guess_in_words(metric)));
    }
    if !unknown.is_empty() {
        say(&format!("not guessed: {}", listed(&unknown)));
    }
    say(&format!("wrote `{}`: check directions and margins before you rely on it", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Returns the columns that hold a number anywhere.
fn numeric_columns(system: &System) -> BTreeSet<&str> {
    let cells = system.runs.iter().flat_map(|run| run.rows.values()).flatten();
    cells.filter(|(_, cell)| matches!(cell, Cell::Number(_))).map(|(column, _)| column.as_str()).collect()
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "no numbers".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn guess_in_words(metric: &Metric) -> String {
    let kind = match metric.kind {
        Kind::Mean => "mean",
        Kind::Rate => "pooled rate",
        Kind::Proportion => "proportion",
        Kind::Quantile => "quantile",
    };
    let better = match (metric.better, metric.target) {
        (Better::Higher, _) => "higher is better".to_owned(),
        (Better::Near, Some(target)) => format!("best near {target}"),
        _ => "lower is better".to_owned(),
    };
    let margin = match (metric.margin, metric.relative_margin) {
        (Some(margin), _) => format!("margin {margin} {}", metric.unit),
        (None, Some(share)) => format!("margin {} % of the baseline", share * 100.0),
        _ => "no margin".to_owned(),
    };
    format!("{kind}, {better}, {}", margin.trim_end())
}

/// Writes the gate in TOML, with comments.
fn to_toml(metrics: &[Metric], unknown: &[String]) -> String {
    let mut text = String::from(
        "# A quality gate, read by `mynah-summarize gate`; docs/gate.md explains it, docs/formats/gate.md every key.\n\
         # Directions and margins are guesses: a margin is the largest loss that you are willing to ship.\n\n\
         # A candidate exactly at a margin passes with at most this probability.\n\
         alpha = 0.05\n",
    );
    for metric in metrics {
        let _ = write!(text, "\n[[metric]]\nname = {}\n", quoted(&metric.name));
        let _ = writeln!(text, "kind = \"{}\"", word(&metric.kind));
        if !metric.columns.is_empty() {
            let _ = writeln!(text, "columns = {}", list(&metric.columns));
        }
        if !metric.totals.is_empty() {
            let _ = writeln!(text, "totals = {}", list(&metric.totals));
        }
        let _ = writeln!(text, "better = \"{}\"", word(&metric.better));
        for (key, value) in [
            ("target", metric.target),
            ("quantile", metric.quantile),
            ("margin", metric.margin),
            ("relative_margin", metric.relative_margin),
        ] {
            if let Some(value) = value {
                let _ = writeln!(text, "{key} = {value:?}");
            }
        }
        if !metric.unit.is_empty() {
            let _ = writeln!(text, "unit = {}", quoted(&metric.unit));
        }
    }
    if !unknown.is_empty() {
        let _ = write!(
            text,
            "\n# Other columns of the tables: {}\n",
            unknown.join(", ").replace(['\n', '\r'], " ")
        );
    }
    text
}

/// Returns the word of a setting, as serde writes it.
fn word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).ok();
    json.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn list(names: &[String]) -> String {
    format!("[{}]", names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let columns =
            ["w \"x\"_wer_insert", "w \"x\"_wer_delete", "w \"x\"_wer_replace", "w \"x\"_wer_equal"];
        let more = ["mcd", "duration_difference", "rtf", "strange\ncolumn"];
        let (metrics, unknown) = guess(&columns.into_iter().chain(more).collect());
        let text = to_toml(&metrics, &unknown);
        assert_eq!(config::parse(&text).unwrap().metrics, metrics, "{text}");
        assert!(text.contains("# Other columns of the tables: strange column"), "{text}");
    }
}
