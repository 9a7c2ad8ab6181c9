//! Differentiable tensor operations that candle 0.11 lacks, gets wrong or does slowly, and what training needs beside
//! them: an optimiser that can be saved and random tensors that can be seeded.
//!
//! ```text
//! candle tensors ─► operation: shapes checked ─► CustomOp in candle's graph ─► kernel over slices, on all threads
//!                                                     │
//! gradients      ◄── the operation's own backward ◄───┘  Tensor::backward
//! ```
//!
//! | operation | why not candle's |
//! |---|---|
//! | [`conv1d`] | wrong gradients of most weights, copies of all patches, a loop over groups |
//! | [`conv_transpose1d`] | no gradient |
//! | [`MatrixProduct`] | wrong numbers where a batch of transposed matrices meets one repeated matrix |
//! | [`layer_norm()`], [`softmax()`] | the fast ones cut the gradient without a word |
//! | [`gelu()`] | a call of the C library for every number, and a gradient of six digits |
//! | [`tanh()`] | a call of the C library for every number |
//! | [`gated_activation()`], [`leaky_relu()`], [`weight_norm()`] | one pass over memory in the place of many |
//! | [`frames()`], [`reflect_pad()`], [`Stft`], [`StftMagnitude`], [`InverseStft`] | not there |
//! | [`lstm()`] | not there as one operation: step by step in the graph it is slow |
//! | [`soft_dtw()`] | not there; cell by cell in the graph it would overflow the stack |
//! | [`monotonic_alignment()`] | not there; it is a search and has no gradient |
//! | [`AdamW`] | its state cannot be saved |
//! | [`Noise`] | the generator on the CPU cannot be seeded |
//!
//! # Examples
//!
//! A layer that learns to double its input:
//!
//! ```
//! use candle_core::{DType, Device, Tensor, Var};
//! use mynah_ops::{AdamW, AdamWConfig, Conv1dConfig, Noise, conv1d};
//!
//! let mut noise = Noise::new(1);
//! let weight = Var::from_tensor(&noise.normal((1, 1, 1), DType::F32, &Device::Cpu)?)?;
//! let config = AdamWConfig { learning_rate: 0.1, weight_decay: 0.0, ..AdamWConfig::default() };
//! let mut optimizer = AdamW::new(vec![("weight".to_owned(), weight.clone())], config)?;
//! for step in 0..300 {
//!     let x = Noise::for_step(1, step).normal((4, 1, 50), DType::F32, &Device::Cpu)?;
//!     let y = conv1d(&x, &weight, None, &Conv1dConfig::default())?;
//!     let loss = (y - (x * 2.0)?)?.sqr()?.mean_all()?;
//!     optimizer.step(&loss.backward()?)?;
//! }
//! let learned = weight.flatten_all()?.to_vec1::<f32>()?[0];
//! assert!((learned - 2.0).abs() < 0.01, "{learned}");
//! # Ok::<(), mynah_ops::Error>(())
//! ```
//!
//! # Invariants
//!
//! - Every operation has a gradient, checked against finite differences and PyTorch, for every argument that can have
//!   one; an argument that is no variable and depends on none gets none.
//! - Results do not depend on the thread count, forwards or backwards, to the last bit. They do depend on the machine:
//!   where it has fused multiply-add, the convolutions use it.
//! - Tensors are f32 or f64, on the CPU or on a CUDA device (feature `cuda`); f64 is there to check gradients and uses the
//!   standard library's functions. Any strides are accepted. An empty tensor is an error.
//! - There is no state of the process: how exactly a GPU multiplies is an argument ([`Precision`]).
//! - Nothing panics on shapes or values: they are errors that name the operation and the shapes. NaN stays NaN.
//!
//! It knows nothing of speech, of models, or of files.

#![expect(
    clippy::inline_always,
    reason = "what a kernel calls has to be compiled with the kernel's instruction set, so it has to be inlined"
)]
#![cfg_attr(test, expect(clippy::float_cmp, reason = "what is exact is compared exactly"))]

mod adamw;
mod approximation;
mod conv;
#[cfg(feature = "cuda")]
mod cuda;
mod device;
mod element;
mod fourier;
mod frames;
mod gated_activation;
mod gelu;
mod gradient_norm;
mod inverse_stft;
mod layer_norm;
mod leaky_relu;
mod lstm;
mod matrix_product;
mod monotonic_alignment;
mod noise;
mod precision;
mod product;
mod reflect_pad;
mod shared_output;
mod soft_dtw;
mod softmax;
mod stft;
mod tanh;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod weight_norm;

pub use candle_core::{Error, Result};

pub use adamw::{AdamW, AdamWConfig};
pub use conv::{Conv1dConfig, ConvTranspose1dConfig, conv_transpose1d, conv1d};
pub use device::cuda_device;
pub use frames::frames;
pub use gated_activation::gated_activation;
pub use gelu::gelu;
pub use gradient_norm::{clip_gradients, gradient_norm};
pub use inverse_stft::InverseStft;
pub use layer_norm::layer_norm;
pub use leaky_relu::leaky_relu;
pub use lstm::lstm;
pub use matrix_product::MatrixProduct;
pub use monotonic_alignment::monotonic_alignment;
pub use noise::Noise;
pub use precision::Precision;
pub use reflect_pad::reflect_pad;
pub use soft_dtw::{soft_dtw, soft_dtw_alignment};
pub use softmax::softmax;
pub use stft::{Stft, StftMagnitude};
pub use tanh::tanh;
pub use weight_norm::weight_norm;
