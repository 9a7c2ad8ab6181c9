//! The random part of a plan: which rater hears which clips, in which order.
//!
//! Every choice draws from a separate stream, so a change to one leaves the others alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::design::controls::Purpose;
use crate::design::protocol::Protocol;
use crate::design::side_by_side::pages;
use crate::trial::{First, Kind, Session, Slot, Trial};

const ITEMS_STREAM: u64 = 0;
pub(super) const RATERS_STREAM: u64 = 1;
const ORDER_STREAM: u64 = 2;
const NULL_PAIRS_STREAM: u64 = 3;
const CONTROLS_STREAM: u64 = 4;
const CONTROL_PLACES_STREAM: u64 = 5;
const X_STREAM: u64 = 6;
const EXAMPLES_STREAM: u64 = 7;
pub(super) const FIRST_SESSION_STREAM: u64 = 16;

/// The thing that raters judge on an item: a system, or a system and its opponent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subject<'a> {
    pub(crate) system: &'a str,
    /// The opponent, if that is not always the reference.
    pub(crate) versus: Option<&'a str>,
}

/// A rater's judgment of an item of a system, or of a pair of systems, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Judgment {
    pub(super) rater: usize,
    pub(super) item: usize,
    system: usize,
}

/// The parts of a key: whose judgment it is, its system, and its class.
const N_PARTS: usize = 3;
type Key = [usize; N_PARTS];

/// Draws as many items as the protocol asks for, without replacement, and sorts them by name.
pub(crate) fn draw_items(mut items: Vec<String>, protocol: &Protocol, seed: u64) -> Vec<String> {
    if let Some(wanted) = protocol.items {
        items.shuffle(&mut generator(seed, ITEMS_STREAM));
        items.truncate(wanted as usize);
        items.sort();
    }
    items
}

