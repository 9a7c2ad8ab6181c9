//! The plan of a listening test: which rater hears which clips in which order, fixed before anybody listens.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use atomic_write_file::AtomicWriteFile;
use mynah_stats::power::{Components, Size};
use serde::{Deserialize, Serialize};

use crate::design::allocation::{Subject, draw_items, sessions};
use crate::design::controls::Control;
use crate::design::power::{
    DiscriminationPowerRow, PowerRow, PreferencePowerRow, discrimination_power_rows, power_rows,
    preference_power_rows,
};
use crate::design::protocol::Protocol;
use crate::error::Error;
use crate::paradigms::Contrast;
use crate::system::{Role, System};
use crate::trial::{Kind, Session, Slot, Trial};

/// The supported version of `PLAN.toml`.
const FORMAT: u32 = 1;
/// Hexadecimal digits of a design: 128 bits.
const DESIGN_DIGITS: usize = 32;
/// The most clips side by side on one page, besides the open reference (BS.1534).
pub(crate) const MOST_SIDE_BY_SIDE: usize = 12;

/// A whole listening test, `PLAN.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of the file format.
    pub format: u32,
    /// The name of the study.
    pub study: String,
    /// The seed of every random choice.
    pub seed: u64,
    /// The hash of everything else except the directories: ratings of another design are rejected.
    pub design: String,
    /// The sentences, by name.
    pub items: Vec<String>,
    /// The directory that relative names of controls' wavs belong to, as given; without controls `None`. [`Plan::new`] leaves
    /// it to the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls_directory: Option<String>,
    /// The protocol, with every default filled in.
    pub protocol: Protocol,
    /// The systems, the reference first where there is one, anchors last.
    #[serde(rename = "system")]
    pub systems: Vec<System>,
    /// The sessions, one for each rater.
    #[serde(rename = "session")]
    pub sessions: Vec<Session>,
}

impl Plan {
    /// Plans a test: draws the items, deals them out to raters, and balances and shuffles the order.
    ///
    /// - Items are drawn without replacement when the protocol asks for fewer than given, and sorted by name.
    /// - A preference test compares every two systems; each pair counts as a system in what follows.
    /// - Each item of each system gets exactly `ratings_per_item` raters, and the raters' numbers of trials differ
    ///   by at most one. When `ratings_per_item` × systems does not exceed the raters, nobody hears a sentence twice.
    /// - Where all systems are rated side by side, an item goes to `ratings_per_item` raters with all of them, and each rater
    ///   hears them in an own random order.
    /// - Half of the raters of an item of a system hear the reference first, and so do half of a rater's trials, over all
    ///   systems and for each: exactly when the number is even, off by one otherwise.
    /// - X is a copy of either clip equally often, balanced in the same ways and, in each of them, for either order.
    /// - The example of a voice is the same other sentence for all judgments of an item, and each sentence is the example for one
    ///   other.
    /// - Null pairs go through all items before any is used again, and each rater's are different items.
    /// - Each session has its own random order, without a sentence twice in a row where that can be avoided.
    /// - Gold trials and traps are equally frequent over all sessions, give or take one. They have random places, never the first
    ///   or last of a session, and not next to each other where that can be avoided. The order of everything else is that of a
    ///   plan without them.
    ///
    /// The same arguments give the same plan, whatever the order of the items.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] when the protocol breaks a rule; [`Error::Plan`] when systems or items do.
    pub fn new(
        protocol: Protocol,
        systems: Vec<System>,
        items: Vec<String>,
        study: impl Into<String>,
        seed: u64,
    ) -> Result<Self, Error> {
        let mut systems = systems;
        systems.sort_by_key(|system| match system.role {
            Role::Reference => 0,
            Role::Candidate => 1,
            Role::Anchor => 2,
        });
        let mut plan = Self {
            format: FORMAT,
            study: study.into(),
            seed,
            design: String::new(),
            items,
            controls_directory: None,
            protocol,
            systems,
            sessions: Vec::new(),
        };
        plan.items.sort();
        plan.check()?;
        plan.items = draw_items(plan.items, &plan.protocol, seed);
        let reference = plan.reference().map(|system| system.name.as_str());
        plan.sessions = sessions(&plan.protocol, &plan.items, &plan.subjects(), reference, seed);
        plan.design = plan.content_hash();
        Ok(plan)
    }

