//! Agreement of a dataset's durations with its recordings.

use std::path::Path;

use anyhow::Result;
use mynah_cli::say;
use mynah_corpus::{Agreement, Dataset, agreement};
use rayon::prelude::*;

/// Prints the share of frames in which the recording sounds as the durations say.
pub(super) fn say_agreement(dataset: &Path) -> Result<()> {
    let dataset = Dataset::open(dataset)?;
    let audio = &dataset.info().recipe.audio;
    let hop = audio.mel.config(audio.sample_rate).hop_length;
    let of_each = dataset.utterances().par_iter().map(|utterance| {
        let symbols = utterance.parse_symbols()?;
        let features = dataset.features(utterance)?;
        anyhow::Ok(agreement(&symbols, &utterance.durations, &features, audio.sample_rate, hop))
    });
    let mut sums: Vec<Agreement> = Vec::new();
    for rows in of_each.collect::<Result<Vec<_>>>()? {
        if sums.is_empty() {
            sums = rows.to_vec();
            continue;
        }
        for (sum, row) in sums.iter_mut().zip(rows) {
            sum.frames += row.frames;
            sum.agreeing += row.agreeing;
        }
    }
    say("frames in which the recording agrees with the durations:");
    for row in sums {
        let share = row.share().map_or("-".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        say(&format!("  {:<24} {share:>7} of {}", row.statement, row.frames));
    }
    Ok(())
}
