//! A matrix product on strided slices.

use gemm::Parallelism;

use crate::element::Element;

/// A matrix in a slice: element (i, j) stands at `i · row + j · column`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

impl<'a, T> Matrix<'a, T> {
    /// A matrix whose rows of so many columns stand one after another.
    pub(crate) fn of_rows(data: &'a [T], columns: usize) -> Self {
        Self { data, row: columns, column: 1 }
    }

    /// Rows for columns.
    pub(crate) fn transposed(self) -> Self {
        Self { data: self.data, row: self.column, column: self.row }
    }

    fn holds(&self, rows: usize, columns: usize) -> bool {
        (rows - 1) * self.row + (columns - 1) * self.column < self.data.len()
    }
}

/// `y += a·b` for `(rows, columns, depth)`; the rows of y stand one after another.
///
/// # Panics
///
/// When a size is 0 or an element is outside its slice.
pub(crate) fn add_product<T: Element>(
    y: &mut [T],
    a: Matrix<'_, T>,
    b: Matrix<'_, T>,
    (rows, columns, depth): (usize, usize, usize),
    parallelism: Parallelism,
) {
    assert!(rows > 0 && columns > 0 && depth > 0, "a product of nothing");
    assert!(rows * columns <= y.len() && a.holds(rows, depth) && b.holds(depth, columns));
    // SAFETY: every element that the sizes and strides name lies in its slice, as asserted; y overlaps neither.
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
    fn a_product_is_added_whatever_the_strides() {
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
