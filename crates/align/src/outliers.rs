//! Suspicious durations, the first sign of a wrong alignment, transcript or recording.

use std::collections::BTreeMap;

use mynah_text::{Phone, Symbol};
use serde::{Deserialize, Serialize};

/// Duration in seconds above which a phone is an outlier.
pub const LONG_SECONDS: f64 = 0.5;

/// Number of standard deviations by which the mean log-density of a phone's frames must be below the mean of all phones
/// of its name to make it an outlier.
pub const UNLIKELY_DEVIATIONS: f64 = 4.0;

/// Smallest number of phones of a name for comparing them.
const FEWEST: usize = 20;

/// Reason why a phone is an outlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Oddity {
    /// It is longer than [`LONG_SECONDS`].
    Long,
    /// It is a vowel of one frame.
    OneFrameVowel,
    /// It sounds unlike the others of its name, by [`UNLIKELY_DEVIATIONS`].
    Unlikely,
}

/// A row of `alignments/outliers.jsonl` (`docs/formats/alignments.md`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outlier {
    /// Utterance id.
    pub id: String,
    /// Reason why the phone is an outlier.
    pub oddity: Oddity,
    /// Name of the phone.
    pub symbol: String,
    /// Position among the utterance's symbols, from 0.
    pub symbol_index: u32,
    /// Word that contains the phone.
    pub word: Option<String>,
    /// Start of the phone.
    pub start_seconds: f64,
    /// Duration of the phone.
    pub seconds: f64,
    /// Standard deviations of its log-density above the mean of its name; null for imported durations, and for names
    /// with fewer than 20 phones.
    pub deviations: Option<f64>,
}

/// An aligned utterance to search for outliers.
#[derive(Debug, Clone, Copy)]
pub struct AlignedSymbols<'a> {
    /// Utterance id.
    pub id: &'a str,
    /// Symbols of the utterance.
    pub symbols: &'a [Symbol],
    /// Frames of each symbol.
    pub durations: &'a [u32],
    /// Word index of each symbol, from 0; -1 for none.
    pub word_index: &'a [i64],
    /// Words of the utterance.
    pub words: &'a [&'a str],
    /// Mean log-density of the frames of each symbol; empty for imported durations.
    pub symbol_log_likelihoods: &'a [f64],
    /// Margins of each symbol ([`Alignment::symbol_margins`](crate::Alignment)); empty for imported durations.
    pub symbol_margins: &'a [f64],
}

/// Returns the outliers of a corpus, ordered by utterance, symbol and reason.
///
/// Deviations are rounded to two decimals, seconds to four.
#[must_use]
pub fn outliers(utterances: &[AlignedSymbols<'_>], seconds_per_frame: f64) -> Vec<Outlier> {
    let spreads = spreads(utterances);
    let mut rows = Vec::new();
    for utterance in utterances {
        let mut frame = 0;
        for (index, (symbol, duration)) in utterance.symbols.iter().zip(utterance.durations).enumerate() {
            let start = frame;
            frame += duration;
            let Some(phone) = symbol.phone() else { continue };
            let seconds = f64::from(*duration) * seconds_per_frame;
            let deviations = utterance.symbol_log_likelihoods.get(index).and_then(|value| {
                let (mean, deviation) = spreads.get(phone.without_stress())?;
                Some((value - mean) / deviation)
            });
            let odd = [
                (Oddity::Long, seconds > LONG_SECONDS),
                (Oddity::OneFrameVowel, phone.is_vowel() && *duration == 1),
                (Oddity::Unlikely, deviations.is_some_and(|value| value < -UNLIKELY_DEVIATIONS)),
            ];
            let word = utterance.word_index.get(index).and_then(|word| usize::try_from(*word).ok());
            let word = word.and_then(|word| utterance.words.get(word)).map(|word| (*word).to_owned());
            rows.extend(odd.into_iter().filter(|(_, is_so)| *is_so).map(|(oddity, _)| Outlier {
                id: utterance.id.to_owned(),
                oddity,
                symbol: phone.to_string(),
                symbol_index: index as u32,
                word: word.clone(),
                start_seconds: round(f64::from(start) * seconds_per_frame, 1e4),
                seconds: round(seconds, 1e4),
                deviations: deviations.map(|value| round(value, 1e2)),
            }));
        }
    }
    rows
}

/// Computes mean and standard deviation of the log-densities of each phone name with enough instances.
fn spreads(utterances: &[AlignedSymbols<'_>]) -> BTreeMap<&'static str, (f64, f64)> {
    let mut values: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for utterance in utterances {
        for (symbol, value) in utterance.symbols.iter().zip(utterance.symbol_log_likelihoods) {
            if let Some(name) = symbol.phone().map(Phone::without_stress) {
                values.entry(name).or_default().push(*value);
            }
        }
    }
    values
        .into_iter()
        .filter(|(_, values)| values.len() >= FEWEST)
        .filter_map(|(name, values)| {
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
            (variance > 0.0).then(|| (name, (mean, variance.sqrt())))
        })
        .collect()
}

fn round(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

#[cfg(test)]
mod tests {
    use mynah_text::Symbol;

    use super::{AlignedSymbols, Oddity, outliers};

    fn symbols(text: &str) -> Vec<Symbol> {
        text.split(' ').map(|symbol| symbol.parse().unwrap()).collect()
    }

    #[test]
    fn finds_long_short_and_unlikely_phones() {
        let symbols = symbols("<bos> HH AY1 / Y UW1 <eos>");
        let likely = [-9.0, -5.0, -6.0, -9.0, -7.0, -4.0, -9.0];
        let mut rows: Vec<[f64; 7]> =
            (0..40).map(|index| likely.map(|value| value + f64::from(index % 3))).collect();
        rows[7][2] = -40.0;
        let ids: Vec<String> = (0..40).map(|index| format!("{index:02}")).collect();
        let mut durations = [[3, 2, 5, 1, 4, 1, 2]; 40];
        for durations in &mut durations {
            durations[5] = 8;
        }
        durations[3][5] = 1;
        durations[5][1] = 6;
        let utterances: Vec<AlignedSymbols<'_>> = (0..40)
            .map(|index| AlignedSymbols {
                id: &ids[index],
                symbols: &symbols,
                durations: &durations[index],
                word_index: &[-1, 0, 0, -1, 1, 1, -1],
                words: &["hi", "you"],
                symbol_log_likelihoods: &rows[index],
                symbol_margins: &[],
            })
            .collect();
        let found = outliers(&utterances, 0.0625);
        // Eight frames are at most 0.5 s.
        let short: Vec<_> = found
            .iter()
            .map(|row| {
                (row.id.as_str(), row.oddity, row.symbol.as_str(), row.word.as_deref(), row.start_seconds)
            })
            .collect();
        assert_eq!(
            short,
            [
                ("03", Oddity::OneFrameVowel, "UW1", Some("you"), 0.9375),
                ("07", Oddity::Unlikely, "AY1", Some("hi"), 0.3125)
            ]
        );
        assert!(found[1].deviations.unwrap() < -6.0);
        let longer = outliers(&utterances, 0.1);
        assert!(longer.iter().any(|row| row.id == "05" && row.oddity == Oddity::Long && row.symbol == "HH"));

        // Imported durations have no densities.
        let without: Vec<_> = utterances
            .iter()
            .map(|utterance| AlignedSymbols { symbol_log_likelihoods: &[], ..*utterance })
            .collect();
        assert_eq!(outliers(&without, 0.0625).len(), 1);
    }
}
