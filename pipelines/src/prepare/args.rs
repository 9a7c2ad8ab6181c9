//! The command line of `mynah-prepare`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use mynah_align::{LabelFormat, Variants};
use mynah_cli::{Completions, ManPages, read_toml};
use mynah_corpus::text_dataset::TextUnit;
use mynah_corpus::{Recipe, Shard, SupPhoneRecipe};
use mynah_signal::{ChannelChoice, MelProfile};
use mynah_text::Alphabet;

use super::export::ExportFormat;
use super::{
    align, bpe, check, export, import_alignment, mel, merge, normalize, phonemize, run, segment, text,
};
use crate::pronunciation::{Backend, Reading, phonemizer};
use crate::threads::Threads;

const ALL: &str = "\
Example:
  mynah-prepare run LJSpeech-1.1 --out data/ljspeech

`mynah-prepare help COMMAND` has more.";
const RUN: &str = "\
Examples:
  mynah-prepare run LJSpeech-1.1 --out data/ljspeech
  mynah-prepare run my-corpus --out data/mine --recipe my-recipe.toml

A second run with the same --out skips finished work: after Ctrl-C, after a full disk, after a
change of a file or of the recipe.

Exit status: 0 when every line became an utterance, 1 when there are problems (each is a row of
OUT/problems.jsonl, and the other lines were prepared), 2 on an error.";
const CHECK: &str = "\
Example:
  mynah-prepare check LJSpeech-1.1 --html check.html --out findings.csv

Exit status: 0 without findings, 1 with findings, 2 on an error.";
const SEGMENT: &str = "\
Examples:
  mynah-prepare segment chapter-01.wav chapter-01.txt --out corpora/chapter-01
  mynah-prepare segment lecture.flac lecture.txt --by line --max-seconds 20 --out corpora/lecture
  mynah-prepare run corpora/chapter-01 --out data/chapter-01

The text may contain more than is read, and the recording more than the text, in the same order. It
takes about 4 bytes of memory per sample of the recording, and 52 for each 11.6 ms of it.

Exit status: 0 when all of the text and of the recording became clips, 1 when some of either did
not (each is a row of OUT/problems.jsonl), 2 on an error.";
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

The dataset is then what `run` makes with that recipe, byte for byte.";
const IMPORT: &str = "\
Examples:
  mynah-prepare import-alignment data/ljspeech --from mfa-output
  mynah-prepare import-alignment data/ljspeech --from mfa-output --variants words
  mynah-prepare import-alignment data/ljspeech --from labels --format festival --partial

The file of an utterance is found by its id, anywhere below DIR. A file that does not fit is a row
of DATASET/problems.jsonl, and its utterance keeps the aligner's durations.";
const EXPORT: &str = "\
Examples:
  mynah-prepare export data/ljspeech --format vits --out for-vits
  mynah-prepare export data/ljspeech --format audiofolder --out hub --name \"My voice\" --license cc0-1.0
  mynah-prepare export data/ljspeech --format lhotse --out lhotse

The audio is that of the dataset: after the choice of a channel, resampling, trimming and gain.";
const NORMALIZE: &str = "\
Examples:
  mynah-prepare normalize \"Mr. Buxton paid £30 on 3 May.\"
  mynah-prepare normalize --rules my-rules.tsv --plain < sentences.txt

Each row is a part of a sentence: its number, the bytes that the part takes up, the part, and its words.

Exit status: 0 when every sentence has words, 1 when some have none, 2 on an error.";
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

It takes about 120 MB of memory per thread, plus 300 bytes per distinct word while the sup-phonemes
are learned, for a text of any size. A second run with the same --out skips finished work.

Exit status: 0 when every line was encoded, 1 when there are problems (each is a row of
OUT/problems.jsonl, and the other lines were encoded), 2 on an error.";
const MEL: &str = "\
Example:
  mynah-prepare mel clip.wav --out clip.npy --profile hifigan";
const COMPLETIONS: &str = "\
Example:
  mynah-prepare completions bash > ~/.local/share/bash-completion/completions/mynah-prepare";
