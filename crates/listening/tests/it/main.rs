//! A listening test from its protocol to its verdict, through the public functions.

mod bundle;
mod plan;
mod protocol;
mod rehearsal;
mod support;
mod verdict;
