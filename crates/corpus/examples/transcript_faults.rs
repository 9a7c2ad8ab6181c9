//! Rates at which wrong transcripts are found: faults are planted in the texts of a corpus, and the findings counted.
//!
//! Usage: `transcript_faults CORPUS [CLIPS]`, the latter to take only the first so many.

#![expect(clippy::print_stdout, reason = "an example prints")]

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;

use mynah_align::{
    AlignConfig, AlignedSymbols, Doubt, Target, TranscriptFit, align, mel_config, transcript_fits,
};
use mynah_corpus::{AudioRecipe, Corpus, Entry, SourceRecipe};
use mynah_signal::{MelExtractor, Recording, Spectrogram};
use mynah_text::{Phonemized, Phonemizer, Pronouncer};
use rayon::prelude::*;

/// Clips with a planted fault in each trial.
const PLANTED: usize = 20;
/// Trials of each kind of fault.
const TRIALS: u64 = 3;

/// A kind of fault.
#[derive(Clone, Copy)]
enum Fault {
    /// The texts of clips are exchanged.
    Swapped,
    /// So many words in a row are missing in the text.
    Missing(usize),
    /// So many words of another clip are too many in the text.
    Extra(usize),
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [corpus, rest @ ..] = &arguments[..] else {
        return Err("usage: transcript_faults CORPUS [CLIPS]".into());
    };
    let most = rest.first().map_or(Ok(usize::MAX), |count| count.parse())?;
    let corpus = Corpus::open(Path::new(corpus), &SourceRecipe::default())?;
    let mut entries = corpus.list()?.entries;
    entries.truncate(most);
    let recipe = AudioRecipe::default();
    let config = recipe.mel.config(recipe.sample_rate);
    let mel = MelExtractor::new(&mel_config(&config))?;
    let mels = entries
        .par_iter()
        .map(|entry| {
            Ok(mel.log_mel(Recording::read(corpus.root().join(&entry.audio))?.into_samples().as_slice()))
        })
        .collect::<Result<Vec<Spectrogram>, mynah_signal::Error>>()?;
    let seconds_per_frame = config.hop_length as f64 / f64::from(config.sample_rate);
    let texts: Vec<String> = entries.iter().map(|entry| entry.normalized.clone()).collect();

