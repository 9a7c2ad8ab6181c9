//! Verdicts against scipy and statsmodels (`fixtures/generate/listening_verdict.py`), and their words.

use mynah_listening::{
    Conclusion, First, Kind, Origin, Paradigm, Protocol, Rating, ReanalysisMethod, ScreeningRule, Simulation,
    SystemVerdict, Verdict, judge, simulate,
};
use mynah_stats::power::Components;
use mynah_testkit::{assert_all_close, assert_close, golden};
use serde::Deserialize;

use crate::support::{advised, cmos, mos, plan, ratings};

/// A few dozen additions, and quantiles by iteration on both sides.
const NUMBERS: f64 = 1e-10;

#[derive(Deserialize)]
struct Golden {
    cmos: Cmos,
    mos: Mos,
}

#[derive(Deserialize)]
struct Cmos {
    scores: Vec<Vec<f64>>,
    heard_second: Vec<Vec<bool>>,
    mean: f64,
    #[serde(flatten)]
    inference: Inference,
    naive_interval_95: [f64; 2],
    design_effect: f64,
    wilcoxon_ratings_p: f64,
    wilcoxon_item_means_p: f64,
    order_effect: f64,
    order_effect_95: [f64; 2],
    effect_size: f64,
    agreement: f64,
    null_scores: Vec<Vec<f64>>,
    null_interval_95: [f64; 2],
}

#[derive(Deserialize)]
struct Mos {
    reference: Vec<Vec<f64>>,
    system: Vec<Vec<f64>>,
    system_interval_95: [f64; 2],
    difference: f64,
    #[serde(flatten)]
    inference: Inference,
    rank_sum_p: f64,
    rank_sum_item_means_p: f64,
    effect_size: f64,
    agreement: f64,
}

#[derive(Deserialize)]
struct Inference {
    interval_95: [f64; 2],
    interval_90: [f64; 2],
    t_test_p: f64,
    p_above_lower: f64,
    p_below_upper: f64,
}

impl Inference {
    fn compare(&self, system: &SystemVerdict) {
        let difference = system.difference.value().expect("a difference");
        assert_all_close(&[difference.low, difference.high], &self.interval_95, NUMBERS, "interval of 95 %");
        let narrow = system.equivalence_interval.value().expect("an interval");
        assert_all_close(&[narrow.low, narrow.high], &self.interval_90, NUMBERS, "interval of 90 %");
        let t_test = system.t_test.value().expect("a t test");
        assert_close(t_test.p_value, self.t_test_p, NUMBERS, "t test");
        assert_eq!(system.adjusted_p_value.value(), Some(&t_test.p_value), "one system needs no correction");
        let tost = system.equivalence.value().expect("a test");
        assert_close(tost.p_above_lower, self.p_above_lower, NUMBERS, "above the lower margin");
        assert_close(tost.p_below_upper, self.p_below_upper, NUMBERS, "below the upper margin");
    }
}

fn only_system(verdict: &Verdict) -> &SystemVerdict {
    assert_eq!(verdict.systems.len(), 1);
    &verdict.systems[0]
}

