//! Error rates and power of the quality gate on simulated runs, beside the rules that continuous integration uses.
//!
//! `cargo run --release -p mynah-stats --example gate [-- STUDIES [FIRST_SEED]]`
//!
//! The first table puts the candidate at its margin: how often does it pass, and how often is it called worse? The second
//! has five metrics of candidates within all margins, of which any may fail. The third compares with a fixed threshold and
//! with the worst of five runs plus slack.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal")]

use std::fmt::Write as _;

use mynah_stats::crossed::{Comparison, Runs, Statistic, compare};
use mynah_stats::holm;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rand_distr::{Distribution as _, Gamma, Normal, Poisson, StandardNormal};
use rayon::prelude::*;

const ALPHA: f64 = 0.05;

/// A simulated metric.
#[derive(Clone, Copy)]
enum Metric {
    /// Predicted opinions.
    Mos,
    /// Word error rate of a few percent, errors spread over words of different difficulty.
    Wer,
    /// Share of bad utterances.
    Bad,
    /// Ninth decile of latencies.
    Latency,
}

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::Mos => "mean of predicted opinions",
            Self::Wer => "pooled word error rate",
            Self::Bad => "share of bad utterances",
            Self::Latency => "90 % quantile of latency",
        }
    }

    fn statistic(self) -> Statistic {
        match self {
            Self::Mos => Statistic::Mean,
            Self::Wer => Statistic::Rate,
            Self::Bad => Statistic::Proportion,
            Self::Latency => Statistic::Quantile { probability: 0.9 },
        }
    }

    /// Level of the baseline, and margin.
    fn levels(self) -> (f64, f64) {
        match self {
            Self::Mos => (4.0, 0.1),
            Self::Wer => (0.03, 0.01),
            Self::Bad => (0.06, 0.04),
            Self::Latency => (1.0, 0.1),
        }
    }
}

/// Size of a comparison, and the spread between runs: a multiple of what all other sources give.
#[derive(Clone, Copy)]
struct Design {
    items: usize,
    baseline_runs: usize,
    candidate_runs: usize,
    /// Standard deviation between runs, relative to the margin.
    run_sd: f64,
}

/// Draws all runs of one system.
fn draw(
    metric: Metric,
    level: f64,
    n_runs: usize,
    design: &Design,
    items: &Items,
    random: &mut ChaCha8Rng,
) -> Runs {
    let n = design.items;
    let normal = |random: &mut ChaCha8Rng| -> f64 { StandardNormal.sample(random) };
    let own: Vec<f64> = (0..n).map(|_| normal(random)).collect();
    let spread = design.run_sd * metric.levels().1;
    let mut runs = Runs::default();
    for _ in 0..n_runs {
        let run = spread * normal(random);
        let mut cell = |item: usize| -> f64 {
            let (easy, own) = (items.effect[item], own[item]);
            match metric {
                Metric::Mos => level + 0.4 * easy + 0.15 * own + run + 0.2 * normal(random),
                Metric::Wer => {
                    // Mean 1, so that the rate of the corpus is the level.
                    let hard = items.difficulty[item] * (0.5 * own - 0.125).exp();
                    let rate = (level + run).max(0.0) * hard * items.words[item];
                    if rate > 1e-9 { Poisson::new(rate).unwrap().sample(random) } else { 0.0 }
                }
                Metric::Bad => {
                    let rate = (level + run).max(0.0);
                    let z =
                        (0.6 * easy + 0.4 * own + (1.0_f64 - 0.52).sqrt() * normal(random)).clamp(-9.0, 9.0);
                    f64::from(u8::from(z < quantile(rate)))
                }
                // The quantile of a lognormal with this spread is the level.
                Metric::Latency => {
                    let z = 0.6 * easy + 0.4 * own + (1.0_f64 - 0.52).sqrt() * normal(random);
                    (level + run) * (0.3 * (z - 1.281_551_565_5)).exp()
                }
            }
        };
        runs.values.push((0..n).map(&mut cell).collect());
        if matches!(metric, Metric::Wer) {
            runs.totals.push(items.words.clone());
        }
    }
    runs
}

/// Utterances, the same for both systems.
struct Items {
    effect: Vec<f64>,
    difficulty: Vec<f64>,
    words: Vec<f64>,
}

impl Items {
    fn draw(n: usize, random: &mut ChaCha8Rng) -> Self {
        let gamma = Gamma::new(0.5, 2.0).unwrap();
        let length = Normal::new(12.0, 5.0).unwrap();
        Self {
            effect: (0..n).map(|_| StandardNormal.sample(random)).collect(),
            difficulty: (0..n).map(|_| gamma.sample(random)).collect(),
            words: (0..n).map(|_| f64::max(length.sample(random), 3.0).round()).collect(),
        }
    }
}

