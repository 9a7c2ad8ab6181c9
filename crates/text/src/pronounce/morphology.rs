//! Words formed from a known word and an ending or a prefix.

use crate::phone::{Phone, parse_phones};

/// Length of the shortest base; below it, chance resemblances outnumber inflections.
const SHORTEST_BASE: usize = 3;
/// Largest number of endings and prefixes of a word.
const DEPTH: usize = 2;

/// Change of a base's spelling before an ending.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// Before a vowel: drops a final "e", doubles a consonant, turns "y" into "i".
    Vowel,
    /// Before a consonant: only turns "y" into "i".
    Consonant,
}

/// Endings with a fixed sound.
const ENDINGS: [(&str, Join, &str); 16] = [
    ("ing", Join::Vowel, "IH0 NG"),
    ("er", Join::Vowel, "ER0"),
    ("est", Join::Vowel, "AH0 S T"),
    ("able", Join::Vowel, "AH0 B AH0 L"),
    ("ish", Join::Vowel, "IH0 SH"),
    ("ism", Join::Vowel, "IH2 Z AH0 M"),
    ("ist", Join::Vowel, "IH0 S T"),
    ("ness", Join::Consonant, "N AH0 S"),
    ("less", Join::Consonant, "L AH0 S"),
    ("ful", Join::Consonant, "F AH0 L"),
    ("ment", Join::Consonant, "M AH0 N T"),
    ("ship", Join::Consonant, "SH IH2 P"),
    ("hood", Join::Consonant, "HH UH2 D"),
    ("like", Join::Consonant, "L AY2 K"),
    ("man", Join::Consonant, "M AH0 N"),
    ("men", Join::Consonant, "M IH0 N"),
];
const PREFIXES: [(&str, &str); 8] = [
    ("un", "AH0 N"),
    ("re", "R IY0"),
    ("non", "N AA0 N"),
    ("mis", "M IH0 S"),
    ("pre", "P R IY0"),
    ("dis", "D IH0 S"),
    ("anti", "AE2 N T IY0"),
    ("inter", "IH2 N T ER0"),
];

/// Strips a possessive: `hidell's` → `hidell`, `boys'` → `boys`; it is regular for any base.
pub(super) fn without_possessive(word: &str) -> Option<&str> {
    let base = word.strip_suffix("'s").or_else(|| word.strip_suffix('\''))?;
    base.bytes().any(|byte| byte.is_ascii_alphabetic()).then_some(base)
}

/// Adds the "s" of plurals, verbs and possessives: `IH0 Z` after a sibilant, `S` after any other voiceless
/// consonant, `Z` elsewhere.
pub(crate) fn with_s(mut base: Vec<Phone>) -> Vec<Phone> {
    let ending = match base.last().map_or("", |phone| phone.without_stress()) {
        "S" | "Z" | "SH" | "ZH" | "CH" | "JH" => "IH0 Z",
        "P" | "T" | "K" | "F" | "TH" => "S",
        _ => "Z",
    };
    base.extend(phones(ending));
    base
}

/// Adds the "ed" of past tenses: `IH0 D` after `T` and `D`, `T` after any other voiceless consonant, `D`
/// elsewhere.
fn with_ed(mut base: Vec<Phone>) -> Vec<Phone> {
    let ending = match base.last().map_or("", |phone| phone.without_stress()) {
        "T" | "D" => "IH0 D",
        "P" | "K" | "F" | "TH" | "S" | "SH" | "CH" => "T",
        _ => "D",
    };
    base.extend(phones(ending));
    base
}

/// Derives the phones of a word from those of its base; `known` is the dictionary.
pub(super) fn derive(word: &str, known: impl Fn(&str) -> Option<Vec<Phone>>) -> Option<Vec<Phone>> {
    derive_at(word, &known, DEPTH)
}

fn derive_at(word: &str, known: &dyn Fn(&str) -> Option<Vec<Phone>>, depth: usize) -> Option<Vec<Phone>> {
    let base = |base: &str| {
        if base.len() < SHORTEST_BASE {
            return None;
        }
        known(base).or_else(|| if depth > 1 { derive_at(base, known, depth - 1) } else { None })
    };
    let first = |bases: Vec<String>| bases.iter().find_map(|candidate| base(candidate));
    if let Some(phones) = first(plural_bases(word)) {
        return Some(with_s(phones));
    }
    if let Some(phones) = word.strip_suffix("ed").and_then(|stem| first(bases(stem, Join::Vowel))) {
        return Some(with_ed(phones));
    }
    if let Some(phones) = word.strip_suffix("ly").and_then(|stem| with_ly(stem, &base)) {
        return Some(phones);
    }
    for (ending, join, sound) in ENDINGS {
        if let Some(found) = word.strip_suffix(ending).and_then(|stem| first(bases(stem, join))) {
            return Some(concatenate(found, phones(sound)));
        }
    }
    PREFIXES.iter().find_map(|(prefix, sound)| {
        let found = base(word.strip_prefix(prefix)?)?;
        Some(concatenate(phones(sound), found))
    })
}

