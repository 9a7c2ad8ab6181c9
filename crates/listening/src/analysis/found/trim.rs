//! Blanks around names.

use crate::analysis::found::{FoundRating, FoundStudy};

/// Removes blanks around the names of raters, items and systems, and reports how many names had any.
pub(crate) fn trimmed(ratings: &[FoundRating]) -> (Vec<FoundRating>, Option<String>) {
    let mut all = ratings.to_vec();
    let mut counts = [("raters", 0), ("sentences", 0), ("systems", 0)];
    for rating in &mut all {
        for (name, (_, count)) in
            [&mut rating.rater, &mut rating.item, &mut rating.system].into_iter().zip(&mut counts)
        {
            let bare = name.trim();
            if bare.len() < name.len() {
                *name = bare.to_owned();
                *count += 1;
            }
        }
    }
    let found: Vec<String> = counts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{count} of {what}"))
        .collect();
    let note = (!found.is_empty()).then(|| {
        format!(
            "Blanks around names were removed ({}), so that such names are not different.",
            found.join(", ")
        )
    });
    (all, note)
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
