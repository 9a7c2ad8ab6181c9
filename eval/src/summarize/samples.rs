//! A few sentences to be looked at and listened to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use mynah_corpus::write_whole;
use mynah_report::comparison::{Sample, SampleVersion};
use mynah_report::figure::Mel;
use mynah_signal::{MelExtractor, MelProfile, wav};

use crate::named::NamedDirectory;
use crate::program::say;
use crate::wavs;

/// Copies the wavs of up to `n_samples` sentences into `OUT/audio` and computes their spectrograms.
///
/// The sentences are spread evenly over those that every directory has, by name. A wav that cannot be read is said, and
/// its place stays empty.
pub(crate) fn collect(
    directories: &[NamedDirectory],
    n_samples: usize,
    out: &Path,
) -> anyhow::Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for (position, item) in spread(&common(directories)?, n_samples).into_iter().enumerate() {
        let mut versions = Vec::new();
        for (index, named) in directories.iter().enumerate() {
            // Numbered: names may hold anything, and two may differ only by what addresses cannot hold.
            let audio = format!("audio/{index}-{}/{position}-{}.wav", plain(&named.name), plain(&item));
            match version(named, &item, audio, out) {
                Ok(version) => versions.push(version),
                Err(error) => say(&format!("warning: {} of {} is left out: {error:#}", item, named.name)),
            }
        }
        samples.push(Sample { item, versions });
    }
    Ok(samples)
}

/// The items of all directories.
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
        say("warning: no sentence is in all directories, so there is nothing to listen to in the report");
    }
    Ok(common.unwrap_or_default().into_iter().collect())
}

/// `count` of the items, evenly spread, the first one among them.
fn spread(items: &[String], count: usize) -> Vec<String> {
    let count = count.min(items.len());
    (0..count).map(|index| items[index * items.len() / count].clone()).collect()
}

fn version(named: &NamedDirectory, item: &str, audio: String, out: &Path) -> anyhow::Result<SampleVersion> {
    let path = wavs::find(&named.directory, item).context("there is no wav")?;
    let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let waveform = wav::decode(&bytes, &path).map_err(|error| anyhow::anyhow!("failed to {error}"))?;
    let config = MelProfile::Vits.config(waveform.sample_rate());
    let hop_seconds = config.hop_length as f64 / f64::from(waveform.sample_rate());
    let mel = MelExtractor::new(&config)?.log_mel(waveform.samples());
    write_whole(&out.join(&audio), &bytes).context("failed to copy the wav")?;
    Ok(SampleVersion {
        system: named.name.clone(),
        mel: Mel {
            title: String::new(),
            n_bands: mel.n_bins(),
            hop_seconds,
            values: mel.into_data(),
            labels: Vec::new(),
        },
        audio: Some(audio),
    })
}

/// A name without what an address would have to escape.
fn plain(item: &str) -> String {
    item.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_spread_over_all_items() {
        let items: Vec<String> = (0..10).map(|index| index.to_string()).collect();
        assert_eq!(spread(&items, 3), ["0", "3", "6"]);
        assert_eq!(spread(&items, 99).len(), 10);
        assert!(spread(&[], 3).is_empty());
    }
}
