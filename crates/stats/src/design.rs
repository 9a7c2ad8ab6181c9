//! Designs: the raters and items of judgments under consecutive indices.

use std::collections::BTreeMap;

use crate::check;
use crate::dense::Cholesky;
use crate::error::Error;

/// Raters and items of a list of judgments, with names replaced by indices from 0 in ascending order of the names.
#[derive(Debug, Clone)]
pub(crate) struct Design {
    pub(crate) raters: Vec<usize>,
    pub(crate) items: Vec<usize>,
    /// Name of each rater index.
    pub(crate) rater_names: Vec<usize>,
    /// Name of each item index.
    pub(crate) item_names: Vec<usize>,
}

impl Design {
    /// Indexes the raters and items of at least one judgment.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`], [`Error::LengthMismatch`]; [`Error::TooFew`] for fewer than two raters or items.
    pub(crate) fn new(raters: &[usize], items: &[usize]) -> Result<Self, Error> {
        if raters.is_empty() {
            return Err(Error::Empty);
        }
        check::same_length("raters", raters.len(), "items", items.len())?;
        let (raters, rater_names) = numbered(raters);
        let (items, item_names) = numbered(items);
        for (what, got) in [("raters", rater_names.len()), ("items", item_names.len())] {
            if got < 2 {
                return Err(Error::TooFew { what, needed: 2, got });
            }
        }
        Ok(Self { raters, items, rater_names, item_names })
    }

    /// Builds the design of values after checking both.
    pub(crate) fn of(values: &[f64], raters: &[usize], items: &[usize]) -> Result<Self, Error> {
        check::values(values)?;
        check::same_length("values", values.len(), "raters", raters.len())?;
        Self::new(raters, items)
    }

    pub(crate) fn n_raters(&self) -> usize {
        self.rater_names.len()
    }

    pub(crate) fn n_items(&self) -> usize {
        self.item_names.len()
    }
}

/// Returns the index of each name, and the sorted names.
pub(crate) fn numbered(names: &[usize]) -> (Vec<usize>, Vec<usize>) {
    let mut known: BTreeMap<usize, usize> = names.iter().map(|&name| (name, 0)).collect();
    for (index, number) in known.values_mut().enumerate() {
        *number = index;
    }
    (names.iter().map(|name| known[name]).collect(), known.into_keys().collect())
}

/// Factored matrix 1 + Λ Zᵀ W Z Λ of two crossed random intercepts.
///
/// ```text
/// Z = [raters | items], one 1 in each half of each row     W = diag(weights)     Λ = diag(θ_rater, …, θ_item, …)
/// ```
///
/// The larger of the two diagonal blocks is eliminated first, which costs Σ (judgments of a level)²; the Schur
/// complement is dense and as large as the smaller block. Vectors hold the raters first, then the items.
pub(crate) struct CrossedFactor {
    /// True if the raters are the larger, eliminated block.
    raters_first: bool,
    n_raters: usize,
    /// Diagonal of the eliminated block.
    eliminated: Vec<f64>,
    /// The levels of the other block that each level of the eliminated block meets, with the matrix entry.
    coupling: Vec<(usize, f64)>,
    /// For each level of the eliminated block, the end of its part of `coupling`.
    ends: Vec<usize>,
    /// Factored Schur complement of the other block.
    rest: Cholesky,
}

