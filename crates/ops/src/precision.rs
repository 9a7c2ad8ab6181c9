//! How exactly a GPU multiplies.

use std::sync::atomic::{AtomicU8, Ordering};

/// How convolutions and products of f32 matrices ([`product`](crate::MatrixProduct::product)) are computed on a CUDA device.
/// The CPU always computes in full precision.
///
/// Tensors, sums, norms, losses and the optimiser stay f32 in every case; a product adds in f32 too. Products of f64 are
/// never shortened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Precision {
    /// All 24 bits of each factor.
    #[default]
    F32,
    /// Factors are rounded to 11 bits as they are read, with the range of f32: tensor cores, no conversion.
    Tf32,
    /// Factors and results are rounded to bfloat16, 8 bits with the range of f32: half the memory traffic.
    Bf16,
}

static PRECISION: AtomicU8 = AtomicU8::new(0);

/// Chooses the precision for the whole process, from the next operation on.
pub fn set_precision(precision: Precision) {
    PRECISION.store(precision as u8, Ordering::Relaxed);
}

/// The precision in force.
#[must_use]
pub fn precision() -> Precision {
    match PRECISION.load(Ordering::Relaxed) {
        1 => Precision::Tf32,
        2 => Precision::Bf16,
        _ => Precision::F32,
    }
}

#[cfg(test)]
mod tests {
    use super::{Precision, precision};

    #[test]
    fn nothing_is_shortened_unless_asked() {
        // Setting it would change what other tests of this process compute.
        assert_eq!(precision(), Precision::default());
        assert_eq!(precision(), Precision::F32);
    }
}
