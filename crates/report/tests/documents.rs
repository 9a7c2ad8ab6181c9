//! Tests of whole reports: contents, self-containedness and determinism.

mod support;
mod totality;

use std::slice::from_ref;

use mynah_listening::{ItemMean, Origin, SystemVerdict, Verdict};
use mynah_metrics::Status;
use mynah_report::comparison::{Sample, SampleVersion};
use mynah_report::dataset::{DatasetPage, Distribution, GuessedWord, ProblemGroup};
use mynah_report::figure::Mel;
use mynah_report::{Document, Error};

use support::{checkpoints, comparison, notes, scores, verdict};

fn document(documents: &[Document], path: &str) -> String {
    let found = documents.iter().find(|document| document.path == path);
    let found = found.unwrap_or_else(|| panic!("{path} is missing"));
    String::from_utf8(found.bytes.clone()).expect("documents are UTF-8")
}

#[test]
fn writes_scores_and_ratings_as_markdown() {
    let (scores, verdict, notes) = (scores(), verdict(Origin::Human), notes());
    let documents = comparison(&scores, from_ref(&verdict), &notes).documents().unwrap();
    insta::assert_snapshot!(document(&documents, "report.md"));
}

#[test]
fn draws_the_ratings() {
    let verdict = verdict(Origin::Human);
    let documents = comparison(&[], from_ref(&verdict), &[]).documents().unwrap();
    insta::assert_snapshot!(document(&documents, "figures/differences-from-reference.svg"));
}

#[test]
fn writes_every_digit_and_every_reason_to_csv() {
    let (scores, notes) = (scores(), notes());
    let documents = comparison(&scores, &[], &notes).documents().unwrap();
    insta::assert_snapshot!(document(&documents, "tables/scores.csv"));
}

#[test]
fn gives_the_same_bytes_for_the_same_data() {
    let (scores, verdict, notes) = (scores(), verdict(Origin::Human), notes());
    let documents = || comparison(&scores, from_ref(&verdict), &notes).documents().unwrap();
    assert_eq!(documents(), documents());
    // The order of the rows within a system does not matter: systems keep theirs, metrics follow the notes.
    let mut turned = scores.clone();
    turned.reverse();
    turned.sort_by(|a, b| a.system.cmp(&b.system));
    assert_ne!(turned, scores);
    assert_eq!(comparison(&turned, from_ref(&verdict), &notes).documents().unwrap(), documents());
}

#[test]
fn gives_every_table_and_figure_its_own_file() {
    let (scores, verdict, notes) = (scores(), verdict(Origin::Human), notes());
    let documents = comparison(&scores, from_ref(&verdict), &notes).documents().unwrap();
    let mut paths: Vec<&str> = documents.iter().map(|document| document.path.as_str()).collect();
    insta::assert_snapshot!(paths.join("\n"));
    paths.sort_unstable();
    let n_paths = paths.len();
    paths.dedup();
    assert_eq!(paths.len(), n_paths);
}

#[test]
fn marks_simulated_ratings_in_every_format() {
    let verdict = verdict(Origin::Simulated);
    let documents = comparison(&[], from_ref(&verdict), &[]).documents().unwrap();
    for path in ["index.html", "report.md"] {
        let text = document(&documents, path);
        assert!(text.contains("The ratings in this report are simulated"), "{path}");
        assert!(text.contains("simulated: equivalent"), "{path}");
    }
    let json: serde_json::Value = serde_json::from_str(&document(&documents, "report.json")).unwrap();
    assert_eq!(json["simulated"], true);
    assert!(document(&documents, "tables/verdict.tex").contains("Simulated ratings"));
    let human = support::verdict(Origin::Human);
    let documents = comparison(&[], from_ref(&human), &[]).documents().unwrap();
    assert!(!document(&documents, "index.html").to_lowercase().contains("simulated"));
}

