//! Differentiable tensor operations that candle 0.11 lacks, gets wrong or does slowly.
//!
//! It knows nothing of speech.

#![expect(
    clippy::inline_always,
    reason = "what a kernel calls has to be compiled with the kernel's instruction set, so it has to be inlined"
)]
#![cfg_attr(test, expect(clippy::float_cmp, reason = "what is exact is compared exactly"))]

mod adamw;
mod approximation;
mod conv;
mod element;
mod frames;
mod gated_activation;
mod gradient_norm;
mod layer_norm;
mod leaky_relu;
mod noise;
mod reflect_pad;
mod shared_output;
mod soft_dtw;
mod softmax;
mod stft;
#[doc(hidden)]
pub mod testing;
mod weight_norm;

pub use candle_core::{Error, Result};

pub use adamw::{AdamW, AdamWConfig};
pub use conv::{Conv1dConfig, ConvTranspose1dConfig, conv_transpose1d, conv1d};
pub use frames::frames;
pub use gated_activation::gated_activation;
pub use gradient_norm::{clip_gradients, gradient_norm};
pub use layer_norm::layer_norm;
pub use leaky_relu::leaky_relu;
pub use noise::Noise;
pub use reflect_pad::reflect_pad;
pub use soft_dtw::{soft_dtw, soft_dtw_alignment};
pub use softmax::softmax;
pub use stft::StftMagnitude;
pub use weight_norm::weight_norm;
