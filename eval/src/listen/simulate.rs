//! `mynah-listen simulate`.

use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{put, say};
use mynah_listening::{FAMILY, Outcome, OutcomeRate, Plan, Simulation, rehearse, simulate};

use super::args::SimulateArgs;
use super::collect::identity;
use super::preferences;
use crate::files::check_table;

/// Simulates a rating for every trial of the plan and writes them, or rehearses the whole test.
pub(crate) fn run(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    if let Some(out) = &args.out {
        check_table(out)?;
    }
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    let paradigm = plan.protocol.paradigm;
    let typical = Simulation::typical(paradigm);
    let mut simulation = Simulation {
        components: args.components.components(paradigm)?,
        attendance: args.attendance.attendance(),
        mos_level: args.mos_level.unwrap_or(typical.mos_level),
        right_controls: args.right_controls,
        careless: args.careless,
        seed: args.seed,
        ..typical
    };
    for (name, value) in &args.true_difference {
        if simulation.true_differences.insert(name.clone(), *value).is_some() {
            anyhow::bail!("`--true-difference` names `{name}` twice");
        }
    }
    if let Some(studies) = args.studies {
        let rates = rehearse(&plan, &simulation, studies).context("failed to rehearse the test")?;
        put(&table(&rates, &plan, studies))?;
        if let Some(out) = &args.out {
            args.overwrite.write_table(out, &rates, |_| None::<()>)?;
            say(&format!("wrote {} rates to `{}`", rates.len(), out.display()));
        }
    } else if let Some(out) = &args.out {
        let ratings = simulate(&plan, &simulation).context("failed to simulate the ratings")?;
        args.overwrite.write_table(out, &ratings, identity)?;
        say(&format!("wrote {} simulated ratings to `{}`", ratings.len(), out.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Formats the rates by system.
fn table(rates: &[OutcomeRate], plan: &Plan, studies: u64) -> String {
    let analysis = &plan.protocol.analysis;
    let rules = plan.protocol.paradigm.rules();
    let (is_of_pairs, tells_apart) = (rules.compares_all_pairs(), rules.tells_apart());
    let margin = if is_of_pairs { String::new() } else { format!(", margin {}", analysis.margin) };
    let mut lines = vec![format!(
        "{studies} simulated studies of {} sentences, {} ratings of each, {} raters; alpha {}{margin}",
        plan.items.len(),
        plan.protocol.ratings_per_item,
        plan.sessions.len(),
        analysis.alpha,
    )];
    let mut subject = None;
    for rate in rates {
        if subject != Some((&rate.system, &rate.reference)) {
            subject = Some((&rate.system, &rate.reference));
            lines.push(if is_of_pairs {
                preferences::heading(rate)
            } else if rate.system == FAMILY {
                "\nall systems under test together".to_owned()
            } else {
                format!("\n{}, {}", rate.system, truth(rate, tells_apart))
            });
        }
        let defined = if rate.studies < studies {
            format!("  of {} where it is defined", rate.studies)
        } else {
            String::new()
        };
        lines.push(format!(
            "  {:<52} {:>5.1} %   ({:.1} to {:.1}){defined}",
            if is_of_pairs { preferences::words(rate.outcome) } else { words(rate.outcome) },
            100.0 * rate.rate,
            100.0 * rate.low,
            100.0 * rate.high
        ));
    }
    lines.join("\n") + "\n"
}

/// Describes the truth about a system.
fn truth(rate: &OutcomeRate, tells_apart: bool) -> String {
    if tells_apart {
        format!("true share of right answers {:.1} %", 100.0 * (0.5 + rate.true_difference))
    } else {
        format!("true difference {:+.2}", rate.true_difference)
    }
}

/// Describes an outcome.
pub(super) fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Better => "concludes: better",
        Outcome::Equivalent => "concludes: equivalent",
        Outcome::NonInferior => "concludes: non-inferior",
        Outcome::Worse => "concludes: worse",
        Outcome::ToldApart => "concludes: told apart",
        Outcome::Inconclusive => "concludes: inconclusive",
        Outcome::TTestRejects => "clustered t test finds a difference",
        Outcome::IntervalCovers => "clustered interval covers the true value",
        Outcome::NaiveIntervalCovers => "naive interval covers the true value",
        Outcome::WilcoxonRatingsRejects => "Wilcoxon test on all ratings finds a difference",
        Outcome::WilcoxonItemMeansRejects => "Wilcoxon test on sentence means finds a difference",
        Outcome::RankSumRejects => "rank-sum test finds a difference",
        Outcome::SignTestRejects => "sign test on all votes finds a preference",
        Outcome::PaperRulePasses => "the paper's rule passes",
        Outcome::AnyFalseWord => "at least one conclusion is false",
        Outcome::AnyIntervalMisses => "at least one interval misses the true value",
    }
}
