//! The time of participants.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the time in ms since 1970.
pub(super) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_millis() as i64)
}