const MAN: &str = "\
Example:
  mynah-prepare man --out ~/.local/share/man/man1";

/// Prepares a corpus for training: recognizes its layout, checks, normalizes, phonemizes, extracts features, aligns.
#[derive(Debug, Parser)]
#[command(name = "mynah-prepare", version, after_help = ALL)]
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
            Command::Run(args) => run::run(&args.settings()?),
            Command::Check(args) => {
                args.threads.start()?;
                let recipe = args.recipe.as_deref().map(read_toml).transpose()?.unwrap_or_default();
                check::run(&check::Settings { corpus: args.corpus, recipe, html: args.html, out: args.out })
            }
            Command::Segment(args) => segment::run(&args.settings()?),
            Command::Merge(args) => {
                args.threads.start()?;
                merge::run(&args.dataset)
            }
            Command::Align(args) => {
                args.threads.start()?;
                align::run(&align::Settings { dataset: args.dataset, recipe: args.recipe })
            }
            Command::ImportAlignment(args) => {
                args.threads.start()?;
                import_alignment::run(&import_alignment::Settings {
                    dataset: args.dataset,
                    from: args.from,
                    format: args.format.0,
                    variants: args.variants.into(),
                    partial: args.partial,
                })
            }
            Command::Export(args) => {
                args.threads.start()?;
                export::run(&export::Settings {
                    dataset: args.dataset,
                    format: args.format,
                    out: args.out,
                    name: args.name,
                    license: args.license,
                })
            }
            Command::Normalize(args) => normalize::run(&normalize::Settings {
                text: args.text,
                plain: args.plain,
                normalizer: args.reading.normalizer()?,
            }),
            Command::Phonemize(args) => phonemize::run(&args.settings()?),
            Command::Bpe(BpeCommand::Train(args)) => {
                bpe::train(&bpe::TrainSettings { input: args.input, merges: args.merges, out: args.out })
            }
            Command::Bpe(BpeCommand::Encode(args)) => {
                bpe::encode(&bpe::EncodeSettings { model: args.model, ids: args.ids })
            }
            Command::Text(args) => text::run(&args.settings()?),
            Command::Mel(args) => {
                let MelArgs { input, out, profile, sample_rate } = args;
                mel::run(&mel::Settings { input, out, profile, sample_rate })
            }
            Command::Completions(args) => args.run::<Self>(),
            Command::Man(args) => args.run::<Self>(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prepare a corpus: everything that training needs, in one directory
    ///
    /// Reads the recordings and texts of CORPUS, whose layout is recognized or set in the recipe (docs/formats/corpus.md has
    /// all layouts), and writes features, phones, durations, splits, a manifest and a page with plots. Does not change
    /// CORPUS. docs/formats lists every file and column.
    #[command(after_help = RUN)]
    Run(RunArgs),
    /// Check a corpus and report findings on the terminal, a page with plots, and a table
    ///
    /// Checks every line and recording as `run` does, and also reports what does not prevent preparation: clipping, silence,
    /// DC offset, noise, bandwidth, loudness, speaking rate, characters that cannot be spoken, words outside the dictionary,
    /// duplicates, and held-out clips that are trained on. Writes only the files that are asked for.
    #[command(after_help = CHECK)]
    Check(CheckArgs),
    /// Cut a long recording and its text into clips, as a corpus
    ///
    /// Finds each sentence of the text in the recording, without a pretrained model, and cuts at the pauses between them.
    /// Sentences that were not read, or read otherwise, and sound that belongs to none are reported and left out.
    #[command(after_help = SEGMENT)]
    Segment(SegmentArgs),
    /// Merge the shards of `run --shard`: the same dataset as without shards
    ///
    /// Aligns, learns the sup-phonemes, makes the splits, and writes the manifest and the page. The corpus and the recipe are
    /// those of the shards.
    #[command(after_help = MERGE)]
    Merge(MergeArgs),
    /// Align a dataset again with other settings of the aligner, without its corpus
    ///
    /// Reports how well the durations agree with the recordings: voiced vowels, hissing fricatives, quiet pauses.
    #[command(after_help = ALIGN)]
    Align(AlignArgs),
    /// Import the durations of another tool: TextGrid, MFA's JSON and CSV, .lab, CTM, .npy
    #[command(after_help = IMPORT)]
    ImportAlignment(ImportAlignmentArgs),
    /// Write a dataset in the form of another tool: VITS, HiFi-GAN, NumPy, Hugging Face, lhotse, MFA
    #[command(after_help = EXPORT)]
    Export(ExportArgs),
    /// Print the spoken words of sentences beside the parts that they came from
    #[command(after_help = NORMALIZE)]
    Normalize(NormalizeArgs),
    /// Print the phones of sentences, with words separated by " / " and punctuation as separate tokens
    #[command(after_help = PHONEMIZE)]
    Phonemize(PhonemizeArgs),
    /// Learn and apply a BPE of phones (sup-phonemes)
    #[command(subcommand, after_help = BPE)]
    Bpe(BpeCommand),
    /// Encode plain text for pre-training: symbols and sup-phonemes of every sentence, in Parquet shards
    ///
    /// Reads text of any size in pieces. Learns the sup-phonemes from its words unless they are given.
    #[command(after_help = TEXT)]
    Text(TextArgs),
    /// Compute the log-mel spectrogram of a mono wav or FLAC file as a NumPy file, f32 [mel, frame]
    #[command(after_help = MEL)]
    Mel(MelArgs),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS)]
    Completions(Completions),
    /// Write man pages: one for the program and one for each subcommand
    #[command(after_help = MAN)]
    Man(ManPages),
}

