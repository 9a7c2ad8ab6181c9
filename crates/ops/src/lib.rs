//! Differentiable tensor operations that candle 0.11 lacks, gets wrong or runs slowly, plus two training
//! essentials: an optimizer with serializable state and seeded random tensors.
//!
//! ```text
//! candle tensors ─► operation: checks shapes ─► CustomOp in candle's graph ─► parallel kernel over slices
//!                                                    │
//! gradients      ◄─── the operation's backward ◄─────┘  Tensor::backward
//! ```
//!
//! | operation | limitation of candle |
//! |---|---|
//! | [`conv1d`] | wrong gradients for most weights, a copy of every patch, a loop over groups |
//! | [`conv_transpose1d`] | no gradient |
//! | [`MatrixProduct`] | wrong results for a batch of transposed matrices times one broadcast matrix |
//! | [`layer_norm()`], [`softmax()`] | the fused versions silently drop the gradient |
//! | [`gelu()`] | one C library call per element, and a gradient accurate to six digits |
//! | [`tanh()`] | one C library call per element |
//! | [`gated_activation()`], [`leaky_relu()`], [`weight_norm()`] | many passes over memory instead of one |
//! | [`border_perceptron()`] | many passes over a tensor of frames × symbols × units |
//! | [`row_products()`] | a general product for each of thousands of tiny matrices |
//! | [`frames()`], [`reflect_pad()`], [`Stft`], [`StftMagnitude`], [`InverseStft`] | missing |
//! | [`lstm()`] | missing as a single operation; unrolled in the graph, it is slow |
//! | [`soft_dtw()`] | missing; built cell by cell in the graph, it would overflow the stack |
//! | [`monotonic_alignment()`] | missing; a search without a gradient |
//! | [`AdamW`] | state cannot be saved |
//! | [`Noise`] | the CPU generator cannot be seeded |
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
//! - Every operation defines gradients, checked against finite differences and PyTorch, for all
//!   differentiable arguments. Arguments that neither are variables nor depend on one receive no gradient.
//! - Results are bit-identical for any thread count, forward and backward. They do vary between machines: the
//!   convolutions use fused multiply-add where available.
//! - Tensors are f32 or f64, on the CPU or a CUDA device (feature `cuda`). f64 exists for gradient checks and
//!   uses the standard library's functions. Any strides are accepted. Empty tensors are errors.
//! - No global state: a GPU's multiplication precision is an argument ([`Precision`]).
//! - Nothing panics on shapes or values; errors name the operation and the shapes. NaN propagates.
//!
//! This crate knows nothing about speech, models or files.

#![expect(
    clippy::inline_always,
    reason = "code called by a kernel must be compiled with the kernel's instruction set, so it must be inlined"
)]
#![cfg_attr(test, expect(clippy::float_cmp, reason = "exact results are compared exactly"))]

mod adamw;
mod approximation;
mod border_perceptron;
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
mod row_products;
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
pub use border_perceptron::{BorderPerceptron, border_perceptron};
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
pub use row_products::row_products;
pub use soft_dtw::{soft_dtw, soft_dtw_alignment};
pub use softmax::softmax;
pub use stft::{Stft, StftMagnitude};
pub use tanh::tanh;
pub use weight_norm::weight_norm;
