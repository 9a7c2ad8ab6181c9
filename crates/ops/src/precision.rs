//! How exactly a GPU multiplies.

use serde::{Deserialize, Serialize};

/// How convolutions and products of f32 matrices ([`product`](crate::MatrixProduct::product)) are computed on a CUDA device.
/// It is an argument of every one of them and part of its gradient; two models in one process may differ. The CPU always
/// computes in full precision.
///
/// Tensors, sums, norms, losses and the optimizer stay f32 in every case; a product adds in f32 too. Products of f64 are
/// never shortened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// All 24 bits of each factor.
    #[default]
    F32,
    /// Factors rounded to 11 bits as they are read, with the range of f32: tensor cores without conversion.
    Tf32,
    /// Factors and results rounded to bfloat16, 8 bits with the range of f32: half the memory traffic.
    Bf16,
}
