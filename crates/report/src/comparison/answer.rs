//! The answer at the top of a report: what follows, in one figure and one table, and the grounds for doubting it.

use std::fmt::Write as _;

use mynah_listening::{Conclusion, Defined, PreferenceVerdict, Role, SystemVerdict, Verdict};
use mynah_stats::Interval;

use super::best;
use super::checkpoints::Checkpoints;
use super::documents::plural;
use super::preference;
use super::preferred;
use super::ratings::{self, simulated};
use super::scores::{interval_cell, label, percent};
use super::summary::{MetricSummary, SystemSummary};
use super::validity::Validity;
use crate::error::Error;
use crate::figure::{Matrix, MatrixColumn, MatrixPoint, number};
use crate::page::{Block, Figure, Tone};
use crate::table::{Cell, Table};

/// Number of systems in the figure; the others are in the parts below.
const MOST_ROWS: usize = 16;
/// Number of measures in the figure; listening tests come before metrics.
const MOST_COLUMNS: usize = 6;
/// Number of doubts listed.
const MOST_DOUBTS: usize = 8;
/// Number of systems named in a doubt.
const MOST_NAMED: usize = 3;
/// Share of the raters, as weighed, below which unequal contributions are worth a sentence.
const UNEQUAL: f64 = 0.5;
/// Number of items below which metrics are worth a warning.
const FEW_ITEMS: usize = 20;
/// Correlation over utterances below which a metric does not follow the listeners.
const UNRELATED: f64 = 0.2;

/// Everything from which the answer follows.
pub(crate) struct Answer<'a> {
    pub(crate) verdicts: &'a [Verdict],
    pub(crate) preferences: &'a [PreferenceVerdict],
    pub(crate) metrics: &'a [MetricSummary],
    pub(crate) checkpoints: &'a Checkpoints,
    pub(crate) validity: &'a [Validity],
    pub(crate) level: f64,
}

