//! A planned test as configurations of webMUSHRA, one for each rater.
//!
//! The pages of a rater are those of the plan, in its order, by the names that the bundle has for them: so the results of all
//! raters together say who answered which page, whatever was typed into the questionnaire.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::interchange::export::{ExportedClip, ExportedFile, ExportedTest};
use crate::interchange::webmushra::yaml::Yaml;
use crate::page::html::escaped;
use crate::page::pages::{PageOfTrial, Pages};
use crate::page::strings::Strings;
use crate::paradigms::ClipOrder;
use crate::trial::Slot;

/// The languages of webMUSHRA's buttons.
const LANGUAGES: [&str; 4] = ["en", "de", "fr", "es"];

/// Returns the configurations of a test, to be put into a folder of webMUSHRA's `configs` with the given name, next to the clips
/// in its folder `clips`.
///
/// # Errors
///
/// [`Error::Interchange`] for a test that webMUSHRA has no page for.
pub fn webmushra_test(pages: &Pages<'_>, strings: &Strings, folder: &str) -> Result<ExportedTest, Error> {
    let plan = pages.plan();
    let rules = plan.protocol.paradigm.rules();
    if rules.clip_order() != ClipOrder::Single {
        return Err(Error::Interchange {
            what: format!(
                "webMUSHRA has no page on which clips are compared as in a {} test",
                rules.abbreviation()
            ),
            remedy: Some("ask on the bundle's own page, or export a MOS or MUSHRA test"),
        });
    }
    let writer = Writer { pages, strings, folder };
    let sessions = 0..plan.sessions.len();
    let files = sessions.map(|session| ExportedFile {
        name: format!("{}.yaml", pages.code(session)),
        content: writer.configuration(session).to_text(),
    });
    let files = files.collect();
    let mut clips: BTreeMap<String, BTreeSet<String>> = BTreeMap::from([(pages.volume(), BTreeSet::new())]);
    for page in (0..plan.sessions.len()).flat_map(|session| pages.of_session(session)) {
        let played = writer.played(&page);
        for name in &played {
            // webMUSHRA switches between the clips of a page with sliders while they play, so they need one length.
            let others = played.iter().filter(|other| *other != name).cloned();
            clips.entry(name.clone()).or_default().extend(others);
        }
    }
    let clip =
        |(name, with): (String, BTreeSet<String>)| ExportedClip { name, with: with.into_iter().collect() };
    Ok(ExportedTest { files, clips: clips.into_iter().map(clip).collect(), losses: losses(pages) })
}

/// Lists what webMUSHRA does not do.
fn losses(pages: &Pages<'_>) -> Vec<String> {
    let protocol = &pages.plan().protocol;
    let (settings, rules) = (&protocol.session, protocol.paradigm.rules());
    let mut losses = vec![
        "webMUSHRA stores the answers of a rater after the last page, all or none, and not what was heard"
            .to_owned(),
    ];
    if rules.rates_side_by_side() {
        losses.push(
            "webMUSHRA draws the order of the clips on a page, and lets raters go on without moving a slider"
                .to_owned(),
        );
    }
    let asked = [
        (settings.headphone_check, "the headphone check"),
        (protocol.practice().next().is_some(), "the exercises"),
        (!settings.questions.is_empty(), "the questions about the rater"),
        (settings.comments, "the comments"),
    ];
    let missing: Vec<&str> = asked.iter().filter(|(is_asked, _)| *is_asked).map(|(_, part)| *part).collect();
    if !missing.is_empty() {
        losses.push(format!("left out {}", missing.join(", ")));
    }
    losses
}

struct Writer<'a> {
    pages: &'a Pages<'a>,
    strings: &'a Strings,
    folder: &'a str,
}

