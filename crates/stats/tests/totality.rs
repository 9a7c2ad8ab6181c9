//! Totality: for any numbers, a result is finite or an error gives the reason. Nothing panics.

use mynah_stats::bias::bias_model;
use mynah_stats::bootstrap::{BootstrapConfig, crossed_mean};
use mynah_stats::clustered::{Clustered, difference, two_way};
use mynah_stats::effect::{cliffs_delta, rank_biserial};
use mynah_stats::icc::icc;
use mynah_stats::krippendorff::{Scale, alpha};
use mynah_stats::mixed::mixed_model;
use mynah_stats::ordinal::{Link, OrdinalConfig, Thresholds, ordinal_model};
use mynah_stats::preference::{Comparison, Preference, bradley_terry};
use mynah_stats::reliability::{leave_one_out, split_half};
use mynah_stats::wilcoxon::{SignedRankConfig, ZeroMethod, signed_rank};
use mynah_stats::{
    Alternative, Coefficient, Error, FamilyMember, Interval, TestResult, crowdmos, hodges_lehmann, max_t,
    sign_test, sos_parameter, t_test,
};
use proptest::prelude::*;

/// Generates studies with few raters, items and distinct scores, in which something is missing more often than not.
fn study() -> impl Strategy<Value = Vec<(f64, usize, usize, usize)>> {
    let score = prop_oneof![
        8 => (-3_i32..=3).prop_map(f64::from),
        2 => Just(0.0),
        1 => -1e9..1e9_f64,
    ];
    // Some studies have extreme numbers: too small or too large for their squares, or none at all.
    let small = prop_oneof![Just(1e-200), Just(-3e-170), Just(2e-160), Just(0.0)];
    let large = prop_oneof![Just(1e50), Just(-1e55), Just(3e59), Just(1.0)];
    let none = prop_oneof![Just(1.0), Just(0.0), Just(f64::NAN), Just(1e200)];
    prop_oneof![7 => of_scores(score), 1 => of_scores(small), 1 => of_scores(large), 1 => of_scores(none)]
}

fn of_scores(score: impl Strategy<Value = f64>) -> impl Strategy<Value = Vec<(f64, usize, usize, usize)>> {
    prop::collection::vec((score, 0_usize..4, 0_usize..4, 0_usize..3), 0..30)
}

fn interval_is_finite(interval: Result<Interval, Error>) -> bool {
    interval.is_ok_and(|interval| {
        [interval.estimate, interval.low, interval.high].iter().all(|end| end.is_finite())
            && interval.low <= interval.high
    })
}

fn test_is_finite(test: &TestResult) -> bool {
    test.statistic.is_finite() && (0.0..=1.0).contains(&test.p_value)
}

fn clustered_is_finite(mean: &Clustered) -> bool {
    interval_is_finite(mean.interval(0.95))
        && interval_is_finite(mean.satterthwaite().interval(0.95))
        && test_is_finite(&mean.t_test())
        && test_is_finite(&mean.satterthwaite().t_test())
        && mean.design_effect().is_finite()
}

