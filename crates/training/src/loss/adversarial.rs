//! Least-squares GAN losses and feature matching.

use candle_core::{Result, Tensor};

use crate::discriminator::Judgement;

/// What the discriminators minimise: real scores towards 1, made ones towards 0.
///
/// ```text
/// L_D = Σ_k mean((1 − D_k(x))²) + mean(D_k(x̂)²)
/// ```
///
/// # References
///
/// NaturalSpeech appendix, equation 14; Mao et al. 2017.
pub fn discriminator_loss(real: &[Judgement], made: &[Judgement]) -> Result<Tensor> {
    sum(real.iter().zip(made).map(|(real, made)| {
        real.score.affine(-1.0, 1.0)?.sqr()?.mean_all()? + made.score.sqr()?.mean_all()?
    }))
}

/// What the generator minimises: its scores towards 1.
///
/// ```text
/// L_G = Σ_k mean((1 − D_k(x̂))²)
/// ```
///
/// # References
///
/// NaturalSpeech appendix, equation 14.
pub fn generator_loss(made: &[Judgement]) -> Result<Tensor> {
    sum(made.iter().map(|made| made.score.affine(-1.0, 1.0)?.sqr()?.mean_all()))
}

/// The mean absolute difference of what the layers of the discriminators saw, summed over layers.
///
/// ```text
/// L_fm = Σ_k Σ_l mean(|D_k^l(x) − D_k^l(x̂)|)
/// ```
///
/// The real features are constants.
///
/// # References
///
/// NaturalSpeech appendix, equation 15; HiFi-GAN.
pub fn feature_loss(real: &[Judgement], made: &[Judgement]) -> Result<Tensor> {
    let layers = real.iter().zip(made).flat_map(|(real, made)| real.features.iter().zip(&made.features));
    sum(layers.map(|(real, made)| (real.detach() - made)?.abs()?.mean_all()))
}

fn sum(mut terms: impl Iterator<Item = Result<Tensor>>) -> Result<Tensor> {
    let first = match terms.next() {
        Some(first) => first?,
        None => candle_core::bail!("a loss over no discriminators"),
    };
    terms.try_fold(first, |sum, term| sum + term?)
}
