//! Wavs prepared for a listening test: one sample rate, one loudness, nothing but samples.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mynah_signal::loudness::{integrated_lufs, true_peak_dbtp};
use mynah_signal::wav::{decode_channels, encode_pcm16};
use mynah_signal::{ChannelChoice, Resampler, Waveform};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;

use crate::design::controls::Control;
use crate::design::plan::Plan;
use crate::error::Error;
use crate::page::dither::dithered;
use crate::page::edges::{EdgeChange, Edges, Speech, draw_shifts, trimmed};
use crate::page::survey::{Conversion, conversions};
use crate::system::System;

/// One recording as raters hear it, from which copies are made.
pub(crate) struct Stimulus {
    /// The source file.
    pub(crate) source: PathBuf,
    /// The hash of the source file.
    pub(crate) source_blake3: String,
    /// The gain applied to the samples, in dB.
    pub(crate) gain_db: f64,
    /// Conversions, and the reason why the clip is not at the protocol's loudness, where that applies.
    pub(crate) note: Option<String>,
    /// The samples before the edges are cut.
    waveform: Waveform,
    speech: Option<Speech>,
}

/// A file that a stimulus is played from.
pub(crate) struct ClipFile {
    /// A plain 16-bit PCM wav.
    pub(crate) bytes: Vec<u8>,
    /// The duration, rounded to milliseconds.
    pub(crate) duration_ms: u32,
    /// The change of its edges.
    pub(crate) edges: EdgeChange,
}

/// Preparation of all stimuli of a bundle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preparation {
    /// The sample rate of all clips.
    pub(crate) sample_rate: u32,
    /// The treatment of channels beyond the first.
    pub(crate) channels: ChannelChoice,
    /// The treatment of silence before and after speech.
    pub(crate) edges: Edges,
}
/// Finds the wav of an item of a system: `DIR/wavs/<item>.wav`, or else `DIR/<item>.wav`.
///
/// # Errors
///
/// [`Error::MissingStimulus`].
pub fn find_wav(system: &System, item: &str) -> Result<PathBuf, Error> {
    let directory = Path::new(&system.directory);
    let file = format!("{item}.wav");
    let (first, second) = (directory.join("wavs").join(&file), directory.join(&file));
    for path in [&first, &second] {
        if path.is_file() {
            return Ok(path.clone());
        }
    }
    Err(Error::MissingStimulus { system: system.name.clone(), item: item.to_owned(), first, second })
}

/// Lists the items for which every system has a wav: those in `DIR/wavs`, or in `DIR` if there is no such folder.
///
/// # Errors
///
/// [`Error::Io`] when a directory cannot be listed.
pub fn common_items(systems: &[System]) -> Result<Vec<String>, Error> {
    let mut common: Option<BTreeSet<String>> = None;
    for system in systems {
        let items = items_of(Path::new(&system.directory))?;
        common = Some(match common {
            None => items,
            Some(others) => others.intersection(&items).cloned().collect(),
        });
    }
    Ok(common.unwrap_or_default().into_iter().collect())
}

/// Prepares the recordings of one item, in the order of the plan's systems, all at the same loudness.
///
/// That is the protocol's, measured on the clip with its edges cut. If a clip would exceed the true-peak limit, all clips of the
/// item stay quieter by the same amount, so that loudness never tells them apart. A clip without a loudness (shorter than 400
/// ms, or silent) keeps its level, lowered only where its peak exceeds the limit.
pub(crate) fn prepare_item(
    plan: &Plan,
    item: &str,
    preparation: Preparation,
) -> Result<Vec<Stimulus>, Error> {
    let mut sources = Vec::with_capacity(plan.systems.len());
    for system in &plan.systems {
        let path = find_wav(system, item)?;
        let failed = |source| Error::Stimulus { system: system.name.clone(), item: item.to_owned(), source };
        sources.push(Source::read(path, failed, preparation)?);
    }
    Ok(equally_loud(plan, sources))
}

/// Prepares the files of a control, in their order, as [`prepare_item`] prepares the recordings of an item.
pub(crate) fn prepare_control(
    plan: &Plan,
    control: &Control,
    preparation: Preparation,
) -> Result<Vec<Stimulus>, Error> {
    let mut sources = Vec::with_capacity(control.clips.len());
    for clip in &control.clips {
        let path = find_control(plan, control, clip)?;
        let failed = |source| Error::Control { id: control.id.clone(), source };
        sources.push(Source::read(path, failed, preparation)?);
    }
    Ok(equally_loud(plan, sources))
}

/// Finds a file of a control.
pub(crate) fn find_control(plan: &Plan, control: &Control, clip: &str) -> Result<PathBuf, Error> {
    let path = plan.control_path(clip);
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::Control { id: control.id.clone(), source: mynah_signal::Error::Missing { path } })
}

