//! Rates at which each analysis finds a difference that does not exist, over the designs of listening tests.
//!
//! `cargo run --release -p mynah-stats --example calibration [-- REPLICATES [PART OF A DESIGN]]`
//!
//! With `raters` as the part (and then part of a design), the program prints the error rates of the clustered analyses
//! if raters contribute unequally: two-sided rejections, and false "equivalent" at the lower and the upper margin; last
//! the table of docs/verdict.md. With `families` it prints the rates at which any of several systems is judged wrongly,
//! with `preferences` (part of a design, and a number of systems) those at which a preference between equal systems is found.
//!
//! `tests/calibration.rs` and `tests/unequal.rs` check the same rates with fewer replicates. The number of studies for
//! which an analysis gave no result is in parentheses. The ordinal model is fitted to one study in ten, since it takes
//! most of the time.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal")]

mod preferences;

use mynah_stats::bootstrap::{BootstrapConfig, crossed_mean};
use mynah_stats::clustered::{Clustered, difference, two_way, two_way_with_influence};
use mynah_stats::mixed::mixed_model;
use mynah_stats::ordinal::{Link, OrdinalConfig, Thresholds, ordinal_model};
use mynah_stats::power::Components;
use mynah_stats::simulate::{Model, crossed, crowd, pooled, quitters};
use mynah_stats::wilcoxon::{SignedRankConfig, signed_rank};
use mynah_stats::{crowdmos, holm, mean_interval, simultaneous};

/// Rater and item of each judgment.
type Design = Vec<(usize, usize)>;

const SEED: u64 = 20_220_409;
const NAMES: [&str; 11] = [
    "Wilcoxon raw",
    "Wilcoxon items",
    "naive",
    "t items",
    "CrowdMOS",
    "clustered",
    "Satterthw.",
    "jackknife",
    "boot t",
    "boot %",
    "mixed",
];

const SYMMETRIC: OrdinalConfig = OrdinalConfig { link: Link::Probit, thresholds: Thresholds::Symmetric };

fn main() {
    let mut arguments = std::env::args().skip(1);
    let n: u64 = arguments.next().map_or(400, |n| n.parse().unwrap());
    let part = arguments.next().unwrap_or_default();
    match part.as_str() {
        "raters" => return unequal_raters(n, &arguments.next().unwrap_or_default()),
        "families" => return families(n),
        "preferences" => {
            let (part, only) = (arguments.next().unwrap_or_default(), arguments.next());
            return preferences::preferences(n, &part, only.map(|number| number.parse().unwrap()));
        }
        _ => {}
    }
    let usual = Components::default();
    let zeros = Components { residual_sd: 0.85, ..usual };
    let none = Components { item_sd: 0.0, rater_sd: 0.0, residual_sd: 1.0 };
    let raters = Components { rater_sd: 0.6, item_sd: 0.1, ..usual };
    let designs: Vec<(&str, Design, Components)> = vec![
        ("10x5 shared", crossed(5, 10), usual),
        ("10x5 pool of 15", pooled(15, 10, 5, 1).unwrap(), usual),
        ("10x5 one-off", pooled(50, 10, 5, 1).unwrap(), usual),
        ("20x10 shared", crossed(10, 20), usual),
        ("50x20 shared", crossed(20, 50), usual),
        ("50x20 pool of 60", pooled(60, 50, 20, 1).unwrap(), usual),
        ("50x20 one-off", pooled(1000, 50, 20, 1).unwrap(), usual),
        ("50x20 unbalanced", thinned(20, 50, |rater, _| (rater + 1) as f64 / 20.0), usual),
        ("50x20 30 % missing", thinned(20, 50, |_, _| 0.7), usual),
        ("50x20 40 % zeros", crossed(20, 50), zeros),
        ("50x20 raters matter", crossed(20, 50), raters),
        ("50x20 no effects", crossed(20, 50), none),
        ("10x5 no effects", crossed(5, 10), none),
        ("200x20 shared", crossed(20, 200), usual),
        ("200x20 pool of 200", pooled(200, 200, 20, 1).unwrap(), usual),
    ];
    println!("share of {n} studies without a true difference that reject at 5 %, in percent");
    print!("{:22}", "items x ratings");
    for name in NAMES {
        print!("{name:>15}");
    }
    println!("{:>15}", "ordinal");
    for (name, design, components) in designs {
        if !name.contains(&part) {
            continue;
        }
        let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
        let model = Model { mean: 0.0, components, lowest: -3, highest: 3 };
        let outcomes = model.replicates(&design, SEED, n, |scores| analyze(scores, &raters, &items)).unwrap();
        print!("{name:22}");
        for k in 0..NAMES.len() {
            print_share(&outcomes.iter().map(|outcome| outcome[k]).collect::<Vec<_>>());
        }
        let n_ordinal = if design.len() > 400 { n.div_ceil(10) } else { n };
        let rejections = model.replicates(&design, SEED, n_ordinal, |scores| {
            ordinal_model(scores, &raters, &items, &[], &SYMMETRIC)
                .ok()
                .map(|fit| fit.coefficients[0].t_test().p_value < 0.05)
        });
        print_share(&rejections.unwrap());
        println!();
    }
}

