//! `mynah-listen export`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{Advised, say};
use mynah_listening::{ExportedClip, ExportedTest, Key, Links, Pages, Plan, p808_input, webmushra_test};
use mynah_signal::{Waveform, wav};
use mynah_table::write_atomic;

use super::export_args::{ExportArgs, Tool};
use super::language::strings;
use crate::files::make_parent;

/// Writes a planned test in the form of another tool.
pub(crate) fn run(args: &ExportArgs) -> anyhow::Result<ExitCode> {
    let plan = Plan::read(&args.plan).with_context(|| format!("failed to read `{}`", args.plan.display()))?;
    let key = Key::read(&Key::path_beside(&args.bundle))?;
    let pages = Pages::new(&plan, &key)?;
    if args.out.exists() {
        let message = format!("`{}` exists already", args.out.display());
        return Err(Advised::new(message, "remove it, or export to another directory").into());
    }
    match args.to {
        Tool::Webmushra => webmushra(args, &pages, &key)?,
        Tool::P808 => p808(args, &pages, &key)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes the folder for webMUSHRA's `configs`, and the list of links next to it.
fn webmushra(args: &ExportArgs, pages: &Pages<'_>, key: &Key) -> anyhow::Result<()> {
    let folder = folder_name(&args.out)?;
    let test = webmushra_test(pages, &strings(&args.language)?, &folder)?;
    let clips = equally_long(read_clips(&args.bundle, key, &test)?, &test)?;
    make_parent(&args.out)?;
    let partial = Partial(args.out.with_file_name(format!(".{folder}.{}.partial", std::process::id())));
    write_files(&partial.0, &test)?;
    for (name, bytes) in &clips {
        write(&partial.0.join("clips").join(format!("{name}.wav")), bytes)?;
    }
    fs::rename(&partial.0, &args.out).with_context(|| format!("failed to write `{}`", args.out.display()))?;
    let address = args.url.clone().unwrap_or_default();
    let links = Links::with(pages, |code| {
        let separator = if address.contains('?') { '&' } else { '?' };
        format!("{address}{separator}config={folder}/{code}.yaml")
    });
    let links_path = Links::path_beside(&args.out);
    write(&links_path, links.to_html(&pages.plan().study).as_bytes())?;
    let (n_files, n_clips) = (test.files.len(), clips.len());
    say(&format!(
        "wrote `{}` with {n_files} configurations and {n_clips} clips: put it into webMUSHRA's folder `configs`",
        args.out.display()
    ));
    say(&format!("wrote `{}`, with a link for each rater: keep it to yourself", links_path.display()));
    say_losses(&test);
    say(&format!(
        "then collect its results (lss.csv or mushra.csv): mynah-listen collect {} RESULTS.csv --out ratings.csv",
        args.plan.display()
    ));
    Ok(())
}

/// Writes the lists of clips and the settings of the P.808 toolkit.
fn p808(args: &ExportArgs, pages: &Pages<'_>, key: &Key) -> anyhow::Result<()> {
    let Some(address) = &args.url else {
        let remedy = "name the address to which you upload them, as in --url https://example.org/clips";
        return Err(Advised::new("the P.808 toolkit needs the address of the clips", remedy).into());
    };
    let test = p808_input(pages, address)?;
    read_clips(&args.bundle, key, &test)?;
    write_files(&args.out, &test)?;
    let names: Vec<&str> = test.files.iter().map(|file| file.name.as_str()).collect();
    say(&format!("wrote {} to `{}`", names.join(", "), args.out.display()));
    say(&format!("upload the clips of `{}` to {address}", args.bundle.join("clips").display()));
    say_losses(&test);
    say(&format!(
        "then judge the answers by the key: mynah-summarize verdict --ratings Batch_results.csv --key {} --out REPORT",
        Key::path_beside(&args.bundle).display()
    ));
    Ok(())
}

fn say_losses(test: &ExportedTest) {
    for loss in &test.losses {
        say(&format!("note: {loss}"));
    }
}

/// Returns the name of the folder that the paths of the configurations lead through.
fn folder_name(out: &Path) -> anyhow::Result<String> {
    let name = out.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || !name.chars().all(is_plain) {
        let message = format!("the directory `{}` becomes part of addresses", out.display());
        return Err(Advised::new(message, "give it a name of letters, digits, `-`, `_` and `.`").into());
    }
    Ok(name.to_owned())
}

/// Reads the clips of the bundle that a test needs, and checks that they are those of the key.
fn read_clips(bundle: &Path, key: &Key, test: &ExportedTest) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let read = |name: &String| {
        let path = bundle.join("clips").join(format!("{name}.wav"));
        let bytes = fs::read(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        if !key.clips.get(name).is_some_and(|clip| clip.is_content(&bytes)) {
            let message = format!("`{}` is not the clip that the key describes", path.display());
            return Err(Advised::new(message, "name the bundle of this key, or build it again").into());
        }
        Ok((name.clone(), bytes))
    };
    test.clips.iter().map(|clip| read(&clip.name)).collect()
}

/// Adds digital silence to clips of one page that must be equally long.
fn equally_long(
    clips: Vec<(String, Vec<u8>)>,
    test: &ExportedTest,
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    if test.clips.iter().all(|clip| clip.with.is_empty()) {
        return Ok(clips);
    }
    let decode = |(name, bytes): &(String, Vec<u8>)| -> anyhow::Result<(String, Waveform)> {
        Ok((name.clone(), wav::decode(bytes, Path::new(name))?))
    };
    let waveforms: BTreeMap<String, Waveform> = clips.iter().map(decode).collect::<anyhow::Result<_>>()?;
    let length = |name: &String| waveforms.get(name).map_or(0, Waveform::len);
    let longest = |clip: &ExportedClip| clip.with.iter().map(length).chain([length(&clip.name)]).max();
    let padded = test.clips.iter().filter_map(|clip| {
        let waveform = &waveforms[&clip.name];
        let mut samples = waveform.samples().to_vec();
        samples.resize(longest(clip)?, 0.0);
        let waveform = Waveform::new(samples, waveform.sample_rate());
        Some((clip.name.clone(), wav::encode_pcm16(&waveform)))
    });
    Ok(padded.collect())
}

fn write_files(directory: &Path, test: &ExportedTest) -> anyhow::Result<()> {
    test.files.iter().try_for_each(|file| write(&directory.join(&file.name), file.content.as_bytes()))
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_atomic(path, bytes).with_context(|| format!("failed to write `{}`", path.display()))
}

/// A directory that is removed on drop, unless it was renamed.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // A failure to remove it is ignored: the error that led here matters more.
        fs::remove_dir_all(&self.0).ok();
    }
}
