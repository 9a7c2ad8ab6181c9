//! The plan of a listening test: who hears what in which order, fixed before anybody listens.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

use atomic_write_file::AtomicWriteFile;
use mynah_stats::power::{Components, Power, Size, power};
use serde::{Deserialize, Serialize};

use crate::design::allocation::allocate;
use crate::design::protocol::Protocol;
use crate::error::Error;
use crate::rating::{First, Kind, Paradigm};

/// The version of `PLAN.toml` that is written and read.
const FORMAT: u32 = 1;
/// Hexadecimal digits of a design: 128 bits.
const DESIGN_DIGITS: usize = 32;
/// The power for which the planner computes margins and differences.
const POWER: f64 = 0.8;
/// Sizes that the planner shows beside the plan's own: items, ratings per item, raters.
const LADDER: [(u32, u32, u32); 6] =
    [(50, 20, 20), (50, 20, 60), (50, 20, 100), (100, 20, 100), (100, 20, 200), (200, 20, 200)];

/// The part a system plays in the test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// What the others are compared with: for human-level quality, the recordings.
    Reference,
    /// A system under test.
    Candidate,
    /// A system that is known to be worse than the reference: that the test finds this out shows that it could.
    Anchor,
}

/// One system of the test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The name that the user gave it; never seen by raters.
    pub name: String,
    /// The part it plays.
    pub role: Role,
    /// The directory that its wavs come from, as given.
    pub directory: String,
}

/// One question to one rater.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The sentence.
    pub item: String,
    /// The system that is judged; for a null pair, the reference itself.
    pub system: String,
    /// What is heard first; `None` for MOS. A null pair has `reference` in both places and says so here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<First>,
    /// What the trial is for.
    pub kind: Kind,
}

/// All that one rater is asked, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The rater's code, such as `r01`.
    pub rater: String,
    /// The questions, in the order in which they are asked.
    pub trials: Vec<Trial>,
}

/// A whole listening test, `PLAN.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this file's form.
    pub format: u32,
    /// The name of the study.
    pub study: String,
    /// What every random choice was drawn from.
    pub seed: u64,
    /// The hash of all the rest but the directories: ratings of another design are refused.
    pub design: String,
    /// The sentences, by name.
    pub items: Vec<String>,
    /// The protocol, with every default filled in.
    pub protocol: Protocol,
    /// The systems, the reference first where there is one, anchors last.
    #[serde(rename = "system")]
    pub systems: Vec<System>,
    /// One session per rater.
    #[serde(rename = "session")]
    pub sessions: Vec<Session>,
}

/// What a test of some size can show.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PowerRow {
    /// Whether this is the plan's own size.
    pub planned: bool,
    /// The size, of one comparison.
    pub size: Size,
    /// What it can show with a power of 80 %, at the plan's alpha.
    pub power: Power,
}

