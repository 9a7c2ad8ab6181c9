//! Texts that are not what is heard.
//!
//! A forced aligner finds a path through any text. Whether the text is right shows in two ways. Frames sound like other
//! phones than their own: their margin ([`Alignment::symbol_margins`](crate::Alignment)) is large. And phones last much
//! longer or shorter than others of their name, since words that nobody says are squeezed into a few frames, and those
//! that the text lacks stretch their neighbors.
//!
//! The evidence of a symbol is the sum of both, in nats, above what is usual for its name in this corpus, less a drift
//! that keeps correct texts below 0. It is counted twice: weighted by the frames of the symbol, where sound that the text
//! lacks weighs most, and by the square root of their number, where words that nobody says do. A clip is doubtful if the
//! mean evidence of its symbols, or the largest sum of any stretch of them, is far outside of what the corpus' other
//! clips have.

use std::collections::BTreeMap;

use mynah_text::Symbol;

use crate::outliers::AlignedSymbols;

/// Smallest number of clips from which typical values are estimated.
pub const FEWEST_CLIPS: usize = 20;

/// Distance of a clip's mean evidence from the median of all clips, in robust standard deviations, above which its text
/// is doubtful.
pub const OVERALL_DEVIATIONS: f64 = 4.5;

/// Distance, likewise, of the logarithm of the evidence of its worst stretch of sound that the text lacks.
pub const UNWRITTEN_DEVIATIONS: f64 = 3.5;

/// Distance, likewise, of the logarithm of the evidence of its worst stretch of words that nobody says.
pub const UNSPOKEN_DEVIATIONS: f64 = 4.2;

/// Smallest number of symbols of a name for comparing them; rarer ones are compared with all symbols.
const FEWEST_SYMBOLS: usize = 20;
/// Evidence in nats that is subtracted for each frame.
const DRIFT_PER_FRAME: f64 = 1.0;
/// Evidence in nats that is subtracted for each symbol of sound that the text lacks, and of words that nobody says.
const DRIFT_PER_SYMBOL: [f64; 2] = [1.0, 2.0];
/// Powers of the number of frames by which the margin of a symbol is weighted, likewise.
const WEIGHT: [f64; 2] = [1.0, 0.5];
/// Largest evidence of an implausible duration, in nats.
const MOST_DURATION_NATS: f64 = 8.0;
/// Constant added before taking the logarithm of the evidence of a stretch, in nats.
const STRETCH_FLOOR: f64 = 20.0;
/// Standard deviation of a normal distribution over its median absolute deviation.
const NORMAL_OVER_MEDIAN_DEVIATION: f64 = 1.4826;

/// Fit of one clip's text with its recording, in robust standard deviations above the median of the corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct TranscriptFit {
    /// Mean evidence of all symbols against the text.
    pub overall: f64,
    /// Logarithm of the evidence for sound that the text lacks, in the worst stretch.
    pub unwritten: f64,
    /// Logarithm of the evidence for words that nobody says, in the worst stretch.
    pub unspoken: f64,
    /// First and last word of the worse of these stretches; `None` if it contains none.
    pub words: Option<(usize, usize)>,
    /// Start of that stretch.
    pub start_seconds: f64,
    /// End of that stretch.
    pub end_seconds: f64,
}

/// Reason why a text is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing of it fits: it is another clip's, or the alignment failed.
    Whole,
    /// The text lacks words, or has others.
    Unwritten,
    /// The text has words that are not in the recording.
    Unspoken,
}

impl TranscriptFit {
    /// Returns the reason why the text is doubtful, if it is.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        let excess = [self.unwritten / UNWRITTEN_DEVIATIONS, self.unspoken / UNSPOKEN_DEVIATIONS];
        if self.overall > OVERALL_DEVIATIONS {
            Some(Doubt::Whole)
        } else if excess[0].max(excess[1]) <= 1.0 {
            None
        } else if excess[0] > excess[1] {
            Some(Doubt::Unwritten)
        } else {
            Some(Doubt::Unspoken)
        }
    }

    /// Returns the larger distance of the two worst stretches.
    #[must_use]
    pub fn worst_stretch(&self) -> f64 {
        self.unwritten.max(self.unspoken)
    }
}

