//! Spellings with two pronunciations: which one is meant, by the words around.
//!
//! ```text
//! "the record shows"   determiner before it  → R EH1 K ER0 D
//! "to record a song"   infinitive            → R AH0 K AO1 R D
//! ```
//!
//! [`table`] lists the spellings with their readings; [`grammar`] tells noun and adjective from verb by small closed
//! classes of words (determiners, prepositions, auxiliaries, pronouns) that stand beside them; [`tense`] is for "read",
//! and [`sense`] for the words whose meanings are told by company ("lead pipe", "violin bow"). Every choice has a
//! [`Reason`].
//!
//! The rules look a few words to either side and never over a pause. They know no parts of speech but those of the
//! closed classes, so that the price is a handful of comparisons for one word in thirty.

mod context;
mod grammar;
mod sense;
mod table;
mod tense;

use std::fmt;

use crate::phone::Phone;

pub(crate) use context::Context;
pub(crate) use table::{Heteronym, find};

/// Why one of two pronunciations was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// A determiner, possessive or number stands before it.
    Determiner,
    /// A preposition stands before it.
    Preposition,
    /// "to" stands before it.
    Infinitive,
    /// A modal verb or a form of "do", "be" or "have" stands before it.
    Auxiliary,
    /// Its subject stands before it.
    Subject,
    /// Its object stands behind it.
    Object,
    /// An adjective or a word such as "very" stands before it.
    Modifier,
    /// What stands behind it belongs to it: "of", or the verb that it is the subject of.
    Complement,
    /// Another word of the sentence belongs to one of its meanings.
    Company,
    /// The sentence says when it happened.
    Time,
    /// It is written with a capital, an accent or in another way that only one of its meanings has.
    Spelling,
    /// Nothing tells: the commoner one.
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

/// Which of the two readings of a table's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// The noun, the adjective, or the sense that the line has first.
    First,
    /// The verb, or the other sense.
    Second,
}

impl Heteronym {
    /// The phones that fit the place, and why.
    pub(crate) fn choose(&self, context: &Context<'_>) -> (&[Phone], Reason) {
        let (reading, reason) = (self.judge)(context, self);
        (&self.readings[usize::from(reading == Reading::Second)], reason)
    }
}
