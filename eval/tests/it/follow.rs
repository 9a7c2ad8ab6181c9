//! `mynah-summarize follow`, and `report` with scores of other tools.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::Place;

/// Writes the scores of checkpoints as `mynah-score` does, one table each, around the given levels.
fn with_checkpoints(levels: &[f64]) -> (Place, String) {
    let place = Place::new();
    let mut arguments = String::new();
    for (index, level) in levels.iter().enumerate() {
        let step = 1000 * (index + 1);
        let mut csv = "system,step,item,metric,profile,unit,status,value,reason,frames\n".to_owned();
        for item in 0..40 {
            let value = level + 0.02 * ((item * 7 + index * 5) % 11) as f64;
            let _ = writeln!(csv, "step-{step},{step},LJ{item:03},mcd,mcd/sp2mc-2,dB,ok,{value},,");
        }
        place.write(&format!("step-{step}.csv"), csv);
        let _ = write!(arguments, " --scores step-{step}.csv");
    }
    (place, arguments)
}

#[test]
fn says_that_a_run_is_flat_and_keeps_saying_it() {
    let (place, scores) = with_checkpoints(&[7.0, 6.0, 5.0, 5.0, 5.0, 4.0]);
    let follow = "follow --metric mcd/sp2mc-2 --margin 0.1 --last 2 --require-flat --out follow.json";
    let first_three = scores.split(" --scores").take(4).collect::<Vec<_>>().join(" --scores");
    let going = place.summarize(&format!("{follow}{first_three}")).exits_with(1);
    assert!(
        going.stdout.contains("Best by mcd/sp2mc-2: step-3000, by more than chance."),
        "{}",
        going.stdout
    );
    assert!(
        going.stdout.contains("Not flat: step-3000 may be better than step-1000 by as much as 2."),
        "{}",
        going.stdout
    );
    // Checkpoint 6000 improves again, after the run was found flat.
    let flat = place.summarize(&format!("{follow}{scores}")).exits_with(0);
    let words =
        "Flat since step 5000: none of the last 2 checkpoints is better than step-3000 by 0.1 dB (look 3";
    assert!(flat.stdout.contains(words), "{}", flat.stdout);
    let again = "At the last look it is not. Not flat: step-6000 may be better than step-4000 by as much as";
    assert!(flat.stdout.contains(again), "{}", flat.stdout);
    assert!(flat.stdout.contains("Best by mcd/sp2mc-2: step-6000, by more than chance."), "{}", flat.stdout);
    let json: Value = serde_json::from_str(&place.read("follow.json")).unwrap();
    let is_flat: Vec<bool> =
        json["looks"].as_array().unwrap().iter().map(|look| look["is_flat"].as_bool().unwrap()).collect();
    assert_eq!(is_flat, [false, false, true, false]);
    assert_eq!(json["best"]["value"]["best"], "step-6000");
}

#[test]
fn explains_what_cannot_be_followed() {
    let (place, scores) = with_checkpoints(&[7.0, 6.0]);
    let follow = format!("follow{scores} --margin 0.1");
    place
        .summarize(&format!("{follow} --metric wer"))
        .exits_with(2)
        .says("the scores have no metric `wer`, only mcd/sp2mc-2")
        .says("give the scores of the checkpoints of one run");
    place
        .summarize(&format!("{follow} --metric mcd/sp2mc-2 --last 0"))
        .exits_with(2)
        .says("expected at least 1");
    place
        .summarize(&format!("{follow} --metric mcd/sp2mc-2 --scores none.csv"))
        .exits_with(2)
        .says("failed to read scores `none.csv`");
}

/// Returns a table of predicted opinions as other tools write it.
fn opinions(level: f64) -> String {
    let row = |item: usize| {
        let wobble = 0.02 * ((item * 7 + (level * 10.0) as usize) % 11) as f64;
        format!("{{\"file_path\": \"wavs/utt{item:02}.wav\", \"utmos\": {}}}\n", level + wobble)
    };
    (0..30).map(row).collect()
}

#[test]
fn ranks_metrics_of_other_tools_once_their_direction_is_known() {
    let place = Place::new();
    place.write("old.jsonl", opinions(3.5));
    place.write("new.jsonl", opinions(4.0));
    place.summarize("gate init --scores new.jsonl --out gate.toml").exits_with(0);
    let tables = "--foreign old=old.jsonl --foreign new=new.jsonl";
    place
        .summarize(&format!("report {tables} --foreign-metrics gate.toml --no-baselines --out REPORT"))
        .exits_with(0)
        .says("a row for each utterance");
    let json: Value = serde_json::from_str(&place.read("REPORT/report.json")).unwrap();
    let ranking = &json["checkpoints"]["rankings"][0];
    assert_eq!((&ranking["better"], &ranking["profile"]), (&"higher".into(), &"utmos".into()));
    assert_eq!(ranking["outcome"]["value"]["best"], "new");
    let mean = json["metrics"][0]["systems"][1]["mean"]["value"].as_f64().unwrap();
    assert!((4.0..4.2).contains(&mean), "{mean}");
    // With the direction turned, the other one is best.
    place.write("turned.toml", place.read("gate.toml").replace("\"higher\"", "\"lower\""));
    place
        .summarize(&format!("report {tables} --foreign-metrics turned.toml --no-baselines --out TURNED"))
        .exits_with(0);
    let json: Value = serde_json::from_str(&place.read("TURNED/report.json")).unwrap();
    assert_eq!(json["checkpoints"]["rankings"][0]["outcome"]["value"]["best"], "old");
}

#[test]
fn explains_what_is_missing_in_scores_of_other_tools() {
    let place = Place::new();
    place.write("old.jsonl", opinions(3.5));
    place.write(
        "gate.toml",
        "[[metric]]\nname = \"wer\"\nkind = \"mean\"\nbetter = \"lower\"\nmargin = 0.1\n",
    );
    place
        .summarize("report --foreign old=old.jsonl --foreign-metrics gate.toml --out REPORT")
        .exits_with(2)
        .says("the scores of `old` have no `wer`, which `wer` needs in `gate.toml`")
        .says("mynah-summarize gate init");
    place.summarize("report --foreign old=old.jsonl --out REPORT").exits_with(2).says("--foreign-metrics");
}
