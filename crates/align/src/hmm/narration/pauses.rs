//! Stretches of sound between pauses, by level alone.

use std::ops::Range;

use mynah_signal::Spectrogram;

/// Fewest quiet frames of a pause.
const SHORTEST_PAUSE: usize = 10;
/// Fewest loud frames of a stretch of sound; fewer are a click.
const SHORTEST_SOUND: usize = 4;
/// Frames over which quiet and loud levels are estimated.
const BLOCK: usize = 3000;
/// Position between the quiet and the loud level above which frames are sound, and above which they are louder than a
/// breath.
const SOUND: f32 = 0.3;
const VOICE: f32 = 0.6;
/// Most frames by which speech is extended over the sound that adjoins it.
const MOST_EXTENSION: usize = 45;
/// Most loud frames that are left over of the sound beyond a pause.
const MOST_LEFT_OVER: usize = 6;
/// Quiet frames within a sound that do not end it.
const SHORT_GAP: usize = 3;
/// Largest distance of the quiet from the loud level that counts, in nats of amplitude: 60 dB.
const MOST_RANGE: f32 = 6.9;
/// Distance below which a block has no contrast, likewise; it then has the thresholds of the whole recording.
const LEAST_RANGE: f32 = 2.0;

/// Returns the level of each frame of a log-mel spectrogram, in nats of amplitude: its energy, in which a breath is much
/// quieter than a voice, unlike in the mean of the logarithms.
pub(crate) fn levels(mel: &Spectrogram) -> Vec<f32> {
    let mut energy = vec![0.0_f32; mel.n_frames()];
    for band in 0..mel.n_bins() {
        for (sum, value) in energy.iter_mut().zip(mel.row(band)) {
            *sum += (2.0 * value).exp();
        }
    }
    energy.into_iter().map(|energy| 0.5 * energy.ln()).collect()
}

/// Loud frames of a recording.
#[derive(Debug, Clone)]
pub(crate) struct Sound {
    levels: Vec<f32>,
    /// For each frame, the number of loud frames before it, and of those louder than a breath.
    loud_before: Vec<u32>,
    voice_before: Vec<u32>,
}

impl Sound {
    /// Tells loud frames from quiet ones by their levels.
    pub(crate) fn of(levels: Vec<f32>) -> Self {
        let whole = Contrast::of(&levels);
        let n_blocks = levels.len().div_ceil(BLOCK);
        let (mut loud_before, mut voice_before) = (vec![0], vec![0]);
        let (mut loud, mut voice) = (0, 0);
        for block in 0..n_blocks {
            let own = block * BLOCK..((block + 1) * BLOCK).min(levels.len());
            let around = own.start.saturating_sub(BLOCK / 2)..(own.end + BLOCK / 2).min(levels.len());
            let local = Contrast::of(&levels[around]);
            let contrast = if local.range < LEAST_RANGE { whole } else { local };
            for level in &levels[own] {
                loud += u32::from(*level > contrast.at(SOUND));
                voice += u32::from(*level > contrast.at(VOICE));
                loud_before.push(loud);
                voice_before.push(voice);
            }
        }
        Self { levels, loud_before, voice_before }
    }

    /// Returns the number of frames in a range that are louder than a breath.
    pub(crate) fn voice(&self, frames: &Range<usize>) -> usize {
        (self.voice_before[frames.end] - self.voice_before[frames.start]) as usize
    }

    /// Leaves out a pause at either end of speech, into which a phone was stretched, with the few loud frames beyond it.
    pub(crate) fn shrink(&self, speech: Range<usize>) -> Range<usize> {
        let most = speech.len() / 2;
        let start = self.behind_pause(speech.clone().take(most));
        let end = self.behind_pause(speech.clone().rev().take(most));
        speech.start + start..speech.end - end
    }

    /// Returns the number of frames up to the end of a pause that begins with them, or after a few loud ones; 0 if there is
    /// none.
    fn behind_pause(&self, frames: impl Iterator<Item = usize>) -> usize {
        let (mut loud, mut quiet) = (0, 0);
        for (index, t) in frames.enumerate() {
            if !self.is_loud(t) {
                quiet += 1;
            } else if quiet >= SHORTEST_PAUSE {
                return index - SHORT_GAP;
            } else {
                loud += 1;
                quiet = 0;
            }
            if loud > MOST_LEFT_OVER {
                return 0;
            }
        }
        0
    }

    /// Extends speech over the sound that adjoins it, at most to the ends of `room`. Where there is sound up to an end of
    /// the room, the extension ends at the quietest frame.
    pub(crate) fn extend(&self, speech: &Range<usize>, room: &Range<usize>) -> Range<usize> {
        let quietest = |frames: Range<usize>| {
            let at = frames.clone();
            at.min_by(|a, b| self.levels[*a].total_cmp(&self.levels[*b])).unwrap_or(frames.start)
        };
        let (mut start, mut quiet) = (speech.start, 0);
        for t in (room.start.max(speech.start.saturating_sub(MOST_EXTENSION))..speech.start).rev() {
            quiet = if self.is_loud(t) { 0 } else { quiet + 1 };
            if quiet == 0 {
                start = t;
            } else if quiet > SHORT_GAP {
                break;
            }
        }
        if quiet <= SHORT_GAP && start < speech.start && start <= room.start + SHORT_GAP {
            start = quietest(room.start..speech.start);
        }
        let (mut end, mut quiet) = (speech.end, 0);
        for t in speech.end..room.end.min(speech.end + MOST_EXTENSION) {
            quiet = if self.is_loud(t) { 0 } else { quiet + 1 };
            if quiet == 0 {
                end = t + 1;
            } else if quiet > SHORT_GAP {
                break;
            }
        }
        if quiet <= SHORT_GAP && end > speech.end && end + SHORT_GAP >= room.end {
            end = quietest(speech.end..room.end);
        }
        start..end
    }

