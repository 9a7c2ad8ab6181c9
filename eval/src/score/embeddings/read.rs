//! Files of embeddings: one `.npy` an item in a folder, or JSON Lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use mynah_cli::Advised;
use mynah_signal::npy;
use serde_json::{Map, Value};

use crate::item_columns::ITEM_COLUMNS;
use crate::python_json::to_json;
use crate::score::folder::item_of;

/// Keys of the numbers of a line, the most specific first.
const VECTOR_KEYS: [&str; 5] = ["embedding", "emb", "spk_emb", "xvector", "vector"];
/// Keys of the speaker of a line.
pub(super) const SPEAKER_COLUMNS: [&str; 4] = ["speaker", "speaker_id", "spk", "spk_id"];
/// The advice on files in another form.
const FORMS: &str =
    "name a folder with one ITEM.npy for each wav, or JSON Lines with {\"item\": …, \"embedding\": […]}";

/// Embeddings by item, as they were found.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Found {
    /// The file or folder, in reasons.
    pub(super) name: String,
    /// The numbers of each item, or the reason why it has none; at most one item has each name.
    pub(super) vectors: BTreeMap<String, Result<Vec<f64>, String>>,
    /// Speakers, where lines name them.
    pub(super) speakers: BTreeMap<String, String>,
}

/// Reads a folder or a file.
///
/// A fault of one embedding becomes its reason; a file that cannot be read is an error.
pub(super) fn read(path: &Path) -> anyhow::Result<Found> {
    let failed = || format!("failed to read embeddings from `{}`", path.display());
    let mut found = if path.is_dir() { folder(path) } else { lines(path) }.with_context(failed)?;
    found.name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    if found.vectors.is_empty() {
        let none = Advised::new("there are none", FORMS);
        return Err(anyhow::Error::from(none)).with_context(failed);
    }
    Ok(found)
}

fn folder(path: &Path) -> anyhow::Result<Found> {
    let mut found = Found::default();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(item) = name.strip_suffix(".npy").map(item_of) else { continue };
        let vector = match fs::read(&path) {
            Ok(bytes) => {
                npy::read_vector(&bytes).map_err(|error| format!("`{name}` is no embedding: {error}"))
            }
            Err(error) => Err(format!("`{name}` cannot be read: {error}")),
        };
        if found.vectors.contains_key(&item) {
            let message = format!("`{name}` is a second embedding of item `{item}`");
            return Err(Advised::new(message, "keep one file per item").into());
        }
        found.vectors.insert(item, vector.and_then(usable));
    }
    Ok(found)
}

fn lines(path: &Path) -> anyhow::Result<Found> {
    let text = fs::read_to_string(path)?;
    let mut found = Found::default();
    for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
        if line.trim().is_empty() {
            continue;
        }
        let advised = |what: &str| Advised::new(format!("line {number} {what}"), FORMS);
        let object = object(line).ok_or_else(|| advised("is no JSON object"))?;
        let text = |keys: &[&str]| keys.iter().find_map(|key| object.get(*key)?.as_str());
        let item = text(&ITEM_COLUMNS).ok_or_else(|| advised("names no item"))?;
        let item = item_of(item.trim());
        let (key, value) = VECTOR_KEYS
            .iter()
            .find_map(|key| Some((*key, object.get(*key)?)))
            .ok_or_else(|| advised("has no `embedding`"))?;
        if let Some(speaker) = text(&SPEAKER_COLUMNS) {
            found.speakers.insert(item.clone(), speaker.to_owned());
        }
        let vector = numbers(value).ok_or_else(|| format!("`{key}` in line {number} is no list of numbers"));
        if found.vectors.insert(item.clone(), vector.and_then(usable)).is_some() {
            let message = format!("line {number} is a second embedding of item `{item}`");
            return Err(Advised::new(message, "keep one line per item").into());
        }
    }
    Ok(found)
}

