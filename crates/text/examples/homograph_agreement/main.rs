//! Agreement of the readings of homographs with the labels of `WikipediaHomographData`.
//!
//! ```text
//! cargo run --release -p mynah-text --example homograph_agreement -- WikipediaHomographData eval [--list]
//! ```
//!
//! `eval` is the split that nothing was learned from or tuned on, `train` the one that the bundled weights were
//! learned from, and `develop` the tenth of `train` that `learn_homographs --develop` leaves out. A reading is
//! right if its phones are closer to the labeled reading of `crates/text/data/homographs.txt` than to any
//! other reading of the word. `--list` prints the wrong ones.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

mod labeled;

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::path::Path;

use mynah_text::{Phone, Phonemizer, Pronouncer, parse_phones};

/// Reading of a word: its name and its phones.
type Named = (String, Vec<Phone>);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, split, ..] = arguments.as_slice() else {
        return Err("usage: homograph_agreement WikipediaHomographData eval|train|develop [--list]".into());
    };
    let list = arguments.get(2).is_some_and(|argument| argument == "--list");
    let readings = readings()?;
    let develop = split == "develop";
    let mut sentences =
        labeled::read(&Path::new(folder).join("data").join(if develop { "train" } else { split }))?;
    sentences.retain(|sentence| !develop || labeled::is_develop(sentence));
    let phonemizer = Phonemizer::new(Pronouncer::new(None));
    let mut right = 0;
    for sentence in &sentences {
        let phonemized = phonemizer.phonemize(&sentence.sentence)?;
        let found = phonemized.words.iter().find(|word| word.span.contains(&sentence.start));
        let phones = found.map_or(&[] as &[Phone], |word| &word.pronunciation.phones);
        let word = sentence.reading.split('_').next().unwrap_or("");
        let closest = readings.get(word).and_then(|readings| {
            readings.iter().min_by_key(|(_, reading)| distance(phones, reading)).map(|(name, _)| name)
        });
        if closest == Some(&sentence.reading) {
            right += 1;
        } else if list {
            println!(
                "{}  {:?}  {}",
                sentence.reading,
                found.map(|word| word.pronunciation.source),
                sentence.sentence
            );
        }
    }
    let percent = 100.0 * f64::from(right) / sentences.len() as f64;
    println!("{right} of {} homographs are read as labeled, {percent:.2} %", sentences.len());
    Ok(())
}

/// Reads the names and phones of the readings of each word.
fn readings() -> Result<BTreeMap<String, Vec<Named>>, Box<dyn Error>> {
    let mut readings = BTreeMap::<String, Vec<Named>>::new();
    for line in include_str!("../../data/homographs.txt").lines().filter(|line| !line.starts_with('#')) {
        let [word, name, phones] = line.split("  ").collect::<Vec<_>>()[..] else {
            return Err(format!("`{line}` is not a reading").into());
        };
        readings.entry(word.to_owned()).or_default().push((name.to_owned(), parse_phones(phones)?));
    }
    Ok(readings)
}

/// Returns the number of phones to insert, delete or replace, a wrong stress counting as half a phone, doubled.
fn distance(left: &[Phone], right: &[Phone]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).map(|count| 2 * count).collect();
    for (line, a) in left.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], 2 * (line + 1));
        for (column, b) in right.iter().enumerate() {
            let same_sound = usize::from(a.without_stress() == b.without_stress());
            let replaced = diagonal + if a == b { 0 } else { 2 - same_sound };
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 2).min(row[column] + 2);
        }
    }
    row[right.len()]
}
