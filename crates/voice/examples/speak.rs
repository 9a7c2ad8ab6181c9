//! Speaks a text, and writes the wav if it has a name:
//! `cargo run -p mynah-voice --example speak -- VOICE "Hello, world." [hello.wav]`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::env;
use std::error::Error;
use std::path::Path;

use mynah_signal::wav;
use mynah_text::{Phonemizer, Pronouncer};
use mynah_voice::{Device, SpeakConfig, Voice};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [directory, text, out @ ..] = arguments.as_slice() else {
        return Err("usage: speak VOICE TEXT [OUT]".into());
    };

    let voice = Voice::open(Path::new(directory), &Device::Cpu)?;
    let phonemized = Phonemizer::new(Pronouncer::new(None)).phonemize(text)?;
    let waveform = voice.speak(&phonemized.symbols, &phonemized.word_index, &SpeakConfig::default())?;
    println!("{:.2} s of speech", waveform.seconds());
    if let [out] = out {
        wav::write_pcm16(out, &waveform)?;
    }
    Ok(())
}
