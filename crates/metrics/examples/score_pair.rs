//! Scores speech against a recording: `cargo run -p mynah-metrics --example score_pair -- RECORDING.wav SPEECH.wav`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::env;
use std::error::Error;

use mynah_metrics::{all, score_item};
use mynah_signal::wav;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [recording, speech] = arguments.as_slice() else {
        return Err("usage: score_pair RECORDING SPEECH".into());
    };

    let (recording, speech) = (wav::read(recording)?, wav::read(speech)?);
    for row in score_item("mine", None, "clip", &recording, Ok(&speech), all()) {
        match (row.value, row.reason) {
            (Some(value), _) => println!("{}: {value:.3} {}", row.profile, row.unit),
            (None, reason) => println!("{}: {}", row.profile, reason.unwrap_or_default()),
        }
    }
    Ok(())
}
