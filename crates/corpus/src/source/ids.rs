//! Ids of clips.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

use super::recordings::{stem, without_extension};
use super::row::Row;

/// Returns the id of every row, and true if folders had to be made part of them.
///
/// An id is the source's own, or the name of the recording. Where recordings of different folders have the same name, all
/// ids are paths instead, with `-` between folders.
pub(crate) fn ids(rows: &[Row]) -> (Vec<String>, bool) {
    let mut paths: HashMap<&str, &str> = HashMap::new();
    let mut clash = false;
    for row in rows.iter().filter(|row| row.id.is_none() && row.span.is_none()) {
        let path = without_extension(&row.audio);
        let first = *paths.entry(stem(&row.audio)).or_insert(path);
        // A path and its bare name are the same clip twice, not two clips.
        clash |= first != path && first.contains('/') && path.contains('/');
    }
    let shared = if clash { shared_folders(rows) } else { 0 };
    let ids = rows.iter().map(|row| {
        let id = match (&row.id, row.span) {
            (Some(id), _) => id.clone(),
            (None, span) => {
                let name = without_extension(&row.audio);
                let name = if clash { name[shared..].replace('/', "-") } else { stem(name).to_owned() };
                match span {
                    Some(span) => format!("{name}-{:07.0}", span.start_seconds * 1000.0),
                    None => name,
                }
            }
        };
        if id.is_ascii() { id } else { id.nfc().collect() }
    });
    (ids.collect(), clash)
}

/// Returns the length of the folders with which all recordings begin.
fn shared_folders(rows: &[Row]) -> usize {
    let folder = |row: &Row| row.audio.rfind('/').map_or(0, |slash| slash + 1);
    let Some(first) = rows.first() else { return 0 };
    let mut shared = &first.audio[..folder(first)];
    for row in rows {
        while !row.audio.starts_with(shared) {
            let shorter = shared.trim_end_matches('/').rfind('/').map_or(0, |slash| slash + 1);
            shared = &shared[..shorter];
        }
    }
    shared.len()
}

/// Returns true if an id can be the name of a file.
pub(crate) fn is_safe(id: &str) -> bool {
    !id.contains(['/', '\\', '\0']) && id != "." && id != ".."
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::ids;
    use crate::source::corpus::Span;
    use crate::source::row::Row;

    fn of(names: &[&str]) -> (Vec<String>, bool) {
        let rows: Vec<Row> =
            names.iter().map(|name| Row::new(&Arc::from("t"), 1, (*name).to_owned())).collect();
        ids(&rows)
    }

    #[test]
    fn ids_are_names_of_recordings() {
        assert_eq!(of(&["a", "wavs/b.WAV", "c.v2"]), (vec!["a".into(), "b".into(), "c.v2".into()], false));
        assert_eq!(of(&["cafe\u{301}.wav"]).0, ["caf\u{e9}"]);
        assert_eq!(
            of(&["p1/x.wav", "p2/x.wav", "p2/y.wav"]),
            (vec!["p1-x".into(), "p2-x".into(), "p2-y".into()], true)
        );
        assert_eq!(of(&["/d/p1/x.wav", "/d/p2/x.wav"]).0, ["p1-x", "p2-x"]);
        assert_eq!(of(&["p1/x.wav", "p1/x.wav"]), (vec!["x".into(), "x".into()], false));
    }

    #[test]
    fn parts_of_a_recording_are_told_apart_by_their_start() {
        let mut row = Row::new(&Arc::from("t"), 1, "talk.wav".to_owned());
        row.span = Some(Span { start_seconds: 61.5, end_seconds: 63.0 });
        assert_eq!(ids(&[row]).0, ["talk-0061500"]);
    }
}
