//! Two known words written as one: `roominghouse`.

use crate::phone::{Phone, Stress};

/// Length of the shortest part; shorter ones, among the dictionary's rare names, make a compound of almost
/// anything.
const SHORTEST_PART: usize = 4;

/// Returns the phones of the two words, the second with its primary stress made secondary.
///
/// Of several splits, the one nearest the middle is taken; ties go to the earlier one.
pub(super) fn join(word: &str, known: impl Fn(&str) -> Option<Vec<Phone>>) -> Option<Vec<Phone>> {
    let mut splits: Vec<usize> = (SHORTEST_PART..=word.len().saturating_sub(SHORTEST_PART))
        .filter(|at| word.is_char_boundary(*at))
        .collect();
    splits.sort_by_key(|at| (2 * at).abs_diff(word.len()));
    splits.into_iter().find_map(|at| {
        let mut phones = known(&word[..at])?;
        let demote = |phone: Phone| match phone.stress() {
            Some(Stress::Primary) => phone.with_stress(Stress::Secondary),
            _ => phone,
        };
        phones.extend(known(&word[at..])?.into_iter().map(demote));
        Some(phones)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;

    #[test]
    fn stresses_the_first_word() {
        let joined = |word: &str| {
            let phones = join(word, |part| Dictionary::cmudict().first(part))?;
            Some(phones.iter().map(|phone| phone.name()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(joined("palmprint").as_deref(), Some("P AA1 M P R IH2 N T"));
        assert_eq!(joined("palmxyzzy"), None);
        assert_eq!(joined("palm"), None);
        assert_eq!(joined(""), None);
    }
}
