//! The choice of a session for a new participant.

/// The people who do one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Fill {
    /// Those who have finished.
    pub(crate) complete: u32,
    /// Those who are at it, on a lease that has not run out.
    pub(crate) active: u32,
    /// The answers of everybody else: people who left or whose lease ran out.
    pub(crate) left_over: u32,
}

impl Fill {
    fn taken(self) -> u32 {
        self.complete + self.active
    }
}

/// Chooses a session that is done by fewer than `copies` people: that with the fewest, of several that with the fewest
/// answers left over, and then the first. If there is none, up to `overbook` more people get a session that is not complete
/// yet, since some of those at work will stop.
pub(crate) fn choose(fills: &[Fill], copies: u32, overbook: u32) -> Option<usize> {
    let by_need = |&index: &usize| (fills[index].taken(), fills[index].left_over, index);
    let open = (0..fills.len()).filter(|&index| fills[index].taken() < copies);
    open.min_by_key(by_need).or_else(|| {
        let extra: u32 = fills.iter().map(|fill| fill.taken().saturating_sub(copies)).sum();
        let unfinished = (0..fills.len()).filter(|&index| fills[index].complete < copies);
        (extra < overbook).then(|| unfinished.min_by_key(by_need)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(complete: u32, active: u32, left_over: u32) -> Fill {
        Fill { complete, active, left_over }
    }

    #[test]
    fn the_least_filled_session_is_next() {
        assert_eq!(choose(&[fill(1, 0, 0), fill(0, 0, 0), fill(0, 1, 0)], 1, 0), Some(1));
        // The place of somebody who left is free again, but a session without answers comes first.
        assert_eq!(choose(&[fill(0, 0, 9), fill(0, 0, 0)], 1, 0), Some(1));
        assert_eq!(choose(&[fill(0, 0, 9), fill(1, 0, 0)], 1, 0), Some(0));
        assert_eq!(choose(&[fill(1, 0, 0), fill(1, 0, 0)], 1, 0), None);
        assert_eq!(choose(&[fill(1, 0, 0), fill(1, 0, 0)], 2, 0), Some(0));
        assert_eq!(choose(&[], 1, 1), None);
    }

    #[test]
    fn overbooking_is_for_sessions_that_are_not_complete() {
        let busy = [fill(1, 0, 0), fill(0, 1, 0)];
        assert_eq!(choose(&busy, 1, 0), None);
        assert_eq!(choose(&busy, 1, 1), Some(1));
        assert_eq!(choose(&[fill(1, 0, 0), fill(0, 2, 0)], 1, 1), None);
        assert_eq!(choose(&[fill(1, 0, 0), fill(1, 0, 0)], 1, 5), None);
    }
}