#[test]
fn a_comparison_has_the_numbers_of_scipy_and_statsmodels() {
    let expected = golden::<Golden>("listening/verdict.json").cmos;
    let mut plan = plan(cmos(6, 6, 8), 1, 8, 1);
    let items = plan.items.clone();
    for (rater, session) in plan.sessions.iter_mut().enumerate() {
        for trial in session.trials.iter_mut().filter(|trial| trial.kind == Kind::Rating) {
            let item = items.iter().position(|item| *item == trial.item).expect("planned");
            let second = expected.heard_second[rater][item];
            trial.first = Some(if second { First::Reference } else { First::System });
        }
    }
    let score = |rater: usize, item: usize, _: &str, kind| match kind {
        Kind::NullPair => expected.null_scores[rater][item],
        _ => expected.scores[rater][item],
    };
    let verdict = judge(&plan, &ratings(&plan, score)).expect("fine");
    let pairs = verdict.null_pairs.value().expect("null pairs");
    let interval = pairs.interval.value().expect("an interval");
    assert_all_close(&[interval.low, interval.high], &expected.null_interval_95, NUMBERS, "null pairs");
    assert_close(*verdict.agreement.value().expect("alpha"), expected.agreement, NUMBERS, "alpha");
    let system = only_system(&verdict);
    assert_eq!((system.n_ratings, system.n_items, system.n_raters), (48, 8, 6));
    assert_close(*system.effect_size.value().expect("an effect"), expected.effect_size, NUMBERS, "effect");
    for (item, mean) in system.item_means.iter().enumerate() {
        let sum: f64 = expected.scores.iter().map(|scores| scores[item]).sum();
        assert_eq!((mean.item.as_str(), mean.n_ratings), (plan.items[item].as_str(), 6));
        assert_close(mean.mean, sum / 6.0, NUMBERS, "mean of an item");
    }
    assert_eq!(system.minimum_ratings_per_item, 6);
    assert_close(*system.mean.value().expect("a mean"), expected.mean, NUMBERS, "mean");
    expected.inference.compare(system);
    assert_eq!(system.difference, system.interval);
    let naive = system.naive_interval.value().expect("an interval");
    assert_all_close(&[naive.low, naive.high], &expected.naive_interval_95, NUMBERS, "naive interval");
    let effect = *system.design_effect.value().expect("a design effect");
    assert_close(effect, expected.design_effect, NUMBERS, "design effect");
    let on_ratings = system.wilcoxon_ratings.value().expect("a test");
    assert_close(on_ratings.p_value, expected.wilcoxon_ratings_p, NUMBERS, "Wilcoxon on ratings");
    let on_means = system.wilcoxon_item_means.value().expect("a test");
    assert_close(on_means.p_value, expected.wilcoxon_item_means_p, NUMBERS, "Wilcoxon on item means");
    let order = system.order_effect.value().expect("an order effect");
    assert_close(order.estimate, expected.order_effect, NUMBERS, "order effect");
    assert_all_close(&[order.low, order.high], &expected.order_effect_95, NUMBERS, "order effect");
    let counted: usize = system.histogram.iter().map(|bin| bin.count).sum();
    assert_eq!((system.histogram.len(), counted), (7, 48));
    let minus_one = expected.scores.iter().flatten().filter(|&&score| score as i32 == -1).count();
    assert_eq!((system.histogram[2].score, system.histogram[2].count), (-1.0, minus_one));

    // The declared analysis comes first, and the others are those that have been held against scipy just now.
    let reanalysis = |method| {
        let found = system.sensitivity.iter().find(|other| other.analysis == method);
        found.unwrap_or_else(|| panic!("no {method:?}"))
    };
    let (as_declared, screened) = system.sensitivity.split_at(14);
    assert!(as_declared.iter().all(|other| other.screening.is_empty()));
    let without_controls: Vec<ScreeningRule> = Paradigm::Cmos
        .rules()
        .screening_rules()
        .iter()
        .copied()
        .filter(|rule| !rule.is_on_controls())
        .collect();
    assert!(screened.iter().all(|other| other.screening == without_controls));
    assert_eq!((screened.len(), verdict.screening.other_excluded.len()), (0, 0));
    let declared = &system.sensitivity[0];
    assert_eq!(declared.analysis, ReanalysisMethod::TwoWayClustered);
    assert_eq!((&declared.interval, declared.conclusion), (&system.difference, system.conclusion));
    // That of most papers takes the normal distribution, this one t.
    let independent = mynah_stats::mean_interval(&expected.scores.concat(), 0.95).expect("an interval");
    let naive = reanalysis(ReanalysisMethod::Naive).interval.value().expect("an interval");
    assert_all_close(&[naive.low, naive.high], &[independent.low, independent.high], NUMBERS, "naive t");
    let pratt = reanalysis(ReanalysisMethod::WilcoxonRatingsPratt).p_value.value();
    assert_eq!(pratt, Some(&on_ratings.p_value));
    let pratt = reanalysis(ReanalysisMethod::WilcoxonItemMeansPratt).p_value.value();
    assert_eq!(pratt, Some(&on_means.p_value));
    let estimates =
        system.sensitivity[1..6].iter().filter(|other| other.analysis != ReanalysisMethod::OrdinalModel);
    for other in estimates {
        let interval = other.interval.value().expect("an interval");
        assert_close(interval.estimate, expected.mean, NUMBERS, other.analysis.title());
        assert!(interval.low < interval.estimate && interval.estimate < interval.high, "{other:?}");
    }
    let inner = system.equivalence_interval.value().expect("an interval");
    assert_eq!(system.achieved_margin.value(), Some(&inner.low.abs().max(inner.high.abs())));
}

