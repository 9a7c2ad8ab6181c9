//! Progress of long work: a bar on a terminal, ten lines elsewhere.

use std::io::{self, IsTerminal as _};
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::say;

/// Lines written without a terminal.
const LINES: usize = 10;

/// Progress of a number of pieces of work, done by any number of threads.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    total: usize,
    done: AtomicUsize,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins with none of `total` pieces done; `what` is the work in the past tense, such as `scored`.
    #[must_use]
    pub fn new(what: &'static str, total: usize) -> Progress {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}  {eta} left");
            let bar = ProgressBar::new(total as u64).with_message(what);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Progress { what, total, done: AtomicUsize::new(0), bar }
    }

    /// Counts one more piece as done.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        match &self.bar {
            Some(bar) => bar.inc(1),
            None if is_due(done, self.total) => say(&format!("{} {done} of {}", self.what, self.total)),
            None => {}
        }
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Returns true for the pieces that get a line: ten of `total`, the last one always.
fn is_due(done: usize, total: usize) -> bool {
    done == total || done * LINES / total.max(1) > (done - 1) * LINES / total.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_ten_lines_or_one_per_piece() {
        for (total, lines) in [(1, 1), (7, 7), (10, 10), (385, 10), (100_000, 10)] {
            let due: Vec<usize> = (1..=total).filter(|&done| is_due(done, total)).collect();
            assert_eq!(due.len(), lines, "{total}");
            assert_eq!(due.last(), Some(&total));
        }
    }
}
