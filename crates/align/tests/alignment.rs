//! The aligner on sounds with known boundaries, through the real spectrogram.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::convert::Infallible;
use std::f64::consts::TAU;

use mynah_align::{AlignConfig, Alignment, Target, align, mel_config};
use mynah_signal::{MelExtractor, MelProfile, Spectrogram};
use mynah_text::Symbol;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

const RATE: u32 = 22_050;
const HOP: usize = 256;
const UTTERANCES: u64 = 60;

/// Mean distance in frames between found and true boundaries.
const BOUNDARY_TOLERANCE: f64 = 1.0;
/// Largest bias of the aligner in frames, late or early; it was 0.6 early when the first state of a phone was trained
/// on nothing but the first frame.
const LEAN_TOLERANCE: f64 = 0.2;

/// Sounds of a small language: vowels and nasals are harmonics with two resonances, fricatives are noise around a
/// frequency, stops a closure and a burst.
#[derive(Clone, Copy)]
enum Sound {
    Voiced { pitch_hz: f64, resonances_hz: [f64; 2], level: f64 },
    Noise { center_hz: f64, width_hz: f64, level: f64 },
    Stop { center_hz: f64 },
    Silence,
}

fn sound(symbol: Symbol) -> Sound {
    let Symbol::Phone(phone) = symbol else { return Sound::Silence };
    let voiced = |low, high, level| Sound::Voiced { pitch_hz: 190.0, resonances_hz: [low, high], level };
    match phone.without_stress() {
        "AA" => voiced(750.0, 1200.0, 0.25),
        "IY" => voiced(300.0, 2600.0, 0.2),
        "UW" => voiced(320.0, 900.0, 0.2),
        "EH" => voiced(550.0, 1900.0, 0.22),
        "M" => voiced(250.0, 1050.0, 0.06),
        "N" => voiced(280.0, 1600.0, 0.06),
        "L" => voiced(400.0, 1300.0, 0.1),
        "S" => Sound::Noise { center_hz: 7000.0, width_hz: 2500.0, level: 0.08 },
        "SH" => Sound::Noise { center_hz: 3500.0, width_hz: 1500.0, level: 0.1 },
        "F" => Sound::Noise { center_hz: 5000.0, width_hz: 6000.0, level: 0.02 },
        "T" => Sound::Stop { center_hz: 4500.0 },
        "K" => Sound::Stop { center_hz: 1800.0 },
        other => panic!("`{other}` is not in this language"),
    }
}

/// Words of this language.
const WORDS: [&str; 12] = [
    "S IY1 M",
    "T AA1 K",
    "L UW1 N",
    "SH EH1 F",
    "K IY1 L",
    "M AA1 S T",
    "F UW1 L",
    "N EH1 T",
    "S L AA1 M",
    "T UW1 SH",
    "EH1 F IY0",
    "K AA1 N S EH0 L",
];

struct Utterance {
    symbols: Vec<Symbol>,
    mel: Spectrogram,
    /// Start of each symbol in frames, and the end of the last.
    boundaries: Vec<f64>,
}

/// Generates five to eight words, some followed by a comma; phones of 30 to 160 ms, pauses of 100 to 400 ms at
/// punctuation and at one boundary in five, none at the others.
fn utterance(seed: u64, mel: &MelExtractor) -> Utterance {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let mut text = "<bos>".to_owned();
    let n_words = generator.random_range(5..9);
    for index in 0..n_words {
        text.push(' ');
        text.push_str(WORDS[generator.random_range(0..WORDS.len())]);
        if index + 1 < n_words {
            text.push_str(if generator.random_bool(0.2) { " , /" } else { " /" });
        }
    }
    text.push_str(" . <eos>");
    let symbols: Vec<Symbol> = text.split(' ').map(|symbol| symbol.parse().unwrap()).collect();
    let mut samples: Vec<f32> = Vec::new();
    let mut boundaries = vec![0.0];
    for (index, symbol) in symbols.iter().enumerate() {
        let behind_mark = index > 0 && matches!(symbols[index - 1], Symbol::Punctuation(_));
        let seconds = match symbol {
            Symbol::Phone(_) => generator.random_range(0.04..0.16),
            Symbol::Boundary if behind_mark || generator.random_bool(0.8) => 0.0,
            Symbol::End => 0.0,
            _ => generator.random_range(0.1..0.4),
        };
        synthesize(sound(*symbol), seconds, &mut samples, &mut generator);
        boundaries.push(samples.len() as f64 / HOP as f64);
    }
    Utterance { symbols, mel: mel.log_mel(&samples), boundaries }
}

fn synthesize(sound: Sound, seconds: f64, out: &mut Vec<f32>, generator: &mut ChaCha8Rng) {
    let n = (seconds * f64::from(RATE)) as usize;
    let begin = out.len();
    let noise_floor = 3e-4;
    for t in 0..n {
        let time = (begin + t) as f64 / f64::from(RATE);
        let value = match sound {
            Sound::Voiced { pitch_hz, resonances_hz, level } => {
                let mut sum = 0.0;
                let mut harmonic = pitch_hz;
                while harmonic < 5000.0 {
                    let gain: f64 = resonances_hz
                        .iter()
                        .map(|center| 1.0 / (1.0 + ((harmonic - center) / 120.0).powi(2)))
                        .sum();
                    sum += gain * (TAU * harmonic * time).sin();
                    harmonic += pitch_hz;
                }
                level * sum
            }
            Sound::Silence | Sound::Noise { .. } | Sound::Stop { .. } => 0.0,
        };
        out.push((value + noise_floor * generator.random_range(-1.0..1.0)) as f32);
    }
    match sound {
        Sound::Noise { center_hz, width_hz, level } => {
            add_noise(&mut out[begin..], center_hz, width_hz, level, generator);
        }
        // The burst is the last third.
        Sound::Stop { center_hz } => {
            add_noise(&mut out[begin + 2 * n / 3..], center_hz, 2500.0, 0.12, generator);
        }
        _ => {}
    }
}

