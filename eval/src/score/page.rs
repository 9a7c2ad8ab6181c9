//! `mynah-score page`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{Advised, say};
use mynah_metrics::{Score, Status};
use mynah_report::comparison::MetricNote;
use mynah_report::dataset::Setting;
use mynah_report::scores::{
    Examination, ExaminationConfig, Heard, Media, Played, ScoresPage, Wanted, examine,
};
use mynah_table::{read_table, write_atomic};
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::expected::Source;
use super::folder::Folder;
use super::notes::metric_notes;
use super::outside::{Spoken, texts};
use super::run::beside;
use super::synthesis::{self, Row, Synthesis};
use super::words::WordRow;
use crate::named::NamedDirectory;
use crate::score_tables::Scores;
use crate::sounds::{picture, plain};
use crate::wavs::LAYOUT;

/// File of the page in its directory.
pub(super) const PAGE: &str = "index.html";
/// Confidence level of the intervals, that of reports.
const LEVEL: f64 = 0.95;

/// Settings from the command line.
pub(super) struct Settings {
    pub(super) scores: Vec<PathBuf>,
    pub(super) reference: Option<PathBuf>,
    pub(super) systems: Vec<NamedDirectory>,
    /// Leaves out sounds and pictures.
    pub(super) silent: bool,
    pub(super) text: Option<PathBuf>,
    /// Metrics that rank items; empty for all.
    pub(super) metrics: Vec<String>,
    /// Number of items in each list.
    pub(super) n_items: usize,
    pub(super) title: String,
    pub(super) out: PathBuf,
}

/// The wavs of a system.
struct Wavs<'a> {
    name: &'a str,
    folder: Folder,
    synthesis: Option<Synthesis>,
}

/// A copied sound with its size.
struct Copied {
    heard: Heard,
    n_bytes: u64,
}

/// Reads scores and wavs, and writes the page.
pub(super) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let scores = Scores::read(&settings.scores)?;
    if scores.rows.is_empty() {
        let files: Vec<String> = settings.scores.iter().map(|path| format!("`{}`", path.display())).collect();
        let message = format!("there are no scores in {}", files.join(", "));
        return Err(Advised::new(message, "name a table that `mynah-score run` wrote").into());
    }
    let notes = metric_notes(&scores.rows);
    check_directions(&scores, &notes)?;
    check_metrics(&settings.metrics, &scores.rows, &notes)?;
    let systems = if settings.silent { Vec::new() } else { open(settings, &scores.rows)? };
    let reference = settings.reference.as_deref().map(Folder::open).transpose()?;
    let config =
        ExaminationConfig { level: LEVEL, n_items: settings.n_items, ranked_by: settings.metrics.clone() };
    let examination = examine(&scores.rows, &notes, &config)
        .map_err(|error| scores.with_place(anyhow::Error::new(error)))?;
    let (media, sounds) = if settings.silent {
        (None, "none".to_owned())
    } else {
        let (media, sounds) = listen(settings, &examination, &systems, reference.as_ref())?;
        (Some(media), sounds)
    };
    let sources = sources(settings, scores.rows.len(), &sounds);
    let page = ScoresPage {
        title: &settings.title,
        examination: &examination,
        n_items: settings.n_items,
        media: media.as_ref(),
        sources: &sources,
    };
    let html = page.to_html()?;
    let path = settings.out.join(PAGE);
    write_atomic(&path, html.as_bytes()).context("failed to write the page")?;
    say(&format!("wrote `{}`, {}; sounds: {sounds}", path.display(), megabytes(html.len() as u64)));
    Ok(ExitCode::SUCCESS)
}

/// Rejects a direction that is none.
fn check_directions(scores: &Scores<'_>, notes: &[MetricNote]) -> anyhow::Result<()> {
    let known: BTreeSet<&str> = notes.iter().map(|note| note.profile.as_str()).collect();
    let mut rows = scores.rows.iter().enumerate();
    let wrong = rows.find(|(_, row)| row.better.is_some() && !known.contains(row.profile.as_str()));
    let Some((index, row)) = wrong else { return Ok(()) };
    let message = format!(
        "{}: `{}` is no direction for the metric `{}`",
        scores.place(index),
        row.better.as_deref().unwrap_or_default(),
        row.metric
    );
    Err(Advised::new(
        message,
        "write `higher`, `lower` or `neither` into the column `better`, or leave it empty",
    )
    .into())
}

