//! `mynah-summarize gate`: init, check, keep, plan and history on tables of several tools.

use serde_json::Value;

use crate::support::Place;

/// Draws a number between 0 and 1 that looks random: the mixing function of `SplitMix64`.
fn noise(seed: usize, item: usize) -> f64 {
    let mut bits = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(item as u64 + 1);
    for factor in [0xbf58_476d_1ce4_e5b9_u64, 0x94d0_49bb_1331_11eb] {
        bits = (bits ^ (bits >> 30)).wrapping_mul(factor);
    }
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Writes a run as VERSA does: Python's spelling, and one utterance whose SDR is infinite.
fn versa(seed: usize, n_items: usize, errors: f64, mos: f64) -> String {
    let line = |item: usize| {
        let words = 6 + item % 9;
        let wrong = usize::from(noise(seed, item) < errors * 8.0);
        let score = mos + 0.5 * noise(0, item) + 0.1 * noise(seed + 50, item);
        let sdr = if item == 0 { "inf" } else { "12.5" };
        format!(
            "{{'key': 'utt{item:03}', 'utmos': {score:.4}, 'sdr': {sdr}, 'ref_text': \"it's finance\", \
             'whisper_wer_delete': 0, 'whisper_wer_insert': 0, 'whisper_wer_replace': {wrong}, \
             'whisper_wer_equal': {}}}",
            words - wrong
        )
    };
    (0..n_items).map(line).collect::<Vec<_>>().join("\n") + "\n"
}

fn with_runs(candidate_errors: f64, candidate_mos: f64) -> Place {
    let place = Place::new();
    for seed in 1..=3 {
        place.write(&format!("old{seed}.txt"), versa(seed, 200, 0.02, 4.0));
        place.write(&format!("new{seed}.txt"), versa(seed + 10, 200, candidate_errors, candidate_mos));
    }
    place.write(
        "gate.toml",
        "[[metric]]\nname = \"wer\"\nkind = \"rate\"\n\
         columns = [\"whisper_wer_delete\", \"whisper_wer_insert\", \"whisper_wer_replace\"]\n\
         totals = [\"whisper_wer_delete\", \"whisper_wer_replace\", \"whisper_wer_equal\"]\n\
         better = \"lower\"\nmargin = 0.02\n\
         [[metric]]\nname = \"utmos\"\nkind = \"mean\"\nbetter = \"higher\"\nmargin = 0.1\nunit = \"points\"\n",
    );
    place
}

const OLD: &str = "--baseline old1.txt --baseline old2.txt --baseline old3.txt";
const NEW: &str = "--candidate new1.txt --candidate new2.txt --candidate new3.txt";

#[test]
fn passes_an_equal_candidate_and_writes_every_file() {
    let place = with_runs(0.02, 4.0);
    let check = format!("gate check --gate gate.toml {OLD} {NEW} --out out --label abc123");
    let outcome = place.summarize(&check).exits_with(0);
    assert!(outcome.stdout.starts_with("pass: wer: "), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("gate: pass\n"), "{}", outcome.stdout);
    let json: Value = serde_json::from_str(&place.read("out/gate.json")).unwrap();
    assert_eq!((&json["word"], &json["label"]), (&Value::from("pass"), &Value::from("abc123")));
    assert_eq!(json["judgments"][0]["run_basis"], "both");
    assert_eq!(json["judgments"][0]["coverage"]["n_compared"], 200);
    let page = place.read("out/gate.md");
    assert!(page.starts_with("## Quality gate of abc123: pass\n"), "{page}");
    assert!(page.contains("| **pass** | utmos | 4."), "{page}");
    assert!(page.contains("3 runs of the baseline, 3 runs of the candidate"), "{page}");
    let junit = place.read("out/junit.xml");
    assert!(junit.contains("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"0\""), "{junit}");
    // The same tables give the same bytes.
    let first = place.files("out");
    place.summarize(&check).exits_with(0);
    assert_eq!(place.files("out"), first);
}

#[test]
fn fails_a_worse_candidate_with_status_1() {
    let place = with_runs(0.02, 3.6);
    let outcome =
        place.summarize(&format!("gate check --gate gate.toml {OLD} {NEW} --out out")).exits_with(1);
    assert!(outcome.stdout.contains("fail: utmos: "), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("gate: fail\n"), "{}", outcome.stdout);
    assert!(place.read("out/junit.xml").contains("<failure message="));
}

#[test]
fn cannot_tell_with_status_3() {
    let place = with_runs(0.02, 3.9);
    let outcome = place.summarize(&format!("gate check --gate gate.toml {OLD} {NEW}")).exits_with(3);
    assert!(outcome.stdout.contains("inconclusive: utmos: "), "{}", outcome.stdout);
    let one = "gate check --gate gate.toml --baseline old1.txt --candidate new1.txt";
    let outcome = place.summarize(one).exits_with(3);
    assert!(outcome.stdout.contains("One run of each"), "{}", outcome.stdout);
}

#[test]
fn a_run_that_wrote_nothing_fails() {
    let place = with_runs(0.02, 4.0);
    place.write("new3.txt", "");
    let outcome =
        place.summarize(&format!("gate check --gate gate.toml {OLD} {NEW} --out out")).exits_with(1);
    assert!(outcome.stdout.contains("a run without values has failed"), "{}", outcome.stdout);
    // An utterance that the tool left out counts as failed: all its words are wrong.
    let text = versa(13, 200, 0.02, 4.0);
    place.write("new3.txt", text.lines().skip(1).collect::<Vec<_>>().join("\n") + "\n");
    let outcome = place.summarize(&format!("gate check --gate gate.toml {OLD} {NEW} --out out"));
    assert_eq!(outcome.code, 3, "{}", outcome.stdout);
    assert!(
        outcome.stdout.contains("inconclusive: utmos: failures: The candidate has no value 1 times"),
        "{}",
        outcome.stdout
    );
    assert!(place.read("out/gate.md").contains("utt000 in new3.txt: the utterance is missing"));
}

#[test]
fn a_kept_baseline_gives_the_same_verdict() {
    let place = with_runs(0.02, 4.0);
    let scores = OLD.replace("--baseline", "--scores");
    for extension in ["csv", "jsonl", "parquet"] {
        place.summarize(&format!("gate keep --gate gate.toml {scores} --out kept.{extension}")).exits_with(0);
        let check = |baseline: &str, out: &str| {
            let check = format!("gate check --gate gate.toml {baseline} {NEW} --out {out}");
            place.summarize(&check).exits_with(0).stdout
        };
        assert_eq!(check(&format!("--baseline kept.{extension}"), "kept"), check(OLD, "direct"));
    }
    // Another baseline replaces it only on purpose.
    let other = "gate keep --gate gate.toml --scores new1.txt --out kept.csv";
    place.summarize(other).exits_with(2).says("--force");
    place.summarize(&format!("{other} --force")).exits_with(0);
}

#[test]
fn init_writes_a_gate_that_check_accepts() {
    let place = with_runs(0.02, 4.0);
    let outcome = place.summarize("gate init --scores old1.txt --out first.toml").exits_with(0);
    let outcome = outcome.says("read `old1.txt`: VERSA, a row for each utterance");
    outcome.says("`whisper_wer`: pooled rate, lower is better, margin 0.01");
    assert!(place.read("first.toml").contains("totals = [\"whisper_wer_delete\""));
    let outcome = place.summarize(&format!("gate check --gate first.toml {OLD} {NEW}"));
    assert!(outcome.stdout.contains("whisper_wer: ") && outcome.stderr.is_empty(), "{}", outcome.stderr);
    place.summarize("gate init --scores old1.txt --out first.toml").exits_with(0);
    place
        .summarize("gate init --scores old1.txt,new1.txt --out other.toml")
        .exits_with(2)
        .says("in two tables");
    place.write("strange.csv", "utt,mystery\na,1\n");
    let outcome = place.summarize("gate init --scores strange.csv --out other.toml").exits_with(2);
    outcome.says("no column is a known metric, found `mystery`").says("what to do");
}

#[test]
fn reads_our_own_scores_by_system() {
    let place = Place::new();
    let score = "run --reference recordings --system quiet=quiet --system cut=cut --out scores.csv";
    place.score(score).exits_with(0);
    place.summarize("gate init --scores scores.csv --out gate.toml").exits_with(2).says("several systems");
    place.summarize("gate init --scores scores.csv --system quiet --out gate.toml").exits_with(0);
    let tables = "--baseline scores.csv --candidate scores.csv --baseline-system quiet";
    let check = format!("gate check --gate gate.toml {tables} --candidate-system");
    place.summarize(&format!("{check} quiet")).exits_with(0);
    let outcome = place.summarize(&format!("{check} cut"));
    assert!(outcome.code == 1 || outcome.code == 3, "{}", outcome.stdout);
}

#[test]
fn scores_of_whole_runs_need_repeated_runs() {
    let place = Place::new();
    let run =
        |score: f64| format!("benchmark_name,benchmark_category,dataset,score\nmpm,prosody,v,{score}\n");
    for (name, score) in [("a", 90.0), ("b", 90.4), ("c", 89.8), ("d", 90.1), ("e", 90.2), ("f", 89.9)] {
        place.write(&format!("{name}.csv"), run(score));
    }
    place.summarize("gate init --scores a.csv --out gate.toml").exits_with(0);
    let check =
        "gate check --gate gate.toml --baseline a.csv --baseline b.csv --baseline c.csv --candidate d.csv";
    place.summarize(&format!("{check} --candidate e.csv --candidate f.csv")).exits_with(0);
    place.summarize("gate check --gate gate.toml --baseline a.csv --candidate d.csv").exits_with(3);
}

#[test]
fn a_plan_says_how_many_utterances_and_runs_it_takes() {
    let place = with_runs(0.02, 4.0);
    let outcome = place.summarize(&format!("gate plan --gate gate.toml {OLD} {NEW}")).exits_with(0);
    assert!(
        outcome.stdout.contains("| utterances | 1 run of each | 2 runs | 3 runs | 5 runs |"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains("80 % with 3 runs of each: "), "{}", outcome.stdout);
    place.summarize(&format!("gate plan --gate gate.toml {OLD}")).exits_with(0).says("no --candidate");
    place.summarize("gate plan --gate gate.toml --baseline old1.txt").exits_with(2).says("two or more runs");
}

#[test]
fn history_draws_a_figure_for_each_metric() {
    let place = with_runs(0.02, 4.0);
    for label in ["one", "two"] {
        let check =
            format!("gate check --gate gate.toml {OLD} {NEW} --history history.jsonl --label {label}");
        place.summarize(&check).exits_with(0);
    }
    place.summarize("gate history history.jsonl --out figures").exits_with(0);
    let figure = place.read("figures/02-wer.svg");
    assert!(figure.contains("one: pass") && figure.contains("two: pass"), "{figure}");
    assert_eq!(place.files("figures").len(), 2);
    place.write("empty.jsonl", "");
    place.summarize("gate history empty.jsonl --out figures").exits_with(2).says("has no checks");
}

#[test]
fn errors_name_file_line_and_remedy() {
    let place = with_runs(0.02, 4.0);
    let gate = place.read("gate.toml");
    let check = |gate: &str, arguments: &str, message: &str, remedy: &str| {
        place.write("bad.toml", gate);
        let outcome = place.summarize(&format!("gate check --gate bad.toml {arguments}")).exits_with(2);
        outcome.says(message).says(&format!("what to do: {remedy}"));
    };
    let tables = format!("{OLD} {NEW}");
    check(
        &gate.replace("margin = 0.1\n", ""),
        &tables,
        "line 8: metric `utmos` has no margin",
        "state the largest",
    );
    check(
        &gate.replace("\"utmos\"", "\"utmoss\""),
        &tables,
        "column `utmoss` of metric `utmoss` is in no",
        "correct",
    );
    check(&gate, "--baseline none.txt --candidate new1.txt", "none.txt", "check the name");
    place.write("wrong.csv", "a,b\n1,2\n");
    check(
        &gate,
        "--baseline wrong.csv --candidate new1.txt",
        "no column of utterances",
        "name the right column",
    );
    place.write("lost.txt", "{'key': 'utt000'}\n");
    let lost = "--baseline old1.txt --baseline lost.txt --candidate new1.txt";
    check(&gate, lost, "run `lost.txt` of the baseline has no value of metric `wer`", "remove the run");
    place.summarize("gate check --gate gate.toml --map who=x").exits_with(2).says("not one of item, run");
}
