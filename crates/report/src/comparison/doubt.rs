//! Grounds for doubting a verdict: anchors, null pairs, screening and alternative analyses.

use mynah_listening::{Defined, Exclusion, RaterSummary, ScreeningRule, Verdict};

use super::cells::{number_cell, probability_cell};
use super::documents::plural;
use super::ratings::{DECIMALS, interval_cell, interval_text, plain, simulated};
use super::scores::percent;
use crate::page::{Block, Tone};
use crate::table::{Cell, Table};

/// Returns the finding on whether the test could have found a difference.
pub(crate) fn assay(verdict: &Verdict) -> Block {
    let (word, tone) = match verdict.assay.sensitive {
        Some(true) => ("shown", Tone::Good),
        Some(false) => ("not shown", Tone::Bad),
        None => ("not examined", Tone::Open),
    };
    let is_simulated = !simulated(verdict).is_empty();
    Block::Finding {
        title: "Assay sensitivity".into(),
        word: if is_simulated { format!("simulated: {word}") } else { word.to_owned() },
        tone: if is_simulated { Tone::Open } else { tone },
        sentences: vec![verdict.assay.explanation.clone()],
        grounds: Vec::new(),
    }
}

/// Returns the blocks on null pairs and alternative analyses.
pub(crate) fn blocks(verdict: &Verdict) -> Vec<Block> {
    let mut blocks = Vec::new();
    if verdict.paradigm.rules().allows_null_pairs() {
        blocks.push(Block::Text(null_pairs(verdict)));
    }
    if let Some(table) = sensitivity(verdict) {
        blocks.push(Block::Folded {
            summary: "The same ratings by other analyses".into(),
            blocks: vec![Block::Table(table)],
        });
    }
    blocks
}

/// Returns the blocks on the raters: agreement, screening, and each of them.
pub(crate) fn rater_blocks(verdict: &Verdict) -> Vec<Block> {
    let mut blocks = vec![Block::Text(agreement(verdict)), Block::Text(screening_words(verdict))];
    if let Some(table) = screening(verdict) {
        blocks
            .push(Block::Folded { summary: "Exclusions by rule".into(), blocks: vec![Block::Table(table)] });
    }
    if !verdict.raters.is_empty() {
        blocks.push(Block::Table(raters(verdict)));
    }
    blocks
}

/// Summarizes the raters in a line.
pub(crate) fn rater_gist(verdict: &Verdict) -> String {
    let n_ratings: usize = verdict.screening.excluded.iter().map(|excluded| excluded.n_ratings).sum();
    let excluded = if n_ratings == 0 { "nothing".to_owned() } else { plural(n_ratings, "rating") };
    format!("{}, {excluded} excluded", plural(verdict.raters.len(), "rater"))
}

fn null_pairs(verdict: &Verdict) -> String {
    let pairs = match &verdict.null_pairs {
        Defined::Ok { value } => value,
        Defined::Undefined { reason } => return format!("Null pairs: none to report ({reason})."),
    };
    let (mean, bias) = match &pairs.interval {
        Defined::Ok { value } => (
            interval_text(value),
            if value.contains(0.0) {
                "No bias is shown"
            } else {
                "The listeners are biased: they answer this way whatever they hear"
            },
        ),
        Defined::Undefined { reason } => (
            format!("{} (no interval: {reason})", plain(pairs.mean)),
            "It is unclear whether there is a bias",
        ),
    };
    let noise = match &pairs.standard_deviation {
        Defined::Ok { value } => format!(", standard deviation {}", plain(*value)),
        Defined::Undefined { .. } => String::new(),
    };
    format!(
        "Null pairs: {} of the reference with itself, mean {mean} for the second clip{noise}. {bias}.",
        plural(pairs.n_ratings, "comparison")
    )
}

fn agreement(verdict: &Verdict) -> String {
    match &verdict.agreement {
        Defined::Ok { value } => {
            let mut text =
                format!("Agreement of the raters: Krippendorff's alpha, ordinal, is {}.", plain(*value));
            if let Some(remark) = verdict.paradigm.rules().agreement_remark() {
                text.extend([" ", remark]);
            }
            text
        }
        Defined::Undefined { reason } => format!("Agreement of the raters: undefined ({reason})."),
    }
}

fn list(rules: &[ScreeningRule]) -> String {
    rules.iter().map(|rule| rule.as_str()).collect::<Vec<_>>().join(", ")
}

fn counted(excluded: &[Exclusion]) -> String {
    let n_ratings: usize = excluded.iter().map(|one| one.n_ratings).sum();
    if excluded.is_empty() { "nothing".to_owned() } else { plural(n_ratings, "rating") }
}

