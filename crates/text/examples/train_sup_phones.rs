//! Training of sup-phonemes on the pronunciations of CMUdict, each counted once.
//!
//! ```text
//! cargo run --release -p mynah-text --example train_sup_phones -- 200 fixtures/golden/text/supphones.json
//! ```
//!
//! In practice, `mynah-prepare bpe train` counts the words of a corpus; this program writes the file used by
//! the tests and measures the speed of training.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::error::Error;
use std::time::Instant;
use std::{env, fs};

use mynah_text::{Dictionary, SupPhones};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [merges, path] = arguments.as_slice() else {
        return Err("usage: train_sup_phones MERGES OUT.json".into());
    };
    let mut words = Vec::new();
    Dictionary::cmudict().for_each(|_, variants| words.extend(variants));
    let start = Instant::now();
    let sup_phones = SupPhones::train(words.iter().map(|word| (word, 1)), merges.parse()?);
    let seconds = start.elapsed().as_secs_f64();
    println!("{} words, {} merges, {seconds:.2} s", words.len(), sup_phones.merges().len());
    let start = Instant::now();
    let length: usize = words.iter().map(|word| sup_phones.encode_word(word).len()).sum();
    let per_second = words.len() as f64 / start.elapsed().as_secs_f64();
    println!(
        "{:.2} sup-phonemes per word, {per_second:.0} words encoded per second",
        length as f64 / words.len() as f64
    );
    fs::write(path, sup_phones.to_json())?;
    Ok(())
}
