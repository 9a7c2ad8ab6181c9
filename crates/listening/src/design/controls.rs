//! Controls: trials whose right answers are known, and exercises before the first trial.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::design::plan::MOST_SIDE_BY_SIDE;
use crate::design::protocol::rule;
use crate::error::Error;
use crate::paradigms::Paradigm;
use crate::rating::Rating;
use crate::trial::{First, Kind, Trial};

/// The purpose of a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// An exercise with feedback, in every session before the first trial.
    Practice,
    /// A trial whose quality is known, among the others.
    Gold,
    /// A trial whose clip says what to click, among the others.
    Trap,
}

impl Purpose {
    /// Returns the kind of the trials with this purpose.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Practice => Kind::Practice,
            Self::Gold => Kind::Gold,
            Self::Trap => Kind::Trap,
        }
    }
}

/// An exercise, or a trial whose right answers are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Name of the control in files: letters, digits, `-` and `_`.
    pub id: String,
    /// Purpose of the control.
    pub purpose: Purpose,
    /// Wavs in the order in which they are heard, as many as a trial has; with sliders side by side, the open reference and then
    /// a clip for each slider. Relative names belong to the directory of the protocol.
    pub clips: Vec<String>,
    /// Lowest accepted answer, as clicked. Practice may have none, and with sliders side by side it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest: Option<i32>,
    /// Highest accepted answer, as clicked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highest: Option<i32>,
    /// Practice only: text that the rater reads after the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<String>,
}

impl Control {
    /// Returns `true` if an answer, as clicked, is among those accepted. Everything is if none are named.
    #[must_use]
    pub fn accepts(&self, clicked: f64) -> bool {
        self.lowest.is_none_or(|lowest| f64::from(lowest) <= clicked)
            && self.highest.is_none_or(|highest| clicked <= f64::from(highest))
    }

    /// Returns the trial that plays the control.
    pub(crate) fn trial(&self, paradigm: Paradigm) -> Trial {
        Trial {
            item: self.id.clone(),
            system: self.id.clone(),
            versus: None,
            // The first of the files is heard first.
            first: paradigm.rules().clip_order().is_planned().then_some(First::Reference),
            x: None,
            example: None,
            kind: self.purpose.kind(),
        }
    }

    fn check(&self, paradigm: Paradigm) -> Result<(), Error> {
        let Self { id, purpose, clips, lowest, highest, feedback } = self;
        let is_name =
            !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        rule(is_name, "control.id", id, "letters, digits, `-` and `_`")?;
        let rules = paradigm.rules();
        let only = format!("`practice`, the only purpose of controls in {} tests", rules.abbreviation());
        rule(rules.allows_controls(*purpose), "control.purpose", purpose, &only)?;
        let side_by_side = rules.rates_side_by_side();
        let n_clips = rules.clip_order().clips().len();
        let (is_number, files) = if side_by_side {
            let most = 1 + MOST_SIDE_BY_SIDE;
            let files = format!("a list of 2 to {most} names of wavs, the open reference first");
            ((2..=most).contains(&clips.len()), files)
        } else {
            let plural = if n_clips == 1 { "name" } else { "names" };
            let files = format!("a list of {n_clips} {plural} of wavs, in the order in which they are heard");
            (clips.len() == n_clips, files)
        };
        let are_files = is_number && clips.iter().all(|clip| !clip.trim().is_empty());
        rule(are_files, "control.clips", clips, &files)?;
        let (low, high) = paradigm.scale();
        for (key, answer) in [("control.lowest", lowest), ("control.highest", highest)] {
            let none = "absent, since a page of sliders has an answer for each of them";
            rule(answer.is_none() || !side_by_side, key, answer, none)?;
            let is_point = answer.is_none_or(|answer| (low..=high).contains(&answer));
            rule(is_point, key, answer, &format!("a point of the scale, {low} to {high}"))?;
        }
        let is_practice = *purpose == Purpose::Practice;
        let needs_answers = !is_practice || lowest.is_some() || highest.is_some();
        for (key, answer) in [("control.lowest", lowest), ("control.highest", highest)] {
            let given = "given, or for practice both of them absent";
            rule(answer.is_some() || !needs_answers, key, answer, given)?;
        }
        if let (Some(lowest), Some(highest)) = (lowest, highest) {
            rule(lowest <= highest, "control.highest", highest, "at least `control.lowest`")?;
            let excludes = (*lowest, *highest) != (low, high);
            rule(excludes, "control.highest", highest, "such that some answer is not accepted")?;
        }
        let is_text = feedback.as_ref().is_none_or(|text| !text.trim().is_empty());
        rule(is_text, "control.feedback", feedback, "a text, or no such key")?;
        let without = "absent, since only practice has feedback";
        rule(is_practice || feedback.is_none(), "control.feedback", feedback, without)?;
        let needed = "a text, since the control accepts any answer";
        rule(needs_answers || feedback.is_some(), "control.feedback", feedback, needed)
    }
}

