//! The heteronyms and their readings.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::grammar::noun_or_verb;
use super::learned::Learned;
use super::{Context, Reading, Reason, article, sense, tense};
use crate::phone::{Phone, parse_phones};
use crate::pronounce::with_s;

const FIRST: Reading = Reading::First;
const SECOND: Reading = Reading::Second;

/// The noun or adjective, the verb, and the default between them.
///
/// Phones are those of CMUdict's variants; the verb "house" follows the pattern of "use".
const NOUNS_AND_VERBS: [(&str, &str, &str, Reading); 98] = [
    ("record", "R EH1 K ER0 D", "R AH0 K AO1 R D", FIRST),
    ("object", "AA1 B JH EH0 K T", "AH0 B JH EH1 K T", FIRST),
    ("present", "P R EH1 Z AH0 N T", "P R IY0 Z EH1 N T", FIRST),
    ("conduct", "K AA1 N D AH0 K T", "K AA0 N D AH1 K T", FIRST),
    ("contrast", "K AA1 N T R AE0 S T", "K AH0 N T R AE1 S T", FIRST),
    ("project", "P R AA1 JH EH0 K T", "P R AH0 JH EH1 K T", FIRST),
    ("refuse", "R EH1 F Y UW2 Z", "R IH0 F Y UW1 Z", SECOND),
    ("use", "Y UW1 S", "Y UW1 Z", FIRST),
    ("abuse", "AH0 B Y UW1 S", "AH0 B Y UW1 Z", FIRST),
    ("excuse", "IH0 K S K Y UW1 S", "IH0 K S K Y UW1 Z", FIRST),
    ("house", "HH AW1 S", "HH AW1 Z", FIRST),
    ("misuse", "M IH0 S Y UW1 S", "M IH0 S Y UW1 Z", FIRST),
    ("reuse", "R IY0 Y UW1 S", "R IY0 Y UW1 Z", FIRST),
    ("permit", "P ER1 M IH2 T", "P ER0 M IH1 T", SECOND),
    ("produce", "P R OW1 D UW0 S", "P R AH0 D UW1 S", SECOND),
    ("progress", "P R AA1 G R EH2 S", "P R AH0 G R EH1 S", FIRST),
    ("protest", "P R OW1 T EH2 S T", "P R AH0 T EH1 S T", FIRST),
    ("rebel", "R EH1 B AH0 L", "R IH0 B EH1 L", FIRST),
    ("reject", "R IY1 JH EH0 K T", "R IH0 JH EH1 K T", SECOND),
    ("subject", "S AH1 B JH IH0 K T", "S AH0 B JH EH1 K T", FIRST),
    ("suspect", "S AH1 S P EH2 K T", "S AH0 S P EH1 K T", SECOND),
    ("transfer", "T R AE1 N S F ER0", "T R AE0 N S F ER1", FIRST),
    ("transport", "T R AE1 N S P AO0 R T", "T R AE0 N S P AO1 R T", FIRST),
    ("import", "IH1 M P AO2 R T", "IH2 M P AO1 R T", FIRST),
    ("increase", "IH1 N K R IY2 S", "IH2 N K R IY1 S", FIRST),
    ("decrease", "D IY1 K R IY2 S", "D IH0 K R IY1 S", FIRST),
    ("insult", "IH1 N S AH2 L T", "IH2 N S AH1 L T", FIRST),
    ("perfect", "P ER1 F IH2 K T", "P ER0 F EH1 K T", FIRST),
    ("convict", "K AA1 N V IH0 K T", "K AH0 N V IH1 K T", SECOND),
    ("convert", "K AA1 N V ER0 T", "K AH0 N V ER1 T", SECOND),
    ("contract", "K AA1 N T R AE2 K T", "K AH0 N T R AE1 K T", FIRST),
    ("conflict", "K AA1 N F L IH0 K T", "K AH0 N F L IH1 K T", FIRST),
    ("contest", "K AA1 N T EH0 S T", "K AH0 N T EH1 S T", FIRST),
    ("console", "K AA1 N S OW0 L", "K AH0 N S OW1 L", SECOND),
    ("compact", "K AA1 M P AE0 K T", "K AH0 M P AE1 K T", FIRST),
    ("compound", "K AA1 M P AW0 N D", "K AH0 M P AW1 N D", FIRST),
    ("combine", "K AA1 M B AY0 N", "K AH0 M B AY1 N", SECOND),
    ("attribute", "AE1 T R AH0 B Y UW2 T", "AH0 T R IH1 B Y UW2 T", SECOND),
    ("address", "AE1 D R EH2 S", "AH0 D R EH1 S", FIRST),
    ("addict", "AE1 D IH2 K T", "AH0 D IH1 K T", FIRST),
    ("ally", "AE1 L AY0", "AH0 L AY1", FIRST),
    ("extract", "EH1 K S T R AE2 K T", "IH0 K S T R AE1 K T", SECOND),
    ("digest", "D AY1 JH EH0 S T", "D AY0 JH EH1 S T", SECOND),
    ("discount", "D IH1 S K AW0 N T", "D IH0 S K AW1 N T", FIRST),
    ("discharge", "D IH1 S CH AA2 R JH", "D IH0 S CH AA1 R JH", FIRST),
    ("defect", "D IY1 F EH0 K T", "D IH0 F EH1 K T", FIRST),
    ("escort", "EH1 S K AO0 R T", "EH0 S K AO1 R T", FIRST),
    ("exploit", "EH1 K S P L OY2 T", "EH2 K S P L OY1 T", SECOND),
    ("ferment", "F ER1 M EH0 N T", "F ER0 M EH1 N T", SECOND),
    ("impact", "IH1 M P AE0 K T", "IH2 M P AE1 K T", FIRST),
    ("implant", "IH1 M P L AE2 N T", "IH2 M P L AE1 N T", FIRST),
    ("incense", "IH1 N S EH2 N S", "IH2 N S EH1 N S", FIRST),
    ("insert", "IH1 N S ER2 T", "IH2 N S ER1 T", SECOND),
    ("pervert", "P ER1 V ER0 T", "P ER0 V ER1 T", FIRST),
    ("recall", "R IY1 K AO2 L", "R IH0 K AO1 L", SECOND),
    ("refill", "R IY1 F IH0 L", "R IY0 F IH1 L", FIRST),
    ("refund", "R IY1 F AH2 N D", "R IH0 F AH1 N D", FIRST),
    ("segment", "S EH1 G M AH0 N T", "S EH2 G M EH1 N T", FIRST),
    ("survey", "S ER1 V EY2", "S ER0 V EY1", FIRST),
    ("torment", "T AO1 R M EH2 N T", "T AO0 R M EH1 N T", FIRST),
    ("update", "AH1 P D EY2 T", "AH0 P D EY1 T", FIRST),
    ("abstract", "AE1 B S T R AE2 K T", "AE0 B S T R AE1 K T", FIRST),
    ("annex", "AE1 N EH2 K S", "AH0 N EH1 K S", FIRST),
    ("construct", "K AA1 N S T R AH0 K T", "K AH0 N S T R AH1 K T", SECOND),
    ("converse", "K AA1 N V ER0 S", "K AH0 N V ER1 S", SECOND),
    ("commune", "K AA1 M Y UW0 N", "K AH0 M Y UW1 N", FIRST),
    ("affix", "AE1 F IH0 K S", "AH0 F IH1 K S", SECOND),
    ("supplement", "S AH1 P L AH0 M AH0 N T", "S AH2 P L AH0 M EH1 N T", FIRST),
    ("reset", "R IY1 S EH0 T", "R IY0 S EH1 T", SECOND),
    ("dictate", "D IH1 K T EY2 T", "D IH0 K T EY1 T", SECOND),
    ("combat", "K AA1 M B AE0 T", "K AH0 M B AE1 T", FIRST),
    ("redress", "R IY1 D R EH0 S", "R IH0 D R EH1 S", FIRST),
    ("frequent", "F R IY1 K W AH0 N T", "F R IY1 K W EH2 N T", FIRST),
    ("diffuse", "D IH0 F Y UW1 S", "D IH0 F Y UW1 Z", FIRST),
    ("separate", "S EH1 P ER0 IH0 T", "S EH1 P ER0 EY2 T", FIRST),
    ("estimate", "EH1 S T AH0 M AH0 T", "EH1 S T AH0 M EY2 T", FIRST),
    ("associate", "AH0 S OW1 S IY0 AH0 T", "AH0 S OW1 S IY0 EY2 T", FIRST),
    ("coordinate", "K OW0 AO1 R D AH0 N AH0 T", "K OW0 AO1 R D AH0 N EY2 T", SECOND),
    ("degenerate", "D IH0 JH EH1 N ER0 AH0 T", "D IH0 JH EH1 N ER0 EY2 T", FIRST),
    ("delegate", "D EH1 L AH0 G AH0 T", "D EH1 L AH0 G EY2 T", FIRST),
    ("deliberate", "D IH0 L IH1 B ER0 AH0 T", "D IH0 L IH1 B ER0 EY2 T", FIRST),
    ("duplicate", "D UW1 P L AH0 K AH0 T", "D UW1 P L AH0 K EY2 T", FIRST),
    ("elaborate", "IH0 L AE1 B R AH0 T", "IH0 L AE1 B ER0 EY2 T", FIRST),
    ("graduate", "G R AE1 JH AH0 W AH0 T", "G R AE1 JH AH0 W EY2 T", FIRST),
    ("intimate", "IH1 N T AH0 M AH0 T", "IH1 N T AH0 M EY2 T", FIRST),
    ("moderate", "M AA1 D ER0 AH0 T", "M AA1 D ER0 EY2 T", FIRST),
    ("predicate", "P R EH1 D IH0 K AH0 T", "P R EH1 D AH0 K EY2 T", FIRST),
    ("subordinate", "S AH0 B AO1 R D AH0 N AH0 T", "S AH0 B AO1 R D AH0 N EY2 T", FIRST),
    ("syndicate", "S IH1 N D IH0 K AH0 T", "S IH1 N D AH0 K EY2 T", FIRST),
    ("advocate", "AE1 D V AH0 K AH0 T", "AE1 D V AH0 K EY2 T", FIRST),
    ("animate", "AE1 N AH0 M AH0 T", "AE1 N AH0 M EY2 T", SECOND),
    ("approximate", "AH0 P R AA1 K S AH0 M AH0 T", "AH0 P R AA1 K S AH0 M EY2 T", FIRST),
    ("aggregate", "AE1 G R AH0 G AH0 T", "AE1 G R AH0 G EY0 T", FIRST),
    ("alternate", "AO1 L T ER0 N AH0 T", "AO1 L T ER0 N EY2 T", FIRST),
    ("appropriate", "AH0 P R OW1 P R IY0 AH0 T", "AH0 P R OW1 P R IY0 EY2 T", FIRST),
    ("articulate", "AA0 R T IH1 K Y AH0 L AH0 T", "AA0 R T IH1 K Y AH0 L EY2 T", SECOND),
    ("desolate", "D EH1 S AH0 L AH0 T", "D EH1 S AH0 L EY2 T", FIRST),
    ("consummate", "K AA1 N S AH0 M AH0 T", "K AA1 N S AH0 M EY2 T", FIRST),
];

