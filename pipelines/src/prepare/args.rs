//! The command line of `mynah-prepare`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use mynah_align::LabelFormat;
use mynah_corpus::{Recipe, Shard, SupPhoneRecipe, TextBackend};
use mynah_signal::MelProfile;
use mynah_text::Alphabet;

use super::{align, bpe, check, import_alignment, mel, phonemize, run, text};
use crate::program::{read_toml, use_threads};

const ALL: &str = "\
Example:
  mynah-prepare run LJSpeech-1.1 --out data/ljspeech

`mynah-prepare help COMMAND` has more of them.";
const RUN: &str = "\
Examples:
  mynah-prepare run LJSpeech-1.1 --out data/ljspeech
  mynah-prepare run my-corpus --out data/mine --recipe my-recipe.toml

A second run with the same --out does only what is not done yet: after Ctrl-C, after a full disk,
after a change of a file or of the recipe.

Exit status: 0 when every line became an utterance, 1 when there are problems (each is a row of
OUT/problems.jsonl, and the other lines were prepared), 2 when nothing could be done.";
const CHECK: &str = "\
Example:
  mynah-prepare check LJSpeech-1.1 --html check.html --out findings.csv

Exit status: 0 when nothing was found, 1 when something was.";
const MERGE: &str = "\
Example, on one machine or on two that share a directory:
  mynah-prepare run LJSpeech-1.1 --out data/ljspeech --shard 1/2
  mynah-prepare run LJSpeech-1.1 --out data/ljspeech --shard 2/2
  mynah-prepare merge data/ljspeech

pipelines/slurm has job scripts.";
const ALIGN: &str = "\
Examples:
  mynah-prepare align data/ljspeech
  mynah-prepare align data/ljspeech --recipe more-gaussians.toml

The dataset is then what `run` would have made with that recipe, byte for byte.";
const IMPORT: &str = "\
Examples:
  mynah-prepare import-alignment data/ljspeech --from mfa-output
  mynah-prepare import-alignment data/ljspeech --from labels --format festival --partial

The files of an utterance are found by its id, in DIR or below. What does not fit is a row of
DATASET/problems.jsonl, and the utterance keeps the durations of the aligner.";
const PHONEMIZE: &str = "\
Examples:
  mynah-prepare phonemize \"Mr. Buxton paid £30.\"
  mynah-prepare phonemize --format ipa < sentences.txt";
const BPE: &str = "\
Example:
  mynah-prepare phonemize < sentences.txt > phones.txt
  mynah-prepare bpe train phones.txt --merges 500 --out supphones.json
  mynah-prepare bpe encode --model supphones.json < phones.txt";
const BPE_TRAIN: &str = "\
Example:
  mynah-prepare phonemize < sentences.txt | mynah-prepare bpe train - --merges 500 --out supphones.json";
const BPE_ENCODE: &str = "\
Example:
  mynah-prepare phonemize \"Hello, world.\" | mynah-prepare bpe encode --model supphones.json";
