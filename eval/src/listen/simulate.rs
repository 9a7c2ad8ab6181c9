//! `mynah-listen simulate`.

use std::process::ExitCode;

use anyhow::Context as _;
use mynah_corpus::table::write_table;
use mynah_listening::{Plan, Simulation, simulate};

use super::args::SimulateArgs;
use crate::files::{check_table, make_parent};
use crate::program::say;

/// Draws a rating for every trial of the plan and writes them.
pub(crate) fn run(args: &SimulateArgs) -> anyhow::Result<ExitCode> {
    check_table(&args.out)?;
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    let mut simulation = Simulation {
        components: args.components.components(),
        mos_level: args.mos_level,
        seed: args.seed,
        ..Simulation::default()
    };
    for (name, value) in &args.true_difference {
        if simulation.true_differences.insert(name.clone(), *value).is_some() {
            anyhow::bail!("`--true-difference` names `{name}` twice");
        }
    }
    let ratings = simulate(&plan, &simulation).context("failed to simulate the ratings")?;
    make_parent(&args.out)?;
    write_table(&args.out, &ratings)?;
    say(&format!("wrote {} simulated ratings to `{}`", ratings.len(), args.out.display()));
    Ok(ExitCode::SUCCESS)
}
