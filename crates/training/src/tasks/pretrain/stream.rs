//! Batches from a text of any size: a few shards at a time, in random order.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::config::PretrainConfig;
use super::inventory::Sentence;
use crate::Error;
use crate::sampler::batches;
use crate::task::{Drawn, Place};

/// Number of sentences that are sorted by length together before they are divided into batches.
const POOL: usize = 8192;

/// Constant that is combined with the seed for the order, so that it is independent of other draws.
const ORDER: u64 = 0x6f72_6465_7200;

/// A source of sentences in shards, a few of which are in memory at a time.
pub trait Shards: Sync {
    /// Returns the number of shards.
    fn len(&self) -> usize;

    /// Returns true if there are no shards.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Loads the sentences of a shard, always in the same order.
    ///
    /// # Errors
    ///
    /// Fails if the shard cannot be read.
    fn load(&self, index: usize) -> Result<Vec<Sentence>, Error>;
}

/// Shards in memory.
#[derive(Debug, Clone, Default)]
pub struct InMemoryShards(
    /// Sentences of each shard.
    pub Vec<Vec<Sentence>>,
);

impl Shards for InMemoryShards {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn load(&self, index: usize) -> Result<Vec<Sentence>, Error> {
        Ok(self.0[index].clone())
    }
}

/// Returns the held-out sentences for validation: the first `validation_sentences` in the order of the shards, of which no
/// more are read than necessary.
pub(super) fn held_out(shards: &dyn Shards, config: &PretrainConfig) -> Result<Vec<Sentence>, Error> {
    let mut found = Vec::new();
    if config.validation_fraction <= 0.0 {
        return Ok(found);
    }
    for index in 0..shards.len() {
        if found.len() >= config.validation_sentences {
            break;
        }
        let sentences = shards.load(index)?.into_iter();
        found.extend(sentences.filter(|sentence| {
            is_held_out(sentence, config) && sentence.symbols().len() <= config.max_symbols
        }));
    }
    found.truncate(config.validation_sentences);
    Ok(found)
}

fn is_held_out(sentence: &Sentence, config: &PretrainConfig) -> bool {
    sentence.lot() < config.validation_fraction
}

/// The data of a step.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// Batches whose gradients are accumulated in the step.
    pub batches: Vec<Vec<Sentence>>,
    /// Number of sentences that were skipped because they are too long; those of a whole group are counted with its first
    /// batch.
    pub too_long: u64,
}

/// Draws the batches of a run: a pass over the text is an epoch, and a group of shards a part of it.
pub(super) struct Stream<'a> {
    shards: &'a dyn Shards,
    config: PretrainConfig,
    group: Option<Group>,
}

/// Sentences of the shards that are in memory together.
struct Group {
    /// Number of the pass, and of the group within it.
    place: (u64, u64),
    sentences: Vec<Sentence>,
    order: Vec<Vec<usize>>,
    too_long: u64,
}

impl<'a> Stream<'a> {
    pub(super) fn new(shards: &'a dyn Shards, config: &PretrainConfig) -> Self {
        Self { shards, config: config.clone(), group: None }
    }

    /// Draws the batches of the step at a place: `accumulate` of them, or fewer at the end of a group.
    pub(super) fn draw(&mut self, mut place: Place) -> Result<Drawn<Reading>, Error> {
        let accumulate = self.config.accumulate;
        let n_groups = self.shards.len().div_ceil(self.config.mix_shards) as u64;
        let mut too_long = 0;
        for _ in 0..=n_groups {
            let group = self.group((place.epoch, place.part))?;
            if place.batch == 0 {
                too_long += group.too_long;
            }
            let count = group.order.len();
            let first = usize::try_from(place.batch).unwrap_or(count).min(count);
            let last = (first + accumulate).min(count);
            let of = |batch: &Vec<usize>| -> Vec<Sentence> {
                batch.iter().map(|index| group.sentences[*index].clone()).collect()
            };
            let batches: Vec<Vec<Sentence>> = group.order[first..last].iter().map(of).collect();
            place.batch = last as u64;
            if last == count {
                (place.part, place.batch) = (place.part + 1, 0);
            }
            if place.part >= n_groups {
                (place.epoch, place.part) = (place.epoch + 1, 0);
            }
            if !batches.is_empty() {
                return Ok(Drawn { batch: Reading { batches, too_long }, next: place });
            }
        }
        Err(Error::Empty {
            why: "the text has no sentences to train on: all are held out or longer than `train.max_symbols`",
        })
    }

    fn group(&mut self, place: (u64, u64)) -> Result<&Group, Error> {
        let group = match self.group.take() {
            Some(group) if group.place == place => group,
            _ => self.load(place)?,
        };
        Ok(self.group.insert(group))
    }

