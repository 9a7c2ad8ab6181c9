//! Splits of a corpus into training, validation and test utterances.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::PathBuf;

use blake3::Hasher;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Split of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// Utterances that the model is trained on.
    Train,
    /// Utterances on which losses are monitored during training.
    Validation,
    /// Utterances that are synthesized and judged at the end.
    Test,
}

impl Split {
    /// All splits, in the order of reports.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// Returns the word used in the manifest.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// Held-out utterances. At least half of the corpus is left to train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitConfig {
    /// Size of the validation split: a number of utterances, a fraction of the corpus from 0.0 to 1.0, or `"auto"`: one in twenty,
    /// at most 100.
    pub validation: Amount,
    /// Size of the test split, likewise; `"auto"` is one in twenty, at most 500. At least half of the corpus is left to train on.
    pub test: Amount,
    /// Seed of the draw.
    pub seed: u64,
    /// Unit of the draw.
    pub by: SplitBy,
    /// True to follow the splits that the corpus names, if it does; then nothing is drawn.
    pub by_corpus: bool,
    /// File with the ids of the validation split, one per line, or `DIR/ID.wav|text` as in VITS' file lists. With this or
    /// `test_list`, nothing is drawn. `pipelines/ljspeech/vits-validation.txt` holds the 100 ids that VITS uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_list: Option<PathBuf>,
    /// File with the ids of the test split, likewise. `pipelines/ljspeech/vits-test.txt` holds the 500 ids that VITS uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_list: Option<PathBuf>,
}

impl SplitConfig {
    /// Returns the sizes of the validation and the test split that are asked for in a corpus of `n` utterances.
    #[must_use]
    pub fn sizes(&self, n: usize) -> (usize, usize) {
        (self.validation.of(n, MOST_VALIDATION), self.test.of(n, MOST_TEST))
    }
}

/// Sizes that VITS uses for LJSpeech, with 12,500 utterances left for training.
const MOST_VALIDATION: usize = 100;
const MOST_TEST: usize = 500;
/// Utterances of which one is held out in each split, where the recipe leaves the size to the program.
const ONE_IN: usize = 20;

impl Default for SplitConfig {
    fn default() -> Self {
        Self {
            validation: Amount::Auto(Auto::Auto),
            test: Amount::Auto(Auto::Auto),
            seed: 0,
            by: SplitBy::default(),
            by_corpus: true,
            validation_list: None,
            test_list: None,
        }
    }
}

/// Amount of a corpus.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// A number of utterances.
    Count(usize),
    /// A fraction of the utterances, from 0 to 1.
    Ratio(f64),
    /// One utterance in twenty, up to the size that suits a corpus of any length.
    Auto(Auto),
}

/// The word `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auto {
    /// The size is left to the program.
    Auto,
}

impl Amount {
    /// Returns the number of utterances out of `n`, rounded to the nearest; at most `most` if it is left to the program.
    fn of(self, n: usize, most: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Ratio(ratio) => (n as f64 * ratio).round() as usize,
            Self::Auto(Auto::Auto) => ((n + ONE_IN / 2) / ONE_IN).min(most),
        }
    }
}

/// Utterances that are held out together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitBy {
    /// Single utterances, of each speaker as many as its share.
    #[default]
    Utterance,
    /// Whole chapters (ids equal up to the last `-`, such as `LJ001`), until at least the given number of utterances is held
    /// out.
    Chapter,
    /// Whole speakers, likewise: the model has heard none of the voices that are held out.
    Speaker,
}

/// An utterance to be assigned to a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Utterance id.
    pub id: &'a str,
    /// Its speaker, if the corpus names speakers.
    pub speaker: Option<&'a str>,
    /// The split that the corpus assigns to it.
    pub split: Option<Split>,
}

/// Assigns splits at random or by lists.
#[derive(Debug, Clone)]
pub struct Splitter {
    config: SplitConfig,
    lists: Option<HashMap<String, Split>>,
}

