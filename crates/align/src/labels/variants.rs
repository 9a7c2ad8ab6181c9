//! Labels whose pronunciations are not those of the utterance: word times, or the labels' phones.

use mynah_text::{Phone, Stress, Symbol};

use super::divide::divide_among_words;
use super::fit::{FitTarget, Misfit, MisfitKind, fit};
use super::label::{Content, Label};
use super::phone_name::Name;

/// Treatment of labels whose phones are not those of the utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variants {
    /// They do not fit.
    #[default]
    Refuse,
    /// Their words begin and end where they say; within a word, the utterance's phones keep their proportions.
    Words,
    /// The utterance takes their phones.
    Phones,
}

/// Durations that were found, and the phones if they are not those of the utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitted {
    /// Frames of each symbol.
    pub durations: Vec<u32>,
    /// Phones of each word in place of the utterance's.
    pub phones: Option<Vec<Vec<Phone>>>,
}

/// Fits labels as [`fit`] does, or, where their phones are others, as `variants` says. `own` are the durations that the
/// utterance has.
///
/// The labels are divided among the words where their phones agree best with the words' own; a silence is between words.
///
/// # Errors
///
/// A [`Misfit`], as of [`fit`]; also if the labels cannot be divided among the words.
pub fn fit_variants(
    content: &Content,
    target: &FitTarget<'_>,
    own: &[u32],
    variants: Variants,
) -> Result<Fitted, Misfit> {
    let misfit = match fit(content, target) {
        Ok(durations) => return Ok(Fitted { durations, phones: None }),
        Err(misfit) => misfit,
    };
    let Content::Labels(labels) = content else { return Err(misfit) };
    if variants == Variants::Refuse || misfit.kind != MisfitKind::DifferentPhones {
        return Err(misfit);
    }
    let words = words_of(target.symbols);
    let spoken: Vec<&Label> = labels.iter().filter(|label| Name::of(&label.text) != Name::Silence).collect();
    let ends = divide(labels, &spoken, &words, target.symbols).ok_or_else(|| {
        let message = format!("its {} phones cannot be divided among {} words", spoken.len(), words.len());
        Misfit { kind: MisfitKind::DifferentPhones, line: misfit.line, message }
    })?;
    let mut start = 0;
    let parts: Vec<&[&Label]> =
        ends.into_iter().map(|end| &spoken[std::mem::replace(&mut start, end)..end]).collect();
    match variants {
        Variants::Refuse => Err(misfit),
        Variants::Words => {
            let labels = proportional(&words, &parts, target.symbols, own);
            Ok(Fitted { durations: fit(&Content::Labels(labels), target)?, phones: None })
        }
        Variants::Phones => {
            let phones: Vec<Vec<Phone>> = words
                .iter()
                .zip(&parts)
                .map(|(word, part)| phones_of(part, &target.symbols[word.clone()]))
                .collect();
            let symbols = with_phones(target.symbols, &words, &phones);
            let durations = fit(content, &FitTarget { symbols: &symbols, ..*target })?;
            Ok(Fitted { durations, phones: Some(phones) })
        }
    }
}

/// Returns the places of the words: runs of phones.
fn words_of(symbols: &[Symbol]) -> Vec<std::ops::Range<usize>> {
    let mut words: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, symbol) in symbols.iter().enumerate() {
        if symbol.phone().is_some() {
            match words.last_mut() {
                Some(word) if word.end == index => word.end += 1,
                _ => words.push(index..index + 1),
            }
        }
    }
    words
}

/// Divides the spoken labels among words.
fn divide(
    labels: &[Label],
    spoken: &[&Label],
    words: &[std::ops::Range<usize>],
    symbols: &[Symbol],
) -> Option<Vec<usize>> {
    let names: Vec<Name> = spoken.iter().map(|label| Name::of(&label.text)).collect();
    let change = |word: usize, at: usize, label: usize| {
        let phone = symbols[words[word].start + at].phone();
        match phone {
            Some(phone) if names[label].fits(phone) => 0.0,
            Some(phone) if names[label].is_vowel() == phone.is_vowel() => 1.0,
            _ => 1.8,
        }
    };
    // A silence of any length between two labels.
    let mut breaks = vec![false; spoken.len()];
    let mut next = 0;
    for label in labels {
        if Name::of(&label.text) == Name::Silence {
            if let Some(place) = breaks.get_mut(next) {
                *place |= label.end > label.start;
            }
        } else {
            next += 1;
        }
    }
    let lengths: Vec<usize> = words.iter().map(ExactSizeIterator::len).collect();
    divide_among_words(spoken.len(), &lengths, change, |at| breaks[at])
}

/// Returns labels of the utterance's phones, which share the time of their word as they did before.
fn proportional(
    words: &[std::ops::Range<usize>],
    parts: &[&[&Label]],
    symbols: &[Symbol],
    own: &[u32],
) -> Vec<Label> {
    let mut labels = Vec::new();
    for (word, part) in words.iter().zip(parts) {
        let (Some(first), Some(last)) = (part.first(), part.last()) else { continue };
        let frames: u32 = own[word.clone()].iter().sum();
        let per_frame = (last.end - first.start) / f64::from(frames.max(1));
        let mut start = first.start;
        for index in word.clone() {
            let end =
                if index + 1 == word.end { last.end } else { start + f64::from(own[index]) * per_frame };
            labels.push(Label { start, end, text: symbols[index].name().to_owned(), line: first.line });
            start = end;
        }
    }
    labels
}

