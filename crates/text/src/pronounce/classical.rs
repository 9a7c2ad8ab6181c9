//! Latin names of plants and animals: `acanthaceae`.

use crate::phone::{Phone, Stress, parse_phones};

/// Endings of the names of plants and animals, with their sounds.
const ENDINGS: [(&str, &str); 3] = [("aceae", "EY1 S IY0 IY2"), ("idae", "IH0 D IY2"), ("inae", "AY1 N IY2")];
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
    parse_phones(line).expect("the sounds of endings are phones")
}

#[cfg(test)]
mod tests {
    use super::*;

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
