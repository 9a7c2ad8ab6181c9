//! Who hears what in which order: the random part of a plan.
//!
//! Every choice has its own stream of one generator, so that a change to one leaves the others alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::design::plan::{Plan, Session, Trial};
use crate::rating::{First, Kind, Paradigm};

const ITEMS_STREAM: u64 = 0;
const RATERS_STREAM: u64 = 1;
const ORDER_STREAM: u64 = 2;
const NULL_PAIRS_STREAM: u64 = 3;
const FIRST_SESSION_STREAM: u64 = 16;

/// A rater's judgement of an item of a system, all by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Judgement {
    rater: usize,
    item: usize,
    system: usize,
}

/// Draws the items and fills in the sessions of a plan whose protocol, systems and items have been checked.
pub(crate) fn allocate(plan: &mut Plan) {
    let generator = |stream: u64| {
        let mut generator = ChaCha8Rng::seed_from_u64(plan.seed);
        generator.set_stream(stream);
        generator
    };
    let n_raters = plan.protocol.raters as usize;

    if let Some(wanted) = plan.protocol.items {
        plan.items.shuffle(&mut generator(ITEMS_STREAM));
        plan.items.truncate(wanted as usize);
        plan.items.sort();
    }
    let n_items = plan.items.len();
    let systems: Vec<String> = plan.judged_systems().map(|system| system.name.clone()).collect();
    let ratings_per_item = plan.protocol.ratings_per_item as usize;
    let judgements = deal(n_raters, n_items, systems.len(), ratings_per_item, &mut generator(RATERS_STREAM));
    let is_comparison = plan.protocol.paradigm == Paradigm::Cmos;
    let orders = balance(&judgements, &mut generator(ORDER_STREAM));

    let mut trials: Vec<Vec<Trial>> = vec![Vec::new(); n_raters];
    for (judgement, first) in judgements.iter().zip(orders) {
        trials[judgement.rater].push(Trial {
            item: plan.items[judgement.item].clone(),
            system: systems[judgement.system].clone(),
            first: is_comparison.then_some(first),
            kind: Kind::Rating,
        });
    }
    if let Some(reference) = plan.reference() {
        let n_pairs = plan.protocol.null_pairs as usize;
        for pair in deal(n_items, n_raters, 1, n_pairs, &mut generator(NULL_PAIRS_STREAM)) {
            // Here the items are dealt out to the raters.
            trials[pair.item].push(Trial {
                item: plan.items[pair.rater].clone(),
                system: reference.name.clone(),
                first: Some(First::Reference),
                kind: Kind::NullPair,
            });
        }
    }
    let digits = n_raters.to_string().len().max(2);
    plan.sessions = trials
        .into_iter()
        .enumerate()
        .map(|(rater, trials)| Session {
            rater: format!("r{:0digits$}", rater + 1),
            trials: apart(trials, &mut generator(FIRST_SESSION_STREAM + rater as u64)),
        })
        .collect();
}

/// Deals raters out to items × systems, `per_cell` different ones to each.
///
/// All raters are shuffled into a deck, which is used up before the next one is shuffled: loads differ by one at most.
/// From the deck comes first who has not heard the item, then who has judged the system least, then who lies on top.
fn deal(
    n_raters: usize,
    n_items: usize,
    n_systems: usize,
    per_cell: usize,
    generator: &mut impl Rng,
) -> Vec<Judgement> {
    let mut judgements = Vec::with_capacity(n_items * n_systems * per_cell);
    let mut deck: VecDeque<usize> = VecDeque::new();
    let mut loads = vec![vec![0_usize; n_raters]; n_systems];
    for item in 0..n_items {
        let mut heard_item = BTreeSet::new();
        for (system, load) in loads.iter_mut().enumerate() {
            let mut in_cell = BTreeSet::new();
            while in_cell.len() < per_cell {
                let best = (0..deck.len()).filter(|&position| !in_cell.contains(&deck[position])).min_by_key(
                    |&position| (heard_item.contains(&deck[position]), load[deck[position]], position),
                );
                let Some(rater) = best.and_then(|position| deck.remove(position)) else {
                    let mut fresh: Vec<usize> = (0..n_raters).collect();
                    fresh.shuffle(generator);
                    deck.extend(fresh);
                    continue;
                };
                in_cell.insert(rater);
                heard_item.insert(rater);
                load[rater] += 1;
                judgements.push(Judgement { rater, item, system });
            }
        }
    }
    judgements
}

