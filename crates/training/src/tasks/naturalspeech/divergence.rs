//! Origins of losses and gradients that are not finite.

use candle_core::backprop::GradStore;
use candle_core::{DType, Tensor, Var};

use super::forward::Forward;
use crate::Error;

pub(super) fn scalar(loss: &Tensor) -> Result<f64, Error> {
    Ok(loss.to_dtype(DType::F64)?.to_scalar()?)
}

/// Returns the value of a loss, or fails if it is not finite.
pub(super) fn finite(loss: &Tensor, name: &str, step: u64) -> Result<f64, Error> {
    let value = scalar(loss)?;
    let origin = "the outputs of all modules are finite".to_owned();
    if value.is_finite() {
        Ok(value)
    } else {
        Err(Error::Diverged { step, loss: name.to_owned(), value, origin })
    }
}

/// Adds the first module whose output is not finite to a divergence.
pub(super) fn with_origin(error: Error, forward: &Forward, others: &[(&str, &Tensor)]) -> Error {
    let Error::Diverged { step, loss, value, origin } = error else { return error };
    let outputs = [
        ("encoder", &forward.hidden),
        ("durator.predictor", &forward.log_durations),
        ("posterior", &forward.latent),
        ("flow", &forward.latent_at_prior),
        ("durator (mean of the prior)", &forward.prior.mean),
        ("durator (deviation of the prior)", &forward.prior.log_deviation),
    ];
    let of_prior = forward.prior_at_posterior.iter().map(|(latent, _)| ("flow, from the prior", latent));
    let mut all = outputs.into_iter().chain(of_prior).chain(others.iter().copied());
    let origin = match all.find(|(_, output)| !is_finite(output)) {
        Some((module, _)) => format!("`{module}` is the first whose output is not finite"),
        None if ["discriminator", "adversarial", "feature", "end_to_end"].contains(&loss.as_str()) => {
            "`discriminators` are the first whose output is not finite".to_owned()
        }
        None => origin,
    };
    Error::Diverged { step, loss, value, origin }
}

/// Returns true if every value is finite and can be read.
fn is_finite(tensor: &Tensor) -> bool {
    // A sum of finite numbers may be infinite, but 0 times a number is NaN unless it is finite.
    let sum = || tensor.zeros_like()?.mul(tensor)?.sum_all()?.to_dtype(DType::F64)?.to_scalar::<f64>();
    sum().is_ok_and(|sum: f64| sum == 0.0)
}

/// Names the modules whose gradients are not finite.
pub(super) fn gradient_origin(named: &[(String, Var)], gradients: &GradStore) -> String {
    let mut modules: Vec<&str> = Vec::new();
    for (name, variable) in named {
        let module = name.split('.').next().unwrap_or_default();
        let good = gradients.get(variable).is_none_or(is_finite);
        if !good && !modules.contains(&module) {
            modules.push(module);
        }
    }
    match modules[..] {
        [] => "every gradient alone is finite".to_owned(),
        _ => format!("these modules have gradients that are not finite: {}", modules.join(", ")),
    }
}
