//! Rates at which preferences between equal systems are found.

use mynah_stats::power::Components;
use mynah_stats::preference::{Comparison, Evidence, bradley_terry, test_pairs};
use mynah_stats::simulate::{Preferences, crossed, crowd, pooled, quitters};
use rayon::prelude::*;

/// A way in which raters answer: its name, the advantage of the first clip, and the smallest preferred difference.
const ANSWERS: [(&str, f64, f64); 4] =
    [("plain", 0.0, 0.0), ("ties", 0.0, 0.5), ("order", 1.0, 0.0), ("ties and order", 1.0, 0.5)];
const NUMBERS: [usize; 3] = [2, 5, 12];

/// Outcome of a study.
#[derive(Default, Clone, Copy)]
struct Study {
    /// First pair by clustered errors with counted heads: rejected.
    counted_heads: bool,
    /// First pair by leave-one-out errors: rejected; None without a result.
    jackknife: Option<bool>,
    /// Any pair found different.
    family: bool,
    /// Pairs without a difference.
    n_missing: usize,
}

/// Prints the rates for designs whose names contain a part, for one number of systems or all.
pub(crate) fn preferences(n: u64, part: &str, only: Option<usize>) {
    let designs = [
        ("10 × 5 shared", crossed(5, 10)),
        ("20 × 10 shared", crossed(10, 20)),
        ("50 sentences, 3 raters", crossed(3, 50)),
        ("50 × 20 shared", crossed(20, 50)),
        ("50 × 20 pool of 60", pooled(60, 50, 20, 1).unwrap()),
        ("quitters 3 + 20", quitters(3, 20, 100, 5, 1).unwrap()),
        ("quitters 5 + 30", quitters(5, 30, 100, 5, 1).unwrap()),
        ("Zipf 1.5, 60", crowd(60, 200, 1000, 1.5, 1).unwrap()),
        ("Zipf 1.5, 100", crowd(100, 200, 1000, 1.5, 1).unwrap()),
    ];
    println!("{n} studies of equal systems: preferences found, in percent");
    println!(
        "| design | systems | answers | counted heads, one pair | leave-one-out, one pair | any pair | pairs without a difference |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, design) in designs.iter().filter(|(name, _)| name.contains(part)) {
        for n_systems in NUMBERS.into_iter().filter(|number| only.is_none_or(|only| only == *number)) {
            for (answers, order, indifference) in ANSWERS {
                let model = Preferences {
                    strengths: vec![0.0; n_systems],
                    order,
                    indifference,
                    components: Components::default(),
                };
                let studies: Vec<Study> = (0..n)
                    .into_par_iter()
                    .map(|study| analyze(&model.draw(design, super::SEED, study).unwrap()))
                    .collect();
                let percent =
                    |of: &dyn Fn(&Study) -> f64| 100.0 * studies.iter().map(of).sum::<f64>() / n as f64;
                let rate = |value: bool| f64::from(u8::from(value));
                let n_pairs = (n_systems * (n_systems - 1) / 2) as f64;
                println!(
                    "| {name} | {n_systems} | {answers} | {:.1} | {:.1} | {:.1} | {:.1} |",
                    percent(&|study| rate(study.counted_heads)),
                    percent(&|study| rate(study.jackknife == Some(true))),
                    percent(&|study| rate(study.family)),
                    percent(&|study| study.n_missing as f64 / n_pairs),
                );
            }
        }
    }
}

fn analyze(comparisons: &[Comparison]) -> Study {
    let tests = test_pairs(comparisons, 0.05).unwrap();
    let difference = |test: &mynah_stats::preference::PairTest| match &test.evidence {
        Ok(Evidence::Difference { difference, .. }) => Some(*difference),
        _ => None,
    };
    let plain = bradley_terry(comparisons, true).and_then(|model| model.difference(0, 1));
    Study {
        counted_heads: plain.is_ok_and(|plain| plain.t_test().p_value < 0.05),
        jackknife: tests.pairs.first().and_then(difference).map(|one| one.t_test().p_value < 0.05),
        family: tests.pairs.iter().any(|test| test.preferred(0.05).is_some()),
        n_missing: tests.pairs.iter().filter(|test| difference(test).is_none()).count(),
    }
}
