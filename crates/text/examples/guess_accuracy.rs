//! Accuracy of the network, and of each step after the dictionary, on unseen words.
//!
//! ```text
//! cargo run --release -p mynah-text --example guess_accuracy [--list SOURCE]
//! ```
//!
//! The words are the tenth of CMUdict that the network was not trained on: those of at least two characters,
//! all letters or apostrophes. First, the network pronounces each of them alone. Then each is hidden in turn
//! and pronounced by the first step that can, which may use all other words. A word is correct if it matches
//! any of its pronunciations. `--list` prints the words that a source (`Morphology`, `Compound`, `Letters`,
//! `Model`) got wrong.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::collections::BTreeMap;
use std::env;
use std::time::Instant;

use mynah_text::{Dictionary, G2p, G2pAccuracy, Phone, Pronouncer, is_held_out, letter_indices};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let listed =
        arguments.iter().position(|argument| argument == "--list").and_then(|at| arguments.get(at + 1));
    let mut words = Vec::new();
    Dictionary::cmudict().for_each(|word, variants| {
        let letters = letter_indices(word).len();
        if is_held_out(word) && letters == word.len() && letters > 1 {
            words.push((word.to_owned(), variants));
        }
    });

    let begin = Instant::now();
    let mut model = G2pAccuracy::default();
    let mut said = Vec::with_capacity(words.len());
    for (word, variants) in &words {
        let phones = G2p::bundled().pronounce(word);
        model += G2pAccuracy::of_phones(&phones, variants);
        said.push(phones);
    }
    let seconds = begin.elapsed().as_secs_f64();
    let (word_errors, phone_errors) = (model.word_error_rates(), model.phone_error_rates());
    println!("network alone, {} words, {:.0} words/s", model.words, words.len() as f64 / seconds);
    println!("  word error rate  {:.2} % without stress, {:.2} % with", word_errors.0, word_errors.1);
    println!("  phone error rate {:.2} % without stress, {:.2} % with", phone_errors.0, phone_errors.1);

    let pronouncer = Pronouncer::new(None);
    let mut by_source = BTreeMap::<String, [G2pAccuracy; 2]>::new();
    for ((word, variants), said) in words.iter().zip(said) {
        let guess = pronouncer.guess(word);
        let source = format!("{:?}", guess.source);
        let accuracy = G2pAccuracy::of_phones(&guess.phones, variants);
        if listed == Some(&source) && accuracy.wrong > 0 {
            println!("{word}  {}  not {}", line(&guess.phones), line(&variants[0]));
        }
        for name in [source, "all".to_owned()] {
            let [steps, network] = by_source.entry(name).or_default();
            *steps += accuracy;
            *network += G2pAccuracy::of_phones(&said, variants);
        }
    }
    println!("first step that can   words   wrong without stress, with   network on the same words");
    for (source, [steps, network]) in by_source {
        let (steps_rates, network_rates) = (steps.word_error_rates(), network.word_error_rates());
        println!(
            "{source:<19} {:>7} {:>12.2} % {:>12.2} % {:>12.2} % {:>10.2} %",
            steps.words, steps_rates.0, steps_rates.1, network_rates.0, network_rates.1
        );
    }
}

fn line(phones: &[Phone]) -> String {
    phones.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
