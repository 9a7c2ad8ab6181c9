//! Exact dynamic time warping.

use std::ops::Range;

/// Steps back from a cell, in order of preference.
const DIAGONAL: u8 = 0;
const UP: u8 = 1;
const LEFT: u8 = 2;
/// Number of cells up to which all steps are kept.
const MOST_STEPS: usize = 1 << 26;

/// A path through two sequences with its cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// Cells (frame of the first, frame of the second), from (0, 0) to the last of both; each step advances one frame
    /// in one or both.
    pub path: Vec<(usize, usize)>,
    /// Sum of the distances over the cells of the path.
    pub cost: f64,
}

/// Aligns two sequences of vectors.
///
/// ```text
/// D(i, j) = |a_i - b_j| + min(D(i-1, j-1), D(i-1, j), D(i, j-1))        Euclidean, all steps with weight 1
/// ```
///
///
/// Of paths with equal cost, the one with fewer cells is chosen, and of those the one that moves diagonally as late as
/// possible. Cost and number of cells are therefore bitwise identical if the sequences are swapped. Nothing is pruned:
/// time grows with the product of the lengths.
///
/// Memory does not. Up to 64 million cells, the step back from each is kept in one byte. Beyond that, the rows are cut
/// into blocks; only the costs in front of each block are kept, and the steps are recomputed one block at a time, which
/// takes twice as long and gives the same path. Two clips of eight minutes then take 70 MB instead of 1.7 GB.
///
/// Returns None if a sequence is empty or not a whole number of vectors, or if `dimension` is 0. Values that are not
/// finite give a cost that is not finite.
///
/// # Shapes
///
/// `first` is `[frames, dimension]`, `second` is `[other frames, dimension]`, both row-major.
///
/// # Examples
///
/// ```
/// use mynah_metrics::dtw::align;
///
/// let alignment = align(&[1.0, 2.0, 4.0], &[1.0, 1.0, 2.5, 4.0], 1).expect("both have frames");
/// assert_eq!(alignment.path, [(0, 0), (0, 1), (1, 2), (2, 3)]);
/// assert_eq!(alignment.cost, 0.5);
/// ```
#[must_use]
pub fn align(first: &[f64], second: &[f64], dimension: usize) -> Option<Alignment> {
    let whole =
        |values: &[f64]| dimension > 0 && !values.is_empty() && values.len().is_multiple_of(dimension);
    if !whole(first) || !whole(second) {
        return None;
    }
    let (rows, columns) = (first.len() / dimension, second.len() / dimension);
    let block = if rows.saturating_mul(columns) <= MOST_STEPS {
        rows
    } else {
        // Equal memory for the costs in front of the blocks and the steps of one block.
        (rows * size_of::<Best>()).isqrt().clamp(1, rows)
    };
    Some(align_in_blocks(first, second, dimension, block))
}

/// Cost and number of cells of the best path to a cell.
type Best = (f64, u32);

/// Aligns nonempty sequences, keeping the steps of `block` rows in memory at a time.
fn align_in_blocks(first: &[f64], second: &[f64], dimension: usize, block: usize) -> Alignment {
    let (rows, columns) = (first.len() / dimension, second.len() / dimension);
    let grid = Grid {
        first,
        // Dimension-major, so that a row of distances vectorizes.
        by_dimension: (0..dimension)
            .flat_map(|index| second.iter().skip(index).step_by(dimension).copied())
            .collect(),
        dimension,
        columns,
    };
    let n_blocks = rows.div_ceil(block);
    let of_block = |index: usize| index * block..((index + 1) * block).min(rows);
    // Best paths in the row before each block.
    let mut fronts = vec![vec![(f64::INFINITY, 0); columns]];
    for index in 0..n_blocks - 1 {
        let mut best = fronts[index].clone();
        grid.advance(of_block(index), &mut best, None);
        fronts.push(best);
    }

    let mut steps = vec![DIAGONAL; block * columns];
    let (mut row, mut column) = (rows - 1, columns - 1);
    let (mut path, mut cost) = (Vec::new(), 0.0);
    for index in (0..n_blocks).rev() {
        let in_block = of_block(index);
        let mut best = std::mem::take(&mut fronts[index]);
        grid.advance(in_block.clone(), &mut best, Some(&mut steps));
        if index + 1 == n_blocks {
            let n_cells;
            (cost, n_cells) = best[columns - 1];
            path.reserve(n_cells as usize);
        }
        loop {
            path.push((row, column));
            if (row, column) == (0, 0) {
                break;
            }
            // The first row and column have only one way back, whatever comparisons of infinities gave.
            let step = match (row, column) {
                (0, _) => LEFT,
                (_, 0) => UP,
                _ => steps[(row - in_block.start) * columns + column],
            };
            row -= usize::from(step != LEFT);
            column -= usize::from(step != UP);
            if row < in_block.start {
                break;
            }
        }
    }
    path.reverse();
    Alignment { path, cost }
}

