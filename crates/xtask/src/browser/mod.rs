//! `cargo xtask browser`: the raters' page in real browsers, with everything that happens to people.

mod controls;
mod driver;
mod host;
mod pairs;
mod participant;
mod php;
mod scenes;
mod sliders;
mod study;

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::chain::programs;
use crate::process::{cargo, must, say};
use driver::{Driver, Kind};
use scenes::Stage;

/// Options of the browser tests.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Browsers to use: `chromium`, `firefox` and `webkit` (default: those that are installed)
    browsers: Vec<String>,
    /// Only the scenes whose names contain this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Number of participants of the rehearsal, each with a browser of their own
    #[arg(long, value_name = "N", default_value_t = 20)]
    participants: u32,
    /// axe-core's axe.min.js, to look for barriers
    #[arg(long, value_name = "FILE")]
    axe: Option<PathBuf>,
    /// Folder for pictures of the pages
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
}

/// Plays all scenes in the browsers that are installed, with few participants; nothing where there is none.
pub(crate) fn check() -> Result<()> {
    if !Kind::ALL.into_iter().any(Kind::is_installed) {
        say("left out: there is no browser with its driver");
        return Ok(());
    }
    run(&Arguments { browsers: Vec::new(), only: None, participants: 4, axe: None, pictures: None })
}

/// Plays all scenes in all browsers.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let wanted = |kind: &Kind| {
        arguments.browsers.is_empty() || arguments.browsers.iter().any(|name| name == kind.name())
    };
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| wanted(kind) && kind.is_installed()).collect();
    if kinds.is_empty() {
        bail!(
            "there is no browser with its driver: install Debian's chromium-driver, firefox-esr and `cargo install geckodriver`, or \
             webkit2gtk-driver, which needs a display"
        );
    }
    must(&mut cargo(&["build", "--workspace", "--bin", "mynah-listen"]))?;
    let program = programs()?.join("mynah-listen");
    let axe =
        arguments.axe.as_ref().map(fs::read_to_string).transpose().context("failed to read axe-core")?;
    if let Some(folder) = &arguments.pictures {
        fs::create_dir_all(folder)?;
    }
    let mut n_failed = 0;
    for kind in kinds {
        let driver = Driver::start(kind)?;
        for (name, scene) in scenes::ALL {
            if arguments.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
                continue;
            }
            let scratch = tempfile::tempdir()?;
            let stage = Stage {
                driver: &driver,
                program: &program,
                folder: scratch.path(),
                participants: arguments.participants,
                axe: axe.as_deref(),
                pictures: arguments.pictures.as_deref(),
                is_chromium: kind == Kind::Chromium,
            };
            let begun = Instant::now();
            match scene(&stage) {
                Ok(()) => {
                    say(&format!(
                        "{}: {name}: passed in {:.0} s",
                        kind.name(),
                        begun.elapsed().as_secs_f64()
                    ));
                }
                Err(error) => {
                    n_failed += 1;
                    say(&format!("{}: {name}: FAILED: {error:#}", kind.name()));
                }
            }
        }
    }
    if n_failed > 0 {
        bail!("{n_failed} scenes failed");
    }
    Ok(())
}