fn coefficient_is_finite(coefficient: &Coefficient) -> bool {
    interval_is_finite(coefficient.interval(0.95)) && test_is_finite(&coefficient.t_test())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn results_are_finite_or_errors(study in study()) {
        let values: Vec<f64> = study.iter().map(|row| row.0).collect();
        let raters: Vec<usize> = study.iter().map(|row| row.1).collect();
        let items: Vec<usize> = study.iter().map(|row| row.2).collect();
        let systems: Vec<usize> = study.iter().map(|row| row.3).collect();
        let group: Vec<bool> = systems.iter().map(|&system| system == 0).collect();
        let config = BootstrapConfig { n_replicates: 50, seed: 1 };

        prop_assert!(two_way(&values, &raters, &items).map_or(true, |mean| clustered_is_finite(&mean)));
        prop_assert!(difference(&values, &group, &raters, &items).map_or(true, |mean| clustered_is_finite(&mean)));
        if let Ok(bootstrap) = crossed_mean(&values, &raters, &items, &config) {
            prop_assert!(interval_is_finite(bootstrap.interval(0.95)));
            prop_assert!(interval_is_finite(bootstrap.percentile_interval(0.95)));
        }
        let family = max_t(&values, &systems, &raters, &items, &config);
        let member_is_finite = |member: &FamilyMember| {
            clustered_is_finite(&member.mean) && (0.0..=1.0).contains(&member.adjusted_p_value)
        };
        prop_assert!(family.map_or(true, |members| members.iter().all(member_is_finite)));
        prop_assert!(crowdmos(&values, &raters, &items).map_or(true, |mean| interval_is_finite(mean.interval(0.95))));
        if let Ok(fit) = mixed_model(&values, &raters, &items, &[]) {
            prop_assert!(fit.coefficients.iter().all(coefficient_is_finite), "{:?}", fit);
            prop_assert!([fit.rater_sd, fit.item_sd, fit.residual_sd, fit.criterion].iter().all(|x| x.is_finite()));
        }
        for zeros in [ZeroMethod::Wilcox, ZeroMethod::Pratt, ZeroMethod::Zsplit] {
            let config = SignedRankConfig { zeros, ..SignedRankConfig::default() };
            prop_assert!(signed_rank(&values, &config).map_or(true, |test| test_is_finite(&test)));
            prop_assert!(rank_biserial(&values, zeros).map_or(true, |r| (-1.0..=1.0).contains(&r)));
        }
        prop_assert!(sign_test(&values, Alternative::TwoSided).map_or(true, |test| test_is_finite(&test)));
        let shift = hodges_lehmann::one_sample(&values, 0.9);
        prop_assert!(shift.map_or(true, |shift| interval_is_finite(Ok(shift))));
        let (first, second) = values.split_at(values.len() / 2);
        prop_assert!(cliffs_delta(first, second).map_or(true, |delta| (-1.0..=1.0).contains(&delta)));
        let shift = hodges_lehmann::two_sample(first, second, 0.9);
        prop_assert!(shift.map_or(true, |shift| interval_is_finite(Ok(shift))));
        for test in [t_test::one_sample(&values, 0.0), t_test::welch(first, second)].into_iter().flatten() {
            prop_assert!(interval_is_finite(test.interval(0.95)) && test_is_finite(&test.test(Alternative::Less)));
        }
        for scale in [Scale::Nominal, Scale::Ordinal, Scale::Interval] {
            prop_assert!(alpha(&values, &items, scale).map_or(true, |alpha| alpha.is_finite() && alpha <= 1.0 + 1e-9));
        }
        if let Ok(result) = icc(&values, &raters, &items, 0.95) {
            prop_assert!(interval_is_finite(Ok(result.single)), "{result:?}");
            prop_assert!(interval_is_finite(Ok(result.average)), "{result:?}");
        }
        if let Ok(correlations) = leave_one_out(&values, &raters, &items) {
            prop_assert!(correlations.into_values().flatten().all(|r| (-1.0..=1.0).contains(&r)));
        }
        let split = split_half(&values, &systems, &raters, 10, 1);
        prop_assert!(split.map_or(true, |split| (-1.0..=1.0).contains(&split.mean)));
        if let Ok(model) = bias_model(&values, &raters, &items, 2.0) {
            prop_assert!(model.qualities.iter().all(|q| q.quality.is_finite() && q.standard_error.is_finite()));
            prop_assert!(model.raters.iter().all(|r| r.bias.is_finite() && r.inconsistency.is_finite()));
        }
        prop_assert!(sos_parameter(&values, &items, -3.0, 3.0).map_or(true, f64::is_finite));
    }

    #[test]
    fn ordinal_models_are_finite_or_errors(study in study(), symmetric in any::<bool>(), logit in any::<bool>()) {
        let values: Vec<f64> = study.iter().map(|row| row.0.clamp(-3.0, 3.0).round()).collect();
        let raters: Vec<usize> = study.iter().map(|row| row.1).collect();
        let items: Vec<usize> = study.iter().map(|row| row.2).collect();
        let column: Vec<f64> = study.iter().map(|row| row.3 as f64).collect();
        let config = OrdinalConfig {
            link: if logit { Link::Logit } else { Link::Probit },
            thresholds: if symmetric { Thresholds::Symmetric } else { Thresholds::Flexible },
        };
        if let Ok(fit) = ordinal_model(&values, &raters, &items, &[column], &config) {
            prop_assert!(fit.coefficients.iter().all(coefficient_is_finite), "{:?}", fit);
            prop_assert!(fit.thresholds.iter().all(|cut| cut.estimate.is_finite() && cut.standard_error.is_finite()));
            prop_assert!(fit.thresholds.windows(2).all(|pair| pair[0].estimate < pair[1].estimate), "{:?}", fit);
            let probabilities = fit.probabilities(0.0);
            prop_assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn preferences_are_finite_or_errors(
        rows in prop::collection::vec((0_usize..4, 0_usize..4, 0_usize..3, 0_usize..3, 0_usize..3), 0..25),
        order in any::<bool>(),
    ) {
        let comparisons: Vec<Comparison> = rows
            .iter()
            .filter(|row| row.0 != row.1)
            .map(|&(first, second, outcome, rater, item)| Comparison {
                first,
                second,
                preference: [Preference::First, Preference::Second, Preference::Tie][outcome],
                rater,
                item,
            })
            .collect();
        if let Ok(model) = bradley_terry(&comparisons, order) {
            prop_assert!(model.strengths.iter().all(|(_, strength)| strength.is_finite()));
            let (one, other) = (model.strengths[0].0, model.strengths[1].0);
            prop_assert!(model.difference(one, other).map_or(true, |difference| clustered_is_finite(&difference)));
            prop_assert!(model.order_effect().map_or(true, |effect| clustered_is_finite(&effect)));
        }
    }
}
