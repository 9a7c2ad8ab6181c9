//! `mynah-score run`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mynah_cli::{Advised, BAD_RESULT, Progress, say};
use mynah_metrics::{
    Clip, Metric, Needs, Pair, Score, Status, Text, failed_item, metric, score_clip, score_pair,
};
use mynah_report::comparison::summarize;
use mynah_signal::Waveform;
use mynah_table::{write_atomic, write_table};
use rayon::ThreadPoolBuilder;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::command::Record;
use super::embeddings::EmbeddingFiles;
use super::expected::{Source, expected};
use super::folder::Folder;
use super::notes::metric_notes;
use super::outside::{Files, Outside, Spoken, Transcripts};
use super::partial::Partial;
use super::protocol::Protocol;
use super::remarks::{self, Remark};
use super::synthesis::{Row, Synthesis};
use super::words::WordRow;
use super::{real_time, summary, synthesis};
use crate::files::make_parent;
use crate::named::NamedDirectory;
use crate::wavs::LAYOUT;

/// Confidence level of the intervals of the final table, which are computed but not shown.
const LEVEL: f64 = 0.95;

/// Settings from the command line.
pub(crate) struct Settings {
    /// Recordings; without them, only what needs none is measured.
    pub(crate) reference: Option<PathBuf>,
    pub(crate) systems: Vec<NamedDirectory>,
    pub(crate) out: PathBuf,
    pub(crate) items: Source,
    pub(crate) protocol: Protocol,
    /// Number of threads; 0 for one per core.
    pub(crate) threads: usize,
    pub(crate) strict: bool,
    /// Takes the wavs for copies of the recordings, sample by sample.
    pub(crate) assume_aligned: bool,
    /// Texts of the items.
    pub(crate) text: Option<PathBuf>,
    pub(crate) transcripts: Vec<Transcripts>,
    pub(crate) embeddings: EmbeddingFiles,
}

/// A system with its wavs and the rows of its synthesizer.
struct System<'a> {
    name: &'a str,
    folder: Folder,
    synthesis: Option<Synthesis>,
}

/// The rows of one item of one system, in the order of the protocol, the words behind its error rates, and a remark on its
/// processing.
struct Scored {
    rows: Vec<Score>,
    words: Vec<WordRow>,
    remark: Option<Remark>,
}

