//! Sentences of `WikipediaHomographData`.

use std::error::Error;
use std::fs;
use std::path::Path;

use mynah_text::LabeledHomograph;

/// Reads the tables of a folder, sorted by name.
pub(crate) fn read(folder: &Path) -> Result<Vec<LabeledHomograph>, Box<dyn Error>> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    paths.sort_by_key(fs::DirEntry::path);
    let mut sentences = Vec::new();
    for path in paths {
        for (number, line) in fs::read_to_string(path.path())?.lines().enumerate().skip(1) {
            let bad = || format!("line {} of `{}` is not a sentence", number + 1, path.path().display());
            let fields: Vec<String> = line.split('\t').map(unquoted).collect();
            let [_, reading, sentence, start, _] = fields.as_slice() else { return Err(bad().into()) };
            let start = start.parse().map_err(|_| bad())?;
            sentences.push(LabeledHomograph {
                sentence: sentence.clone(),
                start,
                reading: reading.clone(),
                weight: 1,
            });
        }
    }
    Ok(sentences)
}

/// Returns true for a tenth of the sentences: FNV-1a of the sentence, its upper half divisible by ten.
pub(crate) fn is_develop(sentence: &LabeledHomograph) -> bool {
    let hash = sentence.sentence.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    (hash >> 32).is_multiple_of(10)
}

/// Takes the quotation marks off a field, inside which they are doubled.
fn unquoted(field: &str) -> String {
    match field.strip_prefix('"').and_then(|field| field.strip_suffix('"')) {
        Some(inner) => inner.replace("\"\"", "\""),
        None => field.to_owned(),
    }
}
