//! The fixed words of a verdict.
//!
//! "Human-level" is said in one place only: a comparison with human recordings, by people, with the sizes of the
//! protocol met, that ends in `equivalent`. The paper means equality by it, so `better` is called better.

use mynah_stats::Interval;

use crate::plan::Plan;
use crate::rating::{Origin, Paradigm, Rating};
use crate::verdict::{Conclusion, Defined, SystemVerdict};

/// The conclusion about a system, as a sentence or two.
pub(crate) fn system_words(plan: &Plan, origin: Origin, system: &SystemVerdict) -> String {
    let name = &system.system;
    let mut words = match (system.conclusion, plan.reference()) {
        (Some(conclusion), Some(reference)) => compared(plan, system, conclusion, &reference.name),
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
    let favourable = matches!(system.conclusion, Some(Conclusion::Equivalent | Conclusion::Better));
    if favourable && plan.protocol.paradigm == Paradigm::Cmos && plan.protocol.human_reference {
        if !system.paper_rule.sizes_met {
            words.push_str(" The sizes of the protocol are not met, so no more than this is claimed.");
        } else if system.conclusion == Some(Conclusion::Equivalent) {
            words.push_str(" That is human-level quality on this test set.");
        }
    }
    words
}

/// How the rule of the paper comes out, and why.
pub(crate) fn paper_explanation(plan: &Plan, system: &SystemVerdict) -> String {
    let analysis = &plan.protocol.analysis;
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
    if plan.protocol.paradigm == Paradigm::Mos {
        return format!("Protocol sizes met: {sizes}. The rule needs a comparison, not single clips.");
    }
    if !plan.protocol.human_reference {
        return format!("Protocol sizes met: {sizes}. The rule needs human recordings as reference.");
    }
    let (mean, test) = match (&system.mean, &system.wilcoxon_ratings) {
        (Defined::Ok { value: mean }, Defined::Ok { value: test }) => (*mean, test),
        (Defined::Undefined { reason }, _) | (_, Defined::Undefined { reason }) => {
            return format!("Protocol sizes met: {sizes}. The signed-rank test is undefined: {reason}.");
        }
    };
    let significant = if test.p_value > analysis.alpha { "not significant" } else { "significant" };
    let close = if mean.abs() <= analysis.margin { "within" } else { "outside" };
    let outcome = if system.paper_rule.passes == Some(true) { "passed" } else { "not passed" };
    let either_way =
        if system.paper_rule.passes == Some(false) && system.conclusion == Some(Conclusion::Better) {
            " The rule asks for no difference in either direction."
        } else {
            ""
        };
    format!(
        "Rule {outcome}. Protocol sizes met: {sizes}. Signed-rank test on all {} ratings: p = {}, {significant}; \
         mean {}, {close} ±{}.{either_way}",
        test.n,
        probability(test.p_value),
        number(mean),
        analysis.margin
    )
}

/// What belongs beside the results of the whole test.
pub(crate) fn notes(plan: &Plan, ratings: &[Rating], systems: &[SystemVerdict]) -> Vec<String> {
    let mut notes = Vec::new();
    let n_simulated = ratings.iter().filter(|rating| rating.origin == Origin::Simulated).count();
    if n_simulated > 0 {
        notes.push(format!("{n_simulated} of {} ratings are simulated: nobody gave them.", ratings.len()));
    }
    let n_planned: usize = plan.sessions.iter().map(|session| session.trials.len()).sum();
    if ratings.len() < n_planned {
        let n_missing = n_planned - ratings.len();
        notes.push(format!("{n_missing} of {n_planned} planned judgements are missing."));
    }
    let n_compared = systems.iter().filter(|system| system.conclusion.is_some()).count();
    if n_compared > 1 {
        notes.push(format!(
            "{n_compared} systems are compared with one reference. Each conclusion stands for itself; the Holm p-values \
             are corrected for all {n_compared}."
        ));
    }
    if plan.protocol.paradigm == Paradigm::Mos {
        notes.push(
            "Mean opinion scores depend on what else is heard in the test: those of different tests must not be compared."
                .to_owned(),
        );
    }
    notes
}

fn compared(plan: &Plan, system: &SystemVerdict, conclusion: Conclusion, reference: &str) -> String {
    let name = &system.system;
    let margin = plan.protocol.analysis.margin;
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
