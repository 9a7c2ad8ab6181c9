//! Prepares one clip: `cargo run -p mynah-corpus --example prepare_clip -- CLIP.wav "Its text."`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::error::Error;
use std::{env, fs};

use mynah_corpus::{AudioRecipe, FeatureExtractor};
use mynah_text::{Phonemizer, Pronouncer, Vocabulary};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [path, text] = arguments.as_slice() else { return Err("usage: prepare_clip CLIP TEXT".into()) };

    let phonemized = Phonemizer::new(Pronouncer::new(None)).phonemize(text)?;
    let names: Vec<&str> = phonemized.symbols.iter().map(|symbol| symbol.name()).collect();
    println!("symbols: {}", names.join(" "));
    println!("ids: {:?}", Vocabulary::arpabet().ids(&phonemized.symbols));

    let extractor = FeatureExtractor::new(&AudioRecipe::default())?;
    let features =
        extractor.extract("clip", &fs::read(path)?, path, None).map_err(|problem| problem.message)?;
    println!("mel: {} bins, {} frames", features.mel.n_bins(), features.mel.n_frames());
    println!("median F0: {:?} Hz", features.summary.f0_median_hz);
    println!("loudness: {:?} LUFS", features.summary.loudness_lufs);
    Ok(())
}
