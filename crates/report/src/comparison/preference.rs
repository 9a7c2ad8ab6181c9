//! Section on a preference test: findings, strengths, votes and every pair.

mod account;

use mynah_listening::{Conclusion, Defined, Origin, PreferencePair, PreferenceSystem, PreferenceVerdict};
use mynah_stats::Interval;

use super::cells::{number_cell, probability_cell};
use super::documents::{append_to_names, plural};
use super::ratings::{DECIMALS, interval_cell, p_value, short};
use super::scores::percent;
use crate::error::Error;
use crate::figure::{Forest, ForestRow, StackRow, Stacks, number};
use crate::page::{Block, Figure, Section, Tone};
use crate::table::{Cell, Table};

pub(crate) use account::{answers, paragraph};

/// The largest number of pairs whose votes are drawn one by one.
const MOST_PAIRS: usize = 15;

/// Returns a section for each test.
pub(crate) fn sections(tests: &[PreferenceVerdict]) -> Result<Vec<Section>, Error> {
    let mut sections = Vec::new();
    for (index, test) in tests.iter().enumerate() {
        let mut blocks = blocks(test)?;
        let gist = format!("{} on {}", plural(test.n_votes, "vote"), plural(test.pairs.len(), "pair"));
        let (id, title) = if tests.len() > 1 {
            let number = index + 1;
            for block in &mut blocks {
                append_to_names(block, &format!("-{number}"));
            }
            (format!("preference-{number}"), format!("What listeners prefer, test {number}: {}", test.study))
        } else {
            ("preference".to_owned(), "What listeners prefer".to_owned())
        };
        sections.push(Section::folded(&id, title, gist, blocks));
    }
    Ok(sections)
}

/// Returns true if the votes are simulated.
pub(crate) fn is_simulated(test: &PreferenceVerdict) -> bool {
    test.origin == Origin::Simulated
}

fn blocks(test: &PreferenceVerdict) -> Result<Vec<Block>, Error> {
    let mut blocks = vec![Block::Text(what_was_asked(test))];
    blocks.extend(findings(test));
    if test.reference.is_some() && test.systems.len() > 2 {
        blocks.push(Block::Text(test.words.clone()));
    }
    blocks.push(Block::Table(systems(test)));
    blocks.push(Block::Figures(vec![strengths(test)?, votes(test)?]));
    blocks.push(Block::Folded { summary: "Every pair".into(), blocks: vec![Block::Table(pairs(test))] });
    if test.systems.len() > 2 {
        blocks.push(Block::Folded {
            summary: "Votes for the row over the column".into(),
            blocks: vec![Block::Table(wins(test))],
        });
    }
    blocks.push(Block::Text(order_words(test)));
    blocks.push(Block::List(test.notes.clone()));
    Ok(blocks)
}

fn what_was_asked(test: &PreferenceVerdict) -> String {
    let (design, declared) = match &test.design {
        Some(design) => (format!("design {}", short(design)), "Declared before the test"),
        None => ("without a plan".to_owned(), "Chosen when it was judged"),
    };
    format!(
        "Study {}, {design}. Listeners heard a sentence spoken by two systems and preferred one of them{}: {} by {} on {}. \
         {declared}: level {}.",
        test.study,
        if test.n_tied > 0 { " or neither" } else { "" },
        plural(test.n_votes, "vote"),
        plural(test.n_raters, "person").replace("persons", "people"),
        plural(test.n_items, "sentence"),
        test.alpha,
    )
}

