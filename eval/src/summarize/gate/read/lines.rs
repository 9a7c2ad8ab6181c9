//! JSON objects, one a line or in an array, as VERSA and scripts write them.

use mynah_cli::Advised;
use serde_json::{Map, Value};

use super::grid::Grid;
use crate::python_json::to_json;

/// Returns the first character that is not a blank, if it begins an object or an array, possibly after a key.
pub(super) fn first(text: &str) -> Option<char> {
    let line = text.lines().find(|line| !line.trim().is_empty())?.trim();
    let begins = |text: &str| text.chars().next().filter(|first| ['{', '['].contains(first));
    // VERSA's examples have lines of the form `key {…}`.
    begins(line).or_else(|| begins(line.split_once(char::is_whitespace)?.1.trim_start()))
}

/// Reads objects into a grid; values that are objects or lists are left out.
pub(super) fn read(text: &str) -> anyhow::Result<Grid> {
    let mut grid = Grid::default();
    if let Ok(Value::Array(values)) = serde_json::from_str::<Value>(&to_json(text)) {
        for (index, value) in values.into_iter().enumerate() {
            let Value::Object(object) = value else { return Err(not_an_object(index as u64 + 1, "item")) };
            add(&mut grid, object);
        }
        return Ok(grid);
    }
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let (key, line) = match line.find('{') {
            Some(start) if start > 0 => (Some(line[..start].trim()), &line[start..]),
            _ => (None, line),
        };
        let object = serde_json::from_str::<Value>(line).or_else(|_| serde_json::from_str(&to_json(line)));
        let Ok(Value::Object(mut object)) = object else { return Err(not_an_object(number, "line")) };
        if let Some(key) = key.filter(|_| !object.contains_key("key")) {
            object.insert("key".to_owned(), Value::String(key.to_owned()));
        }
        add(&mut grid, object);
        grid.lines.push(number);
    }
    for row in &mut grid.rows {
        row.resize(grid.columns.len(), None);
    }
    if grid.position("key").is_some() {
        grid.tool = Some("VERSA");
    }
    Ok(grid)
}

fn not_an_object(number: u64, what: &str) -> anyhow::Error {
    let message = format!("{what} {number} is not a JSON object");
    Advised::new(message, "correct it, or name a table in another format").into()
}

fn add(grid: &mut Grid, object: Map<String, Value>) {
    let mut row = vec![None; grid.columns.len()];
    for (name, value) in object {
        let text = match value {
            Value::Object(_) | Value::Array(_) => continue,
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        };
        let position = grid.position(&name).unwrap_or_else(|| {
            grid.columns.push(name);
            row.push(None);
            grid.columns.len() - 1
        });
        row[position] = text;
    }
    grid.rows.push(row);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_lines_of_versa_in_every_spelling() {
        for text in [
            "{\"key\": \"a\", \"mcd\": 5.0, \"sir\": Infinity}\n{\"key\": \"b\", \"mcd\": null}\n",
            "\n{'key': 'a', 'mcd': 5.0, 'sir': inf}\n\n{'key': 'b', 'mcd': None}\n",
            "a {\"mcd\": 5.0, \"sir\": Infinity}\nb {\"mcd\": null}\n",
        ] {
            assert!(first(text).is_some());
            let grid = read(text).unwrap();
            let (key, mcd) = (grid.position("key").unwrap(), grid.position("mcd").unwrap());
            assert_eq!((grid.text(0, key), grid.text(0, mcd)), ("a", "5.0"), "{text}");
            assert_eq!((grid.text(1, key), grid.text(1, mcd)), ("b", ""), "{text}");
            assert_eq!(grid.tool, Some("VERSA"));
        }
    }

    #[test]
    fn names_the_line_that_is_no_object() {
        let error = read("{\"key\": \"a\"}\n{\"key\": \n").unwrap_err().to_string();
        assert_eq!(error, "line 2 is not a JSON object");
        assert_eq!(read("[1]").unwrap_err().to_string(), "item 1 is not a JSON object");
        assert_eq!(first("a 1.0\n"), None);
    }
}
