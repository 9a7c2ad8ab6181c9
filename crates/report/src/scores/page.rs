//! The page.

use mynah_stats::Interval;

use super::cards::{Deck, Media};
use super::examination::Examination;
use super::flags::Flag;
use super::overview::{ReasonGroup, SystemOverview};
use super::rankings::SystemRanking;
use super::spreads::{MetricSpread, SystemSpread};
use crate::comparison::{Better, interval_cell, label_of, percent, plural};
use crate::dataset::Setting;
use crate::error::Error;
use crate::figure::{SpreadRow, Spreads, StackRow, Stacks, number, quantile};
use crate::page::{Block, Figure, Page, Section, Tone};
use crate::table::{Cell, Table};

/// Most reasons in the table of missing values, which may be as many as items.
const MOST_REASONS: usize = 40;
/// Most metrics named as those that rank items; more are counted.
const MOST_NAMED: usize = 6;
/// Reasons named in the summary of a system.
const NAMED_REASONS: usize = 3;

/// A page on scores.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoresPage<'a> {
    /// Heading.
    pub title: &'a str,
    /// Findings.
    pub examination: &'a Examination,
    /// Number of failed items shown of each system, as in [`Examination::wanted`].
    pub n_items: usize,
    /// Sounds and texts of the wanted items; without them, the page says that there are none.
    pub media: Option<&'a Media>,
    /// Files and settings that the page was made of.
    pub sources: &'a [Setting],
}

