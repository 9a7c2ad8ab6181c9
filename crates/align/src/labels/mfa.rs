//! JSON and CSV outputs of the Montreal Forced Aligner.

use serde_json::Value;

use super::label::{FormatError, Label, seconds};

/// Lowercase names of the tier of phones, possibly preceded by the name of the speaker.
const PHONE_TIERS: [&str; 4] = ["phones", "phone", "phonemes", "segments"];

/// Returns the labels of the tier of phones among named tiers; a single tier is taken whatever its name.
pub(super) fn phone_tier(tiers: Vec<(String, Vec<Label>)>) -> Result<Vec<Label>, FormatError> {
    let names: Vec<String> = tiers.iter().map(|(name, _)| format!("`{name}`")).collect();
    let names = names.join(", ");
    if tiers.len() == 1 {
        return Ok(tiers.into_iter().map(|(_, labels)| labels).next().unwrap_or_default());
    }
    let is_phones = |name: &str| {
        let name = name.to_lowercase();
        let name = name.rsplit_once(" - ").map_or(name.as_str(), |(_, name)| name);
        PHONE_TIERS.contains(&name.trim())
    };
    let mut found = tiers.into_iter().filter(|(name, _)| is_phones(name));
    match (found.next(), found.next()) {
        (Some((_, labels)), None) => Ok(labels),
        (None, _) => Err(FormatError::new(format!("none of its tiers is named `phones`: it has {names}"))),
        _ => Err(FormatError::new(format!("several of its tiers are named `phones`: it has {names}"))),
    }
}

/// Reads the phones of `{"tiers": {"phones": {"entries": [[start, end, label], …]}, …}}`; the tiers may also be a list
/// of objects with a `name`.
pub(super) fn read_json(text: &str) -> Result<Vec<Label>, FormatError> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| FormatError::at(error.line() as u64, format!("it is not JSON: {error}")))?;
    let tiers: Vec<(String, &Value)> = match value.get("tiers") {
        Some(Value::Object(tiers)) => tiers.iter().map(|(name, tier)| (name.clone(), tier)).collect(),
        Some(Value::Array(tiers)) => tiers
            .iter()
            .map(|tier| (tier.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(), tier))
            .collect(),
        _ => return Err(FormatError::new("it has no `tiers`")),
    };
    let label = |entry: &Value| {
        let (start, end) = (entry.get(0)?.as_f64()?, entry.get(1)?.as_f64()?);
        Some(Label { start, end, text: entry.get(2)?.as_str()?.to_owned(), line: None })
    };
    let read = |(name, tier): (String, &Value)| {
        let Some(entries) = tier.get("entries").and_then(Value::as_array) else {
            return Err(FormatError::new(format!("tier `{name}` has no `entries`")));
        };
        let labels: Option<Vec<Label>> = entries.iter().map(label).collect();
        let labels = labels.ok_or_else(|| {
            FormatError::new(format!("an entry of tier `{name}` is not `[start, end, label]`"))
        })?;
        Ok((name, labels))
    };
    phone_tier(tiers.into_iter().map(read).collect::<Result<_, _>>()?)
}

/// Reads the phones of a table `Begin,End,Label,Type,Speaker`, the rows with `phones` as the `Type`.
pub(super) fn read_csv(text: &str) -> Result<Vec<Label>, FormatError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let at = |error: &csv::Error| {
        let line = error.position().map(csv::Position::line);
        FormatError { line, why: format!("it is not CSV: {error}") }
    };
    let header = reader.headers().map_err(|error| at(&error))?.clone();
    let column = |name: &str| {
        header
            .iter()
            .position(|column| column.trim().eq_ignore_ascii_case(name))
            .ok_or_else(|| FormatError::at(1, format!("it has no column `{name}`")))
    };
    let (begin, end, label, kind) = (column("Begin")?, column("End")?, column("Label")?, column("Type")?);
    let mut labels = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| at(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |index: usize| {
            record.get(index).map(str::trim).ok_or_else(|| FormatError::at(line, "it has too few fields"))
        };
        if field(kind)? == "phones" {
            let (start, end) = (seconds(field(begin)?, line)?, seconds(field(end)?, line)?);
            labels.push(Label { start, end, text: field(label)?.to_owned(), line: Some(line) });
        }
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::{read_csv, read_json};

    #[test]
    fn reads_phones_from_both_json_forms() {
        let entries = r#"{"type": "interval", "entries": [[0.0, 0.15, ""], [0.15, 0.25, "HH"]]}"#;
        let words = r#"{"type": "interval", "entries": [[0.0, 0.25, "hi"]]}"#;
        for text in [
            format!(r#"{{"start": 0, "end": 0.25, "tiers": {{"words": {words}, "phones": {entries}}}}}"#),
            format!(r#"{{"tiers": {{"linda - words": {words}, "linda - phones": {entries}}}}}"#),
            r#"{"tiers": [{"name": "words", "entries": []},
                {"name": "phones", "entries": [[0, 0.15, ""], [0.15, 0.25, "HH"]]}]}"#
                .to_owned(),
        ] {
            let labels = read_json(&text).unwrap();
            let found: Vec<_> =
                labels.iter().map(|label| (label.start, label.end, label.text.as_str())).collect();
            assert_eq!(found, [(0.0, 0.15, ""), (0.15, 0.25, "HH")]);
        }
        let two = format!(r#"{{"tiers": {{"a - phones": {entries}, "b - phones": {entries}}}}}"#);
        assert!(read_json(&two).unwrap_err().why.contains("several"));
        for (text, why) in [
            ("[", "JSON"),
            ("{}", "tiers"),
            (r#"{"tiers": {"a": {}}}"#, "entries"),
            (r#"{"tiers": {"a": {"entries": [[0, 1]]}}}"#, "[start, end, label]"),
            (r#"{"tiers": {"a": {"entries": []}, "b": {"entries": []}}}"#, "none of its tiers"),
        ] {
            assert!(read_json(text).unwrap_err().why.contains(why), "{text}");
        }
    }

    #[test]
    fn reads_phones_with_lines_from_csv() {
        let text = "Begin,End,Label,Type,Speaker\n0.0,0.25,hi,words,lj\n0.0,0.15,HH,phones,lj\n0.15,0.25,AY1,phones,lj\n";
        let labels = read_csv(text).unwrap();
        let found: Vec<_> = labels.iter().map(|label| (label.end, label.text.as_str(), label.line)).collect();
        assert_eq!(found, [(0.15, "HH", Some(3)), (0.25, "AY1", Some(4))]);
        assert!(read_csv("Begin,End,Label\n0,1,a\n").unwrap_err().why.contains("`Type`"));
        assert_eq!(read_csv("Begin,End,Label,Type\n0,x,a,phones\n").unwrap_err().line, Some(2));
        assert_eq!(read_csv("Begin,End,Label,Type\n0,1\n").unwrap_err().line, Some(2));
    }
}
