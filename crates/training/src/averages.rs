//! Moving averages of parameters.

use std::path::Path;

use candle_core::Device;
use mynah_voice::Parameters;

use crate::Error;
use crate::task::Tensors;

/// Exponential moving averages of all parameters of a model.
///
/// ```text
/// a ← d a + (1 − d) p      d = min(decay, (1 + k) / (10 + k)) after k updates
/// ```
///
/// The smaller decay of the first updates lets the average forget the initial values.
#[derive(Debug, Clone)]
pub(crate) struct Averages {
    decay: f64,
    updates: u64,
    tensors: Tensors,
}

impl Averages {
    /// Returns averages that equal the parameters.
    pub(crate) fn new(decay: f64, parameters: &Parameters) -> Result<Self, Error> {
        let mut averages = Self { decay, updates: 0, tensors: Tensors::new() };
        averages.reset(parameters)?;
        Ok(averages)
    }

    /// Restores averages that were saved after `updates` updates, on the device of those that they replace.
    pub(crate) fn restore(&mut self, tensors: Tensors, updates: u64) -> Result<(), Error> {
        let device = self.tensors.values().next().map_or(Device::Cpu, |tensor| tensor.device().clone());
        let moved = tensors.into_iter().map(|(name, tensor)| Ok((name, tensor.to_device(&device)?)));
        self.tensors = moved.collect::<Result<_, Error>>()?;
        self.updates = updates;
        Ok(())
    }

    /// Sets the averages to the parameters, as before the first update.
    pub(crate) fn reset(&mut self, parameters: &Parameters) -> Result<(), Error> {
        self.updates = 0;
        self.tensors = copies(parameters.tensors())?;
        Ok(())
    }

    /// Sets the averages of the parameters whose names start with `prefix` to the parameters.
    pub(crate) fn reset_below(&mut self, prefix: &str, parameters: &Parameters) -> Result<(), Error> {
        let mut below = parameters.tensors();
        below.retain(|name, _| name.starts_with(prefix));
        self.tensors.extend(copies(below)?);
        Ok(())
    }

    /// Moves the averages towards the parameters.
    pub(crate) fn update(&mut self, parameters: &Parameters) -> Result<(), Error> {
        let updates = self.updates as f64;
        let decay = self.decay.min((1.0 + updates) / (10.0 + updates));
        for (name, parameter) in parameters.tensors() {
            if let Some(average) = self.tensors.get_mut(&name) {
                *average = ((&*average * decay)? + (parameter.detach() * (1.0 - decay))?)?;
            }
        }
        self.updates += 1;
        Ok(())
    }

    /// Returns the number of updates.
    pub(crate) fn updates(&self) -> u64 {
        self.updates
    }

    /// Returns the averages by name.
    pub(crate) fn tensors(&self) -> &Tensors {
        &self.tensors
    }

    /// Calls `measure` while the parameters have the averages as values.
    pub(crate) fn applied<T>(
        &self,
        parameters: &Parameters,
        measure: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        let own = copies(parameters.tensors())?;
        parameters.assign(&self.tensors, Path::new("averages"))?;
        let measured = measure();
        parameters.assign(&own, Path::new("parameters"))?;
        measured
    }
}

/// Copies tensors, since parameters change in place, and cannot be set to their own tensors.
pub(crate) fn copies(tensors: Tensors) -> Result<Tensors, Error> {
    let copied = tensors.into_iter().map(|(name, tensor)| Ok((name, tensor.copy()?.detach())));
    copied.collect()
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use candle_nn::Init;
    use mynah_ops::testing::device;

    use super::*;

    fn parameters() -> Parameters {
        let parameters = Parameters::new(0, DType::F64, &device());
        parameters.builder().get_with_hints(1, "x", Init::Const(1.0)).unwrap();
        parameters
    }

    fn set(parameters: &Parameters, value: f64) {
        for (_, variable) in parameters.named() {
            variable.set(&(variable.ones_like().unwrap() * value).unwrap()).unwrap();
        }
    }

    fn value(tensors: &Tensors) -> f64 {
        tensors["x"].to_vec1::<f64>().unwrap()[0]
    }

    #[test]
    fn the_decay_grows_to_its_limit() {
        let parameters = parameters();
        let mut averages = Averages::new(0.5, &parameters).unwrap();
        let mut expected = 1.0;
        for step in 0..30_u32 {
            let parameter = f64::from(step * step);
            set(&parameters, parameter);
            averages.update(&parameters).unwrap();
            let decay = 0.5_f64.min((1.0 + f64::from(step)) / (10.0 + f64::from(step)));
            expected = decay * expected + (1.0 - decay) * parameter;
            assert!((value(averages.tensors()) - expected).abs() < 1e-12 * expected);
        }
    }

    /// Checkpoints are read into the memory of the processor, wherever the parameters are.
    #[test]
    fn restored_averages_go_on() {
        let parameters = parameters();
        let mut averages = Averages::new(0.5, &parameters).unwrap();
        let saved = Tensor::new(&[3.0_f64], &Device::Cpu).unwrap();
        averages.restore([("x".to_owned(), saved)].into(), 100).unwrap();
        averages.update(&parameters).unwrap();
        assert!((value(averages.tensors()) - 2.0).abs() < 1e-12);
        assert_eq!(averages.updates(), 101);
    }

    #[test]
    fn parameters_have_their_own_values_after_a_measurement() {
        let parameters = parameters();
        let averages = Averages::new(0.9, &parameters).unwrap();
        set(&parameters, 7.0);
        let during = averages.applied(&parameters, || Ok(value(&parameters.tensors()))).unwrap();
        assert_eq!((during, value(&parameters.tensors())), (1.0, 7.0));
        let failed = averages.applied(&parameters, || Err::<(), _>(Error::Empty { why: "nothing" }));
        assert!(failed.is_err() && (value(&parameters.tensors()) - 7.0).abs() < f64::EPSILON);
    }
}