/// Two sequences and the cells between them.
struct Grid<'a> {
    first: &'a [f64],
    /// The second sequence as `[dimension, columns]`.
    by_dimension: Vec<f64>,
    dimension: usize,
    columns: usize,
}

impl Grid<'_> {
    /// Advances from the best paths of the row before `rows` to those of the last of them, recording the steps back if
    /// requested.
    fn advance(&self, rows: Range<usize>, before: &mut Vec<Best>, mut steps: Option<&mut [u8]>) {
        let columns = self.columns;
        let mut distances = vec![0.0; columns];
        let mut here = before.clone();
        let mut unwanted = vec![DIAGONAL; if steps.is_some() { 0 } else { columns }];
        for (index, row) in rows.enumerate() {
            let vector = &self.first[row * self.dimension..][..self.dimension];
            distances.fill(0.0);
            for (value, others) in vector.iter().zip(self.by_dimension.chunks_exact(columns)) {
                for (distance, other) in distances.iter_mut().zip(others) {
                    *distance += (value - other) * (value - other);
                }
            }
            let mut left = (f64::INFINITY, 0);
            let mut diagonal = if row == 0 { (0.0, 0) } else { (f64::INFINITY, 0) };
            let steps = match &mut steps {
                Some(steps) => &mut steps[index * columns..][..columns],
                None => &mut unwanted[..],
            };
            for column in 0..columns {
                let up = before[column];
                let (mut best, mut step) = (diagonal, DIAGONAL);
                for (other, code) in [(up, UP), (left, LEFT)] {
                    if other.0 < best.0 || (other.0 <= best.0 && other.1 < best.1) {
                        (best, step) = (other, code);
                    }
                }
                left = (best.0 + distances[column].sqrt(), best.1 + 1);
                here[column] = left;
                steps[column] = step;
                diagonal = up;
            }
            std::mem::swap(before, &mut here);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distance(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
    }

    /// Returns cost and length of the best path by trying all of them.
    fn try_all(first: &[Vec<f64>], second: &[Vec<f64>]) -> (f64, usize) {
        fn walk(
            first: &[Vec<f64>],
            second: &[Vec<f64>],
            i: usize,
            j: usize,
            so_far: f64,
            cells: usize,
            best: &mut (f64, usize),
        ) {
            let cost = so_far + distance(&first[i], &second[j]);
            if i + 1 == first.len() && j + 1 == second.len() {
                if cost < best.0 || (cost <= best.0 && cells < best.1) {
                    *best = (cost, cells);
                }
                return;
            }
            for (di, dj) in [(1, 1), (1, 0), (0, 1)] {
                if i + di < first.len() && j + dj < second.len() {
                    walk(first, second, i + di, j + dj, cost, cells + 1, best);
                }
            }
        }
        let mut best = (f64::INFINITY, 0);
        walk(first, second, 0, 0, 0.0, 1, &mut best);
        best
    }

    fn sequence(frames: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Vec<f64>>> {
        // Small integers make ties, and sums without rounding.
        prop::collection::vec(prop::collection::vec((0_i32..4).prop_map(f64::from), 1), frames)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn the_path_is_optimal(first in sequence(1..6), second in sequence(1..6)) {
            let alignment = align(&first.concat(), &second.concat(), 1).unwrap();
            let (cost, cells) = try_all(&first, &second);
            prop_assert_eq!((alignment.cost, alignment.path.len()), (cost, cells));
        }

        #[test]
        fn the_path_is_connected_and_has_its_cost(
            first in prop::collection::vec(-1.0..1.0, 3..60),
            second in prop::collection::vec(-1.0..1.0, 3..60),
        ) {
            let (first, second) = (&first[..first.len() / 3 * 3], &second[..second.len() / 3 * 3]);
            let alignment = align(first, second, 3).unwrap();
            prop_assert_eq!(alignment.path[0], (0, 0));
            prop_assert_eq!(*alignment.path.last().unwrap(), (first.len() / 3 - 1, second.len() / 3 - 1));
            for step in alignment.path.windows(2) {
                let moved = (step[1].0 - step[0].0, step[1].1 - step[0].1);
                prop_assert!([(1, 1), (1, 0), (0, 1)].contains(&moved));
            }
            let sum: f64 = alignment.path.iter().map(|&(i, j)| distance(&first[i * 3..][..3], &second[j * 3..][..3])).sum();
            prop_assert!((sum - alignment.cost).abs() < 1e-12 * sum.max(1.0));
        }

        #[test]
        fn cost_and_length_are_symmetric(first in sequence(1..12), second in sequence(1..12)) {
            let one = align(&first.concat(), &second.concat(), 1).unwrap();
            let other = align(&second.concat(), &first.concat(), 1).unwrap();
            prop_assert_eq!(one.cost.to_bits(), other.cost.to_bits());
            prop_assert_eq!(one.path.len(), other.path.len());
        }

        #[test]
        fn blocks_do_not_change_the_path(first in sequence(1..20), second in sequence(1..20), block in 1_usize..7) {
            let whole = align(&first.concat(), &second.concat(), 1).unwrap();
            let in_blocks = align_in_blocks(&first.concat(), &second.concat(), 1, block.min(first.len()));
            prop_assert_eq!(whole.cost.to_bits(), in_blocks.cost.to_bits());
            prop_assert_eq!(whole.path, in_blocks.path);
        }

        #[test]
        fn a_sequence_aligns_diagonally_with_itself(values in prop::collection::vec(-1.0..1.0, 1..30)) {
            let alignment = align(&values, &values, 1).unwrap();
            prop_assert_eq!(alignment.cost.to_bits(), 0);
            prop_assert!(alignment.path.iter().all(|(i, j)| i == j));
        }
    }

    #[test]
    fn empty_sequences_have_no_path() {
        assert_eq!(align(&[], &[1.0], 1), None);
        assert_eq!(align(&[1.0], &[], 1), None);
        assert_eq!(align(&[1.0, 2.0, 3.0], &[1.0, 2.0], 2), None);
        assert_eq!(align(&[1.0], &[1.0], 0), None);
    }

    #[test]
    fn aligns_long_sequences_in_little_memory() {
        // 70 million cells, each of which would take a byte without blocks.
        let first: Vec<f64> = (0..8_400).map(|n| f64::from(n % 97)).collect();
        let second: Vec<f64> = first.iter().copied().filter(|value| *value < 96.0).collect();
        let alignment = align(&first, &second, 1).unwrap();
        assert_eq!(*alignment.path.last().unwrap(), (first.len() - 1, second.len() - 1));
        let sum: f64 = alignment.path.iter().map(|&(i, j)| (first[i] - second[j]).abs()).sum();
        assert_eq!(alignment.cost.to_bits(), sum.to_bits());
        // Each of the 86 missing values costs 1, the distance to its neighbor.
        assert!(alignment.cost <= 86.0, "{}", alignment.cost);
    }

    #[test]
    fn terminates_on_infinite_values() {
        let alignment = align(&[f64::NAN, 1.0], &[1.0, f64::INFINITY, 2.0], 1).unwrap();
        assert!(!alignment.cost.is_finite());
        assert_eq!(alignment.path.last(), Some(&(1, 2)));
    }
}
