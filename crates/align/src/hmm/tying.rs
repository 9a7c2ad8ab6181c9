//! Which states sound alike by decree.

use super::graph::{CLASSES, PHONES, STATES, Unit};

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
            (Unit::Pause, Self::Class | Self::Phone) => 0,
            (Unit::Pause, Self::State) => usize::from(position),
            (Unit::Phone(phone), Self::Class) => 1 + PHONES[usize::from(phone)].1 as usize,
            (Unit::Phone(phone), Self::Phone) => 1 + usize::from(phone),
            (Unit::Phone(phone), Self::State) => STATES * (1 + usize::from(phone)) + usize::from(position),
        }
    }

    /// How many mixtures there are.
    pub(super) fn count(self) -> usize {
        match self {
            Self::Class => 1 + CLASSES,
            Self::Phone => 1 + PHONES.len(),
            Self::State => STATES * (1 + PHONES.len()),
        }
    }

    /// For each mixture of this tying, the one of `coarser` from which it begins.
    pub(super) fn parents(self, coarser: Self) -> Vec<usize> {
        let mut parents = vec![0; self.count()];
        let phones = (0..PHONES.len() as u8).map(Unit::Phone);
        for unit in phones.chain([Unit::Pause]) {
            for position in 0..STATES as u8 {
                parents[self.mixture(unit, position)] = coarser.mixture(unit, position);
            }
        }
        parents
    }
}
