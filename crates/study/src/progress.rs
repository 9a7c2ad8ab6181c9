//! The state of a running study, as the experimenter sees it.

use std::collections::{BTreeMap, BTreeSet};

use mynah_listening::{
    ControlCounts, Kind, Plan, PreferencePair, ProblemKind, Rating, RightAnswers, collect_sessions, judge,
    judge_votes,
};
use mynah_stats::Interval;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::participant::State;
use crate::store::Store;

/// A rater who gives the same answer this many times is looked at.
const SAME_ANSWER: usize = 10;
/// The share of a rater's answers that may have a fault before it is remarked on.
const FAULTY: f64 = 0.1;

/// The state of a study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// The study.
    pub study: String,
    /// The design of its plan.
    pub design: String,
    /// The sessions of the plan.
    pub sessions: usize,
    /// Those that somebody has completed.
    pub complete_sessions: usize,
    /// The participants in each state, without those of the pilot: complete.
    pub complete: usize,
    /// At work.
    pub active: usize,
    /// Gone without a word.
    pub timed_out: usize,
    /// Gone with a word.
    pub left: usize,
    /// The participants of the pilot.
    pub pilot: usize,
    /// The ratings so far, without the answers to gold trials and traps.
    pub ratings: usize,
    /// The ratings of the plan.
    pub planned: usize,
    /// The ratings of each sentence of each system.
    pub cells: Cells,
    /// The systems.
    pub systems: Vec<SystemProgress>,
    /// The raters, in the order in which they came.
    pub raters: Vec<RaterProgress>,
    /// Problems with answers, as `collect` reports them; unanswered pages are no problem while a study runs.
    pub problems: Vec<String>,
}

/// The ratings of the cells of the design: sentences of systems.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cells {
    /// The number of cells.
    pub n: usize,
    /// Those without a rating.
    pub empty: usize,
    /// Those with as many ratings as planned.
    pub full: usize,
    /// The fewest ratings of a cell.
    pub least: usize,
    /// The most ratings of a cell.
    pub most: usize,
}

/// The state of one system, or of one pair of a preference test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SystemProgress {
    /// The system.
    pub system: String,
    /// Its ratings.
    pub ratings: usize,
    /// The sentences with a rating.
    pub items: usize,
    /// The estimate and the limits of its interval so far: of the difference from the reference where there is one, of the
    /// share of votes for a pair. They say when to stop only if the number of ratings was fixed before.
    pub interval: Option<[f64; 3]>,
}

/// The state of one rater.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RaterProgress {
    /// The rater code.
    pub rater: String,
    /// The state.
    pub state: State,
    /// The answers never enter the analysis.
    pub pilot: bool,
    /// The pages of the session.
    pub trials: usize,
    /// The pages answered.
    pub answered: usize,
    /// The pages skipped since a clip could not be had.
    pub skipped: usize,
    /// Minutes spent on the answers.
    pub minutes: f64,
    /// Minutes that the clips of the answers last.
    pub audio_minutes: f64,
    /// Plays per clip.
    pub plays: Option<f64>,
    /// Mean distance of the scores from those of the others on the same clips.
    pub bias: Option<f64>,
    /// The answers to traps.
    pub traps: RightAnswers,
    /// The answers to gold trials.
    pub gold: RightAnswers,
    /// The outcome of the headphone check.
    pub headphones: Option<bool>,
    /// Remarks to look at before paying.
    pub flags: Vec<String>,
}

