//! `mynah-listen collect`.

use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{BAD_RESULT, say};
use mynah_listening::{Origin, Plan, Rating, collect};

use super::args::CollectArgs;
use crate::files::check_table;

/// Design, rater, page, and the bits of the raw score.
pub(super) type Identity = (String, String, u32, u64);

/// Collects the answers of all files into one table, and reports the problems.
pub(crate) fn run(args: &CollectArgs) -> anyhow::Result<ExitCode> {
    check_table(&args.out)?;
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    let collection = collect(&plan, &args.files);
    for problem in &collection.problems {
        let place = problem.row.map_or_else(String::new, |row| format!(", answer {row}"));
        say(&format!("{}{place}: {}", problem.file, problem.message));
    }
    if !collection.absent.is_empty() {
        say(&format!("no answers yet from: {}", collection.absent.join(", ")));
    }
    args.overwrite.write_table(&args.out, &collection.ratings, identity)?;
    let n_planned: usize = plan.sessions.iter().map(|session| session.trials.len()).sum();
    say(&format!(
        "wrote {} of {n_planned} planned ratings to `{}`",
        collection.ratings.len(),
        args.out.display()
    ));
    let is_good = collection.problems.iter().all(|problem| problem.kind.is_harmless());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

/// Identifies a human rating, independent of its file; `None` for a simulated one, which can be drawn again.
pub(super) fn identity(rating: &Rating) -> Option<Identity> {
    let identity = || (rating.design.clone(), rating.rater.clone(), rating.page, rating.score_raw.to_bits());
    (rating.origin == Origin::Human).then(identity)
}
