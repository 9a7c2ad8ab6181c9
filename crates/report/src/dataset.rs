//! Page on a prepared dataset: the input, its problems, the result.

use crate::error::Error;
use crate::figure::{Bar, Bars, Histogram, Mel, number};
use crate::page::{Block, Clip, Figure, Page, Section};
use crate::table::{Cell, Table};

/// Contents of the page, as plain data computed by the caller.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DatasetPage {
    /// Kind of page.
    pub kind: PageKind,
    /// Heading, such as the name of the dataset.
    pub title: String,
    /// Input as named by the user.
    pub source: String,
    /// Summary of the recipe: the settings that matter when comparing two datasets.
    pub recipe: Vec<Setting>,
    /// Number of lines in the corpus' table.
    pub rows: u64,
    /// Number of prepared utterances.
    pub utterances: u64,
    /// Problems, grouped by kind; may be empty.
    pub problems: Vec<ProblemGroup>,
    /// Clips that the rules of the recipe leave out, by rule; may be empty.
    pub dropped: Vec<DroppedGroup>,
    /// Clips to listen to, because their text or something else is doubtful.
    pub doubtful: Vec<DoubtfulClip>,
    /// Number of doubtful clips, of which the page lists the first.
    pub n_doubtful: u64,
    /// Total length of all utterances, in seconds; finite and not negative.
    pub seconds: f64,
    /// Total number of frames of all utterances.
    pub frames: u64,
    /// Sizes of the splits.
    pub splits: Vec<SplitSize>,
    /// Speakers, if the corpus names them.
    pub speakers: Vec<SpeakerRow>,
    /// Held-out utterances whose content is also trained on.
    pub leaks: Vec<LeakedUtterance>,
    /// Distributions, drawn as one histogram each.
    pub distributions: Vec<Distribution>,
    /// Number of occurrences of each phone, in display order, including phones that never occur.
    pub phones: Vec<SymbolCount>,
    /// Words whose pronunciation was guessed from their spelling, the most frequent first.
    pub guessed_words: Vec<GuessedWord>,
    /// Utterances with the worst alignment, the worst first.
    pub worst_alignments: Vec<AlignmentScore>,
    /// A few spectrograms with their phones.
    pub examples: Vec<MelExample>,
}

/// Kind of page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PageKind {
    /// Page on a prepared corpus.
    #[default]
    Dataset,
    /// Page on an inspected corpus.
    Check,
}

/// A setting of the recipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Name, as in the recipe.
    pub name: String,
    /// Value.
    pub value: String,
}

/// All problems of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemGroup {
    /// Identifier of the kind, such as `missing-wav`.
    pub code: String,
    /// Number of problems.
    pub count: u64,
    /// Location of the first one: the utterance, or file and line.
    pub first: String,
    /// Description of the first one.
    pub message: String,
    /// Remedy.
    pub remedy: String,
}

/// Clips that one rule leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct DroppedGroup {
    /// Key of the rule in the recipe.
    pub rule: String,
    /// Limit of the rule; finite.
    pub limit: f64,
    /// Number of clips.
    pub count: u64,
    /// Total length in seconds; finite and not negative.
    pub seconds: f64,
}

/// A clip to listen to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubtfulClip {
    /// The clip.
    pub id: String,
    /// Reason why it is doubtful.
    pub message: String,
    /// Text.
    pub text: String,
    /// Path of the recording relative to the page, if it can be played.
    pub audio: Option<String>,
}

/// A held-out utterance paired with a training utterance of the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeakedUtterance {
    /// The held-out utterance.
    pub id: String,
    /// Split of the held-out utterance.
    pub split: String,
    /// The training utterance.
    pub trained: String,
    /// Property that they share, such as `words`.
    pub shared: String,
}

/// Size of a split.
#[derive(Debug, Clone, PartialEq)]
pub struct SplitSize {
    /// `train`, `validation` or `test`.
    pub name: String,
    /// Number of utterances.
    pub utterances: u64,
    /// Total length, in seconds.
    pub seconds: f64,
}

