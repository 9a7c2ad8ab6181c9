//! Run times of the repeated or fitted statistics, compared with numpy and statsmodels if Python is available.
//!
//! `cargo bench -p mynah-stats --bench ratios [-- --python PROGRAM]`, on the ratings of a test of 50 sentences by a
//! pool of 60 people, 20 per sentence. Each figure is the shortest wall-clock time of several runs; the bootstrap uses
//! all processors. With `--python`, `peers_speed.py` (numpy, statsmodels) runs the same analyses on the same ratings,
//! and the last column is the ratio of its time to ours.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for the terminal")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use mynah_stats::bootstrap::{BootstrapConfig, crossed_mean};
use mynah_stats::clustered::two_way;
use mynah_stats::mixed::mixed_model;
use mynah_stats::ordinal::{OrdinalConfig, Thresholds, ordinal_model};
use mynah_stats::power::Components;
use mynah_stats::simulate::{Model, pooled};
use mynah_stats::wilcoxon::{SignedRankConfig, signed_rank};

type Work<'a> = Box<dyn Fn() + 'a>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let python = arguments.iter().position(|argument| argument == "--python").map(|at| &arguments[at + 1]);

    let design = pooled(60, 50, 20, 1).unwrap();
    let model = Model { mean: 0.1, components: Components::default(), lowest: -3, highest: 3 };
    let scores = model.draw(&design, 7, 0).unwrap();
    let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
    let config = BootstrapConfig::default();
    let symmetric = OrdinalConfig { thresholds: Thresholds::Symmetric, ..OrdinalConfig::default() };
    let steps: [(&str, u32, Work<'_>); 6] = [
        (
            "signed rank",
            50,
            Box::new(|| drop(black_box(signed_rank(black_box(&scores), &SignedRankConfig::default())))),
        ),
        ("two-way clustered", 50, Box::new(|| drop(black_box(two_way(black_box(&scores), &raters, &items))))),
        (
            "crossed bootstrap, 10,000",
            5,
            Box::new(|| drop(black_box(crossed_mean(&scores, &raters, &items, &config)))),
        ),
        ("linear mixed model", 5, Box::new(|| drop(black_box(mixed_model(&scores, &raters, &items, &[]))))),
        (
            "ordinal mixed model",
            3,
            Box::new(|| {
                drop(black_box(ordinal_model(&scores, &raters, &items, &[], &OrdinalConfig::default())));
            }),
        ),
        (
            "the same, symmetric",
            3,
            Box::new(|| drop(black_box(ordinal_model(&scores, &raters, &items, &[], &symmetric)))),
        ),
    ];
    let peers = python.map(|program| ask_peers(program, &scores, &raters, &items)).unwrap_or_default();
    println!("{:28}{:>14}{:>14}{:>10}", "1,000 ratings", "ours, ms", "Python, ms", "times");
    for (name, rounds, work) in steps {
        let ours = milliseconds(shortest(rounds, &*work));
        match peers.get(name) {
            Some(theirs) => println!("{name:28}{ours:14.3}{theirs:14.3}{:10.1}", theirs / ours),
            None => println!("{name:28}{ours:14.3}{:>14}{:>10}", "-", "-"),
        }
    }
}

fn shortest(rounds: u32, work: &dyn Fn()) -> Duration {
    let run = |_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    };
    (0..rounds).map(run).min().unwrap()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Returns milliseconds by the name of the step, as printed by the Python program.
fn ask_peers(program: &str, scores: &[f64], raters: &[usize], items: &[usize]) -> BTreeMap<String, f64> {
    let table = std::env::temp_dir().join(format!("mynah-stats-ratings-{}.csv", std::process::id()));
    let rows = scores.iter().zip(raters).zip(items).map(|((s, r), i)| format!("{s},{r},{i}\n"));
    std::fs::write(&table, format!("score,rater,item\n{}", rows.collect::<String>())).unwrap();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/peers_speed.py");
    let output = Command::new(program).arg(script).arg(&table).output().unwrap();
    std::fs::remove_file(&table).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let pair =
        |line: &str| line.split_once('\t').map(|(name, time)| (name.to_owned(), time.parse().unwrap()));
    text.lines().filter_map(pair).collect()
}
