//! Kaldi directories: `wav.scp`, `text`, and perhaps `utt2spk` and `segments`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::corpus::Span;
use super::recordings::{extension, split};
use super::row::{Row, Rows, counted, split_named};
use super::table::not_text;
use super::text_file;
use crate::Error;
use crate::problem::Code;

/// File that makes a directory one of Kaldi's.
pub(crate) const RECORDINGS: &str = "wav.scp";

/// Lines of `key value`, with their numbers.
type Entries = Vec<(u64, String, String)>;

/// Reads Kaldi directories, given relative to the root; one named after a split holds that split.
pub(crate) fn read(root: &Path, directories: &[String]) -> Result<Rows, Error> {
    let mut all = Rows { folders: vec![String::new()], ..Rows::default() };
    let mut places = Vec::new();
    for directory in directories {
        let name =
            |file: &str| if directory.is_empty() { file.to_owned() } else { format!("{directory}/{file}") };
        let before = all.clips.len();
        all.folders.push(directory.clone());
        places.push(name("text"));
        let recordings = entries(root, &name(RECORDINGS), &mut all)?;
        let texts = entries(root, &name("text"), &mut all)?;
        let optional = |file: &str, all: &mut Rows| {
            let file = name(file);
            if root.join(&file).is_file() { entries(root, &file, all) } else { Ok(Vec::new()) }
        };
        let speakers: HashMap<String, String> =
            optional("utt2spk", &mut all)?.into_iter().map(|(_, id, speaker)| (id, speaker)).collect();
        let segments: HashMap<String, (u64, String)> =
            optional("segments", &mut all)?.into_iter().map(|(line, id, rest)| (id, (line, rest))).collect();
        let recordings: HashMap<String, String> =
            recordings.into_iter().map(|(_, id, value)| (id, recording_of(&value))).collect();
        all.count += texts.len();
        let table: Arc<str> = Arc::from(name("text"));
        for (line, id, text) in texts {
            let mut row = Row::new(&table, line, String::new());
            row.split = split_named(split(directory).1);
            row.speaker = speakers.get(&id).cloned();
            row.text = Some(text);
            let recording = match segments.get(&id) {
                None if segments.is_empty() => id.clone(),
                None => {
                    let message = format!("`{id}` is not in `{}`", name("segments"));
                    all.problems.push(row.problem(
                        Code::BadSpan,
                        &id,
                        message,
                        "add the segment, or delete the line",
                    ));
                    continue;
                }
                Some((segment_line, rest)) => {
                    let Some((recording, span)) = segment(rest) else {
                        let mut problem = row.problem(
                            Code::BadSpan,
                            &id,
                            format!("`{rest}` is not a recording, a start and an end in seconds"),
                            "write `utterance recording start end`",
                        );
                        (problem.file, problem.line) = (name("segments"), Some(*segment_line));
                        all.problems.push(problem);
                        continue;
                    };
                    row.span = Some(span);
                    recording
                }
            };
            let Some(path) = recordings.get(&recording) else {
                let message = format!("`{recording}` is not in `{}`", name(RECORDINGS));
                let remedy = "add the recording, or delete the line";
                all.problems.push(row.problem(Code::MissingWav, &id, message, remedy));
                continue;
            };
            path.clone_into(&mut row.audio);
            row.id = Some(id);
            all.clips.push(row);
        }
        let parts = [("utt2spk", !speakers.is_empty()), ("segments", !segments.is_empty())];
        let parts: Vec<&str> = parts.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
        let parts = if parts.is_empty() { String::new() } else { format!(", {}", parts.join(", ")) };
        let split = split_named(split(directory).1).filter(|_| directories.len() > 1);
        let split = split.map_or(String::new(), |split| format!(", the {} split", split.word()));
        all.notes.push(format!(
            "source: Kaldi's `{}`, `text`{parts}: {}{split}",
            name(RECORDINGS),
            counted(all.clips.len() - before, "clip", "clips")
        ));
    }
    all.place = places.join("`, `");
    Ok(all)
}

/// Reads the lines of a file as key and value.
fn entries(root: &Path, name: &str, all: &mut Rows) -> Result<Entries, Error> {
    let bytes = text_file::read(&root.join(name))?;
    all.hasher.update(name.as_bytes()).update(&bytes);
    let table: Arc<str> = Arc::from(name);
    let mut entries = Vec::new();
    for (line, content) in text_file::lines(&bytes) {
        match text_file::text(content) {
            Ok(text) => {
                let text = text.trim();
                let (key, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
                entries.push((line, key.to_owned(), value.trim().to_owned()));
            }
            Err(fault) => {
                all.count += usize::from(split(name).1 == "text");
                all.problems.push(not_text(&table, line, &fault));
            }
        }
    }
    Ok(entries)
}

/// Returns the file of a recording. A command (`flac -dc a.flac |`) stands for the only recording that it names.
fn recording_of(value: &str) -> String {
    let Some(command) = value.strip_suffix('|') else { return value.to_owned() };
    let mut files = command.split_whitespace().filter(|word| extension(word).is_some());
    match (files.next(), files.next()) {
        (Some(file), None) => file.trim_matches(['"', '\'']).to_owned(),
        _ => value.to_owned(),
    }
}

fn segment(rest: &str) -> Option<(String, Span)> {
    let mut parts = rest.split_whitespace();
    let (recording, start, end) = (parts.next()?, parts.next()?, parts.next()?);
    let second = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    let span = Span { start_seconds: second(start)?, end_seconds: second(end)? };
    (span.end_seconds > span.start_seconds).then(|| (recording.to_owned(), span))
}

#[cfg(test)]
mod tests {
    use super::{recording_of, segment};

    #[test]
    fn commands_stand_for_the_recording_that_they_read() {
        assert_eq!(recording_of("flac -c -d -s /data/a.flac |"), "/data/a.flac");
        assert_eq!(recording_of("wavs/a.wav"), "wavs/a.wav");
        assert_eq!(recording_of("sox a.wav b.wav -t wav - |"), "sox a.wav b.wav -t wav - |");
    }

    #[test]
    fn segments_have_a_start_before_their_end() {
        assert_eq!(segment("talk 1.5 3").map(|(_, span)| span.end_seconds), Some(3.0));
        for bad in ["talk", "talk 1", "talk 3 1.5", "talk -1 2", "talk a b"] {
            assert_eq!(segment(bad), None, "{bad}");
        }
    }
}
