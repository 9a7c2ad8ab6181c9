//! Shared test support: paths of fixtures, golden values, comparisons with a tolerance and the form of errors.
//!
//! A dev-dependency only. Its functions panic, since a test that cannot read its fixture has failed.

mod errors;
mod record;

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

pub use errors::assert_error_form;
pub use record::{Comparison, Oracle, RECORD, by_definition};

/// Returns the path of `fixtures/<relative>` in this workspace.
///
/// Test programs that run on another machine than they were built on, such as one with a GPU, find the folder through
/// `MYNAH_FIXTURES`.
#[must_use]
pub fn fixture(relative: &str) -> PathBuf {
    let folder = std::env::var_os("MYNAH_FIXTURES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures"), PathBuf::from);
    folder.join(relative)
}

/// Returns the bundled corpus: twelve LJSpeech clips with their metadata.
#[must_use]
pub fn mini_corpus() -> PathBuf {
    fixture("ljspeech-mini")
}

/// Reads the values in `fixtures/golden/<relative>`, a JSON file written by a script in `fixtures/generate`.
///
/// # Panics
///
/// Panics if the file is missing or does not have the form of `T`.
#[must_use]
pub fn golden<T: DeserializeOwned>(relative: &str) -> T {
    let path = fixture("golden").join(relative);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    record::reads(relative);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Asserts that two numbers differ by at most `tolerance`.
///
/// # Panics
///
/// Panics if they differ by more, or either is not finite.
#[track_caller]
pub fn assert_close(actual: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        actual.is_finite() && (actual - expected).abs() <= tolerance,
        "{what}: got {actual}, expected {expected}, difference {:e} exceeds {tolerance:e}",
        (actual - expected).abs()
    );
    record::compared(what, 1, (actual - expected).abs(), tolerance);
}

/// Asserts that two sequences have the same length and differ by at most `tolerance` anywhere.
///
/// # Panics
///
/// Panics if they do not; the message names the position of the largest difference.
#[track_caller]
pub fn assert_all_close<A, B>(actual: &[A], expected: &[B], tolerance: f64, what: &str)
where
    A: Copy + Into<f64>,
    B: Copy + Into<f64>,
{
    assert_eq!(actual.len(), expected.len(), "{what}: lengths differ");
    let mut worst = (0, 0.0_f64);
    for (index, (a, b)) in actual.iter().zip(expected).enumerate() {
        let (a, b): (f64, f64) = ((*a).into(), (*b).into());
        let difference = if a.is_finite() { (a - b).abs() } else { f64::INFINITY };
        if difference > worst.1 {
            worst = (index, difference);
        }
    }
    assert!(
        worst.1 <= tolerance,
        "{what}: at {} of {}: got {}, expected {}, difference {:e} exceeds {tolerance:e}",
        worst.0,
        actual.len(),
        actual[worst.0].into(),
        expected[worst.0].into(),
        worst.1
    );
    record::compared(what, actual.len(), worst.1, tolerance);
}
