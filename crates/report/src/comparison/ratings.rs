//! Section on ratings: a finding per system with all its grounds, then tables and figures.

use mynah_listening::{Conclusion, Defined, Origin, RankTest, Role, SystemVerdict, Verdict};
use mynah_stats::{Interval, TestResult};

use super::cells::{cell, number_cell, probability_cell};
use super::documents::plural;
use super::scores::percent;
use super::sentences;
use super::{distribution, doubt, preferred, steps};
use crate::error::Error;
use crate::figure::{Forest, ForestRow, number};
use crate::page::{Block, Figure, Tone};
use crate::table::{Cell, Table};

/// Decimals of numbers on the rating scale.
pub(crate) const DECIMALS: usize = 2;
/// p-values below this are printed as "less than".
const SMALLEST_P: f64 = 1e-4;

/// Returns the section.
pub(crate) fn blocks(verdict: &Verdict) -> Result<Vec<Block>, Error> {
    let mut blocks = vec![Block::Text(what_was_asked(verdict)), doubt::assay(verdict)];
    blocks.push(Block::Figures(figures(verdict)?));
    blocks.extend(preferred::blocks(verdict));
    blocks.push(Block::Folded {
        summary: "Each system with its grounds".into(),
        blocks: verdict.systems.iter().map(|system| finding(verdict, system)).collect(),
    });
    blocks.push(Block::Folded {
        summary: "The same numbers as a table".into(),
        blocks: vec![Block::Table(table(verdict))],
    });
    blocks.push(Block::Table(components(verdict)));
    blocks.extend(sentences::blocks(verdict)?);
    blocks.extend(doubt::blocks(verdict));
    if !verdict.notes.is_empty() {
        blocks.push(Block::List(verdict.notes.clone()));
    }
    Ok(blocks)
}

fn what_was_asked(verdict: &Verdict) -> String {
    let asked = verdict.paradigm.rules().task(verdict.reference.as_deref());
    let analysis = &verdict.analysis;
    let (design, declared) = match &verdict.design {
        Some(design) => (format!("design {}", short(design)), "Declared before the test"),
        None => ("without a plan".to_owned(), "Chosen when it was judged"),
    };
    format!(
        "Study {}, {design}. {asked} {declared}: level {}, margin ±{}.",
        verdict.study, analysis.alpha, analysis.margin
    )
}

/// Returns the first digits of a hash, enough to recognize it.
pub(crate) fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}

/// Returns the conclusion on a system with its grounds.
pub(crate) fn finding(verdict: &Verdict, system: &SystemVerdict) -> Block {
    let simulated = verdict.origin == Origin::Simulated;
    let is_reference = system.role == Role::Reference;
    let word = match system.conclusion {
        Some(conclusion) => conclusion.as_str().replace('-', "\u{2011}"),
        None if is_reference => "reference".to_owned(),
        None => "nothing to compare with".to_owned(),
    };
    let tone = match system.conclusion {
        _ if simulated || system.role == Role::Anchor => Tone::Open,
        conclusion => tone(conclusion),
    };
    Block::Finding {
        title: match system.role {
            Role::Anchor => format!("{} (anchor)", system.system),
            Role::Reference | Role::Candidate => system.system.clone(),
        },
        word: if simulated { format!("simulated: {word}") } else { word },
        tone,
        sentences: if is_reference {
            vec![system.words.clone()]
        } else {
            vec![system.words.clone(), system.paper_rule.explanation.clone()]
        },
        grounds: grounds(verdict, system, is_reference),
    }
}

/// Returns the tone of a conclusion on a system under test.
pub(crate) fn tone(conclusion: Option<Conclusion>) -> Tone {
    match conclusion {
        Some(Conclusion::Better | Conclusion::Equivalent | Conclusion::NonInferior) => Tone::Good,
        Some(Conclusion::Worse | Conclusion::ToldApart) => Tone::Bad,
        Some(Conclusion::Inconclusive) | None => Tone::Open,
    }
}