/// A speaker of the corpus.
#[derive(Debug, Clone, PartialEq)]
pub struct SpeakerRow {
    /// Name.
    pub name: String,
    /// Number of utterances.
    pub utterances: u64,
    /// Total length, in seconds.
    pub seconds: f64,
    /// Utterances that are trained on.
    pub train: u64,
    /// Utterances of the validation split.
    pub validation: u64,
    /// Utterances of the test split.
    pub test: u64,
    /// Median fundamental frequency, in Hz.
    pub f0_median_hz: Option<f64>,
    /// Median characters per second.
    pub characters_per_second: Option<f64>,
    /// Median loudness, in LUFS.
    pub loudness_lufs: Option<f64>,
}

/// Distribution of a quantity over the utterances.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// Name of the quantity, such as `length`.
    pub name: String,
    /// Unit, such as `s`; empty if there is none.
    pub unit: String,
    /// Finite values, one per utterance that has one.
    pub values: Vec<f64>,
    /// Number of utterances without a value.
    pub missing: u64,
}

/// Number of occurrences of a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SymbolCount {
    /// The symbol.
    pub symbol: String,
    /// Number of occurrences.
    pub count: u64,
}

/// A word that is in no dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuessedWord {
    /// The word.
    pub word: String,
    /// Number of occurrences.
    pub count: u64,
    /// Guessed pronunciation.
    pub pronunciation: String,
}

/// Alignment score of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignmentScore {
    /// The utterance.
    pub id: String,
    /// Mean log-likelihood per frame; finite.
    pub log_likelihood: f64,
    /// Spoken text.
    pub text: String,
    /// Path of the recording relative to the page, if it can be played.
    pub audio: Option<String>,
}

/// A spectrogram to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct MelExample {
    /// The utterance.
    pub id: String,
    /// Spoken text.
    pub text: String,
    /// The picture; its title is replaced.
    pub mel: Mel,
}

impl DatasetPage {
    /// Returns the page as one HTML file with embedded figures; the same data give the same bytes.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a number that is NaN or infinite, and the errors of drawing a figure.
    ///
    /// # Examples
    ///
    /// ```
    /// use mynah_report::dataset::{DatasetPage, Distribution};
    ///
    /// let page = DatasetPage {
    ///     title: "LJSpeech".into(),
    ///     source: "LJSpeech-1.1".into(),
    ///     rows: 3,
    ///     utterances: 3,
    ///     seconds: 13.5,
    ///     distributions: vec![Distribution {
    ///         name: "length".into(),
    ///         unit: "s".into(),
    ///         values: vec![3.5, 4.0, 6.0],
    ///         missing: 0,
    ///     }],
    ///     ..DatasetPage::default()
    /// };
    /// assert!(page.to_html()?.starts_with("<!DOCTYPE html>"));
    /// # Ok::<(), mynah_report::Error>(())
    /// ```
    pub fn to_html(&self) -> Result<String, Error> {
        let mut sections = vec![Section::open("summary", "Summary", self.summary()?)];
        sections.push(Section::open("problems", "Problems", self.problem_blocks()));
        if !self.speakers.is_empty() {
            sections.push(Section::open("speakers", "Speakers", vec![self.speaker_block()?]));
        }
        if !self.doubtful.is_empty() {
            let blocks = self.doubtful_blocks();
            sections.push(Section::open("doubtful", "Texts to compare with their recordings", blocks));
        }
        if !self.dropped.is_empty() {
            sections.push(Section::open("dropped", "Clips left out by rules", self.dropped_blocks()?));
        }
        if !self.distributions.is_empty() {
            let blocks = vec![Block::Figures(self.distribution_figures()?)];
            sections.push(Section::open("distributions", "Distributions", blocks));
        }
        if !self.phones.is_empty() {
            sections.push(Section::open("phones", "Phones", self.phone_blocks()?));
        }
        sections.push(Section::open("words", "Words outside of the dictionary", self.word_blocks()));
        if !(self.worst_alignments.is_empty() && self.examples.is_empty()) {
            let blocks = self.alignment_blocks()?;
            sections.push(Section::open("alignments", "Alignments", blocks));
        }
        if !self.recipe.is_empty() {
            let settings = self.recipe.iter().map(|setting| (setting.name.clone(), setting.value.clone()));
            let blocks = vec![Block::Settings(settings.collect())];
            sections.push(Section::open("recipe", "Recipe", blocks));
        }
        Page {
            title: self.title.clone(),
            lead: match self.kind {
                PageKind::Dataset => format!("A dataset prepared from {}.", self.source),
                PageKind::Check => format!("Faults of {}, and clips worth a look.", self.source),
            },
            banners: Vec::new(),
            answer: Vec::new(),
            sections,
        }
        .to_html()
    }

