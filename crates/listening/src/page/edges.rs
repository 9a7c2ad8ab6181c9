//! Silence before and after speech: found, and brought to the same length in all clips.

use std::f64::consts::FRAC_PI_2;
use std::ops::Range;

use mynah_signal::Waveform;
use mynah_signal::loudness::frame_level_db;
use rand::{Rng, RngExt};

/// Frames per second, the resolution at which speech is told from silence.
const FRAMES_PER_SECOND: u32 = 100;
/// Level of a frame of digital silence with dither, in dBFS; frames below it say nothing about the noise of a recording.
const DIGITAL_SILENCE_DB: f32 = -90.0;
/// Share of the frames that are quieter than the noise, and than speech.
const NOISE_QUANTILE: f64 = 0.05;
const SPEECH_QUANTILE: f64 = 0.95;
/// Speech starts this far above the noise,
const ABOVE_NOISE_DB: f32 = 10.0;
/// but neither further below the level of speech than this,
const FARTHEST_BELOW_SPEECH_DB: f32 = 50.0;
/// nor closer to it than this, in clips without a pause.
const NEAREST_BELOW_SPEECH_DB: f32 = 25.0;
/// Fewest frames in a row that are speech: shorter sounds are clicks.
const SHORTEST_SPEECH_FRAMES: usize = 3;
/// Silence left before and after speech.
const LEAD_SECONDS: f64 = 0.1;
const TAIL_SECONDS: f64 = 0.2;
/// Largest additional silence on either side, drawn for each clip.
pub(crate) const LARGEST_SHIFT_SECONDS: f64 = 0.02;
/// Length of the fades at both ends, and of the transition from added silence to the clip.
const FADE_SECONDS: f64 = 0.005;
/// Length of the pieces that added silence is made of.
const GRAIN_SECONDS: f64 = 0.02;
/// Share of the silent frames, the quietest ones, that added silence is made of.
const ROOM_TONE_SHARE: f64 = 0.1;

/// Treatment of the silence before and after speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edges {
    /// All clips get 100 ms before and 200 ms after the speech, and up to 20 ms more that are drawn for each clip.
    #[default]
    Trim,
    /// The samples stay, and the audit reports the differences.
    Keep,
}

/// The part of a clip that is speech.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Speech {
    /// The samples from the first to the last sound.
    pub(crate) range: Range<usize>,
    /// The level that tells speech from silence, in dBFS.
    threshold_db: f32,
}

impl Speech {
    /// Finds the speech in a clip; returns `None` if it has none, as digital silence or a click.
    ///
    /// ```text
    /// threshold = noise + 10 dB, at least speech - 50 dB, at most speech - 25 dB
    /// ```
    ///
    /// Speech and noise are the 95th and the 5th percentile of the levels of the 10 ms frames above -90 dBFS. The first and
    /// the last three frames in a row above the threshold are the ends of the speech. The threshold moves with the gain of the
    /// clip, and adapts to the noise of a recording. Weak sounds at either end that it misses lie within the silence that is
    /// left. If the noise is less than 25 dB below the speech, all of the clip counts as speech.
    pub(crate) fn find(waveform: &Waveform) -> Option<Self> {
        let hop = frame_length(waveform);
        let levels = frame_level_db(waveform.samples(), hop);
        let mut sorted: Vec<f32> =
            levels.iter().copied().filter(|&level| level > DIGITAL_SILENCE_DB).collect();
        sorted.sort_by(f32::total_cmp);
        let (noise, speech) = (quantile(&sorted, NOISE_QUANTILE)?, quantile(&sorted, SPEECH_QUANTILE)?);
        let threshold_db = (noise + ABOVE_NOISE_DB)
            .clamp(speech - FARTHEST_BELOW_SPEECH_DB, speech - NEAREST_BELOW_SPEECH_DB);
        let is_speech = |frames: &[f32]| frames.iter().all(|&level| level > threshold_db);
        let first = levels.windows(SHORTEST_SPEECH_FRAMES).position(is_speech)?;
        let last = levels.windows(SHORTEST_SPEECH_FRAMES).rposition(is_speech)? + SHORTEST_SPEECH_FRAMES;
        // Samples after the last whole frame belong to it.
        let end = if last == levels.len() { waveform.len() } else { last * hop };
        Some(Self { range: first * hop..end, threshold_db })
    }

