//! The clips of a trial, and the order in which they are heard.

use crate::trial::{First, Slot};

/// The clips that a trial plays, and their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClipOrder {
    /// The clip of the system alone.
    Single,
    /// The system and what it is compared with, in an order that the plan balances.
    Balanced,
    /// The reference, which the page calls so, then the system.
    ReferenceFirst,
    /// The reference with another sentence, as an example of a voice, then the system.
    ExampleFirst,
    /// The system and the reference, in an order that the plan balances, then a copy of one of them.
    BalancedThenX,
}

impl ClipOrder {
    /// All orders.
    pub const ALL: [Self; 5] =
        [Self::Single, Self::Balanced, Self::ReferenceFirst, Self::ExampleFirst, Self::BalancedThenX];

    /// Returns the clips of a trial in the order in which they are heard, given the one that the plan put first.
    #[must_use]
    pub fn heard(self, first: Option<First>) -> &'static [Slot] {
        match (self, first) {
            (Self::Single, _) => &[Slot::System],
            (Self::Balanced, Some(First::System)) => &[Slot::System, Slot::Reference],
            (Self::Balanced | Self::ReferenceFirst | Self::ExampleFirst, _) => {
                &[Slot::Reference, Slot::System]
            }
            (Self::BalancedThenX, Some(First::System)) => &[Slot::System, Slot::Reference, Slot::X],
            (Self::BalancedThenX, _) => &[Slot::Reference, Slot::System, Slot::X],
        }
    }

    /// Returns the clips of a trial, in no particular order.
    #[must_use]
    pub fn clips(self) -> &'static [Slot] {
        self.heard(None)
    }

    /// Returns `true` if the plan chooses which clip is heard first.
    #[must_use]
    pub fn is_planned(self) -> bool {
        matches!(self, Self::Balanced | Self::BalancedThenX)
    }

    /// Returns `true` if a trial plays the reference with another sentence than that of the system.
    #[must_use]
    pub fn has_example(self) -> bool {
        self == Self::ExampleFirst
    }

    /// Returns `true` if a trial ends with a copy of one of its clips.
    #[must_use]
    pub fn has_x(self) -> bool {
        self.clips().contains(&Slot::X)
    }

    /// Returns the keys of the page's words for the buttons, in the order in which the clips are heard.
    #[must_use]
    pub fn buttons(self) -> &'static [&'static str] {
        match self {
            Self::Single => &["play_only"],
            Self::Balanced => &["play_first", "play_second"],
            Self::ReferenceFirst => &["play_reference", "play_judged"],
            Self::ExampleFirst => &["play_example", "play_judged"],
            Self::BalancedThenX => &["play_first", "play_second", "play_x"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_agree_with_their_clips_and_buttons() {
        for order in ClipOrder::ALL {
            let sorted = |first| {
                let mut slots = order.heard(first).to_vec();
                slots.sort_unstable();
                slots
            };
            let both = [Some(First::Reference), Some(First::System)];
            assert!(both.into_iter().all(|first| sorted(first) == sorted(None)), "{order:?}");
            assert_eq!(order.heard(both[0]) != order.heard(both[1]), order.is_planned(), "{order:?}");
            assert_eq!(order.buttons().len(), order.clips().len(), "{order:?}");
            assert!(order.clips().contains(&Slot::System), "{order:?}");
        }
    }
}
