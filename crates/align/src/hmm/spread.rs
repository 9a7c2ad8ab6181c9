//! Conversion of frames per slot to frames per symbol.

use mynah_text::Symbol;

use super::graph::{Graph, Unit};

/// Returns the durations of `symbols`, each at least 1, from the frames of each slot.
///
/// A pause is assigned to the symbol that represents it: `<bos>` at the start, `<eos>` at the end, otherwise the first
/// punctuation mark, otherwise the boundary; the other symbols of its slot get one frame each. If a pause has fewer
/// frames than symbols, or a phone has none, the missing frames are taken one at a time from the longest, then nearest,
/// of the surrounding phones.
///
/// There must be at least as many frames as symbols.
pub(crate) fn durations(graph: &Graph, slot_frames: &[u32], symbols: &[Symbol]) -> Vec<u32> {
    let mut durations = vec![0_u32; symbols.len()];
    let mut lacking = Vec::new();
    for (slot, frames) in graph.slots.iter().zip(slot_frames) {
        let (frames, n) = (*frames, (slot.end - slot.start) as u32);
        if slot.unit != Unit::Pause {
            durations[slot.start] = frames.max(1);
            if frames == 0 {
                lacking.push((slot.start, slot.end, 1));
            }
            continue;
        }
        durations[slot.start..slot.end].fill(1);
        if frames >= n {
            durations[pausing(symbols, slot.start, slot.end)] += frames - n;
        } else {
            lacking.push((slot.start, slot.end, n - frames));
        }
    }
    for (start, end, count) in lacking {
        for _ in 0..count {
            take_one(&mut durations, start, end);
        }
    }
    durations
}

/// Gives each symbol without a frame one from the longer of its neighbors, or, if neither has one to spare, from the
/// nearest symbol that has. There must be at least as many frames as symbols.
pub(crate) fn at_least_one(durations: &mut [u32]) {
    for index in 0..durations.len() {
        if durations[index] == 0 {
            durations[index] = 1;
            take_one(durations, index, index + 1);
        }
    }
}

/// Returns the symbol of a slot that represents the pause.
fn pausing(symbols: &[Symbol], start: usize, end: usize) -> usize {
    let position = |wanted: fn(&Symbol) -> bool| (start..end).find(|index| wanted(&symbols[*index]));
    position(|symbol| matches!(symbol, Symbol::Begin | Symbol::End))
        .or_else(|| position(|symbol| matches!(symbol, Symbol::Punctuation(_))))
        .unwrap_or(start)
}

/// Takes a frame from the longer of the two symbols adjacent to `start..end`, or, if neither has one to spare, from the
/// nearest symbol that has.
fn take_one(durations: &mut [u32], start: usize, end: usize) {
    for distance in 0..durations.len() {
        let left = (start > distance).then(|| start - 1 - distance);
        let right = (end + distance < durations.len()).then_some(end + distance);
        let longest = [left, right].into_iter().flatten().max_by_key(|index| durations[*index]);
        if let Some(index) = longest.filter(|index| durations[*index] > 1) {
            durations[index] -= 1;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use mynah_text::Symbol;
    use proptest::prelude::*;

    use super::super::graph::Graph;
    use super::durations;

    fn symbols(text: &str) -> Vec<Symbol> {
        text.split(' ').map(|symbol| symbol.parse().unwrap()).collect()
    }

    #[test]
    fn a_pause_is_assigned_to_its_punctuation_mark() {
        let symbols = symbols("<bos> HH AY1 , / Y UW1 / T UW1 . <eos>");
        let graph = Graph::new(&symbols);
        let frames = durations(&graph, &[7, 4, 6, 9, 5, 5, 0, 3, 8, 6], &symbols);
        assert_eq!(frames, [7, 4, 6, 8, 1, 5, 4, 1, 3, 8, 1, 5]);
    }

    proptest! {
        #[test]
        fn every_symbol_has_a_frame_and_none_is_lost(frames in proptest::collection::vec(0_u32..5, 10)) {
            let symbols = symbols("<bos> HH AY1 , / Y UW1 / T UW1 . <eos>");
            let graph = Graph::new(&symbols);
            let total: u32 = frames.iter().sum();
            prop_assume!(total as usize >= symbols.len());
            let durations = durations(&graph, &frames, &symbols);
            prop_assert_eq!(durations.iter().sum::<u32>(), total);
            prop_assert!(durations.iter().all(|duration| *duration >= 1));
        }
    }
}