/// Brings sources to the loudness of the protocol, or all of them as far below it as the true peak of one demands.
fn equally_loud(plan: &Plan, sources: Vec<Source>) -> Vec<Stimulus> {
    let target = plan.protocol.loudness_lufs;
    let limit = plan.protocol.true_peak_dbtp;
    let headroom = sources
        .iter()
        .filter_map(|source| Some(limit - (source.true_peak? + target - source.loudness?)))
        .fold(0.0, f64::min);
    sources.into_iter().map(|source| source.prepare(target, headroom, limit)).collect()
}

impl Stimulus {
    /// Makes a copy with dither and edges of its own, both drawn from the generator.
    ///
    /// Copies of a recording differ in length and in nearly every sample, but only by what nobody hears, so decoded copies can
    /// still be recognized: at the shift at which they correlate best, their difference is dither. No inaudible change
    /// prevents that; a random gain would only be divided out, and would undo the match of loudness by its size.
    /// With [`Edges::Keep`] the lengths of copies stay equal.
    pub(crate) fn copy(&self, edges: Edges, generator: &mut impl Rng) -> ClipFile {
        let shifts = draw_shifts(generator);
        let (waveform, change) = match &self.speech {
            Some(speech) if edges == Edges::Trim => trimmed(&self.waveform, speech, shifts, generator),
            _ => (self.waveform.clone(), EdgeChange::default()),
        };
        ClipFile {
            bytes: encode_pcm16(&dithered(&waveform, generator)),
            duration_ms: (1000.0 * waveform.seconds()).round() as u32,
            edges: change,
        }
    }
}

struct Source {
    path: PathBuf,
    blake3: String,
    notes: Vec<String>,
    waveform: Waveform,
    speech: Option<Speech>,
    loudness: Option<f64>,
    true_peak: Option<f64>,
}

impl Source {
    fn read(
        path: PathBuf,
        failed: impl Fn(mynah_signal::Error) -> Error,
        preparation: Preparation,
    ) -> Result<Self, Error> {
        let bytes =
            fs::read(&path).map_err(|source| Error::Io { action: "read", path: path.clone(), source })?;
        let recording = decode_channels(&bytes, &path).map_err(&failed)?;
        let (n_channels, rate) = (recording.n_channels(), recording.sample_rate());
        let notes = conversions(n_channels, rate, preparation.sample_rate);
        let notes = notes.map(Conversion::words).collect();
        let mono = recording.into_mono(preparation.channels, &path).map_err(&failed)?;
        let waveform = Resampler::new(rate, preparation.sample_rate).map_err(&failed)?.resample(&mono);
        let speech = Speech::find(&waveform);
        let heard = match &speech {
            // Room tone is drawn anew for each copy; any draw has the same level.
            Some(speech) if preparation.edges == Edges::Trim => {
                &trimmed(&waveform, speech, (0.0, 0.0), &mut ChaCha8Rng::seed_from_u64(0)).0
            }
            _ => &waveform,
        };
        Ok(Self {
            blake3: blake3::hash(&bytes).to_hex().to_string(),
            notes,
            loudness: integrated_lufs(heard),
            true_peak: true_peak_dbtp(heard),
            path,
            waveform,
            speech,
        })
    }

    /// Applies the gain; `headroom_db`, at most 0, is the distance of the item's clips from the target.
    fn prepare(mut self, target: f64, headroom_db: f64, limit: f64) -> Stimulus {
        let (gain_db, note) = match (self.loudness, self.true_peak) {
            (Some(loudness), _) => {
                let note = (headroom_db < 0.0).then(|| {
                    format!(
                        "{:.2} dB below the loudness of the protocol, to keep true peaks in bounds",
                        -headroom_db
                    )
                });
                (target - loudness + headroom_db, note)
            }
            (None, Some(peak)) if peak > limit => (
                limit - peak,
                Some("no loudness (short or very quiet): lowered to the true-peak limit".to_owned()),
            ),
            (None, _) => (0.0, Some("no loudness (short or very quiet): level kept".to_owned())),
        };
        self.notes.extend(note);
        let factor = 10_f64.powf(gain_db / 20.0);
        let sample_rate = self.waveform.sample_rate();
        let samples = self.waveform.samples().iter().map(|&sample| (f64::from(sample) * factor) as f32);
        Stimulus {
            source: self.path,
            source_blake3: self.blake3,
            gain_db,
            note: (!self.notes.is_empty()).then(|| self.notes.join("; ")),
            waveform: Waveform::new(samples.collect(), sample_rate),
            speech: self.speech.map(|speech| speech.amplified(gain_db)),
        }
    }
}

fn items_of(directory: &Path) -> Result<BTreeSet<String>, Error> {
    let wavs = directory.join("wavs");
    let listed = if wavs.is_dir() { wavs } else { directory.to_owned() };
    let failed = |source| Error::Io { action: "list", path: listed.clone(), source };
    let mut items = BTreeSet::new();
    for entry in fs::read_dir(&listed).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_wav = path.extension().is_some_and(|extension| extension == "wav") && path.is_file();
        if let Some(item) = path.file_stem().and_then(|stem| stem.to_str()).filter(|_| is_wav) {
            items.insert(item.to_owned());
        }
    }
    Ok(items)
}