    /// Reads `PLAN.toml`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and those of [`Plan::from_toml`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Io {
            action: "read",
            path: path.to_owned(),
            source,
        })?;
        Self::from_toml(&text)
    }

    /// Writes `PLAN.toml` atomically.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and those of [`Plan::to_toml`].
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        let text = self.to_toml()?;
        let write = || {
            let mut file = AtomicWriteFile::open(path)?;
            file.write_all(text.as_bytes())?;
            file.commit()
        };
        write().map_err(|source| Error::Io { action: "write", path: path.to_owned(), source })
    }

    /// Parses the text of `PLAN.toml` and rejects a plan that was edited.
    ///
    /// # Errors
    ///
    /// [`Error::PlanSyntax`], [`Error::PlanFormat`]; [`Error::DesignMismatch`] when the content does not match the
    /// design; [`Error::Protocol`] and [`Error::Plan`] when it breaks a rule.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let plan: Self = toml::from_str(text).map_err(|error| Error::PlanSyntax(Box::new(error)))?;
        if plan.format != FORMAT {
            return Err(Error::PlanFormat { found: plan.format, supported: FORMAT });
        }
        let computed = plan.content_hash();
        if computed != plan.design {
            return Err(Error::DesignMismatch { stated: plan.design, computed });
        }
        plan.check()?;
        plan.check_sessions()?;
        Ok(plan)
    }

    /// Returns the text of `PLAN.toml`.
    ///
    /// # Errors
    ///
    /// [`Error::PlanForm`] when TOML cannot hold it, which does not happen to plans from [`Plan::new`].
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|error| Error::PlanForm(Box::new(error)))
    }

    /// Returns the system that the others are compared with.
    #[must_use]
    pub fn reference(&self) -> Option<&System> {
        self.systems.iter().find(|system| system.role == Role::Reference)
    }

    /// Returns the position of a rater's session.
    ///
    /// Several people may do one session: the first goes by the session's rater code, the others by that code with `.2`, `.3`
    /// and so on.
    #[must_use]
    pub fn session_of(&self, rater: &str) -> Option<usize> {
        let position = |code: &str| self.sessions.iter().position(|session| session.rater == code);
        position(rater).or_else(|| {
            let (code, number) = rater.rsplit_once('.')?;
            let is_repeat = number.parse::<u32>().is_ok_and(|n| n >= 2 && n.to_string() == number);
            position(code).filter(|_| is_repeat)
        })
    }

    /// Iterates over the systems under test.
    pub fn candidates(&self) -> impl Iterator<Item = &System> {
        self.systems.iter().filter(|system| system.role == Role::Candidate)
    }

    /// Iterates over the systems known to be worse than the reference.
    pub fn anchors(&self) -> impl Iterator<Item = &System> {
        self.systems.iter().filter(|system| system.role == Role::Anchor)
    }

    /// Iterates over the systems that receive scores: those under test and the anchors, preceded by the reference where it is
    /// judged like them.
    pub fn judged_systems(&self) -> impl Iterator<Item = &System> {
        let rules = self.protocol.paradigm.rules();
        self.systems.iter().filter(move |system| rules.is_judged(system.role))
    }

    /// Returns the systems that a preference test compares, two by two: every two systems in the order of the plan, the later
    /// one first, so that the reference is always the one compared with. Of other tests there are none.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        if !self.protocol.paradigm.rules().compares_all_pairs() {
            return Vec::new();
        }
        let names: Vec<&str> = self.systems.iter().map(|system| system.name.as_str()).collect();
        (1..names.len())
            .flat_map(|later| (0..later).map(move |earlier| (later, earlier)))
            .map(|(later, earlier)| (names[later], names[earlier]))
            .collect()
    }

    /// Returns the system that a trial compares its own with: its opponent or the reference; `None` for single clips and for
    /// controls.
    #[must_use]
    pub fn opponent<'a>(&'a self, trial: &'a Trial) -> Option<&'a str> {
        let plays_reference = self.protocol.paradigm.rules().plays_reference() && !trial.kind.is_control();
        let reference = || self.reference().filter(|_| plays_reference).map(|system| system.name.as_str());
        trial.versus.as_deref().or_else(reference)
    }

    /// Returns the number of planned ratings, to which gold trials and traps do not belong.
    #[must_use]
    pub fn n_ratings(&self) -> usize {
        let trials = self.sessions.iter().flat_map(|session| &session.trials);
        trials.filter(|trial| !trial.kind.is_control()).count()
    }

    /// Returns the control that a trial plays, if it is one.
    pub(crate) fn control_of(&self, trial: &Trial) -> Option<&Control> {
        self.protocol.all_controls().of(trial.kind, &trial.item)
    }

    /// Returns the path of a clip of a control, as the protocol names it.
    pub(crate) fn control_path(&self, clip: &str) -> PathBuf {
        Path::new(self.controls_directory.as_deref().unwrap_or_default()).join(clip)
    }

    /// Returns the positions of the trials of each page of a session, in order.
    ///
    /// A page has one trial, or all trials of a sentence where systems are rated side by side.
    #[must_use]
    pub fn pages(&self, session: &Session) -> Vec<Range<usize>> {
        let side_by_side = self.protocol.paradigm.rules().rates_side_by_side();
        let mut start = 0;
        session
            .trials
            .chunk_by(|one, next| side_by_side && one.item == next.item)
            .map(|trials| {
                start += trials.len();
                start - trials.len()..start
            })
            .collect()
    }

    /// Returns everything that raters judge on each item: systems or pairs.
    fn subjects(&self) -> Vec<Subject<'_>> {
        if self.protocol.paradigm.rules().compares_all_pairs() {
            self.pairs()
                .into_iter()
                .map(|(system, versus)| Subject { system, versus: Some(versus) })
                .collect()
        } else {
            self.judged_systems().map(|system| Subject { system: &system.name, versus: None }).collect()
        }
    }

    /// Computes the power of the planned test and of larger ones, to be looked at before anybody is paid.
    ///
    /// The first row is the plan's own size; the others are common sizes with at least as many items, ratings and raters.
    /// The components are those of scores: where the reference has scores too, those of a difference have twice the variance.
    /// For preferences there is [`Plan::preference_power_table`], for right and wrong answers [`Plan::discrimination_power_table`].
    ///
    /// # Errors
    ///
    /// [`Error::Statistics`] for components that are negative or not finite.
    pub fn power_table(&self, components: &Components) -> Result<Vec<PowerRow>, Error> {
        let rules = self.protocol.paradigm.rules();
        let is_of_two = rules.contrast(Role::Candidate, self.reference().is_some()) == Contrast::Reference;
        let factor = if is_of_two { std::f64::consts::SQRT_2 } else { 1.0 };
        let Components { item_sd, rater_sd, residual_sd } = *components;
        let of_difference = Components {
            item_sd: factor * item_sd,
            rater_sd: factor * rater_sd,
            residual_sd: factor * residual_sd,
        };
        power_rows(self.size(), self.protocol.analysis.alpha, &of_difference)
    }

    /// Computes the power of the planned preference test and of larger ones for one pair of systems.
    ///
    /// Preferences are those of differences with the given components, as in [`simulate`](crate::simulate()). With
    /// several pairs, the level of each is alpha divided by their number, and what votes on other pairs tell is left out, so that
    /// the power is larger than stated. The normal approximation is too generous for fewer than about ten raters or sentences,
    /// where a share that the test detects is far from one half. [`rehearse`](crate::rehearse()) has neither fault. Without pairs there are no rows.
    ///
    /// # Errors
    ///
    /// Those of [`Plan::power_table`].
    pub fn preference_power_table(&self, components: &Components) -> Result<Vec<PreferencePowerRow>, Error> {
        match self.pairs().len() {
            0 => Ok(Vec::new()),
            n => preference_power_rows(self.size(), self.protocol.analysis.alpha / n as f64, components),
        }
    }

    /// Computes the power of the planned test of right and wrong answers and of larger ones.
    ///
    /// Listeners differ, and sentences too, by factors of their sensitivity, whose logarithms have the standard deviations of
    /// the components; see [`simulate`](crate::simulate()). The residual is that of the answers.
    ///
    /// # Errors
    ///
    /// Those of [`Plan::power_table`].
    pub fn discrimination_power_table(
        &self,
        components: &Components,
    ) -> Result<Vec<DiscriminationPowerRow>, Error> {
        discrimination_power_rows(self.size(), self.protocol.analysis.alpha, components)
    }

    /// Returns the size of one comparison.
    fn size(&self) -> Size {
        Size {
            items: self.items.len() as u32,
            ratings_per_item: self.protocol.ratings_per_item,
            raters: self.protocol.raters,
        }
    }

    /// Returns the bytes that identify a plan: everything except the design and the directories, so that wavs may move.
    pub(crate) fn content(&self) -> Vec<u8> {
        let systems: Vec<(&str, Role)> =
            self.systems.iter().map(|system| (system.name.as_str(), system.role)).collect();
        let content =
            (self.format, &self.study, self.seed, &self.items, &self.protocol, systems, &self.sessions);
        serde_json::to_vec(&content).expect("strings and numbers have a JSON form")
    }

    fn content_hash(&self) -> String {
        blake3::hash(&self.content()).to_hex()[..DESIGN_DIGITS].to_owned()
    }

    /// Validates everything that the sessions are made from.
    fn check(&self) -> Result<(), Error> {
        self.protocol.check()?;
        let portable = |name: &str| {
            !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        fine(
            portable(&self.study),
            format!("the study is called `{}`", self.study),
            "its name becomes part of file names",
            Some("use letters, digits, `-`, `_` and `.` only"),
        )?;
        fine(
            i64::try_from(self.seed).is_ok(),
            format!("the seed is {}", self.seed),
            "TOML has no integers of 2^63 and more",
            None,
        )?;
        self.check_systems()?;
        let n_items = self.items.len();
        let distinct: BTreeSet<&String> = self.items.iter().collect();
        fine(distinct.len() == n_items, "an item is named twice".to_owned(), "every item once", None)?;
        fine(n_items >= 2, format!("there are {n_items} items"), "at least two sentences are needed", None)?;
        let wanted = self.protocol.items.map_or(n_items, |items| items as usize);
        fine(
            n_items >= wanted,
            format!("the protocol wants {wanted} items, every system has only {n_items} in common"),
            "a test cannot have more items than its systems",
            Some("synthesize more sentences, or lower `items` in the protocol"),
        )?;
        fine(
            self.protocol.null_pairs as usize <= wanted,
            format!("{} null pairs of {wanted} items", self.protocol.null_pairs),
            "a rater's null pairs are different items",
            Some("lower `null_pairs` in the protocol"),
        )
    }

    /// Validates the systems and their roles.
    fn check_systems(&self) -> Result<(), Error> {
        let mut names = BTreeSet::new();
        for system in &self.systems {
            let what = format!("a system is called `{}`", system.name);
            fine(!system.name.trim().is_empty(), what.clone(), "a system needs a name", None)?;
            fine(names.insert(&system.name), what, "system names must be unique", None)?;
        }
        let rules = self.protocol.paradigm.rules();
        let n_references = self.systems.iter().filter(|system| system.role == Role::Reference).count();
        let what = format!("there are {n_references} references");
        if rules.requires_reference() {
            fine(n_references == 1, what, "a comparison needs exactly one reference", None)?;
        } else {
            fine(n_references <= 1, what, "at most one system can be the reference", None)?;
        }
        fine(
            n_references == 1 || !self.protocol.human_reference,
            "there is no reference".to_owned(),
            "the protocol compares with human recordings",
            Some("name the recordings as reference, or set `human_reference = false` in the protocol"),
        )?;
        let n_judged = self.judged_systems().count();
        fine(
            !rules.rates_side_by_side() || n_judged <= MOST_SIDE_BY_SIDE,
            format!("there are {n_judged} clips on a page, the hidden reference and the anchors among them"),
            "nobody can compare more than 12 clips side by side",
            Some("leave systems out, or divide them among several tests with the same reference and anchors"),
        )?;
        let n_anchors = self.anchors().count();
        fine(
            n_anchors == 0 || !rules.compares_all_pairs(),
            "there is an anchor".to_owned(),
            "a preference test shows no equality, which an anchor would have to back",
            Some("name what was to be an anchor as a system, or leave it out"),
        )?;
        fine(
            n_references == 1 || n_anchors == 0,
            "there is an anchor and no reference".to_owned(),
            "an anchor is worse than the reference",
            Some("name the reference too"),
        )?;
        fine(
            self.candidates().next().is_some(),
            "there is no system under test".to_owned(),
            "a test needs one besides the reference",
            Some("name at least one system besides the reference"),
        )?;
        fine(
            !rules.compares_all_pairs() || self.systems.len() >= 2,
            format!("there is only the system `{}`", self.systems[0].name),
            "a preference needs two systems",
            Some("name another system, or the recordings as reference"),
        )
    }

    /// Validates the sessions: a plan from elsewhere has a design that matches whatever it holds.
    fn check_sessions(&self) -> Result<(), Error> {
        let items: BTreeSet<&String> = self.items.iter().collect();
        let pairs: BTreeSet<(&str, &str)> = self.pairs().into_iter().collect();
        let compares_all_pairs = self.protocol.paradigm.rules().compares_all_pairs();
        let mut raters = BTreeSet::new();
        for session in &self.sessions {
            self.check_pages(session)?;
            let rule = "rater codes must be unique";
            if !raters.insert(&session.rater) {
                return Err(Error::Plan {
                    what: format!("rater `{}` has two sessions", session.rater),
                    rule,
                    remedy: None,
                });
            }
            for (page, trial) in session.trials.iter().enumerate() {
                let place = || format!("trial {page} of rater `{}`", session.rater);
                if trial.kind.is_control() {
                    let is_planned = self
                        .control_of(trial)
                        .is_some_and(|control| *trial == control.trial(self.protocol.paradigm));
                    if trial.kind == Kind::Practice || !is_planned {
                        let rule = "a gold trial or a trap is one of the protocol";
                        return Err(Error::Plan { what: place(), rule, remedy: None });
                    }
                    continue;
                }
                let known = items.contains(&trial.item)
                    && self.systems.iter().any(|system| system.name == trial.system);
                if !known {
                    let rule = "a trial names an item and a system of the plan";
                    return Err(Error::Plan { what: place(), rule, remedy: None });
                }
                let is_of_pair = match &trial.versus {
                    Some(versus) => pairs.contains(&(trial.system.as_str(), versus.as_str())),
                    None => !compares_all_pairs,
                };
                if !is_of_pair {
                    let rule = "a preference is between two systems of the plan, the later one first, and no other trial names \
                                two";
                    return Err(Error::Plan { what: place(), rule, remedy: None });
                }
                let order = self.protocol.paradigm.rules().clip_order();
                if trial.first.is_some() != order.is_planned() {
                    let rule = "a comparison says what is heard first, a single clip does not";
                    return Err(Error::Plan { what: place(), rule, remedy: None });
                }
                let is_copy = |x: Slot| matches!(x, Slot::System | Slot::Reference);
                if trial.x.is_some() != order.has_x() || !trial.x.is_none_or(is_copy) {
                    let rule = "X is a copy of the system or of the reference, and of nothing in other tests";
                    return Err(Error::Plan { what: place(), rule, remedy: None });
                }
                let is_other = |example: &String| *example != trial.item && items.contains(example);
                if trial.example.is_some() != order.has_example()
                    || !trial.example.as_ref().is_none_or(is_other)
                {
                    let rule = "an example is another sentence of the plan, in tests that have one";
                    return Err(Error::Plan { what: place(), rule, remedy: None });
                }
            }
        }
        Ok(())
    }
}

impl Plan {
    /// Validates that each page with systems side by side has every judged system once, and a sentence of its own.
    fn check_pages(&self, session: &Session) -> Result<(), Error> {
        if !self.protocol.paradigm.rules().rates_side_by_side() {
            return Ok(());
        }
        let judged: BTreeSet<&str> = self.judged_systems().map(|system| system.name.as_str()).collect();
        let mut items = BTreeSet::new();
        for (page, range) in self.pages(session).into_iter().enumerate() {
            let trials = &session.trials[range];
            let systems: BTreeSet<&str> = trials.iter().map(|trial| trial.system.as_str()).collect();
            fine(
                systems == judged && trials.len() == judged.len() && items.insert(&trials[0].item),
                format!("page {page} of rater `{}`", session.rater),
                "a page has every judged system once, and a session has one page for a sentence",
                None,
            )?;
        }
        Ok(())
    }
}

/// Returns an error unless a rule is kept.
fn fine(holds: bool, what: String, rule: &'static str, remedy: Option<&'static str>) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Plan { what, rule, remedy }) }
}
