//! `mynah-listen build`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{AdviseExt as _, put, say};
use mynah_listening::{BuildOptions, Error, Key, Links, Pages, Plan, build_with};
use mynah_study::receiver;
use mynah_table::write_atomic;

use super::args::BuildArgs;
use super::audit;
use super::language::strings;
use super::served_args::EntryArg;
use crate::files::make_parent;

/// Builds the bundle, and its key next to it.
pub(crate) fn run(args: &BuildArgs) -> anyhow::Result<ExitCode> {
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    make_parent(&args.out)?;
    let options = BuildOptions {
        resample: args.resample,
        edges: args.edges.into(),
        replace_key: args.force,
        strings: strings(&args.language)?,
        receiver: args.php.map(EntryArg::entry),
    };
    let key = match build_with(&plan, &args.out, &options) {
        taken @ Err(Error::KeyExists { .. }) => {
            taken.advise("build elsewhere, move the key away, or overwrite it with --force")
        }
        unequal @ Err(
            Error::SampleRates { .. }
            | Error::Stimulus { source: mynah_signal::Error::NotMono { .. }, .. }
            | Error::Control { source: mynah_signal::Error::NotMono { .. }, .. },
        ) => unequal.advise(
            "convert all clips to mono and one sample rate, or build with --resample, which brings them to the lowest",
        ),
        made => made.map_err(anyhow::Error::new),
    };
    let key = key.with_context(|| format!("failed to build `{}`", args.out.display()))?;
    let key_path = Key::path_beside(&args.out);
    key.write(&key_path)?;
    for ((system, note), items) in notes(&key) {
        say(&format!("{} of `{system}`: {note}", shown(&items)));
    }
    if let Some(audit) = &key.audit {
        put(&audit::describe(audit)?)?;
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
    // Without an address, the links lead to the bundle beside them.
    let beside = args.out.file_name().map(|name| format!("{}/index.html", name.to_string_lossy()));
    let address = args.url.clone().or(beside).unwrap_or_else(|| "index.html".to_owned());
    let links = Links::new(&pages, &address);
    write_atomic(&links_path, links.to_html(&plan.study).as_bytes())
        .with_context(|| format!("failed to write `{}`", links_path.display()))?;
    say(&format!("wrote `{}` with {} clips", args.out.display(), key.clips.len()));
    say(&format!("wrote `{}`, with a link for each rater", links_path.display()));
    say(&format!("wrote `{}`, which identifies the clips: keep it to yourself", key_path.display()));
    Ok(ExitCode::SUCCESS)
}

/// Returns the sentences of each note of a system.
fn notes(key: &Key) -> BTreeMap<(&str, &str), Vec<&str>> {
    let mut notes: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for clip in key.clips.values() {
        // A clip may have several; each of its copies has the same.
        for note in clip.note.iter().flat_map(|note| note.split("; ")) {
            notes.entry((&clip.system, note)).or_default().push(&clip.item);
        }
    }
    for items in notes.values_mut() {
        items.sort_unstable();
        items.dedup();
    }
    notes
}

/// Names up to three sentences, or counts them.
fn shown(items: &[&str]) -> String {
    match items {
        [item] => format!("clip {item}"),
        [_, _] | [_, _, _] => format!("{} clips ({})", items.len(), items.join(", ")),
        _ => format!("{} clips", items.len()),
    }
}
