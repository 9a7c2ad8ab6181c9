//! Sentences that have another name for each system.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::found::{FoundRating, FoundStudy};
use crate::system::Role;

/// Reports systems without a common sentence.
///
/// Scores of single clips are then compared without pairing; in a comparison, the systems seem to have been judged on
/// different sentences.
pub(crate) fn note(study: &FoundStudy, ratings: &[FoundRating]) -> Option<String> {
    let rules = study.paradigm.rules();
    let mut items: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rating in ratings {
        items.entry(&rating.system).or_default().insert(&rating.item);
    }
    if !rules.is_judged(Role::Reference) {
        // The reference itself occurs in null pairs only.
        items.retain(|system, _| study.reference.as_deref() != Some(*system));
    }
    let n_names = items.values().map(BTreeSet::len).sum::<usize>();
    let n_items = items.values().flatten().collect::<BTreeSet<_>>().len();
    (items.len() > 1 && n_names == n_items).then(|| {
        format!(
            "No sentence was judged for more than one of the {} systems, so nothing is paired by sentence and intervals are \
             wider. If the systems speak the same sentences, name them alike for all systems.",
            items.len()
        )
    })
}
