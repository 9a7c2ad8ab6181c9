//! Noun or verb, by the neighboring words.
//!
//! Each neighbor that carries evidence casts a weighted vote. The heavier side wins, and its heaviest vote is
//! the reason. The weights were set by hand on the sentences of `tests/heteronyms/tuning.tsv`.

use super::table::{Form, Heteronym};
use super::{Context, Reading, Reason};

/// Closed class of a word, which determines what may follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// the, my, some, which: a noun phrase begins; in the singular also a, this, every.
    Determiner,
    SingularDeterminer,
    /// two, first, many.
    Number,
    Preposition,
    To,
    /// will, can't, didn't, let's, please: a bare verb follows.
    Auxiliary,
    Be,
    Have,
    /// I, we, they.
    Subject,
    /// he, she, it, everybody: the next verb ends in s.
    SingularSubject,
    /// me, them, himself.
    ObjectPronoun,
    /// that, who, which.
    Relative,
    /// very, so, too: an adjective follows.
    Intensifier,
    /// not, always, slowly: skipped.
    Adverb,
    /// and, or, but.
    Conjunction,
    /// No word: a pause, or an end.
    Nothing,
    Other,
}

/// Returns the class of a normalized word.
pub(super) fn class(word: &str) -> Class {
    match word {
        "" => Class::Nothing,
        "the" | "these" | "those" | "my" | "your" | "his" | "her" | "its" | "our" | "their" | "some"
        | "any" | "no" | "all" | "both" | "such" | "other" | "what" | "whose" | "own" | "more" | "most"
        | "less" | "few" | "several" | "many" | "much" | "enough" => Class::Determiner,
        "a" | "an" | "this" | "every" | "each" | "another" | "either" | "neither" => {
            Class::SingularDeterminer
        }
        "one" | "two" | "three" | "four" | "five" | "six" | "seven" | "eight" | "nine" | "ten" | "eleven"
        | "twelve" | "twenty" | "thirty" | "forty" | "fifty" | "sixty" | "seventy" | "eighty" | "ninety"
        | "hundred" | "thousand" | "million" | "dozen" | "first" | "second" | "third" | "last" | "next"
        | "half" => Class::Number,
        "of" | "in" | "on" | "at" | "for" | "with" | "by" | "from" | "into" | "under" | "about"
        | "against" | "without" | "within" | "during" | "through" | "between" | "among" | "over"
        | "after" | "before" | "behind" | "beside" | "beyond" | "upon" | "toward" | "towards" | "like"
        | "per" | "above" | "below" | "near" | "despite" | "since" | "until" | "onto" | "across"
        | "along" | "around" | "as" => Class::Preposition,
        "to" => Class::To,
        "will" | "would" | "can" | "could" | "shall" | "should" | "may" | "might" | "must" | "cannot"
        | "do" | "does" | "did" | "let's" | "please" | "help" | "helped" | "helps" | "dare" => {
            Class::Auxiliary
        }
        "is" | "was" | "are" | "were" | "be" | "been" | "being" | "am" | "seem" | "seems" | "seemed"
        | "became" | "become" | "becomes" | "remain" | "remained" | "remains" | "feel" | "felt" | "feels"
        | "it's" | "that's" | "there's" | "he's" | "she's" | "what's" | "who's" | "here's" => Class::Be,
        "have" | "has" | "had" | "having" => Class::Have,
        "i" | "we" | "they" | "you" | "people" | "men" | "women" | "children" | "police" => Class::Subject,
        "he" | "she" | "it" | "everyone" | "everybody" | "anyone" | "anybody" | "someone" | "somebody"
        | "nobody" | "everything" | "nothing" | "anything" | "something" => Class::SingularSubject,
        "me" | "him" | "us" | "them" | "myself" | "yourself" | "himself" | "herself" | "itself"
        | "ourselves" | "yourselves" | "themselves" => Class::ObjectPronoun,
        "that" | "who" | "which" => Class::Relative,
        "very" | "so" | "too" | "quite" | "rather" | "extremely" | "fairly" | "perfectly" | "entirely"
        | "completely" | "equally" | "how" => Class::Intensifier,
        "not" | "never" | "always" | "often" | "also" | "still" | "just" | "even" | "ever" | "then"
        | "now" | "soon" | "again" | "once" | "sometimes" | "seldom" | "only" | "thus" | "therefore"
        | "further" | "yet" | "hardly" | "nearly" | "almost" | "actually" | "really" => Class::Adverb,
        "and" | "or" | "nor" | "but" | "than" | "if" | "when" | "while" | "because" | "whether"
        | "although" | "though" | "where" => Class::Conjunction,
        _ => by_ending(word),
    }
}