#[test]
fn gives_every_listening_test_its_own_section_and_files() {
    let mut mos = verdict(Origin::Human);
    mos.study = "second".into();
    let verdicts = [verdict(Origin::Simulated), mos];
    let documents = comparison(&[], &verdicts, &[]).documents().unwrap();
    let html = document(&documents, "index.html");
    let separate =
        ["sentences", "preferred-pairs"].map(|name| [1, 2].map(|test| format!("tables/{name}-{test}.csv")));
    support::assert_whole(&html, &separate.as_flattened().iter().map(String::as_str).collect::<Vec<_>>());
    assert!(html.contains("id=\"verdict-1\"") && html.contains("id=\"verdict-2\""), "{html}");
    assert!(html.contains("What listeners say, test 2: second"), "{html}");
    assert!(html.contains("Some of the ratings in this report are simulated, those of demo: "), "{html}");
    assert_eq!(html.matches("rule: at least 50 sentences").count(), 1, "the same analysis is described once");
    for file in ["tables/verdict-1.csv", "tables/verdict-2.tex", "figures/ratings-2.svg"] {
        document(&documents, file);
    }
    let json: serde_json::Value = serde_json::from_str(&document(&documents, "report.json")).unwrap();
    assert_eq!(json["verdicts"][1]["study"], "second");
    assert_eq!(json["simulated"], true);
}

#[test]
fn correlates_metrics_with_the_listeners() {
    let (scores, notes) = (scores(), notes());
    for sign in [1.0, -1.0] {
        let mut verdict = verdict(Origin::Simulated);
        // The distortions of the clips rank as 5.25, 5.5, 6, 6 and 6.25.
        let means =
            [[("a", 0.5), ("b", -1.0), ("c", 0.0)].as_slice(), &[("a", -1.0), ("b", 2.0), ("c", -2.0)]];
        for (system, means) in verdict.systems.iter_mut().zip(means) {
            let mean = |&(item, mean): &(&str, f64)| ItemMean {
                item: item.into(),
                n_ratings: 20,
                mean: sign * mean,
            };
            system.item_means = means.iter().map(mean).collect();
        }
        let documents = comparison(&scores, from_ref(&verdict), &notes).documents().unwrap();
        let json: serde_json::Value = serde_json::from_str(&document(&documents, "report.json")).unwrap();
        let [mcd, duration] = &json["validity"].as_array().unwrap()[..] else { panic!("two metrics") };
        assert_eq!(
            (&mcd["profile"], &duration["profile"]),
            (&"mcd/sp2mc-2".into(), &"duration_ratio/1".into())
        );
        // One clip has no score.
        assert_eq!((&mcd["n_utterances"], &mcd["n_systems"]), (&5.into(), &2.into()));
        let correlation = mcd["of_utterances"]["value"].as_f64().unwrap();
        assert!((correlation - sign).abs() < 1e-12, "{correlation}");
        assert_eq!(mcd["of_systems"]["reason"], "too few pairs of values: got 2, expected at least 3");
        let markdown = document(&documents, "report.md");
        let section = markdown.split("## Metrics and listeners").nth(1).unwrap();
        assert!(section.trim_start().starts_with("Simulated ratings"), "{section}");
    }
    let documents = comparison(&scores, &[], &notes).documents().unwrap();
    assert!(!document(&documents, "report.md").contains("Metrics and listeners"));
}

#[test]
fn names_the_best_checkpoint_and_the_regression() {
    let mut scores = checkpoints(&[7.0, 5.0, 5.5]);
    let lost =
        scores.iter_mut().find(|score| score.step == Some(3000) && score.item == "LJ001-0007").unwrap();
    (lost.status, lost.value, lost.reason) = (Status::Failed, None, Some("the wav is empty".into()));
    let documents = comparison(&scores, &[], &notes()).documents().unwrap();
    let markdown = document(&documents, "report.md");
    for sentence in [
        "voice-2000 is best by mcd, the only metric that can say so.",
        "By 1 of 1 metric the best is better than the second by more than chance.",
        "| mcd/sp2mc-2 (dB) | voice-3000 | 3000 | voice-2000 | 2000 |",
        "| mcd/sp2mc-2 | voice-3000 | 3000 | voice-2000 | 1 | LJ001-0007 |",
    ] {
        assert!(markdown.contains(sentence), "{sentence} is missing:\n{markdown}");
    }
    let json: serde_json::Value = serde_json::from_str(&document(&documents, "report.json")).unwrap();
    let compared = &json["checkpoints"];
    assert_eq!(compared["alpha"], 0.05);
    assert_eq!(compared["rankings"][0]["outcome"]["value"]["best"], "voice-2000");
    assert_eq!(compared["rankings"][0]["n_common"], 39);
    assert_eq!(compared["regressions"][0]["system"], "voice-3000");
    assert_eq!(compared["newly_without_value"][0]["items"][0]["reason"], "the wav is empty");
    assert!(document(&documents, "figures/from-best.svg").contains("training step"));
}

