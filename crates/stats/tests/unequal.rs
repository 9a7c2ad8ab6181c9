//! Error rates of the verdict's analysis with raters who contribute unequally, and with many systems.
//!
//! `examples/calibration` prints the same rates from as many studies as time allows.

use std::collections::BTreeMap;

use mynah_stats::clustered::{Clustered, Influence, two_way, two_way_with_influence};
use mynah_stats::power::Components;
use mynah_stats::simulate::{Model, crossed, crowd, pooled, quitters};
use mynah_stats::simultaneous;

const REPLICATES: u64 = 500;
/// Largest acceptable rejection rate of true hypotheses, 6 %, plus three standard errors of 5 % over the replicates.
const MOST: f64 = 0.06 + 3.0 * 0.0098;
const SEED: u64 = 20_261_129;
/// Steps of the drawn numbers per step of the scale: practically continuous.
const FINE: f64 = 1000.0;

type Design = Vec<(usize, usize)>;

fn designs() -> Vec<(&'static str, Design)> {
    let mut dropouts = pooled(60, 50, 20, 1).expect("a design");
    let mut judged = BTreeMap::new();
    // Every second rater of a planned study stops after 1 to 12 sentences.
    dropouts.retain(|&(rater, _)| {
        let count = judged.entry(rater).or_insert(0);
        *count += 1;
        rater % 2 == 0 || *count <= 1 + rater % 12
    });
    vec![
        ("50x20, the same raters", crossed(20, 50)),
        ("50 sentences, 3 raters", crossed(3, 50)),
        ("3 raters and 20 who quit", quitters(3, 20, 100, 5, 1).expect("a design")),
        ("5 raters and 30 who quit", quitters(5, 30, 100, 5, 1).expect("a design")),
        ("a crowd of 60, Zipf 1.5", crowd(60, 200, 1000, 1.5, 1).expect("a design")),
        ("a crowd of 100, Zipf 1.5", crowd(100, 200, 1000, 1.5, 1).expect("a design")),
        ("a crowd of 60, Zipf 2", crowd(60, 300, 900, 2.0, 1).expect("a design")),
        ("a crowd of 100, Zipf 2", crowd(100, 300, 900, 2.0, 1).expect("a design")),
        ("dropouts in a planned study", dropouts),
    ]
}

/// Response styles of raters.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answers {
    /// Round the perceived difference.
    Rounded,
    /// Every second rater says only "better" or "worse", or "about the same" if there is almost nothing to hear.
    TwoLevels,
    /// Individual thresholds: one rater's slight difference is another's large one.
    OwnThresholds,
    /// Use a scale that ends just above what most perceive.
    AtTheCeiling,
}

impl Answers {
    const ALL: [Self; 4] = [Self::Rounded, Self::TwoLevels, Self::OwnThresholds, Self::AtTheCeiling];

    fn of(self, rater: usize, heard: f64) -> f64 {
        match self {
            Self::TwoLevels if rater.is_multiple_of(2) => {
                if heard.abs() < 0.3 {
                    0.0
                } else {
                    heard.signum()
                }
            }
            Self::Rounded | Self::TwoLevels => heard.round().clamp(-3.0, 3.0),
            Self::OwnThresholds => {
                let own = (rater as f64 * 0.618_033_988_749_894_9).fract();
                (heard * (0.5 + 1.5 * own)).round().clamp(-3.0, 3.0)
            }
            Self::AtTheCeiling => (heard + 2.6).round().clamp(-3.0, 3.0),
        }
    }

    /// Returns the mean answer if there is nothing to hear.
    fn expected(self) -> f64 {
        if self != Self::AtTheCeiling {
            return 0.0;
        }
        let model = Model { mean: 2.6, components: Components::default(), lowest: -3, highest: 3 };
        model.expected().expect("a model")
    }
}

