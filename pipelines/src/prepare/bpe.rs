//! `mynah-prepare bpe train` and `bpe encode`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use mynah_cli::{Advised, put, say};
use mynah_table::write_atomic;
use mynah_text::{Phone, SupPhones, Symbol};

/// The settings of `bpe train`.
pub(crate) struct TrainSettings {
    /// Phonemized sentences; `-` for stdin.
    pub(crate) input: PathBuf,
    /// The maximum number of merges.
    pub(crate) merges: usize,
    /// The file for the sup-phonemes.
    pub(crate) out: PathBuf,
}

/// The settings of `bpe encode`.
pub(crate) struct EncodeSettings {
    /// The sup-phonemes.
    pub(crate) model: PathBuf,
    /// Prints identifiers instead of phones.
    pub(crate) ids: bool,
}

/// Learns merges from the words of the input.
pub(crate) fn train(settings: &TrainSettings) -> anyhow::Result<ExitCode> {
    let (name, text) = if settings.input == Path::new("-") {
        ("stdin".to_owned(), read_stdin()?)
    } else {
        let name = format!("`{}`", settings.input.display());
        let text = fs::read_to_string(&settings.input).with_context(|| format!("failed to read {name}"))?;
        (name, text)
    };
    let mut words: BTreeMap<Vec<Phone>, u64> = BTreeMap::new();
    for (line, number) in text.lines().zip(1..) {
        let symbols = parse(line).with_context(|| format!("failed to read line {number} of {name}"))?;
        for word in
            symbols.split(|symbol| !matches!(symbol, Symbol::Phone(_))).filter(|word| !word.is_empty())
        {
            *words.entry(phones(word)).or_default() += 1;
        }
    }
    if words.is_empty() {
        bail!(Advised::new(
            format!("{name} has no words"),
            "name a file with the output of `mynah-prepare phonemize`"
        ));
    }
    let (types, tokens) = (words.len(), words.values().sum::<u64>());
    let sup_phones = SupPhones::train(words, settings.merges);
    write_atomic(&settings.out, sup_phones.to_json().as_bytes())
        .context("failed to write the sup-phonemes")?;
    say(&format!("{} merges from {types} distinct words ({tokens} in all)", sup_phones.merges().len()));
    Ok(ExitCode::SUCCESS)
}

/// Encodes each line of stdin.
pub(crate) fn encode(settings: &EncodeSettings) -> anyhow::Result<ExitCode> {
    let name = settings.model.display();
    let json = fs::read_to_string(&settings.model).with_context(|| format!("failed to read `{name}`"))?;
    let sup_phones = SupPhones::from_json(&json).with_context(|| format!("failed to read `{name}`"))?;
    for (line, number) in read_stdin()?.lines().zip(1..) {
        let symbols = parse(line).with_context(|| format!("failed to read line {number} of stdin"))?;
        let words: Vec<&[Symbol]> =
            symbols.chunk_by(|a, b| matches!((a, b), (Symbol::Phone(_), Symbol::Phone(_)))).collect();
        let tokens = words.iter().flat_map(|word| {
            if settings.ids { identifiers(&sup_phones, word) } else { names(&sup_phones, word) }
        });
        put(&format!("{}\n", tokens.collect::<Vec<_>>().join(" ")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns one identifier per symbol of a word, or of the symbols between words.
fn identifiers(sup_phones: &SupPhones, word: &[Symbol]) -> Vec<String> {
    let index: Vec<Option<u32>> =
        word.iter().map(|symbol| matches!(symbol, Symbol::Phone(_)).then_some(0)).collect();
    sup_phones.encode(word, &index).iter().map(u32::to_string).collect()
}

/// Returns the sup-phonemes of a word as joined phones; symbols between words stay unchanged.
fn names(sup_phones: &SupPhones, word: &[Symbol]) -> Vec<String> {
    if !matches!(word.first(), Some(Symbol::Phone(_))) {
        return word.iter().map(ToString::to_string).collect();
    }
    sup_phones
        .encode_word(&phones(word))
        .into_iter()
        .map(|id| {
            let phones = sup_phones.phones(id).unwrap_or_default();
            phones.iter().map(ToString::to_string).collect::<Vec<_>>().join("_")
        })
        .collect()
}

fn phones(word: &[Symbol]) -> Vec<Phone> {
    word.iter()
        .filter_map(|symbol| if let Symbol::Phone(phone) = symbol { Some(*phone) } else { None })
        .collect()
}

fn parse(line: &str) -> anyhow::Result<Vec<Symbol>> {
    Ok(line.split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
}

fn read_stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text).context("failed to read stdin")?;
    Ok(text)
}