#[test]
fn single_clips_have_the_numbers_of_scipy_and_statsmodels() {
    let expected = golden::<Golden>("listening/verdict.json").mos;
    let plan = plan(mos(6, 6), 1, 8, 1);
    let verdict = judge(
        &plan,
        &ratings(&plan, |rater, item, system, _| {
            if system == "recordings" {
                expected.reference[rater][item]
            } else {
                expected.system[rater][item]
            }
        }),
    )
    .expect("fine");
    assert_eq!(verdict.paradigm, Paradigm::Mos);
    let [recordings, system] = &verdict.systems[..] else { panic!("two systems are rated") };
    assert_eq!((recordings.system.as_str(), recordings.conclusion), ("recordings", None));
    assert_eq!(recordings.difference.reason(), Some("this is the reference"));
    expected.inference.compare(system);
    let interval = system.interval.value().expect("an interval");
    assert_all_close(&[interval.low, interval.high], &expected.system_interval_95, NUMBERS, "mean");
    let difference = system.difference.value().expect("a difference");
    assert_close(difference.estimate, expected.difference, NUMBERS, "difference");
    let rank_sum = system.rank_sum.value().expect("a test");
    assert_close(rank_sum.p_value, expected.rank_sum_p, NUMBERS, "rank sum");
    let on_means = system.rank_sum_item_means.value().expect("a test");
    assert_close(on_means.p_value, expected.rank_sum_item_means_p, NUMBERS, "rank sum of item means");
    assert_close(*system.effect_size.value().expect("an effect"), expected.effect_size, NUMBERS, "effect");
    assert_close(*verdict.agreement.value().expect("alpha"), expected.agreement, NUMBERS, "alpha");
    assert!(system.wilcoxon_ratings.value().is_none() && system.order_effect.value().is_none());
    assert!(!system.words.contains("human"), "{}", system.words);

    assert!(recordings.sensitivity.is_empty());
    assert_eq!(system.sensitivity.len(), 10);
    let allows = system.sensitivity.iter().filter(|other| other.allows_for_dependence).count();
    assert_eq!(allows, 2, "of two systems the models do not know what raters make of each");
    for other in system.sensitivity[..6].iter().filter(|o| o.analysis != ReanalysisMethod::OrdinalModel) {
        let interval = other.interval.value().expect("an interval");
        assert_close(interval.estimate, expected.difference, NUMBERS, other.analysis.title());
    }
    for (other, method, test) in [
        (&system.sensitivity[6], ReanalysisMethod::RankSum, rank_sum),
        (&system.sensitivity[7], ReanalysisMethod::RankSumItemMeans, on_means),
    ] {
        assert_eq!((other.analysis, other.p_value.value()), (method, Some(&test.p_value)));
    }
    let shift = &system.sensitivity[8];
    assert_eq!(shift.analysis, ReanalysisMethod::HodgesLehmannItemMeans);
    assert!(shift.p_value.value().is_none() && shift.interval.value().is_some_and(|it| it.contains(0.0)));
    assert_eq!(system.sensitivity[9].analysis, ReanalysisMethod::SignTestItemMeans);
}

#[test]
fn estimates_the_shift_and_tests_the_signs_of_the_sentences() {
    let plan = plan(cmos(6, 6, 0), 1, 8, 1);
    // Means of the sentences: -1, then seven times 1.
    let score = |_, item, _: &str, _| if item == 0 { -1.0 } else { 1.0 };
    let system = &judge(&plan, &ratings(&plan, score)).expect("fine").systems[0];
    let of = |method| system.sensitivity.iter().find(|other| other.analysis == method).expect("it ran");
    let shift = of(ReanalysisMethod::HodgesLehmannItemMeans);
    let interval = shift.interval.value().expect("eight sentences suffice");
    // Of the 36 means of two sentences, 28 are 1, seven 0 and one -1; the fourth smallest bounds the interval.
    assert_eq!((interval.estimate, interval.low, interval.high), (1.0, 0.0, 1.0));
    assert_eq!(shift.conclusion, Some(Conclusion::NonInferior));
    let sign = of(ReanalysisMethod::SignTestItemMeans);
    assert_close(*sign.p_value.value().expect("a test"), 2.0 * 9.0 / 256.0, NUMBERS, "sign test");
    assert!(sign.interval.value().is_none());
}

