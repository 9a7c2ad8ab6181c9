//! The characters read by VITS and its many descendants.

use crate::error::Error;
use crate::phone::{Phone, Stress};
use crate::symbol::{Punctuation, Symbol};

/// The 178 symbols of VITS in the order of their identifiers: padding, punctuation, letters, IPA.
///
/// `'` occurs twice in the list, but in no text written by this crate.
///
/// # References
///
/// Kim, Kong, Son, "Conditional variational autoencoder with adversarial learning for end-to-end
/// text-to-speech", 2021; the list is from its published code, `text/symbols.py`.
pub const VITS_SYMBOLS: &str = concat!(
    "_",
    ";:,.!?¡¿—…\"«»“” ",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "ɑɐɒæɓʙβɔɕçɗɖðʤəɘɚɛɜɝɞɟʄɡɠɢʛɦɧħɥʜɨɪʝɭɬɫɮʟɱɯɰŋɳɲɴøɵɸθœɶʘɹɺɾɻʀʁɽʂʃʈʧʉʊʋⱱʌɣɤʍχʎʏʑʐʒʔʡʕʢǀǁǂǃ",
    "ˈˌːˑʼʴʰʱʲʷˠˤ˞↓↑→↗↘'̩'ᵻ"
);

/// Separator between a "t" and a "ʃ", or a "d" and a "ʒ", that are two phones rather than one.
const APART: char = 'ˑ';

/// Writes the symbols as the text that VITS reads after its cleaner: `həlˈoʊ, wˈɜːld.`
///
/// Phones follow espeak's American English, on which VITS was trained: `ɑː`, `ɔː`, `iː`, `uː` and `ɜː` are
/// long, and a stress mark precedes its vowel. A boundary is a space, a dash `—`, brackets are `«` and `»`;
/// `<pad>` is `_`. `T SH` and `D ZH` as in "nutshell" are `tˑʃ` and `dˑʒ`, to distinguish them from the
/// single phones of "church" and "judge". `<unk>`, `<mask>`, `<bos>` and `<eos>` are omitted.
#[must_use]
pub fn vits_text(symbols: &[Symbol]) -> String {
    let mut text = String::new();
    let mut last = None;
    for symbol in symbols {
        match *symbol {
            Symbol::Phone(phone) => {
                let split = matches!((last.map_or("", Phone::name), phone.name()), ("T", "SH") | ("D", "ZH"));
                if split {
                    text.push(APART);
                }
                text.push_str(stress_mark(phone));
                text.push_str(vowel_or_consonant(phone));
            }
            Symbol::Punctuation(mark) => text.push(character(mark)),
            Symbol::Boundary => text.push(' '),
            Symbol::Pad => text.push('_'),
            Symbol::Unknown | Symbol::Mask | Symbol::Begin | Symbol::End => continue,
        }
        last = symbol.phone();
    }
    text
}

/// Returns the identifiers of a text's characters in [`VITS_SYMBOLS`]: 0 to 177.
///
/// VITS can be configured to insert blanks between them; this function does not.
///
/// # Errors
///
/// Returns [`Error::UnknownSymbol`] with the first character that is not in the list.
///
/// # Examples
///
/// ```
/// assert_eq!(mynah_text::vits_ids("həl_")?, [50, 83, 54, 0]);
/// # Ok::<(), mynah_text::Error>(())
/// ```
pub fn vits_ids(text: &str) -> Result<Vec<u16>, Error> {
    text.chars()
        .map(|character| {
            let id = VITS_SYMBOLS.chars().position(|symbol| symbol == character);
            id.map(|id| id as u16).ok_or_else(|| Error::UnknownSymbol { name: character.to_string() })
        })
        .collect()
}

