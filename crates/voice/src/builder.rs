//! Builder of modules.

use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::{Init, VarBuilder};
use mynah_ops::Precision;

/// Named parameters of a model, and the precision of its products on a GPU.
///
/// Modules take both from the builder, so that models in one process can differ.
#[derive(Clone)]
pub struct Builder<'a> {
    parameters: VarBuilder<'a>,
    precision: Precision,
}

impl std::fmt::Debug for Builder<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Builder");
        shown.field("prefix", &self.parameters.prefix()).field("precision", &self.precision).finish()
    }
}

impl<'a> Builder<'a> {
    /// Returns a builder over these parameters.
    #[must_use]
    pub fn new(parameters: VarBuilder<'a>, precision: Precision) -> Self {
        Self { parameters, precision }
    }

    /// Returns the builder of the parameters below a name.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "same signature as candle's builder, which takes names and numbers"
    )]
    pub fn pp(&self, name: impl ToString) -> Self {
        Self { parameters: self.parameters.pp(name.to_string()), precision: self.precision }
    }

    /// Returns an existing parameter.
    ///
    /// # Errors
    ///
    /// Fails if no parameter has this name and shape.
    pub fn get(&self, shape: impl Into<Shape>, name: &str) -> Result<Tensor> {
        self.parameters.get(shape.into(), name)
    }

    /// Returns a parameter, initialized by `init` if it is new.
    ///
    /// # Errors
    ///
    /// Fails if a parameter has this name and another shape.
    pub fn get_with_hints(&self, shape: impl Into<Shape>, name: &str, init: Init) -> Result<Tensor> {
        self.parameters.get_with_hints(shape.into(), name, init)
    }

    /// Returns the precision of products on a GPU.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Returns the type of the parameters.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.parameters.dtype()
    }

    /// Returns the device of the parameters.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.parameters.device()
    }
}
