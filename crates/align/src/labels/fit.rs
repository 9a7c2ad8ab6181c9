//! Fitting of another tool's labels to frames of each symbol.

use mynah_text::{Phone, Symbol};

use super::label::{Content, Label};
use super::phone_name::Name;
use crate::hmm::{Graph, Unit, at_least_one, spread_durations};

/// Largest overlap or gap between labels, in frames: times are written with few digits.
const OVERLAP_FRAMES: f64 = 0.5;

/// Largest distance in seconds of the last label beyond the end of the clip, or of a final silence before it: other
/// tools use frames of 10 ms and windows of 25 ms, and may have resampled the clip.
const END_SECONDS: f64 = 0.1;

/// Largest difference between summed durations and the number of frames: tools treat the end of a clip differently.
const END_FRAMES: f64 = 2.0;

/// Utterance to which labels are fitted.
#[derive(Debug, Clone, Copy)]
pub struct FitTarget<'a> {
    /// Symbols from `<bos>` to `<eos>`.
    pub symbols: &'a [Symbol],
    /// Frames of the mel spectrogram.
    pub frames: u32,
    /// Length of the clip.
    pub seconds: f64,
    /// Hop / sample rate.
    pub seconds_per_frame: f64,
}

/// Kind of a [`Misfit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MisfitKind {
    /// The utterance has fewer frames than symbols.
    TooShort,
    /// Labels overlap, run backwards or are missing altogether.
    Unreadable,
    /// A label does not name a known phone.
    UnknownPhone,
    /// The labels name phones other than those of the utterance.
    DifferentPhones,
    /// The labels do not end where the clip does.
    DifferentLength,
}

/// Reason why a file does not fit an utterance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Kind of misfit.
    pub kind: MisfitKind,
    /// Line of the file, if the format has lines.
    pub line: Option<u64>,
    /// Description of the difference.
    pub message: String,
}

impl Misfit {
    fn new(kind: MisfitKind, line: Option<u64>, message: impl Into<String>) -> Self {
        Self { kind, line, message: message.into() }
    }
}

/// Returns the frames of each symbol, at least 1, which sum to all frames.
///
/// Labels that are the symbols themselves, as in the TextGrid files of a dataset, give the durations of the dataset. In
/// other labels, the phones must be those of the dataset, in order, regardless of stress; silences are assigned to the
/// symbols that represent a pause, and a symbol without a silence takes a frame of its longer neighbor.
///
/// An array of frames has one number per symbol, or per phone, or twice as many plus one: then there are blanks before,
/// between and after them, and the frames of a blank are split between its neighbors.
///
/// # Errors
///
/// A [`Misfit`] if the labels name phones other than the dataset's, overlap, or do not end where the clip does.
pub fn fit(content: &Content, target: &FitTarget<'_>) -> Result<Vec<u32>, Misfit> {
    if (target.frames as usize) < target.symbols.len() {
        let message = format!("it has {} frames, but {} symbols", target.frames, target.symbols.len());
        return Err(Misfit::new(MisfitKind::TooShort, None, message));
    }
    match content {
        Content::Labels(labels) => fit_labels(labels, target),
        Content::Frames(values) => fit_frames(values, target),
    }
}

fn fit_labels(labels: &[Label], target: &FitTarget<'_>) -> Result<Vec<u32>, Misfit> {
    check_times(labels, target)?;
    let symbols = target.symbols;
    let same = |(label, symbol): (&Label, &Symbol)| label.text == symbol.name();
    if labels.len() == symbols.len() && labels.iter().zip(symbols).all(same) {
        let ends: Vec<f64> = labels.iter().map(|label| label.end / target.seconds_per_frame).collect();
        let mut durations = frames_between(&ends, target.frames);
        at_least_one(&mut durations);
        return Ok(durations);
    }
    let graph = Graph::new(symbols);
    let phones = match_phones(labels, &graph, symbols)?;
    let mut ends = Vec::with_capacity(graph.slots.len());
    let mut next = phones.iter().copied().peekable();
    for (index, slot) in graph.slots.iter().enumerate() {
        let own = if slot.unit == Unit::Pause { None } else { next.next() };
        let beside_pause = graph.slots.get(index + 1).is_none_or(|slot| slot.unit == Unit::Pause);
        ends.push(match (own, next.peek()) {
            // Within a word, a gap left by rounding belongs to the previous phone.
            (Some(phone), _) if beside_pause => phone.end,
            (_, Some(following)) => following.start,
            _ => target.seconds,
        });
    }
    for end in &mut ends {
        *end /= target.seconds_per_frame;
    }
    Ok(spread_durations(&graph, &frames_between(&ends, target.frames), symbols))
}

