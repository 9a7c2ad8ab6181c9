use super::*;
use crate::summarize::gate::config;
use crate::summarize::gate::sheet::Cell;

/// A number between -1 and 1 that looks random.
fn noise(seed: usize, item: usize) -> f64 {
    ((seed * 7919 + item * 104_729 + seed * item * 31) as f64 * 0.618_033_988_749_894_9).fract() * 2.0 - 1.0
}

/// Runs of a system with a mean, the same items and noise of its own.
fn runs(seeds: &[usize], n_items: usize, mean: f64) -> Vec<Sheet> {
    let sheet = |&seed: &usize| {
        let mut sheet = Sheet::new(format!("run {seed}"));
        for item in 0..n_items {
            let value = mean + 0.4 * noise(0, item) + 0.1 * noise(seed, item);
            sheet.put(&format!("u{item}"), "mos", Cell::Number(value));
        }
        sheet
    };
    seeds.iter().map(sheet).collect()
}

fn gate(more: &str) -> Gate {
    let metric =
        "[[metric]]\nname = \"mos\"\nkind = \"mean\"\nbetter = \"higher\"\nmargin = 0.1\nunit = \"points\"\n";
    config::parse(&format!("{metric}{more}")).unwrap()
}

fn word(gate: &Gate, baseline: &[Sheet], candidate: &[Sheet]) -> (Word, String) {
    let outcome = judge(gate, baseline, candidate);
    (outcome.word, outcome.judgments[0].words.clone())
}

#[test]
fn a_candidate_passes_fails_or_is_undecided() {
    let gate = gate("");
    let baseline = runs(&[1, 2, 3], 60, 4.0);
    let (found, words) = word(&gate, &baseline, &runs(&[4, 5, 6], 60, 4.0));
    assert_eq!(found, Word::Pass, "{words}");
    assert!(words.contains("within the margin of 0.1 points. 60 utterances."), "{words}");
    let (found, words) = word(&gate, &baseline, &runs(&[4, 5, 6], 60, 3.7));
    assert_eq!(found, Word::Fail, "{words}");
    assert!(words.contains("worse than the margin of 0.1 points allows (p < 0.001)"), "{words}");
    let (found, words) = word(&gate, &baseline, &runs(&[4, 5, 6], 60, 3.9));
    assert_eq!(found, Word::Inconclusive, "{words}");
    assert!(words.contains("with 80 %"), "{words}");
}

#[test]
fn single_runs_conclude_about_themselves() {
    let (_, words) = word(&gate(""), &runs(&[1], 60, 4.0), &runs(&[4], 60, 4.0));
    assert!(words.ends_with("One run of each: this holds for these two runs, not for others."), "{words}");
    let (_, words) = word(&gate(""), &runs(&[1, 2, 3], 60, 4.0), &runs(&[4], 60, 4.0));
    assert!(words.contains("assumed to vary between runs as much as the other"), "{words}");
}

#[test]
fn the_same_values_pass_and_a_run_without_values_fails() {
    let baseline = runs(&[1], 10, 4.0);
    let (found, words) = word(&gate(""), &baseline, &baseline);
    assert_eq!(found, Word::Pass);
    assert!(words.starts_with("All 10 utterances have the same value"), "{words}");
    let candidate = [runs(&[4], 10, 4.0), vec![Sheet::new("crashed")]].concat();
    let (found, words) = word(&gate(""), &baseline, &candidate);
    assert_eq!(
        (found, words.as_str()),
        (Word::Fail, "No value in `crashed`: a run without values has failed.")
    );
}

#[test]
fn what_cannot_be_compared_is_inconclusive() {
    let (found, words) = word(&gate(""), &runs(&[1], 1, 4.0), &runs(&[2], 1, 4.0));
    assert_eq!(found, Word::Inconclusive);
    assert!(words.starts_with("Nothing can be said: too few runs: got 1, expected at least 2."), "{words}");
    // A shift of every value by the same number has no error.
    let mut shifted = runs(&[1], 10, 4.0);
    for cell in shifted[0].rows.values_mut().flat_map(|row| row.values_mut()) {
        if let Cell::Number(value) = cell {
            *value = (*value * 64.0).round() / 64.0;
        }
    }
    let mut more = shifted.clone();
    for cell in more[0].rows.values_mut().flat_map(|row| row.values_mut()) {
        if let Cell::Number(value) = cell {
            *value += 1.0;
        }
    }
    let (found, words) = word(&gate(""), &shifted, &more);
    assert_eq!(found, Word::Inconclusive, "{words}");
}

