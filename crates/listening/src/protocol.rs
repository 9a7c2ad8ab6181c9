//! What is asked, of how many, and by which rule the answers are judged: declared before the test.

use mynah_stats::wilcoxon::ZeroMethod;
use serde::{Deserialize, Serialize};

use crate::rating::Paradigm;

/// A listening-test protocol; a TOML file under `eval/protocols` or the user's own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// What is asked.
    pub paradigm: Paradigm,
    /// Whether the reference is human recordings; only then can a verdict speak of human level.
    pub human_reference: bool,
    /// The question, as the rater reads it.
    pub question: String,
    /// The answers from the lowest to the highest, as the rater reads them: seven for CMOS, five for MOS.
    pub labels: Vec<String>,
    /// What the rater agrees to before anything is played.
    pub consent: String,
    /// What the rater reads before the first question.
    pub instructions: String,
    /// How many raters take part.
    pub raters: u32,
    /// How many raters judge each item of each system; at most `raters`.
    pub ratings_per_item: u32,
    /// At most so many items, drawn from those that every system has; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u32>,
    /// How many comparisons of the reference with itself each rater gets (CMOS only).
    pub null_pairs: u32,
    /// The loudness to which every clip is brought, in LUFS.
    pub loudness_lufs: f64,
    /// The true peak that no clip may exceed, in dBTP: a clip that would is left quieter, with a note in the key.
    pub true_peak_dbtp: f64,
    /// How the answers will be judged.
    pub analysis: Analysis,
}

/// The analysis, declared with the design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analysis {
    /// The equivalence margin in points of the scale.
    pub margin: f64,
    /// The two-sided level of the tests, such as 0.05.
    pub alpha: f64,
    /// What the Wilcoxon test does with zeros.
    pub zeros: ZeroMethod,
    /// A human-level verdict asks for at least so many items (50 in the paper).
    pub minimum_items: u32,
    /// And for at least so many judges of each item (20 in the paper).
    pub minimum_ratings_per_item: u32,
}
