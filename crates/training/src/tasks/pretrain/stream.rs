//! Text of any size as batches: a few shards at a time, in an order that is drawn.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::config::PretrainConfig;
use super::inventory::Sentence;
use super::trainer::PretrainState;
use crate::Error;
use crate::sampler::batches;

/// Sentences that are sorted by length together before they are cut into batches.
const POOL: usize = 8192;

/// What is added to the seed for what is drawn here.
const ORDER: u64 = 0x6f72_6465_7200;

/// Where sentences come from: shards, of which some are in memory at a time.
pub trait Shards {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Loads the sentences of one, in an order that is always the same.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn load(&self, index: usize) -> Result<Vec<Sentence>, Error>;
}

/// Shards in memory.
#[derive(Debug, Clone, Default)]
pub struct InMemoryShards(
    /// The sentences of each.
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

/// The sentences that are held out: the first of them in the order of the shards. Shards are read until there are enough.
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

/// The batches of a run, from where it stands.
pub(super) struct Stream<'a> {
    shards: &'a dyn Shards,
    config: &'a PretrainConfig,
    group: Option<Group>,
}

/// Shards that are in memory together.
struct Group {
    /// The pass and the place in it.
    place: (u64, usize),
    sentences: Vec<Sentence>,
    order: Vec<Vec<usize>>,
}

impl<'a> Stream<'a> {
    pub(super) fn new(shards: &'a dyn Shards, config: &'a PretrainConfig) -> Self {
        Self { shards, config, group: None }
    }

    /// The batches of the next step, as many as make one; fewer at the end of a group of shards.
    ///
    /// `state` says which are next, and is moved behind them.
    pub(super) fn next(&mut self, state: &mut PretrainState) -> Result<Vec<Vec<Sentence>>, Error> {
        let PretrainConfig { mix_shards, accumulate, .. } = *self.config;
        let n_groups = self.shards.len().div_ceil(mix_shards);
        for _ in 0..=n_groups {
            let group = self.group(state)?;
            let first = state.batch.min(group.order.len());
            let last = (first + accumulate).min(group.order.len());
            let of = |batch: &Vec<usize>| -> Vec<Sentence> {
                batch.iter().map(|index| group.sentences[*index].clone()).collect()
            };
            let found: Vec<Vec<Sentence>> = group.order[first..last].iter().map(of).collect();
            state.batch = last;
            if last == group.order.len() {
                (state.group, state.batch) = (state.group + 1, 0);
            }
            if state.group >= n_groups {
                (state.epoch, state.group) = (state.epoch + 1, 0);
            }
            if !found.is_empty() {
                state.sentences += found.iter().map(|batch| batch.len() as u64).sum::<u64>();
                return Ok(found);
            }
        }
        Err(Error::Empty {
            why: "no sentence of the text is left to train on: all are held out or longer than `train.max_symbols`",
        })
    }

    /// The group in which the run stands; what is too long in it is counted when it is begun.
    fn group(&mut self, state: &mut PretrainState) -> Result<&Group, Error> {
        let place = (state.epoch, state.group);
        let group = match self.group.take() {
            Some(group) if group.place == place => group,
            _ => {
                let (group, too_long) = self.load(place)?;
                if state.batch == 0 {
                    state.too_long += too_long;
                }
                group
            }
        };
        Ok(self.group.insert(group))
    }

    fn load(&self, (epoch, number): (u64, usize)) -> Result<(Group, u64), Error> {
        let seed = self.config.seed ^ ORDER;
        let mut shards: Vec<usize> = (0..self.shards.len()).collect();
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(epoch);
        shards.shuffle(&mut generator);
        let mut sentences = Vec::new();
        let mut too_long = 0;
        for index in shards.chunks(self.config.mix_shards).nth(number).into_iter().flatten() {
            for sentence in self.shards.load(*index)? {
                if is_held_out(&sentence, self.config) {
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
        // A number of its own for each group of each pass.
        let draw = (epoch << 32) | number as u64;
        let order = batches(&lengths, self.config.batch_symbols, POOL, seed.wrapping_add(1), draw);
        Ok((Group { place: (epoch, number), sentences, order }, too_long))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::inventory::tests::inventory;
    use super::*;

    /// Sentences that differ, `<bos> phone … <eos>`, some of them long.
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
    fn a_pass_has_every_sentence_once_but_those_held_out_and_too_long() {
        let (shards, config) = (shards(), config());
        let mut state = PretrainState::default();
        let mut stream = Stream::new(&shards, &config);
        let mut seen = Vec::new();
        let mut orders = Vec::new();
        for epoch in 0..2 {
            let mut order = Vec::new();
            while state.epoch == epoch {
                let batches = stream.next(&mut state).unwrap();
                assert!(batches.len() <= 2);
                for batch in &batches {
                    assert!(batch.iter().map(|sentence| sentence.symbols().len()).sum::<usize>() <= 30);
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
        assert_eq!(state.sentences, 2 * kept.len() as u64);
        let long = all.iter().filter(|sentence| !short(sentence) && !is_held_out(sentence, &config)).count();
        assert!(long > 0);
        assert_eq!(state.too_long, 2 * long as u64);
        assert_eq!(seen[0], counted(kept));
        assert_eq!(seen[0], seen[1]);
        assert_ne!(orders[0], orders[1], "every pass has an order of its own");

        let held = held_out(&shards, &config).unwrap();
        assert_eq!(held.len(), 10);
        assert!(held.iter().all(|sentence| !seen[0].contains_key(sentence.symbols())));
        let none = PretrainConfig { validation_fraction: 0.0, ..config };
        assert!(held_out(&shards, &none).unwrap().is_empty());
    }

    #[test]
    fn it_goes_on_from_any_state_as_if_it_had_never_stopped() {
        let (shards, config) = (shards(), config());
        let mut state = PretrainState::default();
        let mut stream = Stream::new(&shards, &config);
        for _ in 0..60 {
            let mut other = state.clone();
            let expected = stream.next(&mut state).unwrap();
            assert_eq!(Stream::new(&shards, &config).next(&mut other).unwrap(), expected);
            assert_eq!(other, state);
        }
        assert!(state.epoch > 1);
    }

    #[test]
    fn text_of_which_nothing_is_left_is_an_error() {
        let config = PretrainConfig { max_symbols: 1, ..config() };
        for shards in [shards(), InMemoryShards::default()] {
            let mut state = PretrainState::default();
            let error = Stream::new(&shards, &config).next(&mut state).unwrap_err().to_string();
            assert!(error.contains("train.max_symbols"), "{error}");
        }
    }
}