/// Looks at a study at a time, in ms since 1970.
///
/// # Errors
///
/// [`Error::Storage`].
pub fn progress(store: &Store, plan: &Plan, now: i64) -> Result<Progress, Error> {
    let participants = store.participants()?;
    let live: Vec<_> = participants.iter().filter(|one| one.deleted.is_none()).collect();
    let count = |state| live.iter().filter(|one| !one.pilot && one.state(now) == state).count();
    let collection = collect_sessions(plan, store.sessions(plan, false)?);
    let pilots = collect_sessions(plan, store.sessions(plan, true)?);
    let means = means_by_clip(&collection.ratings);
    let mut raters = Vec::new();
    for participant in &live {
        let source = if participant.pilot { &pilots } else { &collection };
        let own: Vec<&Rating> =
            source.ratings.iter().filter(|rating| rating.rater == participant.rater).collect();
        let answers = store.answers_of(participant.id)?;
        raters.push(RaterProgress {
            rater: participant.rater.clone(),
            state: participant.state(now),
            pilot: participant.pilot,
            trials: plan.pages(&plan.sessions[participant.session]).len(),
            ..rater(plan, &own, &answers, &means, participant.state(now))
        });
    }
    Ok(Progress {
        study: plan.study.clone(),
        design: plan.design.clone(),
        sessions: plan.sessions.len(),
        complete_sessions: live
            .iter()
            .filter(|one| !one.pilot && one.state(now) == State::Complete)
            .map(|one| one.session)
            .collect::<BTreeSet<_>>()
            .len(),
        complete: count(State::Complete),
        active: count(State::Active),
        timed_out: count(State::TimedOut),
        left: count(State::Left),
        pilot: live.iter().filter(|one| one.pilot).count(),
        ratings: collection.ratings.iter().filter(|rating| !rating.kind.is_control()).count(),
        planned: plan.n_ratings(),
        cells: cells(plan, &collection.ratings),
        systems: systems(plan, &collection.ratings),
        raters,
        problems: grouped(
            collection
                .problems
                .iter()
                .filter(|problem| !problem.kind.is_harmless() && problem.kind != ProblemKind::Unfinished)
                .map(|problem| format!("{}: {}", problem.file, problem.message)),
        ),
    })
}

/// Says equal lines once, with their number.
fn grouped(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for line in lines {
        match counts.iter_mut().find(|(known, _)| *known == line) {
            Some((_, n)) => *n += 1,
            None => counts.push((line, 1)),
        }
    }
    let told = |(line, n): (String, usize)| if n == 1 { line } else { format!("{line} ({n} times)") };
    counts.into_iter().map(told).collect()
}

/// A sentence of a system, and the one that it is compared with.
type Clip<'a> = (&'a str, &'a str, Option<&'a str>, Kind);

fn clip(rating: &Rating) -> Clip<'_> {
    (&rating.item, &rating.system, rating.reference.as_deref(), rating.kind)
}

/// Returns the sum and the number of the scores of each clip.
fn means_by_clip(ratings: &[Rating]) -> BTreeMap<Clip<'_>, (f64, usize)> {
    let mut means = BTreeMap::new();
    for rating in ratings.iter().filter(|rating| !rating.kind.is_control()) {
        let (sum, n) = means.entry(clip(rating)).or_insert((0.0, 0));
        *sum += rating.score;
        *n += 1;
    }
    means
}

fn rater(
    plan: &Plan,
    ratings: &[&Rating],
    answers: &[(String, Value)],
    means: &BTreeMap<Clip<'_>, (f64, usize)>,
    state: State,
) -> RaterProgress {
    const MINUTE: f64 = 60_000.0;
    // The ratings of a page share its time and its second clip.
    let pages = Rating::first_of_pages(ratings.iter().copied());
    let sum = |of: fn(&Rating) -> Option<u64>| {
        pages.iter().filter_map(|rating| of(rating)).sum::<u64>() as f64 / MINUTE
    };
    let rated = ratings.iter().flat_map(|rating| [rating.plays_first, rating.plays_x]);
    let plays: Vec<u32> = rated.chain(pages.iter().map(|rating| rating.plays_second)).flatten().collect();
    // Others are those on the clip besides this rater.
    let distances: Vec<f64> = ratings
        .iter()
        .filter_map(|rating| {
            let (sum, n) = means.get(&clip(rating)).filter(|(_, n)| *n > 1)?;
            Some(rating.score - (sum - rating.score) / (*n as f64 - 1.0))
        })
        .collect();
    let form = |name: &str| answers.iter().find(|(page, _)| page == name).map(|(_, answer)| answer);
    let headphones = form("headphones").and_then(|answer| answer["passed"].as_bool());
    let skipped = answers.iter().filter(|(_, answer)| answer["skipped"].is_string()).count();
    let counts = plan.protocol.control_counts(ratings.iter().copied());
    let ControlCounts { traps, gold, .. } = counts.into_iter().next().unwrap_or_default();
    let mut flags = flags(ratings, &pages, headphones, skipped);
    flags.extend([traps.fault("traps"), gold.fault("gold trials")].into_iter().flatten());
    RaterProgress {
        rater: String::new(),
        state,
        pilot: false,
        trials: 0,
        answered: pages.len(),
        skipped,
        minutes: sum(|rating| rating.milliseconds),
        audio_minutes: sum(|rating| rating.audio_ms),
        plays: (!plays.is_empty()).then(|| f64::from(plays.iter().sum::<u32>()) / plays.len() as f64),
        bias: (!distances.is_empty()).then(|| distances.iter().sum::<f64>() / distances.len() as f64),
        traps,
        gold,
        headphones,
        flags,
    }
}

