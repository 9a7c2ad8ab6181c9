//! The output of `mynah-listen` on tests of right and wrong answers.

use std::fmt::{self, Write as _};

use anyhow::Context as _;
use mynah_listening::{DiscriminationPowerRow, Plan};
use mynah_stats::power::Components;

use super::plan::{describe_anchor, describe_size, write_power};

/// Describes the size of the test, and the power of tests of this and other sizes.
pub(super) fn describe(plan: &Plan, components: &Components) -> anyhow::Result<String> {
    let table = plan.discrimination_power_table(components)?;
    power(plan, components, &table).context("the power cannot be written")
}

/// Formats the power of one comparison.
fn power(
    plan: &Plan,
    components: &Components,
    table: &[DiscriminationPowerRow],
) -> Result<String, fmt::Error> {
    let mut text = describe_size(plan);
    writeln!(
        text,
        "Power of one comparison, if the keenness of raters and what sentences give away vary by factors, whose logarithms have \
         standard deviations of {} and {}:\n",
        components.rater_sd, components.item_sd
    )?;
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let heads = ["answers/item", "standard error", "smallest margin", "detectable share"];
    let rows = table.iter().map(|row| {
        let shown = [
            percent(row.standard_error),
            percent(row.smallest_margin),
            row.detectable_share.map_or_else(|| "none".to_owned(), percent),
        ];
        (row.planned, row.size, shown)
    });
    write_power(&mut text, heads, rows)?;
    let margin = plan.protocol.analysis.margin;
    let enough = table.iter().any(|row| row.planned && row.smallest_margin <= margin);
    let meaning = if enough {
        "in at least 80 % of such tests, a system that nobody can tell apart is found to be one."
    } else {
        "too narrow for this size; about a system that nobody can tell apart, often nothing would be shown."
    };
    writeln!(
        text,
        "\nThe share is that of right answers, 50 % by guessing; its standard error and the margin around 50 % are those of \
         guessing,\nand the detectable share is told from guessing in 80 % of tests.\nThe margin of the protocol is {}: {meaning}",
        percent(margin)
    )?;
    text.push_str(&describe_anchor(plan)?);
    Ok(text)
}
