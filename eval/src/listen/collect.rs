//! `mynah-listen collect`.

use std::process::ExitCode;

use anyhow::Context as _;
use mynah_listening::{Origin, Plan, Rating, collect};

use super::args::CollectArgs;
use crate::files::check_table;
use crate::program::{BAD_RESULT, say};

/// Design, rater, page, and the bits of what was clicked.
pub(super) type Judgement = (String, String, u32, u64);

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
    args.overwrite.write_table(&args.out, &collection.ratings, judgement)?;
    let n_planned: usize = plan.sessions.iter().map(|session| session.trials.len()).sum();
    say(&format!(
        "wrote {} of {n_planned} planned ratings to `{}`",
        collection.ratings.len(),
        args.out.display()
    ));
    let is_good = collection.problems.iter().all(|problem| problem.kind.is_harmless());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

/// What somebody has judged, wherever it was read; nothing for a simulated rating, which can be drawn again.
pub(super) fn judgement(rating: &Rating) -> Option<Judgement> {
    let judgement = || (rating.design.clone(), rating.rater.clone(), rating.page, rating.score_raw.to_bits());
    (rating.origin == Origin::Human).then(judgement)
}