fn print_share(rejections: &[Option<bool>]) {
    let values: Vec<bool> = rejections.iter().flatten().copied().collect();
    let rate = 100.0 * values.iter().filter(|&&rejected| rejected).count() as f64 / values.len() as f64;
    print!("{rate:>9.1} ({:>3})", rejections.len() - values.len());
}

/// Runs each analysis; true if it rejects, None if it has no result.
fn analyze(scores: &[f64], raters: &[usize], items: &[usize]) -> [Option<bool>; NAMES.len()] {
    let n_items = items.iter().max().unwrap() + 1;
    let (mut sums, mut counts) = (vec![0.0; n_items], vec![0.0; n_items]);
    for (score, &item) in scores.iter().zip(items) {
        sums[item] += score;
        counts[item] += 1.0;
    }
    let means: Vec<f64> = sums.iter().zip(&counts).filter(|c| *c.1 > 0.0).map(|(sum, n)| sum / n).collect();
    let wilcoxon = |values: &[f64]| {
        signed_rank(values, &SignedRankConfig::default()).ok().map(|test| test.p_value < 0.05)
    };
    let outside = |interval: mynah_stats::Interval| !interval.contains(0.0);
    let clustered = two_way(scores, raters, items).ok();
    let config = BootstrapConfig { n_replicates: 400, seed: 1 };
    let boot = crossed_mean(scores, raters, items, &config).ok();
    [
        wilcoxon(scores),
        wilcoxon(&means),
        clustered.map(|mean| outside(mean.naive_interval(0.95).unwrap())),
        mean_interval(&means, 0.95).ok().map(outside),
        crowdmos(scores, raters, items).ok().map(|mean| outside(mean.interval(0.95).unwrap())),
        clustered.map(|mean| mean.t_test().p_value < 0.05),
        clustered.map(|mean| mean.satterthwaite().t_test().p_value < 0.05),
        clustered.and_then(|mean| mean.jackknifed().ok()).map(|mean| mean.t_test().p_value < 0.05),
        boot.as_ref().map(|mean| outside(mean.interval(0.95).unwrap())),
        boot.as_ref().map(|mean| outside(mean.percentile_interval(0.95).unwrap())),
        mixed_model(scores, raters, items, &[]).ok().map(|fit| fit.coefficients[0].t_test().p_value < 0.05),
    ]
}

/// Builds the crossed design in which each cell is kept with its probability, by a fixed sequence.
fn thinned(n_raters: usize, n_items: usize, keep: impl Fn(usize, usize) -> f64) -> Design {
    let kept = |&(rater, item): &(usize, usize)| {
        // Multiples of the golden ratio fill the interval evenly.
        let place =
            ((rater * 50_021 + item * 31_607 + rater * item * 7) as f64 * 0.618_033_988_749_894_9).fract();
        place < keep(rater, item)
    };
    crossed(n_raters, n_items).into_iter().filter(kept).collect()
}

/// Steps of the drawn numbers per step of the scale: practically continuous.
const FINE: f64 = 1000.0;