impl ScoresPage<'_> {
    /// Returns the page as one HTML file with embedded figures; the sounds lie next to it.
    ///
    /// # Errors
    ///
    /// Returns the errors of drawing a figure.
    pub fn to_html(&self) -> Result<String, Error> {
        self.page()?.to_html()
    }

    fn page(&self) -> Result<Page, Error> {
        let examination = self.examination;
        let mut deck = Deck::new(examination, self.media, self.n_items);
        let mut sections = vec![Section::open("summary", "Summary", self.summary()?)];
        if !examination.reasons.is_empty() {
            let blocks = self.missing(&mut deck)?;
            sections.push(Section::open("missing", "Failures and missing values", blocks));
        }
        sections.push(Section::open("metrics", "Distributions", self.distributions()?));
        sections.push(Section::open("worst", "Worst items", self.worst(&mut deck)?));
        sections.push(Section::open("contradictions", "Contradictory items", self.contrasts(&mut deck)?));
        sections.push(Section::open("health", "Health", self.health(&mut deck)?));
        if !self.sources.is_empty() {
            let sources = self.sources.iter().map(|source| (source.name.clone(), source.value.clone()));
            let blocks = vec![Block::Settings(sources.collect())];
            sections.push(Section::open("sources", "Sources", blocks));
        }
        let banner = self
            .media
            .is_none()
            .then_some("The page has no sounds and no spectrograms: it was made without the wavs.");
        Ok(Page {
            title: self.title.to_owned(),
            lead: format!(
                "{} on {} by {}: what fails, how the values spread, and the items to hear.",
                plural(examination.systems.len(), "system"),
                plural(examination.n_items, "item"),
                plural(examination.metrics.len(), "metric")
            ),
            banners: banner.map(str::to_owned).into_iter().collect(),
            answer: Vec::new(),
            sections,
        })
    }

    fn summary(&self) -> Result<Vec<Block>, Error> {
        let examination = self.examination;
        let mut blocks = vec![Block::Table(coverage(examination))];
        let row = |system: &SystemOverview| StackRow {
            label: system.system.clone(),
            counts: [system.n_complete, system.n_failed, system.n_undefined, system.n_absent]
                .map(|count| count as u64)
                .into(),
        };
        let is_complete = |system: &SystemOverview| system.n_complete == examination.n_items;
        if !examination.systems.iter().all(is_complete) {
            let stacks = Stacks {
                title: "Coverage of the expected items by system".into(),
                x_label: "items".into(),
                kinds: ["all values", "failed", "undefined", "no row"].map(str::to_owned).into(),
                rows: examination.systems.iter().map(row).collect(),
            };
            let caption = "Expected items of each system; each counts once, by its gravest state.".into();
            blocks.push(Block::Figures(vec![Figure {
                name: "coverage".into(),
                svg: stacks.to_narrow_svg()?,
                caption,
            }]));
        }
        let lacks = |system: &&SystemOverview| system.n_failed + system.n_absent > 0;
        if !examination.systems.iter().any(|system| lacks(&system)) {
            blocks.push(Block::Text("No item failed, and every system has a row for every item.".into()));
        }
        blocks.extend(examination.systems.iter().filter(lacks).map(|system| self.failing(system)));
        Ok(blocks)
    }

    /// Returns the conclusion on a system that lacks items.
    fn failing(&self, system: &SystemOverview) -> Block {
        let n_items = self.examination.n_items;
        let mut sentences = Vec::new();
        let reasons = || {
            let of_system = |group: &&ReasonGroup| group.system == system.system && group.has_failed();
            self.examination.reasons.iter().filter(of_system)
        };
        for group in reasons().take(NAMED_REASONS) {
            let metrics = by_metrics(&group.metrics);
            sentences.push(format!("{}{metrics}: {}.", plural(group.items.len(), "item"), group.reason));
        }
        let n_more = reasons().count().saturating_sub(NAMED_REASONS);
        if n_more > 0 {
            sentences.push(format!("There are {} below.", plural(n_more, "more reason")));
        }
        if system.n_absent > 0 {
            sentences.push(format!(
                "{}: the scores have no row for some metric.",
                plural(system.n_absent, "item")
            ));
        }
        let n_lacking = system.n_failed + system.n_absent;
        sentences.push(if n_lacking == n_items {
            "Nothing else on this page can speak for it.".into()
        } else {
            "Its means, distributions and ranks leave these items out, and so look better than it is.".into()
        });
        if let Some(more) = &system.fails_more {
            sentences.push(format!(
                "It fails more often than {}, which lacks {}, by more than chance: exact McNemar test after Holm, p {}.",
                more.than,
                plural(more.n_than, "item"),
                if more.p_value < 1e-4 { "< 0.0001".to_owned() } else { format!("= {}", number(more.p_value, 4)) }
            ));
        }
        Block::Finding {
            title: system.system.clone(),
            word: format!("{} of {} failed or missing", number(n_lacking as f64, 0), plural(n_items, "item")),
            tone: Tone::Bad,
            sentences,
            grounds: Vec::new(),
        }
    }

    fn missing<'b>(&'b self, deck: &mut Deck<'b>) -> Result<Vec<Block>, Error> {
        let mut blocks = vec![Block::Table(reasons(&self.examination.reasons))];
        for system in &self.examination.systems {
            let failed = self.examination.failed(&system.system, self.n_items);
            if failed.is_empty() {
                continue;
            }
            blocks.push(heading(
                &system.system,
                format!("{} of {} failed", failed.len(), number(system.n_failed as f64, 0)),
                Tone::Bad,
                "One item of each reason in turn.".into(),
            ));
            let items: Vec<(&str, &str)> =
                failed.into_iter().map(|(_, item)| (system.system.as_str(), item)).collect();
            blocks.extend(deck.deal(&items)?);
        }
        Ok(blocks)
    }

    fn distributions(&self) -> Result<Vec<Block>, Error> {
        let percent = percent(self.examination.level);
        let intro = format!(
            "Blue, every item or, of many, an outline. Below it a bar over the quartiles, with the median, and in orange the mean or \
             pooled rate with its {percent} interval, as in the report. A green line marks the value of a perfect copy. Beside \
             each system stand its items without a value, which are in none of these."
        );
        let figures: Result<Vec<Figure>, Error> = self.examination.metrics.iter().map(figure).collect();
        let explained = self.examination.metrics.iter().filter_map(|metric| metric.explanation.clone());
        Ok(vec![
            Block::Text(intro),
            Block::Figures(figures?),
            Block::Table(means(self.examination, &percent)),
            Block::Folded {
                summary: "Definitions of the metrics".into(),
                blocks: explained.map(Block::Code).collect(),
            },
        ])
    }

    fn worst<'b>(&'b self, deck: &mut Deck<'b>) -> Result<Vec<Block>, Error> {
        let mut blocks = vec![Block::Text(
            "Within each system, every metric ranks the items in its direction: by their distance from the best value, or by the \
             value itself. These items are among the worst tenth by the most metrics; where two are equal, the one with the \
             worse mean rank comes first. Of fewer than ten items, the last is the worst tenth. Metrics that measure almost the same have a vote each. Items that failed are above."
                .into(),
        )];
        for ranking in &self.examination.rankings {
            let sentence = ranked_by(ranking);
            let word = match ranking.worst.len() {
                0 => "nothing stands out".to_owned(),
                n => plural(n, "item"),
            };
            blocks.push(heading(&ranking.system, word, Tone::Open, sentence));
            let items: Vec<(&str, &str)> =
                ranking.worst.iter().map(|worst| (ranking.system.as_str(), worst.item.as_str())).collect();
            blocks.extend(deck.deal(&items)?);
        }
        Ok(blocks)
    }

    fn contrasts<'b>(&'b self, deck: &mut Deck<'b>) -> Result<Vec<Block>, Error> {
        let mut blocks = vec![Block::Text(
            "Items that one metric places far from where another one does, although the two agree on the other items: listen, and \
             trust one of them less. The disagreement of an item is the mean difference between its ranks by every two metrics, \
             as a share of the items; a pair has the weight of its squared rank correlation over all items of the system, and \
             none if that is negative. It is 0 if all places are the same and 1 at most; metrics that have nothing in common \
             have no say."
                .into(),
        )];
        for ranking in &self.examination.rankings {
            let (word, sentence) = match (ranking.contrasts.len(), ranking.usual_disagreement) {
                (_, None) => {
                    ("nothing to compare".to_owned(), "No two of its metrics agree on its items.".to_owned())
                }
                (0, Some(_)) => ("none".to_owned(), "All metrics that agree give the same ranks.".to_owned()),
                (n, Some(usual)) => {
                    (plural(n, "item"), format!("The median of all of its items is {}.", number(usual, 2)))
                }
            };
            blocks.push(heading(&ranking.system, word, Tone::Open, sentence));
            let items: Vec<(&str, &str)> = ranking
                .contrasts
                .iter()
                .map(|contrast| (ranking.system.as_str(), contrast.item.as_str()))
                .collect();
            blocks.extend(deck.deal(&items)?);
        }
        Ok(blocks)
    }

    fn health<'b>(&'b self, deck: &mut Deck<'b>) -> Result<Vec<Block>, Error> {
        let examination = self.examination;
        let mut blocks = Vec::new();
        if !examination.flags.is_empty() {
            blocks.push(Block::Text(
                "Items beyond a limit, the farthest first. The limits hold for a voice of LJSpeech's kind; the page on health in the \
                 documentation has the rates at which each sees planted faults. A few false alarms are expected."
                    .into(),
            ));
            blocks.push(Block::Table(flags(examination)));
        }
        if !examination.unmeasured.is_empty() {
            let words = "The protocol `health.toml` has those of the wav alone, of which `truncated` and `runaway` need texts and \
                         recordings; `speech.toml` has `alignment_run`.";
            blocks.push(Block::Text(format!("Not measured: {}. {words}", names(&examination.unmeasured))));
        }
        for flag in examination.flags.iter().filter(|flag| flag.n_found > 0) {
            let listed = if flag.found.len() < flag.n_found {
                format!("Shown are {} of {}.", flag.found.len(), number(flag.n_found as f64, 0))
            } else {
                "All are shown.".to_owned()
            };
            blocks.push(heading(
                &flag.metric,
                plural(flag.n_found, "item"),
                Tone::Bad,
                format!("Reported if {}. {listed}", flag.rule),
            ));
            let items: Vec<(&str, &str)> =
                flag.found.iter().map(|found| (found.system.as_str(), found.item.as_str())).collect();
            blocks.extend(deck.deal(&items)?);
        }
        Ok(blocks)
    }
}

