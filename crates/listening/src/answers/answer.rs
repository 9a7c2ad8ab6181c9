//! One page's answer, in the forms in which pages have written it.

use serde::Deserialize;
use serde_json::Value;

use crate::answers::collect::ProblemKind;
use crate::design::plan::Plan;
use crate::page::blinding::Names;
use crate::page::key::Key;
use crate::trial::Trial;

/// A fault of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerFault {
    /// The kind of fault.
    pub kind: ProblemKind,
    /// A description.
    pub message: String,
}

impl AnswerFault {
    fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn other_page() -> Self {
        Self::new(ProblemKind::UnknownClip, "the answer belongs to another page")
    }
}

/// An answer to a page.
pub(crate) struct Answer {
    pub(crate) trial: String,
    pub(crate) page: usize,
    pub(crate) given: Given,
    /// In the order in which they were heard.
    pub(crate) clips: Vec<Heard>,
    pub(crate) milliseconds: Option<u64>,
    pub(crate) answered: Option<String>,
}

/// The content of an answer.
pub(crate) enum Given {
    /// A point of the scale for each trial of the page, as clicked.
    Scores(Vec<f64>),
    /// Nothing, since a clip could not be had, with the reason.
    Skipped(String),
}

/// The plays of one clip. Pages before format 2 recorded plays only.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Heard {
    pub(crate) clip: String,
    pub(crate) sha256: Option<String>,
    pub(crate) plays: Option<u32>,
    /// The longest stretch played without interruption, in ms.
    pub(crate) longest_ms: Option<u64>,
    /// By how much plays took longer than the sound, in ms: stalls.
    pub(crate) gap_ms: Option<u64>,
    /// For how long the page was hidden during plays, in ms.
    pub(crate) hidden_ms: Option<u64>,
    pub(crate) duration_ms: Option<u64>,
}

impl Answer {
    /// Returns the duration of the page's clips, in ms; `None` if it is unknown for any of them.
    pub(crate) fn audio_ms(&self) -> Option<u64> {
        self.clips.iter().map(|clip| clip.duration_ms).sum()
    }

    /// Returns for how long the page was hidden while clips played, in ms.
    pub(crate) fn hidden_ms(&self) -> Option<u64> {
        self.clips.iter().map(|clip| clip.hidden_ms).sum()
    }
}

impl Heard {
    /// Returns how much of the clip was not heard in one piece, in ms.
    pub(crate) fn unheard_ms(&self) -> Option<u64> {
        Some(self.duration_ms?.saturating_sub(self.longest_ms?))
    }
}

/// An answer of format 2.
#[derive(Deserialize)]
struct Form2 {
    trial: String,
    page: usize,
    score_raw: Option<f64>,
    /// For each rated clip of a page with several.
    scores_raw: Option<Vec<f64>>,
    skipped: Option<String>,
    clips: Vec<Heard>,
    milliseconds: Option<u64>,
    answered: Option<String>,
}

/// An answer of format 1.
#[derive(Deserialize)]
struct Form1 {
    trial: String,
    page: usize,
    first: String,
    second: Option<String>,
    score_raw: f64,
    plays_first: Option<u32>,
    plays_second: Option<u32>,
    milliseconds: Option<u64>,
    answered: Option<String>,
}

impl From<Form1> for Answer {
    fn from(form: Form1) -> Self {
        let heard = |clip, plays| Heard {
            clip,
            sha256: None,
            plays,
            longest_ms: None,
            gap_ms: None,
            hidden_ms: None,
            duration_ms: None,
        };
        let second = form.second.map(|second| heard(second, form.plays_second));
        Self {
            trial: form.trial,
            page: form.page,
            given: Given::Scores(vec![form.score_raw]),
            clips: std::iter::once(heard(form.first, form.plays_first)).chain(second).collect(),
            milliseconds: form.milliseconds,
            answered: form.answered,
        }
    }
}

impl TryFrom<Form2> for Answer {
    type Error = AnswerFault;

