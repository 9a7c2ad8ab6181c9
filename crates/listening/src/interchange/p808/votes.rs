//! `…_all_votes_per_clip.csv`: the votes that the toolkit's own cleaning left, one a row, without their order.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::interchange::read::{Assignments, ForeignRatings, ForeignSettings, Found, score, unanswered};
use crate::interchange::table::ForeignTable;
use crate::paradigms::Paradigm;
use crate::score_sign::ScoreSign;

/// Reads the votes of one scale.
pub(crate) fn read(table: &ForeignTable, settings: &ForeignSettings) -> Result<ForeignRatings, Error> {
    let names = table.names();
    let need = |name: &str| {
        names.iter().position(|column| column == name).ok_or_else(|| Error::Found {
            what: format!("`{}` has no column `{name}`", table.file),
            remedy: Some("give the list of votes as the toolkit writes it"),
        })
    };
    let rater = need(&settings.rater.as_deref().unwrap_or("workerid").trim().to_lowercase())?;
    let (file, vote, kind) = (need("file")?, need("vote")?, need("question_type")?);
    let status = names.iter().position(|name| name == "assignmentstatus");
    let clips = settings.clips.as_ref().filter(|clips| clips.has_item()).ok_or_else(|| Error::Found {
        what: format!("`{}` names clips by their address, and not their systems and sentences", table.file),
        remedy: Some(
            "take their names apart with --clip-pattern, which needs the groups `system` and `item`, or name the key of their \
             bundle with --key",
        ),
    })?;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for row in table.rows() {
        *kinds.entry(row.text(kind)).or_default() += 1;
    }
    let chosen = chosen(table, &kinds, settings.scale.as_deref())?;
    let assignments = settings.assignments.unwrap_or(Assignments::NotRejected);
    let mut left_out = 0;
    let mut missing = Vec::new();
    let mut ratings = Vec::new();
    for row in table.rows().filter(|row| row.text(kind) == chosen) {
        if !assignments.take(row.text_of(status)) {
            left_out += 1;
            continue;
        }
        let vote = score(row.text(vote))
            .map_err(|what| table.fault(row, what, "correct the vote, or remove the row"))?;
        let Some(score) = vote else {
            missing.push(row.number);
            continue;
        };
        let clip = clips.read(row.text(file)).map_err(|what| table.fault(row, what, clips.remedy()))?;
        let found = Found {
            rater: row.text(rater),
            system: clip.system,
            item: clip.item.unwrap_or_default(),
            score,
            first: None,
        };
        ratings.push(found.at(table, row));
    }
    let paradigm = match chosen.to_uppercase().as_str() {
        "CMOS" => Paradigm::Cmos,
        "DMOS" => Paradigm::Dmos,
        _ => Paradigm::Mos,
    };
    let mut notes = Vec::new();
    if left_out > 0 {
        notes.push(format!("{left_out} votes were left out for the status of their assignment."));
    }
    notes.extend(unanswered(&missing));
    Ok(ForeignRatings {
        paradigm,
        ratings,
        score_sign: (paradigm == Paradigm::Cmos).then_some(ScoreSign::SystemMinusReference),
        raters_by: table.columns[rater].trim().to_owned(),
        notes,
    })
}

/// Returns the scale to read.
fn chosen<'a>(
    table: &ForeignTable,
    kinds: &BTreeMap<&'a str, usize>,
    wanted: Option<&str>,
) -> Result<&'a str, Error> {
    let fits = |kind: &str| {
        let (kind, wanted) = (kind.to_lowercase(), wanted.unwrap_or_default().trim().to_lowercase());
        kind == wanted || kind.ends_with(&format!("_{wanted}"))
    };
    let found: Vec<&&str> = match wanted {
        Some(_) => kinds.keys().filter(|kind| fits(kind)).collect(),
        None => kinds.keys().collect(),
    };
    match found[..] {
        [kind] => Ok(kind),
        [] if kinds.is_empty() => Err(Error::Found { what: "there are no ratings".to_owned(), remedy: None }),
        _ => {
            let listed: Vec<&str> = kinds.keys().copied().collect();
            Err(Error::Found {
                what: format!("`{}` has votes on the scales {}", table.file, listed.join(", ")),
                remedy: Some("choose one of them with --scale"),
            })
        }
    }
}
