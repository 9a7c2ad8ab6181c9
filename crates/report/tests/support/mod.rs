//! Made-up results, and a minimal HTML reader that finds invalid content.

use mynah_listening::{
    Analysis, Assay, Conclusion, Defined, Exclusion, ItemMean, NullPairs, Origin, Pair, PaperRule, Paradigm,
    Protocol, Ranked, Ranking, RaterSummary, Reanalysis, ReanalysisMethod, Role, ScoreCount, Screening,
    ScreeningRule, SystemVerdict, VarianceComponents, Verdict,
};
use mynah_metrics::{Score, Status};
use mynah_report::comparison::{Better, Comparison, MetricNote};
use mynah_stats::{Interval, Method, TestResult};

/// Elements without an end tag.
const VOID: [&str; 4] = ["meta", "source", "br", "image"];

/// Builds a report on `scores` and `verdicts`.
pub(crate) fn comparison<'a>(
    scores: &'a [Score],
    verdicts: &'a [Verdict],
    metrics: &'a [MetricNote],
) -> Comparison<'a> {
    Comparison {
        title: "Two systems",
        scores,
        metrics,
        verdicts,
        preferences: &[],
        samples: &[],
        worst: &[],
        baselines: None,
        versions: &[],
        level: 0.95,
    }
}

/// Builds scores of two systems, three items and two metrics; one clip of one system is missing.
pub(crate) fn scores() -> Vec<Score> {
    let mut scores = Vec::new();
    for (system, step, shift) in [("naturalspeech", Some(20_000), 0.0), ("vits", None, 0.75)] {
        for (item, base) in [("a", 5.25), ("b", 6.0), ("c", 5.5)] {
            for (metric, profile, unit, scale) in
                [("mcd", "mcd/sp2mc-2", "dB", 1.0), ("duration_ratio", "duration_ratio/1", "ln ratio", 0.01)]
            {
                let value = scale * (base + shift);
                let missing = system == "vits" && item == "b";
                scores.push(Score {
                    system: system.into(),
                    step,
                    item: item.into(),
                    metric: metric.into(),
                    profile: profile.into(),
                    unit: unit.into(),
                    status: if missing { Status::Failed } else { Status::Ok },
                    value: (!missing).then_some(value),
                    reason: missing.then(|| "there is no `b.wav`".into()),
                    frames: Some(400),
                    better: None,
                });
            }
        }
    }
    scores
}

/// Builds scores of a run's checkpoints by one metric, each around its own mean, on forty items.
pub(crate) fn checkpoints(means: &[f64]) -> Vec<Score> {
    let row = |checkpoint: usize, mean: f64, item: usize| Score {
        system: format!("voice-{}", (checkpoint + 1) * 1000),
        step: Some((checkpoint as u64 + 1) * 1000),
        item: format!("LJ001-{item:04}"),
        metric: "mcd".into(),
        profile: "mcd/sp2mc-2".into(),
        unit: "dB".into(),
        status: Status::Ok,
        // Each checkpoint varies differently, so that no difference of two is constant.
        value: Some(mean + 0.2 * (item as f64 * 2.4 + checkpoint as f64).sin()),
        reason: None,
        frames: None,
        better: None,
    };
    let rows = |(checkpoint, &mean): (usize, &f64)| (0..40).map(move |item| row(checkpoint, mean, item));
    means.iter().enumerate().flat_map(rows).collect()
}

/// Returns the notes on the two metrics.
pub(crate) fn notes() -> Vec<MetricNote> {
    ["mcd/sp2mc-2", "duration_ratio/1"]
        .map(|profile| MetricNote {
            profile: profile.into(),
            explanation: "The formula.\n  And its parameters.".into(),
            better: Some(Better::Near(0.0)),
            pooled: false,
        })
        .into()
}

fn ok<T>(value: T) -> Defined<T> {
    Defined::Ok { value }
}

fn interval(estimate: f64, half: f64, level: f64) -> Defined<Interval> {
    ok(Interval { estimate, low: estimate - half, high: estimate + half, level })
}

fn test(p_value: f64) -> Defined<TestResult> {
    ok(TestResult { statistic: 0.5, p_value, method: Method::Asymptotic, n: 1000 })
}

