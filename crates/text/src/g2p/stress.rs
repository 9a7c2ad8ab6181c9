//! Stress pattern of the phones predicted so far.

use crate::phone::{Phone, Stress};

/// Number at which the count of vowels saturates.
const MOST_VOWELS: usize = 3;

/// Stress pattern of the beginning of a word, as an input of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StressState {
    primary: bool,
    vowels: usize,
    last: usize,
}

impl StressState {
    /// Number of states.
    pub const COUNT: usize = 2 * (MOST_VOWELS + 1) * 3;

    /// Returns the position among all states.
    #[must_use]
    pub fn index(self) -> usize {
        (usize::from(self.primary) * (MOST_VOWELS + 1) + self.vowels) * 3 + self.last
    }

    /// Returns true if a vowel had primary stress.
    #[must_use]
    pub fn has_primary(self) -> bool {
        self.primary
    }

    /// Returns true if there was a vowel.
    #[must_use]
    pub fn has_vowel(self) -> bool {
        self.vowels > 0
    }

    /// Returns the state after some further phones.
    #[must_use]
    pub fn after(mut self, phones: &[Phone]) -> Self {
        for stress in phones.iter().filter_map(|phone| phone.stress()) {
            self.primary |= stress == Stress::Primary;
            self.vowels = (self.vowels + 1).min(MOST_VOWELS);
            self.last = stress as usize;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::parse_phones;

    #[test]
    fn every_state_has_its_own_index() {
        let mut seen = std::collections::BTreeSet::new();
        let all = ["AH0", "AH1", "AH2", "AH0 AH0", "AH1 AH0", "AH0 AH1", "AH0 AH2", "AH1 AH2", "", "K"];
        for line in all {
            seen.insert(StressState::default().after(&parse_phones(line).expect("phones")).index());
        }
        // The empty word and a consonant leave the state unchanged.
        assert_eq!(seen.len(), all.len() - 1);
        assert!(seen.iter().all(|index| *index < StressState::COUNT));
    }
}
