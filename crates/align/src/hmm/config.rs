//! Settings of the aligner.

use serde::{Deserialize, Serialize};

use super::tying::Tying;

/// Source of durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlignmentSource {
    /// The aligner, [`align`](super::align).
    #[default]
    Aligner,
    /// Files of another tool where there are any (`mynah-prepare import-alignment`).
    Imported,
}

/// Training of the aligner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlignConfig {
    /// Source of the dataset's durations; [`align`](super::align) itself ignores it.
    pub source: AlignmentSource,
    /// First, passes with one Gaussian per broad class of phones.
    pub class_passes: u32,
    /// Then, passes with one Gaussian per phone.
    pub phone_passes: u32,
    /// Then, passes with one Gaussian for each of a phone's three states.
    pub state_passes: u32,
    /// Passes after each doubling of the number of Gaussians.
    pub mixture_passes: u32,
    /// Maximum number of Gaussians per state, from 1 to 256: the number is doubled up to it. One finds boundaries best
    /// (`docs/decisions/0014-one-gaussian-a-state.md`).
    pub max_gaussians: u32,
    /// Frames that a state must have for each of its Gaussians.
    pub frames_per_gaussian: f64,
    /// Weight of the parent Gaussian in smoothing each Gaussian, in frames.
    pub prior_frames: f64,
    /// Smallest variance, as a fraction of the variance of all frames.
    pub variance_floor: f64,
    /// Approximate maximum number of frames to train on (LJSpeech has 7.4 million). From a larger corpus utterances are taken
    /// evenly; all of it is aligned.
    pub training_frames: u64,
}

impl Default for AlignConfig {
    fn default() -> Self {
        Self {
            source: AlignmentSource::Aligner,
            class_passes: 6,
            phone_passes: 8,
            state_passes: 8,
            mixture_passes: 4,
            max_gaussians: 1,
            frames_per_gaussian: 100.0,
            prior_frames: 8.0,
            variance_floor: 0.05,
            training_frames: 8_000_000,
        }
    }
}

impl AlignConfig {
    /// Checks these settings.
    ///
    /// # Errors
    ///
    /// A phrase that names the invalid setting.
    pub fn check(&self) -> Result<(), String> {
        let positive = |name: &str, value: f64| {
            if value.is_finite() && value > 0.0 {
                Ok(())
            } else {
                Err(format!("`{name}` is {value}, expected a positive number"))
            }
        };
        positive("prior_frames", self.prior_frames)?;
        positive("variance_floor", self.variance_floor)?;
        positive("frames_per_gaussian", self.frames_per_gaussian)?;
        if !(1..=MOST_GAUSSIANS).contains(&self.max_gaussians) {
            return Err(format!("`max_gaussians` is {}, expected 1 to {MOST_GAUSSIANS}", self.max_gaussians));
        }
        if self.training_frames == 0 {
            return Err("`training_frames` is 0, expected a positive number".to_owned());
        }
        Ok(())
    }

    /// Returns the steps of the training: the tying, the largest number of Gaussians per mixture, and the passes.
    pub(super) fn steps(&self) -> Vec<(Tying, usize, u32)> {
        let mut steps = vec![
            (Tying::Class, 1, self.class_passes),
            (Tying::Phone, 1, self.phone_passes),
            (Tying::State, 1, self.state_passes),
        ];
        let most = self.max_gaussians as usize;
        let mut gaussians = 1;
        while gaussians < most {
            gaussians = (2 * gaussians).min(most);
            steps.push((Tying::State, gaussians, self.mixture_passes));
        }
        steps
    }
}

/// Sanity limit on the Gaussians per state: more would model single frames.
const MOST_GAUSSIANS: u32 = 256;
