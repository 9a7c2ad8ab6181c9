//! Places of texts in a long recording, such as the chapter of a book, without a pretrained model.
//!
//! ```text
//! samples ─cepstra─┬─Sound─► stretches ─┐
//! texts ───────────┼─pieces─────────────┴─pair─► pairs ─train─► model ─┐
//!                  └────────────────────────────────────────────walk◄──┤
//!                                                visits ─train─► model ─┘ … ─► placements
//! ```
//!
//!
//! The first guess compares lengths alone (`rough`). It is right often enough to train the aligner on, which then reads
//! the recording window by window (`walk`), leaving out texts that were not read and sound that belongs to none
//! (`chain`), and is trained again on what it found.
//!
//! **Memory:** the samples, 52 bytes for each frame of 11.6 ms, and a window: one byte for each of its 5,200 frames and
//! each state of the texts that it is compared with, usually 25 MB and at most 750 MB (four minutes without any text
//! that was found). **Time** grows with the length of the recording.

mod chain;
mod pauses;
mod rough;
mod walk;

use std::ops::Range;

use mynah_signal::{MelConfig, MelExtractor, MelProfile, Waveform};
use mynah_text::Symbol;
use rayon::prelude::*;

use self::chain::{Ear, Parse};
use self::pauses::Sound;
use super::aligner::{align_with_speech, train};
use super::cepstra::{self, Cepstrum, Scaling};
use super::config::AlignConfig;
use super::graph::Graph;
use super::model::Model;
use super::{Alignment, frames_needed, mel_config};

/// Hop between frames at 22,050 Hz, in samples; at other rates, the nearest even number of the same duration.
const HOP: f64 = 256.0 / 22_050.0;
/// Frames of spectrogram that are computed at a time, and on either side of them.
const CHUNK: usize = 8_192;
const MARGIN: usize = 8;
/// Readings of the whole recording.
const READINGS: usize = 2;
/// Longest stretch that is trained on, in frames: 30 s.
const LONGEST_PAIR: usize = 2_600;
/// Frames around a text in which its beginning and end are looked for.
const AROUND: usize = 40;
/// Texts that are compared with wrong stretches of sound.
const COMPARED: usize = 100;
/// Position between the margins of right and of wrong texts at which a text is given up.
const GIVE_UP: f64 = 0.6;
/// Fewest frames louder than a breath of sound without a text.
const FEWEST_VOICE: usize = 8;
/// Longest credible phone in frames, 0.8 s: a longer one has swallowed a sound that is not speech.
const LONGEST_PHONE: u32 = 70;
/// Phones at either end of a text that may swallow a sound beyond it.
const OUTER_PHONES: usize = 3;
/// Frames that are left of such a phone.
const LEFT_OF_PHONE: usize = 25;
/// Such phones that are shortened in a text, and sounds that are cut off at its ends.
const MOST_SHORTENED: usize = 3;
/// Frames at either end of a text in which another sound is looked for, and fewest quiet frames before that sound.
const AT_ENDS: usize = 350;
const FEWEST_QUIET: usize = 15;
/// Gain in nats per frame by which a text must fit better without that sound.
const LEAST_GAIN: f64 = 0.6;
/// Frames of a sound that is a part of the speech that it adjoins, at most, and of the gap between them.
const SHORT_SOUND: usize = 35;
const SHORT_GAP: usize = 7;

/// Place of a text in a long recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement {
    /// Frames that were aligned: the text with the pauses around it.
    pub frames: Range<usize>,
    /// First to last frame of its phones.
    pub speech: Range<usize>,
    /// The same with the sound that adjoins them, such as a breath or the end of a plosive.
    pub sound: Range<usize>,
    /// Alignment of `frames`.
    pub alignment: Alignment,
}