/// Deals items of systems out to raters and returns their sessions.
///
/// `subjects` are the systems that are judged, or pairs of them; `reference` is compared with itself in null pairs.
pub(crate) fn sessions(
    protocol: &Protocol,
    items: &[String],
    subjects: &[Subject<'_>],
    reference: Option<&str>,
    seed: u64,
) -> Vec<Session> {
    if protocol.paradigm.rules().rates_side_by_side() {
        return named(pages(protocol, items, subjects, seed));
    }
    let n_raters = protocol.raters as usize;
    let n_items = items.len();
    let ratings_per_item = protocol.ratings_per_item as usize;
    let mut raters = generator(seed, RATERS_STREAM);
    let judgments = deal(n_raters, n_items, subjects.len(), ratings_per_item, &mut raters);
    let clip_order = protocol.paradigm.rules().clip_order();
    let orders = balance(&judgments, |_| 0, &mut generator(seed, ORDER_STREAM));
    // Within each order, X is a copy of either clip equally often.
    let copies = clip_order.has_x().then(|| {
        balance(
            &judgments,
            |index| usize::from(orders[index] == First::System),
            &mut generator(seed, X_STREAM),
        )
    });
    let examples = clip_order.has_example().then(|| others(n_items, &mut generator(seed, EXAMPLES_STREAM)));

    let mut trials: Vec<Vec<Trial>> = vec![Vec::new(); n_raters];
    for (index, judgment) in judgments.iter().enumerate() {
        let subject = subjects[judgment.system];
        trials[judgment.rater].push(Trial {
            item: items[judgment.item].clone(),
            system: subject.system.to_owned(),
            versus: subject.versus.map(str::to_owned),
            first: clip_order.is_planned().then_some(orders[index]),
            x: copies.as_ref().map(|copies| match copies[index] {
                First::Reference => Slot::Reference,
                First::System => Slot::System,
            }),
            example: examples.as_ref().map(|examples| items[examples[judgment.item]].clone()),
            kind: Kind::Rating,
        });
    }
    if let Some(reference) = reference {
        let n_pairs = protocol.null_pairs as usize;
        for pair in deal(n_items, n_raters, 1, n_pairs, &mut generator(seed, NULL_PAIRS_STREAM)) {
            // Roles are swapped: items are dealt out to raters.
            trials[pair.item].push(Trial {
                item: items[pair.rater].clone(),
                system: reference.to_owned(),
                versus: None,
                first: Some(First::Reference),
                x: None,
                example: None,
                kind: Kind::NullPair,
            });
        }
    }
    let mut places = generator(seed, CONTROL_PLACES_STREAM);
    let ordered = trials.into_iter().zip(controls(protocol, n_raters, seed)).enumerate().map(
        |(rater, (trials, controls))| {
            let trials = apart(trials, &mut generator(seed, FIRST_SESSION_STREAM + rater as u64));
            among(trials, controls, &mut places)
        },
    );
    named(ordered.collect())
}

/// Gives the trials of each rater the rater's code.
fn named(trials: Vec<Vec<Trial>>) -> Vec<Session> {
    let digits = trials.len().to_string().len().max(2);
    let session = |(rater, trials)| Session { rater: format!("r{:0digits$}", rater + 1), trials };
    trials.into_iter().enumerate().map(session).collect()
}

/// Deals gold trials and traps out to sessions: different ones to each, and all equally often, give or take one.
fn controls(protocol: &Protocol, n_raters: usize, seed: u64) -> Vec<Vec<Trial>> {
    let all = protocol.all_controls();
    let mut sessions = vec![Vec::new(); n_raters];
    let mut generator = generator(seed, CONTROLS_STREAM);
    for purpose in [Purpose::Gold, Purpose::Trap] {
        let list: Vec<Trial> = all.with(purpose).map(|control| control.trial(protocol.paradigm)).collect();
        // Roles are swapped: controls are dealt out to sessions.
        for dealt in deal(list.len(), n_raters, 1, all.per_session(purpose), &mut generator) {
            sessions[dealt.item].push(list[dealt.rater].clone());
        }
    }
    sessions
}

/// Puts controls between trials, in random places: none at the beginning or the end, and no two next to each other unless
/// there are too many. Without trials there are none.
fn among(trials: Vec<Trial>, mut controls: Vec<Trial>, generator: &mut impl Rng) -> Vec<Trial> {
    if controls.is_empty() || trials.is_empty() {
        return trials;
    }
    controls.shuffle(generator);
    // A place is that in front of a trial other than the first; a session of one trial has only the end.
    let mut places: Vec<usize> = (1..trials.len().max(2)).collect();
    let mut chosen: Vec<usize> = Vec::with_capacity(controls.len());
    while chosen.len() < controls.len() {
        places.shuffle(generator);
        chosen.extend(places.iter().take(controls.len() - chosen.len()));
    }
    chosen.sort_unstable();
    let mut mixed = Vec::with_capacity(trials.len() + controls.len());
    let mut controls = chosen.into_iter().zip(controls).peekable();
    for (place, trial) in trials.into_iter().enumerate() {
        while let Some((_, control)) = controls.next_if(|(at, _)| *at == place) {
            mixed.push(control);
        }
        mixed.push(trial);
    }
    mixed.extend(controls.map(|(_, control)| control));
    mixed
}

/// Returns one of the independent streams of a seed.
pub(super) fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(stream);
    generator
}

/// Deals raters out to items × systems, `per_cell` distinct raters to each.
///
/// All raters are shuffled into a deck, which is used up before the next one is shuffled, so loads differ by at most
/// one. A rater who has not heard the item is dealt first, then the one who has judged the system least, then the one on top.
pub(super) fn deal(
    n_raters: usize,
    n_items: usize,
    n_systems: usize,
    per_cell: usize,
    generator: &mut impl Rng,
) -> Vec<Judgment> {
    let mut judgments = Vec::with_capacity(n_items * n_systems * per_cell);
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
                judgments.push(Judgment { rater, item, system });
            }
        }
    }
    judgments
}