/// Compares every text with its recording; the result is in the order of the utterances.
///
/// `None` for utterances without margins, and for all if fewer than [`FEWEST_CLIPS`] have them: what is usual is then
/// unknown.
#[must_use]
pub fn transcript_fits(
    utterances: &[AlignedSymbols<'_>],
    seconds_per_frame: f64,
) -> Vec<Option<TranscriptFit>> {
    let usual = Usual::of(utterances);
    let raw: Vec<Option<Evidence>> = utterances
        .iter()
        .map(|utterance| has_margins(utterance).then(|| Evidence::of(utterance, &usual)))
        .collect();
    let known = || raw.iter().flatten();
    if known().count() < FEWEST_CLIPS {
        return vec![None; utterances.len()];
    }
    let overall = Spread::of(known().map(|evidence| evidence.mean).collect());
    let stretches =
        [0, 1].map(|kind| Spread::of(known().map(|evidence| evidence.ln_stretch(kind)).collect()));
    utterances
        .iter()
        .zip(&raw)
        .map(|(utterance, evidence)| {
            let evidence = evidence.as_ref()?;
            let [unwritten, unspoken] =
                [0, 1].map(|kind| stretches[kind].deviations(evidence.ln_stretch(kind)));
            let worse = usize::from(unwritten / UNWRITTEN_DEVIATIONS <= unspoken / UNSPOKEN_DEVIATIONS);
            let (first, last) = evidence.stretches[worse].1;
            let frames = |symbols: &[u32]| f64::from(symbols.iter().sum::<u32>()) * seconds_per_frame;
            let mut words =
                utterance.word_index.get(first..=last)?.iter().filter_map(|word| usize::try_from(*word).ok());
            let first_word = words.next();
            Some(TranscriptFit {
                overall: overall.deviations(evidence.mean),
                unwritten,
                unspoken,
                words: first_word.map(|word| (word, words.next_back().unwrap_or(word))),
                start_seconds: frames(&utterance.durations[..first]),
                end_seconds: frames(&utterance.durations[..=last]),
            })
        })
        .collect()
}

fn has_margins(utterance: &AlignedSymbols<'_>) -> bool {
    let n = utterance.durations.len();
    n > 0 && utterance.symbol_margins.len() == n && utterance.symbols.len() == n
}

/// Returns the name under which symbols are compared: the phone without stress, or one for all pauses.
fn name(symbol: Symbol) -> &'static str {
    symbol.phone().map_or("", mynah_text::Phone::without_stress)
}

/// Median and robust standard deviation.
#[derive(Debug, Clone, Copy)]
struct Spread {
    median: f64,
    deviation: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        let median = mynah_signal::median(&mut values).unwrap_or(0.0);
        let mut distances: Vec<f64> = values.iter().map(|value| (value - median).abs()).collect();
        let distance = mynah_signal::median(&mut distances).unwrap_or(0.0);
        Self { median, deviation: (NORMAL_OVER_MEDIAN_DEVIATION * distance).max(f64::MIN_POSITIVE) }
    }

    fn deviations(self, value: f64) -> f64 {
        (value - self.median) / self.deviation
    }
}

/// Usual margins and durations of a name.
#[derive(Debug, Clone, Copy)]
struct Typical {
    margin: f64,
    ln_frames: Spread,
}

/// Usual margins and durations of a corpus, by name.
struct Usual {
    by_name: BTreeMap<&'static str, Typical>,
    all: Typical,
}

