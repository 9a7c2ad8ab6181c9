//! The table of an answer: of the listening tests or, without any, of the scores.

use std::fmt::Write as _;

use mynah_listening::{Defined, Role, SystemVerdict, Verdict};
use mynah_stats::Interval;

use super::Answer;
use crate::comparison::best;
use crate::comparison::cells::{cell, number_cell, probability_cell};
use crate::comparison::ratings::{self, simulated};
use crate::comparison::scores::{decimals, interval_cell, label_of, percent};
use crate::table::{Cell, Table};

impl Answer<'_> {
    /// Returns the table of the listening tests: every number that a reader of a paper asks for.
    pub(super) fn rating_table(&self, order: &[String]) -> Table {
        let several = self.verdicts.len() > 1;
        let mut columns = Vec::new();
        if several {
            columns.push(("test", "Test"));
        }
        columns.extend([
            ("system", "System"),
            ("conclusion", "Conclusion"),
            ("estimate", "Estimate"),
            ("standard_error", "SE"),
            ("degrees_of_freedom", "df"),
            ("p_corrected", "p, corrected"),
            ("equivalence", "Interval for equivalence"),
            ("margin", "Margin"),
            ("ratings", "Ratings"),
            ("raters", "Raters"),
            ("effective_raters", "weigh as"),
            ("sentences", "Sentences"),
            ("effective_sentences", "weigh as"),
        ]);
        let mut caption = String::new();
        if let [verdict] = self.verdicts {
            caption += simulated(verdict);
        }
        caption += "Estimate: the difference from the reference or, without one, the mean, with its interval";
        if let [verdict] = self.verdicts {
            let _ = write!(caption, " of {}", percent(verdict.difference_level()));
        }
        caption += ". Intervals, p-values and conclusions hold for all systems under test together. Raters and sentences \
                    who contribute unequally weigh as fewer equal ones.";
        let mut table = Table::new("answer", caption, &columns);
        for verdict in self.verdicts {
            let mut rows: Vec<&SystemVerdict> =
                verdict.systems.iter().filter(|system| system.role != Role::Reference).collect();
            // Anchors come last.
            rows.sort_by_key(|system| {
                order
                    .iter()
                    .position(|name| *name == system.system)
                    .filter(|_| system.role == Role::Candidate)
                    .unwrap_or(order.len())
            });
            for system in rows {
                let mut row = Vec::new();
                if several {
                    row.push(Cell::text(&verdict.study));
                }
                row.extend(row_of(verdict, system));
                table.rows.push(row);
            }
        }
        if self.verdicts.iter().all(|verdict| verdict.reference.is_none()) {
            return table.without(&["conclusion", "p_corrected", "equivalence", "margin"]);
        }
        table
    }

    /// Returns the table of the scores: systems in rows, metrics in columns.
    pub(super) fn score_table(&self, systems: &[String]) -> Table {
        let keys: Vec<(String, String)> = self
            .metrics
            .iter()
            .map(|metric| (metric.profile.clone(), label_of(&self.title(metric), &metric.unit)))
            .collect();
        let has_order = !self.checkpoints.rankings.is_empty() && systems.len() > 1;
        let mut columns: Vec<(&str, &str)> = vec![("system", "System")];
        columns.extend(keys.iter().map(|(key, title)| (key.as_str(), title.as_str())));
        columns.push(("without", "Without a value"));
        if has_order {
            columns.push(("may_be_best", "May be the best by"));
        }
        let caption = format!(
            "Means over the items that have a value, with {} intervals. Without a value: rows that failed or are \
             undefined, over all metrics. A system may be the best if no other is better by more than chance.",
            percent(self.level)
        );
        let mut table = Table::new("answer", caption, &columns);
        for name in systems {
            let mut row = vec![Cell::text(name)];
            let mut n_without = 0;
            for metric in self.metrics {
                let system = metric.systems.iter().find(|system| system.system == *name);
                n_without += system.map_or(0, |system| metric.n_items - system.n_ok);
                row.push(system.map_or(Cell::Missing("no row".into()), |system| {
                    interval_cell(&system.interval, &system.mean, decimals(metric))
                }));
            }
            row.push(Cell::Count(n_without as u64));
            if has_order {
                row.push(Cell::List(best::leads(self.checkpoints, name)));
            }
            table.rows.push(row);
        }
        table
    }
}

fn row_of(verdict: &Verdict, system: &SystemVerdict) -> Vec<Cell> {
    let has_difference = verdict.reference.is_some();
    let estimate = if has_difference { &system.difference } else { &system.interval };
    let interval = |value: &Defined<Interval>| {
        let range =
            |value: &Interval| Cell::Range { low: value.low, high: value.high, decimals: ratings::DECIMALS };
        cell(value, range)
    };
    let name = if system.role == Role::Anchor {
        format!("{} (anchor)", system.system)
    } else {
        system.system.clone()
    };
    vec![
        Cell::text(name),
        match system.conclusion {
            Some(conclusion) => Cell::text(conclusion.as_str()),
            None => Cell::Missing("nothing to compare with".into()),
        },
        ratings::interval_cell(estimate),
        number_cell(&system.standard_error, 3),
        number_cell(&system.degrees_of_freedom, 1),
        probability_cell(&system.adjusted_p_value),
        interval(&system.equivalence_interval),
        Cell::Number { value: verdict.analysis.margin, decimals: ratings::DECIMALS },
        Cell::Count(system.n_ratings as u64),
        Cell::Count(system.n_raters as u64),
        number_cell(&system.effective_raters, 1),
        Cell::Count(system.n_items as u64),
        number_cell(&system.effective_items, 1),
    ]
}