    /// Returns the speech of the clip after a gain.
    pub(crate) fn amplified(self, gain_db: f64) -> Self {
        Self { threshold_db: self.threshold_db + gain_db as f32, ..self }
    }
}

/// Changes of a clip's edges, in milliseconds: positive where silence was added, negative where samples were cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct EdgeChange {
    pub(crate) lead_ms: i32,
    pub(crate) tail_ms: i32,
}

/// Draws the additional silence of a clip before and after the speech, in seconds.
///
/// It is inaudible, but without it copies of a recording would have files of the same size, and no other clip would.
pub(crate) fn draw_shifts(generator: &mut impl Rng) -> (f64, f64) {
    let mut draw = || generator.random::<f64>() * LARGEST_SHIFT_SECONDS;
    (draw(), draw())
}

/// Leaves 100 ms before and 200 ms after the speech, longer by the given shifts in seconds, and fades both ends.
///
/// If the clip has less, room tone is added, so that the noise of a recording does not stop at the edge of its file.
pub(crate) fn trimmed(
    waveform: &Waveform,
    speech: &Speech,
    (lead_shift, tail_shift): (f64, f64),
    generator: &mut impl Rng,
) -> (Waveform, EdgeChange) {
    let rate = f64::from(waveform.sample_rate());
    let samples_in = |seconds: f64| (seconds * rate).round() as usize;
    let (lead, tail) = (samples_in(LEAD_SECONDS + lead_shift), samples_in(TAIL_SECONDS + tail_shift));
    let (available_lead, available_tail) = (speech.range.start, waveform.len() - speech.range.end);
    let kept =
        &waveform.samples()[available_lead.saturating_sub(lead)..waveform.len().min(speech.range.end + tail)];
    let (n_before, n_after) = (lead.saturating_sub(available_lead), tail.saturating_sub(available_tail));
    let fade = samples_in(FADE_SECONDS).min(kept.len() / 4);
    let grains = Grains::of(waveform, speech);
    let mut samples = grains.room_tone(n_before, fade, generator);
    join(&mut samples, kept, fade);
    // The end is the start of the reversed clip.
    samples.reverse();
    let mut whole = grains.room_tone(n_after, fade, generator);
    join(&mut whole, &samples, fade);
    whole.reverse();
    fade_ends(&mut whole, fade);
    let milliseconds =
        |wanted: usize, available: usize| (1000.0 * (wanted as f64 - available as f64) / rate).round() as i32;
    let change = EdgeChange {
        lead_ms: milliseconds(lead, available_lead),
        tail_ms: milliseconds(tail, available_tail),
    };
    (Waveform::new(whole, waveform.sample_rate()), change)
}

/// Returns the value below which a share of the sorted values lies; `None` for no values.
pub(crate) fn quantile(sorted: &[f32], share: f64) -> Option<f32> {
    let index = (share * (sorted.len().checked_sub(1)? as f64)).round() as usize;
    sorted.get(index).copied()
}

/// The quietest pieces of a clip.
struct Grains<'a> {
    grains: Vec<&'a [f32]>,
    length: usize,
}

impl<'a> Grains<'a> {
    /// Selects the quietest tenth of the pieces below the threshold of speech, at least one of them; none if all is speech.
    fn of(waveform: &'a Waveform, speech: &Speech) -> Self {
        // Even, so that halves overlap.
        let length = ((GRAIN_SECONDS * f64::from(waveform.sample_rate()) / 2.0) as usize).max(1) * 2;
        let levels = frame_level_db(waveform.samples(), length);
        let mut silent: Vec<(f32, &[f32])> = levels
            .into_iter()
            .zip(waveform.samples().chunks_exact(length))
            .filter(|(level, _)| *level <= speech.threshold_db)
            .collect();
        silent.sort_by(|a, b| a.0.total_cmp(&b.0));
        let n = (silent.len() as f64 * ROOM_TONE_SHARE).ceil() as usize;
        Self { grains: silent.into_iter().take(n).map(|(_, grain)| grain).collect(), length }
    }

