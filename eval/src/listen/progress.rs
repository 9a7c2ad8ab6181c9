//! `mynah-listen progress`.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{put, say};
use mynah_listening::{Plan, RightAnswers};
use mynah_study::{Progress, State, Store, payments, progress};

use super::clock::now;
use super::payments::{beside, rows, uploads};
use super::served_args::ProgressArgs;

/// Prints the state of a study, and writes the list of payments.
pub(crate) fn run(args: &ProgressArgs) -> anyhow::Result<ExitCode> {
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    let store = Store::open_existing(&args.store, &plan)?;
    let progress = progress(&store, &plan, now())?;
    put(&describe(&progress))?;
    if let Some(path) = &args.payments {
        let rows = rows(payments(&store, &progress, args.bonus)?);
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

/// Describes the right answers among those to controls.
pub(crate) fn right(answers: RightAnswers) -> String {
    if answers.n == 0 { String::new() } else { format!("{}/{}", answers.n_right(), answers.n) }
}

/// Describes the state of a study.
fn describe(progress: &Progress) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        writeln!(text, "{words}").expect("a string takes every text");
    };
    line(format!("study {}, design {}", progress.study, progress.design));
    line(format!(
        "{} of {} sessions complete; participants: {} complete, {} at work, {} timed out, {} left, {} in the pilot",
        progress.complete_sessions,
        progress.sessions,
        progress.complete,
        progress.active,
        progress.timed_out,
        progress.left,
        progress.pilot
    ));
    let cells = progress.cells;
    line(format!(
        "{} ratings, {} planned; of {} sentences of systems {} have all of theirs and {} none, {} to {} each",
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
    let has_controls = progress.raters.iter().any(|rater| rater.traps.n + rater.gold.n > 0);
    let controls = |traps: &str, gold: &str| {
        if has_controls { format!(" {traps:>6} {gold:>6}") } else { String::new() }
    };
    line(format!(
        "\n{:<10} {:<10} {:>9} {:>8} {:>8} {:>6} {:>6}{}  remarks",
        "rater",
        "state",
        "answers",
        "minutes",
        "audio",
        "plays",
        "bias",
        controls("traps", "gold")
    ));
    for rater in &progress.raters {
        let optional = |value: Option<f64>, signed: bool| match (value, signed) {
            (Some(value), true) => format!("{value:+.2}"),
            (Some(value), false) => format!("{value:.1}"),
            (None, _) => String::new(),
        };
        line(format!(
            "{:<10} {:<10} {:>9} {:>8.1} {:>8.1} {:>6} {:>6}{}  {}{}",
            rater.rater,
            state_words(rater.state),
            format!("{}/{}", rater.answered, rater.trials),
            rater.minutes,
            rater.audio_minutes,
            optional(rater.plays, false),
            optional(rater.bias, true),
            controls(&right(rater.traps), &right(rater.gold)),
            if rater.pilot { "pilot; " } else { "" },
            rater.flags.join("; ")
        ));
    }
    for problem in &progress.problems {
        line(format!("problem: {problem}"));
    }
    text
}
