//! The design of a test, fixed before anybody listens: protocol, sizes, and which rater hears what.

pub(crate) mod allocation;
pub(crate) mod controls;
pub(crate) mod hearing;
pub(crate) mod plan;
pub(crate) mod power;
pub(crate) mod protocol;
pub(crate) mod session_settings;
mod side_by_side;
pub(crate) mod workload;
