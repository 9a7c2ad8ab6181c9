//! `mynah-listen collect`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{Advised, BAD_RESULT, say};
use mynah_listening::{
    Collection, Key, Origin, Plan, Problem, ProblemKind, Rating, collect, collect_sessions, collect_tables,
};
use mynah_study::Store;

use super::args::CollectArgs;
use crate::files::check_table;
use crate::foreign_table::TableFile;

/// Design, rater, page, system, and the bits of the raw score.
pub(super) type Identity = (String, String, u32, String, u64);

/// Collects the answers of all files into one table, and reports the problems.
pub(crate) fn run(args: &CollectArgs) -> anyhow::Result<ExitCode> {
    check_table(&args.out)?;
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    let key = args.key.as_deref().map(Key::read).transpose()?;
    let collection = match &args.store {
        Some(path) => {
            let store = Store::open_existing(path, &plan)?;
            let n_others = store.sessions(&plan, !args.pilot)?.len();
            if n_others > 0 {
                let others = if args.pilot { "the study itself" } else { "the pilot" };
                say(&format!("left out {n_others} sessions of {others}"));
            }
            collect_sessions(&plan, store.sessions(&plan, args.pilot)?)
        }
        None => collect_files(&plan, key.as_ref(), &args.files)?,
    };
    report(&collection.problems);
    if !collection.absent.is_empty() {
        say(&format!("no answers yet from: {}", collection.absent.join(", ")));
    }
    args.overwrite.write_table(&args.out, &collection.ratings, identity)?;
    let n_planned: usize = plan.sessions.iter().map(|session| session.trials.len()).sum();
    let n = collection.ratings.len();
    let ratings = if n > n_planned {
        // Several people have done some of the sessions.
        format!("{n} ratings, {n_planned} planned,")
    } else {
        format!("{n} of {n_planned} planned ratings")
    };
    say(&format!("wrote {ratings} to `{}`", args.out.display()));
    let is_good = collection.problems.iter().all(|problem| problem.kind.is_harmless());
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::from(BAD_RESULT) })
}

/// Collects the answers of files: those that raters sent, or tables of another tool, which end in `.csv`.
fn collect_files(plan: &Plan, key: Option<&Key>, files: &[PathBuf]) -> anyhow::Result<Collection> {
    let is_table =
        |path: &&PathBuf| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    match files.iter().filter(is_table).count() {
        0 => return Ok(collect(plan, key, files)),
        n if n == files.len() => {}
        _ => {
            let remedy = "collect one kind after the other, into two tables";
            return Err(Advised::new("some of the files are tables, others are not", remedy).into());
        }
    }
    let mut tables = Vec::with_capacity(files.len());
    for path in files {
        // Only other formats than CSV have no table.
        tables.extend(TableFile::read(path, None)?.map(|file| file.table));
    }
    Ok(collect_tables(plan, key, &tables)?)
}

/// The most problems of one kind that are printed one by one.
const SHOWN: usize = 10;

/// Prints problems; of many of one kind the first ones and the number of the others.
fn report(problems: &[Problem]) {
    let mut kinds: Vec<(ProblemKind, usize)> = Vec::new();
    for problem in problems {
        let position = kinds.iter().position(|(kind, _)| *kind == problem.kind).unwrap_or_else(|| {
            kinds.push((problem.kind, 0));
            kinds.len() - 1
        });
        kinds[position].1 += 1;
        if kinds[position].1 <= SHOWN {
            let place = problem.row.map_or_else(String::new, |row| format!(", answer {row}"));
            say(&format!("{}{place}: {}", problem.file, problem.message));
        }
    }
    for (kind, n) in kinds.into_iter().filter(|(_, n)| *n > SHOWN) {
        say(&format!("and {} more problems of the kind `{}`", n - SHOWN, kind.as_str()));
    }
}

/// Identifies a human rating, independent of its file; `None` for a simulated one, which can be drawn again.
pub(super) fn identity(rating: &Rating) -> Option<Identity> {
    let identity = || {
        let Rating { design, rater, page, system, score_raw, .. } = rating;
        (design.clone(), rater.clone(), *page, system.clone(), score_raw.to_bits())
    };
    (rating.origin == Origin::Human).then(identity)
}
