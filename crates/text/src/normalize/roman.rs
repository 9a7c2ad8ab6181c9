//! Roman numerals in clear contexts: after a monarch's name, or after `Chapter` and the like.

use super::cursor::{Cursor, Reading, is_capitalized, is_name, is_one_of};
use super::verbalize::{cardinal, ordinal};

/// Words after which a numeral counts.
const COUNTED: [&str; 31] = [
    "Chapter", "Part", "Section", "Volume", "Vol", "Book", "Act", "Scene", "Article", "Title", "War",
    "Appendix", "Figure", "Table", "Plate", "Class", "Type", "Phase", "Stage", "Level", "Grade", "Lecture",
    "Canto", "Apollo", "Mark", "Division", "Bowl", "Group", "Category", "Tier", "Unit",
];
/// Names of monarchs and popes, after which even `I` and `V` are numerals.
const RULERS: [&str; 201] = [
    "Abdul",
    "Abdulaziz",
    "Adolf",
    "Ahmed",
    "Albert",
    "Alexander",
    "Alexios",
    "Alexius",
    "Alfonso",
    "Amadeo",
    "Amadeus",
    "Anastasius",
    "Andrew",
    "Anselm",
    "Antiochus",
    "Artaxerxes",
    "Augustus",
    "Bahadur",
    "Baldwin",
    "Benedict",
    "Bohemond",
    "Boniface",
    "Boris",
    "Carlos",
    "Carol",
    "Casimir",
    "Catherine",
    "Celestine",
    "Charlemagne",
    "Charles",
    "Childebert",
    "Chlothar",
    "Christian",
    "Christina",
    "Clement",
    "Clovis",
    "Conrad",
    "Constans",
    "Constantine",
    "Cosimo",
    "Cyrus",
    "Darius",
    "David",
    "Demetrius",
    "Diego",
    "Edgar",
    "Edmund",
    "Edward",
    "Eleanor",
    "Elizabeth",
    "Emanuel",
    "Emmanuel",
    "Eric",
    "Erik",
    "Ernest",
    "Eugene",
    "Eugenius",
    "Farouk",
    "Felipe",
    "Ferdinand",
    "Fernando",
    "Filippo",
    "Francis",
    "Francisco",
    "Franz",
    "Frederick",
    "Fuad",
    "Geoffrey",
    "George",
    "Ghazi",
    "Gregory",
    "Gustavus",
    "Guy",
    "Haakon",
    "Hadrian",
    "Harald",
    "Harold",
    "Hassan",
    "Henri",
    "Henry",
    "Heraclius",
    "Honorius",
    "Hugh",
    "Humbert",
    "Hussein",
    "Ibrahim",
    "Idris",
    "Innocent",
    "Isabella",
    "Ivan",
    "Jacob",
    "James",
    "Jean",
    "Joan",
    "Joanna",
    "Johan",
    "Johann",
    "John",
    "Joseph",
    "Juan",
    "Julius",
    "Justin",
    "Justinian",
    "Kamehameha",
    "Karl",
    "Ladislaus",
    "Leo",
    "Leopold",
    "Lothair",
    "Louis",
    "Louise",
    "Ludwig",
    "Magnus",
    "Mahmud",
    "Malcolm",
    "Manuel",
    "Margaret",
    "Maria",
    "Martin",
    "Mary",
    "Matilda",
    "Maximilian",
    "Mehmed",
    "Menelik",
    "Michael",
    "Mieszko",
    "Mircea",
    "Mohammed",
    "Moritz",
    "Murad",
    "Mustafa",
    "Napoleon",
    "Nebuchadnezzar",
    "Nerva",
    "Nicholas",
    "Nikola",
    "Olaf",
    "Olav",
    "Oscar",
    "Oskar",
    "Osman",
    "Otto",
    "Ottokar",
    "Pascal",
    "Paschal",
    "Paul",
    "Pedro",
    "Pepin",
    "Peter",
    "Philip",
    "Philippe",
    "Pippin",
    "Pius",
    "Ptolemy",
    "Rainier",
    "Rama",
    "Rameses",
    "Ramesses",
    "Ramses",
    "Ranulf",
    "Reza",
    "Richard",
    "Robert",
    "Roderick",
    "Roger",
    "Rudolf",
    "Rudolph",
    "Sancho",
    "Seleucus",
    "Selim",
    "Seti",
    "Shapur",
    "Sigismund",
    "Simeon",
    "Sixtus",
    "Stanislaus",
    "Stephen",
    "Suleiman",
    "Sultan",
    "Sverre",
    "Theobald",
    "Theodore",
    "Theodosius",
    "Thutmose",
    "Tiberius",
    "Tiglath",
    "Umberto",
    "Urban",
    "Valdemar",
    "Victor",
    "Vittorio",
    "Vladimir",
    "Vladislaus",
    "Wenceslaus",
    "Wilhelm",
    "Wilhelmina",
    "Willem",
    "William",
    "Xerxes",
    "Yazdegerd",
    "Zog",
];
/// Words after the speaker's "I" that do not follow the name of a monarch.
const SPOKEN: [&str; 37] = [
    "am",
    "have",
    "do",
    "think",
    "believe",
    "know",
    "suppose",
    "guess",
    "mean",
    "love",
    "like",
    "want",
    "see",
    "say",
    "hope",
    "wish",
    "feel",
    "hear",
    "recall",
    "remember",
    "swear",
    "promise",
    "understand",
    "agree",
    "need",
    "never",
    "always",
    "also",
    "just",
    "really",
    "only",
    "tell",
    "told",
    "knew",
    "thought",
    "felt",
    "wanted",
];
const VALUES: [(&str, u64); 13] = [
    ("M", 1000),
    ("CM", 900),
    ("D", 500),
    ("CD", 400),
    ("C", 100),
    ("XC", 90),
    ("L", 50),
    ("XL", 40),
    ("X", 10),
    ("IX", 9),
    ("V", 5),
    ("IV", 4),
    ("I", 1),
];

