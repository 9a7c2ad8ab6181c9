//! Dense linear algebra for the models: symmetric positive definite matrices of a few hundred rows.

/// Number of partial sums of a product of vectors.
const LANES: usize = 4;
/// Number of rows of a factor that are computed at once.
const ROWS: usize = 4;

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
    /// Columns are computed from left to right, each for [`ROWS`] rows at once: their sums are independent, and the
    /// processor works on all of them. The zeros with which a row begins remain zeros of the factor, and are skipped.
    ///
    /// Returns None if a pivot does not exceed the rounding error of its row: the matrix is not positive definite.
    pub(crate) fn new(mut matrix: Vec<f64>, size: usize) -> Option<Self> {
        debug_assert_eq!(matrix.len(), size * size);
        let begins: Vec<usize> = (0..size)
            .map(|row| {
                let entries = &matrix[row * size..row * size + row];
                entries.iter().position(|&entry| entry != 0.0).unwrap_or(row)
            })
            .collect();
        for column in 0..size {
            let place = column * size;
            let diagonal = matrix[place + column];
            let own = &matrix[place..place + column];
            let rest = diagonal - dot(own, own);
            let is_positive = rest > diagonal * size as f64 * f64::EPSILON && rest.is_finite();
            if !is_positive {
                return None;
            }
            let pivot = rest.sqrt();
            matrix[place + column] = pivot;
            let mut row = column + 1;
            while row < size {
                let n = ROWS.min(size - row);
                let begin = begins[row..row + n].iter().copied().min().unwrap_or(0);
                if begin > column {
                    // The entries of this column are zeros before and after.
                    row += n;
                    continue;
                }
                // A multiple of the lanes of a sum, so that skipping zeros changes no bit.
                let from = begin.max(begins[column]).min(column) / LANES * LANES;
                let own = &matrix[place + from..place + column];
                let sums: [f64; ROWS] = if n == ROWS {
                    let rows =
                        std::array::from_fn(|k| &matrix[(row + k) * size + from..(row + k) * size + column]);
                    dots(rows, own)
                } else {
                    std::array::from_fn(|k| {
                        let begin = (row + k) * size;
                        if k < n { dot(&matrix[begin + from..begin + column], own) } else { 0.0 }
                    })
                };
                for (k, sum) in sums.iter().take(n).enumerate() {
                    let entry = &mut matrix[(row + k) * size + column];
                    *entry = (*entry - sum) / pivot;
                }
                row += n;
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
#[inline]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let [sum] = dots([a], b);
    sum
}

/// Computes Σ a b for several a, each as [`dot`] does.
fn dots<const N: usize>(all: [&[f64]; N], b: &[f64]) -> [f64; N] {
    let n_fours = b.len() / LANES;
    let mut sums = [[0.0; LANES]; N];
    let fours: [&[[f64; LANES]]; N] = all.map(|a| &a.as_chunks().0[..n_fours]);
    let (b_fours, b_rest) = b.as_chunks::<LANES>();
    for (index, y) in b_fours.iter().enumerate() {
        for (sums, fours) in sums.iter_mut().zip(fours) {
            let x = fours[index];
            for lane in 0..LANES {
                sums[lane] += x[lane] * y[lane];
            }
        }
    }
    std::array::from_fn(|k| {
        let rest: f64 = all[k][n_fours * LANES..].iter().zip(b_rest).map(|(x, y)| x * y).sum();
        let [a, b, c, d] = sums[k];
        (a + b) + (c + d) + rest
    })
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

    /// Factors a matrix entry by entry, in the order of the rows.
    fn plain_factor(mut matrix: Vec<f64>, size: usize) -> Vec<f64> {
        for row in 0..size {
            for column in 0..=row {
                let (head, tail) = matrix.split_at(row * size);
                let other = if column < row { &head[column * size..][..column] } else { &tail[..column] };
                let rest = tail[column] - dot(other, &tail[..column]);
                matrix[row * size + column] =
                    if column < row { rest / matrix[column * size + column] } else { rest.sqrt() };
            }
        }
        matrix
    }

    #[test]
    fn rows_at_once_and_skipped_zeros_change_no_bit() {
        let mut state = 9_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1 << 24)
        };
        for n in [1, 2, 3, 4, 5, 7, 8, 13, 30, 41] {
            // Without zeros, with a diagonal block first, and with bands.
            for begins in [
                |_: usize, _: usize| 0,
                |row: usize, n: usize| if row < n / 2 { row } else { row % 3 },
                |row: usize, _| row.saturating_sub(3),
            ] {
                let mut matrix = vec![0.0; n * n];
                for row in 0..n {
                    for column in begins(row, n)..row {
                        matrix[row * n + column] = uniform() - 0.5;
                    }
                    matrix[row * n + row] = n as f64;
                }
                let expected = plain_factor(matrix.clone(), n);
                let found = Cholesky::new(matrix, n).expect("the diagonal dominates").lower;
                for row in 0..n {
                    let own = row * n..=row * n + row;
                    let bits = |of: &[f64]| of.iter().map(|x| (x + 0.0).to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&found[own.clone()]), bits(&expected[own]), "{n}, row {row}");
                }
            }
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
