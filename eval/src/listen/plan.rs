//! `mynah-listen plan`.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use mynah_cli::{AdviseExt as _, Advised, put, say};
use mynah_listening::{
    ANSWER_SECONDS, LONG_SESSION_MINUTES, Plan, PowerRow, Protocol, Role, Session, Survey, System, Workload,
};
use mynah_stats::power::{Components, Size};

use super::{discrimination, preferences};
use crate::files::Overwrite;
use crate::named::{NamedDirectory, check_names};
use crate::score::synthesis;
use crate::wavs;

/// Built-in protocols.
const PROTOCOLS: [(&str, &str); 7] = [
    ("cmos", include_str!("../../protocols/cmos.toml")),
    ("mos", include_str!("../../protocols/mos.toml")),
    ("ab", include_str!("../../protocols/ab.toml")),
    ("dmos", include_str!("../../protocols/dmos.toml")),
    ("similarity", include_str!("../../protocols/similarity.toml")),
    ("abx", include_str!("../../protocols/abx.toml")),
    ("mushra", include_str!("../../protocols/mushra.toml")),
];

/// Maximum number of missing sentences, or unusable wavs, to list.
const SHOWN: usize = 10;

/// Settings from the command line.
pub(crate) struct Settings {
    pub(crate) protocol: Protocol,
    /// The directory that relative names of controls' wavs belong to.
    pub(crate) controls_directory: PathBuf,
    pub(crate) reference: Option<NamedDirectory>,
    pub(crate) systems: Vec<NamedDirectory>,
    pub(crate) anchors: Vec<NamedDirectory>,
    pub(crate) out: PathBuf,
    pub(crate) study: String,
    pub(crate) seed: u64,
    pub(crate) items: Option<PathBuf>,
    pub(crate) allow_missing: bool,
    pub(crate) resample: bool,
    pub(crate) pay_per_hour: Option<f64>,
    pub(crate) overwrite: Overwrite,
    pub(crate) components: Components,
}

/// Reads a built-in protocol by name, or one from a file, and returns it with its directory: the current one if built in.
pub(crate) fn read_protocol(name: &str) -> anyhow::Result<(Protocol, PathBuf)> {
    let (text, directory) = match PROTOCOLS.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => ((*text).to_owned(), None),
        None => (
            fs::read_to_string(name)
                .with_context(|| format!("failed to read protocol `{name}`"))
                .advise("name `cmos`, `mos`, `ab`, `dmos`, `similarity`, `abx`, `mushra` or a TOML file")?,
            Path::new(name).parent().filter(|directory| *directory != Path::new("")),
        ),
    };
    let protocol = Protocol::from_toml(&text).with_context(|| format!("failed to use protocol `{name}`"))?;
    Ok((protocol, directory.unwrap_or(Path::new(".")).to_owned()))
}

