//! The whole report: its inputs and the files it consists of.

use std::collections::BTreeSet;

use mynah_listening::{Origin, PreferenceVerdict, Verdict};
use mynah_metrics::Score;
use serde::Serialize;

use super::answer::Answer;
use super::baselines::Baselines;
use super::better::Better;
use super::checkpoints::{Checkpoints, compare_grids};
use super::grid::{Grid, grids};
use super::summary::{MetricSummary, summarize_grid};
use super::validity::{self, Validity, validities};
use super::{baselines, best, checklist, doubt, methods, preference, ratings, samples, scores};
use crate::document::Document;
use crate::error::Error;
use crate::figure::Mel;
use crate::page::{Block, Page, Section};

/// Number of systems named below the heading; more are only counted.
const MOST_NAMED: usize = 6;
/// Format version of `report.json`.
const FORMAT: u32 = 3;

/// All inputs of a report.
///
/// Scores, verdicts and preferences may be empty, but not all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<'a> {
    /// Heading of the report.
    pub title: &'a str,
    /// Scores of all systems.
    pub scores: &'a [Score],
    /// Notes on the metrics; notes on profiles without scores are left out.
    pub metrics: &'a [MetricNote],
    /// Results of the ratings, one verdict for each listening test; they are never pooled.
    pub verdicts: &'a [Verdict],
    /// Results of preference tests, one for each.
    pub preferences: &'a [PreferenceVerdict],
    /// Sentences to look at and listen to.
    pub samples: &'a [Sample],
    /// Samples of the worst sentences of each system; [`super::worst_items`] finds them.
    pub worst: &'a [Sample],
    /// Results published by others: printed, and never merged with anything.
    pub baselines: Option<&'a Baselines>,
    /// Names and versions of the programs that produced the numbers.
    pub versions: &'a [(String, String)],
    /// Coverage of the intervals of scores, such as 0.95; intervals of ratings follow the declared analysis.
    pub level: f64,
}

/// Background that a reader needs on a metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricNote {
    /// Definition and version, as in the scores.
    pub profile: String,
    /// Formula, parameters, oracle, known limitations.
    pub explanation: String,
    /// Direction in which the metric is better; `None` if it says nothing about that, and so ranks nothing.
    pub better: Option<Better>,
    /// Marks a rate, such as the errors in a hundred words: the value of a system is the sum of all errors over the sum of all
    /// words, the `frames` of the scores, and not the mean of the items.
    pub pooled: bool,
}

/// One sentence spoken by several speakers.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Text of the sentence.
    pub item: String,
    /// Reason for showing it, if any.
    pub note: Option<String>,
    /// Versions in display order, the reference first.
    pub versions: Vec<SampleVersion>,
}

/// One sentence spoken by one speaker.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleVersion {
    /// Name of the system or of the reference.
    pub system: String,
    /// Spectrogram; its title is replaced.
    pub mel: Mel,
    /// Path of the sound relative to the report's directory.
    pub audio: Option<String>,
}

/// Contents of `report.json`.
#[derive(Serialize)]
struct Numbers<'a> {
    format: u32,
    title: &'a str,
    simulated: bool,
    verdicts: &'a [Verdict],
    preferences: &'a [PreferenceVerdict],
    level: f64,
    metrics: &'a [MetricSummary],
    checkpoints: &'a Checkpoints,
    validity: &'a [Validity],
    without_value: Vec<&'a Score>,
    notes: Vec<&'a MetricNote>,
    baselines: Option<&'a Baselines>,
    /// One paragraph for each verdict, then for each preference test.
    methods: Vec<String>,
    checklist: Vec<checklist::Entry>,
    versions: &'a [(String, String)],
}