/// Returns the phones of a word's labels. A vowel without stress has that of the word's vowel at its place, if there is
/// one, and otherwise none.
fn phones_of(part: &[&Label], own: &[Symbol]) -> Vec<Phone> {
    let mut stresses = own.iter().filter_map(|symbol| symbol.phone()?.stress());
    let stress = |label: &Label, own: Option<Stress>| match label.text.trim().chars().last() {
        Some('0') => Some(Stress::Unstressed),
        Some('1') => Some(Stress::Primary),
        Some('2') => Some(Stress::Secondary),
        _ if label.text.contains('ˈ') => Some(Stress::Primary),
        _ if label.text.contains('ˌ') => Some(Stress::Secondary),
        _ => own,
    };
    let mut phones = Vec::with_capacity(part.len());
    for label in part {
        let Some(phone) = Name::of(&label.text).phone() else { continue };
        phones.push(if phone.is_vowel() {
            phone.with_stress(stress(label, stresses.next()).unwrap_or(Stress::Unstressed))
        } else {
            phone
        });
    }
    phones
}

/// Replaces the phones of the words.
fn with_phones(symbols: &[Symbol], words: &[std::ops::Range<usize>], phones: &[Vec<Phone>]) -> Vec<Symbol> {
    let mut replaced = Vec::new();
    let mut at = 0;
    for (word, phones) in words.iter().zip(phones) {
        replaced.extend_from_slice(&symbols[at..word.start]);
        replaced.extend(phones.iter().map(|phone| Symbol::Phone(*phone)));
        at = word.end;
    }
    replaced.extend_from_slice(&symbols[at..]);
    replaced
}

#[cfg(test)]
mod tests {
    use mynah_text::Symbol;

    use super::{FitTarget, Fitted, Label, Variants, fit_variants};
    use crate::labels::label::Content;

    const SECONDS_PER_FRAME: f64 = 0.01;

    /// Fits `text=frames` labels to `<bos> HH AY1 , / Y UW1 . <eos>`, whose durations are `own`.
    fn fitted(text: &str, own: &[u32], variants: Variants) -> Result<Fitted, String> {
        let symbols: Vec<Symbol> =
            "<bos> HH AY1 , / Y UW1 . <eos>".split(' ').map(|symbol| symbol.parse().unwrap()).collect();
        let mut end = 0.0;
        let labels = text.split(' ').map(|pair| {
            let (text, frames) = pair.split_once('=').unwrap();
            let start = end;
            end += frames.parse::<f64>().unwrap() * SECONDS_PER_FRAME;
            Label { start, end, text: text.to_owned(), line: None }
        });
        let content = Content::Labels(labels.collect());
        let target =
            FitTarget { symbols: &symbols, frames: 40, seconds: 0.4, seconds_per_frame: SECONDS_PER_FRAME };
        fit_variants(&content, &target, own, variants).map_err(|misfit| misfit.message)
    }

    const OWN: [u32; 9] = [5, 2, 8, 5, 1, 4, 8, 1, 6];
    const OTHER: &str = "sil=5 HH=3 EH1=4 Y=3 sil=6 Y=4 AX=8 sil=7";

    #[test]
    fn words_keep_their_times_and_their_phones_their_proportions() {
        assert!(fitted(OTHER, &OWN, Variants::Refuse).unwrap_err().contains("`EH1`"));
        let words = fitted(OTHER, &OWN, Variants::Words).unwrap();
        // Ten frames of the first word are divided as 2 to 8, and twelve of the second as 4 to 8.
        assert_eq!(words, Fitted { durations: vec![5, 2, 8, 5, 1, 4, 8, 1, 6], phones: None });
        let words = fitted("sil=5 HH=10 EH1=4 Y=3 sil=2 Y=4 AX=8 sil=4", &OWN, Variants::Words).unwrap();
        assert_eq!(words.durations, [5, 3, 14, 1, 1, 4, 8, 1, 3]);
    }

    #[test]
    fn the_utterance_takes_the_phones_of_the_file() {
        let Fitted { durations, phones } = fitted(OTHER, &OWN, Variants::Phones).unwrap();
        let phones = phones.unwrap();
        let names: Vec<String> = phones
            .iter()
            .map(|word| word.iter().map(|phone| phone.name()).collect::<Vec<_>>().join(" "))
            .collect();
        // The stress of `AX` is that of the vowel in its place.
        assert_eq!(names, ["HH EH1 Y", "Y AH1"]);
        assert_eq!(durations, [5, 3, 4, 3, 5, 1, 4, 8, 1, 6]);
        // Labels that fit need neither.
        let same = fitted("sil=5 HH=3 AY1=7 sil=6 Y=4 UW1=8 sil=7", &OWN, Variants::Phones).unwrap();
        assert_eq!(same.phones, None);
    }

    #[test]
    fn labels_of_another_sentence_do_not_fit() {
        let error = fitted("sil=5 HH=3 sil=7 EH1=2 sil=6 Y=4 AX=6 sil=7", &OWN, Variants::Words).unwrap_err();
        assert_eq!(error, "its 4 phones cannot be divided among 2 words");
        assert!(fitted("sil=5 HH=10 @@=18 sil=7", &OWN, Variants::Phones).unwrap_err().contains("@@"));
    }
}