/// Builds a verdict with one equivalent system and one with hardly any data.
pub(crate) fn verdict(origin: Origin) -> Verdict {
    let equivalent = SystemVerdict {
        system: "naturalspeech".into(),
        role: Role::Candidate,
        n_ratings: 1000,
        n_items: 50,
        n_raters: 20,
        minimum_ratings_per_item: 20,
        mean: ok(-0.0125),
        interval: interval(-0.0125, 0.15, 0.95),
        naive_interval: interval(-0.0125, 0.07, 0.95),
        design_effect: ok(4.25),
        difference: interval(-0.0125, 0.15, 0.95),
        equivalence_interval: interval(-0.0125, 0.125, 0.9),
        achieved_margin: ok(0.1375),
        equivalence: Defined::Undefined { reason: "not needed here".into() },
        t_test: test(0.87),
        adjusted_p_value: ok(0.87),
        standard_error: ok(0.0725),
        degrees_of_freedom: ok(28.5),
        effective_raters: ok(20.0),
        effective_items: ok(50.0),
        wilcoxon_ratings: test(0.69),
        wilcoxon_item_means: test(0.75),
        rank_sum: Defined::Undefined { reason: "for MOS only".into() },
        rank_sum_item_means: Defined::Undefined { reason: "for MOS only".into() },
        effect_size: ok(-0.02),
        order_effect: interval(0.1, 0.2, 0.95),
        histogram: [12, 71, 201, 431, 198, 69, 18]
            .iter()
            .zip(-3..)
            .map(|(&count, score)| ScoreCount { score: f64::from(score), count })
            .collect(),
        item_means: [("LJ050-0001", 0.25), ("LJ050-0002", -0.5), ("LJ050-0003", 0.0)]
            .map(|(item, mean)| ItemMean { item: item.into(), n_ratings: 20, mean })
            .into(),
        paper_rule: PaperRule {
            sizes_met: true,
            passes: Some(true),
            explanation: "The paper's rule calls it human-level.".into(),
        },
        sign_test_p_value: None,
        conclusion: Some(Conclusion::Equivalent),
        sensitivity: vec![
            Reanalysis {
                analysis: ReanalysisMethod::TwoWayClustered,
                screening: vec![],
                allows_for_dependence: true,
                interval: interval(-0.0125, 0.15, 0.95),
                p_value: ok(0.87),
                conclusion: Some(Conclusion::Equivalent),
            },
            Reanalysis {
                analysis: ReanalysisMethod::WilcoxonRatingsPratt,
                screening: vec![ScreeningRule::NullPairs],
                allows_for_dependence: false,
                interval: Defined::Undefined { reason: "a test of ranks or signs has none".into() },
                p_value: ok(0.0003),
                conclusion: None,
            },
        ],
        components: ok(VarianceComponents { rater_sd: 0.25, item_sd: 0.375, residual_sd: 1.125 }),
        human_level: origin == Origin::Human,
        words: "As good as the recordings within 0.2 points.".into(),
    };
    let unknown = SystemVerdict {
        system: "vits".into(),
        item_means: vec![ItemMean { item: "LJ050-0001".into(), n_ratings: 1, mean: 1.0 }],
        n_ratings: 1,
        n_items: 1,
        n_raters: 1,
        minimum_ratings_per_item: 1,
        mean: ok(1.0),
        interval: Defined::Undefined { reason: "a single rater".into() },
        naive_interval: Defined::Undefined { reason: "a single rating".into() },
        design_effect: Defined::Undefined { reason: "a single rater".into() },
        difference: Defined::Undefined { reason: "a single rater".into() },
        equivalence_interval: Defined::Undefined { reason: "a single rater".into() },
        achieved_margin: Defined::Undefined { reason: "a single rater".into() },
        t_test: Defined::Undefined { reason: "a single rater".into() },
        adjusted_p_value: Defined::Undefined { reason: "a single rater".into() },
        standard_error: Defined::Undefined { reason: "a single rater".into() },
        degrees_of_freedom: Defined::Undefined { reason: "a single rater".into() },
        effective_raters: Defined::Undefined { reason: "a single rater".into() },
        effective_items: Defined::Undefined { reason: "a single rater".into() },
        wilcoxon_ratings: Defined::Undefined { reason: "a single rating".into() },
        wilcoxon_item_means: Defined::Undefined { reason: "a single item".into() },
        order_effect: Defined::Undefined { reason: "heard in one order only".into() },
        histogram: (-3..=3)
            .map(|score| ScoreCount { score: f64::from(score), count: usize::from(score == 1) })
            .collect(),
        paper_rule: PaperRule {
            sizes_met: false,
            passes: None,
            explanation: "The sizes are not met.".into(),
        },
        conclusion: Some(Conclusion::Inconclusive),
        components: Defined::Undefined { reason: "a single rater".into() },
        human_level: false,
        words: "The test was too small to tell.".into(),
        ..equivalent.clone()
    };
    let anchor = SystemVerdict {
        system: "noisy".into(),
        role: Role::Anchor,
        mean: ok(-1.25),
        interval: interval(-1.25, 0.25, 0.95),
        difference: interval(-1.25, 0.25, 0.95),
        equivalence_interval: interval(-1.25, 0.2, 0.9),
        achieved_margin: ok(1.45),
        t_test: test(1e-9),
        adjusted_p_value: Defined::Undefined { reason: "it is not under test".into() },
        wilcoxon_ratings: test(1e-30),
        wilcoxon_item_means: test(1e-8),
        effect_size: ok(-0.8),
        item_means: vec![],
        paper_rule: PaperRule {
            sizes_met: true,
            passes: Some(false),
            explanation: "The rule is not met.".into(),
        },
        conclusion: Some(Conclusion::Worse),
        sensitivity: vec![],
        human_level: false,
        words: "Worse than the recordings.".into(),
        ..equivalent.clone()
    };
    Verdict {
        study: "demo".into(),
        design: Some("0123456789abcdef0123456789abcdef".into()),
        origin,
        paradigm: Paradigm::Cmos,
        reference: Some("recordings".into()),
        human_reference: true,
        analysis: Analysis::default(),
        protocol: Some(Protocol::standard(Paradigm::Cmos)),
        systems: vec![equivalent, unknown, anchor],
        ranking: ranking(),
        assay: Assay { sensitive: Some(true), explanation: "The test has found the anchor.".into() },
        null_pairs: ok(NullPairs {
            n_ratings: 40,
            n_raters: 20,
            mean: 0.05,
            interval: interval(0.05, 0.25, 0.95),
            standard_deviation: ok(0.75),
        }),
        screening: Screening {
            rules: vec![],
            controls: vec![],
            excluded: vec![],
            other_rules: vec![ScreeningRule::NullPairs],
            other_excluded: vec![Exclusion {
                rater: "r07".into(),
                rule: ScreeningRule::NullPairs,
                n_ratings: 53,
                why: "judged 2 of 3 null pairs to differ by more than one point".into(),
            }],
        },
        agreement: ok(0.08),
        raters: vec![RaterSummary {
            share: 0.05,
            minutes: ok(12.5),
            rater: "r07".into(),
            n_ratings: 53,
            bias: ok(-0.25),
            inconsistency: ok(1.25),
            agreement: Defined::Undefined { reason: "all 53 scores are 0".into() },
        }],
        notes: vec!["Two systems were compared.".into()],
    }
}