/// Returns a finding for each system against the reference, or one on all of them.
fn findings(test: &PreferenceVerdict) -> Vec<Block> {
    let simulated = is_simulated(test);
    let finding =
        |title: &str, word: &str, good: Option<bool>, words: &str, grounds: Vec<(String, String)>| {
            Block::Finding {
                title: title.to_owned(),
                word: if simulated { format!("simulated: {word}") } else { word.to_owned() },
                tone: match good {
                    Some(true) if !simulated => Tone::Good,
                    Some(false) if !simulated => Tone::Bad,
                    _ => Tone::Open,
                },
                sentences: vec![words.to_owned()],
                grounds,
            }
        };
    let Some(reference) = &test.reference else {
        let first: Vec<&str> =
            test.systems.iter().filter(|one| one.best_rank == 1).map(|one| one.system.as_str()).collect();
        let word = if first.len() == 1 { format!("{} is first", first[0]) } else { "not decided".to_owned() };
        let good = (first.len() == 1).then_some(true);
        let grounds = match &test.pairs[..] {
            [pair] => grounds(pair),
            _ => Vec::new(),
        };
        return vec![finding("Preference", &word, good, &test.words, grounds)];
    };
    let of_system = |system: &PreferenceSystem| {
        let conclusion = system.conclusion?;
        let (word, good) = match conclusion {
            Conclusion::Better => ("preferred", Some(true)),
            Conclusion::Worse => ("not preferred", Some(false)),
            _ => ("inconclusive", None),
        };
        let pair = test.pair(&system.system, reference)?.seen_from(&system.system);
        Some(finding(&system.system, word, good, &system.words, grounds(&pair)))
    };
    test.systems.iter().filter_map(of_system).collect()
}

/// Returns the conclusion on a test without its grounds.
pub(crate) fn summary(test: &PreferenceVerdict) -> Block {
    let first: Vec<&str> =
        test.systems.iter().filter(|one| one.best_rank == 1).map(|one| one.system.as_str()).collect();
    let word = if first.len() == 1 { format!("{} is first", first[0]) } else { "not decided".to_owned() };
    let mut sentences = Vec::new();
    if let Some(reference) = &test.reference {
        for (conclusion, words) in [
            (Conclusion::Better, format!("Preferred to `{reference}`")),
            (Conclusion::Inconclusive, format!("Not told from `{reference}`")),
            (Conclusion::Worse, format!("`{reference}` is preferred to")),
        ] {
            let names: Vec<&str> = test
                .systems
                .iter()
                .filter(|system| system.conclusion == Some(conclusion))
                .map(|system| system.system.as_str())
                .collect();
            if !names.is_empty() {
                sentences.push(format!("{words}: {}.", names.join(", ")));
            }
        }
    }
    sentences.push(test.words.clone());
    Block::Finding {
        title: format!("Preference, {}", test.study),
        word: if is_simulated(test) { format!("simulated: {word}") } else { word },
        tone: Tone::Open,
        sentences,
        grounds: Vec::new(),
    }
}

fn grounds(pair: &PreferencePair) -> Vec<(String, String)> {
    let measured = |value: &Defined<f64>, decimals: usize| match value {
        Defined::Ok { value } => number(*value, decimals),
        Defined::Undefined { reason } => format!("– ({reason})"),
    };
    let level =
        pair.difference.value().map_or_else(String::new, |one| format!(", {} interval", percent(one.level)));
    vec![
        (
            "votes for, neither, against".into(),
            format!("{}, {}, {}", pair.n_preferred, pair.n_tied, pair.n_not_preferred),
        ),
        (
            format!("share of decided comparisons{level}"),
            match &pair.share {
                Defined::Ok { value } => shares(value),
                Defined::Undefined { reason } => format!("– ({reason})"),
            },
        ),
        (
            format!("difference in strength, log odds{level}"),
            match &pair.difference {
                Defined::Ok { value } => log_odds(value),
                Defined::Undefined { reason } => format!("– ({reason})"),
            },
        ),
        (
            "p, corrected for all pairs".into(),
            match &pair.adjusted_p_value {
                Defined::Ok { value } => p_value(*value),
                Defined::Undefined { reason } => format!("– ({reason})"),
            },
        ),
        ("standard error".into(), measured(&pair.standard_error, 3)),
        ("degrees of freedom".into(), measured(&pair.degrees_of_freedom, 1)),
        (
            "raters and sentences, effective".into(),
            format!("{}, {}", measured(&pair.effective_raters, 1), measured(&pair.effective_items, 1)),
        ),
    ]
}

