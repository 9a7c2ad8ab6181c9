//! Tying of states that share a model.

use super::graph::{CLASSES, PHONES, STATES, Unit};

/// Level at which states share a mixture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tying {
    Class,
    Phone,
    State,
}

impl Tying {
    /// Returns the mixture of a state.
    pub(super) fn mixture(self, unit: Unit, position: u8) -> usize {
        match (unit, self) {
            (Unit::Pause, Self::Class | Self::Phone) => 0,
            (Unit::Pause, Self::State) => usize::from(position),
            (Unit::Phone(phone), Self::Class) => 1 + PHONES[usize::from(phone)].1 as usize,
            (Unit::Phone(phone), Self::Phone) => 1 + usize::from(phone),
            (Unit::Phone(phone), Self::State) => STATES * (1 + usize::from(phone)) + usize::from(position),
        }
    }

    /// Returns the number of mixtures.
    pub(super) fn count(self) -> usize {
        match self {
            Self::Class => 1 + CLASSES,
            Self::Phone => 1 + PHONES.len(),
            Self::State => STATES * (1 + PHONES.len()),
        }
    }

    /// Returns, for each mixture of this tying, the one of `coarser` that it starts from.
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
