//! Speed of encoding, in words per second of processor time.
//!
//! ```text
//! cut -d'|' -f2 LJSpeech-1.1/metadata.csv > texts.txt
//! cargo run --release -p mynah-text --example encode_speed -- texts.txt 40
//! ```
//!
//! Encodes the lines of a file as often as asked, with one [`BulkEncoder`], after one pass that fills its cache. Files,
//! startup and the network are not part of the figure; `mynah-prepare text` has them too.

#![expect(clippy::print_stdout, reason = "the program's purpose")]

use std::error::Error;
use std::{env, fs};

use mynah_text::{BulkEncoder, Encoded, Pronouncer, normalize};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [path, passes] = arguments.as_slice() else {
        return Err("usage: encode_speed TEXTS.txt PASSES".into());
    };
    let (text, passes) = (fs::read_to_string(path)?, passes.parse::<usize>()?);
    let pronouncer = Pronouncer::new(None);
    let mut encoder = BulkEncoder::new(&pronouncer, None)?;
    let mut pass = |count: usize| -> Result<(u64, f64), Box<dyn Error>> {
        let (begin, mut words) = (processor_seconds()?, 0);
        for _ in 0..count {
            for line in text.lines() {
                let mut encoded = Encoded::default();
                if encoder.encode(line, &mut encoded).is_ok() {
                    words += encoded.words;
                }
            }
        }
        Ok((words, processor_seconds()? - begin))
    };
    let (words, first) = pass(1)?;
    println!("first pass: {words} words, {first:.2} s of processor time");
    let (words, seconds) = pass(passes)?;
    let begin = processor_seconds()?;
    let tokens: usize =
        (0..passes).map(|_| text.lines().map(|line| normalize(line).tokens.len()).sum::<usize>()).sum();
    let normalizing = processor_seconds()? - begin;
    let per_second = |seconds: f64| words as f64 / seconds / 1e6;
    println!(
        "{words} words, {seconds:.2} s: {:.2} million words per second; normalization alone {:.2} ({tokens} tokens)",
        per_second(seconds),
        per_second(normalizing)
    );
    Ok(())
}

/// Returns the processor time of this process, as counted by Linux.
fn processor_seconds() -> Result<f64, Box<dyn Error>> {
    /// Unit of time in `/proc`.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks =
        |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).ok_or("no times in /proc");
    Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}