/// Parses a line of JSON, also with the NaN that Python writes.
fn object(line: &str) -> Option<Map<String, Value>> {
    let parsed = serde_json::from_str(line).or_else(|_| serde_json::from_str(&to_json(line)));
    match parsed {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// Returns the numbers of a list, which may be the only element of another; a word such as NaN is one too.
fn numbers(value: &Value) -> Option<Vec<f64>> {
    let list = value.as_array()?;
    if let [Value::Array(_)] = &list[..] {
        return numbers(&list[0]);
    }
    let number = |value: &Value| match value {
        Value::Null => Some(f64::NAN),
        Value::String(word) => word.parse().ok(),
        number => number.as_f64(),
    };
    list.iter().map(number).collect()
}

/// Returns a vector that has a direction, scaled to a length of 1, or the reason why it has none.
fn usable(vector: Vec<f64>) -> Result<Vec<f64>, String> {
    if vector.is_empty() {
        return Err("its embedding is empty".to_owned());
    }
    if let Some(wrong) = vector.iter().find(|number| !number.is_finite()) {
        return Err(format!("its embedding contains {}", if wrong.is_nan() { "NaN" } else { "infinity" }));
    }
    // Scaled first, so that squares neither overflow nor vanish.
    let largest = vector.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    if largest == 0.0 {
        return Err("its embedding is zero".to_owned());
    }
    let length = vector.iter().map(|number| (number / largest).powi(2)).sum::<f64>().sqrt();
    Ok(vector.into_iter().map(|number| number / largest / length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, content: &str) -> anyhow::Result<Found> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        read(&path)
    }

    #[test]
    fn reads_lines_as_tools_write_them() {
        let found = found(
            "e.jsonl",
            "{\"item\": \"a\", \"embedding\": [3, 4.0], \"speaker\": \"x\"}\n\n{\"path\": \"/w/b.wav\", \"emb\": [[0, -2]]}\n\
             {\"key\": \"c\", \"embedding\": [1, NaN]}\n{\"key\": \"d\", \"embedding\": [0, 0]}\n\
             {\"key\": \"e\", \"embedding\": \"x\"}\n{\"key\": \"f\", \"embedding\": []}\n\
             {\"key\": \"g\", \"embedding\": [Infinity, 1]}\n{\"key\": \"h\", \"embedding\": [1e300, 1e300]}\n",
        )
        .unwrap();
        let vectors: Vec<(&str, Result<&[f64], &str>)> = found
            .vectors
            .iter()
            .map(|(item, vector)| (item.as_str(), vector.as_deref().map_err(String::as_str)))
            .collect();
        let half = std::f64::consts::FRAC_1_SQRT_2;
        assert_eq!(vectors[..2], [("a", Ok(&[0.6, 0.8][..])), ("b", Ok(&[0.0, -1.0][..]))]);
        assert_eq!(
            vectors[2..7].iter().map(|(_, vector)| vector.unwrap_err()).collect::<Vec<_>>(),
            [
                "its embedding contains NaN",
                "its embedding is zero",
                "`embedding` in line 6 is no list of numbers",
                "its embedding is empty",
                "its embedding contains infinity",
            ]
        );
        assert!(vectors[7].1.unwrap().iter().all(|number| (number - half).abs() < 1e-15));
        assert_eq!(found.speakers, BTreeMap::from([("a".to_owned(), "x".to_owned())]));
        assert_eq!(found.name, "e.jsonl");
    }

    #[test]
    fn names_the_line_of_what_is_no_embedding() {
        for (content, why) in [
            (
                "{\"item\": \"a\", \"embedding\": [1]}\n\n{\"item\": \"a.wav\", \"embedding\": [1]}\n",
                "line 3 is a second",
            ),
            ("{\"item\": \"a\"}\n", "line 1 has no `embedding`"),
            ("{\"embedding\": [1]}\n", "line 1 names no item"),
            ("a 1 2 3\n", "line 1 is no JSON object"),
            ("\n", "there are none"),
        ] {
            let error = format!("{:#}", found("e.jsonl", content).unwrap_err());
            assert!(error.contains(why) && error.contains("e.jsonl"), "{error}");
        }
    }

    #[test]
    fn reads_a_folder_of_arrays() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(directory.path().join(name), bytes).unwrap();
        let vector = |numbers: [f32; 2]| npy::write_f32(&[2], &numbers);
        write("a.npy", &vector([0.0, 5.0]));
        write("b.wav.npy", &vector([f32::NAN, 5.0]));
        write("c.npy", b"no array");
        write("readme.txt", b"?");
        let found = read(directory.path()).unwrap();
        assert_eq!(found.vectors["a"], Ok(vec![0.0, 1.0]));
        assert_eq!(found.vectors["b"], Err("its embedding contains NaN".to_owned()));
        assert_eq!(
            found.vectors["c"],
            Err("`c.npy` is no embedding: it is not a NumPy array: it does not start with its magic bytes"
                .to_owned())
        );
        assert_eq!(found.vectors.len(), 3);
        write("a.wav.npy", &vector([1.0, 5.0]));
        assert!(
            format!("{:#}", read(directory.path()).unwrap_err()).contains("a second embedding of item `a`")
        );
    }
}