/// Places of texts in a long recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Narration {
    /// Place of each text; `None` if it was not found.
    pub placements: Vec<Option<Placement>>,
    /// Frames of sound that belongs to no text, in order.
    pub without_text: Vec<Range<usize>>,
    /// Samples from one frame to the next.
    pub hop_length: usize,
    /// Texts and stretches of sound that the first guess paired.
    pub first_guess: usize,
}

/// Reason why no text was found in a recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NarrationError {
    /// The recording is silent or too short.
    #[error("there is no sound in the recording")]
    NoSound,
    /// No text is as long as any stretch of sound.
    #[error("the lengths of the {texts} texts do not fit the {stretches} stretches of sound between pauses")]
    NothingFits {
        /// Number of texts.
        texts: usize,
        /// Number of stretches of sound.
        stretches: usize,
    },
    /// The spectrogram cannot be computed at this sample rate.
    #[error("the spectrogram cannot be computed: {0}")]
    Spectrogram(String),
}

impl NarrationError {
    /// Returns the action that resolves the error.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoSound => "check that this is the recording",
            Self::NothingFits { .. } => {
                "check that the text belongs to the recording, and begins where it does"
            }
            Self::Spectrogram(_) => "resample the recording to 22050 Hz",
        })
    }
}

/// Finds the places of texts in a recording that reads them in order.
///
/// Texts may be missing in the recording, and the recording may contain more than the texts. `progress` is called with
/// the number of frames done and of all frames, for all readings together.
///
/// # Errors
///
/// [`NarrationError`] if nothing fits.
pub fn narrate(
    waveform: &Waveform,
    texts: &[&[Symbol]],
    config: &AlignConfig,
    mut progress: impl FnMut(usize, usize),
) -> Result<Narration, NarrationError> {
    let mel = spectrogram_config(waveform.sample_rate());
    let hop_length = mel.hop_length;
    let (cepstra, levels) = listen(waveform, &mel)?;
    let sound = Sound::of(levels);
    let stretches = sound.stretches(0..cepstra.len());
    if stretches.is_empty() {
        return Err(NarrationError::NoSound);
    }
    let graphs: Vec<Graph> = texts.iter().map(|symbols| Graph::new(symbols)).collect();
    let pairs = rough::pair(&rough::pieces(texts), &stretches);
    let first_guess = pairs.iter().map(|pair| pair.units.len()).sum();
    let mut work = Vec::new();
    for pair in &pairs {
        let symbols: Vec<Symbol> = pair.units.clone().flat_map(|unit| texts[unit].iter().copied()).collect();
        let frames =
            pair.frames.start.saturating_sub(AROUND / 2)..(pair.frames.end + AROUND / 2).min(cepstra.len());
        work.push((symbols, frames));
    }
    let failed = NarrationError::NothingFits { texts: texts.len(), stretches: stretches.len() };
    let mut listener = Listener::train(&cepstra, &work, config).ok_or(failed.clone())?;
    let mut found = Parse::default();
    for reading in 0..READINGS {
        if reading > 0 {
            let work = places(&found, &sound, cepstra.len())
                .into_iter()
                .map(|(unit, frames)| (texts[unit].to_vec(), frames))
                .collect::<Vec<_>>();
            listener = Listener::train(&cepstra, &work, config).ok_or(failed.clone())?;
        }
        let done = reading * cepstra.len();
        found = walk::walk(&listener.ear(&cepstra, &sound), &graphs, |at| {
            progress(done + at, READINGS * cepstra.len());
        });
    }
    progress(READINGS * cepstra.len(), READINGS * cepstra.len());

    let mut placements: Vec<Option<Placement>> = vec![None; texts.len()];
    let placed: Vec<(usize, Option<Placed>)> = places(&found, &sound, cepstra.len())
        .into_par_iter()
        .map(|(unit, frames)| (unit, listener.place(texts[unit], frames, &cepstra, &sound)))
        .collect();
    let mut without_text = unplaced(&found.fillers, &sound);
    for (unit, placement) in placed {
        let Some((placement, swallowed)) = placement else { continue };
        without_text.extend(unplaced(&swallowed, &sound));
        placements[unit] = Some(placement);
    }
    without_text.sort_unstable_by_key(|frames| frames.start);
    without_text.retain(|frames| !adjoins_speech(frames, &placements));
    extend(&mut placements, &without_text, &sound, cepstra.len());
    Ok(Narration { placements, without_text, hop_length, first_guess })
}

