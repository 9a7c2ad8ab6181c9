//! The sentences of a verdict.
//!
//! "Human-level" occurs in one place only: for a planned comparison with human recordings, by people, with the sizes of the
//! protocol met and its anchors found worse, that ends in `equivalent`. The paper means equality by it, so `better` is
//! called better.

use mynah_stats::Interval;

use crate::analysis::discrimination;
use crate::analysis::screening::{controls_note, screening_note};
use crate::analysis::study::Study;
use crate::analysis::verdict::{Assay, Conclusion, Defined, Screening, SystemVerdict};
use crate::design::protocol::{
    HUMAN_LEVEL_ALPHA, HUMAN_LEVEL_ITEMS, HUMAN_LEVEL_MARGIN, HUMAN_LEVEL_RATINGS,
};
use crate::paradigms::Comparatives;
use crate::rating::{Origin, Rating};
use crate::system::Role;

/// The share of their number below which the effective number of raters or sentences is reported.
const UNEQUAL: f64 = 0.6;
/// The degrees of freedom below which the test is called too small: a 95 % interval then extends 2.8 standard errors and
/// more to either side.
const FEW_DEGREES: f64 = 4.0;

/// Puts the conclusion about a system into a sentence or two.
pub(crate) fn system_words(study: &Study, origin: Origin, assay: &Assay, system: &SystemVerdict) -> String {
    let name = &system.system;
    let mut words = match (system.conclusion, study.reference()) {
        (Some(conclusion), Some(reference)) if study.rules().tells_apart() => {
            discrimination::words(study, system, conclusion, reference)
        }
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

/// Reports how few raters and sentences the ratings amount to, where that matters.
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

/// Determines whether a system was found to be at human level; simulated ratings find nothing.
pub(crate) fn is_human_level(study: &Study, origin: Origin, assay: &Assay, system: &SystemVerdict) -> bool {
    origin == Origin::Human
        && system.conclusion == Some(Conclusion::Equivalent)
        && missing_for_human_level(study, assay, system).is_ok()
}

/// Finds what a claim of human level lacks besides the conclusion.
///
/// The error is `None` where nobody would expect such a claim.
fn missing_for_human_level(
    study: &Study,
    assay: &Assay,
    system: &SystemVerdict,
) -> Result<(), Option<String>> {
    let missing = |what: &str| Err(Some(what.to_owned()));
    if system.role != Role::Candidate || !study.rules().can_show_human_level() || !study.human_reference {
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

/// Explains the outcome of the paper's rule.
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
    let Some(criterion) = study.rules().paper_criterion() else {
        return format!("Protocol sizes met: {sizes}.");
    };
    if !study.human_reference {
        return format!("Protocol sizes met: {sizes}. The rule needs human recordings as reference.");
    }
    let rank_test = study.rules().rank_test();
    let name = rank_test.name();
    let (test, on_means) = system.rank_test(rank_test);
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
    if criterion.needs_mean_near_zero {
        let close = if mean.abs() <= analysis.margin { "within" } else { "outside" };
        let margin = analysis.margin.to_string();
        text.extend(["; mean ", &number(mean), ", ", close, " ±", &margin]);
    }
    text.push('.');
    if let Some(remark) = criterion.remark {
        text.extend([" ", remark]);
    }
    if system.paper_rule.passes == Some(false) && system.conclusion == Some(Conclusion::Better) {
        text.push_str(" The rule asks for no difference in either direction.");
    }
    text
}

/// Reports whether the test found its anchors worse.
pub(crate) fn assay_explanation(
    study: &Study,
    origin: Origin,
    anchors: &[&SystemVerdict],
    missed: &[&SystemVerdict],
) -> String {
    let reference = study.reference().unwrap_or("the reference");
    let tells_apart = study.rules().tells_apart();
    let with_difference = |anchor: &&SystemVerdict| match &anchor.difference {
        _ if tells_apart => discrimination::told(anchor),
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
        (_, []) if tells_apart => {
            format!("Listeners told what is known to be worse from `{reference}`: {}.", all(anchors))
        }
        (_, _) if tells_apart => format!(
            "Listeners are not shown to tell what is known to be worse from `{reference}`: {}. So it says little that they tell \
             nothing else apart.",
            all(missed)
        ),
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

/// Collects the notes that belong next to the results of the whole test.
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
    notes.extend(study.notes.iter().cloned());
    let ratings = || ratings.iter().filter(|rating| !rating.kind.is_control());
    let n_simulated = ratings().filter(|rating| rating.origin == Origin::Simulated).count();
    if n_simulated > 0 {
        notes
            .push(format!("{n_simulated} of {} ratings are simulated: nobody gave them.", ratings().count()));
    }
    notes.extend(study.missing.and_then(|missing| missing.note("ratings")));
    notes.extend(controls_note(&screening.controls));
    notes.extend(screening_note(&screening.rules, &screening.excluded, "ratings"));
    let n_compared =
        systems.iter().filter(|system| system.role == Role::Candidate && system.conclusion.is_some()).count();
    if n_compared > 1 {
        notes.push(format!(
            "{n_compared} systems are compared with one reference. Intervals, p-values after correction and conclusions are \
             simultaneous: in {} % of studies all {n_compared} are right together.",
            percent(1.0 - study.analysis.alpha)
        ));
    }
    notes.extend(study.rules().caveat().map(str::to_owned));
    notes
}

/// Puts a conclusion into words.
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
    let Comparatives { better, worse, equivalent, as_good } = study.rules().comparatives();
    match conclusion {
        Conclusion::Better => format!("`{name}` is {better} `{reference}` by {difference}."),
        Conclusion::Equivalent => {
            format!(
                "`{name}` is {equivalent} `{reference}` within ±{margin} points: the difference is {difference}."
            )
        }
        Conclusion::NonInferior => format!(
            "`{name}` is not {worse} `{reference}` by more than {margin} points: the difference is {difference}."
        ),
        Conclusion::Worse if tost.equivalent => format!(
            "`{name}` is {worse} `{reference}`, though by less than {margin} points: the difference is {difference}."
        ),
        Conclusion::Worse => {
            format!("`{name}` is {worse} `{reference}`: the difference is {difference}.")
        }
        Conclusion::Inconclusive | Conclusion::ToldApart => format!(
            "The test cannot tell whether `{name}` is {as_good} `{reference}`: the difference is {difference}, and \
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

/// Formats a number with two decimals, without a minus before zero.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    if text == "-0.00" { "0.00".to_owned() } else { text }
}

/// Formats a p-value.
pub(crate) fn probability(value: f64) -> String {
    if value < 0.0001 { format!("{value:.1e}") } else { format!("{value:.4}") }
}

/// Formats a coverage as a percentage without trailing zeros.
pub(crate) fn percent(level: f64) -> String {
    let text = format!("{:.2}", level * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