/// The numbers of controls in a session, and of those that may be failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ControlSettings {
    /// Number of different gold trials in a session; 1 by default, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gold_per_session: Option<u32>,
    /// Number of different traps in a session; 1 by default, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traps_per_session: Option<u32>,
    /// Traps that a rater may fail before the screening rule `traps` excludes all ratings.
    #[serde(skip_serializing_if = "is_zero")]
    pub failed_traps_allowed: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}

impl ControlSettings {
    /// Returns `true` if every number is the default.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }
}

/// The controls of a protocol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Controls<'a> {
    pub(crate) paradigm: Paradigm,
    pub(crate) list: &'a [Control],
    pub(crate) settings: ControlSettings,
}

impl<'a> Controls<'a> {
    /// Iterates over the controls with a purpose, in the order of the protocol.
    pub(crate) fn with(self, purpose: Purpose) -> impl Iterator<Item = &'a Control> {
        self.list.iter().filter(move |control| control.purpose == purpose)
    }

    /// Returns the number of trials in a session that are controls with a purpose.
    pub(crate) fn per_session(self, purpose: Purpose) -> usize {
        let wanted = match purpose {
            Purpose::Practice => None,
            Purpose::Gold => self.settings.gold_per_session,
            Purpose::Trap => self.settings.traps_per_session,
        };
        match (purpose, wanted) {
            (Purpose::Practice, _) => 0,
            (_, Some(wanted)) => wanted as usize,
            (_, None) => usize::from(self.with(purpose).next().is_some()),
        }
    }

    /// Returns the control that a trial plays, if it is one.
    pub(crate) fn of(self, kind: Kind, id: &str) -> Option<&'a Control> {
        self.list.iter().find(|control| control.purpose.kind() == kind && control.id == id)
    }

    /// Validates every value.
    pub(crate) fn check(self) -> Result<(), Error> {
        let mut distinct = BTreeSet::new();
        for control in self.list {
            control.check(self.paradigm)?;
            let is_new = distinct.insert(&control.id);
            rule(is_new, "control.id", &control.id, "a name that no other control has")?;
        }
        for (key, purpose) in
            [("controls.gold_per_session", Purpose::Gold), ("controls.traps_per_session", Purpose::Trap)]
        {
            let (wanted, there) = (self.per_session(purpose), self.with(purpose).count());
            let at_most = format!("at most {there}, the number of such controls: a session has each once");
            rule(wanted <= there, key, wanted, &at_most)?;
        }
        let (traps, allowed) = (self.per_session(Purpose::Trap), self.settings.failed_traps_allowed);
        let fewer = format!("less than {traps}, the number of traps in a session, or 0");
        let is_strict = allowed == 0 || (allowed as usize) < traps;
        rule(is_strict, "controls.failed_traps_allowed", allowed, &fewer)
    }

    /// Counts the answers of each rater to traps and gold trials; raters without any are left out.
    pub(crate) fn counts<'r>(self, ratings: impl IntoIterator<Item = &'r Rating>) -> Vec<ControlCounts> {
        let mut by_rater: BTreeMap<&str, ControlCounts> = BTreeMap::new();
        for rating in ratings {
            let Some(control) = self.of(rating.kind, &rating.item) else { continue };
            let counts = by_rater.entry(&rating.rater).or_default();
            let is_right = control.accepts(rating.score_raw);
            match control.purpose {
                Purpose::Trap => counts.traps.add(is_right),
                Purpose::Gold => counts.gold.add(is_right),
                Purpose::Practice => {}
            }
        }
        let named =
            |(rater, counts): (&str, ControlCounts)| ControlCounts { rater: rater.to_owned(), ..counts };
        by_rater.into_iter().map(named).collect()
    }
}

