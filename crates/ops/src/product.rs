//! Matrix products on strided slices.

use gemm::Parallelism;

use crate::element::Element;

/// A matrix in a slice, with element (i, j) at `i · row + j · column`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// Views contiguous rows of `columns` elements as a matrix.
    pub(crate) fn of_rows(data: &'a [T], columns: usize) -> Self {
        Self { data, row: columns, column: 1 }
    }

    /// Returns the transpose.
    pub(crate) fn transposed(self) -> Self {
        Self { data: self.data, row: self.column, column: self.row }
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        (rows - 1) * self.row + (columns - 1) * self.column < self.data.len()
    }
}

/// Computes `y += a·b` with sizes `(rows, columns, depth)`; y is row-major and contiguous.
///
/// # Panics
///
/// Panics if a size is 0 or an element is outside its slice.
pub(crate) fn add_product<T: Element>(
    y: &mut [T],
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    (rows, columns, depth): (usize, usize, usize),
    parallelism: Parallelism,
) {
    assert!(rows > 0 && columns > 0 && depth > 0, "empty product");
    assert!(rows * columns <= y.len() && a.holds(rows, depth) && b.holds(depth, columns));
    // SAFETY: the sizes and strides address only elements inside the slices, as asserted; y overlaps neither
    // a nor b.
    #[expect(unsafe_code, reason = "the product takes pointers and strides")]
    unsafe {
        gemm::gemm(
            rows,
            columns,
            depth,
            y.as_mut_ptr(),
            1,
            columns as isize,
            true,
            a.data.as_ptr(),
            a.column as isize,
            a.row as isize,
            b.data.as_ptr(),
            b.column as isize,
            b.row as isize,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            parallelism,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_products_with_any_strides() {
        // [1 2 3; 4 5 6] · [1 0; 0 1; 2 2] = [7 8; 16 17].
        let (a, a_columns) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let (b, b_columns) = ([1.0, 0.0, 0.0, 1.0, 2.0, 2.0], [1.0, 0.0, 2.0, 0.0, 1.0, 2.0]);
        for a in [Matrix::of_rows(&a, 3), Matrix::of_rows(&a_columns, 2).transposed()] {
            for b in [Matrix::of_rows(&b, 2), Matrix::of_rows(&b_columns, 3).transposed()] {
                let mut y = [100.0_f64; 4];
                add_product(&mut y, a, b, (2, 2, 3), Parallelism::None);
                assert_eq!(y, [107.0, 108.0, 116.0, 117.0]);
            }
        }
    }
}