    fn summary(&self) -> Result<Vec<Block>, Error> {
        let n_problems: u64 = self.problems.iter().map(|group| group.count).sum();
        let (good, bad) = match self.kind {
            PageKind::Dataset => ("utterances prepared", "problems"),
            PageKind::Check => ("clips that can be prepared", "findings"),
        };
        let mut facts = vec![
            ("lines read", count(self.rows)),
            (good, count(self.utterances)),
            (bad, count(n_problems)),
            ("speech", length(self.seconds, "the total length")?),
        ];
        if self.kind == PageKind::Dataset {
            facts.push(("frames", count(self.frames)));
        }
        let facts = Block::Facts(facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        if self.splits.is_empty() {
            return Ok(vec![facts]);
        }
        let columns = [("split", "Split"), ("utterances", "Utterances"), ("length", "Length")];
        let mut table = Table::new("splits", "Size of the splits.", &columns);
        for split in &self.splits {
            let length = length(split.seconds, &format!("the length of split `{}`", split.name))?;
            table.rows.push(vec![Cell::text(&split.name), Cell::Count(split.utterances), Cell::text(length)]);
        }
        Ok(vec![facts, Block::Table(table), self.leak_block()])
    }

    fn speaker_block(&self) -> Result<Block, Error> {
        let columns = [
            ("speaker", "Speaker"),
            ("utterances", "Utterances"),
            ("length", "Length"),
            ("train", "Train"),
            ("validation", "Validation"),
            ("test", "Test"),
            ("f0", "Median F0 (Hz)"),
            ("rate", "Characters per second"),
            ("loudness", "Loudness (LUFS)"),
        ];
        let caption =
            "Speakers of the corpus. Medians are over their utterances; speakers.jsonl has more of them.";
        let mut table = Table::new("speakers", caption, &columns);
        let number = |value: Option<f64>, decimals| {
            value
                .filter(|value| value.is_finite())
                .map_or(Cell::text("–"), |value| Cell::Number { value, decimals })
        };
        for speaker in &self.speakers {
            table.rows.push(vec![
                Cell::text(&speaker.name),
                Cell::Count(speaker.utterances),
                Cell::text(length(speaker.seconds, &format!("the length of speaker `{}`", speaker.name))?),
                Cell::Count(speaker.train),
                Cell::Count(speaker.validation),
                Cell::Count(speaker.test),
                number(speaker.f0_median_hz, 0),
                number(speaker.characters_per_second, 1),
                number(speaker.loudness_lufs, 1),
            ]);
        }
        Ok(Block::Table(table))
    }

    fn leak_block(&self) -> Block {
        if self.leaks.is_empty() {
            let none =
                "No utterance that is held out has the words or the recording of one that is trained on.";
            return Block::Text(none.into());
        }
        let columns =
            [("id", "Held out"), ("split", "Split"), ("trained", "Trained on"), ("shared", "The same")];
        let caption = "Utterances that are held out, and that the model hears in training all the same: what is measured on \
                       them is too good.";
        let mut table = Table::new("leaks", caption, &columns);
        for leak in &self.leaks {
            table.rows.push(vec![
                Cell::text(&leak.id),
                Cell::text(&leak.split),
                Cell::text(&leak.trained),
                Cell::text(&leak.shared),
            ]);
        }
        Block::Table(table)
    }

    fn problem_blocks(&self) -> Vec<Block> {
        if self.problems.is_empty() {
            let none = match self.kind {
                PageKind::Dataset => "No problem was found: every line became an utterance.",
                PageKind::Check => "Nothing was found.",
            };
            return vec![Block::Text(none.into())];
        }
        let columns = [
            ("code", "Problem"),
            ("count", "Count"),
            ("first", "First"),
            ("message", "What"),
            ("remedy", "Remedy"),
        ];
        let caption = match self.kind {
            PageKind::Dataset => {
                "Faults of the corpus. Clips that cannot be prepared were skipped; those of doubtful-text and \
                 other-language were prepared all the same. Every single problem is a row of problems.jsonl."
            }
            PageKind::Check => {
                "Faults that prevent the preparation of a clip, and clips that are worth a look. With --out, every \
                 single finding is a row of a table."
            }
        };
        let mut table = Table::new("problems", caption, &columns);
        for group in &self.problems {
            table.rows.push(vec![
                Cell::text(&group.code),
                Cell::Count(group.count),
                Cell::text(&group.first),
                Cell::text(&group.message),
                Cell::text(&group.remedy),
            ]);
        }
        vec![Block::Table(table)]
    }

    fn doubtful_blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        if self.n_doubtful > self.doubtful.len() as u64 {
            blocks.push(Block::Text(format!(
                "The first {} of {} clips.",
                count(self.doubtful.len() as u64),
                count(self.n_doubtful)
            )));
        }
        for clip in &self.doubtful {
            let title = format!("{}: {}. The text is “{}”", clip.id, clip.message, clip.text);
            blocks.push(match &clip.audio {
                Some(path) => player(title, &clip.id, path),
                None => Block::Text(title),
            });
        }
        blocks
    }