/// Asserts that a page refers to nothing external but `sources`, has no script, and closes what it opens.
///
/// Only attributes are checked: a URL in running text is text.
#[track_caller]
pub(crate) fn assert_whole(html: &str, sources: &[&str]) {
    let mut open: Vec<String> = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("every tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if tag.starts_with('!') {
            continue;
        }
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default().to_owned();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_ref(), Some(&name), "a tag is closed that was not open");
            continue;
        }
        assert_ne!(name, "script");
        for attribute in ["src=\"", "href=\"", "srcset=\"", "url("] {
            for value in
                tag.split(attribute).skip(1).map(|after| after.split(['"', ')']).next().unwrap_or_default())
            {
                let known = value.starts_with("data:image/png;")
                    || value.starts_with('#')
                    || sources.contains(&value);
                assert!(known, "{name} refers to {value}");
            }
        }
        if name == "style" {
            let (style, after) = rest.split_once("</style>").expect("the style ends");
            assert!(
                !style.contains("url(") && !style.contains("@import") && !style.contains("http"),
                "{style}"
            );
            rest = after;
        } else if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert_eq!(open, Vec::<String>::new());
    for address in ["http://", "https://"] {
        assert!(!html.contains(address), "{address}");
    }
}

/// Builds a ranking of two systems, one of which is better.
fn ranking() -> Defined<Ranking> {
    let ranked =
        |system: &str, mean, rank| Ranked { system: system.into(), mean, best_rank: rank, worst_rank: rank };
    ok(Ranking {
        alpha: 0.05,
        systems: vec![ranked("step-200000", 0.02, 1), ranked("step-100000", -1.2, 2)],
        pairs: vec![Pair {
            system: "step-200000".into(),
            minus: "step-100000".into(),
            difference: interval(1.22, 0.3, 0.95),
            adjusted_p_value: ok(0.0004),
        }],
    })
}