/// Returns the shares of studies in which the true mean answer is rejected, and a system at either margin called
/// equivalent.
fn error_rates(design: &Design, answers: Answers) -> [f64; 3] {
    let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
    let Components { item_sd, rater_sd, residual_sd } = Components::default();
    let components =
        Components { item_sd: item_sd * FINE, rater_sd: rater_sd * FINE, residual_sd: residual_sd * FINE };
    let model = Model { mean: 0.0, components, lowest: -9000, highest: 9000 };
    let truth = answers.expected();
    let outcomes = model.replicates(design, SEED, REPLICATES, |heard| {
        let scores: Vec<f64> =
            heard.iter().zip(&raters).map(|(heard, &rater)| answers.of(rater, heard / FINE)).collect();
        let mean = two_way(&scores, &raters, &items).and_then(|mean| mean.jackknifed()?.on_steps(1.0));
        // Without a conclusion, nothing is concluded wrongly.
        let Ok(mean) = mean else { return [false; 3] };
        // One margin is at the truth, the other far away.
        let equivalent = |sign: f64| {
            let moved = Clustered { estimate: mean.estimate - truth + sign, ..mean };
            moved.tost(1.0, 0.05).expect("a margin").equivalent
        };
        let covers = mean.interval(0.95).expect("a level").contains(truth);
        [!covers, equivalent(-1.0), equivalent(1.0)]
    });
    let outcomes = outcomes.expect("the model is valid");
    [0, 1, 2].map(|k| outcomes.iter().filter(|errs| errs[k]).count() as f64 / REPLICATES as f64)
}

#[test]
fn errors_stay_below_six_percent_however_unequal_the_raters() {
    for (name, design) in designs() {
        for answers in Answers::ALL {
            let rates = error_rates(&design, answers);
            assert!(rates.iter().all(|rate| *rate <= MOST), "{name}, {answers:?}: {rates:?}");
        }
    }
}

#[test]
fn counting_raters_errs_if_they_are_unequal() {
    // An earlier form of the verdict: the same studies, with min(raters, items) - 1 degrees of freedom.
    let design = quitters(3, 20, 100, 5, 1).expect("a design");
    let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
    let model = Model { mean: 0.0, components: Components::default(), lowest: -3, highest: 3 };
    let rejects = model.replicates(&design, SEED, REPLICATES, |scores| {
        two_way(scores, &raters, &items).expect("raters and items vary").t_test().p_value < 0.05
    });
    let rate = rejects.expect("the model is valid").iter().filter(|&&rejects| rejects).count();
    assert!(rate > 50, "{rate} of 500");
}

/// Returns the share of studies in which any of several systems is judged wrongly, with and without adjusting for their
/// number.
///
/// `common` is the share of rater and sentence effects and of residuals that all systems have in common.
fn family_error(n_systems: usize, common: f64, at_margin: impl Fn(usize) -> Option<f64> + Sync) -> [f64; 2] {
    const STUDIES: u64 = 150;
    let design = crossed(20, 50);
    let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
    let components = Components { item_sd: 300.0, rater_sd: 300.0, residual_sd: 1000.0 };
    let model = Model { mean: 0.0, components, lowest: -9000, highest: 9000 };
    let shared = model.replicates(&design, SEED, STUDIES, <[f64]>::to_vec).expect("a model");
    let mut wrong = [0.0; 2];
    for (study, shared) in (0_u64..).zip(&shared) {
        let systems: Vec<(Clustered, Influence)> = (0..n_systems)
            .map(|system| {
                let own = model.draw(&design, SEED + 1 + system as u64, study).expect("a model");
                let scores: Vec<f64> = own
                    .iter()
                    .zip(shared)
                    .map(|(own, shared)| ((1.0 - common).sqrt() * own + common.sqrt() * shared) / FINE)
                    .map(|heard| heard.round().clamp(-3.0, 3.0))
                    .collect();
                let (mean, influence) =
                    two_way_with_influence(&scores, &raters, &items).expect("raters and items vary");
                (mean.jackknifed().expect("equal raters"), influence)
            })
            .collect();
        let influences: Vec<&Influence> = systems.iter().map(|system| &system.1).collect();
        let family = simultaneous(&influences, 0.05).expect("a family");
        let levels = [(0.05, 0.05), (family.difference_alpha, family.equivalence_alpha)];
        for (wrong, (difference, equivalence)) in wrong.iter_mut().zip(levels) {
            let errs = systems.iter().enumerate().any(|(system, (mean, _))| match at_margin(system) {
                None => mean.t_test().p_value < difference,
                Some(truth) => {
                    let moved = Clustered { estimate: mean.estimate + truth, ..*mean };
                    moved.tost(truth.abs(), equivalence).expect("a margin").equivalent
                }
            });
            *wrong += f64::from(u8::from(errs)) / STUDIES as f64;
        }
    }
    wrong
}

