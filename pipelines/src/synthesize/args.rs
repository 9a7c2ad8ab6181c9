//! The command line of `mynah-synthesize`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use mynah_corpus::Split;
use mynah_voice::{Error, SpeakConfig};

use super::{batch, text};
use crate::device::Device;
use crate::prepare::Backend;
use crate::program::use_threads;

const ALL: &str = "\
Example:
  mynah-synthesize text --voice voices/first --out hello.wav \"Hello, world.\"

`mynah-synthesize help COMMAND` has more of them.";
const TEXT: &str = "\
Example:
  mynah-synthesize text --voice voices/first --out hello.wav \"Hello, world.\"";
const BATCH: &str = "\
Example:
  mynah-synthesize batch --voice voices/first --data data/mine --split test --out spoken/first

Exit status: 0 when every sentence was spoken, 1 when one failed (OUT/synthesis.jsonl says why), 2 on
an error.";

/// Speaks with a voice that `mynah-train export` or `mynah-train import` made.
#[derive(Debug, Parser)]
#[command(name = "mynah-synthesize", version, after_help = ALL)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

impl Args {
    /// Does what the command line says.
    ///
    /// # Errors
    ///
    /// Whatever keeps the subcommand from its result.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Text(args) => {
                let speak = args.voice.prepare()?;
                let TextArgs { voice, out, text, backend, lexicon } = args;
                let backend = backend.map(Into::into);
                text::run(&text::Settings {
                    voice: voice.voice,
                    device: voice.device,
                    speak,
                    out,
                    text,
                    backend,
                    lexicon,
                })
            }
            Command::Batch(args) => {
                let speak = args.voice.prepare()?;
                let BatchArgs { voice, data, split, out } = args;
                let VoiceArgs { voice, device, .. } = voice;
                batch::run(&batch::Settings { voice, device, speak, data, split: split.into(), out })
            }
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Speak a text into one wav.
    #[command(after_help = TEXT)]
    Text(TextArgs),
    /// Speak the sentences of a dataset's split, one wav each, and write down how long each took.
    #[command(after_help = BATCH)]
    Batch(BatchArgs),
}

#[derive(Debug, ClapArgs)]
struct VoiceArgs {
    /// The voice
    #[arg(long, value_name = "VOICE")]
    voice: PathBuf,
    /// How much the speech varies from seed to seed: 0 is the mean, 1 what the model has learnt
    #[arg(long, value_name = "X", default_value_t = SpeakConfig::default().noise_scale)]
    noise_scale: f64,
    /// The same for the durations, in imported VITS voices, whose durations are sampled
    #[arg(long, value_name = "X", default_value_t = SpeakConfig::default().duration_noise_scale)]
    duration_noise_scale: f64,
    /// What every duration is multiplied by, from 0.01 to 100: above 1 is slower
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    length_scale: f64,
    /// Another seed varies the speech
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[arg(long, value_name = "DEVICE", default_value = "cpu", help = Device::HELP)]
    device: Device,
    /// How many threads work; the speech does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl VoiceArgs {
    fn prepare(&self) -> anyhow::Result<SpeakConfig> {
        use_threads(self.threads.map_or(0, usize::from))?;
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
    /// Where the wav goes
    #[arg(long, value_name = "OUT.wav")]
    out: PathBuf,
    /// What pronounces the words that the lexicon lacks; without it, what did for the voice's training, and for imported voices
    /// the dictionary
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// A lexicon of your own pronunciations, `word PH PH …` a line
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    /// What to say
    text: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SplitName {
    /// What the model learnt from
    Train,
    /// What was watched while it learnt
    Validation,
    /// What it has never seen
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
    /// The dataset whose sentences are spoken
    #[arg(long, value_name = "DATASET")]
    data: PathBuf,
    /// The sentences
    #[arg(long, value_enum, default_value = "test")]
    split: SplitName,
    /// Where the wavs go
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
