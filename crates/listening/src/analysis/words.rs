//! The fixed words of a verdict.
//!
//! "Human-level" is said in one place only: a planned comparison with human recordings, by people, with the sizes of the
//! protocol met and its anchors found worse, that ends in `equivalent`. The paper means equality by it, so `better` is
//! called better.

use std::collections::BTreeSet;

use mynah_stats::Interval;

use crate::analysis::study::Study;
use crate::analysis::verdict::{Assay, Conclusion, Defined, Screening, SystemVerdict};
use crate::design::plan::Role;
use crate::design::protocol::{
    HUMAN_LEVEL_ALPHA, HUMAN_LEVEL_ITEMS, HUMAN_LEVEL_MARGIN, HUMAN_LEVEL_RATINGS,
};
use crate::rating::{Origin, Paradigm, Rating};

/// Raters and sentences that weigh as less than this share of their number are said to.
const UNEQUAL: f64 = 0.6;
/// With fewer degrees of freedom an interval of 95 % is 2.8 standard errors wide on either side.
const FEW_DEGREES: f64 = 4.0;

/// The conclusion about a system, as a sentence or two.
pub(crate) fn system_words(study: &Study, origin: Origin, assay: &Assay, system: &SystemVerdict) -> String {
    let name = &system.system;
    let mut words = match (system.conclusion, study.reference()) {
        (Some(conclusion), Some(reference)) => compared(study, system, conclusion, reference),
        _ => match (&system.interval, &system.mean) {
            (Defined::Ok { value }, _) => {
                format!("`{name}` has a mean score of {}.", with_interval(value, ""))
            }
            (Defined::Undefined { reason }, Defined::Ok { value }) => {
                format!("`{name}` has a mean score of {}; it has no interval: {reason}.", number(*value))
            }
            (_, Defined::Undefined { reason }) => format!("`{name}` has no mean score: {reason}."),
        },
    };
    if origin == Origin::Simulated {
        return format!("Simulated ratings, not a finding: {words}");
    }
    if let Some(weight) = weight(system) {
        words.extend([" ", &weight]);
    }
    let favourable = matches!(system.conclusion, Some(Conclusion::Equivalent | Conclusion::Better));
    match missing_for_human_level(study, assay, system) {
        Err(None) => {}
        _ if !favourable => {}
        Err(Some(missing)) => words.extend([" ", &missing, ", so no more than this is claimed."]),
        Ok(()) if system.conclusion == Some(Conclusion::Equivalent) => {
            words.push_str(" That is human-level quality on this test set.");
        }
        Ok(()) => {}
    }
    words
}

