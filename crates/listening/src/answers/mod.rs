//! Answers of raters: from files to rows, and rows checked against the plan.

pub(crate) mod answer;
pub(crate) mod check;
pub(crate) mod code;
pub(crate) mod collect;
pub(crate) mod row;
pub(crate) mod source;