impl Splitter {
    /// Checks the settings and reads the lists.
    ///
    /// A line of a list is an id, or `DIR/ID.wav|text` as in the file lists of VITS: everything after a `|`,
    /// directories and the extension `.wav` are ignored. Empty lines are skipped.
    ///
    /// # Errors
    ///
    /// [`Error::Recipe`] for a ratio outside 0 to 1, and for an id in both lists; [`Error::Io`] if a list cannot be
    /// read.
    pub fn new(config: &SplitConfig) -> Result<Self, Error> {
        for (key, amount) in [("validation", config.validation), ("test", config.test)] {
            if let Amount::Ratio(ratio) = amount
                && !(0.0..=1.0).contains(&ratio)
            {
                let why = format!(
                    "`{key}` is {ratio}, expected a number of utterances or a fraction from 0.0 to 1.0"
                );
                return Err(Error::Recipe { section: "split", why });
            }
        }
        let mut lists: Option<HashMap<String, Split>> = None;
        for (list, split) in [(&config.validation_list, Split::Validation), (&config.test_list, Split::Test)]
        {
            let Some(path) = list else { continue };
            let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
            let lists = lists.get_or_insert_default();
            for id in text.lines().map(listed_id).filter(|id| !id.is_empty()) {
                if lists.insert(id.to_owned(), split).is_some_and(|other| other != split) {
                    let why = format!("`{id}` is in both `validation_list` and `test_list`");
                    return Err(Error::Recipe { section: "split", why });
                }
            }
        }
        Ok(Self { config: config.clone(), lists })
    }

    /// Returns the ids of the lists that are not among `ids`, sorted.
    #[must_use]
    pub fn unknown(&self, ids: &[&str]) -> Vec<&str> {
        let known: HashSet<&str> = ids.iter().copied().collect();
        let listed = self.lists.iter().flat_map(HashMap::keys).map(String::as_str);
        let mut unknown: Vec<&str> = listed.filter(|id| !known.contains(id)).collect();
        unknown.sort_unstable();
        unknown
    }

    /// Returns the split of each utterance.
    ///
    /// With lists, the splits follow the lists, and all other utterances are trained on. Likewise if the corpus assigns
    /// some utterance to another split than training. Otherwise the ids, the chapters or the speakers are ranked by
    /// BLAKE3(seed, name); the first are the test split, the next the validation split. Of several speakers, single
    /// utterances are drawn evenly: of each as many as its share, rounded up or down.
    ///
    /// The choice depends on nothing else, not even on the order of the utterances, and in a corpus of one speaker adding
    /// an utterance moves at most one other utterance, or one chapter, across each boundary. Chapters and speakers are
    /// taken until at least the requested number of utterances is held out.
    ///
    /// At least half of the utterances are left for training: if the settings would leave fewer, both held-out splits
    /// shrink in proportion, and chapters or speakers that are too large are skipped.
    #[must_use]
    pub fn assign(&self, clips: &[Candidate<'_>]) -> Vec<Split> {
        if let Some(lists) = &self.lists {
            return clips.iter().map(|clip| lists.get(clip.id).copied().unwrap_or(Split::Train)).collect();
        }
        if self.follows_corpus(clips) {
            return clips.iter().map(|clip| clip.split.unwrap_or(Split::Train)).collect();
        }
        let n = clips.len();
        let room = n / 2;
        let (validation, test) = self.config.sizes(n);
        let held_out = validation.saturating_add(test);
        let (validation, test) = if held_out > room {
            let test = (room as u128 * test as u128).checked_div(held_out as u128).unwrap_or(0) as usize;
            (room - test, test)
        } else {
            (validation, test)
        };

        let mut splits = vec![Split::Train; n];
        let mut left = room;
        let (mut for_test, mut for_validation) = (test, validation);
        for group in self.ranked(clips) {
            let (split, wanted) = if for_test > 0 {
                (Split::Test, &mut for_test)
            } else {
                (Split::Validation, &mut for_validation)
            };
            if *wanted > 0 && group.len() <= left {
                *wanted = wanted.saturating_sub(group.len());
                left -= group.len();
                for index in group {
                    splits[index] = split;
                }
            }
        }
        splits
    }

    /// Returns true if the splits of the corpus are followed.
    #[must_use]
    pub fn follows_corpus(&self, clips: &[Candidate<'_>]) -> bool {
        let is_held_out = |clip: &Candidate<'_>| clip.split.is_some_and(|split| split != Split::Train);
        self.lists.is_none() && self.config.by_corpus && clips.iter().any(is_held_out)
    }

    /// Returns the groups that are drawn together, the first to be held out first.
    fn ranked(&self, clips: &[Candidate<'_>]) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, clip) in clips.iter().enumerate() {
            groups.entry(self.group(clip)).or_default().push(index);
        }
        let mut ranked: Vec<(&str, Vec<usize>)> = groups.into_iter().collect();
        ranked.sort_by_cached_key(|(name, _)| self.rank(name));
        if self.config.by != SplitBy::Utterance {
            return ranked.into_iter().map(|(_, group)| group).collect();
        }
        // The utterances of a speaker take evenly spaced places from 0 to 1, after a start of its own: any first part
        // of all places has the same share of each speaker. With one speaker, it is the order of the ranks.
        let mut speakers: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
        for index in ranked.into_iter().flat_map(|(_, group)| group) {
            speakers.entry(clips[index].speaker).or_default().push(index);
        }
        let mut places: Vec<(f64, usize)> = Vec::with_capacity(clips.len());
        for (speaker, of_speaker) in speakers {
            let [a, b, c, d, ..] = self.rank(speaker.unwrap_or_default());
            let start = f64::from(u32::from_le_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0);
            let step = 1.0 / of_speaker.len() as f64;
            places.extend(
                of_speaker.into_iter().enumerate().map(|(at, index)| ((at as f64 + start) * step, index)),
            );
        }
        places.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| clips[a.1].id.cmp(clips[b.1].id)));
        places.into_iter().map(|(_, index)| vec![index]).collect()
    }

