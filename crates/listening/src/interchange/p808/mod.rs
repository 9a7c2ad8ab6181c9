//! The P.808 toolkit: answers from Mechanical Turk, its list of votes, and its lists of clips.

pub(crate) mod answers;
pub(crate) mod input;
pub(crate) mod votes;
