//! How often each step behind the dictionary is right about a word that the dictionary has.
//!
//! ```text
//! cargo run --release -p mynah-text --example guess_accuracy [--list SOURCE]
//! ```
//!
//! Every word of CMUdict is hidden in turn and guessed from the rest. The spelling rules are the bundled ones, which
//! were learnt from these very words: `data/README.md` has their error on words that they were not learnt from.
//! `--list` prints the words of one source (`Morphology`, `Compound`, …) that came out wrong.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::collections::BTreeMap;
use std::env;

use mynah_text::{Dictionary, Phone, Pronouncer};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let listed =
        arguments.iter().position(|argument| argument == "--list").and_then(|at| arguments.get(at + 1));
    let pronouncer = Pronouncer::new(None);
    let mut counts = BTreeMap::<String, [u32; 3]>::new();
    Dictionary::cmudict().for_each(|word, variants| {
        let guess = pronouncer.guess(word);
        let source = format!("{:?}", guess.source);
        let same = |variant: &Vec<Phone>| bases(variant).eq(bases(&guess.phones));
        let count = counts.entry(source.clone()).or_default();
        count[0] += 1;
        count[1] += u32::from(!variants.iter().any(same));
        count[2] += u32::from(!variants.contains(&guess.phones));
        if listed == Some(&source) && !variants.contains(&guess.phones) {
            println!("{word}  {}  not {}", line(&guess.phones), line(&variants[0]));
        }
    });
    println!(
        "source        words   wrong without stress   wrong with stress   (against any pronunciation of the word)"
    );
    for (source, [words, bases, phones]) in counts {
        let percent = |wrong: u32| 100.0 * f64::from(wrong) / f64::from(words);
        println!("{source:<12} {words:>6} {:>20.2} % {:>17.2} %", percent(bases), percent(phones));
    }
}

fn bases(phones: &[Phone]) -> impl Iterator<Item = &'static str> {
    phones.iter().map(|phone| phone.without_stress())
}

fn line(phones: &[Phone]) -> String {
    phones.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