    fn rank(&self, name: &str) -> [u8; 32] {
        let mut hasher = Hasher::new();
        hasher.update(&self.config.seed.to_le_bytes()).update(name.as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// Returns the unit with which an utterance is drawn.
    fn group<'a>(&self, clip: &Candidate<'a>) -> &'a str {
        match self.config.by {
            SplitBy::Utterance => clip.id,
            SplitBy::Chapter => clip.id.rsplit_once('-').map_or(clip.id, |(chapter, _)| chapter),
            SplitBy::Speaker => clip.speaker.unwrap_or(clip.id),
        }
    }
}

fn listed_id(line: &str) -> &str {
    let path = line.split('|').next().unwrap_or(line).trim();
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".wav").unwrap_or(name)
}

/// A held-out utterance whose content is also in the training split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leak {
    /// Held-out utterance.
    pub id: String,
    /// Its split.
    pub split: Split,
    /// Training utterance with the same words or the same recording.
    pub trained: String,
    /// True if the recording is the same, rather than the words alone.
    pub same_audio: bool,
}

/// Returns the utterances of the validation and test splits that are also in training, by id. Each item of `what` has
/// the id, the split, the words and the key of the recording.
pub fn leaks<'a>(what: impl Iterator<Item = (&'a str, Split, &'a str, &'a str)> + Clone) -> Vec<Leak> {
    let trained = what.clone().filter(|(_, split, ..)| *split == Split::Train);
    let mut by_words: HashMap<&str, &str> = HashMap::new();
    let mut by_audio: HashMap<&str, &str> = HashMap::new();
    for (id, _, words, audio) in trained {
        by_words.entry(words).or_insert(id);
        by_audio.entry(audio).or_insert(id);
    }
    let held_out = what.filter(|(_, split, ..)| *split != Split::Train);
    let mut leaks: Vec<Leak> = held_out
        .filter_map(|(id, split, words, audio)| {
            let (trained, same_audio) = match by_audio.get(audio) {
                Some(trained) => (*trained, true),
                None => (*by_words.get(words)?, false),
            };
            Some(Leak { id: id.to_owned(), split, trained: trained.to_owned(), same_audio })
        })
        .collect();
    leaks.sort_by(|a, b| a.id.cmp(&b.id));
    leaks
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::{Amount, Candidate, Leak, Split, SplitBy, SplitConfig, Splitter, leaks};

    fn count(splits: &[Split], split: Split) -> usize {
        splits.iter().filter(|other| **other == split).count()
    }

    fn config(validation: usize, test: usize, seed: u64) -> SplitConfig {
        SplitConfig {
            validation: Amount::Count(validation),
            test: Amount::Count(test),
            seed,
            ..SplitConfig::default()
        }
    }

    fn candidates<'a>(ids: &[&'a str]) -> Vec<Candidate<'a>> {
        ids.iter().map(|id| Candidate { id, speaker: None, split: None }).collect()
    }

    fn assign(ids: &[&str], config: &SplitConfig) -> Vec<Split> {
        Splitter::new(config).unwrap().assign(&candidates(ids))
    }

    #[test]
    fn every_speaker_has_its_share_of_every_split() {
        let sizes = [("ann", 40), ("bob", 20), ("cem", 10)];
        let names: Vec<(String, &str)> = sizes
            .iter()
            .flat_map(|(speaker, n)| (0..*n).map(move |index| (format!("{speaker}{index}"), *speaker)))
            .collect();
        let clips: Vec<Candidate<'_>> =
            names.iter().map(|(id, speaker)| Candidate { id, speaker: Some(speaker), split: None }).collect();
        let splits = Splitter::new(&config(7, 14, 5)).unwrap().assign(&clips);
        for (speaker, n) in sizes {
            let of = |split| {
                let own = clips.iter().zip(&splits).filter(|(clip, _)| clip.speaker == Some(speaker));
                own.filter(|(_, other)| **other == split).count()
            };
            assert!(of(Split::Test).abs_diff(n / 5) <= 1, "{speaker}: {} of {n}", of(Split::Test));
            assert!(of(Split::Validation).abs_diff(n / 10) <= 1, "{speaker}: {}", of(Split::Validation));
        }
        assert_eq!((count(&splits, Split::Test), count(&splits, Split::Validation)), (14, 7));

        let whole = SplitConfig { by: SplitBy::Speaker, ..config(1, 1, 5) };
        let splits = Splitter::new(&whole).unwrap().assign(&clips);
        for (speaker, _) in sizes {
            let mut own = clips.iter().zip(&splits).filter(|(clip, _)| clip.speaker == Some(speaker));
            let first = own.next().unwrap().1;
            assert!(own.all(|(_, split)| split == first), "{speaker}");
        }
        assert!(count(&splits, Split::Train) >= 35);
    }

    #[test]
    fn the_splits_of_the_corpus_are_followed_unless_the_recipe_decides() {
        let mut clips = candidates(&["a", "b", "c", "d"]);
        clips[0].split = Some(Split::Test);
        clips[1].split = Some(Split::Train);
        let follow = |config: &SplitConfig| Splitter::new(config).unwrap().assign(&clips);
        assert_eq!(follow(&config(1, 0, 0)), [Split::Test, Split::Train, Split::Train, Split::Train]);
        let drawn = follow(&SplitConfig { by_corpus: false, ..config(1, 0, 0) });
        assert_eq!((count(&drawn, Split::Test), count(&drawn, Split::Validation)), (0, 1));
    }

    proptest! {
        #[test]
        fn sizes_are_kept_and_half_is_left_for_training(n in 0_usize..200, validation in 0_usize..50, test in 0_usize..50, seed: u64) {
            let ids: Vec<String> = (0..n).map(|index| format!("id{index}")).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let splits = assign(&ids, &config(validation, test, seed));
            prop_assert!(2 * count(&splits, Split::Train) >= n);
            if 2 * (validation + test) <= n {
                prop_assert_eq!(count(&splits, Split::Validation), validation);
                prop_assert_eq!(count(&splits, Split::Test), test);
            }
        }

        #[test]
        fn chapters_are_never_divided(sizes in prop::collection::vec(1_usize..20, 1..12), test in 0_usize..40, seed: u64) {
            let ids: Vec<String> = sizes
                .iter()
                .enumerate()
                .flat_map(|(chapter, size)| (0..*size).map(move |index| format!("C-{chapter}-{index}")))
                .collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let splits = assign(&ids, &SplitConfig { by: SplitBy::Chapter, ..config(5, test, seed) });
            prop_assert!(2 * count(&splits, Split::Train) >= ids.len());
            for chapter in 0..sizes.len() {
                let own = format!("C-{chapter}-");
                let mut of_chapter = ids.iter().zip(&splits).filter(|(id, _)| id.starts_with(&own));
                let first = of_chapter.next().unwrap().1;
                prop_assert!(of_chapter.all(|(_, split)| split == first));
            }
        }
    }

    #[test]
    fn splits_depend_on_the_seed_and_not_on_the_order() {
        let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let forward = assign(&ids, &config(1, 2, 3));
        let mut reversed = ids;
        reversed.reverse();
        let mut backward = assign(&reversed, &config(1, 2, 3));
        backward.reverse();
        assert_eq!(forward, backward);
        let others = (0..8).filter(|seed| assign(&ids, &config(1, 2, *seed)) != forward);
        assert!(others.count() >= 6);
    }

    #[test]
    fn amounts_may_be_fractions() {
        let ids: Vec<String> = (0..30).map(|index| format!("id{index}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let ratio =
            SplitConfig { validation: Amount::Ratio(0.1), test: Amount::Ratio(0.2), ..config(0, 0, 0) };
        assert_eq!(assign(&ids, &ratio), assign(&ids, &config(3, 6, 0)));
        let read: SplitConfig = toml::from_str("validation = 0.1\ntest = 6\n").unwrap();
        assert_eq!((read.validation, read.test), (Amount::Ratio(0.1), Amount::Count(6)));
        let error = Splitter::new(&SplitConfig { test: Amount::Ratio(1.5), ..config(0, 0, 0) }).unwrap_err();
        assert!(error.to_string().contains("`test` is 1.5"), "{error}");
    }

    #[test]
    fn sizes_that_are_not_given_suit_the_corpus() {
        let sizes = |n| SplitConfig::default().sizes(n);
        assert_eq!(
            [4, 12, 385, 2_000, 13_100].map(sizes),
            [(0, 0), (1, 1), (19, 19), (100, 100), (100, 500)]
        );
        let read: SplitConfig = toml::from_str("validation = \"auto\"\ntest = 6\n").unwrap();
        assert_eq!(read.sizes(385), (19, 6));
        assert!(toml::from_str::<SplitConfig>("test = \"most\"").is_err());
        let written = toml::to_string(&SplitConfig::default()).unwrap();
        assert_eq!(toml::from_str::<SplitConfig>(&written).unwrap(), SplitConfig::default());
    }

    #[test]
    fn splits_follow_lists() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            Some(path)
        };
        let lists = |validation: &str, test: &str| SplitConfig {
            validation_list: write("validation.txt", validation),
            test_list: write("test.txt", test),
            ..SplitConfig::default()
        };
        let vits = lists("b\r\n\nz\n", "DUMMY1/c.wav|Some words.\nDUMMY1/y.wav|Others.\n");
        let splitter = Splitter::new(&vits).unwrap();
        let ids = ["a", "b", "c", "d"];
        assert_eq!(
            splitter.assign(&candidates(&ids)),
            [Split::Train, Split::Validation, Split::Test, Split::Train]
        );
        assert_eq!(splitter.unknown(&ids), ["y", "z"]);
        let both = Splitter::new(&lists("a\nb\n", "b\n")).unwrap_err();
        assert!(both.to_string().contains("`b` is in both `validation_list` and `test_list`"), "{both}");
        let missing = SplitConfig { test_list: Some("nowhere.txt".into()), ..SplitConfig::default() };
        assert!(Splitter::new(&missing).unwrap_err().to_string().contains("nowhere.txt"));
    }

    #[test]
    fn finds_held_out_utterances_in_training() {
        let utterances = [
            ("a", Split::Train, "yes", "1"),
            ("b", Split::Test, "yes", "2"),
            ("c", Split::Validation, "no", "1"),
            ("d", Split::Test, "maybe", "3"),
            ("e", Split::Validation, "maybe", "3"),
        ];
        let leak = |id: &str, split, same_audio| Leak {
            id: id.to_owned(),
            split,
            trained: "a".to_owned(),
            same_audio,
        };
        let expected = [leak("b", Split::Test, false), leak("c", Split::Validation, true)];
        assert_eq!(leaks(utterances.into_iter()), expected);
    }
}