/// Returns the definition of the spectrogram: frames of the same duration whatever the sample rate.
fn spectrogram_config(sample_rate: u32) -> MelConfig {
    let of_profile = MelProfile::Vits.config(sample_rate);
    let hop_length = ((HOP * f64::from(sample_rate) / 2.0).round() as usize * 2).max(2);
    let n_fft = (4 * hop_length).next_power_of_two();
    mel_config(&MelConfig { hop_length, n_fft, window_length: n_fft, ..of_profile })
}

/// Computes the cepstra of a recording and the level of each frame, in chunks.
fn listen(waveform: &Waveform, config: &MelConfig) -> Result<(Vec<Cepstrum>, Vec<f32>), NarrationError> {
    let mel = MelExtractor::new(config).map_err(|error| NarrationError::Spectrogram(error.to_string()))?;
    let samples = waveform.samples();
    let hop = config.hop_length;
    let n = samples.len() / hop;
    let chunks: Vec<usize> = (0..n).step_by(CHUNK).collect();
    let parts: Vec<(Vec<Cepstrum>, Vec<f32>)> = chunks
        .into_par_iter()
        .map(|start| {
            let end = (start + CHUNK).min(n);
            let first = start.saturating_sub(MARGIN);
            let last = (end + MARGIN) * hop;
            // The end of the recording is that of the last chunk.
            let last = if end == n { samples.len() } else { last.min(samples.len()) };
            let mel = mel.log_mel(&samples[first * hop..last]);
            let own = start - first..end - first;
            (cepstra::of_utterance(&mel)[own.clone()].to_vec(), pauses::levels(&mel)[own].to_vec())
        })
        .collect();
    let (mut cepstra, mut levels) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for (part, part_levels) in parts {
        cepstra.extend(part);
        levels.extend(part_levels);
    }
    Ok((cepstra, levels))
}

/// Returns the sound in frames that belong to no text; breaths are not counted.
fn unplaced(frames: &[Range<usize>], sound: &Sound) -> Vec<Range<usize>> {
    let stretches = frames.iter().flat_map(|frames| sound.stretches(frames.clone()));
    stretches.filter(|stretch| sound.voice(stretch) >= FEWEST_VOICE).collect()
}

/// Returns true for a short sound right before or after a text: the end of a word, or a breath.
fn adjoins_speech(frames: &Range<usize>, placements: &[Option<Placement>]) -> bool {
    let adjoins = |placement: &Placement| {
        let Range { start, end } = placement.speech;
        start.abs_diff(frames.end) <= SHORT_GAP || end.abs_diff(frames.start) <= SHORT_GAP
    };
    frames.len() <= SHORT_SOUND && placements.iter().flatten().any(adjoins)
}

/// Extends every placement over the sound that adjoins it.
fn extend(
    placements: &mut [Option<Placement>],
    without_text: &[Range<usize>],
    sound: &Sound,
    n_frames: usize,
) {
    let mut taken: Vec<Range<usize>> = without_text.to_vec();
    taken.extend(placements.iter().flatten().map(|placement| placement.speech.clone()));
    taken.sort_unstable_by_key(|frames| frames.start);
    for placement in placements.iter_mut().flatten() {
        let Range { start, end } = placement.speech;
        let before = taken.iter().filter(|frames| frames.start < start).map(|frames| frames.end).max();
        let after = taken.iter().filter(|frames| frames.end > end).map(|frames| frames.start).min();
        let room = before.unwrap_or(0).min(start)..after.unwrap_or(n_frames).max(end);
        placement.sound = sound.extend(&placement.speech, &room);
    }
}