/// What is to be known of how few the judges and sentences come to, where that matters.
fn weight(system: &SystemVerdict) -> Option<String> {
    let (raters, items, degrees) = (
        system.effective_raters.value()?,
        system.effective_items.value()?,
        system.degrees_of_freedom.value()?,
    );
    let mut sentences = Vec::new();
    for (n, what, effective, that, did) in [
        (system.n_raters, "people", raters, "who", "judged as much"),
        (system.n_items, "sentences", items, "that", "were judged as often"),
    ] {
        if *effective < UNEQUAL * n as f64 {
            sentences.push(format!("The {n} {what} weigh as {effective:.1} {that} all {did}."));
        }
    }
    if *degrees < FEW_DEGREES {
        sentences.push(format!(
            "That is too few to find any but a large difference ({degrees:.1} degrees of freedom)."
        ));
    }
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Whether a system was found to be at human level; simulated ratings find nothing.
pub(crate) fn is_human_level(study: &Study, origin: Origin, assay: &Assay, system: &SystemVerdict) -> bool {
    origin == Origin::Human
        && system.conclusion == Some(Conclusion::Equivalent)
        && missing_for_human_level(study, assay, system).is_ok()
}

/// What a claim of human level lacks beside the conclusion; nothing to say where nobody would expect such a claim.
fn missing_for_human_level(
    study: &Study,
    assay: &Assay,
    system: &SystemVerdict,
) -> Result<(), Option<String>> {
    let missing = |what: &str| Err(Some(what.to_owned()));
    if system.role != Role::Candidate || study.paradigm != Paradigm::Cmos || !study.human_reference {
        return Err(None);
    }
    if !system.paper_rule.sizes_met {
        return missing("The sizes of the protocol are not met");
    }
    // A protocol may ask for more than these, not for less.
    if system.n_items < HUMAN_LEVEL_ITEMS || system.minimum_ratings_per_item < HUMAN_LEVEL_RATINGS {
        return Err(Some(format!(
            "Human level asks for {HUMAN_LEVEL_ITEMS} sentences with {HUMAN_LEVEL_RATINGS} ratings each"
        )));
    }
    if study.analysis.margin > HUMAN_LEVEL_MARGIN {
        return Err(Some(format!(
            "The margin of ±{} is wider than the ±{HUMAN_LEVEL_MARGIN} that human level allows",
            study.analysis.margin
        )));
    }
    if study.analysis.alpha > HUMAN_LEVEL_ALPHA {
        return Err(Some(format!(
            "The level {} is above the {HUMAN_LEVEL_ALPHA} that human level allows",
            study.analysis.alpha
        )));
    }
    if study.design.is_none() {
        return missing("There is no plan that shows what was declared before the test");
    }
    match assay.sensitive {
        Some(true) => Ok(()),
        Some(false) => missing("This test has not found its anchors worse"),
        None => missing("This test has no anchor by which it could show that it finds differences"),
    }
}

/// How the rule of the paper comes out, and why.
pub(crate) fn paper_explanation(study: &Study, system: &SystemVerdict) -> String {
    let analysis = &study.analysis;
    let sizes = format!(
        "{} sentences ({} are needed), each judged by at least {} people ({} are needed)",
        system.n_items,
        analysis.minimum_items,
        system.minimum_ratings_per_item,
        analysis.minimum_ratings_per_item
    );
    if !system.paper_rule.sizes_met {
        return format!("Protocol sizes not met: {sizes}.");
    }
    if !study.human_reference {
        return format!("Protocol sizes met: {sizes}. The rule needs human recordings as reference.");
    }
    let (name, test, on_means) = match study.paradigm {
        Paradigm::Cmos => ("signed-rank test", &system.wilcoxon_ratings, &system.wilcoxon_item_means),
        Paradigm::Mos => ("rank-sum test", &system.rank_sum, &system.rank_sum_item_means),
    };
    let (mean, test) = match (&system.mean, test) {
        (Defined::Ok { value: mean }, Defined::Ok { value: test }) => (*mean, test),
        (Defined::Undefined { reason }, _) | (_, Defined::Undefined { reason }) => {
            return format!("Protocol sizes met: {sizes}. The {name} is undefined: {reason}.");
        }
    };
    let significance = |p: f64| {
        let significant = if p > analysis.alpha { "not significant" } else { "significant" };
        format!("p = {}, {significant}", probability(p))
    };
    let on_means = match on_means {
        Defined::Ok { value } => significance(value.p_value),
        Defined::Undefined { reason } => format!("undefined ({reason})"),
    };
    let outcome = if system.paper_rule.passes == Some(true) { "passed" } else { "not passed" };
    let mut text = format!(
        "Rule {outcome}. Protocol sizes met: {sizes}. The {name} on all {} ratings: {} (on sentence means: {on_means})",
        test.n,
        significance(test.p_value)
    );
    match study.paradigm {
        Paradigm::Cmos => {
            let close = if mean.abs() <= analysis.margin { "within" } else { "outside" };
            let margin = analysis.margin.to_string();
            text.extend(["; mean ", &number(mean), ", ", close, " ±", &margin, "."]);
        }
        Paradigm::Mos => {
            text.push_str(
                ". The paper takes single clips for too coarse to end with: its verdict is by comparison.",
            );
        }
    }
    if system.paper_rule.passes == Some(false) && system.conclusion == Some(Conclusion::Better) {
        text.push_str(" The rule asks for no difference in either direction.");
    }
    text
}

/// Whether the test has found its anchors worse, as a sentence.
pub(crate) fn assay_explanation(
    study: &Study,
    origin: Origin,
    anchors: &[&SystemVerdict],
    missed: &[&SystemVerdict],
) -> String {
    let reference = study.reference().unwrap_or("the reference");
    let with_difference = |anchor: &&SystemVerdict| match &anchor.difference {
        Defined::Ok { value } => format!("`{}` by {}", anchor.system, with_interval(value, " points")),
        Defined::Undefined { reason } => format!("`{}` (undefined: {reason})", anchor.system),
    };
    let all = |anchors: &[&SystemVerdict]| anchors.iter().map(with_difference).collect::<Vec<_>>().join(", ");
    let words = match (anchors, missed) {
        ([], _) => {
            "There is no anchor, a system that is known to be worse. Nothing shows that this test could have \
                    found a difference."
                .to_owned()
        }
        (_, []) => {
            format!("The test has found what is known to be worse than `{reference}`: {}.", all(anchors))
        }
        (_, _) => format!(
            "The test has not found what is known to be worse than `{reference}`: {}. So it says little that it finds no \
             difference elsewhere.",
            all(missed)
        ),
    };
    match origin {
        Origin::Simulated if !anchors.is_empty() => format!("Simulated ratings, not a finding: {words}"),
        _ => words,
    }
}

/// What belongs beside the results of the whole test.
pub(crate) fn notes(
    study: &Study,
    ratings: &[Rating],
    systems: &[SystemVerdict],
    screening: &Screening,
) -> Vec<String> {
    let mut notes = Vec::new();
    if study.design.is_none() {
        notes.push(format!(
            "These ratings came without a plan. The margin of ±{} and the level {} were chosen when they were judged; \
             nothing shows that they were declared before anybody listened.",
            study.analysis.margin, study.analysis.alpha
        ));
    }
    let n_simulated = ratings.iter().filter(|rating| rating.origin == Origin::Simulated).count();
    if n_simulated > 0 {
        notes.push(format!("{n_simulated} of {} ratings are simulated: nobody gave them.", ratings.len()));
    }
    if let Some(n_planned) = study.n_planned.filter(|n_planned| ratings.len() < *n_planned) {
        let n_missing = n_planned - ratings.len();
        notes.push(format!("{n_missing} of {n_planned} planned judgements are missing."));
    }
    if !screening.rules.is_empty() {
        let rules: Vec<&str> = screening.rules.iter().map(|rule| rule.as_str()).collect();
        let n_ratings: usize = screening.excluded.iter().map(|excluded| excluded.n_ratings).sum();
        let raters: BTreeSet<&str> =
            screening.excluded.iter().map(|excluded| excluded.rater.as_str()).collect();
        notes.push(format!(
            "Screened by the declared rules ({}): {n_ratings} ratings of {} raters are left out.",
            rules.join(", "),
            raters.len()
        ));
    }
    let n_compared =
        systems.iter().filter(|system| system.role == Role::Candidate && system.conclusion.is_some()).count();
    if n_compared > 1 {
        notes.push(format!(
            "{n_compared} systems are compared with one reference. Intervals, p-values after correction and conclusions are \
             simultaneous: in {} % of studies all {n_compared} are right together.",
            percent(1.0 - study.analysis.alpha)
        ));
    }
    if study.paradigm == Paradigm::Mos {
        notes.push(
            "Mean opinion scores depend on what else is heard in the test: those of different tests must not be compared."
                .to_owned(),
        );
    }
    notes
}

fn compared(study: &Study, system: &SystemVerdict, conclusion: Conclusion, reference: &str) -> String {
    let name = &system.system;
    let margin = study.analysis.margin;
    let (interval, tost) = match (&system.difference, &system.equivalence) {
        (Defined::Ok { value: interval }, Defined::Ok { value: tost }) => (interval, tost),
        (Defined::Undefined { reason }, _) | (_, Defined::Undefined { reason }) => {
            return format!("Nothing can be said about `{name}` against `{reference}`: {reason}.");
        }
    };
    let difference = with_interval(interval, " points");
    match conclusion {
        Conclusion::Better => format!("`{name}` is better than `{reference}` by {difference}."),
        Conclusion::Equivalent => {
            format!(
                "`{name}` is equivalent to `{reference}` within ±{margin} points: the difference is {difference}."
            )
        }
        Conclusion::NonInferior => format!(
            "`{name}` is not worse than `{reference}` by more than {margin} points: the difference is {difference}."
        ),
        Conclusion::Worse if tost.equivalent => format!(
            "`{name}` is worse than `{reference}`, though by less than {margin} points: the difference is {difference}."
        ),
        Conclusion::Worse => {
            format!("`{name}` is worse than `{reference}`: the difference is {difference}.")
        }
        Conclusion::Inconclusive => format!(
            "The test cannot tell whether `{name}` is as good as `{reference}`: the difference is {difference}, and \
             the interval of {} %, {} to {}, is not within ±{margin}.",
            percent(tost.interval.level),
            number(tost.interval.low),
            number(tost.interval.high)
        ),
    }
}

fn with_interval(interval: &Interval, unit: &str) -> String {
    format!(
        "{}{unit} ({} % interval {} to {})",
        number(interval.estimate),
        percent(interval.level),
        number(interval.low),
        number(interval.high)
    )
}

/// Two decimals; no minus before a zero.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    if text == "-0.00" { "0.00".to_owned() } else { text }
}

fn probability(value: f64) -> String {
    if value < 0.0001 { format!("{value:.1e}") } else { format!("{value:.4}") }
}

/// A coverage as a percentage without needless decimals.
fn percent(level: f64) -> String {
    let text = format!("{:.2}", level * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
