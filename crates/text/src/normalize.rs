//! Written English to spoken words.
//!
//! The source is folded to ASCII ([`fold`]). Then, at each position, the first matching rule decides what is
//! read and how far it reaches: money, numbers, words, marks. Every word and mark keeps its position in the
//! source.
//!
//! **Manner.** [`Style`] says how what can be read in two ways is read; what follows holds for the default.
//!
//! **Years and counts.** A bare number of four digits from 1100 to 2099 is read as a year (`1469` → fourteen
//! sixty-nine), unless the next word is a plural that it counts (`1308 prisoners`) and no preceding word
//! marks a date (`in`, `since`, a month, …). Three and four digits before `B.C.` or `A.D.` are years too, as
//! are three after `in`, unless they are round or count a plural. After `No.`, `page`, `room` and the like,
//! and in street addresses, numbers are read as labels. After `box`, behind a
//! state, and from ten digits without separators, they are read digit by digit. Beside a month they are
//! ordinals. Everything else is a cardinal.

mod abbreviation;
mod code;
mod cursor;
mod date;
pub(crate) mod fold;
mod fraction;
mod mark;
mod money;
mod normalizer;
mod number;
mod roman;
mod scan;
mod street;
mod telephone;
mod time;
mod token;
mod unit;
mod verbalize;
mod web;
mod word;

pub(crate) use abbreviation::is_title;
pub use normalizer::{Normalizer, Style, normalize};
pub use token::{Dropped, Normalized, Token, TokenKind};
