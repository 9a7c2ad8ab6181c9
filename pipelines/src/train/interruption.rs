//! Ctrl-C during a training.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use mynah_cli::{INTERRUPTED, say};

/// Returns a flag that Ctrl-C sets. A second Ctrl-C ends the program at once.
pub(super) fn watch() -> anyhow::Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
        say("stopping after this step; press Ctrl-C again to stop at once");
    })
    .context("failed to watch for Ctrl-C")?;
    Ok(interrupted)
}
