//! How often each analysis finds a difference that is not there, over the designs of listening tests.
//!
//! `cargo run --release -p mynah-stats --example calibration [-- REPLICATES [PART OF A DESIGN]]`
//!
//! What `tests/calibration.rs` holds with fewer replicates. In brackets, in how many studies an analysis gave no result.
//! The ordinal model is fitted to one study in ten, since that takes most of the time.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal")]

use mynah_stats::bootstrap::{BootstrapConfig, crossed_mean};
use mynah_stats::clustered::two_way;
use mynah_stats::mixed::mixed_model;
use mynah_stats::ordinal::{Link, OrdinalConfig, Thresholds, ordinal_model};
use mynah_stats::power::Components;
use mynah_stats::simulate::{Model, crossed, pooled};
use mynah_stats::wilcoxon::{SignedRankConfig, signed_rank};
use mynah_stats::{crowdmos, mean_interval};

/// The rater and the item of each judgement.
type Design = Vec<(usize, usize)>;

const SEED: u64 = 20_220_409;
const NAMES: [&str; 10] = [
    "Wilcoxon raw",
    "Wilcoxon items",
    "naive",
    "t items",
    "CrowdMOS",
    "clustered",
    "Satterthw.",
    "boot t",
    "boot %",
    "mixed",
];

const SYMMETRIC: OrdinalConfig = OrdinalConfig { link: Link::Probit, thresholds: Thresholds::Symmetric };

fn main() {
    let mut arguments = std::env::args().skip(1);
    let n: u64 = arguments.next().map_or(400, |n| n.parse().unwrap());
    let part = arguments.next().unwrap_or_default();
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
        let outcomes = model.replicates(&design, SEED, n, |scores| analyse(scores, &raters, &items)).unwrap();
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

/// Whether each analysis rejects; None where it says that it cannot tell.
fn analyse(scores: &[f64], raters: &[usize], items: &[usize]) -> [Option<bool>; NAMES.len()] {
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
        boot.as_ref().map(|mean| outside(mean.interval(0.95).unwrap())),
        boot.as_ref().map(|mean| outside(mean.percentile_interval(0.95).unwrap())),
        mixed_model(scores, raters, items, &[]).ok().map(|fit| fit.coefficients[0].t_test().p_value < 0.05),
    ]
}

/// The crossed design of which each cell is kept with its probability, by a fixed sequence.
fn thinned(n_raters: usize, n_items: usize, keep: impl Fn(usize, usize) -> f64) -> Design {
    let kept = |&(rater, item): &(usize, usize)| {
        // The golden ratio's multiples fill the interval evenly.
        let place =
            ((rater * 50_021 + item * 31_607 + rater * item * 7) as f64 * 0.618_033_988_749_894_9).fract();
        place < keep(rater, item)
    };
    crossed(n_raters, n_items).into_iter().filter(kept).collect()
}
