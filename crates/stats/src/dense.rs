//! Dense linear algebra for the models: symmetric positive definite matrices of a few hundred rows.

/// Cholesky factor L of a symmetric positive definite matrix A = L Lᵀ.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cholesky {
    size: usize,
    /// Row-major entries; those above the diagonal are unused.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors a row-major matrix, reading its lower triangle.
    ///
    /// Returns None if a pivot does not exceed the rounding error of its row: the matrix is not positive definite.
    pub(crate) fn new(mut matrix: Vec<f64>, size: usize) -> Option<Self> {
        debug_assert_eq!(matrix.len(), size * size);
        for row in 0..size {
            let diagonal = matrix[row * size + row];
            for column in 0..=row {
                let (head, tail) = matrix.split_at(row * size);
                // Rows up to this one: the previous ones are in `head`, this one starts `tail`.
                let sum = if column < row {
                    dot(&head[column * size..column * size + column], &tail[..column])
                } else {
                    dot(&tail[..column], &tail[..column])
                };
                let rest = tail[column] - sum;
                matrix[row * size + column] = if column < row {
                    rest / matrix[column * size + column]
                } else if rest > diagonal * size as f64 * f64::EPSILON && rest.is_finite() {
                    rest.sqrt()
                } else {
                    return None;
                };
            }
        }
        Some(Self { size, lower: matrix })
    }

    /// Returns log |A|.
    pub(crate) fn log_determinant(&self) -> f64 {
        2.0 * (0..self.size).map(|row| self.lower[row * self.size + row].ln()).sum::<f64>()
    }

    /// Returns L x.
    pub(crate) fn lower_times(&self, vector: &[f64]) -> Vec<f64> {
        let n = self.size;
        (0..n).map(|row| dot(&self.lower[row * n..=row * n + row], &vector[..=row])).collect()
    }

    /// Replaces b by A⁻¹ b.
    pub(crate) fn solve(&self, vector: &mut [f64]) {
        let n = self.size;
        debug_assert_eq!(vector.len(), n);
        for row in 0..n {
            let known = dot(&self.lower[row * n..row * n + row], &vector[..row]);
            vector[row] = (vector[row] - known) / self.lower[row * n + row];
        }
        for row in (0..n).rev() {
            let value = vector[row] / self.lower[row * n + row];
            vector[row] = value;
            for (earlier, factor) in vector[..row].iter_mut().zip(&self.lower[row * n..row * n + row]) {
                *earlier -= factor * value;
            }
        }
    }

    /// Returns A⁻¹ in row-major order.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let n = self.size;
        let mut inverse = vec![0.0; n * n];
        for (column, row) in inverse.chunks_mut(n.max(1)).enumerate() {
            row[column] = 1.0;
            self.solve(row);
        }
        inverse
    }
}

/// Computes Σ a b in four partial sums, which fixes the order and lets the processor vectorize.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a_fours, b_fours) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a_fours.remainder().iter().zip(b_fours.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_fours.zip(b_fours) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Computes xᵀ A y for a row-major matrix.
pub(crate) fn bilinear(x: &[f64], matrix: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(matrix.chunks(y.len().max(1))).map(|(x, row)| x * dot(row, y)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A few dozen products of numbers around 1, divided by pivots of at least 1.
    const ROUNDING: f64 = 1e-10;

    #[test]
    fn rejects_indefinite_matrices() {
        assert!(Cholesky::new(vec![1.0, 0.0, 2.0, 1.0], 2).is_none());
        // The second row is twice the first.
        assert!(Cholesky::new(vec![1.0, 2.0, 2.0, 4.0], 2).is_none());
        assert!(Cholesky::new(vec![f64::NAN], 1).is_none());
        assert!(Cholesky::new(Vec::new(), 0).is_some());
    }

    proptest! {
        #[test]
        fn solutions_solve_and_determinants_multiply(
            rows in (1_usize..9).prop_flat_map(|n| prop::collection::vec(prop::collection::vec(-1.0..1.0_f64, n), n)),
        ) {
            // R Rᵀ + 1 is positive definite, with every pivot at least 1.
            let n = rows.len();
            let matrix: Vec<f64> = (0..n * n)
                .map(|k| dot(&rows[k / n], &rows[k % n]) + if k / n == k % n { 1.0 } else { 0.0 })
                .collect();
            let factor = Cholesky::new(matrix.clone(), n).expect("positive definite");
            let right: Vec<f64> = (0..n).map(|k| k as f64 - 1.5).collect();
            let mut solution = right.clone();
            factor.solve(&mut solution);
            for (row, expected) in matrix.chunks(n).zip(&right) {
                prop_assert!((dot(row, &solution) - expected).abs() < ROUNDING);
            }
            let inverse = factor.inverse();
            prop_assert!((bilinear(&right, &inverse, &right) - dot(&right, &solution)).abs() < ROUNDING);
            prop_assert!((factor.log_determinant() - determinant(matrix, n).ln()).abs() < ROUNDING);
        }
    }

    /// Computes the determinant by elimination, stable enough without pivoting for these matrices.
    fn determinant(mut matrix: Vec<f64>, n: usize) -> f64 {
        let mut product = 1.0;
        for k in 0..n {
            product *= matrix[k * n + k];
            for row in k + 1..n {
                let factor = matrix[row * n + k] / matrix[k * n + k];
                for column in k..n {
                    matrix[row * n + column] -= factor * matrix[k * n + column];
                }
            }
        }
        product
    }
}
