//! Record of comparisons with golden values, for `cargo xtask conformance`.

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::{env, process, thread};

use serde::{Deserialize, Serialize};

/// Environment variable that names the directory to which comparisons are written.
pub const RECORD: &str = "MYNAH_RECORD_COMPARISONS";

thread_local! {
    /// Oracle of the current test: the golden file that it read last, or a definition.
    static ORACLE: RefCell<Option<Oracle>> = const { RefCell::new(None) };
}

/// Source of the expected numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Oracle {
    /// A golden file, relative to `fixtures/golden`.
    Golden(String),
    /// A definition that the test itself computes, in words.
    Definition(String),
}

/// A comparison of a test with its oracle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Oracle of the comparison.
    pub oracle: Oracle,
    /// Name of the test.
    pub test: String,
    /// Description of the compared numbers.
    pub what: String,
    /// Number of compared numbers.
    pub n: usize,
    /// Largest absolute difference.
    pub difference: f64,
    /// Largest difference allowed.
    pub tolerance: f64,
}

/// Records that the test read a golden file, which becomes the oracle of its next comparisons.
pub(crate) fn reads(golden: &str) {
    ORACLE.with(|place| *place.borrow_mut() = Some(Oracle::Golden(golden.to_owned())));
}

/// Sets the oracle of the test's next comparisons to a definition that it computes itself.
pub fn by_definition(words: &str) {
    ORACLE.with(|place| *place.borrow_mut() = Some(Oracle::Definition(words.to_owned())));
}

/// Writes a comparison to the record, if the test has named its oracle and a record is requested.
pub(crate) fn compared(what: &str, n: usize, difference: f64, tolerance: f64) {
    let Some(directory) = env::var_os(RECORD) else { return };
    let Some(oracle) = ORACLE.with(|place| place.borrow().clone()) else { return };
    let test = thread::current().name().unwrap_or_default().to_owned();
    let row = Comparison { oracle, test, what: what.to_owned(), n, difference, tolerance };
    let path = Path::new(&directory).join(format!("{}.jsonl", process::id()));
    let line = serde_json::to_string(&row).expect("a comparison has a JSON form") + "\n";
    let mut file =
        OpenOptions::new().create(true).append(true).open(&path).expect("the directory is writable");
    file.write_all(line.as_bytes()).expect("the directory is writable");
}
