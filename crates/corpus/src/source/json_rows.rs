//! JSON Lines: an object a line, as in manifests of `NeMo` and Hugging Face's `metadata.jsonl`.

use serde_json::{Map, Value};

use super::text_file::{self, NotText};

/// Objects as a table.
#[derive(Debug, Default)]
pub(crate) struct JsonTable {
    /// Keys of all objects, in order of appearance.
    pub(crate) keys: Vec<String>,
    /// Line and cells, or the fault of the line.
    pub(crate) rows: Vec<(u64, Result<Vec<String>, JsonFault>)>,
}

/// Fault of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JsonFault {
    NotText(NotText),
    /// The line is no object, with the reason.
    NotAnObject(String),
}

/// A line as a JSON object, or its fault.
type Object = Result<Map<String, Value>, JsonFault>;

/// Reads the objects; a missing key is an empty cell.
pub(crate) fn read(bytes: &[u8]) -> JsonTable {
    let mut table = JsonTable::default();
    let mut objects: Vec<(u64, Object)> = Vec::new();
    for (line, content) in text_file::lines(bytes) {
        let object = match text_file::text(content) {
            Err(fault) => Err(JsonFault::NotText(fault)),
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => serde_json::from_str(text).map_err(|error| JsonFault::NotAnObject(error.to_string())),
        };
        for key in object.iter().flat_map(Map::keys) {
            if !table.keys.contains(key) {
                table.keys.push(key.clone());
            }
        }
        objects.push((line, object));
    }
    let cells = |object: Map<String, Value>| table.keys.iter().map(|key| cell(object.get(key))).collect();
    table.rows = objects.into_iter().map(|(line, object)| (line, object.map(cells))).collect();
    table
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        // Hugging Face's form of an audio column.
        Some(Value::Object(object)) => cell(object.get("path")),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{JsonFault, read};

    #[test]
    fn objects_become_rows_with_all_keys() {
        let table = read(b"{\"a\": \"x\", \"b\": 1.5}\n\n{\"a\": {\"path\": \"y\"}, \"c\": null}\n[1]\n{\"a\": \"\xff\"}\n");
        assert_eq!(table.keys, ["a", "b", "c"]);
        let good: Vec<_> =
            table.rows.iter().filter_map(|(line, row)| Some((*line, row.clone().ok()?))).collect();
        assert_eq!(
            good,
            [
                (1, vec!["x".into(), "1.5".into(), String::new()]),
                (3, vec!["y".into(), String::new(), String::new()])
            ]
        );
        assert!(matches!(table.rows[2], (4, Err(JsonFault::NotAnObject(_)))));
        assert!(matches!(&table.rows[3], (5, Err(JsonFault::NotText(fault))) if fault.byte == 0xff));
    }
}