fn by_ending(word: &str) -> Class {
    if word.ends_with("n't") {
        return match word {
            "isn't" | "aren't" | "wasn't" | "weren't" => Class::Be,
            "haven't" | "hasn't" | "hadn't" => Class::Have,
            _ => Class::Auxiliary,
        };
    }
    if word.ends_with("'ll") || word.ends_with("'d") {
        return Class::Auxiliary;
    }
    if word.ends_with("'ve") {
        return Class::Have;
    }
    if word.ends_with("'re") || word.ends_with("'m") {
        return Class::Be;
    }
    if word.ends_with("'s") || word.ends_with("s'") {
        return Class::Determiner;
    }
    let no_adverb =
        ["family", "reply", "supply", "july", "italy", "early", "daily", "weekly", "monthly", "yearly"];
    if word.len() > 4 && word.ends_with("ly") && !no_adverb.contains(&word) {
        return Class::Adverb;
    }
    Class::Other
}

/// Returns true if a word outside the closed classes looks like a plural.
pub(super) fn is_plural(word: &str) -> bool {
    word.len() > 3
        && word.ends_with('s')
        && !["ss", "us", "is", "'s", "ous"].iter().any(|end| word.ends_with(end))
}

/// Returns true if a word outside the closed classes looks like an adjective.
pub(super) fn is_adjective(word: &str) -> bool {
    let endings = ["ous", "ive", "al", "ic", "ful", "less", "able", "ible", "ary", "est", "ish", "ern"];
    word.len() > 4 && endings.iter().any(|ending| word.ends_with(ending))
        || matches!(
            word,
            "new"
                | "old"
                | "good"
                | "bad"
                | "big"
                | "small"
                | "long"
                | "short"
                | "high"
                | "low"
                | "great"
                | "little"
                | "large"
                | "young"
                | "early"
                | "late"
                | "strong"
                | "poor"
                | "rich"
                | "same"
                | "full"
                | "free"
                | "whole"
                | "main"
                | "only"
                | "daily"
                | "common"
                | "certain"
                | "fresh"
                | "sharp"
                | "rough"
                | "human"
                | "modern"
                | "clear"
                | "secret"
                | "fine"
        )
}

/// Returns true if a noun phrase starts with this word, as the object of a preceding verb.
fn opens_object(word: &str) -> bool {
    matches!(class(word), Class::Determiner | Class::SingularDeterminer | Class::ObjectPronoun)
        || matches!(
            word,
            "it" | "you" | "one" | "everything" | "anything" | "nothing" | "everyone" | "anyone"
        )
}

/// Words followed by "to" as a preposition: "according to use".
const BEFORE_PREPOSITION_TO: [&str; 20] = [
    "according",
    "due",
    "subject",
    "addicted",
    "opposed",
    "access",
    "objection",
    "objections",
    "led",
    "exposed",
    "addition",
    "prior",
    "reference",
    "relation",
    "damage",
    "approach",
    "devoted",
    "contrary",
    "put",
    "close",
];

/// Votes for either side.
#[derive(Default)]
struct Votes {
    noun: u32,
    verb: u32,
    best_noun: Option<(u32, Reason)>,
    best_verb: Option<(u32, Reason)>,
}