#[test]
fn never_merges_metrics_that_disagree() {
    let mut scores = checkpoints(&[5.0, 6.0]);
    let other = checkpoints(&[6.0, 5.0]).into_iter().map(|mut score| {
        (score.metric, score.profile) = ("duration_ratio".into(), "duration_ratio/1".into());
        score
    });
    scores.extend(other);
    let documents = comparison(&scores, &[], &notes()).documents().unwrap();
    let markdown = document(&documents, "report.md");
    assert!(markdown.contains("Best is: voice-1000 by mcd; voice-2000 by duration\\_ratio."), "{markdown}");
    assert!(markdown.contains("No system is among the best by every metric."), "{markdown}");
}

#[test]
fn names_no_best_without_a_value_of_a_perfect_copy() {
    let documents = comparison(&checkpoints(&[5.0, 6.0]), &[], &[]).documents().unwrap();
    let markdown = document(&documents, "report.md");
    assert!(
        markdown.contains("Undefined: no metric of these scores says which way is better."),
        "{markdown}"
    );
    assert!(document(&documents, "figures/items.svg").contains("mcd/sp2mc-2: voice-2000 − voice-1000"));
    let single = comparison(&checkpoints(&[5.0]), &[], &notes()).documents().unwrap();
    assert!(!document(&single, "report.md").contains("is best"));
}

#[test]
fn moves_the_pairs_of_many_systems_to_a_file() {
    let scores = checkpoints(&[7.0, 6.5, 6.0, 5.8, 5.6, 5.5, 5.4, 5.3, 5.2]);
    let documents = comparison(&scores, &[], &notes()).documents().unwrap();
    let csv = document(&documents, "tables/differences.csv");
    assert_eq!(csv.lines().count(), 1 + 36);
    assert_eq!(document(&documents, "tables/pairs.csv").lines().count(), 1 + 36);
    let markdown = document(&documents, "report.md");
    assert!(markdown.contains("36 rows: [tables/differences.csv]"), "{markdown}");
    assert!(!markdown.contains("| voice-2000 | voice-1000 |"), "{markdown}");
}

#[test]
fn rejects_a_report_without_scores_and_ratings() {
    assert!(matches!(comparison(&[], &[], &[]).documents(), Err(Error::NothingToReport)));
}

#[test]
fn never_prints_nan_or_infinity() {
    let mut scores = scores();
    // A system without any value.
    for score in scores.iter_mut().filter(|score| score.system == "vits") {
        (score.status, score.value, score.reason) = (Status::Failed, None, Some("no wav".into()));
    }
    let verdict = verdict(Origin::Human);
    for document in comparison(&scores, from_ref(&verdict), &notes()).documents().unwrap() {
        let text = String::from_utf8(document.bytes).unwrap();
        let words = text.split(|character: char| !character.is_ascii_alphanumeric());
        for word in words {
            assert!(!["NaN", "inf", "Infinity", "null_"].contains(&word), "{} has {word}", document.path);
        }
    }
}

