//! Ranks with ties.

/// Ranks of values, doubled so that they are whole numbers, with the sizes of the groups of ties.
pub(crate) struct Ranks {
    /// Twice the mean of the positions (from 1) shared by a value and its ties, in the order of the values.
    pub(crate) doubled: Vec<u64>,
    /// Sizes of the groups of equal values, from the smallest value to the largest.
    pub(crate) groups: Vec<u64>,
}

impl Ranks {
    /// Ranks finite values.
    pub(crate) fn of(values: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut doubled = vec![0; values.len()];
        let mut groups = Vec::new();
        let mut start = 0;
        while start < order.len() {
            // Not by `total_cmp`: -0.0 and 0.0 are the same value.
            let same = order[start..].partition_point(|&index| values[index] <= values[order[start]]);
            let (first, last) = (start as u64 + 1, (start + same) as u64);
            for &index in &order[start..start + same] {
                doubled[index] = first + last;
            }
            groups.push(same as u64);
            start += same;
        }
        Self { doubled, groups }
    }

    /// Returns true if any two values are equal.
    pub(crate) fn has_ties(&self) -> bool {
        self.groups.iter().any(|&size| size > 1)
    }
}

/// Computes Σ (t³ - t) over the sizes t of the groups of ties, by which ties shrink the variance of a rank sum.
pub(crate) fn tie_term(groups: &[u64]) -> f64 {
    groups.iter().map(|&size| (size as f64).powi(3) - size as f64).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ties_share_their_mean_position() {
        let ranks = Ranks::of(&[3.0, -0.0, 3.0, 0.0, 7.0, 3.0]);
        assert_eq!(ranks.doubled, [8, 3, 8, 3, 12, 8]);
        assert_eq!(ranks.groups, [2, 3, 1]);
        assert!(ranks.has_ties());
        assert!(!Ranks::of(&[2.0, 1.0]).has_ties());
    }

    proptest! {
        #[test]
        fn a_rank_counts_smaller_values_and_half_of_the_ties(
            values in prop::collection::vec(-3_i32..=3, 0..40),
        ) {
            let ranks = Ranks::of(&values.iter().copied().map(f64::from).collect::<Vec<_>>());
            for (value, &doubled) in values.iter().zip(&ranks.doubled) {
                let smaller = values.iter().filter(|other| *other < value).count() as u64;
                let equal = values.iter().filter(|other| *other == value).count() as u64;
                prop_assert_eq!(doubled, 2 * smaller + equal + 1);
            }
            prop_assert_eq!(ranks.groups.iter().sum::<u64>(), values.len() as u64);
        }
    }
}
