//! CTM, "time-marked conversation": `utterance channel start duration label`, many utterances per file, as written by
//! Kaldi.

use std::collections::BTreeMap;

use super::label::{FormatError, Label, seconds};

/// Reads the labels of every utterance in file order; `;;` starts a comment.
pub(super) fn read_ctm(text: &str) -> Result<BTreeMap<String, Vec<Label>>, FormatError> {
    let mut utterances: BTreeMap<String, Vec<Label>> = BTreeMap::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.split(";;").next().unwrap_or_default();
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields.as_slice() {
            [] => {}
            [id, _channel, start, duration, text, ..] => {
                let start = seconds(start, number)?;
                let end = start + seconds(duration, number)?;
                let label = Label { start, end, text: (*text).to_owned(), line: Some(number) };
                utterances.entry((*id).to_owned()).or_default().push(label);
            }
            _ => {
                let why = format!("`{}` is not `utterance channel start duration label`", line.trim());
                return Err(FormatError::at(number, why));
            }
        }
    }
    Ok(utterances)
}

#[cfg(test)]
mod tests {
    use super::read_ctm;

    #[test]
    fn separates_utterances() {
        let text = ";; phones\na 1 0.00 0.15 SIL\nb 1 0.1 0.2 HH_B 0.9\na 1 0.15 0.10 HH_B\n";
        let found = read_ctm(text).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b"]);
        let last = &found["a"][1];
        assert_eq!((last.start, last.end, last.text.as_str(), last.line), (0.15, 0.25, "HH_B", Some(4)));
        assert_eq!(read_ctm("a 1 0.0 0.15 SIL\na 1 0.1\n").unwrap_err().line, Some(2));
    }
}
