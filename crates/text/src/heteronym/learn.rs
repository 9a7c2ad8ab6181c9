//! Learning of the weights of [`learned`](super::learned): logistic regression.

use rustc_hash::FxHashMap;

use super::features::Features;
use super::learned::place;
use super::table::find;
use super::{Context, parts_as_text};
use crate::normalize::{Token, TokenKind, normalize};

/// Passes over the sentences.
const PASSES: usize = 6;
/// Length of the first steps; it falls to [`LAST_STEP`].
const FIRST_STEP: f64 = 0.15;
const LAST_STEP: f64 = 0.02;
/// Pull of every weight toward zero.
const DECAY: f64 = 1e-3;
/// Smallest number of occurrences of a feature that gets a weight.
const RARE: u32 = 3;
/// Largest weight, as a byte.
const LARGEST: f64 = 127.0;
/// Smallest weight that is kept, in the same units.
const LIGHTEST: i8 = 2;
/// Share of the table's places that may be taken.
const FULL: f64 = 0.7;

/// Sentence with a homograph whose reading is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabeledHomograph {
    /// The sentence.
    pub sentence: String,
    /// First byte of the homograph in the sentence.
    pub start: usize,
    /// Name of its reading in `data/homographs.txt`.
    pub reading: String,
    /// Number of times that it counts.
    pub weight: u32,
}

/// Sentence as the keys of its weights, for each reading but the first.
struct Example {
    keys: Vec<Vec<(u64, i32)>>,
    reading: usize,
}

/// Learns the weights that choose between the readings of homographs, and packs them.
///
/// Sentences are left out if no homograph of the bundled list begins at their `start`, or if it lacks the
/// reading. Equal sentences in equal order give equal bytes.
#[must_use]
pub fn learn_homographs(sentences: &[LabeledHomograph]) -> Vec<u8> {
    let mut examples = Vec::new();
    for sentence in sentences {
        let copies = (0..sentence.weight).filter_map(|_| example(sentence));
        examples.extend(copies);
    }
    let mut counts = FxHashMap::<u64, u32>::default();
    for (key, _) in examples.iter().flat_map(|example| example.keys.iter().flatten()) {
        *counts.entry(*key).or_default() += 1;
    }
    for keys in examples.iter_mut().flat_map(|example| &mut example.keys) {
        keys.retain(|(key, _)| counts[key] >= RARE);
    }
    pack(&train(examples))
}

fn example(sentence: &LabeledHomograph) -> Option<Example> {
    let tokens = normalize(&sentence.sentence).tokens;
    let is_it = |token: &Token| token.kind == TokenKind::Word && token.span.contains(&sentence.start);
    let at = tokens.iter().position(is_it)?;
    let token = &tokens[at];
    let parts = parts_as_text(&token.text);
    let context = if parts.len() > 1 {
        let part = sentence.sentence.get(token.span.start..sentence.start)?.matches('-').count();
        Context::new("", &parts, part)
    } else {
        Context::new(&sentence.sentence, &tokens, at)
    };
    let word = find(context.word())?;
    let learned = word.learned?;
    let reading = word.names.iter().position(|name| *name == sentence.reading)?;
    let features = Features::of(&context, (word.rule)(&context, word));
    let keys = (1..word.names.len())
        .map(|reading| {
            let mut keys = Vec::new();
            learned.for_each(&features, reading, |key, sign| keys.push((key, sign)));
            keys
        })
        .collect();
    Some(Example { keys, reading })
}

/// Minimizes the logistic loss by `AdaGrad`.
fn train(mut examples: Vec<Example>) -> FxHashMap<u64, f64> {
    let mut weights = FxHashMap::<u64, (f64, f64)>::default();
    let mut random = 1_u64;
    for pass in 0..PASSES {
        let step = LAST_STEP + (FIRST_STEP - LAST_STEP) * (1.0 - pass as f64 / PASSES as f64);
        for last in (1..examples.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            examples.swap(last, (random >> 33) as usize % (last + 1));
        }
        for Example { keys, reading } in &examples {
            let scores: Vec<f64> = std::iter::once(0.0)
                .chain(keys.iter().map(|keys| {
                    keys.iter()
                        .map(|(key, sign)| {
                            f64::from(*sign) * weights.get(key).map_or(0.0, |(weight, _)| *weight)
                        })
                        .sum()
                }))
                .collect();
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = scores.iter().map(|score| (score - largest).exp()).sum();
            for (number, keys) in keys.iter().enumerate() {
                let wanted = f64::from(u8::from(number + 1 == *reading));
                let error = (scores[number + 1] - largest).exp() / total - wanted;
                for (key, sign) in keys {
                    let (weight, squares) = weights.entry(*key).or_insert((0.0, 0.1));
                    let slope = f64::from(*sign) * error + DECAY * *weight;
                    *squares += slope * slope;
                    *weight -= step * slope / squares.sqrt();
                }
            }
        }
    }
    weights.into_iter().map(|(key, (weight, _))| (key, weight)).collect()
}

/// Packs the weights, rounded to bytes, as the table that is looked up.
fn pack(weights: &FxHashMap<u64, f64>) -> Vec<u8> {
    let largest = weights.values().fold(f64::MIN_POSITIVE, |largest, weight| largest.max(weight.abs()));
    let mut rounded: Vec<(u64, i8)> = weights
        .iter()
        .map(|(key, weight)| (*key, (weight / largest * LARGEST).round() as i8))
        .filter(|(_, weight)| weight.abs() >= LIGHTEST)
        .collect();
    // The heaviest come first, so that of two features known by the same byte the heavier one is found.
    rounded.sort_unstable_by_key(|(key, weight)| (-i32::from(*weight).abs(), *key));
    let places = ((rounded.len() as f64 / FULL) as usize + 1).next_power_of_two();
    let mut table = vec![0; 2 * places];
    for (key, weight) in rounded {
        let (mut at, known) = place(key, places);
        while table[2 * at] != 0 {
            at = (at + 1) & (places - 1);
        }
        table[2 * at] = known;
        table[2 * at + 1] = weight as u8;
    }
    table
}
