//! Trains a small network on made-up words for ten steps: `cargo run -p mynah-training --example ten_steps`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::borrow::Cow;
use std::error::Error as StdError;
use std::path::Path;

use mynah_text::{Dictionary, Lexicon, pack_dictionary};
use mynah_training::tasks::g2p::{G2pConfig, G2pTask, Lesson};
use mynah_training::{Error, Keep, Observer, Row, Run, RunConfig};

struct Printer;

impl Observer for Printer {
    fn step(&mut self, row: &Row, _logged: bool) -> Result<(), Error> {
        println!("step {}: {:?}", row.step, row.values);
        Ok(())
    }

    fn checkpoint(&mut self, directory: &Path, _validation: Option<&Row>) -> Result<(), Error> {
        println!("wrote {}", directory.file_name().unwrap_or_default().display());
        Ok(())
    }

    fn stop(&self) -> bool {
        false
    }
}

fn main() -> Result<(), Box<dyn StdError>> {
    let syllables = [("ba", "B AA0"), ("to", "T OW0"), ("shi", "SH IY0"), ("mu", "M UW0"), ("ex", "EH2 K S")];
    let lines = syllables.iter().flat_map(|(a, x)| syllables.map(|(b, y)| format!("{a}{b} {x} {y}")));
    let lexicon = Lexicon::parse("made-up", &lines.collect::<Vec<_>>().join("\n"))?;
    let packed = pack_dictionary(&lexicon)?;
    let lesson = Lesson::new(&Dictionary::open(Cow::Owned(packed.words), Cow::Owned(packed.phones))?);

    let config = G2pConfig { hidden: 12, features: 16, batch_letters: 96, ..G2pConfig::default() };
    let directory = tempfile::tempdir()?;
    let schedule = RunConfig { steps: 10, log_every: 1, checkpoint_every: 10, keep: Keep::last(1) };
    Run::new(G2pTask::new(&config, &lesson)?, schedule, directory.path()).train(&mut Printer)?;
    Ok(())
}