    fn dropped_blocks(&self) -> Result<Vec<Block>, Error> {
        let columns = [("rule", "Rule"), ("limit", "Limit"), ("count", "Clips"), ("length", "Length")];
        let caption = match self.kind {
            PageKind::Dataset => {
                "Clips that could be prepared, but break a rule of the recipe. Every one is a row of dropped.jsonl, with \
                 the first rule that it breaks."
            }
            PageKind::Check => "Clips that can be prepared, but that a rule of the recipe would leave out.",
        };
        let mut table = Table::new("dropped", caption, &columns);
        for (index, group) in self.dropped.iter().enumerate() {
            if !group.limit.is_finite() {
                return Err(Error::NotFinite { what: "the limits of the rules".into(), index });
            }
            table.rows.push(vec![
                Cell::text(&group.rule),
                Cell::Printed(group.limit),
                Cell::Count(group.count),
                Cell::text(length(group.seconds, "the length of the clips left out")?),
            ]);
        }
        Ok(vec![Block::Table(table)])
    }

    fn distribution_figures(&self) -> Result<Vec<Figure>, Error> {
        let figure = |distribution: &Distribution| {
            let unit = if distribution.unit.is_empty() {
                String::new()
            } else {
                format!(" ({})", distribution.unit)
            };
            let histogram = Histogram {
                title: format!("Distribution of {} over the utterances", distribution.name),
                x_label: format!("{}{unit}", distribution.name),
                y_label: "utterances".into(),
                values: distribution.values.clone(),
            };
            let missing = match distribution.missing {
                0 => String::new(),
                1 => "One utterance has no value and is not drawn.".to_owned(),
                missing => format!("{} utterances have no value and are not drawn.", count(missing)),
            };
            Ok(Figure {
                name: distribution.name.replace(' ', "-"),
                svg: histogram.to_svg()?,
                caption: missing,
            })
        };
        self.distributions.iter().map(figure).collect()
    }

    fn phone_blocks(&self) -> Result<Vec<Block>, Error> {
        let total: u64 = self.phones.iter().map(|phone| phone.count).sum();
        let rare: Vec<&str> =
            self.phones.iter().filter(|phone| phone.count == 0).map(|phone| phone.symbol.as_str()).collect();
        let bars = Bars {
            title: "Frequencies of phones".into(),
            y_label: "how often".into(),
            bars: self
                .phones
                .iter()
                .map(|phone| Bar { label: phone.symbol.clone(), value: phone.count as f64 })
                .collect(),
        };
        let never = if rare.is_empty() { String::new() } else { format!(" Never: {}.", rare.join(", ")) };
        let caption =
            format!("Frequencies of the {} symbols; {} in all.{never}", self.phones.len(), count(total));
        Ok(vec![Block::Figures(vec![Figure { name: "phones".into(), svg: bars.to_svg()?, caption }])])
    }