impl Answer<'_> {
    /// Returns the words, the figure, the table and the doubts.
    pub(crate) fn blocks(&self) -> Result<Vec<Block>, Error> {
        let findings = self
            .verdicts
            .iter()
            .map(Self::of_test)
            .chain(self.preferences.iter().map(preference::summary))
            .chain(self.of_scores());
        let mut blocks = vec![Block::SideBySide(findings.collect())];
        let systems = self.systems();
        if !systems.is_empty() {
            blocks.push(Block::Figures(vec![self.figure(&systems)?]));
        }
        blocks.push(Block::Table(match (self.verdicts, self.preferences) {
            ([], [test, ..]) if self.metrics.is_empty() => {
                Table { name: "answer".into(), ..preference::systems(test) }
            }
            ([], _) => self.score_table(&systems),
            _ => self.rating_table(&systems),
        }));
        let mut doubts = self.doubts();
        if !doubts.is_empty() {
            let n_more = doubts.len().saturating_sub(MOST_DOUBTS);
            doubts.truncate(MOST_DOUBTS);
            if n_more > 0 {
                doubts.push(format!("{n_more} more are in the parts below."));
            }
            blocks.push(Block::Finding {
                title: "Before you rely on it".into(),
                word: String::new(),
                tone: Tone::Open,
                sentences: doubts,
                grounds: Vec::new(),
            });
        }
        Ok(blocks)
    }

    /// Describes the outcome of a listening test: of one system in full, of several grouped by conclusion.
    fn of_test(verdict: &Verdict) -> Block {
        let candidates: Vec<&SystemVerdict> = candidates(verdict).collect();
        if let [system] = candidates[..] {
            let Block::Finding { title, word, tone, .. } = ratings::finding(verdict, system) else {
                unreachable!("a system has a finding");
            };
            let sentences = vec![system.words.clone()];
            return Block::Finding { title, word, tone, sentences, grounds: Vec::new() };
        }
        let reference = verdict.reference.as_deref().unwrap_or("the reference");
        let mut sentences = Vec::new();
        let mut counts = Vec::new();
        let orders: [(Conclusion, String); 5] = [
            (Conclusion::Better, format!("Better than `{reference}`")),
            (
                Conclusion::Equivalent,
                format!("Equivalent to `{reference}` within ±{}", verdict.analysis.margin),
            ),
            (
                Conclusion::NonInferior,
                format!("Not worse than `{reference}` by more than {}", verdict.analysis.margin),
            ),
            (Conclusion::Inconclusive, "Inconclusive".to_owned()),
            (Conclusion::Worse, format!("Worse than `{reference}`")),
        ];
        let mut tones = Vec::new();
        for (conclusion, words) in orders {
            let names: Vec<&str> = candidates
                .iter()
                .filter(|system| system.conclusion == Some(conclusion))
                .map(|system| system.system.as_str())
                .collect();
            if !names.is_empty() {
                counts.push(format!("{} {}", names.len(), conclusion.as_str().replace('-', "\u{2011}")));
                sentences.push(format!("{words}: {}.", names.join(", ")));
                tones.push(ratings::tone(Some(conclusion)));
            }
        }
        let at_human_level: Vec<&str> = candidates
            .iter()
            .filter(|system| system.human_level)
            .map(|system| system.system.as_str())
            .collect();
        if verdict.human_reference && verdict.design.is_some() {
            sentences.push(match &at_human_level[..] {
                [] => "None is shown to be at human level.".to_owned(),
                names => format!("At human level: {}.", names.join(", ")),
            });
        }
        if let Defined::Ok { value: ranking } = &verdict.ranking {
            sentences.push(preferred::sentence(ranking));
        }
        let is_simulated = !simulated(verdict).is_empty();
        let word = if counts.is_empty() { "nothing to compare with".to_owned() } else { counts.join(", ") };
        Block::Finding {
            title: format!("Listeners, {}", verdict.study),
            word: if is_simulated { format!("simulated: {word}") } else { word },
            tone: match &tones[..] {
                [tone] if !is_simulated => *tone,
                _ => Tone::Open,
            },
            sentences,
            grounds: Vec::new(),
        }
    }

    /// Describes which system is best by the metrics; `None` without several systems.
    fn of_scores(&self) -> Option<Block> {
        if self.metrics.iter().all(|metric| metric.systems.len() < 2) {
            return None;
        }
        let (word, sentences) = if self.checkpoints.rankings.is_empty() {
            let why = "No metric of these scores says which way is better, so none is called best.";
            ("no order".to_owned(), vec![why.to_owned()])
        } else {
            (best::word(self.checkpoints), best::short_sentences(self.checkpoints))
        };
        Some(Block::Finding {
            title: "Scores".into(),
            word,
            tone: Tone::Open,
            sentences,
            grounds: Vec::new(),
        })
    }

    /// Returns the systems in the order of the rows: as listeners rank them, else by training step, else as the first
    /// metric ranks them; then the others.
    fn systems(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        };
        for verdict in self.verdicts {
            let mut rated: Vec<&SystemVerdict> = candidates(verdict).collect();
            let mean = |system: &SystemVerdict| system.mean.value().copied().unwrap_or(f64::NEG_INFINITY);
            rated.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
            for system in rated {
                add(&system.system);
            }
        }
        for test in self.preferences {
            for system in &test.systems {
                add(&system.system);
            }
        }
        let mut scored: Vec<&SystemSummary> =
            self.metrics.iter().flat_map(|metric| &metric.systems).collect();
        if scored.iter().all(|system| system.step.is_some()) {
            scored.sort_by_key(|system| system.step);
        } else if let Some(ranking) = self.checkpoints.rankings.first() {
            for system in &ranking.systems {
                add(&system.system);
            }
        }
        for system in scored {
            add(&system.system);
        }
        names
    }

    fn figure(&self, systems: &[String]) -> Result<Figure, Error> {
        let rows = &systems[..systems.len().min(MOST_ROWS)];
        let tests = self
            .verdicts
            .iter()
            .enumerate()
            .map(|(index, verdict)| self.column_of_test(index, verdict, rows));
        let metrics = self.metrics.iter().map(|metric| self.column_of_metric(metric, rows));
        let preferences = self
            .preferences
            .iter()
            .enumerate()
            .map(|(index, test)| self.column_of_preference(index, test, rows));
        let mut columns: Vec<MatrixColumn> = tests.chain(preferences).chain(metrics).collect();
        let n_left_out = columns.len().saturating_sub(MOST_COLUMNS);
        columns.truncate(MOST_COLUMNS);
        let mut caption = String::from(
            "Estimates with their intervals. Blue: may be the best. Gray: found worse than another system or than the \
             reference, or not ranked.",
        );
        if self.verdicts.iter().any(|verdict| verdict.reference.is_some()) {
            caption += " Shaded: the margin within which a difference from the reference counts as none.";
        }
        if systems.len() > rows.len() {
            let _ = write!(caption, " The table has {}.", plural(systems.len() - rows.len(), "more system"));
        }
        if n_left_out > 0 {
            let _ = write!(caption, " The scores below have {}.", plural(n_left_out, "more metric"));
        }
        let title = "The systems by what listeners say and by the metrics".to_owned();
        let svg = Matrix { title, rows: rows.to_vec(), columns }.to_svg()?;
        Ok(Figure { name: "answer".into(), svg, caption })
    }

    fn column_of_test(&self, index: usize, verdict: &Verdict, rows: &[String]) -> MatrixColumn {
        let rules = verdict.paradigm.rules();
        let has_difference = verdict.reference.is_some();
        let point = |name: &String| {
            let system = candidates(verdict).find(|system| system.system == *name)?;
            let (estimate, interval) = if has_difference {
                let interval = system.difference.value()?;
                (interval.estimate, Some(interval))
            } else {
                (*system.mean.value()?, system.interval.value())
            };
            let is_first = match &verdict.ranking {
                Defined::Ok { value } => {
                    value.systems.iter().any(|ranked| ranked.system == *name && ranked.best_rank == 1)
                }
                Defined::Undefined { .. } => true,
            };
            Some(MatrixPoint {
                estimate,
                interval: interval.map(|interval| (interval.low, interval.high)),
                is_accented: is_first && system.conclusion != Some(Conclusion::Worse),
            })
        };
        let title =
            if self.verdicts.len() > 1 { format!("test {}", index + 1) } else { "listeners".to_owned() };
        MatrixColumn {
            title,
            label: rules.abbreviation().to_owned(),
            points: rows.iter().map(point).collect(),
            margin: has_difference.then_some(verdict.analysis.margin),
        }
    }

    /// Returns the differences in strength from the reference of a preference test or, without one, the strengths, which
    /// have no intervals of their own.
    fn column_of_preference(&self, index: usize, test: &PreferenceVerdict, rows: &[String]) -> MatrixColumn {
        let point = |name: &String| {
            let system = test.systems.iter().find(|system| system.system == *name)?;
            let is_accented = system.best_rank == 1;
            let Some(reference) = &test.reference else {
                return Some(MatrixPoint {
                    estimate: *system.strength.value()?,
                    interval: None,
                    is_accented,
                });
            };
            let pair = test.pair(name, reference)?.seen_from(name);
            let difference = pair.difference.value()?;
            let interval = Some((difference.low, difference.high));
            Some(MatrixPoint { estimate: difference.estimate, interval, is_accented })
        };
        let number = if self.preferences.len() > 1 { format!(" {}", index + 1) } else { String::new() };
        MatrixColumn {
            title: format!("preference{number}"),
            label: match &test.reference {
                Some(reference) => format!("log odds − {reference}"),
                None => "log odds".to_owned(),
            },
            points: rows.iter().map(point).collect(),
            // A line at 0 without a region around it: a preference test has no margin.
            margin: test.reference.as_ref().map(|_| 0.0),
        }
    }

    fn column_of_metric(&self, metric: &MetricSummary, rows: &[String]) -> MatrixColumn {
        let ranking = self.checkpoints.rankings.iter().find(|ranking| ranking.profile == metric.profile);
        let may_be_best = |name: &str| {
            ranking.and_then(|ranking| ranking.outcome.value()).is_some_and(|outcome| {
                outcome.best == name || outcome.not_told_apart.iter().any(|other| other == name)
            })
        };
        // Two definitions of one metric need their versions.
        let is_ambiguous = self.metrics.iter().filter(|other| other.metric == metric.metric).count() > 1;
        let point = |name: &String| {
            let system = metric.systems.iter().find(|system| system.system == *name)?;
            Some(MatrixPoint {
                estimate: *system.mean.value()?,
                interval: system.interval.value().map(|interval| (interval.low, interval.high)),
                is_accented: may_be_best(name),
            })
        };
        MatrixColumn {
            title: if is_ambiguous { metric.profile.clone() } else { metric.metric.replace('_', " ") },
            label: metric.unit.clone(),
            points: rows.iter().map(point).collect(),
            margin: None,
        }
    }

    /// Returns the table of the listening tests: every number that a reader of a paper asks for.
    fn rating_table(&self, order: &[String]) -> Table {
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
    fn score_table(&self, systems: &[String]) -> Table {
        let keys: Vec<(String, String)> =
            self.metrics.iter().map(|metric| (metric.profile.clone(), label(metric))).collect();
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
                    interval_cell(&system.interval, &system.mean, super::scores::decimals(metric))
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

    fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        for (index, verdict) in self.verdicts.iter().enumerate() {
            let prefix =
                if self.verdicts.len() > 1 { format!("Test {}: ", index + 1) } else { String::new() };
            doubts.extend(doubts_of_test(verdict).into_iter().map(|doubt| format!("{prefix}{doubt}")));
        }
        doubts.extend(self.preferences.iter().flat_map(|test| test.notes.iter().cloned()));
        doubts.extend(self.doubts_of_scores());
        doubts
    }

    fn doubts_of_scores(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        let mut missing: Vec<(&str, usize, usize)> = Vec::new();
        for metric in self.metrics {
            for system in metric.systems.iter().filter(|system| system.n_ok < metric.n_items) {
                let n_without = metric.n_items - system.n_ok;
                match missing.iter_mut().find(|(name, ..)| *name == system.system) {
                    Some((_, most, n_items)) if n_without > *most => {
                        (*most, *n_items) = (n_without, metric.n_items);
                    }
                    Some(_) => {}
                    None => missing.push((&system.system, n_without, metric.n_items)),
                }
            }
        }
        if !missing.is_empty() {
            missing.sort_by_key(|(_, most, _)| std::cmp::Reverse(*most));
            let mut each: Vec<String> =
                missing.iter().map(|(name, most, n)| format!("{name} ({most} of {n})")).collect();
            if each.len() > MOST_NAMED + 1 {
                each.truncate(MOST_NAMED);
                each.push(plural(missing.len() - MOST_NAMED, "more system"));
            }
            doubts.push(format!(
                "Some items have no value by some metric, at most: {}. Means leave them out; rankings count them.",
                each.join(", ")
            ));
        }
        match &self.checkpoints.regressions[..] {
            [] => {}
            [first, ..] => doubts.push(format!(
                "{} found: {} is worse than {} by {}.",
                plural(self.checkpoints.regressions.len(), "regression"),
                first.system,
                first.than,
                first.profile
            )),
        }
        let few = self.metrics.iter().map(|metric| metric.n_items).min().filter(|n| *n < FEW_ITEMS);
        if let Some(n_items) = few {
            doubts.push(format!("The scores are of {} only.", plural(n_items, "item")));
        }
        let ignored: Vec<&str> =
            self.checkpoints.not_ranked.iter().map(|ignored| ignored.name.as_str()).collect();
        if !ignored.is_empty() {
            doubts.push(format!("Without a known direction, these rank nothing: {}.", ignored.join(", ")));
        }
        for validity in self.validity {
            if let Some(correlation) = validity.of_utterances.value().filter(|value| **value < UNRELATED) {
                doubts.push(format!(
                    "{} does not follow the listeners: rank correlation {} over {}.",
                    validity.profile,
                    number(*correlation, 2),
                    plural(validity.n_utterances, "utterance")
                ));
            }
        }
        doubts
    }
}