/// Returns the texts that were found with their frames, up to the nearest sound that is not theirs.
fn places(found: &Parse, sound: &Sound, n_frames: usize) -> Vec<(usize, Range<usize>)> {
    let mut taken: Vec<Range<usize>> = found.visits.iter().map(|visit| visit.frames.clone()).collect();
    taken.extend(unplaced(&found.fillers, sound));
    taken.sort_unstable_by_key(|frames| (frames.start, frames.end));
    found
        .visits
        .iter()
        .filter(|visit| visit.is_complete)
        .map(|visit| {
            let Range { start, end } = visit.frames;
            let place = taken.partition_point(|frames| frames.start < start);
            let before = taken[..place].last().map_or(0, |frames| frames.end.min(start));
            let after = taken.get(place + 1).map_or(n_frames, |frames| frames.start.max(end));
            (visit.unit, before.max(start.saturating_sub(AROUND))..after.min(end + AROUND))
        })
        .collect()
}

/// The place of a text, and what it swallowed that belongs to no text.
type Placed = (Placement, Vec<Range<usize>>);

/// A model of the reader.
struct Listener {
    scaling: Scaling,
    model: Model,
    filler: f64,
}

impl Listener {
    /// Trains on texts and their frames; `None` if nothing can be trained on.
    fn train(
        cepstra: &[Cepstrum],
        work: &[(Vec<Symbol>, Range<usize>)],
        config: &AlignConfig,
    ) -> Option<Self> {
        let able: Vec<(&[Symbol], &[Cepstrum])> = work
            .iter()
            .filter(|(symbols, frames)| {
                frames.len() <= LONGEST_PAIR && frames_needed(symbols) <= frames.len()
            })
            .map(|(symbols, frames)| (symbols.as_slice(), &cepstra[frames.clone()]))
            .collect();
        if able.is_empty() {
            return None;
        }
        let parts: Vec<&[Cepstrum]> = able.iter().map(|(_, cepstra)| *cepstra).collect();
        let scaling = Scaling::of_corpus(&parts);
        let graphs: Vec<(Graph, &[Cepstrum])> =
            able.iter().map(|(symbols, cepstra)| (Graph::new(symbols), *cepstra)).collect();
        let model = train(&graphs, &scaling, config, &mut |_, _, _| {});
        let mut listener = Self { scaling, model, filler: 0.0 };
        let margin = |symbols: &[Symbol], cepstra: &[Cepstrum]| {
            (frames_needed(symbols) <= cepstra.len()).then(|| listener.mean_margin(symbols, cepstra))
        };
        // Right texts, and for each the text of another place.
        let step = able.len().div_ceil(COMPARED);
        let (right, wrong): (Vec<Option<f64>>, Vec<Option<f64>>) = able
            .par_iter()
            .enumerate()
            .filter(|(index, _)| index % step == 0)
            .map(|(index, (symbols, cepstra))| {
                let other = able[(index + able.len() / 2) % able.len()].0;
                (margin(symbols, cepstra), margin(other, cepstra))
            })
            .unzip();
        let middle = |values: Vec<Option<f64>>| {
            mynah_signal::median(&mut values.into_iter().flatten().collect::<Vec<f64>>()).unwrap_or(0.0)
        };
        let (right, wrong) = (middle(right), middle(wrong));
        listener.filler = -(right + GIVE_UP * (wrong - right));
        Some(listener)
    }

