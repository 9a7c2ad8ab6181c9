//! Sup-phonemes as a `tokenizer.json` of Hugging Face's `tokenizers`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::SupPhones;
use crate::error::Error;
use crate::phone::Phone;
use crate::symbol::Symbol;

/// First code point of the phones, in the Private Use Area of Unicode.
const FIRST_CODE_POINT: u32 = 0xE000;
const SPECIAL: [Symbol; 5] = [Symbol::Pad, Symbol::Unknown, Symbol::Mask, Symbol::Begin, Symbol::End];

/// The fields of a `tokenizer.json` that define sup-phonemes.
#[derive(Deserialize)]
struct File {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    vocab: BTreeMap<String, u32>,
    merges: Vec<(String, String)>,
}

impl SupPhones {
    /// Writes the content of `supphones.json`, which Hugging Face's `tokenizers` loads as is.
    ///
    /// The file represents each phone by one code point, U+E000 plus its [`Phone::index`]; marks and `/`
    /// represent themselves. The file's own normalizer turns a line such as `HH AH0 L OW1 , / W ER1 L D .`
    /// into code points and its decoder turns them back, so the file is self-contained.
    ///
    /// # Panics
    ///
    /// Never: the values are strings and numbers.
    #[must_use]
    pub fn to_json(&self) -> String {
        let text = |id: u32| self.text(id);
        let vocab: serde_json::Map<String, Value> =
            (0..self.len() as u32).map(|id| (text(id), json!(id))).collect();
        let merges: Vec<[String; 2]> =
            self.merges.iter().map(|(left, right)| [text(*left), text(*right)]).collect();
        let added: Vec<Value> = SPECIAL
            .iter()
            .map(|symbol| {
                json!({
                    "id": symbol.index(), "content": symbol.name(), "single_word": false, "lstrip": false,
                    "rstrip": false, "normalized": false, "special": true,
                })
            })
            .collect();
        let file = json!({
            "version": "1.0",
            "truncation": null,
            "padding": null,
            "added_tokens": added,
            "normalizer": normalizer(),
            "pre_tokenizer": { "type": "WhitespaceSplit" },
            "post_processor": null,
            "decoder": decoder(),
            "model": {
                "type": "BPE", "dropout": null, "unk_token": Symbol::Unknown.name(),
                "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
                "byte_fallback": false, "ignore_merges": false, "vocab": vocab, "merges": merges,
            },
        });
        serde_json::to_string_pretty(&file).expect("strings and numbers serialize to JSON") + "\n"
    }

    /// Reads the output of [`SupPhones::to_json`].
    ///
    /// # Errors
    ///
    /// Returns [`Error::SupPhones`] if the text is not JSON of that form, if an identifier does not match its
    /// symbol or merge, or if a merge refers to an unknown sup-phoneme.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let refuse = |why: String| Error::SupPhones { why };
        let Model { vocab, merges } =
            serde_json::from_str::<File>(json).map_err(|error| refuse(error.to_string()))?.model;
        let mut sup_phones = Self::symbols();
        let mut ids: BTreeMap<String, u32> =
            (0..sup_phones.len() as u32).map(|id| (sup_phones.text(id), id)).collect();
        for (left, right) in merges {
            let both =
                |text: &str| ids.get(text).copied().filter(|id| !sup_phones.phones[*id as usize].is_empty());
            let (Some(left), Some(right)) = (both(&left), both(&right)) else {
                return Err(refuse(format!(
                    "merge {} does not join two sup-phonemes",
                    sup_phones.merges.len()
                )));
            };
            let id = sup_phones.push((left, right));
            if ids.insert(sup_phones.text(id), id).is_some() {
                return Err(refuse(format!(
                    "merge {} duplicates a sup-phoneme",
                    sup_phones.merges.len() - 1
                )));
            }
        }
        if ids != vocab {
            return Err(refuse("the identifiers do not match the symbols and merges".to_owned()));
        }
        Ok(sup_phones)
    }

    /// Returns the representation of a sup-phoneme in the file.
    fn text(&self, id: u32) -> String {
        let phones = &self.phones[id as usize];
        if phones.is_empty() {
            let symbol = Symbol::all().nth(id as usize);
            return symbol.map_or(String::new(), |symbol| symbol.name().to_owned());
        }
        phones.iter().map(|phone| code_point(*phone)).collect()
    }
}

