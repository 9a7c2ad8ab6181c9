//! From ratings to a verdict.

pub(crate) mod found;
pub(crate) mod judge;
pub(crate) mod scores;
pub(crate) mod screening;
pub(crate) mod sensitivity;
pub(crate) mod study;
pub(crate) mod verdict;
pub(crate) mod words;
