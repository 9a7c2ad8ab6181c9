//! Detection and trimming of silence.

use std::ops::Range;

use crate::Waveform;

/// Blocks per second, the resolution at which silence is told from sound.
const BLOCKS_PER_SECOND: u32 = 100;

/// Pauses of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Silence {
    /// Seconds before the first sound; the whole recording if there is none.
    pub leading_seconds: f64,
    /// Seconds after the last sound; 0 if there is none.
    pub trailing_seconds: f64,
    /// Longest pause between sounds, in seconds.
    pub longest_pause_seconds: f64,
}

/// Finds the range of samples without leading and trailing silence.
///
/// The signal is cut into blocks of a hundredth of a second; the last one may be shorter. A block is sound if
/// its RMS is above that of the loudest block minus `below_loudest_db`. The range spans the first to the last
/// sound block, extended by `margin_seconds` on either side within the signal.
///
/// A signal without sound, such as digital silence or an empty signal, has no such range. Samples that are
/// not finite do not count as sound.
#[must_use]
pub fn active_range(waveform: &Waveform, below_loudest_db: f64, margin_seconds: f64) -> Option<Range<usize>> {
    let (length, sound) = sounds(waveform, below_loudest_db);
    let first = sound.iter().position(|&sound| sound)?;
    let last = sound.iter().rposition(|&sound| sound)?;
    let margin = (margin_seconds * f64::from(waveform.sample_rate())).round().max(0.0) as usize;
    let end = ((last + 1) * length).min(waveform.len());
    Some((first * length).saturating_sub(margin)..end.saturating_add(margin).min(waveform.len()))
}

/// Measures the pauses of a recording, using the blocks of [`active_range`].
#[must_use]
pub fn measure(waveform: &Waveform, below_loudest_db: f64) -> Silence {
    let (length, sound) = sounds(waveform, below_loudest_db);
    let Some(range) = active_range(waveform, below_loudest_db, 0.0) else {
        return Silence { leading_seconds: waveform.seconds(), ..Silence::default() };
    };
    let seconds = |samples: usize| samples as f64 / f64::from(waveform.sample_rate());
    let inner = &sound[range.start / length..range.end.div_ceil(length)];
    let longest = inner.split(|&sound| sound).map(<[bool]>::len).max().unwrap_or(0);
    Silence {
        leading_seconds: seconds(range.start),
        trailing_seconds: seconds(waveform.len() - range.end),
        longest_pause_seconds: seconds(longest * length),
    }
}

/// Returns the length of a block, and which blocks are sound.
fn sounds(waveform: &Waveform, below_loudest_db: f64) -> (usize, Vec<bool>) {
    let length = (waveform.sample_rate() / BLOCKS_PER_SECOND).max(1) as usize;
    let power =
        |block: &[f32]| block.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / block.len() as f64;
    let powers: Vec<f64> = waveform.samples().chunks(length).map(power).collect();
    let loudest = powers.iter().copied().filter(|power| power.is_finite()).fold(0.0, f64::max);
    let threshold = loudest * 10_f64.powf(-below_loudest_db / 10.0);
    (length, powers.iter().map(|&power| power.is_finite() && power > threshold).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a 441 Hz tone at 22,050 Hz from parts of given amplitude and length in hundredths of a second.
    fn parts(parts: &[(f32, usize)]) -> Waveform {
        let samples = parts.iter().flat_map(|&(amplitude, hundredths)| {
            (0..hundredths * 220).map(move |n| amplitude * (n as f32 * 0.125_663_7).sin())
        });
        Waveform::new(samples.collect(), 22_000)
    }

    #[test]
    fn finds_sound_relative_to_the_loudest_block() {
        let check = |waveform: &Waveform, below, margin, expected: Option<Range<usize>>| {
            assert_eq!(active_range(waveform, below, margin), expected);
        };
        let waveform = parts(&[(0.0, 10), (0.5, 20), (0.004, 30), (0.25, 5), (0.001, 40)]);
        check(&waveform, 40.0, 0.0, Some(2200..14_300));
        check(&waveform, 40.0, 0.05, Some(1100..15_400));
        check(&waveform, 40.0, 9.0, Some(0..23_100));
        // 20 log 0.25 / 0.5 = -6.02.
        check(&waveform, 3.0, 0.0, Some(2200..6600));
        check(&waveform, 60.0, 0.0, Some(2200..23_100));
        check(&Waveform::new(vec![0.0; 1000], 22_000), 40.0, 0.0, None);
        check(&Waveform::new(Vec::new(), 22_000), 40.0, 0.0, None);
        check(&Waveform::new(vec![f32::NAN; 1000], 22_000), 40.0, 0.0, None);
        // The last block may be shorter; a rate below 100 Hz has blocks of one sample.
        check(&Waveform::new(vec![0.5; 1001], 22_000), 40.0, 0.0, Some(0..1001));
        check(&Waveform::new(vec![0.0, 0.5, 0.0], 8), 40.0, 0.0, Some(1..2));
    }

    #[test]
    fn measures_pauses_in_hundredths() {
        let check = |waveform: &Waveform, expected: [f64; 3]| {
            let Silence { leading_seconds, trailing_seconds, longest_pause_seconds } =
                measure(waveform, 40.0);
            let got = [leading_seconds, trailing_seconds, longest_pause_seconds];
            assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{got:?} {expected:?}");
        };
        let waveform =
            parts(&[(0.0, 10), (0.5, 20), (0.004, 30), (0.25, 5), (0.0, 7), (0.5, 1), (0.001, 40)]);
        check(&waveform, [0.1, 0.4, 0.3]);
        check(&parts(&[(0.5, 20)]), [0.0, 0.0, 0.0]);
        check(&parts(&[(0.0, 50)]), [0.5, 0.0, 0.0]);
        check(&Waveform::new(Vec::new(), 22_000), [0.0, 0.0, 0.0]);
    }
}
