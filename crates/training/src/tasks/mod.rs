//! Tasks.

pub mod g2p;
pub mod naturalspeech;
pub mod pretrain;