#[test]
fn summarizes_each_rater() {
    let plan = plan(mos(6, 6), 1, 8, 1);
    let quality = |item: usize| 2.0 + (item % 3) as f64;
    let score = |rater, item, _: &str, _| match rater {
        4 => quality(item) + 1.0,
        5 => 6.0 - quality(item),
        _ => quality(item),
    };
    let raters = judge(&plan, &ratings(&plan, score)).expect("fine").raters;
    let names: Vec<&str> = raters.iter().map(|rater| rater.rater.as_str()).collect();
    let of = |index: usize| {
        let position = names.iter().position(|name| *name == plan.sessions[index].rater).expect("a rater");
        let rater = &raters[position];
        assert_eq!(rater.n_ratings, 16);
        [&rater.bias, &rater.inconsistency, &rater.agreement].map(|value| *value.value().expect("a number"))
    };
    assert!(names.is_sorted() && names.len() == 6);
    let ([usual, noise, agreement], [lenient, ..], [reversed, most, disagreement]) = (of(0), of(4), of(5));
    assert_close(lenient - usual, 1.0, NUMBERS, "bias of a lenient rater");
    // Qualities are 23/8 on average.
    assert_close(reversed - usual, 0.25, NUMBERS, "bias of a reversed scale");
    assert!(most > 4.0 * noise, "{most} is not more than {noise}");
    assert_close(agreement, 1.0, NUMBERS, "agreement");
    assert_close(disagreement, -1.0, NUMBERS, "agreement of a reversed scale");
}

#[test]
fn conclusions_follow_from_the_intervals() {
    // With these components the standard error is about 0.04 for 24 raters and 0.06 for 8.
    let check = |mean: f64, n_raters: u32, margin: f64, expected: Conclusion, words: &str| {
        let mut protocol = cmos(n_raters, n_raters, 0);
        protocol.analysis.margin = margin;
        let plan = plan(protocol, 1, 50, 1);
        let simulation = Simulation {
            true_differences: [("s1".to_owned(), mean)].into(),
            components: Components { item_sd: 0.1, rater_sd: 0.1, residual_sd: 0.7 },
            ..Simulation::default()
        };
        let mut ratings = simulate(&plan, &simulation).expect("the plan is fine");
        for rating in &mut ratings {
            rating.origin = Origin::Human;
        }
        let verdict = judge(&plan, &ratings).expect("fine");
        let system = only_system(&verdict);
        assert_eq!(system.conclusion, Some(expected), "mean {mean}: {}", system.words);
        assert!(system.words.contains(words), "{}", system.words);
        assert!(!system.words.contains("human-level"), "there is no anchor: {}", system.words);
        assert_eq!(system.paper_rule.sizes_met, n_raters >= 20);
        assert_eq!(system.paper_rule.passes.is_some(), n_raters >= 20);
        let either_way =
            system.paper_rule.explanation.ends_with("The rule asks for no difference in either direction.");
        assert_eq!(either_way, expected == Conclusion::Better, "{}", system.paper_rule.explanation);
    };
    check(0.0, 24, 0.2, Conclusion::Equivalent, "`s1` is equivalent to `recordings` within ±0.2 points");
    check(
        0.0,
        8,
        0.2,
        Conclusion::Equivalent,
        "The sizes of the protocol are not met, so no more than this is claimed.",
    );
    check(
        0.0,
        24,
        0.2,
        Conclusion::Equivalent,
        "has no anchor by which it could show that it finds differences",
    );
    check(-0.5, 24, 0.2, Conclusion::Worse, "`s1` is worse than `recordings`: the difference is -0.");
    check(-0.2, 24, 0.5, Conclusion::Worse, "though by less than 0.5 points");
    check(0.4, 24, 0.2, Conclusion::Better, "`s1` is better than `recordings` by 0.");
    check(0.0, 4, 0.01, Conclusion::Inconclusive, "is not within ±0.01");
}

