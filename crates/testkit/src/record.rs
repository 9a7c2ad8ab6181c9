//! What was compared with golden values, written down for `cargo xtask conformance`.

use std::cell::RefCell;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::{env, process, thread};

use serde::{Deserialize, Serialize};

/// The environment variable that names the directory which comparisons are written to.
pub const RECORD: &str = "MYNAH_RECORD_COMPARISONS";

thread_local! {
    /// What this test compares with: the golden file that it has read last, or a definition.
    static ORACLE: RefCell<Option<Oracle>> = const { RefCell::new(None) };
}

/// What numbers are held against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Oracle {
    /// A golden file, relative to `fixtures/golden`.
    Golden(String),
    /// A definition that the test itself computes, in these words.
    Definition(String),
}

/// One comparison of a test with its oracle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// With what.
    pub oracle: Oracle,
    /// The name of the test.
    pub test: String,
    /// What was compared.
    pub what: String,
    /// How many numbers.
    pub n: usize,
    /// The largest absolute difference.
    pub difference: f64,
    /// The largest that is allowed.
    pub tolerance: f64,
}

/// A test reads a golden file: what it compares from now on is with that.
pub(crate) fn reads(golden: &str) {
    ORACLE.with(|place| *place.borrow_mut() = Some(Oracle::Golden(golden.to_owned())));
}

/// What this test compares from now on is with a definition that it computes itself.
pub fn by_definition(words: &str) {
    ORACLE.with(|place| *place.borrow_mut() = Some(Oracle::Definition(words.to_owned())));
}

/// Writes a comparison down, where a test has said what its oracle is and somebody wants to know.
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
