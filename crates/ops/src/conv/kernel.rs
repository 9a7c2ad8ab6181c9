//! The register tile that computes every convolution and its gradients.
//!
//! ```text
//! output[r][v] (+)= Σ_steps  vectors[step.vector + v] · scalars[step.scalar + r · scalar_stride]
//! ```
//!
//! For a few rows r and a few neighboring columns v, the sums stay in registers across all steps. In a
//! convolution, columns are time, rows are output channels, and there is a step for each input channel and
//! tap. In the gradient of a weight, columns are channels, rows are other channels or taps, and there is a
//! step for each time.

use pulp::Simd;

use crate::element::Element;

/// Offsets of the two operands of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) vector: u32,
    pub(super) scalar: u32,
}

impl Step {
    /// Creates a step. Offsets are 32 bits wide to keep the table in the cache; no block reaches 16 GiB.
    pub(super) fn new(vector: usize, scalar: usize) -> Self {
        assert!(u32::try_from(vector.max(scalar)).is_ok(), "offsets inside a block fit 32 bits");
        Self { vector: vector as u32, scalar: scalar as u32 }
    }
}

/// Pointers to the operands of [`multiply`].
#[derive(Clone, Copy)]
pub(super) struct Operands<T> {
    pub(super) vectors: *const T,
    pub(super) scalars: *const T,
    pub(super) scalar_stride: usize,
    pub(super) output: *mut T,
    pub(super) output_stride: usize,
}

/// Rows of the largest tile.
pub(super) const ROWS: usize = 8;
/// Vectors per row of the largest tile: with eight rows, 24 sums, leaving 8 of 32 registers for the operands.
pub(super) const COLUMNS: usize = 3;

/// Computes `rows` × `columns` vectors of output, in tiles as large as the registers can hold. Adds to the
/// output if `accumulate` is set, otherwise overwrites it.
///
/// Each output element is summed over the steps in order, whichever tile it is in.
///
/// # Safety
///
/// With L lanes, for every step: `vectors + step.vector` must be readable for `columns`·L numbers,
/// `scalars + step.scalar + r·scalar_stride` must be readable for every r below `rows`, and every output row
/// must be writable (and readable, if `accumulate`) for `columns`·L numbers; the output must not overlap the
/// operands.
#[expect(
    unsafe_code,
    reason = "the inner loop of all convolutions reads operands through a table of offsets"
)]
#[inline(always)]
pub(super) unsafe fn multiply<T: Element, S: Simd>(
    simd: S,
    steps: &[Step],
    operands: Operands<T>,
    rows: usize,
    columns: usize,
    accumulate: bool,
) {
    let mut row = 0;
    while row < rows {
        let left = rows - row;
        // SAFETY: these are the rows from `row` on, and no more are taken than remain.
        unsafe {
            let operands = Operands {
                scalars: operands.scalars.add(row * operands.scalar_stride),
                output: operands.output.add(row * operands.output_stride),
                ..operands
            };
            // With 16 registers, an 8 × 3 tile would spill.
            if left >= 8 && S::REGISTER_COUNT >= 32 {
                strip::<T, S, 8>(simd, steps, operands, columns, accumulate);
                row += 8;
            } else if left >= 4 {
                strip::<T, S, 4>(simd, steps, operands, columns, accumulate);
                row += 4;
            } else if left >= 2 {
                strip::<T, S, 2>(simd, steps, operands, columns, accumulate);
                row += 2;
            } else {
                strip::<T, S, 1>(simd, steps, operands, columns, accumulate);
                row += 1;
            }
        }
    }
}

/// Computes all columns of `R` rows.
///
/// # Safety
///
/// The contract of [`multiply`], with `R` rows.
#[expect(unsafe_code, reason = "see `multiply`")]
#[inline(always)]
unsafe fn strip<T: Element, S: Simd, const R: usize>(
    simd: S,
    steps: &[Step],
    operands: Operands<T>,
    columns: usize,
    accumulate: bool,
) {
    let lanes = T::lanes::<S>();
    let mut column = 0;
    while column < columns {
        // SAFETY: these are the columns from `column` on, and no more are taken than remain.
        unsafe {
            let operands = Operands {
                vectors: operands.vectors.add(column * lanes),
                output: operands.output.add(column * lanes),
                ..operands
            };
            match columns - column {
                1 => tile::<T, S, R, 1>(simd, steps, operands, accumulate),
                2 => tile::<T, S, R, 2>(simd, steps, operands, accumulate),
                _ => tile::<T, S, R, COLUMNS>(simd, steps, operands, accumulate),
            }
        }
        column += COLUMNS;
    }
}

