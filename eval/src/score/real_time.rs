//! The real-time factor: the one metric that is not measured on the wavs but reported by the synthesizer.

use mynah_metrics::{Score, Status};

use super::synthesis::Row;

/// The metric's short name.
pub(crate) const NAME: &str = "real_time_factor";
/// Its definition and version.
pub(crate) const PROFILE: &str = "real_time_factor/synthesis-1";
/// Its unit.
pub(crate) const UNIT: &str = "s/s";
/// What it is.
pub(crate) const EXPLANATION: &str = "\
real_time_factor/synthesis-1: compute time per second of speech

Formula
  compute seconds / seconds of speech, as `synthesis.jsonl` states them: wall time of the synthesis of one sentence,
  without loading the voice and without writing the file.
Unit
  s/s; below 1 is faster than real time. One value per item; the mean over items is not the ratio of the sums, since
  short sentences weigh as much as long ones.
Parameters
  none
Oracle
  none: the `real_time_factor` column is taken as it is, nothing is measured again.
Known faults
  It depends on the machine, its load and the number of threads, none of which the file states: compare systems on one
  machine only.
";

/// The score of one sentence from its row; `row` is `None` when the file has none for it, and `has_file` says whether
/// there is such a file at all. `failure` says why the item has failed whatever its row says: how fast silence is made
/// says nothing.
pub(crate) fn score(
    system: &str,
    item: &str,
    row: Option<&Row>,
    has_file: bool,
    failure: Option<&str>,
) -> Score {
    let (status, value, reason) = match row {
        _ if failure.is_some() => (Status::Failed, None, failure.map(str::to_owned)),
        None if !has_file => (Status::Undefined, None, Some("there is no `synthesis.jsonl`".to_owned())),
        None => (Status::Failed, None, Some("`synthesis.jsonl` has no row for it".to_owned())),
        Some(row) if row.failure().is_some() => (Status::Failed, None, row.failure()),
        Some(row) => match row.real_time_factor {
            Some(value) => (Status::Ok, Some(value), None),
            None => (Status::Undefined, None, Some("`synthesis.jsonl` states none".to_owned())),
        },
    };
    Score {
        system: system.to_owned(),
        step: row.and_then(|row| row.step),
        item: item.to_owned(),
        metric: NAME.to_owned(),
        profile: PROFILE.to_owned(),
        unit: UNIT.to_owned(),
        status,
        value,
        reason,
        frames: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_situation_has_a_status() {
        let row = |status: &str, real_time_factor| Row {
            id: "a".into(),
            status: status.into(),
            message: None,
            real_time_factor,
            step: Some(7),
        };
        let cases = [
            (Some(row("ok", Some(0.5))), true, Status::Ok),
            (Some(row("ok", None)), true, Status::Undefined),
            (Some(row("failed", None)), true, Status::Failed),
            (None, true, Status::Failed),
            (None, false, Status::Undefined),
        ];
        for (row, has_file, expected) in cases {
            let score = score("s", "a", row.as_ref(), has_file, None);
            assert_eq!(score.status, expected, "{score:?}");
            assert_eq!(score.value.is_some(), expected == Status::Ok);
            assert_eq!(score.reason.is_none(), expected == Status::Ok);
        }
        let silent = score("s", "a", Some(&row("ok", Some(0.5))), true, Some("the wav is silent"));
        assert_eq!((silent.status, silent.value), (Status::Failed, None));
        assert_eq!(silent.reason.as_deref(), Some("the wav is silent"));
    }
}
