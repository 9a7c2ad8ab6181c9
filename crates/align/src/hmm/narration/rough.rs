//! First guess of the places of texts, from lengths alone: which stretch of sound between two pauses is as long as which
//! stretch of text between two marks.
//!
//! The best sequence of pairs is found as Gale and Church (1993) align sentences of translations: by dynamic
//! programming over both sequences, where stretches may be merged and may have no counterpart.

use std::ops::Range;

use mynah_text::Symbol;

/// A stretch of text between two marks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    unit: usize,
    begins_unit: bool,
    ends_unit: bool,
    /// Expected length, in arbitrary units.
    length: f64,
}

/// Texts that seem to be read in a stretch of the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) units: Range<usize>,
    pub(super) frames: Range<usize>,
}

/// Stretches of text that may be merged.
const MOST_PIECES: usize = 3;
/// Stretches of sound that may be merged.
const MOST_STRETCHES: usize = 5;
/// Cells of the table that are computed at most; a larger table is a band around its diagonal.
const MOST_CELLS: usize = 1 << 26;

/// Variance of a length over its mean, in frames, and the standard deviation of the rate of a reader.
const VARIANCE: f64 = 2.5;
const RATE_DEVIATION: f64 = 0.1;

/// Costs in nats: a mark, or the end of a text, that is not heard; a pause without a mark, and more for each of its
/// frames; text and sound without a counterpart.
const SILENT_MARK: f64 = 1.0;
const SILENT_END: f64 = 4.0;
const BARE_PAUSE: f64 = 1.2;
const BARE_PAUSE_FRAMES: f64 = 30.0;
const UNREAD: f64 = 4.0;
const UNREAD_UNIT: f64 = 4.0;
const UNWRITTEN: f64 = 5.0;

/// Moves through the table that are not matches.
const SKIP_TEXT: u8 = 254;
const SKIP_SOUND: u8 = 255;

/// Ratios of the length of the sound to that expected from the text within which a pair is used.
const CREDIBLE: Range<f64> = 0.75..1.33;

/// Divides texts at their marks.
pub(super) fn pieces(units: &[&[Symbol]]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (unit, symbols) in units.iter().enumerate() {
        let first = pieces.len();
        let mut length = 0.0;
        for symbol in *symbols {
            match symbol {
                Symbol::Phone(phone) => {
                    length += match (phone.is_vowel(), phone.name().ends_with('0')) {
                        (true, false) => 1.5,
                        (true, true) => 0.85,
                        (false, _) if matches!(phone.without_stress(), "S" | "SH" | "CH" | "F" | "JH") => 1.2,
                        (false, _) => 0.9,
                    };
                }
                Symbol::Punctuation(_) | Symbol::End if length > 0.0 => {
                    pieces.push(Piece { unit, begins_unit: pieces.len() == first, ends_unit: false, length });
                    length = 0.0;
                }
                _ => {}
            }
        }
        if pieces.len() > first
            && let Some(last) = pieces.last_mut()
        {
            last.ends_unit = true;
        }
    }
    pieces
}

/// Finds pairs of texts and stretches of sound, in order.
pub(super) fn pair(pieces: &[Piece], stretches: &[Range<usize>]) -> Vec<Pair> {
    if pieces.is_empty() || stretches.is_empty() {
        return Vec::new();
    }
    let written: f64 = pieces.iter().map(|piece| piece.length).sum();
    let heard: usize = stretches.iter().map(ExactSizeIterator::len).sum();
    let first_guess = heard as f64 / written;
    // Text that is not read and sound that is not written falsify the first guess of the rate.
    let matches = best(pieces, stretches, first_guess);
    let mut rates: Vec<f64> =
        matches.iter().map(|found| found.heard(stretches) / found.written(pieces)).collect();
    let rate = mynah_signal::median(&mut rates).unwrap_or(first_guess);
    credible(&best(pieces, stretches, rate), pieces, stretches, rate)
}

/// Stretches of text and of sound that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Match {
    pieces: Range<usize>,
    stretches: Range<usize>,
}

impl Match {
    fn written(&self, pieces: &[Piece]) -> f64 {
        pieces[self.pieces.clone()].iter().map(|piece| piece.length).sum()
    }

    fn heard(&self, stretches: &[Range<usize>]) -> f64 {
        stretches[self.stretches.clone()].iter().map(ExactSizeIterator::len).sum::<usize>() as f64
    }
}

