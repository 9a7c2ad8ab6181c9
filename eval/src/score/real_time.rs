//! The real-time factor: the only metric that the synthesizer reports, instead of being measured on the wavs.

use mynah_metrics::{Score, Status};

use super::synthesis::Row;

/// Name of the metric.
pub(crate) const NAME: &str = "real_time_factor";
/// Definition and version of the metric.
pub(crate) const PROFILE: &str = "real_time_factor/synthesis-1";
/// Unit of the metric.
pub(crate) const UNIT: &str = "s/s";
/// Explanation of the metric.
pub(crate) const EXPLANATION: &str = "\
real_time_factor/synthesis-1: compute time per second of speech

Formula
  compute seconds / seconds of speech, from `synthesis.jsonl`: wall time of synthesizing one sentence, excluding the
  time to load the voice and to write the file.
Unit
  s/s; below 1 is faster than real time. One value per item; the mean over items is not the ratio of the sums, since
  short sentences count as much as long ones.
Parameters
  none
Oracle
  none: the `real_time_factor` column is used as given, without measuring again.
Known faults
  It depends on the machine, its load and the number of threads, which the file does not record: compare systems only
  on the same machine.
";

/// Returns the score of one sentence.
///
/// `row` is its row of `synthesis.jsonl`, if any; `has_file` is true if the file exists. `failure` is the reason why
/// the item failed, which overrides its row: the speed of generating silence is meaningless.
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
            None => {
                (Status::Undefined, None, Some("`synthesis.jsonl` has no real-time factor for it".to_owned()))
            }
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
        better: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigns_a_status_to_every_situation() {
        let row = |status: &str, real_time_factor| Row {
            id: "a".into(),
            status: status.into(),
            text: None,
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