    fn try_from(form: Form2) -> Result<Self, AnswerFault> {
        let given = match (form.score_raw, form.scores_raw, form.skipped) {
            (Some(score), None, None) => Given::Scores(vec![score]),
            (None, Some(scores), None) => Given::Scores(scores),
            (None, None, Some(reason)) => Given::Skipped(reason),
            _ => {
                let message = "the answer must have either a score or the reason why there is none";
                return Err(AnswerFault::new(ProblemKind::MalformedAnswer, message));
            }
        };
        Ok(Self {
            trial: form.trial,
            page: form.page,
            given,
            clips: form.clips,
            milliseconds: form.milliseconds,
            answered: form.answered,
        })
    }
}

/// Reads the answers of one plan.
pub(crate) struct AnswerReader<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) names: &'a Names,
    /// Where it is known, answers must name the sound of its clips.
    pub(crate) key: Option<&'a Key>,
}

impl AnswerReader<'_> {
    /// Reads an answer to a page of a session, in format 1 or 2, and returns it with the score of each trial in the direction of
    /// the paradigm, which a skipped page lacks.
    pub(crate) fn read(
        &self,
        session: usize,
        value: &Value,
        format: Option<u64>,
    ) -> Result<(Answer, Option<Vec<f64>>), AnswerFault> {
        let malformed = |error: serde_json::Error| {
            AnswerFault::new(
                ProblemKind::MalformedAnswer,
                format!("the answer has not the right form: {error}"),
            )
        };
        let answer = match format {
            Some(1) => Form1::deserialize(value).map_err(malformed)?.into(),
            _ => Answer::try_from(Form2::deserialize(value).map_err(malformed)?)?,
        };
        let session = &self.plan.sessions[session];
        let unknown = |message: String| AnswerFault::new(ProblemKind::UnknownClip, message);
        let pages = self.plan.pages(session);
        let range = pages.get(answer.page).cloned().ok_or_else(|| {
            unknown(format!("page {} does not exist, there are {}", answer.page, pages.len()))
        })?;
        let trials = &session.trials[range];
        let rules = self.plan.protocol.paradigm.rules();
        let has_clips = answer.clips.iter().map(|heard| &heard.clip).eq(&self.names.of_page(rules, trials));
        if !has_clips || answer.trial != self.names.trial(&session.rater, answer.page) {
            return Err(unknown(format!(
                "page {} of rater `{}` does not have these clips: the file was edited or mixed up",
                answer.page, session.rater
            )));
        }
        for heard in &answer.clips {
            let expected = self.key.and_then(|key| key.clips.get(&heard.clip)).map(|clip| &clip.sha256);
            if let (Some(expected), Some(sha256)) = (expected, &heard.sha256)
                && expected != sha256
            {
                let message = format!(
                    "page {} was answered to other audio than that of the bundle's clip",
                    answer.page
                );
                return Err(AnswerFault::new(ProblemKind::OtherAudio, message));
            }
        }
        let scores = match &answer.given {
            Given::Skipped(_) => None,
            Given::Scores(clicked) => Some(self.scores(answer.page, clicked, trials)?),
        };
        Ok((answer, scores))
    }

    /// Returns the scores of the trials of a page.
    fn scores(&self, page: usize, clicked: &[f64], trials: &[Trial]) -> Result<Vec<f64>, AnswerFault> {
        let paradigm = self.plan.protocol.paradigm;
        if clicked.len() != trials.len() {
            let message =
                format!("page {page} has {} scores for {} rated clips", clicked.len(), trials.len());
            return Err(AnswerFault::new(ProblemKind::MalformedAnswer, message));
        }
        if let Some(off) = clicked.iter().find(|clicked| !paradigm.has_point(**clicked)) {
            let (lowest, highest) = paradigm.scale();
            let message = format!("score {off} is not a point of the scale, {lowest} to {highest}");
            return Err(AnswerFault::new(ProblemKind::OffScale, message));
        }
        // The accepted answers of a control are as clicked.
        let score = |(&clicked, trial): (&f64, &Trial)| {
            if trial.kind.is_control() {
                clicked
            } else {
                paradigm.rules().score(clicked, trial.first, trial.x)
            }
        };
        Ok(clicked.iter().zip(trials).map(score).collect())
    }
}