fn candidates(verdict: &Verdict) -> impl Iterator<Item = &SystemVerdict> {
    verdict.systems.iter().filter(|system| system.role == Role::Candidate)
}

fn row_of(verdict: &Verdict, system: &SystemVerdict) -> Vec<Cell> {
    let has_difference = verdict.reference.is_some();
    let estimate = if has_difference { &system.difference } else { &system.interval };
    let defined = |value: &Defined<f64>, decimals: usize| match value {
        Defined::Ok { value } => Cell::Number { value: *value, decimals },
        Defined::Undefined { reason } => Cell::Missing(reason.clone()),
    };
    let interval = |value: &Defined<Interval>| match value {
        Defined::Ok { value } => {
            Cell::Range { low: value.low, high: value.high, decimals: ratings::DECIMALS }
        }
        Defined::Undefined { reason } => Cell::Missing(reason.clone()),
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
        defined(&system.standard_error, 3),
        defined(&system.degrees_of_freedom, 1),
        match &system.adjusted_p_value {
            Defined::Ok { value } => Cell::Probability(*value),
            Defined::Undefined { reason } => Cell::Missing(reason.clone()),
        },
        interval(&system.equivalence_interval),
        Cell::Number { value: verdict.analysis.margin, decimals: ratings::DECIMALS },
        Cell::Count(system.n_ratings as u64),
        Cell::Count(system.n_raters as u64),
        defined(&system.effective_raters, 1),
        Cell::Count(system.n_items as u64),
        defined(&system.effective_items, 1),
    ]
}

