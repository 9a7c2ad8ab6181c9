//! Phone names of other tools.

use mynah_text::{Phone, Symbol};

/// Lowercase names of silence and of noise other than speech.
const SILENCES: [&str; 20] = [
    "", "sil", "sp", "ssil", "spn", "nsn", "pau", "pause", "brth", "noise", "h#", "#", "_", "<eps>", "eps",
    "<sil>", "<p>", "<s>", "</s>", "<blank>",
];

/// Lowercase names of Festival and TIMIT that are not ARPAbet, with the phones that they may denote.
const OTHER_NAMES: [(&str, &[&str]); 9] = [
    ("ax", &["AH"]),
    ("ax-h", &["AH"]),
    ("axr", &["ER"]),
    ("dx", &["D", "T"]),
    ("hv", &["HH"]),
    ("ix", &["AH", "IH"]),
    ("nx", &["N"]),
    ("q", &["T"]),
    ("ux", &["UW"]),
];

/// IPA without stress, length and secondary articulation, with the phones that each may denote: broad transcriptions,
/// our own, and the phone sets `english_mfa` and `english_us_mfa` of the Montreal Forced Aligner.
const IPA: [(&str, &[&str]); 66] = [
    ("a", &["AA", "AE"]),
    ("aj", &["AY"]),
    ("aw", &["AW"]),
    ("aɪ", &["AY"]),
    ("aʊ", &["AW"]),
    ("b", &["B"]),
    ("c", &["K"]),
    ("d", &["D"]),
    ("dʒ", &["JH"]),
    ("e", &["EY"]),
    ("ej", &["EY"]),
    ("eɪ", &["EY"]),
    ("f", &["F"]),
    ("g", &["G"]),
    ("h", &["HH"]),
    ("i", &["IY"]),
    ("j", &["Y"]),
    ("k", &["K"]),
    ("l", &["L"]),
    ("m", &["M"]),
    ("n", &["N"]),
    ("o", &["OW"]),
    ("ow", &["OW"]),
    ("oʊ", &["OW"]),
    ("p", &["P"]),
    ("r", &["R"]),
    ("s", &["S"]),
    ("t", &["T"]),
    ("tʃ", &["CH"]),
    ("u", &["UW"]),
    ("v", &["V"]),
    ("w", &["W"]),
    ("z", &["Z"]),
    ("æ", &["AE"]),
    ("ç", &["HH"]),
    ("ð", &["DH"]),
    ("ŋ", &["NG"]),
    ("ɐ", &["AH"]),
    ("ɑ", &["AA"]),
    ("ɒ", &["AA", "AO"]),
    ("ɔ", &["AO"]),
    ("ɔj", &["OY"]),
    ("ɔɪ", &["OY"]),
    ("ə", &["AH"]),
    ("əw", &["OW"]),
    ("əʊ", &["OW"]),
    ("ɚ", &["ER"]),
    ("ɛ", &["EH"]),
    ("ɜ", &["ER"]),
    ("ɝ", &["ER"]),
    ("ɟ", &["G"]),
    ("ɡ", &["G"]),
    ("ɨ", &["AH", "IH"]),
    ("ɪ", &["IH"]),
    ("ɫ", &["L"]),
    ("ɱ", &["M"]),
    ("ɲ", &["N"]),
    ("ɹ", &["R"]),
    ("ɾ", &["D", "T"]),
    ("ʃ", &["SH"]),
    ("ʉ", &["UW"]),
    ("ʊ", &["UH"]),
    ("ʋ", &["V"]),
    ("ʌ", &["AH"]),
    ("ʎ", &["L"]),
    ("ʒ", &["ZH"]),
];

/// Remaining IPA names, outside the order of the others.
const MORE_IPA: [(&str, &[&str]); 3] = [("ʔ", &["T"]), ("θ", &["TH"]), ("ᵻ", &["AH", "IH"])];

/// Meaning of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// Silence.
    Silence,
    /// One of these phones, by their names without stress.
    Phone(&'static [&'static str]),
    /// An unknown name.
    Unknown,
}

