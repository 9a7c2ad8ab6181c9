//! The pages of a plan with the clips of a bundle: what participants get, and what they may answer.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Serialize;
use serde_json::Value;

use crate::answers::answer::{AnswerFault, AnswerReader};
use crate::design::controls::Control;
use crate::design::plan::Plan;
use crate::error::Error;
use crate::page::blinding::Names;
use crate::page::key::Key;

/// A clip as the page knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClipFile {
    /// SHA-256 of the file, lower-case hexadecimal.
    pub sha256: String,
    /// Its duration in milliseconds.
    pub milliseconds: u32,
}

/// One page of trials as the raters' page knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageOfTrial {
    /// The opaque name of the page.
    pub id: String,
    /// The clips in the order in which they are heard; with systems side by side, the open reference before those that are rated.
    pub clips: Vec<String>,
}

/// One exercise as the page knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct PageOfPractice<'a> {
    id: &'a str,
    /// The clips in the order in which they are heard.
    clips: Vec<String>,
    /// Their files.
    files: BTreeMap<String, ClipFile>,
    /// The answers that are accepted; all of them if there are none.
    lowest: Option<i32>,
    highest: Option<i32>,
    feedback: Option<&'a str>,
}

/// The pages of all sessions of a plan, with the clips of one bundle.
///
/// The `static` page carries all of them; a server hands out one session at a time and checks what comes back.
pub struct Pages<'a> {
    plan: &'a Plan,
    key: &'a Key,
    names: Names,
}

impl<'a> Pages<'a> {
    /// Returns the pages of a plan with the clips of a bundle.
    ///
    /// # Errors
    ///
    /// [`Error::KeyDesign`] for the key of a bundle of another plan, or one without the hashes of its clips.
    pub fn new(plan: &'a Plan, key: &'a Key) -> Result<Self, Error> {
        let is_old = key.bundle.is_empty() || key.clips.values().any(|clip| clip.sha256.is_empty());
        if key.design != plan.design || is_old {
            let (key, plan) = (key.design.clone(), plan.design.clone());
            return Err(Error::KeyDesign { key, plan, is_old });
        }
        Ok(Self::unchecked(plan, key))
    }

    /// Returns the pages of a plan with a key made from it.
    pub(crate) fn unchecked(plan: &'a Plan, key: &'a Key) -> Self {
        Self { plan, key, names: Names::of(plan) }
    }

    /// Returns the plan.
    #[must_use]
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// Returns the key of the bundle.
    pub(crate) fn key(&self) -> &'a Key {
        self.key
    }

    /// Returns the hash of the bundle.
    #[must_use]
    pub fn bundle(&self) -> &'a str {
        &self.key.bundle
    }

    /// Returns the code with which a rater enters a session: ten letters and digits that cannot be guessed.
    ///
    /// # Panics
    ///
    /// If the plan has no such session.
    #[must_use]
    pub fn code(&self, session: usize) -> String {
        self.names.code(&self.plan.sessions[session].rater)
    }

    /// Returns the session of a code, as people type it: capitals, blanks and hyphens do not matter.
    #[must_use]
    pub fn session_of_code(&self, code: &str) -> Option<usize> {
        let typed: String = code
            .to_lowercase()
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| match c {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            })
            .collect();
        (0..self.plan.sessions.len()).find(|&session| self.code(session) == typed)
    }

    /// Returns a secret that only the experimenter can compute from the plan.
    #[must_use]
    pub fn experimenter_secret(&self) -> String {
        self.names.experimenter()
    }

    /// Returns the name of the clip for setting the volume.
    #[must_use]
    pub fn volume(&self) -> String {
        self.names.volume()
    }

    /// Returns the pages of a session, in order.
    ///
    /// # Panics
    ///
    /// If the plan has no such session.
    #[must_use]
    pub fn of_session(&self, session: usize) -> Vec<PageOfTrial> {
        let rules = self.plan.protocol.paradigm.rules();
        let session = &self.plan.sessions[session];
        let page = |(page, range): (usize, Range<usize>)| PageOfTrial {
            id: self.names.trial(&session.rater, page),
            clips: self.names.of_page(rules, &session.trials[range]),
        };
        self.plan.pages(session).into_iter().enumerate().map(page).collect()
    }

    /// Returns the exercises before the first trial, in order.
    pub(crate) fn practice(&self) -> Vec<PageOfPractice<'a>> {
        let plan = self.plan;
        let page = |control: &'a Control| {
            let named = self.names.of_control(plan.protocol.paradigm, control);
            let clips: Vec<String> = named.into_iter().map(|(name, _)| name).collect();
            PageOfPractice {
                id: &control.id,
                files: clips.iter().filter_map(|name| Some((name.clone(), self.file(name)?))).collect(),
                clips,
                lowest: control.lowest,
                highest: control.highest,
                feedback: control.feedback.as_deref(),
            }
        };
        plan.protocol.practice().map(page).collect()
    }

    fn file(&self, name: &str) -> Option<ClipFile> {
        let clip = self.key.clips.get(name)?;
        Some(ClipFile { sha256: clip.sha256.clone(), milliseconds: clip.duration_ms })
    }

    /// Returns all clips of the bundle.
    #[must_use]
    pub fn clips(&self) -> BTreeMap<&'a str, ClipFile> {
        let file = |name: &'a String| {
            let clip = &self.key.clips[name];
            (name.as_str(), ClipFile { sha256: clip.sha256.clone(), milliseconds: clip.duration_ms })
        };
        self.key.clips.keys().map(file).collect()
    }

    /// Returns the clips of a session, with that for setting the volume.
    ///
    /// # Panics
    ///
    /// If the plan has no such session.
    #[must_use]
    pub fn clips_of_session(&self, session: usize) -> BTreeMap<String, ClipFile> {
        let names = self.of_session(session).into_iter().flat_map(|page| page.clips);
        let file = |name: String| {
            let file = self.file(&name)?;
            Some((name, file))
        };
        names.chain([self.volume()]).filter_map(file).collect()
    }

    /// Checks an answer to a page of a session, and returns the page's position.
    ///
    /// # Errors
    ///
    /// The fault in words, for an answer that is malformed, belongs to another page, names other clips, or is off the scale.
    pub fn check(&self, session: usize, page: &str, answer: &Value) -> Result<usize, AnswerFault> {
        let reader = AnswerReader { plan: self.plan, names: &self.names, key: Some(self.key) };
        let (answer, _) = reader.read(session, answer, None)?;
        if answer.trial == page { Ok(answer.page) } else { Err(AnswerFault::other_page()) }
    }
}
