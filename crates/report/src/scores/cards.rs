//! Cards of items: the reasons to hear them, their values, sounds and pictures.

use std::collections::BTreeMap;

use super::examination::{Examination, Wanted};
use super::rankings::ItemPlace;
use crate::comparison::plural;
use crate::error::Error;
use crate::figure::{Mel, number};
use crate::page::{Block, Card, Sound};

/// Most frames of a spectrogram; the picture is no wider than that.
const MOST_FRAMES: usize = 600;

/// A sound with its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// Path relative to the page.
    pub path: String,
    /// Spectrogram; its title is replaced.
    pub mel: Mel,
}

/// A sound, or the reason why there is nothing to hear.
pub type Heard = Result<Played, String>;

/// Sounds and texts of the items to hear.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Media {
    /// Sounds of the systems.
    pub systems: BTreeMap<Wanted, Heard>,
    /// Recordings by item; `None` if there are none.
    pub recordings: Option<BTreeMap<String, Heard>>,
    /// Texts by item, as far as they are known.
    pub texts: BTreeMap<String, String>,
    /// Texts with the words that were heard otherwise, as in `the [house > mouse]`.
    pub differences: BTreeMap<Wanted, String>,
}

/// The cards that a page has so far: each item is shown once, and linked to from then on.
pub(crate) struct Deck<'a> {
    examination: &'a Examination,
    media: Option<&'a Media>,
    n_items: usize,
    shown: BTreeMap<(&'a str, &'a str), String>,
}

impl<'a> Deck<'a> {
    pub(crate) fn new(examination: &'a Examination, media: Option<&'a Media>, n_items: usize) -> Self {
        Self { examination, media, n_items, shown: BTreeMap::new() }
    }

    /// Returns a card for each item that has none yet, and links to the others.
    pub(crate) fn deal(&mut self, items: &[(&'a str, &'a str)]) -> Result<Vec<Block>, Error> {
        let mut blocks = Vec::new();
        let mut links = Vec::new();
        for &(system, item) in items {
            if let Some(id) = self.shown.get(&(system, item)) {
                links.push((id.clone(), title(system, item)));
            } else {
                let id = format!("item-{}", self.shown.len() + 1);
                blocks.push(Block::Card(self.card(&id, system, item)?));
                self.shown.insert((system, item), id);
            }
        }
        if !links.is_empty() {
            blocks.push(Block::Links { lead: "Shown above:".into(), links });
        }
        Ok(blocks)
    }

    fn card(&self, id: &str, system: &str, item: &str) -> Result<Card, Error> {
        let (word, sentences) = reasons(self.examination, self.n_items, system, item);
        let wanted = Wanted { system: system.to_owned(), item: item.to_owned() };
        let text = self
            .media
            .and_then(|media| media.differences.get(&wanted).or_else(|| media.texts.get(item)).cloned());
        Ok(Card {
            id: id.to_owned(),
            title: title(system, item),
            word,
            text,
            sentences,
            grounds: grounds(self.examination, system, item),
            sounds: self.sounds(&wanted)?,
        })
    }

    /// Returns the system's sound and the recording, with pictures on the same axis and in the same colors.
    fn sounds(&self, wanted: &Wanted) -> Result<Vec<Sound>, Error> {
        let Some(media) = self.media else { return Ok(Vec::new()) };
        let nothing = Err("nothing was looked up".to_owned());
        let mut heard = vec![(wanted.system.as_str(), media.systems.get(wanted).unwrap_or(&nothing))];
        if let Some(recordings) = &media.recordings {
            heard.push(("recording", recordings.get(&wanted.item).unwrap_or(&nothing)));
        }
        let mels = || heard.iter().filter_map(|(_, heard)| heard.as_ref().ok()).map(|played| &played.mel);
        let seconds = mels().map(Mel::seconds).fold(0.0, f64::max);
        let range = mels().filter_map(Mel::range).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let sound = |(label, heard): &(&str, &Heard)| {
            let svg = match heard {
                Ok(played) => {
                    let title = format!("Mel spectrogram of {}: {label}", wanted.item);
                    let mel = Mel { title, ..played.mel.clone() }.at_most(MOST_FRAMES);
                    Some(mel.to_narrow_svg_within(seconds, range.unwrap_or_default())?)
                }
                Err(_) => None,
            };
            Ok(Sound {
                label: (*label).to_owned(),
                path: heard.as_ref().map(|played| played.path.clone()).map_err(Clone::clone),
                svg,
            })
        };
        heard.iter().map(sound).collect()
    }
}

fn title(system: &str, item: &str) -> String {
    format!("{item} by {system}")
}

