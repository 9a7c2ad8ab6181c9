//! Which utterances the model learns from, and which it never sees.

use blake3::Hasher;
use serde::{Deserialize, Serialize};

/// What an utterance is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// The model learns from it.
    Train,
    /// Losses are watched on it while training.
    Validation,
    /// It is spoken and judged at the end.
    Test,
}

impl Split {
    /// All splits, in the order in which reports list them.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The word that stands in the manifest.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// How many utterances are held out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitConfig {
    /// Utterances in the validation split.
    pub validation: usize,
    /// Utterances in the test split.
    pub test: usize,
    /// Another seed draws other utterances.
    pub seed: u64,
}

/// The sizes that VITS uses for LJSpeech: 100 and 500, with 12,500 left to train on.
impl Default for SplitConfig {
    fn default() -> Self {
        Self { validation: 100, test: 500, seed: 0 }
    }
}

/// The split of each of `ids`.
///
/// The ids are ranked by BLAKE3(seed, id); the first `test` are the test split, the next `validation` the validation
/// split. The choice depends on nothing else, not even on the order of `ids`, and adding an utterance to a corpus moves
/// at most one other utterance across each boundary.
///
/// When that would leave fewer than half of the utterances to train on, both held-out splits shrink in proportion.
#[must_use]
pub fn assign(ids: &[&str], config: &SplitConfig) -> Vec<Split> {
    let held_out = config.validation + config.test;
    let (validation, test) = if 2 * held_out > ids.len() {
        let room = ids.len() / 2;
        let test = (room * config.test).checked_div(held_out).unwrap_or(0);
        (room.min(held_out) - test, test)
    } else {
        (config.validation, config.test)
    };
    let mut ranked: Vec<usize> = (0..ids.len()).collect();
    ranked.sort_by_cached_key(|index| {
        let mut hasher = Hasher::new();
        hasher.update(&config.seed.to_le_bytes()).update(ids[*index].as_bytes());
        *hasher.finalize().as_bytes()
    });
    let mut splits = vec![Split::Train; ids.len()];
    for index in &ranked[..test] {
        splits[*index] = Split::Test;
    }
    for index in &ranked[test..test + validation] {
        splits[*index] = Split::Validation;
    }
    splits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Split, SplitConfig, assign};

    fn count(splits: &[Split], split: Split) -> usize {
        splits.iter().filter(|other| **other == split).count()
    }

    proptest! {
        #[test]
        fn sizes_are_kept_and_half_is_left_to_train_on(n in 0_usize..200, validation in 0_usize..50, test in 0_usize..50, seed: u64) {
            let ids: Vec<String> = (0..n).map(|index| format!("id{index}")).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let splits = assign(&ids, &SplitConfig { validation, test, seed });
            prop_assert!(2 * count(&splits, Split::Train) >= n);
            if 2 * (validation + test) <= n {
                prop_assert_eq!(count(&splits, Split::Validation), validation);
                prop_assert_eq!(count(&splits, Split::Test), test);
            }
        }
    }

    #[test]
    fn the_order_of_the_ids_does_not_matter_and_the_seed_does() {
        let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let config = SplitConfig { validation: 1, test: 2, seed: 3 };
        let forward = assign(&ids, &config);
        let mut reversed = ids;
        reversed.reverse();
        let mut backward = assign(&reversed, &config);
        backward.reverse();
        assert_eq!(forward, backward);
        let others =
            (0..8).filter(|seed| assign(&ids, &SplitConfig { seed: *seed, ..config.clone() }) != forward);
        assert!(others.count() >= 6);
    }
}
