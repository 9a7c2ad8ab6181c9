//! Changes of the fit without a rater or an item, and the degrees of freedom of their spread.

use std::collections::BTreeMap;

use super::Judgment;
use super::outcomes::{Layout, Outcomes};
use crate::clustered::Contributions;
use crate::dense::{Cholesky, dot};

/// Newton steps from the fit to the fits without each cluster of one kind.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LeaveOut {
    clusters: Vec<Cluster>,
    /// Spread of the estimates if each cluster has unit effects of its own, Q of [`LeaveOut::degrees_of_freedom`].
    spread: Vec<f64>,
}

/// A rater or an item.
#[derive(Debug, Clone, PartialEq)]
struct Cluster {
    name: usize,
    /// Estimate of each parameter minus that without the cluster, to first order.
    change: Vec<f64>,
    /// Information of its judgments.
    information: Vec<f64>,
    /// Factor of the information without them.
    rest: Cholesky,
}

impl LeaveOut {
    /// Leaves out each cluster in turn; None if a parameter is lost with one of them.
    pub(super) fn of(
        judgments: &[Judgment],
        cluster: fn(&Judgment) -> usize,
        outcomes: &[Outcomes],
        (information, factor): (&[f64], &Cholesky),
        layout: &Layout,
    ) -> Option<Self> {
        let n = layout.n_parameters;
        let mut by_cluster: BTreeMap<usize, Vec<&Judgment>> = BTreeMap::new();
        for judgment in judgments {
            by_cluster.entry(cluster(judgment)).or_default().push(judgment);
        }
        let mut clusters = Vec::with_capacity(by_cluster.len());
        let mut spread = vec![0.0; n * n];
        for (name, own) in by_cluster {
            let (mut change, mut own_information) = (vec![0.0; n], vec![0.0; n * n]);
            for judgment in own {
                let of_pair = &outcomes[judgment.pair];
                of_pair.add_score(judgment.outcome, 1.0, &mut change);
                of_pair.add_information(1.0, &mut own_information, n);
            }
            let rest = information.iter().zip(&own_information).map(|(all, own)| all - own).collect();
            let rest = Cholesky::new(rest, n)?;
            rest.solve(&mut change);
            // I_g U I_g, by the columns of the symmetric I_g.
            let effects: Vec<Vec<f64>> =
                own_information.chunks(n).map(|row| layout.apply_unit_effects(row)).collect();
            for (row, left) in own_information.chunks(n).enumerate() {
                for (column, right) in effects.iter().enumerate() {
                    spread[row * n + column] += dot(left, right);
                }
            }
            clusters.push(Cluster { name, change, information: own_information, rest });
        }
        // I⁻¹ from the left and, as the result is symmetric, from the right.
        spread.chunks_mut(n).for_each(|row| factor.solve(row));
        let mut spread: Vec<f64> = (0..n * n).map(|k| spread[(k % n) * n + k / n]).collect();
        spread.chunks_mut(n).for_each(|row| factor.solve(row));
        Some(Self { clusters, spread })
    }

    /// Returns the changes of a contrast.
    pub(super) fn contributions(
        &self,
        contrast: &[f64],
        factor: &Cholesky,
        layout: &Layout,
    ) -> Contributions {
        let by_cluster: BTreeMap<usize, f64> =
            self.clusters.iter().map(|cluster| (cluster.name, dot(&cluster.change, contrast))).collect();
        Contributions {
            variance: by_cluster.values().map(|change| change * change).sum(),
            by_cluster,
            degrees_of_freedom: self.degrees_of_freedom(contrast, factor, layout),
        }
    }

    /// Returns the number of equal clusters with the same weight on a contrast.
    pub(super) fn effective_number(&self, contrast: &[f64], factor: &Cholesky) -> f64 {
        let mut weights = contrast.to_vec();
        factor.solve(&mut weights);
        let total = dot(contrast, &weights);
        let share = |cluster: &Cluster| dot(&weights, &times(&cluster.information, &weights)) / total;
        self.clusters.iter().map(|cluster| share(cluster).powi(2)).sum::<f64>().recip()
    }

