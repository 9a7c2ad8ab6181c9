//! Training with counts that are kept up to date.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use super::{SupPhones, id_of};
use crate::phone::Phone;

/// The least number of occurrences that is worth a merge.
const LEAST: u128 = 2;

type Pair = (u32, u32);

/// See [`SupPhones::train`].
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

/// The words as they stand, and where each pair of neighbours occurs in them.
struct Table {
    words: Vec<(Vec<u32>, u128)>,
    pairs: HashMap<Pair, Occurrences>,
    /// Pairs by their counts at the time of insertion: counts only fall, but for pairs of a new identifier.
    queue: BinaryHeap<(u128, Reverse<Pair>)>,
}

#[derive(Default)]
struct Occurrences {
    /// 128 bits, so that no sum of 64-bit counts overflows.
    count: u128,
    /// The words that held the pair when it was last seen in them; some may hold it no longer.
    words: Vec<u32>,
}

impl Table {
    fn new(words: impl IntoIterator<Item = (impl AsRef<[Phone]>, u64)>) -> Self {
        let words = words
            .into_iter()
            .map(|(phones, count)| (phones.as_ref().iter().copied().map(id_of).collect(), u128::from(count)))
            .collect();
        let mut table = Self { words, pairs: HashMap::new(), queue: BinaryHeap::new() };
        for word in 0..table.words.len() {
            table.count_pairs(word, |_| true);
        }
        table.queue = table.pairs.iter().map(|(pair, found)| (found.count, Reverse(*pair))).collect();
        table
    }

    /// Takes the pair with the highest count, and of equal ones the smallest.
    fn most_frequent(&mut self) -> Option<Pair> {
        while let Some((count, Reverse(pair))) = self.queue.pop() {
            let now = self.pairs.get(&pair).map_or(0, |found| found.count);
            if now < LEAST {
                continue;
            }
            if now == count {
                return Some(pair);
            }
            self.queue.push((now, Reverse(pair)));
        }
        None
    }

    /// Replaces a pair by a new identifier in every word that holds it.
    fn join(&mut self, pair: Pair, id: u32) {
        let words =
            self.pairs.get_mut(&pair).map(|found| std::mem::take(&mut found.words)).unwrap_or_default();
        let mut fresh = HashSet::new();
        for word in words {
            let index = word as usize;
            let (ids, count) = &self.words[index];
            let joined = join_in(ids, pair, id);
            if joined.len() == ids.len() {
                continue;
            }
            for neighbours in ids.windows(2) {
                if let Some(found) = self.pairs.get_mut(&(neighbours[0], neighbours[1])) {
                    found.count -= count;
                }
            }
            fresh.extend(
                joined.windows(2).map(|pair| (pair[0], pair[1])).filter(|pair| pair.0 == id || pair.1 == id),
            );
            self.words[index].0 = joined;
            self.count_pairs(index, |pair| pair.0 == id || pair.1 == id);
        }
        // The order in which equal entries enter a heap does not show, since equal entries are the same.
        for pair in fresh {
            self.queue.push((self.pairs[&pair].count, Reverse(pair)));
        }
    }

    /// Adds a word to the counts of its pairs, and to the occurrences of those that `is_new` picks.
    fn count_pairs(&mut self, index: usize, is_new: impl Fn(Pair) -> bool) {
        let (ids, count) = &self.words[index];
        for neighbours in ids.windows(2) {
            let pair = (neighbours[0], neighbours[1]);
            let found = self.pairs.entry(pair).or_default();
            found.count += count;
            if is_new(pair) && found.words.last() != Some(&(index as u32)) {
                found.words.push(index as u32);
            }
        }
    }
}

/// The word with the pair joined, from the left.
fn join_in(ids: &[u32], pair: Pair, id: u32) -> Vec<u32> {
    let mut joined = Vec::with_capacity(ids.len());
    let mut rest = ids;
    while let Some((first, behind)) = rest.split_first() {
        if *first == pair.0 && behind.first() == Some(&pair.1) {
            joined.push(id);
            rest = &behind[1..];
        } else {
            joined.push(*first);
            rest = behind;
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// The definition, with everything counted afresh for each merge.
    fn plain(words: &[(Vec<Phone>, u64)], merges: usize) -> Vec<Pair> {
        let mut words: Vec<(Vec<u32>, u64)> = words
            .iter()
            .map(|(phones, count)| (phones.iter().copied().map(id_of).collect(), *count))
            .collect();
        let mut sup_phones = SupPhones::symbols();
        while sup_phones.merges.len() < merges {
            let mut counts = BTreeMap::<Pair, u64>::new();
            for (ids, count) in &words {
                for neighbours in ids.windows(2) {
                    *counts.entry((neighbours[0], neighbours[1])).or_default() += count;
                }
            }
            let best = counts
                .into_iter()
                .filter(|(pair, count)| *count >= 2 && !sup_phones.phones.contains(&sup_phones.joined(*pair)))
                .max_by_key(|(pair, count)| (*count, Reverse(*pair)));
            let Some((pair, _)) = best else { break };
            let id = sup_phones.push(pair);
            for (ids, _) in &mut words {
                *ids = join_in(ids, pair, id);
            }
        }
        sup_phones.merges
    }

    fn word() -> impl Strategy<Value = (Vec<Phone>, u64)> {
        let phone = (0..4_usize).prop_map(|index| Phone::from_index(index).expect("there are more than 4"));
        (vec(phone, 0..12), 0..5_u64)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn merges_are_those_of_the_definition(words in vec(word(), 0..20), merges in 0..40_usize) {
            prop_assert_eq!(&train(words.clone(), merges).merges, &plain(&words, merges));
        }

        #[test]
        fn the_order_of_the_words_does_not_matter(words in vec(word(), 0..20)) {
            let reversed: Vec<_> = words.iter().rev().cloned().collect();
            prop_assert_eq!(train(words, 40), train(reversed, 40));
        }
    }

    #[test]
    fn what_occurs_once_is_not_joined() {
        let phones: Vec<Phone> = Phone::all().take(5).collect();
        assert_eq!(train([(&phones, 1)], 10).len(), SupPhones::symbols().len());
        assert_eq!(train([(&phones, 2)], 10).len(), SupPhones::symbols().len() + 4);
        assert_eq!(
            train([(&phones, u64::MAX), (&phones, u64::MAX)], 10).len(),
            SupPhones::symbols().len() + 4
        );
    }
}
