//! Alignment of a whole corpus: Viterbi EM, then the best path of every utterance.

use std::ops::Range;

use mynah_signal::{MelConfig, Spectrogram};
use mynah_text::Symbol;
use rayon::prelude::*;

use super::cepstra::{self, Cepstrum, Scaling};
use super::config::AlignConfig;
use super::counts::Counts;
use super::graph::{Graph, Slot, Unit};
use super::model::Model;
use super::ordered::sum_in_order;
use super::tying::Tying;
use super::{spread, viterbi};

/// Version of the method; changing it invalidates earlier alignments.
pub const ALIGN_VERSION: u32 = 4;

/// Analysis window of the aligner.
const WINDOW_SECONDS: f64 = 0.02;

/// Resolution of stored symbol likelihoods, in steps per nat.
const LIKELIHOOD_STEPS: f64 = 1000.0;

/// Durations of one utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// Frames of each symbol, at least 1; their sum is the number of frames.
    pub durations: Vec<u32>,
    /// Mean log-likelihood per frame under the final model, in nats; comparable within one run only. `None` for
    /// imported durations.
    pub log_likelihood: Option<f64>,
    /// Mean log-density of each symbol's frames on the best path, in nats, to three decimals; empty for imported
    /// durations.
    pub symbol_log_likelihoods: Vec<f64>,
    /// Mean difference of each symbol's frames between the log-density in the state on the best path and the largest
    /// one of any state, in nats, to three decimals; 0 if every frame sounds like its symbol, otherwise negative. Empty
    /// for imported durations.
    pub symbol_margins: Vec<f64>,
}

impl Alignment {
    /// Returns the alignment with another tool's durations.
    #[must_use]
    pub fn imported(durations: Vec<u32>) -> Self {
        Self {
            durations,
            log_likelihood: None,
            symbol_log_likelihoods: Vec::new(),
            symbol_margins: Vec::new(),
        }
    }
}

/// Error of an utterance with fewer frames than its symbols need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too few frames for {symbols} symbols: got {frames}, expected at least {needed}")]
pub struct TooFewFrames {
    /// Available frames.
    pub frames: usize,
    /// Number of symbols.
    pub symbols: usize,
    /// Frames needed by the symbols.
    pub needed: usize,
}

/// Returns the frames needed by these symbols: one each, and two for each phone.
#[must_use]
pub fn frames_needed(symbols: &[Symbol]) -> usize {
    Graph::new(symbols).shortest().max(symbols.len())
}

/// An utterance to align.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Symbols from `<bos>` to `<eos>`.
    pub symbols: &'a [Symbol],
    /// Frames of the log-mel spectrogram.
    pub frames: usize,
}

/// Returns the mel configuration that suits the aligner best: that of the dataset with a window of 20 ms.
///
/// The frame positions are unchanged. With the usual window of 46 ms, a boundary spreads over two frames on either
/// side: on sounds with known boundaries (`tests/alignment.rs`) the mean error was 1.05 frames with that window, 0.67
/// with 23 ms, 0.54 with 20 ms and 0.50 with 18 ms, which is less than two periods of a low voice.
#[must_use]
pub fn mel_config(of_dataset: &MelConfig) -> MelConfig {
    let window = (WINDOW_SECONDS * f64::from(of_dataset.sample_rate)) as usize / 2 * 2;
    MelConfig { window_length: window.clamp(2, of_dataset.n_fft), ..of_dataset.clone() }
}