    /// Computes the degrees of freedom of the sum of the squared changes, after Bell and McCaffrey.
    ///
    /// If each cluster has independent effects with the covariance U on the parameters, and nothing else varies, the
    /// changes have the covariance
    ///
    /// ```text
    /// a_gᵀ U a_g [g = h] - a_gᵀ b_h - b_gᵀ a_h + a_gᵀ Q a_h  =  diag(d) + F K Fᵀ,   F = [a | b],  K = [Q -1; -1 0]
    /// a_g = I_g (I - I_g)⁻¹ x      b_g = I⁻¹ I_g U a_g      Q = I⁻¹ (Σ_g I_g U I_g) I⁻¹
    /// ```
    ///
    /// as in [`crate::clustered`], whose shares are these vectors for a mean. It is never formed.
    fn degrees_of_freedom(&self, contrast: &[f64], factor: &Cholesky, layout: &Layout) -> f64 {
        let n = contrast.len();
        let mut rows = Vec::with_capacity(self.clusters.len());
        let (mut trace, mut trace_of_square) = (0.0, 0.0);
        let [mut aa, mut ab, mut bb] = [(); 3].map(|()| vec![0.0; n * n]);
        for cluster in &self.clusters {
            let mut solved = contrast.to_vec();
            cluster.rest.solve(&mut solved);
            let a = times(&cluster.information, &solved);
            let effects = layout.apply_unit_effects(&a);
            let own = dot(&a, &effects);
            let mut b = times(&cluster.information, &effects);
            factor.solve(&mut b);
            let low_rank = dot(&a, &times(&self.spread, &a)) - 2.0 * dot(&a, &b);
            trace += own + low_rank;
            trace_of_square += own * own + 2.0 * own * low_rank;
            for row in 0..n {
                for column in 0..n {
                    aa[row * n + column] += a[row] * a[column];
                    ab[row * n + column] += a[row] * b[column];
                    bb[row * n + column] += b[row] * b[column];
                }
            }
            rows.push((a, b));
        }
        // K Fᵀ F in four blocks: [Q A - Bᵀ, Q B - C; -A, -B] with A = Σ a aᵀ, B = Σ a bᵀ, C = Σ b bᵀ.
        let (q_aa, q_ab) = (product(&self.spread, &aa, n), product(&self.spread, &ab, n));
        let upper_left: Vec<f64> = (0..n * n).map(|k| q_aa[k] - ab[(k % n) * n + k / n]).collect();
        let upper_right: Vec<f64> = q_ab.iter().zip(&bb).map(|(x, y)| x - y).collect();
        let trace_of_product = |left: &[f64], right: &[f64]| -> f64 {
            (0..n * n).map(|k| left[k] * right[(k % n) * n + k / n]).sum()
        };
        trace_of_square += trace_of_product(&upper_left, &upper_left)
            - 2.0 * trace_of_product(&upper_right, &aa)
            + trace_of_product(&ab, &ab);
        // A covariance has at least one degree of freedom, whatever rounding says.
        trace = trace.max(0.0);
        (trace * trace / trace_of_square).max(1.0)
    }
}

/// Multiplies a square row-major matrix with a vector.
fn times(matrix: &[f64], vector: &[f64]) -> Vec<f64> {
    matrix.chunks(vector.len().max(1)).map(|row| dot(row, vector)).collect()
}

/// Multiplies two square row-major matrices.
fn product(left: &[f64], right: &[f64], n: usize) -> Vec<f64> {
    let mut result = vec![0.0; n * n];
    for row in 0..n {
        for k in 0..n {
            let factor = left[row * n + k];
            for column in 0..n {
                result[row * n + column] += factor * right[k * n + column];
            }
        }
    }
    result
}