    fn ear<'a>(&'a self, cepstra: &'a [Cepstrum], sound: &'a Sound) -> Ear<'a> {
        Ear { cepstra, scaling: &self.scaling, model: &self.model, sound, filler: self.filler }
    }

    /// Returns the mean margin of all frames.
    fn mean_margin(&self, symbols: &[Symbol], cepstra: &[Cepstrum]) -> f64 {
        mean_margin(&align_with_speech(symbols, &self.model, &self.scaling, cepstra).0)
    }

    /// Aligns a text within its frames, and returns the frames at either end that a phone had swallowed; `None` if the
    /// frames are too few.
    fn place(
        &self,
        symbols: &[Symbol],
        frames: Range<usize>,
        cepstra: &[Cepstrum],
        sound: &Sound,
    ) -> Option<Placed> {
        let mut own = frames;
        let mut swallowed = Vec::new();
        loop {
            if frames_needed(symbols) > own.len() {
                return None;
            }
            let (alignment, speech) =
                align_with_speech(symbols, &self.model, &self.scaling, &cepstra[own.clone()]);
            let speech = own.start + speech.start..own.start + speech.end;
            let phones: Vec<usize> = (0..symbols.len()).filter(|at| symbols[*at].phone().is_some()).collect();
            let at_ends = phones.iter().take(OUTER_PHONES).chain(phones.iter().rev().take(OUTER_PHONES));
            let long = at_ends.copied().find(|at| alignment.durations[*at] > LONGEST_PHONE);
            let Some(long) = long.filter(|_| swallowed.len() < MOST_SHORTENED) else {
                if swallowed.len() < MOST_SHORTENED
                    && let Some(better) = self.without_other_sound(symbols, &own, &alignment, cepstra, sound)
                {
                    swallowed.extend([own.start..better.start, better.end..own.end]);
                    own = better;
                    continue;
                }
                let speech = sound.shrink(speech);
                let sound = speech.clone();
                return Some((Placement { frames: own, speech, sound, alignment }, swallowed));
            };
            let start = own.start + alignment.durations[..long].iter().sum::<u32>() as usize;
            let end = start + alignment.durations[long] as usize;
            if start - own.start < own.end - end {
                swallowed.push(own.start..end - LEFT_OF_PHONE);
                own.start = end - LEFT_OF_PHONE;
            } else {
                swallowed.push(start + LEFT_OF_PHONE..own.end);
                own.end = start + LEFT_OF_PHONE;
            }
        }
    }

    /// Returns the frames of a text without a sound behind a pause at one of its ends, if it fits much better without.
    fn without_other_sound(
        &self,
        symbols: &[Symbol],
        own: &Range<usize>,
        alignment: &Alignment,
        cepstra: &[Cepstrum],
        sound: &Sound,
    ) -> Option<Range<usize>> {
        let stretches = sound.stretches(own.clone());
        let is_sound = |frames: Range<usize>| sound.voice(&frames) >= FEWEST_VOICE;
        let mut candidates = Vec::new();
        for pair in stretches.windows(2) {
            let quiet = pair[0].end..pair[1].start;
            if quiet.len() < FEWEST_QUIET {
                continue;
            }
            let middle = quiet.start.midpoint(quiet.end);
            if middle - own.start < AT_ENDS && is_sound(own.start..quiet.start) {
                candidates.push(middle..own.end);
            }
            if own.end - middle < AT_ENDS && is_sound(quiet.end..own.end) {
                candidates.push(own.start..middle);
            }
        }
        let enough = mean_margin(alignment) + LEAST_GAIN;
        candidates
            .into_iter()
            .filter(|frames| frames_needed(symbols) <= frames.len())
            .map(|frames| (self.mean_margin(symbols, &cepstra[frames.clone()]), frames))
            .filter(|(margin, _)| *margin > enough)
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, frames)| frames)
    }
}

/// Returns the mean margin of all frames of an alignment.
fn mean_margin(alignment: &Alignment) -> f64 {
    let weighted = alignment.durations.iter().zip(&alignment.symbol_margins);
    let sum: f64 = weighted.map(|(frames, margin)| f64::from(*frames) * margin).sum();
    sum / f64::from(alignment.durations.iter().sum::<u32>().max(1))
}
