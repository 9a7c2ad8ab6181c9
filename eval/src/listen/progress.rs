//! `mynah-listen progress`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use mynah_cli::{put, say};
use mynah_listening::Plan;
use mynah_study::{Decision, Payment, Progress, State, Store, payments, progress};
use serde::{Deserialize, Serialize};

use super::served_args::ProgressArgs;

/// Prints the state of a study, and writes the list of payments.
pub(crate) fn run(args: &ProgressArgs) -> anyhow::Result<ExitCode> {
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    let store = Store::open_existing(&args.store, &plan)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as i64);
    let progress = progress(&store, &plan, now)?;
    put(&describe(&progress))?;
    if let Some(path) = &args.payments {
        let rows: Vec<Row> = payments(&store, &progress, args.bonus)?.into_iter().map(Row::from).collect();
        args.overwrite.write_table(path, &rows, |_| None::<()>)?;
        say(&format!("wrote {} payments to `{}`", rows.len(), path.display()));
        for (name, content) in uploads(&rows) {
            let path = beside(path, name);
            args.overwrite.write(&path, content.as_bytes(), |_| true)?;
            say(&format!("wrote `{}`", path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One row of the list of payments.
#[derive(Serialize, Deserialize)]
struct Row {
    platform: String,
    participant: String,
    assignment: Option<String>,
    rater: String,
    decision: String,
    minutes: f64,
    bonus: Option<f64>,
    reason: String,
}

impl From<Payment> for Row {
    fn from(payment: Payment) -> Self {
        Self {
            platform: payment.platform.as_str().to_owned(),
            participant: payment.participant,
            assignment: payment.assignment,
            rater: payment.rater,
            decision: decision_words(payment.decision).to_owned(),
            minutes: (10.0 * payment.minutes).round() / 10.0,
            bonus: payment.bonus,
            reason: payment.reason,
        }
    }
}

/// Returns the files that the platforms take, each with the end of its name: for Prolific the participants to approve and the
/// bonuses, for Mechanical Turk the assignments to approve and the bonuses. Nobody is rejected in them.
fn uploads(rows: &[Row]) -> Vec<(&'static str, String)> {
    let of = |platform: &'static str| rows.iter().filter(move |row| row.platform == platform);
    let is_approved = |row: &&Row| row.decision == decision_words(Decision::Approve);
    let lines = |lines: Vec<String>| lines.join("\n") + "\n";
    let mut files = Vec::new();
    if of("prolific").next().is_some() {
        let approved = of("prolific").filter(is_approved);
        files.push(("prolific-approve.txt", lines(approved.map(|row| row.participant.clone()).collect())));
        let bonuses = of("prolific").filter_map(|row| Some(format!("{},{:.2}", row.participant, row.bonus?)));
        files.push(("prolific-bonus.csv", lines(bonuses.collect())));
    }
    if of("mturk").next().is_some() {
        let assignment = |row: &Row| row.assignment.clone().unwrap_or_default();
        let mut approve = vec!["AssignmentId,Approve,Reject".to_owned()];
        approve.extend(of("mturk").filter(is_approved).map(|row| format!("{},x,", assignment(row))));
        files.push(("mturk-approve.csv", lines(approve)));
        let mut bonuses = vec!["WorkerId,AssignmentId,BonusAmount,Reason".to_owned()];
        bonuses.extend(of("mturk").filter_map(|row| {
            Some(format!("{},{},{:.2},complete", row.participant, assignment(row), row.bonus?))
        }));
        files.push(("mturk-bonus.csv", lines(bonuses)));
    }
    files
}

/// Returns the path of a file next to the list of payments.
fn beside(payments: &Path, name: &str) -> PathBuf {
    let stem = payments.file_stem().unwrap_or_default().to_string_lossy();
    payments.with_file_name(format!("{stem}.{name}"))
}

/// Returns the name of a decision in files.
pub(crate) fn decision_words(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approve",
        Decision::Review => "review",
        Decision::Unfinished => "unfinished",
    }
}

/// Describes a state.
pub(crate) fn state_words(state: State) -> &'static str {
    match state {
        State::Complete => "complete",
        State::Active => "at work",
        State::TimedOut => "timed out",
        State::Left => "left",
        State::Deleted => "deleted",
    }
}

/// Describes the state of a study.
fn describe(progress: &Progress) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        writeln!(text, "{words}").expect("a string takes every text");
    };
    line(format!("study {}, design {}", progress.study, progress.design));
    line(format!(
        "{} of {} sessions complete, {} people at work, {} timed out, {} left, {} in the pilot",
        progress.complete,
        progress.sessions,
        progress.active,
        progress.timed_out,
        progress.left,
        progress.pilot
    ));
    let cells = progress.cells;
    line(format!(
        "{} of {} planned ratings; of {} sentences of systems {} have all of theirs and {} none, {} to {} each",
        progress.ratings, progress.planned, cells.n, cells.full, cells.empty, cells.least, cells.most
    ));
    for system in &progress.systems {
        let interval = system.interval.map_or_else(
            || "too few for an interval".to_owned(),
            |[estimate, low, high]| format!("{estimate:+.2} ({low:+.2} to {high:+.2})"),
        );
        line(format!(
            "  {:<24} {:>6} ratings of {:>4} sentences   {interval}",
            system.system, system.ratings, system.items
        ));
    }
    line(format!(
        "\n{:<10} {:<10} {:>9} {:>8} {:>8} {:>6} {:>6}  remarks",
        "rater", "state", "answers", "minutes", "audio", "plays", "bias"
    ));
    for rater in &progress.raters {
        let optional = |value: Option<f64>, signed: bool| match (value, signed) {
            (Some(value), true) => format!("{value:+.2}"),
            (Some(value), false) => format!("{value:.1}"),
            (None, _) => String::new(),
        };
        line(format!(
            "{:<10} {:<10} {:>9} {:>8.1} {:>8.1} {:>6} {:>6}  {}{}",
            rater.rater,
            state_words(rater.state),
            format!("{}/{}", rater.answered, rater.trials),
            rater.minutes,
            rater.audio_minutes,
            optional(rater.plays, false),
            optional(rater.bias, true),
            if rater.pilot { "pilot; " } else { "" },
            rater.flags.join("; ")
        ));
    }
    for problem in &progress.problems {
        line(format!("problem: {problem}"));
    }
    text
}