/// Returns the numbers that support a conclusion, with a reason for each missing value.
///
/// For the reference itself, in a test of single clips, only those that need no comparison.
fn grounds(verdict: &Verdict, system: &SystemVerdict, is_reference: bool) -> Vec<(String, String)> {
    let level = percent(match &system.interval {
        Defined::Ok { value } => value.level,
        Defined::Undefined { .. } => 1.0 - verdict.analysis.alpha,
    });
    let naive_level = percent(1.0 - verdict.analysis.alpha);
    let mut grounds = vec![
        (
            format!("mean, {level} two-way interval"),
            defined(&system.interval, interval_text, || {
                defined(&system.mean, |mean| plain(*mean), || "–".into())
            }),
        ),
        (
            format!("the interval others print ({naive_level}, too narrow)"),
            shown(&system.naive_interval, interval_text),
        ),
        ("design effect".into(), shown(&system.design_effect, |value| number(*value, 1))),
    ];
    grounds.extend(distribution::quartiles(verdict, system));
    if !is_reference {
        grounds.extend(comparison_grounds(verdict, system));
    }
    grounds.extend([
        (
            "ratings".into(),
            format!(
                "{} by {} on {}",
                number(system.n_ratings as f64, 0),
                plural(system.n_raters, "person").replace("persons", "people"),
                plural(system.n_items, "sentence")
            ),
        ),
        ("fewest raters of a sentence".into(), system.minimum_ratings_per_item.to_string()),
    ]);
    grounds
}

/// Returns the numbers that compare a system with the reference.
fn comparison_grounds(verdict: &Verdict, system: &SystemVerdict) -> Vec<(String, String)> {
    let analysis = &verdict.analysis;
    // With several systems each interval is wider, so that all hold simultaneously.
    let level = |interval: &Defined<Interval>, otherwise: f64| {
        percent(interval.value().map_or(1.0 - otherwise, |interval| interval.level))
    };
    let inner_level = level(&system.equivalence_interval, 2.0 * analysis.alpha);
    let mut grounds = Vec::new();
    if has_own_difference(verdict) && verdict.reference.is_some() {
        let level = level(&system.difference, analysis.alpha);
        let baseline = verdict.paradigm.rules().baseline();
        grounds.push((format!("minus {baseline}, {level}"), shown(&system.difference, interval_text)));
    }
    grounds.extend([
        (
            format!("{inner_level} interval against ±{}", analysis.margin),
            shown(&system.equivalence_interval, interval_text),
        ),
        (
            "smallest margin that these ratings support".into(),
            shown(&system.achieved_margin, |margin| format!("±{}", plain(*margin))),
        ),
        ("standard error".into(), shown(&system.standard_error, |error| number(*error, 3))),
        ("degrees of freedom".into(), shown(&system.degrees_of_freedom, |degrees| number(*degrees, 1))),
        ("effective number of people".into(), shown(&system.effective_raters, |n| number(*n, 1))),
        ("effective number of sentences".into(), shown(&system.effective_items, |n| number(*n, 1))),
        ("p, clustered t test".into(), shown(&system.t_test, p_text)),
    ]);
    if system.role == Role::Candidate {
        grounds.push((
            "p, corrected for all systems under test".into(),
            shown(&system.adjusted_p_value, |p| p_value(*p)),
        ));
    }
    let test = verdict.paradigm.rules().rank_test();
    let [on_ratings, on_means, effect_size] = match test {
        RankTest::SignedRank => {
            ["p, Wilcoxon on ratings", "p, Wilcoxon on sentence means", "rank-biserial correlation"]
        }
        RankTest::RankSum => {
            ["p, rank sum against the reference", "p, rank sum of sentence means", "Cliff's delta"]
        }
    };
    grounds.extend([
        (on_ratings.into(), shown(system.rank_test(test).0, p_text)),
        (on_means.into(), shown(system.rank_test(test).1, p_text)),
        (effect_size.into(), shown(&system.effect_size, |value| plain(*value))),
    ]);
    if verdict.paradigm.rules().has_order() {
        grounds.push(("order effect, second minus first".into(), shown(&system.order_effect, interval_text)));
    }
    if let Some(p) = system.sign_test_p_value {
        grounds.push(("p, sign test by people and by sentences".into(), p_value(p)));
    }
    let sizes = if system.paper_rule.sizes_met { "met" } else { "not met" };
    if verdict.paradigm.rules().paper_criterion().is_none() {
        grounds.push(("the protocol's sizes".into(), sizes.into()));
        return grounds;
    }
    let passes = match system.paper_rule.passes {
        Some(true) => "passes",
        Some(false) => "does not pass",
        None => "cannot be applied",
    };
    grounds.extend([("the paper's rule".into(), passes.into()), ("the paper's sizes".into(), sizes.into())]);
    grounds
}

/// Returns `true` if the difference from the reference is not the mean score itself.
fn has_own_difference(verdict: &Verdict) -> bool {
    let rules = verdict.paradigm.rules();
    rules.is_judged(Role::Reference) || rules.tells_apart()
}

