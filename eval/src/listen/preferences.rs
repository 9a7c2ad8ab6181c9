//! The output of `mynah-listen` on preference tests.

use std::fmt::{self, Write as _};

use anyhow::Context as _;
use mynah_listening::{Outcome, OutcomeRate, Plan, PreferencePowerRow};
use mynah_stats::power::Components;

use super::plan::{describe_size, write_power};
use super::simulate;

/// Describes the size of the test, and the power of tests of this and other sizes.
pub(super) fn describe(plan: &Plan, components: &Components) -> anyhow::Result<String> {
    let table = plan.preference_power_table(components)?;
    power(plan, components, &table).context("the power cannot be written")
}

/// Formats the power of one pair of systems.
fn power(plan: &Plan, components: &Components, table: &[PreferencePowerRow]) -> Result<String, fmt::Error> {
    let mut text = describe_size(plan);
    let n_pairs = plan.pairs().len();
    let pairs = if n_pairs == 1 { "1 pair".to_owned() } else { format!("{n_pairs} pairs") };
    writeln!(
        text,
        "{pairs} of {} systems, {} votes on each\n",
        plan.systems.len(),
        plan.items.len() * plan.protocol.ratings_per_item as usize
    )?;
    writeln!(
        text,
        "Power of one pair, if votes are the signs of differences with standard deviations of {} between sentences, {} between \
         raters and {} within, and differences below half a point are no preference:\n",
        components.item_sd, components.rater_sd, components.residual_sd
    )?;
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let heads = ["votes/item", "standard error", "detectable share", "detectable difference"];
    let rows = table.iter().map(|row| {
        let shown = [
            percent(row.standard_error),
            row.detectable_share.map_or_else(|| "none".to_owned(), percent),
            row.detectable_difference.map_or_else(|| "none".to_owned(), |points| format!("{points:.2}")),
        ];
        (row.planned, row.size, shown)
    });
    write_power(&mut text, heads, rows)?;
    writeln!(
        text,
        "\nThe standard error is that of the share of votes for either of two equal systems. The detectable share, or the \
         difference\nin points of a comparison that gives it, is found in 80 % of tests."
    )?;
    if table.iter().any(|row| row.detectable_share.is_none()) {
        writeln!(text, "A size with `none` is too small to find even a system that nearly always wins.")?;
    }
    if n_pairs > 1 {
        writeln!(text, "All {n_pairs} pairs are tested together, which the table takes into account.")?;
    }
    writeln!(
        text,
        "Fewer than ten raters or sentences find less than the table says: rehearse them with `mynah-listen simulate --studies`.\n\
         A preference that is not found does not show that two systems are as good: a test of that needs a comparison (`cmos`)."
    )?;
    Ok(text)
}

/// Describes the pair of a row of rates, or all pairs.
pub(super) fn heading(rate: &OutcomeRate) -> String {
    match &rate.reference {
        Some(reference) => format!(
            "\n{} against {reference}, true mean vote {:+.2} (1 for {}, -1 for {reference})",
            rate.system, rate.true_difference, rate.system
        ),
        None => "\nall pairs together".to_owned(),
    }
}

/// Describes an outcome for a pair.
pub(super) fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Better => "concludes: preferred",
        Outcome::Worse => "concludes: the other is preferred",
        Outcome::IntervalCovers => "interval of the share covers the true value",
        Outcome::AnyFalseWord => "at least one preference that is found is false",
        Outcome::AnyIntervalMisses => "at least one interval misses the true value",
        _ => simulate::words(outcome),
    }
}