/// Rule that tells two senses apart.
type Rule = fn(&Context<'_>, &Heteronym) -> (Reading, Reason);

/// Words with individual rules; the second reading is the one that needs evidence.
const SENSES: [(&str, &str, &str, Rule); 27] = [
    ("the", "DH AH0", "DH IY0", article::the),
    ("read", "R EH1 D", "R IY1 D", tense::read),
    ("lead", "L IY1 D", "L EH1 D", sense::lead),
    ("live", "L IH1 V", "L AY1 V", sense::live),
    ("lives", "L AY1 V Z", "L IH1 V Z", noun_or_verb),
    ("wind", "W IH1 N D", "W AY1 N D", sense::wind),
    ("winds", "W IH1 N D Z", "W AY1 N D Z", sense::wind),
    ("tear", "T IH1 R", "T EH1 R", sense::tear),
    ("tears", "T IH1 R Z", "T EH1 R Z", sense::tear),
    ("bow", "B OW1", "B AW1", sense::bow),
    ("bows", "B OW1 Z", "B AW1 Z", sense::bow),
    ("bass", "B EY1 S", "B AE1 S", sense::bass),
    ("dove", "D AH1 V", "D OW1 V", sense::dove),
    ("sow", "S AW1", "S OW1", noun_or_verb),
    ("wound", "W UW1 N D", "W AW1 N D", sense::wound),
    ("minute", "M IH1 N AH0 T", "M AY0 N UW1 T", sense::minute),
    ("desert", "D EH1 Z ER0 T", "D IH0 Z ER1 T", noun_or_verb),
    ("deserts", "D EH1 Z ER0 T S", "D IH0 Z ER1 T S", sense::deserts),
    ("content", "K AA1 N T EH0 N T", "K AH0 N T EH1 N T", sense::content),
    ("contents", "K AA1 N T EH0 N T S", "K AH0 N T EH1 N T S", sense::contents),
    ("close", "K L OW1 S", "K L OW1 Z", sense::close),
    ("polish", "P AA1 L IH0 SH", "P OW1 L IH0 SH", sense::polish),
    ("learned", "L ER1 N D", "L ER1 N IH0 D", sense::learned),
    ("aged", "EY1 JH D", "EY1 JH IH0 D", sense::aged),
    ("blessed", "B L EH1 S T", "B L EH1 S IH0 D", sense::learned),
    ("resume", "R IH0 Z UW1 M", "R EH1 Z AH0 M EY2", sense::resume),
    ("invalid", "IH2 N V AE1 L AH0 D", "IH1 N V AH0 L AH0 D", sense::invalid),
];

/// Form of a spelling, which determines what may surround it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A noun in the singular, or a verb without an ending.
    Bare,
    /// A noun in the plural, or a verb with -s.
    Inflected,
    /// A possessive: always a noun.
    Possessive,
}

