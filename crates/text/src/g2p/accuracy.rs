//! Accuracy of the network.

use std::ops::AddAssign;

use super::G2p;
use crate::phone::Phone;

/// Error counts over a set of words.
///
/// A word is correct if it matches any of its pronunciations. Phone errors are the Levenshtein distance to
/// the nearest pronunciation (the first of equally near ones), divided by the number of its phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct G2pAccuracy {
    /// Number of words.
    pub words: usize,
    /// Number of words with a wrong phone or stress.
    pub wrong: usize,
    /// Number of words with a wrong phone.
    pub wrong_without_stress: usize,
    /// Number of phones in the nearest pronunciations.
    pub phones: usize,
    /// Number of phones to insert, delete or replace.
    pub phone_errors: usize,
    /// Number of phones in the nearest pronunciations, ignoring stress.
    pub phones_without_stress: usize,
    /// Number of phones to insert, delete or replace, ignoring stress.
    pub phone_errors_without_stress: usize,
}

impl G2pAccuracy {
    /// Compares the network's prediction with the pronunciations of a word.
    #[must_use]
    pub fn of(g2p: &G2p, word: &str, variants: &[Vec<Phone>]) -> Self {
        Self::of_phones(&g2p.pronounce(word), variants)
    }

    /// Compares phones with the pronunciations of a word.
    #[must_use]
    pub fn of_phones(said: &[Phone], variants: &[Vec<Phone>]) -> Self {
        let (phones, phone_errors) = nearest(said, variants, Phone::name);
        let (phones_without_stress, phone_errors_without_stress) =
            nearest(said, variants, Phone::without_stress);
        Self {
            words: 1,
            wrong: usize::from(phone_errors > 0),
            wrong_without_stress: usize::from(phone_errors_without_stress > 0),
            phones,
            phone_errors,
            phones_without_stress,
            phone_errors_without_stress,
        }
    }

    /// Returns the word error rates in percent, without and with stress; 0 for no words.
    #[must_use]
    pub fn word_error_rates(&self) -> (f64, f64) {
        (percent(self.wrong_without_stress, self.words), percent(self.wrong, self.words))
    }

    /// Returns the phone error rates in percent, without and with stress; 0 for no phones.
    #[must_use]
    pub fn phone_error_rates(&self) -> (f64, f64) {
        (
            percent(self.phone_errors_without_stress, self.phones_without_stress),
            percent(self.phone_errors, self.phones),
        )
    }
}

impl AddAssign for G2pAccuracy {
    fn add_assign(&mut self, other: Self) {
        self.words += other.words;
        self.wrong += other.wrong;
        self.wrong_without_stress += other.wrong_without_stress;
        self.phones += other.phones;
        self.phone_errors += other.phone_errors;
        self.phones_without_stress += other.phones_without_stress;
        self.phone_errors_without_stress += other.phone_errors_without_stress;
    }
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// Returns the length of the nearest pronunciation and the distance to it.
fn nearest(said: &[Phone], variants: &[Vec<Phone>], name: fn(Phone) -> &'static str) -> (usize, usize) {
    let names = |phones: &[Phone]| phones.iter().map(|phone| name(*phone)).collect::<Vec<_>>();
    let said = names(said);
    let distances = variants.iter().map(|variant| (variant.len(), distance(&said, &names(variant))));
    distances.min_by_key(|(_, distance)| *distance).unwrap_or((0, said.len()))
}

/// Computes the Levenshtein distance.
fn distance(a: &[&str], b: &[&str]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::parse_phones;

    #[test]
    fn counts_the_nearest_pronunciation() {
        let phones = |line: &str| parse_phones(line).expect("phones");
        let variants = [phones("R EH1 D"), phones("R IY1 D")];
        let mut sum = G2pAccuracy::default();
        for (said, wrong, wrong_without, errors, errors_without) in
            [("R IY1 D", 0, 0, 0, 0), ("R IY0 D", 1, 0, 1, 0), ("R AH1 D AH0", 1, 1, 2, 2), ("", 1, 1, 3, 3)]
        {
            let one = G2pAccuracy::of_phones(&phones(said), &variants);
            assert_eq!((one.wrong, one.wrong_without_stress), (wrong, wrong_without), "{said}");
            assert_eq!(
                (one.phone_errors, one.phone_errors_without_stress),
                (errors, errors_without),
                "{said}"
            );
            sum += one;
        }
        assert_eq!((sum.words, sum.phones, sum.word_error_rates()), (4, 12, (50.0, 75.0)));
        assert_eq!(sum.phone_error_rates(), (100.0 * 5.0 / 12.0, 50.0));
        assert_eq!(G2pAccuracy::default().word_error_rates(), (0.0, 0.0));
    }
}
