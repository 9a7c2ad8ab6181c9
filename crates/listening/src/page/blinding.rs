//! Opaque names of clips and trials.
//!
//! A name is a keyed hash, so it can be recomputed from the plan and from nothing else. The key is derived from the whole
//! plan rather than from its design, which is on the page.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::design::controls::Control;
use crate::design::plan::Plan;
use crate::paradigms::{ClipOrder, Paradigm, ParadigmRules};
use crate::trial::{Kind, Slot, Trial};

/// Separates the keys from every other use of the hash function.
const CONTEXT: &str = "mynah-listening 2026-11 opaque names";
/// Hexadecimal digits of a name: 80 bits.
const NAME_DIGITS: usize = 20;
/// The digits of codes, as Crockford's base 32 has them.
const CODE_DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The names of a plan's clips and trials.
pub(crate) struct Names {
    key: [u8; 32],
    order: ClipOrder,
}

impl Names {
    /// Derives the key of the names from a plan.
    pub(crate) fn of(plan: &Plan) -> Self {
        let order = plan.protocol.paradigm.rules().clip_order();
        Self { key: blake3::derive_key(CONTEXT, &plan.content()), order }
    }

    /// Returns the name of a clip: the same for everybody who hears this pair, different in every other pair.
    ///
    /// The reference of a sentence has a different name for each system it is compared with, and two in a null pair. Where
    /// every two systems are compared, so has each of them, and where X is a copy, so has X.
    pub(crate) fn clip(&self, trial: &Trial, slot: Slot) -> String {
        let Trial { item, system, versus, kind, .. } = trial;
        match (slot, trial.x, &trial.example, versus) {
            (Slot::X, Some(of), ..) => self.name(&("x", item, system, of)),
            (Slot::Reference, _, Some(example), _) => self.name(&("example", item, system, example)),
            (.., None) => self.name(&("clip", item, system, kind, slot)),
            (.., Some(versus)) => self.name(&("clip", item, system, versus, kind, slot)),
        }
    }

    /// Returns the names of the clips of a trial in the order in which they are heard.
    pub(crate) fn heard(&self, trial: &Trial) -> Vec<String> {
        self.order.heard(trial.first).iter().map(|&slot| self.clip(trial, slot)).collect()
    }

    /// Returns the names of the clips of a control with their slots, in the order in which they are heard.
    ///
    /// With sliders side by side, the first is the open reference, and the others are as if they were of systems.
    pub(crate) fn of_control(&self, paradigm: Paradigm, control: &Control) -> Vec<(String, Slot)> {
        if paradigm.rules().rates_side_by_side() {
            let slot = |place| if place == 0 { Slot::Reference } else { Slot::System };
            let name = |place| (self.name(&("control", &control.id, place)), slot(place));
            return (0..control.clips.len()).map(name).collect();
        }
        let trial = control.trial(paradigm);
        self.order.heard(trial.first).iter().map(|&slot| (self.clip(&trial, slot), slot)).collect()
    }

    /// Returns the name of the reference that pages with systems side by side play openly, another one than that of its hidden
    /// copy.
    pub(crate) fn open_reference(&self, item: &str) -> String {
        self.name(&("open reference", item))
    }

    /// Returns the names of the clips of a page, given its trials: the open reference, where there is one, then those of each
    /// trial in the order in which they are heard.
    pub(crate) fn of_page(&self, rules: &dyn ParadigmRules, trials: &[Trial]) -> Vec<String> {
        let item = trials.first().filter(|_| rules.rates_side_by_side()).map(|trial| &trial.item);
        let open = item.map(|item| self.open_reference(item));
        open.into_iter().chain(trials.iter().flat_map(|trial| self.heard(trial))).collect()
    }

    /// Returns the name of a page of a rater's session.
    pub(crate) fn trial(&self, rater: &str, page: usize) -> String {
        self.name(&("trial", rater, page))
    }

    /// Returns the code with which a rater enters, of letters and digits that are not mistaken for each other: 50 bits.
    pub(crate) fn code(&self, rater: &str) -> String {
        const DIGITS: usize = 10;
        let bytes = serde_json::to_vec(&("code", rater)).expect("strings have a JSON form");
        let hash = blake3::keyed_hash(&self.key, &bytes);
        hash.as_bytes()[..DIGITS].iter().map(|byte| char::from(CODE_DIGITS[usize::from(byte % 32)])).collect()
    }