/// Returns the gravest reason in a few words, and all reasons in sentences.
fn reasons(examination: &Examination, n_items: usize, system: &str, item: &str) -> (String, Vec<String>) {
    let mut found: Vec<(String, String)> = Vec::new();
    for (reason, _) in examination.failed(system, n_items).into_iter().filter(|(_, failed)| *failed == item) {
        let reason = reason.replace('…', item);
        found.push(("failed".into(), format!("Failed: {reason}.")));
    }
    let rankings = || examination.rankings.iter().filter(|ranking| ranking.system == system);
    for worst in rankings().flat_map(|ranking| &ranking.worst).filter(|worst| worst.item == item) {
        found.push((
            format!("worst by {} of {}", worst.by.len(), plural(worst.n_metrics, "metric")),
            format!(
                "Among the worst tenth by {}. On average over its metrics, {}\u{202f}% of the items are better.",
                worst.by.iter().map(|metric| format!("`{metric}`")).collect::<Vec<_>>().join(", "),
                number(100.0 * worst.mean_share, 0)
            ),
        ));
    }
    for ranking in rankings() {
        for contrast in ranking.contrasts.iter().filter(|contrast| contrast.item == item) {
            let place = |value: &ItemPlace| {
                let place = value.place.map_or_else(String::new, |place| format!(", the {}", place.words()));
                format!("`{}` is {}{place}", value.metric, value_words(value.value, &value.unit))
            };
            found.push((
                format!("disagreement {}", number(contrast.disagreement, 2)),
                format!(
                    "Disagreement {}, where {} is usual: {}; {}. Over all items the two agree, with a correlation of ranks \
                     of {}.",
                    number(contrast.disagreement, 2),
                    ranking.usual_disagreement.map_or_else(|| "none".to_owned(), |usual| number(usual, 2)),
                    place(&contrast.worse),
                    place(&contrast.better),
                    number(contrast.agreement, 2)
                ),
            ));
        }
    }
    for flag in &examination.flags {
        let is_it = |found: &&super::flags::Flagged| found.system == system && found.item == item;
        for flagged in flag.found.iter().filter(is_it) {
            found.push((
                flag.metric.clone(),
                format!(
                    "`{}` is {}; reported if {}.",
                    flag.metric,
                    value_words(flagged.value, &flag.unit),
                    flag.rule
                ),
            ));
        }
    }
    let word = found.first().map(|(word, _)| word.clone()).unwrap_or_default();
    (word, found.into_iter().map(|(_, sentence)| sentence).collect())
}

/// Returns all values of an item with their places.
fn grounds(examination: &Examination, system: &str, item: &str) -> Vec<(String, String)> {
    let ranking = examination.rankings.iter().find(|ranking| ranking.system == system);
    let values = ranking.and_then(|ranking| {
        let of_worst = ranking.worst.iter().find(|worst| worst.item == item).map(|worst| &worst.values);
        let of_contrasts = || ranking.contrasts.iter().find(|contrast| contrast.item == item);
        of_worst.or_else(|| of_contrasts().map(|contrast| &contrast.values))
    });
    let ground = |value: &ItemPlace| {
        let place = value.place.map_or_else(String::new, |place| format!(" ({})", place.words()));
        (value.metric.clone(), format!("{}{place}", value_words(value.value, &value.unit)))
    };
    values.into_iter().flatten().map(ground).collect()
}