/// Response style of raters: its name, the answer to a perceived difference, and the mean answer if there is none.
type Answers = (&'static str, fn(usize, f64) -> f64, f64);

fn answers() -> Vec<Answers> {
    let ceiling = Model { mean: 2.6, components: Components::default(), lowest: -3, highest: 3 };
    vec![
        ("rounded", |_, heard| heard.round().clamp(-3.0, 3.0), 0.0),
        (
            "two levels",
            |rater, heard| match heard.abs() < 0.3 {
                _ if rater % 2 == 1 => heard.round().clamp(-3.0, 3.0),
                true => 0.0,
                false => heard.signum(),
            },
            0.0,
        ),
        (
            "own thresholds",
            |rater, heard| {
                let own = (rater as f64 * 0.618_033_988_749_894_9).fract();
                (heard * (0.5 + 1.5 * own)).round().clamp(-3.0, 3.0)
            },
            0.0,
        ),
        ("ceiling", |_, heard| (heard + 2.6).round().clamp(-3.0, 3.0), ceiling.expected().unwrap()),
    ]
}

fn fine(components: Components) -> Model {
    let Components { item_sd, rater_sd, residual_sd } = components;
    let components =
        Components { item_sd: item_sd * FINE, rater_sd: rater_sd * FINE, residual_sd: residual_sd * FINE };
    Model { mean: 0.0, components, lowest: -9000, highest: 9000 }
}

/// Error rates of one way to answer, over all studies.
#[derive(Default)]
struct Rates {
    n: usize,
    counted_heads: usize,
    satterthwaite: usize,
    jackknife: usize,
    /// False "equivalent" at the lower and the upper margin.
    equivalent: [usize; 2],
    /// Sums over the studies.
    degrees_of_freedom: f64,
    half_width: f64,
}

impl Rates {
    fn percent(&self, count: usize) -> f64 {
        100.0 * count as f64 / self.n as f64
    }
}

/// Counts the errors of the analyses of studies with a known truth.
fn rates(studies: Vec<Option<Clustered>>, truth: f64) -> Rates {
    let mut rates = Rates::default();
    let outside = |mean: Clustered| usize::from(!mean.interval(0.95).unwrap().contains(truth));
    for plain in studies.into_iter().flatten() {
        rates.n += 1;
        rates.counted_heads += outside(plain);
        rates.satterthwaite += outside(plain.satterthwaite());
        let Ok(mean) = plain.jackknifed().and_then(|mean| mean.on_steps(1.0)) else { continue };
        rates.jackknife += outside(mean);
        for (count, sign) in rates.equivalent.iter_mut().zip([-1.0, 1.0]) {
            let moved = Clustered { estimate: mean.estimate - truth + sign, ..mean };
            *count += usize::from(moved.tost(1.0, 0.05).unwrap().equivalent);
        }
        rates.degrees_of_freedom += mean.degrees_of_freedom;
        rates.half_width += mean.interval(0.95).unwrap().half_width();
    }
    rates
}

/// Draws studies in which systems at the ceiling of five points are compared with each other, and analyzes the difference.
fn differences_at_the_ceiling(design: &[(usize, usize)], n: u64) -> Rates {
    const LEVEL: f64 = 4.6;
    let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
    let both = |of: &[usize]| [of, of].concat();
    let (raters, items) = (both(&raters), both(&items));
    let is_system: Vec<bool> = (0..raters.len()).map(|place| place < raters.len() / 2).collect();
    let model = fine(Components::default());
    let studies = model.replicates(design, SEED, n, |shared| {
        let study = study_of(shared);
        let scores: Vec<f64> = [1, 2]
            .iter()
            .flat_map(|&system| {
                let own = model.draw(design, study, system).unwrap();
                let heard = move |(own, shared): (f64, &f64)| {
                    (LEVEL + 0.5_f64.sqrt() * (own + shared) / FINE).round().clamp(1.0, 5.0)
                };
                own.into_iter().zip(shared).map(heard).collect::<Vec<_>>()
            })
            .collect();
        difference(&scores, &is_system, &raters, &items).ok()
    });
    rates(studies.unwrap(), 0.0)
}

/// Returns the number of the random sequence that belongs to a drawn study.
fn study_of(shared: &[f64]) -> u64 {
    shared.iter().take(8).fold(7_u64, |sum, x| sum.wrapping_mul(8009) ^ x.to_bits())
}

fn unequal_raters(n: u64, part: &str) {
    let mut dropouts = pooled(60, 50, 20, 1).unwrap();
    let mut judged = std::collections::BTreeMap::new();
    dropouts.retain(|&(rater, _)| {
        let count = judged.entry(rater).or_insert(0);
        *count += 1;
        rater % 2 == 0 || *count <= 1 + rater % 12
    });
    let designs: Vec<(&str, Design)> = vec![
        ("10 × 5 shared", crossed(5, 10)),
        ("10 × 5 pool of 15", pooled(15, 10, 5, 1).unwrap()),
        ("20 × 10 shared", crossed(10, 20)),
        ("50 × 20 shared", crossed(20, 50)),
        ("50 × 20 pool of 60", pooled(60, 50, 20, 1).unwrap()),
        ("50 × 20 one-off", pooled(1000, 50, 20, 1).unwrap()),
        ("50 × 20 unbalanced", thinned(20, 50, |rater, _| (rater + 1) as f64 / 20.0)),
        ("50 × 20 30 % missing", thinned(20, 50, |_, _| 0.7)),
        ("50 sentences, 3 raters", crossed(3, 50)),
        ("quitters 3 + 20", quitters(3, 20, 100, 5, 1).unwrap()),
        ("quitters 5 + 30", quitters(5, 30, 100, 5, 1).unwrap()),
        ("Zipf 1.5, 60", crowd(60, 200, 1000, 1.5, 1).unwrap()),
        ("Zipf 1.5, 100", crowd(100, 200, 1000, 1.5, 1).unwrap()),
        ("Zipf 2, 60", crowd(60, 300, 900, 2.0, 1).unwrap()),
        ("Zipf 2, 100", crowd(100, 300, 900, 2.0, 1).unwrap()),
        ("dropouts of 60", dropouts),
    ];
    println!("{n} studies: rejections of the truth in percent");
    let columns =
        ["counted heads", "Satterthwaite", "jackknife", "equivalent below", "above", "df", "± 95 %"];
    println!("{:24}{:16}{}", "", "", columns.map(|column| format!("{column:>18}")).concat());
    let mut table = Vec::new();
    for (name, design) in designs.into_iter().filter(|(name, _)| name.contains(part)) {
        let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
        let mut all: Vec<(&str, Rates)> = Vec::new();
        let mut effective = 0.0;
        for (answers, answer, truth) in answers() {
            let analyze = |heard: &[f64]| {
                let scores: Vec<f64> =
                    heard.iter().zip(&raters).map(|(heard, &rater)| answer(rater, heard / FINE)).collect();
                two_way(&scores, &raters, &items).ok()
            };
            let studies = fine(Components::default()).replicates(&design, SEED, n, analyze).unwrap();
            effective = studies.iter().flatten().next().map_or(effective, |study| study.effective_raters);
            all.push((answers, rates(studies, truth)));
        }
        all.push(("ceiling, two", differences_at_the_ceiling(&design, n)));
        for (answers, rates) in &all {
            let n = rates.n as f64;
            let [below, above] = rates.equivalent;
            println!(
                "{name:24}{answers:16}{:18.1}{:18.1}{:18.1}{:18.1}{:18.1}{:18.1}{:18.2}",
                rates.percent(rates.counted_heads),
                rates.percent(rates.satterthwaite),
                rates.percent(rates.jackknife),
                rates.percent(below),
                rates.percent(above),
                rates.degrees_of_freedom / n,
                rates.half_width / n
            );
        }
        let n_raters = raters.iter().collect::<std::collections::BTreeSet<_>>().len();
        let one_sided = |rates: &Rates| rates.percent(rates.equivalent[0].max(rates.equivalent[1]));
        let (single, [.., ceiling, two]) = (&all[..4], &all[..]) else { continue };
        let largest = |of: &dyn Fn(&Rates) -> f64, among: &[(&str, Rates)]| {
            among.iter().map(|(_, rates)| of(rates)).fold(0.0, f64::max)
        };
        let two_sided: Vec<String> =
            single.iter().map(|(_, rates)| format!("{:.1}", rates.percent(rates.jackknife))).collect();
        table.push(format!(
            "| {name} | {n_raters} | {effective:.1} | {:.1} | {} | {:.1} | {:.1} | {:.1} | {:.1} |",
            largest(&|rates| rates.percent(rates.counted_heads), single),
            two_sided.join(" | "),
            largest(&one_sided, &all[..3]),
            one_sided(&ceiling.1),
            two.1.percent(two.1.jackknife),
            one_sided(&two.1),
        ));
    }
    println!("\n{}", table.join("\n"));
}

/// Returns the true difference of a system, if it is not 0, by its index and the margin of its kind.
type Truth = fn(usize, f64) -> Option<f64>;

/// Prints the shares of studies in which any of several systems is judged wrongly: unadjusted, by Holm, and
/// simultaneously.
fn families(n: u64) {
    println!(
        "{n} studies of 50 sentences by 20 raters: any false conclusion, unadjusted, by Holm's p < 0.05, simultaneously"
    );
    let design = crossed(20, 50);
    let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
    let model = fine(Components::default());
    let margin = |system: usize| if system.is_multiple_of(2) { 0.4 } else { -0.4 };
    let truths: [(&str, Truth); 4] = [
        ("all equal", |_, _| None),
        ("all at the margin", |_, _| Some(-0.4)),
        ("at either margin", |_, margin| Some(margin)),
        ("mixed", |system, margin| (system % 3 == 0).then_some(margin)),
    ];
    for n_systems in [1, 2, 5, 12, 20] {
        for common in [0.0, 0.3, 0.9_f64] {
            let outcomes = model.replicates(&design, SEED, n, |shared| {
                // The common part is drawn by study, so that the systems' individual parts differ in each.
                let study = study_of(shared);
                let systems: Vec<_> = (0..n_systems)
                    .map(|system| {
                        let own = model.draw(&design, study, system).unwrap();
                        let scores: Vec<f64> = own
                            .iter()
                            .zip(shared)
                            .map(|(own, shared)| {
                                ((1.0 - common).sqrt() * own + common.sqrt() * shared) / FINE
                            })
                            .map(|heard| heard.round().clamp(-3.0, 3.0))
                            .collect();
                        let (mean, influence) = two_way_with_influence(&scores, &raters, &items).unwrap();
                        (mean.jackknifed().unwrap(), influence)
                    })
                    .collect();
                let influences: Vec<_> = systems.iter().map(|system| &system.1).collect();
                let family = simultaneous(&influences, 0.05).unwrap();
                let p_values: Vec<f64> = systems.iter().map(|system| system.0.t_test().p_value).collect();
                let by_holm = holm(&p_values).unwrap();
                truths.map(|(_, truth)| {
                    let errs = |difference: f64, equivalence: f64| {
                        systems.iter().enumerate().any(|(k, (mean, _))| match truth(k, margin(k / 3)) {
                            None => mean.t_test().p_value < difference,
                            Some(truth) => {
                                let moved = Clustered { estimate: mean.estimate + truth, ..*mean };
                                moved.tost(truth.abs(), equivalence).unwrap().equivalent
                            }
                        })
                    };
                    [
                        errs(0.05, 0.05),
                        by_holm.iter().enumerate().any(|(k, &p)| truth(k, 0.4).is_none() && p < 0.05),
                        errs(family.difference_alpha, family.equivalence_alpha),
                    ]
                })
            });
            let outcomes = outcomes.unwrap();
            for (place, (name, _)) in truths.iter().enumerate() {
                let share = |k: usize| {
                    100.0 * outcomes.iter().filter(|outcome| outcome[place][k]).count() as f64 / n as f64
                };
                println!(
                    "{n_systems:3} systems, {:3.0} % common, {name:20}{:7.1}{:7.1}{:7.1}",
                    100.0 * common,
                    share(0),
                    share(1),
                    share(2)
                );
            }
        }
    }
}