/// Nouns whose verb is a reading of `data/homographs.txt`; their forms in -s are told apart by the rules.
const LEARNED_NOUNS: [&str; 28] = [
    "affiliate",
    "compress",
    "conglomerate",
    "conscript",
    "consort",
    "deviate",
    "discard",
    "document",
    "expatriate",
    "export",
    "fragment",
    "implement",
    "increment",
    "initiate",
    "instrument",
    "interchange",
    "invert",
    "invite",
    "laminate",
    "ornament",
    "overthrow",
    "perfume",
    "pigment",
    "postulate",
    "recount",
    "transform",
    "transplant",
    "upset",
];

/// Spelling with several readings.
#[derive(Debug)]
pub(crate) struct Heteronym {
    pub(super) form: Form,
    pub(super) prior: Reading,
    pub(super) rule: Rule,
    pub(super) readings: Vec<Vec<Phone>>,
    /// Names of the readings, if they are learned.
    pub(super) names: Vec<&'static str>,
    pub(super) learned: Option<Learned>,
}

impl Heteronym {
    fn by_rule(form: Form, prior: Reading, rule: Rule, readings: [Vec<Phone>; 2]) -> Self {
        Self { form, prior, rule, readings: readings.into(), names: Vec::new(), learned: None }
    }
}

