//! Building blocks of the models.
//!
//! Tensors are [batch, channels, time]. A block that reads a sequence takes a mask [batch, 1, time] that is 1 inside an
//! utterance and 0 in its padding. It leaves the padding zero, so the result for an utterance does not depend on its batch.

mod attention;
mod decoder;
mod dropout;
mod encoder;
mod flow;
mod layers;
mod limits;
mod mask;
mod memory;
mod posterior;
mod wavenet;

pub use decoder::{Decoder, HifiGan, Istft};
pub use dropout::Dropout;
pub use encoder::{PhonemeEncoder, VocabularySizes};
pub use flow::Flow;
pub use layers::{Conv1d, LayerNorm, NormConv1d};
pub use mask::sequence_mask;
pub use memory::Memory;
pub use posterior::{Posterior, PosteriorEncoder};

#[cfg(test)]
pub(crate) use attention::RelativeAttention;
pub(crate) use limits::bounded_log_deviation;