/// Scores every item of every system and writes the rows.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut metrics = metrics(&settings.protocol)?;
    let reference = settings.reference.as_deref().map(Folder::open).transpose()?;
    if reference.is_none() {
        let needs = |metric: &&'static dyn Metric| metric.declaration().needs;
        let is_alone = |metric: &&'static dyn Metric| matches!(needs(metric), Needs::Nothing | Needs::Text);
        let of_pairs = metrics.iter().flatten().filter(|metric| !is_alone(metric));
        let skipped: Vec<&str> = of_pairs.map(|metric| metric.name()).collect();
        if !skipped.is_empty() {
            say(&format!(
                "skipped {}: there are no recordings; name them with --reference",
                skipped.join(", ")
            ));
        }
        metrics.retain(|metric| metric.as_ref().is_none_or(is_alone));
    }
    let systems = settings.systems.iter().map(System::open).collect::<anyhow::Result<Vec<_>>>()?;
    if systems.iter().all(|system| system.synthesis.is_none()) && metrics.iter().any(Option::is_none) {
        metrics.retain(Option::is_some);
        say("skipped real_time_factor: no system has a `synthesis.jsonl`");
    }
    let has_files = !settings.transcripts.is_empty() || !settings.embeddings.embeddings.is_empty();
    if metrics.is_empty() && !settings.protocol.has_outside() && !has_files {
        let remedy = "name recordings with --reference, transcripts with --transcripts, embeddings with --embeddings, or a \
                      protocol with a `[[command]]` or an `[[onnx]]`";
        return Err(Advised::new("there is nothing to score by", remedy).into());
    }
    let items = items(settings, reference.as_ref(), &systems)?;
    make_parent(&settings.out)?;
    let pool = ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
    let outside = pool.install(|| {
        let spoken: Vec<Spoken<'_>> = systems.iter().map(System::spoken).collect();
        let files = Files {
            transcripts: &settings.transcripts,
            embeddings: &settings.embeddings,
            text: settings.text.as_deref(),
            source: &settings.items,
            needs_text: metrics.iter().flatten().any(|metric| metric.declaration().needs == Needs::Text),
        };
        Outside::gather(&settings.protocol, reference.as_ref(), &spoken, &items, &files)
    })?;
    let partial = Partial::begin(&settings.out)?;
    let progress = Progress::new("scored", items.len());
    // For each item, for each system.
    let by_item: Vec<Vec<Scored>> = pool.install(|| {
        items
            .par_iter()
            .map(|item| {
                let scored = score_all(settings, reference.as_ref(), &systems, item, &metrics, &outside);
                partial.add(scored.iter().flat_map(|of_system| &of_system.rows))?;
                progress.step();
                Ok(scored)
            })
            .collect::<anyhow::Result<_>>()
    })?;
    progress.finish();
    let mut of_systems: Vec<Vec<Score>> = systems.iter().map(|_| Vec::new()).collect();
    let mut words: Vec<Vec<WordRow>> = systems.iter().map(|_| Vec::new()).collect();
    let mut remarks: Vec<Vec<Remark>> = systems.iter().map(|_| Vec::new()).collect();
    for of_item in by_item {
        let of_system = of_systems.iter_mut().zip(&mut words).zip(&mut remarks);
        for (scored, ((rows, words), remarks)) in of_item.into_iter().zip(of_system) {
            rows.extend(scored.rows);
            words.extend(scored.words);
            remarks.extend(scored.remark);
        }
    }
    let scores = of_systems.concat();
    write_table(&settings.out, &scores)?;
    partial.remove()?;
    write_beside(settings, &words.concat(), &outside.records())?;
    for (system, remarks) in systems.iter().zip(&remarks) {
        for words in remarks::in_words(system.name, remarks) {
            say(&words);
        }
    }
    say(summary::table(&summarize(&scores, &metric_notes(&scores), LEVEL)?)?.trim_end());
    say(&format!("wrote {} rows to `{}`", scores.len(), settings.out.display()));
    let without_value = scores.iter().filter(|score| score.status != Status::Ok).count();
    if settings.strict && without_value > 0 {
        say(&format!("{without_value} rows have no value, which --strict does not allow"));
        return Ok(ExitCode::from(BAD_RESULT));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes what else is worth keeping: the words behind error rates, and the commands that were run.
fn write_beside(settings: &Settings, words: &[WordRow], commands: &[&Record]) -> anyhow::Result<()> {
    if !words.is_empty() {
        let path = settings.words();
        write_table(&path, words)?;
        say(&format!("wrote the words of {} texts to `{}`", words.len(), path.display()));
    }
    if !commands.is_empty() {
        let path = settings.commands();
        write_atomic(&path, &serde_json::to_vec_pretty(commands)?)?;
        say(&format!("wrote what was run to `{}`", path.display()));
    }
    Ok(())
}

impl Settings {
    /// Returns the table of words beside the scores.
    fn words(&self) -> PathBuf {
        self.beside("words.jsonl")
    }

    /// Returns the record of commands beside the scores.
    fn commands(&self) -> PathBuf {
        self.beside("commands.json")
    }

    fn beside(&self, what: &str) -> PathBuf {
        beside(&self.out, what)
    }

    /// Returns the files that a run may write besides the table.
    pub(crate) fn others(&self) -> impl Iterator<Item = PathBuf> {
        let hears = self.protocol.commands.iter().any(|command| command.transcript.is_some());
        let words = (hears || !self.transcripts.is_empty()).then(|| self.words());
        words.into_iter().chain((!self.protocol.commands.is_empty()).then(|| self.commands()))
    }
}

/// Returns the path of a file beside a table of scores: `scores.words.jsonl` beside `scores.parquet`.
pub(super) fn beside(scores: &Path, what: &str) -> PathBuf {
    let name = scores.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.split_once('.').map_or(&*name, |(stem, _)| stem);
    scores.with_file_name(format!("{stem}.{what}"))
}

impl<'a> System<'a> {
    fn open(named: &'a NamedDirectory) -> anyhow::Result<Self> {
        Ok(Self {
            name: &named.name,
            folder: Folder::open(&named.directory)?,
            synthesis: synthesis::read(&named.directory)?,
        })
    }

    fn spoken(&self) -> Spoken<'_> {
        Spoken { name: self.name, folder: &self.folder, synthesis: self.synthesis.as_ref() }
    }
}

/// Looks up the metrics of the protocol; `None` is the real-time factor, which is not measured.
fn metrics(protocol: &Protocol) -> anyhow::Result<Vec<Option<&'static dyn Metric>>> {
    let find = |name: &String| {
        if name == real_time::NAME {
            return Ok(None);
        }
        find_metric(name).map(Some)
    };
    protocol.metrics.iter().map(find).collect()
}

