//! Names that say nothing: what the page calls clips and trials.
//!
//! A name is a keyed hash, so it can be computed again from the plan and from nothing else. The key is derived from all
//! of the plan, not from its design, which is on the page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::design::plan::{Plan, Trial};
use crate::rating::{First, Kind, Paradigm};

/// Separates the keys from every other use of the hash function.
const CONTEXT: &str = "mynah-listening 2026-11 opaque names";
/// Hexadecimal digits of a name: 80 bits.
const NAME_DIGITS: usize = 20;

/// Which clip of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    /// The clip of the system that is judged.
    System,
    /// The clip that it is compared with.
    Reference,
    /// The clip by which the rater sets the volume.
    Volume,
}

/// The names of a plan's clips and trials.
pub(crate) struct Names {
    key: [u8; 32],
}

impl Names {
    pub(crate) fn of(plan: &Plan) -> Self {
        Self { key: blake3::derive_key(CONTEXT, &plan.content()) }
    }

    /// The name of a clip: the same for everybody who hears this pair, another one in any other pair.
    ///
    /// The reference of a sentence has a different name for each system it is compared with, and two in a null pair.
    pub(crate) fn clip(&self, item: &str, system: &str, kind: Kind, slot: Slot) -> String {
        self.name(&("clip", item, system, kind, slot))
    }

    /// The names of the clips of a trial in the order in which they are heard.
    pub(crate) fn heard(&self, trial: &Trial) -> (String, Option<String>) {
        let clip = |slot| self.clip(&trial.item, &trial.system, trial.kind, slot);
        match trial.first {
            None => (clip(Slot::System), None),
            Some(First::System) => (clip(Slot::System), Some(clip(Slot::Reference))),
            Some(First::Reference) => (clip(Slot::Reference), Some(clip(Slot::System))),
        }
    }

    /// The name of a page of a rater's session.
    pub(crate) fn trial(&self, rater: &str, page: usize) -> String {
        self.name(&("trial", rater, page))
    }

    /// The name of what a clip of this name holds: another name for other bytes, and for the same bytes under another name.
    pub(crate) fn content(&self, clip: &str, blake3: &str) -> String {
        self.name(&("content", clip, blake3))
    }

    /// The name of the clip by which the volume is set.
    pub(crate) fn volume(&self) -> String {
        self.name(&("volume",))
    }

    fn name(&self, what: &impl Serialize) -> String {
        let bytes = serde_json::to_vec(what).expect("strings and numbers have a JSON form");
        blake3::keyed_hash(&self.key, &bytes).to_hex()[..NAME_DIGITS].to_owned()
    }
}

/// A clip of the bundle: what it is, whatever it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClipContent {
    pub(crate) item: String,
    /// The system whose voice it is.
    pub(crate) voice: String,
    /// The system that is judged on the pages where it is heard.
    pub(crate) judged: String,
    pub(crate) kind: Kind,
    pub(crate) slot: Slot,
}

/// Every clip of a plan by its name.
pub(crate) fn clips(plan: &Plan, names: &Names) -> BTreeMap<String, ClipContent> {
    let mut clips = BTreeMap::new();
    let is_comparison = plan.protocol.paradigm == Paradigm::Cmos;
    let reference = plan.reference().map(|system| system.name.clone());
    for trial in plan.sessions.iter().flat_map(|session| &session.trials) {
        let mut add = |voice: &str, slot| {
            let name = names.clip(&trial.item, &trial.system, trial.kind, slot);
            clips.entry(name).or_insert_with(|| ClipContent {
                item: trial.item.clone(),
                voice: voice.to_owned(),
                judged: trial.system.clone(),
                kind: trial.kind,
                slot,
            });
        };
        add(&trial.system, Slot::System);
        if let Some(reference) = reference.as_ref().filter(|_| is_comparison) {
            add(reference, Slot::Reference);
        }
    }
    if let (Some(system), Some(item)) = (plan.systems.first(), plan.items.first()) {
        let content = ClipContent {
            item: item.clone(),
            voice: system.name.clone(),
            judged: system.name.clone(),
            kind: Kind::Rating,
            slot: Slot::Volume,
        };
        clips.insert(names.volume(), content);
    }
    clips
}
