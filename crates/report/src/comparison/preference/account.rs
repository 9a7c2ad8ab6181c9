//! The account that a paper gives of a preference test: its methods, and answers to the questions of reviewers.

use mynah_listening::{Defined, PreferenceVerdict, Protocol};

use super::{is_simulated, log_odds};
use crate::comparison::checklist::{self, Answer};
use crate::comparison::documents::plural;
use crate::comparison::methods::{listener_facts, presentation};
use crate::figure::number;

/// Describes a preference test in a paragraph, in the form used in papers.
pub(crate) fn paragraph(test: &PreferenceVerdict, versions: &[(String, String)]) -> String {
    let simulated = if is_simulated(test) {
        "[Simulated votes: nobody listened, and this paragraph describes a rehearsal.] "
    } else {
        ""
    };
    let names: Vec<&str> = test.systems.iter().map(|system| system.system.as_str()).collect();
    let ties = if test.n_tied > 0 { ", the second or neither" } else { " or the second" };
    let order = match &test.order_effect {
        Defined::Ok { .. } => " and an effect of the order (Davidson and Beaver 1977)",
        Defined::Undefined { .. } => "",
    };
    let with_ties = if test.n_tied > 0 { " with ties (Davidson 1970)" } else { "" };
    let versions: Vec<String> = versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let made = if versions.is_empty() {
        String::new()
    } else {
        format!(" The analysis was made by {}.", versions.join(", "))
    };
    let asked = test.protocol.as_ref().map_or_else(String::new, |protocol| {
        format!("{}{}{}", listener_facts(protocol), presentation(protocol), screening_words(test, protocol))
    });
    let declared = match &test.design {
        Some(design) => format!("were fixed in a plan before anybody listened (design {design})"),
        None => "were chosen when the votes were analysed".to_owned(),
    };
    format!(
        "{simulated}In the study {}, {} heard a sentence spoken by two systems and preferred the first{ties}, which gave {} on \
         {}. The systems were {}.{asked} Strengths were estimated by the model of Bradley and Terry (1952){with_ties}{order}, with \
         standard errors clustered by listener and sentence (Cameron, Gelbach and Miller 2011), jackknifed by leaving out \
         listeners and sentences, and Student's t with the degrees of freedom of Bell and McCaffrey (2002). Pairs of which one \
         system was preferred in every judgment were tested by a sign test over listeners and sentences, in each order of the \
         clips. All {} were tested together at the level {}, by the correlations of their differences (Hothorn, Bretz and \
         Westfall 2008). Level and analysis {declared}.{made}",
        test.study,
        plural(test.n_raters, "listener"),
        plural(test.n_votes, "vote"),
        plural(test.n_items, "sentence"),
        names.join(", "),
        plural(test.pairs.len(), "pair"),
        test.alpha,
    )
}

/// Answers the reviewers' questions about listening tests, in their order.
pub(crate) fn answers(test: &PreferenceVerdict) -> [(Answer, String); 11] {
    let yours = |grounds: &str| (Answer::Yours, grounds.to_owned());
    let of_protocol = |answer: fn(&Protocol) -> (Answer, String), without: &str| match &test.protocol {
        Some(protocol) => answer(protocol),
        None => yours(without),
    };
    let weights = format!(
        "{} and {} weigh as {} and {} equal ones",
        plural(test.n_raters, "listener"),
        plural(test.n_items, "sentence"),
        number(test.effective_raters, 1),
        number(test.effective_items, 1)
    );
    [
        of_protocol(checklist::question, "The votes came without the question"),
        of_protocol(
            checklist::listeners,
            "Nothing is recorded about people: say how they were found, what language they speak, how they listened and \
             what they were paid",
        ),
        (
            Answer::InPart,
            match &test.design {
                Some(_) => {
                    format!("{weights}; the plan declares their numbers, not what they must be able to show")
                }
                None => format!("{weights}; no size was declared"),
            },
        ),
        of_protocol(checklist::instructions, "The votes came without them"),
        of_protocol(checklist::loudness, "The votes came without a plan"),
        order(test),
        (Answer::No, "A preference test has no anchor".to_owned()),
        screening(test),
        (
            if test.pairs.iter().any(|pair| pair.standard_error.value().is_some()) {
                Answer::Yes
            } else {
                Answer::InPart
            },
            format!("Two-way clustered standard errors by leaving out listeners and sentences; {weights}"),
        ),
        match test.pairs.len() {
            1 => (Answer::DoesNotApply, "There is one comparison".to_owned()),
            n => (Answer::Yes, format!("Intervals and p-values are simultaneous over {n} pairs")),
        },
        (Answer::DoesNotApply, "A preference test finds preferences, and shows no equality".to_owned()),
    ]
}

fn order(test: &PreferenceVerdict) -> (Answer, String) {
    let effect = match &test.order_effect {
        Defined::Ok { value } => {
            format!("log odds of the clip heard first {}", log_odds(value))
        }
        Defined::Undefined { reason } => format!("order effect undefined: {reason}"),
    };
    match &test.design {
        Some(_) => {
            (Answer::Yes, format!("Random, by the plan, balanced for every listener and sentence; {effect}"))
        }
        None => (Answer::Yours, format!("The votes came without a plan; {effect}")),
    }
}

fn screening(test: &PreferenceVerdict) -> (Answer, String) {
    let declared = test.protocol.as_ref().map(|protocol| &protocol.analysis.screening[..]);
    match declared {
        None => (Answer::InPart, "Nothing is left out here; what was before is not known".to_owned()),
        Some([]) => (Answer::Yes, "None was declared, and nothing is left out".to_owned()),
        Some(rules) => {
            let rules: Vec<&str> = rules.iter().map(|rule| rule.as_str()).collect();
            (Answer::Yes, format!("By {}: {} left out", rules.join(", "), plural(n_excluded(test), "vote")))
        }
    }
}

/// Describes the votes that screening left out, for a paragraph.
fn screening_words(test: &PreferenceVerdict, protocol: &Protocol) -> String {
    let rules: Vec<&str> = protocol.analysis.screening.iter().map(|rule| rule.as_str()).collect();
    match (&rules[..], n_excluded(test)) {
        ([], _) => " No votes were excluded.".to_owned(),
        (rules, 0) => format!(" Screening ({}) excluded no votes.", rules.join(", ")),
        (rules, n) => format!(" Screening ({}) excluded {}.", rules.join(", "), plural(n, "vote")),
    }
}

fn n_excluded(test: &PreferenceVerdict) -> usize {
    test.excluded.iter().map(|excluded| excluded.n_ratings).sum()
}
