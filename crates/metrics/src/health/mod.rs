//! The health of one wav, without a recording.

pub(crate) mod damage;
pub(crate) mod length;
pub(crate) mod level;
pub(crate) mod limits;
pub(crate) mod noise;
pub(crate) mod repetition;
pub(crate) mod silence;
