//! Training with incrementally updated counts.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use rustc_hash::FxHashMap;

use super::{SupPhones, id_of};
use crate::phone::Phone;

/// Smallest count worth a merge.
const LEAST: u128 = 2;

type Pair = (u32, u32);

/// Learns merges; see [`SupPhones::train`].
pub(super) fn train(words: impl IntoIterator<Item = (impl AsRef<[Phone]>, u64)>, merges: usize) -> SupPhones {
    let mut table = Table::new(words);
    let mut sup_phones = SupPhones::symbols();
    let mut known: HashSet<Vec<Phone>> = sup_phones.phones.iter().cloned().collect();
    while sup_phones.merges.len() < merges {
        let Some(pair) = table.most_frequent() else { break };
        if known.insert(sup_phones.joined(pair)) {
            let id = sup_phones.push(pair);
            table.join(pair, id);
        }
    }
    sup_phones
}

/// Words in their current state, and the locations of each pair of neighbors.
struct Table {
    /// Words one after another: the number of identifiers, the count in two halves, the identifiers, and
    /// padding to the next multiple of [`STEP`]. A single array, since most of the time is spent fetching
    /// words from memory.
    words: Vec<u32>,
    pairs: FxHashMap<Pair, Occurrences>,
    /// Pairs by their counts at the time of insertion. Counts only fall, except for pairs of a new
    /// identifier.
    queue: BinaryHeap<(u128, Reverse<Pair>)>,
}

/// Length of the fields before the identifiers of a word.
const HEAD: usize = 3;
/// Alignment of words, with which 32-bit positions address 2^34 numbers.
const STEP: usize = 4;

#[derive(Default)]
struct Occurrences {
    /// 128 bits, so that sums of 64-bit counts cannot overflow.
    count: u128,
    /// Positions of words that contained the pair when last visited; some may no longer contain it.
    words: Vec<u32>,
}

impl Occurrences {
    /// Counts one more occurrence in a word.
    fn add(&mut self, word: u32, count: u64) {
        self.count += u128::from(count);
        if self.words.last() != Some(&word) {
            self.words.push(word);
        }
    }
}

impl Table {
    fn new(words: impl IntoIterator<Item = (impl AsRef<[Phone]>, u64)>) -> Self {
        let mut table = Self { words: Vec::new(), pairs: FxHashMap::default(), queue: BinaryHeap::new() };
        for (phones, count) in words {
            let start = table.words.len();
            let place = u32::try_from(start / STEP).expect("memory does not hold 64 GiB of words");
            table.words.extend([0, count as u32, (count >> 32) as u32]);
            table.words.extend(phones.as_ref().iter().copied().map(id_of));
            let ids = &table.words[start + HEAD..];
            for neighbors in ids.windows(2) {
                table.pairs.entry((neighbors[0], neighbors[1])).or_default().add(place, count);
            }
            table.words[start] = (table.words.len() - start - HEAD) as u32;
            table.words.resize(table.words.len().next_multiple_of(STEP), 0);
        }
        table.queue = table.pairs.iter().map(|(pair, found)| (found.count, Reverse(*pair))).collect();
        table
    }

    /// Removes the most frequent pair; ties go to the smallest.
    fn most_frequent(&mut self) -> Option<Pair> {
        while let Some((count, Reverse(pair))) = self.queue.pop() {
            let now = self.pairs.get(&pair).map_or(0, |found| found.count);
            if now < LEAST {
                self.pairs.remove(&pair);
                continue;
            }
            if now == count {
                return Some(pair);
            }
            self.queue.push((now, Reverse(pair)));
        }
        None
    }

    /// Replaces a pair by a new identifier in every word that contains it.
    fn join(&mut self, pair: Pair, id: u32) {
        let words = self.pairs.remove(&pair).map(|found| found.words).unwrap_or_default();
        // Pairs with the new identifier, which no word contained before.
        let mut fresh = FxHashMap::<Pair, Occurrences>::default();
        for place in words {
            let Some([length, low, high, rest @ ..]) = self.words.get_mut(place as usize * STEP..) else {
                continue;
            };
            let count = u64::from(*high) << 32 | u64::from(*low);
            let left = join_in(&mut rest[..*length as usize], pair, id, |change, neighbors| match change {
                Change::Disappears => {
                    if let Some(found) = self.pairs.get_mut(&neighbors) {
                        found.count -= u128::from(count);
                    }
                }
                Change::Appears => fresh.entry(neighbors).or_default().add(place, count),
            });
            *length = left as u32;
        }
        // The insertion order of a heap does not matter, since no two entries are equal.
        self.queue.extend(fresh.iter().map(|(pair, found)| (found.count, Reverse(*pair))));
        self.pairs.extend(fresh);
    }
}

