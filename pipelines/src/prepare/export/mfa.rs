//! Corpus and dictionary of the Montreal Forced Aligner.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Export;

/// Folder of clips without a speaker.
const NOBODY: &str = "speaker";

/// Writes `corpus/SPEAKER/ID.wav` with the words in `ID.lab` beside it, and `dictionary.txt` with every pronunciation that
/// the dataset has of each word.
pub(super) fn write(export: &Export<'_>) -> Result<()> {
    export.each(|utterance| {
        let speaker = utterance.speaker.as_deref().map_or(NOBODY.to_owned(), file_name);
        let words: Vec<String> = export.words(utterance)?.iter().map(|word| one_word(&word.label)).collect();
        export.wav(utterance, &format!("corpus/{speaker}/{}.wav", utterance.id))?;
        export.file(
            &format!("corpus/{speaker}/{}.lab", utterance.id),
            format!("{}\n", words.join(" ")).as_bytes(),
        )
    })?;
    let mut entries: BTreeSet<(String, String)> = BTreeSet::new();
    for utterance in export.dataset.utterances() {
        for (word, phones) in export.words(utterance)?.iter().zip(export.phones(utterance)) {
            let phones: Vec<&str> = phones.iter().map(|phone| phone.label.as_str()).collect();
            entries.insert((one_word(&word.label), phones.join(" ")));
        }
    }
    let lines: Vec<String> =
        entries.into_iter().map(|(word, phones)| format!("{word}\t{phones}\n")).collect();
    export.file("dictionary.txt", lines.concat().as_bytes())
}

/// Returns a word without blanks, which given phones have.
fn one_word(word: &str) -> String {
    word.split_whitespace().collect::<Vec<_>>().join("_")
}

/// Returns a name that can be that of a folder.
fn file_name(name: &str) -> String {
    let safe = name.replace(['/', '\\', '\0'], "_");
    if safe == "." || safe == ".." { format!("_{safe}") } else { safe }
}
