//! Names of the column of utterances in tables of other tools.

/// Names of the column of utterances in the tables of known tools, the most specific first.
pub(crate) const ITEM_COLUMNS: [&str; 20] = [
    "item",
    "key",
    "utt",
    "utt_id",
    "uttid",
    "utterance",
    "utterance_id",
    "filepath_deg",
    "deg",
    "file_path",
    "filepath",
    "filename",
    "file_name",
    "file",
    "wav",
    "wav_path",
    "audio_filepath",
    "audio",
    "path",
    "id",
];
