//! A listening test from its protocol to its verdict, through the public functions.

mod answers;
mod assay;
mod bundle;
mod found;
mod heard;
mod plan;
mod protocol;
mod rehearsal;
mod screening;
mod support;
mod verdict;