impl Votes {
    fn noun(&mut self, weight: u32, reason: Reason) {
        self.noun += weight;
        if self.best_noun.is_none_or(|(best, _)| weight > best) {
            self.best_noun = Some((weight, reason));
        }
    }

    fn verb(&mut self, weight: u32, reason: Reason) {
        self.verb += weight;
        if self.best_verb.is_none_or(|(best, _)| weight > best) {
            self.best_verb = Some((weight, reason));
        }
    }
}

/// Chooses the first reading for a noun or an adjective, the second for a verb.
pub(super) fn noun_or_verb(context: &Context<'_>, word: &Heteronym) -> (Reading, Reason) {
    let (mut votes, prior) = (Votes::default(), word.prior);
    let mut number = 1;
    while class(context.before(number)) == Class::Adverb && number < 4 {
        number += 1;
    }
    if number > 1 {
        votes.verb(1, Reason::Modifier);
    }
    if word.form == Form::Inflected {
        before_inflected(context, number, &mut votes);
        after_inflected(context, &mut votes);
    } else {
        before_bare(context, number, &mut votes);
        after_bare(context, &mut votes);
    }
    match votes.noun.cmp(&votes.verb) {
        std::cmp::Ordering::Greater => {
            (Reading::First, votes.best_noun.map_or(Reason::Default, |(_, reason)| reason))
        }
        std::cmp::Ordering::Less => {
            (Reading::Second, votes.best_verb.map_or(Reason::Default, |(_, reason)| reason))
        }
        std::cmp::Ordering::Equal => (prior, Reason::Default),
    }
}

/// Casts the vote of a word before a bare form; `number` is its position.
fn before_bare(context: &Context<'_>, number: usize, votes: &mut Votes) {
    let (before, earlier) = (context.before(number), context.before(number + 1));
    let inverted = matches!(class(earlier), Class::Auxiliary);
    match class(before) {
        Class::To if BEFORE_PREPOSITION_TO.contains(&earlier) => votes.noun(2, Reason::Preposition),
        Class::To => votes.verb(6, Reason::Infinitive),
        Class::Auxiliary => votes.verb(7, Reason::Auxiliary),
        Class::Subject => votes.verb(if inverted { 7 } else { 5 }, Reason::Subject),
        Class::SingularSubject => votes.verb(if inverted { 7 } else { 3 }, Reason::Subject),
        Class::ObjectPronoun => votes.verb(3, Reason::Subject),
        Class::Relative if before == "who" => votes.verb(5, Reason::Subject),
        Class::Relative if before == "that" && (is_plural(earlier) || class(earlier) == Class::Subject) => {
            votes.verb(4, Reason::Subject);
        }
        Class::Determiner | Class::SingularDeterminer => votes.noun(7, Reason::Determiner),
        Class::Number | Class::Relative => votes.noun(4, Reason::Determiner),
        Class::Preposition => votes.noun(6, Reason::Preposition),
        Class::Be => votes.noun(5, Reason::Auxiliary),
        Class::Have => votes.noun(3, Reason::Auxiliary),
        Class::Intensifier => votes.noun(7, Reason::Modifier),
        Class::Conjunction => before_conjunction(context, number, votes),
        Class::Nothing if opens_object(context.after(1)) => votes.verb(4, Reason::Object),
        Class::Nothing => votes.noun(1, Reason::Default),
        Class::Adverb => {}
        Class::Other => {
            if is_adjective(before) {
                votes.noun(4, Reason::Modifier);
            } else if is_plural(before) {
                votes.verb(4, Reason::Subject);
            } else if phrase_begins(context, number + 1) {
                votes.noun(4, Reason::Determiner);
            } else {
                votes.noun(2, Reason::Default);
            }
        }
    }
}

