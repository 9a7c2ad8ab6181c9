//! Places of texts in a recording of any length, window by window.

use std::ops::Range;

use super::super::graph::Graph;
use super::chain::{Ear, Parse, Visit, parse};

/// Frames of a window: about a minute.
const WINDOW: usize = 5200;
/// Frames of the longest window, for texts longer than a minute.
const LONGEST_WINDOW: usize = 4 * WINDOW;
/// Frames at the end of a window in which a path may still change.
const CONTEXT: usize = 900;
/// States of texts that are compared with a window at first, for each of its frames: those of a fast reader.
const STATES_PER_FRAME: usize = 1;
/// Factor by which more texts are taken if none is found.
const FURTHER: usize = 4;
/// Most states that are compared with a window: about a quarter of an hour of text.
const MOST_STATES: usize = 36_000;

/// Finds the places of texts from the beginning of the recording to its end.
///
/// Every window is compared with the texts that follow the last one found. If none is found, with more of them; if there
/// is still none, the window holds no text.
pub(super) fn walk(ear: &Ear<'_>, graphs: &[Graph], mut progress: impl FnMut(usize)) -> Parse {
    let n = ear.cepstra.len();
    let mut found = Parse::default();
    let (mut at, mut unit) = (0, 0);
    let (mut window, mut further) = (WINDOW, 1);
    while at < n && unit < graphs.len() {
        progress(at);
        let end = (at + window).min(n);
        let units = unit..last_unit(graphs, unit, (end - at) * STATES_PER_FRAME * further);
        let path = parse(ear, at..end, &graphs[units.clone()], unit);
        let sure = if end == n { n } else { end - CONTEXT.min((end - at) / 2) };
        let is_sure = |visit: &&Visit| visit.is_complete && visit.frames.end <= sure;
        let n_sure = path.visits.iter().take_while(is_sure).count();
        if let Some(last) = path.visits[..n_sure].last() {
            let end = last.frames.end;
            keep_fillers(&mut found, &path, at..end);
            unit = last.unit + 1;
            at = end;
            found.visits.extend(path.visits.into_iter().take(n_sure));
            (window, further) = (WINDOW, 1);
            continue;
        }
        let can_go_further = units.end < graphs.len()
            && graphs[units].iter().map(|graph| graph.states.len()).sum::<usize>() < MOST_STATES;
        let begun = path.visits.first().map(|visit| visit.frames.start);
        let next = match begun {
            // A text that began in this window and ends in the next one.
            Some(start) if start > at + CONTEXT => start.min(sure).max(at + 1),
            Some(_) if window < LONGEST_WINDOW && end < n => {
                window *= 2;
                continue;
            }
            None if can_go_further => {
                further *= FURTHER;
                continue;
            }
            _ => sure,
        };
        keep_fillers(&mut found, &path, at..next);
        at = next;
        (window, further) = (WINDOW, 1);
    }
    if at < n {
        found.fillers.push(at..n);
    }
    found
}

/// Returns the end of the texts from `first` that have about `states` states, at least one.
fn last_unit(graphs: &[Graph], first: usize, states: usize) -> usize {
    let mut sum = 0;
    let many = graphs[first..].iter().take_while(|graph| {
        sum += graph.states.len();
        sum <= states.min(MOST_STATES)
    });
    (first + many.count()).max(first + 1)
}

/// Adds the fillers of a path within a range.
fn keep_fillers(found: &mut Parse, path: &Parse, range: Range<usize>) {
    for filler in &path.fillers {
        let part = filler.start.max(range.start)..filler.end.min(range.end);
        if part.is_empty() {
            continue;
        }
        match found.fillers.last_mut() {
            Some(last) if last.end == part.start => last.end = part.end,
            _ => found.fillers.push(part),
        }
    }
}