fn defined<T>(value: &Defined<T>, show: impl Fn(&T) -> String, otherwise: impl Fn() -> String) -> String {
    value.value().map_or_else(otherwise, show)
}

fn shown<T>(value: &Defined<T>, show: impl Fn(&T) -> String) -> String {
    match value {
        Defined::Ok { value } => show(value),
        Defined::Undefined { reason } => format!("– ({reason})"),
    }
}

pub(crate) fn plain(value: f64) -> String {
    number(value, DECIMALS)
}

pub(crate) fn interval_text(interval: &Interval) -> String {
    format!("{} [{}, {}]", plain(interval.estimate), plain(interval.low), plain(interval.high))
}

fn p_text(test: &TestResult) -> String {
    p_value(test.p_value)
}

pub(crate) fn p_value(p: f64) -> String {
    if p < SMALLEST_P { format!("< {SMALLEST_P}") } else { number(p, 4) }
}

fn figures(verdict: &Verdict) -> Result<Vec<Figure>, Error> {
    let mut figures = Vec::new();
    let (mean_level, level) = (percent(verdict.mean_level()), percent(verdict.difference_level()));
    let inner_level = percent(verdict.equivalence_level());
    let scale = verdict.paradigm.rules().score_label();
    if has_own_difference(verdict) {
        let title = verdict.paradigm.rules().mean_title();
        let rows = rows(verdict, |system| &system.interval, None);
        figures.push(forest(verdict, verdict.paradigm.as_str(), title, scale, rows, false, |left_out| {
            format!("{title} with its {mean_level} two-way interval.{left_out}")
        })?);
    }
    let differences = rows(verdict, |system| &system.difference, Some(|system| &system.equivalence_interval));
    if verdict.reference.is_some() {
        let label = verdict.paradigm.rules().difference_label();
        let baseline = verdict.paradigm.rules().baseline();
        let title = format!("Difference of each system from {baseline}");
        figures.push(forest(verdict, "differences-from-reference", &title, label, differences, true, |left_out| {
            format!(
                "Each system against {baseline}: mean, {level} two-way interval (thin) and {inner_level} interval \
                 (thick). A system is equivalent when the thick line lies within the shaded margin and the thin one \
                 crosses 0.{}{left_out}",
                if verdict.systems.iter().any(|system| system.role == Role::Anchor) {
                    " Anchors are left out here."
                } else {
                    ""
                }
            )
        })?);
    }
    figures.extend(steps::figure(verdict)?);
    figures.push(distribution::figure(verdict, scale)?);
    Ok(figures)
}

/// A selector of one interval of a system.
type Reading = fn(&SystemVerdict) -> &Defined<Interval>;

/// Returns the rows that can be drawn and the names of the systems that cannot.
fn rows(verdict: &Verdict, outer: Reading, inner: Option<Reading>) -> (Vec<ForestRow>, Vec<String>) {
    let (mut rows, mut left_out) = (Vec::new(), Vec::new());
    for system in &verdict.systems {
        // An anchor is so much worse that it would leave no room for the others.
        if inner.is_some() && system.role == Role::Anchor {
            continue;
        }
        // The reference has no difference from itself, so it is left out silently.
        let is_reference = inner.is_some() && system.role == Role::Reference;
        match outer(system) {
            Defined::Undefined { .. } if is_reference => {}
            Defined::Ok { value } => rows.push(ForestRow {
                label: system.system.clone(),
                estimate: value.estimate,
                low: value.low,
                high: value.high,
                inner: inner
                    .and_then(|inner| inner(system).value())
                    .map(|interval| (interval.low, interval.high)),
            }),
            Defined::Undefined { reason } => left_out.push(format!("{} ({reason})", system.system)),
        }
    }
    (rows, left_out)
}

fn forest(
    verdict: &Verdict,
    name: &str,
    title: &str,
    x_label: &str,
    (rows, left_out): (Vec<ForestRow>, Vec<String>),
    against_zero: bool,
    caption: impl Fn(&str) -> String,
) -> Result<Figure, Error> {
    let left_out =
        if left_out.is_empty() { String::new() } else { format!(" Not drawn: {}.", left_out.join(", ")) };
    let forest = Forest {
        title: title.into(),
        x_label: x_label.into(),
        rows,
        margin: against_zero.then_some(verdict.analysis.margin),
        zero_line: against_zero,
        decimals: DECIMALS,
    };
    Ok(Figure { name: name.into(), svg: forest.to_svg()?, caption: caption(&left_out) })
}

