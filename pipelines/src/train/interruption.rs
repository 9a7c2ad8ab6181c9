//! Ctrl-C during a training.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

use crate::program::say;

/// The exit status of a training that was interrupted: 128 and the number of the signal.
pub(super) const INTERRUPTED: u8 = 130;

/// Whether Ctrl-C was pressed. The second press ends the program at once.
pub(super) fn watch() -> anyhow::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || {
        // The second time, whoever presses means it.
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
        say("stopping after this step; once more to stop at once");
    })
    .context("failed to watch for Ctrl-C")?;
    Ok(interrupted)
}