/// Finds the cheapest sequence of matches at `rate` frames per unit of length.
fn best(pieces: &[Piece], stretches: &[Range<usize>], rate: f64) -> Vec<Match> {
    let (n_rows, n_columns) = (pieces.len() + 1, stretches.len() + 1);
    let width = (MOST_CELLS / n_rows).clamp(64, n_columns.max(64)).min(n_columns);
    // The band follows the share of the text, or of the sound, that has passed.
    let mut passed = vec![0.0];
    passed.extend(pieces.iter().scan(0.0, |sum, piece| {
        *sum += piece.length;
        Some(*sum)
    }));
    let written = passed[pieces.len()].max(f64::MIN_POSITIVE);
    let first_column = |row: usize| {
        let center = (passed[row] / written * (n_columns - 1) as f64) as usize;
        center.saturating_sub(width / 2).min(n_columns - width)
    };
    let lengths: Vec<f64> = stretches.iter().map(|stretch| stretch.len() as f64).collect();
    let pause = |before: usize| match stretches.get(before + 1) {
        Some(next) => (next.start - stretches[before].end) as f64,
        None => f64::INFINITY,
    };

    // Of the costs, only the rows that a match may reach are kept.
    let mut costs = vec![f64::INFINITY; (MOST_PIECES + 1) * width];
    let kept = |row: usize| row % (MOST_PIECES + 1) * width;
    let mut moves = vec![SKIP_SOUND; n_rows * width];
    for row in 0..n_rows {
        let first = first_column(row);
        for column in first..first + width {
            let cost_at = |costs: &[f64], row: usize, column: usize| {
                let first = first_column(row);
                if (first..first + width).contains(&column) {
                    costs[kept(row) + column - first]
                } else {
                    f64::INFINITY
                }
            };
            let mut cheapest = (if row == 0 && column == 0 { 0.0 } else { f64::INFINITY }, SKIP_SOUND);
            let mut consider = |cost: f64, step: u8| {
                if cost < cheapest.0 {
                    cheapest = (cost, step);
                }
            };
            if column > first {
                let cost = UNWRITTEN + (lengths[column - 1] / 50.0).min(10.0);
                consider(cost_at(&costs, row, column - 1) + cost, SKIP_SOUND);
            }
            if row > 0 {
                let cost = UNREAD + if pieces[row - 1].begins_unit { UNREAD_UNIT } else { 0.0 };
                consider(cost_at(&costs, row - 1, column) + cost, SKIP_TEXT);
            }
            let (mut expected, mut inner_marks) = (0.0, 0.0);
            for n_pieces in 1..=MOST_PIECES.min(row) {
                let piece = &pieces[row - n_pieces];
                expected += piece.length * rate;
                if n_pieces > 1 {
                    inner_marks += if piece.ends_unit { SILENT_END } else { SILENT_MARK };
                }
                let variance = VARIANCE * expected + (RATE_DEVIATION * expected).powi(2);
                let (mut length, mut inner_pauses) = (0.0, 0.0);
                for n_stretches in 1..=MOST_STRETCHES.min(column) {
                    length += lengths[column - n_stretches];
                    if n_stretches > 1 {
                        inner_pauses += BARE_PAUSE + pause(column - n_stretches) / BARE_PAUSE_FRAMES;
                    }
                    let before = cost_at(&costs, row - n_pieces, column - n_stretches);
                    if before.is_infinite() {
                        continue;
                    }
                    let distance = length - expected;
                    let cost = 0.5 * distance * distance / variance + 0.5 * variance.ln() - 2.5
                        + inner_marks
                        + inner_pauses
                        + cost_of_pause(pause(column - 1), pieces[row - 1].ends_unit);
                    consider(before + cost, ((n_pieces - 1) * MOST_STRETCHES + n_stretches - 1) as u8);
                }
            }
            costs[kept(row) + column - first] = cheapest.0;
            moves[row * width + column - first] = cheapest.1;
        }
    }

    let mut matches = Vec::new();
    let (mut row, mut column) = (n_rows - 1, n_columns - 1);
    while row > 0 || column > 0 {
        let first = first_column(row);
        match moves[row * width + column.clamp(first, first + width - 1) - first] {
            SKIP_TEXT => row -= 1,
            SKIP_SOUND if column == 0 => row -= 1,
            SKIP_SOUND => column -= 1,
            step => {
                let (n_pieces, n_stretches) =
                    (usize::from(step) / MOST_STRETCHES + 1, usize::from(step) % MOST_STRETCHES + 1);
                matches.push(Match { pieces: row - n_pieces..row, stretches: column - n_stretches..column });
                (row, column) = (row - n_pieces, column - n_stretches);
            }
        }
    }
    matches.reverse();
    matches
}