/// Returns the quantile of the standard normal distribution, by bisection of its distribution function.
fn quantile(probability: f64) -> f64 {
    let below = |z: f64| 0.5 * erfc(-z / std::f64::consts::SQRT_2);
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if below(middle) < probability { low = middle } else { high = middle }
    }
    low
}

/// Returns the complementary error function to seven digits (Abramowitz and Stegun 7.1.26).
fn erfc(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x.abs());
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let value = series.iter().fold(0.0, |sum, term| (sum + term) * t) * (-x * x).exp();
    if x < 0.0 { 2.0 - value } else { value }
}

/// Compares a candidate that is worse by `loss` margins; higher is worse in every metric but the opinions.
fn study(metric: Metric, design: &Design, loss: f64, seed: u64) -> (Option<Comparison>, f64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let items = Items::draw(design.items, &mut random);
    let (level, margin) = metric.levels();
    let sign = if matches!(metric, Metric::Mos) { -1.0 } else { 1.0 };
    let baseline = draw(metric, level, design.baseline_runs, design, &items, &mut random);
    let worse = level + sign * loss * margin;
    let candidate = draw(metric, worse, design.candidate_runs, design, &items, &mut random);
    (compare(metric.statistic(), &baseline, &candidate, 1.0).ok(), sign)
}

/// Returns the p-values of the hypotheses that the loss is at least, and at most, the margin; 1 if nothing can be said.
fn p_values(metric: Metric, design: &Design, loss: f64, seed: u64) -> (f64, f64) {
    let (found, sign) = study(metric, design, loss, seed);
    let Some(found) = found else { return (1.0, 1.0) };
    let bound = sign * metric.levels().1;
    let (below, above) = (found.p_below(bound).unwrap(), found.p_above(bound).unwrap());
    if sign > 0.0 { (below, above) } else { (above, below) }
}

fn percent(count: usize, n: u64) -> f64 {
    100.0 * count as f64 / n as f64
}

fn designs() -> Vec<Design> {
    let mut designs = Vec::new();
    for (baseline_runs, candidate_runs) in [(1, 1), (2, 2), (3, 3), (5, 1), (5, 3), (5, 5)] {
        for run_sd in [0.0, 0.3, 1.0] {
            // With one run of each, runs that differ are not what the test is about.
            if (baseline_runs, candidate_runs) == (1, 1) && run_sd > 0.0 {
                continue;
            }
            for items in [60, 200] {
                designs.push(Design { items, baseline_runs, candidate_runs, run_sd });
            }
        }
    }
    designs
}

fn at_the_margin(n: u64) {
    println!(
        "| metric | utterances | runs | run sd / margin | passes | called worse |\n|---|---|---|---|---|---|"
    );
    let mut summary = String::from(
        "\n| metric | utterances | passes: mean | highest | called worse: mean | highest |\n|---|---|---|---|---|---|\n",
    );
    for metric in [Metric::Mos, Metric::Wer, Metric::Bad, Metric::Latency] {
        for items in [60, 200] {
            let mut rates = Vec::new();
            for design in designs().into_iter().filter(|design| design.items == items) {
                let (passes, worse) = rejections(metric, &design, n);
                println!(
                    "| {} | {items} | {} and {} | {} | {passes:.1} | {worse:.1} |",
                    metric.name(),
                    design.baseline_runs,
                    design.candidate_runs,
                    design.run_sd,
                );
                rates.push((passes, worse));
            }
            let mean = |of: fn(&(f64, f64)) -> f64| rates.iter().map(of).sum::<f64>() / rates.len() as f64;
            let highest = |of: fn(&(f64, f64)) -> f64| rates.iter().map(of).fold(0.0, f64::max);
            writeln!(
                summary,
                "| {} | {items} | {:.1} | {:.1} | {:.1} | {:.1} |",
                metric.name(),
                mean(|rate| rate.0),
                highest(|rate| rate.0),
                mean(|rate| rate.1),
                highest(|rate| rate.1)
            )
            .unwrap();
        }
    }
    println!("{summary}");
}

/// Returns the shares of studies at the margin that pass, and that are called worse, in percent.
fn rejections(metric: Metric, design: &Design, n: u64) -> (f64, f64) {
    let rejected: Vec<(bool, bool)> = seeds(n)
        .into_par_iter()
        .map(|seed| {
            let (pass, fail) = p_values(metric, design, 1.0, seed);
            (pass < ALPHA, fail < ALPHA)
        })
        .collect();
    let count = |of: fn(&(bool, bool)) -> bool| percent(rejected.iter().filter(|it| of(it)).count(), n);
    (count(|it| it.0), count(|it| it.1))
}