/// Adds noise around a frequency: tones of random phase, 40 Hz apart.
fn add_noise(out: &mut [f32], center_hz: f64, width_hz: f64, level: f64, generator: &mut ChaCha8Rng) {
    let n = (width_hz / 40.0) as usize;
    let tones: Vec<(f64, f64)> = (0..n)
        .map(|index| {
            let frequency =
                center_hz - width_hz / 2.0 + 40.0 * index as f64 + generator.random_range(0.0..40.0);
            (frequency, generator.random_range(0.0..TAU))
        })
        .collect();
    let scale = level * (2.0 / n as f64).sqrt();
    for (t, value) in out.iter_mut().enumerate() {
        let time = t as f64 / f64::from(RATE);
        let sum: f64 = tones.iter().map(|(frequency, phase)| (TAU * frequency * time + phase).sin()).sum();
        *value += (scale * sum) as f32;
    }
}

fn corpus() -> Vec<Utterance> {
    let mel = MelExtractor::new(&mel_config(&MelProfile::Vits.config(RATE))).unwrap();
    (0..UTTERANCES).map(|seed| utterance(seed, &mel)).collect()
}

fn align_all(corpus: &[Utterance], config: &AlignConfig) -> Vec<Alignment> {
    let targets: Vec<Target<'_>> = corpus
        .iter()
        .map(|utterance| Target { symbols: &utterance.symbols, frames: utterance.mel.n_frames() })
        .collect();
    let load = |index: usize| Ok::<_, Infallible>(corpus[index].mel.clone());
    let found = align(&targets, load, config, |_, _, _| {}).unwrap();
    found.into_iter().map(Result::unwrap).collect()
}

/// Returns the delays in frames of the found boundaries: those between phones of a word, and those where a pause
/// begins.
fn delays(corpus: &[Utterance], found: &[Alignment]) -> (Vec<f64>, Vec<f64>) {
    let (mut inside, mut pauses) = (Vec::new(), Vec::new());
    for (utterance, alignment) in corpus.iter().zip(found) {
        let mut frame = 0;
        for (index, duration) in alignment.durations.iter().enumerate() {
            let is_phone = |index: usize| matches!(utterance.symbols.get(index), Some(Symbol::Phone(_)));
            let delay = f64::from(frame) - utterance.boundaries[index];
            let length = |index: usize| utterance.boundaries[index + 1] - utterance.boundaries[index];
            if is_phone(index) && index > 0 && is_phone(index - 1) {
                inside.push(delay);
            } else if index > 0 && is_phone(index - 1) && length(index) > 0.0 {
                // Starts of pauses only; their ends are blurred by the silent symbols that follow.
                pauses.push(delay);
            }
            frame += duration;
        }
    }
    (inside, pauses)
}

/// Returns the same sounds played backwards.
fn reversed(utterance: &Utterance) -> Utterance {
    let Utterance { symbols, mel, boundaries } = utterance;
    let rows = (0..mel.n_bins()).flat_map(|bin| mel.row(bin).iter().rev().copied()).collect();
    let swap = |symbol: &Symbol| match symbol {
        Symbol::Begin => Symbol::End,
        Symbol::End => Symbol::Begin,
        other => *other,
    };
    Utterance {
        symbols: symbols.iter().rev().map(swap).collect(),
        mel: Spectrogram::new(rows, mel.n_bins(), mel.n_frames()).unwrap(),
        boundaries: boundaries.iter().rev().map(|boundary| mel.n_frames() as f64 - boundary).collect(),
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn finds_known_boundaries_within_a_frame() {
    let corpus = corpus();
    for max_gaussians in [1, 8] {
        let found = align_all(&corpus, &AlignConfig { max_gaussians, ..AlignConfig::default() });
        for (utterance, alignment) in corpus.iter().zip(&found) {
            assert_eq!(alignment.durations.iter().sum::<u32>() as usize, utterance.mel.n_frames());
            assert!(alignment.durations.iter().all(|duration| *duration >= 1));
        }
        let (inside, pauses) = delays(&corpus, &found);
        assert!(inside.len() > 700 && pauses.len() > 100, "{} {}", inside.len(), pauses.len());
        let distance = |delays: &[f64]| mean(&delays.iter().map(|delay| delay.abs()).collect::<Vec<_>>());
        let (inside, pauses) = (distance(&inside), distance(&pauses));
        assert!(
            inside <= BOUNDARY_TOLERANCE && pauses <= BOUNDARY_TOLERANCE,
            "{inside} frames inside words and {pauses} at pauses with {max_gaussians} Gaussians"
        );
    }
}

#[test]
fn boundaries_are_unbiased() {
    let corpus = corpus();
    let backwards: Vec<Utterance> = corpus.iter().map(reversed).collect();
    let config = AlignConfig::default();
    let delay = |corpus: &[Utterance]| mean(&delays(corpus, &align_all(corpus, &config)).0);
    // The effect of the sounds themselves changes sign with the direction; that of the aligner does not.
    let lean = 0.5 * (delay(&corpus) + delay(&backwards));
    assert!(lean.abs() <= LEAN_TOLERANCE, "{lean} frames");
}

#[test]
fn the_result_does_not_depend_on_the_threads() {
    let corpus = corpus();
    let with_threads = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| align_all(&corpus[..20], &AlignConfig::default()))
    };
    let one = with_threads(1);
    for n in [2, 5] {
        assert_eq!(with_threads(n), one, "{n} threads");
    }
}