#[derive(Debug, ClapArgs)]
struct RunArgs {
    /// Corpus: a directory of any known layout, such as LJSpeech's with metadata.csv and wavs/, or its table
    corpus: PathBuf,
    /// Directory for the dataset
    #[arg(long, value_name = "DATASET")]
    out: PathBuf,
    /// TOML file with the settings that differ from the defaults (see pipelines/ljspeech/prepare.toml)
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// Sup-phones of a pre-training, so that its encoder fits the dataset; replaces the recipe's `[sup_phones]`
    #[arg(long, value_name = "FILE")]
    sup_phones: Option<PathBuf>,
    /// Prepare only a part of the clips, such as 3/64; `merge` merges the parts
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    #[command(flatten)]
    threads: Threads,
}

impl RunArgs {
    fn settings(self) -> anyhow::Result<run::Settings> {
        self.threads.start()?;
        let mut recipe: Recipe = self.recipe.as_deref().map(read_toml).transpose()?.unwrap_or_default();
        if self.sup_phones.is_some() {
            recipe.sup_phones = SupPhoneRecipe { model: self.sup_phones, ..SupPhoneRecipe::default() };
        }
        Ok(run::Settings { corpus: self.corpus, out: self.out, recipe, shard: self.shard })
    }
}

#[derive(Debug, ClapArgs)]
struct CheckArgs {
    /// Corpus: a directory of any known layout, or its table
    corpus: PathBuf,
    /// Recipe of the preparation
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    /// File for a page with plots
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// File for the findings, one per row: .jsonl, .csv or .parquet, with the columns of problems.jsonl
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
}

/// The unit of a text that becomes a clip, on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ClipUnit {
    /// A sentence of a paragraph; paragraphs are separated by empty lines
    Sentence,
    /// A line
    Line,
}

/// The treatment of several channels, on a command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Channels {
    /// More than one channel is an error
    Mono,
    /// The mean of all channels
    Mix,
    /// The first channel
    Left,
    /// The second channel
    Right,
}

impl From<Channels> for ChannelChoice {
    fn from(channels: Channels) -> Self {
        match channels {
            Channels::Mono => Self::Mono,
            Channels::Mix => Self::Mix,
            Channels::Left => Self::Left,
            Channels::Right => Self::Right,
        }
    }
}

