//! Inference.

use std::collections::BTreeMap;

use super::arithmetic::{ONE, activation, dot, sigmoid, tanh};
use super::pack::Stored;
use super::stress::StressState;
use super::tensors::{G2pShape, Kind};
use crate::phone::Phone;

/// Integer matrix with a scale for each output.
#[derive(Debug, Clone)]
pub(super) struct Matrix {
    pub(super) inputs: usize,
    pub(super) scales: Vec<f32>,
    /// Weights output by output, within ±127; stored as 16 bits because the processor multiplies eight 16-bit
    /// numbers at a time.
    pub(super) weights: Vec<i16>,
}

impl Matrix {
    fn row(&self, output: usize) -> &[i16] {
        &self.weights[output * self.inputs..(output + 1) * self.inputs]
    }

    /// Computes one output.
    fn output(&self, output: usize, activations: &[i16]) -> f32 {
        dot(self.row(output), activations) as f32 * (self.scales[output] / ONE)
    }

    /// Adds every output to `sums`.
    fn add_product(&self, sums: &mut [f32], activations: &[i16]) {
        for (output, sum) in sums.iter_mut().enumerate() {
            *sum += self.output(output, activations);
        }
    }

    /// Adds a row, as a lookup table.
    fn add_row(&self, sums: &mut [f32], row: usize) {
        let scale = self.scales[row];
        for (sum, weight) in sums.iter_mut().zip(self.row(row)) {
            *sum += f32::from(*weight) * scale;
        }
    }
}

/// Weights, ready for inference.
#[derive(Debug)]
pub(super) struct Network {
    shape: G2pShape,
    letters: Vec<f32>,
    first_recurrent: Vec<Matrix>,
    second_input: Matrix,
    second_bias: Vec<f32>,
    second_recurrent: Vec<Matrix>,
    features: Matrix,
    features_bias: Vec<f32>,
    history: Vec<Matrix>,
    stress: Vec<f32>,
    output: Matrix,
    output_bias: Vec<f32>,
}

impl Network {
    /// Builds a network from its tensors; `None` if one is missing or of another kind.
    pub(super) fn new(shape: G2pShape, mut stored: BTreeMap<&'static str, Stored>) -> Option<Self> {
        let mut plain = |name| match stored.remove(name) {
            Some(Stored::Plain(values)) => Some(values),
            _ => None,
        };
        let letters = plain("letters")?;
        let second_bias = plain("second.bias")?;
        let features_bias = plain("features.bias")?;
        let stress = plain("features.stress")?;
        let output_bias = plain("output.bias")?;
        let mut matrices = |name| match stored.remove(name) {
            Some(Stored::Matrices(matrices)) => Some(matrices),
            _ => None,
        };
        Some(Self {
            shape,
            letters,
            first_recurrent: matrices("first.recurrent")?,
            second_input: matrices("second.input")?.pop()?,
            second_bias,
            second_recurrent: matrices("second.recurrent")?,
            features: matrices("features.weight")?.pop()?,
            features_bias,
            history: matrices("features.history")?,
            stress,
            output: matrices("output.weight")?.pop()?,
            output_bias,
        })
    }

    /// Computes the part of each letter's features that depends on the letters alone.
    pub(super) fn encode(&self, letters: &[usize]) -> Vec<Vec<f32>> {
        let width = 8 * self.shape.hidden;
        let gates: Vec<Vec<f32>> = letters
            .iter()
            .map(|letter| self.letters[letter * width..(letter + 1) * width].to_vec())
            .collect();
        let first = self.recur(&gates, &self.first_recurrent);
        let mut gates = vec![self.second_bias.clone(); letters.len()];
        // Output by output, so that its weights are read from memory once.
        for output in 0..width {
            for (gates, activations) in gates.iter_mut().zip(&first) {
                gates[output] += self.second_input.output(output, activations);
            }
        }
        let second = self.recur(&gates, &self.second_recurrent);
        let feature = |activations: &Vec<i16>| {
            let mut features = self.features_bias.clone();
            self.features.add_product(&mut features, activations);
            features
        };
        second.iter().map(feature).collect()
    }