#[test]
fn makes_self_contained_pages_with_balanced_tags() {
    let (scores, verdict, notes) = (scores(), verdict(Origin::Human), notes());
    let mut whole = comparison(&scores, from_ref(&verdict), &notes);
    let mel = Mel {
        title: String::new(),
        values: (0..800).map(|value| value as f32).collect(),
        n_bands: 80,
        hop_seconds: 0.01,
        labels: Vec::new(),
    };
    let version = |system: &str| SampleVersion {
        system: system.into(),
        mel: mel.clone(),
        audio: Some(format!("audio/{system}/a.wav")),
    };
    let versions = vec![version("recordings"), version("vits & co")];
    let samples = [Sample { item: "a".into(), note: None, versions: versions.clone() }];
    let note = |note: &str| Some(note.to_owned());
    let worst = [
        Sample { item: "a".into(), note: note("vits & co: mcd 9.1 dB"), versions },
        Sample {
            item: "b".into(),
            note: note("vits & co: failed: there is no `b.wav`"),
            versions: Vec::new(),
        },
    ];
    (whole.samples, whole.worst) = (&samples, &worst);
    let documents = whole.documents().unwrap();
    let mut sources = vec!["audio/recordings/a.wav", "audio/vits &#38; co/a.wav"];
    sources.extend(documents.iter().map(|document| document.path.as_str()));
    let html = document(&documents, "index.html");
    support::assert_whole(&html, &sources);
    for shown in ["a, vits &amp; co: mcd 9.1 dB", "b, vits &amp; co: failed: there is no <code>b.wav</code>"]
    {
        assert!(html.contains(shown), "{shown} is missing");
    }
    assert!(documents.iter().any(|document| document.path == "figures/mel-a-recordings-2.svg"));

    let page = DatasetPage {
        title: "<LJ>".into(),
        rows: 3,
        utterances: 2,
        problems: vec![ProblemGroup {
            code: "missing-wav".into(),
            count: 1,
            first: "c".into(),
            message: "there is no `wavs/<c>.wav`".into(),
            remedy: "add it".into(),
        }],
        distributions: vec![Distribution {
            name: "length".into(),
            unit: "s".into(),
            values: vec![1.0, 2.5],
            missing: 0,
        }],
        guessed_words: (0..60)
            .map(|index| GuessedWord { word: format!("w{index}"), count: 1, pronunciation: "W".into() })
            .collect(),
        ..DatasetPage::default()
    };
    support::assert_whole(&page.to_html().unwrap(), &[]);
}

#[test]
fn writes_the_numbers_of_the_page_to_json() {
    let (scores, verdict, notes) = (scores(), verdict(Origin::Human), notes());
    let documents = comparison(&scores, from_ref(&verdict), &notes).documents().unwrap();
    let json: serde_json::Value = serde_json::from_str(&document(&documents, "report.json")).unwrap();
    assert_eq!(json["metrics"][0]["systems"][1]["n_failed"], 1);
    assert_eq!(json["metrics"][0]["pairs"][0]["n_lost"], 1);
    assert_eq!(json["verdicts"][0]["systems"][0]["conclusion"], "equivalent");
    assert_eq!(json["without_value"][0]["reason"], "there is no `b.wav`");
}

/// Returns what is visible before any part is unfolded.
fn first_screen(html: &str) -> &str {
    html.split_once("<details class=\"part\">").map_or(html, |(shown, _)| shown)
}

#[test]
fn answers_before_anything_else() {
    let (scores, verdict, notes) = (scores(), verdict(Origin::Human), notes());
    let documents = comparison(&scores, from_ref(&verdict), &notes).documents().unwrap();
    let html = document(&documents, "index.html");
    let shown = first_screen(&html);
    for words in [
        "Equivalent to <code>recordings</code> within ±0.2: naturalspeech.",
        "Inconclusive: vits.",
        "At human level: naturalspeech.",
        "Listeners prefer",
        "Before you rely on it",
        "Some items have no value by some metric, at most: vits (1 of 3).",
        "The scores are of 3 items only.",
    ] {
        assert!(shown.contains(words), "{words} is missing:\n{shown}");
    }
    // One figure and one table, with what a reader of a paper asks for.
    assert_eq!((shown.matches("<figure>").count(), shown.matches("<table").count()), (1, 1));
    assert_eq!(
        document(&documents, "tables/answer.csv").lines().nth(2),
        Some(
            "naturalspeech,equivalent,-0.0125,-0.1625,0.13749999999999998,,0.0725,,28.5,,0.87,,,-0.1375,0.1125,,0.2,1000,20,20,,\
             50,50,"
        )
    );
    assert!(!html.contains("<nav"), "the folded parts are the table of contents");
    let ids =
        ["verdict", "raters", "best", "scores", "differences", "worst-items", "without-value", "checklist"];
    for id in ids {
        assert!(
            !shown.contains(&format!("id=\"{id}\"")) && html.contains(&format!("<h2 id=\"{id}\">")),
            "{id}"
        );
    }
}

