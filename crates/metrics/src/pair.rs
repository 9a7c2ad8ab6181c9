//! Pairs of a recording and a system's speech.

use std::sync::OnceLock;

use crate::Clip;
use crate::clip::ORDER;
use crate::compatibility::PairFeatures;
use crate::copy::signals::Signals;
use crate::dtw::{Alignment, align};

/// Longest speech that is aligned, since time grows with the product of the lengths; a sentence is shorter.
const MOST_SECONDS: f64 = 900.0;

/// A reference and a system's rendering of the same sentence, with the alignment shared by all metrics.
pub struct Pair<'a> {
    reference: &'a Clip<'a>,
    system: &'a Clip<'a>,
    /// The clip with the higher sample rate, resampled to that of the other.
    resampled: OnceLock<Result<Clip<'static>, String>>,
    alignment: OnceLock<Result<Alignment, String>>,
    signals: OnceLock<Result<Signals, String>>,
    compatibility: PairFeatures,
    is_assumed_aligned: bool,
}

impl<'a> Pair<'a> {
    /// Pairs two clips without computing anything yet.
    #[must_use]
    pub fn new(reference: &'a Clip<'a>, system: &'a Clip<'a>) -> Self {
        Self {
            reference,
            system,
            resampled: OnceLock::new(),
            alignment: OnceLock::new(),
            signals: OnceLock::new(),
            compatibility: PairFeatures::default(),
            is_assumed_aligned: false,
        }
    }

    /// Takes the caller's word that the samples of both clips are at the same times, so that metrics of copies, such as
    /// STOI, have a value whatever the durations and envelopes.
    #[must_use]
    pub fn assuming_aligned(self) -> Self {
        Self { is_assumed_aligned: true, signals: OnceLock::new(), ..self }
    }

    /// Returns the recording.
    #[must_use]
    pub fn reference(&self) -> &'a Clip<'a> {
        self.reference
    }

    /// Returns the system's speech.
    #[must_use]
    pub fn system(&self) -> &'a Clip<'a> {
        self.system
    }

    /// Returns the reason why the pair cannot be measured, if any: a clip is empty or silent, or the system's is
    /// truncated. The item then fails in every metric, including those that would have a value for it.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        // First of all, since a silent clip needs no sample rate.
        let is_measured = |clip: &Clip<'_>| clip.waveform().sample_rate() > 0;
        let of = |clip: &Clip<'_>, which: &str| match clip.speech() {
            Err(why) if clip.waveform().is_empty() || is_measured(clip) => Some(format!("{which} {why}")),
            _ => None,
        };
        if let Some(fault) = of(self.system, "the wav").or_else(|| of(self.reference, "the reference")) {
            return Some(fault);
        }
        let (Ok(reference), Ok(system)) = (self.reference.speech(), self.system.speech()) else {
            return None;
        };
        system.is_truncated_against(reference).then(|| {
            "the wav is truncated: its speech is less than half as long as the reference's".to_owned()
        })
    }

    /// Returns both clips, the reference first, at the lower of their sample rates; the other clip is resampled once.
    ///
    /// # Errors
    ///
    /// The reason why a clip cannot be resampled.
    pub fn at_one_rate(&self) -> Result<(&Clip<'_>, &Clip<'_>), &str> {
        let (reference, system) =
            (self.reference.waveform().sample_rate(), self.system.waveform().sample_rate());
        if reference == system || reference == 0 || system == 0 {
            return Ok((self.reference, self.system));
        }
        let resample = |clip: &Clip<'_>, rate: u32, which: &str| {
            clip.resampled(rate).map_err(|why| format!("the {which} {why}"))
        };
        let resampled = self.resampled.get_or_init(|| {
            if reference > system {
                resample(self.reference, system, "reference")
            } else {
                resample(self.system, reference, "system")
            }
        });
        let resampled = resampled.as_ref().map_err(String::as_str)?;
        Ok(if reference > system { (resampled, self.system) } else { (self.reference, resampled) })
    }

    /// Returns the samples of both clips at one rate, cut to the shorter, if they are at the same times.
    pub(crate) fn aligned(&self) -> Result<&Signals, &str> {
        let compute = || {
            let (reference, system) = self.at_one_rate()?;
            Signals::of(reference.waveform(), system.waveform(), self.is_assumed_aligned)
        };
        self.signals.get_or_init(compute).as_ref().map_err(String::as_str)
    }

    /// Returns the alignments that other programs compute.
    pub(crate) fn compatibility(&self) -> &PairFeatures {
        &self.compatibility
    }

    /// Returns the frames of the reference and the system that correspond: the exact alignment by the Euclidean
    /// distance of c1..c24. It excludes c0, so the level has no influence.
    ///
    /// # Errors
    ///
    /// The reason why there is none: a clip has no mel-cepstra, or is longer than 15 minutes.
    pub fn alignment(&self) -> Result<&Alignment, &str> {
        self.alignment.get_or_init(|| self.compute()).as_ref().map_err(String::as_str)
    }

    fn compute(&self) -> Result<Alignment, String> {
        let shape = |clip: &Clip<'_>, which: &str| -> Result<Vec<f64>, String> {
            let speech = clip.speech().map_err(|why| format!("the {which} {why}"))?;
            if speech.waveform().seconds() > MOST_SECONDS {
                return Err(format!("the {which} is longer than 15 minutes, the limit for one sentence"));
            }
            let cepstra = clip.cepstra().map_err(|why| format!("the {which} {why}"))?;
            Ok(cepstra.frames().flat_map(|frame| &frame[1..]).copied().collect())
        };
        let (reference, system) = self.at_one_rate()?;
        let (reference, system) = (shape(reference, "reference")?, shape(system, "system")?);
        align(&reference, &system, ORDER).ok_or_else(|| "a clip has no frames".to_owned())
    }
}