/// Votes as for the word on the other side of a conjunction: "compare and contrast", "to buy and use".
fn before_conjunction(context: &Context<'_>, number: usize, votes: &mut Votes) {
    if !matches!(context.before(number), "and" | "or" | "nor" | "but") {
        if matches!(context.before(number), "if" | "when" | "whether" | "because" | "where") {
            votes.noun(1, Reason::Default);
        }
        return;
    }
    for place in number + 2..number + 5 {
        match class(context.before(place)) {
            Class::To => return votes.verb(4, Reason::Infinitive),
            Class::Auxiliary => return votes.verb(4, Reason::Auxiliary),
            Class::Subject => return votes.verb(2, Reason::Subject),
            Class::Preposition | Class::Determiner | Class::SingularDeterminer => {
                return votes.noun(2, Reason::Determiner);
            }
            Class::Nothing if place == number + 2 => return votes.verb(2, Reason::Object),
            Class::Nothing => return,
            _ => {}
        }
    }
}

/// Casts the vote of the word after a bare form.
fn after_bare(context: &Context<'_>, votes: &mut Votes) {
    let after = context.after(1);
    if after == "of" {
        return votes.noun(5, Reason::Complement);
    }
    if opens_object(after) {
        return votes.verb(4, Reason::Object);
    }
    match class(after) {
        Class::Be | Class::Have | Class::Auxiliary => votes.noun(4, Reason::Complement),
        Class::Subject | Class::SingularSubject => votes.noun(2, Reason::Complement),
        Class::Nothing => votes.noun(1, Reason::Default),
        Class::Adverb => votes.verb(1, Reason::Object),
        _ => {}
    }
}

/// Casts the vote of a word before a form in -s.
fn before_inflected(context: &Context<'_>, number: usize, votes: &mut Votes) {
    let before = context.before(number);
    match class(before) {
        Class::SingularSubject => votes.verb(6, Reason::Subject),
        Class::Relative => votes.verb(5, Reason::Subject),
        Class::SingularDeterminer => votes.verb(2, Reason::Subject),
        Class::Number if before == "one" => votes.verb(2, Reason::Subject),
        Class::Determiner | Class::Number => votes.noun(7, Reason::Determiner),
        Class::Preposition => votes.noun(6, Reason::Preposition),
        Class::To | Class::Auxiliary => votes.noun(4, Reason::Preposition),
        Class::Be | Class::Have => votes.noun(5, Reason::Auxiliary),
        Class::Nothing => votes.noun(2, Reason::Default),
        Class::Conjunction | Class::Adverb => {}
        Class::Other if is_adjective(before) => votes.noun(4, Reason::Modifier),
        Class::Other if is_plural(before) => votes.noun(2, Reason::Modifier),
        Class::Subject | Class::ObjectPronoun | Class::Intensifier | Class::Other => {
            votes.noun(1, Reason::Default);
        }
    }
}

/// Casts the vote of the word after a form in -s.
fn after_inflected(context: &Context<'_>, votes: &mut Votes) {
    let after = context.after(1);
    if after == "of" {
        return votes.noun(5, Reason::Complement);
    }
    if opens_object(after) {
        return votes.verb(5, Reason::Object);
    }
    match class(after) {
        Class::Be | Class::Have | Class::Auxiliary => votes.noun(5, Reason::Complement),
        Class::Subject | Class::SingularSubject => votes.noun(2, Reason::Complement),
        Class::To | Class::Relative => votes.verb(2, Reason::Object),
        Class::Intensifier => votes.verb(3, Reason::Object),
        Class::Adverb => votes.verb(1, Reason::Object),
        Class::Nothing => votes.noun(1, Reason::Default),
        _ => {}
    }
}

/// Returns true if a noun phrase starts before the word, at a given position or one word earlier: "a
/// (strange) bright object".
fn phrase_begins(context: &Context<'_>, number: usize) -> bool {
    let begins = |place| {
        matches!(
            class(context.before(place)),
            Class::Determiner | Class::SingularDeterminer | Class::Number | Class::Preposition
        )
    };
    begins(number) || (class(context.before(number)) == Class::Other && begins(number + 1))
}
