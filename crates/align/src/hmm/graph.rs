//! States of an utterance and the transitions between them.

use mynah_text::Symbol;

/// ARPAbet phones without stress, with the broad class of each.
///
/// Phones of a class initially share a Gaussian; the classes sound different enough to be told apart from a few
/// utterances.
pub(super) const PHONES: [(&str, u8); 39] = [
    ("AA", 0),
    ("AE", 0),
    ("AH", 0),
    ("AO", 0),
    ("AW", 0),
    ("AY", 0),
    ("B", 1),
    ("CH", 2),
    ("D", 1),
    ("DH", 3),
    ("EH", 0),
    ("ER", 4),
    ("EY", 5),
    ("F", 6),
    ("G", 1),
    ("HH", 6),
    ("IH", 5),
    ("IY", 5),
    ("JH", 2),
    ("K", 7),
    ("L", 4),
    ("M", 8),
    ("N", 8),
    ("NG", 8),
    ("OW", 0),
    ("OY", 0),
    ("P", 7),
    ("R", 4),
    ("S", 2),
    ("SH", 2),
    ("T", 7),
    ("TH", 6),
    ("UH", 5),
    ("UW", 5),
    ("V", 3),
    ("W", 4),
    ("Y", 5),
    ("Z", 2),
    ("ZH", 2),
];

/// Number of broad phone classes.
pub(super) const CLASSES: usize = 9;

/// Number of consecutive states of a phone or a pause.
pub(super) const STATES: usize = 3;

/// Sound of a slot: a phone, by its index in [`PHONES`], or a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Phone(u8),
    Pause,
}

/// A group of symbols passed through together: one phone, or all symbols between two phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) unit: Unit,
    /// Range of the symbols' positions.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// One state of the utterance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    pub(super) slot: u32,
    pub(super) unit: Unit,
    /// Position in the slot: 0, 1 or 2.
    pub(super) position: u8,
}

/// States of one utterance in order. From each state a path stays, moves to the next state, or, where allowed, skips
/// the middle of a phone or a whole pause.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    pub(crate) slots: Vec<Slot>,
    pub(super) states: Vec<State>,
}

impl Graph {
    /// Builds the graph of `symbols`. There is no pause between two phones of a word; everywhere else, and at both
    /// ends, consecutive symbols that are not phones form one slot with an optional pause.
    pub(crate) fn new(symbols: &[Symbol]) -> Self {
        let mut slots: Vec<Slot> = Vec::new();
        for (index, symbol) in symbols.iter().enumerate() {
            let unit = unit(*symbol);
            match slots.last_mut() {
                Some(slot) if unit == Unit::Pause && slot.unit == Unit::Pause => slot.end = index + 1,
                _ => slots.push(Slot { unit, start: index, end: index + 1 }),
            }
        }
        let states = slots
            .iter()
            .zip(0..)
            .flat_map(|(slot, index)| {
                (0..STATES as u8).map(move |position| State { slot: index, unit: slot.unit, position })
            })
            .collect();
        Self { slots, states }
    }

    /// Returns the frames of the shortest path: two per phone, none per pause, unless there is only a pause.
    pub(crate) fn shortest(&self) -> usize {
        let phones = self.slots.iter().filter(|slot| slot.unit != Unit::Pause).count();
        if phones == 0 { STATES } else { 2 * phones }
    }

    /// Returns true if a path may begin in state `index`: in the first, or after an initial pause.
    pub(super) fn may_begin(&self, index: usize) -> bool {
        index == 0 || (index == STATES && self.states[0].unit == Unit::Pause)
    }

    /// Returns true if a path may end in state `index`: in the last, or before a final pause.
    pub(super) fn may_end(&self, index: usize) -> bool {
        let last = self.states.len() - 1;
        index == last || (index + STATES == last && self.states[last].unit == Unit::Pause)
    }

    /// Returns the predecessors of `index`, excluding itself; at most three.
    pub(super) fn before(&self, index: usize) -> impl Iterator<Item = usize> {
        let state = self.states[index];
        let skips_middle = state.position == 2 && matches!(state.unit, Unit::Phone(_));
        let over_pause = state.position == 0
            && index >= 2 * STATES
            && self.states[index - 1].unit == Unit::Pause
            && state.unit != Unit::Pause;
        [
            (index > 0).then(|| index - 1),
            skips_middle.then(|| index - 2),
            over_pause.then(|| index - 1 - STATES),
        ]
        .into_iter()
        .flatten()
    }
}

fn unit(symbol: Symbol) -> Unit {
    let Symbol::Phone(phone) = symbol else { return Unit::Pause };
    let name = phone.to_string();
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
    PHONES
        .binary_search_by(|(other, _)| (*other).cmp(name))
        .map_or(Unit::Pause, |index| Unit::Phone(index as u8))
}

#[cfg(test)]
mod tests {
    use mynah_text::Symbol;

    use super::{Graph, PHONES, Unit};

    pub(crate) fn symbols(text: &str) -> Vec<Symbol> {
        text.split(' ').map(|symbol| symbol.parse().unwrap()).collect()
    }

    #[test]
    fn every_phone_is_a_separate_unit() {
        assert!(PHONES.is_sorted());
        for (index, (name, _)) in PHONES.iter().enumerate() {
            let symbol = format!("{name}1").parse().or_else(|_| name.parse::<Symbol>()).unwrap();
            assert_eq!(super::unit(symbol), Unit::Phone(index as u8), "{name}");
        }
    }

    #[test]
    fn symbols_between_phones_form_one_slot() {
        let graph = Graph::new(&symbols("<bos> HH AY1 , / DH EH1 R . <eos>"));
        let slots: Vec<_> =
            graph.slots.iter().map(|slot| (slot.unit == Unit::Pause, slot.start..slot.end)).collect();
        assert_eq!(
            slots,
            [
                (true, 0..1),
                (false, 1..2),
                (false, 2..3),
                (true, 3..5),
                (false, 5..6),
                (false, 6..7),
                (false, 7..8),
                (true, 8..10)
            ]
        );
        assert_eq!(graph.shortest(), 10);
        let before = |index| graph.before(index).collect::<Vec<_>>();
        assert_eq!(before(0), [0_usize; 0]);
        assert_eq!(before(5), [4, 3], "the middle of a phone may be skipped");
        assert_eq!(before(9), [8]);
        assert_eq!(before(12), [11, 8], "a pause may be skipped");
        assert!(graph.may_begin(0) && graph.may_begin(3) && !graph.may_begin(6));
        assert!(graph.may_end(23) && graph.may_end(20) && !graph.may_end(17));
    }
}