fn code_point(phone: Phone) -> char {
    char::from_u32(FIRST_CODE_POINT + phone.index() as u32).expect("the phones fit in the Private Use Area")
}

/// Builds the normalizer from ARPAbet to code points: first the standalone names, then the spaces between
/// phones.
fn normalizer() -> Value {
    let names = Phone::all()
        .map(|phone| replace_pattern(&format!("(?<!\\S){}(?!\\S)", phone.name()), code_point(phone)));
    let (first, last) = (FIRST_CODE_POINT, FIRST_CODE_POINT + Phone::COUNT as u32 - 1);
    let inside = format!("(?<=[\\x{{{first:X}}}-\\x{{{last:X}}}]) (?=[\\x{{{first:X}}}-\\x{{{last:X}}}])");
    let spaces = json!({ "type": "Replace", "pattern": { "Regex": inside }, "content": "" });
    json!({ "type": "Sequence", "normalizers": names.chain([spaces]).collect::<Vec<_>>() })
}

/// Builds the decoder from code points to ARPAbet, with a space after every symbol except the last.
fn decoder() -> Value {
    let replace = |from: String, to: &str| json!({ "type": "Replace", "pattern": { "String": from }, "content": format!("{to} ") });
    let symbols = Symbol::all().map(|symbol| match symbol {
        Symbol::Phone(phone) => replace(code_point(phone).to_string(), phone.name()),
        _ => replace(symbol.name().to_owned(), symbol.name()),
    });
    let end = [json!({ "type": "Fuse" }), json!({ "type": "Strip", "content": " ", "start": 0, "stop": 1 })];
    json!({ "type": "Sequence", "decoders": symbols.chain(end).collect::<Vec<_>>() })
}

fn replace_pattern(pattern: &str, content: char) -> Value {
    json!({ "type": "Replace", "pattern": { "Regex": pattern }, "content": content.to_string() })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::phone::parse_phones;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn sup_phonemes_survive_their_file(words in vec(vec(0..Phone::COUNT, 0..8), 0..20)) {
            let words = words.iter().map(|word| {
                (word.iter().filter_map(|index| Phone::from_index(*index)).collect::<Vec<_>>(), 2)
            });
            let sup_phones = SupPhones::train(words, 30);
            prop_assert_eq!(SupPhones::from_json(&sup_phones.to_json()), Ok(sup_phones));
        }
    }

    #[test]
    fn rejects_invalid_sup_phonemes_with_the_reason() -> Result<(), Error> {
        let sup_phones = SupPhones::train([(parse_phones("DH AH0")?, 2)], 1);
        let json = sup_phones.to_json();
        let check = |changed: String, why: &str| {
            assert_ne!(changed, json);
            let message = SupPhones::from_json(&changed).expect_err(why).to_string();
            assert!(message.contains(why), "{message}");
        };
        let joined = sup_phones.text(85);
        let (dh, ah) = (sup_phones.text(sup_phones.merges[0].0), sup_phones.text(sup_phones.merges[0].1));
        check("{}".to_owned(), "missing field `model`");
        check(
            json.replace(&format!("\"{joined}\": 85"), &format!("\"{joined}\": 86")),
            "the identifiers do not match",
        );
        check(json.replace(&format!("\"{dh}\",\n"), "\",\",\n"), "merge 0 does not join two sup-phonemes");
        let twice = format!("[\n        \"{dh}\",\n        \"{ah}\"\n      ]");
        check(json.replace(&twice, &format!("{twice}, {twice}")), "merge 1 duplicates a sup-phoneme");
        Ok(())
    }
}