impl Usual {
    fn of(utterances: &[AlignedSymbols<'_>]) -> Self {
        let mut values: BTreeMap<&'static str, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
        let mut all = (Vec::new(), Vec::new());
        for utterance in utterances.iter().filter(|utterance| has_margins(utterance)) {
            let symbols = utterance.symbols.iter().zip(utterance.durations).zip(utterance.symbol_margins);
            for ((symbol, frames), margin) in symbols {
                let (margins, durations) = values.entry(name(*symbol)).or_default();
                let ln_frames = f64::from(*frames).ln();
                margins.push(*margin);
                durations.push(ln_frames);
                all.0.push(*margin);
                all.1.push(ln_frames);
            }
        }
        let typical = |(mut margins, durations): (Vec<f64>, Vec<f64>)| {
            let mut ln_frames = Spread::of(durations);
            // Whole frames and ties make the deviation of short phones too small.
            ln_frames.deviation = ln_frames.deviation.max(0.3);
            Typical { margin: mynah_signal::median(&mut margins).unwrap_or(0.0), ln_frames }
        };
        let by_name = values
            .into_iter()
            .filter(|(_, (margins, _))| margins.len() >= FEWEST_SYMBOLS)
            .map(|(name, values)| (name, typical(values)))
            .collect();
        Self { by_name, all: typical(all) }
    }

    /// Returns the evidence of one symbol against the text, in nats: for sound that the text lacks, and for words that
    /// nobody says.
    fn evidence(&self, symbol: Symbol, frames: u32, margin: f64) -> [f64; 2] {
        let usual = self.by_name.get(name(symbol)).unwrap_or(&self.all);
        let frames = f64::from(frames);
        // Pauses last as long as they like.
        let odd = if symbol.phone().is_some() {
            let deviations = usual.ln_frames.deviations(frames.ln());
            (0.5 * deviations * deviations - 0.5).min(MOST_DURATION_NATS)
        } else {
            0.0
        };
        let unlike = usual.margin - margin - DRIFT_PER_FRAME;
        [0, 1].map(|kind| unlike * frames.powf(WEIGHT[kind]) + odd - DRIFT_PER_SYMBOL[kind])
    }
}

/// Evidence against the text of one clip.
struct Evidence {
    /// Mean per frame.
    mean: f64,
    /// Sum of the worst stretch of each kind, with its first and last symbol.
    stretches: [(f64, (usize, usize)); 2],
}

impl Evidence {
    fn of(utterance: &AlignedSymbols<'_>, usual: &Usual) -> Self {
        let AlignedSymbols { symbols, durations, symbol_margins, .. } = *utterance;
        let values: Vec<[f64; 2]> = symbols
            .iter()
            .zip(durations)
            .zip(symbol_margins)
            .map(|((symbol, frames), margin)| usual.evidence(*symbol, *frames, *margin))
            .collect();
        let sum: f64 = values.iter().map(|value| value[0]).sum();
        let frames = f64::from(durations.iter().sum::<u32>());
        let stretches = [0, 1].map(|kind| worst_stretch(values.iter().map(|value| value[kind])));
        Self { mean: sum / frames.max(1.0), stretches }
    }

