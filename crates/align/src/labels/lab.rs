//! `.lab` files: those of HTK and HTS, with times in units of 100 ns, and those of Festival, with ends in seconds.

use super::label::{FormatError, Label, seconds};

/// Time units of HTK per second.
const UNITS_PER_SECOND: f64 = 1e7;

/// Returns true if a `.lab` file is Festival's: it has a header that ends in `#`, or its lines begin with a decimal
/// time and an integer color.
pub(super) fn is_festival(text: &str) -> bool {
    if text.lines().any(|line| line.trim() == "#") {
        return true;
    }
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut fields = first.split_whitespace();
    let (time, color) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
    time.contains('.') && color.parse::<u32>().is_ok()
}

/// Reads the labels of an HTK file: `start end label`, ignoring anything after. Times with a decimal point are seconds.
pub(super) fn read_htk(text: &str) -> Result<Vec<Label>, FormatError> {
    let mut labels = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let mut fields = line.split_whitespace();
        let Some(start) = fields.next() else { continue };
        let Some(end) = fields.next() else {
            return Err(FormatError::at(number, format!("`{start}` is not `start end label`")));
        };
        let time = |text: &str| {
            let value = seconds(text, number)?;
            Ok(if text.contains('.') { value } else { value / UNITS_PER_SECOND })
        };
        let text = fields.next().unwrap_or_default();
        labels.push(Label { start: time(start)?, end: time(end)?, text: phone(text), line: Some(number) });
    }
    Ok(labels)
}

/// Returns the phone of a label: the middle one of an HTS full context, `x^x-PHONE+x=x…`, otherwise the label itself.
fn phone(label: &str) -> String {
    let middle = label.split_once('-').and_then(|(_, rest)| rest.split_once('+')).map(|(phone, _)| phone);
    middle.unwrap_or(label).to_owned()
}

/// Reads the labels of a Festival file: after an optional header that ends in `#`, lines of `end color label`; each
/// label begins where the previous one ends.
pub(super) fn read_festival(text: &str) -> Result<Vec<Label>, FormatError> {
    let header = text.lines().position(|line| line.trim() == "#").map_or(0, |index| index + 1);
    let mut labels: Vec<Label> = Vec::new();
    for (line, number) in text.lines().zip(1..).skip(header) {
        let line = line.split(';').next().unwrap_or_default();
        let mut fields = line.split_whitespace();
        let Some(end) = fields.next() else { continue };
        let Some(_color) = fields.next() else {
            return Err(FormatError::at(number, format!("`{end}` is not `end color label`")));
        };
        let start = labels.last().map_or(0.0, |label| label.end);
        let text = fields.next().unwrap_or_default().to_owned();
        labels.push(Label { start, end: seconds(end, number)?, text, line: Some(number) });
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(start: f64, end: f64, text: &str, line: u64) -> Label {
        Label { start, end, text: text.to_owned(), line: Some(line) }
    }

    #[test]
    fn htk_times_are_in_units_of_100_nanoseconds() {
        let text = "0 1500000 sil\n1500000 2250000 x^sil-hh+ay=x@1\n\n2250000 4000000 ay -56.2 hi\n";
        let labels = read_htk(text).unwrap();
        assert_eq!(
            labels,
            [label(0.0, 0.15, "sil", 1), label(0.15, 0.225, "hh", 2), label(0.225, 0.4, "ay", 4)]
        );
        assert!(!is_festival(text));
        assert_eq!(read_htk("0.0\t0.25\tHH\n").unwrap(), [label(0.0, 0.25, "HH", 1)]);
        assert_eq!(read_htk("0 1500000 sil\nend\n").unwrap_err().line, Some(2));
        assert_eq!(read_htk("0 end sil\n").unwrap_err().line, Some(1));
    }

    #[test]
    fn festival_lists_ends_after_a_header() {
        for (text, line) in [
            ("separator ;\nnfields 1\n#\n    0.1500  100 pau ; 0.5\n    0.2250 100 hh\n", 4),
            ("0.1500 125 pau\n0.2250 125 hh\n", 1),
        ] {
            assert!(is_festival(text));
            assert_eq!(
                read_festival(text).unwrap(),
                [label(0.0, 0.15, "pau", line), label(0.15, 0.225, "hh", line + 1)]
            );
        }
        assert_eq!(read_festival("#\n0.15\n").unwrap_err().line, Some(2));
    }
}