/// Plans the test, writes the plan, and prints its power and what it asks of raters.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<ExitCode> {
    check_names(directories(settings))?;
    let system = |named: &NamedDirectory, role| System {
        name: named.name.clone(),
        role,
        directory: named.directory.to_string_lossy().into_owned(),
    };
    let systems: Vec<System> = settings
        .reference
        .iter()
        .map(|named| system(named, Role::Reference))
        .chain(settings.systems.iter().map(|named| system(named, Role::Candidate)))
        .chain(settings.anchors.iter().map(|named| system(named, Role::Anchor)))
        .collect();
    let items = items(settings)?;
    let mut plan = Plan::new(settings.protocol.clone(), systems, items, &settings.study, settings.seed)
        .context("failed to plan the test")?;
    plan.controls_directory = (!plan.protocol.control.is_empty())
        .then(|| settings.controls_directory.to_string_lossy().into_owned());
    let survey = Survey::of(&plan);
    check_wavs(&survey, settings.resample)?;
    let rules = plan.protocol.paradigm.rules();
    let described = if rules.compares_all_pairs() {
        preferences::describe(&plan, &settings.components)?
    } else if rules.tells_apart() {
        discrimination::describe(&plan, &settings.components)?
    } else {
        describe(&plan, &settings.components, &plan.power_table(&settings.components)?)?
    };
    // A plan of the same design decodes the same answers: only its directories may differ.
    let same_design = |path: &Path| Plan::read(path).is_ok_and(|there| there.design == plan.design);
    settings.overwrite.write(&settings.out, plan.to_toml()?.as_bytes(), same_design)?;
    put(&described)?;
    put(&describe_work(&plan, &survey, settings.pay_per_hour)?)?;
    say(&format!("wrote `{}`", settings.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// Returns the directories of everything that raters hear.
fn directories(settings: &Settings) -> impl Iterator<Item = &NamedDirectory> {
    settings.reference.iter().chain(&settings.systems).chain(&settings.anchors)
}

/// Returns the sentences to choose from: those listed, or those of the systems under test, if every directory has them.
///
/// Reports missing sentences, and fails unless they may be skipped.
fn items(settings: &Settings) -> anyhow::Result<Vec<String>> {
    let wanted: BTreeSet<String> = if let Some(path) = &settings.items {
        wavs::read_list(path)?.into_iter().collect()
    } else {
        let mut union = BTreeSet::new();
        for named in &settings.systems {
            union.extend(wavs::items(&named.directory)?);
            // A sentence that failed to synthesize has a row, but no wav.
            if let Some(rows) = synthesis::read(&named.directory)? {
                union.extend(rows.into_keys());
            }
        }
        union
    };
    let mut items = wanted.clone();
    for named in directories(settings) {
        let lacks = |item: &&String| wavs::find(&named.directory, item).is_none();
        let missing: Vec<&String> = wanted.iter().filter(lacks).collect();
        if missing.is_empty() {
            continue;
        }
        let what = format!(
            "`{}` has no wav in `{}` for {} of {} sentences: {}",
            named.name,
            named.directory.display(),
            missing.len(),
            wanted.len(),
            shown(&missing)
        );
        match &settings.items {
            Some(path) if !settings.allow_missing => {
                say(&format!("`{}` lists item `{}`, but {what}", path.display(), missing[0]));
            }
            _ => say(&what),
        }
        items.retain(|item| !missing.contains(&item));
    }
    let n_missing = wanted.len() - items.len();
    if n_missing > 0 && !settings.allow_missing {
        return Err(Advised::new(
            format!("{n_missing} of {} sentences are missing for some systems", wanted.len()),
            "synthesize them, list the others with --items, or skip them with --allow-missing",
        )
        .into());
    }
    if n_missing > 0 {
        say(&format!("skipped {n_missing} of {} sentences", wanted.len()));
    }
    Ok(items.into_iter().collect())
}

/// Rejects wavs that no bundle can be built from: unreadable, and, unless the bundle will be resampled, multichannel or of
/// different sample rates.
fn check_wavs(survey: &Survey, resample: bool) -> anyhow::Result<()> {
    let chain = |error: &mynah_listening::Error| {
        anyhow::Chain::new(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
    };
    let mut wrong: Vec<String> = survey.unusable.iter().map(chain).collect();
    let mut remedy =
        survey.unusable.iter().find_map(mynah_listening::Error::remedy).unwrap_or("export them again");
    if resample {
        for needed in survey.conversions() {
            say(&format!(
                "{} clips of `{}` have to be {}: build with --resample",
                needed.n_files,
                needed.system,
                needed.conversion.words()
            ));
        }
    } else {
        let unequal = unequal(survey);
        if !unequal.is_empty() {
            remedy = "convert all of them to mono and one sample rate, or pass --resample to `plan` and `build`, which \
                      brings all of them to mono and the lowest rate";
        }
        wrong.extend(unequal);
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let n_more = wrong.len().saturating_sub(SHOWN);
    for line in wrong.iter().take(SHOWN) {
        say(line);
    }
    if n_more > 0 {
        say(&format!("and {n_more} more"));
    }
    Err(Advised::new("the wavs cannot be compared blindly", remedy).into())
}

/// Lists the files of several channels, and the sample rates if there are several.
fn unequal(survey: &Survey) -> Vec<String> {
    let multichannel = survey.files.iter().filter(|file| file.channels > 1);
    let mut unequal: Vec<String> = multichannel
        .map(|file| format!("`{}` has {} channels", file.path.display(), file.channels))
        .collect();
    let rates = survey.rates();
    if rates.len() > 1 {
        let rates: Vec<String> = rates
            .iter()
            .map(|(rate, (n, file))| format!("{n} at {rate} Hz, such as `{}`", file.path.display()))
            .collect();
        unequal.push(format!("the clips differ in sample rate: {}", rates.join("; ")));
    }
    unequal
}

/// Joins the first few names, followed by the number of the others.
fn shown(items: &[&String]) -> String {
    let first: Vec<&str> = items.iter().take(SHOWN).map(|item| item.as_str()).collect();
    let rest = items.len().saturating_sub(SHOWN);
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{rest}", first.join(", "))
}

/// Describes the size of the test.
pub(super) fn describe_size(plan: &Plan) -> String {
    let controls = plan.protocol.gold_per_session() + plan.protocol.traps_per_session();
    let n_ratings = |session: &Session| session.trials.len().saturating_sub(controls);
    let mut trials: Vec<usize> = plan.sessions.iter().map(n_ratings).collect();
    trials.sort_unstable();
    let (least, most) = (trials.first().copied().unwrap_or(0), trials.last().copied().unwrap_or(0));
    let per_rater = if least == most { most.to_string() } else { format!("{least} to {most}") };
    let n_pages: usize = plan.sessions.iter().map(|session| plan.pages(session).len()).sum();
    let pages = if plan.protocol.paradigm.rules().rates_side_by_side() {
        format!(" on {n_pages} pages of {} clips side by side", plan.judged_systems().count())
    } else {
        String::new()
    };
    format!(
        "study {}, design {}\n{} items, {} raters, {per_rater} ratings each, {} in all{pages}\n{}\n",
        plan.study,
        plan.design,
        plan.items.len(),
        plan.sessions.len(),
        trials.iter().sum::<usize>(),
        describe_controls(&plan.protocol)
    )
}

/// Describes what sessions have besides ratings; nothing if that is nothing.
fn describe_controls(protocol: &Protocol) -> String {
    let parts = [
        (protocol.practice().count(), "exercise", "exercises"),
        (protocol.gold_per_session(), "gold trial", "gold trials"),
        (protocol.traps_per_session(), "trap", "traps"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, many)| format!("{n} {}", if n == 1 { one } else { many }))
        .collect();
    if parts.is_empty() { String::new() } else { format!("besides, in each session: {}\n", parts.join(", ")) }
}

/// Describes the size of the test, and the power of tests of this and other sizes.
fn describe(plan: &Plan, components: &Components, table: &[PowerRow]) -> Result<String, fmt::Error> {
    let mut text = describe_size(plan);
    writeln!(
        text,
        "Power of one comparison, with standard deviations of {} between sentences, {} between raters and {} within:\n",
        components.item_sd, components.rater_sd, components.residual_sd
    )?;
    let heads = ["ratings/item", "standard error", "smallest margin", "detectable difference"];
    let rows = table.iter().map(|row| {
        let power = &row.power;
        let shown = [
            format!("{:.3}", power.standard_error),
            format!("{:.2}", power.smallest_margin),
            format!("{:.2}", power.detectable_difference),
        ];
        (row.planned, row.size, shown)
    });
    write_power(&mut text, heads, rows)?;
    let margin = plan.protocol.analysis.margin;
    let enough = table.iter().any(|row| row.planned && row.power.smallest_margin <= margin);
    let meaning = if enough {
        "at least 80 % of such tests find a system without any difference equivalent."
    } else {
        "too narrow for this size; a system without any difference would often be inconclusive."
    };
    writeln!(text, "\nThe margin of the protocol is {margin}: {meaning}")?;
    text.push_str(&describe_anchor(plan)?);
    Ok(text)
}

/// Writes a table of the power of tests of some sizes: what is counted by item, and three figures of each.
pub(super) fn write_power(
    text: &mut String,
    heads: [&str; 4],
    rows: impl Iterator<Item = (bool, Size, [String; 3])>,
) -> fmt::Result {
    let heads = [heads[0], "raters", heads[1], heads[2], heads[3]];
    let widths = heads.map(|head| head.len().max(6));
    let mut write_row = |first: &str, items: &str, cells: [&str; 5]| {
        write!(text, "{first:<9}  {items:>5}")?;
        for (cell, width) in cells.into_iter().zip(widths) {
            write!(text, "  {cell:>width$}")?;
        }
        writeln!(text)
    };
    write_row("", "items", heads)?;
    for (planned, size, [one, two, three]) in rows {
        let [items, per_item, raters] =
            [size.items, size.ratings_per_item, size.raters].map(|number| number.to_string());
        let first = if planned { "this plan" } else { "" };
        write_row(first, &items, [&per_item, &raters, &one, &two, &three])?;
    }
    Ok(())
}

/// Recommends an anchor, if a test against human recordings or an open reference has none.
pub(super) fn describe_anchor(plan: &Plan) -> Result<String, fmt::Error> {
    let mut text = String::new();
    let has_anchors = plan.anchors().next().is_some();
    if plan.protocol.paradigm.rules().rates_side_by_side() {
        if !has_anchors {
            writeln!(
                text,
                "\nThe plan has no anchor, without which nobody knows what a score means. Make those of BS.1534 with\n\
                 `mynah-listen anchor --low-pass 3500` and `--low-pass 7000`, and add them to the plan with `--anchor NAME=DIR`."
            )?;
        }
    } else if plan.protocol.human_reference && !has_anchors {
        let claim = if plan.protocol.paradigm.rules().can_show_human_level() {
            ", and no verdict claims human level"
        } else {
            ""
        };
        writeln!(
            text,
            "\nThe plan has no anchor: without one, a test cannot show that it detects differences{claim}.\nMake one with \
             `mynah-listen anchor` and add it to the plan with `--anchor NAME=DIR`."
        )?;
    }
    Ok(text)
}

/// Describes the time, the download and the pay of raters, and offers remedies for long sessions.
fn describe_work(plan: &Plan, survey: &Survey, pay_per_hour: Option<f64>) -> anyhow::Result<String> {
    let work = Workload::of(plan, survey);
    let (least, most) = work.range(|load| load.minutes);
    let mut text = String::new();
    writeln!(
        text,
        "\nWork of a rater: {} minutes, of which {} are audio, each clip played once, and {ANSWER_SECONDS} s are spent on each \
         answer;\n{} MB to download.",
        between((least, most), 1),
        between(work.range(|load| load.audio_minutes), 1),
        between(work.range(|load| load.megabytes), 1)
    )?;
    if let Some(pay) = pay_per_hour {
        writeln!(
            text,
            "At {pay} per hour that is {} for a rater, and {:.2} for all {}.",
            between((least / 60.0 * pay, most / 60.0 * pay), 2),
            work.total_minutes() / 60.0 * pay,
            plan.sessions.len()
        )?;
    }
    if most > LONG_SESSION_MINUTES {
        write!(
            text,
            "\nThe longest session takes {most:.0} minutes; attention fades after {LONG_SESSION_MINUTES}.\n"
        )?;
        let sittings = (most / LONG_SESSION_MINUTES).ceil();
        let pause = format!(
            "ask raters to take it in {sittings} sittings of {:.0} minutes, since the page keeps their answers",
            most / sittings
        );
        match Workload::raters_for(plan, survey, LONG_SESSION_MINUTES)? {
            Some(raters) => writeln!(
                text,
                "With {raters} raters instead of {}, and as many ratings of each sentence, none is longer than that: set \
                 `raters = {raters}` in the protocol, or {pause}.",
                plan.protocol.raters
            )?,
            None => writeln!(text, "More raters do not help, since null pairs stay as many: {pause}.")?,
        }
    }
    Ok(text)
}

/// Formats the least and the most of a quantity, once if they look the same.
fn between((least, most): (f64, f64), decimals: usize) -> String {
    let (least, most) = (format!("{least:.decimals$}"), format!("{most:.decimals$}"));
    if least == most { least } else { format!("{least} to {most}") }
}