/// Returns the table of the systems.
pub(crate) fn systems(test: &PreferenceVerdict) -> Table {
    let caption = format!(
        "{}The systems by their strengths, in log odds relative to the mean of all. With a probability of {} all true ranks lie \
         within these ranges.",
        marked(test),
        percent(1.0 - test.alpha)
    );
    let columns = [
        ("system", "System"),
        ("strength", "Strength"),
        ("rank", "Possible ranks"),
        ("votes", "Votes on its pairs"),
        ("preferred", "For it"),
        ("tied", "For neither"),
        ("preferred_to", "Preferred to"),
    ];
    let mut table = Table::new("preference", caption, &columns);
    for system in &test.systems {
        let ranks = match (system.best_rank, system.worst_rank) {
            (best, worst) if best == worst => best.to_string(),
            (best, worst) => format!("{best} to {worst}"),
        };
        let beaten = test.pairs.iter().filter(|pair| pair.preferred.as_ref() == Some(&system.system));
        let beaten = beaten.map(|pair| pair.seen_from(&system.system).minus);
        table.rows.push(vec![
            Cell::text(&system.system),
            number_cell(&system.strength, DECIMALS),
            Cell::text(&ranks),
            Cell::Count(system.n_votes as u64),
            Cell::Count(system.n_preferred as u64),
            Cell::Count(system.n_tied as u64),
            Cell::List(beaten.collect()),
        ]);
    }
    table
}

fn pairs(test: &PreferenceVerdict) -> Table {
    let caption = format!(
        "{}Every two systems: votes, the share of decided comparisons that the first wins by the model, and the difference in \
         strength in log odds. Intervals and p-values are simultaneous.",
        marked(test)
    );
    let columns = [
        ("system", "System"),
        ("minus", "Minus"),
        ("votes", "Votes"),
        ("preferred", "Preferred"),
        ("tied", "Neither"),
        ("not_preferred", "Not preferred"),
        ("share_preferred", "Share preferred"),
        ("share_tied", "Share neither"),
        ("share_not_preferred", "Share not preferred"),
        ("share_decided", "Wins, decided"),
        ("share_expected", "Expected wins, decided"),
        ("difference", "Difference"),
        ("standard_error", "Standard error"),
        ("degrees_of_freedom", "Degrees of freedom"),
        ("raters", "Raters"),
        ("sentences", "Sentences"),
        ("p_corrected", "p, corrected for all pairs"),
        ("found", "Preferred system"),
    ];
    let mut table = Table::new("preference-pairs", caption, &columns);
    for pair in &test.pairs {
        let share = |count: usize| {
            if pair.n_votes == 0 {
                return Cell::Missing("the two were never compared".into());
            }
            Cell::Number { value: count as f64 / pair.n_votes as f64, decimals: 3 }
        };
        table.rows.push(vec![
            Cell::text(&pair.system),
            Cell::text(&pair.minus),
            Cell::Count(pair.n_votes as u64),
            Cell::Count(pair.n_preferred as u64),
            Cell::Count(pair.n_tied as u64),
            Cell::Count(pair.n_not_preferred as u64),
            share(pair.n_preferred),
            share(pair.n_tied),
            share(pair.n_not_preferred),
            interval_cell(&pair.share),
            number_cell(&pair.expected, 3),
            interval_cell(&pair.difference),
            number_cell(&pair.standard_error, 3),
            number_cell(&pair.degrees_of_freedom, 1),
            Cell::Count(pair.n_raters as u64),
            Cell::Count(pair.n_items as u64),
            probability_cell(&pair.adjusted_p_value),
            Cell::text(pair.preferred.as_deref().unwrap_or("not found")),
        ]);
    }
    table
}

fn wins(test: &PreferenceVerdict) -> Table {
    let caption =
        format!("{}The number of votes for the system of the row over that of the column.", marked(test));
    let mut columns = vec![("system", "System")];
    columns.extend(test.systems.iter().map(|one| (one.system.as_str(), one.system.as_str())));
    let mut table = Table::new("preference-wins", caption, &columns);
    for (system, row) in test.systems.iter().zip(&test.wins) {
        let mut cells = vec![Cell::text(&system.system)];
        cells.extend(row.iter().zip(&test.systems).map(|(count, column)| {
            if column.system == system.system { Cell::text("–") } else { Cell::Count(*count as u64) }
        }));
        table.rows.push(cells);
    }
    table
}

