//! The settings of the aligner.

use serde::{Deserialize, Serialize};

use super::tying::Tying;

/// Where durations come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlignmentSource {
    /// From [`align`](super::align).
    #[default]
    Aligner,
    /// From the files of another tool, where it has them.
    Imported,
}

/// How the aligner is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlignConfig {
    /// Whose durations the dataset has; nothing to [`align`](super::align) itself.
    pub source: AlignmentSource,
    /// Passes with one Gaussian per broad class.
    pub class_passes: u32,
    /// Passes with one Gaussian per phone.
    pub phone_passes: u32,
    /// Passes with one Gaussian per state.
    pub state_passes: u32,
    /// Passes after each doubling of the Gaussians.
    pub mixture_passes: u32,
    /// The most Gaussians of a state. One finds boundaries best (`docs/decisions/0014-one-gaussian-a-state.md`).
    pub max_gaussians: u32,
    /// A state has one Gaussian for each so many frames.
    pub frames_per_gaussian: f64,
    /// How many frames of the parent Gaussian each Gaussian is smoothed with.
    pub prior_frames: f64,
    /// The smallest variance, as a fraction of the variance of all frames.
    pub variance_floor: f64,
    /// About so many frames are trained on at most; of a larger corpus a part, taken evenly. All of it is aligned.
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
    /// What is wrong with these settings, if anything is.
    ///
    /// # Errors
    ///
    /// A sentence that names the setting.
    pub fn check(&self) -> Result<(), String> {
        let positive = |name: &str, value: f64| {
            if value.is_finite() && value > 0.0 {
                Ok(())
            } else {
                Err(format!("`{name}` is {value}, and must be above 0"))
            }
        };
        positive("prior_frames", self.prior_frames)?;
        positive("variance_floor", self.variance_floor)?;
        positive("frames_per_gaussian", self.frames_per_gaussian)?;
        if !(1..=MOST_GAUSSIANS).contains(&self.max_gaussians) {
            return Err(format!(
                "`max_gaussians` is {}, and must be 1 to {MOST_GAUSSIANS}",
                self.max_gaussians
            ));
        }
        if self.training_frames == 0 {
            return Err("`training_frames` is 0: there would be nothing to train on".to_owned());
        }
        Ok(())
    }

    /// The steps of the training: the tying, the most Gaussians of a mixture, and the passes.
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

/// More Gaussians in a state are a mistake: they would model single frames.
const MOST_GAUSSIANS: u32 = 256;
