//! Features as NumPy arrays.

use anyhow::Result;
use mynah_signal::npy;

use super::Export;

/// Writes `mels` \[mel, frame\], `f0` and `levels` \[frame\] in f32, and `durations` \[symbol\] in i64.
pub(super) fn write(export: &Export<'_>) -> Result<()> {
    export.each(|utterance| {
        let features = export.dataset.features(utterance)?;
        let id = &utterance.id;
        let mel = npy::write_f32(&[features.mel.n_bins(), features.mel.n_frames()], features.mel.data());
        export.file(&format!("mels/{id}.npy"), &mel)?;
        export.file(&format!("f0/{id}.npy"), &npy::write_f32(&[features.f0.len()], &features.f0))?;
        export
            .file(&format!("levels/{id}.npy"), &npy::write_f32(&[features.level.len()], &features.level))?;
        let durations = utterance.durations.iter().flat_map(|frames| i64::from(*frames).to_le_bytes());
        export
            .file(&format!("durations/{id}.npy"), &npy::write("<i8", &[utterance.durations.len()], durations))
    })
}
