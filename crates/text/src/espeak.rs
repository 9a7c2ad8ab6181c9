//! Conversion of espeak-ng's phonemes to phones; the caller may run espeak-ng in a separate process.

use crate::error::Error;
use crate::phone::{Phone, Stress, parse_phones};

/// Sounds of espeak-ng's American English, longer ones before their prefixes, and their phones.
///
/// espeak has sounds that ARPAbet lacks: the flap and the glottal stop become `T`, reduced vowels `AH0` and
/// `IH0`, a vowel with "ɹ" two phones, and a syllabic consonant is preceded by `AH0`.
const SOUNDS: [(&str, &str); 63] = [
    ("aɪɚ", "AY0 ER0"),
    ("aɪə", "AY0 AH0"),
    ("ɑːɹ", "AA0 R"),
    ("ɔːɹ", "AO0 R"),
    ("oːɹ", "AO0 R"),
    ("aɪ", "AY0"),
    ("aʊ", "AW0"),
    ("eɪ", "EY0"),
    ("oʊ", "OW0"),
    ("ɔɪ", "OY0"),
    ("ɛɹ", "EH0 R"),
    ("ɪɹ", "IH0 R"),
    ("ʊɹ", "UH0 R"),
    ("iə", "IY0 AH0"),
    ("əl", "AH0 L"),
    ("ɑː", "AA0"),
    ("ɔː", "AO0"),
    ("oː", "AO0"),
    ("ɜː", "ER0"),
    ("iː", "IY0"),
    ("uː", "UW0"),
    ("n̩", "AH0 N"),
    ("l̩", "AH0 L"),
    ("m̩", "AH0 M"),
    ("tʃ", "CH"),
    ("dʒ", "JH"),
    ("nʲ", "N Y"),
    ("ɑ", "AA0"),
    ("ɒ", "AA0"),
    ("æ", "AE0"),
    ("a", "AE0"),
    ("ʌ", "AH0"),
    ("ə", "AH0"),
    ("ɐ", "AH0"),
    ("ɔ", "AO0"),
    ("ɛ", "EH0"),
    ("e", "EH0"),
    ("ɚ", "ER0"),
    ("ɜ", "ER0"),
    ("ɪ", "IH0"),
    ("ᵻ", "IH0"),
    ("i", "IY0"),
    ("o", "OW0"),
    ("ʊ", "UH0"),
    ("u", "UW0"),
    ("ɾ", "T"),
    ("ʔ", "T"),
    ("b", "B"),
    ("d", "D"),
    ("ð", "DH"),
    ("f", "F"),
    ("ɡ", "G"),
    ("h", "HH"),
    ("k", "K"),
    ("x", "K"),
    ("ŋ", "NG"),
    ("p", "P"),
    ("ɹ", "R"),
    ("r", "R"),
    ("ʃ", "SH"),
    ("θ", "TH"),
    ("j", "Y"),
    ("ʒ", "ZH"),
];
/// Sounds written the same in both.
const SAME: &str = "lmnstvwz";

/// Converts a word printed by `espeak-ng -q --ipa --sep=_` to phones: `h_ə_l_ˈoʊ` → `HH AH0 L OW1`.
///
/// A stress mark belongs to the next vowel. A length mark is ignored after a sound that has no long form.
///
/// # Errors
///
/// Returns [`Error::Espeak`] for a sound that is not one of American English.
///
/// # Examples
///
/// ```
/// use mynah_text::{parse_phones, phones_of_espeak};
///
/// assert_eq!(phones_of_espeak("h_ə_l_ˈoʊ")?, parse_phones("HH AH0 L OW1")?);
/// assert_eq!(phones_of_espeak("b_ˈʌ_ʔ_n̩")?, parse_phones("B AH1 T AH0 N")?);
/// # Ok::<(), mynah_text::Error>(())
/// ```
pub fn phones_of_espeak(printed: &str) -> Result<Vec<Phone>, Error> {
    let mut phones = Vec::new();
    let mut stress = None;
    for sound in printed.split(['_', ' ', '\u{200d}']) {
        let mut rest = sound;
        while let Some(first) = rest.chars().next() {
            let after = &rest[first.len_utf8()..];
            match first {
                'ˈ' => stress = Some(Stress::Primary),
                'ˌ' => stress = stress.or(Some(Stress::Secondary)),
                'ː' | '-' | '\'' => {}
                _ => {
                    let (line, after) = read_sound(rest, first)
                        .ok_or_else(|| Error::Espeak { printed: printed.to_owned(), sound: first })?;
                    for phone in parse_phones(&line)? {
                        let stressed = stress.filter(|_| phone.is_vowel());
                        if stressed.is_some() {
                            stress = None;
                        }
                        phones.push(stressed.map_or(phone, |stress| phone.with_stress(stress)));
                    }
                    rest = after;
                    continue;
                }
            }
            rest = after;
        }
    }
    Ok(phones)
}

/// Returns the phones of the longest sound with which a text starts, and the rest of the text.
fn read_sound(text: &str, first: char) -> Option<(String, &str)> {
    if SAME.contains(first) {
        let longer = SOUNDS.iter().find(|(sound, _)| sound.starts_with(first) && text.starts_with(sound));
        if longer.is_none() {
            return Some((first.to_ascii_uppercase().to_string(), &text[first.len_utf8()..]));
        }
    }
    SOUNDS.iter().find_map(|(sound, phones)| Some(((*phones).to_owned(), text.strip_prefix(sound)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_espeak_output() {
        // Output of espeak-ng 1.51.
        let cases = [
            ("w_ˈɜː_l_d_z", "W ER1 L D Z"),
            ("n_ˈʌ_t_ʃ_ɛ_l", "N AH1 T SH EH0 L"),
            ("l_ˈɪ_ɾ_əl", "L IH1 T AH0 L"),
            ("p_ˌiː__ˌɑːɹ_ɹ_ˈɛ_s", "P IY2 AA2 R R EH1 S"),
            ("f_ˈaɪɚ", "F AY1 ER0"),
            ("f_ˈoːɹ", "F AO1 R"),
            ("t_w_ˈɛ_n_t_i_s_ˈɛ_v_ə_n", "T W EH1 N T IY0 S EH1 V AH0 N"),
            ("dʒ_ˈʌ_dʒ", "JH AH1 JH"),
            ("ð_ˈə", "DH AH1"),
            ("", ""),
        ];
        for (printed, expected) in cases {
            assert_eq!(phones_of_espeak(printed), parse_phones(expected), "{printed}");
        }
    }

    #[test]
    fn longer_sounds_precede_their_prefixes() {
        for (index, (sound, phones)) in SOUNDS.iter().enumerate() {
            assert!(parse_phones(phones).is_ok(), "{sound}");
            let shadowed = SOUNDS[..index].iter().find(|(earlier, _)| sound.starts_with(earlier));
            assert_eq!(shadowed, None, "{sound}");
        }
    }

    #[test]
    fn names_a_foreign_sound() {
        let error = Error::Espeak { printed: "b_ø".to_owned(), sound: 'ø' };
        assert_eq!(phones_of_espeak("b_ø"), Err(error));
    }
}