/// Computes `R` rows × `C` vectors in registers.
///
/// # Safety
///
/// The contract of [`multiply`], with `R` rows and `C` columns.
#[expect(unsafe_code, reason = "see `multiply`")]
#[inline(always)]
unsafe fn tile<T: Element, S: Simd, const R: usize, const C: usize>(
    simd: S,
    steps: &[Step],
    operands: Operands<T>,
    accumulate: bool,
) {
    let Operands { vectors, scalars, scalar_stride, output, output_stride } = operands;
    let lanes = T::lanes::<S>();
    let mut sums = [[T::splat(simd, T::ZERO); C]; R];
    for step in steps {
        // SAFETY: by the contract, the operands of every step are readable for R rows and C vectors.
        unsafe {
            let vectors = vectors.add(step.vector as usize);
            let scalars = scalars.add(step.scalar as usize);
            let mut columns = [T::splat(simd, T::ZERO); C];
            for (c, column) in columns.iter_mut().enumerate() {
                *column = vectors.add(c * lanes).cast::<T::Vector<S>>().read_unaligned();
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let scalar = T::splat(simd, *scalars.add(r * scalar_stride));
                for (sum, &column) in sums.iter_mut().zip(&columns) {
                    *sum = T::multiply_add(simd, column, scalar, *sum);
                }
            }
        }
    }
    for (r, sums) in sums.into_iter().enumerate() {
        for (c, sum) in sums.into_iter().enumerate() {
            // SAFETY: by the contract, the output rows are writable, and readable if accumulating.
            unsafe {
                let place = output.add(r * output_stride + c * lanes).cast::<T::Vector<S>>();
                let sum = if accumulate { T::add_vectors(simd, place.read_unaligned(), sum) } else { sum };
                place.write_unaligned(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, Simd, WithSimd};

    use super::{Operands, Step, multiply};
    use crate::element::Element;
    use crate::testing::normal;

    struct Case {
        rows: usize,
        columns: usize,
        accumulate: bool,
    }

    impl WithSimd for Case {
        type Output = ();

        #[expect(unsafe_code, reason = "tests an unsafe function")]
        fn with_simd<S: Simd>(self, simd: S) {
            let Case { rows, columns, accumulate } = self;
            let lanes = <f64 as Element>::lanes::<S>();
            let width = columns * lanes;
            let numbers = |seed, count: usize| normal(seed, count).to_vec1::<f64>().unwrap();
            let (vectors, scalars) = (numbers(1, 40 + width), numbers(2, 40 + rows * 5));
            let before = numbers(3, rows * (width + 3));
            let steps: Vec<Step> = (0..7).map(|i| Step::new((i * 11) % 40, (i * 17) % 40)).collect();
            let mut output = before.clone();
            let operands = Operands {
                vectors: vectors.as_ptr(),
                scalars: scalars.as_ptr(),
                scalar_stride: 5,
                output: output.as_mut_ptr(),
                output_stride: width + 3,
            };
            // SAFETY: the buffers were allocated for these rows and columns, and for offsets below 40.
            unsafe { multiply(simd, &steps, operands, rows, columns, accumulate) };
            for (i, (&actual, &before)) in output.iter().zip(&before).enumerate() {
                let (row, column) = (i / (width + 3), i % (width + 3));
                let mut expected = if accumulate || column >= width { before } else { 0.0 };
                if column < width {
                    for step in &steps {
                        expected +=
                            vectors[step.vector as usize + column] * scalars[step.scalar as usize + row * 5];
                    }
                }
                // Seven products near 1 in f64.
                assert!(
                    (actual - expected).abs() < 1e-14,
                    "row {row}, column {column}: {actual}, {expected}"
                );
            }
        }
    }

    #[test]
    fn every_tile_matches_the_plain_sum_and_writes_nothing_else() {
        for rows in [1, 2, 3, 7, 8, 17] {
            for columns in [1, 2, 3, 4, 5] {
                for accumulate in [false, true] {
                    Arch::new().dispatch(Case { rows, columns, accumulate });
                    pulp::Scalar::new().vectorize_case(Case { rows, columns, accumulate });
                }
            }
        }
    }

    trait VectorizeCase {
        fn vectorize_case(self, case: Case);
    }

    impl VectorizeCase for pulp::Scalar {
        fn vectorize_case(self, case: Case) {
            case.with_simd(self);
        }
    }
}
