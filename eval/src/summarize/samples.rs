//! Sample sentences to look at and listen to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use mynah_cli::say;
use mynah_report::comparison::{Sample, SampleVersion, WorstItem};
use mynah_signal::wav;
use mynah_table::write_atomic;
use rayon::prelude::*;

use super::report::REFERENCE;
use crate::named::NamedDirectory;
use crate::sounds::{picture, plain};
use crate::wavs;

/// Samples that a report shows and plays.
pub(crate) struct Samples {
    /// Sentences present in every directory.
    pub(crate) spread: Vec<Sample>,
    /// Sentences with the worst results.
    pub(crate) worst: Vec<Sample>,
}

/// A sentence to show: the item, a note, and the indices of its directories.
struct Wanted {
    item: String,
    note: Option<String>,
    directories: Vec<usize>,
}

/// Copies wavs into `OUT/audio` and computes their spectrograms.
///
/// The samples are `n_samples` sentences present in every directory, evenly spaced by name, from all directories; and
/// the sentences of `worst` whose system has a directory, from that and the reference. Unreadable wavs are reported
/// and left out.
pub(crate) fn collect(
    directories: &[NamedDirectory],
    n_samples: usize,
    worst: &[WorstItem],
    out: &Path,
) -> anyhow::Result<Samples> {
    let spread = spread(&common(directories)?, n_samples).into_iter().map(|item| Wanted {
        item,
        note: None,
        directories: (0..directories.len()).collect(),
    });
    let spread: Vec<Wanted> = spread.collect();
    let worst: Vec<Wanted> = worst.iter().filter_map(|worst| want_worst(worst, directories)).collect();
    // Items are numbered, since names may differ only in characters that a URL cannot hold.
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wavs = BTreeSet::new();
    for wanted in spread.iter().chain(&worst) {
        let next = numbers.len();
        numbers.entry(&wanted.item).or_insert(next);
        wavs.extend(wanted.directories.iter().map(|&directory| (directory, wanted.item.as_str())));
    }
    let versions: BTreeMap<(usize, &str), Option<anyhow::Result<SampleVersion>>> = wavs
        .into_par_iter()
        .map(|(directory, item)| {
            let named = &directories[directory];
            let number = numbers[item];
            let audio = format!("audio/{directory}-{}/{number}-{}.wav", plain(&named.name), plain(item));
            ((directory, item), version(named, item, audio, out).transpose())
        })
        .collect();
    for ((directory, item), version) in &versions {
        if let Some(Err(error)) = version {
            let name = &directories[*directory].name;
            say(&format!("warning: skipped {item} of {name}: {error:#}"));
        }
    }
    let sample = |wanted: &Wanted| Sample {
        item: wanted.item.clone(),
        note: wanted.note.clone(),
        versions: wanted
            .directories
            .iter()
            .filter_map(|&directory| {
                versions[&(directory, wanted.item.as_str())].as_ref()?.as_ref().ok().cloned()
            })
            .collect(),
    };
    Ok(Samples { spread: spread.iter().map(sample).collect(), worst: worst.iter().map(sample).collect() })
}

/// Returns the sentence with the directories of the reference and its system, if the system has one.
fn want_worst(worst: &WorstItem, directories: &[NamedDirectory]) -> Option<Wanted> {
    let of_system = directories.iter().position(|named| named.name == worst.system)?;
    let of_reference = directories.iter().position(|named| named.name == REFERENCE);
    Some(Wanted {
        item: worst.item.clone(),
        note: Some(format!("{}: {}", worst.system, worst.why)),
        directories: of_reference.into_iter().chain([of_system]).collect(),
    })
}

/// Returns the items present in all directories.
fn common(directories: &[NamedDirectory]) -> anyhow::Result<Vec<String>> {
    let mut common: Option<BTreeSet<String>> = None;
    for named in directories {
        let items = wavs::items(&named.directory)?;
        common = Some(match common {
            None => items,
            Some(others) => others.intersection(&items).cloned().collect(),
        });
    }
    if common.as_ref().is_some_and(BTreeSet::is_empty) {
        say("warning: no sentence is in all directories, so the report has no samples of them");
    }
    Ok(common.unwrap_or_default().into_iter().collect())
}

/// Selects `count` items at even spacing, starting with the first.
fn spread(items: &[String], count: usize) -> Vec<String> {
    let count = count.min(items.len());
    (0..count).map(|index| items[index * items.len() / count].clone()).collect()
}

/// Copies a wav and computes its spectrogram; `None` if the wav is missing, which the scores report.
fn version(
    named: &NamedDirectory,
    item: &str,
    audio: String,
    out: &Path,
) -> anyhow::Result<Option<SampleVersion>> {
    let Some(path) = wavs::find(&named.directory, item) else { return Ok(None) };
    let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let waveform = wav::decode(&bytes, &path)?;
    let mel = picture(&waveform)?;
    write_atomic(&out.join(&audio), &bytes).context("failed to copy the wav")?;
    Ok(Some(SampleVersion { system: named.name.clone(), mel, audio: Some(audio) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spreads_samples_over_all_items() {
        let items: Vec<String> = (0..10).map(|index| index.to_string()).collect();
        assert_eq!(spread(&items, 3), ["0", "3", "6"]);
        assert_eq!(spread(&items, 99).len(), 10);
        assert!(spread(&[], 3).is_empty());
    }
}
