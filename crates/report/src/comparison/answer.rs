//! The answer at the top of a report: what follows, in one figure and one table, and the grounds for doubting it.

mod doubts;
mod tables;

use std::fmt::Write as _;

use mynah_listening::{Conclusion, Defined, PreferenceVerdict, Role, SystemVerdict, Verdict};

use super::best;
use super::checkpoints::Checkpoints;
use super::documents::plural;
use super::preference;
use super::preferred;
use super::ratings::{self, simulated};
use super::summary::{MetricSummary, SystemSummary};
use super::validity::Validity;
use crate::error::Error;
use crate::figure::{Matrix, MatrixColumn, MatrixPoint};
use crate::page::{Block, Figure, Tone};
use crate::table::Table;

/// Number of systems in the figure; the others are in the parts below.
const MOST_ROWS: usize = 16;
/// Number of measures in the figure; listening tests come before metrics.
const MOST_COLUMNS: usize = 6;
/// Number of doubts listed.
const MOST_DOUBTS: usize = 8;

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
        let tells_apart = verdict.paradigm.rules().tells_apart();
        let orders: [(Conclusion, String); 6] = [
            (Conclusion::Better, format!("Better than `{reference}`")),
            (
                Conclusion::Equivalent,
                if tells_apart {
                    format!("Not told from `{reference}`, within ±{} of guessing", verdict.analysis.margin)
                } else {
                    format!("Equivalent to `{reference}` within ±{}", verdict.analysis.margin)
                },
            ),
            (
                Conclusion::NonInferior,
                format!("Not worse than `{reference}` by more than {}", verdict.analysis.margin),
            ),
            (Conclusion::Inconclusive, "Inconclusive".to_owned()),
            (Conclusion::Worse, format!("Worse than `{reference}`")),
            (Conclusion::ToldApart, format!("Told from `{reference}`")),
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
        let has_paper_rule = verdict.paradigm.rules().paper_criterion().is_some();
        if has_paper_rule && verdict.human_reference && verdict.design.is_some() {
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
                is_accented: is_first
                    && !matches!(system.conclusion, Some(Conclusion::Worse | Conclusion::ToldApart)),
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

    /// Returns the name of a metric as words; of two definitions of one metric, with their versions.
    fn title(&self, metric: &MetricSummary) -> String {
        let is_ambiguous = self.metrics.iter().filter(|other| other.metric == metric.metric).count() > 1;
        if is_ambiguous { metric.profile.clone() } else { metric.metric.replace('_', " ") }
    }

    fn column_of_metric(&self, metric: &MetricSummary, rows: &[String]) -> MatrixColumn {
        let ranking = self.checkpoints.rankings.iter().find(|ranking| ranking.profile == metric.profile);
        let may_be_best = |name: &str| {
            ranking.and_then(|ranking| ranking.outcome.value()).is_some_and(|outcome| {
                outcome.best == name || outcome.not_told_apart.iter().any(|other| other == name)
            })
        };
        let point = |name: &String| {
            let system = metric.systems.iter().find(|system| system.system == *name)?;
            Some(MatrixPoint {
                estimate: *system.mean.value()?,
                interval: system.interval.value().map(|interval| (interval.low, interval.high)),
                is_accented: may_be_best(name),
            })
        };
        MatrixColumn {
            title: self.title(metric),
            label: metric.unit.clone(),
            points: rows.iter().map(point).collect(),
            margin: None,
        }
    }
}

/// Returns the systems under test.
fn candidates(verdict: &Verdict) -> impl Iterator<Item = &SystemVerdict> {
    verdict.systems.iter().filter(|system| system.role == Role::Candidate)
}
