//! Page on a training run, or on several for comparison: curves, speech and settings.

use std::collections::BTreeSet;

use crate::dataset::Setting;
use crate::error::Error;
use crate::figure::{Line, Lines, Mel};
use crate::page::{Block, Clip, Figure, Page, Section};
use crate::table::{Cell, Table};

/// Contents of the page, as plain data computed by the caller.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainingPage {
    /// Heading.
    pub title: String,
    /// Runs in display order; one or more.
    pub runs: Vec<TrainingRun>,
    /// Curves, drawn as one figure each.
    pub curves: Vec<Curve>,
    /// Sentences spoken by the runs; may be empty.
    pub sentences: Vec<SpokenSentence>,
}

/// A run on the page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainingRun {
    /// Name, unique on the page.
    pub name: String,
    /// Main facts, such as the steps and the duration; the same names for every run.
    pub facts: Vec<Setting>,
    /// All settings.
    pub settings: Vec<Setting>,
}

/// A quantity over the steps of the training.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Name of the quantity, such as the column of the metrics.
    pub name: String,
    /// Meaning of the quantity.
    pub caption: String,
    /// Lines: training and validation of each run. All points are finite.
    pub lines: Vec<Line>,
}

/// A sentence spoken by one or more voices.
#[derive(Debug, Clone, PartialEq)]
pub struct SpokenSentence {
    /// Id of the sentence.
    pub id: String,
    /// Text.
    pub text: String,
    /// Recording and voices, in display order.
    pub clips: Vec<SpokenClip>,
}

/// A sound file with its picture.
#[derive(Debug, Clone, PartialEq)]
pub struct SpokenClip {
    /// Speaker.
    pub label: String,
    /// Path relative to the page.
    pub path: String,
    /// Spectrogram; its title is replaced.
    pub mel: Mel,
}

impl TrainingPage {
    /// Returns the page as one HTML file with embedded figures; the sound files lie next to it.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotFinite`] for a number that is NaN or infinite, and the errors of drawing a figure.
    ///
    /// # Examples
    ///
    /// ```
    /// use mynah_report::figure::Line;
    /// use mynah_report::training::{Curve, TrainingPage, TrainingRun};
    ///
    /// let line = Line { label: "training".into(), points: vec![(50.0, 0.9), (100.0, 0.7)] };
    /// let page = TrainingPage {
    ///     title: "first".into(),
    ///     runs: vec![TrainingRun { name: "first".into(), ..TrainingRun::default() }],
    ///     curves: vec![Curve { name: "loss_mel".into(), caption: "Mel distance".into(), lines: vec![line] }],
    ///     sentences: Vec::new(),
    /// };
    /// assert!(page.to_html()?.starts_with("<!DOCTYPE html>"));
    /// # Ok::<(), mynah_report::Error>(())
    /// ```
    pub fn to_html(&self) -> Result<String, Error> {
        let mut sections = vec![Section::open("runs", "Runs", self.facts())];
        if !self.sentences.is_empty() {
            sections.push(Section::open("speech", "Speech", self.speech()?));
        }
        sections.push(Section::open("curves", "Curves", self.figures()?));
        sections.push(Section::open("settings", "Settings", self.settings()));
        let lead = match &self.runs[..] {
            [_] => "A training run.".to_owned(),
            runs => format!("{} training runs.", runs.len()),
        };
        Page { title: self.title.clone(), lead, banners: Vec::new(), answer: Vec::new(), sections }.to_html()
    }

    fn facts(&self) -> Vec<Block> {
        let pairs = |settings: &[Setting]| {
            settings.iter().map(|setting| (setting.name.clone(), setting.value.clone())).collect()
        };
        if let [run] = &self.runs[..] {
            return vec![Block::Facts(pairs(&run.facts))];
        }
        vec![Block::Table(self.table(
            "runs",
            "Main facts.",
            |run| &run.facts,
            &names(self, |run| &run.facts),
        ))]
    }

    fn speech(&self) -> Result<Vec<Block>, Error> {
        let mut blocks = Vec::new();
        for sentence in &self.sentences {
            let clip = |clip: &SpokenClip| Clip { label: clip.label.clone(), path: clip.path.clone() };
            let clips = sentence.clips.iter().map(clip).collect();
            blocks.push(Block::Clips { title: sentence.text.clone(), clips });
            let longest = sentence.clips.iter().map(|clip| clip.mel.seconds()).fold(0.0, f64::max);
            let mut figures = Vec::new();
            for (index, clip) in sentence.clips.iter().enumerate() {
                let title = format!("Mel spectrogram of {} by {}", sentence.id, clip.label);
                let mel = Mel { title, ..clip.mel.clone() };
                figures.push(Figure {
                    name: format!("mel-{}-{index}", sentence.id),
                    svg: mel.to_svg_lasting(longest)?,
                    caption: clip.label.clone(),
                });
            }
            blocks.push(Block::Folded {
                summary: format!("spectrograms of {}", sentence.id),
                blocks: vec![Block::Figures(figures)],
            });
        }
        Ok(blocks)
    }

