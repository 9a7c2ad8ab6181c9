//! Ratings of the checkpoints of a run over training steps.

use std::collections::BTreeMap;

use mynah_listening::{Role, SystemVerdict, Verdict};

use super::ratings::simulated;
use super::regression::run;
use super::scores::percent;
use crate::error::Error;
use crate::figure::{Panel, PanelPoint, Panels};
use crate::page::Figure;

/// Number of checkpoints that make a curve.
const FEWEST: usize = 3;

/// Returns the figure of the ratings over training steps; `None` without a run of at least three rated checkpoints.
///
/// Ratings do not name training steps: the last number in the name of a checkpoint is its step, and checkpoints whose
/// names differ in that number only are a run.
pub(crate) fn figure(verdict: &Verdict) -> Result<Option<Figure>, Error> {
    let candidates: Vec<(&SystemVerdict, Option<u64>)> = verdict
        .systems
        .iter()
        .filter(|system| system.role == Role::Candidate)
        .map(|system| (system, last_number(&system.system)))
        .collect();
    let mut n_of_run: BTreeMap<String, usize> = BTreeMap::new();
    for (system, step) in &candidates {
        if let Some(step) = step {
            *n_of_run.entry(run(&system.system, *step)).or_default() += 1;
        }
    }
    n_of_run.retain(|_, n| *n >= FEWEST);
    if n_of_run.is_empty() {
        return Ok(None);
    }
    let has_difference = verdict.reference.is_some();
    let point = |(system, step): &(&SystemVerdict, Option<u64>)| {
        let interval = if has_difference { &system.difference } else { &system.interval }.value()?;
        let of_run = step.map(|step| run(&system.system, step)).filter(|run| n_of_run.contains_key(run));
        Some(PanelPoint {
            label: system.system.clone(),
            step: step.filter(|_| of_run.is_some()),
            run: of_run.unwrap_or_default(),
            estimate: interval.estimate,
            interval: Some((interval.low, interval.high)),
        })
    };
    let rules = verdict.paradigm.rules();
    let panel = Panel {
        title: if has_difference { "Difference from the reference" } else { rules.mean_title() }.to_owned(),
        label: if has_difference { rules.difference_label() } else { rules.score_label() }.to_owned(),
        points: candidates.iter().filter_map(point).collect(),
    };
    let level = percent(if has_difference { verdict.difference_level() } else { verdict.mean_level() });
    let title = "Ratings over training steps".to_owned();
    Ok(Some(Figure {
        name: "ratings-over-steps".into(),
        svg: Panels { title, panels: vec![panel], zero_line: has_difference }.to_svg()?,
        caption: format!(
            "{}The checkpoints of a run over their training steps, the last number of their names, with {level} \
             intervals that hold for all systems together.",
            simulated(verdict)
        ),
    }))
}

/// Returns the last number in a name.
fn last_number(name: &str) -> Option<u64> {
    let end = name.rfind(|character: char| character.is_ascii_digit())? + 1;
    let start = name[..end].rfind(|character: char| !character.is_ascii_digit());
    let start = start.map_or(0, |before| before + name[before..].chars().next().map_or(1, char::len_utf8));
    name[start..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_last_number_of_a_name() {
        let cases =
            [("voice-2000", Some(2000)), ("a2-ö30b", Some(30)), ("voice", None), ("7", Some(7)), ("", None)];
        for (name, number) in cases {
            assert_eq!(last_number(name), number, "{name}");
        }
        assert_eq!(last_number("v-99999999999999999999999"), None, "too large for a step");
    }
}
