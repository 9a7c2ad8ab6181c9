//! Draws a study of the size of a voice challenge, and judges it: 187 systems, 38 sentences each, 8 ratings of each clip by 304
//! raters, 56,848 in all. With a file, writes its ratings as CSV instead:
//! `cargo run --release -p mynah-listening --example large_study [-- RATINGS.csv]`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::error::Error;
use std::time::Instant;
use std::{env, fs};

use mynah_listening::{Analysis, FoundRating, FoundStudy, Origin, Paradigm, judge_found};
use mynah_stats::power::Components;
use mynah_stats::simulate::Model;

const SYSTEMS: usize = 187;
const SENTENCES: usize = 38;
const RATINGS: usize = 8;
const RATERS: usize = 304;

fn main() -> Result<(), Box<dyn Error>> {
    let ratings = draw()?;
    if let Some(path) = env::args().nth(1) {
        let row = |rating: &FoundRating| {
            let FoundRating { rater, item, system, score, .. } = rating;
            format!("{rater},{item},{system},{score}\n")
        };
        fs::write(
            path,
            "rater,item,system,score\n".to_owned() + &ratings.iter().map(row).collect::<String>(),
        )?;
        return Ok(());
    }
    let study = FoundStudy {
        name: "challenge".to_owned(),
        paradigm: Paradigm::Mos,
        reference: Some("system-000".to_owned()),
        human_reference: true,
        anchors: Vec::new(),
        analysis: Analysis::default(),
        repeats: false,
        score_sign: None,
    };
    let start = Instant::now();
    let verdict = judge_found(&study, &ratings)?;
    println!(
        "{} ratings of {} systems: {:.1} s",
        ratings.len(),
        verdict.systems.len(),
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Draws ratings: each rater judges one clip of each system, and each system has sentences of its own.
fn draw() -> Result<Vec<FoundRating>, Box<dyn Error>> {
    let mut ratings = Vec::with_capacity(SYSTEMS * SENTENCES * RATINGS);
    for system in 0..SYSTEMS {
        let design: Vec<(usize, usize)> = (0..SENTENCES * RATINGS)
            .map(|index| ((index * 7 + system * 11) % RATERS, index % SENTENCES))
            .collect();
        let mean = 4.5 - 3.0 * system as f64 / SYSTEMS as f64;
        let model = Model { mean, components: Components::default(), lowest: 1, highest: 5 };
        for ((rater, sentence), score) in design.iter().zip(model.draw(&design, 1, system as u64)?) {
            ratings.push(FoundRating {
                rater: format!("rater-{rater:03}"),
                item: format!("system-{system:03}-{sentence:02}"),
                system: format!("system-{system:03}"),
                score,
                first: None,
                origin: Origin::Simulated,
                source_file: "challenge.csv".to_owned(),
                source_row: ratings.len() as u64 + 1,
            });
        }
    }
    Ok(ratings)
}