    /// Returns true if a frame is loud.
    pub(crate) fn is_loud(&self, t: usize) -> bool {
        self.loud_before[t + 1] > self.loud_before[t]
    }

    /// Returns the number of loud frames in a range.
    pub(crate) fn loud(&self, frames: &Range<usize>) -> usize {
        (self.loud_before[frames.end] - self.loud_before[frames.start]) as usize
    }

    /// Returns the stretches of sound in a range: loud frames with at most short gaps.
    pub(crate) fn stretches(&self, frames: Range<usize>) -> Vec<Range<usize>> {
        let mut stretches: Vec<Range<usize>> = Vec::new();
        for t in frames {
            if !self.is_loud(t) {
                continue;
            }
            match stretches.last_mut() {
                Some(last) if t - last.end < SHORTEST_PAUSE => last.end = t + 1,
                _ => stretches.push(t..t + 1),
            }
        }
        stretches.retain(|stretch| self.loud(stretch) >= SHORTEST_SOUND);
        stretches
    }
}

/// Quiet level of a recording, and its distance from the loud one.
#[derive(Clone, Copy)]
struct Contrast {
    quiet: f32,
    range: f32,
}

impl Contrast {
    fn of(levels: &[f32]) -> Self {
        let mut sorted = levels.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        let at = |part: usize| sorted.get(sorted.len().saturating_sub(1) * part / 20).copied().unwrap_or(0.0);
        let quiet = at(1).max(at(19) - MOST_RANGE);
        Self { quiet, range: at(19) - quiet }
    }

    /// Returns the level at a position between the quiet and the loud one.
    fn at(self, position: f32) -> f32 {
        self.quiet + position * self.range
    }
}

#[cfg(test)]
mod tests {
    use mynah_signal::Spectrogram;

    use super::Sound;

    fn levels(parts: &[(f32, usize)]) -> Vec<f32> {
        parts.iter().flat_map(|(level, n)| vec![*level / 9.0; *n]).collect()
    }

    #[test]
    fn a_level_is_an_energy() {
        let mel = Spectrogram::new(vec![0.0, -1.0, 0.0, 3.0], 2, 2).unwrap();
        let levels = super::levels(&mel);
        assert!((levels[0] - 0.5 * 2.0_f32.ln()).abs() < 1e-6);
        assert!((levels[1] - 0.5 * ((-2.0_f32).exp() + 6.0_f32.exp()).ln()).abs() < 1e-6);
    }

    #[test]
    fn sound_is_divided_at_pauses() {
        let quiet = -80.0;
        let levels = levels(&[
            (quiet, 30),
            (-30.0, 50),
            (quiet, 5),
            (-35.0, 20),
            (quiet, 40),
            (-30.0, 2),
            (quiet, 30),
            (-28.0, 60),
        ]);
        let n = levels.len();
        let sound = Sound::of(levels);
        assert_eq!(sound.stretches(0..n), [30..105, 177..237]);
        assert_eq!(sound.stretches(100..200), [100..105, 177..200]);
        assert_eq!(sound.loud(&(0..90)), 55);
    }

    #[test]
    fn speech_is_extended_over_its_sound_only() {
        let quiet = -80.0;
        let levels = levels(&[
            (quiet, 50),
            (-55.0, 6),
            (-30.0, 40),
            (-58.0, 8),
            (quiet, 30),
            (-56.0, 9),
            (-60.0, 1),
            (-56.0, 10),
            (-30.0, 60),
            (quiet, 50),
        ]);
        let n = levels.len();
        let sound = Sound::of(levels);
        assert_eq!(sound.extend(&(58..94), &(0..n)), 50..104);
        // No quiet frame up to the end of the room: the quietest one.
        assert_eq!(sound.extend(&(156..210), &(135..n)), 143..214);
        assert_eq!(sound.extend(&(156..210), &(120..n)), 134..214);
        assert_eq!((sound.voice(&(0..n)), sound.loud(&(0..n))), (100, 134));
        assert_eq!(sound.shrink(20..130), 47..107);
        assert_eq!(sound.shrink(45..110), 45..110);
        assert_eq!(sound.shrink(99..214), 131..214);
    }

    #[test]
    fn the_level_may_change_in_the_course_of_a_recording() {
        let mut parts = Vec::new();
        for level in [-20.0, -45.0] {
            for _ in 0..80 {
                parts.extend([(level, 80), (level - 45.0, 20)]);
            }
        }
        let levels = levels(&parts);
        let n = levels.len();
        assert_eq!(Sound::of(levels).stretches(0..n).len(), 160);
    }
}
