//! `mynah-listen plan`.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_listening::{Plan, PowerRow, Protocol, Role, System};
use mynah_stats::power::Components;

use crate::files::make_parent;
use crate::named::{NamedDirectory, check_names};
use crate::program::{put, say};
use crate::wavs;

/// The protocols that come with the program.
const PROTOCOLS: [(&str, &str); 2] =
    [("cmos", include_str!("../../protocols/cmos.toml")), ("mos", include_str!("../../protocols/mos.toml"))];

/// What the command line asked for.
pub(crate) struct Settings {
    pub(crate) protocol: Protocol,
    pub(crate) reference: Option<NamedDirectory>,
    pub(crate) systems: Vec<NamedDirectory>,
    pub(crate) anchors: Vec<NamedDirectory>,
    pub(crate) out: PathBuf,
    pub(crate) study: String,
    pub(crate) seed: u64,
    pub(crate) items: Option<PathBuf>,
    pub(crate) components: Components,
}

/// The protocol of that name, or in that file.
pub(crate) fn read_protocol(name: &str) -> anyhow::Result<Protocol> {
    let text = match PROTOCOLS.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => (*text).to_owned(),
        None => fs::read_to_string(name).with_context(|| {
            format!("failed to read protocol `{name}`: give `cmos`, `mos` or the path of a TOML file")
        })?,
    };
    Protocol::from_toml(&text).with_context(|| format!("failed to use protocol `{name}`"))
}

/// Plans, writes the plan and prints what it buys.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    check_names(directories(settings))?;
    let system = |named: &NamedDirectory, role| System {
        name: named.name.clone(),
        role,
        directory: named.directory.to_string_lossy().into_owned(),
    };
    let systems: Vec<System> = settings
        .reference
        .iter()
        .map(|named| system(named, Role::Reference))
        .chain(settings.systems.iter().map(|named| system(named, Role::Candidate)))
        .chain(settings.anchors.iter().map(|named| system(named, Role::Anchor)))
        .collect();
    let items = items(settings)?;
    let plan = Plan::new(settings.protocol.clone(), systems, items, &settings.study, settings.seed)
        .context("failed to plan the test")?;
    let table = plan.power_table(&settings.components)?;
    make_parent(&settings.out)?;
    plan.write(&settings.out)?;
    put(&describe(&plan, &settings.components, &table)?)?;
    say(&format!("wrote `{}`", settings.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Of everything that raters hear.
fn directories(settings: &Settings) -> impl Iterator<Item = &NamedDirectory> {
    settings.reference.iter().chain(&settings.systems).chain(&settings.anchors)
}

/// The sentences to choose from.
fn items(settings: &Settings) -> anyhow::Result<Vec<String>> {
    if let Some(path) = &settings.items {
        let items = wavs::read_list(path)?;
        for named in directories(settings) {
            if let Some(missing) = items.iter().find(|item| wavs::find(&named.directory, item).is_none()) {
                anyhow::bail!(
                    "`{}` lists item `{missing}`, but `{}` has no `{missing}.wav`",
                    path.display(),
                    named.directory.display()
                );
            }
        }
        return Ok(items);
    }
    let mut common = None;
    for named in directories(settings) {
        let items = wavs::items(&named.directory)?;
        common = Some(match common {
            None => items,
            Some(others) => items.intersection(&others).cloned().collect(),
        });
    }
    Ok(common.unwrap_or_default().into_iter().collect())
}

/// The size of the test, and what tests of this and other sizes can show.
fn describe(plan: &Plan, components: &Components, table: &[PowerRow]) -> Result<String, fmt::Error> {
    let mut trials: Vec<usize> = plan.sessions.iter().map(|session| session.trials.len()).collect();
    trials.sort_unstable();
    let (least, most) = (trials.first().copied().unwrap_or(0), trials.last().copied().unwrap_or(0));
    let per_rater = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let mut text = String::new();
    writeln!(text, "study {}, design {}", plan.study, plan.design)?;
    writeln!(
        text,
        "{} items, {} raters, {per_rater} judgements each, {} in all\n",
        plan.items.len(),
        plan.sessions.len(),
        trials.iter().sum::<usize>()
    )?;
    writeln!(
        text,
        "What it buys, for one comparison with standard deviations of {} between sentences, {} between raters and {} \
         within:\n",
        components.item_sd, components.rater_sd, components.residual_sd
    )?;
    let heads =
        ["", "items", "ratings/item", "raters", "standard error", "smallest margin", "detectable difference"];
    writeln!(
        text,
        "{:<9}  {:>5}  {:>12}  {:>6}  {:>14}  {:>15}  {:>21}",
        heads[0], heads[1], heads[2], heads[3], heads[4], heads[5], heads[6]
    )?;
    for row in table {
        writeln!(
            text,
            "{:<9}  {:>5}  {:>12}  {:>6}  {:>14.3}  {:>15.2}  {:>21.2}",
            if row.planned { "this plan" } else { "" },
            row.size.items,
            row.size.ratings_per_item,
            row.size.raters,
            row.power.standard_error,
            row.power.smallest_margin,
            row.power.detectable_difference
        )?;
    }
    let margin = plan.protocol.analysis.margin;
    let enough = table.iter().any(|row| row.planned && row.power.smallest_margin <= margin);
    let meaning = if enough {
        "a system without any difference is found equivalent in at least 80 % of such tests."
    } else {
        "too narrow for this size; a system without any difference would often be found inconclusive."
    };
    writeln!(text, "\nThe margin of the protocol is {margin}: {meaning}")?;
    if plan.protocol.human_reference && plan.anchors().next().is_none() {
        writeln!(
            text,
            "\nThere is no anchor: without one a test cannot show that it finds differences, and no verdict speaks of \
             human level.\n`mynah-listen anchor` makes one, `--anchor NAME=DIR` puts it into the plan."
        )?;
    }
    Ok(text)
}
