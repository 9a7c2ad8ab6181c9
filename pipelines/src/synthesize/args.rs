//! The command line of `mynah-synthesize`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use mynah_cli::{Completions, ManPages};
use mynah_corpus::Split;
use mynah_voice::{Error, SpeakConfig};

use super::{batch, text};
use crate::device::Device;
use crate::pronunciation::{Backend, Reading};
use crate::threads::Threads;

const ALL: &str = "\
Example:
  mynah-synthesize text --voice voices/first --out hello.wav \"Hello, world.\"

`mynah-synthesize help COMMAND` has more.";
const TEXT: &str = "\
Example:
  mynah-synthesize text --voice voices/first --out hello.wav \"Hello, world.\"";
const BATCH: &str = "\
Example:
  mynah-synthesize batch --voice voices/first --data data/mine --split test --out spoken/first

Exit status: 0 when every sentence was spoken, 1 when one failed (OUT/synthesis.jsonl has the
reason), 2 on an error.";
const COMPLETIONS: &str = "\
Example:
  mynah-synthesize completions bash > ~/.local/share/bash-completion/completions/mynah-synthesize";
const MAN: &str = "\
Example:
  mynah-synthesize man --out ~/.local/share/man/man1";

/// Speaks with a voice that `mynah-train export` or `mynah-train import` made.
#[derive(Debug, Parser)]
#[command(name = "mynah-synthesize", version, after_help = ALL)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

impl Args {
    /// Runs the subcommand.
    ///
    /// # Errors
    ///
    /// Returns the error that stopped the subcommand.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Text(args) => {
                let speak = args.voice.prepare()?;
                let TextArgs { voice, out, text, backend, lexicon, reading } = args;
                let backend = backend.map(Into::into);
                text::run(&text::Settings {
                    voice: voice.voice,
                    device: voice.device,
                    speak,
                    out,
                    text,
                    backend,
                    lexicon,
                    normalizer: reading.normalizer()?,
                })
            }
            Command::Batch(args) => {
                let speak = args.voice.prepare()?;
                let BatchArgs { voice, data, split, out } = args;
                let VoiceArgs { voice, device, .. } = voice;
                batch::run(&batch::Settings { voice, device, speak, data, split: split.into(), out })
            }
            Command::Completions(args) => args.run::<Self>(),
            Command::Man(args) => args.run::<Self>(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Speak a text into one wav
    #[command(after_help = TEXT)]
    Text(TextArgs),
    /// Speak the sentences of a dataset's split, one wav each, and record the time that each takes
    #[command(after_help = BATCH)]
    Batch(BatchArgs),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Write man pages: one for the program and one for each subcommand
    #[command(after_help = MAN)]
    Man(ManPages),
}

#[derive(Debug, ClapArgs)]
struct VoiceArgs {
    /// Voice
    #[arg(long, value_name = "VOICE")]
    voice: PathBuf,
    /// Variation of the speech between seeds: 0 is the mean, 1 the learned variation
    #[arg(long, value_name = "X", default_value_t = SpeakConfig::default().noise_scale)]
    noise_scale: f64,
    /// Variation of the durations between seeds, in imported VITS voices, which sample durations
    #[arg(long, value_name = "X", default_value_t = SpeakConfig::default().duration_noise_scale)]
    duration_noise_scale: f64,
    /// Factor of all durations, from 0.01 to 100: above 1 is slower
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    length_scale: f64,
    /// Seed of the variation
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[arg(long, value_name = "DEVICE", default_value = "cpu", help = Device::HELP)]
    device: Device,
    #[command(flatten)]
    threads: Threads,
}

impl VoiceArgs {
    fn prepare(&self) -> anyhow::Result<SpeakConfig> {
        self.threads.start()?;
        let Self { noise_scale, duration_noise_scale, length_scale, seed, .. } = *self;
        let config = SpeakConfig { noise_scale, duration_noise_scale, length_scale, seed };
        config.validate().map_err(|error| match error {
            Error::Config { key, why } => anyhow::anyhow!("--{}: {why}", key.replace('_', "-")),
            other => other.into(),
        })?;
        Ok(config)
    }
}

#[derive(Debug, ClapArgs)]
struct TextArgs {
    #[command(flatten)]
    voice: VoiceArgs,
    /// File for the wav
    #[arg(long, value_name = "OUT.wav")]
    out: PathBuf,
    /// Source of the pronunciations that the lexicon lacks; by default that of the voice's training, and the dictionary for
    /// imported voices
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Lexicon of your own pronunciations, `word PH PH …` per line
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Text
    text: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SplitName {
    /// Sentences that the model was trained on
    Train,
    /// Sentences that the training was validated on
    Validation,
    /// Sentences that the model has never seen
    Test,
}

impl From<SplitName> for Split {
    fn from(name: SplitName) -> Self {
        match name {
            SplitName::Train => Self::Train,
            SplitName::Validation => Self::Validation,
            SplitName::Test => Self::Test,
        }
    }
}

#[derive(Debug, ClapArgs)]
struct BatchArgs {
    #[command(flatten)]
    voice: VoiceArgs,
    /// Dataset whose sentences are spoken
    #[arg(long, value_name = "DATASET")]
    data: PathBuf,
    /// Split of the sentences
    #[arg(long, value_enum, default_value = "test")]
    split: SplitName,
    /// Directory for the wavs
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Args;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
