//! Order of the examples, and their batches.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

/// Least number of batches in a pool of average examples: the last one of each is incomplete.
const BATCHES_OF_A_POOL: usize = 4;

/// Returns the batches of an epoch as indices of examples.
///
/// The examples are shuffled, sorted by length within pools to reduce padding, and cut into batches of at most `budget` (a
/// longer example forms a batch alone). The batches are shuffled too. Each example is in exactly one batch. A pool has
/// `pool` examples, or as many as fill [`BATCHES_OF_A_POOL`] batches of average length if those are more.
pub(crate) fn batches(
    lengths: &[usize],
    budget: usize,
    pool: usize,
    seed: u64,
    epoch: u64,
) -> Vec<Vec<usize>> {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(epoch);
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.shuffle(&mut generator);
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let total: usize = lengths.iter().sum();
    let filling = (BATCHES_OF_A_POOL * budget * lengths.len()).checked_div(total).unwrap_or(0);
    for pool in order.chunks_mut(pool.max(filling).max(1)) {
        pool.sort_by_key(|index| lengths[*index]);
        let mut batch = Vec::new();
        let mut total = 0;
        for index in pool.iter() {
            if !batch.is_empty() && total + lengths[*index] > budget {
                batches.push(std::mem::take(&mut batch));
                total = 0;
            }
            batch.push(*index);
            total += lengths[*index];
        }
        batches.push(batch);
    }
    batches.shuffle(&mut generator);
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::batches;

    proptest! {
        #[test]
        fn every_example_is_in_one_batch_and_batches_keep_their_budget(
            frames in proptest::collection::vec(1_usize..900, 0..200), budget in 1_usize..4000, pool in 0_usize..99,
            seed: u64, epoch in 0_u64..9,
        ) {
            let batches = batches(&frames, budget, pool, seed, epoch);
            let mut seen: Vec<usize> = batches.iter().flatten().copied().collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..frames.len()).collect::<Vec<_>>());
            for batch in &batches {
                prop_assert!(!batch.is_empty());
                prop_assert!(batch.len() == 1 || batch.iter().map(|index| frames[*index]).sum::<usize>() <= budget);
            }
        }
    }

    #[test]
    fn a_large_budget_is_used() {
        let frames = vec![100; 4_000];
        let batches = batches(&frames, 50_000, 64, 1, 0);
        assert_eq!(batches.iter().map(Vec::len).max(), Some(500));
        assert!(batches.len() <= 10, "{}", batches.len());
    }

    #[test]
    fn the_order_depends_only_on_seed_and_epoch() {
        let frames: Vec<usize> = (1..50).collect();
        assert_eq!(batches(&frames, 100, 64, 1, 2), batches(&frames, 100, 64, 1, 2));
        assert_ne!(batches(&frames, 100, 64, 1, 2), batches(&frames, 100, 64, 1, 3));
        assert_ne!(batches(&frames, 100, 64, 1, 2), batches(&frames, 100, 64, 2, 2));
    }
}