/// Lists what speaks against relying on a listening test.
fn doubts_of_test(verdict: &Verdict) -> Vec<String> {
    let mut doubts = Vec::new();
    if verdict.assay.sensitive != Some(true) && verdict.reference.is_some() {
        doubts.push(verdict.assay.explanation.clone());
    }
    let sizes_met = candidates(verdict).all(|system| system.paper_rule.sizes_met);
    if !sizes_met && verdict.human_reference {
        doubts.push(
            "The test is smaller than its protocol or the paper asks for, so nothing is said of human level."
                .to_owned(),
        );
    }
    let lightest = candidates(verdict)
        .filter_map(|system| Some((system, *system.effective_raters.value()?)))
        .filter(|(system, effective)| *effective < UNEQUAL * system.n_raters as f64)
        .min_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((system, effective)) = lightest {
        doubts.push(format!(
            "Raters contributed unequally: the {} of `{}` weigh as {} who all judged as much.",
            plural(system.n_raters, "rater"),
            system.system,
            number(effective, 1)
        ));
    }
    let unstable: Vec<&str> = candidates(verdict)
        .filter(|system| {
            system.sensitivity.iter().any(|other| {
                other.allows_for_dependence
                    && other.conclusion.is_some()
                    && other.conclusion != system.conclusion
            })
        })
        .map(|system| system.system.as_str())
        .collect();
    if !unstable.is_empty() {
        doubts.push(format!(
            "By other sound analyses of the same ratings the conclusion differs: {}.",
            unstable.join(", ")
        ));
    }
    if let Defined::Ok { value: pairs } = &verdict.null_pairs
        && pairs.interval.value().is_some_and(|interval| !interval.contains(0.0))
    {
        doubts.push(format!(
            "Listeners favor one place of a pair: the reference beside itself scores {}.",
            ratings::plain(pairs.mean)
        ));
    }
    doubts.extend(verdict.notes.iter().cloned());
    doubts
}
