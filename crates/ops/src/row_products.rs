//! Products of the rows of many pairs of short, wide matrices.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

use crate::MatrixProduct as _;
use crate::element::{Element, contiguous, ensure_not_empty, for_float, into_storage, sum_map, vectorized};

/// Pairs per parallel task.
const BLOCK: usize = 64;

/// Multiplies every row of one matrix by every row of the other, for many pairs of matrices.
///
/// ```text
/// y[g, i, j] = Σ_k a[g, i, k] · b[g, j, k]
/// ```
///
/// For matrices of a few rows, where a general product spends most of its time on its own preparation. On a GPU the
/// operation is candle's product.
///
/// # Shapes
///
/// `a` is `[G, I, K]`, `b` is `[G, J, K]`; the result is `[G, I, J]`.
pub fn row_products(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let ((groups, _, length), (other, _, of_other)) = (a.dims3()?, b.dims3()?);
    ensure_not_empty("row_products", a)?;
    ensure_not_empty("row_products", b)?;
    if groups != other || length != of_other {
        bail!("row_products: {:?} and {:?} differ in their first or last dimension", a.dims(), b.dims());
    }
    if !a.device().is_cpu() {
        return a.contiguous()?.exact_product(&b.transpose(1, 2)?.contiguous()?);
    }
    a.contiguous()?.apply_op2(&b.contiguous()?, RowProducts)
}

struct RowProducts;

impl CustomOp2 for RowProducts {
    fn name(&self) -> &'static str {
        "row_products"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((groups, rows, length), (_, columns, _)) =
            (a_layout.shape().dims3()?, b_layout.shape().dims3()?);
        for_float!(a, self.name(), T => {
            let a = contiguous::<T>(self.name(), a, a_layout)?;
            let b = contiguous::<T>(self.name(), b, b_layout)?;
            let mut y = vec![T::ZERO; groups * rows * columns];
            y.par_chunks_mut(BLOCK * rows * columns)
                .zip(a.par_chunks(BLOCK * rows * length).zip(b.par_chunks(BLOCK * columns * length)))
                .for_each(|(y, (a, b))| multiply(y, a, b, length, rows, columns));
            Ok((into_storage(y), (groups, rows, columns).into()))
        })
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        _: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let both = a.apply_op3_no_bwd(b, &gradient.contiguous()?, &RowProductsBackward)?;
        let of_a = a.elem_count();
        Ok((
            Some(both.narrow(0, 0, of_a)?.reshape(a.shape())?),
            Some(both.narrow(0, of_a, b.elem_count())?.reshape(b.shape())?),
        ))
    }
}

/// The backward pass; both gradients are concatenated into one tensor.
struct RowProductsBackward;

impl CustomOp3 for RowProductsBackward {
    fn name(&self) -> &'static str {
        "row_products_backward"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((_, rows, length), (_, columns, _)) = (a_layout.shape().dims3()?, b_layout.shape().dims3()?);
        for_float!(a, self.name(), T => {
            let a = contiguous::<T>(self.name(), a, a_layout)?;
            let b = contiguous::<T>(self.name(), b, b_layout)?;
            let gradient = contiguous::<T>(self.name(), gradient, gradient_layout)?;
            let mut both = vec![T::ZERO; a.len() + b.len()];
            let (da, db) = both.split_at_mut(a.len());
            da.par_chunks_mut(BLOCK * rows * length)
                .zip(db.par_chunks_mut(BLOCK * columns * length))
                .zip(a.par_chunks(BLOCK * rows * length).zip(b.par_chunks(BLOCK * columns * length)))
                .zip(gradient.par_chunks(BLOCK * rows * columns))
                .for_each(|(((da, db), (a, b)), gradient)| derive(da, db, a, b, gradient, length, rows, columns));
            let count = both.len();
            Ok((into_storage(both), count.into()))
        })
    }
}

vectorized! {
    fn multiply<'a, T>(y: &'a mut [T], a: &'a [T], b: &'a [T], length: usize, rows: usize, columns: usize) {
        let mut product = vec![T::ZERO; length];
        for ((y, a), b) in y.chunks_mut(rows * columns).zip(a.chunks(rows * length)).zip(b.chunks(columns * length)) {
            for (y, a) in y.chunks_mut(columns).zip(a.chunks(length)) {
                for (y, b) in y.iter_mut().zip(b.chunks(length)) {
                    for (product, (&a, &b)) in product.iter_mut().zip(a.iter().zip(b)) {
                        *product = a * b;
                    }
                    *y = sum_map(&product, |v| v);
                }
            }
        }
    }
}

vectorized! {
    fn derive<'a, T>(
        da: &'a mut [T],
        db: &'a mut [T],
        a: &'a [T],
        b: &'a [T],
        gradient: &'a [T],
        length: usize,
        rows: usize,
        columns: usize,
    ) {
        let pairs = a.chunks(rows * length).zip(b.chunks(columns * length));
        let outputs = da.chunks_mut(rows * length).zip(db.chunks_mut(columns * length));
        for (((da, db), (a, b)), gradient) in outputs.zip(pairs).zip(gradient.chunks(rows * columns)) {
            for ((da, a), gradient) in da.chunks_mut(length).zip(a.chunks(length)).zip(gradient.chunks(columns)) {
                for ((db, b), &gradient) in db.chunks_mut(length).zip(b.chunks(length)).zip(gradient) {
                    for ((da, &b), (db, &a)) in da.iter_mut().zip(b).zip(db.iter_mut().zip(a)) {
                        *da += gradient * b;
                        *db += gradient * a;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mynah_testkit::assert_all_close;

    use super::row_products;
    use crate::MatrixProduct as _;
    use crate::testing::{check_gradients, normal};

    #[test]
    fn matches_the_matrix_product_across_blocks() {
        let (a, b) = (normal(1, (130, 3, 37)), normal(2, (130, 2, 37)));
        let expected = a.exact_product(&b.transpose(1, 2).unwrap().contiguous().unwrap()).unwrap();
        let flat = |x: candle_core::Tensor| x.flatten_all().unwrap().to_vec1::<f64>().unwrap();
        let got = row_products(&a, &b).unwrap();
        assert_eq!(got.dims(), [130, 3, 2]);
        assert_all_close(&flat(got), &flat(expected), 1e-12, "f64");
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_gradients(&[normal(1, (70, 3, 17)), normal(2, (70, 2, 17))], |x| row_products(&x[0], &x[1]))
            .unwrap();
        let turned = normal(3, (2, 17, 3)).transpose(1, 2).unwrap();
        check_gradients(&[turned, normal(4, (2, 2, 17))], |x| row_products(&x[0], &x[1])).unwrap();
    }

    #[test]
    fn reports_mismatched_shapes() {
        let message = row_products(&normal(1, (2, 3, 4)), &normal(2, (2, 3, 5))).unwrap_err().to_string();
        assert!(message.contains("[2, 3, 4] and [2, 3, 5]"), "{message}");
    }
}