impl Name {
    /// Interprets `label`: ARPAbet with or without stress in either case, IPA, or a name of Festival or TIMIT; a
    /// dataset symbol that is not a phone is silence.
    pub(super) fn of(label: &str) -> Self {
        let label = without_position(label.trim());
        let lower = label.to_lowercase();
        if SILENCES.contains(&lower.as_str())
            || label.parse::<Symbol>().is_ok_and(|symbol| symbol.phone().is_none())
        {
            return Self::Silence;
        }
        let find = |table: &[(&str, &'static [&'static str])], name: &str| {
            table.iter().find(|(other, _)| *other == name).map(|(_, phones)| *phones)
        };
        let bare = ipa_without_marks(label);
        arpabet(label)
            .or_else(|| find(&OTHER_NAMES, &lower))
            .or_else(|| find(&IPA, &bare))
            .or_else(|| find(&MORE_IPA, &bare))
            .map_or(Self::Unknown, Self::Phone)
    }

    /// Returns the first phone that the name may denote, without stress.
    pub(super) fn phone(self) -> Option<Phone> {
        let Self::Phone([first, ..]) = self else { return None };
        Phone::all().find(|phone| phone.without_stress() == *first)
    }

    /// Returns true if the name denotes a vowel.
    pub(super) fn is_vowel(self) -> bool {
        self.phone().is_some_and(Phone::is_vowel)
    }

    /// Returns true if the name may denote `phone`, regardless of stress.
    pub(super) fn fits(self, phone: Phone) -> bool {
        matches!(self, Self::Phone(names) if names.contains(&phone.without_stress()))
    }
}

/// Strips the position in the word that Kaldi appends to a label.
fn without_position(label: &str) -> &str {
    ["_B", "_I", "_E", "_S"].iter().find_map(|position| label.strip_suffix(position)).unwrap_or(label)
}

/// Returns the phone with this ARPAbet name.
fn arpabet(label: &str) -> Option<&'static [&'static str]> {
    const NAMES: [&str; 39] = [
        "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH",
        "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V",
        "W", "Y", "Z", "ZH",
    ];
    let name = label.trim_end_matches(['0', '1', '2']).to_uppercase();
    let index = NAMES.binary_search(&name.as_str()).ok()?;
    Some(&NAMES[index..=index])
}

/// Strips marks of stress, length, secondary articulation and fine detail from IPA.
fn ipa_without_marks(label: &str) -> String {
    let is_mark = |c: char| {
        matches!(c, 'ˈ' | 'ˌ' | 'ː' | 'ˑ' | 'ʰ' | 'ʲ' | 'ʷ' | 'ˠ' | 'ˤ' | '˞' | '\u{361}')
            || ('\u{300}'..'\u{329}').contains(&c)
            || ('\u{32A}'..='\u{34E}').contains(&c)
    };
    label.chars().filter(|c| !is_mark(*c)).collect()
}

#[cfg(test)]
mod tests {
    use mynah_text::{Phone, Symbol};

    use super::{IPA, Name};

    #[test]
    fn every_phone_is_known_by_its_own_names() {
        for phone in Phone::all() {
            let bare = phone.without_stress();
            for name in [phone.name(), bare, &bare.to_lowercase(), phone.ipa(), &format!("{bare}_B")] {
                assert!(Name::of(name).fits(phone), "{name} {phone}");
                let others = Phone::all().filter(|other| other.without_stress() != bare);
                for other in others {
                    assert!(!Name::of(name).fits(other), "{name} is not {other}");
                }
            }
        }
        assert!(IPA.is_sorted());
    }

    #[test]
    fn maps_unambiguous_names_of_other_tools() {
        let check = |label: &str, phones: &[&str]| match Name::of(label) {
            Name::Phone(found) => assert_eq!(found, phones, "{label}"),
            other => panic!("{label}: {other:?}"),
        };
        check("pʰ", &["P"]);
        check("tʲ", &["T"]);
        check("ɑː", &["AA"]);
        check("ɾ", &["D", "T"]);
        check("dx", &["D", "T"]);
        check("t͡ʃ", &["CH"]);
        check("ɝ", &["ER"]);
        check("axr", &["ER"]);
        check("ah", &["AH"]);
        check("t̪", &["T"]);
        // A syllabic consonant corresponds to a vowel and a consonant, which is not one phone.
        for label in ["n̩", "ɫ̩", "xyz", "AH3", "ʘ"] {
            assert_eq!(Name::of(label), Name::Unknown, "{label}");
        }
    }

    #[test]
    fn silence_has_many_names() {
        for label in ["", "sil", "SIL", "sp", "spn", "<eps>", "pau", "h#", "#", "sil_B", " "] {
            assert_eq!(Name::of(label), Name::Silence, "`{label}`");
        }
        for symbol in Symbol::all().filter(|symbol| symbol.phone().is_none()) {
            assert_eq!(Name::of(symbol.name()), Name::Silence, "{symbol}");
        }
    }
}
