//! `mynah-summarize verdict`.

use std::process::ExitCode;

use mynah_listening::{Conclusion, Origin, Verdict};
use mynah_report::comparison::Comparison;

use super::args::VerdictArgs;
use super::{ratings, write};
use crate::program::{BAD_RESULT, put, say};

/// Judges, prints the words, writes the report.
pub(crate) fn run(args: &VerdictArgs) -> anyhow::Result<ExitCode> {
    let verdict = ratings::verdict(&args.plan, &args.ratings)?;
    let versions = write::versions();
    let title = format!("Listening test: {}", verdict.study);
    let comparison = Comparison {
        title: &title,
        scores: &[],
        metrics: &[],
        verdicts: std::slice::from_ref(&verdict),
        samples: &[],
        worst: &[],
        versions: &versions,
        level: 1.0 - verdict.analysis.alpha,
    };
    write::write(&comparison, &args.out)?;
    for system in &verdict.systems {
        put(&format!("{}: {}\n", system.system, system.words))?;
    }
    match args.require {
        Some(requirement) if !is_met(&verdict, requirement.conclusion()) => Ok(ExitCode::from(BAD_RESULT)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Whether every system with a conclusion reaches the required one, by the ears of people; says what is missing.
fn is_met(verdict: &Verdict, required: Conclusion) -> bool {
    if verdict.origin == Origin::Simulated {
        say("not met: the ratings are simulated, which proves nothing about a voice");
        return false;
    }
    // Only the reference itself, in a test of single clips, has nothing to be compared with.
    let judged = verdict.systems.iter().filter(|system| verdict.reference.as_ref() != Some(&system.system));
    let mut met = true;
    for system in judged {
        if !system.conclusion.is_some_and(|conclusion| conclusion.implies(required)) {
            let found = system.conclusion.map_or("nothing", Conclusion::as_str);
            say(&format!("not met: {} is {found}, required is {}", system.system, required.as_str()));
            met = false;
        }
    }
    met
}