/// Rejects metrics that the scores do not have, and those that cannot rank.
fn check_metrics(wanted: &[String], scores: &[Score], notes: &[MetricNote]) -> anyhow::Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut profiles: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for score in scores {
        profiles.entry(&score.metric).or_default().insert(&score.profile);
    }
    let has_direction = |profiles: &BTreeSet<&str>| {
        notes.iter().any(|note| note.better.is_some() && profiles.contains(note.profile.as_str()))
    };
    for name in wanted {
        let Some(of_metric) = profiles.get(name.as_str()) else {
            let known: Vec<&str> = profiles.keys().copied().collect();
            let message = format!("the scores have no metric `{name}`");
            return Err(Advised::new(message, format!("name one of {}", known.join(", "))).into());
        };
        if !has_direction(of_metric) {
            let message = format!("nothing says which way `{name}` is better, so it cannot rank items");
            let remedy = "write `higher` or `lower` into the column `better` of its rows, or leave it out";
            return Err(Advised::new(message, remedy).into());
        }
    }
    Ok(())
}

/// Opens the wavs of every system of the scores.
fn open<'a>(settings: &'a Settings, scores: &[Score]) -> anyhow::Result<Vec<Wavs<'a>>> {
    let known: BTreeSet<&str> = scores.iter().map(|score| score.system.as_str()).collect();
    let named = |name: &str| settings.systems.iter().any(|named| named.name == name);
    if let Some(missing) = known.iter().find(|name| !named(name)) {
        let message = format!("the scores have a system `{missing}`, whose wavs are not named");
        let remedy =
            format!("name them with --system {missing}=DIR, or make a page without sounds with --no-sound");
        return Err(Advised::new(message, remedy).into());
    }
    if let Some(other) = settings.systems.iter().find(|named| !known.contains(named.name.as_str())) {
        let known: Vec<&str> = known.into_iter().collect();
        let message = format!("the scores have no system `{}`", other.name);
        return Err(Advised::new(message, format!("name one of {}", known.join(", "))).into());
    }
    let open = |named: &'a NamedDirectory| {
        let wavs = Wavs {
            name: &named.name,
            folder: Folder::open(&named.directory)?,
            synthesis: synthesis::read(&named.directory)?,
        };
        // A wrong directory would make a page on which every sound is missing.
        let mut measured =
            scores.iter().filter(|score| score.system == wavs.name && score.status == Status::Ok).peekable();
        if measured.peek().is_some() && !measured.any(|score| wavs.folder.path(&score.item).is_ok()) {
            let message = format!(
                "`{}` has no wav of any item that `{}` has scores for",
                named.directory.display(),
                wavs.name
            );
            return Err(Advised::new(message, LAYOUT).into());
        }
        Ok(wavs)
    };
    settings.systems.iter().map(open).collect()
}

