//! The article "the", before a vowel or a consonant.

use super::table::Heteronym;
use super::{Context, Reading, Reason};

/// Words of the dictionary that begin with the name of a letter that begins with a vowel.
const LETTERS: [&str; 71] = [
    "fbi", "fcc", "fda", "fm", "fnma", "ftp", "hbo", "hgh", "hiv", "hp", "hr", "hsbc", "html", "http",
    "lapd", "lcb", "lcs", "llc", "lp", "lpn", "ls", "lsd", "lti", "mba", "mbank", "md", "mg", "mgm", "mh",
    "mit", "mpeg", "mpg", "mph", "mri", "mtv", "naacp", "nba", "nbc", "nfc", "nfl", "ng", "ngo", "ngos",
    "nmr", "npr", "nth", "nvidia", "nypd", "rca", "rna", "rpf", "rpm", "rsvp", "rte", "sba", "sbf", "scs",
    "sdn", "sms", "sos", "sql", "ss", "ssn", "stds", "suu", "suv", "suvs", "svp", "xbox", "xml", "xtra",
];
/// Length of the longest of them.
const LONGEST_LETTERS: usize = 6;

/// Beginnings of words in which a vowel letter stands for a consonant: "the use", "the one".
const CONSONANTS: [&str; 14] =
    ["eu", "ew", "one", "once", "u.", "uni", "use", "usa", "usu", "uti", "uto", "ura", "ubi", "uke"];
/// Words that begin with "uni" and a vowel all the same, and words with a silent "h".
const VOWELS: [&str; 9] = ["unin", "unim", "unid", "hour", "honest", "honor", "honour", "heir", "herb"];

/// Decides "the": first before a consonant or a pause, second before a vowel.
pub(super) fn the(context: &Context<'_>, _: &Heteronym) -> (Reading, Reason) {
    if begins_with_vowel(context.after(1)) {
        (Reading::Second, Reason::Sound)
    } else {
        (Reading::First, Reason::Default)
    }
}

/// Returns true for a letter whose name begins with a vowel.
fn is_vowel_by_name(letter: u8) -> bool {
    matches!(letter, b'a' | b'e' | b'f' | b'h' | b'i' | b'l' | b'm' | b'n' | b'o' | b'r' | b's' | b'x')
}

fn begins_with_vowel(word: &str) -> bool {
    let any = |list: &[&str]| list.iter().any(|start| word.starts_with(start));
    match word.as_bytes() {
        // Letters by name: "the F.B.I.", "the U.N."
        [letter, b'.', ..] => is_vowel_by_name(*letter),
        [b'{', first, ..] => first.is_ascii_uppercase() && matches!(first, b'A' | b'E' | b'I' | b'O' | b'U'),
        // "the x-ray", "the F-16"
        [letter, b'-', ..] => is_vowel_by_name(*letter),
        [b'a' | b'e' | b'i' | b'o' | b'u', ..] => !any(&CONSONANTS) || any(&VOWELS),
        // "the Yvette", but "the year".
        [b'y', second, ..] => second.is_ascii_lowercase() && !b"aeiou".contains(second),
        [b'h', ..] if any(&VOWELS) => true,
        _ => word.len() <= LONGEST_LETTERS && LETTERS.binary_search(&word).is_ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;
    use crate::pronounce::Pronouncer;

    #[test]
    fn vowels_are_told_by_their_sound() {
        for word in [
            "apple",
            "hour",
            "f.b.i.",
            "unimportant",
            "eighteen",
            "umbrella",
            "{IY1}",
            "x-ray",
            "f-sixteen",
            "mri",
            "nba",
        ] {
            assert!(begins_with_vowel(word), "{word}");
        }
        for word in [
            "pear",
            "use",
            "one",
            "university",
            "european",
            "u.n.",
            "house",
            "man",
            "t-shirt",
            "lend",
            "year",
            "",
            "{B IY1}",
        ] {
            assert!(!begins_with_vowel(word), "{word}");
        }
    }

    #[test]
    fn letters_begin_with_vowels() {
        assert!(LETTERS.is_sorted() && LETTERS.iter().all(|word| word.len() <= LONGEST_LETTERS));
        let pronouncer = Pronouncer::new(None);
        for word in LETTERS {
            let begins = pronouncer.pronounce(word).phones[0].is_vowel();
            assert!(begins && begins_with_vowel(word), "{word}");
        }
    }

    #[test]
    fn spelling_agrees_with_the_dictionary() {
        let (mut words, mut wrong) = (0, Vec::new());
        Dictionary::cmudict().for_each(|word, variants| {
            let first = variants.first().and_then(|phones| phones.first().copied());
            let (Some(first), true) = (first, word.bytes().all(|letter| letter.is_ascii_lowercase())) else {
                return;
            };
            words += 1;
            if first.is_vowel() != begins_with_vowel(word) {
                wrong.push(word.to_owned());
            }
        });
        assert!(wrong.len() * 200 < words, "{} of {words}: {wrong:?}", wrong.len());
    }
}