    /// Returns `n` samples of room tone and `n_transition` more, or nothing if `n` is 0.
    ///
    /// Grains in random order and polarity overlap by half under a sine window, whose squares add up to 1: the result has the
    /// level and the spectrum of the clip's own silence, and no period. Without grains it is digital silence.
    fn room_tone(&self, n: usize, n_transition: usize, generator: &mut impl Rng) -> Vec<f32> {
        if n == 0 {
            return Vec::new();
        }
        let n_samples = n + n_transition;
        if self.grains.is_empty() {
            return vec![0.0; n_samples];
        }
        let half = self.length / 2;
        let window =
            |index: usize| ((index as f64 + 0.5) / self.length as f64 * 2.0 * FRAC_PI_2).sin() as f32;
        // The first half of the first grain has no partner and is dropped.
        let mut samples = vec![0.0; n_samples + self.length + half];
        for start in (0..n_samples + half).step_by(half) {
            let grain = self.grains[generator.random_range(0..self.grains.len())];
            let sign = if generator.random() { 1.0 } else { -1.0 };
            for (index, (sample, &value)) in samples[start..].iter_mut().zip(grain).enumerate() {
                *sample += sign * window(index) * value;
            }
        }
        samples[half..half + n_samples].to_vec()
    }
}

/// Appends a clip to added silence whose last `fade` samples overlap with it at constant power.
fn join(silence: &mut Vec<f32>, clip: &[f32], fade: usize) {
    if silence.is_empty() {
        silence.extend(clip);
        return;
    }
    let start = silence.len() - fade;
    for (index, (sample, &value)) in silence[start..].iter_mut().zip(clip).enumerate() {
        let angle = (index as f64 + 0.5) / fade as f64 * FRAC_PI_2;
        *sample = angle.cos() as f32 * *sample + angle.sin() as f32 * value;
    }
    silence.extend(&clip[fade..]);
}

/// Lets both ends rise from 0 and fall to it, in the shape of half a cosine.
fn fade_ends(samples: &mut [f32], fade: usize) {
    let n = samples.len();
    for index in 0..fade {
        let gain = (0.5 - 0.5 * ((index as f64 + 0.5) / fade as f64 * 2.0 * FRAC_PI_2).cos()) as f32;
        samples[index] *= gain;
        samples[n - 1 - index] *= gain;
    }
}

