//! Agreement of durations with the sound, by measures that the aligner does not use.

use mynah_text::Symbol;

use crate::features::Features;

/// Level in dB below the loud frames of a clip at which frames are quiet.
const QUIET_DB: f32 = 20.0;

/// Share of a clip's frames that do not exceed the level of its loud frames.
const LOUD_SHARE: f64 = 0.95;

/// Frequency in hertz of the tone with the fewest sign changes that count as a hiss.
const HISS_HZ: f64 = 2500.0;

/// Smallest number of frames of an actual pause; shorter ones only mark where a pause may be.
const SHORTEST_PAUSE: u32 = 4;

/// A statement about a kind of sound, with the number of frames that agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreement {
    /// Statement, such as `vowels are voiced`.
    pub statement: &'static str,
    /// Number of frames of that kind of sound.
    pub frames: u64,
    /// Number of those frames that agree.
    pub agreeing: u64,
}

impl Agreement {
    /// Returns the share that agrees; `None` without frames.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.frames > 0).then(|| self.agreeing as f64 / self.frames as f64)
    }
}

/// Returns the statements about one utterance, always the same five in the same order:
///
/// - vowels are voiced: pYIN finds a fundamental frequency;
/// - S and SH are not;
/// - S and SH hiss: the signal changes sign at least as often as a tone of 2,500 Hz; and vowels do not;
/// - pauses of four frames or more are quiet: 20 dB below the level that 95 % of the clip's frames do not exceed.
///
/// All frames count, including those at boundaries: a boundary that is off by one frame costs a frame on either side.
/// No statement holds for all frames even if every boundary is right: vowels creak, and breaths are heard in pauses.
#[must_use]
pub fn agreement(
    symbols: &[Symbol],
    durations: &[u32],
    features: &Features,
    sample_rate: u32,
    hop_length: usize,
) -> [Agreement; 5] {
    let mut all = STATEMENTS.map(|statement| Agreement { statement, frames: 0, agreeing: 0 });
    let mut sorted = features.level.clone();
    sorted.sort_by(f32::total_cmp);
    let loud = sorted.get((sorted.len() as f64 * LOUD_SHARE) as usize).copied().unwrap_or_default();
    let mut frame = 0;
    for (symbol, duration) in symbols.iter().zip(durations) {
        let frames = frame..frame + *duration as usize;
        frame = frames.end;
        for t in frames {
            let voiced = features.f0.get(t).is_some_and(|f0| *f0 > 0.0);
            let quiet = features.level.get(t).is_some_and(|level| *level < loud - QUIET_DB);
            let hisses = hiss_hz(&features.wave, t * hop_length, hop_length, sample_rate) >= HISS_HZ;
            let mut count = |index: usize, agrees: bool| {
                all[index].frames += 1;
                all[index].agreeing += u64::from(agrees);
            };
            match symbol {
                Symbol::Phone(phone) if phone.is_vowel() => {
                    count(0, voiced);
                    count(3, !hisses);
                }
                Symbol::Phone(phone) if matches!(phone.without_stress(), "S" | "SH") => {
                    count(1, !voiced);
                    count(2, hisses);
                }
                Symbol::Phone(_) => {}
                _ if *duration >= SHORTEST_PAUSE => count(4, quiet),
                _ => {}
            }
        }
    }
    all
}

const STATEMENTS: [&str; 5] = [
    "vowels are voiced",
    "S and SH are not voiced",
    "S and SH hiss",
    "vowels do not hiss",
    "pauses are quiet",
];

/// Returns half the number of sign changes per second.
fn hiss_hz(wave: &[i16], start: usize, length: usize, sample_rate: u32) -> f64 {
    let samples = wave.get(start..(start + length).min(wave.len())).unwrap_or_default();
    if samples.len() < 2 {
        return 0.0;
    }
    let changes = samples.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
    changes as f64 * f64::from(sample_rate) / (2.0 * (samples.len() - 1) as f64)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use mynah_testkit::assert_close;
    use mynah_text::Symbol;

    use super::{agreement, hiss_hz};
    use crate::features::FeatureExtractor;
    use crate::recipe::AudioRecipe;

    const RATE: u32 = 22_050;

    #[test]
    fn a_tone_changes_sign_twice_per_period() {
        for frequency in [441.0, 3000.0, 7000.0] {
            let wave: Vec<i16> = (0..2205)
                .map(|t| ((TAU * frequency * f64::from(t) / f64::from(RATE)).sin() * 9000.0) as i16)
                .collect();
            // The number of sign changes in a tenth of a second is exact to one.
            assert_close(hiss_hz(&wave, 0, wave.len(), RATE), frequency, 10.0, "frequency");
        }
        assert!(hiss_hz(&[1], 0, 1, RATE) < 1.0);
        assert!(hiss_hz(&[1, 2], 5, 1, RATE) < 1.0);
    }

    #[test]
    fn correct_durations_agree_and_wrong_ones_do_not() {
        // Silence, a buzz of 150 Hz, a hiss at 6 kHz, silence; 20 frames each.
        let hop = 256;
        let mut state = 1_u32;
        let wave: Vec<f32> = (0..80 * hop)
            .map(|t| {
                let seconds = t as f64 / f64::from(RATE);
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from(state >> 16) / 65_536.0 - 0.5;
                let value = match t / (20 * hop) {
                    1 => {
                        (1..12)
                            .map(|k| (TAU * 150.0 * f64::from(k) * seconds).sin() / f64::from(k))
                            .sum::<f64>()
                            * 0.2
                    }
                    2 => 0.3 * (TAU * 6000.0 * seconds).sin() * (0.5 + noise),
                    _ => 1e-4 * noise,
                };
                value as f32
            })
            .collect();
        let wav = mynah_signal::wav::encode_pcm16(&mynah_signal::Waveform::new(wave, RATE));
        let features = FeatureExtractor::new(&AudioRecipe::default())
            .unwrap()
            .extract("a", &wav, "a.wav", None)
            .unwrap();
        let symbols: Vec<Symbol> = "<bos> AA1 S <eos>".split(' ').map(|name| name.parse().unwrap()).collect();
        let shares = |durations: &[u32]| {
            agreement(&symbols, durations, &features, RATE, hop).map(|row| row.share().unwrap())
        };
        let right = shares(&[20, 20, 20, 20]);
        assert!(right.iter().all(|share| *share > 0.85), "{right:?}");
        let wrong = shares(&[1, 19, 20, 40]);
        assert!(wrong.iter().all(|share| *share < 0.6), "{wrong:?}");
    }
}