/// Draws the differences from the reference, or without one from the strongest system.
fn strengths(test: &PreferenceVerdict) -> Result<Figure, Error> {
    let strongest = test.systems.first().map(|one| one.system.as_str()).unwrap_or_default();
    let baseline = test.reference.as_deref().unwrap_or(strongest);
    let (mut rows, mut left_out, mut level) = (Vec::new(), Vec::new(), 1.0 - test.alpha);
    for system in test.systems.iter().filter(|one| one.system != baseline) {
        let Some(pair) = test.pair(&system.system, baseline) else { continue };
        match pair.seen_from(&system.system).difference {
            Defined::Ok { value } => {
                level = value.level;
                rows.push(ForestRow {
                    label: system.system.clone(),
                    estimate: value.estimate,
                    low: value.low,
                    high: value.high,
                    inner: None,
                });
            }
            Defined::Undefined { reason } => left_out.push(format!("{} ({reason})", system.system)),
        }
    }
    let left_out =
        if left_out.is_empty() { String::new() } else { format!(" Not drawn: {}.", left_out.join(", ")) };
    let forest = Forest {
        title: format!("Strength against {baseline}"),
        x_label: "difference in strength, log odds".into(),
        rows,
        margin: None,
        zero_line: true,
        decimals: DECIMALS,
    };
    Ok(Figure {
        name: "preference-strengths".into(),
        svg: forest.to_svg()?,
        caption: format!(
            "The strength of each system against {baseline}, in log odds, with its {} interval; the intervals of all pairs hold \
             together.{left_out}",
            percent(level)
        ),
    })
}

/// Draws the votes of every pair or, if there are many, of every system.
fn votes(test: &PreferenceVerdict) -> Result<Figure, Error> {
    let row = |label: String, [preferred, tied, not]: [usize; 3]| StackRow {
        label,
        counts: [preferred, tied, not].map(|count| count as u64).to_vec(),
    };
    let of_pairs = test.pairs.len() <= MOST_PAIRS;
    let rows: Vec<StackRow> = if of_pairs {
        let of_pair = |pair: &PreferencePair| {
            row(
                format!("{} – {}", pair.system, pair.minus),
                [pair.n_preferred, pair.n_tied, pair.n_not_preferred],
            )
        };
        test.pairs.iter().map(of_pair).collect()
    } else {
        let of_system = |one: &PreferenceSystem| {
            row(one.system.clone(), [one.n_preferred, one.n_tied, one.n_votes - one.n_preferred - one.n_tied])
        };
        test.systems.iter().map(of_system).collect()
    };
    let stacks = Stacks {
        title: "Votes".into(),
        x_label: "votes".into(),
        kinds: vec!["preferred".into(), "neither".into(), "the other preferred".into()],
        rows,
    };
    let which = if of_pairs { "each pair, for its first system" } else { "each system, over all its pairs" };
    Ok(Figure {
        name: "preference-votes".into(),
        svg: stacks.to_svg()?,
        caption: format!("Votes on {which}: preferred, neither, the other preferred."),
    })
}

fn order_words(test: &PreferenceVerdict) -> String {
    let counts = format!(
        "The clip heard first got {}, the second {}, neither {}.",
        plural(test.n_first, "vote"),
        number(test.n_second as f64, 0),
        number(test.n_tied as f64, 0)
    );
    let effect = match (&test.order_effect, &test.order_p_value) {
        (Defined::Ok { value }, Defined::Ok { value: p }) => {
            let share = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
            let as_share = Interval {
                estimate: share(value.estimate),
                low: share(value.low),
                high: share(value.high),
                level: value.level,
            };
            format!(
                "Of two equal systems, the one heard first wins {} of decided comparisons ({} interval; p = {}). Differences in \
                 strength do not contain this effect.",
                shares(&as_share),
                percent(value.level),
                p_value(*p)
            )
        }
        (Defined::Undefined { reason }, _) | (_, Defined::Undefined { reason }) => {
            format!("The effect of the order is undefined: {reason}.")
        }
    };
    format!("{counts} {effect}")
}

fn log_odds(interval: &Interval) -> String {
    let text = |value| number(value, DECIMALS);
    format!("{} [{}, {}]", text(interval.estimate), text(interval.low), text(interval.high))
}

fn shares(interval: &Interval) -> String {
    let text = |value: f64| number(100.0 * value, 0);
    format!("{}\u{202f}% [{}, {}]", text(interval.estimate), text(interval.low), text(interval.high))
}

fn marked(test: &PreferenceVerdict) -> &'static str {
    if is_simulated(test) { "Simulated votes. " } else { "" }
}
