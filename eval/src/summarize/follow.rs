//! `mynah-summarize follow`: the best checkpoint of a run so far, and whether further ones still improve.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args as ClapArgs;
use mynah_cli::{BAD_RESULT, put};
use mynah_listening::Defined;
use mynah_metrics::Score;
use mynah_report::comparison::{FollowSettings, Following, Look, follow};
use mynah_table::{read_table, write_atomic};

use crate::score::notes::metric_notes;

/// Settings from the command line.
#[derive(Debug, ClapArgs)]
pub(crate) struct FollowArgs {
    /// Scores of checkpoints from `mynah-score run`; may be repeated, once for each checkpoint
    #[arg(long, value_name = "FILE", required = true)]
    scores: Vec<PathBuf>,
    /// Profile of the metric to follow, such as mcd/sp2mc-2
    #[arg(long, value_name = "PROFILE")]
    metric: String,
    /// Improvement that does not matter, in the unit of the metric
    #[arg(long, value_name = "X")]
    margin: f64,
    /// Number of last checkpoints that must add nothing
    #[arg(long, value_name = "K", default_value_t = 3)]
    last: usize,
    /// Probability of ever calling a run flat that still improves by more than the margin
    #[arg(long, value_name = "X", default_value_t = 0.05)]
    alpha: f64,
    /// Number of checkpoints that the run will have, if it is known: all looks then have the same level
    #[arg(long, value_name = "N")]
    planned: Option<usize>,
    /// Write all numbers as JSON
    #[arg(long, value_name = "FILE.json")]
    out: Option<PathBuf>,
    /// Exit with status 1 unless the run is flat
    #[arg(long)]
    require_flat: bool,
}

/// Follows the run, and prints what follows.
pub(crate) fn run(args: &FollowArgs) -> anyhow::Result<ExitCode> {
    let mut scores: Vec<Score> = Vec::new();
    for path in &args.scores {
        let rows: Vec<Score> =
            read_table(path).with_context(|| format!("failed to read scores `{}`", path.display()))?;
        scores.extend(rows);
    }
    let settings = FollowSettings {
        profile: args.metric.clone(),
        margin: args.margin,
        last: args.last,
        alpha: args.alpha,
        planned: args.planned,
    };
    let following = follow(&scores, &metric_notes(&scores), &settings)?;
    put(&format!("{}\n{}\n", best(&following), flat(&following, &settings)))?;
    if let Some(path) = &args.out {
        let json = serde_json::to_string_pretty(&following).context("failed to write the numbers as JSON")?;
        write_atomic(path, (json + "\n").as_bytes())
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    let is_flat = following.first_flat().is_some();
    Ok(if args.require_flat && !is_flat { ExitCode::from(BAD_RESULT) } else { ExitCode::SUCCESS })
}

/// Names the best checkpoint and those that cannot be told from it.
fn best(following: &Following) -> String {
    match &following.best {
        Defined::Undefined { reason } => format!("No checkpoint is best by {}: {reason}.", following.profile),
        Defined::Ok { value } if value.not_told_apart.is_empty() => {
            format!("Best by {}: {}, by more than chance.", following.profile, value.best)
        }
        Defined::Ok { value } => format!(
            "Best by {}: {}; it cannot be told from {}.",
            following.profile,
            value.best,
            value.not_told_apart.join(", ")
        ),
    }
}

/// States whether further checkpoints still improve.
fn flat(following: &Following, settings: &FollowSettings) -> String {
    let FollowSettings { margin, last, .. } = settings;
    let unit = if following.unit.is_empty() { String::new() } else { format!(" {}", following.unit) };
    let window = match last {
        1 => "the last checkpoint is not".to_owned(),
        last => format!("none of the last {last} checkpoints is"),
    };
    if let Some(look) = following.first_flat() {
        let since = format!(
            "Flat since step {}: {window} better than {} by {margin}{unit} (look {} at the one-sided level {:.2e}).",
            look.step,
            look.from,
            following.looks.iter().position(|other| other == look).map_or(0, |place| place + 1),
            look.alpha
        );
        return match following.looks.last() {
            Some(last) if !last.is_flat => {
                format!("{since} At the last look it is not. {}", not_flat(last, &unit))
            }
            _ => since,
        };
    }
    let Some(look) = following.looks.last() else {
        return format!(
            "Not flat: {} of at least {} checkpoints have scores.",
            following.checkpoints.len(),
            last + 1
        );
    };
    not_flat(look, &unit)
}

/// States why a look is not flat.
fn not_flat(look: &Look, unit: &str) -> String {
    match largest(look) {
        Ok((system, upper)) => {
            format!("Not flat: {system} may be better than {} by as much as {upper:.3}{unit}.", look.from)
        }
        Err(reason) => {
            format!("Not flat: the improvement of {} over {} is not known: {reason}.", look.system, look.from)
        }
    }
}

/// Returns the checkpoint of a look with the largest upper bound, or the reason why one has none.
fn largest(look: &Look) -> Result<(&str, f64), &str> {
    let mut largest = ("", f64::NEG_INFINITY);
    for improvement in &look.improvements {
        match &improvement.upper {
            Defined::Undefined { reason } => return Err(reason),
            Defined::Ok { value } if *value > largest.1 => largest = (&improvement.system, *value),
            Defined::Ok { .. } => {}
        }
    }
    Ok(largest)
}
