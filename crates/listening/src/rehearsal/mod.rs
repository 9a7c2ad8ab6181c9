//! Simulated ratings, and studies rehearsed with them.

pub(crate) mod answers;
pub(crate) mod controls;
pub(crate) mod rehearse;
pub(crate) mod simulate;
pub(crate) mod votes;