/// Formats a value with three digits and its unit.
pub(crate) fn value_words(value: f64, unit: &str) -> String {
    let is_whole = value.fract() == 0.0;
    let decimals = if is_whole { 0 } else { (2.0 - value.abs().log10().floor()).clamp(0.0, 6.0) as usize };
    let digits = number(value, decimals);
    match unit {
        "" | "0 or 1" => digits,
        // One click, but 1 s and 1 s/s.
        unit if digits == "1" && unit.len() > 2 && !unit.contains('/') => {
            format!("{digits} {}", unit.strip_suffix('s').unwrap_or(unit))
        }
        unit => format!("{digits} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scores::examination::tests::{examined, lower, score};

    fn mel(level: f32) -> Mel {
        Mel {
            title: String::new(),
            values: vec![level; 8],
            n_bands: 2,
            hop_seconds: 0.01,
            labels: Vec::new(),
        }
    }

    #[test]
    fn shows_an_item_once_with_all_its_reasons() {
        let mut scores = Vec::new();
        for index in 0..20 {
            let item = format!("i{index:02}");
            scores.push(score("s", &item, "mcd", Ok(f64::from(index))));
            scores.push(score("s", &item, "longest_silence", Ok(if index == 19 { 2.0 } else { 0.1 })));
        }
        let examination = examined(&scores, &lower(&["mcd", "longest_silence"]));
        let mut deck = Deck::new(&examination, None, 3);
        let blocks = deck.deal(&[("s", "i19"), ("s", "i18")]).unwrap();
        let [Block::Card(first), Block::Card(_)] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!((first.id.as_str(), first.title.as_str()), ("item-1", "i19 by s"));
        assert_eq!(first.word, "worst by 2 of 2 metrics");
        assert_eq!(first.sentences.len(), 2, "{:?}", first.sentences);
        assert_eq!(first.sentences[1], "`longest_silence` is 2 s; reported if > 0.75 s.");
        assert_eq!(first.grounds[0], ("mcd".to_owned(), "19 dB (20th of 20)".to_owned()));
        let again = deck.deal(&[("s", "i19")]).unwrap();
        let links = vec![("item-1".to_owned(), "i19 by s".to_owned())];
        assert_eq!(again, [Block::Links { lead: "Shown above:".into(), links }]);
    }

    #[test]
    fn says_why_there_is_nothing_to_hear() {
        let examination = examined(&[score("s", "a", "mcd", Err("there is no `a.wav`"))], &[]);
        let wanted = Wanted { system: "s".into(), item: "a".into() };
        let media = Media {
            systems: BTreeMap::from([(wanted.clone(), Err("there is no `a.wav`".to_owned()))]),
            recordings: Some(BTreeMap::from([(
                "a".to_owned(),
                Ok(Played { path: "audio/a.wav".into(), mel: mel(0.0) }),
            )])),
            texts: BTreeMap::from([("a".to_owned(), "Hello.".to_owned())]),
            differences: BTreeMap::new(),
        };
        let mut deck = Deck::new(&examination, Some(&media), 3);
        let blocks = deck.deal(&[("s", "a")]).unwrap();
        let [Block::Card(card)] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!(
            (card.word.as_str(), card.sentences[0].as_str()),
            ("failed", "Failed: there is no `a.wav`.")
        );
        assert_eq!(card.text.as_deref(), Some("Hello."));
        assert_eq!(card.sounds[0].path, Err("there is no `a.wav`".to_owned()));
        assert_eq!(card.sounds[1].path, Ok("audio/a.wav".to_owned()));
        assert!(card.sounds[0].svg.is_none() && card.sounds[1].svg.is_some());
        // What was heard otherwise says more than the text.
        let differences = BTreeMap::from([(wanted, "[Hello > Jello].".to_owned())]);
        let media = Media { differences, ..media };
        let blocks = Deck::new(&examination, Some(&media), 3).deal(&[("s", "a")]).unwrap();
        let [Block::Card(card)] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!(card.text.as_deref(), Some("[Hello > Jello]."));
    }

    #[test]
    fn pictures_of_an_item_share_their_colors() {
        let examination = examined(&[score("s", "a", "mcd", Ok(1.0))], &[]);
        let played = |path: &str, level| Ok(Played { path: path.into(), mel: mel(level) });
        let media = |level| Media {
            systems: BTreeMap::from([(
                Wanted { system: "s".into(), item: "a".into() },
                played("s.wav", 0.0),
            )]),
            recordings: Some(BTreeMap::from([("a".to_owned(), played("r.wav", level))])),
            ..Media::default()
        };
        let pictures = |level| {
            let media = media(level);
            let blocks = Deck::new(&examination, Some(&media), 3).deal(&[("s", "a")]).unwrap();
            let [Block::Card(card)] = &blocks[..] else { panic!("{blocks:?}") };
            card.sounds.iter().map(|sound| sound.svg.clone().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(pictures(4.0)[0], pictures(8.0)[0], "the system's is the lowest in both");
        let picture = |svg: &str| svg.split("base64,").nth(1).unwrap().to_owned();
        let [low, high] = &pictures(4.0)[..] else { panic!("two are expected") };
        assert_ne!(picture(low), picture(high));
    }

    #[test]
    fn values_have_three_digits() {
        let cases = [
            (9.123_4, "dB", "9.12 dB"),
            (-0.012_34, "", "−0.0123"),
            (3.0, "clicks", "3 clicks"),
            (1.0, "clicks", "1 click"),
            (1.0, "s", "1 s"),
            (1.0, "0 or 1", "1"),
            (12_345.6, "Hz", "12\u{202f}346 Hz"),
        ];
        for (value, unit, expected) in cases {
            assert_eq!(value_words(value, unit), expected);
        }
    }
}