    /// Runs a layer in both directions, and returns their hidden states side by side.
    fn recur(&self, gates: &[Vec<f32>], recurrent: &[Matrix]) -> Vec<Vec<i16>> {
        let hidden = self.shape.hidden;
        let mut states = vec![vec![0; 2 * hidden]; gates.len()];
        for (direction, recurrent) in recurrent.iter().enumerate() {
            let mut cells = vec![0.0_f32; hidden];
            let mut before: Option<Vec<i16>> = None;
            for step in 0..gates.len() {
                let at = if direction == 0 { step } else { gates.len() - 1 - step };
                let mut z = gates[at][direction * 4 * hidden..(direction + 1) * 4 * hidden].to_vec();
                if let Some(before) = &before {
                    recurrent.add_product(&mut z, before);
                }
                let state = &mut states[at][direction * hidden..(direction + 1) * hidden];
                advance(&z, &mut cells, state);
                before = Some(state.to_vec());
            }
        }
        states
    }

    /// Returns the tanh of the features of a letter, given the chunks before it (the last first) and the
    /// stress so far.
    pub(super) fn squash(
        &self,
        encoded: &[f32],
        before: impl Iterator<Item = usize>,
        stress: StressState,
    ) -> Vec<i16> {
        let mut sums = encoded.to_vec();
        for (table, chunk) in self.history.iter().zip(before) {
            table.add_row(&mut sums, chunk);
        }
        let row = &self.stress[stress.index() * sums.len()..];
        sums.iter().zip(row).map(|(sum, stress)| activation(tanh(sum + stress))).collect()
    }

    /// Computes the logit of a chunk.
    pub(super) fn logit(&self, squashed: &[i16], chunk: usize) -> f32 {
        self.output_bias[chunk] + self.output.output(chunk, squashed)
    }

    /// Returns the number of previous chunks the network sees, and the index that stands for no letter.
    pub(super) fn history(&self) -> (usize, usize) {
        (self.shape.history, self.output_bias.len())
    }

    /// Computes the logits; see [`G2p::logits`](super::G2p::logits).
    pub(super) fn logits(&self, phones: &[Vec<Phone>], letters: &[usize], chunks: &[usize]) -> Vec<Vec<f32>> {
        let (count, nothing) = self.history();
        let mut stress = StressState::default();
        let mut logits = Vec::with_capacity(letters.len());
        for (at, encoded) in self.encode(letters).iter().enumerate() {
            let before = (1..=count).map(|back| at.checked_sub(back).map_or(nothing, |at| chunks[at]));
            let squashed = self.squash(encoded, before, stress);
            logits.push((0..nothing).map(|chunk| self.logit(&squashed, chunk)).collect());
            stress = stress.after(&phones[chunks[at]]);
        }
        logits
    }

    /// Returns the tensors as numbers.
    pub(super) fn tensors(&self) -> (G2pShape, BTreeMap<String, Vec<f32>>) {
        let plain = |name| match name {
            "letters" => &self.letters,
            "second.bias" => &self.second_bias,
            "features.bias" => &self.features_bias,
            "features.stress" => &self.stress,
            _ => &self.output_bias,
        };
        let matrices = |name| match name {
            "first.recurrent" => &self.first_recurrent[..],
            "second.input" => std::slice::from_ref(&self.second_input),
            "second.recurrent" => &self.second_recurrent,
            "features.weight" => std::slice::from_ref(&self.features),
            "features.history" => &self.history,
            _ => std::slice::from_ref(&self.output),
        };
        let mut values = BTreeMap::new();
        for part in self.shape.parts(self.output_bias.len()) {
            let mut numbers = Vec::with_capacity(part.copies * part.rows * part.columns);
            match part.kind {
                Kind::Plain => numbers.clone_from(plain(part.name)),
                Kind::Table | Kind::Product => {
                    for matrix in matrices(part.name) {
                        for index in 0..part.rows * part.columns {
                            let (row, column) = (index / part.columns, index % part.columns);
                            let (output, input) =
                                if part.kind == Kind::Table { (row, column) } else { (column, row) };
                            numbers.push(f32::from(matrix.row(output)[input]) * matrix.scales[output]);
                        }
                    }
                }
            }
            values.insert(part.name.to_owned(), numbers);
        }
        (self.shape, values)
    }
}

/// Performs one LSTM step from the gates i, f, g, o.
fn advance(z: &[f32], cells: &mut [f32], states: &mut [i16]) {
    let hidden = cells.len();
    let (i, rest) = z.split_at(hidden);
    let (f, rest) = rest.split_at(hidden);
    let (g, o) = rest.split_at(hidden);
    let gates = i.iter().zip(f).zip(g.iter().zip(o));
    for (((i, f), (g, o)), (cell, state)) in gates.zip(cells.iter_mut().zip(states)) {
        *cell = sigmoid(*f) * *cell + sigmoid(*i) * tanh(*g);
        *state = activation(sigmoid(*o) * tanh(*cell));
    }
}
