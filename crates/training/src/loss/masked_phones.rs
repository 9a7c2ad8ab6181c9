//! Losses of masked language modeling on two levels: masked symbols, and masked sup-phonemes.

use candle_core::{D, Result, Tensor};

/// Computes the cross-entropy of classes, summed over the rows.
///
/// ```text
/// CE = Σ_i ( ln Σ_v e^(x_iv) − x_i,t(i) )
/// ```
///
/// The largest logit of a row is subtracted first, so no finite logit overflows. Sums, unlike means, can be added over the
/// batches of a step; training minimizes their mean.
///
/// # Shapes
///
/// `scores` [N, classes], `targets` `[N]` (u32) → a scalar.
pub fn cross_entropy(scores: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let largest = scores.detach().max_keepdim(D::Minus1)?;
    let scores = scores.broadcast_sub(&largest)?;
    let total = scores.exp()?.sum(D::Minus1)?.log()?;
    let right = scores.gather(&targets.unsqueeze(1)?, 1)?.squeeze(1)?;
    (total - right)?.sum_all()
}

/// Masked symbols of a batch, with their true values.
///
/// # Shapes
///
/// P masked symbols in S masked sup-phonemes of a batch [B, n].
#[derive(Debug, Clone)]
pub struct Hidden {
    /// Positions of the masked symbols in the flattened batch, item · n + symbol; `[P]`, u32.
    pub places: Tensor,
    /// Index of the masked sup-phoneme of each symbol; equal neighbors have different indices. `[P]`, u32.
    pub span_of_place: Tensor,
    /// Number of symbols of each sup-phoneme, [S, 1].
    pub span_lengths: Tensor,
    /// True symbols; `[P]`, u32.
    pub symbols: Tensor,
    /// True sup-phonemes; `[S]`, u32.
    pub sup_phones: Tensor,
}

impl Hidden {
    /// Selects the hidden states of the masked symbols, and averages them over each masked sup-phoneme.
    ///
    /// # Shapes
    ///
    /// `states` [B, h, n] → [P, h] and [S, h].
    pub fn states(&self, states: &Tensor) -> Result<(Tensor, Tensor)> {
        let (batch, channels, length) = states.dims3()?;
        let rows = states.transpose(1, 2)?.contiguous()?.reshape((batch * length, channels))?;
        let of_symbols = rows.index_select(&self.places, 0)?;
        let spans = self.sup_phones.dim(0)?;
        let zeros = Tensor::zeros((spans, channels), states.dtype(), states.device())?;
        let of_spans =
            zeros.index_add(&self.span_of_place, &of_symbols, 0)?.broadcast_div(&self.span_lengths)?;
        Ok((of_symbols, of_spans))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Tensor};
    use mynah_ops::testing::{check_gradients, device, normal};

    use super::{Hidden, cross_entropy};

    /// Tolerance of the same sums computed in two ways in f64.
    const ROUNDING: f64 = 1e-12;

    fn ids(values: &[u32]) -> Tensor {
        Tensor::new(values, &device()).unwrap()
    }

    fn hidden() -> Hidden {
        // Symbols 0, 1 and 2, 3 of the first item, symbol 1 of the second, of four.
        Hidden {
            places: ids(&[0, 1, 2, 3, 5]),
            span_of_place: ids(&[0, 0, 1, 1, 2]),
            span_lengths: Tensor::new(&[[2.0], [2.0], [1.0]], &device()).unwrap(),
            symbols: ids(&[4, 1, 4, 1, 0]),
            sup_phones: ids(&[6, 6, 0]),
        }
    }

    #[test]
    fn agrees_with_the_formula_and_with_finite_differences() {
        let scores = (normal(1, (5, 7)) * 3.0).unwrap();
        let targets = [4, 1, 4, 1, 0];
        let rows: Vec<Vec<f64>> = scores.to_vec2().unwrap();
        let expected: f64 = rows
            .iter()
            .zip(targets)
            .map(|(row, target)| row.iter().map(|x| x.exp()).sum::<f64>().ln() - row[target as usize])
            .sum();
        let got: f64 = cross_entropy(&scores, &ids(&targets)).unwrap().to_scalar().unwrap();
        assert!((got - expected).abs() < ROUNDING, "{got} {expected}");
        check_gradients(&[scores], |x| cross_entropy(&x[0], &ids(&targets))).unwrap();
    }

    #[test]
    fn large_logits_do_not_overflow() {
        let scores = Tensor::new(&[[1e4_f32, 0.0, -1e4], [0.0, 1e4, 1e4]], &device()).unwrap();
        let loss: f32 = cross_entropy(&scores, &ids(&[1, 2])).unwrap().to_scalar().unwrap();
        assert!((f64::from(loss) - (1e4 + 2.0_f64.ln())).abs() < 1e-2, "{loss}");
    }

    #[test]
    fn averages_the_symbols_of_a_sup_phoneme_and_separates_equal_neighbors() {
        let states = normal(2, (2, 3, 4));
        let (of_symbols, of_spans) = hidden().states(&states).unwrap();
        let states: Vec<Vec<Vec<f64>>> = states.to_vec3().unwrap();
        let of_symbols: Vec<Vec<f64>> = of_symbols.to_vec2().unwrap();
        let of_spans: Vec<Vec<f64>> = of_spans.to_vec2().unwrap();
        for channel in 0..3 {
            for (row, (item, symbol)) in [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1)].into_iter().enumerate() {
                assert!((of_symbols[row][channel] - states[item][channel][symbol]).abs() < ROUNDING);
            }
            let first = &states[0][channel];
            let means =
                [f64::midpoint(first[0], first[1]), f64::midpoint(first[2], first[3]), states[1][channel][1]];
            for (row, mean) in means.into_iter().enumerate() {
                assert!((of_spans[row][channel] - mean).abs() < ROUNDING);
            }
        }
        let weights = normal(3, (3, 3)).to_dtype(DType::F64).unwrap();
        check_gradients(&[normal(2, (2, 3, 4))], |x| {
            let (of_symbols, of_spans) = hidden().states(&x[0])?;
            of_symbols.sqr()?.sum_all()? + (of_spans * &weights)?.sum_all()?
        })
        .unwrap();
    }
}
