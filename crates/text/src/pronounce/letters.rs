//! Letters by name.

use crate::phone::{Phone, Stress, parse_phones};

/// Names of a to z, as in CMUdict.
const NAMES: [&str; 26] = [
    "EY1",
    "B IY1",
    "S IY1",
    "D IY1",
    "IY1",
    "EH1 F",
    "JH IY1",
    "EY1 CH",
    "AY1",
    "JH EY1",
    "K EY1",
    "EH1 L",
    "EH1 M",
    "EH1 N",
    "OW1",
    "P IY1",
    "K Y UW1",
    "AA1 R",
    "EH1 S",
    "T IY1",
    "Y UW1",
    "V IY1",
    "D AH1 B AH0 L Y UW0",
    "EH1 K S",
    "W AY1",
    "Z IY1",
];

/// Names the letters if a word is letters with full stops (`f.b.i.`) or has no vowel (`prs`).
pub(super) fn spelled_out(word: &str) -> Option<Vec<Phone>> {
    let bytes = word.as_bytes();
    let dotted = bytes.len() > 1 && bytes.iter().skip(1).step_by(2).all(|byte| *byte == b'.');
    let vowels = word.contains(['a', 'e', 'i', 'o', 'u', 'y']);
    let letters = word.bytes().any(|byte| byte.is_ascii_alphabetic());
    (letters && (dotted || !vowels)).then(|| names(word))
}

/// Names all letters; the last has primary stress, the others secondary.
pub(super) fn names(word: &str) -> Vec<Phone> {
    let letters: Vec<u8> = word.bytes().filter(u8::is_ascii_lowercase).collect();
    let mut phones = Vec::new();
    for (index, letter) in letters.iter().enumerate() {
        let name = parse_phones(NAMES[usize::from(letter - b'a')]).expect("the names are phones");
        let demote = |phone: Phone| match phone.stress() {
            Some(Stress::Primary) if index + 1 < letters.len() => phone.with_stress(Stress::Secondary),
            _ => phone,
        };
        phones.extend(name.into_iter().map(demote));
    }
    phones
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;

    #[test]
    fn names_agree_with_the_dictionary() {
        for letter in 'a'..='z' {
            assert_eq!(Dictionary::cmudict().first(&format!("{letter}.")), Some(names(&letter.to_string())));
        }
    }

    #[test]
    fn stresses_the_last_letter() {
        let spelled = |word| {
            spelled_out(word)
                .map(|phones| phones.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(spelled("i.b.m.").as_deref(), Some("AY2 B IY2 EH1 M"));
        assert_eq!(spelled("prs").as_deref(), Some("P IY2 AA2 R EH1 S"));
        assert_eq!(spelled("word"), None);
        assert_eq!(spelled("'"), None);
    }
}
