//! Which states sound alike by decree.

use super::graph::{CLASSES, PHONES, STATES, Unit};

/// A pause's mixture is the first of all.
const PAUSE: usize = 0;

/// Which states share a mixture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tying {
    Class,
    Phone,
    State,
}

impl Tying {
    /// The mixture of a state.
    pub(super) fn mixture(self, unit: Unit, position: u8) -> usize {
        match (unit, self) {
            (Unit::Pause, _) => PAUSE,
            (Unit::Phone(phone), Self::Class) => 1 + PHONES[usize::from(phone)].1 as usize,
            (Unit::Phone(phone), Self::Phone) => 1 + usize::from(phone),
            (Unit::Phone(phone), Self::State) => 1 + STATES * usize::from(phone) + usize::from(position),
        }
    }

    /// How many mixtures there are.
    pub(super) fn count(self) -> usize {
        1 + match self {
            Self::Class => CLASSES,
            Self::Phone => PHONES.len(),
            Self::State => STATES * PHONES.len(),
        }
    }

    /// For each mixture of this tying, the one of `coarser` from which it begins.
    pub(super) fn parents(self, coarser: Self) -> Vec<usize> {
        let mut parents = vec![PAUSE; self.count()];
        for phone in 0..PHONES.len() as u8 {
            for position in 0..STATES as u8 {
                let unit = Unit::Phone(phone);
                parents[self.mixture(unit, position)] = coarser.mixture(unit, position);
            }
        }
        parents
    }
}
