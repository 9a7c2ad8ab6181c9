//! A recording and the speech of a system, side by side.

use std::sync::OnceLock;

use crate::Clip;
use crate::clip::ORDER;
use crate::dtw::{Alignment, align};

/// A reference and a system's rendering of the same sentence, with the alignment that all metrics share.
pub struct Pair<'a> {
    reference: &'a Clip<'a>,
    system: &'a Clip<'a>,
    alignment: OnceLock<Result<Alignment, String>>,
}

impl<'a> Pair<'a> {
    /// Takes both clips; nothing is computed yet.
    #[must_use]
    pub fn new(reference: &'a Clip<'a>, system: &'a Clip<'a>) -> Self {
        Self { reference, system, alignment: OnceLock::new() }
    }

    /// The recording.
    #[must_use]
    pub fn reference(&self) -> &'a Clip<'a> {
        self.reference
    }

    /// The speech that is judged.
    #[must_use]
    pub fn system(&self) -> &'a Clip<'a> {
        self.system
    }

    /// Which frame of the reference goes with which of the system: the exact alignment by the Euclidean distance of
    /// c1..c24, without c0, so that level has no say in it.
    ///
    /// # Errors
    ///
    /// A sentence that says why there is none: the sample rates differ, or a clip has no mel-cepstra.
    pub fn alignment(&self) -> Result<&Alignment, &str> {
        self.alignment.get_or_init(|| self.compute()).as_ref().map_err(String::as_str)
    }

    fn compute(&self) -> Result<Alignment, String> {
        let rates = (self.reference.waveform().sample_rate(), self.system.waveform().sample_rate());
        if rates.0 != rates.1 {
            return Err(format!(
                "the reference is sampled at {} Hz and the system at {} Hz: resample one of them",
                rates.0, rates.1
            ));
        }
        let shape = |clip: &Clip<'_>, which: &str| -> Result<Vec<f64>, String> {
            let cepstra = clip.cepstra().map_err(|why| format!("the {which} {why}"))?;
            Ok(cepstra.frames().flat_map(|frame| &frame[1..]).copied().collect())
        };
        let (reference, system) = (shape(self.reference, "reference")?, shape(self.system, "system")?);
        align(&reference, &system, ORDER).ok_or_else(|| "a clip has no frames".to_owned())
    }
}