fn screening_words(verdict: &Verdict) -> String {
    let screening = &verdict.screening;
    if screening.rules.is_empty() {
        return format!(
            "Screening: none was declared, and nothing is excluded. The available rules ({}) would exclude {}.",
            list(&screening.other_rules),
            counted(&screening.other_excluded)
        );
    }
    format!(
        "Screening: by the declared rules ({}), {} excluded.",
        list(&screening.rules),
        match &screening.excluded[..] {
            [] => "nothing is".to_owned(),
            [one] if one.n_ratings == 1 => "1 rating is".to_owned(),
            excluded => format!("{} are", counted(excluded)),
        }
    )
}

/// Returns the table of everything that is, or would be, left out.
fn screening(verdict: &Verdict) -> Option<Table> {
    let columns = [
        ("rater", "Rater"),
        ("rule", "Rule"),
        ("ratings", "Ratings"),
        ("why", "Why"),
        ("excluded", "Excluded"),
    ];
    let caption = format!(
        "{}Exclusions by the rules of screening. Only declared rules affect the numbers of this report; the table of \
         other analyses shows the effect of the others.",
        simulated(verdict)
    );
    let mut table = Table::new("screening", caption, &columns);
    let screening = &verdict.screening;
    let both = [(&screening.excluded, "yes"), (&screening.other_excluded, "no, not declared")];
    for (excluded, left_out) in both {
        for one in excluded {
            table.rows.push(vec![
                Cell::text(&one.rater),
                Cell::text(one.rule.as_str()),
                Cell::Count(one.n_ratings as u64),
                Cell::text(&one.why),
                Cell::text(left_out),
            ]);
        }
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Returns the table of the raters.
fn raters(verdict: &Verdict) -> Table {
    let columns = [
        ("rater", "Rater"),
        ("ratings", "Ratings"),
        ("share", "Share (%)"),
        ("minutes", "Minutes"),
        ("bias", "Bias"),
        ("inconsistency", "Inconsistency"),
        ("agreement", "Agreement with the others"),
    ];
    let caption = format!(
        "{}Share: of all ratings. Minutes: from the opening of each page to its answer. Bias: how much higher than the others a rater scores. Inconsistency: the standard deviation of a rater's \
         scores about the quality of each clip plus the bias (ITU-T P.910, annex E). Agreement: Pearson's correlation \
         with the mean of the other raters. Nobody is excluded by these numbers.",
        simulated(verdict)
    );
    let mut table = Table::new("raters", caption, &columns);
    let number = |value: &Defined<f64>| number_cell(value, DECIMALS);
    let row = |rater: &RaterSummary| {
        vec![
            Cell::text(&rater.rater),
            Cell::Count(rater.n_ratings as u64),
            Cell::Number { value: 100.0 * rater.share, decimals: 1 },
            number_cell(&rater.minutes, 1),
            number(&rater.bias),
            number(&rater.inconsistency),
            number(&rater.agreement),
        ]
    };
    table.rows.extend(verdict.raters.iter().map(row));
    table
}

/// Returns the conclusions of every analysis, if there are others besides the declared one.
fn sensitivity(verdict: &Verdict) -> Option<Table> {
    if verdict.systems.iter().all(|system| system.sensitivity.is_empty()) {
        return None;
    }
    let level = percent(verdict.difference_level());
    let interval = format!("Difference, {level}");
    let columns = [
        ("system", "System"),
        ("analysis", "Analysis"),
        ("screening", "Screening"),
        ("dependence", "Allows for shared raters and sentences"),
        ("difference", interval.as_str()),
        ("p", "p, no difference"),
        ("conclusion", "Conclusion"),
    ];
    let caption = format!(
        "{}Does the conclusion depend on the choice of the analysis? Analyses that do not allow for shared raters and \
         sentences find nonexistent differences. Only the first of each system, the declared one, counts.",
        simulated(verdict)
    );
    let mut table = Table::new("sensitivity", caption, &columns);
    for system in &verdict.systems {
        for other in &system.sensitivity {
            let screening =
                if other.screening.is_empty() { "none".to_owned() } else { list(&other.screening) };
            table.rows.push(vec![
                Cell::text(&system.system),
                Cell::text(other.analysis.title()),
                Cell::text(screening),
                Cell::text(if other.allows_for_dependence { "yes" } else { "no" }),
                interval_cell(&other.interval),
                probability_cell(&other.p_value),
                match other.conclusion {
                    Some(conclusion) => Cell::text(conclusion.as_str()),
                    None => Cell::Missing("none follows".into()),
                },
            ]);
        }
    }
    Some(table)
}
