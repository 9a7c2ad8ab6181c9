//! Least-squares GAN losses and feature matching.

use candle_core::{Result, Tensor};

use crate::discriminator::DiscriminatorOutput;

/// Computes the loss of the discriminators, which moves real scores towards 1 and generated ones towards 0.
///
/// ```text
/// L_D = Σ_k mean((1 − D_k(x))²) + mean(D_k(x̂)²)
/// ```
///
/// # References
///
/// NaturalSpeech appendix, equation 14; Mao et al. 2017.
pub fn discriminator_loss(real: &[DiscriminatorOutput], generated: &[DiscriminatorOutput]) -> Result<Tensor> {
    sum(real.iter().zip(generated).map(|(real, generated)| {
        real.score.affine(-1.0, 1.0)?.sqr()?.mean_all()? + generated.score.sqr()?.mean_all()?
    }))
}

/// Computes the adversarial loss of the generator, which moves its scores towards 1.
///
/// ```text
/// L_G = Σ_k mean((1 − D_k(x̂))²)
/// ```
///
/// # References
///
/// NaturalSpeech appendix, equation 14.
pub fn generator_loss(generated: &[DiscriminatorOutput]) -> Result<Tensor> {
    sum(generated.iter().map(|generated| generated.score.affine(-1.0, 1.0)?.sqr()?.mean_all()))
}

/// Computes the mean absolute difference of the discriminator features, summed over layers.
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
pub fn feature_loss(real: &[DiscriminatorOutput], generated: &[DiscriminatorOutput]) -> Result<Tensor> {
    let layers = real
        .iter()
        .zip(generated)
        .flat_map(|(real, generated)| real.features.iter().zip(&generated.features));
    sum(layers.map(|(real, generated)| (real.detach() - generated)?.abs()?.mean_all()))
}

fn sum(mut terms: impl Iterator<Item = Result<Tensor>>) -> Result<Tensor> {
    let first = match terms.next() {
        Some(first) => first?,
        None => candle_core::bail!("there are no discriminators to compute a loss from"),
    };
    terms.try_fold(first, |sum, term| sum + term?)
}
