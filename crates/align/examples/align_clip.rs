//! Aligns a corpus in LJSpeech layout and prints a clip: `cargo run -p mynah-align --example align_clip -- CORPUS ID`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::{convert::Infallible, env, error::Error, fs, iter};

use mynah_align::{AlignConfig, Target, align, mel_config};
use mynah_signal::{MelExtractor, MelProfile, wav};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().collect();
    let [_, corpus, wanted] = &arguments[..] else { return Err("usage: align_clip CORPUS ID".into()) };
    let phonemizer = mynah_text::Phonemizer::new(mynah_text::Pronouncer::new(None));
    let extractor = MelExtractor::new(&mel_config(&MelProfile::Vits.config(22_050)))?;
    let mut clips = Vec::new();
    for line in fs::read_to_string(format!("{corpus}/metadata.csv"))?.lines() {
        let [id, _, text] = line.split('|').collect::<Vec<_>>()[..] else { return Err(line.into()) };
        let wav = wav::read(format!("{corpus}/wavs/{id}.wav"))?;
        clips.push((id.to_owned(), phonemizer.phonemize(text)?.symbols, extractor.log_mel(wav.samples())));
    }
    let target = clips.iter().map(|(_, symbols, mel)| Target { symbols, frames: mel.n_frames() });
    let load = |index: usize| Ok::<_, Infallible>(clips[index].2.clone());
    let alignments = align(&target.collect::<Vec<_>>(), load, &AlignConfig::default(), |_, _, _| {})?;
    let index = clips.iter().position(|(id, ..)| id == wanted).ok_or("no such clip")?;
    for (symbol, frames) in iter::zip(&clips[index].1, alignments[index].clone()?.durations) {
        println!("{:>5}  {frames} frames", symbol.name());
    }
    Ok(())
}