/// Copies the sounds of the items to hear, and draws them; returns them with a description of their number and size.
fn listen(
    settings: &Settings,
    examination: &Examination,
    systems: &[Wavs<'_>],
    reference: Option<&Folder>,
) -> anyhow::Result<(Media, String)> {
    let wanted = examination.wanted(settings.n_items);
    // Items are numbered, since names may differ only in characters that a URL cannot hold.
    let items: BTreeSet<&str> = wanted.iter().map(|wanted| wanted.item.as_str()).collect();
    let numbers: BTreeMap<&str, usize> = items.iter().copied().zip(1..).collect();
    let copies: Vec<(Wanted, Copied)> = wanted
        .clone()
        .into_par_iter()
        .map(|wanted| {
            let (index, wavs) = systems
                .iter()
                .enumerate()
                .find(|(_, wavs)| wavs.name == wanted.system)
                .context("every system of the scores has wavs")?;
            let stem = format!("{}-{}/{}", index + 1, plain(wavs.name), numbers[wanted.item.as_str()]);
            let row = wavs.synthesis.as_ref().and_then(|rows| rows.get(&wanted.item));
            // A wav whose synthesis failed is left over from another run.
            let copied = match row.and_then(Row::failure) {
                Some(why) => Copied { heard: Err(why), n_bytes: 0 },
                None => copy(&wavs.folder, &wanted.item, &stem, &settings.out)?,
            };
            Ok((wanted, copied))
        })
        .collect::<anyhow::Result<_>>()?;
    let recordings: Vec<(String, Copied)> = items
        .into_par_iter()
        .filter_map(|item| Some((item, reference?)))
        .map(|(item, folder)| {
            let stem = format!("0-recordings/{}", numbers[item]);
            Ok((item.to_owned(), copy(folder, item, &stem, &settings.out)?))
        })
        .collect::<anyhow::Result<_>>()?;
    let all = || copies.iter().map(|(_, copied)| copied).chain(recordings.iter().map(|(_, copied)| copied));
    let n_missing = all().filter(|copied| copied.heard.is_err()).count();
    let n_files = all().count() - n_missing;
    if n_missing > 0 {
        say(&format!("{n_missing} of {} sounds are missing or broken; the page says why", all().count()));
    }
    let sounds = format!("{n_files} files, {}", megabytes(all().map(|copied| copied.n_bytes).sum()));
    let spoken: Vec<Spoken<'_>> = systems
        .iter()
        .map(|wavs| Spoken { name: wavs.name, folder: &wavs.folder, synthesis: wavs.synthesis.as_ref() })
        .collect();
    let media = Media {
        systems: copies.into_iter().map(|(wanted, copied)| (wanted, copied.heard)).collect(),
        recordings: reference
            .map(|_| recordings.into_iter().map(|(item, copied)| (item, copied.heard)).collect()),
        texts: texts(settings.text.as_deref(), &Source::Found, &spoken)?,
        differences: differences(&settings.scores, &wanted)?,
    };
    Ok((media, sounds))
}

/// Copies the audio of an item to `OUT/audio/STEM-<item>` unchanged, and draws it; what cannot be read is a reason.
fn copy(folder: &Folder, item: &str, stem: &str, out: &Path) -> anyhow::Result<Copied> {
    let nothing = |why| Ok(Copied { heard: Err(why), n_bytes: 0 });
    let (source, waveform) = match (folder.path(item), folder.read(item)) {
        (Ok(source), Ok(waveform)) => (source, waveform),
        (Err(why), _) | (_, Err(why)) => return nothing(why),
    };
    let mel = match picture(&waveform) {
        Ok(mel) => mel,
        Err(error) => return nothing(format!("{error:#}")),
    };
    let extension = source.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let path = format!("audio/{stem}-{}.{extension}", plain(item));
    let bytes = fs::read(source).with_context(|| format!("failed to read `{}`", source.display()))?;
    write_atomic(&out.join(&path), &bytes).context("failed to copy a sound")?;
    Ok(Copied { heard: Ok(Played { path, mel }), n_bytes: bytes.len() as u64 })
}

/// Reads where texts were heard otherwise, from the tables of words beside the scores.
fn differences(scores: &[PathBuf], wanted: &[Wanted]) -> anyhow::Result<BTreeMap<Wanted, String>> {
    let wanted: BTreeSet<&Wanted> = wanted.iter().collect();
    let mut differences = BTreeMap::new();
    for path in scores.iter().map(|scores| beside(scores, "words.jsonl")).filter(|path| path.is_file()) {
        let rows: Vec<WordRow> =
            read_table(&path).with_context(|| format!("failed to read `{}`", path.display()))?;
        for row in rows {
            let key = Wanted { system: row.system, item: row.item };
            let has_errors = row.substitutions + row.deletions + row.insertions > 0;
            if has_errors && wanted.contains(&key) {
                differences.entry(key).or_insert(row.difference);
            }
        }
    }
    Ok(differences)
}

/// Returns what the page was made of.
fn sources(settings: &Settings, n_rows: usize, sounds: &str) -> Vec<Setting> {
    let setting = |name: &str, value: String| Setting { name: name.to_owned(), value };
    let path = |path: &Path| path.display().to_string();
    let scores: Vec<String> = settings.scores.iter().map(|scores| path(scores)).collect();
    let mut sources = vec![setting("scores", scores.join(", ")), setting("rows", n_rows.to_string())];
    sources.extend(settings.reference.iter().map(|directory| setting("recordings", path(directory))));
    sources.extend(
        settings
            .systems
            .iter()
            .map(|named| setting(&format!("wavs of {}", named.name), path(&named.directory))),
    );
    sources.extend(settings.text.iter().map(|text| setting("texts", path(text))));
    sources.push(setting("items in a list", settings.n_items.to_string()));
    sources.push(setting("sounds", sounds.to_owned()));
    sources.push(setting("mynah", env!("CARGO_PKG_VERSION").to_owned()));
    sources
}

/// Formats a size in megabytes.
fn megabytes(n_bytes: u64) -> String {
    format!("{:.1} MB", n_bytes as f64 / 1e6)
}