/// Returns the cost of a pause of so many frames behind a stretch of text.
fn cost_of_pause(frames: f64, ends_unit: bool) -> f64 {
    if ends_unit { ((25.0 - frames) / 8.0).max(0.0) } else { ((frames - 40.0) / 25.0).clamp(0.0, 3.0) }
}

/// Joins matches to pairs of whole texts, and keeps those whose lengths agree.
fn credible(matches: &[Match], pieces: &[Piece], stretches: &[Range<usize>], rate: f64) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut run: Vec<&Match> = Vec::new();
    for found in matches {
        let follows = run.last().is_some_and(|last| {
            last.pieces.end == found.pieces.start && last.stretches.end == found.stretches.start
        });
        if !follows {
            run.clear();
            if !pieces[found.pieces.start].begins_unit {
                continue;
            }
        }
        run.push(found);
        let last = pieces[found.pieces.end - 1];
        if !last.ends_unit {
            continue;
        }
        let written: f64 = run.iter().map(|found| found.written(pieces) * rate).sum();
        let heard: f64 = run.iter().map(|found| found.heard(stretches)).sum();
        if CREDIBLE.contains(&(heard / written)) {
            pairs.push(Pair {
                units: pieces[run[0].pieces.start].unit..last.unit + 1,
                frames: stretches[run[0].stretches.start].start..stretches[found.stretches.end - 1].end,
            });
        }
        run.clear();
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{Pair, pair, pieces};
    use mynah_text::Symbol;
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    /// Returns texts of one to three clauses, and the lengths of their clauses in frames.
    fn texts(n: usize, generator: &mut ChaCha8Rng) -> (Vec<Vec<Symbol>>, Vec<Vec<usize>>) {
        let mut units = Vec::new();
        let mut lengths = Vec::new();
        for _ in 0..n {
            let mut text = "<bos>".to_owned();
            let clauses: Vec<usize> = (0..generator.random_range(1..4))
                .map(|clause| {
                    let phones = generator.random_range(4..40);
                    text.push_str(if clause > 0 { " , /" } else { "" });
                    text.push_str(&" N EH1".repeat(phones / 2));
                    (phones as f64 * 7.0 * generator.random_range(0.92..1.08)) as usize
                })
                .collect();
            text.push_str(" . <eos>");
            units.push(text.split(' ').map(|symbol| symbol.parse().unwrap()).collect());
            lengths.push(clauses);
        }
        (units, lengths)
    }

    #[test]
    fn pairs_survive_gaps_on_both_sides() {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let (units, lengths) = texts(60, &mut generator);
        let mut stretches = Vec::new();
        let mut places = vec![None; units.len()];
        let mut t = 20;
        for (unit, clauses) in lengths.iter().enumerate() {
            // Text 20 to 22 are not read; something is read before text 40.
            if (20..23).contains(&unit) {
                continue;
            }
            if unit == 40 {
                stretches.push(t..t + 700);
                t += 780;
            }
            let start = t;
            for (clause, length) in clauses.iter().enumerate() {
                t += if clause > 0 { 25 } else { 0 };
                stretches.push(t..t + length);
                t += length;
            }
            places[unit] = Some(start..t);
            t += generator.random_range(45..80);
        }
        let symbols: Vec<&[Symbol]> = units.iter().map(Vec::as_slice).collect();
        let found = pair(&pieces(&symbols), &stretches);
        let is_right = |pair: &&Pair| {
            let (first, last) = (&places[pair.units.start], &places[pair.units.end - 1]);
            first.as_ref().is_some_and(|place| place.start == pair.frames.start)
                && last.as_ref().is_some_and(|place| place.end == pair.frames.end)
        };
        let right: usize = found.iter().filter(is_right).map(|pair| pair.units.len()).sum();
        let all: usize = found.iter().map(|pair| pair.units.len()).sum();
        assert!(right >= 50 && all - right <= 4, "{right} of {all} texts are where they belong");
    }

    #[test]
    fn nothing_is_paired_with_nothing() {
        assert_eq!(pair(&[], std::slice::from_ref(&(0..10))), []);
        let symbols: Vec<Symbol> =
            "<bos> N EH1 <eos>".split(' ').map(|symbol| symbol.parse().unwrap()).collect();
        assert_eq!(pair(&pieces(&[&symbols]), &[]), []);
    }
}
