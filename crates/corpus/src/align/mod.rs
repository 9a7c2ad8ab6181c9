//! A monophone hidden-Markov forced aligner: durations without Python and without a trained model.
//!
//! ```text
//! log-mel ──cepstra──► 39 dimensions a frame ─┐
//! symbols ──Graph────► states, pauses optional ┴─Viterbi─► path ──► counts ──► Gaussians ─┐
//!                                                  ▲                                       │
//!                                                  └───────────── next pass ◄──────────────┘
//! ```
//!
//! Every phone has three states in a row with one diagonal Gaussian each, the middle one may be skipped; a pause has
//! three states that share one Gaussian, and may be left out. Training is Viterbi EM from a flat start in three steps,
//! each of which begins with the Gaussians of the one before: phones of one broad class share a Gaussian; the states of
//! one phone do; every state has its own. A Gaussian is smoothed towards the one it came from (MAP), so that a phone
//! that was seen twice still has a model. Stress is ignored.
//!
//! The durations count frames of the log-mel, at least one for every symbol, and sum to all of them. Where no pause is
//! heard at a boundary or a punctuation mark, its one frame is taken from the longer neighbour.
//!
//! The result depends on nothing but the input: sums are taken in the order of the utterances.

mod cepstra;
mod graph;
mod model;
mod spread;
mod viterbi;

use mynah_signal::Spectrogram;
use mynah_text::Symbol;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use graph::Graph;
use model::{Counts, Model, Tying};

/// Utterances whose counts are added up together before they go into the total, in a fixed order.
const CHUNK: usize = 16;

/// The version of the method: a change of it makes earlier alignments stale.
pub const ALIGN_VERSION: u32 = 1;

/// How the aligner is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlignConfig {
    /// Passes with one Gaussian per broad class.
    pub class_passes: u32,
    /// Passes with one Gaussian per phone.
    pub phone_passes: u32,
    /// Passes with one Gaussian per state.
    pub state_passes: u32,
    /// How many frames of the parent Gaussian each Gaussian is smoothed with.
    pub prior_frames: f64,
    /// The smallest variance, as a fraction of the variance of all frames.
    pub variance_floor: f64,
}

impl Default for AlignConfig {
    fn default() -> Self {
        Self { class_passes: 6, phone_passes: 8, state_passes: 8, prior_frames: 8.0, variance_floor: 0.05 }
    }
}

/// The durations of one utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// Frames of each symbol, at least 1; their sum is the number of frames.
    pub durations: Vec<u32>,
    /// Mean log-likelihood per frame under the final model, in nats; comparable within one run only.
    pub log_likelihood: f64,
}

/// An utterance has fewer frames than its symbols need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{frames} frames are too few for {symbols} symbols, which need at least {needed}")]
pub struct TooFewFrames {
    /// The frames there are.
    pub frames: usize,
    /// The symbols to be placed in them.
    pub symbols: usize,
    /// The frames that the shortest path takes.
    pub needed: usize,
}

/// Aligns a whole corpus, training on all of it: `symbols` has those of each utterance from `<bos>` to `<eos>`, and
/// `mel` loads its log-mel spectrogram, which is not kept.
///
/// `progress` is told after every pass: the passes done, the passes in all, and the mean log-likelihood per frame.
///
/// An utterance with fewer frames than its shortest path, or than symbols, is left out of the training and reported as
/// [`TooFewFrames`]; the others are aligned.
///
/// # Errors
///
/// The first error of `mel`.
pub fn align<E: Send>(
    symbols: &[&[Symbol]],
    mel: impl Fn(usize) -> Result<Spectrogram, E> + Sync,
    config: &AlignConfig,
    mut progress: impl FnMut(u32, u32, f64),
) -> Result<Vec<Result<Alignment, TooFewFrames>>, E> {
    let frames = cepstra::of_corpus(symbols.len(), mel)?;
    let graphs: Vec<Result<Graph, TooFewFrames>> = symbols
        .iter()
        .zip(&frames)
        .map(|(symbols, frames)| {
            let graph = Graph::new(symbols);
            let needed = graph.shortest().max(symbols.len());
            if frames.len() < needed {
                Err(TooFewFrames { frames: frames.len(), symbols: symbols.len(), needed })
            } else {
                Ok(graph)
            }
        })
        .collect();
    let work: Vec<(usize, &Graph)> =
        graphs.iter().enumerate().filter_map(|(index, graph)| Some((index, graph.as_ref().ok()?))).collect();

    let steps = [
        (Tying::Class, config.class_passes),
        (Tying::Phone, config.phone_passes),
        (Tying::State, config.state_passes),
    ];
    let total: u32 = steps.iter().map(|(_, passes)| passes).sum();
    let mut done = 0;
    let flat = accumulate(&work, |(index, graph)| {
        let mut counts = Counts::new(Tying::Class);
        counts.add_flat(graph, &frames[*index]);
        counts
    });
    let mut model = Model::flat(flat.as_ref(), config);
    for (tying, passes) in steps {
        model = model.untie(tying);
        for _ in 0..passes {
            let counts = accumulate(&work, |(index, graph)| {
                let mut counts = Counts::new(tying);
                let path = viterbi::best_path(graph, &model, &frames[*index]);
                counts.add_path(graph, &path, &frames[*index]);
                counts
            });
            let Some(counts) = counts else { break };
            done += 1;
            progress(done, total, counts.log_likelihood_per_frame());
            model.update(&counts, config);
        }
    }

    Ok(graphs
        .par_iter()
        .zip(&frames)
        .zip(symbols)
        .map(|((graph, frames), symbols)| {
            let graph = graph.as_ref().map_err(|error| *error)?;
            let path = viterbi::best_path(graph, &model, frames);
            let durations = spread::durations(graph, &path.slot_frames(graph), symbols);
            Ok(Alignment { durations, log_likelihood: path.log_likelihood / frames.len() as f64 })
        })
        .collect())
}