/// Draws another item for each, such that each is drawn once: all of them are one cycle (Sattolo's algorithm).
fn others(n_items: usize, generator: &mut impl Rng) -> Vec<usize> {
    let mut others: Vec<usize> = (0..n_items).collect();
    for last in (1..n_items).rev() {
        others.swap(last, generator.random_range(0..last));
    }
    others
}

/// Chooses the first clip of each judgment, so that both orders are equally frequent for each rater, each rater with a
/// system, each item, and each item of a system; where the number is odd, they differ by one.
///
/// `class` divides the judgments of a rater and system, or an item and system, by index: the orders are balanced within each
/// class too.
///
/// The judgments of a rater are paired off, and so are those of an item; the two of a pair must get different orders.
/// Each judgment is in at most one pair of either sort, so pairs form paths and cycles in which the sorts alternate.
/// Such cycles have even length, so alternating the order along them always works out.
fn balance(judgments: &[Judgment], class: impl Fn(usize) -> usize, generator: &mut impl Rng) -> Vec<First> {
    let of = |who: fn(&Judgment) -> usize| -> Vec<Key> {
        let key = |(index, judgment)| [who(judgment), judgment.system, class(index)];
        judgments.iter().enumerate().map(key).collect()
    };
    let by_rater = pair_off(&of(|judgment| judgment.rater), generator);
    let by_item = pair_off(&of(|judgment| judgment.item), generator);
    let mut orders: Vec<Option<First>> = vec![None; judgments.len()];
    for start in 0..judgments.len() {
        if orders[start].is_some() {
            continue;
        }
        let mut order = if generator.random() { First::Reference } else { First::System };
        orders[start] = Some(order);
        // To both sides of the start, one for each sort of pair.
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

/// Pairs off judgments with the same key at random, then the odd ones out that share the first two parts of it, then those
/// that share the first.
fn pair_off(keys: &[Key], generator: &mut impl Rng) -> Vec<Option<usize>> {
    let mut partner = vec![None; keys.len()];
    let all: Vec<usize> = (0..keys.len()).collect();
    for members in grouped(keys, &all, 0) {
        pair_within(keys, members, 1, &mut partner, generator);
    }
    partner
}

/// Pairs off judgments whose keys agree before a depth, and returns the one that is left over.
fn pair_within(
    keys: &[Key],
    members: Vec<usize>,
    depth: usize,
    partner: &mut [Option<usize>],
    generator: &mut impl Rng,
) -> Option<usize> {
    let parts = if depth < N_PARTS { grouped(keys, &members, depth) } else { Vec::new() };
    // A last part that is the same for all divides nothing.
    let is_undivided = parts.len() < 2 && depth + 1 >= N_PARTS;
    let mut left: Vec<usize> = if is_undivided {
        members
    } else {
        parts.into_iter().filter_map(|part| pair_within(keys, part, depth + 1, partner, generator)).collect()
    };
    left.shuffle(generator);
    for pair in left.chunks_exact(2) {
        partner[pair[0]] = Some(pair[1]);
        partner[pair[1]] = Some(pair[0]);
    }
    left.chunks_exact(2).remainder().first().copied()
}

/// Sorts judgments into groups by a part of their keys.
fn grouped(keys: &[Key], members: &[usize], part: usize) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &member in members {
        groups.entry(keys[member][part]).or_default().push(member);
    }
    groups.into_values().collect()
}

fn other(first: First) -> First {
    match first {
        First::Reference => First::System,
        First::System => First::Reference,
    }
}

/// Puts trials in random order, without an item twice in a row where that can be avoided.
///
/// It can be avoided as long as no item makes up more than half of what is left, rounded up. So an item about to
/// exceed that is taken next, and otherwise anything except the item just heard.
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
        // Where only the item just heard is left, repetition cannot be avoided.
        let trial = trials.remove(next.unwrap_or(0));
        if let Some(count) = left.get_mut(&trial.item) {
            *count -= 1;
        }
        ordered.push(trial);
    }
    ordered
}