/// Chooses what is heard first in each judgement, so that both orders are equally frequent for each rater, each rater
/// with a system, each item, and each item of a system; where the number is odd, they differ by one.
///
/// The judgements of a rater are paired off, and so are those of an item; the two of a pair must get different orders.
/// Each judgement is in at most one pair of either sort, so pairs form paths and cycles in which the sorts alternate.
/// Such cycles have even length: going along and changing the order with each step always works out.
fn balance(judgements: &[Judgement], generator: &mut impl Rng) -> Vec<First> {
    let by_rater = pair_off(judgements, |judgement| (judgement.rater, judgement.system), generator);
    let by_item = pair_off(judgements, |judgement| (judgement.item, judgement.system), generator);
    let mut orders: Vec<Option<First>> = vec![None; judgements.len()];
    for start in 0..judgements.len() {
        if orders[start].is_some() {
            continue;
        }
        let mut order = if generator.random() { First::Reference } else { First::System };
        orders[start] = Some(order);
        // To both sides of the start, beginning with either sort of pair.
        for sorts in [[&by_rater, &by_item], [&by_item, &by_rater]] {
            order = orders[start].unwrap_or(order);
            let mut here = start;
            for sort in sorts.into_iter().cycle() {
                let Some(next) = sort[here].filter(|&next| orders[next].is_none()) else { break };
                order = other(order);
                orders[next] = Some(order);
                here = next;
            }
        }
    }
    orders.into_iter().flatten().collect()
}

/// Pairs off judgements with the same key, then the odd ones out that share its first part. At random.
fn pair_off(
    judgements: &[Judgement],
    key: impl Fn(&Judgement) -> (usize, usize),
    generator: &mut impl Rng,
) -> Vec<Option<usize>> {
    let mut groups: BTreeMap<usize, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    for (index, judgement) in judgements.iter().enumerate() {
        let (outer, inner) = key(judgement);
        groups.entry(outer).or_default().entry(inner).or_default().push(index);
    }
    let mut partner = vec![None; judgements.len()];
    let mut join = |members: &[usize]| {
        for pair in members.chunks_exact(2) {
            partner[pair[0]] = Some(pair[1]);
            partner[pair[1]] = Some(pair[0]);
        }
        members.chunks_exact(2).remainder().first().copied()
    };
    for inner in groups.values_mut() {
        let mut left_over = Vec::new();
        for members in inner.values_mut() {
            members.shuffle(generator);
            left_over.extend(join(members));
        }
        left_over.shuffle(generator);
        join(&left_over);
    }
    partner
}

fn other(first: First) -> First {
    match first {
        First::Reference => First::System,
        First::System => First::Reference,
    }
}

/// Puts trials in random order, with no item twice in a row where that can be avoided.
///
/// It can be avoided as long as no item makes up more than half of what is left, rounded up. So an item that is about
/// to do so is taken next, and anything but the item just heard otherwise.
fn apart(mut trials: Vec<Trial>, generator: &mut impl Rng) -> Vec<Trial> {
    trials.shuffle(generator);
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for trial in &trials {
        *left.entry(trial.item.clone()).or_insert(0) += 1;
    }
    let mut ordered: Vec<Trial> = Vec::with_capacity(trials.len());
    while !trials.is_empty() {
        let last = ordered.last().map(|trial: &Trial| trial.item.clone());
        let most = (trials.len() - 1).div_ceil(2);
        let urgent = left.iter().find(|&(item, &count)| count > most && last.as_ref() != Some(item));
        let next = match urgent {
            Some((item, _)) => trials.iter().position(|trial| trial.item == *item),
            None => trials.iter().position(|trial| last.as_ref() != Some(&trial.item)),
        };
        // Where nothing but the item just heard is left, it cannot be avoided.
        let trial = trials.remove(next.unwrap_or(0));
        if let Some(count) = left.get_mut(&trial.item) {
            *count -= 1;
        }
        ordered.push(trial);
    }
    ordered
}
