//! Wavs prepared for a listening test: one sample rate, one loudness, nothing but samples.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mynah_signal::Waveform;
use mynah_signal::loudness::{integrated_lufs, true_peak_dbtp};
use mynah_signal::wav::{decode, encode_pcm16};

use crate::design::plan::Plan;
use crate::error::Error;
use crate::system::System;

/// One clip as raters hear it.
pub(crate) struct Stimulus {
    /// A plain 16-bit PCM wav.
    pub(crate) bytes: Vec<u8>,
    /// The source file.
    pub(crate) source: PathBuf,
    /// The hash of the source file.
    pub(crate) source_blake3: String,
    /// The gain applied to the samples, in dB.
    pub(crate) gain_db: f64,
    /// The reason why the clip is not at the protocol's loudness, where that applies.
    pub(crate) note: Option<String>,
    /// The duration, rounded to milliseconds.
    pub(crate) duration_ms: u32,
    sample_rate: u32,
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

/// Prepares the clips of one item, in the order of the plan's systems, all at the same loudness.
///
/// That is the protocol's. If a clip would exceed the true-peak limit, all clips of the item stay quieter by the same
/// amount, so that loudness never tells them apart. A clip without a loudness (shorter than 400 ms, or silent) keeps its
/// level, lowered only where its peak exceeds the limit.
pub(crate) fn prepare_item(plan: &Plan, item: &str) -> Result<Vec<Stimulus>, Error> {
    let target = plan.protocol.loudness_lufs;
    let limit = plan.protocol.true_peak_dbtp;
    let mut sources = Vec::with_capacity(plan.systems.len());
    for system in &plan.systems {
        sources.push(Source::read(system, item)?);
    }
    let headroom = sources
        .iter()
        .filter_map(|source| Some(limit - (source.true_peak? + target - source.loudness?)))
        .fold(0.0, f64::min);
    let prepared = sources.into_iter().map(|source| source.prepare(target, headroom, limit));
    Ok(prepared.collect())
}

/// Rejects stimuli of different sample rates.
pub(crate) struct OneRate(Option<(PathBuf, u32)>);

impl OneRate {
    pub(crate) fn new() -> Self {
        Self(None)
    }

    pub(crate) fn check(&mut self, stimulus: &Stimulus) -> Result<(), Error> {
        let (path, rate) = (stimulus.source.clone(), stimulus.sample_rate);
        match &self.0 {
            Some((other_path, other_rate)) if *other_rate != rate => Err(Error::SampleRates {
                path,
                rate,
                other_path: other_path.clone(),
                other_rate: *other_rate,
            }),
            Some(_) => Ok(()),
            None => {
                self.0 = Some((path, rate));
                Ok(())
            }
        }
    }
}

struct Source {
    path: PathBuf,
    blake3: String,
    waveform: Waveform,
    loudness: Option<f64>,
    true_peak: Option<f64>,
}

impl Source {
    fn read(system: &System, item: &str) -> Result<Self, Error> {
        let path = find_wav(system, item)?;
        let bytes =
            fs::read(&path).map_err(|source| Error::Io { action: "read", path: path.clone(), source })?;
        let waveform = decode(&bytes, &path).map_err(|source| Error::Stimulus {
            system: system.name.clone(),
            item: item.to_owned(),
            source,
        })?;
        Ok(Self {
            blake3: blake3::hash(&bytes).to_hex().to_string(),
            loudness: integrated_lufs(&waveform),
            true_peak: true_peak_dbtp(&waveform),
            path,
            waveform,
        })
    }

    /// Applies the gain; `headroom_db`, at most 0, is the distance of the item's clips from the target.
    fn prepare(self, target: f64, headroom_db: f64, limit: f64) -> Stimulus {
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
        let factor = 10_f64.powf(gain_db / 20.0);
        let sample_rate = self.waveform.sample_rate();
        let duration_ms = (1000.0 * self.waveform.len() as f64 / f64::from(sample_rate)).round() as u32;
        let samples = self.waveform.samples().iter().map(|&sample| (f64::from(sample) * factor) as f32);
        Stimulus {
            bytes: encode_pcm16(&Waveform::new(samples.collect(), sample_rate)),
            source: self.path,
            source_blake3: self.blake3,
            gain_db,
            note,
            duration_ms,
            sample_rate,
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
