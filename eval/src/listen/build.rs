//! `mynah-listen build`.

use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{AdviseExt as _, say};
use mynah_listening::{BuildOptions, Error, Key, Links, Pages, Plan, build_with};
use mynah_study::receiver;
use mynah_table::write_atomic;

use super::args::{BuildArgs, EntryArg};
use super::language::strings;
use crate::files::make_parent;

/// Builds the bundle, and its key next to it.
pub(crate) fn run(args: &BuildArgs) -> anyhow::Result<ExitCode> {
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    make_parent(&args.out)?;
    let options = BuildOptions {
        replace_key: args.force,
        strings: strings(&args.language)?,
        receiver: args.php.map(EntryArg::entry),
    };
    let key = match build_with(&plan, &args.out, &options) {
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
    let pages = Pages::new(&plan, &key)?;
    if let Some(entry) = args.php {
        let ending = (args.ending.completion_code.as_deref(), args.ending.redirect.as_deref());
        let receiver = receiver(&pages, entry.entry(), &args.places.places(false), ending);
        let path = args.out.join("api.php");
        write_atomic(&path, receiver.as_bytes())
            .with_context(|| format!("failed to write `{}`", path.display()))?;
        say(&format!("wrote `{}`; its store comes by token {}", path.display(), pages.experimenter_secret()));
    }
    let links_path = Links::path_beside(&args.out);
    let links = Links::new(&pages, args.url.as_deref().unwrap_or("index.html"));
    write_atomic(&links_path, links.to_html(&plan.study).as_bytes())
        .with_context(|| format!("failed to write `{}`", links_path.display()))?;
    say(&format!("wrote `{}` with {} clips", args.out.display(), key.clips.len()));
    say(&format!("wrote `{}`, with a link for each rater", links_path.display()));
    say(&format!("wrote `{}`, which identifies the clips: keep it to yourself", key_path.display()));
    Ok(ExitCode::SUCCESS)
}