#[test]
fn non_inferior_is_weaker_than_equivalent() {
    // This seed's estimate is a little above 0.
    let simulation = Simulation::default();
    let judged = |margin: f64| {
        let mut protocol = cmos(20, 20, 0);
        protocol.analysis.margin = margin;
        let plan = plan(protocol, 1, 50, 1);
        let verdict = judge(&plan, &simulate(&plan, &simulation).expect("fine")).expect("fine");
        only_system(&verdict).clone()
    };
    let system = judged(0.2);
    let interval = system.equivalence_interval.value().expect("an interval");
    let difference = system.difference.value().expect("a difference");
    assert!(difference.contains(0.0) && -interval.low < interval.high, "{interval:?}");
    // Between the two ends: the lower one is inside of the margin, the upper one is not.
    let system = judged((interval.high - interval.low) / 2.0);
    assert_eq!(system.conclusion, Some(Conclusion::NonInferior), "{}", system.words);
    assert!(system.words.contains("`s1` is not worse than `recordings` by more than 0."), "{}", system.words);
    assert!(Conclusion::Better.implies(Conclusion::NonInferior));
    assert!(!Conclusion::NonInferior.implies(Conclusion::Equivalent));
}

#[test]
fn simulations_and_machine_references_never_show_human_level() {
    let simulation = Simulation {
        components: Components { item_sd: 0.0, rater_sd: 0.1, residual_sd: 0.6 },
        ..Simulation::default()
    };
    let plan_of = |human_reference| plan(Protocol { human_reference, ..cmos(24, 24, 1) }, 1, 50, 1);
    let simulated =
        judge(&plan_of(true), &simulate(&plan_of(true), &simulation).expect("fine")).expect("fine");
    let system = only_system(&simulated);
    assert_eq!((simulated.origin, system.conclusion), (Origin::Simulated, Some(Conclusion::Equivalent)));
    assert!(system.words.starts_with("Simulated ratings, not a finding:"), "{}", system.words);
    assert!(simulated.notes[0].contains("1224 of 1224 ratings are simulated"), "{:?}", simulated.notes);
    let text = serde_json::to_string(&simulated).expect("a verdict has a JSON form");
    assert!(!text.contains("human-level") && !text.contains("human level"), "{text}");

    let plan = plan_of(false);
    let mut ratings = simulate(&plan, &simulation).expect("fine");
    for rating in &mut ratings {
        rating.origin = Origin::Human;
    }
    let verdict = judge(&plan, &ratings).expect("fine");
    let system = only_system(&verdict);
    assert_eq!(system.conclusion, Some(Conclusion::Equivalent));
    assert!(!system.words.contains("human"), "{}", system.words);
    assert_eq!(system.paper_rule.passes, None);
    assert!(system.paper_rule.explanation.contains("needs human recordings"));
}

#[test]
fn the_paper_rule_is_reported_next_to_the_conclusion() {
    let plan = plan(cmos(20, 20, 0), 1, 50, 1);
    let explained = |score: &dyn Fn(usize, usize) -> f64| {
        let verdict = judge(&plan, &ratings(&plan, |rater, item, _, _| score(rater, item))).expect("fine");
        let rule = &only_system(&verdict).paper_rule;
        (rule.passes, rule.explanation.clone())
    };
    // As many better as worse.
    let (passes, explanation) = explained(&|rater, item| [-1.0, 0.0, 1.0, 0.0][(rater + item) % 4]);
    assert_eq!(passes, Some(true), "{explanation}");
    assert!(
        explanation.starts_with("Rule passed. Protocol sizes met: 50 sentences (50 are needed)"),
        "{explanation}"
    );
    let (passes, explanation) = explained(&|rater, item| [-1.0, 0.0, -1.0, 0.0][(rater + item) % 4]);
    assert_eq!(passes, Some(false), "{explanation}");
    assert!(
        explanation.contains(", significant (on sentence means: p = 1.5e-12, significant)"),
        "{explanation}"
    );
    assert!(explanation.contains("; mean -0.50, outside ±0.2"), "{explanation}");
    let (passes, explanation) = explained(&|_, _| 0.0);
    assert_eq!(passes, None);
    assert!(explanation.contains("undefined: all 1000 scores are 0"), "{explanation}");
}