impl CrossedFactor {
    /// Factors the matrix for nonnegative weights.
    ///
    /// Returns None if rounding makes the matrix indefinite, which takes weights or scales beyond 1e15.
    pub(crate) fn new(design: &Design, scales: [f64; 2], weights: Option<&[f64]>) -> Option<Self> {
        let raters_first = design.n_raters() >= design.n_items();
        let (first, second, n_first, n_second, first_scale, second_scale) = if raters_first {
            (&design.raters, &design.items, design.n_raters(), design.n_items(), scales[0], scales[1])
        } else {
            (&design.items, &design.raters, design.n_items(), design.n_raters(), scales[1], scales[0])
        };
        let mut eliminated = vec![1.0; n_first];
        // Sorted by the eliminated block; the judgments of a level keep their order.
        let mut ends = vec![0; n_first];
        for &i in first {
            ends[i] += 1;
        }
        let mut n_before = 0;
        for end in &mut ends {
            n_before += std::mem::replace(end, n_before);
        }
        let mut coupling = vec![(0, 0.0); first.len()];
        let mut rest = vec![0.0; n_second * n_second];
        for level in 0..n_second {
            rest[level * n_second + level] = 1.0;
        }
        for (index, (&i, &j)) in first.iter().zip(second).enumerate() {
            let weight = weights.map_or(1.0, |weights| weights[index]);
            eliminated[i] += first_scale * first_scale * weight;
            rest[j * n_second + j] += second_scale * second_scale * weight;
            // Each end moves from where its level begins to where it ends.
            coupling[ends[i]] = (j, first_scale * second_scale * weight);
            ends[i] += 1;
        }
        for (entries, pivot) in levels(&coupling, &ends).zip(&eliminated) {
            for &(j, left) in entries {
                for &(k, right) in entries {
                    if k <= j {
                        rest[j * n_second + k] -= left * right / pivot;
                    }
                }
            }
        }
        let rest = Cholesky::new(rest, n_second)?;
        Some(Self { raters_first, n_raters: design.n_raters(), eliminated, coupling, ends, rest })
    }

    /// Returns the logarithm of the determinant of the matrix.
    pub(crate) fn log_determinant(&self) -> f64 {
        self.eliminated.iter().map(|pivot| pivot.ln()).sum::<f64>() + self.rest.log_determinant()
    }

    /// Replaces a vector by the inverse of the matrix times the vector.
    pub(crate) fn solve(&self, vector: &mut [f64]) {
        let (raters, items) = vector.split_at_mut(self.n_raters);
        let (first, second) = if self.raters_first { (raters, items) } else { (items, raters) };
        let levels = || levels(&self.coupling, &self.ends).zip(&self.eliminated);
        for ((entries, pivot), value) in levels().zip(&*first) {
            for &(j, entry) in entries {
                second[j] -= entry * value / pivot;
            }
        }
        self.rest.solve(second);
        for ((entries, pivot), value) in levels().zip(first) {
            let known: f64 = entries.iter().map(|&(j, entry)| entry * second[j]).sum();
            *value = (*value - known) / pivot;
        }
    }
}

/// Iterates over the parts of a list that end at the given places.
fn levels<'a, T>(list: &'a [T], ends: &'a [usize]) -> impl Iterator<Item = &'a [T]> {
    let begins = std::iter::once(0).chain(ends.iter().copied());
    begins.zip(ends).map(|(begin, &end)| &list[begin..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_dense_factor() {
        // Repeated cells, missing cells, and either block as the larger one.
        let raters = [7, 7, 1, 1, 9, 9, 9, 3];
        let items = [0, 5, 0, 0, 5, 2, 0, 2];
        let weights = [0.5, 1.5, 2.0, 0.25, 1.0, 3.0, 0.0, 0.7];
        let scales = [0.8, 1.7];
        for exchanged in [false, true] {
            let design = if exchanged { Design::new(&items, &raters) } else { Design::new(&raters, &items) }
                .expect("a design");
            let n = design.n_raters() + design.n_items();
            let mut dense = vec![0.0; n * n];
            for k in 0..n {
                dense[k * n + k] = 1.0;
            }
            for (index, &weight) in weights.iter().enumerate() {
                let places =
                    [(design.raters[index], scales[0]), (design.n_raters() + design.items[index], scales[1])];
                for (i, a) in places {
                    for (j, b) in places {
                        dense[i * n + j] += a * b * weight;
                    }
                }
            }
            let dense = Cholesky::new(dense, n).expect("positive definite");
            let factor = CrossedFactor::new(&design, scales, Some(&weights)).expect("positive definite");
            assert!((factor.log_determinant() - dense.log_determinant()).abs() < 1e-12);
            let mut fast: Vec<f64> = (0..n).map(|k| k as f64 - 2.0).collect();
            let mut slow = fast.clone();
            factor.solve(&mut fast);
            dense.solve(&mut slow);
            for (a, b) in fast.iter().zip(&slow) {
                assert!((a - b).abs() < 1e-12, "{fast:?} {slow:?}");
            }
        }
    }
}