/// Reads a text written by [`vits_text`].
pub(super) fn read(text: &str) -> Result<Vec<Symbol>, Error> {
    let mut symbols = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let mark = Punctuation::ALL.into_iter().find(|mark| character(*mark) == first);
        if let Some(mark) = mark {
            symbols.push(Symbol::Punctuation(mark));
            rest = after;
        } else if first == ' ' || first == '_' {
            symbols.push(if first == ' ' { Symbol::Boundary } else { Symbol::Pad });
            rest = after;
        } else if first == APART {
            rest = after;
        } else {
            let (phone, length) = read_phone(rest)?;
            symbols.push(Symbol::Phone(phone));
            rest = &rest[length..];
        }
    }
    Ok(symbols)
}

/// Returns the longest phone with which a text starts, and its length in bytes.
fn read_phone(text: &str) -> Result<(Phone, usize), Error> {
    let written = |phone: Phone| [stress_mark(phone), vowel_or_consonant(phone)];
    Phone::all()
        .filter(|phone| {
            let [mark, letters] = written(*phone);
            text.strip_prefix(mark).is_some_and(|text| text.starts_with(letters))
        })
        .map(|phone| (phone, written(phone).concat().len()))
        .max_by_key(|(_, length)| *length)
        .ok_or_else(|| {
            let end = text.char_indices().find(|(_, character)| !matches!(character, 'ˈ' | 'ˌ'));
            let end = end.map_or(text.len(), |(at, character)| at + character.len_utf8());
            Error::UnknownSymbol { name: text[..end].to_owned() }
        })
}

fn stress_mark(phone: Phone) -> &'static str {
    match phone.stress() {
        Some(Stress::Primary) => "ˈ",
        Some(Stress::Secondary) => "ˌ",
        _ => "",
    }
}

fn vowel_or_consonant(phone: Phone) -> &'static str {
    let stressed = phone.stress() != Some(Stress::Unstressed);
    match phone.without_stress() {
        "AA" => "ɑː",
        "AE" => "æ",
        "AH" if stressed => "ʌ",
        "AH" => "ə",
        "AO" => "ɔː",
        "EH" => "ɛ",
        "ER" if stressed => "ɜː",
        "ER" => "ɚ",
        "IH" => "ɪ",
        "IY" if stressed => "iː",
        "IY" => "i",
        "UH" => "ʊ",
        "UW" if stressed => "uː",
        "UW" => "u",
        // Diphthongs and consonants follow the IPA.
        _ => phone.ipa().trim_start_matches(['ˈ', 'ˌ']),
    }
}

fn character(mark: Punctuation) -> char {
    match mark {
        Punctuation::Comma => ',',
        Punctuation::FullStop => '.',
        Punctuation::Semicolon => ';',
        Punctuation::Colon => ':',
        Punctuation::Question => '?',
        Punctuation::Exclamation => '!',
        Punctuation::Dash => '—',
        Punctuation::Quote => '"',
        Punctuation::OpenBracket => '«',
        Punctuation::CloseBracket => '»',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_agrees_with_vits() {
        assert_eq!(VITS_SYMBOLS.chars().count(), 178);
        let id = |character: &str| vits_ids(character).expect("it is in the list")[0];
        // Identifiers used by the published models.
        assert_eq!([";", " ", "A", "a", "z"].map(id), [1, 16, 17, 43, 68]);
        assert_eq!(["ɑ", "ˈ", "ː", "ᵻ"].map(id), [69, 156, 158, 177]);
        assert_eq!(vits_ids("aß"), Err(Error::UnknownSymbol { name: "ß".to_owned() }));
    }

    #[test]
    fn every_written_symbol_has_an_identifier() {
        let all: Vec<Symbol> = Symbol::all().collect();
        assert!(vits_ids(&vits_text(&all)).is_ok());
    }

    #[test]
    fn tells_clusters_from_affricates() {
        let text = |line: &str| {
            let phones = crate::phone::parse_phones(line).expect("phones");
            vits_text(&phones.into_iter().map(Symbol::Phone).collect::<Vec<_>>())
        };
        assert_eq!(text("N AH1 T SH EH2 L"), "nˈʌtˑʃˌɛl");
        assert_eq!(text("CH ER1 CH"), "tʃˈɜːtʃ");
        assert_eq!(text("AO1 IH0 OY1"), "ˈɔːɪˈɔɪ");
    }
}