    let clean = fits(&texts, &mels, seconds_per_frame)?;
    println!("{} clips without planted faults", entries.len());
    let found: Vec<usize> = doubtful(&clean);
    println!("found: {} ({:.1} %)", found.len(), percent(found.len(), entries.len()));
    for index in &found {
        describe(&entries[*index], &texts[*index], clean[*index].as_ref());
    }
    let known: BTreeSet<usize> = found.into_iter().collect();
    let faults = [
        ("swapped texts", Fault::Swapped),
        ("1 word missing", Fault::Missing(1)),
        ("2 words missing", Fault::Missing(2)),
        ("3 words missing", Fault::Missing(3)),
        ("5 words missing", Fault::Missing(5)),
        ("1 word too many", Fault::Extra(1)),
        ("2 words too many", Fault::Extra(2)),
        ("3 words too many", Fault::Extra(3)),
        ("5 words too many", Fault::Extra(5)),
    ];
    println!("{:<18} {:>8} {:>12} {:>12}", "fault", "found", "of the whole", "false alarms");
    for (name, fault) in faults {
        let (mut planted, mut hits, mut whole, mut alarms, mut others) = (0, 0, 0, 0, 0);
        for trial in 0..TRIALS {
            let mut texts = texts.clone();
            let chosen = plant(fault, trial, &mut texts);
            let fits = fits(&texts, &mels, seconds_per_frame)?;
            for (index, fit) in fits.iter().enumerate() {
                let doubt = fit.as_ref().and_then(TranscriptFit::doubt);
                if chosen.contains(&index) {
                    planted += 1;
                    hits += usize::from(doubt.is_some());
                    whole += usize::from(doubt == Some(Doubt::Whole));
                } else if !known.contains(&index) {
                    others += 1;
                    alarms += usize::from(doubt.is_some());
                }
            }
        }
        println!(
            "{name:<18} {:>6.1} % {:>10.1} % {:>10.2} %",
            percent(hits, planted),
            percent(whole, planted),
            percent(alarms, others)
        );
    }
    Ok(())
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn doubtful(fits: &[Option<TranscriptFit>]) -> Vec<usize> {
    let is_doubtful = |index: &usize| fits[*index].as_ref().is_some_and(|fit| fit.doubt().is_some());
    (0..fits.len()).filter(is_doubtful).collect()
}

fn describe(entry: &Entry, text: &str, fit: Option<&TranscriptFit>) {
    let Some(fit) = fit else { return };
    println!(
        "  {} overall {:.1}, unwritten {:.1}, unspoken {:.1} at {:.2}-{:.2} s (words {:?}): {text}",
        entry.id, fit.overall, fit.unwritten, fit.unspoken, fit.start_seconds, fit.end_seconds, fit.words
    );
}

/// Aligns the texts and compares them with the recordings.
fn fits(
    texts: &[String],
    mels: &[Spectrogram],
    seconds_per_frame: f64,
) -> Result<Vec<Option<TranscriptFit>>, Box<dyn Error>> {
    let phonemizer = Phonemizer::new(Pronouncer::new(None));
    let phonemized: Vec<Phonemized> =
        texts.iter().map(|text| phonemizer.phonemize(text)).collect::<Result<_, _>>()?;
    let targets: Vec<Target<'_>> = phonemized
        .iter()
        .zip(mels)
        .map(|(phonemized, mel)| Target { symbols: &phonemized.symbols, frames: mel.n_frames() })
        .collect();
    let load = |index: usize| Ok::<_, std::convert::Infallible>(mels[index].clone());
    let alignments = align(&targets, load, &AlignConfig::default(), |_, _, _| {})?;
    let word_index: Vec<Vec<i64>> = phonemized
        .iter()
        .map(|phonemized| phonemized.word_index.iter().map(|word| word.map_or(-1, i64::from)).collect())
        .collect();
    let rows: Vec<AlignedSymbols<'_>> = alignments
        .iter()
        .zip(&phonemized)
        .zip(&word_index)
        .map(|((alignment, phonemized), word_index)| {
            let found = alignment.as_ref().ok();
            AlignedSymbols {
                id: "",
                symbols: &phonemized.symbols,
                durations: found.map_or(&[], |found| &found.durations),
                word_index,
                words: &[],
                symbol_log_likelihoods: &[],
                symbol_margins: found.map_or(&[], |found| &found.symbol_margins),
            }
        })
        .collect();
    Ok(transcript_fits(&rows, seconds_per_frame))
}

/// Plants faults in texts and returns their indices.
fn plant(fault: Fault, trial: u64, texts: &mut [String]) -> BTreeSet<usize> {
    let n = texts.len();
    let original = texts.to_vec();
    // Clips at even distances, other ones in each trial.
    let long = |index: &usize| original[*index].split(' ').count() >= 8;
    let able: Vec<usize> = (0..n).filter(long).collect();
    let planted = PLANTED.min(able.len() / 4);
    let chosen: Vec<usize> =
        (0..planted).map(|k| able[(k * able.len() / planted + 5 * trial as usize) % able.len()]).collect();
    for (k, index) in chosen.iter().enumerate() {
        let mut words: Vec<&str> = original[*index].split(' ').collect();
        let at = 1 + (3 * k + trial as usize) % (words.len() - 6);
        let other: Vec<&str> = original[(index + n / 2) % n].split(' ').collect();
        match fault {
            Fault::Swapped => words = original[chosen[(k + 1) % planted]].split(' ').collect(),
            Fault::Missing(count) => drop(words.drain(at..at + count)),
            Fault::Extra(count) => drop(words.splice(at..at, other.into_iter().cycle().take(count))),
        }
        texts[*index] = words.join(" ");
    }
    chosen.into_iter().collect()
}
