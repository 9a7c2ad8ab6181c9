//! The source files of a plan, by their headers: what has to be made equal before raters hear them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use mynah_signal::wav;

use crate::design::plan::Plan;
use crate::error::Error;
use crate::page::stimuli::{find_control, find_wav};

/// The header of one source file.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceFile {
    /// The system; of a control the file, as the protocol names it.
    pub system: String,
    /// The sentence, or the control.
    pub item: String,
    /// The file.
    pub path: PathBuf,
    /// The sample rate in hertz.
    pub sample_rate: u32,
    /// The number of channels.
    pub channels: u16,
    /// The duration.
    pub seconds: f64,
}

/// The source files of all items of all systems of a plan, and of its controls.
#[derive(Debug)]
pub struct Survey {
    /// The readable files, by system in the order of the plan, then by item; those of controls come last.
    pub files: Vec<SourceFile>,
    /// The reasons why the others are not among them, in the same order.
    pub unusable: Vec<Error>,
}

/// A property in which the files of a system have to be brought in line with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conversion {
    /// A sample rate that is not the lowest, in hertz.
    Resample {
        /// The rate of the files.
        from: u32,
        /// The lowest rate.
        to: u32,
    },
    /// More than one channel.
    MixDown {
        /// The number of channels.
        channels: u16,
    },
}

/// A conversion that several files of a system need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NeededConversion {
    /// The system.
    pub system: String,
    /// The conversion.
    pub conversion: Conversion,
    /// The number of files.
    pub n_files: usize,
}

impl Conversion {
    /// Returns the conversion in the words of the key, such as "resampled from 48000 to 22050 Hz".
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Resample { from, to } => format!("resampled from {from} to {to} Hz"),
            Self::MixDown { channels } => format!("mixed down from {channels} channels"),
        }
    }
}

impl Survey {
    /// Reads the headers of all wavs of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut survey = Self { files: Vec::new(), unusable: Vec::new() };
        for system in &plan.systems {
            for item in &plan.items {
                let failed =
                    |source| Error::Stimulus { system: system.name.clone(), item: item.clone(), source };
                let path = find_wav(system, item);
                survey.add(path.and_then(|path| SourceFile::read(&system.name, item, path, failed)));
            }
        }
        for control in &plan.protocol.control {
            for clip in &control.clips {
                let failed = |source| Error::Control { id: control.id.clone(), source };
                let path = find_control(plan, control, clip);
                survey.add(path.and_then(|path| SourceFile::read(clip, &control.id, path, failed)));
            }
        }
        survey
    }

    fn add(&mut self, file: Result<SourceFile, Error>) {
        match file {
            Ok(file) => self.files.push(file),
            Err(error) => self.unusable.push(error),
        }
    }

    /// Returns the lowest sample rate; `None` if no file is readable.
    #[must_use]
    pub fn lowest_rate(&self) -> Option<u32> {
        self.files.iter().map(|file| file.sample_rate).min()
    }

    /// Returns the number of files of each sample rate, with one of them.
    #[must_use]
    pub fn rates(&self) -> BTreeMap<u32, (usize, &SourceFile)> {
        let mut rates = BTreeMap::new();
        for file in &self.files {
            rates.entry(file.sample_rate).or_insert((0, file)).0 += 1;
        }
        rates
    }

    /// Lists the conversions that make all files mono and of the lowest rate, in the order of the systems' names.
    ///
    /// The lowest rate is that of all systems: at a higher one, the missing high frequencies would give systems away.
    #[must_use]
    pub fn conversions(&self) -> Vec<NeededConversion> {
        let mut needed: BTreeMap<(&str, Conversion), usize> = BTreeMap::new();
        let Some(to) = self.lowest_rate() else { return Vec::new() };
        for file in &self.files {
            for conversion in file.conversions(to) {
                *needed.entry((&file.system, conversion)).or_insert(0) += 1;
            }
        }
        let needed = needed.into_iter();
        needed
            .map(|((system, conversion), n_files)| NeededConversion {
                system: system.to_owned(),
                conversion,
                n_files,
            })
            .collect()
    }

    /// Returns the one sample rate of all files.
    ///
    /// # Errors
    ///
    /// The first unusable file; [`Error::SampleRates`] for two rates, unless files may be converted to the lowest.
    pub(crate) fn target_rate(mut self, resample: bool) -> Result<u32, Error> {
        if !self.unusable.is_empty() {
            return Err(self.unusable.swap_remove(0));
        }
        let other = |first: &SourceFile| self.files.iter().find(|file| file.sample_rate != first.sample_rate);
        match self.files.first().and_then(|first| Some((first, other(first)?))) {
            Some((first, other)) if !resample => Err(Error::SampleRates {
                path: other.path.clone(),
                rate: other.sample_rate,
                other_path: first.path.clone(),
                other_rate: first.sample_rate,
            }),
            _ => Ok(self.lowest_rate().unwrap_or_default()),
        }
    }
}

impl SourceFile {
    /// Reads the header of a file.
    fn read(
        system: &str,
        item: &str,
        path: PathBuf,
        failed: impl FnOnce(mynah_signal::Error) -> Error,
    ) -> Result<Self, Error> {
        let bytes =
            fs::read(&path).map_err(|source| Error::Io { action: "read", path: path.clone(), source })?;
        let info = wav::info(&bytes, &path).map_err(failed)?;
        Ok(Self {
            system: system.to_owned(),
            item: item.to_owned(),
            path,
            sample_rate: info.sample_rate,
            channels: info.channels,
            seconds: info.seconds(),
        })
    }

    /// Lists the conversions of the file to mono and a sample rate.
    fn conversions(&self, to: u32) -> impl Iterator<Item = Conversion> {
        conversions(self.channels, self.sample_rate, to)
    }
}

/// Lists the conversions to mono and a sample rate, in the order in which they are applied.
pub(crate) fn conversions(channels: u16, from: u32, to: u32) -> impl Iterator<Item = Conversion> {
    let mix = (channels > 1).then_some(Conversion::MixDown { channels });
    let resample = (from != to).then_some(Conversion::Resample { from, to });
    mix.into_iter().chain(resample)
}
