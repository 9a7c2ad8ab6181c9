//! Heteronyms: spellings with two pronunciations, told apart by the words around them.
//!
//! ```text
//! "the record shows"   determiner before it  → R EH1 K ER0 D
//! "to record a song"   infinitive            → R AH0 K AO1 R D
//! ```
//!
//! [`table`] lists the spellings with their readings. [`grammar`] tells nouns and adjectives from verbs by
//! neighboring words of small closed classes (determiners, prepositions, auxiliaries, pronouns). [`tense`]
//! handles "read", and [`sense`] the words whose meanings depend on related words nearby ("lead pipe",
//! "violin bow"). Every choice has a [`Reason`].
//!
//! The rules look a few words to either side and never across a pause. They know no parts of speech except
//! the closed classes, so they cost a handful of comparisons for one word in thirty.

mod context;
mod grammar;
mod sense;
mod table;
mod tense;

use std::fmt;

use crate::phone::Phone;

pub(crate) use context::Context;
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
        let (reading, reason) = (self.rule)(context, self);
        (&self.readings[usize::from(reading == Reading::Second)], reason)
    }
}
