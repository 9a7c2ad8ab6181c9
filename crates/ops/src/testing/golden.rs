//! Modules against outputs and gradients that another program computed.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use serde::Deserialize;

use super::numbers;

/// What the products of a gradient are multiplied with.
const PROJECTIONS: [u64; 3] = [200, 201, 202];

/// The outputs of a module, and the products of its gradients with pseudo-random numbers.
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

/// Sets every parameter to what the scripts of golden values compute for it.
///
/// # Panics
///
/// When the device fails.
pub fn fill_parameters(named: &[(String, Var)]) {
    for (place, (name, variable)) in named.iter().enumerate() {
        let mut value = (numbers(1000 + place as u64, variable.dims()) * 0.4).expect("a product");
        if name.ends_with("weight_g") || (name.contains(".norm") && name.ends_with(".weight")) {
            value = (value + 1.0).expect("a sum");
        }
        let value = value.to_dtype(variable.dtype()).expect("every type of number is there");
        variable.set(&value).expect("the shape is the variable's");
    }
}

impl GoldenModule {
    /// Compares `outputs` and the gradients of `named` with the golden ones, by `close(got, expected, what)`.
    ///
    /// # Panics
    ///
    /// When there are other outputs, other shapes or other variables than in the file.
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
            let weights = weights.to_dtype(output.dtype()).expect("every type of number is there");
            let term = (output * weights).and_then(|y| y.sum_all()).expect("the same shape");
            total = Some(total.map_or_else(|| term.clone(), |total| (total + &term).expect("two numbers")));
        }
        let gradients = total.expect("a module has outputs").backward().expect("a gradient");
        let names: Vec<&String> = named.iter().map(|(name, _)| name).collect();
        let mut wanted: Vec<&String> = self.gradients.keys().collect();
        wanted.sort_by_key(|wanted| names.iter().position(|name| name == wanted));
        assert_eq!(names, wanted, "{name}: the script has other parameters");
        for (parameter, variable) in named {
            let zero = || variable.zeros_like().expect("zeros");
            let gradient = gradients.get(variable).map_or_else(zero, Clone::clone);
            let gradient = gradient.to_dtype(DType::F64).expect("every type of number is there");
            let product = |seed: u64| -> f64 {
                let product = (&gradient * numbers(seed, gradient.dims())).and_then(|y| y.sum_all());
                product.and_then(|sum| sum.to_scalar()).expect("the same shape")
            };
            let what = format!("{name}, gradient of {parameter}");
            close(&PROJECTIONS.map(product), &self.gradients[parameter], &what);
        }
    }
}

fn flat(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.flatten_all().and_then(|flat| flat.to_dtype(DType::F64));
    flat.and_then(|flat| flat.to_vec1()).expect("every tensor is numbers")
}
