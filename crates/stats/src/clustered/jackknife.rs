//! Leave-one-out changes of an estimate, with the degrees of freedom of their spread.

use std::collections::BTreeMap;

use super::Part;
use crate::dense::dot;

/// Contributions of the clusters of one kind, each the change of the estimate if the cluster is left out.
#[derive(Debug, Clone)]
pub(crate) struct Contributions {
    /// Contribution of each cluster, by name.
    pub(crate) by_cluster: BTreeMap<usize, f64>,
    /// Sum of the squared contributions.
    pub(crate) variance: f64,
    /// Degrees of freedom of that sum.
    pub(crate) degrees_of_freedom: f64,
}

impl Contributions {
    /// Returns the variance with its degrees of freedom.
    pub(crate) fn part(&self) -> Part {
        Part { variance: self.variance, degrees_of_freedom: self.degrees_of_freedom }
    }
}

/// Returns the number of equal clusters with the same weight on the estimate.
///
/// ```text
/// K / Σ_k Σ_g (n_kg / n_k)²       over K groups of n_k values, of which cluster g gave n_kg
/// ```
pub(super) fn effective_number(groups: &[bool], clusters: &[usize]) -> f64 {
    let (shares, n_groups) = shares(groups, clusters);
    n_groups / shares.values().flatten().map(|share| share * share).sum::<f64>()
}

/// Leaves out one cluster at a time.
///
/// ```text
/// c_g = Σ_k (Σ_{i in g, k} e_i / n_k) / (1 - n_kg / n_k)          e: distance to the mean of the value's group k
/// V = Σ_g c_g²
/// df = tr(C)² / tr(C²),   C = the covariance of the c_g if each cluster has an independent effect in each group
/// ```
///
/// Returns None if a cluster gave all values of a group, so that nothing remains without it.
pub(super) fn leave_one_out(influence: &[f64], groups: &[bool], clusters: &[usize]) -> Option<Contributions> {
    let (shares, _) = shares(groups, clusters);
    if shares.values().flatten().any(|&share| share >= 1.0) {
        return None;
    }
    let mut by_cluster: BTreeMap<usize, f64> = shares.keys().map(|&cluster| (cluster, 0.0)).collect();
    for ((value, &group), cluster) in influence.iter().zip(groups).zip(clusters) {
        let share = shares[cluster][usize::from(group)];
        *by_cluster.entry(*cluster).or_default() += value / (1.0 - share);
    }
    let variance = by_cluster.values().map(|value| value * value).sum();
    let shares: Vec<[f64; 2]> = shares.into_values().collect();
    Some(Contributions { by_cluster, variance, degrees_of_freedom: degrees_of_freedom(&shares) })
}

/// Returns the share of each group that each cluster gave, and the number of nonempty groups.
fn shares(groups: &[bool], clusters: &[usize]) -> (BTreeMap<usize, [f64; 2]>, f64) {
    let mut counts: BTreeMap<usize, [f64; 2]> = BTreeMap::new();
    let mut totals = [0.0_f64; 2];
    for (&group, &cluster) in groups.iter().zip(clusters) {
        counts.entry(cluster).or_default()[usize::from(group)] += 1.0;
        totals[usize::from(group)] += 1.0;
    }
    for count in counts.values_mut() {
        for (count, total) in count.iter_mut().zip(totals) {
            *count /= total.max(1.0);
        }
    }
    (counts, totals.iter().filter(|&&total| total > 0.0).count() as f64)
}

