//! The differentiable form of the network of [`mynah_text::G2p`].

use candle_core::{Result, Tensor};
use candle_nn::Init;
use mynah_ops::{MatrixProduct as _, Precision, lstm};
use mynah_text::{G2pShape, LETTERS, StressState};

use mynah_voice::Builder;
use mynah_voice::blocks::Dropout;

/// Grapheme-to-phoneme network, whose parameters have the names and shapes of [`mynah_text::G2pTensors`].
#[derive(Debug)]
pub struct G2pModel {
    letters: Tensor,
    first_recurrent: Tensor,
    second_input: Tensor,
    second_bias: Tensor,
    second_recurrent: Tensor,
    features: Tensor,
    features_bias: Tensor,
    history: Tensor,
    stress: Tensor,
    output: Tensor,
    output_bias: Tensor,
    shape: G2pShape,
    precision: Precision,
}

/// Input of the network: words of equal length.
#[derive(Debug)]
pub struct Question {
    /// Indices of the letters, `[T·B]`, time-major.
    pub letters: Tensor,
    /// Chunks of the N preceding letters, the nearest first, `[N][T·B]`.
    pub history: Vec<Tensor>,
    /// Indices of the stress states, `[T·B]`.
    pub stress: Tensor,
    /// Letters per word, T.
    pub length: usize,
    /// Number of words, B.
    pub words: usize,
}

impl G2pModel {
    /// Builds the network for a number of chunks.
    ///
    /// # Errors
    ///
    /// Fails if a parameter exists with another shape.
    pub fn new(shape: G2pShape, chunks: usize, vb: &Builder<'_>) -> Result<Self> {
        let G2pShape { hidden, features, history } = shape;
        let uniform = |fan_in: usize| {
            let bound = 1.0 / (fan_in as f64).sqrt();
            Init::Uniform { lo: -bound, up: bound }
        };
        let zero = Init::Const(0.0);
        let recurrent = |name| vb.get_with_hints((2, hidden, 4 * hidden), name, uniform(hidden));
        Ok(Self {
            letters: vb.get_with_hints(
                (LETTERS, 8 * hidden),
                "letters",
                Init::Randn { mean: 0.0, stdev: 0.5 },
            )?,
            first_recurrent: recurrent("first.recurrent")?,
            second_input: vb.get_with_hints((2 * hidden, 8 * hidden), "second.input", uniform(2 * hidden))?,
            second_bias: vb.get_with_hints(8 * hidden, "second.bias", zero)?,
            second_recurrent: recurrent("second.recurrent")?,
            features: vb.get_with_hints((2 * hidden, features), "features.weight", uniform(2 * hidden))?,
            features_bias: vb.get_with_hints(features, "features.bias", zero)?,
            history: vb.get_with_hints(
                (history, chunks + 2, features),
                "features.history",
                Init::Randn { mean: 0.0, stdev: 0.1 },
            )?,
            stress: vb.get_with_hints((StressState::COUNT, features), "features.stress", zero)?,
            output: vb.get_with_hints((features, chunks), "output.weight", uniform(features))?,
            output_bias: vb.get_with_hints(chunks, "output.bias", zero)?,
            shape,
            precision: vb.precision(),
        })
    }

    /// Computes the logits of the chunks.
    ///
    /// # Errors
    ///
    /// Fails if the tensors of the question have inconsistent shapes.
    ///
    /// # Shapes
    ///
    /// Returns `[T·B, C]`, time-major.
    pub fn forward(
        &self,
        question: &Question,
        dropout: &mut Dropout<'_>,
        probability: f64,
    ) -> Result<Tensor> {
        let Question { letters, history, stress, length, words } = question;
        let hidden = self.shape.hidden;
        let in_time = |x: Tensor| x.reshape((*length, *words, 8 * hidden));
        let flat = |x: Tensor| x.reshape((length * words, 2 * hidden));

        let gates = self.letters.index_select(letters, 0)?;
        let first = flat(lstm(&in_time(gates)?, &self.first_recurrent)?)?;
        let first = dropout.apply(&first, probability)?;
        let gates = first.product(&self.second_input, self.precision)?.broadcast_add(&self.second_bias)?;
        let second = flat(lstm(&in_time(gates)?, &self.second_recurrent)?)?;
        let second = dropout.apply(&second, probability)?;

        let mut features =
            second.product(&self.features, self.precision)?.broadcast_add(&self.features_bias)?;
        for (back, chunks) in history.iter().enumerate() {
            features = (features + self.history.get(back)?.index_select(chunks, 0)?)?;
        }
        let squashed = (features + self.stress.index_select(stress, 0)?)?.tanh()?;
        dropout
            .apply(&squashed, probability)?
            .product(&self.output, self.precision)?
            .broadcast_add(&self.output_bias)
    }
}
