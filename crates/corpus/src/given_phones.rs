//! Phones that a corpus gives in place of those of its texts.

use mynah_align::divide_among_words;
use mynah_text::{Phone, Phonemized, Source, Symbol, parse_phones, phones_of_ipa};

/// Marks that separate words of phones.
const BETWEEN_WORDS: [&str; 4] = ["/", "|", "_", "#"];
/// Names of pauses.
const PAUSES: [&str; 6] = ["sil", "sp", "spn", "<sil>", "<eps>", "pau"];

/// Part of a cell of phones.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Phones(Vec<Phone>),
    /// Punctuation, as written.
    Mark(String),
    /// A separator or a pause.
    Gap,
}

/// Replaces the phones of all words by given ones: ARPAbet or IPA, with or without boundaries between words.
///
/// If there are as many given words as words, each gets its own; otherwise the boundaries are those that agree best with
/// the phones that the words had.
///
/// # Errors
///
/// The reason why the cell cannot be used: names that are no phones, or fewer phones than words.
pub fn give_phones(phonemized: &mut Phonemized, cell: &str) -> Result<(), String> {
    let words = words_of(&parse(cell)?);
    let n_words = phonemized.words.len();
    let given = if words.len() == n_words {
        words
    } else {
        let all: Vec<Phone> = words.concat();
        if all.len() < n_words {
            return Err(format!("{} phones are too few for {n_words} words", all.len()));
        }
        let own: Vec<&[Phone]> =
            phonemized.words.iter().map(|word| word.pronunciation.phones.as_slice()).collect();
        divide(&all, &own).ok_or_else(|| format!("{} phones are too many for {n_words} words", all.len()))?
    };
    let (mut symbols, mut word_index) = (Vec::new(), Vec::new());
    let mut last = None;
    for (symbol, word) in phonemized.symbols.iter().zip(&phonemized.word_index) {
        match word {
            None => {
                symbols.push(*symbol);
                word_index.push(None);
            }
            Some(word) if last != Some(*word) => {
                last = Some(*word);
                let phones = &given[*word as usize];
                symbols.extend(phones.iter().map(|phone| Symbol::Phone(*phone)));
                word_index.extend(phones.iter().map(|_| Some(*word)));
            }
            Some(_) => {}
        }
    }
    (phonemized.symbols, phonemized.word_index) = (symbols, word_index);
    for (word, phones) in phonemized.words.iter_mut().zip(given) {
        word.pronunciation.phones = phones;
        word.pronunciation.source = Source::User;
    }
    Ok(())
}

/// Returns a text that is spoken as the phones say, for corpora without texts.
///
/// # Errors
///
/// The reason why the cell cannot be used.
pub fn text_of_phones(cell: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut word: Vec<&'static str> = Vec::new();
    let close = |word: &mut Vec<&'static str>, text: &mut String| {
        if !word.is_empty() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.extend(["{", &word.join(" "), "}"]);
            word.clear();
        }
    };
    for part in parse(cell)? {
        match part {
            Part::Phones(phones) => word.extend(phones.iter().map(|phone| phone.name())),
            Part::Gap => close(&mut word, &mut text),
            Part::Mark(mark) => {
                close(&mut word, &mut text);
                text += &mark;
            }
        }
    }
    close(&mut word, &mut text);
    Ok(text)
}