/// Reads `Henry VIII.` → the eighth, `Chapter IV` → four, `John Smith III` → the third.
///
/// After `Chapter` and the like, a single `L`, `C`, `D` or `M` is a letter. After any other capitalized word,
/// a numeral needs at least two letters and a value below 40. The full stop that British books put after a
/// numeral is part of it unless the sentence ends there.
pub(crate) fn roman(cursor: Cursor<'_>, at: usize) -> Option<Reading> {
    let letters = cursor.letters(at);
    let end = at + letters.len();
    if cursor.byte(end).is_ascii_digit() {
        return None;
    }
    match letters {
        "WWI" => return Some(Reading::new(end, "world war one")),
        "WWII" => return Some(Reading::new(end, "world war two")),
        _ => {}
    }
    let value = value(letters)?;
    let before = cursor.word_before(at);
    let phrase =
        if is_one_of(before, &COUNTED) && is_capitalized(before) && !matches!(letters, "L" | "C" | "D" | "M")
        {
            cardinal(value)
        } else if cursor.byte_before(at) == b' '
            && !cursor.begins_sentence(at)
            && value < 40
            && is_name(before)
            && (letters.len() > 1 || RULERS.contains(&before) && is_ordinal_letter(cursor, letters, end))
        {
            format!("the {}", ordinal(value))
        } else if is_alone(cursor, letters, before) {
            cardinal(value)
        } else {
            return None;
        };
    let next = cursor.next_word(end + 1);
    let abbreviated = cursor.byte(end) == b'.' && !cursor.is_last(end) && !is_capitalized(next);
    Some(Reading::new(end + usize::from(abbreviated), phrase))
}

/// Returns true if a single letter numbers a monarch, rather than being the initial of a name (`James I.
/// Walker`) or the speaker (`Charles I think`).
fn is_ordinal_letter(cursor: Cursor<'_>, letters: &str, end: usize) -> bool {
    let next = cursor.next_word(end + usize::from(cursor.byte(end) == b'.'));
    let initial = cursor.byte(end) == b'.' && is_capitalized(next);
    let speaker = letters == "I" && cursor.byte(end) == b' ' && SPOKEN.contains(&next);
    matches!(letters, "I" | "V" | "X") && !initial && !speaker
}

/// Returns true for a numeral without such a word before it, `books I and II` or `nerve VIII (80%)`: several letters
/// that are hardly anything else.
fn is_alone(cursor: Cursor<'_>, letters: &str, before: &str) -> bool {
    let small = letters.bytes().all(|letter| matches!(letter, b'I' | b'V' | b'X'));
    let other = matches!(letters, "XX" | "XXX" | "XI") || is_one_of(before, &["a", "an"]);
    small && letters.len() > 1 && !cursor.shouted && !other
}

/// Returns the value of a well-formed numeral; `None` for any other spelling.
fn value(letters: &str) -> Option<u64> {
    let mut rest = letters;
    let mut value = 0;
    for (numeral, worth) in VALUES {
        while let Some(after) = rest.strip_prefix(numeral) {
            value += worth;
            rest = after;
        }
    }
    (rest.is_empty() && value > 0 && write(value) == letters).then_some(value)
}

fn write(mut value: u64) -> String {
    let mut letters = String::new();
    for (numeral, worth) in VALUES {
        while value >= worth {
            value -= worth;
            letters.push_str(numeral);
        }
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_one_spelling_per_numeral() {
        for number in 1..4000 {
            assert_eq!(value(&write(number)), Some(number));
        }
        for other in ["", "IIII", "VX", "IM", "ABC", "iv"] {
            assert_eq!(value(other), None, "{other}");
        }
    }
}
