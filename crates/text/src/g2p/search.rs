//! Beam search for the most likely phones of a word.

use super::G2p;
use super::arithmetic::{exp, ln};
use super::stress::StressState;
use crate::phone::{Phone, Stress};

/// Beam width.
const BEAM: usize = 8;

/// Hypothesis for the beginning of the word.
#[derive(Debug, Clone)]
struct Beginning {
    /// Log probability.
    score: f32,
    chunks: Vec<u16>,
    phones: Vec<Phone>,
    stress: StressState,
}

/// Returns the most probable phones that the beam search finds, summed over the alignments of phones to
/// letters.
///
/// Hypotheses with a second primary stress are pruned. Words with vowels but without primary stress are used
/// only if nothing else is left, and are given one; equally likely hypotheses stay in the order of their
/// chunks.
pub(super) fn best(g2p: &G2p, letters: &[usize]) -> Vec<Phone> {
    let (count, nothing) = g2p.network.history();
    let start =
        Beginning { score: 0.0, chunks: Vec::new(), phones: Vec::new(), stress: StressState::default() };
    let mut beam = vec![start];
    for (encoded, letter) in g2p.network.encode(letters).iter().zip(letters) {
        let mut candidates: Vec<(f32, usize, u16)> = Vec::new();
        for (parent, beginning) in beam.iter().enumerate() {
            let told = beginning.chunks.iter().rev().map(|chunk| usize::from(*chunk));
            let before = told.chain(std::iter::repeat(nothing)).take(count);
            let squashed = g2p.network.squash(encoded, before, beginning.stress);
            let logits = g2p.allowed[*letter].iter();
            let logits: Vec<(u16, f32)> =
                logits.map(|chunk| (*chunk, g2p.network.logit(&squashed, usize::from(*chunk)))).collect();
            let most = logits.iter().fold(f32::NEG_INFINITY, |most, (_, logit)| most.max(*logit));
            let total: f32 = logits.iter().map(|(_, logit)| exp(logit - most)).sum();
            let normal = beginning.score - most - ln(total);
            let possible = logits
                .iter()
                .filter(|(chunk, _)| !stressed_twice(beginning, &g2p.chunks[usize::from(*chunk)]));
            candidates.extend(possible.map(|(chunk, logit)| (normal + logit, parent, *chunk)));
        }
        let order = |a: &(f32, usize, u16), b: &(f32, usize, u16)| {
            b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2))
        };
        if candidates.len() > BEAM {
            candidates.select_nth_unstable_by(BEAM, order);
            candidates.truncate(BEAM);
        }
        candidates.sort_unstable_by(order);
        if !candidates.is_empty() {
            beam = candidates
                .iter()
                .map(|(score, parent, chunk)| follow(g2p, &beam[*parent], *score, *chunk))
                .collect();
        }
    }
    choose(&beam)
}

/// Returns true if a chunk would add a second primary stress to the word.
fn stressed_twice(beginning: &Beginning, chunk: &[Phone]) -> bool {
    let primary = chunk.iter().filter(|phone| phone.stress() == Some(Stress::Primary)).count();
    primary + usize::from(beginning.stress.has_primary()) > 1
}

fn follow(g2p: &G2p, beginning: &Beginning, score: f32, chunk: u16) -> Beginning {
    let Beginning { mut chunks, mut phones, stress, .. } = beginning.clone();
    let said = &g2p.chunks[usize::from(chunk)];
    chunks.push(chunk);
    phones.extend(said);
    Beginning { score, chunks, phones, stress: stress.after(said) }
}

/// Returns the most likely phones among the final hypotheses.
fn choose(beam: &[Beginning]) -> Vec<Phone> {
    let rank = |end: &Beginning| (end.stress.has_primary(), end.stress.has_vowel(), !end.phones.is_empty());
    // A word without vowels ranks below one with a stressed vowel only if the network agrees.
    let complete =
        |end: &&Beginning| end.stress.has_primary() || !end.stress.has_vowel() && !end.phones.is_empty();
    let mut ends: Vec<&Beginning> = beam.iter().filter(complete).collect();
    if ends.is_empty() {
        ends = beam.iter().collect();
        ends.sort_by_key(|end| std::cmp::Reverse(rank(end)));
        ends.truncate(1);
    }
    let likelihood = |end: &Beginning| {
        let same = beam.iter().filter(|other| other.phones == end.phones);
        same.map(|other| exp(other.score - beam[0].score)).sum::<f32>()
    };
    let mut best: Option<(f32, &Beginning)> = None;
    for end in ends {
        let likelihood = likelihood(end);
        if best.is_none_or(|(most, _)| likelihood > most) {
            best = Some((likelihood, end));
        }
    }
    let mut phones = best.map_or_else(Vec::new, |(_, end)| end.phones.clone());
    stress_once(&mut phones);
    phones
}

/// Adds a primary stress to a word that has vowels but no primary stress: on the first vowel with secondary
/// stress, otherwise on the third from the end, otherwise on the first.
fn stress_once(phones: &mut [Phone]) {
    let vowels: Vec<usize> = (0..phones.len()).filter(|index| phones[*index].is_vowel()).collect();
    let first = |stress| vowels.iter().copied().find(|index| phones[*index].stress() == Some(stress));
    if first(Stress::Primary).is_some() {
        return;
    }
    let default = vowels.len().checked_sub(3).and_then(|third| vowels.get(third)).or(vowels.first()).copied();
    if let Some(stressed) = first(Stress::Secondary).or(default) {
        phones[stressed] = phones[stressed].with_stress(Stress::Primary);
    }
}
