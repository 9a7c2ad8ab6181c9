//! What modules are built from.

use candle_core::{DType, Device, Result, Shape, Tensor};
use candle_nn::{Init, VarBuilder};
use mynah_ops::Precision;

/// The parameters of a model by name, and how exactly a GPU multiplies with them.
///
/// A module takes its parameters and its precision from the builder that it is given, so that each model of a process has its
/// own.
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
    /// A builder over these parameters.
    #[must_use]
    pub fn new(parameters: VarBuilder<'a>, precision: Precision) -> Self {
        Self { parameters, precision }
    }

    /// The parameters below a name.
    #[must_use]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "names and numbers are given as they are to candle's builder"
    )]
    pub fn pp(&self, name: impl ToString) -> Self {
        Self { parameters: self.parameters.pp(name.to_string()), precision: self.precision }
    }

    /// A parameter that is there.
    ///
    /// # Errors
    ///
    /// When there is none of this name and shape.
    pub fn get(&self, shape: impl Into<Shape>, name: &str) -> Result<Tensor> {
        self.parameters.get(shape.into(), name)
    }

    /// A parameter; where it is new it begins as `init` says.
    ///
    /// # Errors
    ///
    /// When there is one of this name and another shape.
    pub fn get_with_hints(&self, shape: impl Into<Shape>, name: &str, init: Init) -> Result<Tensor> {
        self.parameters.get_with_hints(shape.into(), name, init)
    }

    /// How exactly a GPU multiplies.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The type of the parameters.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.parameters.dtype()
    }

    /// The device of the parameters.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.parameters.device()
    }
}