/// Checks that the labels are in order, do not overlap, and end with the clip.
fn check_times(labels: &[Label], target: &FitTarget<'_>) -> Result<(), Misfit> {
    let tolerance = OVERLAP_FRAMES * target.seconds_per_frame;
    let mut before = 0.0;
    for Label { start, end, text, line } in labels {
        if end < start || *start < before - tolerance {
            let why =
                format!("`{text}` from {start:.3} s to {end:.3} s overlaps labels that end at {before:.3} s");
            return Err(Misfit::new(MisfitKind::Unreadable, *line, why));
        }
        before = end.max(before);
    }
    let Some(last) = labels.last() else {
        return Err(Misfit::new(MisfitKind::Unreadable, None, "it has no labels of phones"));
    };
    let silent_end = Name::of(&last.text) == Name::Silence;
    if before > target.seconds + END_SECONDS || (silent_end && before < target.seconds - END_SECONDS) {
        let why = format!("its labels end at {before:.3} s, but the clip at {:.3} s", target.seconds);
        return Err(Misfit::new(MisfitKind::DifferentLength, last.line, why));
    }
    Ok(())
}

/// Returns the labels of the phones, one for each phone of `symbols`.
fn match_phones<'a>(
    labels: &'a [Label],
    graph: &Graph,
    symbols: &[Symbol],
) -> Result<Vec<&'a Label>, Misfit> {
    for label in labels {
        if Name::of(&label.text) == Name::Unknown {
            let why = format!("`{}` at {:.3} s is not a known phone", label.text, label.start);
            return Err(Misfit::new(MisfitKind::UnknownPhone, label.line, why));
        }
    }
    let different = |line, why: String| Misfit::new(MisfitKind::DifferentPhones, line, why);
    let wanted: Vec<Phone> = symbols.iter().filter_map(|symbol| symbol.phone()).collect();
    let is_silence = |label: &&Label| Name::of(&label.text) == Name::Silence;
    let found: Vec<&Label> = labels.iter().filter(|label| !is_silence(label)).collect();
    for (index, (label, phone)) in found.iter().zip(&wanted).enumerate() {
        if !Name::of(&label.text).fits(*phone) {
            let why = format!(
                "its phone {} is `{}` at {:.3} s, but the dataset's is {phone}{}",
                index + 1,
                label.text,
                label.start,
                count(found.len(), wanted.len())
            );
            return Err(different(label.line, why));
        }
    }
    if found.len() != wanted.len() {
        let line = found.get(wanted.len()).or(found.last()).and_then(|label| label.line);
        return Err(different(
            line,
            format!("it has {} phones, but the dataset {}", found.len(), wanted.len()),
        ));
    }

    // Silences are allowed between words only.
    let mut rest = labels.iter().peekable();
    let mut may_pause = false;
    for slot in &graph.slots {
        if slot.unit == Unit::Pause {
            may_pause = true;
            continue;
        }
        while let Some(label) = rest.next_if(is_silence) {
            if !may_pause && label.end > label.start {
                let why = format!("there is a silence inside a word at {:.3} s", label.start);
                return Err(different(label.line, why));
            }
        }
        rest.next();
        may_pause = false;
    }
    Ok(found)
}

fn count(found: usize, wanted: usize) -> String {
    if found == wanted {
        String::new()
    } else {
        format!(" (it has {found} phones, but the dataset {wanted})")
    }
}

fn fit_frames(values: &[f64], target: &FitTarget<'_>) -> Result<Vec<u32>, Misfit> {
    let symbols = target.symbols;
    if let Some(index) = values.iter().position(|value| !value.is_finite() || *value < 0.0) {
        let why = format!("its duration {} is {}", index + 1, values[index]);
        return Err(Misfit::new(MisfitKind::Unreadable, None, why));
    }
    let sum: f64 = values.iter().sum();
    if (sum - f64::from(target.frames)).abs() > END_FRAMES {
        let why = format!("its durations sum to {sum}, but the clip has {} frames", target.frames);
        return Err(Misfit::new(MisfitKind::DifferentLength, None, why));
    }
    let n = values.len();
    let phones = symbols.iter().filter(|symbol| symbol.phone().is_some()).count();
    if n == symbols.len() || n == 2 * symbols.len() + 1 {
        let mut durations = frames_between(&ends_of(values, symbols.len()), target.frames);
        at_least_one(&mut durations);
        return Ok(durations);
    }
    if n != phones && n != 2 * phones + 1 {
        let why = format!(
            "it has {n} durations, but the dataset {} symbols, {phones} of them phones",
            symbols.len()
        );
        return Err(Misfit::new(MisfitKind::DifferentPhones, None, why));
    }
    let graph = Graph::new(symbols);
    let mut ends = ends_of(values, phones).into_iter();
    let mut end = 0.0;
    let slots: Vec<f64> = graph
        .slots
        .iter()
        .map(|slot| {
            if slot.unit != Unit::Pause {
                end = ends.next().unwrap_or(end);
            }
            end
        })
        .collect();
    let frames = frames_between(&slots, target.frames);
    Ok(spread_durations(&graph, &frames, symbols))
}

