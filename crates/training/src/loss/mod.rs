//! Losses of training.

mod adversarial;
mod duration;
mod kl;
mod masked_phones;
mod mel;
mod phase;
mod stft;

pub use adversarial::{discriminator_loss, feature_loss, generator_loss};
pub use duration::{duration_loss, length_loss};
pub(crate) use kl::pairwise_kl;
pub use kl::{Divergence, Gaussians, SoftDtwConfig, aligned_kl, frame_kl, path_ratio};
pub use masked_phones::{Hidden, cross_entropy};
pub use mel::MelLoss;
pub use phase::PhaseLoss;
pub use stft::{RESOLUTIONS, Resolution, StftLoss};
