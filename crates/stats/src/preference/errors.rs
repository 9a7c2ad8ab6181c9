//! Clustered errors of a contrast of the parameters.

use std::collections::{BTreeMap, BTreeSet};

use super::leave_out::LeaveOut;
use super::{BradleyTerry, Judgment};
use crate::clustered::{Clustered, Influence, Jackknife, Part, Sample, clustered};
use crate::dense::dot;
use crate::error::Error;

impl BradleyTerry {
    /// Computes the plain and the leave-one-out errors of a contrast.
    pub(super) fn contrast(&self, contrast: &[f64], estimate: f64) -> Result<(Clustered, Influence), Error> {
        let column = |of: fn(&Judgment) -> usize| -> Vec<usize> { self.judgments.iter().map(of).collect() };
        let (raters, items) = (column(|judgment| judgment.rater), column(|judgment| judgment.item));
        for (what, names) in [("raters", &raters), ("items", &items)] {
            let got = names.iter().collect::<BTreeSet<_>>().len();
            if got < 2 {
                return Err(Error::TooFew { what, needed: 2, got });
            }
        }
        let n = contrast.len();
        if self.judgments.len() <= n {
            return Err(Error::TooFew { what: "judgments", needed: n + 1, got: self.judgments.len() });
        }
        let mut weights = contrast.to_vec();
        self.factor.solve(&mut weights);
        let influence: Vec<f64> = self
            .judgments
            .iter()
            .map(|judgment| self.outcomes[judgment.pair].score_times(judgment.outcome, &weights))
            .collect();
        let naive = dot(contrast, &weights).sqrt();
        let groups = vec![false; influence.len()];
        let sample = Sample { influence: &influence, groups: &groups, raters: &raters, items: &items };
        let plain = clustered(estimate, naive, &sample, n)?;
        let sums = |clusters: &[usize]| {
            let mut sums: BTreeMap<usize, f64> = BTreeMap::new();
            for (value, &cluster) in influence.iter().zip(clusters) {
                *sums.entry(cluster).or_default() += value;
            }
            sums
        };
        let left_out = |without: &Option<LeaveOut>| {
            without.as_ref().map(|without| without.contributions(contrast, &self.factor, &self.layout))
        };
        let (by_rater, by_item) = (left_out(&self.without_raters), left_out(&self.without_items));
        let jackknife = by_rater.as_ref().zip(by_item.as_ref()).map(|(raters, items)| {
            let degrees_of_freedom = self.judgments.len() as f64 - 1.0;
            let cells = Part { variance: plain.cell_variance(), degrees_of_freedom };
            Jackknife::of(raters.part(), items.part(), cells)
        });
        let effective = |without: &Option<LeaveOut>, otherwise: f64| {
            without.as_ref().map_or(otherwise, |without| without.effective_number(contrast, &self.factor))
        };
        let clustered = Clustered {
            jackknife,
            effective_raters: effective(&self.without_raters, plain.effective_raters),
            effective_items: effective(&self.without_items, plain.effective_items),
            ..plain
        };
        let influence = Influence {
            by_rater: by_rater.map_or_else(|| sums(&raters), |left_out| left_out.by_cluster),
            by_item: by_item.map_or_else(|| sums(&items), |left_out| left_out.by_cluster),
        };
        Ok((clustered, influence))
    }
}
