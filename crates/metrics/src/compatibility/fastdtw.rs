//! The approximate time warping of the Python package `fastdtw`, with its choices among equals.

use std::ops::Range;

use crate::dtw::Alignment;

/// Frames around the path of the coarser level that are searched.
const RADIUS: usize = 1;

/// Step back to a cell.
#[derive(Clone, Copy)]
enum Step {
    Up,
    Left,
    Diagonal,
}

/// Aligns two sequences of vectors as `fastdtw(first, second, dist=euclidean)` does without its compiled extension.
///
/// The sequences are halved by averaging neighbors until one has fewer than three vectors, aligned exactly there, and
/// aligned again on each finer level within a frame of the coarser path. The path need not be the best one. Of equal
/// costs, the step in the first sequence wins, then that in the second. Time and memory grow with the lengths, not
/// with their product.
///
/// Both sequences have at least one vector, row-major.
pub(super) fn fastdtw(first: &[f64], second: &[f64], dimension: usize) -> Alignment {
    let (rows, columns) = (first.len() / dimension, second.len() / dimension);
    if rows.min(columns) < RADIUS + 2 {
        return align_within(first, second, dimension, &vec![0..columns; rows]);
    }
    let coarse = fastdtw(&halved(first, dimension), &halved(second, dimension), dimension);
    align_within(first, second, dimension, &window(&coarse.path, rows, columns))
}

/// Averages every two vectors; a last one without a neighbor is dropped.
fn halved(values: &[f64], dimension: usize) -> Vec<f64> {
    let pairs = values.chunks_exact(2 * dimension);
    pairs
        .flat_map(|pair| (0..dimension).map(|index| f64::midpoint(pair[index], pair[index + dimension])))
        .collect()
}

/// Returns the columns of each row that lie within the radius of a path on the coarser level.
fn window(path: &[(usize, usize)], rows: usize, columns: usize) -> Vec<Range<usize>> {
    let n_coarse = path.last().map_or(0, |cell| cell.0) + 1;
    // First and last column of the path in each of its rows.
    let mut spans = vec![(usize::MAX, 0); n_coarse];
    for &(row, column) in path {
        spans[row].0 = spans[row].0.min(column);
        spans[row].1 = spans[row].1.max(column);
    }
    let last = n_coarse - 1;
    (0..rows)
        .map(|row| {
            // One row more than twice the path's may be left over by the halving.
            let coarse = row / 2;
            let low = spans[coarse.saturating_sub(RADIUS).min(last)].0;
            let high = spans[(coarse + RADIUS).min(last)].1;
            2 * low.saturating_sub(RADIUS)..(2 * (high + RADIUS) + 2).min(columns)
        })
        .collect()
}

/// Finds the best path within a window.
fn align_within(first: &[f64], second: &[f64], dimension: usize, window: &[Range<usize>]) -> Alignment {
    let mut steps = Vec::with_capacity(window.iter().map(Range::len).sum());
    let mut starts = Vec::with_capacity(window.len());
    let mut before: (usize, Vec<f64>) = (0, Vec::new());
    for (row, columns) in window.iter().enumerate() {
        starts.push(steps.len());
        let vector = &first[row * dimension..][..dimension];
        let above = |column: Option<usize>| {
            let index = column.and_then(|column| column.checked_sub(before.0));
            index.and_then(|index| before.1.get(index)).copied().unwrap_or(f64::INFINITY)
        };
        let mut here: Vec<f64> = Vec::with_capacity(columns.len());
        for column in columns.clone() {
            let other = &second[column * dimension..][..dimension];
            let distance = distance(vector, other);
            let (mut best, mut step) = (above(Some(column)) + distance, Step::Up);
            let left = here.last().map_or(f64::INFINITY, |cost| cost + distance);
            if left < best {
                (best, step) = (left, Step::Left);
            }
            let diagonal = if (row, column) == (0, 0) { 0.0 } else { above(column.checked_sub(1)) };
            if diagonal + distance < best {
                (best, step) = (diagonal + distance, Step::Diagonal);
            }
            here.push(best);
            steps.push(step);
        }
        before = (columns.start, here);
    }
    let cost = before.1.last().copied().unwrap_or(f64::INFINITY);
    let (mut row, mut column) = (window.len() - 1, second.len() / dimension - 1);
    let mut path = vec![(row, column)];
    while (row, column) != (0, 0) {
        // The first row and column have only one way back, whatever comparisons of infinities gave.
        match (row, column, steps[starts[row] + column - window[row].start]) {
            (0, _, _) | (_, 1.., Step::Left) => column -= 1,
            (_, 0, _) | (_, _, Step::Up) => row -= 1,
            (_, _, _) => (row, column) = (row - 1, column - 1),
        }
        path.push((row, column));
    }
    path.reverse();
    Alignment { path, cost }
}

/// Returns the Euclidean distance.
pub(super) fn distance(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use mynah_testkit::{assert_close, golden};
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Case {
        dimension: usize,
        first: Vec<f64>,
        second: Vec<f64>,
        path: Vec<(usize, usize)>,
        cost: f64,
    }

    #[derive(Deserialize)]
    struct Warping {
        cases: Vec<Case>,
    }

    #[test]
    fn paths_are_those_of_fastdtw() {
        let expected: Warping = golden("metrics/fastdtw.json");
        assert!(expected.cases.len() > 40);
        for (index, case) in expected.cases.iter().enumerate() {
            let got = fastdtw(&case.first, &case.second, case.dimension);
            assert_eq!(got.path, case.path, "{index}");
            // Distances are summed in the same order.
            assert_close(got.cost, case.cost, 1e-12 * case.cost.max(1.0), &format!("{index}"));
        }
    }

    proptest! {
        #[test]
        fn a_path_is_whole_and_never_better_than_the_exact_one(
            first in prop::collection::vec(-1.0..1.0, 1..60),
            second in prop::collection::vec(-1.0..1.0, 1..60),
        ) {
            let fast = fastdtw(&first, &second, 1);
            let exact = crate::dtw::align(&first, &second, 1).unwrap();
            prop_assert!(fast.cost >= exact.cost - 1e-9);
            prop_assert_eq!(fast.path[0], (0, 0));
            prop_assert_eq!(*fast.path.last().unwrap(), (first.len() - 1, second.len() - 1));
            for pair in fast.path.windows(2) {
                let ((i, j), (k, l)) = (pair[0], pair[1]);
                prop_assert!(k - i <= 1 && l - j <= 1 && k + l > i + j);
            }
        }
    }
}