impl Comparison<'_> {
    /// Returns the files of the report: `index.html`, `report.md`, `report.json`, `tables/*.csv`, `tables/*.tex`,
    /// `figures/*.svg`. The same data give the same bytes.
    ///
    /// `index.html` embeds its figures but not its sound: the caller puts the clips at [`SampleVersion::audio`].
    ///
    /// # Errors
    ///
    /// Returns [`Error::NothingToReport`] without scores, verdicts and preferences, the errors of [`super::summarize`] for rows that
    /// contradict each other, and the errors of [`Baselines::check`] and of drawing a figure.
    ///
    /// # Examples
    ///
    /// ```
    /// use mynah_metrics::{Score, Status};
    /// use mynah_report::comparison::Comparison;
    ///
    /// let scores = [Score {
    ///     system: "vits".into(),
    ///     step: None,
    ///     item: "LJ001-0001".into(),
    ///     metric: "mcd".into(),
    ///     profile: "mcd/sp2mc-2".into(),
    ///     unit: "dB".into(),
    ///     status: Status::Ok,
    ///     value: Some(5.5),
    ///     reason: None,
    ///     frames: Some(800),
    ///     better: None,
    /// }];
    /// let comparison = Comparison {
    ///     title: "One clip",
    ///     scores: &scores,
    ///     metrics: &[],
    ///     verdicts: &[],
    ///     preferences: &[],
    ///     samples: &[],
    ///     worst: &[],
    ///     baselines: None,
    ///     versions: &[],
    ///     level: 0.95,
    /// };
    /// let documents = comparison.documents()?;
    /// assert!(documents.iter().any(|document| document.path == "index.html"));
    /// # Ok::<(), mynah_report::Error>(())
    /// ```
    pub fn documents(&self) -> Result<Vec<Document>, Error> {
        if self.scores.is_empty() && self.verdicts.is_empty() && self.preferences.is_empty() {
            return Err(Error::NothingToReport);
        }
        let grids = grids(self.scores, self.metrics)?;
        let metrics: Vec<MetricSummary> = grids.iter().map(|grid| summarize_grid(grid, self.level)).collect();
        // Rounded, since 1 − 0.95 is 0.050000000000000044.
        let alpha = ((1.0 - self.level) * 1e9).round() / 1e9;
        let checkpoints = compare_grids(&grids, alpha);
        let validity = validities(&grids, self.verdicts);
        let page = self.page(&grids, &metrics, &checkpoints, &validity)?;
        let numbers = self.numbers(&grids, &metrics, &checkpoints, &validity);
        let json = serde_json::to_string_pretty(&numbers)
            .map_err(|source| Error::Json { what: "report.json", source })?;
        let mut documents = vec![
            Document::text("index.html", page.to_html()?),
            Document::text("report.md", page.to_markdown()),
            Document::text("report.json", json + "\n"),
        ];
        for block in page.answer.iter().chain(page.sections.iter().flat_map(|section| &section.blocks)) {
            collect_files(block, &mut documents)?;
        }
        Ok(documents)
    }

    fn page(
        &self,
        grids: &[Grid<'_>],
        metrics: &[MetricSummary],
        checkpoints: &Checkpoints,
        validity: &[Validity],
    ) -> Result<Page, Error> {
        let mut sections = Vec::new();
        for (index, verdict) in self.verdicts.iter().enumerate() {
            let number = (self.verdicts.len() > 1).then_some(index + 1);
            sections.extend(Self::sections_of_test(verdict, number)?);
        }
        sections.extend(preference::sections(self.preferences)?);
        sections.extend(best::section(grids, checkpoints, self.level)?);
        sections.extend(best::regressions(checkpoints, self.level));
        sections.extend(scores::sections(grids, metrics, self.level)?);
        sections.extend(validity::section(validity, self.verdicts));
        let mut names = BTreeSet::new();
        if !self.worst.is_empty() {
            let lead = "The worst utterances of each system: those that failed, then those that are most standard \
                        deviations worse by any metric than the mean of all systems and items.";
            let mut blocks = vec![Block::Text(lead.into())];
            blocks.extend(samples::blocks(self.worst, &mut names)?);
            let gist = format!("{} to hear", plural(self.worst.len(), "utterance"));
            sections.push(Section::folded("worst", "Worst utterances", gist, blocks));
        }
        if !self.samples.is_empty() {
            let blocks = samples::blocks(self.samples, &mut names)?;
            let gist = format!("{}, each by every system", plural(self.samples.len(), "sentence"));
            sections.push(Section::folded("samples", "Listen and look", gist, blocks));
        }
        if let Some(baselines) = self.baselines {
            baselines.check()?;
            let blocks = baselines::blocks(baselines);
            sections.push(Section::folded("published", "Published numbers", baselines.title.clone(), blocks));
        }
        let entries = checklist::entries(self, metrics);
        let gist = checklist::gist(&entries);
        let blocks = vec![Block::Table(checklist::table(&entries))];
        sections.push(Section::folded("checklist", "Reviewers' checklist", gist, blocks));
        let blocks = methods::blocks(self, metrics);
        sections.push(Section::folded(
            "methods",
            "Methods",
            "paragraphs for a paper, definitions, versions",
            blocks,
        ));
        Ok(Page {
            title: self.title.to_owned(),
            lead: self.lead(metrics),
            banners: self.simulated_banner().into_iter().collect(),
            answer: Answer {
                verdicts: self.verdicts,
                preferences: self.preferences,
                metrics,
                checkpoints,
                validity,
                level: self.level,
            }
            .blocks()?,
            sections,
        })
    }

    /// Returns the sections of one listening test; `number` distinguishes several.
    fn sections_of_test(verdict: &Verdict, number: Option<usize>) -> Result<[Section; 2], Error> {
        let (mut blocks, mut raters) = (ratings::blocks(verdict)?, doubt::rater_blocks(verdict));
        let (mut suffix, mut which) = (String::new(), String::new());
        if let Some(number) = number {
            suffix = format!("-{number}");
            which = format!(", test {number}: {}", verdict.study);
            for block in blocks.iter_mut().chain(&mut raters) {
                append_to_names(block, &suffix);
            }
        }
        let n_ratings: usize = verdict.systems.iter().map(|system| system.n_ratings).sum();
        let gist = format!("{} of {}", plural(n_ratings, "rating"), plural(verdict.systems.len(), "system"));
        let listeners = format!("What listeners say{which}");
        Ok([
            Section::folded(&format!("verdict{suffix}"), listeners, gist, blocks),
            Section::folded(
                &format!("raters{suffix}"),
                format!("Raters{which}"),
                doubt::rater_gist(verdict),
                raters,
            ),
        ])
    }

    /// Returns the warning that ratings are simulated, naming them, if there are any.
    fn simulated_banner(&self) -> Option<String> {
        let verdicts = self.verdicts.iter().filter(|verdict| is_simulated(verdict));
        let preferences = self.preferences.iter().filter(|test| preference::is_simulated(test));
        let studies: Vec<&str> = verdicts
            .map(|verdict| verdict.study.as_str())
            .chain(preferences.map(|test| test.study.as_str()))
            .collect();
        let which = match studies.len() {
            0 => return None,
            n if n == self.verdicts.len() + self.preferences.len() => {
                "The ratings in this report are simulated".to_owned()
            }
            _ => format!("Some of the ratings in this report are simulated, those of {}", studies.join(", ")),
        };
        Some(format!(
            "{which}: a computer drew them. They say what a test of this design could show, and nothing about any \
             voice."
        ))
    }

    /// Describes in a sentence what was compared.
    fn lead(&self, metrics: &[MetricSummary]) -> String {
        let mut systems: Vec<&str> = Vec::new();
        let rated =
            self.verdicts.iter().flat_map(|verdict| verdict.systems.iter().map(|system| &system.system));
        let scored = metrics.iter().flat_map(|metric| metric.systems.iter().map(|system| &system.system));
        let preferred =
            self.preferences.iter().flat_map(|test| test.systems.iter().map(|system| &system.system));
        for system in rated.chain(preferred).chain(scored) {
            if !systems.contains(&system.as_str()) {
                systems.push(system);
            }
        }
        let mut references: Vec<&str> = Vec::new();
        for reference in self.verdicts.iter().filter_map(|verdict| verdict.reference.as_deref()) {
            if !systems.contains(&reference) && !references.contains(&reference) {
                references.push(reference);
            }
        }
        let against = if references.is_empty() {
            String::new()
        } else {
            format!(" Listeners compared with: {}.", references.join(", "))
        };
        let items: BTreeSet<&str> = self.scores.iter().map(|score| score.item.as_str()).collect();
        let scored = match (metrics.len(), items.len()) {
            (0, _) => String::new(),
            (n_metrics, n_items) => {
                format!(" Scored by {} on {}.", plural(n_metrics, "metric"), plural(n_items, "item"))
            }
        };
        if systems.len() > MOST_NAMED {
            return format!("{}.{against}{scored}", plural(systems.len(), "system"));
        }
        format!("{}: {}.{against}{scored}", capital_count(systems.len()), systems.join(", "))
    }

    fn numbers<'b>(
        &'b self,
        grids: &[Grid<'b>],
        metrics: &'b [MetricSummary],
        checkpoints: &'b Checkpoints,
        validity: &'b [Validity],
    ) -> Numbers<'b> {
        let columns = grids.iter().flat_map(|grid| &grid.columns);
        let rows = columns.flat_map(|column| column.scores.iter().flatten().copied());
        Numbers {
            format: FORMAT,
            title: self.title,
            simulated: self.simulated_banner().is_some(),
            verdicts: self.verdicts,
            preferences: self.preferences,
            level: self.level,
            metrics,
            checkpoints,
            validity,
            without_value: rows.filter(|score| score.value.is_none()).collect(),
            notes: methods::used_notes(self.metrics, metrics),
            baselines: self.baselines,
            methods: methods::paragraphs(self),
            checklist: checklist::entries(self, metrics),
            versions: self.versions,
        }
    }
}