impl Writer<'_> {
    /// Returns the configuration of a rater's session.
    fn configuration(&self, session: usize) -> Yaml {
        let plan = self.pages.plan();
        let language = self.strings.language().split('-').next().unwrap_or_default();
        let language = if LANGUAGES.contains(&language) { language } else { LANGUAGES[0] };
        Yaml::map([
            ("testname", self.strings.text("title").into()),
            ("testId", plan.study.as_str().into()),
            ("language", language.into()),
            ("bufferSize", 2048.0.into()),
            ("stopOnErrors", true.into()),
            ("showButtonPreviousPage", false.into()),
            ("remoteService", "service/write.php".into()),
            ("pages", Yaml::List(self.all_pages(session))),
        ])
    }

    fn all_pages(&self, session: usize) -> Vec<Yaml> {
        let protocol = &self.pages.plan().protocol;
        let trials = self.pages.of_session(session);
        let mut all = vec![
            Yaml::map([
                ("type", "consent".into()),
                ("id", "consent".into()),
                ("name", self.words("consent_title")),
                ("mustConsent", true.into()),
                ("content", paragraphs(&protocol.consent)),
            ]),
            self.text("instructions", "instructions_title", &protocol.instructions),
            Yaml::map([
                ("type", "volume".into()),
                ("id", "volume".into()),
                ("name", self.words("volume_title")),
                ("content", self.words("volume_text")),
                ("stimulus", self.path(&self.pages.volume()).into()),
                ("defaultVolume", 0.5.into()),
            ]),
        ];
        let steps = trials.len();
        for (index, trial) in trials.iter().enumerate() {
            let is_break = protocol.session.break_every.is_some_and(|every| index % every as usize == 0);
            if is_break && index > 0 {
                all.push(self.text("break", "break_title", self.strings.text("break_text")));
            }
            let step = (index + 1, steps);
            let side_by_side = protocol.paradigm.rules().rates_side_by_side();
            all.push(if side_by_side { self.sliders(trial, step) } else { self.single_clip(trial, step) });
        }
        all.push(self.end(&self.pages.plan().sessions[session].rater));
        all
    }

    /// Returns a page of text.
    fn text(&self, id: &str, title: &str, text: &str) -> Yaml {
        Yaml::map([
            ("type", "generic".into()),
            ("id", id.into()),
            ("name", self.words(title)),
            ("content", paragraphs(text)),
        ])
    }

    /// Returns the page of a trial with one clip.
    fn single_clip(&self, trial: &PageOfTrial, (step, steps): (usize, usize)) -> Yaml {
        let protocol = &self.pages.plan().protocol;
        let (lowest, _) = protocol.paradigm.scale();
        let point = |(value, label): (i32, &String)| {
            Yaml::map([("value", f64::from(value).into()), ("label", escaped(label).into())])
        };
        let stimuli = trial.clips.iter().map(|clip| (clip.clone(), self.path(clip).into()));
        Yaml::map([
            ("type", "likert_single_stimulus".into()),
            ("id", trial.id.as_str().into()),
            ("name", self.step(step, steps)),
            ("content", escaped(&protocol.question).into()),
            ("mustRate", true.into()),
            ("mustPlayback", "ended".into()),
            ("stimuli", Yaml::Map(stimuli.collect())),
            ("response", Yaml::List((lowest..).zip(&protocol.labels).map(point).collect())),
        ])
    }

    /// Returns the page of a sentence, with a slider for every clip. webMUSHRA adds the hidden reference itself.
    fn sliders(&self, trial: &PageOfTrial, (step, steps): (usize, usize)) -> Yaml {
        let played = self.played(trial);
        let mut paths = played.iter().map(|clip| (clip.clone(), self.path(clip).into()));
        let reference = paths.next().map_or_else(|| "".into(), |(_, path)| path);
        Yaml::map([
            ("type", "mushra".into()),
            ("id", trial.id.as_str().into()),
            ("name", self.step(step, steps)),
            ("content", escaped(&self.pages.plan().protocol.question).into()),
            ("showWaveform", false.into()),
            ("enableLooping", true.into()),
            ("strict", false.into()),
            ("createAnchor35", false.into()),
            ("createAnchor70", false.into()),
            ("randomize", true.into()),
            ("showConditionNames", false.into()),
            ("reference", reference),
            ("stimuli", Yaml::Map(paths.collect())),
        ])
    }

    /// Returns the clips that a page plays: all but the hidden reference.
    fn played(&self, page: &PageOfTrial) -> Vec<String> {
        let plan = self.pages.plan();
        let side_by_side = plan.protocol.paradigm.rules().rates_side_by_side();
        let reference = plan.reference().filter(|_| side_by_side).map(|system| &system.name);
        let is_hidden = |clip: &&String| {
            let known = self.pages.key().clips.get(*clip);
            known.is_some_and(|known| known.slot == Slot::System && reference == Some(&known.system))
        };
        page.clips.iter().filter(|clip| !is_hidden(clip)).cloned().collect()
    }

    /// Returns the last page, which asks for the rater's code and sends the answers.
    fn end(&self, rater: &str) -> Yaml {
        let label = self.strings.text("code_label");
        let question =
            Yaml::map([("type", "text".into()), ("label", escaped(label).into()), ("name", "rater".into())]);
        Yaml::map([
            ("type", "finish".into()),
            ("name", self.words("end_title")),
            ("content", format!("<p>{}: <strong>{}</strong></p>", escaped(label), escaped(rater)).into()),
            ("showResults", false.into()),
            ("writeResults", true.into()),
            ("questionnaire", Yaml::List(vec![question])),
        ])
    }

    fn step(&self, step: usize, steps: usize) -> Yaml {
        let text = self.strings.text("step");
        escaped(&text.replace("{step}", &step.to_string()).replace("{steps}", &steps.to_string())).into()
    }

    fn words(&self, key: &str) -> Yaml {
        escaped(self.strings.text(key)).into()
    }

    /// Returns the path of a clip, from the folder of webMUSHRA.
    fn path(&self, clip: &str) -> String {
        format!("configs/{}/clips/{clip}.wav", self.folder)
    }
}

/// Returns text in paragraphs of HTML.
fn paragraphs(text: &str) -> Yaml {
    let paragraphs = text.split("\n\n").map(|part| format!("<p>{}</p>", escaped(part.trim())));
    paragraphs.collect::<String>().into()
}
