//! The engine that runs graphs: tract, which is Rust alone.

use mynah_cli::Advised;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid as _;

use super::Onnx;

/// A graph with its input and outputs chosen.
pub(super) struct Engine {
    plan: std::sync::Arc<TypedRunnableModel>,
    /// Dimensions of the input before the last, all 1.
    n_outer: usize,
    /// Output and place of the number of each metric.
    places: Vec<(usize, usize)>,
}

impl Engine {
    /// Prepares a graph for inputs of a length, or of any.
    pub(super) fn of(bytes: &[u8], graph: &Onnx, length: Option<usize>) -> anyhow::Result<Self> {
        let cannot = |why: TractError| {
            let remedy = "simplify the graph, or run it by a program of yours in a `[[command]]`";
            Advised::new(format!("it cannot be run: {why:#}"), remedy)
        };
        let mut model = tract_onnx::onnx().model_for_read(&mut &*bytes).map_err(cannot)?;
        let name = |model: &InferenceModel, outlet: &OutletId| model.node(outlet.node).name.clone();
        let inputs: Vec<String> = model.inputs.iter().map(|outlet| name(&model, outlet)).collect();
        let input = match &graph.input {
            Some(wanted) => inputs.iter().position(|name| name == wanted),
            None => (inputs.len() == 1).then_some(0),
        };
        let Some(input) = input.filter(|_| inputs.len() == 1) else {
            let message = match &graph.input {
                Some(wanted) if inputs.len() == 1 => {
                    format!("it has no input `{wanted}`, only `{}`", inputs[0])
                }
                _ => format!("it has {} inputs, but a wav is one: `{}`", inputs.len(), inputs.join("`, `")),
            };
            return Err(Advised::new(message, "name a graph with one input, which takes samples").into());
        };
        let outputs: Vec<String> = output_names(&model);
        let mut places = Vec::new();
        for metric in &graph.metrics {
            let output = match &metric.output {
                None => 0,
                Some(wanted) => outputs.iter().position(|name| name == wanted).ok_or_else(|| {
                    let message = format!("it has no output `{wanted}`, only `{}`", outputs.join("`, `"));
                    Advised::new(message, "correct `output` of the metric in the protocol")
                })?,
            };
            places.push((output, metric.index));
        }
        let rank = model.input_fact(input).map_err(cannot)?.shape.rank().concretize().unwrap_or(2);
        let n_outer = (rank as usize).saturating_sub(1);
        let mut shape: TVec<TDim> = (0..n_outer).map(|_| 1.into()).collect();
        shape.push(match length {
            Some(length) => length.into(),
            None => model.symbols.sym("samples").into(),
        });
        model.set_input_fact(input, f32::fact(shape).into()).map_err(cannot)?;
        let plan = model.into_optimized().and_then(IntoRunnable::into_runnable).map_err(cannot)?;
        Ok(Self { plan, n_outer, places })
    }

    /// Runs the graph on a window, and returns the number of each metric.
    pub(super) fn run(&self, samples: &[f32]) -> Result<Vec<f64>, String> {
        let mut shape = vec![1; self.n_outer];
        shape.push(samples.len());
        let cannot = |why: TractError| format!("the graph cannot be run on it: {why}");
        let input = Tensor::from_shape(&shape, samples).map_err(cannot)?;
        let outputs = self.plan.run(tvec!(input.into())).map_err(cannot)?;
        let number = |&(output, place): &(usize, usize)| {
            let output = outputs[output].cast_to::<f64>().map_err(cannot)?;
            let numbers = output.to_plain_array_view::<f64>().map_err(cannot)?;
            numbers.iter().nth(place).copied().ok_or_else(|| {
                format!(
                    "the output has {} numbers, but the protocol asks for number {place}, counted from 0",
                    numbers.len()
                )
            })
        };
        self.places.iter().map(number).collect()
    }
}

/// Returns the names of the outputs: their own, or those of the nodes that they come from.
fn output_names(model: &InferenceModel) -> Vec<String> {
    let name = |outlet: &OutletId| {
        let own = model.outlet_label(*outlet).map(str::to_owned);
        own.unwrap_or_else(|| model.node(outlet.node).name.clone())
    };
    model.outputs.iter().map(name).collect()
}
