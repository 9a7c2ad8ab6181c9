//! `mynah-listen collect`.

use std::process::ExitCode;

use anyhow::Context as _;
use mynah_listening::{Plan, collect};
use mynah_table::write_table;

use super::args::CollectArgs;
use crate::files::{check_table, make_parent};
use crate::program::{BAD_RESULT, say};

/// Puts the answers of all files into one table, and says what was wrong with them.
pub(crate) fn run(args: &CollectArgs) -> anyhow::Result<ExitCode> {
    check_table(&args.out)?;
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    let collection = collect(&plan, &args.files);
    for problem in &collection.problems {
        let place = problem.row.map_or_else(String::new, |row| format!(", answer {row}"));
        say(&format!("{}{place}: {}", problem.file, problem.message));
    }
    if !collection.absent.is_empty() {
        say(&format!("no file yet from: {}", collection.absent.join(", ")));
    }
    make_parent(&args.out)?;
    write_table(&args.out, &collection.ratings)?;
    let n_planned: usize = plan.sessions.iter().map(|session| session.trials.len()).sum();
    say(&format!(
        "wrote {} of {n_planned} planned ratings to `{}`",
        collection.ratings.len(),
        args.out.display()
    ));
    if collection.problems.is_empty() { Ok(ExitCode::SUCCESS) } else { Ok(ExitCode::from(BAD_RESULT)) }
}
