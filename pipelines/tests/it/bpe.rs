//! `mynah-prepare bpe`.

use mynah_text::{SupPhones, Symbol};

use crate::support::{PREPARE, Place};

const SENTENCES: &str = "Hello, world.\nHello there, hello!\nThe world is there.\n";

fn place() -> Place {
    let place = Place::new();
    place.write("sentences.txt", SENTENCES);
    let phones = place.shell(PREPARE, "exec \"$0\" phonemize < sentences.txt").prints(0);
    place.write("phones.txt", phones);
    place
}

fn encode(place: &Place, options: &str) -> String {
    place.shell(PREPARE, &format!("exec \"$0\" bpe encode --model b.json {options} < phones.txt")).prints(0)
}

#[test]
fn learned_merges_are_applied_and_reversible() {
    let place = place();
    let outcome = place.prepare("bpe train phones.txt --merges 6 --out b.json").exits_with(0);
    outcome.says("6 merges from 5 distinct words (9 in all)");
    let phones = place.read("phones.txt");

    let encoded = encode(&place, "");
    assert_ne!(encoded, phones);
    assert_eq!(encoded.replace('_', " "), phones, "sup-phonemes are phones with other separators");
    assert!(encoded.starts_with("HH_AH0_L_OW1 , / "), "the word that occurs three times: {encoded}");

    // An identifier per symbol, as the library encodes them.
    let sup_phones = SupPhones::from_json(&place.read("b.json")).unwrap();
    assert_eq!(sup_phones.merges().len(), 6);
    for (ids, line) in encode(&place, "--ids").lines().zip(phones.lines()) {
        let symbols: Vec<Symbol> = line.split(' ').map(|name| name.parse().unwrap()).collect();
        let mut word = 0;
        let index: Vec<Option<u32>> = symbols
            .iter()
            .map(|symbol| {
                word += u32::from(*symbol == Symbol::Boundary);
                symbol.phone().map(|_| word)
            })
            .collect();
        let expected: Vec<String> =
            sup_phones.encode(&symbols, &index).iter().map(ToString::to_string).collect();
        assert_eq!(ids, expected.join(" "));
    }
}

#[test]
fn stdin_and_a_file_yield_the_same_sup_phones() {
    let place = place();
    place.prepare("bpe train phones.txt --merges 6 --out b.json").exits_with(0);
    let script = "exec \"$0\" bpe train - --merges 6 --out c.json < phones.txt";
    place.shell(PREPARE, script).exits_with(0);
    assert_eq!(place.read("b.json"), place.read("c.json"));
}

#[test]
fn without_merges_every_phone_is_a_sup_phone() {
    let place = place();
    place.prepare("bpe train phones.txt --merges 0 --out b.json").exits_with(0).says("0 merges");
    assert_eq!(encode(&place, ""), place.read("phones.txt"));
}

#[test]
fn names_input_that_cannot_be_read() {
    let place = place();
    place.prepare("bpe train nowhere.txt --merges 6 --out b.json").exits_with(2).says("`nowhere.txt`");
    place.write("bad.txt", "HH AH0\nL QQ\n");
    place
        .prepare("bpe train bad.txt --merges 6 --out b.json")
        .exits_with(2)
        .says("failed to read line 2 of `bad.txt`")
        .says("`QQ`");
    place.write("empty.txt", "\n, / .\n");
    place
        .prepare("bpe train empty.txt --merges 6 --out b.json")
        .exits_with(2)
        .says("`empty.txt` has no words")
        .says("mynah-prepare phonemize");
    place.prepare("bpe train - --merges 6 --out b.json").exits_with(2).says("stdin has no words");
    place.prepare("bpe train phones.txt --merges -1 --out b.json").exits_with(2).says("-1");
    place
        .prepare("bpe train phones.txt --merges 6 --out bad.txt/b.json")
        .exits_with(2)
        .says("`bad.txt/b.json`");
    assert!(!place.has("b.json"));
    place.prepare("bpe train phones.txt --merges 6 --out new/folder/b.json").exits_with(0);
    assert!(place.has("new/folder/b.json"));

    place.prepare("bpe encode --model nowhere.json").exits_with(2).says("`nowhere.json`");
    place.write("broken.json", "{\"model\": {}}");
    place.prepare("bpe encode --model broken.json").exits_with(2).says("failed to read `broken.json`");
    place.prepare("bpe train phones.txt --merges 6 --out b.json").exits_with(0);
    let script = "echo 'HH AH' | \"$0\" bpe encode --model b.json";
    place.shell(PREPARE, script).exits_with(2).says("failed to read line 1 of stdin").says("`AH`");
}
