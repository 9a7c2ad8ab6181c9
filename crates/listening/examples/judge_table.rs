//! Judges ratings from another tool, CSV with the columns `rater,item,system,score` (CMOS against recordings):
//! `cargo run -p mynah-listening --example judge_table -- RATINGS.csv`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::error::Error;
use std::{env, iter};

use mynah_listening::{Analysis, FoundRating, FoundStudy, Origin, Paradigm, judge_found};

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).ok_or("usage: judge_table RATINGS")?;
    let mut ratings = Vec::new();
    for (row, source_row) in iter::zip(csv::Reader::from_path(&file)?.deserialize(), 1..) {
        let (rater, item, system, score) = row?;
        let (first, origin, source_file) = (None, Origin::Human, file.clone());
        ratings.push(FoundRating { rater, item, system, score, first, origin, source_file, source_row });
    }
    let study = FoundStudy {
        name: "votes".to_owned(),
        paradigm: Paradigm::Cmos,
        reference: Some("recordings".to_owned()),
        human_reference: true,
        anchors: Vec::new(),
        analysis: Analysis::default(),
        repeats: false,
        score_sign: None,
    };
    for system in judge_found(&study, &ratings)?.systems {
        println!("{}", system.words);
    }
    Ok(())
}
