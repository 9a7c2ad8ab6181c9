//! `mynah-summarize verdict`.

use std::process::ExitCode;

use mynah_cli::{Advised, BAD_RESULT, put, say};
use mynah_listening::{Conclusion, Origin, Role, Verdict};
use mynah_report::comparison::Comparison;

use super::args::{Requirement, VerdictArgs};
use super::{ratings, write};

/// Analyzes the ratings, writes the report and prints the conclusions.
pub(crate) fn run(args: &VerdictArgs) -> anyhow::Result<ExitCode> {
    args.overwrite.check_report(&args.out)?;
    let verdict = match (&args.plan, args.found.study()) {
        (Some(plan), _) => ratings::verdict(plan, &args.ratings)?,
        (None, Some(study)) => ratings::found_verdict(&args.ratings, &args.found.map, &study)?,
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
    put(&format!("assay sensitivity: {}\n", verdict.assay.explanation))?;
    match args.require {
        Some(requirement) if !is_met(&verdict, requirement) => Ok(ExitCode::from(BAD_RESULT)),
        _ => Ok(ExitCode::SUCCESS),
    }
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
