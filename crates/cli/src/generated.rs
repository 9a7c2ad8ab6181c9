//! Shell completions and man pages, made from the arguments of a program.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::output::{put, say};

/// Arguments of the subcommand `completions`.
#[derive(Debug, Clone, clap::Args)]
pub struct Completions {
    /// The shell that reads the completions.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    /// Prints the completions of the program whose arguments are `A`.
    ///
    /// # Errors
    ///
    /// When stdout cannot be written.
    pub fn run<A: CommandFactory>(&self) -> anyhow::Result<ExitCode> {
        let mut command = A::command();
        let name = command.get_name().to_owned();
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut text);
        put(&String::from_utf8_lossy(&text))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Arguments of the subcommand `man`.
#[derive(Debug, Clone, clap::Args)]
pub struct ManPages {
    /// Directory for the man pages, one for the program and one for each subcommand.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl ManPages {
    /// Writes the man pages of the program whose arguments are `A`.
    ///
    /// # Errors
    ///
    /// When the directory cannot be written.
    pub fn run<A: CommandFactory>(&self) -> anyhow::Result<ExitCode> {
        let failed = || format!("failed to write man pages into `{}`", self.out.display());
        fs::create_dir_all(&self.out).with_context(failed)?;
        clap_mangen::generate_to(A::command(), &self.out).with_context(failed)?;
        say(&format!(
            "wrote {}/{}.1 and a page for each subcommand",
            self.out.display(),
            A::command().get_name()
        ));
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::{CommandFactory as _, Parser, Subcommand};

    use super::ManPages;

    /// Sorts things.
    #[derive(Parser)]
    #[command(name = "sorter", version)]
    struct Args {
        #[command(subcommand)]
        command: Command,
    }

    #[derive(Subcommand)]
    enum Command {
        /// Sorts them upwards.
        Up {
            /// Number of things.
            #[arg(long)]
            count: usize,
        },
    }

    #[test]
    fn writes_a_page_for_the_program_and_each_subcommand() {
        let place = tempfile::tempdir().unwrap();
        ManPages { out: place.path().to_owned() }.run::<Args>().unwrap();
        let page = |name: &str| fs::read_to_string(place.path().join(name)).unwrap();
        assert!(page("sorter.1").contains("Sorts things"));
        let up = page("sorter-up.1");
        assert!(up.contains("Sorts them upwards") && up.contains("Number of things"), "{up}");
        Args::command().debug_assert();
        let Command::Up { count } = Args::parse_from(["sorter", "up", "--count", "3"]).command;
        assert_eq!(count, 3);
    }
}
