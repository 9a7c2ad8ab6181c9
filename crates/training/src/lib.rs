//! Training: batches in, checkpoints out.

pub mod loss;
pub mod tasks;

mod checkpoint;
mod discriminator;
mod error;
#[cfg(test)]
mod golden;
mod sampler;

pub use checkpoint::{State, checkpoints};
pub use discriminator::{DiscriminatorConfig, Discriminators, Judgement};
pub use error::Error;
