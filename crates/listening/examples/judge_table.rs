//! Judges ratings from another tool, CSV with the columns `rater,item,system,score` (CMOS against recordings):
//! `cargo run -p mynah-listening --example judge_table -- RATINGS.csv`

#![expect(clippy::print_stdout, reason = "the example's purpose")]

use std::{env, error::Error, iter};

use mynah_listening::{Analysis, FoundRating, FoundStudy, Origin, Paradigm, judge_found};

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args().nth(1).ok_or("usage: judge_table RATINGS")?;
    let mut ratings = Vec::new();
    for (row, source_row) in iter::zip(csv::Reader::from_path(&file)?.deserialize(), 1..) {
        let (rater, item, system, score) = row?;
        let (first, origin, source_file) = (None, Origin::Human, file.clone());
        ratings.push(FoundRating { rater, item, system, score, first, origin, source_file, source_row });
    }
    let (name, paradigm, reference) = ("votes".to_owned(), Paradigm::Cmos, Some("recordings".to_owned()));
    let (anchors, analysis) = (Vec::new(), Analysis::default());
    let (human_reference, repeats, score_sign) = (true, false, None);
    let study =
        FoundStudy { name, paradigm, reference, human_reference, anchors, analysis, repeats, score_sign };
    for system in judge_found(&study, &ratings)?.systems {
        println!("{}", system.words);
    }
    Ok(())
}