#[test]
fn undefined_values_have_reasons_and_nothing_is_nan() {
    let plan = plan(cmos(4, 4, 1), 2, 6, 1);
    // Every score is 1 for the first system; the second one has no ratings yet.
    let mut some = ratings(&plan, |_, _, _, kind| if kind == Kind::Rating { 1.0 } else { 0.0 });
    some.retain(|rating| rating.system != "s2");
    let verdict = judge(&plan, &some).expect("a study may be judged while it runs");
    let [first, second] = &verdict.systems[..] else { panic!("two systems are judged") };
    assert_eq!(first.mean.value(), Some(&1.0));
    assert_eq!(first.interval.reason(), Some("all 24 scores are 1"));
    assert_eq!(first.conclusion, Some(Conclusion::Inconclusive));
    assert_eq!(first.words, "Nothing can be said about `s1` against `recordings`: all 24 scores are 1.");
    assert_eq!(second.mean.reason(), Some("there are no ratings"));
    assert_eq!((second.n_ratings, second.minimum_ratings_per_item), (0, 0));
    assert!(second.adjusted_p_value.value().is_none());
    assert_eq!(verdict.null_pairs.value().expect("four pairs").n_ratings, 4);
    assert!(
        verdict.notes.iter().any(|note| note == "24 of 52 planned ratings are missing."),
        "{:?}",
        verdict.notes
    );
    assert!(
        verdict.notes.iter().any(|note| note.starts_with("2 systems are compared")),
        "{:?}",
        verdict.notes
    );
    let text = serde_json::to_string(&verdict).expect("a verdict has a JSON form");
    let again: Verdict = serde_json::from_str(&text).expect("and comes back from it");
    assert_eq!(again, verdict, "a NaN would have become null");

    let nothing = judge(&plan, &[]).expect("a study may be judged before it begins");
    assert!(nothing.systems.iter().all(|system| system.mean.value().is_none()));
    assert_eq!(nothing.null_pairs.reason(), Some("none of the planned ones was judged"));
}

#[test]
fn null_pairs_show_bias_and_noise() {
    let plan = plan(cmos(4, 4, 2), 1, 6, 1);
    let verdict = judge(
        &plan,
        &ratings(&plan, |rater, item, _, kind| match kind {
            Kind::NullPair => f64::from(u8::from(rater < 2)),
            _ => [-1.0, 1.0][(rater + item) % 2],
        }),
    )
    .expect("fine");
    let pairs = verdict.null_pairs.value().expect("eight pairs");
    assert_eq!((pairs.n_ratings, pairs.n_raters), (8, 4));
    assert_close(pairs.mean, 0.5, NUMBERS, "mean");
    let deviation = *pairs.standard_deviation.value().expect("a deviation");
    assert_close(deviation, (2.0_f64 / 7.0).sqrt(), NUMBERS, "standard deviation of four 0 and four 1");
}

#[test]
fn rejects_contradictory_ratings_by_file_and_row() {
    let plan = plan(cmos(3, 2, 1), 1, 4, 1);
    let good = ratings(&plan, |rater, item, _, _| [-1.0, 0.0, 2.0][(rater + item) % 3]);
    judge(&plan, &good).expect("nothing is wrong yet");
    let check = |change: &dyn Fn(&mut Vec<Rating>), expected: &str| {
        let mut bad = good.clone();
        change(&mut bad);
        let error = advised(&judge(&plan, &bad).expect_err(expected));
        assert!(error.starts_with("`ratings.csv`, row 3: ") && error.contains(expected), "{error}");
    };
    check(&|rows| rows[2].design = "0000".to_owned(), "use the plan that was rated");
    check(&|rows| rows[2].rater = "r99".to_owned(), "rater `r99` is not in the plan");
    check(&|rows| rows[2].system = "s9".to_owned(), "system `s9` is not in the plan");
    check(&|rows| rows[2].item = "item-999".to_owned(), "item `item-999` is not in the plan");
    check(&|rows| rows[2].score = 4.0, "score 4 is not a point of the scale, -3 to 3");
    check(&|rows| rows[2].score = 0.5, "score 0.5 is not a point of the scale");
    check(&|rows| rows[2].score = f64::NAN, "score NaN is not a point of the scale");
    check(&|rows| rows[2].score_raw = 3.0, "does not follow from the clicked 3");
    check(&|rows| rows[2].paradigm = Paradigm::Mos, "another paradigm");
    check(&|rows| rows[2].reference = None, "it has reference None");
    check(
        &|rows| {
            let row = &mut rows[2];
            row.first = Some(if row.first == Some(First::System) { First::Reference } else { First::System });
            row.score_raw = -row.score_raw;
        },
        "another order than planned",
    );
    check(
        &|rows| {
            let mut twice = rows[1].clone();
            twice.source_row = 3;
            rows.insert(2, twice);
        },
        "already in `ratings.csv`, row 2; remove one of them",
    );
}

