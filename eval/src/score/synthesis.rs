//! `synthesis.jsonl`: a synthesizer's record of its wavs.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use mynah_table::read_table;
use serde::{Deserialize, Serialize};

use super::folder::item_of;

/// A row of `synthesis.jsonl` (`docs/formats/synthesis.md`); other columns are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Sentence.
    pub(crate) id: String,
    /// `ok` or `failed`.
    pub(crate) status: String,
    /// The text that was spoken.
    #[serde(default)]
    pub(crate) text: Option<String>,
    /// Reason for the failure.
    pub(crate) message: Option<String>,
    /// Compute seconds per second of speech.
    pub(crate) real_time_factor: Option<f64>,
    /// Training step of the voice.
    pub(crate) step: Option<u64>,
}

/// Rows of a system by sentence.
pub(crate) type Synthesis = BTreeMap<String, Row>;

/// Reads the rows of a system; `None` if the directory has no `synthesis.jsonl`.
pub(crate) fn read(directory: &Path) -> anyhow::Result<Option<Synthesis>> {
    let path = directory.join("synthesis.jsonl");
    if !path.is_file() {
        return Ok(None);
    }
    let rows: Vec<Row> = read_table(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
    let mut by_id = BTreeMap::new();
    for row in rows {
        let id = item_of(&row.id);
        if by_id.insert(id.clone(), row).is_some() {
            anyhow::bail!("`{}` has two rows for `{id}`", path.display());
        }
    }
    Ok(Some(by_id))
}

impl Row {
    /// Returns the reason why synthesis failed, if it did.
    pub(crate) fn failure(&self) -> Option<String> {
        let why = self.message.as_deref().unwrap_or("no message");
        (self.status != "ok").then(|| format!("the synthesis failed: {why}"))
    }
}
