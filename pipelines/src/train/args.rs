//! The command line of `mynah-train`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use mynah_cli::{Completions, ManPages, read_toml};
use mynah_training::tasks::g2p::G2pConfig;
use mynah_training::tasks::naturalspeech::WeightFormat;
use mynah_voice::import::{CheckpointFormat, ImportConfig};

use super::{export, g2p, import, pretrain, report, run};
use crate::device::Device;
use crate::memory::keep_freed_memory;
use crate::threads::Threads;

const ALL: &str = "\
Example:
  mynah-train run --config pipelines/ljspeech/demo.toml --data data/mine --out runs/first
  mynah-train export runs/first --out voices/first

`mynah-train help COMMAND` has more.";
const PRETRAIN: &str = "\
Examples:
  mynah-prepare text news/*.txt --out data/news --merges 30000
  mynah-train pretrain --config pipelines/ljspeech/pretrain.toml --data data/news --out runs/news
  mynah-train run --config train.toml --data data/mine --out runs/first --encoder runs/news

The dataset must have the sup-phonemes of the text: in its recipe, `model = \"runs/news/supphones.json\"`
under `[sup_phones]`. Ctrl-C writes a checkpoint and stops; --resume continues from it to the result
of an uninterrupted run.
OUT/metrics.jsonl has losses and accuracies, next to those of the best fixed guess.

Exit status: 0 when all steps are done, 130 when interrupted, 2 on an error.";
const RUN: &str = "\
Examples:
  mynah-train run --config pipelines/ljspeech/demo.toml --data data/mine --out runs/first
  mynah-train run --config pipelines/ljspeech/demo.toml --data data/mine --out runs/first --resume
  mynah-train run --config pipelines/ljspeech/fine-tune.toml --data data/mine --out runs/tuned \\
      --from fixtures/voices/ljspeech-small

Ctrl-C writes a checkpoint and stops; --resume continues from it to the result of an uninterrupted
run.
--from needs the sizes of the voice under [model]. Symbols that the voice lacks get new embeddings,
and parts that it lacks are trained alone for the first `train.freeze_steps`.
Losses are in OUT/metrics.jsonl, and in TensorBoard: `tensorboard --logdir runs`.

Exit status: 0 when all steps are done, 130 when interrupted, 2 on an error.";
const EXPORT: &str = "\
Example:
  mynah-train export runs/first --step 400 --out voices/first
  mynah-train export runs/first --best --weights f16 --out voices/small
  mynah-train export runs/first --trainable --out voices/start";
const REPORT: &str = "\
Example:
  mynah-train report runs/first --out pages/first

Run it again while the training goes on. OUT/samples has the wavs that the page plays: the first
validation sentences, spoken by the last checkpoint.";
const COMPARE: &str = "\
Example:
  mynah-train compare runs/first runs/second --out pages/both

Lists the settings that differ. OUT/samples has the wavs that the page plays: the first validation
sentences of the first run's dataset, spoken by the last checkpoint of each run.";
const IMPORT: &str = "\
Examples:
  mynah-train import G_700000.pth --config config.json --out voices/other
  mynah-train import pretrained_ljs.pth --out voices/ljspeech > left-out.tsv

Reads checkpoints of jaywalnut310/vits and heatz123/naturalspeech by PyTorch 1.6 or newer, for one
speaker. Runs nothing in the file. docs/import.md describes the input of such a voice and its
differences from the original.

stdout lists the parameters that the voice lacks: the group (unneeded, unknown, beside), a tab, the
name.";
const G2P: &str = "\
Examples:
  mynah-train g2p --seed 1 --out crates/text/data/g2p.bin
  mynah-train g2p --seed 1 --out crates/text/data/g2p.bin --resume

Ctrl-C writes OUT.checkpoint, as does every epoch; --resume continues from it to the result of an
uninterrupted training.
crates/text/data/README.md has the command that made the bundled weights.

Exit status: 0 when all epochs are done, 130 when interrupted, 2 on an error.";
const COMPLETIONS: &str = "\
Example:
  mynah-train completions bash > ~/.local/share/bash-completion/completions/mynah-train";
const MAN: &str = "\
Example:
  mynah-train man --out ~/.local/share/man/man1";

/// Trains NaturalSpeech on a prepared dataset and makes voices of its checkpoints.
#[derive(Debug, Parser)]
#[command(name = "mynah-train", version, after_help = ALL)]
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
        keep_freed_memory();
        match self.command {
            Command::Pretrain(args) => pretrain::run(&args.settings()?),
            Command::Run(args) => run::run(&args.settings()?),
            Command::Export(args) => {
                let weights = args.weights.into();
                let choice = match (args.step, args.best) {
                    (Some(step), _) => export::Choice::Step(step),
                    (None, Some(name)) => export::Choice::Best(name),
                    (None, None) => export::Choice::Last,
                };
                let ExportArgs { run, out, trainable, .. } = args;
                export::run(&export::Settings { run, choice, out, weights, trainable })
            }
            Command::Report(ReportArgs { run, page }) => report::run(&page.settings(vec![run])),
            Command::Compare(CompareArgs { runs, page }) => report::run(&page.settings(runs)),
            Command::Import(args) => import::run(&args.settings()),
            Command::G2p(args) => g2p::run(&args.settings()?),
            Command::Completions(args) => args.run::<Self>(),
            Command::Man(args) => args.run::<Self>(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pre-train the phoneme encoder on text alone
    ///
    /// The encoder learns to predict masked sup-phonemes (Mixed-Phoneme BERT) from a text that `mynah-prepare text` encoded.
    #[command(after_help = PRETRAIN)]
    Pretrain(PretrainArgs),
    /// Train a model
    ///
    /// Writes checkpoints, metrics and TensorBoard events to one directory. docs/formats lists every file and column;
    /// docs/naturalspeech.md describes the model.
    #[command(after_help = RUN)]
    Run(RunArgs),
    /// Make a voice of a checkpoint: the parameters that speaking needs, with their symbols
    #[command(after_help = EXPORT)]
    Export(ExportArgs),
    /// Write a page on a run: curves, speech and settings
    #[command(after_help = REPORT)]
    Report(ReportArgs),
    /// Write a page that compares runs: curves, speech and the settings that differ
    #[command(after_help = COMPARE)]
    Compare(CompareArgs),
    /// Make a voice of another program's checkpoint: official VITS, or NaturalSpeech by heatz123
    #[command(after_help = IMPORT)]
    Import(ImportArgs),
    /// Train the network that pronounces words outside the dictionary, and print its error rates
    ///
    /// It learns from nine tenths of the CMUdict in this program and is tested on the rest.
    #[command(after_help = G2P)]
    G2p(G2pArgs),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Write man pages: one for the program and one for each subcommand
    #[command(after_help = MAN)]
    Man(ManPages),
}

// The place and the device of a training. (A doc comment would become the help of every subcommand with these options.)
#[derive(Debug, ClapArgs)]
struct Place {
    /// Directory for the run
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
    #[arg(long, value_name = "DEVICE", default_value = "cpu", help = Device::HELP)]
    device: Device,
    /// Continue from the last checkpoint in RUN, or start without one
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, ClapArgs)]
struct PretrainArgs {
    /// TOML file with the sizes of the encoder and the schedule
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Text that `mynah-prepare text` encoded
    #[arg(long, value_name = "TEXT")]
    data: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl PretrainArgs {
    fn settings(self) -> anyhow::Result<pretrain::Settings> {
        let Place { out, device, resume, threads } = self.place;
        threads.start()?;
        let (config, device) = (read_toml(&self.config)?, device.open()?);
        Ok(pretrain::Settings { config, data: self.data, out, device, resume })
    }
}

#[derive(Debug, ClapArgs)]
struct RunArgs {
    /// TOML file with the sizes of the model and the schedule of the training
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Dataset that `mynah-prepare run` made
    #[arg(long, value_name = "DATASET")]
    data: PathBuf,
    /// Start with the encoder of a pre-training, or of one of its checkpoints
    #[arg(long, value_name = "RUN")]
    encoder: Option<PathBuf>,
    /// Start with all parameters of a voice, or of a run's last checkpoint, or of one of its checkpoints
    #[arg(long, value_name = "VOICE|RUN", conflicts_with = "encoder")]
    from: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl RunArgs {
    fn settings(self) -> anyhow::Result<run::Settings> {
        let Place { out, device, resume, threads } = self.place;
        threads.start()?;
        let (config, device) = (read_toml(&self.config)?, device.open()?);
        let Self { data, encoder, from, .. } = self;
        Ok(run::Settings { config, data, out, device, resume, encoder, from })
    }
}

#[derive(Debug, ClapArgs)]
struct ExportArgs {
    /// Run of `mynah-train run`
    run: PathBuf,
    /// Step of the checkpoint, by default the last
    #[arg(long, value_name = "N")]
    step: Option<u64>,
    /// Take the checkpoint with the smallest value of a column in the validation rows of metrics.jsonl
    #[arg(
        long,
        value_name = "COLUMN",
        num_args = 0..=1,
        default_missing_value = "loss_total",
        conflicts_with = "step"
    )]
    best: Option<String>,
    /// Directory for the voice
    #[arg(long, value_name = "VOICE")]
    out: PathBuf,
    /// Number format of the weights on disk
    #[arg(long, value_enum, default_value_t = Weights::F32)]
    weights: Weights,
    /// Add the parts that only training needs, so that `mynah-train run --from` can train the voice further
    #[arg(long)]
    trainable: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Weights {
    /// 32 bits, as trained
    F32,
    /// 16 bits: half the size, rounded to three decimal digits
    F16,
}

impl From<Weights> for WeightFormat {
    fn from(weights: Weights) -> Self {
        match weights {
            Weights::F32 => Self::F32,
            Weights::F16 => Self::F16,
        }
    }
}

#[derive(Debug, ClapArgs)]
struct ReportArgs {
    /// Run of `mynah-train run` or `pretrain`
    run: PathBuf,
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Debug, ClapArgs)]
struct CompareArgs {
    /// Runs of `mynah-train run` or `pretrain`
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    runs: Vec<PathBuf>,
    #[command(flatten)]
    page: PageArgs,
}

// The page of a run. (A doc comment would become the help of every subcommand with these options.)
#[derive(Debug, ClapArgs)]
struct PageArgs {
    /// Directory for the page and its sound files
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Dataset whose validation sentences are spoken, by default that of the first run
    #[arg(long, value_name = "DATASET")]
    data: Option<PathBuf>,
    /// Number of sentences to speak
    #[arg(long, value_name = "N", default_value_t = 3)]
    sentences: usize,
}

impl PageArgs {
    fn settings(self, runs: Vec<PathBuf>) -> report::Settings {
        report::Settings { runs, data: self.data, sentences: self.sentences, out: self.out }
    }
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
    /// Checkpoint of the generator, a file that `torch.save` wrote
    checkpoint: PathBuf,
    /// config.json of its training: the sample rate, the blanks, and whatever else the parameters do not show
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Directory for the voice
    #[arg(long, value_name = "VOICE")]
    out: PathBuf,
    /// Format of the checkpoint, detected by default
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Skip unknown parameters instead of failing
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
    /// File for the weights
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Seed of the initial values and of the order of the words
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// TOML file with sizes and schedule that replace the defaults; --seed takes precedence over its seed
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Continue from OUT.checkpoint
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    threads: Threads,
}

impl G2pArgs {
    fn settings(self) -> anyhow::Result<g2p::Settings> {
        self.threads.start()?;
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
