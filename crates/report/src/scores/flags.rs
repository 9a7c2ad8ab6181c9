//! Items beyond a limit of health.

use mynah_metrics::{health_limits, metric};

use super::examination::Outline;

/// A limit of health, and the items beyond it.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    /// Name of the metric.
    pub metric: String,
    /// Unit of its values.
    pub unit: String,
    /// The limit, such as `> 0.75 s`.
    pub rule: &'static str,
    /// Percentage of recordings without a planted fault that are beyond it.
    pub false_alarms_percent: f64,
    /// Name of each system with the number of items beyond the limit and of those with a value.
    pub systems: Vec<(String, usize, usize)>,
    /// Items farthest beyond it, the gravest first.
    pub found: Vec<Flagged>,
    /// Number of all items beyond it.
    pub n_found: usize,
}

/// An item beyond a limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Flagged {
    /// Name of the system.
    pub system: String,
    /// Name of the item.
    pub item: String,
    /// Value.
    pub value: f64,
}

/// Returns the flags for which there are values, and the names of the metrics without any.
///
/// A limit is that of one definition of a metric: other versions of it count as not measured.
pub(crate) fn flags(outline: &Outline<'_>, n_items: usize) -> (Vec<Flag>, Vec<&'static str>) {
    let (mut flags, mut unmeasured) = (Vec::new(), Vec::new());
    let grid_of = |name: &str| {
        let profile = metric(name)?.profile();
        outline.grids.iter().position(|grid| grid.profile == profile)
    };
    for limit in health_limits() {
        let Some(grid) = grid_of(limit.metric) else {
            unmeasured.push(limit.metric);
            continue;
        };
        let mut systems = Vec::new();
        // Excess, place of the system, place of the item, value.
        let mut found: Vec<(f64, usize, usize, f64)> = Vec::new();
        for (place, system) in outline.systems.iter().enumerate() {
            let Some(values) = outline.values(grid, system) else { continue };
            let order = limit.ordered_by.and_then(grid_of).and_then(|grid| outline.values(grid, system));
            let n_before = found.len();
            for (item, value) in values.iter().enumerate() {
                let Some((value, excess)) = value.and_then(|value| Some((value, limit.excess(value)?)))
                else {
                    continue;
                };
                let graver = order.as_ref().and_then(|order| order[item]).map_or(excess, f64::abs);
                found.push((graver, place, item, value));
            }
            systems.push(((*system).to_owned(), found.len() - n_before, values.iter().flatten().count()));
        }
        if systems.iter().all(|(_, _, n_measured)| *n_measured == 0) {
            unmeasured.push(limit.metric);
            continue;
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
        let flagged = |&(_, system, item, value): &(f64, usize, usize, f64)| Flagged {
            system: outline.systems[system].to_owned(),
            item: outline.items[item].to_owned(),
            value,
        };
        flags.push(Flag {
            metric: limit.metric.to_owned(),
            unit: outline.grids[grid].unit.to_owned(),
            rule: limit.rule,
            false_alarms_percent: limit.false_alarms_percent,
            systems,
            found: found.iter().take(n_items).map(flagged).collect(),
            n_found: found.len(),
        });
    }
    (flags, unmeasured)
}

#[cfg(test)]
mod tests {
    use crate::scores::examination::tests::{examined, score};

    #[test]
    fn finds_items_beyond_the_limit_the_gravest_first() {
        let values = [("a", 0.1), ("b", 2.0), ("c", 0.75), ("d", 0.8), ("e", 3.0), ("f", 1.0)];
        let mut scores: Vec<_> =
            values.iter().map(|(item, value)| score("s", item, "longest_silence", Ok(*value))).collect();
        scores.push(score("t", "a", "longest_silence", Ok(2.5)));
        scores.push(score("t", "b", "longest_silence", Err("silent")));
        let examination = examined(&scores, &[]);
        let [flag] = &examination.flags[..] else { panic!("{:?}", examination.flags) };
        let found: Vec<(&str, &str)> =
            flag.found.iter().map(|found| (found.system.as_str(), found.item.as_str())).collect();
        assert_eq!(found, [("s", "e"), ("t", "a"), ("s", "b")], "three are listed");
        assert_eq!(flag.n_found, 5);
        assert_eq!(flag.systems, [("s".to_owned(), 4, 6), ("t".to_owned(), 1, 1)]);
        assert!(
            examination.unmeasured.contains(&"hum") && !examination.unmeasured.contains(&"longest_silence")
        );
    }

    #[test]
    fn orders_yes_and_no_by_another_metric() {
        let mut scores = Vec::new();
        for (item, surprise) in [("a", -0.3), ("b", -0.9), ("c", 0.0)] {
            scores.push(score("s", item, "truncated", Ok(if surprise < 0.0 { 1.0 } else { 0.0 })));
            scores.push(score("s", item, "duration_surprise", Ok(surprise)));
        }
        let flags = examined(&scores, &[]).flags;
        let items: Vec<&str> = flags[0].found.iter().map(|found| found.item.as_str()).collect();
        assert_eq!((flags.len(), items), (1, vec!["b", "a"]));
    }

    #[test]
    fn another_version_of_a_metric_is_not_measured() {
        let mut old = score("s", "a", "hum", Ok(0.0));
        old.profile = "hum/old".into();
        let examination = examined(&[old], &[]);
        assert!(examination.flags.is_empty() && examination.unmeasured.contains(&"hum"));
    }
}
