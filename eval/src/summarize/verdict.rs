//! `mynah-summarize verdict`.

use std::process::ExitCode;

use mynah_cli::{Advised, BAD_RESULT, put, say};
use mynah_listening::{Conclusion, Defined, Origin, Ranking, Role, Verdict};
use mynah_report::comparison::Comparison;

use super::args::{Requirement, VerdictArgs};
use super::found::found_verdict;
use super::{ratings, write};

/// Analyzes the ratings, writes the report and prints the conclusions.
pub(crate) fn run(args: &VerdictArgs) -> anyhow::Result<ExitCode> {
    args.overwrite.check_report(&args.out)?;
    let verdict = match (&args.plan, args.found()) {
        (Some(plan), _) => ratings::verdict(plan, &args.ratings)?,
        (None, Some(settings)) => found_verdict(&args.ratings, &settings)?,
        (None, None) => {
            let remedy =
                "name the plan of the test with --plan, or describe a test without one with --paradigm";
            return Err(Advised::new("neither --plan nor --paradigm is given", remedy).into());
        }
    };
    let versions = write::versions();
    let title = format!("Listening test: {}", verdict.study);
    let comparison = Comparison {
        title: &title,
        scores: &[],
        metrics: &[],
        verdicts: std::slice::from_ref(&verdict),
        samples: &[],
        worst: &[],
        baselines: None,
        versions: &versions,
        level: 1.0 - verdict.analysis.alpha,
    };
    write::write(&comparison, &args.out)?;
    for system in &verdict.systems {
        put(&format!("{}: {}\n", system.system, system.words))?;
    }
    if let Defined::Ok { value: ranking } = &verdict.ranking {
        put(&format!("ranking: {}\n", ranks(ranking)))?;
    }
    put(&format!("assay sensitivity: {}\n", verdict.assay.explanation))?;
    match args.require {
        Some(requirement) if !is_met(&verdict, requirement) => Ok(ExitCode::from(BAD_RESULT)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Lists the systems with their possible ranks.
fn ranks(ranking: &Ranking) -> String {
    let listed: Vec<String> = ranking
        .systems
        .iter()
        .map(|ranked| match (ranked.best_rank, ranked.worst_rank) {
            (best, worst) if best == worst => format!("{} {best}", ranked.system),
            (best, worst) => format!("{} {best} to {worst}", ranked.system),
        })
        .collect();
    listed.join(", ")
}

/// Returns true if human ratings support the required conclusion on every system under test; reports those that fail.
fn is_met(verdict: &Verdict, required: Requirement) -> bool {
    if verdict.origin == Origin::Simulated {
        say("not met: the ratings are simulated, so they prove nothing about a voice");
        return false;
    }
    let mut met = true;
    for system in verdict.systems.iter().filter(|system| system.role == Role::Candidate) {
        let reached = match required.conclusion() {
            Some(required) => system.conclusion.is_some_and(|conclusion| conclusion.implies(required)),
            None => system.human_level,
        };
        if !reached {
            let found = system.conclusion.map_or("nothing", Conclusion::as_str);
            let required = required.conclusion().map_or("human level", Conclusion::as_str);
            say(&format!("not met: {} is {found}, expected {required}", system.system));
            met = false;
        }
    }
    met
}
