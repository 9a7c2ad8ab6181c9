//! Praat's TextGrid, long form: how people look at alignments.

use std::fmt::Write as _;

/// One labelled stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// Where it begins, in seconds.
    pub start: f64,
    /// Where it ends, in seconds.
    pub end: f64,
    /// What is said there; empty for silence.
    pub label: String,
}

/// One line of labels, gapless from 0 to the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Its name, such as `phones`.
    pub name: String,
    /// Its intervals in order, each beginning where the one before ends.
    pub intervals: Vec<Interval>,
}

/// The text of a TextGrid file with these tiers; `seconds` is the end of all of them.
#[must_use]
pub fn write_text_grid(seconds: f64, tiers: &[Tier]) -> String {
    let mut out = format!(
        "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = {seconds}\ntiers? <exists>\nsize = {}\nitem []:\n",
        tiers.len()
    );
    for (tier, number) in tiers.iter().zip(1..) {
        let _ = write!(
            out,
            "    item [{number}]:\n        class = \"IntervalTier\"\n        name = \"{}\"\n        xmin = 0\n        xmax = {seconds}\n        intervals: size = {}\n",
            escape(&tier.name),
            tier.intervals.len()
        );
        for (interval, number) in tier.intervals.iter().zip(1..) {
            let _ = write!(
                out,
                "        intervals [{number}]:\n            xmin = {}\n            xmax = {}\n            text = \"{}\"\n",
                interval.start,
                interval.end,
                escape(&interval.label)
            );
        }
    }
    out
}

/// A quote inside a label is doubled.
fn escape(label: &str) -> String {
    label.replace('"', "\"\"")
}

#[cfg(test)]
mod tests {
    use super::{Interval, Tier, write_text_grid};

    #[test]
    fn the_long_form_is_what_praat_reads() {
        let interval = |start, end, label: &str| Interval { start, end, label: label.to_owned() };
        let text = write_text_grid(
            0.5,
            &[Tier {
                name: "phones".to_owned(),
                intervals: vec![interval(0.0, 0.25, ""), interval(0.25, 0.5, "\"")],
            }],
        );
        let expected = "File type = \"ooTextFile\"\nObject class = \"TextGrid\"\n\nxmin = 0\nxmax = 0.5\ntiers? <exists>\nsize = 1\nitem []:\n    item [1]:\n        class = \"IntervalTier\"\n        name = \"phones\"\n        xmin = 0\n        xmax = 0.5\n        intervals: size = 2\n        intervals [1]:\n            xmin = 0\n            xmax = 0.25\n            text = \"\"\n        intervals [2]:\n            xmin = 0.25\n            xmax = 0.5\n            text = \"\"\"\"\n";
        assert_eq!(text, expected);
    }
}
