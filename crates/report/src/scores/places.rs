//! Places of the items of a system by one metric, from the best to the worst.

/// Share of the items that are better than one of the worst.
const WORST: f64 = 0.9;

/// Place of an item among those of its system that have a value; equal values share their places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Best place that the item may have, from 1.
    pub first: usize,
    /// Worst place that it may have; more than `first` if others have the same value.
    pub last: usize,
    /// Number of items with a value.
    pub of: usize,
}

impl Place {
    /// Returns the share of the items that are better, counting half of itself and of its equals: above 0, below 1, and 0.5
    /// for the middle.
    #[must_use]
    pub fn share(self) -> f64 {
        (f64::midpoint(self.first as f64, self.last as f64) - 0.5) / self.of as f64
    }

    /// Returns `true` if at least nine tenths of the items are better, or if it is the last without a match.
    pub(crate) fn is_among_worst(self) -> bool {
        self.share() > WORST || (self.first == self.last && self.last == self.of)
    }

    /// Describes the place: `3rd of 60`, or `41st to 60th of 60` if it is shared.
    pub(crate) fn words(self) -> String {
        let Self { first, last, of } = self;
        if first == last {
            format!("{} of {of}", ordinal(first))
        } else {
            format!("{} to {} of {of}, shared", ordinal(first), ordinal(last))
        }
    }
}

/// Formats 1 as `1st`.
fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// Places items by their losses, the least first; `None` if fewer than two have one, or all the same.
pub(crate) fn places(losses: &[Option<f64>]) -> Option<Vec<Option<Place>>> {
    let mut order: Vec<(f64, usize)> =
        losses.iter().enumerate().filter_map(|(index, loss)| Some(((*loss)?, index))).collect();
    order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    // Losses may be −0 and 0, which are equal.
    let is_equal = |a: f64, b: f64| a.partial_cmp(&b) == Some(std::cmp::Ordering::Equal);
    let (least, most) = (order.first()?.0, order.last()?.0);
    if is_equal(least, most) {
        return None;
    }
    let mut places = vec![None; losses.len()];
    let mut n_before = 0;
    for equal in order.chunk_by(|a, b| is_equal(a.0, b.0)) {
        let place = Place { first: n_before + 1, last: n_before + equal.len(), of: order.len() };
        for (_, index) in equal {
            places[*index] = Some(place);
        }
        n_before += equal.len();
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_places() {
        // scipy.stats.rankdata([3, 1, 3, -0.0, 0.0]) = [4.5, 3, 4.5, 1.5, 1.5]
        let losses = [Some(3.0), Some(1.0), None, Some(3.0), Some(-0.0), Some(0.0)];
        let found = places(&losses).unwrap();
        let shares: Vec<Option<f64>> = found.iter().map(|place| place.map(Place::share)).collect();
        let expected = [Some(4.5), Some(3.0), None, Some(4.5), Some(1.5), Some(1.5)];
        for (share, expected) in shares.into_iter().zip(expected) {
            assert_eq!(share.is_some(), expected.is_some());
            let expected = expected.map_or(0.0, |rank: f64| (rank - 0.5) / 5.0);
            assert!((share.unwrap_or(0.0) - expected).abs() < 1e-12);
        }
        assert_eq!(found[1].unwrap().words(), "3rd of 5");
        assert_eq!(found[0].unwrap().words(), "4th to 5th of 5, shared");
    }

    #[test]
    fn equal_or_single_values_have_no_places() {
        assert_eq!(places(&[Some(0.0), Some(-0.0), None]), None);
        assert_eq!(places(&[Some(1.0), None]), None);
        assert_eq!(places(&[]), None);
    }

    #[test]
    fn the_worst_are_a_tenth_or_the_last() {
        let n_worst = |n: usize| {
            (1..=n).filter(|&place| Place { first: place, last: place, of: n }.is_among_worst()).count()
        };
        assert_eq!([2, 5, 10, 20, 54, 100].map(n_worst), [1, 1, 1, 2, 5, 10]);
        assert!(!Place { first: 4, last: 5, of: 5 }.is_among_worst());
    }

    #[test]
    fn counts_in_english() {
        let words = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111].map(ordinal).join(" ");
        assert_eq!(words, "1st 2nd 3rd 4th 11th 12th 13th 21st 102nd 111th");
    }
}
