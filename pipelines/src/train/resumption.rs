//! Resumption of a run, with a line for what was found.

use mynah_cli::say;
use mynah_training::{Error, Resumed, Run, Task};

/// Restores the latest checkpoint that is not damaged, and says which; returns false if there is none.
pub(super) fn resume<T: Task>(run: &mut Run<T>) -> Result<bool, Error> {
    let Some(Resumed { passed_over }) = run.resume()? else { return Ok(false) };
    for (directory, error) in passed_over {
        say(&format!("skipping the checkpoint `{}`: {error}", directory.display()));
    }
    say(&format!("resuming from step {}", run.position().step));
    Ok(true)
}
