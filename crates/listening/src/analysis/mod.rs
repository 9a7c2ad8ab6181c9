//! The analysis: from ratings to a verdict.

pub(crate) mod blanks;
pub(crate) mod discrimination;
pub(crate) mod estimate;
pub(crate) mod family;
pub(crate) mod found;
pub(crate) mod inference;
pub(crate) mod judge;
pub(crate) mod preference;
pub(crate) mod rank_tests;
pub(crate) mod ranking;
pub(crate) mod raters;
pub(crate) mod sample;
pub(crate) mod scores;
pub(crate) mod screening;
pub(crate) mod sensitivity;
pub(crate) mod study;
pub(crate) mod system;
pub(crate) mod verdict;
pub(crate) mod words;
