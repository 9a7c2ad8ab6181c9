//! Trains a network that pronounces unknown words on CMUdict for ten steps:
//! `cargo run -p mynah-training --example ten_steps`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use mynah_text::Dictionary;
use mynah_training::tasks::g2p::{G2pConfig, G2pTask, Lesson};
use mynah_training::{Error, Keep, Observer, Row, Run, RunConfig};

struct Printer;

impl Observer for Printer {
    fn step(&mut self, row: &Row, _logged: bool) -> Result<(), Error> {
        println!("step {}: {:?}", row.step, row.values);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let lesson = Lesson::new(Dictionary::cmudict());
    let config = G2pConfig { hidden: 32, features: 32, ..G2pConfig::default() };
    let directory = tempfile::tempdir()?;
    let schedule =
        RunConfig { steps: 10, log_every: 1, checkpoint_every: 10, keep: Keep::last(1), patience: 0 };
    Run::new(G2pTask::new(&config, &lesson)?, schedule, directory.path()).train(&mut Printer)?;
    Ok(())
}