/// Returns the possible singulars of a plural, or infinitives of a third person.
fn plural_bases(word: &str) -> Vec<String> {
    let Some(stem) = word.strip_suffix('s') else { return Vec::new() };
    if stem.ends_with(['s', 'u', 'i', '\'']) {
        return Vec::new();
    }
    let mut bases = vec![stem.to_owned()];
    if let Some(stem) = stem.strip_suffix("ie") {
        bases.push(format!("{stem}y"));
    }
    if let Some(stem) = stem.strip_suffix('e')
        && (stem.ends_with(['s', 'x', 'z', 'o']) || stem.ends_with("ch") || stem.ends_with("sh"))
    {
        bases.push(stem.to_owned());
    }
    bases
}

/// Returns the bases that an ending may have been joined to, the more likely first.
fn bases(stem: &str, join: Join) -> Vec<String> {
    let bytes = stem.as_bytes();
    let mut bases = vec![stem.to_owned()];
    if let Some(stem) = stem.strip_suffix('i') {
        bases.push(format!("{stem}y"));
    }
    let [.., before, last] = bytes else { return bases };
    if join == Join::Consonant {
        return bases;
    }
    // After one vowel, a lone consonant would have been doubled, so "hoping" is from "hope".
    let lone =
        is_vowel(*before) && !is_vowel(*last) && !(bytes.len() > 2 && is_vowel(bytes[bytes.len() - 3]));
    bases.insert(usize::from(!lone), format!("{stem}e"));
    if before == last && !is_vowel(*last) {
        bases.push(stem[..stem.len() - 1].to_owned());
    }
    bases
}

/// Adds `L IY0` to the base; "fully" is from "full", "gently" from "gentle", "happily" from "happy",
/// "basically" from "basic".
fn with_ly(stem: &str, base: &dyn Fn(&str) -> Option<Vec<Phone>>) -> Option<Vec<Phone>> {
    let ending = phones("L IY0");
    if let Some(found) = base(stem).or_else(|| base(&format!("{stem}l"))) {
        return Some(concatenate(found, ending));
    }
    if let Some(found) = stem.strip_suffix('i').and_then(|stem| base(&format!("{stem}y"))) {
        let vowel = found.len().checked_sub(1)?;
        return Some(concatenate(concatenate(found[..vowel].to_vec(), phones("AH0")), ending));
    }
    if let Some(found) = base(&format!("{stem}le")) {
        return found
            .strip_suffix(phones("AH0 L").as_slice())
            .map(|found| concatenate(found.to_vec(), ending));
    }
    let found = stem.strip_suffix("al").filter(|stem| stem.ends_with("ic")).and_then(base)?;
    Some(concatenate(found, ending))
}

/// Concatenates phones; an L that ends the first part and begins the second is pronounced once.
fn concatenate(mut first: Vec<Phone>, second: Vec<Phone>) -> Vec<Phone> {
    if first.last() == second.first() && first.last().is_some_and(|phone| phone.without_stress() == "L") {
        first.pop();
    }
    first.extend(second);
    first
}

fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

fn phones(line: &str) -> Vec<Phone> {
    parse_phones(line).expect("the sounds of endings are phones")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;

    /// Derives a word with only `base` known.
    fn check(base: &str, word: &str, expected: &str) {
        let known =
            |candidate: &str| if candidate == base { Dictionary::cmudict().first(base) } else { None };
        let derived = derive(word, known).unwrap_or_default();
        let derived: Vec<_> = derived.iter().map(|phone| phone.name()).collect();
        assert_eq!(derived.join(" "), expected, "{word}");
    }

    #[test]
    fn s_and_ed_take_the_voice_of_the_preceding_sound() {
        check("cat", "cats", "K AE1 T S");
        check("dog", "dogs", "D AO1 G Z");
        check("bush", "bushes", "B UH1 SH IH0 Z");
        check("house", "houses", "HH AW1 S IH0 Z");
        check("city", "cities", "S IH1 T IY0 Z");
        check("potato", "potatoes", "P AH0 T EY1 T OW2 Z");
        check("jump", "jumped", "JH AH1 M P T");
        check("love", "loved", "L AH1 V D");
        check("wait", "waited", "W EY1 T IH0 D");
        check("carry", "carried", "K AE1 R IY0 D");
    }

    #[test]
    fn endings_change_the_spelling_of_their_base() {
        check("stop", "stopping", "S T AA1 P IH0 NG");
        check("hope", "hoping", "HH OW1 P IH0 NG");
        check("call", "caller", "K AO1 L ER0");
        check("happy", "happiest", "HH AE1 P IY0 AH0 S T");
        check("happy", "happily", "HH AE1 P AH0 L IY0");
        check("gentle", "gently", "JH EH1 N T L IY0");
        check("basic", "basically", "B EY1 S IH0 K L IY0");
        check("full", "fully", "F UH1 L IY0");
        check("real", "really", "R IY1 L IY0");
        check("kind", "unkindness", "AH0 N K AY1 N D N AH0 S");
        check("ward", "wardsman", "W AO1 R D Z M AH0 N");
    }

    #[test]
    fn prefers_the_likelier_of_two_bases() {
        let known = |word: &str| Dictionary::cmudict().first(word);
        let ends = |word: &str| derive(word, known).and_then(|phones| phones.get(1).copied());
        // "hop" and "hope", "sing" and "singe" are all words.
        assert_eq!(ends("hoping").map(Phone::name), Some("OW1"));
        assert_eq!(derive("singing", known), Some(phones("S IH1 NG IH0 NG")));
    }
}