fn is_simulated(verdict: &Verdict) -> bool {
    verdict.origin == Origin::Simulated
}

/// Appends `suffix` to the file names of a block and of its nested blocks.
pub(crate) fn append_to_names(block: &mut Block, suffix: &str) {
    match block {
        Block::Table(table) | Block::File(table) => table.name += suffix,
        Block::Figures(figures) => {
            for figure in figures {
                figure.name += suffix;
            }
        }
        Block::Folded { blocks, .. } | Block::SideBySide(blocks) => {
            for block in blocks {
                append_to_names(block, suffix);
            }
        }
        _ => {}
    }
}

/// Formats a count with its noun: `1 item`, `2 items`.
pub(crate) fn plural(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", crate::figure::number(n as f64, 0), if n == 1 { "" } else { "s" })
}

fn capital_count(n_systems: usize) -> &'static str {
    if n_systems == 1 { "System" } else { "Systems" }
}

/// Collects the table and figure files of a block and of its nested blocks.
fn collect_files(block: &Block, documents: &mut Vec<Document>) -> Result<(), Error> {
    match block {
        Block::Table(table) => {
            documents.push(Document::text(table.csv_path(), table.to_csv()?));
            for (index, page) in table.to_tex().into_iter().enumerate() {
                let number = if index == 0 { String::new() } else { format!("-page-{}", index + 1) };
                documents.push(Document::text(format!("tables/{}{number}.tex", table.name), page));
            }
        }
        Block::File(table) => documents.push(Document::text(table.csv_path(), table.to_csv()?)),
        Block::Figures(figures) => {
            let file = |figure: &crate::page::Figure| {
                Document::text(format!("figures/{}.svg", figure.name), figure.svg.clone())
            };
            documents.extend(figures.iter().map(file));
        }
        Block::Folded { blocks, .. } | Block::SideBySide(blocks) => {
            for inner in blocks {
                collect_files(inner, documents)?;
            }
        }
        _ => {}
    }
    Ok(())
}