    /// Returns the experimenter's secret.
    pub(crate) fn experimenter(&self) -> String {
        self.name(&("experimenter",))
    }

    /// Returns the name of the clip for setting the volume.
    pub(crate) fn volume(&self) -> String {
        self.name(&("volume",))
    }

    /// Returns the seed of the dither and the edges of a clip, which nobody can undo without the plan.
    pub(crate) fn seed(&self, clip: &str) -> [u8; 32] {
        *self.hash(&("samples", clip)).as_bytes()
    }

    fn name(&self, what: &impl Serialize) -> String {
        self.hash(what).to_hex()[..NAME_DIGITS].to_owned()
    }

    fn hash(&self, what: &impl Serialize) -> blake3::Hash {
        let bytes = serde_json::to_vec(what).expect("strings and numbers have a JSON form");
        blake3::keyed_hash(&self.key, &bytes)
    }
}

/// The content of a clip of the bundle.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClipContent {
    /// The sentence that is heard.
    pub(crate) item: String,
    /// The sentence that is judged on the pages that play it, if that is another one.
    pub(crate) judged_item: Option<String>,
    /// The system whose voice it is; of a control the file, as the protocol names it.
    pub(crate) voice: String,
    /// The rated system on the pages that play it; of an open reference, the reference itself.
    pub(crate) judged: String,
    /// Its opponent on these pages, if that is not always the reference.
    pub(crate) versus: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) slot: Slot,
}

/// Lists all clips of a plan by name.
pub(crate) fn clips(plan: &Plan, names: &Names) -> BTreeMap<String, ClipContent> {
    let mut clips = BTreeMap::new();
    let rules = plan.protocol.paradigm.rules();
    let slots = rules.clip_order().clips();
    let trials = plan.sessions.iter().flat_map(|session| &session.trials);
    for trial in trials.filter(|trial| !trial.kind.is_control()) {
        for &slot in slots {
            let source = if slot == Slot::X { trial.x.unwrap_or(slot) } else { slot };
            let voice =
                if source == Slot::Reference { plan.opponent(trial) } else { Some(trial.system.as_str()) };
            let Some(voice) = voice else { continue };
            let example = trial.example.as_ref().filter(|_| slot == Slot::Reference);
            clips.entry(names.clip(trial, slot)).or_insert_with(|| ClipContent {
                item: example.unwrap_or(&trial.item).clone(),
                judged_item: example.map(|_| trial.item.clone()),
                voice: voice.to_owned(),
                judged: trial.system.clone(),
                versus: trial.versus.clone(),
                kind: trial.kind,
                slot,
            });
        }
    }
    let paradigm = plan.protocol.paradigm;
    let trials = plan.sessions.iter().flat_map(|session| &session.trials);
    let in_sessions = trials.filter_map(|trial| plan.control_of(trial));
    for control in in_sessions.chain(plan.protocol.practice()) {
        for ((name, slot), file) in names.of_control(paradigm, control).into_iter().zip(&control.clips) {
            clips.entry(name).or_insert_with(|| ClipContent {
                item: control.id.clone(),
                judged_item: None,
                voice: file.clone(),
                judged: control.id.clone(),
                versus: None,
                kind: control.purpose.kind(),
                slot,
            });
        }
    }
    if let Some(reference) = plan.reference().filter(|_| rules.rates_side_by_side()) {
        for item in &plan.items {
            let content = ClipContent {
                item: item.clone(),
                judged_item: None,
                voice: reference.name.clone(),
                judged: reference.name.clone(),
                versus: None,
                kind: Kind::Rating,
                slot: Slot::Reference,
            };
            clips.insert(names.open_reference(item), content);
        }
    }
    if let (Some(system), Some(item)) = (plan.systems.first(), plan.items.first()) {
        let content = ClipContent {
            item: item.clone(),
            judged_item: None,
            voice: system.name.clone(),
            judged: system.name.clone(),
            versus: None,
            kind: Kind::Rating,
            slot: Slot::Volume,
        };
        clips.insert(names.volume(), content);
    }
    clips
}