#[test]
fn families_of_systems_err_in_at_most_five_percent() {
    // Three standard errors of 5 % over the studies.
    const FAMILY: f64 = 0.05 + 3.0 * 0.0178;
    for (n_systems, common) in [(2, 0.0), (5, 0.5), (12, 0.0), (12, 0.9), (20, 0.3)] {
        let margin = |system: usize| if system.is_multiple_of(2) { 0.4 } else { -0.4 };
        let [naive, equal] = family_error(n_systems, common, |_| None);
        assert!(equal <= FAMILY, "{n_systems} equal systems, {common}: {equal}");
        assert!(n_systems < 12 || common > 0.5 || naive > 0.2, "unadjusted, {n_systems}: {naive}");
        let [_, at_margin] = family_error(n_systems, common, |_| Some(-0.4));
        assert!(at_margin <= FAMILY, "{n_systems} systems at the margin, {common}: {at_margin}");
        let [_, both_ends] = family_error(n_systems, common, |system| Some(margin(system)));
        assert!(both_ends <= FAMILY, "{n_systems} systems at either margin, {common}: {both_ends}");
        let [_, mixed] =
            family_error(n_systems, common, |system| (system % 3 == 0).then(|| margin(system / 3)));
        assert!(mixed <= FAMILY, "{n_systems} mixed systems, {common}: {mixed}");
    }
}

#[test]
fn almost_constant_answers_do_not_give_narrow_intervals() {
    let (raters, items): (Vec<usize>, Vec<usize>) = crossed(20, 50).into_iter().unzip();
    let mut scores = vec![0.0; 1000];
    (scores[3], scores[977]) = (1.0, -1.0);
    let plain = two_way(&scores, &raters, &items).expect("two votes differ").jackknifed().expect("equal");
    assert!(plain.interval(0.95).expect("a level").half_width() < 0.005);
    // Half a step either way may be hidden in each rater and each sentence: variances of up to 1/12, of which two
    // departures in a thousand show a little.
    let floor = plain.on_steps(1.0).expect("a step");
    let hidden = (1.0_f64 / 12.0 * (1.0 / 20.0 + 1.0 / 50.0)).sqrt();
    assert!((0.8..1.0).contains(&(floor.standard_error / hidden)), "{}", floor.standard_error);
    assert!(plain.on_steps(0.0).is_err());
    // With the usual variation of judgments, nothing is hidden.
    let model = Model { mean: 0.0, components: Components::default(), lowest: -3, highest: 3 };
    let scores = model.draw(&crossed(20, 50), SEED, 0).expect("a model");
    let usual = two_way(&scores, &raters, &items).expect("a study");
    assert!((usual.on_steps(1.0).expect("a step").standard_error / usual.standard_error - 1.0).abs() < 1e-9);
}

#[test]
fn one_dominant_rater_is_too_few() {
    let design = quitters(1, 20, 100, 1, 1).expect("a design");
    let (raters, items): (Vec<usize>, Vec<usize>) = design.iter().copied().unzip();
    let values: Vec<f64> = (0..design.len()).map(|k| (k % 5) as f64 - 2.0).collect();
    let error = two_way(&values, &raters, &items).expect("a study").jackknifed().expect_err("one rater");
    assert_eq!(error.to_string(), "the raters contribute too unequally, like 1.4 equal ones");
}