    fn ln_stretch(&self, kind: usize) -> f64 {
        (self.stretches[kind].0 + STRETCH_FLOOR).ln()
    }
}

/// Returns the largest sum of consecutive values, at least 0, with the first and the last of them.
fn worst_stretch(values: impl Iterator<Item = f64>) -> (f64, (usize, usize)) {
    let (mut since, mut start) = (0.0, 0);
    let mut worst = (0.0, (0, 0));
    for (index, value) in values.enumerate() {
        if since <= 0.0 {
            (since, start) = (0.0, index);
        }
        since += value;
        if since > worst.0 {
            worst = (since, (start, index));
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use mynah_text::Symbol;
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::{
        AlignedSymbols, Doubt, FEWEST_CLIPS, OVERALL_DEVIATIONS, TranscriptFit, UNSPOKEN_DEVIATIONS,
        UNWRITTEN_DEVIATIONS, transcript_fits,
    };

    const TEXT: &str =
        "<bos> HH AY1 / Y UW1 / T UW1 / S IY1 / M AH1 CH / L AE1 S T / N OW1 / G UH1 D . <eos>";

    /// Margins, durations and words of clips whose texts are right.
    struct Clips {
        symbols: Vec<Symbol>,
        word_index: Vec<i64>,
        margins: Vec<Vec<f64>>,
        durations: Vec<Vec<u32>>,
    }

    impl Clips {
        fn new(n: usize) -> Self {
            let symbols: Vec<Symbol> = TEXT.split(' ').map(|symbol| symbol.parse().unwrap()).collect();
            let mut word = 0;
            let word_index = symbols
                .iter()
                .map(|symbol| {
                    word += i64::from(*symbol == Symbol::Boundary);
                    if symbol.phone().is_some() { word } else { -1 }
                })
                .collect();
            let mut generator = ChaCha8Rng::seed_from_u64(2);
            let mut rows = |low: f64, high: f64| -> Vec<Vec<f64>> {
                (0..n).map(|_| symbols.iter().map(|_| generator.random_range(low..high)).collect()).collect()
            };
            let margins = rows(-3.0, -0.5);
            let frames = rows(4.0, 12.0);
            let durations =
                frames.iter().map(|row| row.iter().map(|frames| *frames as u32).collect()).collect();
            Self { symbols, word_index, margins, durations }
        }

        fn fits(&self) -> Vec<Option<TranscriptFit>> {
            let rows: Vec<AlignedSymbols<'_>> = (0..self.margins.len())
                .map(|index| AlignedSymbols {
                    id: "",
                    symbols: &self.symbols,
                    durations: &self.durations[index],
                    word_index: &self.word_index,
                    words: &[],
                    symbol_log_likelihoods: &[],
                    symbol_margins: &self.margins[index],
                })
                .collect();
            transcript_fits(&rows, 0.01)
        }
    }

    /// Returns the doubtful clips, the most doubtful first.
    fn doubts(fits: &[Option<TranscriptFit>]) -> Vec<(usize, Doubt)> {
        let excess = |fit: &TranscriptFit| {
            let overall = fit.overall / OVERALL_DEVIATIONS;
            overall.max(fit.unwritten / UNWRITTEN_DEVIATIONS).max(fit.unspoken / UNSPOKEN_DEVIATIONS)
        };
        let mut doubts: Vec<(f64, usize, Doubt)> = fits
            .iter()
            .enumerate()
            .filter_map(|(index, fit)| Some((excess(fit.as_ref()?), index, fit.as_ref()?.doubt()?)))
            .collect();
        doubts.sort_by(|a, b| b.0.total_cmp(&a.0));
        doubts.into_iter().map(|(_, index, doubt)| (index, doubt)).collect()
    }

    #[test]
    fn finds_texts_that_are_wrong_as_a_whole_or_in_part() {
        let mut clips = Clips::new(60);
        // Values without the spread of real ones: the limits are those of real corpora.
        assert!(doubts(&clips.fits()).len() <= 3);
        clips.margins[7].iter_mut().for_each(|margin| *margin -= 6.0);
        // The fourth and the fifth word.
        let part = clips.word_index.iter().enumerate().filter(|(_, word)| (3..5).contains(*word));
        for (symbol, _) in part {
            clips.margins[30][symbol] -= 9.0;
        }
        let fits = clips.fits();
        let mut worst: Vec<usize> = doubts(&fits).iter().take(2).map(|(index, _)| *index).collect();
        worst.sort_unstable();
        assert_eq!(worst, [7, 30]);
        assert_eq!(fits[7].as_ref().unwrap().doubt(), Some(Doubt::Whole));
        let stretch = fits[30].as_ref().unwrap();
        let (first, last) = stretch.words.unwrap();
        assert!(first <= 3 && last >= 4 && last - first <= 3, "{stretch:?}");
        assert!(stretch.worst_stretch() > 4.0, "{stretch:?}");
        let frames = |symbols: &[u32]| f64::from(symbols.iter().sum::<u32>()) * 0.01;
        let start = clips.word_index.iter().position(|word| *word == 3).unwrap();
        assert!(stretch.start_seconds <= frames(&clips.durations[30][..start]) + 1e-9);
    }

    #[test]
    fn words_squeezed_into_a_few_frames_are_odd() {
        let mut clips = Clips::new(60);
        for symbol in 5..22 {
            if clips.symbols[symbol].phone().is_some() {
                clips.durations[4][symbol] = 2;
                clips.margins[4][symbol] -= 5.0;
            }
        }
        assert!(matches!(doubts(&clips.fits())[..], [(4, Doubt::Unspoken | Doubt::Whole), ..]));
    }

    #[test]
    fn nothing_is_said_about_few_clips_or_without_margins() {
        assert_eq!(Clips::new(FEWEST_CLIPS - 1).fits(), vec![None; FEWEST_CLIPS - 1]);
        let mut clips = Clips::new(FEWEST_CLIPS + 1);
        clips.margins[3].clear();
        let fits = clips.fits();
        assert!(fits[3].is_none() && fits[4].is_some());
    }
}
