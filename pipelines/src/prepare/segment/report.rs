//! Summary of a segmentation on the terminal.

use std::path::Path;
use std::time::Instant;

use mynah_cli::say;
use mynah_signal::Waveform;

use super::cut::Cuts;

/// Says what became of the recording and of the text.
pub(super) fn say_result(out: &Path, waveform: &Waveform, cuts: &Cuts, begin: Instant) {
    let seconds: f64 = cuts.clips.iter().map(|clip| clip.end_seconds - clip.start_seconds).sum();
    say(&format!(
        "{} clips, {:.1} of {:.1} minutes, with {} of {} texts ({:.1} s)",
        cuts.clips.len(),
        seconds / 60.0,
        waveform.seconds() / 60.0,
        cuts.passages.iter().filter(|passage| passage.clip.is_some()).count(),
        cuts.passages.len(),
        begin.elapsed().as_secs_f64()
    ));
    say(&format!(
        "where they are in the recording, and their scores: segments.csv and passages.csv in {}",
        out.display()
    ));
}
