//! Python's literals as JSON: what `print(dict)` and `json.dumps` with NaN write.

/// Rewrites a Python literal, or JSON with NaN and Infinity, as JSON.
///
/// Strings in single quotes get double ones; `None`, `True` and `False` become `null`, `true` and `false`; `nan` and `inf`
/// in any spelling become strings, since JSON has no such numbers. Other text is copied, so that anything malformed is
/// refused by the parser of JSON.
pub(crate) fn to_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '\'' | '"' => string(rest, first, &mut json),
            '-' | '+' if starts_a_word(&rest[1..]) => word(rest, &mut json),
            _ if first.is_ascii_alphabetic() => word(rest, &mut json),
            _ => {
                json.push(first);
                &rest[first.len_utf8()..]
            }
        };
    }
    json
}

fn starts_a_word(text: &str) -> bool {
    text.starts_with(|character: char| character.is_ascii_alphabetic())
}

/// Copies a string in quotes, and returns the text after it.
fn string<'a>(text: &'a str, quote: char, json: &mut String) -> &'a str {
    json.push('"');
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some((_, '\'')) => json.push('\''),
                Some((_, 'x')) => json.push_str("\\u00"),
                Some((_, escaped)) => json.extend(['\\', escaped]),
                None => json.push('\\'),
            },
            _ if character == quote => {
                json.push('"');
                return &text[at + 1..];
            }
            '"' => json.push_str("\\\""),
            '\t' => json.push_str("\\t"),
            _ => json.push(character),
        }
    }
    ""
}

/// Copies a word, with its sign, and returns the text after it.
fn word<'a>(text: &'a str, json: &mut String) -> &'a str {
    let signed = text.len() - text.trim_start_matches(['-', '+']).len();
    let is_end = |character: char| !(character.is_ascii_alphanumeric() || character == '_');
    let end = text[signed..].find(is_end).map_or(text.len(), |end| signed + end);
    match &text[..end] {
        "None" => json.push_str("null"),
        "True" => json.push_str("true"),
        "False" => json.push_str("false"),
        number if ["nan", "inf", "infinity"].contains(&number[signed..].to_ascii_lowercase().as_str()) => {
            json.push('"');
            json.push_str(number);
            json.push('"');
        }
        other => json.push_str(other),
    }
    &text[end..]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::to_json;

    #[test]
    fn rewrites_what_python_prints() {
        for (text, expected) in [
            ("{'key': 'a', 'mos': 4.1}", json!({"key": "a", "mos": 4.1})),
            ("{\"sir\": Infinity, \"f0\": NaN}", json!({"sir": "Infinity", "f0": "NaN"})),
            ("{'sir': -inf, 'x': None, 'y': True}", json!({"sir": "-inf", "x": null, "y": true})),
            ("{'text': \"it's finance, 'inf'\"}", json!({"text": "it's finance, 'inf'"})),
            ("{'text': 'it\\'s \"so\"'}", json!({"text": "it's \"so\""})),
            ("{'x': 1e-05, 'y': [1, -2.5]}", json!({"x": 1e-5, "y": [1, -2.5]})),
            ("{'é': 'ü\\xe4'}", json!({"é": "üä"})),
        ] {
            let found: Value = serde_json::from_str(&to_json(text)).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(found, expected, "{text}");
        }
        for text in ["{'a': 'b", "{'a': \\", "{a: 1}", "'", "-", "{'a': nano}", "\\"] {
            assert!(serde_json::from_str::<Value>(&to_json(text)).is_err(), "{text}");
        }
    }
}