/// Returns the same numbers as a table, for papers and other programs.
fn table(verdict: &Verdict) -> Table {
    let mut columns =
        vec![("system", "System".to_owned()), ("mean", format!("Mean, {}", percent(verdict.mean_level())))];
    if has_own_difference(verdict) {
        let level = percent(verdict.difference_level());
        let baseline = verdict.paradigm.rules().baseline().trim_start_matches("the ");
        columns.push(("difference", format!("Minus {baseline}, {level}")));
    }
    columns.push(("p_t_test", "p, clustered t".to_owned()));
    columns.push(("p_corrected", "p, corrected for all systems".to_owned()));
    let test = verdict.paradigm.rules().rank_test();
    match test {
        RankTest::SignedRank => columns.extend([
            ("p_wilcoxon_ratings", "p, Wilcoxon on ratings".to_owned()),
            ("p_wilcoxon_means", "p, Wilcoxon on sentence means".to_owned()),
        ]),
        RankTest::RankSum => columns.push(("p_rank_sum", "p, rank sum".to_owned())),
    }
    columns.extend([
        ("design_effect", "Design effect".to_owned()),
        ("standard_error", "Standard error".to_owned()),
        ("degrees_of_freedom", "Degrees of freedom".to_owned()),
        ("ratings", "Ratings".to_owned()),
        ("effective_raters", "Raters, effective".to_owned()),
        ("effective_items", "Sentences, effective".to_owned()),
        ("conclusion", "Conclusion".to_owned()),
    ]);
    let columns: Vec<(&str, &str)> = columns.iter().map(|(key, title)| (*key, title.as_str())).collect();
    let caption =
        format!("{}The ratings of each system, with two-way clustered intervals.", simulated(verdict));
    let mut table = Table::new("verdict", caption, &columns);
    let p = |value: &Defined<TestResult>| cell(value, |test| Cell::Probability(test.p_value));
    for system in &verdict.systems {
        let mut row = vec![Cell::text(&system.system), interval_cell(&system.interval)];
        if has_own_difference(verdict) {
            row.push(interval_cell(&system.difference));
        }
        row.push(p(&system.t_test));
        row.push(probability_cell(&system.adjusted_p_value));
        match test {
            RankTest::SignedRank => row.extend([p(&system.wilcoxon_ratings), p(&system.wilcoxon_item_means)]),
            RankTest::RankSum => row.push(p(&system.rank_sum)),
        }
        row.extend([
            number_cell(&system.design_effect, 1),
            number_cell(&system.standard_error, 3),
            number_cell(&system.degrees_of_freedom, 1),
            Cell::Count(system.n_ratings as u64),
            number_cell(&system.effective_raters, 1),
            number_cell(&system.effective_items, 1),
            Cell::text(system.conclusion.map_or("none", Conclusion::as_str)),
        ]);
        table.rows.push(row);
    }
    table
}

/// Returns the table of the sources of variation.
fn components(verdict: &Verdict) -> Table {
    let caption = format!(
        "{}Where the scores vary: standard deviations in points between raters, between sentences, and within both. More \
         ratings by the same raters average out the last only.",
        simulated(verdict)
    );
    let columns = [
        ("system", "System"),
        ("rater_sd", "Raters"),
        ("item_sd", "Sentences"),
        ("residual_sd", "Single ratings"),
    ];
    let mut table = Table::new("components", caption, &columns);
    for system in verdict.systems.iter().filter(|system| system.role != Role::Reference) {
        let mut row = vec![Cell::text(&system.system)];
        match &system.components {
            Defined::Ok { value } => row.extend(
                [value.rater_sd, value.item_sd, value.residual_sd]
                    .map(|value| Cell::Number { value, decimals: DECIMALS }),
            ),
            Defined::Undefined { reason } => row.extend((0..3).map(|_| Cell::Missing(reason.clone()))),
        }
        table.rows.push(row);
    }
    table
}

/// Returns the prefix of a table caption: a note if the ratings are simulated, else nothing.
pub(crate) fn simulated(verdict: &Verdict) -> &'static str {
    match verdict.origin {
        Origin::Simulated => "Simulated ratings. ",
        Origin::Human => "",
    }
}

pub(crate) fn interval_cell(value: &Defined<Interval>) -> Cell {
    cell(value, |value| Cell::Interval {
        estimate: value.estimate,
        low: value.low,
        high: value.high,
        decimals: DECIMALS,
    })
}