/// The answers of a rater to traps and gold trials.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlCounts {
    /// The rater.
    pub rater: String,
    /// The answers to traps.
    pub traps: RightAnswers,
    /// The answers to gold trials.
    pub gold: RightAnswers,
}

/// Answers, and those among them that were not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RightAnswers {
    /// The number of answers.
    pub n: usize,
    /// The number of those that are wrong.
    pub n_failed: usize,
}

impl RightAnswers {
    fn add(&mut self, is_right: bool) {
        self.n += 1;
        self.n_failed += usize::from(!is_right);
    }

    /// Returns the number of right answers.
    #[must_use]
    pub fn n_right(self) -> usize {
        self.n - self.n_failed
    }

    /// Returns "failed 1 of 2 traps", if any was failed; `noun` is the plural.
    #[must_use]
    pub fn fault(self, noun: &str) -> Option<String> {
        (self.n_failed > 0).then(|| format!("failed {} of {} {noun}", self.n_failed, self.n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::design::protocol::Protocol;

    fn control(id: &str, purpose: Purpose) -> Control {
        Control {
            id: id.to_owned(),
            purpose,
            clips: vec!["a.wav".to_owned()],
            lowest: Some(4),
            highest: Some(5),
            feedback: None,
        }
    }

    fn refused(change: impl FnOnce(&mut Protocol)) -> String {
        let list = vec![control("t", Purpose::Trap), control("p", Purpose::Practice)];
        let mut protocol = Protocol { control: list, ..Protocol::standard(Paradigm::Mos) };
        change(&mut protocol);
        protocol.check().map_or_else(|error| error.to_string(), |()| "accepted".to_owned())
    }

    #[test]
    fn faulty_controls_are_refused_by_key() {
        let check = |change: &dyn Fn(&mut Protocol), expected: &str| {
            let error = refused(|protocol| change(protocol));
            assert!(error.contains(expected), "{error} has no `{expected}`");
        };
        check(&|_| {}, "accepted");
        check(&|protocol| protocol.control[0].id = "a b".to_owned(), "`control.id` is \"a b\"");
        check(&|protocol| protocol.control[0].id = "p".to_owned(), "a name that no other control has");
        check(&|protocol| protocol.control[0].clips = vec![], "a list of 1 name of wavs");
        check(&|protocol| protocol.control[0].lowest = Some(0), "a point of the scale, 1 to 5");
        check(&|protocol| protocol.control[0].lowest = None, "`control.lowest` is None");
        check(&|protocol| protocol.control[1].highest = None, "`control.highest` is None");
        check(&|protocol| protocol.control[0].lowest = Some(1), "some answer is not accepted");
        check(&|protocol| protocol.control[0].highest = Some(3), "at least `control.lowest`");
        check(&|protocol| protocol.control[0].feedback = Some("x".to_owned()), "only practice has feedback");
        let any = |protocol: &mut Protocol| {
            (protocol.control[1].lowest, protocol.control[1].highest) = (None, None);
        };
        check(&any, "since the control accepts any answer");
        let text_only = |protocol: &mut Protocol| {
            any(protocol);
            protocol.control[1].feedback = Some("As you hear.".to_owned());
        };
        check(&text_only, "accepted");
        check(&|protocol| protocol.controls.traps_per_session = Some(2), "at most 1, the number of such");
        check(&|protocol| protocol.controls.gold_per_session = Some(1), "at most 0");
        check(&|protocol| protocol.controls.failed_traps_allowed = 1, "less than 1");
        let rule = crate::ScreeningRule::Gold;
        check(
            &|protocol| protocol.analysis.screening = vec![rule],
            "without `gold`, since sessions have no gold trials",
        );
        check(&|protocol| protocol.analysis.screening = vec![crate::ScreeningRule::Traps], "accepted");
    }

    #[test]
    fn accepted_answers_are_a_range() {
        let one = control("t", Purpose::Trap);
        assert_eq!([3.0, 4.0, 5.0].map(|clicked| one.accepts(clicked)), [false, true, true]);
        let any = Control { lowest: None, highest: None, ..one };
        assert!(any.accepts(1.0));
    }
}
