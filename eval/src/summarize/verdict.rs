//! `mynah-summarize verdict`.

use std::process::ExitCode;

use mynah_cli::{Advised, BAD_RESULT, put, say};
use mynah_listening::{Conclusion, Defined, Origin, PreferenceVerdict, Ranking, Role, Verdict};
use mynah_report::comparison::Comparison;

use super::args::{Described, Requirement, VerdictArgs};
use super::found::found_verdict;
use super::ratings::Planned;
use super::votes::preference_verdict;
use super::{ratings, write};

/// Analyzes the ratings, writes the report and prints the conclusions.
pub(crate) fn run(args: &VerdictArgs) -> anyhow::Result<ExitCode> {
    args.overwrite.check_report(&args.out)?;
    let verdict = match (&args.plan, args.found()?) {
        (Some(plan), _) => match ratings::verdict(plan, &args.ratings)? {
            Planned::Scores(verdict) => *verdict,
            Planned::Votes(verdict) => return report_votes(args, &verdict),
        },
        (None, Some(Described::Scores(settings))) => found_verdict(&args.ratings, &settings)?,
        (None, Some(Described::Votes(settings))) => {
            return report_votes(args, &preference_verdict(&args.ratings, &settings)?);
        }
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
        preferences: &[],
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

/// Writes the report on a preference test and prints the conclusions.
fn report_votes(args: &VerdictArgs, verdict: &PreferenceVerdict) -> anyhow::Result<ExitCode> {
    if let Some(requirement) = args.require.filter(|requirement| *requirement != Requirement::Better) {
        let required = requirement.conclusion().map_or("human-level", Conclusion::as_str);
        let message = format!("a preference test cannot show `{required}`");
        let remedy =
            "require better, or leave --require out: not finding a preference does not show equality";
        return Err(Advised::new(message, remedy).into());
    }
    if args.require.is_some() && verdict.reference.is_none() {
        let remedy = match verdict.design {
            Some(_) => "plan the test with the system that must be beaten as --reference",
            None => "name the system that must be beaten with --reference",
        };
        return Err(Advised::new("--require better needs a reference", remedy).into());
    }
    let versions = write::versions();
    let title = format!("Preference test: {}", verdict.study);
    let comparison = Comparison {
        title: &title,
        scores: &[],
        metrics: &[],
        verdicts: &[],
        preferences: std::slice::from_ref(verdict),
        samples: &[],
        worst: &[],
        baselines: None,
        versions: &versions,
        level: 1.0 - verdict.alpha,
    };
    write::write(&comparison, &args.out)?;
    for system in verdict.systems.iter().filter(|system| verdict.reference.as_ref() != Some(&system.system)) {
        put(&format!("{}: {}\n", system.system, system.words))?;
    }
    if verdict.reference.is_none() || verdict.systems.len() > 2 {
        put(&format!("all: {}\n", verdict.words))?;
    }
    let listed = verdict.systems.iter().map(|one| (one.system.as_str(), one.best_rank, one.worst_rank));
    put(&format!("ranking: {}\n", list_ranks(listed)))?;
    match args.require {
        Some(_) if !is_preferred(verdict) => Ok(ExitCode::from(BAD_RESULT)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Returns true if people prefer every system to the reference; reports those that fail.
fn is_preferred(verdict: &PreferenceVerdict) -> bool {
    if verdict.origin == Origin::Simulated {
        say("not met: the votes are simulated, so they prove nothing about a voice");
        return false;
    }
    let mut met = true;
    for system in &verdict.systems {
        if let Some(found) = system.conclusion.filter(|conclusion| *conclusion != Conclusion::Better) {
            say(&format!("not met: {} is {}, expected better", system.system, found.as_str()));
            met = false;
        }
    }
    met
}

/// Lists the systems with their possible ranks.
fn ranks(ranking: &Ranking) -> String {
    list_ranks(ranking.systems.iter().map(|one| (one.system.as_str(), one.best_rank, one.worst_rank)))
}

fn list_ranks<'a>(systems: impl Iterator<Item = (&'a str, usize, usize)>) -> String {
    let listed: Vec<String> =
        systems
            .map(|(system, best, worst)| {
                if best == worst { format!("{system} {best}") } else { format!("{system} {best} to {worst}") }
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
