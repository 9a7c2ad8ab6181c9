//! The work of each rater: minutes and downloads, to be known before anybody is paid.

use std::collections::{BTreeMap, BTreeSet};

use crate::design::plan::Plan;
use crate::design::protocol::Protocol;
use crate::error::Error;
use crate::page::blinding::{Names, clips};
use crate::page::survey::Survey;
use crate::trial::{Session, Slot};

/// Seconds assumed for an answer, after the clips were played once.
pub const ANSWER_SECONDS: f64 = 5.0;
/// Minutes above which a session is called long, since attention fades.
pub const LONG_SESSION_MINUTES: f64 = 25.0;

/// Bytes of a wav besides its 16-bit samples.
const HEADER_BYTES: f64 = 44.0;
const BYTES_PER_SAMPLE: f64 = 2.0;
/// Largest number of raters of a protocol.
const MOST_RATERS: u32 = 10_000;

/// The work of one rater.
#[derive(Debug, Clone, PartialEq)]
pub struct RaterLoad {
    /// The rater's code.
    pub rater: String,
    /// The number of answers, gold trials and traps among them; exercises come on top.
    pub n_trials: usize,
    /// Minutes of audio, each clip played once.
    pub audio_minutes: f64,
    /// Minutes of audio and answers, those of exercises included, without consent, instructions and setting the volume.
    pub minutes: f64,
    /// Megabytes (10⁶ bytes) of all clips of the session.
    pub megabytes: f64,
}

/// The work of all raters of a plan.
///
/// Durations are those of the source files, before the silence at their edges is cut or added.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// The raters, in the order of the plan.
    pub raters: Vec<RaterLoad>,
}

impl Workload {
    /// Computes the work of all raters of a plan from the headers of its wavs.
    ///
    /// Clips are 16-bit mono at the lowest sample rate of the survey. A clip without a readable file counts as empty.
    #[must_use]
    pub fn of(plan: &Plan, survey: &Survey) -> Self {
        let seconds: BTreeMap<(&str, &str), f64> = survey
            .files
            .iter()
            .map(|file| ((file.system.as_str(), file.item.as_str()), file.seconds))
            .collect();
        let names = Names::of(plan);
        let paradigm = plan.protocol.paradigm;
        let rules = paradigm.rules();
        let of_control = |control| names.of_control(paradigm, control).into_iter().map(|(name, _)| name);
        let exercises: Vec<Vec<String>> =
            plan.protocol.practice().map(|control| of_control(control).collect()).collect();
        let n_exercised: usize =
            exercises.iter().map(|clips| if rules.rates_side_by_side() { clips.len() - 1 } else { 1 }).sum();
        let contents = clips(plan, &names);
        let seconds_of = |name: &String| {
            let content = contents.get(name)?;
            seconds.get(&(content.voice.as_str(), content.item.as_str())).copied()
        };
        let rate = f64::from(survey.lowest_rate().unwrap_or_default());
        let load = |session: &Session| {
            let mut downloads: BTreeSet<String> = BTreeSet::new();
            downloads.extend(
                contents.iter().filter(|(_, clip)| clip.slot == Slot::Volume).map(|(name, _)| name.clone()),
            );
            let mut audio_seconds = 0.0;
            let pages = plan.pages(session).into_iter();
            let pages = pages.map(|page| names.of_page(rules, &session.trials[page]));
            for name in exercises.iter().cloned().chain(pages).flatten() {
                audio_seconds += seconds_of(&name).unwrap_or_default();
                downloads.insert(name);
            }
            let n_trials = session.trials.len();
            let bytes =
                |name: &String| HEADER_BYTES + BYTES_PER_SAMPLE * rate * seconds_of(name).unwrap_or_default();
            RaterLoad {
                rater: session.rater.clone(),
                n_trials,
                audio_minutes: audio_seconds / 60.0,
                minutes: (audio_seconds + ANSWER_SECONDS * (n_exercised + n_trials) as f64) / 60.0,
                megabytes: downloads.iter().map(bytes).sum::<f64>() / 1e6,
            }
        };
        Self { raters: plan.sessions.iter().map(load).collect() }
    }

    /// Returns the least and the most of a quantity over the raters; zeros if there are none.
    #[must_use]
    pub fn range(&self, quantity: impl Fn(&RaterLoad) -> f64) -> (f64, f64) {
        let values = || self.raters.iter().map(&quantity);
        let least = values().min_by(f64::total_cmp).unwrap_or_default();
        (least, values().max_by(f64::total_cmp).unwrap_or_default())
    }

    /// Returns the sum of the minutes of all raters.
    #[must_use]
    pub fn total_minutes(&self) -> f64 {
        self.raters.iter().map(|load| load.minutes).sum()
    }

    /// Returns the fewest raters with whom no session is longer, at the same ratings per item, found by planning again.
    ///
    /// The search ends with steps of 2 %, or of one rater, so a slightly smaller number may do. `None` means that no number does,
    /// as when the null pairs alone take longer.
    ///
    /// # Errors
    ///
    /// Those of [`Plan::new`].
    pub fn raters_for(plan: &Plan, survey: &Survey, minutes: f64) -> Result<Option<u32>, Error> {
        let mut raters = plan.protocol.raters;
        loop {
            let protocol = Protocol { raters, ..plan.protocol.clone() };
            let larger =
                Plan::new(protocol, plan.systems.clone(), plan.items.clone(), &plan.study, plan.seed)?;
            let (_, most) = Self::of(&larger, survey).range(|load| load.minutes);
            if most <= minutes {
                return Ok(Some(raters));
            }
            // With a page for each rater there is nothing left to divide.
            let side_by_side = plan.protocol.paradigm.rules().rates_side_by_side();
            let judged_apart = if side_by_side { 1 } else { plan.judged_systems().count() as u64 };
            let n_pages = u64::from(plan.protocol.ratings_per_item) * plan.items.len() as u64 * judged_apart;
            if u64::from(raters) >= n_pages || raters >= MOST_RATERS {
                return Ok(None);
            }
            // Never beyond the goal: the part of a session that is rated shrinks in proportion, null pairs do not shrink.
            let wanted = f64::from(raters) * f64::midpoint(1.0, most / minutes);
            raters = (wanted as u32).max(raters + raters.div_ceil(50)).min(MOST_RATERS);
        }
    }
}
