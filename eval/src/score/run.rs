//! `mynah-score run`.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_corpus::table::write_table;
use mynah_metrics::{Clip, Metric, Pair, Score, Status, failed_item, metric, score_pair};
use mynah_report::comparison::summarize;
use mynah_signal::{Waveform, wav};
use rayon::ThreadPoolBuilder;
use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::protocol::Protocol;
use super::synthesis::Row;
use super::{real_time, summary, synthesis};
use crate::files::make_parent;
use crate::named::NamedDirectory;
use crate::program::{BAD_RESULT, say};
use crate::progress::Progress;
use crate::wavs;

/// The coverage of intervals that are computed, but not shown, for the table at the end.
const LEVEL: f64 = 0.95;

/// What the command line asked for.
pub(crate) struct Settings {
    pub(crate) reference: PathBuf,
    pub(crate) systems: Vec<NamedDirectory>,
    pub(crate) out: PathBuf,
    pub(crate) items: Option<PathBuf>,
    pub(crate) protocol: Protocol,
    /// 0: as many as there are cores.
    pub(crate) threads: usize,
    pub(crate) strict: bool,
}

/// One system with what its synthesizer says about it.
struct System<'a> {
    named: &'a NamedDirectory,
    synthesis: Option<BTreeMap<String, Row>>,
}

/// Scores every item of every system and writes the rows.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut metrics = metrics(&settings.protocol)?;
    let systems = settings
        .systems
        .iter()
        .map(|named| Ok(System { named, synthesis: synthesis::read(&named.directory)? }))
        .collect::<anyhow::Result<Vec<_>>>()?;
    if systems.iter().all(|system| system.synthesis.is_none()) && metrics.iter().any(Option::is_none) {
        metrics.retain(Option::is_some);
        say("real_time_factor is left out: no system has a `synthesis.jsonl`");
    }
    let items = items(settings)?;
    let progress = Progress::new("scored", items.len());
    let pool = ThreadPoolBuilder::new().num_threads(settings.threads).build()?;
    // For each item, for each system, the rows in the order of the protocol.
    let by_item: Vec<Vec<Vec<Score>>> = pool.install(|| {
        items
            .par_iter()
            .map(|item| {
                let rows = score_all(settings, &systems, item, &metrics);
                progress.step();
                rows
            })
            .collect()
    });
    progress.finish();
    let mut of_systems: Vec<Vec<Score>> = systems.iter().map(|_| Vec::new()).collect();
    for of_item in by_item {
        for (rows, of_system) in of_item.into_iter().zip(&mut of_systems) {
            of_system.extend(rows);
        }
    }
    let scores = of_systems.concat();
    make_parent(&settings.out)?;
    write_table(&settings.out, &scores)?;
    say(summary::table(&summarize(&scores, LEVEL)?)?.trim_end());
    say(&format!("wrote {} rows to `{}`", scores.len(), settings.out.display()));
    let without_value = scores.iter().filter(|score| score.status != Status::Ok).count();
    if settings.strict && without_value > 0 {
        say(&format!("{without_value} rows have no value, which `--strict` does not allow"));
        return Ok(ExitCode::from(BAD_RESULT));
    }
    Ok(ExitCode::SUCCESS)
}

/// The metrics of the protocol; `None` stands for the real-time factor, which is not measured.
fn metrics(protocol: &Protocol) -> anyhow::Result<Vec<Option<&'static dyn Metric>>> {
    let find = |name: &String| {
        if name == real_time::NAME {
            return Ok(None);
        }
        let found = metric(name);
        found.map(Some).with_context(|| {
            format!("there is no metric `{name}`: `mynah-score list` has those that there are")
        })
    };
    protocol.metrics.iter().map(find).collect()
}

/// The items to score, by name.
fn items(settings: &Settings) -> anyhow::Result<Vec<String>> {
    if let Some(path) = &settings.items {
        let mut items = wavs::read_list(path)?;
        items.sort();
        return Ok(items);
    }
    let mut union = BTreeSet::new();
    for named in &settings.systems {
        union.extend(wavs::items(&named.directory)?);
    }
    if union.is_empty() {
        anyhow::bail!(
            "no system has a wav: they are looked for in DIR/wavs, and in DIR where there is no such folder"
        );
    }
    Ok(union.into_iter().collect())
}

/// The rows of one item, system by system; the reference is analysed once for all of them.
fn score_all(
    settings: &Settings,
    systems: &[System<'_>],
    item: &str,
    metrics: &[Option<&'static dyn Metric>],
) -> Vec<Vec<Score>> {
    let reference = read(&settings.reference, item);
    let reference = reference.as_ref().map(Clip::new).map_err(|why| format!("the reference: {why}"));
    systems.iter().map(|system| score_system(system, item, &reference, metrics)).collect()
}

/// The wav of an item, or why there is none.
fn read(directory: &Path, item: &str) -> Result<Waveform, String> {
    let path = wavs::find(directory, item).ok_or_else(|| format!("there is no `{item}.wav`"))?;
    wav::read(&path).map_err(|error| {
        // Without the directory: reasons that say the same are counted together, and reports go to other machines.
        let file = path.display().to_string();
        let cause = error.source().map_or_else(String::new, |source| format!(": {source}"));
        format!("{error}{cause}").replace(&file, &format!("{item}.wav"))
    })
}

/// The rows of one item of one system, in the order of the protocol.
fn score_system(
    system: &System<'_>,
    item: &str,
    reference: &Result<Clip<'_>, String>,
    metrics: &[Option<&'static dyn Metric>],
) -> Vec<Score> {
    let row = system.synthesis.as_ref().and_then(|rows| rows.get(item));
    let step = row.and_then(|row| row.step);
    let name = &system.named.name;
    let measured: Vec<&dyn Metric> = metrics.iter().copied().flatten().map(|metric| metric as _).collect();
    let scores = match (reference, read(&system.named.directory, item)) {
        (Ok(reference), Ok(candidate)) => {
            let candidate = Clip::new(&candidate);
            score_pair(name, step, item, &Pair::new(reference, &candidate), &measured)
        }
        (_, Err(why)) => failed_item(name, step, item, &why, &measured),
        (Err(why), _) => failed_item(name, step, item, why, &measured),
    };
    let mut scores = scores.into_iter();
    let mut next = |metric: &Option<_>| match metric {
        Some(_) => scores.next(),
        None => Some(real_time::score(name, item, row, system.synthesis.is_some())),
    };
    metrics.iter().filter_map(&mut next).collect()
}
