//! The allocation of pages on which all systems of a sentence are rated side by side.

use rand::seq::SliceRandom;

use crate::design::allocation::{FIRST_SESSION_STREAM, RATERS_STREAM, Subject, deal, generator};
use crate::design::protocol::Protocol;
use crate::trial::{Kind, Trial};

/// Deals items out to raters, each with all subjects, and returns the trials of each rater, page after page.
///
/// The pages of a rater are in random order, and so are the trials of each page.
pub(super) fn pages(
    protocol: &Protocol,
    items: &[String],
    subjects: &[Subject<'_>],
    seed: u64,
) -> Vec<Vec<Trial>> {
    let n_raters = protocol.raters as usize;
    let per_item = protocol.ratings_per_item as usize;
    let mut items_of: Vec<Vec<usize>> = vec![Vec::new(); n_raters];
    for page in deal(n_raters, items.len(), 1, per_item, &mut generator(seed, RATERS_STREAM)) {
        items_of[page.rater].push(page.item);
    }
    let of_rater = |(rater, mut pages): (usize, Vec<usize>)| {
        let mut generator = generator(seed, FIRST_SESSION_STREAM + rater as u64);
        pages.shuffle(&mut generator);
        let mut trials = Vec::with_capacity(pages.len() * subjects.len());
        for item in pages {
            let mut order = subjects.to_vec();
            order.shuffle(&mut generator);
            trials.extend(order.into_iter().map(|subject| Trial {
                item: items[item].clone(),
                system: subject.system.to_owned(),
                versus: None,
                first: None,
                x: None,
                example: None,
                kind: Kind::Rating,
            }));
        }
        trials
    };
    items_of.into_iter().enumerate().map(of_rater).collect()
}
