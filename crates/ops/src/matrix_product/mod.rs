//! Matrix products, without the case that candle gets wrong.

#[cfg(feature = "cuda")]
mod cuda;

use candle_core::{Result, Tensor};

use crate::precision::Precision;

/// Matrix products of tensors.
pub trait MatrixProduct {
    /// Multiplies the last two dimensions as matrices, for each item of the others.
    ///
    /// ```text
    /// y[…, i, j] = Σ_k self[…, i, k] · right[…, k, j]
    /// ```
    ///
    /// On the CPU this is candle's product, including its gradients, with one exception: if the right side is
    /// a single matrix broadcast without a copy, candle 0.11 merges the batch of the left side into its rows,
    /// even if the left side is transposed, and the result is wrong. In that case the right side is copied
    /// first. On a GPU, the product and its gradients use cuBLAS in the given `precision`.
    ///
    /// # Shapes
    ///
    /// `[…, M, K]` times `[…, K, N]` gives `[…, M, N]`; the leading dimensions must be equal.
    ///
    /// # Errors
    ///
    /// Fails if the shapes do not match.
    fn product(&self, right: &Tensor, precision: Precision) -> Result<Tensor>;

    /// Multiplies in full precision, forward and backward, for distances with cancellation and for spectra.
    ///
    /// # Errors
    ///
    /// See [`product`](Self::product).
    fn exact_product(&self, right: &Tensor) -> Result<Tensor> {
        self.product(right, Precision::F32)
    }
}

impl MatrixProduct for Tensor {
    #[cfg_attr(not(feature = "cuda"), expect(unused_variables, reason = "the CPU has only one precision"))]
    fn product(&self, right: &Tensor, precision: Precision) -> Result<Tensor> {
        #[cfg(feature = "cuda")]
        if self.device().is_cuda() {
            return cuda::product(self, right, precision);
        }
        on_cpu(self, right)
    }
}

fn on_cpu(left: &Tensor, right: &Tensor) -> Result<Tensor> {
    let repeated = right.rank() > 2 && {
        let batch = right.rank() - 2;
        right.stride()[..batch].iter().zip(right.dims()).any(|(&stride, &size)| stride == 0 && size > 1)
    };
    #[expect(clippy::disallowed_methods, reason = "the case that candle gets wrong is avoided")]
    if repeated && !left.is_contiguous() { left.matmul(&right.contiguous()?) } else { left.matmul(right) }
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;
    use mynah_testkit::{assert_all_close, by_definition};

    use super::MatrixProduct;
    use crate::Precision;
    use crate::testing::{check_gradients, normal};

    /// Sums of three products near 1 in f64.
    const TOLERANCE: f64 = 1e-14;

    /// Returns a left side [2, 4, 3] and a right side [2, 3, 5] in every layout that a model could produce.
    fn layouts() -> Vec<(Tensor, Tensor)> {
        let transposed = |x: Tensor| x.transpose(1, 2).unwrap();
        let swapped = |x: Tensor| x.transpose(0, 1).unwrap();
        let lefts = [
            normal(1, (2, 4, 3)),
            transposed(normal(2, (2, 3, 4))),
            normal(3, (1, 4, 3)).broadcast_as((2, 4, 3)).unwrap(),
            swapped(normal(4, (4, 2, 3))),
        ];
        let rights = [
            normal(5, (2, 3, 5)),
            transposed(normal(6, (2, 5, 3))),
            normal(7, (3, 5)).broadcast_as((2, 3, 5)).unwrap(),
            normal(8, (5, 3)).t().unwrap().broadcast_as((2, 3, 5)).unwrap(),
        ];
        lefts.iter().flat_map(|left| rights.iter().map(|right| (left.clone(), right.clone()))).collect()
    }

    #[test]
    fn matches_plain_sums_in_every_layout() {
        by_definition("plain loops");
        for (left, right) in layouts() {
            let (a, b) = (left.to_vec3::<f64>().unwrap(), right.to_vec3::<f64>().unwrap());
            let mut expected = Vec::new();
            for (a, b) in a.iter().zip(&b) {
                for row in a {
                    expected.extend((0..5).map(|j| (0..3).map(|k| row[k] * b[k][j]).sum::<f64>()));
                }
            }
            let what = format!("strides {:?} and {:?}", left.stride(), right.stride());
            for y in [left.product(&right, Precision::Bf16), left.exact_product(&right)] {
                let y = y.unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
                assert_all_close(&y, &expected, TOLERANCE, &what);
            }
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_gradients(&[normal(1, (2, 3, 4)), normal(2, (5, 3))], |v| {
            v[0].transpose(1, 2)?.product(&v[1].t()?.broadcast_as((2, 3, 5))?, Precision::F32)
        })
        .unwrap();
        check_gradients(&[normal(1, (2, 4, 3)), normal(2, (3, 5))], |v| {
            v[0].product(&v[1].broadcast_as((2, 3, 5))?, Precision::F32)
        })
        .unwrap();
        check_gradients(&[normal(3, (2, 2, 4, 3)), normal(4, (2, 2, 5, 3))], |v| {
            v[0].exact_product(&v[1].transpose(2, 3)?)
        })
        .unwrap();
        // A single row, column or term.
        for (m, k, n) in [(1, 3, 2), (3, 1, 2), (3, 2, 1), (1, 1, 1)] {
            check_gradients(&[normal(5, (2, m, k)), normal(6, (2, k, n))], |v| {
                v[0].product(&v[1], Precision::F32)
            })
            .unwrap();
            check_gradients(&[normal(7, (k, m)), normal(8, (n, k))], |v| {
                v[0].t()?.product(&v[1].t()?, Precision::F32)
            })
            .unwrap();
        }
    }
}
