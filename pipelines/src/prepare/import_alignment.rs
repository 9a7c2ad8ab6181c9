//! `mynah-prepare import-alignment`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use mynah_align::{
    AlignmentSource, FitTarget, Fitted, LabelDirectory, LabelFormat, Lookup, MisfitKind, Variants,
    fit_variants,
};
use mynah_cli::{Advised, say};
use mynah_corpus::{Code, Dataset, DatasetLayout, Import, ImportedRow, Problem, Stage, Utterance};
use mynah_text::Phone;
use rayon::prelude::*;

use super::agreement::say_agreement;
use super::realign::realign;
use super::summary;
use crate::lock;

/// The settings of an import.
pub(crate) struct Settings {
    /// A complete dataset.
    pub(crate) dataset: PathBuf,
    /// The files of the other tool.
    pub(crate) from: PathBuf,
    /// Their format; any when absent.
    pub(crate) format: Option<LabelFormat>,
    /// The treatment of files whose phones are not the dataset's.
    pub(crate) variants: Variants,
    /// Imports even when fewer than half of the utterances fit.
    pub(crate) partial: bool,
}

/// Gives a dataset the durations of another tool.
pub(crate) fn run(settings: &Settings) -> Result<ExitCode> {
    let Settings { dataset: root, from, format, variants, partial } = settings;
    let failed = || format!("failed to import durations into `{}`", root.display());
    let _lock = lock::existing(root, failed)?;
    let dataset = Dataset::open(root)?;
    let directory = LabelDirectory::open(from, *format)?;
    if directory.is_empty() {
        let names = LabelFormat::ALL.map(LabelFormat::name).join(", ");
        let wanted = format.map_or(names, |format| format.name().to_owned());
        bail!("`{}` has no alignment files ({wanted})", from.display());
    }
    let import = read_all(&dataset, &directory, from, *variants)?;
    let (n, all) = (import.rows.len(), dataset.utterances().len());
    if n == 0 || (!partial && 2 * n < all) {
        say(&summary::lines(&import.problems).join("\n"));
        let message = format!(
            "only {n} of the {all} utterances of `{}` have durations in `{}` that fit, so nothing was changed",
            root.display(),
            from.display()
        );
        if n == 0 {
            bail!(message);
        }
        bail!(Advised::new(message, "correct the files, or import those that fit with --partial"));
    }
    let layout = DatasetLayout::new(root);
    layout.alignments().write_import(&import)?;
    let mut recipe = dataset.info().recipe.clone();
    recipe.alignment.source = AlignmentSource::Imported;
    let code = realign(&dataset, &layout, &recipe)?;
    let rest = if n == all { String::new() } else { format!("; the other {} keep the aligner's", all - n) };
    say(&format!("{n} of {all} utterances have imported durations{rest}"));
    say("`mynah-prepare run` keeps them if its recipe has `source = \"imported\"` under `[alignment]`");
    say_agreement(root)?;
    Ok(code)
}

/// Reads the durations of all utterances: those that fit, and the problems of the others.
fn read_all(
    dataset: &Dataset,
    directory: &LabelDirectory,
    from: &Path,
    variants: Variants,
) -> Result<Import> {
    let audio = &dataset.info().recipe.audio;
    let hop = audio.mel.config(audio.sample_rate).hop_length;
    let seconds_per_frame = hop as f64 / f64::from(audio.sample_rate);
    let outcomes: Vec<Result<ImportedRow, Box<Problem>>> = dataset
        .utterances()
        .par_iter()
        .map(|utterance| read(utterance, directory, from, seconds_per_frame, variants))
        .collect::<Result<_>>()?;
    let mut import = Import::default();
    for (name, error) in directory.broken() {
        import.problems.push(Problem {
            stage: Stage::Alignment,
            code: Code::UnreadableAlignment,
            id: None,
            file: shown(from, name),
            line: error.line,
            message: error.to_string(),
            remedy: "write the file again with its tool".to_owned(),
        });
    }
    for outcome in outcomes {
        match outcome {
            Ok(row) => drop(import.rows.insert(row.id.clone(), row)),
            Err(problem) => import.problems.push(*problem),
        }
    }
    Ok(import)
}

/// Reads the durations of one utterance. The outer error is one of the operating system.
fn read(
    utterance: &Utterance,
    directory: &LabelDirectory,
    from: &Path,
    seconds_per_frame: f64,
    variants: Variants,
) -> Result<Result<ImportedRow, Box<Problem>>> {
    let problem = |code, file: String, line, message, remedy: &str| {
        let id = Some(utterance.id.clone());
        let remedy = format!("{remedy}; until it is imported, the utterance has the aligner's durations");
        Ok(Err(Box::new(Problem { stage: Stage::Alignment, code, id, file, line, message, remedy })))
    };
    let file = match directory.look_up(&utterance.id)? {
        Lookup::Found(file) => file,
        Lookup::Missing => {
            let message = "the utterance has no file".to_owned();
            let remedy = "align it with the other tool";
            return problem(Code::MissingAlignment, from.display().to_string(), None, message, remedy);
        }
        Lookup::Several(names) => {
            let message = format!("the utterance has several files: `{}`", names.join("`, `"));
            let remedy = "remove all but one, or choose a format with --format";
            return problem(Code::AmbiguousAlignment, from.display().to_string(), None, message, remedy);
        }
    };
    let name = shown(from, &file.name);
    let content = match file.content {
        Ok(content) => content,
        Err(error) => {
            let remedy = "write the file again with its tool, or name its format with --format";
            return problem(Code::UnreadableAlignment, name, error.line, error.to_string(), remedy);
        }
    };
    let symbols = utterance
        .parse_symbols()
        .with_context(|| format!("failed to read the symbols of `{}`", utterance.id))?;
    let target = FitTarget {
        symbols: &symbols,
        frames: utterance.frames,
        seconds: utterance.seconds,
        seconds_per_frame,
    };
    match fit_variants(&content, &target, &utterance.durations, variants) {
        Ok(Fitted { durations, phones }) => Ok(Ok(ImportedRow {
            id: utterance.id.clone(),
            symbols: utterance.symbols.clone(),
            frames: utterance.frames,
            durations,
            phones: phones.map(|words| written(&words)),
            file: file.name,
            blake3: file.blake3,
        })),
        Err(misfit) => {
            let remedy = remedy(misfit.kind);
            problem(misfit.kind.into(), name, misfit.line, misfit.message, remedy)
        }
    }
}

/// Writes the phones of words as a corpus may give them.
fn written(words: &[Vec<Phone>]) -> String {
    let word = |word: &Vec<Phone>| word.iter().map(|phone| phone.name()).collect::<Vec<_>>().join(" ");
    words.iter().map(word).collect::<Vec<_>>().join(" / ")
}

fn remedy(kind: MisfitKind) -> &'static str {
    match kind {
        MisfitKind::UnknownPhone => "write ARPAbet or IPA to the file",
        MisfitKind::DifferentPhones => {
            "import the times of words alone with --variants words, or the file's phones with --variants phones"
        }
        MisfitKind::DifferentLength => "check that the file belongs to this recording",
        _ => "write the file again with its tool",
    }
}

fn shown(from: &Path, name: &str) -> String {
    from.join(name).display().to_string()
}