fn frame_length(waveform: &Waveform) -> usize {
    (waveform.sample_rate() / FRAMES_PER_SECOND).max(1) as usize
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    const RATE: u32 = 22_000;
    /// The RMS of a hundredth of a second of noise.
    const LEVEL_DB: f32 = 1.5;

    /// Noise at levels in dBFS for numbers of hundredths of a second; digital silence below -100.
    fn parts(parts: &[(f32, usize)]) -> Waveform {
        let mut generator = ChaCha8Rng::seed_from_u64(7);
        let mut samples = Vec::new();
        for &(level, hundredths) in parts {
            let amplitude = if level < -100.0 { 0.0 } else { 10_f32.powf(level / 20.0) * 3_f32.sqrt() };
            samples
                .extend((0..hundredths * 220).map(|_| amplitude * (2.0 * generator.random::<f32>() - 1.0)));
        }
        Waveform::new(samples, RATE)
    }

    fn generator() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(1)
    }

    #[test]
    fn finds_speech_above_the_noise_of_the_clip() {
        let check = |clip: &[(f32, usize)], expected: Option<Range<usize>>| {
            let found =
                Speech::find(&parts(clip)).map(|speech| speech.range.start / 220..speech.range.end / 220);
            assert_eq!(found, expected, "{clip:?}");
        };
        // Between quiet and noisy rooms, and between digital silence, the same speech is found.
        for room in [-200.0, -75.0, -65.0, -50.0] {
            check(&[(room, 30), (-20.0, 50), (room, 20), (-20.0, 40), (room, 60)], Some(30..140));
        }
        // Weak sounds next to the speech belong to it in a quiet room.
        check(&[(-80.0, 30), (-55.0, 5), (-20.0, 50), (-80.0, 20)], Some(30..85));
        // A click does not, and noise all along has no edges.
        check(&[(-70.0, 10), (-20.0, 2), (-70.0, 20), (-20.0, 50), (-70.0, 20)], Some(32..82));
        check(&[(-30.0, 100)], Some(0..100));
        check(&[(-200.0, 100)], None);
        check(&[(-20.0, 2)], None);
        check(&[], None);
    }

    #[test]
    fn gives_all_clips_the_same_edges() {
        let check = |lead: usize, tail: usize, shifts: (f64, f64)| {
            let clip = parts(&[(-60.0, lead), (-20.0, 100), (-60.0, tail)]);
            let speech = Speech::find(&clip).unwrap();
            let (cut, change) = trimmed(&clip, &speech, shifts, &mut generator());
            let (lead_ms, tail_ms) = (100.0 + 1000.0 * shifts.0, 200.0 + 1000.0 * shifts.1);
            let n = ((1000.0 + lead_ms + tail_ms) * 22.0).round() as usize;
            assert_eq!(cut.len(), n, "{lead} {tail}");
            let change_of = |wanted: f64, hundredths: usize| wanted.round() as i32 - 10 * hundredths as i32;
            let expected = (change_of(lead_ms, lead), change_of(tail_ms, tail));
            assert_eq!((change.lead_ms, change.tail_ms), expected);
            // The speech itself is untouched.
            let start = (lead_ms * 22.0).round() as usize + 220;
            assert_eq!(
                cut.samples()[start..start + 20_000],
                clip.samples()[speech.range.start + 220..][..20_000]
            );
            // Cut or added, the edges are the noise of the room, and start and end at zero.
            let levels = frame_level_db(cut.samples(), 220);
            for level in levels[1..9].iter().chain(&levels[levels.len() - 18..levels.len() - 1]) {
                assert!((level + 60.0).abs() < LEVEL_DB, "{lead} {tail}: {levels:?}");
            }
            assert!(cut.samples()[0].abs() < 1e-5 && cut.samples()[n - 1].abs() < 1e-5);
        };
        check(50, 80, (0.0, 0.0));
        check(50, 3, (0.01, 0.0));
        check(2, 80, (0.0, 0.02));
        check(3, 5, (0.013, 0.004));
    }

    #[test]
    fn clips_without_silence_get_digital_silence() {
        let clip = parts(&[(-20.0, 100)]);
        let speech = Speech::find(&clip).unwrap();
        let (cut, change) = trimmed(&clip, &speech, (0.0, 0.0), &mut generator());
        assert_eq!((change.lead_ms, change.tail_ms), (100, 200));
        assert!(cut.samples()[..2000].iter().chain(&cut.samples()[cut.len() - 4200..]).all(|&x| x == 0.0));
    }

    #[test]
    fn shifts_differ_and_stay_inaudible() {
        let mut generator = generator();
        let shifts: Vec<(f64, f64)> = (0..100).map(|_| draw_shifts(&mut generator)).collect();
        let all = || shifts.iter().flat_map(|&(lead, tail)| [lead, tail]);
        assert!(all().all(|shift| (0.0..LARGEST_SHIFT_SECONDS).contains(&shift)));
        let mean = all().sum::<f64>() / 200.0;
        assert!((mean - LARGEST_SHIFT_SECONDS / 2.0).abs() < 0.002, "{mean}");
    }
}
