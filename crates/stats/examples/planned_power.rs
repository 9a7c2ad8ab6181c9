//! Power as planned, and as reached in simulated studies that are analyzed as a verdict does.
//!
//! `cargo run --release -p mynah-stats --example planned_power [-- REPLICATES]`
//!
//! For each size, the smallest margin and the detectable difference of [`power`] are put to the test: the shares of studies
//! that show equivalence, non-inferiority within that margin, and a difference. Planned is the probability by
//! [`probability_of`].
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal")]

use mynah_stats::clustered::{Clustered, two_way};
use mynah_stats::planning::{Goal, probability_of};
use mynah_stats::power::{Components, Size, power};
use mynah_stats::simulate::{Model, pooled};

const SEED: u64 = 20_220_409;
const ALPHA: f64 = 0.05;
const POWER: f64 = 0.8;

fn main() {
    let n: u64 = std::env::args().nth(1).map_or(2000, |n| n.parse().unwrap());
    let components = Components::default();
    println!(
        "| sentences × ratings, raters | margin | equivalent: planned | reached | non-inferior: planned | reached | difference | found: planned | reached | df planned | df |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for (items, ratings_per_item, raters) in [
        (10, 5, 5),
        (10, 5, 15),
        (20, 10, 10),
        (20, 10, 20),
        (50, 20, 20),
        (50, 20, 60),
        (100, 20, 100),
        (200, 20, 200),
    ] {
        let size = Size { items, ratings_per_item, raters };
        let planned = power(&components, &size, ALPHA, POWER).unwrap();
        let design = pooled(raters as usize, items as usize, ratings_per_item as usize, 1).unwrap();
        let (of_raters, of_items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
        // A scale without ends.
        let studies = |mean: f64| {
            let model = Model { mean, components, lowest: -100, highest: 100 };
            let analyze =
                |scores: &[f64]| two_way(scores, &of_raters, &of_items).unwrap().jackknifed().unwrap();
            model.replicates(&design, SEED, n, analyze).unwrap()
        };
        let share = |studies: &[Clustered], is_reached: &dyn Fn(&Clustered) -> bool| {
            100.0 * studies.iter().filter(|study| is_reached(study)).count() as f64 / n as f64
        };
        let of =
            |goal, difference| 100.0 * probability_of(goal, difference, &components, &size, ALPHA).unwrap();
        let (margin, difference) = (planned.smallest_margin, planned.detectable_difference);
        let (equal, worse) = (studies(0.0), studies(-difference));
        let tost = |study: &Clustered| study.tost(margin, ALPHA).unwrap();
        println!(
            "| {items} × {ratings_per_item}, {raters} | {margin:.2} | {:.1} | {:.1} | {:.1} | {:.1} | {difference:.2} | {:.1} | {:.1} | {:.1} | {:.1} |",
            of(Goal::Equivalence { margin }, 0.0),
            share(&equal, &|study| tost(study).equivalent),
            of(Goal::NonInferiority { margin }, 0.0),
            share(&equal, &|study| tost(study).interval.low > -margin),
            of(Goal::Difference, -difference),
            share(&worse, &|study| study.t_test().p_value < ALPHA),
            planned.degrees_of_freedom,
            equal.iter().map(|study| study.degrees_of_freedom).sum::<f64>() / n as f64,
        );
    }
}