#[test]
fn a_simulation_finds_its_true_difference() {
    let plan = plan(cmos(60, 20, 0), 2, 50, 1);
    let simulation = Simulation {
        true_differences: [("s1".to_owned(), -0.6), ("s2".to_owned(), 0.3)].into(),
        ..Simulation::default()
    };
    let verdict = judge(&plan, &simulate(&plan, &simulation).expect("fine")).expect("fine");
    // Four planned standard errors of 0.066.
    for (system, truth) in verdict.systems.iter().zip([-0.6, 0.3]) {
        assert_close(*system.mean.value().expect("a mean"), truth, 0.27, &system.system);
        let adjusted = *system.adjusted_p_value.value().expect("a probability");
        assert!(adjusted >= system.t_test.value().expect("a test").p_value);
    }
    assert_eq!(simulate(&plan, &simulation).expect("fine"), simulate(&plan, &simulation).expect("fine"));
    let other = Simulation { seed: 2, ..simulation.clone() };
    assert_ne!(simulate(&plan, &other).expect("fine"), simulate(&plan, &simulation).expect("fine"));
    let unknown = Simulation { true_differences: [("s7".to_owned(), 1.0)].into(), ..simulation };
    assert!(
        simulate(&plan, &unknown)
            .expect_err("no such system")
            .to_string()
            .contains("`s7` is neither under test")
    );
}

#[test]
fn one_vote_among_a_thousand_zeros_is_inconclusive() {
    let plan = plan(cmos(20, 20, 0), 1, 50, 1);
    let judged = |score: fn(usize, usize) -> f64| {
        let verdict = judge(&plan, &ratings(&plan, |rater, item, _, _| score(rater, item))).expect("fine");
        only_system(&verdict).clone()
    };
    for system in [
        judged(|_, _| 0.0),
        judged(|rater, item| f64::from(u8::from(rater == 3 && item == 4))),
        judged(|rater, _| f64::from(u8::from(rater == 3))),
        judged(|_, item| f64::from(u8::from(item == 4))),
    ] {
        assert_eq!(system.conclusion, Some(Conclusion::Inconclusive));
        assert!(system.words.contains("Nothing can be said"), "{}", system.words);
    }
    let two = judged(|rater, item| f64::from(u8::from(rater == item && rater < 2)));
    let interval = two.equivalence_interval.value().expect("an interval");
    // What whole points hide: half a step in either direction for each rater and each sentence.
    assert!(interval.half_width() > 0.1, "{interval:?}");
    assert!(!two.words.contains("0.00 to 0.00"), "{}", two.words);
}

#[test]
fn a_dominant_rater_is_inconclusive() {
    let plan = plan(cmos(20, 20, 0), 1, 50, 1);
    let mut ratings = ratings(&plan, |rater, item, _, _| (rater * 7 + item * 3) as f64 % 3.0 - 1.0);
    // The first rater did everything, the others one sentence each.
    let first = plan.sessions[0].rater.clone();
    ratings.retain(|rating| rating.rater == first || rating.page == 0);
    let verdict = judge(&plan, &ratings).expect("fine");
    let system = only_system(&verdict);
    assert_eq!(system.conclusion, Some(Conclusion::Inconclusive));
    assert!(
        system
            .words
            .contains("The 20 people weigh as 1.9 who all judged as much. That is too few to find any but"),
        "{}",
        system.words
    );
}