#[test]
fn leaves_out_columns_of_comparisons_without_a_reference() {
    let mut verdict = verdict(Origin::Human);
    verdict.reference = None;
    let documents = comparison(&[], from_ref(&verdict), &[]).documents().unwrap();
    let csv = document(&documents, "tables/answer.csv");
    assert!(csv.starts_with("system,estimate,") && !csv.contains("margin"), "{csv}");
}

#[test]
fn answers_by_scores_alone() {
    let documents = comparison(&checkpoints(&[7.0, 5.0, 5.5]), &[], &notes()).documents().unwrap();
    let html = document(&documents, "index.html");
    let shown = first_screen(&html);
    for words in [
        "best: voice-2000",
        "voice-2000 is best by mcd, the only metric that can say so.",
        "1 regression found: voice-3000 is worse than voice-2000 by mcd/sp2mc-2.",
        "May be the best by",
    ] {
        assert!(shown.contains(words), "{words} is missing:\n{shown}");
    }
    // Rows go by training step.
    let csv = document(&documents, "tables/answer.csv");
    let systems: Vec<&str> = csv.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(systems, ["voice-1000", "voice-2000", "voice-3000"]);
    let leads: Vec<bool> = csv.lines().skip(1).map(|line| line.ends_with(",mcd")).collect();
    assert_eq!(leads, [false, true, false], "{csv}");
    // A single system is not compared.
    let single = comparison(&checkpoints(&[5.0]), &[], &notes()).documents().unwrap();
    assert!(!document(&single, "tables/answer.csv").contains("may_be_best"));
}

#[test]
fn keeps_the_first_screen_short_for_many_systems() {
    let means: Vec<f64> = (0..20).map(|checkpoint| 7.0 - 0.1 * f64::from(checkpoint)).collect();
    let documents = comparison(&checkpoints(&means), &[], &notes()).documents().unwrap();
    let svg = document(&documents, "figures/answer.svg");
    let height: u32 = svg.split("height=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
    assert!(height < 480, "{height}");
    assert!(document(&documents, "index.html").contains("The table has 4 more systems."));
}

#[test]
fn draws_rated_checkpoints_over_their_steps() {
    let mut verdict = verdict(Origin::Human);
    let rated = verdict.systems[0].clone();
    verdict.systems = [1000, 2000, 4000]
        .map(|step| SystemVerdict { system: format!("voice-{step}"), ..rated.clone() })
        .into();
    let documents = comparison(&[], from_ref(&verdict), &[]).documents().unwrap();
    assert!(document(&documents, "figures/ratings-over-steps.svg").contains("training step"));
    verdict.systems.pop();
    let documents = comparison(&[], from_ref(&verdict), &[]).documents().unwrap();
    assert!(!documents.iter().any(|document| document.path == "figures/ratings-over-steps.svg"));
}

#[test]
fn reports_the_listeners_of_the_protocol() {
    let mut verdict = verdict(Origin::Human);
    let answer = |verdict: &Verdict| {
        let documents = comparison(&[], from_ref(verdict), &[]).documents().unwrap();
        let json: serde_json::Value = serde_json::from_str(&document(&documents, "report.json")).unwrap();
        let entry = json["checklist"][1].clone();
        assert_eq!(entry["question"], "Were the listeners qualified, and are they described?");
        (entry["answer"].as_str().unwrap().to_owned(), document(&documents, "report.md"))
    };
    assert_eq!(answer(&verdict).0, "yours");
    let facts = &mut verdict.protocol.as_mut().unwrap().listeners;
    facts.recruitment = Some("a university course".into());
    facts.language = Some("native speakers of English".into());
    assert_eq!(answer(&verdict).0, "in-part");
    let facts = &mut verdict.protocol.as_mut().unwrap().listeners;
    (facts.devices, facts.pay) = (Some("own headphones".into()), Some("none.".into()));
    let (word, markdown) = answer(&verdict);
    assert_eq!(word, "yes");
    assert!(
        markdown.contains(
            "Listeners, recruitment: a university course; language: native speakers of English; devices: own \
             headphones; pay: none."
        ),
        "{markdown}"
    );
}