/// Names the metrics that rank the items of a system, and the others by reason.
fn ranked_by(ranking: &SystemRanking) -> String {
    let mut sentence = if ranking.metrics.len() > MOST_NAMED {
        format!("Ranked by {}.", plural(ranking.metrics.len(), "metric"))
    } else {
        format!("Ranked by {}.", names(&ranking.metrics))
    };
    let mut reasons: Vec<&str> = ranking.left_out.iter().map(|left_out| left_out.why).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for why in reasons {
        let of_reason = ranking.left_out.iter().filter(|left_out| left_out.why == why);
        let metrics: Vec<&str> = of_reason.map(|left_out| left_out.metric.as_str()).collect();
        sentence += &[" Not by ", &names(&metrics), ": ", why, "."].concat();
    }
    sentence
}

/// Returns the heading of a group of cards.
fn heading(title: &str, word: String, tone: Tone, sentence: String) -> Block {
    Block::Finding { title: title.to_owned(), word, tone, sentences: vec![sentence], grounds: Vec::new() }
}

/// Joins names of metrics.
fn names(names: &[impl AsRef<str>]) -> String {
    if names.is_empty() {
        return "no metric".to_owned();
    }
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Names the metrics that lack a value, if these are not all.
fn by_metrics(metrics: &[String]) -> String {
    if metrics.is_empty() { String::new() } else { format!(" by {}", names(metrics)) }
}

fn coverage(examination: &Examination) -> Table {
    let has_steps = examination.systems.iter().any(|system| system.step.is_some());
    let mut columns = vec![("system", "System")];
    if has_steps {
        columns.push(("step", "Step"));
    }
    columns.extend([
        ("expected", "Expected"),
        ("complete", "All values"),
        ("failed", "Failed"),
        ("undefined", "Undefined"),
        ("absent", "No row"),
        ("coverage", "Coverage (%)"),
    ]);
    let caption = "Items by system. Failed: there was nothing to measure by some metric, since the wav is missing, unreadable, \
                   empty, silent or truncated. Undefined: a metric gives no number for it, though it does for other items of the \
                   system. No row: the scores do not mention it. Coverage: the share of the expected items that neither failed nor lack a row.";
    let mut table = Table::new("coverage", caption, &columns);
    for system in &examination.systems {
        let mut row = vec![Cell::text(&system.system)];
        if has_steps {
            row.push(system.step.map_or(Cell::Missing("not known".into()), Cell::Count));
        }
        let counts =
            [examination.n_items, system.n_complete, system.n_failed, system.n_undefined, system.n_absent];
        row.extend(counts.map(|count| Cell::Count(count as u64)));
        let covered = (system.n_complete + system.n_undefined) as f64 / examination.n_items as f64;
        row.push(Cell::Number { value: 100.0 * covered, decimals: 1 });
        table.rows.push(row);
    }
    table
}

fn reasons(groups: &[ReasonGroup]) -> Table {
    let columns = [
        ("system", "System"),
        ("status", "Status"),
        ("reason", "Reason"),
        ("metrics", "Metrics"),
        ("count", "Items"),
        ("items", "Which"),
    ];
    let capped = if groups.len() > MOST_REASONS {
        let n_items: usize = groups[MOST_REASONS..].iter().map(|group| group.items.len()).sum();
        format!(
            " The first {MOST_REASONS} of {} reasons; the others concern {}, each counted once for each reason.",
            number(groups.len() as f64, 0),
            plural(n_items, "item")
        )
    } else {
        String::new()
    };
    let caption = format!(
        "Items without a value by reason; a … stands for the name of the item, or for a number that differs.{capped}"
    );
    let mut table = Table::new("reasons", caption, &columns);
    for group in groups.iter().take(MOST_REASONS) {
        let metrics =
            if group.metrics.is_empty() { Cell::text("all") } else { Cell::List(group.metrics.clone()) };
        table.rows.push(vec![
            Cell::text(&group.system),
            Cell::text(if group.has_failed() { "failed" } else { "undefined" }),
            Cell::text(&group.reason),
            metrics,
            Cell::Count(group.items.len() as u64),
            Cell::List(group.items.clone()),
        ]);
    }
    table
}

fn figure(metric: &MetricSpread) -> Result<Figure, Error> {
    let ends = |interval: &Interval| (interval.low, interval.high);
    let row = |system: &SystemSpread| SpreadRow {
        label: system.system.clone(),
        values: system.values.clone(),
        mean: system.mean.value().copied(),
        interval: system.interval.value().map(ends),
        without: vec![
            (system.n_failed as u64, "failed".into()),
            (system.n_undefined as u64, "undefined".into()),
            (system.n_absent as u64, "no row".into()),
        ],
    };
    let spreads = Spreads {
        title: format!("Distribution of {} by system", metric.metric),
        x_label: label_of(&metric.metric, &metric.unit),
        perfect: match metric.better {
            Some(Better::Near(value)) => Some(value),
            _ => None,
        },
        rows: metric.systems.iter().map(row).collect(),
    };
    let caption = format!("{}: {}.", metric.profile, metric.declaration.join("; "));
    Ok(Figure { name: format!("spread-{}", metric.profile), svg: spreads.to_svg()?, caption })
}

fn means(examination: &Examination, percent: &str) -> Table {
    let columns = [
        ("metric", "Metric"),
        ("system", "System"),
        ("mean", "Mean or pooled rate"),
        ("median", "Median"),
        ("quartiles", "Quartiles"),
        ("ok", "Items"),
        ("missing", "Without"),
    ];
    let caption = format!(
        "The same in numbers: the mean or, of a rate, the pooled one, with its {percent} interval; the median and the quartiles of \
         the items; the items with and without a value. A mean with items beside it that have no value is that of the others."
    );
    let mut table = Table::new("means", caption, &columns);
    for metric in &examination.metrics {
        for system in &metric.systems {
            let mut sorted = system.values.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let decimals = metric.decimals;
            let (median, quartiles) = if sorted.is_empty() {
                let missing = || Cell::Missing("no item has a value".into());
                (missing(), missing())
            } else {
                let [low, median, high] = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
                (Cell::Number { value: median, decimals }, Cell::Range { low, high, decimals })
            };
            table.rows.push(vec![
                Cell::text(label_of(&metric.metric, &metric.unit)),
                Cell::text(&system.system),
                interval_cell(&system.interval, &system.mean, decimals),
                median,
                quartiles,
                Cell::Count(system.values.len() as u64),
                Cell::Count((system.n_failed + system.n_undefined + system.n_absent) as u64),
            ]);
        }
    }
    table
}

fn flags(examination: &Examination) -> Table {
    let mut columns = vec![
        ("metric".to_owned(), "Metric".to_owned()),
        ("rule".to_owned(), "Reported if".to_owned()),
        ("false_alarms".to_owned(), "False alarms (%)".to_owned()),
    ];
    let of_system =
        |(index, system): (usize, &SystemOverview)| (format!("system_{index}"), system.system.clone());
    columns.extend(examination.systems.iter().enumerate().map(of_system));
    let columns: Vec<(&str, &str)> =
        columns.iter().map(|(key, title)| (key.as_str(), title.as_str())).collect();
    let caption = "Items beyond each limit, of those with a value, by system. False alarms: of recordings without a planted fault, \
                   in percent.";
    let mut table = Table::new("flags", caption, &columns);
    for flag in &examination.flags {
        let mut row = vec![
            Cell::text(&flag.metric),
            Cell::text(flag.rule),
            Cell::Number { value: flag.false_alarms_percent, decimals: 1 },
        ];
        row.extend(examination.systems.iter().map(|system| of(flag, &system.system)));
        table.rows.push(row);
    }
    table
}

/// Returns the count of a system.
fn of(flag: &Flag, system: &str) -> Cell {
    match flag.systems.iter().find(|(name, ..)| name == system) {
        Some((_, n_found, n_measured)) if *n_measured > 0 => {
            Cell::text(format!("{} of {}", number(*n_found as f64, 0), number(*n_measured as f64, 0)))
        }
        _ => Cell::Missing("not measured".into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mynah_metrics::{Score, Status};

    use super::*;
    use crate::comparison::MetricNote;
    use crate::figure::Mel;
    use crate::scores::examination::tests::{examined, lower, score};
    use crate::scores::{Heard, Played, Wanted};

    /// Builds scores of a system that is well, and of one that fails on a few of twelve items.
    fn scores() -> Vec<Score> {
        let mut scores = Vec::new();
        for system in ["well", "failing"] {
            for index in 0..12_u32 {
                let item = format!("i{index:02}");
                let fails = system == "failing" && index < 7;
                let missing = format!("there is no `{item}.wav`");
                let value = |value: f64| if fails { Err(missing.as_str()) } else { Ok(value) };
                scores.push(score(system, &item, "mcd", value(5.0 + f64::from(index) / 10.0)));
                scores.push(score(system, &item, "mel_l1_dtw", value(f64::from(index * 5 % 12) / 10.0)));
                scores.push(score(system, &item, "dc_offset", value(if index == 9 { -0.02 } else { 0.0 })));
                scores.push(score(system, &item, "utmos", value(4.0)));
            }
        }
        let last = scores.last_mut().unwrap();
        (last.status, last.value, last.reason) = (Status::Undefined, None, Some("too long".into()));
        scores
    }

    fn notes() -> Vec<MetricNote> {
        lower(&["mcd", "mel_l1_dtw", "dc_offset"])
    }

    fn media(examination: &Examination) -> Media {
        let heard = |name: &str| -> Heard {
            let mel = Mel {
                title: String::new(),
                values: vec![0.0, 1.0],
                n_bands: 2,
                hop_seconds: 0.01,
                labels: Vec::new(),
            };
            Ok(Played { path: format!("audio/{name}.wav"), mel })
        };
        let wanted = examination.wanted(3);
        let of = |wanted: &Wanted| match wanted.item.as_str() {
            "i00" | "i01" | "i02" if wanted.system == "failing" => {
                Err(format!("there is no `{}.wav`", wanted.item))
            }
            item => heard(&format!("{}-{item}", wanted.system)),
        };
        Media {
            systems: wanted.iter().map(|wanted| (wanted.clone(), of(wanted))).collect(),
            recordings: Some(
                wanted.iter().map(|wanted| (wanted.item.clone(), heard(&wanted.item))).collect(),
            ),
            texts: BTreeMap::from([("i11".to_owned(), "Less < is more & more.".to_owned())]),
            differences: BTreeMap::new(),
        }
    }

    fn page<'a>(examination: &'a Examination, media: Option<&'a Media>) -> ScoresPage<'a> {
        ScoresPage { title: "Scores", examination, n_items: 3, media, sources: &[] }
    }

    #[test]
    fn says_everything_in_words() {
        let examination = examined(&scores(), &notes());
        let media = media(&examination);
        insta::assert_snapshot!(page(&examination, Some(&media)).page().unwrap().to_markdown());
    }

    #[test]
    fn a_failing_system_does_not_look_good() {
        let examination = examined(&scores(), &notes());
        let html = page(&examination, None).to_html().unwrap();
        let finding =
            html.split("<article class=\"finding bad\">").nth(1).unwrap().split("</article>").next().unwrap();
        for part in [
            "failing",
            "7 of 12 items failed or missing",
            "fails more often than well",
            "p = 0.0156",
            "look better",
        ] {
            assert!(finding.contains(part), "{part}: {finding}");
        }
        assert_eq!(html.matches("7 failed</text>").count(), 4, "beside the distribution of each metric");
    }

    #[test]
    fn plays_sounds_and_says_what_is_missing() {
        let examination = examined(&scores(), &notes());
        let media = media(&examination);
        let html = page(&examination, Some(&media)).to_html().unwrap();
        assert!(html.contains("src=\"audio/failing-i11.wav\" type=\"audio/wav\""), "{html}");
        assert!(html.contains("<span>there is no <code>i00.wav</code></span>"), "{html}");
        assert!(html.contains("Less &#60; is more &#38; more."), "{html}");
        assert!(!html.contains("without the wavs"));
        let without = page(&examination, None).to_html().unwrap();
        assert!(without.contains("made without the wavs") && !without.contains("<audio"));
    }

    #[test]
    fn gives_the_same_bytes_whatever_the_order_of_rows() {
        let html = |scores: &[Score]| page(&examined(scores, &notes()), None).to_html().unwrap();
        let mut turned = scores();
        turned.reverse();
        turned.sort_by_key(|score| score.system != "well");
        assert_ne!(turned, scores());
        assert_eq!(html(&turned), html(&scores()));
    }

    #[test]
    fn says_that_nothing_failed() {
        let scores: Vec<Score> = scores().into_iter().filter(|score| score.system == "well").collect();
        let examination = examined(&scores, &notes());
        let html = page(&examination, None).to_html().unwrap();
        assert!(html.contains("No item failed") && !html.contains("Failures and missing values"), "{html}");
        assert!(html.contains("nothing says which way it is better"), "{html}");
    }

    #[test]
    fn many_reasons_are_capped_with_a_count() {
        let mut scores: Vec<Score> = (0..60)
            .map(|index| score("s", &index.to_string(), "mcd", Err(&"why ".repeat(index + 1))))
            .collect();
        scores.push(score("s", "x", "mcd", Ok(1.0)));
        let examination = examined(&scores, &notes());
        let html = page(&examination, None).to_html().unwrap();
        assert!(html.contains("The first 40 of 60 reasons; the others concern 20 items"), "{html}");
    }
}
