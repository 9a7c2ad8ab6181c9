//! Findings about texts in another language than English, the only one that is pronounced.

use mynah_corpus::{Code, Problem, Stage};
use mynah_text::{Phonemized, Source};

use super::clips::PreparedClip;

/// Fewest words of a clip whose language is judged.
const FEWEST_WORDS: usize = 5;
/// Fewest words of a corpus whose language is judged.
const FEWEST_IN_CORPUS: usize = 20;
/// Share of guessed words of a clip above which it is in another language.
const MOST_GUESSED: f64 = 0.5;
/// The same for a clip with letters that English lacks.
const MOST_GUESSED_WITH_LETTERS: f64 = 0.25;
/// The same for a clip without the commonest words of English.
const MOST_GUESSED_WITHOUT_COMMON: f64 = 0.15;
/// Share of the commonest words below which a clip is without them; in English, they are about every third word.
const FEWEST_COMMON: f64 = 0.1;
/// The commonest words of English that other languages of Europe lack.
const COMMON: [&str; 36] = [
    "the", "of", "and", "to", "that", "is", "for", "it", "with", "as", "his", "he", "by", "this", "had",
    "not", "are", "but", "from", "or", "have", "they", "which", "you", "were", "her", "she", "their", "been",
    "has", "who", "its", "when", "said", "there", "would",
];
/// Share of guessed words above which the corpus is in another language.
const MOST_GUESSED_IN_CORPUS: f64 = 0.12;
/// Share of letters that English lacks above which the corpus is in another language, if its share of guessed words is
/// above this.
const MOST_LETTERS_IN_CORPUS: f64 = 0.005;
const MOST_GUESSED_BESIDE_LETTERS: f64 = 0.05;

/// Counts of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    words: usize,
    guessed: usize,
    common: usize,
    letters: usize,
    foreign_letters: usize,
}

impl Counts {
    fn of(text: &str, phonemized: &Phonemized) -> Self {
        let is_guessed = |word: &&mynah_text::Word| word.pronunciation.source == Source::Model;
        Self {
            words: phonemized.words.len(),
            guessed: phonemized.words.iter().filter(is_guessed).count(),
            common: phonemized.words.iter().filter(|word| COMMON.contains(&word.text.as_str())).count(),
            letters: text.chars().filter(|character| character.is_alphabetic()).count(),
            foreign_letters: text
                .chars()
                .filter(|character| character.is_alphabetic() && !character.is_ascii())
                .count(),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            words: self.words + other.words,
            guessed: self.guessed + other.guessed,
            common: self.common + other.common,
            letters: self.letters + other.letters,
            foreign_letters: self.foreign_letters + other.foreign_letters,
        }
    }

    fn guessed_share(self) -> f64 {
        self.guessed as f64 / self.words.max(1) as f64
    }

    fn foreign_share(self) -> f64 {
        self.foreign_letters as f64 / self.letters.max(1) as f64
    }

    /// Returns true for a clip in another language.
    fn is_foreign_clip(self) -> bool {
        let most = if (self.common as f64) < FEWEST_COMMON * self.words as f64 {
            MOST_GUESSED_WITHOUT_COMMON
        } else if self.foreign_letters > 1 {
            MOST_GUESSED_WITH_LETTERS
        } else {
            MOST_GUESSED
        };
        self.words >= FEWEST_WORDS && self.guessed_share() > most
    }

    /// Returns true for a corpus in another language.
    fn is_foreign_corpus(self) -> bool {
        self.words >= FEWEST_IN_CORPUS
            && (self.guessed_share() > MOST_GUESSED_IN_CORPUS
                || (self.foreign_share() > MOST_LETTERS_IN_CORPUS
                    && self.guessed_share() > MOST_GUESSED_BESIDE_LETTERS))
    }

    fn description(self) -> String {
        format!(
            "{} of {} words are in no dictionary, and {} of {} letters are not English",
            self.guessed, self.words, self.foreign_letters, self.letters
        )
    }
}

/// Returns the findings about prepared clips.
pub(super) fn findings(prepared: &[PreparedClip]) -> Vec<Problem> {
    findings_of(prepared.iter().map(|clip| Judged {
        id: &clip.entry.id,
        // Lines are unknown where a dataset is aligned again.
        line: None,
        text: &clip.text,
        phonemized: &clip.phonemized,
    }))
}

/// A text whose language is judged.
pub(super) struct Judged<'a> {
    pub(super) id: &'a str,
    pub(super) line: Option<u64>,
    pub(super) text: &'a str,
    pub(super) phonemized: &'a Phonemized,
}

/// Returns the findings: one about the corpus if it is in another language, otherwise one about each clip that is.
pub(super) fn findings_of<'a>(clips: impl Iterator<Item = Judged<'a>>) -> Vec<Problem> {
    let counted: Vec<(Judged<'_>, Counts)> = clips
        .map(|clip| {
            let counts = Counts::of(clip.text, clip.phonemized);
            (clip, counts)
        })
        .collect();
    let all = counted.iter().fold(Counts::default(), |sum, (_, counts)| sum.plus(*counts));
    if all.is_foreign_corpus() {
        return vec![Problem {
            stage: Stage::Text,
            code: Code::OtherLanguage,
            id: None,
            file: "metadata.csv".to_owned(),
            line: None,
            message: format!("the texts are not English: {}", all.description()),
            remedy: "only English is pronounced; give a lexicon for the names if this is English".to_owned(),
        }];
    }
    counted
        .iter()
        .filter(|(_, counts)| counts.is_foreign_clip())
        .map(|(clip, counts)| Problem {
            stage: Stage::Text,
            code: Code::OtherLanguage,
            id: Some(clip.id.to_owned()),
            file: "metadata.csv".to_owned(),
            line: clip.line,
            message: format!("the text is not English: {}", counts.description()),
            remedy: "leave the clip out, or add its words to the lexicon".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use mynah_text::{Phonemizer, Pronouncer};

    use super::Counts;

    fn counts(text: &str) -> Counts {
        Counts::of(text, &Phonemizer::new(Pronouncer::new(None)).phonemize(text).unwrap())
    }

    #[test]
    fn other_languages_are_told_from_english_with_names() {
        for text in [
            "Der Krieg war lang und die Menschen hatten nichts zu essen, bis endlich Frieden geschlossen wurde.",
            "Il était une fois une petite fille que tout le monde aimait bien, surtout sa grand-mère qui habitait au village.",
            "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, vivía un hidalgo de los de lanza en astillero.",
            "Nel mezzo del cammin di nostra vita mi ritrovai per una selva oscura, ché la diritta via era smarrita.",
            "Litwo, Ojczyzno moja! ty jesteś jak zdrowie; ile cię trzeba cenić, ten tylko się dowie, kto cię stracił.",
            "Het was een donkere nacht en de wind waaide hard over het water, terwijl de schepen langzaam naar huis voeren.",
        ] {
            let counts = counts(text);
            assert!(counts.is_foreign_clip(), "{text}: {counts:?}");
            let corpus = counts.plus(counts);
            assert!(corpus.is_foreign_corpus(), "{text}: {corpus:?}");
        }
        for text in [
            "Nebuchadnezzar and Hidell met Calcraft near Roominghouse before they went to Dallas to see the doctor again.",
            "The naïve café owner, Señor Gómez, said that the soufflé was not as good as that of his rival in the town.",
            "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness.",
        ] {
            let counts = counts(text);
            assert!(!counts.is_foreign_clip(), "{text}: {counts:?}");
        }
    }
}