#[derive(Debug, ClapArgs)]
struct SegmentArgs {
    /// Recording
    audio: PathBuf,
    /// Text that is read in it, in UTF-8
    text: PathBuf,
    /// Directory for the corpus; must not contain one
    #[arg(long, value_name = "CORPUS")]
    out: PathBuf,
    /// Unit of the text that becomes a clip
    #[arg(long, value_enum, default_value = "sentence")]
    by: ClipUnit,
    /// Beginning of the clips' names; by default, the name of the recording
    #[arg(long, value_name = "NAME")]
    prefix: Option<String>,
    /// Shortest clip
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0)]
    min_seconds: f64,
    /// Longest clip; longer ones are cut at their pauses
    #[arg(long, value_name = "SECONDS", default_value_t = 12.0)]
    max_seconds: f64,
    /// Silence kept before and after the speech, at most half of the pause
    #[arg(long, value_name = "SECONDS", default_value_t = 0.1)]
    margin_seconds: f64,
    /// Treatment of a recording with several channels
    #[arg(long, value_enum, default_value = "mono")]
    channels: Channels,
    /// Lexicon of your own pronunciations, which take precedence: `word PH PH …` per line
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    threads: Threads,
}

impl SegmentArgs {
    fn settings(self) -> anyhow::Result<segment::Settings> {
        self.threads.start()?;
        Ok(segment::Settings {
            audio: self.audio,
            text: self.text,
            out: self.out,
            by_line: self.by == ClipUnit::Line,
            phonemizer: phonemizer(self.lexicon.as_deref(), self.reading.normalizer()?)?,
            channels: self.channels.into(),
            prefix: self.prefix,
            limits: segment::Limits {
                min_seconds: self.min_seconds,
                max_seconds: self.max_seconds,
                margin_seconds: self.margin_seconds,
            },
        })
    }
}

#[derive(Debug, ClapArgs)]
struct MergeArgs {
    /// Dataset: the --out of the shards
    dataset: PathBuf,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, ClapArgs)]
struct AlignArgs {
    /// Complete dataset
    dataset: PathBuf,
    /// TOML file whose `[alignment]` is used; its other sections must agree with the dataset
    #[arg(long, value_name = "FILE")]
    recipe: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, ClapArgs)]
struct ImportAlignmentArgs {
    /// Complete dataset
    dataset: PathBuf,
    /// Directory with the files of the other tool
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// Format: textgrid, mfa-json, mfa-csv, htk, festival, ctm or npy; auto detects it by the names of the files
    #[arg(long, value_name = "FORMAT", default_value = "auto", value_parser = label_format)]
    format: FormatChoice,
    /// Treatment of files whose phones are not the dataset's
    #[arg(long, value_enum, default_value = "refuse")]
    variants: VariantsName,
    /// Import also when fewer than half of the utterances fit
    #[arg(long)]
    partial: bool,
    #[command(flatten)]
    threads: Threads,
}

#[derive(Debug, ClapArgs)]
struct ExportArgs {
    /// Complete dataset
    dataset: PathBuf,
    /// Form
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: ExportFormat,
    /// Directory that is written
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Name of the dataset on its card (audiofolder)
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// License of the dataset on its card, such as cc0-1.0 (audiofolder)
    #[arg(long, value_name = "ID")]
    license: Option<String>,
    #[command(flatten)]
    threads: Threads,
}

/// Treatment of other pronunciations, on a command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum VariantsName {
    /// They are problems, and the utterance keeps the aligner's durations
    Refuse,
    /// Words begin and end as in the file; phones keep their proportions within words
    Words,
    /// The dataset takes the phones of the file
    Phones,
}

impl From<VariantsName> for Variants {
    fn from(name: VariantsName) -> Self {
        match name {
            VariantsName::Refuse => Self::Refuse,
            VariantsName::Words => Self::Words,
            VariantsName::Phones => Self::Phones,
        }
    }
}

/// A label format, or any.
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
    /// The identifiers of these characters, 0 to 177
    VitsIds,
}

#[derive(Debug, ClapArgs)]
struct NormalizeArgs {
    /// Sentences; without any, stdin is read, one per line
    text: Vec<String>,
    /// Prints only the spoken sentences
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    reading: Reading,
}