/// Aligns a whole corpus after training on all of it, or on [`AlignConfig::training_frames`] of it.
///
/// `mel` loads the log-mel spectrogram of an utterance, preferably by [`mel_config`]; it is not kept. `progress` is
/// called after every pass with the passes done, the total number of passes, and the mean log-likelihood per frame.
///
/// An utterance with fewer frames than [`frames_needed`] is excluded from training and reported as [`TooFewFrames`];
/// the others are aligned.
///
/// # Errors
///
/// The first error of `mel`.
pub fn align<E: Send>(
    targets: &[Target<'_>],
    mel: impl Fn(usize) -> Result<Spectrogram, E> + Sync,
    config: &AlignConfig,
    mut progress: impl FnMut(u32, u32, f64),
) -> Result<Vec<Result<Alignment, TooFewFrames>>, E> {
    let chosen = choose(targets, config.training_frames);
    let load = |index: usize| mel(index).map(|mel| cepstra::of_utterance(&mel));
    let cepstra: Vec<Vec<Cepstrum>> =
        chosen.par_iter().map(|index| load(*index)).collect::<Result<_, E>>()?;
    let scaling = Scaling::of_corpus(&cepstra);
    let work: Vec<(Graph, &[Cepstrum])> = chosen
        .iter()
        .zip(&cepstra)
        .map(|(index, cepstra)| (Graph::new(targets[*index].symbols), cepstra.as_slice()))
        .filter(|(graph, cepstra)| graph.shortest() <= cepstra.len())
        .collect();
    let model = train(&work, &scaling, config, &mut progress);

    (0..targets.len())
        .into_par_iter()
        .map(|index| {
            let Target { symbols, frames } = targets[index];
            let needed = frames_needed(symbols);
            let too_few = |frames| Ok(Err(TooFewFrames { frames, symbols: symbols.len(), needed }));
            if frames < needed {
                return too_few(frames);
            }
            let loaded;
            let cepstra: &[Cepstrum] = if let Ok(place) = chosen.binary_search(&index) {
                &cepstra[place]
            } else {
                loaded = load(index)?;
                &loaded
            };
            if cepstra.len() < needed {
                return too_few(cepstra.len());
            }
            Ok(Ok(align_one(symbols, &model, &scaling, cepstra)))
        })
        .collect()
}

/// Returns the utterances to train on, in order: all that can be aligned, or an evenly spaced subset if they have more
/// than `most` frames.
fn choose(targets: &[Target<'_>], most: u64) -> Vec<usize> {
    let able: Vec<usize> = (0..targets.len())
        .filter(|index| targets[*index].frames >= frames_needed(targets[*index].symbols))
        .collect();
    let frames: u64 = able.iter().map(|index| targets[*index].frames as u64).sum();
    if frames <= most {
        return able;
    }
    // Of n utterances, the i-th is taken where i times the share passes a whole number.
    let n = able.len() as u64;
    let keep = (u128::from(n) * u128::from(most) / u128::from(frames)).max(1) as u64;
    let passed = |i: u64| u128::from(i) * u128::from(keep) / u128::from(n);
    able.into_iter().zip(0..).filter(|(_, i)| passed(i + 1) > passed(*i)).map(|(index, _)| index).collect()
}

/// Runs Viterbi EM over all steps.
pub(super) fn train(
    work: &[(Graph, &[Cepstrum])],
    scaling: &Scaling,
    config: &AlignConfig,
    progress: &mut impl FnMut(u32, u32, f64),
) -> Model {
    let mut model = Model::standard();
    let flat = sum_in_order(
        work,
        || Counts::new(&model),
        |mut counts, (graph, cepstra)| {
            counts.add_flat(&model, graph, &scaling.frames(cepstra));
            counts
        },
        Counts::plus,
    );
    let Some(flat) = flat else { return model };
    model.update(&flat, config);

    let steps = config.steps();
    let total: u32 = steps.iter().map(|(.., passes)| passes).sum();
    let mut done = 0;
    let mut latest: Option<Counts> = None;
    for (tying, gaussians, passes) in steps {
        model = match &latest {
            Some(counts) if model.tying() == tying && gaussians > 1 => model.grow(counts, gaussians, config),
            _ => model.untie(tying),
        };
        // From here on, the states of a phone are distinguished.
        let mut alike = tying == Tying::State && gaussians == 1;
        for _ in 0..passes {
            let counts = sum_in_order(
                work,
                || Counts::new(&model),
                |mut counts, (graph, cepstra)| {
                    let frames = scaling.frames(cepstra);
                    let path = viterbi::best_path(graph, &model, &frames);
                    let path = if alike { path.dealt_evenly(graph) } else { path };
                    counts.add_path(&model, graph, &path, &frames);
                    counts
                },
                Counts::plus,
            );
            let Some(counts) = counts else { break };
            done += 1;
            progress(done, total, counts.log_likelihood_per_frame());
            model.update(&counts, config);
            alike = false;
            latest = Some(counts);
        }
    }
    model
}

fn align_one(symbols: &[Symbol], model: &Model, scaling: &Scaling, cepstra: &[Cepstrum]) -> Alignment {
    align_with_speech(symbols, model, scaling, cepstra).0
}

/// Aligns one utterance, which must have at least [`frames_needed`] frames, and returns the frames from its first to its
/// last phone too. They may exceed those of the symbols: a pause without a frame takes one from its neighbor.
pub(super) fn align_with_speech(
    symbols: &[Symbol],
    model: &Model,
    scaling: &Scaling,
    cepstra: &[Cepstrum],
) -> (Alignment, Range<usize>) {
    let graph = Graph::new(symbols);
    let frames = scaling.frames(cepstra);
    let path = viterbi::best_path(&graph, model, &frames);
    let slot_frames = path.slot_frames(&graph);
    let is_phone = |slot: &Slot| slot.unit != Unit::Pause;
    let before = |slot: usize| slot_frames[..slot].iter().sum::<u32>() as usize;
    let first = graph.slots.iter().position(is_phone).map_or(0, before);
    let last = graph.slots.iter().rposition(is_phone).map_or(0, |slot| before(slot + 1));
    let durations = spread::durations(&graph, &slot_frames, symbols);
    let best = model.best_densities(&frames);
    let emitted = || path.emitted.iter().map(|value| f64::from(*value));
    let symbol_log_likelihoods = means(&durations, emitted());
    let symbol_margins = means(&durations, emitted().zip(&best).map(|(own, best)| own - f64::from(*best)));
    let log_likelihood = Some(path.log_likelihood / cepstra.len() as f64);
    (Alignment { durations, log_likelihood, symbol_log_likelihoods, symbol_margins }, first..last)
}

/// Returns the mean of the values of each symbol's frames.
fn means(durations: &[u32], mut values: impl Iterator<Item = f64>) -> Vec<f64> {
    let of_symbol = |duration: &u32| {
        let sum: f64 = values.by_ref().take(*duration as usize).sum();
        (sum / f64::from(*duration) * LIKELIHOOD_STEPS).round() / LIKELIHOOD_STEPS
    };
    durations.iter().map(of_symbol).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::convert::Infallible;

    use mynah_signal::Spectrogram;
    use mynah_text::Symbol;
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::{AlignConfig, Target, align, choose, frames_needed};

    const BANDS: usize = 40;

    /// Sentences of a synthetic language.
    pub(in crate::hmm) const SENTENCES: [&str; 6] = [
        "<bos> S AE1 T / M IY1 N , / L AW1 D . <eos>",
        "<bos> M AE1 S / T IY1 L / N OW1 . <eos>",
        "<bos> L IY1 D ; / S OW1 M / T AE1 N . <eos>",
        "<bos> N AW1 / D AE1 L / M IY1 T / S OW1 . <eos>",
        "<bos> T OW1 N / S IY1 D , / M AW1 L . <eos>",
        "<bos> D IY1 S / L AE1 M / N OW1 T . <eos>",
    ];

    /// Mean distance in frames between found and true boundaries.
    const BOUNDARY_TOLERANCE: f64 = 1.0;

    /// Smoothing of counted transition probabilities may cost a little likelihood.
    const LIKELIHOOD_TOLERANCE: f64 = 5e-3;

    /// Returns the mean log-mel of a symbol: noise that depends on its name, or quiet for symbols that are not phones.
    fn spectrum(symbol: Symbol) -> Vec<f32> {
        if !matches!(symbol, Symbol::Phone(_)) {
            return vec![-9.0; BANDS];
        }
        let name = symbol.to_string();
        let seed = name.bytes().fold(7, |hash, byte| hash * 31 + u64::from(byte));
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        (0..BANDS).map(|_| generator.random_range(-6.0..0.0)).collect()
    }

    /// Generates an utterance with its true durations: phones of 3 to 11 frames, pauses at punctuation, none at most
    /// boundaries.
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

    fn targets(corpus: &[(Vec<Symbol>, Spectrogram, Vec<u32>)]) -> Vec<Target<'_>> {
        corpus.iter().map(|(symbols, mel, _)| Target { symbols, frames: mel.n_frames() }).collect()
    }

    #[test]
    fn finds_known_boundaries() {
        let corpus: Vec<_> =
            (0..30).map(|seed| utterance(SENTENCES[seed as usize % SENTENCES.len()], seed)).collect();
        let mut likelihoods = Vec::new();
        let alignments = align(
            &targets(&corpus),
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
                // Starts of phones that follow a phone: the others are adjacent to symbols that may have no frames.
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
    fn too_few_frames_affect_one_utterance_only() {
        let (symbols, mel, _) = utterance(SENTENCES[0], 1);
        let short = Spectrogram::new(vec![0.0; BANDS * 12], BANDS, 12).unwrap();
        let mels = [short, mel];
        let load = |index: usize| Ok::<_, Infallible>(mels[index].clone());
        let targets = [0, 1].map(|index: usize| Target { symbols: &symbols, frames: mels[index].n_frames() });
        let found = align(&targets, load, &AlignConfig::default(), |_, _, _| {}).unwrap();
        let error = found[0].as_ref().unwrap_err();
        assert_eq!((error.frames, error.symbols, error.needed), (12, 15, 18));
        assert!(found[1].is_ok());
    }

    #[test]
    fn trains_on_a_subset_and_aligns_everything() {
        let corpus: Vec<_> =
            (0..30).map(|seed| utterance(SENTENCES[seed as usize % SENTENCES.len()], seed)).collect();
        let targets = targets(&corpus);
        let total: u64 = targets.iter().map(|target| target.frames as u64).sum();
        assert_eq!(choose(&targets, total).len(), 30);
        assert_eq!(choose(&targets, total - 1).len(), 29);
        assert_eq!(choose(&targets, 1), [29]);
        let half = choose(&targets, total / 2);
        assert!((14..=15).contains(&half.len()) && half.is_sorted());

        let config = AlignConfig { training_frames: total / 2, ..AlignConfig::default() };
        let load = |index: usize| Ok::<_, Infallible>(corpus[index].1.clone());
        for (found, target) in align(&targets, load, &config, |_, _, _| {}).unwrap().iter().zip(&targets) {
            let found = found.as_ref().unwrap();
            assert_eq!(found.durations.iter().sum::<u32>() as usize, target.frames);
            assert_eq!(found.symbol_log_likelihoods.len(), target.symbols.len());
            assert_eq!(found.symbol_margins.len(), target.symbols.len());
            assert!(found.symbol_margins.iter().all(|margin| *margin <= 0.0), "{:?}", found.symbol_margins);
        }
    }

    #[test]
    fn the_likelihood_increases_within_a_step() {
        let corpus: Vec<_> =
            (0..30).map(|seed| utterance(SENTENCES[seed as usize % SENTENCES.len()], seed)).collect();
        // Almost no smoothing: with more, the likelihood of the data may decrease while that of the model increases.
        let config = AlignConfig { prior_frames: 1e-3, frames_per_gaussian: 20.0, ..AlignConfig::default() };
        let mut values = Vec::new();
        let load = |index: usize| Ok::<_, Infallible>(corpus[index].1.clone());
        align(&targets(&corpus), load, &config, |_, _, value| values.push(value)).unwrap();
        let passes: Vec<usize> = config.steps().iter().map(|(.., passes)| *passes as usize).collect();
        assert_eq!(values.len(), passes.iter().sum::<usize>());
        let mut rest = values.as_slice();
        for passes in passes {
            let (step, others) = rest.split_at(passes);
            for pair in step.windows(2) {
                assert!(pair[1] > pair[0] - LIKELIHOOD_TOLERANCE, "{values:?}");
            }
            rest = others;
        }
    }

    #[test]
    fn rejects_invalid_settings_by_name() {
        let good = AlignConfig::default();
        assert_eq!(good.check(), Ok(()));
        for (bad, name) in [
            (AlignConfig { prior_frames: 0.0, ..good.clone() }, "prior_frames"),
            (AlignConfig { variance_floor: f64::NAN, ..good.clone() }, "variance_floor"),
            (AlignConfig { frames_per_gaussian: -1.0, ..good.clone() }, "frames_per_gaussian"),
            (AlignConfig { max_gaussians: 0, ..good.clone() }, "max_gaussians"),
            (AlignConfig { training_frames: 0, ..good.clone() }, "training_frames"),
        ] {
            assert!(bad.check().unwrap_err().contains(name));
        }
        assert_eq!(frames_needed(&utterance(SENTENCES[0], 1).0), 18);
    }
}