/// Finds the heteronym of a normalized spelling.
pub(crate) fn find(word: &str) -> Option<&'static Heteronym> {
    static TABLE: LazyLock<FxHashMap<String, Heteronym>> = LazyLock::new(table);
    TABLE.get(word)
}

/// Builds every entry of the tables, with the forms in -s and -'s that follow from a noun and a verb.
fn table() -> FxHashMap<String, Heteronym> {
    let mut table = FxHashMap::default();
    for (word, first, second, prior) in NOUNS_AND_VERBS {
        add_noun(&mut table, word, [phones(first), phones(second)], prior);
    }
    for (word, first, second, rule) in SENSES {
        let form = if word.ends_with('s') && word != "bass" { Form::Inflected } else { Form::Bare };
        let readings = [phones(first), phones(second)];
        table.insert(word.to_owned(), Heteronym::by_rule(form, Reading::First, rule, readings));
    }
    let mut learned = BTreeMap::<&str, Vec<(&str, Vec<Phone>)>>::new();
    for (word, name, phones) in learned_readings() {
        learned.entry(word).or_default().push((name, phones));
    }
    for (word, readings) in learned {
        let (names, readings): (Vec<_>, Vec<_>) = readings.into_iter().unzip();
        if LEARNED_NOUNS.contains(&word) {
            add_noun(&mut table, word, [readings[0].clone(), readings[1].clone()], FIRST);
        }
        let by_default: Rule = |_, word| (word.prior, Reason::Default);
        let entry = table
            .entry(word.to_owned())
            .or_insert_with(|| Heteronym::by_rule(Form::Bare, FIRST, by_default, Default::default()));
        entry.learned = Some(Learned::new(word, &names));
        entry.readings = readings;
        entry.names = names;
    }
    table
}

