//! The longest time for which one signal waits for the other.

use crate::Declaration;
use crate::metric::{Definition, Formula};

/// Longest one-sided run of the alignment, in seconds.
pub(crate) const LONGEST: Definition = Definition {
    name: "alignment_run",
    profile: "alignment_run/sp2mc-1",
    unit: "s",
    declaration: Declaration::DISTANCE,
    formula: Formula::Pair(|pair| {
        let path = &pair.alignment()?.path;
        let (reference, _) = pair.at_one_rate()?;
        let seconds = reference.hop_length() as f64 / f64::from(reference.waveform().sample_rate());
        Ok((longest_run(path) as f64 * seconds, Some(path.len() as u64)))
    }),
    explanation: "alignment_run/sp2mc-1: the longest stretch that the other signal lacks

Formula
  hop in seconds * the largest number of successive steps of the path that advance only one, and the same, signal
  The path is that of mcd/sp2mc-2.

Unit
  s; 0 is a path that only moves diagonally, larger is worse. Symmetric up to the choice among equally good paths.

Parameters
  Those of mcd/sp2mc-2; the hop is 11.6 ms at 22.05 kHz.

Oracle
  numpy over the path of mcd/sp2mc-2's oracle, exactly, on bundled clips and altered copies.

Known faults
  A pause that the recording lacks, a word that is repeated or skipped, and a long vowel look alike. Where a repeated
  word resembles its neighbors, the path spreads it over several shorter runs. Its hit rate is in docs/health.md.",
};

/// Returns the largest number of successive steps in which the same single index advances.
fn longest_run(path: &[(usize, usize)]) -> usize {
    let (mut longest, mut current, mut before) = (0, 0, None);
    for step in path.windows(2) {
        let moved = (step[1].0 > step[0].0, step[1].1 > step[0].1);
        let one_sided = moved.0 != moved.1;
        current = match (one_sided, before == Some(moved)) {
            (false, _) => 0,
            (true, false) => 1,
            (true, true) => current + 1,
        };
        before = Some(moved);
        longest = longest.max(current);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_one_sided_and_uninterrupted() {
        let check = |path: &[(usize, usize)], expected| assert_eq!(longest_run(path), expected, "{path:?}");
        check(&[], 0);
        check(&[(0, 0)], 0);
        check(&[(0, 0), (1, 1), (2, 2)], 0);
        check(&[(0, 0), (0, 1), (0, 2), (1, 3), (1, 4)], 2);
        // A change of sides ends a run.
        check(&[(0, 0), (0, 1), (1, 1), (2, 1), (3, 1), (3, 2)], 3);
    }
}