/// Lists what should be looked at before a rater is paid. `pages` are the ratings that stand for their pages.
fn flags(ratings: &[&Rating], pages: &[&Rating], headphones: Option<bool>, skipped: usize) -> Vec<String> {
    let mut flags = Vec::new();
    let mut share = |is_faulty: &dyn Fn(&Rating) -> bool, words: &str| {
        let n = pages.len();
        // A page is faulty if one of its ratings is.
        let faulty: BTreeSet<u32> =
            ratings.iter().filter(|rating| is_faulty(rating)).map(|rating| rating.page).collect();
        let faulty = faulty.len();
        if faulty as f64 > FAULTY * n as f64 {
            flags.push(format!("{faulty} of {n} answers {words}"));
        }
    };
    share(&Rating::is_hurried, "faster than the clips last");
    share(&Rating::misses_sound, "without hearing the clips to their ends");
    share(&Rating::has_stalls, "with stalls of more than a second");
    share(
        &|rating| rating.hidden_ms.zip(rating.audio_ms).is_some_and(|(hidden, audio)| 2 * hidden > audio),
        "with the page hidden most of the time",
    );
    share(
        &|rating| rating.kind == Kind::NullPair && rating.score.abs() > 1.0,
        "that find equal clips clearly different",
    );
    let own: Vec<u64> = ratings
        .iter()
        .filter(|rating| !rating.kind.is_control())
        .map(|rating| rating.score_raw.to_bits())
        .collect();
    let n = own.len();
    if n >= SAME_ANSWER && own.windows(2).all(|pair| pair[0] == pair[1]) {
        flags.push(format!("the same answer {n} times"));
    }
    if headphones == Some(false) {
        flags.push("no headphones, by the check".to_owned());
    }
    if skipped > 0 {
        flags.push(format!("{skipped} trials skipped, since clips could not be loaded"));
    }
    flags
}

fn cells(plan: &Plan, ratings: &[Rating]) -> Cells {
    let mut counts: BTreeMap<Clip<'_>, usize> = BTreeMap::new();
    let mut planned: BTreeMap<Clip<'_>, usize> = BTreeMap::new();
    for trial in
        plan.sessions.iter().flat_map(|session| &session.trials).filter(|trial| trial.kind == Kind::Rating)
    {
        let cell: Clip<'_> = (&trial.item, &trial.system, plan.opponent(trial), trial.kind);
        counts.insert(cell, 0);
        *planned.entry(cell).or_default() += 1;
    }
    for rating in ratings {
        if let Some(count) = counts.get_mut(&clip(rating)) {
            *count += 1;
        }
    }
    Cells {
        n: counts.len(),
        empty: counts.values().filter(|count| **count == 0).count(),
        full: counts.iter().filter(|(cell, count)| **count >= planned[*cell]).count(),
        least: counts.values().copied().min().unwrap_or(0),
        most: counts.values().copied().max().unwrap_or(0),
    }
}

/// Returns the systems, or the pairs of a preference test.
fn systems(plan: &Plan, ratings: &[Rating]) -> Vec<SystemProgress> {
    let limits = |interval: &Interval| [interval.estimate, interval.low, interval.high];
    if plan.protocol.paradigm.rules().compares_all_pairs() {
        let verdict = judge_votes(plan, ratings).ok();
        let pairs = verdict.into_iter().flat_map(|verdict| verdict.pairs);
        let one = |pair: PreferencePair| SystemProgress {
            system: format!("{} preferred to {}", pair.system, pair.minus),
            ratings: pair.n_votes,
            items: pair.n_items,
            interval: pair.share.value().map(limits),
        };
        return pairs.map(one).collect();
    }
    // Early on there may be too little for any interval.
    let verdict = judge(plan, ratings).ok();
    let one = |name: &str| {
        let own =
            || ratings.iter().filter(move |rating| rating.system == name && rating.kind == Kind::Rating);
        let items: BTreeSet<&str> = own().map(|rating| rating.item.as_str()).collect();
        let judged =
            verdict.as_ref().and_then(|verdict| verdict.systems.iter().find(|one| one.system == name));
        let interval = judged.and_then(|one| one.difference.value().or_else(|| one.interval.value()));
        SystemProgress {
            system: name.to_owned(),
            ratings: own().count(),
            items: items.len(),
            interval: interval.map(limits),
        }
    };
    plan.judged_systems().map(|system| one(&system.name)).collect()
}
