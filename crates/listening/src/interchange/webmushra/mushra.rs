//! `mushra.csv`: a score for every slider of a page.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::interchange::clips::{ClipNames, NamedClip};
use crate::interchange::read::{ForeignRatings, ForeignSettings, Found, score, unanswered};
use crate::interchange::table::{ForeignTable, Row};
use crate::interchange::webmushra::{MUSHRA, OLD_MUSHRA, Results};
use crate::paradigms::Paradigm;

/// The stimuli that webMUSHRA adds to those of a page, by the names that it gives them.
const OWN: [&str; 3] = ["reference", "anchor35", "anchor70"];

/// Reads the scores of sliders. A page is a sentence; the hidden reference and webMUSHRA's own anchors are systems.
pub(crate) fn read(table: &ForeignTable, settings: &ForeignSettings) -> Result<ForeignRatings, Error> {
    let results = Results::of(table, &[MUSHRA, OLD_MUSHRA], settings)?;
    let names = table.names();
    // The columns are counted from the end, since older versions have one less at the beginning.
    let from_end = |back: usize| names.len() - back;
    let (trial, stimulus, rating) = (from_end(5), from_end(4), from_end(3));
    let items = match &settings.clips {
        Some(clips) if clips.has_item() => Some(items_of(table, clips, (trial, stimulus))?),
        _ => None,
    };
    let mut ratings = Vec::new();
    let mut missing = Vec::new();
    for row in table.rows() {
        let score = score(row.text(rating))
            .map_err(|what| table.fault(row, what, "correct the score, or remove the row"))?;
        let Some(score) = score else {
            missing.push(row.number);
            continue;
        };
        let name = row.text(stimulus);
        let system = match &settings.clips {
            Some(clips) if !OWN.contains(&name) => named(table, clips, row, name)?.system,
            _ => name.to_owned(),
        };
        let item = match &items {
            None => row.text(trial).to_owned(),
            Some(items) => items.get(row.text(trial)).cloned().ok_or_else(|| {
                let what = format!("no stimulus of page `{}` tells its sentence", row.text(trial));
                table.fault(row, what, "leave `item` out of the pattern, so that pages are sentences")
            })?,
        };
        ratings
            .push(Found { rater: row.text(results.rater), system, item, score, first: None }.at(table, row));
    }
    Ok(ForeignRatings {
        paradigm: Paradigm::Mushra,
        ratings,
        score_sign: None,
        raters_by: results.raters_by,
        notes: unanswered(&missing).into_iter().collect(),
    })
}

/// Finds the sentence of every page by its stimuli, for those that have no name of their own.
fn items_of(
    table: &ForeignTable,
    clips: &ClipNames,
    (trial, stimulus): (usize, usize),
) -> Result<BTreeMap<String, String>, Error> {
    let mut items: BTreeMap<String, String> = BTreeMap::new();
    for row in table.rows().filter(|row| !OWN.contains(&row.text(stimulus))) {
        let Some(item) = named(table, clips, row, row.text(stimulus))?.item else { continue };
        let trial = row.text(trial).to_owned();
        if items.get(&trial).is_some_and(|known| *known != item) {
            let what =
                format!("page `{trial}` has stimuli of the sentences `{}` and `{item}`", items[&trial]);
            let remedy = "leave `item` out of the pattern, so that pages are sentences";
            return Err(table.fault(row, what, remedy));
        }
        items.insert(trial, item);
    }
    Ok(items)
}

fn named(table: &ForeignTable, clips: &ClipNames, row: Row<'_>, name: &str) -> Result<NamedClip, Error> {
    clips.read(name).map_err(|what| table.fault(row, what, clips.remedy()))
}
