//! Limits on the rate of requests.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Instant;

/// Requests that a session may make at once, and per second from then on. A rater needs one every few seconds.
const BURST: f64 = 40.0;
const PER_SECOND: f64 = 4.0;
/// Entries that are remembered; when there are more, those that are full again are forgotten.
const REMEMBERED: usize = 10_000;

/// A bucket of permissions for each caller, which fills up with time.
#[derive(Debug)]
struct Buckets<K> {
    capacity: f64,
    per_second: f64,
    levels: Mutex<HashMap<K, (f64, Instant)>>,
}

impl<K: std::hash::Hash + Eq> Buckets<K> {
    fn new(capacity: f64, per_second: f64) -> Self {
        Self { capacity, per_second, levels: Mutex::new(HashMap::new()) }
    }

    /// Takes a permission, or returns the seconds until there is one.
    fn take(&self, key: K, now: Instant) -> Result<(), u64> {
        // A thread that panicked with the lock has left numbers that are still right.
        let mut buckets = self.levels.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let level = |(level, then): (f64, Instant)| {
            (level + self.per_second * now.saturating_duration_since(then).as_secs_f64()).min(self.capacity)
        };
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| level(*bucket) < self.capacity);
        }
        let bucket = buckets.entry(key).or_insert((self.capacity, now));
        let there = level(*bucket);
        if there < 1.0 {
            *bucket = (there, now);
            return Err(((1.0 - there) / self.per_second).ceil() as u64);
        }
        *bucket = (there - 1.0, now);
        Ok(())
    }
}

/// The limits of a study.
#[derive(Debug)]
pub(super) struct Limits {
    by_token: Buckets<String>,
    by_address: Buckets<IpAddr>,
}

impl Limits {
    /// Returns the limits of a study that so many people may enter per minute from one address.
    pub(super) fn new(joins_per_minute: u32) -> Self {
        let joins = f64::from(joins_per_minute);
        Self { by_token: Buckets::new(BURST, PER_SECOND), by_address: Buckets::new(joins, joins / 60.0) }
    }

    /// Takes a permission for a request of a session, or returns the seconds to wait.
    pub(super) fn token(&self, token: &str) -> Result<(), u64> {
        self.by_token.take(token.chars().take(64).collect(), Instant::now())
    }

    /// Takes a permission for an attempt to enter, or returns the seconds to wait.
    pub(super) fn address(&self, address: IpAddr) -> Result<(), u64> {
        self.by_address.take(address, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn permissions_come_back_with_time() {
        let buckets = Buckets::new(2.0, 0.5);
        let start = Instant::now();
        assert_eq!(buckets.take("a", start), Ok(()));
        assert_eq!(buckets.take("a", start), Ok(()));
        assert_eq!(buckets.take("a", start), Err(2));
        assert_eq!(buckets.take("b", start), Ok(()));
        assert_eq!(buckets.take("a", start + Duration::from_secs(1)), Err(1));
        assert_eq!(buckets.take("a", start + Duration::from_secs(2)), Ok(()));
        assert_eq!(buckets.take("a", start + Duration::from_secs(100)), Ok(()));
        assert_eq!(buckets.take("a", start + Duration::from_secs(100)), Ok(()));
        assert_eq!(buckets.take("a", start + Duration::from_secs(100)), Err(2));
    }

    #[test]
    fn forgets_callers_who_may_do_everything_again() {
        let buckets = Buckets::new(1.0, 1.0);
        let start = Instant::now();
        for caller in 0..REMEMBERED {
            assert_eq!(buckets.take(caller, start), Ok(()));
        }
        assert_eq!(buckets.take(REMEMBERED, start + Duration::from_secs(5)), Ok(()));
        assert_eq!(buckets.levels.lock().expect("nobody panicked").len(), 1);
    }
}
