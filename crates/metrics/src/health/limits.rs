//! Limits of the metrics of health: an item beyond one is worth a look. `docs/health.md` says how often they are right.

/// The side of a limit on which something is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Above the limit.
    Above(f64),
    /// Below the limit.
    Below(f64),
    /// Farther from zero than the limit.
    Beyond(f64),
}

/// A limit of a metric of health.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HealthLimit {
    /// Name of the metric.
    pub metric: &'static str,
    /// The limit.
    pub bound: Bound,
    /// The limit in the words of the table in `docs/health.md`.
    pub rule: &'static str,
    /// Percentage of recordings without a planted fault that are beyond the limit, of the half on which it was not chosen.
    pub false_alarms_percent: f64,
    /// The metric whose distance from zero orders the items beyond the limit, if this one only says yes or no.
    pub ordered_by: Option<&'static str>,
}

impl HealthLimit {
    /// Returns the distance of a value beyond the limit; `None` if nothing is wrong.
    ///
    /// ```
    /// use mynah_metrics::health_limits;
    ///
    /// let silence = health_limits().iter().find(|limit| limit.metric == "longest_silence").expect("it has a limit");
    /// assert_eq!((silence.excess(1.0), silence.excess(0.75)), (Some(0.25), None));
    /// ```
    #[must_use]
    pub fn excess(&self, value: f64) -> Option<f64> {
        let excess = match self.bound {
            Bound::Above(limit) => value - limit,
            Bound::Below(limit) => limit - value,
            Bound::Beyond(limit) => value.abs() - limit,
        };
        (excess > 0.0).then_some(excess)
    }
}

/// Returns the limits, in the order of `docs/health.md`.
#[must_use]
pub fn health_limits() -> &'static [HealthLimit] {
    &LIMITS
}

const LIMITS: [HealthLimit; 13] = [
    limit("longest_silence", Bound::Above(0.75), "> 0.75 s", 0.0),
    HealthLimit { ordered_by: Some("duration_surprise"), ..limit("truncated", Bound::Above(0.0), "1", 0.0) },
    HealthLimit { ordered_by: Some("duration_surprise"), ..limit("runaway", Bound::Above(0.0), "1", 1.0) },
    limit("repetition", Bound::Above(0.0), "> 0 s", 0.0),
    limit("alignment_run", Bound::Above(0.37), "> 0.37 s, with the recording", 0.0),
    limit("clipped_runs", Bound::Above(0.0), "> 0", 0.0),
    limit("dc_offset", Bound::Beyond(0.001), "beyond 0.001", 0.0),
    limit("hum", Bound::Above(-40.0), "> -40 dB", 0.0),
    limit("noise_floor", Bound::Above(-50.0), "> -50 dBFS", 3.6),
    limit("snr", Bound::Below(25.0), "< 25 dB", 4.2),
    limit("bandwidth", Bound::Below(9000.0), "< 9 kHz", 0.0),
    limit("clicks", Bound::Above(0.0), "> 0", 1.0),
    limit("dropouts", Bound::Above(0.0), "> 0", 0.0),
];

const fn limit(
    metric: &'static str,
    bound: Bound,
    rule: &'static str,
    false_alarms_percent: f64,
) -> HealthLimit {
    HealthLimit { metric, bound, rule, false_alarms_percent, ordered_by: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric;

    #[test]
    fn limits_are_those_of_metrics_and_within_their_ranges() {
        for limit in health_limits() {
            let range =
                metric(limit.metric).unwrap_or_else(|| panic!("{}", limit.metric)).declaration().range;
            let (Bound::Above(at) | Bound::Below(at) | Bound::Beyond(at)) = limit.bound;
            assert!(range.contains(at), "{}", limit.metric);
            assert!(limit.ordered_by.is_none_or(|name| metric(name).is_some()), "{}", limit.metric);
        }
    }

    #[test]
    fn a_value_at_the_limit_is_not_beyond_it() {
        for limit in health_limits() {
            let (Bound::Above(at) | Bound::Below(at) | Bound::Beyond(at)) = limit.bound;
            assert_eq!(limit.excess(at), None, "{}", limit.metric);
            let beyond = if matches!(limit.bound, Bound::Below(_)) { at - 1.0 } else { at + 1.0 };
            assert!(limit.excess(beyond).is_some(), "{}", limit.metric);
        }
        let offset = limit("dc_offset", Bound::Beyond(0.001), "", 0.0);
        assert!(offset.excess(-0.01).is_some() && offset.excess(-0.0005).is_none());
    }
}
