//! Training words and their order.

use std::collections::BTreeMap;

use mynah_text::{Dictionary, LETTERS, Phone, is_held_out, letter_indices};
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::align::{Spoken, align};

/// Minimum number of occurrences of a chunk on a letter; a rarer one is taken for an error or an abbreviation.
const RAREST: usize = 5;
/// Every `WATCHED`th word that is not held out is kept out of training for validation.
const WATCHED: usize = 100;

/// A word to train on.
#[derive(Debug, Clone)]
struct Word {
    letters: Vec<usize>,
    /// The chunk of each letter, for each pronunciation.
    variants: Vec<Vec<u16>>,
}

/// Words with their pronunciations.
pub type Words = [(String, Vec<Vec<Phone>>)];

/// Words with their pronunciations, divided into those for training, for validation, and held out.
#[derive(Debug)]
pub struct Lesson {
    words: Vec<Word>,
    chunks: Vec<Vec<Phone>>,
    allowed: Vec<Vec<u16>>,
    watched: Vec<(String, Vec<Vec<Phone>>)>,
    held_out: Vec<(String, Vec<Vec<Phone>>)>,
}

/// Words of equal length, each with one pronunciation: `words[w].0[l]` is a letter, `.1[l]` its chunk.
pub type Batch = Vec<(Vec<usize>, Vec<u16>)>;

impl Lesson {
    /// Divides the words of a dictionary that consist of at least two letters (a to z and the apostrophe).
    ///
    /// One in a hundred of those that are not held out ([`is_held_out`]) is used for validation. A pronunciation is
    /// dropped if it has more than two phones per letter, or aligns a letter with a chunk that occurs on that letter fewer
    /// than five times.
    #[must_use]
    pub fn new(dictionary: &Dictionary) -> Self {
        let (mut spoken, mut owners) = (Vec::new(), Vec::new());
        let (mut watched, mut held_out, mut rest) = (Vec::new(), Vec::new(), 0);
        dictionary.for_each(|word, variants| {
            let letters = letter_indices(word);
            if letters.len() < 2 || letters.len() != word.len() {
                return;
            }
            if is_held_out(word) {
                held_out.push((word.to_owned(), variants));
                return;
            }
            rest += 1;
            if rest % WATCHED == 0 {
                watched.push((word.to_owned(), variants));
                return;
            }
            for phones in variants {
                owners.push(rest);
                spoken.push(Spoken { letters: letters.clone(), phones });
            }
        });
        let aligned = align(&spoken);
        let mut counts = BTreeMap::<(usize, &[Phone]), usize>::new();
        for (spoken, chunks) in spoken.iter().zip(&aligned) {
            for (letter, chunk) in spoken.letters.iter().zip(chunks.iter().flatten()) {
                *counts.entry((*letter, chunk)).or_default() += 1;
            }
        }
        counts.retain(|_, count| *count >= RAREST);
        let mut positions = BTreeMap::<&[Phone], u16>::new();
        for (_, chunk) in counts.keys() {
            positions.insert(chunk, 0);
        }
        for (position, value) in positions.values_mut().enumerate() {
            *value = position as u16;
        }
        let mut allowed = vec![Vec::new(); LETTERS];
        for (letter, chunk) in counts.keys() {
            allowed[*letter].push(positions[chunk]);
        }
        for chunks in &mut allowed {
            if chunks.is_empty() {
                chunks.extend(0..positions.len() as u16);
            }
        }
        let mut words: Vec<Word> = Vec::new();
        let mut last_owner = 0;
        for ((spoken, chunks), owner) in spoken.iter().zip(&aligned).zip(owners) {
            let Some(chunks) = chunks else { continue };
            let known = |(letter, chunk): (&usize, &Vec<Phone>)| {
                counts.contains_key(&(*letter, chunk.as_slice())).then(|| positions[chunk.as_slice()])
            };
            let Some(chunks) = spoken.letters.iter().zip(chunks).map(known).collect::<Option<Vec<u16>>>()
            else {
                continue;
            };
            match words.last_mut().filter(|_| last_owner == owner) {
                Some(word) => word.variants.push(chunks),
                None => words.push(Word { letters: spoken.letters.clone(), variants: vec![chunks] }),
            }
            last_owner = owner;
        }
        let chunks = positions.keys().map(|chunk| chunk.to_vec()).collect();
        Self { words, chunks, allowed, watched, held_out }
    }

