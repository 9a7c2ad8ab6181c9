//! Chinese names in pinyin: `Yangzhou`, `Kangxi`.

use crate::phone::{Phone, Stress, parse_phones};

/// Letters that hardly any other spelling has; a word without them, or "qi" or "x" at its beginning, may be of another language.
const MARKS: [&str; 8] = ["zh", "nx", "gx", "nq", "gq", "iang", "uang", "iong"];
const INITIALS: [(&str, &str); 22] = [
    ("zh", "JH"),
    ("ch", "CH"),
    ("sh", "SH"),
    ("b", "B"),
    ("p", "P"),
    ("m", "M"),
    ("f", "F"),
    ("d", "D"),
    ("t", "T"),
    ("n", "N"),
    ("l", "L"),
    ("g", "G"),
    ("k", "K"),
    ("h", "HH"),
    ("j", "JH"),
    ("q", "CH"),
    ("x", "SH"),
    ("r", "R"),
    ("z", "Z"),
    ("c", "T S"),
    ("s", "S"),
    ("", ""),
];
const FINALS: [(&str, &str); 33] = [
    ("a", "AA1"),
    ("o", "OW1"),
    ("e", "AH1"),
    ("ai", "AY1"),
    ("ei", "EY1"),
    ("ao", "AW1"),
    ("ou", "OW1"),
    ("an", "AA1 N"),
    ("en", "AH1 N"),
    ("ang", "AA1 NG"),
    ("eng", "AH1 NG"),
    ("ong", "UH1 NG"),
    ("i", "IY1"),
    ("ia", "Y AA1"),
    ("ie", "Y EH1"),
    ("iao", "Y AW1"),
    ("iu", "Y OW1"),
    ("ian", "Y EH1 N"),
    ("in", "IH1 N"),
    ("iang", "Y AA1 NG"),
    ("ing", "IH1 NG"),
    ("iong", "Y UH1 NG"),
    ("u", "UW1"),
    ("ua", "W AA1"),
    ("uo", "W OW1"),
    ("uai", "W AY1"),
    ("ui", "W EY1"),
    ("uan", "W AA1 N"),
    ("un", "UH1 N"),
    ("uang", "W AA1 NG"),
    ("ue", "W EH1"),
    ("er", "ER1"),
    ("v", "UW1"),
];
/// Syllables that begin with "y" or "w".
const GLIDES: [(&str, &str); 24] = [
    ("ya", "Y AA1"),
    ("yan", "Y EH1 N"),
    ("yang", "Y AA1 NG"),
    ("yao", "Y AW1"),
    ("ye", "Y EH1"),
    ("yi", "IY1"),
    ("yin", "Y IH1 N"),
    ("ying", "Y IH1 NG"),
    ("yong", "Y UH1 NG"),
    ("you", "Y OW1"),
    ("yu", "Y UW1"),
    ("yuan", "Y W AA1 N"),
    ("yue", "Y W EH1"),
    ("yun", "Y UH1 N"),
    ("wa", "W AA1"),
    ("wai", "W AY1"),
    ("wan", "W AA1 N"),
    ("wang", "W AA1 NG"),
    ("wei", "W EY1"),
    ("wen", "W AH1 N"),
    ("weng", "W AH1 NG"),
    ("wo", "W OW1"),
    ("wu", "W UW1"),
    ("yo", "Y OW1"),
];

/// Returns the phones of a word that is pinyin and looks like nothing else, with the stress on its last syllable.
pub(super) fn say(word: &str) -> Option<Vec<Phone>> {
    if !word.starts_with("qi") && !word.starts_with('x') && !MARKS.iter().any(|mark| word.contains(mark)) {
        return None;
    }
    let syllables = syllables(word)?;
    let last = syllables.len().checked_sub(1)?;
    let stressed = syllables.into_iter().enumerate().flat_map(|(number, syllable)| {
        let phones = parse_phones(&syllable).expect("the sounds of syllables are phones");
        phones.into_iter().map(move |phone| match phone.stress() {
            Some(_) if number < last => phone.with_stress(Stress::Secondary),
            _ => phone,
        })
    });
    Some(stressed.collect())
}

/// Divides a word into the sounds of its syllables, the longest first.
fn syllables(word: &str) -> Option<Vec<String>> {
    if word.is_empty() {
        return Some(Vec::new());
    }
    (1..=word.len().min(6)).rev().filter(|end| word.is_char_boundary(*end)).find_map(|end| {
        let first = syllable(&word[..end])?;
        let mut rest = syllables(&word[end..])?;
        rest.insert(0, first);
        Some(rest)
    })
}

/// Returns the sounds of one syllable.
fn syllable(letters: &str) -> Option<String> {
    if let Some((_, sound)) = GLIDES.iter().find(|(glide, _)| *glide == letters) {
        return Some((*sound).to_owned());
    }
    INITIALS.iter().find_map(|(initial, sound)| {
        let rest = letters.strip_prefix(initial)?;
        let (_, vowel) = FINALS.iter().find(|(ending, _)| *ending == rest)?;
        let palatal = matches!(*initial, "j" | "q" | "x");
        if palatal && !rest.starts_with(['i', 'u']) {
            return None;
        }
        // Without an initial, a syllable begins with "a", "e" or "o"; others are written with "y" or "w".
        if initial.is_empty() && rest.starts_with(['i', 'u', 'v']) {
            return None;
        }
        let vowel = if palatal { vowel.trim_start_matches("Y ") } else { vowel };
        Some(format!("{sound} {vowel}").trim_start().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_pinyin_and_nothing_else() {
        let said = |word: &str| {
            say(word).map(|phones| phones.iter().map(|phone| phone.name()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(said("yangzhou").as_deref(), Some("Y AA2 NG JH OW1"));
        assert_eq!(said("kangxi").as_deref(), Some("K AA2 NG SH IY1"));
        assert_eq!(said("qianlong").as_deref(), Some("CH EH2 N L UH1 NG"));
        assert_eq!(said("xinjiang").as_deref(), Some("SH IH2 N JH AA1 NG"));
        for other in
            ["", "xiphoid", "maxi", "queen", "xena", "brezhnev", "banana", "exit", "qiviut", "liang's"]
        {
            assert_eq!(said(other), None, "{other}");
        }
    }
}
