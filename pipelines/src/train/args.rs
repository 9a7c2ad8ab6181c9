//! The command line of `mynah-train`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::{export, g2p, import, pretrain, run};
use crate::device::Device;
use crate::program::{keep_freed_memory, read_toml, use_threads};
use mynah_training::tasks::g2p::G2pConfig;
use mynah_voice::import::{CheckpointFormat, ImportConfig};

const ALL: &str = "\
Example:
  mynah-train run --config pipelines/ljspeech/demo.toml --data data/mine --out runs/first
  mynah-train export runs/first --out voices/first

`mynah-train help COMMAND` has more of them.";
const PRETRAIN: &str = "\
Examples:
  mynah-prepare text news/*.txt --out data/news --merges 30000
  mynah-train pretrain --config pipelines/ljspeech/pretrain.toml --data data/news --out runs/news
  mynah-train run --config train.toml --data data/mine --out runs/first --encoder runs/news

The dataset is to have the sup-phones of the text: `model = \"runs/news/supphones.json\"` in `[sup_phones]` of its recipe.
Ctrl-C writes a checkpoint and stops; --resume goes on from it and ends as an undisturbed run would.
OUT/metrics.jsonl has losses and the part that was guessed right, beside that of the best fixed guess.

Exit status: 0 when all steps are done, 130 when interrupted, 2 on an error.";
const RUN: &str = "\
Examples:
  mynah-train run --config pipelines/ljspeech/demo.toml --data data/mine --out runs/first
  mynah-train run --config pipelines/ljspeech/demo.toml --data data/mine --out runs/first --resume

Ctrl-C writes a checkpoint and stops; --resume goes on from it and ends as an undisturbed run would.
Losses are in OUT/metrics.jsonl, and in TensorBoard: `tensorboard --logdir runs`.

Exit status: 0 when all steps are done, 130 when interrupted, 2 on an error.";
const EXPORT: &str = "\
Example:
  mynah-train export runs/first --step 400 --out voices/first";
const IMPORT: &str = "\
Examples:
  mynah-train import G_700000.pth --config config.json --out voices/other
  mynah-train import pretrained_ljs.pth --out voices/ljspeech > left-out.tsv

Read are checkpoints by PyTorch 1.6 or newer of jaywalnut310/vits and heatz123/naturalspeech, for one speaker. Nothing in the
file is run. docs/import.md says what such a voice reads and how it differs from its original.

stdout lists what is not in the voice: the group (unneeded, unknown, beside), a tab, the name.";
const G2P: &str = "\
Examples:
  mynah-train g2p --seed 1 --out crates/text/data/g2p.bin
  mynah-train g2p --seed 1 --out crates/text/data/g2p.bin --resume

Ctrl-C writes OUT.checkpoint, as does every epoch; --resume goes on from it and ends as an undisturbed training would.
crates/text/data/README.md has the command that made the bundled weights.

Exit status: 0 when all epochs are done, 130 when interrupted, 2 on an error.";

/// Trains NaturalSpeech on a prepared dataset, and makes voices of its checkpoints.
#[derive(Debug, Parser)]
#[command(name = "mynah-train", version, after_help = ALL)]
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
        keep_freed_memory();
        match self.command {
            Command::Pretrain(args) => pretrain::run(&args.settings()?),
            Command::Run(args) => run::run(&args.settings()?),
            Command::Export(args) => {
                export::run(&export::Settings { run: args.run, step: args.step, out: args.out })
            }
            Command::Import(args) => import::run(&args.settings()),
            Command::G2p(args) => g2p::run(&args.settings()?),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pre-train the phoneme encoder on text alone.
    ///
    /// It learns to guess sup-phones that are hidden from it (Mixed-Phoneme BERT), from what `mynah-prepare text` made.
    #[command(after_help = PRETRAIN)]
    Pretrain(PretrainArgs),
    /// Train a model.
    ///
    /// Writes checkpoints, metrics and TensorBoard events into one directory. docs/formats has every file and every
    /// column; docs/naturalspeech.md says what is trained.
    #[command(after_help = RUN)]
    Run(RunArgs),
    /// Make a voice of a checkpoint: the parameters that speaking needs, with the symbols that they read.
    #[command(after_help = EXPORT)]
    Export(ExportArgs),
    /// Make a voice of a checkpoint of another program: official VITS, or NaturalSpeech by heatz123.
    #[command(after_help = IMPORT)]
    Import(ImportArgs),
    /// Train the network that says words which no dictionary has, and say how well it does.
    ///
    /// It learns from nine words in ten of the CMUdict in this program; the tenth is only tested on.
    #[command(after_help = G2P)]
    G2p(G2pArgs),
}

// Where a training runs and what it leaves. (A doc comment would be the help of every command with it.)
#[derive(Debug, ClapArgs)]
struct Place {
    /// Where the run goes
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
    #[arg(long, value_name = "DEVICE", default_value = "cpu", help = Device::HELP)]
    device: Device,
    /// Go on from the last checkpoint in RUN, or begin where there is none
    #[arg(long)]
    resume: bool,
    /// How many threads work; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Debug, ClapArgs)]
struct PretrainArgs {
    /// A TOML file with the sizes of the encoder and the schedule
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// What `mynah-prepare text` made
    #[arg(long, value_name = "TEXT")]
    data: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl PretrainArgs {
    fn settings(self) -> anyhow::Result<pretrain::Settings> {
        let Place { out, device, resume, threads } = self.place;
        use_threads(threads.map_or(0, usize::from))?;
        let (config, device) = (read_toml(&self.config)?, device.open()?);
        Ok(pretrain::Settings { config, data: self.data, out, device, resume })
    }
}

#[derive(Debug, ClapArgs)]
struct RunArgs {
    /// A TOML file with the sizes of the model and the schedule of its training
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// What `mynah-prepare run` made
    #[arg(long, value_name = "DATASET")]
    data: PathBuf,
    /// Begin with the encoder of a pre-training, or of one of its checkpoints
    #[arg(long, value_name = "RUN")]
    encoder: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl RunArgs {
    fn settings(self) -> anyhow::Result<run::Settings> {
        let Place { out, device, resume, threads } = self.place;
        use_threads(threads.map_or(0, usize::from))?;
        let (config, device) = (read_toml(&self.config)?, device.open()?);
        Ok(run::Settings { config, data: self.data, out, device, resume, encoder: self.encoder })
    }
}

#[derive(Debug, ClapArgs)]
struct ExportArgs {
    /// What `mynah-train run` made
    run: PathBuf,
    /// The step of the checkpoint; the last one without it
    #[arg(long, value_name = "N")]
    step: Option<u64>,
    /// Where the voice goes
    #[arg(long, value_name = "VOICE")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// jaywalnut310/vits
    Vits,
    /// heatz123/naturalspeech
    Heatz,
}

#[derive(Debug, ClapArgs)]
struct ImportArgs {
    /// The generator's checkpoint, a file that `torch.save` wrote
    checkpoint: PathBuf,
    /// The config.json of its training: sample rate, blanks, and what else the parameters do not show
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the voice goes
    #[arg(long, value_name = "VOICE")]
    out: PathBuf,
    /// Whose checkpoint it is; recognised without it
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Leave out parameters that nobody knows, in the place of an error
    #[arg(long)]
    allow_unknown: bool,
}

impl ImportArgs {
    fn settings(self) -> import::Settings {
        let Self { checkpoint, config, out, format, allow_unknown } = self;
        let format = format.map(|format| match format {
            Format::Vits => CheckpointFormat::Vits,
            Format::Heatz => CheckpointFormat::Heatz,
        });
        import::Settings { import: ImportConfig { checkpoint, config, format, allow_unknown }, out }
    }
}

#[derive(Debug, ClapArgs)]
struct G2pArgs {
    /// The file of weights to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Another seed draws other initial values and another order
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// A TOML file with sizes and schedule, in the place of the defaults; --seed wins over its seed
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Go on from OUT.checkpoint
    #[arg(long)]
    resume: bool,
    /// How many threads work; the result does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl G2pArgs {
    fn settings(self) -> anyhow::Result<g2p::Settings> {
        use_threads(self.threads.map_or(0, usize::from))?;
        let config: G2pConfig =
            self.config.map_or_else(|| Ok(G2pConfig::default()), |path| read_toml(&path))?;
        Ok(g2p::Settings {
            config: G2pConfig { seed: self.seed, ..config },
            out: self.out,
            resume: self.resume,
        })
    }
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
