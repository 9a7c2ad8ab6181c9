//! The option `--threads`.

use anyhow::{Context as _, Result};

// The number of threads. (A doc comment would become the help of every subcommand with the option.)
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Threads {
    /// Number of threads, by default one per core; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Threads {
    /// Starts the threads that work in parallel.
    pub(crate) fn start(self) -> Result<()> {
        let threads = self.threads.map_or(0, usize::from);
        rayon::ThreadPoolBuilder::new().num_threads(threads).build_global().context("failed to start threads")
    }
}