/// Computes the degrees of freedom of the sum of squared contributions, after Bell and McCaffrey.
///
/// With p the shares of a group, w = 1/(1 - p) and P = Σ p², the contributions of a group have the covariance
///
/// ```text
/// w_g w_h (p_g² [g = h] - p_g p_h² - p_h p_g² + p_g p_h P)  =  diag(d) + F K Fᵀ,   F = [w p | w p²],  K = [P -1; -1 0]
/// ```
///
/// The covariance of both groups is the sum. It is never formed, since there may be thousands of raters.
fn degrees_of_freedom(shares: &[[f64; 2]]) -> f64 {
    let squares = |group: usize| shares.iter().map(|share| share[group] * share[group]).sum::<f64>();
    let sums = [squares(0), squares(1)];
    let mut diagonal = Vec::with_capacity(shares.len());
    // Columns of F for both groups.
    let mut columns = [const { Vec::new() }; 4];
    for share in shares {
        let mut own = 0.0;
        for (group, &p) in share.iter().enumerate() {
            let weight = 1.0 / (1.0 - p);
            own += weight * weight * p * p;
            columns[2 * group].push(weight * p);
            columns[2 * group + 1].push(weight * p * p);
        }
        diagonal.push(own);
    }
    // K Fᵀ F, four by four.
    let mut product = [[0.0; 4]; 4];
    for group in 0..2 {
        for (other, column) in columns.iter().enumerate() {
            let (first, second) = (dot(&columns[2 * group], column), dot(&columns[2 * group + 1], column));
            product[2 * group][other] = sums[group] * first - second;
            product[2 * group + 1][other] = -first;
        }
    }
    let mut trace = diagonal.iter().sum::<f64>() + (0..4).map(|k| product[k][k]).sum::<f64>();
    let mut trace_of_square: f64 =
        (0..4).map(|i| (0..4).map(|j| product[i][j] * product[j][i]).sum::<f64>()).sum();
    for (cluster, own) in diagonal.iter().enumerate() {
        let mut low_rank = 0.0;
        for group in 0..2 {
            let (x, z) = (columns[2 * group][cluster], columns[2 * group + 1][cluster]);
            low_rank += sums[group] * x * x - 2.0 * x * z;
        }
        trace_of_square += own * own + 2.0 * own * low_rank;
    }
    // A covariance has at least one degree of freedom and at most its rank, whatever rounding says.
    trace = trace.max(0.0);
    (trace * trace / trace_of_square).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n_equal_clusters_have_n_minus_1_degrees_of_freedom() {
        for n in [2, 5, 40] {
            let clusters: Vec<usize> = (0..n * 3).map(|k| k % n).collect();
            let groups = vec![false; clusters.len()];
            let influence: Vec<f64> = (0..n * 3).map(|k| (k * k % 7) as f64 - 3.0).collect();
            let found = leave_one_out(&influence, &groups, &clusters).expect("several clusters");
            assert!((found.degrees_of_freedom - (n as f64 - 1.0)).abs() < 1e-9, "{n}: {found:?}");
            assert!((effective_number(&groups, &clusters) - n as f64).abs() < 1e-9);
        }
    }

    #[test]
    fn contributions_equal_recomputed_changes() {
        let values = [1.0, 2.0, 4.0, -1.0, 0.5, 3.0, 2.5, -2.0];
        let clusters = [3, 3, 1, 1, 1, 8, 8, 3];
        let groups = [true, false, true, false, true, false, true, false];
        let estimate = |without: Option<usize>| {
            let mean = |group: bool| {
                let kept: Vec<f64> = (0..values.len())
                    .filter(|&k| groups[k] == group && Some(clusters[k]) != without)
                    .map(|k| values[k])
                    .collect();
                kept.iter().sum::<f64>() / kept.len() as f64
            };
            mean(true) - mean(false)
        };
        let mean = |group: bool| {
            (0..values.len()).filter(|&k| groups[k] == group).map(|k| values[k]).sum::<f64>() / 4.0
        };
        let influence: Vec<f64> = (0..values.len())
            .map(|k| (values[k] - mean(groups[k])) / if groups[k] { 4.0 } else { -4.0 })
            .collect();
        let found = leave_one_out(&influence, &groups, &clusters).expect("several clusters");
        for (cluster, contribution) in found.by_cluster {
            let change = estimate(None) - estimate(Some(cluster));
            assert!((contribution - change).abs() < 1e-12, "{cluster}: {contribution} {change}");
        }
    }

    #[test]
    fn degrees_of_freedom_agree_with_the_full_matrix() {
        let clusters = [0, 0, 0, 0, 0, 1, 1, 2, 3, 3, 3, 4, 0, 1, 1, 2, 2, 2];
        let groups: Vec<bool> = (0..clusters.len()).map(|k| k % 3 == 0).collect();
        let (shares, n_groups) = shares(&groups, &clusters);
        assert!((n_groups - 2.0).abs() < f64::EPSILON);
        let shares: Vec<[f64; 2]> = shares.into_values().collect();
        let n = shares.len();
        let mut matrix = vec![0.0; n * n];
        for group in 0..2 {
            let total: f64 = shares.iter().map(|share| share[group].powi(2)).sum();
            for g in 0..n {
                for h in 0..n {
                    let (p, q) = (shares[g][group], shares[h][group]);
                    let same = if g == h { p * p } else { 0.0 };
                    matrix[g * n + h] +=
                        (same - p * q * q - q * p * p + p * q * total) / ((1.0 - p) * (1.0 - q));
                }
            }
        }
        let trace: f64 = (0..n).map(|g| matrix[g * n + g]).sum();
        let squares: f64 = matrix.iter().map(|entry| entry * entry).sum();
        let found = degrees_of_freedom(&shares);
        assert!((found - trace * trace / squares).abs() < 1e-9, "{found} {}", trace * trace / squares);
    }

    #[test]
    fn rejects_a_cluster_with_all_values_of_a_group() {
        let (groups, clusters) = ([true, true, false, false], [0, 0, 0, 1]);
        assert!(leave_one_out(&[0.5, -0.5, 0.5, -0.5], &groups, &clusters).is_none());
    }
}