/// Returns the end of each of `n` durations; with blanks, the middle of the following blank, and the end of the last
/// one.
fn ends_of(values: &[f64], n: usize) -> Vec<f64> {
    let mut end = 0.0;
    let mut sum = |value: &f64| {
        end += value;
        end
    };
    let ends: Vec<f64> = values.iter().map(&mut sum).collect();
    if values.len() == n {
        return ends;
    }
    (1..=n)
        .map(|index| {
            let (own, blank) = (ends[2 * index - 1], ends[2 * index]);
            if index == n { blank } else { f64::midpoint(own, blank) }
        })
        .collect()
}

/// Returns the frames between boundaries, each rounded half away from zero; the last boundary is forced to `frames`.
fn frames_between(ends: &[f64], frames: u32) -> Vec<u32> {
    let mut before = 0;
    let last = ends.len().saturating_sub(1);
    ends.iter()
        .enumerate()
        .map(|(index, end)| {
            let end =
                if index == last { frames } else { (end.round().max(0.0) as u32).clamp(before, frames) };
            let duration = end - before;
            before = end;
            duration
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use mynah_text::Symbol;
    use proptest::prelude::*;

    use super::{Content, FitTarget, Label, MisfitKind, fit, frames_between};

    const SYMBOLS: &str = "<bos> HH AY1 , / Y UW1 . <eos>";
    const SECONDS_PER_FRAME: f64 = 256.0 / 22_050.0;

    fn symbols() -> Vec<Symbol> {
        SYMBOLS.split(' ').map(|symbol| symbol.parse().unwrap()).collect()
    }

    fn target(symbols: &[Symbol], frames: u32) -> FitTarget<'_> {
        let seconds = (f64::from(frames) + 0.4) * SECONDS_PER_FRAME;
        FitTarget { symbols, frames, seconds, seconds_per_frame: SECONDS_PER_FRAME }
    }

    /// Builds consecutive labels from `text=frames` pairs.
    fn labels(text: &str) -> Content {
        let mut end = 0.0;
        let labels = text.split(' ').zip(1..).map(|(pair, line)| {
            let (text, frames) = pair.split_once('=').unwrap();
            let start = end;
            end += frames.parse::<f64>().unwrap() * SECONDS_PER_FRAME;
            Label { start, end, text: text.to_owned(), line: Some(line) }
        });
        Content::Labels(labels.collect())
    }

    #[track_caller]
    fn check(content: &Content, expected: &[u32]) {
        let symbols = symbols();
        assert_eq!(fit(content, &target(&symbols, expected.iter().sum())).unwrap(), expected);
    }

    #[test]
    fn fits_labels_of_other_tools() {
        // <bos> HH AY1 , / Y UW1 . <eos>
        check(&labels("sil=5 hh=3 ay=7 sp=6 y=4 uw=8 sil=7"), &[5, 3, 7, 5, 1, 4, 8, 1, 6]);
        check(&labels("=5 HH=3 AY1=7 =2 =4 Y=4 UW0=8 =7"), &[5, 3, 7, 5, 1, 4, 8, 1, 6]);
        check(&labels("sil=5 HH_B=3 AY1_E=7 Y_B=4 UW1_E=8 sil=7"), &[5, 3, 5, 1, 1, 4, 8, 1, 6]);
        check(&labels("h=3 aj=7 spn=6 j=4 ʉː=8"), &[1, 2, 7, 5, 1, 4, 6, 1, 1]);
    }

    #[test]
    fn rounds_boundaries_rather_than_durations() {
        // Each is 2.4 frames: rounding the seven durations would lose 2.8.
        check(&labels("sil=2.4 HH=2.4 AY1=2.4 sil=2.4 Y=2.4 UW1=2.4 sil=2.4"), &[2, 3, 2, 2, 1, 2, 2, 1, 2]);
        assert_eq!(frames_between(&[2.5, 3.4, 3.6, 9.9], 10), [3, 0, 1, 6]);
        assert_eq!(frames_between(&[-1.0, 12.0, 4.0, 9.0], 10), [0, 10, 0, 0]);
    }

    #[test]
    fn fits_arrays_with_and_without_blanks() {
        let frames = |values: &[f64]| Content::Frames(values.to_vec());
        check(&frames(&[5.0, 3.0, 7.0, 5.0, 1.0, 4.0, 8.0, 1.0, 6.0]), &[5, 3, 7, 5, 1, 4, 8, 1, 6]);
        // Half of each blank on either side, the first and the last as a whole.
        let with_blanks =
            [2.0, 3.0, 2.0, 2.0, 0.0, 7.0, 1.0, 4.0, 2.0, 1.0, 0.0, 4.0, 0.0, 8.0, 0.0, 1.0, 4.0, 1.0, 1.0];
        check(&frames(&with_blanks), &[6, 3, 8, 5, 2, 4, 8, 3, 4]);
        // Phones only: the other symbols get a frame of their neighbors.
        check(&frames(&[8.0, 7.0, 6.0, 9.0]), &[1, 7, 6, 1, 1, 5, 7, 1, 1]);
        // One frame too many, as from tools that pad the end.
        let symbols = symbols();
        let values = frames(&[5.0, 3.0, 7.0, 5.0, 1.0, 4.0, 8.0, 1.0, 7.0]);
        assert_eq!(fit(&values, &target(&symbols, 40)).unwrap(), [5, 3, 7, 5, 1, 4, 8, 1, 6]);
        let values = frames(&[8.0, 7.0, 6.0, 10.0]);
        assert_eq!(fit(&values, &target(&symbols, 30)).unwrap(), [1, 7, 6, 1, 1, 5, 7, 1, 1]);
    }

    #[test]
    fn reports_misfits() {
        let symbols = symbols();
        let check = |content: &Content, kind: MisfitKind, line: Option<u64>, part: &str| {
            let misfit = fit(content, &target(&symbols, 40)).unwrap_err();
            assert_eq!((misfit.kind, misfit.line), (kind, line), "{}", misfit.message);
            assert!(misfit.message.contains(part), "{}", misfit.message);
        };
        let different = MisfitKind::DifferentPhones;
        check(&labels("sil=5 HH=3 EH1=7 sil=6 Y=4 UW1=8 sil=7"), different, Some(3), "`EH1`");
        check(&labels("sil=5 HH=3 AY1=7 sil=6 Y=4 UW1=4 D=4 sil=7"), different, Some(7), "it has 5 phones");
        check(&labels("sil=5 HH=3 AY1=7 sil=6 Y=12 sil=7"), different, Some(5), "it has 3 phones");
        check(&labels("sil=5 HH=3 sil=7 AY1=6 Y=4 UW1=8 sil=7"), different, Some(3), "inside a word");
        check(&labels("sil=5 HH=3 AY1=7 spn=6 @@=4 UW1=8 sil=7"), MisfitKind::UnknownPhone, Some(5), "`@@`");
        check(
            &labels("sil=5 HH=3 AY1=7 sil=6 Y=4 UW1=8 sil=70"),
            MisfitKind::DifferentLength,
            Some(7),
            "1.1",
        );
        check(
            &labels("sil=5 HH=3 AY1=7 sil=6 Y=4 UW1=1 sil=1"),
            MisfitKind::DifferentLength,
            Some(7),
            "labels end",
        );
        check(&Content::Labels(Vec::new()), MisfitKind::Unreadable, None, "no labels");
        let overlapping = Content::Labels(vec![
            Label { start: 0.0, end: 0.3, text: "HH".to_owned(), line: None },
            Label { start: 0.2, end: 0.4, text: "AY1".to_owned(), line: None },
        ]);
        check(&overlapping, MisfitKind::Unreadable, None, "overlaps");
        check(&Content::Frames(vec![10.0; 5]), MisfitKind::DifferentLength, None, "sum to 50");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn durations_sum_to_all_frames(parts in proptest::collection::vec(0.0_f64..9.0, 7), frames in 9_u32..60) {
            let symbols = symbols();
            let scale = f64::from(frames) / parts.iter().sum::<f64>().max(1e-3);
            let names = ["sil", "HH", "AY1", "sp", "Y", "UW1", "sil"];
            let text: Vec<String> =
                names.iter().zip(&parts).map(|(name, part)| format!("{name}={}", part * scale)).collect();
            if let Ok(durations) = fit(&labels(&text.join(" ")), &target(&symbols, frames)) {
                prop_assert_eq!(durations.iter().sum::<u32>(), frames);
                prop_assert!(durations.iter().all(|duration| *duration >= 1));
            } else {
                prop_assert!(parts.iter().sum::<f64>() < 1e-3);
            }
            let frames_of = |values: Vec<f64>| fit(&Content::Frames(values), &target(&symbols, frames)).unwrap();
            let blanks: Vec<f64> = (0..9).map(|index| parts[index % 7] * scale / 2.0).collect();
            for n in [4, 9, 19] {
                let mut values: Vec<f64> = (0..n).map(|index| blanks[index % 9]).collect();
                let sum = values.iter().sum::<f64>().max(1e-9);
                for value in &mut values {
                    *value *= f64::from(frames) / sum;
                }
                if values.iter().sum::<f64>() > 1.0 {
                    let durations = frames_of(values);
                    prop_assert_eq!(durations.iter().sum::<u32>(), frames);
                    prop_assert!(durations.iter().all(|duration| *duration >= 1));
                }
            }
        }
    }
}