#[test]
fn more_failures_than_the_baseline_never_pass() {
    let baseline = runs(&[1, 2], 100, 4.0);
    let fail = |n: usize| {
        let mut candidate = runs(&[4, 5], 100, 4.0);
        for sheet in &mut candidate {
            for item in 0..n {
                sheet.put(&format!("u{item}"), "mos", Cell::Failed("the wav is silent".to_owned()));
            }
        }
        judge(&gate(""), &baseline, &candidate)
    };
    let few = fail(1);
    assert_eq!(few.word, Word::Inconclusive);
    assert_eq!((few.judgments[0].word, few.judgments[1].word), (Some(Word::Pass), Some(Word::Inconclusive)));
    let words = &few.judgments[1].words;
    assert!(
        words.starts_with("The candidate has no value 2 times, the baseline 0 times, for 100"),
        "{words}"
    );
    assert_eq!(fail(30).word, Word::Fail);
    // As many in the baseline as in the candidate are not the candidate's fault.
    let broken = fail(1).judgments[0].coverage.clone();
    assert_eq!((broken.n_without_value, broken.n_compared), (1, 99));
}

#[test]
fn a_metric_that_is_only_reported_does_not_count() {
    let other = "[[metric]]\nname = \"other\"\ncolumns = [\"mos\"]\nkind = \"mean\"\nbetter = \"lower\"\nmargin = 0.1\n\
                 judged = false\n[[metric]]\nname = \"shown\"\ncolumns = [\"mos\"]\nkind = \"mean\"\nbetter = \
                 \"higher\"\njudged = false\n";
    let outcome = judge(&gate(other), &runs(&[1, 2], 60, 4.0), &runs(&[4, 5], 60, 5.0));
    assert_eq!(outcome.word, Word::Pass);
    let words: Vec<Option<Word>> = outcome.judgments.iter().map(|judgment| judgment.word).collect();
    assert_eq!(words, [Some(Word::Pass), Some(Word::Fail), None]);
    assert!(outcome.judgments[2].words.contains("; only reported."), "{}", outcome.judgments[2].words);
}

#[test]
fn a_failure_is_corrected_for_all_metrics() {
    let same = |name: &str| {
        format!(
            "[[metric]]\nname = \"{name}\"\ncolumns = [\"mos\"]\nkind = \"mean\"\nbetter = \"higher\"\nmargin = 0.1\n"
        )
    };
    let baseline = runs(&[1, 2], 30, 4.0);
    let candidate = runs(&[4, 5], 30, 3.86);
    let alone = judge(&gate(""), &baseline, &candidate);
    let many: String = ["a", "b", "c", "d"].map(same).concat();
    let together = judge(&gate(&many), &baseline, &candidate);
    let p_fail = alone.judgments[0].p_fail.unwrap();
    assert!((alone.judgments[0].p_fail_corrected.unwrap() - p_fail).abs() < 1e-12);
    let corrected = together.judgments[0].p_fail_corrected.unwrap();
    assert!(p_fail < 0.2 && (corrected - 5.0 * p_fail).abs() < 1e-12, "{p_fail} {corrected}");

    // Some candidate fails alone and not among five metrics; the sentence says why.
    let found = (0..40).find_map(|step| {
        let candidate = runs(&[4, 5], 30, 3.88 - 0.005 * f64::from(step));
        let failed = judge(&gate(""), &baseline, &candidate).judgments[0].word == Some(Word::Fail);
        let among = judge(&gate(&many), &baseline, &candidate).judgments.swap_remove(0);
        (failed && among.word == Some(Word::Inconclusive)).then_some(among.words)
    });
    let words = found.unwrap();
    assert!(words.contains("if it were the only metric (p = 0.0"), "{words}");
    assert!(words.contains("not after the correction for all metrics"), "{words}");
}

#[test]
fn margins_may_be_relative_and_limits_absolute() {
    let with = |bound: &str| {
        let text = format!("[[metric]]\nname = \"mos\"\nkind = \"mean\"\nbetter = \"higher\"\n{bound}\n");
        config::parse(&text).unwrap()
    };
    let baseline = runs(&[1, 2, 3], 60, 4.0);
    let check = |bound: &str, mean: f64, expected: Word, phrase: &str| {
        let (found, words) = word(&with(bound), &baseline, &runs(&[4, 5, 6], 60, mean));
        assert_eq!(found, expected, "{bound}: {words}");
        assert!(words.contains(phrase), "{words}");
    };
    check("relative_margin = 0.05", 3.95, Word::Pass, "margin of 5 % of the baseline");
    check("relative_margin = 0.05", 3.5, Word::Fail, "margin of 5 % of the baseline");
    check("limit = 3.0", 3.5, Word::Pass, "limit of 3.");
    check("limit = 3.8", 3.5, Word::Fail, "worse than the limit of 3.8");
    let (found, words) =
        word(&with("relative_margin = 0.05"), &runs(&[1, 2], 60, -4.0), &runs(&[4, 5], 60, -4.0));
    assert_eq!(found, Word::Inconclusive);
    assert!(words.contains("the baseline is not positive"), "{words}");
}
