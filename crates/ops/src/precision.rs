//! Multiplication precision on a GPU.

use serde::{Deserialize, Serialize};

/// Precision of convolutions and f32 matrix products ([`product`](crate::MatrixProduct::product)) on a CUDA
/// device. Each call takes it as an argument and uses it for its gradients too; two models in one process may
/// differ. The CPU always computes in full precision.
///
/// Tensors, sums, norms, losses and the optimizer stay f32 in every case, and products accumulate in f32. f64
/// products never lose precision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Full precision, all 24 bits of each factor; the only choice on the CPU.
    #[default]
    F32,
    /// Factors rounded to 11 bits as they are read, with the range of f32: tensor cores, no conversion.
    Tf32,
    /// Factors and results rounded to bfloat16, 8 bits with the range of f32: half the memory traffic.
    Bf16,
}