    fn word_blocks(&self) -> Vec<Block> {
        if self.guessed_words.is_empty() {
            return vec![Block::Text("The dictionary has every word.".into())];
        }
        let columns = [("word", "Word"), ("count", "Count"), ("pronunciation", "Pronunciation")];
        let caption = "Words whose pronunciation is a guess from their spelling. Read these first: guesses are often \
                       wrong about names.";
        let mut table = Table::new("guessed-words", caption, &columns);
        for word in &self.guessed_words {
            table.rows.push(vec![
                Cell::text(&word.word),
                Cell::Count(word.count),
                Cell::text(&word.pronunciation),
            ]);
        }
        vec![Block::Table(table)]
    }

    fn alignment_blocks(&self) -> Result<Vec<Block>, Error> {
        let mut blocks = Vec::new();
        for example in &self.examples {
            let title = format!("Mel spectrogram of {} with the boundaries of its phones", example.id);
            let mel = Mel { title, ..example.mel.clone() };
            blocks.push(Block::Figures(vec![Figure {
                name: format!("mel-{}", example.id),
                svg: mel.to_svg()?,
                caption: format!("{}: {}", example.id, example.text),
            }]));
        }
        if !self.worst_alignments.is_empty() {
            let columns =
                [("id", "Utterance"), ("log_likelihood", "Log-likelihood per frame"), ("text", "Text")];
            let caption =
                "The utterances that fit their alignment worst. Often the text is not what is spoken.";
            let mut table = Table::new("worst-alignments", caption, &columns);
            for (index, score) in self.worst_alignments.iter().enumerate() {
                if !score.log_likelihood.is_finite() {
                    return Err(Error::NotFinite { what: "the worst alignments".into(), index });
                }
                table.rows.push(vec![
                    Cell::text(&score.id),
                    Cell::Number { value: score.log_likelihood, decimals: 2 },
                    Cell::text(&score.text),
                ]);
            }
            blocks.push(Block::Table(table));
            blocks.extend(self.worst_alignments.iter().filter_map(|score| {
                Some(player(format!("{}: {}", score.id, score.text), &score.id, score.audio.as_ref()?))
            }));
        }
        Ok(blocks)
    }
}

fn player(title: String, id: &str, path: &str) -> Block {
    Block::Clips { title, clips: vec![Clip { label: id.to_owned(), path: path.to_owned() }] }
}

fn count(count: u64) -> String {
    number(count as f64, 0)
}

/// Formats seconds as a readable duration.
fn length(seconds: f64, what: &str) -> Result<String, Error> {
    if !seconds.is_finite() || seconds < 0.0 {
        return Err(Error::NotFinite { what: what.to_owned(), index: 0 });
    }
    let minutes = (seconds / 60.0).round() as u64;
    Ok(match minutes {
        0..=1 => format!("{} s", number(seconds, 1)),
        2..=59 => format!("{} min", number(seconds / 60.0, 1)),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_lengths_in_suitable_units() {
        let cases = [
            (0.0, "0.0 s"),
            (13.46, "13.5 s"),
            (89.0, "89.0 s"),
            (600.0, "10.0 min"),
            (86_150.0, "23 h 56 min"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(length(seconds, "x").unwrap(), expected);
        }
        assert!(length(f64::NAN, "x").is_err());
    }

    #[test]
    fn makes_a_page_of_an_empty_dataset() {
        let html = DatasetPage { title: "Empty".into(), ..DatasetPage::default() }.to_html().unwrap();
        assert!(html.contains("No problem was found"), "{html}");
    }

    #[test]
    fn reports_missing_values() {
        let distribution =
            Distribution { name: "loudness".into(), unit: "LUFS".into(), values: vec![-20.0], missing: 2 };
        let page = DatasetPage { distributions: vec![distribution], ..DatasetPage::default() };
        assert!(page.to_html().unwrap().contains("2 utterances have no value"));
    }

    #[test]
    fn folds_a_long_list_without_truncating_it() {
        let word =
            |index: usize| GuessedWord { word: format!("word{index}x"), count: 1, pronunciation: "W".into() };
        let page = DatasetPage { guessed_words: (0..100).map(word).collect(), ..DatasetPage::default() };
        let html = page.to_html().unwrap();
        assert!(
            (0..100).all(|index| html.contains(&format!("word{index}x"))) && html.contains("76 more rows")
        );
    }
}
