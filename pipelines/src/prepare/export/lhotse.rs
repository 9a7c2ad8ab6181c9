//! Manifests of lhotse.

use anyhow::Result;
use mynah_table::gzip;
use serde_json::{Map, Value, json};

use super::{Export, Timed};

/// Writes `wavs`, `recordings.jsonl.gz` and `supervisions.jsonl.gz`, whose paths begin where the manifests are.
pub(super) fn write(export: &Export<'_>) -> Result<()> {
    export.each(|utterance| export.wav(utterance, &format!("wavs/{}.wav", utterance.id)))?;
    let (mut recordings, mut supervisions) = (String::new(), String::new());
    for utterance in export.dataset.utterances() {
        let id = &utterance.id;
        let duration = utterance.samples as f64 / f64::from(export.sample_rate());
        let recording = json!({
            "id": id,
            "sources": [{"type": "file", "channels": [0], "source": format!("wavs/{id}.wav")}],
            "sampling_rate": export.sample_rate(),
            "num_samples": utterance.samples,
            "duration": duration,
            "channel_ids": [0],
        });
        let item = |timed: &Timed| {
            // Frames may reach beyond the last sample.
            let end = timed.end.min(duration);
            json!([timed.label, timed.start, (end - timed.start).max(0.0)])
        };
        let words: Vec<Value> = export.words(utterance)?.iter().map(item).collect();
        let phones: Vec<Value> = export.phones(utterance).iter().flatten().map(item).collect();
        let mut supervision = Map::new();
        let fields = json!({
            "id": id,
            "recording_id": id,
            "start": 0.0,
            "duration": duration,
            "channel": 0,
            "text": utterance.text,
            "language": "English",
            "custom": {"normalized_text": utterance.normalized, "split": utterance.split.word()},
            "alignment": {"word": words, "phone": phones},
        });
        supervision.extend(fields.as_object().cloned().unwrap_or_default());
        if let Some(speaker) = &utterance.speaker {
            supervision.insert("speaker".to_owned(), json!(speaker));
        }
        recordings.extend([&recording.to_string(), "\n"]);
        supervisions.extend([&Value::Object(supervision).to_string(), "\n"]);
    }
    export.file("recordings.jsonl.gz", &gzip(recordings.as_bytes())?)?;
    export.file("supervisions.jsonl.gz", &gzip(supervisions.as_bytes())?)
}
