//! Comparison of modules with externally computed outputs and gradients.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use serde::Deserialize;

use super::numbers;

/// Seeds of the vectors that gradients are multiplied with.
const PROJECTIONS: [u64; 3] = [200, 201, 202];

/// Golden outputs of a module and dot products of its gradients with pseudo-random vectors.
#[derive(Debug, Clone, Deserialize)]
pub struct GoldenModule {
    outputs: Vec<Output>,
    gradients: BTreeMap<String, Vec<f64>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Output {
    shape: Vec<usize>,
    values: Vec<f64>,
}

/// Sets every parameter to the value that the golden scripts compute for it.
///
/// # Panics
///
/// Panics if the device fails.
pub fn fill_parameters(named: &[(String, Var)]) {
    for (place, (name, variable)) in named.iter().enumerate() {
        let mut value = (numbers(1000 + place as u64, variable.dims()) * 0.4).expect("the device multiplies");
        if name.ends_with("weight_g") || (name.contains(".norm") && name.ends_with(".weight")) {
            value = (value + 1.0).expect("the device adds");
        }
        let value = value.to_dtype(variable.dtype()).expect("the device converts between number types");
        variable.set(&value).expect("the shapes match");
    }
}

impl GoldenModule {
    /// Compares `outputs` and the gradients of `named` with the golden ones, using
    /// `close(got, expected, what)`.
    ///
    /// # Panics
    ///
    /// Panics if the outputs, shapes or variables differ from those in the file.
    pub fn check(
        &self,
        name: &str,
        outputs: &[Tensor],
        named: &[(String, Var)],
        close: impl Fn(&[f64], &[f64], &str),
    ) {
        assert_eq!(outputs.len(), self.outputs.len(), "{name}");
        let mut total: Option<Tensor> = None;
        for (index, (output, expected)) in outputs.iter().zip(&self.outputs).enumerate() {
            assert_eq!(output.dims(), expected.shape, "{name}, output {index}");
            close(&flat(output), &expected.values, &format!("{name}, output {index}"));
            let weights = numbers(100 + index as u64, output.dims());
            let weights = weights.to_dtype(output.dtype()).expect("the device converts between number types");
            let term = (output * weights).and_then(|y| y.sum_all()).expect("the shapes match");
            total =
                Some(total.map_or_else(|| term.clone(), |total| (total + &term).expect("both are scalars")));
        }
        let gradients = total
            .expect("a module has at least one output")
            .backward()
            .expect("the module is differentiable");
        let names: Vec<&String> = named.iter().map(|(name, _)| name).collect();
        let mut wanted: Vec<&String> = self.gradients.keys().collect();
        wanted.sort_by_key(|wanted| names.iter().position(|name| name == wanted));
        assert_eq!(names, wanted, "{name}: parameters differ from the golden script's");
        for (parameter, variable) in named {
            let zero = || variable.zeros_like().expect("the device allocates zeros");
            let gradient = gradients.get(variable).map_or_else(zero, Clone::clone);
            let gradient = gradient.to_dtype(DType::F64).expect("the device converts between number types");
            let product = |seed: u64| -> f64 {
                let product = (&gradient * numbers(seed, gradient.dims())).and_then(|y| y.sum_all());
                product.and_then(|sum| sum.to_scalar()).expect("the shapes match")
            };
            let what = format!("{name}, gradient of {parameter}");
            close(&PROJECTIONS.map(product), &self.gradients[parameter], &what);
        }
    }
}

fn flat(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.flatten_all().and_then(|flat| flat.to_dtype(DType::F64));
    flat.and_then(|flat| flat.to_vec1()).expect("tensors convert to f64")
}