const TEXT: &str = "\
Examples:
  mynah-prepare text news.txt --out data/news
  mynah-prepare text books/*.txt --out data/books --unit paragraph --bpe data/news/supphones.json

Memory is about 120 MB for each thread, and while the sup-phones are learnt 300 bytes for each distinct
word, whatever the size of the text. A second run with the same --out does only what is not done.

Exit status: 0 when every line was encoded, 1 when there are problems (each is a row of
OUT/problems.jsonl, and the other lines were encoded), 2 when nothing could be done.";
const MEL: &str = "\
Example:
  mynah-prepare mel clip.wav --out clip.npy --profile hifigan";

/// Prepares a corpus in LJSpeech layout for training: checks, normalises, phonemises, computes, aligns.
#[derive(Debug, Parser)]
#[command(name = "mynah-prepare", version, after_help = ALL)]
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
            Command::Run(args) => run::run(&args.settings()?),
            Command::Check(args) => {
                use_threads(args.threads.map_or(0, usize::from))?;
                let recipe = args.recipe.as_deref().map(read_toml).transpose()?.unwrap_or_default();
                check::run(&check::Settings { corpus: args.corpus, recipe, html: args.html, out: args.out })
            }
            Command::Merge(args) => {
                use_threads(args.threads.map_or(0, usize::from))?;
                run::merge(&args.dataset)
            }
            Command::Align(args) => {
                use_threads(args.threads.map_or(0, usize::from))?;
                align::run(&align::Settings { dataset: args.dataset, recipe: args.recipe })
            }
            Command::ImportAlignment(args) => {
                use_threads(args.threads.map_or(0, usize::from))?;
                import_alignment::run(&import_alignment::Settings {
                    dataset: args.dataset,
                    from: args.from,
                    format: args.format.0,
                    partial: args.partial,
                })
            }
            Command::Phonemize(args) => phonemize::run(&args.settings()),
            Command::Bpe(BpeCommand::Train(args)) => {
                bpe::train(&bpe::TrainSettings { input: args.input, merges: args.merges, out: args.out })
            }
            Command::Bpe(BpeCommand::Encode(args)) => {
                bpe::encode(&bpe::EncodeSettings { model: args.model, ids: args.ids })
            }
            Command::Text(args) => text::run(&args.settings()?),
            Command::Mel(args) => {
                mel::run(&mel::Settings { input: args.input, out: args.out, profile: args.profile })
            }
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prepare a corpus: everything that training needs, in one directory.
    ///
    /// Reads CORPUS/metadata.csv and CORPUS/wavs, and writes features, phones, durations, splits, a manifest and a page
    /// with plots. Nothing in CORPUS is changed. docs/formats has every file and every column.
    #[command(after_help = RUN)]
    Run(RunArgs),
    /// Say all that is wrong with a corpus, and what is worth a look: on the terminal, a page with plots, a table.
    ///
    /// Looks at every line and recording as `run` would, and at what keeps nothing from being prepared: clipping, silence, DC,
    /// noise, bandwidth, loudness, speaking rate, characters that cannot be spoken, words outside of the dictionary, duplicates,
    /// and what is held out but trained on. Writes nothing but what is asked for.
    #[command(after_help = CHECK)]
    Check(CheckArgs),
    /// Join what `run --shard` prepared on many machines: the same dataset as without shards.
    ///
    /// Aligns, learns the sub-phonemes, makes the splits, and writes the manifest and the page. The corpus and the recipe
    /// are those of the shards.
    #[command(after_help = MERGE)]
    Merge(MergeArgs),
    /// Find the durations of a dataset again, with other settings of the aligner and without the corpus.
    ///
    /// Says then how much of what is heard is where the durations have it: voiced vowels, hissing fricatives, quiet pauses.
    #[command(after_help = ALIGN)]
    Align(AlignArgs),
    /// Give a dataset the durations of another tool: TextGrid, MFA's JSON and CSV, .lab, CTM, .npy.
    #[command(after_help = IMPORT)]
    ImportAlignment(ImportAlignmentArgs),
    /// Print the phones of sentences: words separated by " / ", punctuation its own token.
    #[command(after_help = PHONEMIZE)]
    Phonemize(PhonemizeArgs),
    /// Learn and apply a sub-phoneme BPE.
    #[command(subcommand, after_help = BPE)]
    Bpe(BpeCommand),
    /// Encode plain text for pre-training: symbols and sup-phones of every sentence, in Parquet shards.
    ///
    /// Text of any size is read in pieces. The sup-phones are learnt from its words unless they are given.
    #[command(after_help = TEXT)]
    Text(TextArgs),
    /// Compute the log-mel spectrogram of a wav or FLAC file of one channel as a NumPy file, f32 [mel, frame].
    #[command(after_help = MEL)]
    Mel(MelArgs),
}

#[derive(Debug, ClapArgs)]
struct RunArgs {
    /// The corpus: a directory with metadata.csv and wavs/
    corpus: PathBuf,
    /// Where the dataset goes
    #[arg(long, value_name = "DATASET")]
    out: PathBuf,
    /// A TOML file with the settings that differ from the defaults (see pipelines/ljspeech/prepare.toml)
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// The sup-phones of a pre-training, so that its encoder fits the dataset; in the place of the recipe's `[sup_phones]`
    #[arg(long, value_name = "FILE")]
    sup_phones: Option<PathBuf>,
    /// Prepare only a part of the clips, such as 3/64; `merge` joins the parts
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// How many threads work; the dataset does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl RunArgs {
    fn settings(self) -> anyhow::Result<run::Settings> {
        use_threads(self.threads.map_or(0, usize::from))?;
        let mut recipe: Recipe = self.recipe.as_deref().map(read_toml).transpose()?.unwrap_or_default();
        if self.sup_phones.is_some() {
            recipe.sup_phones = SupPhoneRecipe { model: self.sup_phones, ..SupPhoneRecipe::default() };
        }
        Ok(run::Settings { corpus: self.corpus, out: self.out, recipe, shard: self.shard })
    }
}

#[derive(Debug, ClapArgs)]
struct CheckArgs {
    /// The corpus: a directory with metadata.csv and wavs/
    corpus: PathBuf,
    /// The recipe by which it is to be prepared
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Where a page with plots goes
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Where every finding goes as a row: .jsonl, .csv or .parquet, with the columns of problems.jsonl
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// How many threads work
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Debug, ClapArgs)]
struct MergeArgs {
    /// The dataset: the --out of the shards
    dataset: PathBuf,
    /// How many threads work; the dataset does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Debug, ClapArgs)]
struct AlignArgs {
    /// A complete dataset
    dataset: PathBuf,
    /// A TOML file whose alignment section is taken; what else it has must be as in the dataset
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// How many threads work; the dataset does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

#[derive(Debug, ClapArgs)]
struct ImportAlignmentArgs {
    /// A complete dataset
    dataset: PathBuf,
    /// The files of the other tool
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Their form: textgrid, mfa-json, mfa-csv, htk, festival, ctm or npy; auto goes by their names
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = label_format)]
    format: FormatChoice,
    /// Import also when fewer than half of the utterances fit
    #[arg(long)]
    partial: bool,
    /// How many threads work; the dataset does not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// One form, or any.
#[derive(Debug, Clone, Copy)]
struct FormatChoice(Option<LabelFormat>);

fn label_format(name: &str) -> Result<FormatChoice, String> {
    if name == "auto" {
        Ok(FormatChoice(None))
    } else {
        name.parse().map(|format| FormatChoice(Some(format)))
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// ARPAbet with stress digits
    Arpabet,
    /// The International Phonetic Alphabet
    Ipa,
    /// The characters that VITS reads
    Vits,
    /// Their identifiers, 0 to 177
    VitsIds,
}

/// What pronounces words, on a command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Backend {
    /// CMUdict, and what stands behind it
    Dictionary,
    /// espeak-ng, where it is installed; it runs as a process of its own
    Espeak,
}

impl From<Backend> for TextBackend {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Dictionary => Self::Dictionary,
            Backend::Espeak => Self::Espeak,
        }
    }
}

#[derive(Debug, ClapArgs)]
struct PhonemizeArgs {
    /// The sentences; without any, one a line from stdin
    text: Vec<String>,
    /// How phones are written
    #[arg(long, value_enum, default_value = "arpabet")]
    format: Format,
    /// What pronounces the words that the lexicon lacks
    #[arg(long, value_enum, default_value = "dictionary")]
    backend: Backend,
    /// A lexicon of your own pronunciations, `word PH PH …` a line, which win over the dictionary
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
}

impl PhonemizeArgs {
    fn settings(self) -> phonemize::Settings {
        let alphabet = match self.format {
            Format::Arpabet => Alphabet::Arpabet,
            Format::Ipa => Alphabet::Ipa,
            Format::Vits | Format::VitsIds => Alphabet::Vits,
        };
        let ids = matches!(self.format, Format::VitsIds);
        let backend = self.backend.into();
        phonemize::Settings { text: self.text, alphabet, ids, lexicon: self.lexicon, backend }
    }
}

#[derive(Debug, Subcommand)]
enum BpeCommand {
    /// Learn merges from phonemised sentences, one a line as `phonemize` prints them in ARPAbet.
    #[command(after_help = BPE_TRAIN)]
    Train(BpeTrainArgs),
    /// Encode phonemised sentences from stdin: the phones of each sup-phone joined by "_".
    #[command(after_help = BPE_ENCODE)]
    Encode(BpeEncodeArgs),
}

#[derive(Debug, ClapArgs)]
struct BpeTrainArgs {
    /// The sentences, or - for stdin
    input: PathBuf,
    /// How many merges, at most
    #[arg(long, value_name = "N")]
    merges: usize,
    /// Where the sup-phones go, in the form of Hugging Face's tokenizer.json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, ClapArgs)]
struct BpeEncodeArgs {
    /// What `bpe train` or `run` wrote
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Print identifiers instead of phones, one for each symbol
    #[arg(long)]
    ids: bool,
}

#[derive(Debug, ClapArgs)]
struct TextArgs {
    /// Plain text in UTF-8
    #[arg(required = true)]
    input: Vec<PathBuf>,
    /// Where the shards go
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What a line of the input is
    #[arg(long, value_enum, default_value = "line")]
    unit: text::Unit,
    /// Sup-phones that are there already, instead of learning them
    #[arg(long, value_name = "FILE", conflicts_with = "merges")]
    bpe: Option<PathBuf>,
    /// How many merges to learn, at most
    #[arg(long, value_name = "N", default_value_t = 30_000)]
    merges: usize,
    /// A lexicon of your own pronunciations, `word PH PH …` a line, which win over the dictionary
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    /// Bytes of input that make a shard
    #[arg(long, value_name = "N", default_value_t = 4 << 20, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    shard_bytes: u64,
    /// How many threads work; the shards do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl TextArgs {
    fn settings(self) -> anyhow::Result<text::Settings> {
        use_threads(self.threads.map_or(0, usize::from))?;
        Ok(text::Settings {
            inputs: self.input,
            out: self.out,
            unit: self.unit,
            bpe: self.bpe,
            merges: self.merges,
            lexicon: self.lexicon,
            shard_bytes: self.shard_bytes,
        })
    }
}

#[derive(Debug, ClapArgs)]
struct MelArgs {
    /// A mono wav
    input: PathBuf,
    /// Where the spectrogram goes
    #[arg(long, value_name = "FILE.npy")]
    out: PathBuf,
    /// Whose definition: vits or hifigan
    #[arg(long, default_value = "vits")]
    profile: MelProfile,
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
