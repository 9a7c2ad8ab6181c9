//! Written English to spoken words.
//!
//! The source is folded to ASCII ([`fold`]); then, at each place, the first rule that fits says what is read there and
//! how far it reaches: money, numbers, words, marks. Every word and mark remembers its place in the source.
//!
//! **Years and counts.** A bare number of four digits from 1100 to 2099 is read as a year (`1469` → fourteen
//! sixty-nine), unless the next word is a plural that it counts (`1308 prisoners`) and no word before it says that it
//! is a date (`in`, `since`, a month, …). Three and four digits before `B.C.` or `A.D.` are years too,
//! and so are three behind `in`, unless they are round or count a plural. Behind
//! `No.`, `page`, `room` and the like, and in street addresses, numbers are read as labels; behind `box`, and from
//! five digits without separators on, digit by digit. Everything else is a cardinal.

mod abbreviation;
mod code;
mod cursor;
pub(crate) mod fold;
mod mark;
mod money;
mod number;
mod roman;
mod scan;
mod token;
mod unit;
mod verbalize;
mod web;
mod word;

pub(crate) use abbreviation::is_title;
pub use scan::normalize;
pub use token::{Dropped, Normalized, Token, TokenKind};
