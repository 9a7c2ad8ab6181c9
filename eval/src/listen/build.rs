//! `mynah-listen build`.

use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{AdviseExt as _, say};
use mynah_listening::{Error, Key, Plan, build, build_replacing_key};

use super::args::BuildArgs;
use crate::files::make_parent;

/// Builds the bundle, and its key next to it.
pub(crate) fn run(args: &BuildArgs) -> anyhow::Result<ExitCode> {
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    make_parent(&args.out)?;
    let make = if args.force { build_replacing_key } else { build };
    let key = match make(&plan, &args.out) {
        taken @ Err(Error::KeyExists { .. }) => {
            taken.advise("build elsewhere, move the key away, or overwrite it with --force")
        }
        made => made.map_err(anyhow::Error::new),
    };
    let key = key.with_context(|| format!("failed to build `{}`", args.out.display()))?;
    let key_path = Key::path_beside(&args.out);
    key.write(&key_path)?;
    for (name, clip) in &key.clips {
        if let Some(note) = &clip.note {
            say(&format!("clip {name} (item {} of {}): {note}", clip.item, clip.system));
        }
    }
    say(&format!("wrote `{}` with {} clips", args.out.display(), key.clips.len()));
    say(&format!("wrote `{}`, which identifies the clips: keep it to yourself", key_path.display()));
    Ok(ExitCode::SUCCESS)
}