/// Looks up a measured metric.
pub(super) fn find_metric(name: &str) -> anyhow::Result<&'static dyn Metric> {
    metric(name).ok_or_else(|| {
        Advised::new(format!("unknown metric `{name}`"), "name a metric of `mynah-score list`").into()
    })
}

/// Returns the items to score, sorted by name; reports their origin, and the systems with more.
fn items(
    settings: &Settings,
    reference: Option<&Folder>,
    systems: &[System<'_>],
) -> anyhow::Result<Vec<String>> {
    if systems.iter().all(|system| system.folder.items().len() == 0) {
        return Err(Advised::new("no system has a wav", LAYOUT).into());
    }
    let of_systems: Vec<Option<&Synthesis>> =
        systems.iter().map(|system| system.synthesis.as_ref()).collect();
    let reference = settings.reference.as_deref().zip(reference);
    let expected = expected(&settings.items, reference, &of_systems)?;
    let others = if settings.items == Source::Found { "; choose others with --items or --data" } else { "" };
    say(&format!("expecting {} items, those of {}{others}", expected.items.len(), expected.origin));
    let known: HashSet<&str> = expected.items.iter().map(String::as_str).collect();
    for system in systems {
        let n_others = system.folder.items().filter(|item| !known.contains(item)).count();
        if n_others > 0 {
            say(&format!("`{}` has wavs of {n_others} unexpected items, which are not scored", system.name));
        }
    }
    Ok(expected.items)
}

/// Scores one item for every system; the reference is analyzed once for all of them.
fn score_all(
    settings: &Settings,
    reference: Option<&Folder>,
    systems: &[System<'_>],
    item: &str,
    metrics: &[Option<&'static dyn Metric>],
    outside: &Outside<'_>,
) -> Vec<Scored> {
    let reference = reference.map(|folder| folder.read(item));
    let reference = reference
        .as_ref()
        .map(|waveform| waveform.as_ref().map(Clip::new).map_err(|why| format!("reference: {why}")));
    let score = |(place, system): (usize, &System<'_>)| {
        let text = outside.text(item);
        let mut scored =
            score_system(system, item, reference.as_ref(), metrics, (text, settings.assume_aligned));
        let row = system.synthesis.as_ref().and_then(|rows| rows.get(item));
        let (rows, words) = outside.rows(place, (system.name, row.and_then(|row| row.step), item));
        scored.rows.extend(rows);
        scored.words = words;
        scored
    };
    systems.iter().enumerate().map(score).collect()
}

/// Scores one item of one system. An item that failed fails for every metric, even if some could be computed.
fn score_system(
    system: &System<'_>,
    item: &str,
    reference: Option<&Result<Clip<'_>, String>>,
    metrics: &[Option<&'static dyn Metric>],
    (text, assume_aligned): (Option<Text>, bool),
) -> Scored {
    let row = system.synthesis.as_ref().and_then(|rows| rows.get(item));
    let step = row.and_then(|row| row.step);
    let measured: Vec<&dyn Metric> = metrics.iter().copied().flatten().map(|metric| metric as _).collect();
    // A wav whose synthesis failed is left over from another run.
    let candidate = row.and_then(Row::failure).map_or_else(|| system.folder.read(item), Err);
    let (scores, failure, remark) = match (reference, candidate) {
        (Some(Ok(reference)), Ok(candidate)) => {
            let candidate = clip_of(&candidate, text);
            let pair = Pair::new(reference, &candidate);
            let pair = if assume_aligned { pair.assuming_aligned() } else { pair };
            (score_pair(system.name, step, item, &pair, &measured), pair.fault(), Remark::of(&pair))
        }
        (None, Ok(candidate)) => {
            let candidate = clip_of(&candidate, text);
            let fault = candidate.speech().err().map(|why| format!("the wav {why}"));
            (score_clip(system.name, step, item, &candidate, &measured), fault, None)
        }
        (_, Err(why)) => (failed_item(system.name, step, item, &why, &measured), Some(why), None),
        (Some(Err(why)), _) => {
            (failed_item(system.name, step, item, why, &measured), Some(why.clone()), None)
        }
    };
    let mut scores = scores.into_iter();
    let mut next = |metric: &Option<_>| {
        if metric.is_some() {
            scores.next()
        } else {
            let has_file = system.synthesis.is_some();
            Some(real_time::score(system.name, item, row, has_file, failure.as_deref()))
        }
    };
    Scored { rows: metrics.iter().filter_map(&mut next).collect(), words: Vec::new(), remark }
}

fn clip_of(waveform: &Waveform, text: Option<Text>) -> Clip<'_> {
    let clip = Clip::new(waveform);
    match text {
        Some(text) => clip.with_text(text),
        None => clip,
    }
}
