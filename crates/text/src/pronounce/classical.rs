//! Combining forms and endings of the learned words: `hypoallergenic`, `acanthaceae`.

use crate::phone::{Phone, Stress, parse_phones};

/// Combining forms before a known word, with their sounds.
const FORMS: [(&str, &str); 34] = [
    ("aero", "EH2 R OW0"),
    ("agro", "AE2 G R OW0"),
    ("auto", "AO2 T OW0"),
    ("bio", "B AY2 OW0"),
    ("brachy", "B R AE2 K IY0"),
    ("cardio", "K AA2 R D IY0 OW0"),
    ("counter", "K AW2 N T ER0"),
    ("cyber", "S AY2 B ER0"),
    ("cyclo", "S AY2 K L OW0"),
    ("eco", "IY2 K OW0"),
    ("electro", "IH0 L EH2 K T R OW0"),
    ("epi", "EH2 P IH0"),
    ("euro", "Y UH2 R OW0"),
    ("geo", "JH IY2 OW0"),
    ("hetero", "HH EH2 T ER0 OW0"),
    ("hydro", "HH AY2 D R OW0"),
    ("hyper", "HH AY2 P ER0"),
    ("hypo", "HH AY2 P OW0"),
    ("infra", "IH2 N F R AH0"),
    ("macro", "M AE2 K R OW0"),
    ("mega", "M EH2 G AH0"),
    ("micro", "M AY2 K R OW0"),
    ("multi", "M AH2 L T IY0"),
    ("neuro", "N UH2 R OW0"),
    ("over", "OW2 V ER0"),
    ("photo", "F OW2 T OW0"),
    ("poly", "P AA2 L IY0"),
    ("pseudo", "S UW2 D OW0"),
    ("psycho", "S AY2 K OW0"),
    ("semi", "S EH2 M IY0"),
    ("super", "S UW2 P ER0"),
    ("techno", "T EH2 K N OW0"),
    ("thermo", "TH ER2 M OW0"),
    ("ultra", "AH2 L T R AH0"),
];
/// Endings of the names of plants and animals, with their sounds.
const ENDINGS: [(&str, &str); 3] = [("aceae", "EY1 S IY0 IY2"), ("idae", "IH0 D IY2"), ("inae", "AY1 N IY2")];
/// Length of the shortest word after a combining form.
const SHORTEST: usize = 4;

/// Returns the phones of a combining form and a known word.
pub(super) fn join(word: &str, known: impl Fn(&str) -> Option<Vec<Phone>>) -> Option<Vec<Phone>> {
    FORMS.iter().find_map(|(form, sound)| {
        let rest = word.strip_prefix(form).filter(|rest| rest.len() >= SHORTEST)?;
        let mut phones = phones(sound);
        phones.extend(known(rest)?);
        Some(phones)
    })
}

/// Returns the phones of a name with such an ending; `say` pronounces what is before it.
pub(super) fn name(word: &str, say: impl Fn(&str) -> Vec<Phone>) -> Option<Vec<Phone>> {
    let (ending, sound) = ENDINGS.iter().find(|(ending, _)| word.ends_with(ending))?;
    let base = word.strip_suffix(ending).filter(|base| base.len() >= 3)?;
    let stressed = sound.contains('1');
    let demote = |phone: Phone| match phone.stress() {
        Some(Stress::Primary) if stressed => phone.with_stress(Stress::Secondary),
        _ => phone,
    };
    let mut phones_of_name: Vec<Phone> = say(base).into_iter().map(demote).collect();
    phones_of_name.extend(phones(sound));
    Some(phones_of_name)
}

fn phones(line: &str) -> Vec<Phone> {
    parse_phones(line).expect("the sounds of forms are phones")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;

    #[test]
    fn joins_a_form_and_a_known_word() {
        let joined = |word: &str| {
            let phones = join(word, |rest| Dictionary::cmudict().first(rest))?;
            Some(phones.iter().map(|phone| phone.name()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(joined("brachytherapy").as_deref(), Some("B R AE2 K IY0 TH EH1 R AH0 P IY0"));
        assert_eq!(joined("technobabble").as_deref(), Some("T EH2 K N OW0 B AE1 B AH0 L"));
        for other in ["bio", "biota", "overt", "hyperxyz"] {
            assert_eq!(joined(other), None, "{other}");
        }
    }

    #[test]
    fn names_of_plants_and_animals_have_latin_endings() {
        let said = |word: &str| {
            let phones = name(word, |base| phones(if base == "fel" { "F EH1 L" } else { "R OW1 Z" }))?;
            Some(phones.iter().map(|phone| phone.name()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(said("rosaceae").as_deref(), Some("R OW2 Z EY1 S IY0 IY2"));
        assert_eq!(said("felidae").as_deref(), Some("F EH1 L IH0 D IY2"));
        assert_eq!(said("idae"), None);
    }
}
