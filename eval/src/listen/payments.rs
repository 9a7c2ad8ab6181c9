//! The list of payments, as a table and as the platforms take it.

use std::path::{Path, PathBuf};

use mynah_study::{Decision, Payment};
use serde::{Deserialize, Serialize};

/// One row of the list of payments.
#[derive(Serialize, Deserialize)]
pub(crate) struct Row {
    platform: String,
    participant: String,
    assignment: Option<String>,
    rater: String,
    decision: String,
    minutes: f64,
    bonus: Option<f64>,
    reason: String,
}

impl From<Payment> for Row {
    fn from(payment: Payment) -> Self {
        Self {
            platform: payment.platform.as_str().to_owned(),
            participant: payment.participant,
            assignment: payment.assignment,
            rater: payment.rater,
            decision: decision_words(payment.decision).to_owned(),
            minutes: (10.0 * payment.minutes).round() / 10.0,
            bonus: payment.bonus,
            reason: payment.reason,
        }
    }
}

/// Returns the files that the platforms take, each with the end of its name: for Prolific the participants to approve and the
/// bonuses, for Mechanical Turk the assignments to approve and the bonuses. Nobody is rejected in them.
pub(super) fn uploads(rows: &[Row]) -> Vec<(&'static str, String)> {
    let of = |platform: &'static str| rows.iter().filter(move |row| row.platform == platform);
    let is_approved = |row: &&Row| row.decision == decision_words(Decision::Approve);
    let lines = |lines: Vec<String>| lines.join("\n") + "\n";
    let mut files = Vec::new();
    if of("prolific").next().is_some() {
        let approved = of("prolific").filter(is_approved);
        files.push(("prolific-approve.txt", lines(approved.map(|row| row.participant.clone()).collect())));
        let bonuses = of("prolific").filter_map(|row| Some(format!("{},{:.2}", row.participant, row.bonus?)));
        files.push(("prolific-bonus.csv", lines(bonuses.collect())));
    }
    if of("mturk").next().is_some() {
        let assignment = |row: &Row| row.assignment.clone().unwrap_or_default();
        let mut approve = vec!["AssignmentId,Approve,Reject".to_owned()];
        approve.extend(of("mturk").filter(is_approved).map(|row| format!("{},x,", assignment(row))));
        files.push(("mturk-approve.csv", lines(approve)));
        let mut bonuses = vec!["WorkerId,AssignmentId,BonusAmount,Reason".to_owned()];
        bonuses.extend(of("mturk").filter_map(|row| {
            Some(format!("{},{},{:.2},complete", row.participant, assignment(row), row.bonus?))
        }));
        files.push(("mturk-bonus.csv", lines(bonuses)));
    }
    files
}

/// Returns the path of a file next to the list of payments.
pub(super) fn beside(payments: &Path, name: &str) -> PathBuf {
    let stem = payments.file_stem().unwrap_or_default().to_string_lossy();
    payments.with_file_name(format!("{stem}.{name}"))
}

/// Returns the name of a decision in files.
fn decision_words(decision: Decision) -> &'static str {
    match decision {
        Decision::Approve => "approve",
        Decision::Review => "review",
        Decision::Unfinished => "unfinished",
    }
}

/// Returns the rows of payments.
pub(super) fn rows(payments: Vec<Payment>) -> Vec<Row> {
    payments.into_iter().map(Row::from).collect()
}

/// Writes payments as CSV.
pub(super) fn csv(payments: Vec<Payment>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows(payments) {
        writer.serialize(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}
