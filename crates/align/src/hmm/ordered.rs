//! Parallel sums in a fixed order.

use rayon::prelude::*;

/// Number of contiguous parts of the work, whatever the number of threads; it limits the number of sums held at a time.
const PARTS: usize = 64;

/// Sums over `work`, item by item within each part and then part by part; `None` if there is no work.
pub(super) fn sum_in_order<T: Sync, S: Send>(
    work: &[T],
    empty: impl Fn() -> S + Sync,
    add: impl Fn(S, &T) -> S + Sync,
    plus: impl Fn(S, S) -> S,
) -> Option<S> {
    let parts: Vec<S> = work
        .par_chunks(work.len().div_ceil(PARTS).max(1))
        .map(|part| part.iter().fold(empty(), &add))
        .collect();
    parts.into_iter().reduce(plus)
}

#[cfg(test)]
mod tests {
    use super::sum_in_order;

    #[test]
    fn sums_in_the_order_of_the_work() {
        for n in [0_usize, 1, 63, 64, 65, 1000] {
            let work: Vec<usize> = (0..n).collect();
            let join = |mut all: Vec<usize>, more: Vec<usize>| {
                all.extend(more);
                all
            };
            let add = |mut all: Vec<usize>, item: &usize| {
                all.push(*item);
                all
            };
            assert_eq!(sum_in_order(&work, Vec::new, add, join).unwrap_or_default(), work);
        }
    }
}