    fn load(&self, (epoch, number): (u64, u64)) -> Result<Group, Error> {
        let seed = self.config.seed ^ ORDER;
        let mut shards: Vec<usize> = (0..self.shards.len()).collect();
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(epoch);
        shards.shuffle(&mut generator);
        let mut sentences = Vec::new();
        let mut too_long = 0;
        for index in shards.chunks(self.config.mix_shards).nth(number as usize).into_iter().flatten() {
            for sentence in self.shards.load(*index)? {
                if is_held_out(&sentence, &self.config) {
                    continue;
                }
                if sentence.symbols().len() > self.config.max_symbols {
                    too_long += 1;
                } else {
                    sentences.push(sentence);
                }
            }
        }
        let lengths: Vec<usize> = sentences.iter().map(|sentence| sentence.symbols().len()).collect();
        // A different number for each group of each pass.
        let draw = (epoch << 32) | number;
        let order = batches(&lengths, self.config.batch_symbols, POOL, seed.wrapping_add(1), draw);
        Ok(Group { place: (epoch, number), sentences, order, too_long })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::inventory::tests::inventory;
    use super::*;

    /// Different sentences, `<bos> phone … <eos>`, some of them long.
    fn shards() -> InMemoryShards {
        let (inventory, _) = inventory();
        let sentence = |shard: usize, row: usize| {
            let length = if row == 7 { 40 } else { 2 + (shard + row) % 5 };
            let phones = (0..length).map(|place| 20 + ((shard * 31 + row * 7 + place * row) % 60) as u32);
            let symbols: Vec<u32> = [3].into_iter().chain(phones).chain([4]).collect();
            Sentence::new("test", symbols.clone(), &symbols, &inventory).unwrap()
        };
        InMemoryShards(
            (0..7).map(|shard| (0..20 + shard).map(|row| sentence(shard, row)).collect()).collect(),
        )
    }

    fn config() -> PretrainConfig {
        PretrainConfig {
            batch_symbols: 30,
            accumulate: 2,
            mix_shards: 3,
            max_symbols: 12,
            validation_fraction: 0.2,
            validation_sentences: 10,
            ..PretrainConfig::default()
        }
    }

    fn counted(sentences: impl IntoIterator<Item = Sentence>) -> BTreeMap<Vec<u32>, usize> {
        let mut counts = BTreeMap::new();
        for sentence in sentences {
            *counts.entry(sentence.symbols().to_vec()).or_default() += 1;
        }
        counts
    }

    #[test]
    fn a_pass_has_every_sentence_once_except_held_out_and_long_ones() {
        let (shards, config) = (shards(), config());
        let mut place = Place::default();
        let mut stream = Stream::new(&shards, &config);
        let mut seen = Vec::new();
        let mut orders = Vec::new();
        let (mut sentences, mut too_long) = (0, 0);
        for epoch in 0..2 {
            let mut order = Vec::new();
            while place.epoch == epoch {
                let Drawn { batch: Reading { batches, too_long: more }, next } = stream.draw(place).unwrap();
                (place, too_long) = (next, too_long + more);
                assert!(batches.len() <= 2);
                for batch in &batches {
                    assert!(batch.iter().map(|sentence| sentence.symbols().len()).sum::<usize>() <= 30);
                    sentences += batch.len();
                }
                order.extend(batches.into_iter().flatten());
            }
            orders.push(order.clone());
            seen.push(counted(order));
        }
        let all: Vec<Sentence> = shards.0.iter().flatten().cloned().collect();
        let short = |sentence: &&Sentence| sentence.symbols().len() <= 12;
        let kept: Vec<Sentence> =
            all.iter().filter(short).filter(|sentence| !is_held_out(sentence, &config)).cloned().collect();
        assert_eq!(sentences, 2 * kept.len());
        let long = all.iter().filter(|sentence| !short(sentence) && !is_held_out(sentence, &config)).count();
        assert!(long > 0);
        assert_eq!(too_long, 2 * long as u64);
        assert_eq!(seen[0], counted(kept));
        assert_eq!(seen[0], seen[1]);
        assert_ne!(orders[0], orders[1], "every pass has a different order");

        let held = held_out(&shards, &config).unwrap();
        assert_eq!(held.len(), 10);
        assert!(held.iter().all(|sentence| !seen[0].contains_key(sentence.symbols())));
        let none = PretrainConfig { validation_fraction: 0.0, ..config };
        assert!(held_out(&shards, &none).unwrap().is_empty());
    }

    #[test]
    fn resumes_from_any_state_like_an_uninterrupted_stream() {
        let (shards, config) = (shards(), config());
        let mut place = Place::default();
        let mut stream = Stream::new(&shards, &config);
        for _ in 0..60 {
            let expected = stream.draw(place).unwrap();
            assert_eq!(Stream::new(&shards, &config).draw(place).unwrap(), expected);
            place = expected.next;
        }
        assert!(place.epoch > 1);
    }

    #[test]
    fn rejects_a_text_without_sentences_to_train_on() {
        let config = PretrainConfig { max_symbols: 1, ..config() };
        for shards in [shards(), InMemoryShards::default()] {
            let error = Stream::new(&shards, &config).draw(Place::default()).unwrap_err().to_string();
            assert!(error.contains("train.max_symbols"), "{error}");
        }
    }
}
