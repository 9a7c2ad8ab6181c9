//! `mynah-listen audit`.

use std::fmt::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{Advised, put};
use mynah_listening::{Audit, Comparison, Key, Plan, Property, SystemAudit, audit};

use super::args::AuditArgs;

/// Maximum number of sentences to list.
const SHOWN: usize = 5;

/// Measures the clips of a bundle and prints what tells its systems apart.
pub(crate) fn run(args: &AuditArgs) -> anyhow::Result<ExitCode> {
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    let key_path = Key::path_beside(&args.bundle);
    let key =
        Key::read(&key_path).with_context(|| format!("failed to read the key `{}`", key_path.display()))?;
    if key.design != plan.design {
        let message = format!(
            "`{}` was built from a plan of design {}, `{}` has {}",
            args.bundle.display(),
            key.design,
            args.plan.display(),
            plan.design
        );
        return Err(Advised::new(message, "name the plan that the bundle was built from").into());
    }
    let audit = audit(&plan, &args.bundle, &key)
        .with_context(|| format!("failed to audit `{}`", args.bundle.display()))?;
    put(&describe(&audit)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Describes the properties of all systems, and those that give them away.
pub(super) fn describe(audit: &Audit) -> Result<String, fmt::Error> {
    let mut text = String::new();
    writeln!(text, "Medians of the clips, and their lengths relative to those of `{}`:\n", audit.baseline)?;
    let width = audit.systems.iter().map(|system| system.system.chars().count()).max().unwrap_or(0);
    writeln!(
        text,
        "{:<width$}  {:>5}  {:>8}  {:>7}  {:>7}  {:>19}  {:>11}  {:>13}  {:>9}",
        "", "clips", "before", "after", "length", "ratio: mean, median", "level", "noise floor", "bandwidth"
    )?;
    for system in &audit.systems {
        describe_system(&mut text, system, width)?;
    }
    writeln!(text)?;
    for duplicates in &audit.duplicates {
        let (first, rest) = duplicates.items.split_at(duplicates.items.len().min(SHOWN));
        let rest = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        writeln!(
            text,
            "{} have the very same file for {}{rest}: a clip that was missing may have been copied.",
            names(&duplicates.systems),
            first.join(", ")
        )?;
    }
    let mut is_blind = true;
    for (system, comparison) in audit.revealing() {
        is_blind = false;
        writeln!(text, "{}", finding(system, &audit.baseline, comparison))?;
    }
    if is_blind {
        writeln!(text, "None of these properties gives a system away.")?;
    }
    writeln!(text)?;
    Ok(text)
}

fn describe_system(text: &mut String, system: &SystemAudit, width: usize) -> fmt::Result {
    let value = |property: Property| {
        system.medians.get(&property).map_or_else(|| "-".to_owned(), |&value| with_unit(property, value))
    };
    let ratio = system.length_ratio.map_or_else(
        || "-".to_owned(),
        |ratio| format!("{:.0} %, {:.0} %", 100.0 * ratio.mean, 100.0 * ratio.median),
    );
    writeln!(
        text,
        "{:<width$}  {:>5}  {:>8}  {:>7}  {:>7}  {:>19}  {:>11}  {:>13}  {:>9}",
        system.system,
        system.n_clips,
        value(Property::LeadIn),
        value(Property::Tail),
        value(Property::Length),
        ratio,
        value(Property::Level),
        value(Property::NoiseFloor),
        value(Property::Bandwidth)
    )
}

/// Says that a property gives a system away, in which sentences, and what can be done.
fn finding(system: &str, baseline: &str, comparison: &Comparison) -> String {
    let &Comparison { property, n_sentences, n_above, n_below, median_difference, .. } = comparison;
    let (word, n) = if n_above > n_below { ("more", n_above) } else { ("less", n_below) };
    let difference = if property.is_relative() {
        format!("{:+.0} %", 100.0 * median_difference)
    } else {
        with_sign(property, median_difference)
    };
    format!(
        "The {} gives `{system}` away: {word} than that of `{baseline}` in {n} of {n_sentences} sentences, {difference} in \
         the median. {}",
        property.name(),
        remedy(property)
    )
}

fn remedy(property: Property) -> &'static str {
    match property {
        Property::LeadIn | Property::Tail => "Build with --edges trim, or cut the silence.",
        Property::Length => {
            "Cut what is not speech; a speaker who is faster or slower is part of what raters judge."
        }
        Property::Level => "Raise `loudness_lufs` or `true_peak_dbtp` in the protocol.",
        Property::NoiseFloor => {
            "Denoise the noisier clips, or add noise to the others, if noise is not to be judged."
        }
        Property::Bandwidth => "Filter all clips to the lowest bandwidth, if bandwidth is not to be judged.",
    }
}

fn with_unit(property: Property, value: f64) -> String {
    match property {
        Property::LeadIn | Property::Tail | Property::Length => format!("{value:.2} s"),
        Property::Level => format!("{value:.1} LUFS"),
        Property::NoiseFloor => format!("{value:.0} dBFS"),
        Property::Bandwidth => format!("{:.1} kHz", value / 1000.0),
    }
}

fn with_sign(property: Property, difference: f64) -> String {
    match property {
        Property::Level => format!("{difference:+.1} LU"),
        Property::NoiseFloor => format!("{difference:+.1} dB"),
        _ => format!("{difference:+.2} s"),
    }
}

/// Joins names with commas and "and".
fn names(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => quoted.concat(),
    }
}