    fn figures(&self) -> Result<Vec<Block>, Error> {
        let figure = |curve: &Curve| {
            let lines = Lines {
                title: format!("{} over the steps of the training", curve.name),
                x_label: "step".into(),
                y_label: curve.name.clone(),
                lines: curve.lines.clone(),
            };
            Ok(Figure { name: curve.name.clone(), svg: lines.to_svg()?, caption: curve.caption.clone() })
        };
        let figures: Vec<Figure> = self.curves.iter().map(figure).collect::<Result<_, Error>>()?;
        if figures.is_empty() {
            return Ok(vec![Block::Text("Nothing was measured yet.".into())]);
        }
        Ok(vec![Block::Figures(figures)])
    }

    fn settings(&self) -> Vec<Block> {
        let all = |run: &TrainingRun| {
            let pairs = run.settings.iter().map(|setting| (setting.name.clone(), setting.value.clone()));
            Block::Settings(pairs.collect())
        };
        if let [run] = &self.runs[..] {
            return vec![all(run)];
        }
        let mut differing = names(self, |run| &run.settings);
        differing.retain(|name| {
            let values: BTreeSet<_> = self.runs.iter().map(|run| value(&run.settings, name)).collect();
            values.len() > 1
        });
        let mut blocks = Vec::new();
        if differing.is_empty() {
            blocks.push(Block::Text("All settings are the same.".into()));
        } else {
            let caption = "Settings that are not the same in all runs.";
            blocks.push(Block::Table(self.table("settings", caption, |run| &run.settings, &differing)));
        }
        blocks.extend(self.runs.iter().map(|run| Block::Folded {
            summary: format!("all settings of {}", run.name),
            blocks: vec![all(run)],
        }));
        blocks
    }

    /// Returns a table with a row for each name and a column for each run.
    fn table(
        &self,
        name: &str,
        caption: &str,
        of: fn(&TrainingRun) -> &Vec<Setting>,
        names: &[String],
    ) -> Table {
        let keys: Vec<String> = (0..self.runs.len()).map(|index| format!("run_{index}")).collect();
        let mut columns = vec![("name", "")];
        columns.extend(keys.iter().zip(&self.runs).map(|(key, run)| (key.as_str(), run.name.as_str())));
        let mut table = Table::new(name, caption, &columns);
        for name in names {
            let mut row = vec![Cell::text(name)];
            row.extend(self.runs.iter().map(|run| Cell::text(value(of(run), name).unwrap_or_default())));
            table.rows.push(row);
        }
        table
    }
}

/// Returns the names of the settings of all runs, in the order of their first occurrence.
fn names(page: &TrainingPage, of: fn(&TrainingRun) -> &Vec<Setting>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for setting in page.runs.iter().flat_map(of) {
        if !names.contains(&setting.name) {
            names.push(setting.name.clone());
        }
    }
    names
}

fn value<'a>(settings: &'a [Setting], name: &str) -> Option<&'a str> {
    settings.iter().find(|setting| setting.name == name).map(|setting| setting.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(name: &str, rate: &str) -> TrainingRun {
        let setting = |name: &str, value: &str| Setting { name: name.into(), value: value.into() };
        TrainingRun {
            name: name.into(),
            facts: vec![setting("steps", "100")],
            settings: vec![setting("train.seed", "7"), setting("train.optimizer.learning_rate", rate)],
        }
    }

    fn page(runs: Vec<TrainingRun>) -> TrainingPage {
        let line = |label: &str| Line { label: label.into(), points: vec![(50.0, 0.9), (100.0, 0.7)] };
        let mel = Mel {
            title: String::new(),
            values: vec![0.0, 1.0, 2.0, 3.0],
            n_bands: 2,
            hop_seconds: 0.01,
            labels: Vec::new(),
        };
        TrainingPage {
            title: "Training of <first>".into(),
            curves: vec![Curve {
                name: "loss_mel".into(),
                caption: "Distance of mels.".into(),
                lines: runs.iter().map(|run| line(&run.name)).collect(),
            }],
            sentences: vec![SpokenSentence {
                id: "LJ001-0001".into(),
                text: "Printing & more".into(),
                clips: vec![SpokenClip { label: "recording".into(), path: "samples/a.wav".into(), mel }],
            }],
            runs,
        }
    }

    #[test]
    fn shows_a_run_with_its_speech_curves_and_settings() {
        let html = page(vec![run("first", "0.001")]).to_html().unwrap();
        for part in [
            "Training of &#60;first&#62;",
            "samples/a.wav",
            "Printing &#38; more",
            "loss_mel",
            "train.seed",
            "A training run.",
        ] {
            assert!(html.contains(part), "{part}\n{html}");
        }
        assert!(!html.contains("not the same in all runs"));
    }

    #[test]
    fn compares_runs_by_the_settings_that_differ() {
        let html = page(vec![run("a", "0.001"), run("b", "0.002")]).to_html().unwrap();
        let table = html.split("not the same in all runs").nth(1).unwrap().split("</table>").next().unwrap();
        assert!(table.contains("learning_rate") && table.contains("0.002") && !table.contains("train.seed"));
        let same = page(vec![run("a", "0.001"), run("b", "0.001")]).to_html().unwrap();
        assert!(same.contains("All settings are the same."));
    }

    #[test]
    fn rejects_values_that_are_not_finite() {
        let mut page = page(vec![run("first", "0.001")]);
        page.curves[0].lines[0].points.push((150.0, f64::NAN));
        assert!(matches!(page.to_html(), Err(Error::NotFinite { .. })));
    }
}