#[derive(Debug, ClapArgs)]
struct PhonemizeArgs {
    /// Sentences; without any, stdin is read, one per line
    text: Vec<String>,
    /// Notation of the phones
    #[arg(long, value_enum, default_value = "arpabet")]
    format: Format,
    /// Source of the pronunciations that the lexicon lacks
    #[arg(long, value_enum, default_value = "dictionary")]
    backend: Backend,
    /// Lexicon of your own pronunciations, which take precedence: `word PH PH …` per line
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

impl PhonemizeArgs {
    fn settings(self) -> anyhow::Result<phonemize::Settings> {
        let alphabet = match self.format {
            Format::Arpabet => Alphabet::Arpabet,
            Format::Ipa => Alphabet::Ipa,
            Format::Vits | Format::VitsIds => Alphabet::Vits,
        };
        let ids = matches!(self.format, Format::VitsIds);
        let backend = self.backend.into();
        let normalizer = self.reading.normalizer()?;
        Ok(phonemize::Settings { text: self.text, alphabet, ids, lexicon: self.lexicon, normalizer, backend })
    }
}

#[derive(Debug, Subcommand)]
enum BpeCommand {
    /// Learn merges from phonemized sentences, one per line, as `phonemize` prints them in ARPAbet
    #[command(after_help = BPE_TRAIN)]
    Train(BpeTrainArgs),
    /// Encode phonemized sentences from stdin, with the phones of each sup-phoneme joined by "_"
    #[command(after_help = BPE_ENCODE)]
    Encode(BpeEncodeArgs),
}

#[derive(Debug, ClapArgs)]
struct BpeTrainArgs {
    /// Sentences, or - for stdin
    input: PathBuf,
    /// Maximum number of merges
    #[arg(long, value_name = "N")]
    merges: usize,
    /// File for the sup-phonemes, in the format of Hugging Face's tokenizer.json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, ClapArgs)]
struct BpeEncodeArgs {
    /// Sup-phones that `bpe train` or `run` wrote
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Print identifiers instead of phones, one per symbol
    #[arg(long)]
    ids: bool,
}

/// The unit of a line, on a command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Unit {
    /// One sentence
    Line,
    /// A paragraph, which is split into sentences
    Paragraph,
}

impl From<Unit> for TextUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Line => Self::Line,
            Unit::Paragraph => Self::Paragraph,
        }
    }
}

#[derive(Debug, ClapArgs)]
struct TextArgs {
    /// Plain text in UTF-8
    #[arg(required = true)]
    input: Vec<PathBuf>,
    /// Directory for the shards
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Unit of a line of the input
    #[arg(long, value_enum, default_value = "line")]
    unit: Unit,
    /// Existing sup-phonemes, instead of learned ones
    #[arg(long, value_name = "FILE", conflicts_with = "merges")]
    bpe: Option<PathBuf>,
    /// Maximum number of merges to learn
    #[arg(long, value_name = "N", default_value_t = 30_000)]
    merges: usize,
    /// Lexicon of your own pronunciations, which take precedence: `word PH PH …` per line
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
    /// Bytes of input per shard
    #[arg(long, value_name = "N", default_value_t = 4 << 20, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    shard_bytes: u64,
    #[command(flatten)]
    threads: Threads,
}

impl TextArgs {
    fn settings(self) -> anyhow::Result<text::Settings> {
        self.threads.start()?;
        Ok(text::Settings {
            inputs: self.input,
            out: self.out,
            unit: self.unit.into(),
            bpe: self.bpe,
            merges: self.merges,
            lexicon: self.lexicon,
            normalizer: self.reading.normalizer()?,
            shard_bytes: self.shard_bytes,
        })
    }
}

#[derive(Debug, ClapArgs)]
struct MelArgs {
    /// Mono wav or FLAC file
    input: PathBuf,
    /// File for the spectrogram
    #[arg(long, value_name = "FILE.npy")]
    out: PathBuf,
    /// Definition of the mel scale: vits or hifigan
    #[arg(long, default_value = "vits")]
    profile: MelProfile,
    /// Sample rate, if it is not 22050 Hz; recordings at another one are resampled to it
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1..))]
    sample_rate: Option<u32>,
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
