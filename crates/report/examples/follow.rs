//! Draws training runs and prints how often `follow` calls them flat:
//! `cargo run --release -p mynah-report --example follow -- RUNS`.
//!
//! Forty checkpoints of one run are scored on the same sentences: a difficulty of each sentence, a level of each checkpoint
//! and noise, whose standard deviation is three times the margin.

use std::error::Error;
use std::io::{self, Write as _};

use mynah_metrics::{Score, Status};
use mynah_report::comparison::{Better, FollowSettings, MetricNote, follow};
use mynah_stats::power::Components;
use mynah_stats::simulate::Model;

const CHECKPOINTS: usize = 40;
const MARGIN: f64 = 0.1;
const NOISE: f64 = 0.3;
const PROFILE: &str = "mcd/sp2mc-2";

fn main() -> Result<(), Box<dyn Error>> {
    let n_runs: u64 = std::env::args().nth(1).map_or(Ok(400), |text| text.parse())?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "| sentences | last | planned | improving: ever flat | flat run: found flat | after checkpoints, median |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for n_items in [20, 50, 200] {
        for last in [2, 5] {
            for planned in [None, Some(CHECKPOINTS)] {
                let settings =
                    FollowSettings { profile: PROFILE.into(), margin: MARGIN, last, alpha: 0.05, planned };
                // Each checkpoint is a little more than the margin better than the one before the last.
                let improving = 1.01 * MARGIN / last as f64;
                let (mut n_wrong, mut found) = (0, Vec::new());
                for seed in 0..n_runs {
                    n_wrong += usize::from(first_flat(&settings, n_items, improving, seed)?.is_some());
                    found.extend(first_flat(&settings, n_items, 0.0, seed + n_runs)?);
                }
                found.sort_unstable();
                let percent = |n: usize| 100.0 * n as f64 / n_runs as f64;
                writeln!(
                    out,
                    "| {n_items} | {last} | {} | {:.1} % | {:.1} % | {} |",
                    planned.map_or("no".to_owned(), |planned| planned.to_string()),
                    percent(n_wrong),
                    percent(found.len()),
                    found.get(found.len() / 2).map_or("–".to_owned(), ToString::to_string),
                )?;
            }
        }
    }
    Ok(())
}

/// Draws a run that improves by `slope` a checkpoint, and returns the number of checkpoints after which it is found flat.
fn first_flat(
    settings: &FollowSettings,
    n_items: usize,
    slope: f64,
    seed: u64,
) -> Result<Option<usize>, Box<dyn Error>> {
    // Whole numbers from a wide scale, so that rounding does not matter.
    const SCALE: f64 = 1e4;
    let design: Vec<(usize, usize)> =
        (0..CHECKPOINTS).flat_map(|checkpoint| (0..n_items).map(move |item| (checkpoint, item))).collect();
    let components = Components { rater_sd: 0.0, item_sd: SCALE, residual_sd: SCALE * NOISE };
    let model = Model { mean: 0.0, components, lowest: i32::MIN, highest: i32::MAX };
    let noise = model.draw(&design, 1, seed)?;
    let scores: Vec<Score> = design
        .iter()
        .zip(noise)
        .map(|(&(checkpoint, item), noise)| Score {
            system: format!("voice-{}", checkpoint + 1),
            step: Some(checkpoint as u64 + 1),
            item: format!("{item:03}"),
            metric: "mcd".into(),
            profile: PROFILE.into(),
            unit: "dB".into(),
            status: Status::Ok,
            value: Some(50.0 - slope * checkpoint as f64 + noise / SCALE),
            reason: None,
            frames: None,
            better: None,
        })
        .collect();
    let note = MetricNote {
        profile: PROFILE.into(),
        explanation: String::new(),
        better: Some(Better::Near(0.0)),
        pooled: false,
    };
    let following = follow(&scores, &[note], settings)?;
    Ok(following.first_flat().map(|look| look.step as usize))
}
