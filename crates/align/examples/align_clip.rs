//! Aligns a clip of a corpus in LJSpeech layout: `cargo run -p mynah-align --example align_clip -- CORPUS ID`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::convert::Infallible;
use std::error::Error;
use std::{env, fs, iter};

use mynah_align::{AlignConfig, Target, align, mel_config};
use mynah_signal::{MelExtractor, MelProfile, wav};
use mynah_text::{Phonemizer, Pronouncer};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [corpus, wanted] = arguments.as_slice() else { return Err("usage: align_clip CORPUS ID".into()) };

    let phonemizer = Phonemizer::new(Pronouncer::new(None));
    let extractor = MelExtractor::new(&mel_config(&MelProfile::Vits.config(22_050)))?;
    let (mut ids, mut symbols, mut mels) = (Vec::new(), Vec::new(), Vec::new());
    for line in fs::read_to_string(format!("{corpus}/metadata.csv"))?.lines() {
        let mut fields = line.split('|').map(str::to_owned);
        let (id, text) = (fields.next().unwrap_or_default(), fields.nth(1).unwrap_or_default());
        symbols.push(phonemizer.phonemize(&text)?.symbols);
        mels.push(extractor.log_mel(wav::read(format!("{corpus}/wavs/{id}.wav"))?.samples()));
        ids.push(id);
    }
    let targets = iter::zip(&symbols, &mels).map(|(symbols, mel)| Target { symbols, frames: mel.n_frames() });
    let targets: Vec<Target<'_>> = targets.collect();
    let load = |index: usize| Ok::<_, Infallible>(mels[index].clone());
    let alignments = align(&targets, load, &AlignConfig::default(), |_, _, _| {})?;

    let index = ids.iter().position(|id| id == wanted).ok_or("no such clip")?;
    for (symbol, frames) in iter::zip(&symbols[index], alignments[index].clone()?.durations) {
        println!("{:>5}  {frames} frames", symbol.name());
    }
    Ok(())
}
