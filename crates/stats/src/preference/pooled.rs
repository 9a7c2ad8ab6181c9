//! Errors of a family of differences, none of which looks more certain than the others by chance.

use crate::clustered::{Clustered, Jackknife, Part};

/// Raises the errors of pairs whose raters or items vary less than those of the other pairs.
///
/// ```text
/// f = max(1, mean over pairs of V_raters / V_cells)                     likewise for items
/// V_raters ← V_raters with d degrees of freedom, if it is above f V_cells
///            f V_cells with d (systems - 1), else
/// V = V_raters + V_items - V_cells      df = V² / (V_raters²/d_raters + V_items²/d_items)
/// ```
///
/// Of many pairs judged by a few people, some have raters who agree by chance. Each such pair alone is rare enough, but
/// the smallest p-value of a family belongs to them: with the errors of single pairs, any of 10 equal pairs was
/// told apart in 8 to 13 % of studies by 3 raters or with people who quit. The pairs share their raters, so what
/// all pairs tell about the variation between raters holds for each, unless it varies more.
pub(super) fn pool(differences: &mut [&mut Clustered], n_systems: usize) {
    let jackknives: Vec<Jackknife> =
        differences.iter().filter_map(|difference| difference.jackknife).collect();
    if differences.len() < 2 || jackknives.len() < differences.len() {
        return;
    }
    let mean = |of: fn(&Jackknife) -> f64| {
        (jackknives.iter().map(|one| of(one) / one.cells.variance).sum::<f64>() / jackknives.len() as f64)
            .max(1.0)
    };
    let (by_rater, by_item) = (mean(|one| one.raters.variance), mean(|one| one.items.variance));
    let more = (n_systems - 1) as f64;
    for (difference, own) in differences.iter_mut().zip(jackknives) {
        let raised = |part: Part, factor: f64| {
            let least = factor * own.cells.variance;
            if part.variance > least {
                return part;
            }
            Part { variance: least, degrees_of_freedom: part.degrees_of_freedom * more }
        };
        let (raters, items) = (raised(own.raters, by_rater), raised(own.items, by_item));
        let variance = raters.variance + items.variance - own.cells.variance;
        let spread = |part: Part| (part.variance / variance).powi(2) / part.degrees_of_freedom;
        difference.standard_error = variance.sqrt();
        difference.degrees_of_freedom = (spread(raters) + spread(items)).recip();
    }
}

#[cfg(test)]
mod tests {
    use mynah_testkit::assert_close;

    use super::*;
    use crate::clustered::two_way;

    /// Builds an estimate with given variances.
    fn estimate(raters: f64, items: f64, cells: f64) -> Clustered {
        let plain = two_way(&[0.0, 1.0, 2.0, 0.5], &[0, 0, 1, 1], &[0, 1, 0, 1]).expect("a study");
        let part = |variance: f64, degrees_of_freedom: f64| Part { variance, degrees_of_freedom };
        let own = Jackknife::of(part(raters, 2.0), part(items, 9.0), part(cells, 99.0));
        Clustered {
            standard_error: own.standard_error,
            degrees_of_freedom: own.degrees_of_freedom,
            jackknife: Some(own),
            ..plain
        }
    }

    #[test]
    fn a_pair_that_looks_certain_by_chance_gets_the_variance_of_the_others() {
        let (mut high, mut low) = (estimate(5.0, 1.0, 1.0), estimate(0.2, 0.4, 1.0));
        pool(&mut [&mut high, &mut low], 3);
        // The mean ratio of raters is (5 + 0.2)/2 = 2.6, that of items 0.7, so at least 1.
        assert_close(high.standard_error.powi(2), 5.0, 1e-12, "its own");
        assert_close(low.standard_error.powi(2), 2.6, 1e-12, "raised");
        // 2 degrees of freedom and 18: 25/(25/2 + 1/18); raised, 4 and 18: 2.6²/(2.6²/4 + 1/18).
        assert_close(high.degrees_of_freedom, 25.0 / (12.5 + 1.0 / 18.0), 1e-12, "its own");
        assert_close(low.degrees_of_freedom, 6.76 / (6.76 / 4.0 + 1.0 / 18.0), 1e-12, "raised");
        // One pair alone is left as it is.
        let mut alone = estimate(0.2, 0.4, 1.0);
        pool(&mut [&mut alone], 2);
        assert_close(alone.standard_error, 1.0, 1e-12, "alone");
    }
}
