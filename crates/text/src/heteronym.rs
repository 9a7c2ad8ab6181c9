//! Heteronyms: spellings with two pronunciations, told apart by the words around them.
//!
//! ```text
//! "the record shows"   determiner before it  → R EH1 K ER0 D
//! "to record a song"   infinitive            → R AH0 K AO1 R D
//! ```
//!
//! [`table`] lists the spellings with their readings. Those of 162 words are chosen by weights that [`learn`]
//! finds in labeled sentences: [`features`] says what they look at, and [`learned`] sums them. The others, and
//! most forms in -s, follow rules. [`grammar`] tells nouns and adjectives from verbs by neighboring words of small
//! closed classes (determiners, prepositions, auxiliaries, pronouns). [`tense`] handles "read", and [`sense`]
//! the words whose meanings depend on related words nearby ("lead pipe", "violin bow"). Every choice has a
//! [`Reason`]: that of the rule, if there is one and it agrees.
//!
//! The rules look a few words to either side and never across a pause, the weights up to ten. Neither knows
//! parts of speech except the closed classes, so they cost little for one word in thirty.

mod article;
mod context;
mod features;
mod grammar;
mod learn;
mod learned;
mod sense;
mod table;
mod tense;

use std::fmt;

use crate::phone::Phone;

pub(crate) use context::{Context, parts_as_text};
pub use learn::{LabeledHomograph, learn_homographs};
pub(crate) use table::{Heteronym, find};

/// Reason for choosing one of two pronunciations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A determiner, possessive or number precedes it.
    Determiner,
    /// A preposition precedes it.
    Preposition,
    /// "to" precedes it.
    Infinitive,
    /// A modal verb or a form of "do", "be" or "have" precedes it.
    Auxiliary,
    /// Its subject precedes it.
    Subject,
    /// Its object follows it.
    Object,
    /// An adjective or a word such as "very" precedes it.
    Modifier,
    /// It is followed by "of", or by the verb of which it is the subject.
    Complement,
    /// Another word of the sentence is related to one of its meanings.
    Company,
    /// The sentence says when it happened.
    Time,
    /// It is spelled with a capital, an accent or another mark of one of its meanings.
    Spelling,
    /// It precedes a vowel.
    Sound,
    /// The weights learned from labeled sentences, without a rule that agrees.
    Learned,
    /// No evidence; the more frequent pronunciation.
    Default,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Determiner => "determiner",
            Self::Preposition => "preposition",
            Self::Infinitive => "infinitive",
            Self::Auxiliary => "auxiliary",
            Self::Subject => "subject",
            Self::Object => "object",
            Self::Modifier => "modifier",
            Self::Complement => "complement",
            Self::Company => "company",
            Self::Time => "time",
            Self::Spelling => "spelling",
            Self::Sound => "sound",
            Self::Learned => "learned",
            Self::Default => "default",
        })
    }
}

/// One of the two readings of an entry in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The noun, the adjective, or the first sense of the entry.
    First,
    /// The verb, or the second sense.
    Second,
}

impl Heteronym {
    /// Returns the phones that fit the context, and the reason.
    pub(crate) fn choose(&self, context: &Context<'_>) -> (&[Phone], Reason) {
        let (number, reason) = self.number(context);
        (&self.readings[number], reason)
    }

    /// Returns the number of the reading that fits the context, and the reason.
    pub(crate) fn number(&self, context: &Context<'_>) -> (usize, Reason) {
        let by_rule = (self.rule)(context, self);
        let (reading, reason) = (usize::from(by_rule.0 == Reading::Second), by_rule.1);
        let Some(learned) = self.learned else { return (reading, reason) };
        let chosen = learned.choose(context, by_rule);
        let agrees = chosen == reading && reason != Reason::Default;
        (chosen, if agrees { reason } else { Reason::Learned })
    }

    /// Iterates over the phones of the readings.
    pub(crate) fn readings(&self) -> impl Iterator<Item = &[Phone]> {
        self.readings.iter().map(Vec::as_slice)
    }
}
