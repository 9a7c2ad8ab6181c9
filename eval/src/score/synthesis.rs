//! What a synthesizer says about its own wavs: `synthesis.jsonl`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use mynah_table::read_table;
use serde::{Deserialize, Serialize};

use super::folder::item_of;

/// One row of `synthesis.jsonl` (`docs/formats/synthesis.md`); other columns are not read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// The sentence.
    pub(crate) id: String,
    /// `ok` or `failed`.
    pub(crate) status: String,
    /// Why it failed.
    pub(crate) message: Option<String>,
    /// Compute seconds per second of speech.
    pub(crate) real_time_factor: Option<f64>,
    /// Training step of the voice.
    pub(crate) step: Option<u64>,
}

/// The rows of a system by sentence.
pub(crate) type Synthesis = BTreeMap<String, Row>;

/// The rows of a system; `None` when the directory has no `synthesis.jsonl`.
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
    /// Why the synthesizer could not say the sentence, if it could not.
    pub(crate) fn failure(&self) -> Option<String> {
        let why = self.message.as_deref().unwrap_or("no message");
        (self.status != "ok").then(|| format!("the synthesis failed: {why}"))
    }
}