/// Adds a noun and its verb, with their forms in -s and the possessive.
fn add_noun(table: &mut FxHashMap<String, Heteronym>, word: &str, bare: [Vec<Phone>; 2], prior: Reading) {
    let inflected = bare.clone().map(with_s);
    let possessive: Rule = |_, _| (Reading::First, Reason::Spelling);
    let mut add = |word, form, rule, readings| {
        table.insert(word, Heteronym::by_rule(form, prior, rule, readings));
    };
    add(plural(word), Form::Inflected, noun_or_verb, inflected.clone());
    add(format!("{word}'s"), Form::Possessive, possessive, inflected);
    add(word.to_owned(), Form::Bare, noun_or_verb, bare);
}

/// Returns the words of `data/homographs.txt`, and the name and phones of each of their readings.
fn learned_readings() -> impl Iterator<Item = (&'static str, &'static str, Vec<Phone>)> {
    let lines = include_str!("../../data/homographs.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut fields = line.split("  ");
        Some((fields.next()?, fields.next()?, phones(fields.next()?)))
    })
}

/// Returns the spelling with an -s.
fn plural(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if word.ends_with('s') || word.ends_with('x') => format!("{word}es"),
        _ => format!("{word}s"),
    }
}

fn phones(line: &str) -> Vec<Phone> {
    parse_phones(line).expect("the readings are phones")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dictionary::Dictionary;

    /// Readings missing from CMUdict, with their justification.
    const OWN: [(&str, &str); 2] =
        [("house", "the verb rhymes with the verb \"use\""), ("blessed", "the adjective has two syllables")];

    #[test]
    fn readings_are_distinct_variants_of_the_dictionary() {
        let lines = NOUNS_AND_VERBS
            .iter()
            .map(|(word, first, second, _)| (*word, *first, *second))
            .chain(SENSES.iter().map(|(word, first, second, _)| (*word, *first, *second)));
        for (word, first, second) in lines {
            assert_ne!(first, second, "{word}");
            let variants: Vec<Vec<Phone>> = Dictionary::cmudict().variants(word).collect();
            let known = [first, second].map(|line| variants.contains(&phones(line)));
            let own = OWN.iter().any(|(own, _)| *own == word);
            assert_eq!(known, [true, !own], "{word}");
        }
    }

    #[test]
    fn learned_words_have_distinct_readings() {
        let mut words = BTreeMap::<&str, usize>::new();
        for (word, name, phones) in learned_readings() {
            *words.entry(word).or_default() += 1;
            assert!(name.starts_with(word) && !phones.is_empty(), "{name}");
        }
        assert_eq!(words.len(), 162);
        for (word, count) in words {
            let entry = find(word).expect(word);
            let mut readings = entry.readings.clone();
            readings.sort_unstable();
            readings.dedup();
            assert!(entry.learned.is_some() && count >= 2 && readings.len() == count, "{word}");
        }
        assert!(LEARNED_NOUNS.iter().all(|word| find(word).is_some_and(|entry| entry.learned.is_some())));
    }

    #[test]
    fn rules_and_weights_number_the_readings_alike() {
        let own = ["subject", "elaborate", "refuse"];
        let lines = NOUNS_AND_VERBS
            .iter()
            .map(|(word, first, second, _)| (*word, *first, *second))
            .chain(SENSES.iter().map(|(word, first, second, _)| (*word, *first, *second)));
        for (word, first, second) in lines.filter(|(word, ..)| !own.contains(word)) {
            assert_eq!(
                find(word).map(|entry| entry.readings.clone()),
                Some(vec![phones(first), phones(second)])
            );
        }
    }

    #[test]
    fn derives_forms_from_the_word() {
        for word in ["records", "record's", "uses", "allies", "addresses", "surveys"] {
            assert!(find(word).is_some(), "{word}");
        }
        assert!(find("recorded").is_none() && find("").is_none());
    }
}