    /// Returns the number of words to train on.
    #[must_use]
    pub fn words(&self) -> usize {
        self.words.len()
    }

    /// Returns the chunks of phones.
    #[must_use]
    pub fn chunks(&self) -> &[Vec<Phone>] {
        &self.chunks
    }

    /// Returns the chunks that each letter may produce; all of them for a letter that no word contains.
    #[must_use]
    pub fn allowed(&self) -> &[Vec<u16>] {
        &self.allowed
    }

    /// Returns the words for validation, which are not trained on.
    #[must_use]
    pub fn watched(&self) -> &Words {
        &self.watched
    }

    /// Returns the held-out tenth of the words, which must not influence any choice.
    #[must_use]
    pub fn held_out(&self) -> &Words {
        &self.held_out
    }

    /// Draws the batches of an epoch, which contain every word once, with a random pronunciation.
    ///
    /// Every epoch has the same number of batches.
    pub(super) fn batches(&self, batch_letters: usize, seed: u64, epoch: u64) -> Vec<Batch> {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(epoch);
        let mut by_length = BTreeMap::<usize, Vec<&Word>>::new();
        for word in &self.words {
            by_length.entry(word.letters.len()).or_default().push(word);
        }
        let mut batches = Vec::new();
        for (length, words) in &mut by_length {
            words.shuffle(&mut generator);
            for words in words.chunks((batch_letters / length).max(1)) {
                let draw = |word: &&Word| {
                    let variant = generator.random_range(0..word.variants.len());
                    (word.letters.clone(), word.variants[variant].clone())
                };
                batches.push(words.iter().map(draw).collect());
            }
        }
        batches.shuffle(&mut generator);
        batches
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use mynah_text::{Lexicon, pack_dictionary};

    use super::*;

    fn lesson() -> Lesson {
        // About three hundred words made of syllables, some with a second pronunciation.
        let syllables = [("ba", "B AA1"), ("to", "T OW0"), ("shi", "SH IY0"), ("mu", "M UW0")];
        let mut lines = Vec::new();
        for (a, x) in syllables {
            for (b, y) in syllables {
                for (c, z) in syllables {
                    for (d, w) in syllables {
                        lines.push(format!("{a}{b}{c}{d} {x} {y} {z} {w}"));
                        lines.push(format!("{d}{b}{a} {w} {y} {x}\n{d}{b}{a} {w} {y} {x} S"));
                    }
                }
            }
        }
        let packed = pack_dictionary(&Lexicon::parse("made", &lines.join("\n")).unwrap()).unwrap();
        Lesson::new(&Dictionary::open(Cow::Owned(packed.words), Cow::Owned(packed.phones)).unwrap())
    }

    #[test]
    fn does_not_train_on_words_held_out_or_for_validation() {
        let lesson = lesson();
        assert!(lesson.words() > 200 && !lesson.watched().is_empty());
        assert!(!lesson.held_out().is_empty() && lesson.held_out().iter().all(|(word, _)| is_held_out(word)));
        let trained: Vec<&Vec<usize>> = lesson.words.iter().map(|word| &word.letters).collect();
        for (word, _) in lesson.held_out().iter().chain(lesson.watched()) {
            assert!(!trained.contains(&&letter_indices(word)), "{word}");
        }
    }

    #[test]
    fn every_word_is_in_one_batch_of_its_length() {
        let lesson = lesson();
        let count = lesson.batches(64, 1, 0).len();
        for epoch in 0..3 {
            let batches = lesson.batches(64, 1, epoch);
            assert_eq!(batches.len(), count);
            let mut seen: Vec<_> = batches.iter().flatten().map(|(letters, _)| letters.clone()).collect();
            let mut expected: Vec<_> = lesson.words.iter().map(|word| word.letters.clone()).collect();
            seen.sort();
            expected.sort();
            assert_eq!(seen, expected);
            for batch in &batches {
                let length = batch[0].0.len();
                assert!(
                    batch.iter().all(|(letters, chunks)| (letters.len(), chunks.len()) == (length, length))
                );
                assert!(batch.len() * length <= 64);
            }
        }
        assert_eq!(lesson.batches(64, 1, 2), lesson.batches(64, 1, 2));
        assert_ne!(lesson.batches(64, 1, 2), lesson.batches(64, 2, 2));
    }
}
