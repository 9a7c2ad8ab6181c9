//! Named trainable parameters of a model.
//!
//! Candle's store draws initial values from a generator that cannot be seeded on the CPU. Here each value depends only on
//! the seed and the name of the parameter, not on the order in which modules are built.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::safetensors;
use candle_core::{D, DType, Device, Result as TensorResult, Shape, Tensor, Var};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use mynah_ops::{Noise, Precision};

use crate::Error;
use crate::builder::Builder;

/// Name of the kernel lengths in weight normalization, initialized with the norms of the directions.
pub(crate) const LENGTH: &str = "weight_g";

/// Name of the kernel directions in weight normalization.
pub(crate) const DIRECTION: &str = "weight_v";

/// Trainable parameters of a model.
#[derive(Debug, Clone)]
pub struct Parameters {
    seed: u64,
    dtype: DType,
    device: Device,
    precision: Precision,
    variables: Arc<Mutex<BTreeMap<String, Var>>>,
}

impl Parameters {
    /// Returns an empty set; parameters are created when a module asks for them.
    #[must_use]
    pub fn new(seed: u64, dtype: DType, device: &Device) -> Self {
        Self { seed, dtype, device: device.clone(), precision: Precision::F32, variables: Arc::default() }
    }

    /// Returns the set with another precision for products on a GPU.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Returns the builder of modules over these parameters.
    #[must_use]
    pub fn builder(&self) -> Builder<'static> {
        let parameters = VarBuilder::from_backend(Box::new(self.clone()), self.dtype, self.device.clone());
        Builder::new(parameters, self.precision)
    }

    /// Returns all parameters in the order of their names.
    #[must_use]
    pub fn named(&self) -> Vec<(String, Var)> {
        self.lock().iter().map(|(name, variable)| (name.clone(), variable.clone())).collect()
    }

    /// Returns the number of values in all parameters.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().values().map(|variable| variable.elem_count()).sum()
    }

    /// Returns the parameters as tensors, by name.
    #[must_use]
    pub fn tensors(&self) -> BTreeMap<String, Tensor> {
        self.lock().iter().map(|(name, variable)| (name.clone(), variable.as_tensor().clone())).collect()
    }

    /// Overwrites every parameter with the values in a safetensors file.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Parameters`] if the file does not contain exactly these parameters; nothing is changed then.
    pub fn load(&self, path: &Path) -> Result<(), Error> {
        self.load_below("", path)
    }

    /// Overwrites the parameters whose names start with `prefix` with the values in a safetensors file, which may contain
    /// others.
    ///
    /// # Errors
    ///
    /// Same as [`Parameters::load`].
    pub fn load_below(&self, prefix: &str, path: &Path) -> Result<(), Error> {
        let tensors = safetensors::load(path, &self.device).map_err(Error::file(path))?;
        self.assign_below(prefix, &tensors.into_iter().collect(), path)
    }

    /// Overwrites every parameter with the values in `tensors`, which were read from `path`.
    ///
    /// # Errors
    ///
    /// Same as [`Parameters::load`].
    pub fn assign(&self, tensors: &BTreeMap<String, Tensor>, path: &Path) -> Result<(), Error> {
        self.assign_below("", tensors, path)
    }

    /// Checks that `tensors`, which were read from `path`, are these parameters, in name and shape.
    ///
    /// # Errors
    ///
    /// Returns [`Error::Parameters`] if they are not.
    pub fn check(&self, tensors: &BTreeMap<String, Tensor>, path: &Path) -> Result<(), Error> {
        self.check_below("", tensors, path)
    }

    fn check_below(
        &self,
        prefix: &str,
        tensors: &BTreeMap<String, Tensor>,
        path: &Path,
    ) -> Result<(), Error> {
        let variables = self.lock();
        let below = |name: &&String| name.starts_with(prefix);
        let missing: Vec<String> =
            variables.keys().filter(below).filter(|name| !tensors.contains_key(*name)).cloned().collect();
        let unknown: Vec<String> =
            tensors.keys().filter(below).filter(|name| !variables.contains_key(*name)).cloned().collect();
        let reshaped: Vec<String> = variables
            .iter()
            .filter(|(name, _)| below(name))
            .filter(|(name, variable)| {
                tensors.get(*name).is_some_and(|tensor| tensor.shape() != variable.shape())
            })
            .map(|(name, _)| name.clone())
            .collect();
        if !(missing.is_empty() && unknown.is_empty() && reshaped.is_empty()) {
            return Err(Error::Parameters { path: path.to_owned(), missing, unknown, reshaped });
        }
        Ok(())
    }

    fn assign_below(
        &self,
        prefix: &str,
        tensors: &BTreeMap<String, Tensor>,
        path: &Path,
    ) -> Result<(), Error> {
        self.check_below(prefix, tensors, path)?;
        for (name, variable) in self.lock().iter().filter(|(name, _)| name.starts_with(prefix)) {
            variable.set(&tensors[name].to_device(&self.device)?.to_dtype(self.dtype)?)?;
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Var>> {
        // A panic elsewhere cannot leave a variable half written.
        self.variables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn initial(&self, shape: &Shape, name: &str, init: Init) -> TensorResult<Tensor> {
        let mut digest = [0; 8];
        digest.copy_from_slice(&blake3::hash(name.as_bytes()).as_bytes()[..8]);
        let mut noise = Noise::new(self.seed ^ u64::from_le_bytes(digest));
        match init {
            Init::Const(value) => Tensor::full(value, shape, &self.device)?.to_dtype(self.dtype),
            Init::Randn { mean, stdev } => {
                noise.normal(shape.clone(), self.dtype, &self.device)?.affine(stdev, mean)
            }
            Init::Uniform { lo, up } => {
                noise.uniform(shape.clone(), self.dtype, &self.device)?.affine(up - lo, lo)
            }
            Init::Kaiming { .. } => candle_core::bail!("`{name}`: Kaiming initialization is not supported"),
        }
    }
}

impl SimpleBackend for Parameters {
    fn get(&self, shape: Shape, name: &str, init: Init, _: DType, _: &Device) -> TensorResult<Tensor> {
        let direction = name.strip_suffix(LENGTH).map(|stem| format!("{stem}{DIRECTION}"));
        let mut variables = self.lock();
        if let Some(variable) = variables.get(name) {
            if variable.shape() != &shape {
                candle_core::bail!("`{name}` has the shape {:?}, expected {shape:?}", variable.shape());
            }
            return Ok(variable.as_tensor().clone());
        }
        let initial = match direction.and_then(|direction| variables.get(&direction)) {
            Some(direction) => direction.flatten_from(1)?.sqr()?.sum(D::Minus1)?.sqrt()?.reshape(shape)?,
            None => self.initial(&shape, name, init)?,
        };
        let variable = Var::from_tensor(&initial)?;
        variables.insert(name.to_owned(), variable.clone());
        Ok(variable.as_tensor().clone())
    }

    fn get_unchecked(&self, name: &str, _: DType, _: &Device) -> TensorResult<Tensor> {
        match self.lock().get(name) {
            Some(variable) => Ok(variable.as_tensor().clone()),
            None => candle_core::bail!("there is no parameter `{name}`"),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.lock().contains_key(name)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::DType;
    use candle_nn::Init;
    use mynah_ops::testing::device;

    use super::Parameters;
    use crate::Error;

    const UNIFORM: Init = Init::Uniform { lo: -0.5, up: 0.5 };

    fn values(parameters: &Parameters, name: &str) -> Vec<f32> {
        let parameter = parameters.builder().get_with_hints(6, name, UNIFORM).unwrap();
        parameter.to_vec1().unwrap()
    }

    #[test]
    fn values_depend_on_seed_and_name_but_not_on_order() {
        let new = |seed| Parameters::new(seed, DType::F32, &device());
        let (one, two) = (new(1), new(1));
        let (a, b) = (values(&one, "a"), values(&one, "b"));
        assert_eq!((values(&two, "b"), values(&two, "a")), (b.clone(), a.clone()));
        assert_ne!(a, b);
        assert_ne!(a, values(&new(2), "a"));
        assert!(a.iter().all(|value| (-0.5..0.5).contains(value)));
    }

    #[test]
    fn initializes_lengths_with_the_norms_of_directions() {
        let parameters = Parameters::new(0, DType::F64, &device());
        let builder = parameters.builder().pp("conv");
        let direction = builder.get_with_hints((2, 3, 1), "weight_v", UNIFORM).unwrap();
        let length = builder.get_with_hints((2, 1, 1), "weight_g", Init::Const(1.0)).unwrap();
        let direction: Vec<f64> = direction.flatten_all().unwrap().to_vec1().unwrap();
        let length: Vec<f64> = length.flatten_all().unwrap().to_vec1().unwrap();
        let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        assert!((length[0] - norm(&direction[..3])).abs() < 1e-12);
        assert!((length[1] - norm(&direction[3..])).abs() < 1e-12);
    }

    #[test]
    fn rejects_a_file_with_other_parameters_and_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.safetensors");
        let written = Parameters::new(1, DType::F32, &device());
        let (a, _) = (values(&written, "a"), values(&written, "b"));
        candle_core::safetensors::save(&written.tensors().into_iter().collect(), &path).unwrap();

        let same = Parameters::new(2, DType::F32, &device());
        let _ = (values(&same, "a"), values(&same, "b"));
        same.load(&path).unwrap();
        assert_eq!(values(&same, "a"), a);

        let other = Parameters::new(2, DType::F32, &device());
        let before = (values(&other, "a"), values(&other, "c"));
        match other.load(&path).unwrap_err() {
            Error::Parameters { missing, unknown, reshaped, .. } => {
                assert_eq!(
                    (missing, unknown, reshaped),
                    (vec!["c".to_owned()], vec!["b".to_owned()], vec![])
                );
            }
            error => panic!("{error}"),
        }
        assert_eq!((values(&other, "a"), values(&other, "c")), before);
        // Below a prefix only its own parameters are required.
        other.load_below("a", &path).unwrap();
        assert_eq!((values(&other, "a"), values(&other, "c")), (a, before.1));
        assert!(matches!(other.load_below("c", &path), Err(Error::Parameters { .. })));
    }
}