/// Five metrics, each at its margin: none is worse than allowed, and none may pass.
fn families(n: u64) {
    println!(
        "\n| five metrics | runs | all pass | any fails, corrected | any fails, uncorrected |\n|---|---|---|---|---|"
    );
    let family = [Metric::Mos, Metric::Wer, Metric::Bad, Metric::Latency, Metric::Mos];
    for (loss, name) in [(1.0, "all at their margins"), (0.0, "all equal to the baseline")] {
        for runs in [1, 3] {
            let design = Design {
                items: 200,
                baseline_runs: runs,
                candidate_runs: runs,
                run_sd: if runs == 1 { 0.0 } else { 0.3 },
            };
            let counts: Vec<(bool, bool, bool)> = seeds(n)
                .into_par_iter()
                .map(|seed| {
                    let of = |(index, metric): (usize, &Metric)| {
                        p_values(*metric, &design, loss, seed + 1_000_000 * (index as u64 + 1))
                    };
                    let p: Vec<(f64, f64)> = family.iter().enumerate().map(of).collect();
                    let fails: Vec<f64> = p.iter().map(|p| p.1).collect();
                    let corrected = holm(&fails).unwrap();
                    (
                        p.iter().all(|p| p.0 < ALPHA),
                        corrected.iter().any(|p| *p < ALPHA),
                        fails.iter().any(|p| *p < ALPHA),
                    )
                })
                .collect();
            let count =
                |of: fn(&(bool, bool, bool)) -> bool| percent(counts.iter().filter(|it| of(it)).count(), n);
            println!(
                "| {name} | {runs} and {runs} | {:.1} | {:.1} | {:.1} |",
                count(|it| it.0),
                count(|it| it.1),
                count(|it| it.2)
            );
        }
    }
}

/// Answers about one simulated candidate.
struct Outcome {
    /// True if the fixed threshold lets it pass.
    fixed: bool,
    /// True if the worst of five runs plus slack lets it pass.
    worst_of_five: bool,
    /// Pass and fail of the gate, with 1, 3 and 5 runs of the candidate.
    gate: [(bool, bool); 3],
}

/// The rules of continuous integration, on word error rates.
fn rules(items: usize, n: u64) {
    println!(
        "\n| {items} utterances, worse by | fixed threshold: passes | worst of five plus slack: passes | gate, 5 and 1 runs: pass / fail | 5 and 3 runs | 5 and 5 runs |\n|---|---|---|---|---|---|"
    );
    let design = |candidate_runs| Design { items, baseline_runs: 5, candidate_runs, run_sd: 0.3 };
    let (level, margin) = Metric::Wer.levels();
    for loss in [0.0, 0.5, 1.0, 1.5, 2.0, 3.0] {
        let outcomes: Vec<Outcome> = seeds(n)
            .into_par_iter()
            .map(|seed| {
                let gate = [1, 3, 5].map(|runs| {
                    let (pass, fail) = p_values(Metric::Wer, &design(runs), loss, seed);
                    (pass < ALPHA, fail < ALPHA)
                });
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                let one = design(1);
                let items = Items::draw(one.items, &mut random);
                let rate = |runs: &Runs, run: usize| {
                    runs.values[run].iter().sum::<f64>() / runs.totals[run].iter().sum::<f64>()
                };
                let baseline = draw(Metric::Wer, level, 5, &one, &items, &mut random);
                let candidate = draw(Metric::Wer, level + loss * margin, 1, &one, &items, &mut random);
                let worst = (0..5).map(|run| rate(&baseline, run)).fold(0.0, f64::max);
                let found = rate(&candidate, 0);
                // The threshold was set once, to a measured run plus the margin; the slack is half of it.
                let fixed = found <= rate(&baseline, 0) + margin;
                Outcome { fixed, worst_of_five: found <= worst + 0.5 * margin, gate }
            })
            .collect();
        let count = |of: &dyn Fn(&Outcome) -> bool| percent(outcomes.iter().filter(|it| of(it)).count(), n);
        let gate =
            |at: usize| format!("{:.0} / {:.0}", count(&|it| it.gate[at].0), count(&|it| it.gate[at].1));
        println!(
            "| {loss} margins | {:.0} | {:.0} | {} | {} | {} |",
            count(&|it| it.fixed),
            count(&|it| it.worst_of_five),
            gate(0),
            gate(1),
            gate(2)
        );
    }
}

/// Returns the seeds of the studies.
fn seeds(n: u64) -> std::ops::Range<u64> {
    let first = std::env::args().nth(2).map_or(0, |first| first.parse().unwrap());
    first..first + n
}

fn main() {
    let n: u64 = std::env::args().nth(1).map_or(1000, |n| n.parse().unwrap());
    at_the_margin(n);
    families(n);
    for items in [200, 1000] {
        rules(items, n);
    }
}
