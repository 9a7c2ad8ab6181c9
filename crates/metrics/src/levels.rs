//! Levels of the speech in blocks of 10 ms, and its pauses.

use mynah_signal::Waveform;

use crate::statistics::quantile;

/// Blocks per second.
const BLOCKS_PER_SECOND: u32 = 100;
/// Quantile of the block levels that stands for the level of the speech.
const LOUD: f64 = 0.95;
/// Level below that of the speech at which a block is silent.
const BELOW_LOUD_DB: f64 = 35.0;
/// Shortest pause: closures of plosives are shorter.
const SHORTEST_PAUSE_SECONDS: f64 = 0.15;
/// Level of digital silence.
const FLOOR_DB: f64 = -150.0;

/// Levels of a speech, block by block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Levels {
    decibels: Vec<f64>,
    sorted: Vec<f64>,
    block_seconds: f64,
}

/// A pause in speech, in blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pause {
    pub(crate) start: usize,
    pub(crate) n_blocks: usize,
}

impl Levels {
    /// Measures the whole blocks of a signal with a sample rate.
    pub(crate) fn of(waveform: &Waveform) -> Self {
        let length = block_length(waveform.sample_rate());
        let level = |block: &[f32]| {
            let power = block.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / length as f64;
            (10.0 * power.log10()).max(FLOOR_DB)
        };
        let decibels: Vec<f64> = waveform.samples().chunks_exact(length).map(level).collect();
        let mut sorted = decibels.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { decibels, sorted, block_seconds: length as f64 / f64::from(waveform.sample_rate()) }
    }

    /// Returns a quantile of the levels; `None` without blocks.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        quantile(&self.sorted, share)
    }

    /// Returns the duration of blocks.
    pub(crate) fn seconds(&self, n_blocks: usize) -> f64 {
        n_blocks as f64 * self.block_seconds
    }

    /// Returns the level below which a block is silent; `None` without blocks.
    pub(crate) fn silence_db(&self) -> Option<f64> {
        Some(self.quantile(LOUD)? - BELOW_LOUD_DB)
    }

    /// Returns the pauses, in order.
    pub(crate) fn pauses(&self) -> Vec<Pause> {
        let Some(silence_db) = self.silence_db() else { return Vec::new() };
        let shortest = (SHORTEST_PAUSE_SECONDS / self.block_seconds).round() as usize;
        let (mut pauses, mut start) = (Vec::new(), 0);
        for run in self.decibels.chunk_by(|a, b| (*a < silence_db) == (*b < silence_db)) {
            if run[0] < silence_db && run.len() >= shortest {
                pauses.push(Pause { start, n_blocks: run.len() });
            }
            start += run.len();
        }
        pauses
    }

    /// Returns the total duration of the pauses.
    pub(crate) fn pause_seconds(&self) -> f64 {
        self.seconds(self.pauses().iter().map(|pause| pause.n_blocks).sum())
    }
}

/// Returns the samples of a block.
pub(crate) fn block_length(sample_rate: u32) -> usize {
    (sample_rate / BLOCKS_PER_SECOND).max(1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 22_000;

    /// Builds a tone from parts of given amplitude and length in blocks.
    fn parts(parts: &[(f32, usize)]) -> Levels {
        let samples = parts.iter().flat_map(|&(amplitude, blocks)| {
            (0..blocks * 220).map(move |n| amplitude * (n as f32 * 0.125_663_7).sin())
        });
        Levels::of(&Waveform::new(samples.collect(), RATE))
    }

    #[test]
    fn a_pause_is_soft_and_long() {
        let pause = |start, n_blocks| Pause { start, n_blocks };
        // 20 log 0.005 / 0.5 = -40 dB, 0.02 / 0.5 = -28 dB.
        let levels = parts(&[(0.5, 30), (0.005, 15), (0.5, 30), (0.0, 14), (0.5, 20), (0.02, 40), (0.5, 9)]);
        assert_eq!(levels.pauses(), [pause(30, 15)]);
        assert!((levels.pause_seconds() - 0.15).abs() < 1e-12);
        assert_eq!(parts(&[]).pauses(), []);
    }

    #[test]
    fn a_gain_changes_no_pause() {
        let shape =
            |gain: f32| [(0.5 * gain, 30), (0.004 * gain, 22), (0.3 * gain, 30), (0.0, 16), (0.5 * gain, 5)];
        assert_eq!(parts(&shape(1.0)).pauses(), parts(&shape(0.01)).pauses());
        assert_eq!(parts(&shape(1.0)).pauses().len(), 2);
    }
}