fn words_of(parts: &[Part]) -> Vec<Vec<Phone>> {
    let mut words = vec![Vec::new()];
    for part in parts {
        match part {
            Part::Phones(phones) => words.last_mut().expect("there is a word").extend(phones),
            Part::Gap | Part::Mark(_) => words.push(Vec::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Parses a cell. ARPAbet has a blank between phones; so may IPA, whose blanks otherwise separate words.
fn parse(cell: &str) -> Result<Vec<Part>, String> {
    let plain = cell.replace(['{', '}'], " / ").replace("[[", " / ").replace("]]", " / ");
    let tokens: Vec<&str> = plain.split_whitespace().collect();
    let is_name = |token: &&&str| token.parse::<Phone>().is_ok();
    let is_arpabet = tokens.iter().any(|token| is_name(&token)) && !tokens.iter().any(|token| is_ipa(token));
    let has_marks = tokens.iter().any(|token| BETWEEN_WORDS.contains(token));
    // Every token a single sound: blanks separate phones.
    let by_phone = tokens.iter().all(|token| letters(token) <= 2);
    let mut parts = Vec::new();
    for token in tokens {
        if BETWEEN_WORDS.contains(&token) || PAUSES.contains(&token.to_lowercase().as_str()) {
            parts.push(Part::Gap);
        } else if is_arpabet {
            let (before, name, after) = trimmed(token);
            parts.extend(mark(before));
            if !name.is_empty() {
                parts.push(Part::Phones(parse_phones(name).map_err(|error| error.to_string())?));
            }
            parts.extend(mark(after));
        } else {
            let (before, name, after) = trimmed(token);
            parts.extend(mark(before));
            if !name.is_empty() {
                parts.push(Part::Phones(phones_of_ipa(name).map_err(|error| error.to_string())?));
            }
            parts.extend(mark(after));
            if !has_marks && !by_phone {
                parts.push(Part::Gap);
            }
        }
    }
    if parts.iter().any(|part| matches!(part, Part::Phones(_))) {
        Ok(parts)
    } else {
        Err("there are no phones".to_owned())
    }
}

fn mark(text: &str) -> Option<Part> {
    (!text.is_empty()).then(|| Part::Mark(text.to_owned()))
}

/// Splits a token into opening punctuation, phones, and closing punctuation.
fn trimmed(token: &str) -> (&str, &str, &str) {
    let is_mark = |c: char| {
        matches!(c, ',' | '.' | ';' | ':' | '?' | '!' | '"' | '(' | ')' | '“' | '”' | '—' | '-' | '…')
    };
    let rest = token.trim_start_matches(is_mark);
    let name = rest.trim_end_matches(is_mark);
    (&token[..token.len() - rest.len()], name, &rest[name.len()..])
}

fn is_ipa(token: &str) -> bool {
    token.chars().any(|c| !c.is_ascii() && c.is_alphabetic()) || token.contains(['ˈ', 'ˌ'])
}

/// Counts the letters of a token, without signs of stress and length.
fn letters(token: &str) -> usize {
    token.chars().filter(|c| c.is_alphabetic() && !matches!(c, 'ː' | 'ˈ' | 'ˌ')).count()
}

/// Divides given phones among words where they agree best with the phones that the words had; phones that differ only in
/// stress are the same. `None` if there are far too many.
fn divide(given: &[Phone], words: &[&[Phone]]) -> Option<Vec<Vec<Phone>>> {
    let change = |word: usize, at: usize, index: usize| {
        let (own, other) = (words[word][at], given[index]);
        match own.without_stress() == other.without_stress() {
            true => 0.0,
            false if own.is_vowel() == other.is_vowel() => 1.0,
            false => 1.8,
        }
    };
    let lengths: Vec<usize> = words.iter().map(|word| word.len()).collect();
    let ends = divide_among_words(given.len(), &lengths, change, |_| false)?;
    let mut start = 0;
    Some(ends.into_iter().map(|end| given[std::mem::replace(&mut start, end)..end].to_vec()).collect())
}

#[cfg(test)]
mod tests {
    use mynah_text::{Phonemizer, Pronouncer};

    use super::{give_phones, text_of_phones};

    fn given(text: &str, cell: &str) -> Result<String, String> {
        let phonemizer = Phonemizer::new(Pronouncer::new(None));
        let mut phonemized = phonemizer.phonemize(text).map_err(|error| error.to_string())?;
        give_phones(&mut phonemized, cell)?;
        assert_eq!(phonemized.symbols.len(), phonemized.word_index.len());
        Ok(phonemized.to_string())
    }

    #[test]
    fn given_phones_replace_those_of_the_text() {
        let check = |cell: &str, expected: &str| {
            assert_eq!(given("Hello, world.", cell).as_deref(), Ok(expected), "{cell}");
        };
        let same = "HH AH0 L OW1 , / W ER1 L D .";
        check("HH AH0 L OW1 / W ER1 L D", same);
        check("HH AH0 L OW1 , / W ER1 L D .", same);
        check("{HH AH0 L OW1} {W ER1 L D}", same);
        check("sil HH AH0 L OW1 sp W ER1 L D sil", same);
        check("həlˈoʊ wˈɜːld", same);
        check("həlˈoʊ, wˈɜːld.", same);
        // Without boundaries, they are where the words' own phones agree best.
        check("HH EH0 L OW1 W ER1 L D", "HH EH0 L OW1 , / W ER1 L D .");
        check("HH AH0 L W ER1 D", "HH AH0 L , / W ER1 D .");
        check("Y OW1 / W AA1", "Y OW1 , / W AA1 .");
    }

    #[test]
    fn names_what_is_no_phone() {
        let error = |cell: &str| given("Hello, world.", cell).unwrap_err();
        assert!(error("HH XX L OW1 / W ER1 L D").contains("`XX`"), "{}", error("HH XX L OW1 / W ER1 L D"));
        assert!(error("həlˈoø wˈɜːld").contains('ø'));
        assert_eq!(error("HH"), "1 phones are too few for 2 words");
        assert_eq!(error(" / "), "there are no phones");
    }

    #[test]
    fn phones_alone_are_a_text() {
        for (cell, expected) in [
            ("HH AH0 L OW1 , / W ER1 L D .", "{HH AH0 L OW1}, {W ER1 L D}."),
            ("həlˈoʊ, wˈɜːld!", "{HH AH0 L OW1}, {W ER1 L D}!"),
        ] {
            let text = text_of_phones(cell).unwrap();
            assert_eq!(text, expected);
            let phonemized = Phonemizer::new(Pronouncer::new(None)).phonemize(&text).unwrap();
            assert_eq!(phonemized.words.len(), 2);
        }
    }
}