/// Appearance or disappearance of an occurrence of a pair.
#[derive(Clone, Copy)]
enum Change {
    Disappears,
    Appears,
}

/// Joins the pair in place, from the left, and returns the new length. `report` is called for every occurrence
/// that appears or disappears, except those of the pair itself.
fn join_in(ids: &mut [u32], pair: Pair, id: u32, mut report: impl FnMut(Change, Pair)) -> usize {
    let (mut read, mut written) = (0, 0);
    while read < ids.len() {
        if ids[read] != pair.0 || ids.get(read + 1) != Some(&pair.1) {
            ids[written] = ids[read];
            (read, written) = (read + 1, written + 1);
            continue;
        }
        if written > 0 {
            let before = ids[written - 1];
            // If the previous identifier was just joined, the occurrence lost here was reported then.
            if before != id {
                report(Change::Disappears, (before, pair.0));
            }
            report(Change::Appears, (before, id));
        }
        read += 2;
        ids[written] = id;
        written += 1;
        if let Some(&after) = ids.get(read) {
            report(Change::Disappears, (pair.1, after));
            if after != pair.0 || ids.get(read + 1) != Some(&pair.1) {
                report(Change::Appears, (id, after));
            }
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Trains by definition, recounting everything for each merge.
    fn plain(words: &[(Vec<Phone>, u64)], merges: usize) -> Vec<Pair> {
        let mut words: Vec<(Vec<u32>, u64)> = words
            .iter()
            .map(|(phones, count)| (phones.iter().copied().map(id_of).collect(), *count))
            .collect();
        let mut sup_phones = SupPhones::symbols();
        while sup_phones.merges.len() < merges {
            let mut counts = BTreeMap::<Pair, u64>::new();
            for (ids, count) in &words {
                for neighbors in ids.windows(2) {
                    *counts.entry((neighbors[0], neighbors[1])).or_default() += count;
                }
            }
            let best = counts
                .into_iter()
                .filter(|(pair, count)| *count >= 2 && !sup_phones.phones.contains(&sup_phones.joined(*pair)))
                .max_by_key(|(pair, count)| (*count, Reverse(*pair)));
            let Some((pair, _)) = best else { break };
            let id = sup_phones.push(pair);
            for (ids, _) in &mut words {
                *ids = joined_in(ids, pair, id);
            }
        }
        sup_phones.merges
    }

    /// Returns the word with the pair joined, from the left.
    fn joined_in(ids: &[u32], pair: Pair, id: u32) -> Vec<u32> {
        let mut joined = Vec::new();
        let mut rest = ids;
        while let Some((first, after)) = rest.split_first() {
            if *first == pair.0 && after.first() == Some(&pair.1) {
                joined.push(id);
                rest = &after[1..];
            } else {
                joined.push(*first);
                rest = after;
            }
        }
        joined
    }

    fn word() -> impl Strategy<Value = (Vec<Phone>, u64)> {
        let phone = (0..4_usize).prop_map(|index| Phone::from_index(index).expect("there are more than 4"));
        (vec(phone, 0..12), 0..5_u64)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn merges_agree_with_the_definition(words in vec(word(), 0..20), merges in 0..40_usize) {
            prop_assert_eq!(&train(words.clone(), merges).merges, &plain(&words, merges));
        }

        #[test]
        fn ignores_the_order_of_the_words(words in vec(word(), 0..20)) {
            let reversed: Vec<_> = words.iter().rev().cloned().collect();
            prop_assert_eq!(train(words, 40), train(reversed, 40));
        }
    }

    #[test]
    fn counts_do_not_overflow() {
        let words = |counts: [u64; 3]| {
            let phones: Vec<Phone> = Phone::all().take(6).collect();
            phones.chunks(2).map(<[Phone]>::to_vec).zip(counts).collect::<Vec<_>>()
        };
        // Above 2^32 a 32-bit count would wrap; above 2^53 a float could not tell the counts apart.
        for least in [1_u64 << 32, 1 << 53, u64::MAX - 2] {
            let merges = train(words([least, least + 2, least + 1]), 3).merges;
            assert_eq!(merges, plain(&words([4, 6, 5]), 3), "{least}");
        }
    }

    #[test]
    fn never_joins_a_pair_that_occurs_once() {
        let phones: Vec<Phone> = Phone::all().take(5).collect();
        assert_eq!(train([(&phones, 1)], 10).len(), SupPhones::symbols().len());
        assert_eq!(train([(&phones, 2)], 10).len(), SupPhones::symbols().len() + 4);
        assert_eq!(
            train([(&phones, u64::MAX), (&phones, u64::MAX)], 10).len(),
            SupPhones::symbols().len() + 4
        );
    }
}
