//! What a listening test asks of whom, fixed before anybody listens.

pub(crate) mod allocation;
pub(crate) mod plan;
pub(crate) mod protocol;
