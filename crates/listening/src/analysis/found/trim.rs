//! Blanks around names.

use crate::analysis::blanks::Blanks;
use crate::analysis::found::{FoundRating, FoundStudy};

/// Removes blanks around the names of raters, items and systems, and reports how many names had any.
pub(crate) fn trimmed(ratings: &[FoundRating]) -> (Vec<FoundRating>, Option<String>) {
    let mut all = ratings.to_vec();
    let mut blanks = Blanks::of(["raters", "sentences", "systems"]);
    for rating in &mut all {
        for (place, name) in [&mut rating.rater, &mut rating.item, &mut rating.system].into_iter().enumerate()
        {
            blanks.remove(name, place);
        }
    }
    (all, blanks.note())
}

/// Removes blanks around the names of a study's reference and anchors.
pub(crate) fn trimmed_study(study: &FoundStudy) -> FoundStudy {
    let bare = |name: &String| name.trim().to_owned();
    FoundStudy {
        reference: study.reference.as_ref().map(bare),
        anchors: study.anchors.iter().map(bare).collect(),
        ..study.clone()
    }
}
