//! The heteronym "read", in the present or the past.

use super::grammar::{Class, class, is_plural};
use super::table::Heteronym;
use super::{Context, Reading, Reason};

/// Words that set a sentence in the past.
const PAST: [&str; 17] = [
    "yesterday",
    "ago",
    "last",
    "was",
    "were",
    "had",
    "did",
    "said",
    "went",
    "came",
    "saw",
    "took",
    "told",
    "thought",
    "wrote",
    "then",
    "knew",
];
/// Words that set it in the present, or indicate repetition.
const PRESENT: [&str; 16] = [
    "every",
    "always",
    "often",
    "usually",
    "never",
    "daily",
    "sometimes",
    "will",
    "can",
    "should",
    "may",
    "must",
    "is",
    "are",
    "today",
    "if",
];
const PAST_READING: Reading = Reading::First;
const PRESENT_READING: Reading = Reading::Second;

/// Decides "read": first for the past and the participle, second for the present and the infinitive.
pub(super) fn read(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    let mut number = 1;
    while class(context.before(number)) == Class::Adverb && number < 4 {
        number += 1;
    }
    let (before, earlier) = (context.before(number), context.before(number + 1));
    match class(before) {
        Class::To => (PRESENT_READING, Reason::Infinitive),
        // "he'd read" is "he had read" as often as "he would read".
        Class::Auxiliary => (PRESENT_READING, Reason::Auxiliary),
        Class::Be | Class::Have => (PAST_READING, Reason::Auxiliary),
        Class::ObjectPronoun => (PRESENT_READING, Reason::Subject),
        Class::Subject | Class::SingularSubject if class(earlier) == Class::Auxiliary => {
            (PRESENT_READING, Reason::Auxiliary)
        }
        Class::Subject | Class::SingularSubject if class(earlier) == Class::Have => {
            (PAST_READING, Reason::Auxiliary)
        }
        Class::SingularDeterminer | Class::Determiner => (PRESENT_READING, Reason::Determiner),
        Class::Nothing if context.after(1) == "by" => (PAST_READING, Reason::Complement),
        Class::Nothing if context.begins_sentence() => (PRESENT_READING, Reason::Object),
        Class::Subject => {
            let told = matches!(before, "i" | "we" | "they");
            by_time(context, if told { PAST_READING } else { PRESENT_READING })
        }
        Class::Relative if before == "who" && (is_plural(earlier) || class(earlier) == Class::Subject) => {
            by_time(context, PRESENT_READING)
        }
        Class::Other if is_plural(before) => by_time(context, PRESENT_READING),
        Class::Conjunction => after_conjunction(context, number),
        // "he", a name, a singular noun: the present would be "reads".
        _ => (PAST_READING, Reason::Subject),
    }
}

/// Decides by the tense of the rest of the sentence.
fn by_time(context: &Context<'_>, prior: Reading) -> (Reading, Reason) {
    let past = |word: &str| PAST.contains(&word) || (word.len() > 4 && word.ends_with("ed"));
    let present = |word: &str| PRESENT.contains(&word);
    match (context.anywhere(past), context.anywhere(present)) {
        (true, false) => (PAST_READING, Reason::Time),
        (false, true) => (PRESENT_READING, Reason::Time),
        _ => (prior, Reason::Default),
    }
}

/// Decides like the verb on the other side of the conjunction: "to sit and read", "sat and read".
fn after_conjunction(context: &Context<'_>, number: usize) -> (Reading, Reason) {
    for place in number + 1..number + 6 {
        let word = context.before(place);
        match class(word) {
            Class::To => return (PRESENT_READING, Reason::Infinitive),
            Class::Auxiliary => return (PRESENT_READING, Reason::Auxiliary),
            Class::Be | Class::Have => return (PAST_READING, Reason::Auxiliary),
            Class::Nothing => break,
            _ if PAST.contains(&word) || word.ends_with("ed") => return (PAST_READING, Reason::Time),
            _ => {}
        }
    }
    by_time(context, PAST_READING)
}
