//! `mynah-score run`.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;

use mynah_cli::{Advised, BAD_RESULT, Progress, say};
use mynah_metrics::{Clip, Metric, Pair, Score, Status, failed_item, metric, score_pair};
use mynah_report::comparison::summarize;
use mynah_table::write_table;
use rayon::ThreadPoolBuilder;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::expected::{Source, expected};
use super::folder::Folder;
use super::partial::Partial;
use super::protocol::Protocol;
use super::remarks::{self, Remark};
use super::synthesis::{Row, Synthesis};
use super::{real_time, summary, synthesis};
use crate::files::make_parent;
use crate::named::NamedDirectory;
use crate::wavs::LAYOUT;

/// Confidence level of the intervals of the final table, which are computed but not shown.
const LEVEL: f64 = 0.95;

/// Settings from the command line.
pub(crate) struct Settings {
    pub(crate) reference: PathBuf,
    pub(crate) systems: Vec<NamedDirectory>,
    pub(crate) out: PathBuf,
    pub(crate) items: Source,
    pub(crate) protocol: Protocol,
    /// Number of threads; 0 for one per core.
    pub(crate) threads: usize,
    pub(crate) strict: bool,
}

/// A system with its wavs and the rows of its synthesizer.
struct System<'a> {
    name: &'a str,
    folder: Folder,
    synthesis: Option<Synthesis>,
}

/// The rows of one item of one system, in the order of the protocol, and a remark on its processing.
struct Scored {
    rows: Vec<Score>,
    remark: Option<Remark>,
}

/// Scores every item of every system and writes the rows.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut metrics = metrics(&settings.protocol)?;
    let reference = Folder::open(&settings.reference)?;
    let systems = settings.systems.iter().map(System::open).collect::<anyhow::Result<Vec<_>>>()?;
    if systems.iter().all(|system| system.synthesis.is_none()) && metrics.iter().any(Option::is_none) {
        metrics.retain(Option::is_some);
        say("skipped real_time_factor: no system has a `synthesis.jsonl`");
    }
    let items = items(settings, &reference, &systems)?;
    make_parent(&settings.out)?;
    let partial = Partial::begin(&settings.out)?;
    let progress = Progress::new("scored", items.len());
    let pool = ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
    // For each item, for each system.
    let by_item: Vec<Vec<Scored>> = pool.install(|| {
        items
            .par_iter()
            .map(|item| {
                let scored = score_all(&reference, &systems, item, &metrics);
                partial.add(scored.iter().flat_map(|of_system| &of_system.rows))?;
                progress.step();
                Ok(scored)
            })
            .collect::<anyhow::Result<_>>()
    })?;
    progress.finish();
    let mut of_systems: Vec<Vec<Score>> = systems.iter().map(|_| Vec::new()).collect();
    let mut remarks: Vec<Vec<Remark>> = systems.iter().map(|_| Vec::new()).collect();
    for of_item in by_item {
        for ((scored, rows), remarks) in of_item.into_iter().zip(&mut of_systems).zip(&mut remarks) {
            rows.extend(scored.rows);
            remarks.extend(scored.remark);
        }
    }
    let scores = of_systems.concat();
    write_table(&settings.out, &scores)?;
    partial.remove()?;
    for (system, remarks) in systems.iter().zip(&remarks) {
        for words in remarks::in_words(system.name, remarks) {
            say(&words);
        }
    }
    say(summary::table(&summarize(&scores, LEVEL)?)?.trim_end());
    say(&format!("wrote {} rows to `{}`", scores.len(), settings.out.display()));
    let without_value = scores.iter().filter(|score| score.status != Status::Ok).count();
    if settings.strict && without_value > 0 {
        say(&format!("{without_value} rows have no value, which --strict does not allow"));
        return Ok(ExitCode::from(BAD_RESULT));
    }
    Ok(ExitCode::SUCCESS)
}

impl<'a> System<'a> {
    fn open(named: &'a NamedDirectory) -> anyhow::Result<Self> {
        Ok(Self {
            name: &named.name,
            folder: Folder::open(&named.directory)?,
            synthesis: synthesis::read(&named.directory)?,
        })
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
fn items(settings: &Settings, reference: &Folder, systems: &[System<'_>]) -> anyhow::Result<Vec<String>> {
    if systems.iter().all(|system| system.folder.items().len() == 0) {
        return Err(Advised::new("no system has a wav", LAYOUT).into());
    }
    let of_systems: Vec<Option<&Synthesis>> =
        systems.iter().map(|system| system.synthesis.as_ref()).collect();
    let expected = expected(&settings.items, (&settings.reference, reference), &of_systems)?;
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
    reference: &Folder,
    systems: &[System<'_>],
    item: &str,
    metrics: &[Option<&'static dyn Metric>],
) -> Vec<Scored> {
    let reference = reference.read(item);
    let reference = reference.as_ref().map(Clip::new).map_err(|why| format!("reference: {why}"));
    systems.iter().map(|system| score_system(system, item, &reference, metrics)).collect()
}

/// Scores one item of one system. An item that failed fails for every metric, even if some could be computed.
fn score_system(
    system: &System<'_>,
    item: &str,
    reference: &Result<Clip<'_>, String>,
    metrics: &[Option<&'static dyn Metric>],
) -> Scored {
    let row = system.synthesis.as_ref().and_then(|rows| rows.get(item));
    let step = row.and_then(|row| row.step);
    let measured: Vec<&dyn Metric> = metrics.iter().copied().flatten().map(|metric| metric as _).collect();
    // A wav whose synthesis failed is left over from another run.
    let candidate = row.and_then(Row::failure).map_or_else(|| system.folder.read(item), Err);
    let (scores, failure, remark) = match (reference, candidate) {
        (Ok(reference), Ok(candidate)) => {
            let candidate = Clip::new(&candidate);
            let pair = Pair::new(reference, &candidate);
            (score_pair(system.name, step, item, &pair, &measured), pair.fault(), Remark::of(&pair))
        }
        (_, Err(why)) => (failed_item(system.name, step, item, &why, &measured), Some(why), None),
        (Err(why), _) => (failed_item(system.name, step, item, why, &measured), Some(why.clone()), None),
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
    Scored { rows: metrics.iter().filter_map(&mut next).collect(), remark }
}
