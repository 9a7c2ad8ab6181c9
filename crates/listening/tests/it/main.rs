//! A listening test from its protocol to its verdict, through the public functions.

mod bundle;
mod plan;
mod protocol;
mod support;
mod verdict;
