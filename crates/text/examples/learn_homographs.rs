//! Learning of the weights that choose between the readings of homographs.
//!
//! ```text
//! cargo run --release -p mynah-text --example learn_homographs -- WikipediaHomographData crates/text/data/homographs.bin
//! ```
//!
//! Reads `data/train` of github.com/google-research-datasets/WikipediaHomographData. With `--develop`, the tenth
//! of its sentences that `homograph_agreement` calls `develop` is left out.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use mynah_text::{LabeledHomograph, learn_homographs};

/// Number of times that a sentence of our own counts: they are few, and plainer than those of Wikipedia.
const OWN: u32 = 5;

#[path = "homograph_agreement/labeled.rs"]
mod labeled;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (folder, out) = match arguments.as_slice() {
        [folder, out, ..] => (Path::new(folder), out),
        _ => return Err("usage: learn_homographs WikipediaHomographData OUT.bin [--develop]".into()),
    };
    let develop = arguments.get(2).is_some_and(|argument| argument == "--develop");
    let mut sentences: Vec<LabeledHomograph> = labeled::read(&folder.join("data/train"))?;
    sentences.retain(|sentence| !develop || !labeled::is_develop(sentence));
    sentences.extend(own()?);
    let weights = learn_homographs(&sentences);
    println!("{} sentences, {} bytes", sentences.len(), weights.len());
    fs::write(out, weights)?;
    Ok(())
}

/// Reads the sentences of our own on which the rules were tuned.
fn own() -> Result<Vec<LabeledHomograph>, Box<dyn Error>> {
    let mut sentences = Vec::new();
    for line in include_str!("../tests/heteronyms/tuning.tsv").lines() {
        let [word, phones, sentence] = line.split('\t').collect::<Vec<_>>()[..] else {
            return Err(format!("`{line}` does not have three fields").into());
        };
        let phones = format!(" {phones} ");
        let reading = include_str!("../data/homographs.txt").lines().find_map(|reading| {
            let (own, rest) = reading.split_once("  ")?;
            let (name, said) = rest.split_once("  ")?;
            (own == word && format!(" {said} ").contains(&phones)).then_some(name)
        });
        let start = sentence.to_ascii_lowercase().find(word);
        if let (Some(reading), Some(start)) = (reading, start) {
            sentences.push(LabeledHomograph {
                sentence: sentence.to_owned(),
                start,
                reading: reading.to_owned(),
                weight: OWN,
            });
        }
    }
    Ok(sentences)
}