impl Plan {
    /// Plans a test: draws the items, deals them out to the raters, balances and shuffles the order.
    ///
    /// - Items are drawn without replacement when the protocol wants fewer than are given, and sorted by name.
    /// - Each item of each system gets exactly `ratings_per_item` raters, and raters get the same number of trials, give
    ///   or take one. When `ratings_per_item` × systems does not exceed the raters, nobody hears a sentence twice.
    /// - Among the judges of an item of a system half hear the reference first, and so it is among the trials of a
    ///   rater, over all systems and for each: exactly when the number is even, off by one otherwise.
    /// - Null pairs go through all items before any is used again, and each rater's are different items.
    /// - Each session has its own random order, in which no sentence comes twice in a row where that can be avoided.
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
            protocol,
            systems,
            sessions: Vec::new(),
        };
        plan.items.sort();
        plan.check()?;
        allocate(&mut plan);
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

    /// Writes `PLAN.toml` beside its place and renames it into it.
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

    /// Reads a plan from the text of `PLAN.toml`, and refuses one that was changed.
    ///
    /// # Errors
    ///
    /// [`Error::PlanSyntax`], [`Error::PlanFormat`]; [`Error::DesignMismatch`] when the content is not what the design was
    /// computed from; [`Error::Protocol`] and [`Error::Plan`] when it breaks a rule.
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

    /// The text of `PLAN.toml`.
    ///
    /// # Errors
    ///
    /// [`Error::PlanForm`] when TOML cannot hold it; a plan that [`Plan::new`] made is held.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|error| Error::PlanForm(Box::new(error)))
    }

    /// The system that the others are compared with.
    #[must_use]
    pub fn reference(&self) -> Option<&System> {
        self.systems.iter().find(|system| system.role == Role::Reference)
    }

    /// The systems under test.
    pub fn candidates(&self) -> impl Iterator<Item = &System> {
        self.systems.iter().filter(|system| system.role == Role::Candidate)
    }

    /// The systems that are known to be worse than the reference.
    pub fn anchors(&self) -> impl Iterator<Item = &System> {
        self.systems.iter().filter(|system| system.role == Role::Anchor)
    }

    /// The systems that are judged: those under test and the anchors, and for MOS the reference before them.
    pub fn judged_systems(&self) -> impl Iterator<Item = &System> {
        let with_reference = self.protocol.paradigm == Paradigm::Mos;
        self.systems.iter().filter(move |system| with_reference || system.role != Role::Reference)
    }

    /// What the planned test can show, and what larger ones could: print it before anybody is paid.
    ///
    /// The first row is the plan's own size; the others are usual sizes with no fewer items, ratings and raters.
    ///
    /// # Errors
    ///
    /// [`Error::Statistics`] for components that are negative or not finite.
    pub fn power_table(&self, components: &Components) -> Result<Vec<PowerRow>, Error> {
        let own = Size {
            items: self.items.len() as u32,
            ratings_per_item: self.protocol.ratings_per_item,
            raters: self.protocol.raters,
        };
        let larger = LADDER
            .map(|(items, ratings_per_item, raters)| Size { items, ratings_per_item, raters })
            .into_iter()
            .filter(|size| {
                *size != own
                    && size.items >= own.items
                    && size.ratings_per_item >= own.ratings_per_item
                    && size.raters >= own.raters
            });
        std::iter::once(own)
            .chain(larger)
            .map(|size| {
                let power = power(components, &size, self.protocol.analysis.alpha, POWER)
                    .map_err(|source| Error::Statistics { what: "the power of the test", source })?;
                Ok(PowerRow { planned: size == own, size, power })
            })
            .collect()
    }

    /// All that makes a plan this plan: everything but the design and the directories, so that wavs may move.
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

    /// Checks what the sessions are made from.
    fn check(&self) -> Result<(), Error> {
        self.protocol.check()?;
        let fine = |holds: bool, what: String, rule: &'static str| {
            if holds { Ok(()) } else { Err(Error::Plan { what, rule }) }
        };
        let portable = |name: &str| {
            !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        };
        fine(
            portable(&self.study),
            format!("the study is called `{}`", self.study),
            "its name becomes part of file names: letters, digits, `-`, `_` and `.` only",
        )?;
        fine(
            i64::try_from(self.seed).is_ok(),
            format!("the seed is {}", self.seed),
            "TOML has no integers of 2^63 and more",
        )?;
        let mut names = BTreeSet::new();
        for system in &self.systems {
            let what = format!("a system is called `{}`", system.name);
            fine(!system.name.trim().is_empty(), what.clone(), "a system needs a name")?;
            fine(names.insert(&system.name), what, "every system needs a name of its own")?;
        }
        let n_references = self.systems.iter().filter(|system| system.role == Role::Reference).count();
        let what = format!("there are {n_references} references");
        match self.protocol.paradigm {
            Paradigm::Cmos => fine(n_references == 1, what, "a comparison needs exactly one reference")?,
            Paradigm::Mos => fine(n_references <= 1, what, "at most one system can be the reference")?,
        }
        fine(
            n_references == 1 || !self.protocol.human_reference,
            "there is no reference".to_owned(),
            "name the recordings as reference, or set `human_reference = false` in the protocol",
        )?;
        fine(
            n_references == 1 || self.anchors().next().is_none(),
            "there is an anchor and no reference".to_owned(),
            "an anchor is worse than the reference: name that too",
        )?;
        fine(
            self.candidates().next().is_some(),
            "there is no system under test".to_owned(),
            "name at least one system beside the reference",
        )?;
        let n_items = self.items.len();
        let distinct: BTreeSet<&String> = self.items.iter().collect();
        fine(distinct.len() == n_items, "an item is named twice".to_owned(), "every item once")?;
        fine(n_items >= 2, format!("there are {n_items} items"), "at least two sentences are needed")?;
        let wanted = self.protocol.items.map_or(n_items, |items| items as usize);
        fine(
            n_items >= wanted,
            format!("the protocol wants {wanted} items, every system has only {n_items} in common"),
            "synthesize more sentences, or lower `items` in the protocol",
        )?;
        fine(
            self.protocol.null_pairs as usize <= wanted,
            format!("{} null pairs of {wanted} items", self.protocol.null_pairs),
            "a rater's null pairs are different items: lower `null_pairs` in the protocol",
        )
    }

    /// Checks what sessions refer to: a plan may come from elsewhere with a design of its own.
    fn check_sessions(&self) -> Result<(), Error> {
        let items: BTreeSet<&String> = self.items.iter().collect();
        let mut raters = BTreeSet::new();
        for session in &self.sessions {
            let rule = "every session needs a rater code of its own";
            if !raters.insert(&session.rater) {
                return Err(Error::Plan {
                    what: format!("rater `{}` has two sessions", session.rater),
                    rule,
                });
            }
            for (page, trial) in session.trials.iter().enumerate() {
                let place = || format!("trial {page} of rater `{}`", session.rater);
                let known = items.contains(&trial.item)
                    && self.systems.iter().any(|system| system.name == trial.system);
                if !known {
                    let rule = "a trial names an item and a system of the plan";
                    return Err(Error::Plan { what: place(), rule });
                }
                if trial.first.is_some() != (self.protocol.paradigm == Paradigm::Cmos) {
                    let rule = "a comparison says what is heard first, a single clip does not";
                    return Err(Error::Plan { what: place(), rule });
                }
            }
        }
        Ok(())
    }
}
