//! Settings of the aligner.

use serde::{Deserialize, Serialize};

use super::tying::Tying;

/// Source of durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlignmentSource {
    /// The aligner of this crate, [`align`](super::align).
    #[default]
    Aligner,
    /// Files of another tool, where available.
    Imported,
}

/// Settings of the aligner's training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlignConfig {
    /// Source of the dataset's durations; ignored by [`align`](super::align) itself.
    pub source: AlignmentSource,
    /// Number of passes with one Gaussian per broad class.
    pub class_passes: u32,
    /// Number of passes with one Gaussian per phone.
    pub phone_passes: u32,
    /// Number of passes with one Gaussian per state.
    pub state_passes: u32,
    /// Number of passes after each doubling of the Gaussians.
    pub mixture_passes: u32,
    /// Largest number of Gaussians per state. One finds boundaries best
    /// (`docs/decisions/0014-one-gaussian-a-state.md`).
    pub max_gaussians: u32,
    /// Number of frames required for each Gaussian of a state.
    pub frames_per_gaussian: f64,
    /// Number of frames of the parent Gaussian with which each Gaussian is smoothed.
    pub prior_frames: f64,
    /// Smallest variance, as a fraction of the variance of all frames.
    pub variance_floor: f64,
    /// Approximate limit on the frames trained on; a larger corpus is subsampled evenly. All of it is aligned.
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
