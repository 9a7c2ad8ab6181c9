//! Rows of metrics as lines on the terminal and as scalars.

use mynah_training::{Row, Value};

/// The rendering of a task's rows on the terminal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Describes a step on one line, without its number; the argument is steps per second.
    pub(super) line: fn(&Row, f64) -> String,
    /// Gives the most telling numbers, for display next to a progress bar.
    pub(super) short: fn(&Row) -> String,
}

/// The style of a training of NaturalSpeech.
pub(super) const NATURALSPEECH: Style = Style {
    line: |row, rate| {
        format!(
            "{}  mel {:.3}  KL {:.2}  duration {:.3}  length {:.2}  {rate:.2} steps/s",
            row.phase.as_deref().unwrap_or_default(),
            value(row, "loss_mel"),
            value(row, "loss_backward_kl"),
            value(row, "loss_duration"),
            value(row, "duration_ratio"),
        )
    },
    short: |row| format!("mel {:.3}", value(row, "loss_mel")),
};

/// The style of a pre-training.
pub(super) const PRETRAIN: Style = Style {
    line: |row, rate| {
        let symbols = rate * value(row, "symbols");
        format!("{}  {rate:.2} steps/s  {symbols:.0} symbols/s", pretrain_short(row))
    },
    short: pretrain_short,
};

fn pretrain_short(row: &Row) -> String {
    let percent = |name| value(row, name) * 100.0;
    format!(
        "loss {:.3}  symbols {:.1} % correct (fixed guess {:.1} %)  sup-phonemes {:.1} % ({:.1} %)",
        value(row, "loss_total"),
        percent("accuracy_symbols"),
        percent("baseline_accuracy_symbols"),
        percent("accuracy_sup_phones"),
        percent("baseline_accuracy_sup_phones"),
    )
}

fn value(row: &Row, name: &str) -> f64 {
    row.values.get(name).unwrap_or_default()
}

/// Returns the numbers of a row under the names that TensorBoard groups by: `name/split` for numbers of a split. Counts are
/// omitted, as they are not curves.
pub(super) fn scalars(row: &Row) -> Vec<(String, f64)> {
    let of_value = |(name, value): (&str, Value)| {
        let Value::Number(number) = value else { return None };
        let tag = match name {
            "gradient_norm" | "learning_rate" => name.to_owned(),
            _ => format!("{name}/{}", row.split.word()),
        };
        Some((tag, number))
    };
    row.values.iter().filter_map(of_value).collect()
}

#[cfg(test)]
mod tests {
    use mynah_training::{Row, Split, Values};

    use super::scalars;

    #[test]
    fn names_the_numbers_of_a_split_after_it_and_omits_counts() {
        let values = Values::new()
            .with("loss_total", 2.0)
            .with("loss_forward_kl", None::<f64>)
            .with("symbols", 7_u64)
            .with("learning_rate", 0.5);
        let row = Row { step: 3, epoch: 1, phase: None, split: Split::Validation, values, seconds: 9.0 };
        let expected = [("loss_total/validation".to_owned(), 2.0), ("learning_rate".to_owned(), 0.5)];
        assert_eq!(scalars(&row), expected);
    }
}