/// The sum of `counts` over all of `work`, by chunks in order; `None` when there is no work.
fn accumulate<'a>(
    work: &[(usize, &'a Graph)],
    counts: impl Fn(&(usize, &'a Graph)) -> Counts + Sync,
) -> Option<Counts> {
    let chunks: Vec<Option<Counts>> = work
        .par_chunks(CHUNK)
        .map(|chunk| chunk.iter().map(&counts).reduce(|sum, other| sum.plus(&other)))
        .collect();
    chunks.into_iter().flatten().reduce(|sum, other| sum.plus(&other))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use mynah_signal::Spectrogram;
    use mynah_text::Symbol;
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::{AlignConfig, align};

    const BANDS: usize = 40;

    /// Sentences of this synthetic language.
    const SENTENCES: [&str; 6] = [
        "<bos> S AE1 T / M IY1 N , / L AW1 D . <eos>",
        "<bos> M AE1 S / T IY1 L / N OW1 . <eos>",
        "<bos> L IY1 D ; / S OW1 M / T AE1 N . <eos>",
        "<bos> N AW1 / D AE1 L / M IY1 T / S OW1 . <eos>",
        "<bos> T OW1 N / S IY1 D , / M AW1 L . <eos>",
        "<bos> D IY1 S / L AE1 M / N OW1 T . <eos>",
    ];

    /// Mean distance in frames of a found boundary from the true one.
    const BOUNDARY_TOLERANCE: f64 = 1.0;

    /// The mean log-mel of a symbol: noise that depends on its name, or quiet where there is no phone.
    fn spectrum(symbol: Symbol) -> Vec<f32> {
        if !matches!(symbol, Symbol::Phone(_)) {
            return vec![-9.0; BANDS];
        }
        let name = symbol.to_string();
        let seed = name.bytes().fold(7, |hash, byte| hash * 31 + u64::from(byte));
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        (0..BANDS).map(|_| generator.random_range(-6.0..0.0)).collect()
    }

    /// An utterance with its true durations: phones of 3 to 11 frames, pauses at punctuation, none at most boundaries.
    fn utterance(text: &str, seed: u64) -> (Vec<Symbol>, Spectrogram, Vec<u32>) {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let symbols: Vec<Symbol> = text.split(' ').map(|symbol| symbol.parse().unwrap()).collect();
        let durations: Vec<u32> = symbols
            .iter()
            .map(|symbol| match symbol {
                Symbol::Phone(_) => generator.random_range(3..12),
                Symbol::Boundary => {
                    if generator.random_bool(0.2) {
                        6
                    } else {
                        0
                    }
                }
                _ => generator.random_range(4..15),
            })
            .collect();
        let n: usize = durations.iter().sum::<u32>() as usize;
        let mut data = vec![0.0; BANDS * n];
        let mut t = 0;
        for (symbol, duration) in symbols.iter().zip(&durations) {
            let mean = spectrum(*symbol);
            for _ in 0..*duration {
                for band in 0..BANDS {
                    data[band * n + t] = mean[band] + generator.random_range(-1.5..1.5);
                }
                t += 1;
            }
        }
        (symbols, Spectrogram::new(data, BANDS, n).unwrap(), durations)
    }

    #[test]
    fn known_boundaries_are_found() {
        let corpus: Vec<_> =
            (0..30).map(|seed| utterance(SENTENCES[seed as usize % SENTENCES.len()], seed)).collect();
        let symbols: Vec<&[Symbol]> = corpus.iter().map(|(symbols, ..)| symbols.as_slice()).collect();
        let mut likelihoods = Vec::new();
        let alignments = align(
            &symbols,
            |index| Ok::<_, Infallible>(corpus[index].1.clone()),
            &AlignConfig::default(),
            |_, _, value| likelihoods.push(value),
        )
        .unwrap();
        assert!(likelihoods.last() > likelihoods.first(), "{likelihoods:?}");

        let (mut error, mut count) = (0.0, 0.0);
        for ((symbols, mel, truth), found) in corpus.iter().zip(alignments) {
            let found = found.unwrap().durations;
            assert_eq!(found.iter().sum::<u32>() as usize, mel.n_frames());
            let (mut a, mut b) = (0, 0);
            for (index, symbol) in symbols.iter().enumerate() {
                // The start of every phone behind a phone: the others lie beside symbols that may have no frames.
                let inside = index > 0 && matches!(symbols[index - 1], Symbol::Phone(_));
                if inside && matches!(symbol, Symbol::Phone(_)) {
                    error += f64::from(a).mul_add(1.0, -f64::from(b)).abs();
                    count += 1.0;
                }
                a += truth[index];
                b += found[index];
            }
        }
        assert!(error / count <= BOUNDARY_TOLERANCE, "{} frames over {count} boundaries", error / count);
    }

    #[test]
    fn too_few_frames_cost_one_utterance() {
        let (symbols, mel, _) = utterance(SENTENCES[0], 1);
        let short = Spectrogram::new(vec![0.0; BANDS * 12], BANDS, 12).unwrap();
        let mels = [short, mel];
        let load = |index: usize| Ok::<_, Infallible>(mels[index].clone());
        let found = align(&[&symbols, &symbols], load, &AlignConfig::default(), |_, _, _| {}).unwrap();
        let error = found[0].as_ref().unwrap_err();
        assert_eq!((error.frames, error.symbols, error.needed), (12, 15, 18));
        assert!(found[1].is_ok());
    }
}
